//! Tests of the whole program, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod browser_smoke;
mod clients_smoke;
mod flow;
#[path = "../proof/mod.rs"]
mod proof;
mod support;
