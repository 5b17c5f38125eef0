//! One transaction on one connection.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use deadpool_postgres::Object;
use futures_util::future::{join, maybe_done};
use tokio_postgres::Statement;
use tokio_postgres::types::{ToSql, Type};

use super::codec::{self, Param};
use super::error;
use super::keys::UniqueKeys;
use super::role::Role;
use crate::db::{Access, Scope};
use crate::error::{Error, Result};
use crate::row::Row;
use crate::sql::Sql;
use crate::value::Value;

/// No statement may run longer; it also bounds the wait for a lock.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);
/// A connection that does not roll back in this time is thrown away.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(5);
/// From this many rows on, planning a statement once pays for the extra round trip.
const PREPARE_FROM: usize = 4;
/// Most statements in flight at once: bounds the memory for their messages.
const PIPELINE_MAX: usize = 1000;

/// A pooled connection that is thrown away unless it is given back, so that no forgotten state can
/// reach the next user.
pub(super) struct Lease(Option<Object>);

impl Lease {
    pub(super) fn new(object: Object) -> Self {
        Self(Some(object))
    }

    pub(super) fn client(&self) -> Result<&Object> {
        self.0.as_ref().ok_or(Error::Aborted)
    }

    /// Back to the pool: nothing is open on it.
    pub(super) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            // Dropping the client outside the pool closes the connection; the server rolls back.
            drop(Object::take(object));
        }
    }
}

