//! Attributes of MikroTik RouterOS.

use super::attributes;
use crate::{Attribute, Counter, attribute::Kind};

/// MikroTik's enterprise number.
pub const VENDOR: u32 = 14988;

attributes! {
    vendor;
    /// Upload allowed, modulo 2³²; see [`RECV_BYTES`].
    RECV_LIMIT = 1 "Mikrotik-Recv-Limit" Kind::Number;
    /// Download allowed, modulo 2³²; see [`XMIT_BYTES`].
    XMIT_LIMIT = 2 "Mikrotik-Xmit-Limit" Kind::Number;
    /// The user profile (hotspot, PPP) or group.
    GROUP = 3 "Mikrotik-Group" Kind::Text;
    /// Of the wireless access list.
    WIRELESS_FORWARD = 4 "Mikrotik-Wireless-Forward" Kind::Number;
    /// Of the wireless access list.
    WIRELESS_SKIP_DOT1X = 5 "Mikrotik-Wireless-Skip-Dot1x" Kind::Number;
    /// Of the wireless access list.
    WIRELESS_ENC_ALGO = 6 "Mikrotik-Wireless-Enc-Algo" Kind::Number;
    /// Of the wireless access list.
    WIRELESS_ENC_KEY = 7 "Mikrotik-Wireless-Enc-Key" Kind::Secret;
    /// `rx[/tx] [rx-burst[/tx-burst] [threshold [time [priority [minimum]]]]]`; rx is upload.
    RATE_LIMIT = 8 "Mikrotik-Rate-Limit" Kind::Text;
    /// The hotspot's RADIUS default domain.
    REALM = 9 "Mikrotik-Realm" Kind::Text;
    /// The device's address before the hotspot's address translation.
    HOST_IP = 10 "Mikrotik-Host-IP" Kind::Ipv4;
    /// Firewall mark.
    MARK_ID = 11 "Mikrotik-Mark-Id" Kind::Text;
    /// Advertisement page.
    ADVERTISE_URL = 12 "Mikrotik-Advertise-URL" Kind::Text;
    /// Seconds between advertisements.
    ADVERTISE_INTERVAL = 13 "Mikrotik-Advertise-Interval" Kind::Number;
    /// See [`RECV_BYTES`].
    RECV_LIMIT_GIGAWORDS = 14 "Mikrotik-Recv-Limit-Gigawords" Kind::Number;
    /// See [`XMIT_BYTES`].
    XMIT_LIMIT_GIGAWORDS = 15 "Mikrotik-Xmit-Limit-Gigawords" Kind::Number;
    /// Wi-Fi key of one device.
    WIRELESS_PSK = 16 "Mikrotik-Wireless-PSK" Kind::Secret;
    /// Traffic allowed both ways, modulo 2³²; see [`TOTAL_BYTES`].
    TOTAL_LIMIT = 17 "Mikrotik-Total-Limit" Kind::Number;
    /// See [`TOTAL_BYTES`].
    TOTAL_LIMIT_GIGAWORDS = 18 "Mikrotik-Total-Limit-Gigawords" Kind::Number;
    /// Firewall address list that the device's address joins.
    ADDRESS_LIST = 19 "Mikrotik-Address-List" Kind::Text;
    /// Management frame protection key.
    WIRELESS_MPKEY = 20 "Mikrotik-Wireless-MPKey" Kind::Secret;
    /// Of the wireless access list.
    WIRELESS_COMMENT = 21 "Mikrotik-Wireless-Comment" Kind::Text;
    /// Pool for delegated IPv6 prefixes.
    DELEGATED_IPV6_POOL = 22 "Mikrotik-Delegated-IPv6-Pool" Kind::Text;
    /// DHCP option set.
    DHCP_OPTION_SET = 23 "Mikrotik-DHCP-Option-Set" Kind::Text;
}

/// Upload allowed, in octets. Never send 0: RouterOS reads it as no limit.
pub const RECV_BYTES: Counter = Counter {
    octets: RECV_LIMIT,
    gigawords: RECV_LIMIT_GIGAWORDS,
};

/// Download allowed, in octets. Never send 0: RouterOS reads it as no limit.
pub const XMIT_BYTES: Counter = Counter {
    octets: XMIT_LIMIT,
    gigawords: XMIT_LIMIT_GIGAWORDS,
};

/// Upload and download allowed together, in octets. Never send 0: RouterOS reads it as no limit.
pub const TOTAL_BYTES: Counter = Counter {
    octets: TOTAL_LIMIT,
    gigawords: TOTAL_LIMIT_GIGAWORDS,
};

const fn vendor(number: u8) -> Attribute {
    Attribute::vendor(VENDOR, number)
}
