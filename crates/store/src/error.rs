//! What can go wrong in the store.

/// The result of a store operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database said no.
    #[error(transparent)]
    Db(#[from] bando_db::Error),
    /// A column holds something its type does not allow.
    #[error("column {column} of a stored row holds no valid {kind}")]
    Corrupt {
        /// Number of the column in the statement.
        column: usize,
        /// The type it should have held.
        kind: &'static str,
    },
    /// A sealed value did not open.
    #[error(
        "{table}.{column} cannot be decrypted: it was moved or altered, or the key that sealed it is \
         missing from ENCRYPTION_KEY or the key file"
    )]
    Sealed {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A text is not an encryption key.
    #[error("an encryption key is 32 bytes, written as base64 or hex")]
    Key,
}

impl Error {
    /// True if nothing was kept and the same transaction may succeed when it is run again.
    pub fn is_retry(&self) -> bool {
        matches!(self, Self::Db(e) if e.is_retry())
    }

    /// True if a unique key was already taken.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(e) if e.is_conflict())
    }

    /// True if the database is at fault and the caller should try later.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Db(e) if e.is_unavailable())
    }
}
