//! The program in a process of its own, which may be killed.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};
use tokio::time::timeout;

use super::machine::Machine;

/// Holds the machine, as JSON, for a process that shall be a child.
const MACHINE: &str = "BANDO_CRASH_MACHINE";

/// Where the child kills itself: see `bando_app::CRASH_POINTS`.
const CRASH_AT: &str = "BANDO_CRASH_AT";

/// What the child says when it serves.
const READY: &str = "ready";

/// How long a child may take to start or to die.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running program.
pub(crate) struct Child {
    process: tokio::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts this very program again, as a child on `machine`; it dies at `crash_at`, if that is a
    /// point it passes.
    pub(crate) fn start(machine: &Machine, crash_at: Option<&str>) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .env(MACHINE, serde_json::to_string(machine)?)
            .env_remove(CRASH_AT)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(point) = crash_at {
            command.env(CRASH_AT, point);
        }
        let mut process = command.spawn()?;
        let stdout = process.stdout.take().context("a child without output")?;
        let lines = BufReader::new(stdout).lines();
        Ok(Self { process, lines })
    }

    /// Waits until it serves. False if it died before.
    pub(crate) async fn is_ready(&mut self) -> Result<bool> {
        let line = timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.context("the program does not start")??;
        if line.is_none() {
            let status = self.process.wait().await?;
            // Killed by a signal is what it was asked for; anything else is a mistake of ours.
            ensure!(
                status.code().is_none(),
                "the program did not start: {status}"
            );
        }
        Ok(line.as_deref() == Some(READY))
    }

    /// Whether it dies by itself within `patience`.
    pub(crate) async fn dies(&mut self, patience: Duration) -> bool {
        matches!(timeout(patience, self.process.wait()).await, Ok(Ok(_)))
    }

    /// Kills it, if it is not dead already, as `kill -9` does.
    pub(crate) async fn kill(mut self) -> Result<()> {
        if self.process.try_wait()?.is_none() {
            self.process.kill().await?;
        }
        Ok(())
    }
}

/// Serves until killed, if this process was started as a child; otherwise returns at once.
pub(crate) fn serve_if_child() -> Result<()> {
    let Ok(machine) = std::env::var(MACHINE) else {
        return Ok(());
    };
    let machine: Machine = serde_json::from_str(&machine)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let _program = machine.start().await?;
        println!("{READY}");
        std::future::pending::<Result<()>>().await
    })
}
