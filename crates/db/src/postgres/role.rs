//! The role that transactions run as.
//!
//! A table's owner obeys row-level security only where it is forced, a superuser never. So
//! transactions switch to the plain role `bando_app`, which owns nothing.

use deadpool_postgres::Object;
use tokio_postgres::error::SqlState;

use super::error;
use crate::error::Result;

/// As whom a transaction runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `SET LOCAL ROLE bando_app`.
    App,
    /// The login itself, a plain owner: FORCE ROW LEVEL SECURITY binds it.
    Login,
    /// The login would bypass row-level security and there is no role to switch to (yet).
    Unusable,
}

/// Finds out what the login can do.
pub(super) async fn decide(client: &Object) -> Result<Role> {
    if can_switch(client).await? && is_granted(client).await? {
        return Ok(Role::App);
    }
    Ok(if login_bypasses(client).await? {
        Role::Unusable
    } else {
        Role::Login
    })
}

/// Creates the role if it is missing and lets the login switch to it, where that is permitted.
/// True if it can be switched to.
pub(super) async fn prepare(client: &Object) -> Result<bool> {
    if can_switch(client).await? {
        return Ok(true);
    }
    // Another process may do the same at this moment, so only the outcome counts.
    for statement in [
        "CREATE ROLE bando_app NOLOGIN",
        "GRANT bando_app TO CURRENT_USER",
    ] {
        if let Err(error) = client.batch_execute(statement).await {
            let error = error::from_statement(error);
            tracing::debug!(%error, statement, "the role bando_app could not be prepared");
        }
    }
    let usable = can_switch(client).await?;
    if !usable {
        tracing::warn!(
            "this login may not create or use the role bando_app; it relies on FORCE ROW LEVEL SECURITY alone. \
             To have both: CREATE ROLE bando_app NOLOGIN; GRANT bando_app TO the login; before the first migration"
        );
    }
    Ok(usable)
}

async fn can_switch(client: &Object) -> Result<bool> {
    match client
        .batch_execute("BEGIN; SET LOCAL ROLE bando_app; ROLLBACK")
        .await
    {
        Ok(()) => {}
        Err(error) if error.as_db_error().is_some() => {
            client
                .batch_execute("ROLLBACK")
                .await
                .map_err(error::from_statement)?;
            return match error.code() {
                // It does not exist, or is not ours to take.
                Some(&SqlState::INVALID_PARAMETER_VALUE | &SqlState::INSUFFICIENT_PRIVILEGE) => {
                    Ok(false)
                }
                _ => Err(error::from_statement(error)),
            };
        }
        Err(error) => return Err(error::from_statement(error)),
    }
    Ok(!bypasses(client, "bando_app").await?)
}

/// True unless the tables were made before the role was, and so without its privileges.
async fn is_granted(client: &Object) -> Result<bool> {
    let sql = "SELECT COALESCE(has_table_privilege('bando_app', to_regclass('bando_migration'), 'SELECT'), false)";
    flag(client, sql, &[]).await
}

async fn login_bypasses(client: &Object) -> Result<bool> {
    flag(
        client,
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user",
        &[],
    )
    .await
}

async fn bypasses(client: &Object, role: &str) -> Result<bool> {
    flag(
        client,
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1",
        &[role],
    )
    .await
}

async fn flag(client: &Object, sql: &str, params: &[&str]) -> Result<bool> {
    use tokio_postgres::types::{ToSql, Type};
    let params: Vec<(&(dyn ToSql + Sync), Type)> = params
        .iter()
        .map(|param| (param as &(dyn ToSql + Sync), Type::TEXT))
        .collect();
    let row = client
        .query_typed_one(sql, &params)
        .await
        .map_err(error::from_statement)?;
    row.try_get(0).map_err(error::from_statement)
}
