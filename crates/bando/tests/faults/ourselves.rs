//! F32, F35 and F37 to F40, and F5: how we fail ourselves, and what statements bring to light.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bando_app::Mend;
use bando_db::Engine;
use bando_sim::daraja::{PushFault, Scenario};
use bando_sim::mikrotik::Faults;
use bando_store::{DifferenceFilter, StatementState};

use crate::delivery::silence;
use crate::proof::facts::Facts;
use crate::stage::{Buyer, LONG_ENOUGH, Stage, Tells, Way, pause};

/// How long the database is away: the real five minutes, shortened as all waits here are.
const OUTAGE: Duration = Duration::from_secs(4);

/// F5. The money is found by nothing but the company's statement.
pub(crate) async fn only_in_the_statement(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => stage.script_mpesa(
            &buyer,
            Scenario {
                push: PushFault::DropAfterAccept,
                callbacks: Vec::new(),
                ..Scenario::default()
            },
        ),
        _ => stage.script(&buyer, Tells::Never),
    }
    if stage.way == Way::Signed {
        stage.buy(&buyer).await?;
        silence(stage, true);
        stage.pay(&buyer).await?;
    } else {
        stage.buy_and_pay(&buyer).await?;
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    stage.not_served(&buyer).await?;
    mend_by_statement(stage).await?;
    stage.served(&buyer).await
}

