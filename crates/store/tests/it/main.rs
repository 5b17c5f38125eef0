//! The store on both engines.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod support;

mod every_method;
mod keys;
mod pages;
mod races;
mod schema;
mod secrets;
mod sessions;
mod tamper;
mod tenants;
