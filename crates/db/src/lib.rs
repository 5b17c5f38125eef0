//! One SQL text, one transaction type and one scope over SQLite and PostgreSQL.
//!
//! Everything happens in a [`Tx`]: `let mut tx = db.begin(Scope::Tenant(id)).await?;`, some
//! statements, `tx.commit().await?`. A transaction that is dropped is rolled back. Statements are
//! plain SQL in the dialect both engines share, with `$1` parameters (see [`Sql`]); what differs is
//! only the schema, so each [`Migration`] is written twice.
//!
//! - **SQLite**: one writer thread serves transactions one at a time and merges those that wait
//!   into one durable commit; read transactions see a snapshot on connections of their own.
//! - **PostgreSQL**: a pool; `BEGIN` travels with the first statement; each transaction runs as the
//!   role `bando_app` with the scope in `bando.scope` and `bando.provider` for row-level security.
//!
//! On both, a statement that fails spoils its transaction: use `ON CONFLICT` where a conflict is
//! expected. Never wait for anything but the database inside a transaction.

mod db;
mod error;
mod migrate;
mod postgres;
mod row;
mod sql;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;
mod url;
mod value;

pub use db::{Db, Engine, Options, Scope, Stats};
pub use error::{Error, Result};
pub use migrate::Migration;
pub use row::Row;
pub use sql::Sql;
pub use tx::Tx;
pub use url::DatabaseUrl;
pub use value::{Expected, FromValue, Kind, Value, ValueKind};
