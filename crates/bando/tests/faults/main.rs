//! `cargo xtask faults`: every fault of the list, with every kind of gateway, on both databases; after
//! each the checker ([`proof::checker`]) looks whether money and access agree.
//!
//! With `--load`, [`load`] instead. `--only F10`, `--gateway wave`, `--seed S`, `--planted BUG` (`--planted help`
//! lists them).

mod amounts;
mod delivery;
mod disk;
mod forgery;
mod gateway;
mod list;
mod load;
mod nodes;
mod ourselves;
#[path = "../proof/mod.rs"]
mod proof;
mod stage;
mod table;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bando_db::Engine;
use bando_db::testing::TestDb;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use list::{FAULTS, Fault};
use proof::arguments::Arguments;
use stage::{Stage, Way};
use table::{Cell, Outcome};

/// The bugs that this program notices.
const BUGS: &[&str] = &[
    "believe-unsigned",
    "skip-signature",
    "receipt-per-provider",
    "amount-ignored",
    "forget-late",
    "settle-twice",
];

/// Cells that run side by side: most of the time each waits.
const AT_ONCE: usize = 6;

/// How long one cell may take, with all that is waited for in it.
const PATIENCE: Duration = Duration::from_secs(150);

fn main() -> ExitCode {
    if let Err(error) = proof::child::serve_if_child() {
        eprintln!("faults, child: {error:#}");
        return ExitCode::FAILURE;
    }
    proof::arguments::run("faults", BUGS, 1_000, |arguments| async move {
        if arguments.is_load {
            return load::run(&arguments).await;
        }
        let cells = matrix(&arguments).await?;
        table::print(&cells);
        let violations = cells.iter().filter(|cell| cell.outcome.is_violation());
        let count = u64::try_from(violations.count())?;
        let ran = cells.iter().filter(|cell| cell.outcome.has_run()).count();
        println!("faults: {ran} run, {} not applicable", cells.len() - ran);
        Ok((u64::try_from(cells.len())?, count))
    })
}

/// Plays all cells that were asked for.
async fn matrix(arguments: &Arguments) -> Result<Vec<Cell>> {
    let engines = engines();
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for fault in FAULTS.iter().filter(|fault| arguments.wants(fault.id)) {
        for way in Way::ALL
            .into_iter()
            .filter(|way| arguments.wants_gateway(way.gateway()))
        {
            for engine in engines.iter().copied() {
                let (room, seed) = (Arc::clone(&room), arguments.seed);
                running.spawn(async move {
                    let _permit = room.acquire_owned().await;
                    let begun = Instant::now();
                    let outcome = play(fault, way, engine, seed).await;
                    let took = begun.elapsed();
                    let cell = Cell {
                        fault: fault.id,
                        what: fault.what,
                        way,
                        engine,
                        outcome,
                        took,
                    };
                    cell.say();
                    cell
                });
            }
        }
    }
    let mut cells = Vec::new();
    while let Some(joined) = running.join_next().await {
        cells.push(joined?);
    }
    ensure!(!cells.is_empty(), "nothing was asked for that there is");
    Ok(cells)
}

/// Plays one cell in a town of its own.
async fn play(fault: &'static Fault, way: Way, engine: Engine, seed: u64) -> Outcome {
    if let Some(why) = (fault.excuse)(way, engine) {
        return Outcome::NotApplicable(why);
    }
    let played = async {
        let db = database(engine).await?;
        let mut stage = Stage::set(db, way, seed, fault.tune).await?;
        let played = async {
            (fault.play)(&mut stage).await?;
            let wrong = stage.judge().await?;
            ensure!(wrong.is_empty(), "{}", wrong.join("; "));
            Ok::<_, anyhow::Error>(())
        }
        .await;
        stage.strike().await?;
        played
    };
    match tokio::time::timeout(PATIENCE, played).await {
        Ok(Ok(())) => Outcome::Held,
        Ok(Err(error)) => match error.downcast_ref::<stage::Excuse>() {
            Some(stage::Excuse(why)) => Outcome::NotApplicable(why),
            None => Outcome::Broke(format!("{error:#}")),
        },
        Err(_) => Outcome::Broke(format!("nothing came of it in {PATIENCE:?}")),
    }
}

fn engines() -> Vec<Engine> {
    let postgres = bando_testkit::postgres().map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

async fn database(engine: Engine) -> Result<TestDb> {
    let databases = bando_db::testing::databases().await;
    let mut found = databases.into_iter().filter(|db| db.engine() == engine);
    found.next().context("no such database")
}
