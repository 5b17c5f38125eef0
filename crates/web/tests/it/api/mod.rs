//! The JSON API, on both databases.

mod bad_input;
mod buying;
mod coverage;
mod idempotency;
mod members;
mod money;
mod signing_in;
mod spec;
mod world;
