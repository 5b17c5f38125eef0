//! A small schema that all tests share.

use bando_db::testing::{TestDb, databases_with};
use bando_db::{Db, Migration, Options, Scope, params};
use uuid::Uuid;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "tables of the tests",
    sqlite: "
        CREATE TABLE counter (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL) STRICT;
        CREATE TABLE shop (provider_id BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT;
        CREATE TABLE item (
            provider_id BLOB NOT NULL REFERENCES shop (provider_id),
            id BLOB NOT NULL, code TEXT NOT NULL, price INTEGER NOT NULL CHECK (price >= 0), big INTEGER,
            small INTEGER, flag INTEGER, raw BLOB, other BLOB, note TEXT,
            PRIMARY KEY (provider_id, id), UNIQUE (provider_id, code)) STRICT;
    ",
    postgres: "
        CREATE TABLE counter (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL);
        CREATE TABLE shop (provider_id UUID NOT NULL PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE item (
            provider_id UUID NOT NULL REFERENCES shop (provider_id),
            id UUID NOT NULL, code TEXT NOT NULL, price BIGINT NOT NULL CHECK (price >= 0), big BIGINT,
            small SMALLINT, flag BOOLEAN, raw BYTEA, other UUID, note TEXT,
            PRIMARY KEY (provider_id, id), UNIQUE (provider_id, code));
        ALTER TABLE shop ENABLE ROW LEVEL SECURITY;
        ALTER TABLE shop FORCE ROW LEVEL SECURITY;
        CREATE POLICY scope ON shop USING (current_setting('bando.scope', true) = 'system'
            OR provider_id = NULLIF(current_setting('bando.provider', true), '')::uuid);
        ALTER TABLE item ENABLE ROW LEVEL SECURITY;
        ALTER TABLE item FORCE ROW LEVEL SECURITY;
        CREATE POLICY scope ON item USING (current_setting('bando.scope', true) = 'system'
            OR provider_id = NULLIF(current_setting('bando.provider', true), '')::uuid);
    ",
}];

/// Two providers.
pub(crate) const A: Uuid = Uuid::from_u128(0xa);
pub(crate) const B: Uuid = Uuid::from_u128(0xb);

/// Each engine with the schema, a counter 1 at 0, and the shops of `A` and `B`.
pub(crate) async fn prepared() -> Vec<TestDb> {
    prepared_with(Options::default()).await
}

pub(crate) async fn prepared_with(options: Options) -> Vec<TestDb> {
    let databases = databases_with(options).await;
    for test in &databases {
        test.db.migrate(MIGRATIONS).await.unwrap();
        let mut tx = test.db.begin(Scope::System).await.unwrap();
        tx.exec("INSERT INTO counter (id, n) VALUES (1, 0)", &[])
            .await
            .unwrap();
        for (id, name) in [(A, "a"), (B, "b")] {
            tx.exec(
                "INSERT INTO shop (provider_id, name) VALUES ($1, $2)",
                params![id, name],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
    }
    databases
}

/// The counter as a new transaction sees it.
pub(crate) async fn counter(db: &Db) -> i64 {
    let mut tx = db.begin_read(Scope::System).await.unwrap();
    tx.one("SELECT n FROM counter WHERE id = 1", &[])
        .await
        .unwrap()
        .get(0)
        .unwrap()
}

pub(crate) const INCREMENT: &str = "UPDATE counter SET n = n + 1 WHERE id = 1";
pub(crate) const INSERT_ITEM: &str =
    "INSERT INTO item (provider_id, id, code, price) VALUES ($1, $2, $3, $4)";
