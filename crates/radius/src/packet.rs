//! Reading a packet without copying it.

use std::{borrow::Cow, net::Ipv4Addr};

use crate::{Attribute, Authenticator, Code, Counter, Error, dictionary, display::Readable};

/// Octets of a packet before its attributes (RFC 2865 §3).
pub const HEADER_LENGTH: usize = 20;
/// The longest packet allowed (RFC 2865 §3); a receive buffer needs no more.
pub const MAX_LENGTH: usize = 4096;

/// A received packet whose form has been checked from the first octet to the last.
///
/// That its sender knows the secret is a second question: see [`crate::Secret::verify_request`].
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    /// Exactly the packet, without padding.
    bytes: &'a [u8],
    code: Code,
    authenticator: &'a Authenticator,
    /// Where the 16 octets of Message-Authenticator begin.
    message_authenticator: Option<usize>,
}

impl<'a> Packet<'a> {
    /// Checks a datagram. Octets after the packet's own Length are padding and ignored.
    ///
    /// # Errors
    /// Whatever RFC 2865 §3 and §5 call invalid; more than one Message-Authenticator; and, because
    /// nobody can trust them, EAP-Message (RFC 3579 §3.2) and Status-Server (RFC 5997 §3) without
    /// any. A bad attribute length in an Access-Request could be answered with a reject; like other
    /// servers we drop it, for an honest router does not send one.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Error> {
        let truncated = Error::HeaderTruncated(datagram.len());
        let (start, rest) = datagram.split_first_chunk().ok_or(truncated)?;
        let authenticator = rest.first_chunk().ok_or(truncated)?;
        let [code, _identifier, high, low] = *start;
        let code = Code::try_from(code)?;
        let declared = usize::from(u16::from_be_bytes([high, low]));
        let wrong_length = Error::Length {
            declared,
            received: datagram.len(),
        };
        if !(HEADER_LENGTH..=MAX_LENGTH).contains(&declared) {
            return Err(wrong_length);
        }
        let bytes = datagram.get(..declared).ok_or(wrong_length)?;

