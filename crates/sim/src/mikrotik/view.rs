//! What the simulator shows of itself.

use std::net::Ipv4Addr;

use bando_domain::{MacAddr, Timestamp};
use serde::Serialize;

/// A device on the Wi-Fi (`/ip hotspot host`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HostView {
    /// Its address of this day.
    pub mac: MacAddr,
    /// What the pool gave it.
    pub ip: Ipv4Addr,
    /// Whether it is within reach; a device that left is kept for a while.
    pub present: bool,
    /// Whether it is logged in.
    pub authorized: bool,
}

/// A device that is logged in (`/ip hotspot active`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ActiveView {
    /// Acct-Session-Id.
    pub session: String,
    /// The device.
    pub mac: MacAddr,
    /// The device's address.
    pub ip: Ipv4Addr,
    /// Who logged in: a ticket's code or a MAC address.
    pub user: String,
    /// Seconds online.
    pub uptime_seconds: u64,
    /// Octets from the device.
    pub upload_octets: u64,
    /// Octets to the device.
    pub download_octets: u64,
    /// The speed limit as RouterOS writes it.
    pub rate_limit: Option<String>,
    /// Seconds until Session-Timeout, rounded up.
    pub seconds_left: Option<u64>,
}

/// A RADIUS packet that was sent or received, without its secrets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PacketView {
    /// When, by the true clock.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
    /// What for: `Access-Request`.
    pub code: &'static str,
    /// Every attribute in one line; names are shortened, passwords hidden.
    pub summary: String,
    /// What became of it, where that is not plain.
    pub note: Option<&'static str>,
}

/// Which way a packet went, seen from the router.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the router.
    Sent,
    /// To the router.
    Received,
}

/// `/radius monitor` and `/radius incoming monitor`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counters {
    /// Requests begun, authentication and accounting.
    pub requests: u64,
    /// Access-Accepts and Accounting-Responses.
    pub accepts: u64,
    /// Access-Rejects.
    pub rejects: u64,
    /// Requests sent again.
    pub resends: u64,
    /// Requests given up.
    pub timeouts: u64,
    /// Replies that did not prove the secret.
    pub bad_replies: u64,
    /// Disconnect and CoA requests that did.
    pub incoming_requests: u64,
    /// Those that did not.
    pub incoming_bad_requests: u64,
    /// Of the former, acknowledged.
    pub incoming_acks: u64,
    /// Of the former, refused.
    pub incoming_naks: u64,
}
