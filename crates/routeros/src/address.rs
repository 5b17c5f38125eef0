//! Hosts and networks as a router is told about them.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::SetupError;

/// An IPv4 address or a host name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// An address.
    Address(Ipv4Addr),
    /// A name, in small letters.
    Name(String),
}

impl FromStr for Host {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let name = text.to_ascii_lowercase();
        // A name that ends in a number is a misspelt address.
        let numeric_end = name
            .rsplit('.')
            .next()
            .is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        if is_host_name(&name) && !numeric_end {
            Ok(Self::Name(name))
        } else {
            Err(SetupError::Host(text.chars().take(64).collect()))
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Labels of letters, digits and inner dashes, 253 characters at most (RFC 1123 §2.1).
pub(crate) fn is_host_name(name: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// The hotspot's network, written as the router's own address in it: `10.20.0.1/22`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    router: Ipv4Addr,
    prefix: u8,
}

impl Network {
    /// The network of 1022 addresses that a new router gets.
    pub const DEFAULT: Self = Self {
        router: Ipv4Addr::new(10, 20, 0, 1),
        prefix: 22,
    };

    /// The network of `2^(32-prefix)` addresses around the router's own.
    ///
    /// # Errors
    /// [`SetupError::Network`] if the prefix is not 16 to 29 or the address is the network's first or
    /// last, which no router can have.
    pub fn new(router: Ipv4Addr, prefix: u8) -> Result<Self, SetupError> {
        let network = Self { router, prefix };
        let usable = (16..=29).contains(&prefix)
            && router != network.first()
            && router != network.last()
            && !router.is_loopback()
            && !router.is_multicast()
            && !router.is_unspecified();
        usable
            .then_some(network)
            .ok_or_else(|| SetupError::Network(network.to_string()))
    }

    /// The router's own address, on which it serves the hotspot's pages.
    pub const fn router(self) -> Ipv4Addr {
        self.router
    }

    /// Its size: 22 stands for 255.255.252.0.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// The network itself: `10.20.0.0/22`.
    pub fn cidr(self) -> String {
        format!("{}/{}", self.first(), self.prefix)
    }

    /// The addresses for devices as RouterOS writes a pool: all but the router's, the first and the
    /// last.
    pub fn pool(self) -> String {
        let (first, last, router) = (
            self.first().to_bits(),
            self.last().to_bits(),
            self.router.to_bits(),
        );
        [(first + 1, router - 1), (router + 1, last - 1)]
            .into_iter()
            .filter(|(from, to)| from <= to)
            .map(|(from, to)| format!("{}-{}", Ipv4Addr::from_bits(from), Ipv4Addr::from_bits(to)))
            .collect::<Vec<_>>()
            .join(",")
    }

    fn mask(self) -> u32 {
        u32::MAX
            .checked_shl(32 - u32::from(self.prefix.min(32)))
            .unwrap_or(0)
    }

    fn first(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.router.to_bits() & self.mask())
    }

    fn last(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.router.to_bits() | !self.mask())
    }
}

impl FromStr for Network {
    type Err = SetupError;

    fn from_str(text: &str) -> Result<Self, SetupError> {
        let parts = text
            .split_once('/')
            .and_then(|(a, p)| Some((a.parse().ok()?, p.parse().ok()?)));
        let (router, prefix) =
            parts.ok_or_else(|| SetupError::Network(text.chars().take(64).collect()))?;
        Self::new(router, prefix)
    }
}

/// `10.20.0.1/22`.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.router, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_leaves_out_the_router() {
        let network = |t: &str| t.parse::<Network>().expect(t);
        assert_eq!(network("10.20.0.1/22").pool(), "10.20.0.2-10.20.3.254");
        assert_eq!(network("10.20.0.1/22").cidr(), "10.20.0.0/22");
        assert_eq!(
            network("192.168.88.100/24").pool(),
            "192.168.88.1-192.168.88.99,192.168.88.101-192.168.88.254"
        );
        assert_eq!(network("10.0.0.254/24").pool(), "10.0.0.1-10.0.0.253");
        for text in [
            "",
            "10.0.0.1",
            "10.0.0.0/24",
            "10.0.0.255/24",
            "10.0.0.1/30",
            "127.0.0.1/24",
            "10.0.0.1/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn hosts_are_addresses_or_names() {
        assert_eq!(
            "10.9.0.1".parse(),
            Ok(Host::Address(Ipv4Addr::new(10, 9, 0, 1)))
        );
        assert_eq!(
            "Radius.Example.net".parse(),
            Ok(Host::Name("radius.example.net".into()))
        );
        for text in [
            "",
            "10.9.0.256",
            "a b",
            "a..b",
            "-a.b",
            "a;b",
            "é.net",
            "*.example.net",
        ] {
            assert!(text.parse::<Host>().is_err(), "{text:?} was taken");
        }
    }
}