        let mut message_authenticator = None;
        let mut eap = false;
        let mut rest = &bytes[HEADER_LENGTH..];
        while !rest.is_empty() {
            let offset = declared - rest.len();
            let (number, value) = take(&mut rest).ok_or(Error::AttributeLength(offset))?;
            let attribute = Attribute::standard(number);
            if number == 0 {
                return Err(Error::AttributeZero(offset));
            } else if attribute == dictionary::EAP_MESSAGE {
                eap = true;
            } else if attribute == dictionary::MESSAGE_AUTHENTICATOR {
                if value.len() != size_of::<Authenticator>() {
                    return Err(Error::MessageAuthenticatorLength(offset));
                }
                if message_authenticator.replace(offset + 2).is_some() {
                    return Err(Error::MessageAuthenticatorRepeated);
                }
            }
        }
        if message_authenticator.is_none() && (eap || code == Code::StatusServer) {
            return Err(Error::MessageAuthenticatorMissing);
        }
        Ok(Self {
            bytes,
            code,
            authenticator,
            message_authenticator,
        })
    }

    /// What the packet is for.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The number that pairs a reply with its request.
    #[must_use]
    pub const fn identifier(&self) -> u8 {
        self.bytes[1]
    }

    /// The authenticator field: random or computed, by the packet's code.
    #[must_use]
    pub const fn authenticator(&self) -> &'a Authenticator {
        self.authenticator
    }

    /// The packet as received, without padding.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether the packet carries Message-Authenticator. Right or wrong is for
    /// [`crate::Secret`] to say.
    #[must_use]
    pub const fn has_message_authenticator(&self) -> bool {
        self.message_authenticator.is_some()
    }

    /// Where the 16 octets of Message-Authenticator begin.
    pub(crate) const fn message_authenticator_offset(&self) -> Option<usize> {
        self.message_authenticator
    }

    /// Every attribute in order, a vendor's unpacked from Vendor-Specific.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes {
            rest: &self.bytes[HEADER_LENGTH..],
            vendor: 0,
            nested: &[],
        }
    }

    /// The values of a repeatable attribute, in order.
    pub fn values(&self, attribute: Attribute) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.attributes()
            .filter(move |(found, _)| *found == attribute)
            .map(|(_, value)| value)
    }

    /// The first value of an attribute.
    #[must_use]
    pub fn get(&self, attribute: Attribute) -> Option<&'a [u8]> {
        self.values(attribute).next()
    }

    /// Whether the attribute is there at all.
    #[must_use]
    pub fn contains(&self, attribute: Attribute) -> bool {
        self.get(attribute).is_some()
    }

    /// The first value as a number; `None` also if it does not hold four octets.
    #[must_use]
    pub fn u32(&self, attribute: Attribute) -> Option<u32> {
        Some(u32::from_be_bytes(self.get(attribute)?.try_into().ok()?))
    }

    /// The first value as an IPv4 address; `None` also if it does not hold four octets.
    #[must_use]
    pub fn ipv4(&self, attribute: Attribute) -> Option<Ipv4Addr> {
        self.u32(attribute).map(Ipv4Addr::from_bits)
    }

    /// The first value as text; octets that are not UTF-8 become U+FFFD. Use
    /// [`get`](Self::get) where the octets themselves matter.
    #[must_use]
    pub fn text(&self, attribute: Attribute) -> Option<Cow<'a, str>> {
        self.get(attribute).map(String::from_utf8_lossy)
    }

    /// A 64-bit count of octets; `None` if even its lower half is missing.
    #[must_use]
    pub fn counter(&self, counter: Counter) -> Option<u64> {
        let low = u64::from(self.u32(counter.octets)?);
        let high = u64::from(self.u32(counter.gigawords).unwrap_or(0));
        Some(high << 32 | low)
    }

    /// The EAP packet that was cut into EAP-Message attributes (RFC 3579 §3.1).
    #[must_use]
    pub fn eap_message(&self) -> Option<Vec<u8>> {
        self.contains(dictionary::EAP_MESSAGE).then(|| {
            self.values(dictionary::EAP_MESSAGE)
                .flatten()
                .copied()
                .collect()
        })
    }

    /// The packet in one line for a debug log, without secrets.
    #[must_use]
    pub const fn readable(&self) -> Readable<'a> {
        Readable(*self)
    }
}

impl std::fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packet({})", self.readable())
    }
}

/// The attributes of a packet, in order. See [`Packet::attributes`].
#[derive(Clone)]
pub struct Attributes<'a> {
    rest: &'a [u8],
    /// Whose attributes `nested` holds.
    vendor: u32,
    nested: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (Attribute, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some((number, value)) = take(&mut self.nested) {
            return Some((Attribute::vendor(self.vendor, number), value));
        }
        let (number, value) = take(&mut self.rest)?;
        let attribute = Attribute::standard(number);
        if attribute == dictionary::VENDOR_SPECIFIC
            && let Some((vendor, mut nested)) = vendor_attributes(value)
            && let Some((number, value)) = take(&mut nested)
        {
            (self.vendor, self.nested) = (vendor, nested);
            return Some((Attribute::vendor(vendor, number), value));
        }
        Some((attribute, value))
    }
}

/// Vendor and contents of a Vendor-Specific attribute in the form that RFC 2865 §5.26 recommends;
/// others are opaque. So is vendor 0, lest it pass for an attribute of the RFCs.
fn vendor_attributes(value: &[u8]) -> Option<(u32, &[u8])> {
    let (vendor, nested) = value.split_first_chunk()?;
    let vendor = u32::from_be_bytes(*vendor);
    let mut rest = nested;
    while take(&mut rest).is_some() {}
    (vendor != 0 && rest.is_empty()).then_some((vendor, nested))
}

