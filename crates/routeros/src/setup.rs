//! What Bando needs to know about a router to configure it.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::address::is_host_name;
use crate::{Host, Network, SetupError};

/// A hotspot router: who it is, whom it asks, and where its customers arrive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouterSetup {
    /// The version family, which decides about a few commands.
    pub version: RouterOs,
    /// The router's identity, sent as NAS-Identifier and `identity`.
    pub identity: Identity,
    /// Whom it asks who may go online.
    pub radius: RadiusServer,
    /// UDP port on which the router hears Disconnect and CoA.
    pub coa_port: u16,
    /// Where customers buy.
    pub portal: Portal,
    /// The interface to the internet.
    pub uplink: Interface,
    /// Interfaces that carry the hotspot: access points and Wi-Fi. They leave any other bridge.
    pub ports: Vec<Interface>,
    /// The hotspot's addresses.
    pub network: Network,
    /// The name under which the router serves its own pages; no certificate is needed for it.
    pub dns_name: Host,
    /// Hosts beyond the portal that customers reach before they paid: pages of card payments.
    /// (M-Pesa needs none: the prompt arrives over the telephone network.)
    pub payment_hosts: Vec<GardenHost>,
    /// The router's time zone, for its own log: `Africa/Nairobi`.
    pub time_zone: String,
    /// A time server.
    pub ntp_server: Host,
}

impl RouterSetup {
    /// A router with the defaults that fit most places: internet on `ether1`, a hotspot of 1021
    /// addresses on no port yet, CoA on port 3799.
    pub fn new(
        version: RouterOs,
        identity: Identity,
        radius: RadiusServer,
        portal: Portal,
    ) -> Self {
        Self {
            version,
            identity,
            radius,
            coa_port: 3799,
            portal,
            uplink: Interface("ether1".to_owned()),
            ports: Vec::new(),
            network: Network::DEFAULT,
            dns_name: Host::Name("hotspot.internal".to_owned()),
            payment_hosts: Vec::new(),
            time_zone: "Africa/Nairobi".to_owned(),
            ntp_server: Host::Name("pool.ntp.org".to_owned()),
        }
    }
}

/// The family of RouterOS versions a script is written for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RouterOs {
    /// 6.49, the last of the sixth.
    V6,
    /// 7.1 and later.
    V7,
}

/// The router's name towards us, unguessable, and safe in URLs and logs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity(String);

impl Identity {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Identity {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let good = (1..=63).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        good.then(|| Self(text.to_owned()))
            .ok_or(SetupError::Identity)
    }
}

/// A RADIUS server as a router reaches it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RadiusServer {
    /// Its address. A name is resolved once, when the script is pasted: RouterOS keeps addresses.
    pub host: Host,
    /// UDP port for authentication, usually 1812.
    pub auth_port: u16,
    /// UDP port for accounting, usually 1813.
    pub acct_port: u16,
    /// What the two share.
    pub secret: SharedSecret,
}

/// A RADIUS secret. `Debug` hides it; only the script shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct SharedSecret(String);

impl SharedSecret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for SharedSecret {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let good = (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(text.to_owned()))
            .ok_or(SetupError::Secret)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

/// The name of an interface of the router: `ether3`, `wlan1`, or whatever its owner called it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface(String);

impl Interface {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Interface {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let text = text.trim();
        let good = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        good.then(|| Self(text.to_owned()))
            .ok_or(SetupError::Interface)
    }
}

/// The provider's portal page: `https://wifi.example.net/p/mama-njeri`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Portal {
    url: String,
    host: Host,
}

impl Portal {
    /// The address, without a query.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The host that must be open before anyone has paid.
    pub fn host(&self) -> &Host {
        &self.host
    }
}

impl FromStr for Portal {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let bad = || SetupError::Portal(text.chars().take(128).collect());
        let url = Url::parse(text).map_err(|_| bad())?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url
            .host_str()
            .filter(|_| plain)
            .ok_or_else(bad)?
            .parse()
            .map_err(|_| bad())?;
        // A dollar sign would begin a variable of the hotspot's page language.
        Ok(Self {
            url: url.as_str().replace('$', "%24"),
            host,
        })
    }
}

/// A host, or all below one (`*.example.net`), reachable before anyone has paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GardenHost(String);

impl GardenHost {
    /// The pattern as RouterOS reads it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for more than one host.
    pub fn is_pattern(&self) -> bool {
        self.0.starts_with("*.")
    }
}

impl FromStr for GardenHost {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let host = text.to_ascii_lowercase();
        let name = host.strip_prefix("*.").unwrap_or(&host);
        // `*.net` would open half of the internet.
        let good = is_host_name(name) && name.contains('.');
        good.then(|| Self(host.clone()))
            .ok_or_else(|| SetupError::GardenHost(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portals_are_plain_web_addresses() {
        let portal: Portal = "https://Wifi.example.net/p/mama-njeri"
            .parse()
            .expect("plain");
        assert_eq!(portal.url(), "https://wifi.example.net/p/mama-njeri");
        assert_eq!(portal.host().to_string(), "wifi.example.net");
        let tricky: Portal = "http://10.0.0.9:8080/p/$(mac)".parse().expect("plain");
        assert_eq!(tricky.url(), "http://10.0.0.9:8080/p/%24(mac)");
        for text in [
            "",
            "wifi.example.net",
            "ftp://wifi.example.net",
            "javascript:alert(1)",
            "https://user:pass@wifi.example.net/",
            "https://wifi.example.net/?a=b",
            "https://wifi.example.net/#top",
            "https://[::1]/",
        ] {
            assert!(text.parse::<Portal>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn gardens_stay_small() {
        assert!(
            "*.example.net"
                .parse::<GardenHost>()
                .is_ok_and(|h| h.is_pattern())
        );
        assert!(
            "pay.example.net"
                .parse::<GardenHost>()
                .is_ok_and(|h| !h.is_pattern())
        );
        for text in [
            "",
            "*",
            "*.net",
            "*.",
            "a*.example.net",
            "example.net/path",
            "a b.net",
        ] {
            assert!(text.parse::<GardenHost>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn secrets_are_hidden_and_checked() {
        let secret: SharedSecret = "s3cret-of-nairobi".parse().expect("good");
        assert_eq!(format!("{secret:?}"), "SharedSecret(…)");
        for text in ["", "short", "with space in it", "ends\nhere-now"] {
            assert!(text.parse::<SharedSecret>().is_err(), "{text:?} was taken");
        }
        assert!("a b".parse::<Identity>().is_err() && "bando-7f3a".parse::<Identity>().is_ok());
    }
}
