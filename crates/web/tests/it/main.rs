//! Tests of the crate as others use it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first surprise"
)]

mod api;
mod console;
mod hooks;
mod look;
mod portal;
mod samples;
