//! The engines' errors mean the same on both.

use bando_db::{Error, Result, Scope, params, values};
use uuid::Uuid;

use crate::support::{A, INCREMENT, INSERT_ITEM, counter, prepared};

#[tokio::test]
async fn violations_are_told_apart() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.exec(INSERT_ITEM, params![A, A, "taken", 1])
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let missing = Uuid::from_u128(0xc);
        let failure = async |row: &[bando_db::Value]| -> Result<u64> {
            let mut tx = test.db.begin(Scope::System).await?;
            tx.exec(INSERT_ITEM, row).await
        };
        let conflict = |constraint: &str| {
            Err(Error::Conflict {
                constraint: constraint.into(),
            })
        };
        assert_eq!(
            failure(params![A, missing, "taken", 1]).await,
            conflict("item(provider_id, code)")
        );
        assert_eq!(
            failure(params![A, A, "free", 1]).await,
            conflict("item(provider_id, id)")
        );
        let orphan = failure(params![missing, A, "free", 1]).await.unwrap_err();
        assert!(matches!(orphan, Error::ForeignKey { .. }), "{orphan:?}");
        let negative = failure(params![A, missing, "free", -1]).await.unwrap_err();
        assert!(matches!(negative, Error::Check { .. }), "{negative:?}");
        let nameless = failure(params![A, missing, None::<&str>, 1])
            .await
            .unwrap_err();
        assert!(matches!(nameless, Error::Check { .. }), "{nameless:?}");
    }
}

#[tokio::test]
async fn no_row_is_not_found_and_spoils_nothing() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let sql = "SELECT n FROM counter WHERE id = $1";
        assert_eq!(tx.one(sql, params![2]).await.unwrap_err(), Error::NotFound);
        assert_eq!(tx.maybe(sql, params![2]).await.unwrap(), None);
        assert!(tx.maybe(sql, params![1]).await.unwrap().is_some());
        tx.exec(INCREMENT, &[]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(counter(&test.db).await, 1);
    }
}

#[tokio::test]
async fn after_an_error_nothing_is_kept_on_either_engine() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.exec(INCREMENT, &[]).await.unwrap();
        tx.exec("INSERT INTO counter (id, n) VALUES (1, 0)", &[])
            .await
            .unwrap_err();
        assert_eq!(tx.exec(INCREMENT, &[]).await.unwrap_err(), Error::Aborted);
        assert_eq!(tx.commit().await.unwrap_err(), Error::Aborted);
        assert_eq!(counter(&test.db).await, 0, "{:?}", test.engine());
    }
}

#[tokio::test]
async fn a_failure_among_many_rows_keeps_none() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let rows = (1..100_u32).map(|number| {
            values![
                A,
                Uuid::from_u128(number.into()),
                (number % 50).to_string(),
                1
            ]
        });
        let error = tx.exec_many(INSERT_ITEM, rows.collect()).await.unwrap_err();
        assert!(error.is_conflict(), "{error:?}");
        drop(tx);
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        assert_eq!(
            tx.one("SELECT COUNT(*) FROM item", &[])
                .await
                .unwrap()
                .get::<i64>(0)
                .unwrap(),
            0
        );
    }
}

#[tokio::test]
async fn a_conflict_that_is_expected_spoils_nothing() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let sql = "INSERT INTO counter (id, n) VALUES ($1, 5) ON CONFLICT (id) DO NOTHING";
        assert_eq!(
            tx.exec(sql, params![1]).await.unwrap(),
            0,
            "{:?}",
            test.engine()
        );
        assert_eq!(tx.exec(sql, params![2]).await.unwrap(), 1);
        let sql = "INSERT INTO counter (id, n) VALUES ($1, 5)
            ON CONFLICT (id) DO UPDATE SET n = counter.n + excluded.n RETURNING n";
        assert_eq!(
            tx.one(sql, params![2])
                .await
                .unwrap()
                .get::<i64>(0)
                .unwrap(),
            10
        );
        assert_eq!(
            tx.exec(sql, params![2]).await.unwrap(),
            1,
            "RETURNING without reading"
        );
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_mistake_in_the_text_is_an_sql_error() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let error = tx.exec("UPDATE nowhere SET x = 1", &[]).await.unwrap_err();
        assert!(matches!(error, Error::Sql { .. }), "{error:?}");
    }
}
