//! One provider never reaches another's rows: on PostgreSQL even with statements that forget to ask.

use std::time::Duration;

use bando_db::testing::TestDb;
use bando_db::{Db, Engine, Error, Options, Scope, params};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{A, B, INSERT_ITEM, prepared, prepared_with};

async fn postgres_with(options: Options) -> Option<TestDb> {
    let test = prepared_with(options)
        .await
        .into_iter()
        .find(|test| test.engine() == Engine::Postgres)?;
    let mut tx = test.db.begin(Scope::System).await.unwrap();
    for (number, provider) in [(1, A), (2, A), (3, B)] {
        tx.exec(
            INSERT_ITEM,
            params![
                provider,
                Uuid::from_u128(number),
                "x".repeat(number as usize),
                1
            ],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    Some(test)
}

/// Items seen by a statement that forgets its WHERE.
async fn visible(db: &Db, scope: Scope) -> i64 {
    let mut tx = db.begin_read(scope).await.unwrap();
    tx.one("SELECT COUNT(*) FROM item", &[])
        .await
        .unwrap()
        .get(0)
        .unwrap()
}

#[tokio::test]
async fn each_scope_sees_its_own_rows() {
    let Some(test) = postgres_with(Options::default()).await else {
        return;
    };
    assert_eq!(visible(&test.db, Scope::Tenant(A)).await, 2);
    assert_eq!(visible(&test.db, Scope::Tenant(B)).await, 1);
    assert_eq!(
        visible(&test.db, Scope::Tenant(Uuid::from_u128(0xc))).await,
        0
    );
    assert_eq!(visible(&test.db, Scope::System).await, 3);
}

#[tokio::test]
async fn a_tenant_cannot_write_anothers_rows() {
    let Some(test) = postgres_with(Options::default()).await else {
        return;
    };
    let mut tx = test.db.begin(Scope::Tenant(A)).await.unwrap();
    assert_eq!(
        tx.exec(
            "UPDATE item SET price = 9 WHERE provider_id = $1",
            params![B]
        )
        .await
        .unwrap(),
        0
    );
    assert_eq!(
        tx.exec("DELETE FROM item WHERE provider_id = $1", params![B])
            .await
            .unwrap(),
        0
    );
    assert_eq!(tx.exec("UPDATE item SET price = 9", &[]).await.unwrap(), 2);
    let error = tx
        .exec(INSERT_ITEM, params![B, A, "foreign", 1])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
    let mut tx = test.db.begin(Scope::Tenant(A)).await.unwrap();
    let error = tx
        .exec("UPDATE item SET provider_id = $1", params![B])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
}

#[tokio::test]
async fn the_role_owns_nothing() {
    let Some(test) = postgres_with(Options::default()).await else {
        return;
    };
    for sql in [
        "DROP TABLE item",
        "ALTER TABLE item DISABLE ROW LEVEL SECURITY",
        "DELETE FROM bando_migration",
    ] {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let error = tx.exec(sql, &[]).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. }), "{sql}: {error:?}");
    }
}

/// Two tenants over two connections, with errors, drops and cancelled futures in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_scope_leaks_through_the_pool() {
    let Some(test) = postgres_with(Options {
        postgres_connections: 2,
        ..Options::default()
    })
    .await
    else {
        return;
    };
    let mut set = JoinSet::new();
    for task in 0..8_u64 {
        let db = test.db.clone();
        set.spawn(async move {
            for round in 0..150_u64 {
                let (scope, expected) = [
                    (Scope::Tenant(A), 2),
                    (Scope::Tenant(B), 1),
                    (Scope::System, 3),
                ][((task + round) % 3) as usize];
                assert_eq!(visible(&db, scope).await, expected);
                match round % 5 {
                    0 => drop(db.begin(scope).await.unwrap()),
                    1 => {
                        let mut tx = db.begin(scope).await.unwrap();
                        tx.exec("SELECT 1 / 0", &[]).await.unwrap_err();
                    }
                    2 => {
                        let db = db.clone();
                        let work = async move { visible(&db, scope).await };
                        let _ = tokio::time::timeout(Duration::from_micros(round * 20), work).await;
                    }
                    3 => {
                        let mut tx = db.begin(scope).await.unwrap();
                        let work = tx.all("SELECT pg_sleep(0.01)", &[]);
                        let _ = tokio::time::timeout(Duration::from_millis(2), work).await;
                    }
                    _ => {
                        let mut tx = db.begin(scope).await.unwrap();
                        tx.exec("UPDATE item SET price = 2", &[]).await.unwrap();
                    }
                }
            }
        });
    }
    set.join_all().await;
}

#[tokio::test]
async fn every_transaction_knows_its_scope() {
    for test in prepared().await {
        for scope in [Scope::System, Scope::Tenant(A)] {
            assert_eq!(test.db.begin(scope).await.unwrap().scope(), scope);
            assert_eq!(test.db.begin_read(scope).await.unwrap().scope(), scope);
        }
    }
}
