//! What can go wrong when the service starts.

use std::net::SocketAddr;

/// Why the RADIUS service could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A socket could not be opened.
    #[error("RADIUS cannot listen on {address}: {source}; is another program using the port?")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gave no thread.
    #[error("RADIUS cannot start its threads: {0}")]
    Thread(#[source] std::io::Error),
}
