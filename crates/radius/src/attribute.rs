//! Which attribute is meant, and what its value looks like.

use std::fmt;

use crate::dictionary;

/// An attribute: a number of the RFCs, or a vendor's number inside Vendor-Specific.
///
/// The known ones are constants of [`dictionary`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// The vendor's enterprise number; 0 for the RFCs' own attributes.
    vendor: u32,
    number: u8,
}

impl Attribute {
    /// An attribute that an RFC defines.
    #[must_use]
    pub const fn standard(number: u8) -> Self {
        Self { vendor: 0, number }
    }

    /// A vendor's attribute, in the form that RFC 2865 §5.26 recommends (one octet of number,
    /// one of length).
    #[must_use]
    pub const fn vendor(vendor: u32, number: u8) -> Self {
        Self { vendor, number }
    }

    /// The vendor's enterprise number, or `None` for an attribute of the RFCs.
    #[must_use]
    pub const fn vendor_id(self) -> Option<u32> {
        match self.vendor {
            0 => None,
            id => Some(id),
        }
    }

    /// The number, within the vendor's space if there is a vendor.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.number
    }

    /// The name and the kind of value, if the dictionary knows them.
    pub(crate) fn entry(self) -> Option<(&'static str, Kind)> {
        match self.vendor {
            0 => dictionary::entry(self.number),
            dictionary::mikrotik::VENDOR => dictionary::mikrotik::entry(self.number),
            dictionary::wispr::VENDOR => dictionary::wispr::entry(self.number),
            dictionary::microsoft::VENDOR => dictionary::microsoft::entry(self.number),
            _ => None,
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.entry(), self.vendor_id()) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Some(vendor)) => write!(f, "Vendor-{vendor}-Attr-{}", self.number),
            (None, None) => write!(f, "Attr-{}", self.number),
        }
    }
}

/// A 64-bit count of octets, carried in two 32-bit attributes (RFC 2869 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The count modulo 2³².
    pub octets: Attribute,
    /// How often 2³² has been passed; absent means 0.
    pub gigawords: Attribute,
}

/// How a value is written down for people. Reading and writing follow the caller's choice of
/// method, so a value of the wrong size is simply not found (RFC 8044 §2.9).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Text for people or programs.
    Text,
    /// Text that may itself be a key to the network: a ticket's code is its User-Name.
    Identity,
    /// A big-endian number.
    Number,
    /// A number that has names.
    Named(fn(u32) -> Option<&'static str>),
    /// An IPv4 address.
    Ipv4,
    /// Octets that mean nothing to us; only their count is shown.
    Opaque,
    /// A password, a key or a digest of one; nothing is shown.
    Secret,
}