/// Gets the first business's statement, and mends what it shows as it is offered first.
async fn mend_by_statement(stage: &Stage) -> Result<()> {
    let app = stage.app()?;
    let (owner, gateway) = (&stage.town.shop().owner, stage.way.gateway());
    // Statements are of what is over for a while.
    stage.time_passes(3600);
    app.pull_statement(owner, gateway).await?;
    let begun = Instant::now();
    let statement = loop {
        let page = app.statements(owner, Some(gateway), None, 1).await?;
        match page.rows.into_iter().next() {
            Some(s) if s.state == StatementState::Compared => break s,
            Some(s) if s.state == StatementState::Failed => bail!("no statement: {:?}", s.error),
            _ => ensure!(begun.elapsed() < OUTAGE * 5, "no statement"),
        }
        pause().await;
    };
    app.mend_all(owner, statement.id).await?;
    let filter = DifferenceFilter::default();
    let open = app.disagreements(owner, &filter, None, 50).await?;
    for disagreement in open.rows {
        let Some(best) = disagreement.mends.first().copied() else {
            continue;
        };
        if matches!(
            best,
            Mend::TakeIn | Mend::Settle | Mend::FillReceipt | Mend::BookFee
        ) {
            let id = disagreement.difference.id;
            match app.mend_difference(owner, id, best, "").await {
                // The program may have mended it by itself meanwhile.
                Ok(_) | Err(bando_app::Error::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// F32. Our clock is wrong by an hour or a day, either way, while somebody pays.
pub(crate) async fn clock(stage: &mut Stage) -> Result<()> {
    const HOUR: i64 = 3600;
    for wrong in [HOUR, -HOUR, 24 * HOUR, -24 * HOUR] {
        let buyer = stage.buyer()?;
        stage.script(&buyer, Tells::Copies(1));
        stage.buy(&buyer).await?;
        stage.town.machine.clock.turn(wrong);
        stage.pay(&buyer).await?;
        tokio::time::sleep(LONG_ENOUGH).await;
        // Somebody puts it right.
        stage.town.machine.clock.turn(-wrong);
        stage.paid(&buyer).await?;
        // With a clock that goes right again an honest hour is an hour.
        let after = stage.buyer()?;
        stage.buy_and_pay(&after).await?;
        stage.served(&after).await?;
    }
    Ok(())
}

/// F35. The database is down.
pub(crate) async fn no_database(stage: &mut Stage) -> Result<()> {
    let (before, during) = (stage.buyer()?, stage.buyer()?);
    stage.buy(&before).await?;
    match stage.engine() {
        Engine::Postgres => {
            let name = stage.database_name()?;
            let no = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false");
            stage.administer(&no).await?;
            let cut = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            );
            stage.administer(&cut).await?;
            stage.pay_without_looking(&before).await?;
            let refused = stage.buy(&during).await;
            tokio::time::sleep(OUTAGE).await;
            ensure!(refused.is_err(), "sold without a database");
            let yes = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true");
            stage.administer(&yes).await?;
        }
        Engine::Sqlite => {
            let lock = stage.lock_sqlite()?;
            stage.pay(&before).await?;
            let town = &stage.town;
            let bought = tokio::time::timeout(
                OUTAGE,
                town.app()?.start_payment(stage.wish(&during).purchase()),
            );
            let in_vain = bought.await;
            ensure!(!matches!(in_vain, Ok(Ok(_))), "sold without a database");
            drop(lock);
        }
    }
    stage.served(&before).await?;
    // A prompt that may have been sent is left alone for a while.
    stage.time_passes(80);
    stage.buy_and_pay(&during).await?;
    stage.served(&during).await
}

/// F37. Every connection waits for a lock while a hundred messages come.
pub(crate) async fn no_connection(stage: &mut Stage) -> Result<()> {
    let mut buyers = Vec::new();
    for _ in 0..4 {
        let buyer = stage.buyer()?;
        stage.script(&buyer, Tells::Copies(50));
        stage.buy(&buyer).await?;
        buyers.push(buyer);
    }
    match stage.engine() {
        Engine::Postgres => {
            let hold = "BEGIN; LOCK TABLE payments, gateway_messages IN ACCESS EXCLUSIVE MODE; \
                        SELECT pg_sleep(4); COMMIT;";
            let pay = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                for buyer in &buyers {
                    stage.pay_without_looking(buyer).await?;
                }
                Ok::<_, anyhow::Error>(())
            };
            let (held, paid) = tokio::join!(stage.town.db.raw(hold), pay);
            held.map_err(anyhow::Error::msg)?;
            paid?;
        }
        Engine::Sqlite => {
            let lock = stage.lock_sqlite()?;
            for buyer in &buyers {
                stage.pay(buyer).await?;
            }
            tokio::time::sleep(OUTAGE).await;
            drop(lock);
        }
    }
    for buyer in &buyers {
        stage.served(buyer).await?;
    }
    Ok(())
}

/// F38. The program is stopped and started in the middle of a payment.
pub(crate) async fn deployed(stage: &mut Stage) -> Result<()> {
    let (before, between) = (stage.buyer()?, stage.buyer()?);
    stage.buy(&before).await?;
    stage.buy(&between).await?;
    stage.pay(&before).await?;
    stage.town.stop().await;
    stage.pay(&between).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    stage.town.start().await?;
    stage.served(&before).await?;
    stage.served(&between).await
}

/// F39. The router hears nothing of us when the customer has paid.
pub(crate) async fn no_router(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.buy(&buyer).await?;
    let away = Faults {
        loss_percent: 100,
        ..Faults::default()
    };
    stage.town.shop().router.set_faults(away);
    stage.pay(&buyer).await?;
    stage.paid(&buyer).await?;
    let router = &stage.town.shop().router;
    router.join_and_wait(buyer.mac).await;
    let answer = router.mac_login(buyer.mac).await;
    ensure!(answer.is_err(), "let in without an answer");
    router.set_faults(Faults::default());
    stage.served(&buyer).await
}

/// F40. The database is as it was some minutes ago: who has paid since then is not forgotten where
/// anybody can tell of it, and nobody gets anything twice.
pub(crate) async fn restored(stage: &mut Stage) -> Result<()> {
    let (before, open, after) = (stage.buyer()?, stage.buyer()?, stage.buyer()?);
    stage.buy_and_pay(&before).await?;
    stage.served(&before).await?;
    stage.buy(&open).await?;
    stage.town.stop().await;
    let backup = Backup::take(stage).await?;
    stage.town.start().await?;
    stage.pay(&open).await?;
    stage.served(&open).await?;
    stage.buy_and_pay(&after).await?;
    stage.served(&after).await?;
    let (request, receipt) = (
        stage.request_of(&after).await?.reference,
        stage.receipt_of(&after).await?,
    );
    stage.town.stop().await;
    backup.restore(stage).await?;
    stage.allowed.lost.insert(request.clone());
    stage.town.start().await?;

    for buyer in [&before, &open] {
        stage.tell_again(buyer).await?;
        stage.served(buyer).await?;
        stage.tell_again(buyer).await?;
    }
    match stage.way {
        Way::Unsigned => {
            stage.town.daraja.replay(&request, None).await;
        }
        Way::Signed => {
            let event = stage.event_of(&request)?;
            stage.town.wave.replay(&event.id).await;
        }
        Way::PollBack => {
            stage.town.pesapal.replay(&request).await;
            // Pesapal gives no statements, and nothing else names a payment that we have forgotten.
            stage.allowed.lost.insert(receipt);
            // So their ticket is forgotten too; the router lets them stay until its time is over.
            stage.time_passes(3_700);
            return Ok(());
        }
    }
    mend_by_statement(stage).await?;
    let begun = Instant::now();
    loop {
        let facts = Facts::read(&stage.town.db).await?;
        let found = facts.arrivals.iter().any(|a| a.receipt == receipt)
            || facts
                .payments
                .iter()
                .any(|p| p.receipt.as_ref() == Some(&receipt));
        if found {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < OUTAGE * 5,
            "{receipt} was never found again"
        );
        pause().await;
    }
}

/// A copy of the database.
enum Backup {
    Files(tempfile::TempDir),
    Database(String),
}

impl Backup {
    /// Copies the database of a program that is stopped.
    async fn take(stage: &mut Stage) -> Result<Self> {
        match stage.engine() {
            Engine::Sqlite => {
                let kept = tempfile::tempdir()?;
                copy_files(&stage.sqlite_directory()?, kept.path())?;
                Ok(Self::Files(kept))
            }
            Engine::Postgres => {
                let name = stage.database_name()?;
                let backup = format!("{name}_backup");
                let drop = format!("DROP DATABASE IF EXISTS {backup}");
                stage.administer(&drop).await?;
                let copy = format!("CREATE DATABASE {backup} TEMPLATE {name}");
                stage.administer(&copy).await?;
                Ok(Self::Database(backup))
            }
        }
    }

    async fn restore(self, stage: &mut Stage) -> Result<()> {
        match self {
            Self::Files(kept) => {
                let to = stage.sqlite_directory()?;
                for entry in std::fs::read_dir(&to)? {
                    std::fs::remove_file(entry?.path())?;
                }
                copy_files(kept.path(), &to)
            }
            Self::Database(backup) => {
                let name = stage.database_name()?;
                for sql in [
                    format!("DROP DATABASE {name} WITH (FORCE)"),
                    format!("CREATE DATABASE {name} TEMPLATE {backup}"),
                    format!("DROP DATABASE {backup}"),
                ] {
                    stage.administer(&sql).await?;
                }
                Ok(())
            }
        }
    }
}

pub(crate) fn copy_files(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().context("a file without a name")?;
        std::fs::copy(&path, to.join(name))?;
    }
    Ok(())
}

impl Stage {
    /// Pays although the database cannot be looked at.
    async fn pay_without_looking(&self, buyer: &Buyer) -> Result<()> {
        let town = &self.town;
        match self.way {
            Way::Unsigned => {
                town.daraja.phones().approve(&buyer.phone, None)?;
            }
            Way::Signed => {
                let sessions = town.wave.books().sessions;
                let mine = |s: &&bando_sim::wave::Session| {
                    s.restrict_payer_mobile.as_deref() == Some(buyer.phone.digits())
                };
                let session = sessions.iter().rfind(mine).context("no session")?;
                town.wave.pay(&session.id, &buyer.phone)?;
            }
            Way::PollBack => {
                let orders = town.pesapal.books().orders;
                let mine = |o: &&bando_sim::pesapal::Ordered| o.phone == buyer.phone.digits();
                let order = orders.iter().rfind(mine).context("no order")?;
                let by = bando_sim::pesapal::PayBy::Mpesa;
                town.pesapal.pay(&order.order_tracking_id, by)?;
            }
        }
        Ok(())
    }

    /// Keeps every other program from writing into the file.
    fn lock_sqlite(&self) -> Result<rusqlite::Connection> {
        let path = self.sqlite_directory()?.join("test.db");
        let connection = rusqlite::Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(connection)
    }
}
