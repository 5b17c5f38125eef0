//! Values on PostgreSQL's wire.
//!
//! Every parameter is sent with its own type, so a statement is one unnamed round trip that passes
//! any pooler, and means the same whatever the values are. PostgreSQL casts BIGINT to the smaller
//! integer types where a column is assigned or compared; elsewhere the statement says CAST.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::error;
use crate::error::{Error, Result};
use crate::row::Row;
use crate::value::{Kind, Value};

/// The type a value is sent as. The server infers `UNKNOWN` from its place.
pub(super) fn wire_type(kind: Option<Kind>) -> Type {
    match kind {
        None => Type::UNKNOWN,
        Some(Kind::Int) => Type::INT8,
        Some(Kind::Text) => Type::TEXT,
        Some(Kind::Bytes) => Type::BYTEA,
        Some(Kind::Uuid) => Type::UUID,
        Some(Kind::Bool) => Type::BOOL,
    }
}

/// A parameter; its `Debug` hides the value, because the driver logs parameters.
pub(super) struct Param<'v>(pub(super) &'v Value);

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        if self
            .0
            .kind()
            .is_some_and(|kind| wire_type(Some(kind)) != *ty)
            && !self.0.is_null()
        {
            return Err(format!(
                "a parameter is {} in one row and of type {ty} in another",
                self.0.describe()
            )
            .into());
        }
        match self.0 {
            Value::Null | Value::NullOf(_) => Ok(IsNull::Yes),
            Value::Int(int) => int.to_sql(ty, out),
            Value::Text(text) => text.to_sql(ty, out),
            Value::Bytes(bytes) => bytes.to_sql(ty, out),
            Value::Uuid(uuid) => uuid.to_sql(ty, out),
            Value::Bool(bool) => bool.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The rows of an answer.
pub(super) fn rows(answer: &[tokio_postgres::Row]) -> Result<Vec<Row>> {
    let Some(first) = answer.first() else {
        return Ok(Vec::new());
    };
    let columns: Arc<[String]> = first
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    answer
        .iter()
        .map(|row| {
            let values = (0..columns.len())
                .map(|index| read(row, index))
                .collect::<Result<_>>()?;
            Ok(Row::new(Arc::clone(&columns), values))
        })
        .collect()
}

fn read(row: &tokio_postgres::Row, index: usize) -> Result<Value> {
    let column = &row.columns()[index];
    let value = match *column.type_() {
        Type::INT8 => row
            .try_get::<_, Option<i64>>(index)
            .map(|value| value.map(Value::Int)),
        Type::INT4 => row
            .try_get::<_, Option<i32>>(index)
            .map(|value| value.map(Value::from)),
        Type::INT2 => row
            .try_get::<_, Option<i16>>(index)
            .map(|value| value.map(Value::from)),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => row
            .try_get::<_, Option<String>>(index)
            .map(|value| value.map(Value::Text)),
        Type::BYTEA => row
            .try_get::<_, Option<Vec<u8>>>(index)
            .map(|value| value.map(Value::Bytes)),
        Type::UUID => row
            .try_get::<_, Option<uuid::Uuid>>(index)
            .map(|value| value.map(Value::Uuid)),
        Type::BOOL => row
            .try_get::<_, Option<bool>>(index)
            .map(|value| value.map(Value::Bool)),
        Type::VOID => Ok(None),
        ref other => {
            let message = format!(
                "type {other} is not read; use CAST (SUM of BIGINT is NUMERIC on PostgreSQL)"
            );
            return Err(Error::Decode {
                column: column.name().to_owned(),
                message,
            });
        }
    };
    Ok(value.map_err(error::from_statement)?.unwrap_or(Value::Null))
}
