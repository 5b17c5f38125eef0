//! RADIUS packets, attributes, PAP, CHAP and Message-Authenticator; bytes in, bytes out.
//!
//! [`Packet`] reads a datagram without copying it, [`Builder`] writes one into a buffer that the
//! caller keeps, [`Secret`] signs and verifies both, [`Credentials`] is what a user offered to
//! prove who they are, and [`dictionary`] names the attributes. There is no socket, no clock and
//! no randomness here: identifiers and authenticators are arguments.
//!
//! Followed: RFC 2865 (authentication), 2866 (accounting), 2869 and 3579 (Message-Authenticator),
//! 5176 (CoA and Disconnect), 5997 (Status-Server) and the BlastRADIUS rule that
//! Message-Authenticator comes first in every reply to an Access-Request.
//!
//! ```
//! use bando_radius::{Builder, Code, Packet, Secret, dictionary, dictionary::mikrotik};
//!
//! # fn main() -> Result<(), bando_radius::Error> {
//! let secret = Secret::new(b"testing123")?;
//! let (mut request, mut reply) = (Vec::new(), Vec::new());
//!
//! let mut builder = Builder::access_request(&mut request, 7, [0xA5; 16]);
//! builder.text(dictionary::USER_NAME, "bob").user_password(&secret, b"hello");
//! let request = Packet::parse(builder.finish(&secret)?)?;
//!
//! secret.verify_request(&request)?;
//! let offered = request.credentials()?.expect("a password was sent");
//! assert!(offered.verify(&secret, b"hello")?);
//!
//! let mut builder = Builder::reply(&mut reply, Code::AccessAccept, &request);
//! builder.u32(dictionary::SESSION_TIMEOUT, 60).text(mikrotik::RATE_LIMIT, "1M/5M");
//! let accept = Packet::parse(builder.finish(&secret)?)?;
//! secret.verify_reply(&accept, request.authenticator())?;
//! # Ok(())
//! # }
//! ```

mod attribute;
mod auth;
mod builder;
pub mod chap;
mod code;
mod credentials;
pub mod dictionary;
mod display;
mod error;
mod packet;
mod pap;
mod value;

pub use attribute::{Attribute, Counter};
pub use auth::Secret;
pub use builder::Builder;
pub use code::Code;
pub use credentials::{ChapPassword, Credentials, HiddenPassword};
pub use display::Readable;
pub use error::Error;
pub use packet::{Attributes, HEADER_LENGTH, MAX_LENGTH, Packet};
pub use pap::{MAX_PASSWORD_LENGTH, Password, hide};
pub use value::{
    AcctStatusType, AcctTerminateCause, ErrorCause, FramedProtocol, NasPortType, ServiceType,
};

/// The 16 octets that bind a reply to its request and a packet to the secret (RFC 2865 §3).
pub type Authenticator = [u8; 16];
