//! The database layer, on both engines.

mod concurrency;
mod errors;
mod migrations;
mod postgres;
mod sqlite;
mod support;
mod tenants;
mod transactions;
mod values;
