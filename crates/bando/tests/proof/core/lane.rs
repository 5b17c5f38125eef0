//! Many lives on one database after the other, and a judgement now and then.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use bando::world::SystemEntropy;
use bando_app::CRASH_POINTS;
use bando_db::Engine;
use bando_db::testing::TestDb;
use bando_store::MasterKey;
use tokio::process::Command;

use super::companies::Book;
use super::judge::judge;
use super::life::{LIFE, Life};
use crate::proof::dice::Dice;
use crate::proof::machine::url_of;

/// Lives between two judgements.
const BETWEEN_JUDGEMENTS: u64 = 100;

/// Lives on one database: the judge reads it all each time.
const LIVES_OF_A_DATABASE: u64 = 500;

/// Where the child kills itself: see [`CRASH_POINTS`].
const CRASH_AT: &str = "BANDO_CRASH_AT";

/// What came of a lane.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) lives: u64,
    pub(crate) wrong: Vec<String>,
    pub(crate) hits: BTreeMap<&'static str, u32>,
    /// The same for the same seed.
    pub(crate) digest: u64,
}

/// So many lives on databases of this engine.
pub(crate) async fn run(engine: Engine, lives: u64, seed: u64) -> Result<Report> {
    let mut report = Report::default();
    let mut number = 0;
    while report.lives < lives && report.wrong.is_empty() {
        let databases = bando_db::testing::databases().await;
        let db = databases.into_iter().find(|db| db.engine() == engine);
        let db = db.context("no such database")?;
        let share = LIVES_OF_A_DATABASE.min(lives - report.lives);
        let seed = seed.wrapping_mul(8_191).wrapping_add(number);
        lives_on(db, share, seed, &mut report).await?;
        number += 1;
    }
    Ok(report)
}

async fn lives_on(db: TestDb, lives: u64, seed: u64, report: &mut Report) -> Result<()> {
    db.db.close().await;
    let place = tempfile::tempdir()?;
    let path: PathBuf = place.path().join("book");
    let book = Book::open(&path)?;
    let dice = Dice::new(seed);
    let mut life = Life {
        database: url_of(&db)?,
        key: MasterKey::random(&SystemEntropy).to_base64().to_string(),
        book: path,
        seed,
        number: 0,
        heal: false,
    };
    live(&life, None).await?;
    // Nobody is online in these lives.
    let elsewhere = ["admit.", "accounting.", "expire.", "disconnect."];
    let points: Vec<&'static str> = CRASH_POINTS
        .iter()
        .copied()
        .filter(|point| !elsewhere.iter().any(|begin| point.starts_with(begin)))
        .collect();
    for number in 1..=lives {
        life.number = number;
        let point = *dice.one_of(&points);
        let nth = if dice.chance(80) { 1 } else { 2 };
        let died = live(&life, Some(&format!("{point}:{nth}"))).await?;
        if died {
            *report.hits.entry(point).or_default() += 1;
        }
        report.lives += 1;
        report.digest = mix(report.digest, u64::from(died));
        if number.is_multiple_of(BETWEEN_JUDGEMENTS) {
            report.wrong = judge(&db, &book.read()?, seed, false).await?;
            if !report.wrong.is_empty() {
                keep(&db, &life)?;
                return Ok(());
            }
        }
    }
    life.number = lives + 1;
    life.heal = true;
    if live(&life, None).await? {
        bail!("the last life died by itself");
    }
    let entries = book.read()?;
    report.digest = mix(report.digest, entries.len() as u64);
    report.wrong = judge(&db, &entries, seed, true).await?;
    if !report.wrong.is_empty() {
        keep(&db, &life)?;
    }
    Ok(())
}

/// Keeps what a violation was found in, to be looked at.
fn keep(db: &TestDb, life: &Life) -> Result<()> {
    let place = std::env::temp_dir().join(format!("bando-crash-{}", life.seed));
    std::fs::create_dir_all(&place)?;
    std::fs::copy(&life.book, place.join("book"))?;
    if let Some(path) = life.database.strip_prefix("sqlite:") {
        std::fs::copy(path, place.join("bando.sqlite"))?;
        let wal = format!("{path}-wal");
        if std::fs::exists(&wal)? {
            std::fs::copy(wal, place.join("bando.sqlite-wal"))?;
        }
    }
    println!("{:?}: kept in {}", db.engine(), place.display());
    Ok(())
}

/// One life in a process of its own. Whether it died at its point.
async fn live(life: &Life, crash_at: Option<&str>) -> Result<bool> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .env(LIFE, serde_json::to_string(life)?)
        .env_remove(CRASH_AT)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    if let Some(point) = crash_at {
        command.env(CRASH_AT, point);
    }
    let status = command.status().await?;
    match status.code() {
        Some(0) => Ok(false),
        // Ended by a signal: as it was told to.
        None if crash_at.is_some() => Ok(true),
        _ => bail!("life {} ended with {status}", life.number),
    }
}

fn mix(digest: u64, value: u64) -> u64 {
    (digest.rotate_left(5) ^ value).wrapping_mul(0x0100_0000_01B3)
}
