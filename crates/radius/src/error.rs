//! Everything that can be wrong with a packet, whether read or written.

use crate::{Attribute, Code};

/// Why a packet was refused or could not be written.
///
/// Whatever is wrong with a received packet, RFC 2865 §3 asks for the same thing: drop it
/// silently, and count it so that the operator can see why a router gets no answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer octets than a header has.
    #[error("{0} octets are not a RADIUS packet: the header alone has 20")]
    HeaderTruncated(usize),
    /// A code that no RFC followed here defines.
    #[error("unknown packet code {0}")]
    UnknownCode(u8),
    /// The Length field is below 20, above 4096, or above what was received.
    #[error("the header declares {declared} octets, {received} were received (20 to 4096 allowed)")]
    Length {
        /// The Length field.
        declared: usize,
        /// The size of the datagram.
        received: usize,
    },
    /// Attribute number 0 is not assigned and cannot be meant.
    #[error("attribute number 0 at offset {0}")]
    AttributeZero(usize),
    /// An attribute's length is below 2 or runs past the end of the packet.
    #[error("the attribute at offset {0} has an impossible length")]
    AttributeLength(usize),
    /// A Message-Authenticator that does not hold 16 octets.
    #[error("Message-Authenticator at offset {0} does not hold 16 octets")]
    MessageAuthenticatorLength(usize),
    /// More than one Message-Authenticator.
    #[error("more than one Message-Authenticator")]
    MessageAuthenticatorRepeated,
    /// A packet that may not come without Message-Authenticator (RFC 3579 §3.2, RFC 5997 §3).
    #[error("this packet must carry Message-Authenticator and does not")]
    MessageAuthenticatorMissing,
    /// Message-Authenticator does not fit the packet: altered, or made with another secret.
    #[error("Message-Authenticator is wrong: check that both sides have the same secret")]
    MessageAuthenticatorWrong,
    /// The Request or Response Authenticator does not fit the packet.
    #[error("the authenticator is wrong: check that both sides have the same secret")]
    AuthenticatorWrong,
    /// A reply where a request was expected.
    #[error("{0} is not a request")]
    NotARequest(Code),
    /// A code that does not answer this request.
    #[error("{reply} does not answer {request}")]
    NotAReply {
        /// What was to be the answer.
        reply: Code,
        /// What was asked.
        request: Code,
    },
    /// A password above 128 octets, or a hidden one whose size is no multiple of 16.
    #[error("User-Password of {0} octets: at most 128, and hidden in blocks of 16")]
    PasswordLength(usize),
    /// CHAP-Password must hold an identifier and 16 octets.
    #[error("CHAP-Password of {0} octets instead of 17")]
    ChapPasswordLength(usize),
    /// User-Password and CHAP-Password exclude each other (RFC 2865 §4.1).
    #[error("User-Password and CHAP-Password in one request")]
    TwoPasswords,
    /// A value above 253 octets, or 247 in a vendor's attribute.
    #[error("a value of {length} octets does not fit into {attribute}")]
    ValueTooLong {
        /// The attribute.
        attribute: Attribute,
        /// The size of the value.
        length: usize,
    },
    /// The attributes together exceed 4096 octets.
    #[error("the packet would exceed 4096 octets")]
    PacketTooLong,
    /// The builder itself decides about this attribute.
    #[error("{0} is written by the builder, not by its user")]
    AttributeReserved(Attribute),
    /// RFC 2865 §3: the secret must not be empty.
    #[error("the secret is empty: enter the one set on the router")]
    SecretEmpty,
}
