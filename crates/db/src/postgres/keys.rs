//! The columns of unique keys.
//!
//! A conflict names its index, and under row-level security hides the columns. SQLite names the
//! columns and hides the index. So the catalogue is read once, to say the same on both.

use std::collections::HashMap;

use deadpool_postgres::Object;

use super::error;
use crate::error::{Error, Result};

/// From an index's name to `table(column, column)`.
#[derive(Debug, Default)]
pub(super) struct UniqueKeys(HashMap<String, String>);

impl UniqueKeys {
    /// Reads the keys of all tables in the current schema. An index on expressions keeps its name.
    pub(super) async fn read(client: &Object) -> Result<Self> {
        let sql = "SELECT key.relname, owner.relname, (
                SELECT string_agg(attname, ', ' ORDER BY place)
                FROM unnest(indkey) WITH ORDINALITY AS part (number, place)
                JOIN pg_attribute ON attrelid = indrelid AND attnum = number)
            FROM pg_index
            JOIN pg_class AS key ON key.oid = indexrelid
            JOIN pg_class AS owner ON owner.oid = indrelid
            WHERE indisunique AND indexprs IS NULL
                AND owner.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())";
        let mut keys = HashMap::new();
        for row in client
            .query_typed(sql, &[])
            .await
            .map_err(error::from_statement)?
        {
            let text = |index| {
                row.try_get::<_, String>(index)
                    .map_err(error::from_statement)
            };
            keys.insert(text(0)?, format!("{}({})", text(1)?, text(2)?));
        }
        Ok(Self(keys))
    }

    /// The error, with a conflict's index replaced by its columns.
    pub(super) fn explain(&self, error: Error) -> Error {
        match error {
            Error::Conflict { constraint } => {
                let constraint = self.0.get(&constraint).cloned().unwrap_or(constraint);
                Error::Conflict { constraint }
            }
            error => error,
        }
    }
}
