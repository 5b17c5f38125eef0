//! What can go wrong between a statement and its answer, the same on both engines.

/// The result of every operation on a database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. Texts come from the engine or from us; they never hold parameter values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// [`Tx::one`](crate::Tx::one) matched no row.
    #[error("no row found")]
    NotFound,
    /// A unique or primary key is already taken. `constraint` reads `table(column, column)` on
    /// both engines, or is the index's name where the engine tells no columns.
    #[error("already taken: {constraint}")]
    Conflict {
        /// The key that is taken.
        constraint: String,
    },
    /// A row that is referred to does not exist, or a row still referred to was deleted.
    #[error("foreign key violated: {constraint}")]
    ForeignKey {
        /// The constraint's name on PostgreSQL; SQLite tells none.
        constraint: String,
    },
    /// A CHECK or NOT NULL constraint, a STRICT column type or a trigger's RAISE refused the row.
    #[error("refused by the schema: {constraint}")]
    Check {
        /// What the engine says about the rule.
        constraint: String,
    },
    /// Row-level security or a missing privilege refused the statement (PostgreSQL only).
    #[error("forbidden: {message}")]
    Forbidden {
        /// What the engine says.
        message: String,
    },
    /// The transaction lost a race (serialisation failure, deadlock, lock time-out, SQLITE_BUSY).
    /// Nothing was kept: run the whole transaction again.
    #[error("the transaction must be run again: {message}")]
    Retry {
        /// What the engine says.
        message: String,
    },
    /// The connection or the disk failed during COMMIT: the work may or may not have been kept.
    /// Look it up by its unique key before doing it again; never report it as failed.
    #[error("the outcome of the commit is unknown: {message}")]
    Unknown {
        /// What failed.
        message: String,
    },
    /// A column does not hold what the program expects.
    #[error("column {column}: {message}")]
    Decode {
        /// The column's name (or its number, if there is no such column).
        column: String,
        /// What was expected and found.
        message: String,
    },
    /// The database cannot be reached, has no room, or all its connections stayed busy.
    #[error("the database is unavailable: {message}")]
    Unavailable {
        /// Why.
        message: String,
    },
    /// The transaction sent nothing for longer than
    /// [`Options::idle_timeout`](crate::Options::idle_timeout) and was rolled back.
    #[error(
        "the transaction was idle for too long and was rolled back; never wait for anything else inside one"
    )]
    Idle,
    /// An earlier statement of this transaction failed or was cancelled: it can only be dropped.
    #[error("an earlier statement of this transaction failed; nothing of it was kept")]
    Aborted,
    /// The schema cannot be brought to the program's version.
    #[error("migration: {0}")]
    Migration(String),
    /// The database cannot be used as configured.
    #[error("database configuration: {0}")]
    Configuration(String),
    /// Any other answer of the engine: a mistake in a statement or a migration.
    #[error("SQL error {code}: {message}")]
    Sql {
        /// SQLSTATE on PostgreSQL, the extended result code on SQLite.
        code: String,
        /// What the engine says.
        message: String,
    },
}

impl Error {
    /// True if nothing was kept and the same transaction, run again, may succeed.
    pub fn is_retry(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }

    /// True if a unique or primary key was taken.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// True if no row was found.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound)
    }

    /// True if it cannot be told whether the work was kept.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// True if the fault is the database's, not the statement's: answer "try later".
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::Retry { .. } | Self::Unknown { .. }
        )
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "the shape that map_err takes"
    )]
    pub(crate) fn unavailable(message: impl ToString) -> Self {
        Self::Unavailable {
            message: message.to_string(),
        }
    }
}
