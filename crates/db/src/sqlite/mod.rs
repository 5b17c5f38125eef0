//! SQLite: one writer thread with group commit, and readers on connections of their own.

mod copy;
mod file;
mod lane;
mod statement;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::Connection;
use tokio::sync::mpsc as tokio_mpsc;

pub(crate) use self::lane::Session;

use self::file::Files;
use self::lane::{Begin, Ending, Lane};
use self::writer::{Counters, Writer};
use crate::db::{Access, Engine, Options, Stats};
use crate::error::{Error, Result};
use crate::migrate::{self, Migration};
use crate::values;

/// An open SQLite file.
pub(crate) struct Database {
    writer: Lane,
    readers: Lane,
    counters: Arc<Counters>,
    /// Closed when the last thread has closed its connection.
    threads: tokio::sync::Mutex<tokio_mpsc::Receiver<()>>,
}

impl Database {
    pub(crate) async fn open(path: PathBuf, options: Options) -> Result<Self> {
        blocking(move || Self::open_now(&path, None, &options)).await
    }

    /// A database in a temporary directory that is removed when the database is closed.
    pub(crate) async fn temporary(options: Options) -> Result<Self> {
        blocking(move || {
            let directory = tempfile::tempdir().map_err(Error::unavailable)?;
            let path = directory.path().join("temporary.db");
            Self::open_now(&path, Some(directory), &options)
        })
        .await
    }

    pub(crate) fn session(&self, access: Access) -> Session {
        match access {
            Access::Write => self.writer.session(),
            Access::Read => self.readers.session(),
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.stats()
    }

    pub(crate) async fn migrate(&self, migrations: &[Migration]) -> Result<()> {
        while self.migrate_one(migrations.to_vec()).await? {}
        Ok(())
    }

    /// Applies the first missing migration in a transaction of its own; false if none is missing.
    async fn migrate_one(&self, migrations: Vec<Migration>) -> Result<bool> {
        let mut session = self.session(Access::Write);
        let applied = session
            .run(move |connection| apply_next(connection, &migrations))
            .await?;
        session.commit().await?;
        Ok(applied)
    }

    /// See [`crate::Db::copy`].
    pub(crate) async fn copy(source: PathBuf, target: PathBuf) -> Result<()> {
        blocking(move || copy::copy(&source, &target)).await
    }

    pub(crate) async fn close(&self) {
        self.writer.close();
        self.readers.close();
        // Nothing is ever sent: this ends when the last thread has dropped its sender.
        self.threads.lock().await.recv().await;
    }

    fn open_now(
        path: &Path,
        directory: Option<tempfile::TempDir>,
        options: &Options,
    ) -> Result<Self> {
        let files = Arc::new(Files::lock(path, directory)?);
        let (alive, threads) = tokio_mpsc::channel(1);
        let counters = Arc::new(Counters::default());

        let (queue, begins) = channel();
        let connection = file::open_writer(path)?;
        let writer = Writer::new(options.idle_timeout, Arc::clone(&counters));
        spawn(
            "bando-db-writer",
            &alive,
            &files,
            connection,
            move |connection| writer.run(connection, &begins),
        )?;
        let writer = Lane::new(queue, options.busy_timeout);

        let (queue, begins) = channel();
        let begins = Arc::new(Mutex::new(begins));
        for _ in 0..options.reader_connections.max(1) {
            let connection = file::open_reader(path)?;
            let (begins, idle_timeout) = (Arc::clone(&begins), options.idle_timeout);
            spawn(
                "bando-db-reader",
                &alive,
                &files,
                connection,
                move |connection| {
                    while let Some(begin) = next(&begins) {
                        read(connection, &begin, idle_timeout);
                    }
                },
            )?;
        }
        let readers = Lane::new(queue, options.busy_timeout);
        Ok(Self {
            writer,
            readers,
            counters,
            threads: tokio::sync::Mutex::new(threads),
        })
    }
}

/// Runs a connection's loop on a thread of its own. The connection closes before the file's lock
/// is given up, and that before [`Database::close`] returns.
fn spawn(
    name: &str,
    alive: &tokio_mpsc::Sender<()>,
    files: &Arc<Files>,
    connection: Connection,
    serve: impl FnOnce(&Connection) + Send + 'static,
) -> Result<()> {
    let (alive, files) = (alive.clone(), Arc::clone(files));
    thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            serve(&connection);
            drop(connection);
            drop(files);
            drop(alive);
        })
        .map(|_| ())
        .map_err(Error::unavailable)
}

/// The next transaction that waits for a reader; `None` when the database is closed.
fn next(begins: &Mutex<Receiver<Begin>>) -> Option<Begin> {
    begins
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

/// Serves one read transaction from a snapshot.
fn read(connection: &Connection, begin: &Begin, idle_timeout: std::time::Duration) {
    if let Err(error) = statement::command(connection, "BEGIN DEFERRED") {
        begin.refuse(error);
        return;
    }
    let ending = begin.serve(connection, idle_timeout);
    // Nothing was written, so how the snapshot is given up makes no difference.
    let ended = match ending {
        Ending::Lost => Ok(()),
        Ending::Commit(_) | Ending::Rollback => statement::command(connection, "ROLLBACK"),
    };
    if let Ending::Commit(reply) = ending {
        let _ = reply.send(ended);
    }
}

fn apply_next(connection: &Connection, migrations: &[Migration]) -> Result<bool> {
    connection
        .execute_batch(migrate::CREATE_TABLE)
        .map_err(statement::error)?;
    let mut applied = BTreeMap::new();
    for row in statement::query(connection, migrate::SELECT_APPLIED, &[])? {
        applied.insert(row.get(0)?, row.get(1)?);
    }
    let Some(migration) = migrate::next(migrations, &applied, Engine::Sqlite)? else {
        return Ok(false);
    };
    connection
        .execute_batch(migration.sqlite)
        .map_err(|error| {
            Error::Migration(format!(
                "version {} ({}) failed: {}",
                migration.version,
                migration.name,
                statement::error(error)
            ))
        })?;
    let row = values![
        migration.version,
        migration.name,
        migration.checksum(Engine::Sqlite)
    ];
    statement::exec(connection, migrate::INSERT_APPLIED, &row)?;
    Ok(true)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::unavailable)?
}

type Queue = Sender<Begin>;
