//! What kind of router is simulated, and what is wrong with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bando_domain::{Clock, Entropy, MacAddr};
use serde::{Deserialize, Serialize};
use url::Url;

/// A router and its hotspot, as its owner configured them.
#[derive(Clone)]
pub struct MikrotikConfig {
    /// `/system identity`, sent as NAS-Identifier.
    pub identity: String,
    /// The RADIUS secret.
    pub secret: String,
    /// Where it sends Access-Requests.
    pub auth_server: SocketAddr,
    /// Where it sends Accounting-Requests.
    pub acct_server: SocketAddr,
    /// Where its hotspot serves pages; port 0 takes a free one.
    pub http_bind: SocketAddr,
    /// Where it hears Disconnect and CoA; port 0 takes a free one.
    pub incoming_bind: SocketAddr,
    /// The page that its `login.html` redirects to.
    pub portal: Url,
    /// `/ip hotspot profile`.
    pub profile: HotspotProfile,
    /// `/radius`.
    pub client: RadiusClient,
    /// Faults from the start; see [`crate::mikrotik::MikrotikSim::set_faults`].
    pub faults: Faults,
    /// Varies the made-up traffic.
    pub seed: u64,
    /// The time that all timeouts follow.
    pub clock: Arc<dyn Clock>,
    /// Challenges, authenticators, new MAC addresses and lost packets come from here.
    pub entropy: Arc<dyn Entropy>,
}

impl MikrotikConfig {
    /// A RouterOS 7.15 or later with the settings of Bando's router script, on free loopback ports.
    pub fn new(
        identity: &str,
        secret: &str,
        (auth_server, acct_server): (SocketAddr, SocketAddr),
        portal: Url,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            identity: identity.to_owned(),
            secret: secret.to_owned(),
            auth_server,
            acct_server,
            http_bind: any,
            incoming_bind: any,
            portal,
            profile: HotspotProfile::default(),
            client: RadiusClient::default(),
            faults: Faults::default(),
            seed: 1,
            clock,
            entropy,
        }
    }
}

/// How the hotspot lets devices log in.
#[derive(Clone, Debug)]
pub struct HotspotProfile {
    /// The hotspot server's name, sent as Called-Station-Id.
    pub server: String,
    /// The interface, sent as NAS-Port-Id.
    pub interface: String,
    /// The router's own address in the hotspot's network.
    pub address: Ipv4Addr,
    /// The first address for devices, and how many there are.
    pub pool: (Ipv4Addr, u32),
    /// `http-chap` in `login-by`: the login page offers a challenge.
    pub chap: bool,
    /// `http-pap` in `login-by`: plain passwords are taken.
    pub pap: bool,
    /// `mac` in `login-by`: a device is tried by its MAC address when it joins.
    pub mac: bool,
    /// `mac-cookie` in `login-by`: a device that was let in is tried again when it joins.
    pub mac_cookie: bool,
    /// `radius-mac-format`.
    pub mac_format: MacFormat,
    /// `mac-auth-mode` and `mac-auth-password`.
    pub mac_password: MacPassword,
    /// Whether MAC logins use CHAP. Not documented; a server must take both.
    pub mac_chap: bool,
    /// `keepalive-timeout`: how long a device may be away before its session ends.
    pub keepalive_timeout: Duration,
}

impl Default for HotspotProfile {
    fn default() -> Self {
        Self {
            server: "bando".to_owned(),
            interface: "bando".to_owned(),
            address: Ipv4Addr::new(10, 20, 0, 1),
            pool: (Ipv4Addr::new(10, 20, 0, 10), 1000),
            chap: true,
            pap: true,
            mac: true,
            mac_cookie: true,
            mac_format: MacFormat::Colons,
            mac_password: MacPassword::Empty,
            mac_chap: false,
            keepalive_timeout: Duration::from_mins(5),
        }
    }
}

