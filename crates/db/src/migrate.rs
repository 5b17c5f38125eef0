//! Versions of the schema: what both engines' runners share.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::db::Engine;
use crate::error::{Error, Result};

/// One step of the schema, written for both engines. Once released it is never changed.
///
/// Every constraint is checked at once, none is DEFERRABLE: a check at COMMIT would fail all the
/// transactions that share it.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; strictly ascending.
    pub version: u32,
    /// What it does, in a few words.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

impl Migration {
    pub(crate) fn text(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }

    pub(crate) fn checksum(&self, engine: Engine) -> String {
        hex::encode(Sha256::digest(self.text(engine).as_bytes()))
    }
}

/// Where applied migrations are recorded; the same text on both engines.
pub(crate) const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS bando_migration (
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";
pub(crate) const SELECT_APPLIED: &str = "SELECT version, checksum FROM bando_migration";
pub(crate) const INSERT_APPLIED: &str =
    "INSERT INTO bando_migration (version, name, checksum) VALUES ($1, $2, $3)";

/// Refuses a list whose versions do not ascend.
pub(crate) fn check_order(migrations: &[Migration]) -> Result<()> {
    match migrations
        .windows(2)
        .find(|pair| pair[0].version >= pair[1].version)
    {
        Some(pair) => Err(Error::Migration(format!(
            "version {} follows {}",
            pair[1].version, pair[0].version
        ))),
        None => Ok(()),
    }
}

/// The first migration that `applied` (version → checksum) lacks, after checking that all applied
/// ones are known and unchanged.
pub(crate) fn next<'m>(
    migrations: &'m [Migration],
    applied: &BTreeMap<i64, String>,
    engine: Engine,
) -> Result<Option<&'m Migration>> {
    let newest_known = migrations
        .last()
        .map_or(0, |migration| i64::from(migration.version));
    for (version, checksum) in applied {
        let known = migrations
            .iter()
            .find(|migration| i64::from(migration.version) == *version);
        match known {
            None if *version > newest_known => {
                return Err(Error::Migration(format!(
                    "the database has version {version}, this program knows only {newest_known}: install the newer program"
                )));
            }
            None => {
                return Err(Error::Migration(format!(
                    "the database has a version {version} that this program does not know"
                )));
            }
            Some(migration) if migration.checksum(engine) != *checksum => {
                return Err(Error::Migration(format!(
                    "version {version} ({}) was changed after it was applied: restore its text and add a new version",
                    migration.name
                )));
            }
            Some(_) => {}
        }
    }
    let newest_applied = applied.keys().next_back().copied().unwrap_or(0);
    let missing = migrations
        .iter()
        .find(|migration| !applied.contains_key(&i64::from(migration.version)));
    match missing {
        Some(migration) if i64::from(migration.version) < newest_applied => {
            Err(Error::Migration(format!(
                "version {} ({}) was added below version {newest_applied}, which is already applied",
                migration.version, migration.name
            )))
        }
        missing => Ok(missing),
    }
}
