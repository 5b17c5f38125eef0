//! The RADIUS service: sockets, duplicate cache, authorisation, accounting and Disconnect.
//!
//! [`RadiusServer`] answers routers, [`CoaClient`] gives them orders. How a packet goes:
//!
//! 1. `port`: a thread of its own takes it off the socket and checks its form.
//! 2. `routers`: the router is known by its identity, else by its address, and must prove to have
//!    the secret. What fails so far is dropped in silence, counted, and named in the log.
//! 3. `duplicates`: a request that was answered before gets the same octets again.
//! 4. An Access-Request is read (`login`), judged (`authority`, from `snapshots` of tickets or by
//!    the database) and answered (`accept`). If the database fails there is no answer: nobody is
//!    let in or turned away by accident, and the router asks again.
//! 5. An Accounting-Request is read (`report`) and queued for the `writer`, which answers it when it
//!    is durable, and not before (RFC 2866 §4.1).

mod accept;
mod authority;
mod class;
mod coa;
mod config;
mod counters;
mod duplicates;
mod error;
mod invalidations;
mod login;
mod port;
mod report;
mod routers;
mod server;
mod snapshots;
mod watch;
mod writer;

pub use coa::{CoaClient, Timers};
pub use config::Config;
pub use counters::{DropReason, Stats};
pub use error::Error;
pub use server::RadiusServer;
