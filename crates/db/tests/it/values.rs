//! Every type goes in and comes out, NULL included.

use bando_db::{Error, Scope, Sql, Value, params, values};
use uuid::Uuid;

use crate::support::{A, INSERT_ITEM, prepared};

const INSERT: &str =
    "INSERT INTO item (provider_id, id, code, price, big, small, flag, raw, other, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const SELECT: &str =
    "SELECT big, small, flag, raw, other, note FROM item WHERE provider_id = $1 AND id = $2";

#[tokio::test]
async fn every_type_round_trips() {
    for test in prepared().await {
        let id = Uuid::from_u128(1);
        let raw: Vec<u8> = (0..=255).collect();
        let note = "Ünïcode 🛜 'quoted' $1 -- /*for update*/";
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.exec(
            INSERT,
            params![A, id, "x", 7, i64::MIN, -3, true, raw.clone(), id, note],
        )
        .await
        .unwrap();
        let row = tx.one(SELECT, params![A, id]).await.unwrap();
        assert_eq!(row.get::<i64>(0).unwrap(), i64::MIN);
        assert_eq!(row.get::<i32>(1).unwrap(), -3);
        assert!(row.get::<bool>(2).unwrap());
        assert_eq!(row.get::<Vec<u8>>(3).unwrap(), raw);
        assert_eq!(row.get::<Uuid>(4).unwrap(), id);
        assert_eq!(row.get::<String>(5).unwrap(), note);
        assert_eq!(row.get::<Option<String>>(5).unwrap().as_deref(), Some(note));
        assert_eq!(
            row.columns(),
            ["big", "small", "flag", "raw", "other", "note"]
        );
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn null_works_on_every_type() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let typed = values![
            A,
            Uuid::from_u128(1),
            "typed",
            0,
            None::<i64>,
            None::<i32>,
            None::<bool>,
            None::<Vec<u8>>,
            None::<Uuid>,
            None::<&str>,
        ];
        let mut untyped = values![A, Uuid::from_u128(2), "untyped", 0];
        untyped.resize(10, Value::Null);
        for row in [typed, untyped] {
            tx.exec(INSERT, &row).await.unwrap();
            let row = tx.one(SELECT, &row[..2]).await.unwrap();
            assert_eq!(row.get::<Option<i64>>(0).unwrap(), None);
            assert_eq!(row.get::<Option<u32>>(1).unwrap(), None);
            assert_eq!(row.get::<Option<bool>>(2).unwrap(), None);
            assert_eq!(row.get::<Option<Vec<u8>>>(3).unwrap(), None);
            assert_eq!(row.get::<Option<Uuid>>(4).unwrap(), None);
            assert_eq!(row.get::<Option<String>>(5).unwrap(), None);
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn an_optional_filter_works_with_and_without_a_value() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        for (number, code) in [(1, "a"), (2, "b"), (3, "c")] {
            tx.exec(INSERT_ITEM, params![A, Uuid::from_u128(number), code, 1])
                .await
                .unwrap();
        }
        let sql =
            "SELECT code FROM item WHERE ($1 IS NULL OR code = $1) AND ($2 IS NULL OR price >= $2)
            ORDER BY code LIMIT $3";
        for (code, price, found) in [
            (Some("b"), None, 1),
            (None, Some(1), 2),
            (None, None, 2),
            (Some("b"), Some(2), 0),
        ] {
            let rows = tx.all(sql, params![code, price, 2]).await.unwrap();
            assert_eq!(rows.len(), found, "{:?} {code:?} {price:?}", test.engine());
        }
    }
}

#[tokio::test]
async fn parameters_may_come_in_any_order_and_more_than_once() {
    for test in prepared().await {
        let mut tx = test.db.begin_read(Scope::System).await.unwrap();
        let sql =
            Sql::built("SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT)".to_owned());
        let row = tx.one(sql, params!["one", "two"]).await.unwrap();
        assert_eq!(
            [row.get::<String>(0), row.get(1), row.get(2)].map(Result::unwrap),
            ["two", "one", "two"]
        );
    }
}

#[tokio::test]
async fn a_wrong_type_names_the_column_and_not_the_value() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let row = tx
            .one(
                "SELECT name, provider_id FROM shop WHERE provider_id = $1",
                params![A],
            )
            .await
            .unwrap();
        let Error::Decode { column, message } = row.get::<i64>(0).unwrap_err() else {
            panic!("not a decode error")
        };
        assert_eq!(
            (column.as_str(), message.as_str()),
            ("name", "expected an integer, found text")
        );
        assert!(matches!(row.get::<String>(2), Err(Error::Decode { column, .. }) if column == "2"));
        let row = tx
            .one(
                "SELECT note FROM item RIGHT JOIN shop ON false LIMIT 1",
                &[],
            )
            .await
            .unwrap();
        assert!(
            matches!(row.get::<String>(0), Err(Error::Decode { message, .. }) if message.ends_with("NULL"))
        );
        // Reading is not the engine's error: the transaction goes on.
        tx.exec(INSERT_ITEM, params![A, A, "x", 1]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_missing_parameter_is_a_mistake_in_the_program() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let sql = "SELECT name FROM shop WHERE provider_id = $1";
        let error = tx.all(sql, &[]).await.unwrap_err();
        assert!(
            matches!(error, Error::Sql { .. }),
            "{:?}: {error:?}",
            test.engine()
        );
    }
}

#[tokio::test]
async fn many_rows_go_in_one_call() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let rows = (0..2500_u32)
            .map(|number| {
                let other = (number % 2 == 0).then_some(A);
                values![
                    A,
                    Uuid::from_u128(number.into()),
                    format!("c{number}"),
                    number,
                    1,
                    2,
                    true,
                    None::<Vec<u8>>,
                    other,
                    Value::Null
                ]
            })
            .collect();
        assert_eq!(tx.exec_many(INSERT, rows).await.unwrap(), 2500);
        assert_eq!(tx.exec_many(INSERT, Vec::new()).await.unwrap(), 0);
        let row = tx
            .one(
                "SELECT COUNT(*), COUNT(other), CAST(SUM(price) AS BIGINT) FROM item",
                &[],
            )
            .await
            .unwrap();
        let counted = (
            row.get::<i64>(0).unwrap(),
            row.get::<i64>(1).unwrap(),
            row.get::<i64>(2).unwrap(),
        );
        assert_eq!(counted, (2500, 1250, 2499 * 1250));
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn many_rows_apply_in_order() {
    for test in prepared().await {
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        let rows = (1..=3000_i64)
            .map(|number| values![number, number - 1])
            .collect();
        let changed = tx
            .exec_many("UPDATE counter SET n = $1 WHERE id = 1 AND n = $2", rows)
            .await
            .unwrap();
        assert_eq!(changed, 3000, "{:?}", test.engine());
        let counts = tx
            .batch(vec![
                (
                    "UPDATE counter SET n = 0 WHERE n = $1".into(),
                    values![3000],
                ),
                ("UPDATE counter SET n = 1 WHERE n = 0".into(), vec![]),
                ("UPDATE counter SET n = 9 WHERE n = 0".into(), vec![]),
            ])
            .await
            .unwrap();
        assert_eq!(counts, [1, 1, 0]);
        drop(tx);
    }
}
