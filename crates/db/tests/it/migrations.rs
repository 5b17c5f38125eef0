//! The schema moves forward once, and only as written.

use bando_db::testing::databases;
use bando_db::{Db, Engine, Error, Migration, Options, Scope};

const FIRST: Migration = Migration {
    version: 1,
    name: "first",
    sqlite: "CREATE TABLE thing (id INTEGER NOT NULL PRIMARY KEY) STRICT; INSERT INTO thing VALUES (1);",
    postgres: "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY); INSERT INTO thing VALUES (1);",
};
const SECOND: Migration = Migration {
    version: 2,
    name: "second",
    sqlite: "INSERT INTO thing SELECT 1 + MAX(id) FROM thing;",
    postgres: "INSERT INTO thing SELECT 1 + MAX(id) FROM thing;",
};
const BROKEN: Migration = Migration {
    version: 3,
    name: "broken",
    sqlite: "INSERT INTO thing VALUES (100);\nINSERT INTO nowhere VALUES (1);",
    postgres: "INSERT INTO thing VALUES (100);\nINSERT INTO nowhere VALUES (1);",
};

async fn things(db: &Db) -> i64 {
    let mut tx = db.begin_read(Scope::System).await.unwrap();
    tx.one("SELECT COUNT(*) FROM thing", &[])
        .await
        .unwrap()
        .get(0)
        .unwrap()
}

fn message(result: Result<(), Error>) -> String {
    match result {
        Err(Error::Migration(message)) => message,
        other => panic!("expected a migration error, got {other:?}"),
    }
}

#[tokio::test]
async fn each_migration_runs_once() {
    for test in databases().await {
        test.db.migrate(&[FIRST]).await.unwrap();
        test.db.migrate(&[FIRST, SECOND]).await.unwrap();
        test.db.migrate(&[FIRST, SECOND]).await.unwrap();
        assert_eq!(things(&test.db).await, 2);
    }
}

#[tokio::test]
async fn a_changed_reordered_or_newer_schema_is_refused() {
    for test in databases().await {
        test.db.migrate(&[FIRST, SECOND]).await.unwrap();
        let changed = Migration {
            sqlite: "SELECT 1",
            postgres: "SELECT 1",
            ..FIRST
        };
        assert!(
            message(test.db.migrate(&[changed, SECOND]).await)
                .contains("version 1 (first) was changed")
        );
        assert!(message(test.db.migrate(&[FIRST]).await).contains("install the newer program"));
        assert!(message(test.db.migrate(&[SECOND]).await).contains("does not know"));
        assert!(message(test.db.migrate(&[SECOND, FIRST]).await).contains("follows"));
        let skipped = Migration {
            version: 0,
            ..BROKEN
        };
        assert!(message(test.db.migrate(&[skipped, FIRST, SECOND]).await).contains("added below"));
        assert_eq!(things(&test.db).await, 2);
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    for test in databases().await {
        let message = message(test.db.migrate(&[FIRST, SECOND, BROKEN]).await);
        assert!(
            message.contains("version 3 (broken) failed") && message.contains("nowhere"),
            "{message}"
        );
        assert_eq!(things(&test.db).await, 2, "those before it stay");
        let mended = Migration {
            sqlite: "SELECT 1",
            postgres: "SELECT 1",
            ..BROKEN
        };
        test.db.migrate(&[FIRST, SECOND, mended]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_may_migrate_at_once() {
    for test in databases().await {
        let mut handles = Vec::new();
        for _ in 0..8 {
            // A SQLite file belongs to one process; on PostgreSQL each has its own connections.
            let db = match test.engine() {
                Engine::Sqlite => test.db.clone(),
                Engine::Postgres => Db::open(&test.url, Options::default()).await.unwrap(),
            };
            handles.push(tokio::spawn(async move {
                db.migrate(&[FIRST, SECOND]).await.unwrap();
                things(&db).await
            }));
        }
        for handle in handles {
            assert_eq!(handle.await.unwrap(), 2);
        }
    }
}
