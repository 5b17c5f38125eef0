//! Statements on a SQLite connection, and what its errors mean.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement, ToSql, ffi};

use crate::error::{Error, Result};
use crate::row::Row;
use crate::value::Value;

/// Runs a statement and returns the number of rows it changed.
pub(super) fn exec(connection: &Connection, sql: &str, params: &[Value]) -> Result<u64> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    bind(&mut statement, params)?;
    if statement.readonly() {
        drain(&mut statement)?;
        return Ok(0);
    }
    if statement.column_count() > 0 {
        drain(&mut statement)?;
    } else {
        statement.raw_execute().map_err(error)?;
    }
    Ok(connection.changes())
}

/// Runs a statement and returns all rows of its answer.
pub(super) fn query(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    bind(&mut statement, params)?;
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut answer = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(error)? {
        let values = (0..columns.len())
            .map(|index| read(row.get_ref(index).map_err(error)?, &columns[index]))
            .collect::<Result<_>>()?;
        answer.push(Row::new(Arc::clone(&columns), values));
    }
    Ok(answer)
}

/// Runs one of our own transaction commands.
pub(super) fn command(connection: &Connection, sql: &'static str) -> Result<()> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(|_| ())
        .map_err(error)
}

/// What an error of SQLite means.
pub(super) fn error(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = error else {
        return Error::Sql {
            code: "rusqlite".into(),
            message: error.to_string(),
        };
    };
    let message = message.unwrap_or_else(|| failure.to_string());
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => {
            return Error::Conflict {
                constraint: unique_key(&message),
            };
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            return Error::ForeignKey {
                constraint: message,
            };
        }
        _ => {}
    }
    match failure.code {
        ErrorCode::ConstraintViolation => Error::Check {
            constraint: message,
        },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Retry { message },
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::OutOfMemory => Error::Unavailable { message },
        _ => Error::Sql {
            code: failure.extended_code.to_string(),
            message,
        },
    }
}

/// SQLite numbers `$2` by the order of appearance, so each place is bound by its name.
fn bind(statement: &mut Statement<'_>, params: &[Value]) -> Result<()> {
    let mut highest = 0;
    for place in 1..=statement.parameter_count() {
        let number: usize = statement
            .parameter_name(place)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|number| number.parse().ok())
            .filter(|number| *number > 0)
            .ok_or_else(|| mismatch("parameters are written $1, $2, …".into()))?;
        highest = highest.max(number);
        if let Some(value) = params.get(number - 1) {
            statement.raw_bind_parameter(place, value).map_err(error)?;
        }
    }
    if highest == params.len() {
        Ok(())
    } else {
        Err(mismatch(format!(
            "the statement has {highest} parameters, {} were given",
            params.len()
        )))
    }
}

/// PostgreSQL's code for the same mistake.
fn mismatch(message: String) -> Error {
    Error::Sql {
        code: "08P01".into(),
        message,
    }
}

fn drain(statement: &mut Statement<'_>) -> Result<()> {
    let mut rows = statement.raw_query();
    while rows.next().map_err(error)?.is_some() {}
    Ok(())
}

fn read(value: ValueRef<'_>, column: &str) -> Result<Value> {
    let unreadable = |what: &str| Error::Decode {
        column: column.to_owned(),
        message: what.to_owned(),
    };
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(int) => Ok(Value::Int(int)),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(_) => Err(unreadable("text that is not UTF-8")),
        },
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => Err(unreadable("a floating-point number; use integers")),
    }
}

/// `UNIQUE constraint failed: t.a, t.b` → `t(a, b)`.
fn unique_key(message: &str) -> String {
    let key = message.split_once(": ").map_or(message, |(_, key)| key);
    if let Some(index) = key
        .strip_prefix("index '")
        .and_then(|rest| rest.strip_suffix('\''))
    {
        return index.to_owned();
    }
    let mut table = "";
    let mut columns = Vec::new();
    for part in key.split(", ") {
        let (owner, column) = part.split_once('.').unwrap_or(("", part));
        table = owner;
        columns.push(column);
    }
    format!("{table}({})", columns.join(", "))
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null | Self::NullOf(_) => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Uuid(uuid) => ValueRef::Blob(uuid.as_bytes()),
            Self::Bool(bool) => ValueRef::Integer(i64::from(*bool)),
        }))
    }
}
