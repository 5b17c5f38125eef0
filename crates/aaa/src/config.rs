//! How the RADIUS service is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where Access-Requests are taken; port 0 takes a free one.
    pub auth: SocketAddr,
    /// Where Accounting-Requests are taken; port 0 takes a free one.
    pub acct: SocketAddr,
    /// Message-Authenticator from every router, also from those that never sent one (RouterOS
    /// before 7.15). Without it a router's first one binds it for good (CVE-2024-3596).
    pub require_message_authenticator: bool,
    /// How often a router reports on an open session, at least; each session gets up to a fifth
    /// more, so that a crowd that came together does not report together. RFC 2869 §5.16 wants a
    /// minute or more.
    pub interim_interval: Duration,
    /// A session that moves nothing for so long is ended by the router; none for never.
    pub idle_timeout: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        let all = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        Self {
            auth: all(1812),
            acct: all(1813),
            require_message_authenticator: false,
            interim_interval: Duration::from_secs(60),
            idle_timeout: None,
        }
    }
}
