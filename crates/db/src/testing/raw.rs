//! A hand on the database itself, past every guard of the program.

use std::path::Path;

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::ValueRef;
use tokio_postgres::{NoTls, SimpleQueryMessage};
use url::Url;

use super::TestDb;
use crate::url::Place;

/// The rows of an answer, each column as text; none for NULL.
pub type RawRows = Vec<Vec<Option<String>>>;

impl TestDb {
    /// Runs statements past the program: on PostgreSQL as the superuser of
    /// `BANDO_TEST_POSTGRES`, whom row-level security does not bind, on SQLite as another program
    /// that has the file open. For looking with eyes of its own, and for tampering.
    ///
    /// Answers the rows of all statements. Bytes and SQLite's UUIDs come as `\x` and small hex.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn raw(&self, sql: &str) -> Result<RawRows, String> {
        run(&self.url.0, sql).await
    }

    /// The bytes of a SQLite file with its log: what a thief of the disk would have.
    pub fn file_bytes(&self) -> Option<Vec<u8>> {
        let Place::File(path) = &self.url.0 else {
            return None;
        };
        let mut wal = path.clone().into_os_string();
        wal.push("-wal");
        let mut bytes = std::fs::read(path).ok()?;
        bytes.extend(std::fs::read(wal).unwrap_or_default());
        Some(bytes)
    }
}

/// Runs statements on the database at a place.
pub(super) async fn run(place: &Place, sql: &str) -> Result<RawRows, String> {
    match place {
        Place::File(path) => sqlite(path, sql).map_err(|error| error.to_string()),
        Place::Postgres(url) => postgres(url, sql).await.map_err(|error| {
            error
                .as_db_error()
                .map_or_else(|| error.to_string(), ToString::to_string)
        }),
        Place::Temporary => Err("a temporary database has no place".into()),
    }
}

fn sqlite(path: &Path, sql: &str) -> rusqlite::Result<RawRows> {
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    let mut out = Vec::new();
    let mut batch = rusqlite::Batch::new(&connection, sql);
    while let Some(mut statement) = batch.next()? {
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            out.push(
                (0..columns)
                    .map(|i| Ok(text(row.get_ref(i)?)))
                    .collect::<rusqlite::Result<_>>()?,
            );
        }
    }
    Ok(out)
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(int) => Some(int.to_string()),
        ValueRef::Real(real) => Some(real.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(format!("\\x{}", hex::encode(bytes))),
    }
}

async fn postgres(url: &Url, sql: &str) -> Result<RawRows, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
    let connection = tokio::spawn(connection);
    let messages = client.simple_query(sql).await;
    connection.abort();
    let rows = messages?.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|i| row.get(i).map(str::to_owned))
                .collect(),
        ),
        _ => None,
    });
    Ok(rows.collect())
}
