//! PostgreSQL: a pool of connections, each transaction in a role and a scope.

mod codec;
mod connect;
mod error;
mod keys;
mod migrate;
mod role;
mod session;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ::url::Url;
use deadpool_postgres::{Object, Pool};

pub(crate) use self::session::Session;

use self::keys::UniqueKeys;
use self::role::Role;
use self::session::Lease;
use crate::db::{Access, Options, Scope, Stats};
use crate::error::{Error, Result};

/// An open PostgreSQL database.
pub(crate) struct Database {
    pool: Pool,
    known: RwLock<Known>,
    idle_timeout: Duration,
    commits: Arc<AtomicU64>,
}

/// What is found out about the database when it is opened, and again after each migration.
#[derive(Clone)]
struct Known {
    role: Role,
    keys: Arc<UniqueKeys>,
}

impl Database {
    pub(crate) async fn open(url: &Url, options: Options) -> Result<Self> {
        let pool = connect::pool(url, &options)?;
        let database = Self {
            pool,
            known: RwLock::new(Known {
                role: Role::Unusable,
                keys: Arc::default(),
            }),
            idle_timeout: options.idle_timeout,
            commits: Arc::default(),
        };
        let lease = database.lease().await?;
        warn_if_not_durable(lease.client()?).await?;
        database.explore(lease.client()?).await?;
        lease.give_back();
        Ok(database)
    }

    pub(crate) async fn session(&self, scope: Scope, access: Access) -> Result<Session> {
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let preamble = session::preamble(known.role, scope, access, self.idle_timeout)?;
        let counter = (access == Access::Write).then(|| Arc::clone(&self.commits));
        Ok(Session::new(
            self.lease().await?,
            preamble,
            known.keys,
            self.idle_timeout,
            counter,
        ))
    }

    /// Every read-write transaction has a commit of its own here; the server groups them.
    pub(crate) fn stats(&self) -> Stats {
        let commits = self.commits.load(Ordering::Relaxed);
        Stats {
            transactions: commits,
            commits,
        }
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    async fn lease(&self) -> Result<Lease> {
        self.pool
            .get()
            .await
            .map(Lease::new)
            .map_err(error::from_pool)
    }

    /// Finds out as whom transactions run, and what the schema's keys are.
    async fn explore(&self, client: &Object) -> Result<Role> {
        let role = role::decide(client).await?;
        let known = Known {
            role,
            keys: Arc::new(UniqueKeys::read(client).await?),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(role)
    }
}

/// Says so, loudly, if the server may lose what it has acknowledged.
async fn warn_if_not_durable(client: &Object) -> Result<()> {
    let sql = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
    let row = client
        .query_typed_one(sql, &[])
        .await
        .map_err(error::from_statement)?;
    for (index, setting) in ["fsync", "synchronous_commit"].into_iter().enumerate() {
        if row
            .try_get::<_, String>(index)
            .map_err(error::from_statement)?
            == "off"
        {
            tracing::warn!(
                setting,
                "PostgreSQL is set to lose acknowledged payments in a crash: switch this setting on"
            );
        }
    }
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
fn configuration(message: impl ToString) -> Error {
    Error::Configuration(message.to_string())
}