/// Takes one attribute off the front; leaves `rest` as it is if that is impossible.
fn take<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let [number, length, ..] = **rest else {
        return None;
    };
    let (attribute, after) = rest.split_at_checked(usize::from(length))?;
    let value = attribute.get(2..)?;
    *rest = after;
    Some((number, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::{CLASS, USER_NAME, VENDOR_SPECIFIC, mikrotik};

    /// An Accounting-Request with these attributes, whose octets are given as they stand.
    fn datagram(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(HEADER_LENGTH + attributes.len())
            .unwrap()
            .to_be_bytes();
        let mut bytes = vec![Code::AccountingRequest as u8, 1, length[0], length[1]];
        bytes.extend([0xAA; 16]);
        bytes.extend(attributes);
        bytes
    }

    fn attributes(octets: &[u8]) -> Vec<(Attribute, Vec<u8>)> {
        let bytes = datagram(octets);
        let packet = Packet::parse(&bytes).unwrap();
        packet
            .attributes()
            .map(|(attribute, value)| (attribute, value.to_vec()))
            .collect()
    }

    #[test]
    fn padding_is_ignored_and_a_short_datagram_is_not_a_packet() {
        let mut bytes = datagram(&[1, 5, b'b', b'o', b'b']);
        let (length, error) = (
            bytes.len(),
            Error::Length {
                declared: 25,
                received: 24,
            },
        );
        assert_eq!(Packet::parse(&bytes[..length - 1]).unwrap_err(), error);
        assert_eq!(
            Packet::parse(&bytes[..19]).unwrap_err(),
            Error::HeaderTruncated(19)
        );
        bytes.extend([0; 9000]);
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!(packet.as_bytes().len(), length);
        assert_eq!(packet.text(USER_NAME).unwrap(), "bob");
    }

    #[test]
    fn more_than_4096_octets_are_refused() {
        let class = [[25, 255].as_slice(), &[7; 253]].concat();
        let longest = [class.repeat(15), vec![25, 251], vec![7; 249]].concat();
        let mut bytes = datagram(&longest);
        assert_eq!(bytes.len(), MAX_LENGTH);
        assert_eq!(Packet::parse(&bytes).unwrap().values(CLASS).count(), 16);
        bytes[3] += 2;
        bytes.extend([25, 2]);
        let error = Error::Length {
            declared: 4098,
            received: 4098,
        };
        assert_eq!(Packet::parse(&bytes).unwrap_err(), error);
    }

    #[test]
    fn several_attributes_in_one_vendor_specific_are_unpacked() {
        let octets = [
            26, 15, 0, 0, 0x3A, 0x8C, 3, 4, b'g', b'1', 8, 5, b'1', b'M', b'/', 25, 3, 9,
        ];
        let expected = [
            (mikrotik::GROUP, b"g1".to_vec()),
            (mikrotik::RATE_LIMIT, b"1M/".to_vec()),
            (CLASS, vec![9]),
        ];
        assert_eq!(attributes(&octets), expected);
    }

    #[test]
    fn vendor_specific_in_another_form_stays_opaque() {
        for value in [
            // Too short for a vendor, a vendor with nothing, and an attribute that overruns.
            &[1_u8, 2, 3][..],
            &[0, 0, 0x3A, 0x8C],
            &[0, 0, 0x3A, 0x8C, 8, 9, b'1'],
            // Vendor 0 must not pass for the RFCs: here it would be a User-Name.
            &[0, 0, 0, 0, 1, 5, b'b', b'o', b'b'],
        ] {
            let length = u8::try_from(value.len() + 2).unwrap();
            let octets = [&[26, length], value].concat();
            assert_eq!(attributes(&octets), [(VENDOR_SPECIFIC, value.to_vec())]);
        }
    }

    #[test]
    fn a_value_of_another_size_is_not_found() {
        let bytes = datagram(&[27, 5, 0, 0, 60, 8, 7, 10, 0, 0, 2, 9]);
        let packet = Packet::parse(&bytes).unwrap();
        assert!(packet.contains(dictionary::SESSION_TIMEOUT));
        assert_eq!(packet.u32(dictionary::SESSION_TIMEOUT), None);
        assert_eq!(packet.ipv4(dictionary::FRAMED_IP_ADDRESS), None);
    }

    #[test]
    fn eap_message_is_put_together() {
        let mut octets = vec![79, 4, 2, 1, 80, 18];
        octets.extend([0; 16]);
        octets.extend([79, 3, 7]);
        let bytes = datagram(&octets);
        assert_eq!(
            Packet::parse(&bytes).unwrap().eap_message(),
            Some(vec![2, 1, 7])
        );
        assert_eq!(Packet::parse(&datagram(&[])).unwrap().eap_message(), None);
    }
}