/// The commands that open a transaction; they travel with its first statement. All settings are
/// LOCAL, so they end with it.
pub(super) fn preamble(
    role: Role,
    scope: Scope,
    access: Access,
    idle_timeout: Duration,
) -> Result<String> {
    let begin = match access {
        Access::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    let role = match role {
        Role::App => "SET LOCAL ROLE bando_app;",
        Role::Login => "",
        Role::Unusable => {
            return Err(Error::Configuration(
                "this PostgreSQL login bypasses row-level security: run the migrations, which make the role bando_app, or use a plain login".into(),
            ));
        }
    };
    let (scope, provider) = match scope {
        Scope::System => ("system", String::new()),
        Scope::Tenant(id) => ("tenant", id.to_string()),
    };
    Ok(format!(
        "{begin}; {role} SET LOCAL bando.scope = '{scope}'; SET LOCAL bando.provider = '{provider}'; \
         SET LOCAL idle_in_transaction_session_timeout = {}; SET LOCAL statement_timeout = {}",
        idle_timeout.as_millis(),
        STATEMENT_TIMEOUT.as_millis(),
    ))
}

/// A transaction.
pub(crate) struct Session {
    lease: Option<Lease>,
    /// Not sent yet.
    preamble: Option<String>,
    keys: Arc<UniqueKeys>,
    idle_timeout: Duration,
    last_answer: Instant,
    counter: Option<Arc<AtomicU64>>,
}

impl Session {
    pub(super) fn new(
        lease: Lease,
        preamble: String,
        keys: Arc<UniqueKeys>,
        idle_timeout: Duration,
        counter: Option<Arc<AtomicU64>>,
    ) -> Self {
        Self {
            lease: Some(lease),
            preamble: Some(preamble),
            keys,
            idle_timeout,
            last_answer: Instant::now(),
            counter,
        }
    }

    pub(crate) async fn exec(&mut self, sql: &Sql, params: &[Value]) -> Result<u64> {
        self.send(async |client| {
            let params = Params::new(params);
            client.execute_typed(&sql.postgres(), &params.typed()).await
        })
        .await
    }

    pub(crate) async fn exec_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<u64> {
        let text = sql.postgres();
        if rows.len() < PREPARE_FROM {
            let mut changed = 0;
            for row in rows {
                changed += self.exec(sql, row).await?;
            }
            return Ok(changed);
        }
        let types = column_types(rows);
        // Closed again when dropped, which is before COMMIT: a pooler never sees it outside.
        let statement = self
            .send(async |client| client.prepare_typed(&text, &types).await)
            .await?;
        let mut changed = 0;
        for chunk in rows.chunks(PIPELINE_MAX) {
            let statement = &statement;
            let answers = self
                .send(async |client| {
                    let sent = chunk
                        .iter()
                        .map(|row| client.execute_raw(statement, row.iter().map(Param)));
                    pipeline(sent).await
                })
                .await?;
            changed += answers.iter().sum::<u64>();
        }
        Ok(changed)
    }

    pub(crate) async fn batch(&mut self, statements: &[(Sql, Vec<Value>)]) -> Result<Vec<u64>> {
        let prepared = self.prepare_repeated(statements).await?;
        let mut changed = Vec::with_capacity(statements.len());
        for chunk in statements.chunks(PIPELINE_MAX) {
            let prepared = &prepared;
            let answers = self
                .send(async |client| {
                    let sent = chunk.iter().map(async |(sql, params)| {
                        if let Some(statement) = prepared.get(sql) {
                            return client
                                .execute_raw(statement, params.iter().map(Param))
                                .await;
                        }
                        let params = Params::new(params);
                        client.execute_typed(&sql.postgres(), &params.typed()).await
                    });
                    pipeline(sent).await
                })
                .await?;
            changed.extend(answers);
        }
        Ok(changed)
    }

    /// Has the server plan once what is to be run many times. Closed again when dropped, which is
    /// before COMMIT: a pooler never sees it outside.
    async fn prepare_repeated<'s>(
        &mut self,
        statements: &'s [(Sql, Vec<Value>)],
    ) -> Result<HashMap<&'s Sql, Statement>> {
        let mut rows: HashMap<&Sql, Vec<&Vec<Value>>> = HashMap::new();
        for (sql, params) in statements {
            rows.entry(sql).or_default().push(params);
        }
        let mut prepared = HashMap::new();
        for (sql, rows) in rows {
            if rows.len() >= PREPARE_FROM {
                let (text, types) = (sql.postgres(), column_types(&rows));
                let statement = self
                    .send(async |client| client.prepare_typed(&text, &types).await)
                    .await?;
                prepared.insert(sql, statement);
            }
        }
        Ok(prepared)
    }

    pub(crate) async fn query(&mut self, sql: &Sql, params: &[Value]) -> Result<Vec<Row>> {
        let rows = self
            .send(async |client| {
                let params = Params::new(params);
                client.query_typed(&sql.postgres(), &params.typed()).await
            })
            .await?;
        codec::rows(&rows)
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        self.check_idle()?;
        if self.preamble.is_none() {
            self.client()?
                .batch_execute("COMMIT")
                .await
                .map_err(|error| self.keys.explain(error::from_commit(error)))?;
            if let Some(counter) = &self.counter {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
        if let Some(lease) = self.lease.take() {
            lease.give_back();
        }
        Ok(())
    }

    /// Sends a statement, with the preamble before it if it is the first.
    async fn send<T>(
        &mut self,
        work: impl AsyncFnOnce(&Object) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T> {
        self.check_idle()?;
        let preamble = self.preamble.take();
        let client = self.client()?;
        let answer = match preamble {
            Some(preamble) => {
                // Polled in this order, so written in this order; if the preamble fails the
                // statement finds itself in a failed transaction.
                let (begun, answer) = join(client.batch_execute(&preamble), work(client)).await;
                begun.and(answer)
            }
            None => work(client).await,
        };
        self.last_answer = Instant::now();
        answer.map_err(|error| self.keys.explain(error::from_statement(error)))
    }

    fn client(&self) -> Result<&Object> {
        self.lease.as_ref().ok_or(Error::Aborted)?.client()
    }

    /// The server has ended an idle transaction by closing the connection; say why.
    fn check_idle(&self) -> Result<()> {
        let open = self.preamble.is_none();
        if open && self.last_answer.elapsed() >= self.idle_timeout {
            Err(Error::Idle)
        } else {
            Ok(())
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        if self.preamble.is_some() {
            lease.give_back();
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(roll_back(lease));
        }
    }
}

/// Rolls back behind whatever is still in flight. A lease that this cannot finish is thrown away.
async fn roll_back(lease: Lease) {
    let Ok(client) = lease.client() else {
        return;
    };
    let answer = tokio::time::timeout(ROLLBACK_TIMEOUT, client.batch_execute("ROLLBACK")).await;
    if matches!(answer, Ok(Ok(()))) {
        lease.give_back();
    }
}

/// Starts all futures in order, so that their messages are written in order without waiting, and
/// then collects the answers up to the first error.
async fn pipeline<T>(
    sent: impl Iterator<Item = impl Future<Output = Result<T, tokio_postgres::Error>>>,
) -> Result<Vec<T>, tokio_postgres::Error> {
    let mut waiting: Vec<_> = sent.map(|future| Box::pin(maybe_done(future))).collect();
    poll_fn(|context| {
        for future in &mut waiting {
            let _ = future.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(waiting.len());
    for mut future in waiting {
        future.as_mut().await;
        if let Some(answer) = future.as_mut().take_output() {
            answers.push(answer?);
        }
    }
    Ok(answers)
}

/// Parameters with their types, in the form the driver takes.
struct Params<'v>(Vec<(Param<'v>, Type)>);

impl<'v> Params<'v> {
    fn new(values: &'v [Value]) -> Self {
        Self(
            values
                .iter()
                .map(|value| (Param(value), codec::wire_type(value.kind())))
                .collect(),
        )
    }

    fn typed(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.0
            .iter()
            .map(|(param, ty)| (param as &(dyn ToSql + Sync), ty.clone()))
            .collect()
    }
}

/// The type of each parameter: that of the first row that knows it.
fn column_types(rows: &[impl Borrow<Vec<Value>>]) -> Vec<Type> {
    let columns = rows.first().map_or(0, |row| row.borrow().len());
    (0..columns)
        .map(|column| {
            codec::wire_type(rows.iter().find_map(|row| row.borrow().get(column)?.kind()))
        })
        .collect()
}
