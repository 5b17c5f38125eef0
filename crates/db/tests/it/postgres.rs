//! Logins and connections of PostgreSQL.

use bando_db::testing::databases;
use bando_db::{DatabaseUrl, Db, Engine, Error, Options, Scope, params, values};
use uuid::Uuid;

use crate::support::{A, B, INCREMENT, INSERT_ITEM, MIGRATIONS, counter, prepared};

/// Runs a command on `url`'s server as the tests' superuser.
async fn administer(url: &DatabaseUrl, command: &str) {
    // The URL holds no password for Display to hide: the test server trusts its host.
    let (client, connection) = tokio_postgres::connect(&url.to_string(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client.batch_execute(command).await.unwrap();
}

#[tokio::test]
async fn a_superuser_without_the_role_is_refused() {
    let Some(test) = databases()
        .await
        .into_iter()
        .find(|test| test.engine() == Engine::Postgres)
    else {
        return;
    };
    let error = test.db.begin(Scope::System).await.unwrap_err();
    assert!(
        matches!(error, Error::Configuration(_)),
        "before the migrations: {error:?}"
    );
    test.db.migrate(MIGRATIONS).await.unwrap();
    drop(test.db.begin(Scope::System).await.unwrap());
    let again = Db::open(&test.url, Options::default()).await.unwrap();
    drop(again.begin(Scope::System).await.unwrap());
}

/// A hosted database: the login owns it and may do nothing else. FORCE ROW LEVEL SECURITY holds.
#[tokio::test]
async fn a_plain_owner_is_bound_by_row_level_security() {
    let Some(test) = databases()
        .await
        .into_iter()
        .find(|test| test.engine() == Engine::Postgres)
    else {
        return;
    };
    let (server, name) = test
        .url
        .to_string()
        .rsplit_once('/')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    administer(
        &test.url,
        &format!("CREATE ROLE {name}_owner LOGIN; ALTER DATABASE {name} OWNER TO {name}_owner"),
    )
    .await;
    let host = server.split_once('@').unwrap().1;
    let url = DatabaseUrl::parse(&format!("postgres://{name}_owner@{host}/{name}")).unwrap();
    {
        let db = Db::open(&url, Options::default()).await.unwrap();
        db.migrate(MIGRATIONS).await.unwrap();
        let mut tx = db.begin(Scope::System).await.unwrap();
        for provider in [A, B] {
            tx.exec(
                "INSERT INTO shop (provider_id, name) VALUES ($1, $2)",
                params![provider, "s"],
            )
            .await
            .unwrap();
        }
        tx.exec(INSERT_ITEM, params![B, Uuid::from_u128(1), "x", 1])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.begin(Scope::Tenant(A)).await.unwrap();
        assert_eq!(tx.all("SELECT name FROM shop", &[]).await.unwrap().len(), 1);
        assert_eq!(tx.all("SELECT code FROM item", &[]).await.unwrap().len(), 0);
        assert!(matches!(
            tx.exec(INSERT_ITEM, params![B, A, "y", 1]).await,
            Err(Error::Forbidden { .. })
        ));
        db.close().await;
    }
    administer(&test.url, &format!("REASSIGN OWNED BY {name}_owner TO CURRENT_USER; DROP OWNED BY {name}_owner; DROP ROLE {name}_owner")).await;
}

#[tokio::test]
async fn a_cut_connection_is_told_apart_and_replaced() {
    let Some(test) = prepared()
        .await
        .into_iter()
        .find(|test| test.engine() == Engine::Postgres)
    else {
        return;
    };
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

    let mut tx = test.db.begin(Scope::System).await.unwrap();
    tx.exec(INCREMENT, &[]).await.unwrap();
    administer(&test.url, kill).await;
    let error = tx.exec(INCREMENT, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    drop(tx);

    let mut tx = test.db.begin(Scope::System).await.unwrap();
    tx.exec(INCREMENT, &[]).await.unwrap();
    administer(&test.url, kill).await;
    let error = tx.commit().await.unwrap_err();
    assert!(error.is_unknown(), "{error:?}");

    let mut tx = test.db.begin(Scope::System).await.unwrap();
    tx.exec(INCREMENT, &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counter(&test.db).await, 1);
}

#[tokio::test]
async fn a_deadlock_asks_to_be_run_again() {
    let Some(test) = prepared()
        .await
        .into_iter()
        .find(|test| test.engine() == Engine::Postgres)
    else {
        return;
    };
    let update = "UPDATE counter SET n = n + 1 WHERE id = $1";
    let mut first = test.db.begin(Scope::System).await.unwrap();
    first
        .exec("INSERT INTO counter (id, n) VALUES (2, 0)", &[])
        .await
        .unwrap();
    first.commit().await.unwrap();
    let mut first = test.db.begin(Scope::System).await.unwrap();
    let mut second = test.db.begin(Scope::System).await.unwrap();
    first.exec(update, params![1]).await.unwrap();
    second.exec(update, params![2]).await.unwrap();
    let (one, two) = (values![1], values![2]);
    let (a, b) = tokio::join!(first.exec(update, &two), second.exec(update, &one));
    let errors: Vec<_> = [a, b].into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].is_retry(), "{errors:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let url = DatabaseUrl::parse("postgres://bando:hush@127.0.0.1:1/bando").unwrap();
    let error = Db::open(&url, Options::default()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(!error.to_string().contains("hush"));
    for bad in [
        "postgres://x@127.0.0.1:1/b?sslmode=maybe",
        "postgres://x@127.0.0.1:1/b?sslmode=require&sslrootcert=/nowhere",
    ] {
        let error = Db::open(&DatabaseUrl::parse(bad).unwrap(), Options::default())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
    }
}
