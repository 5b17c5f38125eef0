//! The store on both engines.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod samples;
mod support;

mod comparison;
mod every_method;
mod keys;
mod migration;
mod money;
mod pages;
mod races;
mod schema;
mod secrets;
mod sessions;
mod tamper;
mod tenants;
