//! PostgreSQL.
use crate::db::*;
use crate::error::*;
use crate::{Migration, Row, Sql, Value};
use ::url::Url;
pub(crate) struct Database;
pub(crate) struct Session;
fn no() -> Error {
    Error::unavailable("PostgreSQL is not wired yet")
}
impl Database {
    pub(crate) async fn open(_url: &Url, _options: Options) -> Result<Self> {
        Err(no())
    }
    pub(crate) async fn session(&self, _scope: Scope, _access: Access) -> Result<Session> {
        Err(no())
    }
    pub(crate) async fn migrate(&self, _migrations: &[Migration]) -> Result<()> {
        Err(no())
    }
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            transactions: 0,
            commits: 0,
        }
    }
    pub(crate) fn close(&self) {}
}
impl Session {
    pub(crate) async fn exec(&mut self, _sql: &Sql, _params: &[Value]) -> Result<u64> {
        Err(no())
    }
    pub(crate) async fn exec_many(&mut self, _sql: &Sql, _rows: &[Vec<Value>]) -> Result<u64> {
        Err(no())
    }
    pub(crate) async fn batch(&mut self, _s: &[(Sql, Vec<Value>)]) -> Result<Vec<u64>> {
        Err(no())
    }
    pub(crate) async fn query(&mut self, _sql: &Sql, _params: &[Value]) -> Result<Vec<Row>> {
        Err(no())
    }
    pub(crate) async fn commit(self) -> Result<()> {
        Err(no())
    }
}
