//! Opening the file: its lock, its settings.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::statement;
use crate::error::{Error, Result};

/// All statements of the program fit, so each is compiled once per connection.
const STATEMENT_CACHE: usize = 256;
/// Only another program's access (a copy being taken, a shell) can make us wait.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The log shrinks back to this after a burst, bytes.
const JOURNAL_SIZE_LIMIT: i64 = 64 << 20;
/// Page caches, in KiB; memory is taken as pages are touched.
const WRITER_CACHE_KIB: i64 = 64 << 10;
const READER_CACHE_KIB: i64 = 16 << 10;

/// What must outlive the last connection: the lock, and a temporary directory.
pub(super) struct Files {
    _lock: File,
    _directory: Option<TempDir>,
}

impl Files {
    /// Takes the lock that keeps other processes out. It is a file beside the database, because
    /// closing a second handle on the database file itself would drop SQLite's own locks.
    pub(super) fn lock(path: &Path, directory: Option<TempDir>) -> Result<Self> {
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(parent).map_err(|error| unusable(parent, &error))?;
        }
        let lock_path = lock_path(path);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|error| unusable(&lock_path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                _lock: lock,
                _directory: directory,
            }),
            Err(TryLockError::WouldBlock) => Err(Error::Configuration(format!(
                "{} is already open in another process: stop that one first, or use PostgreSQL for more than one",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(unusable(&lock_path, &error)),
        }
    }
}

/// The one connection that writes.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(statement::error)?;
    // Answers with the mode in force, which stays "delete" where WAL cannot work.
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(statement::error)?;
    if mode != "wal" {
        return Err(Error::Configuration(format!(
            "{}: WAL is not possible here; use a local disk",
            path.display()
        )));
    }
    set(&connection, "journal_size_limit", JOURNAL_SIZE_LIMIT)?;
    configure(&connection, WRITER_CACHE_KIB)?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(statement::error)?;
    configure(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

fn configure(connection: &Connection, cache_kib: i64) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection
        .busy_timeout(BUSY_TIMEOUT)
        .map_err(statement::error)?;
    // 2 = FULL: with NORMAL a power cut loses commits that were already answered.
    set(connection, "synchronous", 2)?;
    set(connection, "foreign_keys", 1)?;
    set(connection, "trusted_schema", 0)?;
    set(connection, "cache_size", -cache_kib)
}

/// Sets a PRAGMA and reads it back, because SQLite ignores what it does not understand.
fn set(connection: &Connection, name: &str, value: i64) -> Result<()> {
    connection
        .pragma_update(None, name, value)
        .map_err(statement::error)?;
    let now: i64 = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(statement::error)?;
    if now == value {
        Ok(())
    } else {
        Err(Error::Configuration(format!(
            "PRAGMA {name} stayed {now} instead of {value}"
        )))
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::Configuration(format!("{}: {error}", path.display()))
}