/// `radius-mac-format`: how a MAC address becomes a User-Name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MacFormat {
    /// `XX XX XX XX XX XX`
    Spaces,
    /// `XX:XX:XX:XX:XX:XX`, the default.
    Colons,
    /// `XXXXXX-XXXXXX`
    HalvesDash,
    /// `XXXXXXXXXXXX`
    Plain,
    /// `XX-XX-XX-XX-XX-XX`
    Dashes,
    /// `XXXX:XXXX:XXXX`
    QuartersColon,
    /// `XXXXXX:XXXXXX`
    HalvesColon,
}

impl MacFormat {
    /// All seven.
    pub const ALL: [Self; 7] = [
        Self::Spaces,
        Self::Colons,
        Self::HalvesDash,
        Self::Plain,
        Self::Dashes,
        Self::QuartersColon,
        Self::HalvesColon,
    ];

    /// The address in this format.
    pub fn write(self, mac: MacAddr) -> String {
        let (octets, separator) = match self {
            Self::Spaces => (1, " "),
            Self::Colons => (1, ":"),
            Self::Dashes => (1, "-"),
            Self::QuartersColon => (2, ":"),
            Self::HalvesDash => (3, "-"),
            Self::HalvesColon => (3, ":"),
            Self::Plain => (6, ""),
        };
        let hex = |part: &[u8]| part.iter().map(|b| format!("{b:02X}")).collect::<String>();
        mac.octets()
            .chunks(octets)
            .map(hex)
            .collect::<Vec<_>>()
            .join(separator)
    }
}

/// The password of a MAC login.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MacPassword {
    /// `mac-as-username` without `mac-auth-password`.
    Empty,
    /// `mac-auth-password`.
    Fixed(String),
    /// `mac-as-username-and-password`.
    Mac,
}

/// How the router asks RADIUS.
#[derive(Clone, Copy, Debug)]
pub struct RadiusClient {
    /// How long it waits before it sends again.
    pub timeout: Duration,
    /// How often it sends a request again before it gives up: RouterOS sends four times in all.
    pub resends: u32,
    /// Puts Message-Authenticator into Access-Requests, as RouterOS does since 7.15.
    pub signs: bool,
    /// `require-message-auth`: drops Accepts and Rejects without Message-Authenticator.
    pub requires_signature: bool,
}

impl Default for RadiusClient {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            resends: 3,
            signs: true,
            requires_signature: true,
        }
    }
}

impl RadiusClient {
    /// RouterOS before 7.15, which knows no Message-Authenticator.
    pub fn before_7_15() -> Self {
        Self {
            signs: false,
            requires_signature: false,
            ..Self::default()
        }
    }
}

/// What goes wrong with a router and the network before it. All off by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// Disconnect-Requests are not answered.
    pub ignore_disconnects: bool,
    /// Disconnect-Requests are acknowledged, but the session goes on.
    pub acknowledge_but_keep: bool,
    /// Answers to Disconnect and CoA come this many milliseconds late.
    pub answer_delay_ms: u64,
    /// Of a hundred datagrams, each way, so many are lost.
    pub loss_percent: u8,
    /// Every datagram leaves twice.
    pub duplicate: bool,
    /// The secret was mistyped on the router.
    pub wrong_secret: bool,
    /// An address translator forgets its mappings: every datagram leaves from another port.
    pub nat: bool,
    /// The router's clock is ahead by so many seconds (behind if negative).
    pub clock_skew_seconds: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_read_back() {
        let mac = MacAddr::new([0x40, 0xD3, 0xAE, 0x04, 0x32, 0x0C]);
        let written: Vec<_> = MacFormat::ALL.iter().map(|f| f.write(mac)).collect();
        assert_eq!(
            written,
            [
                "40 D3 AE 04 32 0C",
                "40:D3:AE:04:32:0C",
                "40D3AE-04320C",
                "40D3AE04320C",
                "40-D3-AE-04-32-0C",
                "40D3:AE04:320C",
                "40D3AE:04320C"
            ]
        );
        assert!(written.iter().all(|text| text.parse() == Ok(mac)));
    }
}
