//! What is kept, what is not, and what others see.

use std::time::Duration;

use bando_db::{Db, Error, Options, Scope, params};

use crate::support::{INCREMENT, counter, prepared, prepared_with};

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        assert_eq!(tx.exec(INCREMENT, &[]).await.unwrap(), 1);
        drop(tx);
        assert_eq!(counter(&test.db).await, 0);
        let tx = test.db.begin(Scope::System).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.exec(INCREMENT, &[]).await.unwrap();
        tx.commit().await.unwrap();
        test.db.close().await;
        let closed = test.db.begin(Scope::System).await;
        let closed = match closed {
            Ok(mut tx) => tx.exec(INCREMENT, &[]).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(closed.is_unavailable(), "{closed:?}");
        let again = Db::open(&test.url, Options::default()).await.unwrap();
        assert_eq!(counter(&again).await, 1);
    }
}

#[tokio::test]
async fn a_read_transaction_sees_one_snapshot() {
    for test in prepared().await {
        let sql = "SELECT n FROM counter WHERE id = 1";
        let mut reader = test.db.begin_read(Scope::System).await.unwrap();
        assert_eq!(
            reader.one(sql, &[]).await.unwrap().get::<i64>(0).unwrap(),
            0
        );
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.exec(INCREMENT, &[]).await.unwrap();
        assert_eq!(
            tx.one(sql, &[]).await.unwrap().get::<i64>(0).unwrap(),
            1,
            "own writes are seen"
        );
        assert_eq!(counter(&test.db).await, 0, "uncommitted work is not seen");
        tx.commit().await.unwrap();
        assert_eq!(
            reader.one(sql, &[]).await.unwrap().get::<i64>(0).unwrap(),
            0,
            "{:?}",
            test.engine()
        );
        reader.commit().await.unwrap();
        assert_eq!(counter(&test.db).await, 1, "committed work is seen at once");
    }
}

#[tokio::test]
async fn a_read_transaction_cannot_write() {
    for test in prepared().await {
        let mut tx = test.db.begin_read(Scope::System).await.unwrap();
        tx.exec(INCREMENT, &[]).await.unwrap_err();
        drop(tx);
        assert_eq!(counter(&test.db).await, 0);
    }
}

#[tokio::test]
async fn an_idle_transaction_is_rolled_back_and_blocks_nobody() {
    let options = Options {
        idle_timeout: Duration::from_millis(200),
        ..Options::default()
    };
    for test in prepared_with(options).await {
        for read in [false, true] {
            let mut idle = if read {
                test.db.begin_read(Scope::System).await
            } else {
                test.db.begin(Scope::System).await
            }
            .unwrap();
            idle.all("SELECT n FROM counter", &[]).await.unwrap();
            if !read {
                idle.exec(INCREMENT, &[]).await.unwrap();
            }
            // Waits for the idle one's lock, and gets it.
            let mut other = test.db.begin(Scope::System).await.unwrap();
            other
                .exec("UPDATE counter SET n = 10 WHERE id = 1", &[])
                .await
                .unwrap();
            other.commit().await.unwrap();
            tokio::time::sleep(Duration::from_millis(250)).await;
            assert_eq!(
                idle.all("SELECT n FROM counter", &[]).await.unwrap_err(),
                Error::Idle,
                "{:?}",
                test.engine()
            );
            assert_eq!(idle.commit().await.unwrap_err(), Error::Aborted);
            assert_eq!(counter(&test.db).await, 10);
        }
        let mut idle = test.db.begin(Scope::System).await.unwrap();
        idle.exec(INCREMENT, &[]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(idle.commit().await.unwrap_err(), Error::Idle);
        assert_eq!(counter(&test.db).await, 10);
    }
}

#[tokio::test]
async fn a_transaction_that_says_nothing_blocks_nobody() {
    for test in prepared().await {
        let silent = test.db.begin(Scope::System).await.unwrap();
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.exec(INCREMENT, &[]).await.unwrap();
        tx.commit().await.unwrap();
        silent.commit().await.unwrap();
    }
}

#[tokio::test]
async fn the_dialect_holes_lock_rows() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.one(
            "SELECT n FROM counter WHERE id = $1 /*for update*/",
            params![1],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let claim = "UPDATE counter SET n = 7 WHERE id IN (SELECT id FROM counter WHERE n = 0 LIMIT 1 /*skip locked*/)";
        let mut first = test.db.begin(Scope::System).await.unwrap();
        assert_eq!(first.exec(claim, &[]).await.unwrap(), 1);
        if test.engine() == bando_db::Engine::Postgres {
            let mut second = test.db.begin(Scope::System).await.unwrap();
            assert_eq!(
                second.exec(claim, &[]).await.unwrap(),
                0,
                "locked rows are skipped, not waited for"
            );
        }
        first.commit().await.unwrap();
    }
}
