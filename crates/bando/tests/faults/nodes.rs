//! F29 to F31: programs that die, that are two, that sleep.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando_db::Engine;
use futures_util::future::join_all;
use tokio::process::Command;

use crate::proof::child::Child;
use crate::stage::{Buyer, LONG_ENOUGH, Stage, Tells, Way};
use crate::wire::SIGNATURE;

/// How long a program may take to come to the point where it dies.
const LIFE: Duration = Duration::from_secs(4);

/// Copies of one message for each of two programs.
const COPIES: usize = 20;

/// Where a payment passes, whatever the gateway.
const POINTS: &[&str] = &[
    "purchase.stored",
    "purchase.answered",
    "purchase.noted",
    "callback.received",
    "callback.stored",
    "message.read",
    "check.begun",
    "check.answered",
    "settle.begun",
    "settle.ticket",
    "settle.ledger",
    "settle.before_commit",
    "settle.committed",
    "job.claimed",
    "job.done",
];

/// F29. kill -9 at marked points of a payment.
pub(crate) async fn killed(stage: &mut Stage) -> Result<()> {
    stage.town.stop().await;
    let machine = stage.town.machine.clone();
    let first = stage.dice.below(3) as usize;
    for point in POINTS.iter().skip(first).step_by(3) {
        let buyer = stage.buyer()?;
        if point.starts_with("check.") {
            stage.script(&buyer, Tells::Never);
        }
        let mut child = Child::start(&machine, Some(point))?;
        if child.is_ready().await? {
            child.buy(&stage.wish(&buyer)).await?;
            tokio::select! {
                _ = child.dies(LIFE) => {}
                paid = stage.pay(&buyer) => paid?,
            }
        }
        child.dies(LIFE).await;
        child.kill().await?;
        let mut child = Child::start(&machine, None)?;
        ensure!(child.is_ready().await?, "the program died by itself");
        if !stage.is_asked(&buyer) {
            stage.not_served(&buyer).await?;
        } else {
            if !stage.has_paid(&buyer).await? {
                stage.pay(&buyer).await?;
            }
            // Who had no answer is told again, as companies do.
            tokio::time::sleep(Duration::from_millis(300)).await;
            stage.tell_again(&buyer).await?;
            stage.served(&buyer).await?;
        }
        child.kill().await?;
    }
    stage.town.start().await
}

/// F30. Two programs on one database take the same messages; on SQLite the second does not start.
pub(crate) async fn two_nodes(stage: &mut Stage) -> Result<()> {
    let beside = stage.town.machine.beside(&stage.town.db).await?;
    let mut second = Child::start(&beside, None)?;
    let started = second.is_ready().await;
    if stage.engine() == Engine::Sqlite {
        ensure!(!matches!(started, Ok(true)), "two programs have one file");
        let buyer = stage.buyer()?;
        stage.buy_and_pay(&buyer).await?;
        return stage.served(&buyer).await;
    }
    ensure!(started?, "the second program died by itself");
    for _ in 0..5 {
        let buyer = stage.buyer()?;
        stage.script(&buyer, Tells::Never);
        stage.buy(&buyer).await?;
        stage.pay(&buyer).await?;
        let here = stage.callback_url(&buyer).await?;
        let there = here.replace(&stage.town.machine.url(), &beside.url());
        let (body, headers) = stage.message_about(&buyer).await?;
        let posts = (0..2 * COPIES).map(|number| {
            let url = if number % 2 == 0 { &here } else { &there };
            stage.post_with(url, &headers, body.clone())
        });
        for status in join_all(posts).await {
            let status = status?;
            ensure!(status == Some(200), "answered {status:?}");
        }
        stage.served(&buyer).await?;
    }
    second.kill().await
}

