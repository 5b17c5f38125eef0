//! The versions of the schema.

use bando_db::Migration;

/// Every version, oldest first. Released versions never change; later ones only add (expand, then
/// contract when no running program needs the old shape).
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first schema",
        sqlite: include_str!("../migrations/sqlite/0001_first.sql"),
        postgres: include_str!("../migrations/postgres/0001_first.sql"),
    },
    Migration {
        version: 2,
        name: "money of every gateway",
        sqlite: include_str!("../migrations/sqlite/0002_money.sql"),
        postgres: include_str!("../migrations/postgres/0002_money.sql"),
    },
];
