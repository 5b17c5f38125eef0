//! A private PostgreSQL server on loopback, for one run of the tests.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{machine, program};

/// A running server. Dropping it stops the server and deletes its data.
pub(crate) struct Postgres {
    programs: PathBuf,
    directory: TempDir,
    port: u16,
}

impl Postgres {
    /// Makes a cluster in a temporary directory and starts it on a free port, as user `postgres` when we are root
    /// (PostgreSQL refuses to run as root). It syncs to disk as a real one does.
    pub(crate) fn start(programs: PathBuf) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("bando-postgres-")
            .tempdir()?;
        if machine::is_root() {
            let id = program::read(Command::new("id").args(["-u", "postgres"]))?;
            chown(directory.path(), Some(id.trim().parse()?), None)?;
        }
        let server = Self {
            port: free_port()?,
            programs,
            directory,
        };
        let data = server.data();
        let initdb = [
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ];
        program::read(server.command("initdb").args(initdb).arg(&data))?;
        let settings = format!(
            "\nlisten_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\nmax_connections = 300\n",
            server.port,
            server.directory.path().display()
        );
        let file = data.join("postgresql.conf");
        let defaults = fs::read_to_string(&file)?;
        fs::write(&file, defaults + &settings)?;
        let log = server.directory.path().join("log");
        // Not `read`: the server inherits the standard streams, which would then never end.
        program::run(
            server
                .command("pg_ctl")
                .args(["--silent", "--wait", "start", "--pgdata"])
                .arg(&data)
                .arg("--log")
                .arg(&log)
                .stdin(std::process::Stdio::null()),
        )
        .with_context(|| {
            format!(
                "PostgreSQL: {}",
                fs::read_to_string(&log).unwrap_or_default()
            )
        })?;
        Ok(server)
    }

    /// The URL of the superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The number of its first process, the parent of all others.
    pub(crate) fn pid(&self) -> Result<u32> {
        let text = fs::read_to_string(self.data().join("postmaster.pid"))?;
        let line = text.lines().next().unwrap_or_default();
        line.parse()
            .with_context(|| format!("not the number of a process: {line}"))
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if machine::is_root() {
            as_postgres(&path)
        } else {
            Command::new(path)
        };
        command.current_dir(self.directory.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        let mut command = self.command("pg_ctl");
        command
            .args(["--silent", "--mode=immediate", "--wait", "stop", "--pgdata"])
            .arg(data);
        // Not through `program`, which starts nothing any more once we were told to stop.
        if let Err(error) = command.status() {
            eprintln!("PostgreSQL may still run: {error}");
        }
    }
}

fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
