//! MAC addresses, in every form RouterOS can send.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Entropy;

/// Why a text is not a MAC address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a MAC address; write it like 02:00:5E:10:00:01")]
pub struct MacError;

/// An IEEE 802 MAC address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// The address of these octets.
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The six octets.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Whether it was made up by software rather than burnt in by the maker: phones that randomise
    /// their address set this bit (IEEE 802, universal/local bit).
    pub const fn is_locally_administered(self) -> bool {
        self.0[0] & 0b10 != 0
    }

    /// A group address, which no device can have as its own.
    pub const fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// A random locally administered unicast address: the identity of a ticket bought away from
    /// the hotspot.
    pub fn random_local(entropy: &dyn Entropy) -> Self {
        let mut octets = [0; 6];
        entropy.fill(&mut octets);
        octets[0] = octets[0] & 0b1111_1100 | 0b10;
        Self(octets)
    }
}

/// Reads every `radius-mac-format` of RouterOS and the forms of other access servers: pairs split by
/// colons, dashes or spaces, halves and quarters split by one, or twelve digits in a row; any case.
impl FromStr for MacAddr {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let text = text.trim();
        let group = text.bytes().take_while(u8::is_ascii_hexdigit).count();
        if !matches!(group, 2 | 4 | 6 | 12) {
            return Err(MacError);
        }
        let separator = text.as_bytes().get(group).copied();
        if separator.is_some_and(|s| !matches!(s, b':' | b'-' | b' ' | b'.')) {
            return Err(MacError);
        }
        let (mut octets, mut digits) = ([0; 6], 0);
        for (i, byte) in text.bytes().enumerate() {
            // Every group is as long as the first, and the same separator stands between all.
            if i % (group + 1) == group {
                if Some(byte) != separator {
                    return Err(MacError);
                }
                continue;
            }
            let value = (byte as char).to_digit(16).ok_or(MacError)?;
            if digits == 12 {
                return Err(MacError);
            }
            octets[digits / 2] = octets[digits / 2] << 4 | value as u8;
            digits += 1;
        }
        let complete = digits == 12 && text.len() == 12 + (12 / group - 1);
        complete.then_some(Self(octets)).ok_or(MacError)
    }
}

/// `02:00:5E:10:00:01`, the default of RouterOS.
impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MacAddr({self})")
    }
}

impl From<MacAddr> for String {
    fn from(mac: MacAddr) -> Self {
        mac.to_string()
    }
}

impl TryFrom<String> for MacAddr {
    type Error = MacError;

    fn try_from(text: String) -> Result<Self, MacError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_router_os_format() {
        let wanted = MacAddr::new([0x40, 0xD3, 0xAE, 0x04, 0x32, 0x0C]);
        for text in [
            "40 D3 AE 04 32 0C",
            "40:D3:AE:04:32:0C",
            "40D3AE-04320C",
            "40D3AE04320C",
            "40-D3-AE-04-32-0C",
            "40D3:AE04:320C",
            "40D3AE:04320C",
            "40:d3:ae:04:32:0c",
            "40d3.ae04.320c",
        ] {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
        for text in [
            "",
            "40:D3:AE:04:32",
            "40:D3:AE:04:32:0C:",
            "40:D3-AE:04:32:0C",
            "40:D3:AE:04:32:0G",
            "4:0D:3A:E0:43:20:C",
            "40D3AE04320C0",
            "::::::",
            "40D3AE04320CFF",
            "é0D3AE04320C",
        ] {
            assert_eq!(text.parse::<MacAddr>(), Err(MacError), "{text}");
        }
        assert_eq!(wanted.to_string(), "40:D3:AE:04:32:0C");
    }

    #[test]
    fn tells_made_up_addresses() {
        let mac = |t: &str| t.parse::<MacAddr>().expect(t);
        assert!(mac("DA:A1:19:00:00:01").is_locally_administered());
        assert!(!mac("BC:24:11:EB:56:4D").is_locally_administered());
    }
}
