//! The migration runner on PostgreSQL.

use std::collections::BTreeMap;

use deadpool_postgres::Object;
use tokio_postgres::types::Type;

use super::role::{self, Role};
use super::{Database, error};
use crate::db::Engine;
use crate::error::{Error, Result};
use crate::migrate::{self, Migration};

/// One process migrates a database at a time. The lock belongs to a transaction, so it also works
/// through a pooler. The number is "bando" in ASCII.
const BEGIN: &str =
    "BEGIN; SELECT pg_advisory_xact_lock(422541419631); SET LOCAL bando.scope = 'system'";

impl Database {
    /// Runs the missing migrations as the login, which becomes the tables' owner.
    pub(crate) async fn migrate(&self, migrations: &[Migration]) -> Result<()> {
        let lease = self.lease().await?;
        let client = lease.client()?;
        let has_role = role::prepare(client).await?;
        let role = loop {
            let applied = apply_next(client, migrations, has_role).await?;
            let role = self.explore(client).await?;
            if !applied {
                break role;
            }
        };
        lease.give_back();
        if role == Role::Unusable {
            return Err(Error::Configuration(
                "this PostgreSQL login bypasses row-level security and the role bando_app has no access to the tables: \
                 use a plain login that owns the database"
                    .into(),
            ));
        }
        Ok(())
    }
}

/// Applies the first missing migration in a transaction of its own; false if none is missing. On
/// an error the caller throws the connection away, which rolls back.
async fn apply_next(client: &Object, migrations: &[Migration], has_role: bool) -> Result<bool> {
    run(client, BEGIN).await?;
    if has_role {
        grant(client).await?;
    }
    run(client, migrate::CREATE_TABLE).await?;
    if has_role {
        run(
            client,
            "REVOKE INSERT, UPDATE, DELETE ON bando_migration FROM bando_app",
        )
        .await?;
    }
    let mut applied = BTreeMap::new();
    for row in client
        .query_typed(migrate::SELECT_APPLIED, &[])
        .await
        .map_err(error::from_statement)?
    {
        let version = row.try_get(0).map_err(error::from_statement)?;
        applied.insert(version, row.try_get(1).map_err(error::from_statement)?);
    }
    let next = migrate::next(migrations, &applied, Engine::Postgres)?;
    if let Some(migration) = next {
        client
            .batch_execute(migration.postgres)
            .await
            .map_err(|error| failed(migration, error))?;
        let (version, checksum) = (
            i64::from(migration.version),
            migration.checksum(Engine::Postgres),
        );
        client
            .execute_typed(
                migrate::INSERT_APPLIED,
                &[
                    (&version, Type::INT8),
                    (&migration.name, Type::TEXT),
                    (&checksum, Type::TEXT),
                ],
            )
            .await
            .map_err(error::from_statement)?;
    }
    run(client, "COMMIT").await?;
    Ok(next.is_some())
}

/// Gives the role its way to the tables made from now on. The record of migrations stays ours.
async fn grant(client: &Object) -> Result<()> {
    run(
        client,
        "DO $$ BEGIN
           EXECUTE format('GRANT USAGE ON SCHEMA %I TO bando_app', current_schema());
           EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO bando_app', current_schema());
           EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I
             GRANT USAGE, SELECT ON SEQUENCES TO bando_app', current_schema());
         END $$",
    )
    .await
}

async fn run(client: &Object, sql: &str) -> Result<()> {
    client
        .batch_execute(sql)
        .await
        .map_err(error::from_statement)
}

fn failed(migration: &Migration, error: tokio_postgres::Error) -> Error {
    let place = error
        .as_db_error()
        .and_then(|answer| match answer.position()? {
            tokio_postgres::error::ErrorPosition::Original(position) => {
                migration.postgres.get(..*position as usize)
            }
            tokio_postgres::error::ErrorPosition::Internal { .. } => None,
        });
    let line = place.map_or(String::new(), |before| {
        format!(" near line {}", before.lines().count())
    });
    let error = error::from_statement(error);
    Error::Migration(format!(
        "version {} ({}) failed{line}: {error}",
        migration.version, migration.name
    ))
}
