//! The program in a process of its own, which may be killed.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bando_app::{App, Purchase, Visit};
use bando_domain::{Language, MacAddr, PlanId, ProviderId};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
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
    wishes: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

/// A wish to buy, told to a child on its standard input as one line of JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub(crate) provider: ProviderId,
    pub(crate) plan: PlanId,
    pub(crate) phone: String,
    pub(crate) gateway: String,
    pub(crate) mac: MacAddr,
}

impl Wish {
    /// The same for the use cases.
    pub(crate) fn purchase(self) -> Purchase {
        Purchase {
            provider: self.provider,
            plan: self.plan,
            phone: self.phone,
            gateway: Some(self.gateway),
            by_hand: false,
            visit: Visit {
                mac: Some(self.mac),
                ..Visit::default()
            },
            language: Language::En,
            source: "127.0.0.1".into(),
        }
    }
}

impl Child {
    /// Starts this very program again, as a child on `machine`; it dies at `crash_at`, if that is a
    /// point it passes.
    pub(crate) fn start(machine: &Machine, crash_at: Option<&str>) -> Result<Self> {
        let command = Command::new(std::env::current_exe()?);
        Self::start_by(command, machine, crash_at)
    }

    /// The same by a command that starts this very program in some other way.
    pub(crate) fn start_by(
        mut command: Command,
        machine: &Machine,
        crash_at: Option<&str>,
    ) -> Result<Self> {
        command
            .env(MACHINE, serde_json::to_string(machine)?)
            .env_remove(CRASH_AT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(point) = crash_at {
            command.env(CRASH_AT, point);
        }
        let mut process = command.spawn()?;
        let stdout = process.stdout.take().context("a child without output")?;
        let lines = BufReader::new(stdout).lines();
        let wishes = process.stdin.take().context("a child without input")?;
        Ok(Self {
            process,
            wishes,
            lines,
        })
    }

    /// Its number.
    pub(crate) fn id(&self) -> Result<u32> {
        self.process.id().context("the child is dead")
    }

    /// Lets somebody buy; what comes of it is seen elsewhere, and the child may die of it.
    pub(crate) async fn buy(&mut self, wish: &Wish) -> Result<()> {
        let line = serde_json::to_string(wish)? + "\n";
        let _ = self.wishes.write_all(line.as_bytes()).await;
        let _ = self.wishes.flush().await;
        Ok(())
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
        let program = machine.start().await?;
        println!("{READY}");
        grant_wishes(&program.app).await?;
        std::future::pending::<Result<()>>().await
    })
}

async fn grant_wishes(app: &App) -> Result<()> {
    let (told, mut wishes) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lines().map_while(Result::ok);
        lines.for_each(|line| drop(told.send(line)));
    });
    while let Some(line) = wishes.recv().await {
        let wish: Wish = serde_json::from_str(&line)?;
        let app = app.clone();
        tokio::spawn(async move {
            if let Err(error) = app.start_payment(wish.purchase()).await {
                eprintln!("a child could not sell: {error}");
            }
        });
    }
    Ok(())
}
