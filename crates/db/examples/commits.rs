//! Durable transactions per second: `cargo run --release -p bando-db --features testing --example commits`.
//!
//! Each transaction inserts one row and updates another. With one task every transaction pays for
//! a commit of its own; with 64 SQLite merges those that wait.

use std::time::{Duration, Instant};

use bando_db::testing::databases_with;
use bando_db::{Db, Migration, Options, Result, Scope, params, values};
use tokio::task::JoinSet;

const SCHEMA: Migration = Migration {
    version: 1,
    name: "tables to measure",
    sqlite: "CREATE TABLE entry (id INTEGER NOT NULL PRIMARY KEY, note TEXT NOT NULL) STRICT;
        CREATE TABLE total (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL) STRICT;",
    postgres: "CREATE TABLE entry (id BIGINT NOT NULL PRIMARY KEY, note TEXT NOT NULL);
        CREATE TABLE total (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL);",
};
const INSERT: &str = "INSERT INTO entry (id, note) VALUES ($1, $2)";
const TIME: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<()> {
    for test in databases_with(Options {
        postgres_connections: 64,
        ..Options::default()
    })
    .await
    {
        test.db.migrate(&[SCHEMA]).await?;
        let engine = test.engine();
        for tasks in [1, 64] {
            let before = test.db.stats();
            let started = Instant::now();
            write(&test.db, tasks).await?;
            let (seconds, after) = (started.elapsed().as_secs_f64(), test.db.stats());
            let transactions = after.transactions - before.transactions;
            let rate = transactions as f64 / seconds;
            let shared = transactions as f64 / (after.commits - before.commits) as f64;
            println!(
                "{engine:?}, {tasks} tasks: {rate:.0} transactions/s, {shared:.1} in each commit"
            );
        }
        let started = Instant::now();
        let rows = 50_000_u32;
        for batch in 0..rows / 500 {
            let mut tx = test.db.begin(Scope::System).await?;
            let ids = batch * 500..(batch + 1) * 500;
            tx.exec_many(
                INSERT,
                ids.map(|id| values![-1 - i64::from(id), "a note"])
                    .collect(),
            )
            .await?;
            tx.commit().await?;
        }
        println!(
            "{engine:?}, exec_many of 500: {:.0} rows/s",
            f64::from(rows) / started.elapsed().as_secs_f64()
        );
        for tasks in [1, 16] {
            let started = Instant::now();
            let reads = read(&test.db, tasks).await?;
            println!(
                "{engine:?}, {tasks} tasks: {:.0} reads/s",
                reads as f64 / started.elapsed().as_secs_f64()
            );
        }
    }
    Ok(())
}

async fn write(db: &Db, tasks: i64) -> Result<()> {
    let mut set = JoinSet::new();
    for task in 0..tasks {
        let db = db.clone();
        set.spawn(async move {
            let (until, first) = (Instant::now() + TIME, (tasks * 100 + task) * 1_000_000);
            for id in first.. {
                let mut tx = db.begin(Scope::System).await?;
                tx.exec(INSERT, params![id, "a note of some length, as they are"]).await?;
                let sql = "INSERT INTO total (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = total.n + 1";
                tx.exec(sql, params![task]).await?;
                tx.commit().await?;
                if Instant::now() > until {
                    break;
                }
            }
            Ok(())
        });
    }
    set.join_all().await.into_iter().collect()
}

async fn read(db: &Db, tasks: i64) -> Result<u64> {
    let mut set = JoinSet::new();
    for task in 0..tasks {
        let db = db.clone();
        set.spawn(async move {
            let (until, mut reads) = (Instant::now() + TIME, 0);
            while Instant::now() < until {
                let mut tx = db.begin_read(Scope::System).await?;
                tx.one(
                    "SELECT note FROM entry WHERE id = $1",
                    params![-1 - (reads as i64 * 17 + task) % 50_000],
                )
                .await?;
                reads += 1;
            }
            Ok(reads)
        });
    }
    set.join_all().await.into_iter().sum()
}
