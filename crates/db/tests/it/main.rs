//! The database layer, on both engines.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod concurrency;
mod errors;
mod migrations;
mod postgres;
mod sqlite;
mod support;
mod tenants;
mod transactions;
mod values;
