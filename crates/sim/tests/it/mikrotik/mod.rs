//! The simulated MikroTik against a small RADIUS server.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod accounting;
mod browser;
mod control;
mod fixture;
mod login;
