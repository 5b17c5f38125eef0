//! Many transactions at once, and futures dropped at the worst moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bando_db::{Db, Engine, Error, Options, Scope, params};
use tokio::task::JoinSet;

use crate::support::{INCREMENT, counter, prepared, prepared_with};

async fn increment(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin(Scope::System).await?;
    let n: i64 = tx
        .one("SELECT n FROM counter WHERE id = 1 /*for update*/", &[])
        .await?
        .get(0)?;
    tx.exec("UPDATE counter SET n = $1 WHERE id = 1", params![n + 1])
        .await?;
    tx.commit().await
}

async fn increment_from_many(db: &Db, tasks: usize, each: usize) {
    let mut set = JoinSet::new();
    for _ in 0..tasks {
        let db = db.clone();
        set.spawn(async move {
            for _ in 0..each {
                increment(&db).await.unwrap();
            }
        });
    }
    set.join_all().await;
}

#[tokio::test]
async fn concurrent_increments_lose_nothing() {
    for test in prepared().await {
        increment_from_many(&test.db, 64, 10).await;
        assert_eq!(counter(&test.db).await, 640, "{:?}", test.engine());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_increments_lose_nothing_on_many_threads() {
    for test in prepared().await {
        increment_from_many(&test.db, 64, 10).await;
        assert_eq!(counter(&test.db).await, 640, "{:?}", test.engine());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_merges_waiting_transactions_into_one_commit() {
    let test = prepared().await.swap_remove(0);
    let before = test.db.stats();
    increment_from_many(&test.db, 64, 20).await;
    let after = test.db.stats();
    let (transactions, commits) = (
        after.transactions - before.transactions,
        after.commits - before.commits,
    );
    assert_eq!(transactions, 1280);
    assert!(
        commits * 4 < transactions,
        "{transactions} transactions took {commits} commits"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answered_commit_is_seen_by_every_reader() {
    for test in prepared().await {
        let mut set = JoinSet::new();
        for id in 100..132_i64 {
            let db = test.db.clone();
            set.spawn(async move {
                for n in 0..10_i64 {
                    let mut tx = db.begin(Scope::System).await.unwrap();
                    let sql = "INSERT INTO counter (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = excluded.n";
                    tx.exec(sql, params![id, n]).await.unwrap();
                    tx.commit().await.unwrap();
                    let mut tx = db.begin_read(Scope::System).await.unwrap();
                    let row = tx.one("SELECT n FROM counter WHERE id = $1", params![id]).await.unwrap();
                    assert_eq!(row.get::<i64>(0).unwrap(), n);
                }
            });
        }
        set.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_that_fails_does_not_take_its_group_along() {
    for test in prepared().await {
        let mut set = JoinSet::new();
        for number in 0..64 {
            let db = test.db.clone();
            set.spawn(async move {
                let mut tx = db.begin(Scope::System).await.unwrap();
                tx.exec(INCREMENT, &[]).await.unwrap();
                match number % 4 {
                    0 => tx.commit().await.unwrap(),
                    1 => drop(tx),
                    2 => {
                        tx.exec("INSERT INTO counter (id, n) VALUES (1, 0)", &[])
                            .await
                            .unwrap_err();
                        tx.commit().await.unwrap_err();
                    }
                    _ => {
                        tx.exec(
                            "INSERT INTO counter (id, n) VALUES ($1, 0)",
                            params![1000 + number],
                        )
                        .await
                        .unwrap();
                        tx.commit().await.unwrap();
                    }
                }
            });
        }
        set.join_all().await;
        assert_eq!(counter(&test.db).await, 32, "{:?}", test.engine());
    }
}

#[tokio::test]
async fn a_cancelled_statement_spoils_its_transaction() {
    for test in prepared().await {
        let mut holder = test.db.begin(Scope::System).await.unwrap();
        holder.exec(INCREMENT, &[]).await.unwrap();
        let mut waiting = test.db.begin(Scope::System).await.unwrap();
        tokio::time::timeout(Duration::from_millis(50), waiting.exec(INCREMENT, &[]))
            .await
            .unwrap_err();
        assert_eq!(
            waiting.exec(INCREMENT, &[]).await.unwrap_err(),
            Error::Aborted
        );
        drop(waiting);
        holder.commit().await.unwrap();
        increment(&test.db).await.unwrap();
        assert_eq!(counter(&test.db).await, 2, "{:?}", test.engine());
    }
}

/// Cancels transactions at every stage, COMMIT included: each is kept whole or not at all, and the
/// connections stay usable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_transactions_are_whole_or_nothing() {
    for test in prepared_with(Options {
        postgres_connections: 4,
        ..Options::default()
    })
    .await
    {
        for round in 0..300_u64 {
            let db = test.db.clone();
            let reached_end = Arc::new(AtomicBool::new(false));
            let ended = Arc::clone(&reached_end);
            let work = async move {
                let mut tx = db.begin(Scope::System).await.unwrap();
                tx.exec(
                    "INSERT INTO counter (id, n) VALUES ($1, 1)",
                    params![1000 + round as i64],
                )
                .await
                .unwrap();
                tx.exec(
                    "INSERT INTO counter (id, n) VALUES ($1, 1)",
                    params![5000 + round as i64],
                )
                .await
                .unwrap();
                tx.commit().await.unwrap();
                ended.store(true, Ordering::SeqCst);
            };
            let _ = tokio::time::timeout(Duration::from_micros(round * 10), work).await;
            if reached_end.load(Ordering::SeqCst) {
                let mut tx = test.db.begin_read(Scope::System).await.unwrap();
                tx.one(
                    "SELECT n FROM counter WHERE id = $1",
                    params![5000 + round as i64],
                )
                .await
                .unwrap();
            }
        }
        // Whatever is still in flight ends before the next writer has had its turn on SQLite, and
        // soon on PostgreSQL.
        increment(&test.db).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut tx = test.db.begin_read(Scope::System).await.unwrap();
        let sql = "SELECT COUNT(*) FROM counter a WHERE id >= 1000 AND id < 5000
            AND NOT EXISTS (SELECT 1 FROM counter b WHERE b.id = a.id + 4000)";
        assert_eq!(
            tx.one(sql, &[]).await.unwrap().get::<i64>(0).unwrap(),
            0,
            "{:?}",
            test.engine()
        );
        drop(tx);
        increment_from_many(&test.db, 16, 4).await;
        assert_eq!(counter(&test.db).await, 65);
    }
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let options = Options {
        postgres_connections: 1,
        reader_connections: 1,
        busy_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    for test in prepared_with(options).await {
        let mut holder = test.db.begin(Scope::System).await.unwrap();
        holder.exec(INCREMENT, &[]).await.unwrap();
        let mut reader = None;
        if test.engine() == Engine::Sqlite {
            let mut tx = test.db.begin_read(Scope::System).await.unwrap();
            tx.one("SELECT n FROM counter WHERE id = 1", &[])
                .await
                .unwrap();
            reader = Some(tx);
        }
        let error = increment(&test.db).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        let error = match test.db.begin_read(Scope::System).await {
            Ok(mut tx) => tx
                .one("SELECT n FROM counter WHERE id = 1", &[])
                .await
                .unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        holder.commit().await.unwrap();
        drop(reader);
        increment(&test.db).await.unwrap();
        assert_eq!(
            counter(&test.db).await,
            2,
            "{:?}: what gave up waiting was not done later",
            test.engine()
        );
    }
}
