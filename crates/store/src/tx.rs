//! The store and its two kinds of transaction.

use std::fmt;
use std::sync::Arc;

use bando_db::{DatabaseUrl, Db, Engine, Options, Row, Scope, Sql, Tx, Value};
use bando_domain::ProviderId;

use crate::field::Field;
use crate::{MIGRATIONS, Result, Vault};

/// An open database with its keys; clones share it.
#[derive(Clone)]
pub struct Store {
    db: Db,
    vault: Arc<Vault>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// Whatever keeps the database from being used safely.
    pub async fn open(url: &DatabaseUrl, options: Options, vault: Vault) -> Result<Self> {
        Self::with_db(Db::open(url, options).await?, vault).await
    }

    pub(crate) async fn with_db(db: Db, vault: Vault) -> Result<Self> {
        db.migrate(MIGRATIONS).await?;
        Ok(Self {
            db,
            vault: Arc::new(vault),
        })
    }

    /// Keys, sealed values and links.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The engine behind it.
    pub fn engine(&self) -> Engine {
        self.db.engine()
    }

    /// Starts a transaction on one provider's rows.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn tenant(&self, provider: ProviderId) -> Result<TenantTx> {
        let tx = self.db.begin(Scope::Tenant(provider.uuid())).await?;
        Ok(TenantTx {
            tx,
            provider,
            vault: Arc::clone(&self.vault),
        })
    }

    /// Starts a read-only transaction on one provider's rows.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self, provider: ProviderId) -> Result<TenantTx> {
        let tx = self.db.begin_read(Scope::Tenant(provider.uuid())).await?;
        Ok(TenantTx {
            tx,
            provider,
            vault: Arc::clone(&self.vault),
        })
    }

    /// Starts a transaction across providers.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn system(&self) -> Result<SystemTx> {
        let tx = self.db.begin(Scope::System).await?;
        Ok(SystemTx {
            tx,
            vault: Arc::clone(&self.vault),
        })
    }

    /// Starts a read-only transaction across providers.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read_system(&self) -> Result<SystemTx> {
        let tx = self.db.begin_read(Scope::System).await?;
        Ok(SystemTx {
            tx,
            vault: Arc::clone(&self.vault),
        })
    }

    /// Ends all work and closes the database.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({:?})", self.db.engine())
    }
}

/// A transaction on the rows of one provider. In every statement `$1` is that provider. Dropped
/// without [`commit`](Self::commit), it is rolled back.
#[must_use = "a transaction that is not committed is rolled back"]
pub struct TenantTx {
    pub(crate) tx: Tx,
    provider: ProviderId,
    vault: Arc<Vault>,
}

impl TenantTx {
    /// The provider.
    pub fn provider_id(&self) -> ProviderId {
        self.provider
    }

    /// Keys, sealed values and links.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Keeps what was done; returns when it is durable.
    ///
    /// # Errors
    /// [`bando_db::Error::Unknown`] leaves it open whether it was kept; others mean it was not.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }

    pub(crate) async fn exec(&mut self, sql: impl Into<Sql>, rest: Vec<Value>) -> Result<u64> {
        let params = self.params(rest);
        Ok(self.tx.exec(sql, &params).await?)
    }

    pub(crate) async fn exec_many(
        &mut self,
        sql: &'static str,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let rows = rows.into_iter().map(|rest| self.params(rest)).collect();
        Ok(self.tx.exec_many(sql, rows).await?)
    }

    pub(crate) async fn batch(&mut self, statements: Vec<(Sql, Vec<Value>)>) -> Result<Vec<u64>> {
        let statements = statements
            .into_iter()
            .map(|(sql, rest)| (sql, self.params(rest)))
            .collect();
        Ok(self.tx.batch(statements).await?)
    }

    pub(crate) async fn all(&mut self, sql: impl Into<Sql>, rest: Vec<Value>) -> Result<Vec<Row>> {
        let params = self.params(rest);
        Ok(self.tx.all(sql, &params).await?)
    }

    pub(crate) async fn one(&mut self, sql: impl Into<Sql>, rest: Vec<Value>) -> Result<Row> {
        let params = self.params(rest);
        Ok(self.tx.one(sql, &params).await?)
    }

    pub(crate) async fn maybe(
        &mut self,
        sql: impl Into<Sql>,
        rest: Vec<Value>,
    ) -> Result<Option<Row>> {
        let params = self.params(rest);
        Ok(self.tx.maybe(sql, &params).await?)
    }

    fn params(&self, rest: Vec<Value>) -> Vec<Value> {
        let mut params = Vec::with_capacity(rest.len() + 1);
        params.push(self.provider.to_value());
        params.extend(rest);
        params
    }
}

/// A transaction across providers: for finding things whose provider is not known yet, and for the
/// platform's own tables.
#[must_use = "a transaction that is not committed is rolled back"]
pub struct SystemTx {
    pub(crate) tx: Tx,
    vault: Arc<Vault>,
}

impl SystemTx {
    /// Keys, sealed values and links.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Keeps what was done; returns when it is durable.
    ///
    /// # Errors
    /// As [`TenantTx::commit`].
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }
}
