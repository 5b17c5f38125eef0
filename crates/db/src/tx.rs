//! A transaction.

use std::fmt;

use crate::db::{Engine, Scope};
use crate::error::{Error, Result};
use crate::row::Row;
use crate::sql::Sql;
use crate::value::Value;
use crate::{postgres, sqlite};

/// A transaction. Dropped without [`commit`](Tx::commit), it is rolled back.
///
/// After an error from the engine, or after the future of a statement was dropped, every further
/// call answers [`Error::Aborted`]: on both engines nothing of the transaction is kept.
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx {
    scope: Scope,
    session: Session,
    spoiled: bool,
}

pub(crate) enum Session {
    Sqlite(sqlite::Session),
    Postgres(Box<postgres::Session>),
}

impl Tx {
    pub(crate) fn new(scope: Scope, session: Session) -> Self {
        Self {
            scope,
            session,
            spoiled: false,
        }
    }

    /// On whose behalf it runs.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The engine it runs on.
    pub fn engine(&self) -> Engine {
        match &self.session {
            Session::Sqlite(_) => Engine::Sqlite,
            Session::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a statement that writes and returns the number of rows it changed (counting rows that an
    /// UPDATE left as they were, but not those of ON CONFLICT DO NOTHING).
    pub async fn exec(&mut self, sql: impl Into<Sql>, params: &[Value]) -> Result<u64> {
        let sql = sql.into();
        self.start()?;
        let answer = match &mut self.session {
            Session::Sqlite(session) => session.exec(sql, params.to_vec()).await,
            Session::Postgres(session) => session.exec(&sql, params).await,
        };
        self.finish(answer)
    }

    /// Runs the same statement for many rows, in order, and returns the number of rows changed in
    /// all. One message to the writer on SQLite, pipelined on PostgreSQL.
    pub async fn exec_many(&mut self, sql: impl Into<Sql>, rows: Vec<Vec<Value>>) -> Result<u64> {
        let sql = sql.into();
        if rows.is_empty() {
            return Ok(0);
        }
        self.start()?;
        let answer = match &mut self.session {
            Session::Sqlite(session) => session.exec_many(sql, rows).await,
            Session::Postgres(session) => session.exec_many(&sql, &rows).await,
        };
        self.finish(answer)
    }

    /// Runs different statements, in order, in one round trip, and returns the number of rows each
    /// changed. For statements that do not depend on each other's answers.
    pub async fn batch(&mut self, statements: Vec<(Sql, Vec<Value>)>) -> Result<Vec<u64>> {
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        self.start()?;
        let answer = match &mut self.session {
            Session::Sqlite(session) => session.batch(statements).await,
            Session::Postgres(session) => session.batch(&statements).await,
        };
        self.finish(answer)
    }

    /// Runs a statement and returns all rows of its answer.
    pub async fn all(&mut self, sql: impl Into<Sql>, params: &[Value]) -> Result<Vec<Row>> {
        let sql = sql.into();
        self.start()?;
        let answer = match &mut self.session {
            Session::Sqlite(session) => session.query(sql, params.to_vec()).await,
            Session::Postgres(session) => session.query(&sql, params).await,
        };
        self.finish(answer)
    }

    /// Runs a statement and returns the first row of its answer; [`Error::NotFound`] if there is none.
    pub async fn one(&mut self, sql: impl Into<Sql>, params: &[Value]) -> Result<Row> {
        self.maybe(sql, params).await?.ok_or(Error::NotFound)
    }

    /// Runs a statement and returns the first row of its answer, if there is one.
    pub async fn maybe(&mut self, sql: impl Into<Sql>, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.all(sql, params).await?.into_iter().next())
    }

    /// Commits. Returns only when the work is durable. On [`Error::Unknown`] it may or may not have
    /// been kept; on any other error nothing was.
    pub async fn commit(self) -> Result<()> {
        if self.spoiled {
            return Err(Error::Aborted);
        }
        match self.session {
            Session::Sqlite(session) => session.commit().await,
            Session::Postgres(session) => session.commit().await,
        }
    }

    /// Marks the transaction spoiled until the answer is there: a future dropped in between leaves
    /// it so.
    fn start(&mut self) -> Result<()> {
        if self.spoiled {
            return Err(Error::Aborted);
        }
        self.spoiled = true;
        Ok(())
    }

    fn finish<T>(&mut self, answer: Result<T>) -> Result<T> {
        self.spoiled = answer.is_err();
        answer
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("engine", &self.engine())
            .field("scope", &self.scope)
            .finish()
    }
}
