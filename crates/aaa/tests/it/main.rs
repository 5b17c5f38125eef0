//! The RADIUS service over real sockets, with a real application on both databases.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod accounting;
mod clients;
mod disconnect;
mod drops;
mod logins;
mod nas;
mod tenants;
mod world;
