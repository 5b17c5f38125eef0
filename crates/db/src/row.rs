//! One row of an answer.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::value::{FromValue, Value};

/// One row. Columns are numbered from 0 in the order the statement names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(crate) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// Reads a column. [`Error::Decode`] names the column if it holds something else, or NULL
    /// where `T` is no `Option`.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T> {
        let value = self.values.get(index).ok_or_else(|| Error::Decode {
            column: index.to_string(),
            message: format!("the row has only {} columns", self.values.len()),
        })?;
        T::from_value(value).map_err(|expected| Error::Decode {
            column: self
                .columns
                .get(index)
                .cloned()
                .unwrap_or_else(|| index.to_string()),
            message: format!("expected {}, found {}", expected.0, value.describe()),
        })
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// True if the row has no columns.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The columns' names, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}
