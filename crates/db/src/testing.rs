//! Fresh databases for tests, on both engines.

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use ::url::Url;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::url::Place;
use crate::{DatabaseUrl, Db, Engine, Error, Options, Result};

mod raw;

pub use raw::RawRows;

/// The name of a SQLite file.
const FILE: &str = "test.db";

/// A fresh, empty database; gone when dropped.
#[derive(Debug)]
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Where it is, to open it again (close `db` first on SQLite).
    pub url: DatabaseUrl,
    _place: Cleanup,
}

impl TestDb {
    /// The engine behind it.
    pub fn engine(&self) -> Engine {
        self.db.engine()
    }
}

/// A fresh database on each engine at hand: a SQLite file, and a PostgreSQL database if
/// `BANDO_TEST_POSTGRES` holds the URL of a superuser (or of a role that may create databases and
/// roles). Says so when PostgreSQL is skipped.
///
/// # Panics
/// If a database cannot be made: a test must not pass by testing nothing.
pub async fn databases() -> Vec<TestDb> {
    databases_with(Options::default()).await
}

/// [`databases`] with other limits.
///
/// # Panics
/// As [`databases`].
pub async fn databases_with(options: Options) -> Vec<TestDb> {
    let mut databases = vec![or_panic(sqlite(options.clone()).await)];
    if let Some(server) = bando_testkit::postgres() {
        databases.push(or_panic(postgres(&server, options).await));
    }
    databases
}

async fn sqlite(options: Options) -> Result<TestDb> {
    let directory = tempfile::tempdir().map_err(Error::unavailable)?;
    let url = DatabaseUrl(Place::File(directory.path().join(FILE)));
    let db = Db::open(&url, options).await?;
    Ok(TestDb {
        db,
        url,
        _place: Cleanup::Directory(directory),
    })
}

async fn postgres(server: &str, options: Options) -> Result<TestDb> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "bando_test_{}_{}",
        process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    );
    let DatabaseUrl(Place::Postgres(server)) = DatabaseUrl::parse(server)? else {
        return Err(Error::Configuration(
            "BANDO_TEST_POSTGRES is not a PostgreSQL URL".into(),
        ));
    };
    // A process with the same number may have been killed before it could clean up.
    administer(
        &server,
        &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    )
    .await?;
    administer(
        &server,
        &format!("CREATE DATABASE {name} TEMPLATE template0"),
    )
    .await?;
    let mut url = server.clone();
    url.set_path(&name);
    let cleanup = Cleanup::Database { server, name };
    let url = DatabaseUrl(Place::Postgres(url));
    let db = Db::open(&url, options).await?;
    Ok(TestDb {
        db,
        url,
        _place: cleanup,
    })
}

/// Runs a command on the server's own database.
async fn administer(server: &Url, command: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(server.as_str(), NoTls)
        .await
        .map_err(Error::unavailable)?;
    let connection = tokio::spawn(connection);
    let outcome = client
        .batch_execute(command)
        .await
        .map_err(Error::unavailable);
    connection.abort();
    outcome
}

/// A rule that every database must keep to the end of its test.
#[derive(Clone, Copy, Debug)]
pub struct LastRule {
    /// The rule in words.
    pub name: &'static str,
    /// The table it is about; it does not apply to a database without it.
    pub table: &'static str,
    /// Finds what breaks it: no row means that it holds.
    pub sql: &'static str,
}

static LAST_RULES: OnceLock<&[LastRule]> = OnceLock::new();

/// Has these rules checked on every database when it is dropped at the end of its test. The first
/// call counts.
pub fn check_at_the_end(rules: &'static [LastRule]) {
    let _ = LAST_RULES.set(rules);
}

#[derive(Debug)]
enum Cleanup {
    Directory(TempDir),
    Database { server: Url, name: String },
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        let place = match &self {
            Self::Directory(directory) => Place::File(directory.path().join(FILE)),
            Self::Database { server, name } => {
                let mut url = server.clone();
                url.set_path(name);
                Place::Postgres(url)
            }
        };
        let dropping = match &self {
            Self::Directory(_) => None,
            Self::Database { server, name } => Some((
                server.clone(),
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )),
        };
        // The test's own runtime may be busy or gone.
        let ending = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let broken = broken_rules(&place).await;
                if let Some((server, command)) = dropping {
                    administer(&server, &command)
                        .await
                        .map_err(std::io::Error::other)?;
                }
                Ok::<_, std::io::Error>(broken)
            })
        });
        match ending.join() {
            Ok(Ok(broken)) => {
                // A test that fails already says so itself.
                assert!(
                    broken.is_empty() || thread::panicking(),
                    "at the end of the test: {broken:#?}"
                );
            }
            _ => println!("could not clean up after a test"),
        }
    }
}

/// The rules that are broken in a database, with what breaks them. What cannot be read was closed or
/// taken away by its test.
async fn broken_rules(place: &Place) -> Vec<String> {
    let mut broken = Vec::new();
    for rule in LAST_RULES.get().copied().unwrap_or_default() {
        let exists = match place {
            Place::File(_) => format!(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{}'",
                rule.table
            ),
            _ => format!("SELECT 1 WHERE to_regclass('{}') IS NOT NULL", rule.table),
        };
        if !matches!(raw::run(place, &exists).await, Ok(rows) if !rows.is_empty()) {
            continue;
        }
        if let Ok(rows) = raw::run(place, rule.sql).await {
            let lines = rows.iter().map(|row| format!("{}: {row:?}", rule.name));
            broken.extend(lines);
        }
    }
    broken
}

fn or_panic(made: Result<TestDb>) -> TestDb {
    made.unwrap_or_else(|error| panic!("no database for the test: {error}"))
}
