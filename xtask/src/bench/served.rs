//! The program that is measured: built for release, with a database of its own, run as `bando serve`.

use std::fs::{self, File};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use tempfile::TempDir;

use super::http;
use crate::{program, repository};

/// How long the program may take to start: far more than its budget.
const PATIENCE: Duration = Duration::from_secs(30);
/// Clock ticks in a second of /proc/PID/stat, on every Linux.
const TICKS: f64 = 100.0;

/// A database with tickets, and what one must know of it.
pub(super) struct World {
    directory: TempDir,
    database_url: Option<String>,
    pub(super) told: Told,
}

/// What the example `bench_world` tells.
#[derive(Deserialize)]
pub(super) struct Told {
    /// The slug of the business.
    pub(super) provider: String,
    /// The router's NAS-Identifier.
    pub(super) identity: String,
    /// The router's RADIUS secret.
    pub(super) secret: String,
    /// Some of the tickets.
    pub(super) codes: Vec<String>,
}

/// The running program. Dropping it ends it.
pub(super) struct Served {
    child: Option<Child>,
    /// From the start of the process to its first answer that it is ready.
    pub(super) start: Duration,
    pub(super) base_url: String,
    pub(super) auth_port: u16,
    pub(super) acct_port: u16,
}

/// Builds the program as it is shipped, and the example that makes databases.
pub(super) fn build() -> Result<()> {
    let build = ["build", "--quiet", "--release", "--package", "bando"];
    program::run(repository::cargo().args(build).args(["--bin", "bando"]))?;
    program::run(repository::cargo().args(build).args([
        "--example",
        "bench_world",
        "--example",
        "bench_callbacks",
    ]))
}

impl World {
    /// Makes a database with so many tickets: in a file, or in the empty PostgreSQL database at the URL.
    pub(super) fn make(tickets: u32, database_url: Option<String>) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("bando-bench-").tempdir()?;
        let mut command = Command::new(release("examples/bench_world"));
        command
            .arg("--data")
            .arg(directory.path())
            .args(["--tickets", &tickets.to_string()]);
        command.args(database_url.iter().flat_map(|url| ["--database-url", url]));
        let json = program::read(&mut command)?;
        let told = serde_json::from_str(&json).context("cannot read what bench_world told")?;
        Ok(Self {
            directory,
            database_url,
            told,
        })
    }

    /// Starts the program on free ports and waits until it is ready.
    pub(super) fn serve(&self) -> Result<Served> {
        let http_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (auth, acct) = (
            UdpSocket::bind("127.0.0.1:0")?,
            UdpSocket::bind("127.0.0.1:0")?,
        );
        let (auth_port, acct_port) = (auth.local_addr()?.port(), acct.local_addr()?.port());
        drop((auth, acct));
        let at = |port: u16| format!("127.0.0.1:{port}");
        let log = self.directory.path().join("log");
        let mut command = Command::new(release("bando"));
        command
            .args(["serve", "--listen", &at(http_port), "--data"])
            .arg(self.directory.path());
        command.args(
            self.database_url
                .iter()
                .flat_map(|url| ["--database-url", url]),
        );
        command
            .env("BANDO_RADIUS_AUTH_LISTEN", at(auth_port))
            .env("BANDO_RADIUS_ACCT_LISTEN", at(acct_port));
        command
            .env("BANDO_LOG_FILTER", "warn")
            .current_dir(self.directory.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let begin = Instant::now();
        let child = Some(program::spawn(&mut command)?);
        let base_url = format!("http://{}", at(http_port));
        let mut served = Served {
            child,
            start: Duration::ZERO,
            base_url,
            auth_port,
            acct_port,
        };
        while !served.is_ready() {
            let alive = served.is_running()? && begin.elapsed() < PATIENCE;
            ensure!(
                alive,
                "bando serve did not start: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            thread::sleep(Duration::from_millis(1));
        }
        served.start = begin.elapsed();
        Ok(served)
    }

    /// A place for files that go with it.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl Served {
    /// The number of its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Seconds of processor time so far.
    pub(super) fn processor(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid()))?;
        // The name of the program, in parentheses, may hold spaces; utime and stime are fields 14 and 15.
        let (_, fields) = stat
            .rsplit_once(") ")
            .context("cannot read /proc/PID/stat")?;
        let ticks: f64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        Ok(ticks / TICKS)
    }

    /// Megabytes of memory that it holds now.
    pub(super) fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }

    fn is_ready(&self) -> bool {
        http::get(&format!("{}/readyz", self.base_url), &[])
            .is_ok_and(|answer| answer.status == 200)
    }

    fn is_running(&mut self) -> Result<bool> {
        Ok(match &mut self.child {
            Some(child) => child.try_wait()?.is_none(),
            None => false,
        })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(child) = self.child.take()
            && let Err(error) = program::end(child)
        {
            eprintln!("bando serve may still run: {error:#}");
        }
    }
}

pub(super) fn release(name: &str) -> PathBuf {
    repository::target().join("release").join(name)
}
