//! An open database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::migrate::Migration;
use crate::tx::{Session, Tx};
use crate::url::{DatabaseUrl, Place};
use crate::{postgres, sqlite};

/// Which database engine is behind a [`Db`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The embedded default: one file.
    Sqlite,
    /// For more than one machine.
    Postgres,
}

/// On whose behalf a transaction runs. PostgreSQL enforces it by row-level security; on SQLite the
/// statements alone do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The installation itself: jobs, settlement of callbacks, the platform's own pages.
    System,
    /// One provider: rows of others do not exist.
    Tenant(Uuid),
}

/// Limits of an open database.
#[derive(Debug, Clone)]
pub struct Options {
    /// Read-only connections to a SQLite file, one thread each.
    pub reader_connections: usize,
    /// Most connections to PostgreSQL from this process.
    pub postgres_connections: usize,
    /// Longest wait for the writer, a reader or a pooled connection, then
    /// [`Error::Unavailable`](crate::Error::Unavailable).
    pub busy_timeout: Duration,
    /// A transaction that sends nothing for this long is rolled back
    /// ([`Error::Idle`](crate::Error::Idle)), so that it cannot block others for ever.
    pub idle_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            reader_connections: 4,
            postgres_connections: 16,
            busy_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(10),
        }
    }
}

/// What was written since the database was opened; equal numbers mean that no two transactions
/// shared a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Read-write transactions committed.
    pub transactions: u64,
    /// Durable commits they needed.
    pub commits: u64,
}

/// An open database; clones share it.
#[derive(Clone)]
pub struct Db(Arc<Backend>);

enum Backend {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

impl Db {
    /// Opens the database, creating a SQLite file that is not there yet, and checks that it is
    /// durable and safe to use: a clear [`Error::Configuration`](crate::Error::Configuration) if
    /// another process has the file or if the PostgreSQL login would bypass row-level security.
    pub async fn open(url: &DatabaseUrl, options: Options) -> Result<Self> {
        let backend = match &url.0 {
            Place::Temporary => Backend::Sqlite(sqlite::Database::temporary(options).await?),
            Place::File(path) => {
                Backend::Sqlite(sqlite::Database::open(path.clone(), options).await?)
            }
            Place::Postgres(url) => {
                Backend::Postgres(postgres::Database::open(url, options).await?)
            }
        };
        Ok(Self(Arc::new(backend)))
    }

    /// The engine behind it.
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Brings the schema up to date: runs the migrations that are missing, in order, each in a
    /// transaction of its own. Safe to call from several processes at once.
    ///
    /// Refuses with [`Error::Migration`](crate::Error::Migration) if an applied migration's text
    /// has changed since, or if the database is newer than the program.
    ///
    /// On PostgreSQL the login owns the tables; the role `bando_app`, created here where
    /// permitted, gets SELECT, INSERT, UPDATE and DELETE on each new table. A migration narrows
    /// that with `REVOKE` inside `DO` where the role may be absent.
    pub async fn migrate(&self, migrations: &[Migration]) -> Result<()> {
        crate::migrate::check_order(migrations)?;
        match &*self.0 {
            Backend::Sqlite(database) => database.migrate(migrations).await,
            Backend::Postgres(database) => database.migrate(migrations).await,
        }
    }

    /// Starts a read-write transaction. Isolation is READ COMMITTED on PostgreSQL: lock what you
    /// read before you decide on it (`/*for update*/`), or decide in the UPDATE itself.
    ///
    /// What it reads is certain once it is committed: on SQLite it may see the work of a
    /// transaction that waits for the same commit. To only read, use [`begin_read`](Self::begin_read).
    pub async fn begin(&self, scope: Scope) -> Result<Tx> {
        self.start(scope, Access::Write).await
    }

    /// Starts a read-only transaction that sees one snapshot, taken at its first statement.
    pub async fn begin_read(&self, scope: Scope) -> Result<Tx> {
        self.start(scope, Access::Read).await
    }

    /// Writes a consistent copy of a SQLite file to `target`, which must not exist yet, also while
    /// another process serves from it. PostgreSQL has its own tools: `pg_dump` or base backups.
    pub async fn copy(url: &DatabaseUrl, target: &Path) -> Result<()> {
        match &url.0 {
            Place::File(source) => sqlite::Database::copy(source.clone(), target.to_owned()).await,
            Place::Temporary | Place::Postgres(_) => Err(Error::Configuration(
                "only a SQLite file can be copied; use pg_dump for PostgreSQL".into(),
            )),
        }
    }

    /// Commits since opening, for metrics.
    pub fn stats(&self) -> Stats {
        match &*self.0 {
            Backend::Sqlite(database) => database.stats(),
            Backend::Postgres(database) => database.stats(),
        }
    }

    /// Closes the database for all clones; later use answers
    /// [`Error::Unavailable`](crate::Error::Unavailable). On SQLite it waits until running
    /// transactions have ended, and the file is then free for another process. On PostgreSQL
    /// each connection closes when its transaction ends.
    pub async fn close(&self) {
        match &*self.0 {
            Backend::Sqlite(database) => database.close().await,
            Backend::Postgres(database) => database.close(),
        }
    }

    async fn start(&self, scope: Scope, access: Access) -> Result<Tx> {
        let session = match &*self.0 {
            Backend::Sqlite(database) => Session::Sqlite(database.session(access)),
            Backend::Postgres(database) => {
                Session::Postgres(Box::new(database.session(scope, access).await?))
            }
        };
        Ok(Tx::new(scope, session))
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({:?})", self.engine())
    }
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}