/// F31. A program that holds a job sleeps beyond its lease and wakes up again.
pub(crate) async fn asleep(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.script(&buyer, Tells::Never);
    let beside = stage.town.machine.beside(&stage.town.db).await?;
    stage.town.stop().await;
    let mut sleeper = Child::start(&beside, None)?;
    ensure!(sleeper.is_ready().await?, "the program died by itself");
    sleeper.buy(&stage.wish(&buyer)).await?;
    let request = stage.request_of(&buyer).await?.reference;
    stage.slow_answers(&buyer);
    stage.pay(&buyer).await?;
    // By now it has asked, and holds the job.
    stage.is_being_asked(&request).await;
    signal(&sleeper, "-STOP").await?;
    if stage.engine() == Engine::Postgres {
        stage.town.start().await?;
        stage.served(&buyer).await?;
        signal(&sleeper, "-CONT").await?;
        tokio::time::sleep(LONG_ENOUGH * 2).await;
        return sleeper.kill().await;
    }
    tokio::time::sleep(stage.town.machine.job_lease + LONG_ENOUGH).await;
    signal(&sleeper, "-CONT").await?;
    stage.paid(&buyer).await?;
    tokio::time::sleep(LONG_ENOUGH).await;
    sleeper.kill().await?;
    stage.town.start().await?;
    stage.served(&buyer).await
}

async fn signal(child: &Child, signal: &str) -> Result<()> {
    let number = child.id()?.to_string();
    let status = Command::new("kill")
        .args([signal, &number])
        .status()
        .await?;
    ensure!(status.success(), "kill {signal} {number}: {status}");
    Ok(())
}

impl Stage {
    /// Whether the company was asked for this customer's money.
    fn is_asked(&self, buyer: &Buyer) -> bool {
        let mut asked = self.town.books().asked.into_iter();
        asked.any(|a| a.phone == buyer.phone.digits() && a.gateway == self.way.gateway())
    }

    async fn has_paid(&self, buyer: &Buyer) -> Result<bool> {
        let request = self.request_of(buyer).await?.reference;
        let mut moved = self.town.books().moved.into_iter();
        Ok(moved.any(|moved| moved.reference.as_ref() == Some(&request)))
    }

    /// What the company would tell of a payment, with the headers that prove it.
    pub(crate) async fn message_about(
        &self,
        buyer: &Buyer,
    ) -> Result<(String, Vec<(&'static str, String)>)> {
        let request = self.request_of(buyer).await?.reference;
        let receipt = self.receipt_of(buyer).await?;
        let json = ("content-type", "application/json".to_owned());
        if self.way == Way::Signed {
            let body = self.event_of(&request)?.body;
            let signature = self.signature_of(buyer.shop, 0, &body);
            return Ok((body, vec![json, (SIGNATURE, signature)]));
        }
        let body = crate::forgery::forged_with(self, buyer, &receipt).await?;
        Ok((body, vec![json]))
    }

    /// Lets the company take its time with the first answer about this customer's payment.
    fn slow_answers(&self, _: &Buyer) {
        if self.way == Way::Signed {
            use bando_sim::wave::{Call, Fault, Shows};
            let slow = Fault::after(Shows::Slow(1_500));
            self.town.wave.fault(Call::Session, slow);
        }
    }

    async fn is_being_asked(&self, request: &str) {
        for _ in 0..100 {
            let books = self.town.books();
            let asked = books.asked.iter().find(|a| a.reference == request);
            if asked.is_some_and(|asked| asked.queries > 0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            if self.way == Way::Signed {
                tokio::time::sleep(Duration::from_millis(600)).await;
                return;
            }
        }
    }

    /// The directory of the SQLite file.
    pub(crate) fn sqlite_directory(&self) -> Result<std::path::PathBuf> {
        let url = self.town.db.url.to_string();
        let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
        let directory = std::path::Path::new(path).parent();
        Ok(directory.context("a file without a directory")?.to_owned())
    }

    /// The name of the PostgreSQL database.
    pub(crate) fn database_name(&self) -> Result<String> {
        let url = self.town.db.url.to_string();
        let name = url.rsplit('/').next().context("no name")?;
        Ok(name.to_owned())
    }

    /// Runs a command on the PostgreSQL server by way of another database.
    pub(crate) async fn administer(&mut self, sql: &str) -> Result<()> {
        if self.office.is_none() {
            let databases = bando_db::testing::databases().await;
            self.office = databases
                .into_iter()
                .find(|db| db.engine() == Engine::Postgres);
        }
        let office = self.office.as_ref().context("no PostgreSQL")?;
        let done = office.raw(sql).await;
        done.map(drop).map_err(anyhow::Error::msg)
    }
}
