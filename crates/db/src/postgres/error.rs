//! What PostgreSQL's errors mean.

use std::error::Error as StdError;

use deadpool_postgres::PoolError;
use tokio_postgres::error::{DbError, SqlState};

use crate::error::Error;

/// An error of a statement.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
pub(super) fn from_statement(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(answer) => from_answer(answer),
        None if is_connection(&error) => Error::unavailable(describe(&error)),
        None => Error::Sql {
            code: "client".into(),
            message: describe(&error),
        },
    }
}

/// An error of COMMIT. Only an answer about the transaction itself proves that nothing was kept.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
pub(super) fn from_commit(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(answer) if !is_about_server(answer.code()) => from_answer(answer),
        _ => Error::Unknown {
            message: describe(&error),
        },
    }
}

/// No connection to be had.
pub(super) fn from_pool(error: PoolError) -> Error {
    match error {
        PoolError::Timeout(_) => {
            Error::unavailable("all connections stayed busy, or the server did not answer")
        }
        PoolError::Backend(error) => match error.as_db_error() {
            Some(answer)
                if answer.code().code().starts_with("28") || answer.code().code() == "3D000" =>
            {
                Error::Configuration(format!("PostgreSQL: {}", answer.message()))
            }
            _ => Error::unavailable(describe(&error)),
        },
        PoolError::Closed => Error::unavailable("it is closed"),
        error => Error::unavailable(error),
    }
}

fn from_answer(answer: &DbError) -> Error {
    let code = answer.code();
    let message = answer.message().to_owned();
    if *code == SqlState::UNIQUE_VIOLATION {
        return Error::Conflict {
            constraint: answer.constraint().unwrap_or(&message).to_owned(),
        };
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return Error::ForeignKey {
            constraint: answer.constraint().unwrap_or(&message).to_owned(),
        };
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return Error::Forbidden { message };
    }
    if [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(code)
    {
        return Error::Retry { message };
    }
    if is_about_server(code) {
        return Error::Unavailable { message };
    }
    match &code.code()[..2.min(code.code().len())] {
        // Integrity, data that does not fit its type, and RAISE in a trigger.
        "23" | "22" | "P0" => Error::Check {
            constraint: message,
        },
        _ => Error::Sql {
            code: code.code().to_owned(),
            message,
        },
    }
}

/// Errors that tell about the server's state: connection (08), resources (53), operator's
/// intervention and time-outs (57), system (58), internal (XX).
fn is_about_server(code: &SqlState) -> bool {
    // A wrong number of parameters is a mistake in the program, whatever its class says.
    *code != SqlState::PROTOCOL_VIOLATION
        && ["08", "53", "57", "58", "XX"]
            .iter()
            .any(|class| code.code().starts_with(class))
}

fn is_connection(error: &tokio_postgres::Error) -> bool {
    error.is_closed()
        || error
            .source()
            .is_some_and(<dyn StdError>::is::<std::io::Error>)
}

/// The error with its cause, which its own text leaves out.
fn describe(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
