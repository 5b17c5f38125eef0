//! FreeRADIUS from Debian, set up and metered by the shared `tools/peer_radius.py`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use regex_lite::Regex;
use tempfile::TempDir;

use crate::{program, repository};

/// Where FreeRADIUS keeps its users and its accounting records.
#[derive(Clone, Copy)]
pub(crate) enum Backend {
    /// A file of users in memory; accounting is thrown away.
    Files,
    /// PostgreSQL for both.
    Postgres,
}

impl Backend {
    fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Postgres => "postgres",
        }
    }
}

/// The meter: packet files for radclient, and a place for what the peer keeps.
pub(crate) struct Meter {
    script: PathBuf,
    directory: TempDir,
}

/// What radclient sends.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    /// `auth` or `acct`.
    pub(crate) command: &'a str,
    /// Which packet files of the server's, as a pattern.
    pub(crate) files: &'a str,
    /// How often each packet is sent.
    pub(crate) count: u32,
    /// How many radclients at once, each with its share of the files.
    pub(crate) clients: u32,
}

/// Which server is metered.
#[derive(Clone, Copy)]
pub(crate) struct Server<'a> {
    /// Its processes; their children count too.
    pub(crate) pids: &'a [u32],
    pub(crate) port: u16,
    pub(crate) secret: &'a str,
    /// The directory of the packet files that it can answer.
    pub(crate) packets: &'a Path,
}

/// What the meter read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) accepted: u64,
    pub(crate) lost: u64,
    /// Microseconds of processor time per request, in the server.
    pub(crate) server_us: f64,
    /// The same in radclient.
    pub(crate) client_us: f64,
    /// Per cent of a core that everything else took: a reading is worth something when this is low.
    pub(crate) other: f64,
}

impl Meter {
    /// Writes the packet files. Fails where the shared tools or the programs of Debian are not there.
    pub(crate) fn new() -> Result<Self> {
        let shared = repository::shared()
            .context("no shared directory beside the repository (set BANDO_SHARED)")?;
        let script = shared.join("tools/peer_radius.py");
        ensure!(script.exists(), "{} is not there", script.display());
        for name in ["freeradius", "radclient"] {
            let advice =
                "apt-get install freeradius freeradius-utils freeradius-postgresql postgresql";
            program::find(name).with_context(|| format!("no program {name}: {advice}"))?;
        }
        let meter = Self {
            script,
            directory: tempfile::Builder::new().prefix("bando-peer-").tempdir()?,
        };
        meter.run(&["packets".as_ref(), meter.packets().as_ref()])?;
        Ok(meter)
    }

    /// Where the packet files for the peer are.
    pub(crate) fn packets(&self) -> PathBuf {
        self.directory.path().join("packets")
    }

    /// Starts FreeRADIUS. It runs until the answer is dropped.
    pub(crate) fn peer(&self, backend: Backend) -> Result<Peer<'_>> {
        let directory = self.directory.path().join(backend.name());
        fs::create_dir(&directory)?;
        let mut peer = Peer {
            meter: self,
            directory,
            pids: Vec::new(),
        };
        let up = self.run(&[
            "up".as_ref(),
            peer.directory.as_ref(),
            backend.name().as_ref(),
        ]);
        let said = up.context("FreeRADIUS did not start: are its ports 18120 and 18130 free?")?;
        peer.pids = pids(&said)?;
        Ok(peer)
    }

    /// Sends the load to the server and reads the meter.
    pub(crate) fn read(&self, server: Server<'_>, load: Load<'_>) -> Result<Reading> {
        let pids = server
            .pids
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(",");
        let files = server.packets.join(load.files);
        let said = self.run(&[
            "meter".as_ref(),
            "--pids".as_ref(),
            pids.as_ref(),
            "--port".as_ref(),
            server.port.to_string().as_ref(),
            "--secret".as_ref(),
            server.secret.as_ref(),
            "--command".as_ref(),
            load.command.as_ref(),
            "--file".as_ref(),
            files.as_ref(),
            "--count".as_ref(),
            load.count.to_string().as_ref(),
            "--clients".as_ref(),
            load.clients.to_string().as_ref(),
        ])?;
        Reading::parse(&said)
    }

    fn run(&self, arguments: &[&OsStr]) -> Result<String> {
        // What it starts keeps its standard streams open, so they go to files.
        let (said, errors) = (
            self.directory.path().join("said"),
            self.directory.path().join("errors"),
        );
        let mut command = Command::new("python3");
        command
            .arg(&self.script)
            .args(arguments)
            .stdout(File::create(&said)?)
            .stderr(File::create(&errors)?);
        program::run(&mut command)
            .with_context(|| fs::read_to_string(&errors).unwrap_or_default())?;
        Ok(fs::read_to_string(said)?)
    }
}

/// A running FreeRADIUS.
pub(crate) struct Peer<'a> {
    meter: &'a Meter,
    directory: PathBuf,
    pids: Vec<u32>,
}

impl Peer<'_> {
    /// Where it listens for authentication.
    pub(crate) fn auth<'b>(&'b self, packets: &'b Path) -> Server<'b> {
        Server {
            pids: &self.pids,
            port: 18120,
            secret: "testing123",
            packets,
        }
    }

    /// Where it listens for accounting.
    pub(crate) fn acct<'b>(&'b self, packets: &'b Path) -> Server<'b> {
        Server {
            port: 18130,
            ..self.auth(packets)
        }
    }
}

impl Drop for Peer<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.meter.run(&["down".as_ref(), self.directory.as_ref()]) {
            eprintln!("FreeRADIUS may still run: {error:#}");
        }
    }
}

impl Reading {
    /// Reads the line that the meter prints.
    fn parse(said: &str) -> Result<Self> {
        let pattern = Regex::new(
            r"(\d+) requests in \S+ s = (\d+)/s; accepted (\d+) rejected \d+ lost (\d+); processor per request: server (\S+) us, radclient (\S+) us; of one core: server \S+ %, radclient \S+ %, other (-?\d+) %",
        )?;
        let Some(found) = pattern.captures(said) else {
            bail!("the meter said: {said}")
        };
        Ok(Self {
            requests: found[1].parse()?,
            per_second: found[2].parse()?,
            accepted: found[3].parse()?,
            lost: found[4].parse()?,
            server_us: found[5].parse()?,
            client_us: found[6].parse()?,
            other: found[7].parse()?,
        })
    }
}

fn pids(said: &str) -> Result<Vec<u32>> {
    let found: Vec<u32> = said
        .lines()
        .filter_map(|line| line.split_once(" pid ")?.1.trim().parse().ok())
        .collect();
    ensure!(!found.is_empty(), "the peer did not start: {said}");
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_meter() {
        let said = "run: 20000 requests in 0.50 s = 40000/s; accepted 20000 rejected 0 lost 0; processor per request: \
                    server 15.2 us, radclient 14.9 us; of one core: server 61 %, radclient 60 %, other 3 %\n";
        let reading = Reading::parse(said).unwrap();
        assert_eq!(
            (reading.requests, reading.accepted, reading.lost),
            (20_000, 20_000, 0)
        );
        assert_eq!((reading.server_us, reading.other), (15.2, 3.0));
        assert!(Reading::parse("no file matches").is_err());
    }

    #[test]
    fn reads_the_processes_of_the_peer() {
        assert_eq!(pids("radiusd pid 12\npostgres pid 34\n").unwrap(), [12, 34]);
        assert!(pids("").is_err());
    }
}
