//! One SQL text, one transaction type and one scope over SQLite and PostgreSQL.
//!
//! Everything happens in a [`Tx`]: `let mut tx = db.begin(Scope::Tenant(id)).await?;`, some
//! statements, `tx.commit().await?`. A transaction that is dropped is rolled back. Statements are
//! plain SQL in the dialect both engines share, with `$1` parameters (see [`Sql`]); what differs is
//! only the schema, so each [`Migration`] is written twice.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> bando_db::Result<()> {
//! use bando_db::{DatabaseUrl, Db, Migration, Options, Scope, params};
//!
//! let db = Db::open(&DatabaseUrl::parse("sqlite::memory:")?, Options::default()).await?;
//! db.migrate(&[Migration {
//!     version: 1,
//!     name: "plans",
//!     sqlite: "CREATE TABLE plan (id INTEGER NOT NULL PRIMARY KEY, note TEXT) STRICT",
//!     postgres: "CREATE TABLE plan (id BIGINT NOT NULL PRIMARY KEY, note TEXT)",
//! }])
//! .await?;
//!
//! let mut tx = db.begin(Scope::System).await?;
//! tx.exec("INSERT INTO plan (id, note) VALUES ($1, $2)", params![7, None::<&str>]).await?;
//! tx.commit().await?;
//!
//! let mut tx = db.begin_read(Scope::System).await?;
//! let row = tx.one("SELECT note FROM plan WHERE id = $1", params![7]).await?;
//! assert_eq!(row.get::<Option<String>>(0)?, None);
//! # Ok(())
//! # }
//! ```
//!
//! - **SQLite**: one writer thread serves transactions one at a time and merges those that wait
//!   into one durable commit; read transactions see a snapshot on connections of their own.
//! - **PostgreSQL**: a pool; `BEGIN` travels with the first statement; each transaction runs as the
//!   role `bando_app` with the scope in `bando.scope` and `bando.provider` for row-level security.
//!
//! Where the engines differ in what a statement may say: `CAST(SUM(x) AS BIGINT)`, JSON is kept as
//! TEXT, integers given to functions need a `CAST`, and `SELECT *` is not used.
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
