//! The shared secret: what a packet must prove, and how ours prove it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Authenticator, Code, Error, HEADER_LENGTH, Packet};

/// The secret that a router and we share.
///
/// Its keyed hash is prepared once, so keep one `Secret` per router instead of making it per
/// packet. The secret's octets are wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Secret {
    octets: Zeroizing<Vec<u8>>,
    /// HMAC-MD5 with the key already absorbed.
    mac: Hmac<Md5>,
}

impl Secret {
    /// Prepares a secret.
    ///
    /// # Errors
    /// [`Error::SecretEmpty`]: RFC 2865 §3 forbids it, for everybody would know it.
    pub fn new(octets: &[u8]) -> Result<Self, Error> {
        if octets.is_empty() {
            return Err(Error::SecretEmpty);
        }
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mac = Hmac::new_from_slice(octets).expect("a key of any length");
        Ok(Self {
            octets: Zeroizing::new(octets.to_vec()),
            mac,
        })
    }

    /// Checks that a request was made with this secret: the Request Authenticator of those that
    /// compute it (RFC 2866 §3, 5176 §2.3), and Message-Authenticator wherever there is one.
    ///
    /// An Access-Request without Message-Authenticator passes, for older routers send none; whether
    /// this router's may is for the caller to say, see [`Packet::has_message_authenticator`].
    ///
    /// # Errors
    /// [`Error::AuthenticatorWrong`], [`Error::MessageAuthenticatorWrong`], or
    /// [`Error::NotARequest`].
    pub fn verify_request(&self, request: &Packet<'_>) -> Result<(), Error> {
        const ZERO: Authenticator = [0; 16];
        match request.code() {
            Code::AccessRequest | Code::StatusServer => {
                self.verify_message_authenticator(request, request.authenticator())
            }
            Code::AccountingRequest | Code::DisconnectRequest | Code::CoaRequest => {
                self.verify_authenticator(request, &ZERO)?;
                self.verify_message_authenticator(request, &ZERO)
            }
            reply => Err(Error::NotARequest(reply)),
        }
    }

    /// Checks that a reply was made with this secret for the request with this authenticator:
    /// the Response Authenticator (RFC 2865 §3), and Message-Authenticator where there is one.
    /// That the identifiers agree is for the caller to check.
    ///
    /// # Errors
    /// [`Error::AuthenticatorWrong`] or [`Error::MessageAuthenticatorWrong`].
    pub fn verify_reply(
        &self,
        reply: &Packet<'_>,
        request_authenticator: &Authenticator,
    ) -> Result<(), Error> {
        self.verify_authenticator(reply, request_authenticator)?;
        self.verify_message_authenticator(reply, request_authenticator)
    }

    /// Checks Message-Authenticator alone, if there is one. `basis` is what stood in the
    /// authenticator field when it was computed: the Request Authenticator, or zeros in
    /// accounting, CoA and Disconnect requests (RFC 5176 §3.4).
    ///
    /// # Errors
    /// [`Error::MessageAuthenticatorWrong`].
    pub fn verify_message_authenticator(
        &self,
        packet: &Packet<'_>,
        basis: &Authenticator,
    ) -> Result<(), Error> {
        let Some(offset) = packet.message_authenticator_offset() else {
            return Ok(());
        };
        let (before, rest) = packet.as_bytes().split_at(offset);
        let (found, after) = rest.split_at(size_of::<Authenticator>());
        let mut mac = self.mac.clone();
        mac.update(&before[..4]);
        mac.update(basis);
        mac.update(&before[HEADER_LENGTH..]);
        mac.update(&[0; 16]);
        mac.update(after);
        mac.verify_slice(found)
            .map_err(|_| Error::MessageAuthenticatorWrong)
    }

    fn verify_authenticator(
        &self,
        packet: &Packet<'_>,
        basis: &Authenticator,
    ) -> Result<(), Error> {
        let bytes = packet.as_bytes();
        let expected = self.digest(&[&bytes[..4], basis, &bytes[HEADER_LENGTH..]]);
        let equal = bool::from(expected.ct_eq(packet.authenticator()));
        equal.then_some(()).ok_or(Error::AuthenticatorWrong)
    }

    /// HMAC-MD5 under the secret.
    pub(crate) fn mac(&self, bytes: &[u8]) -> [u8; 16] {
        self.mac
            .clone()
            .chain_update(bytes)
            .finalize()
            .into_bytes()
            .into()
    }

    /// MD5 of the parts and then the secret.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut md5 = Md5::new();
        for part in parts {
            md5.update(part);
        }
        md5.chain_update(self.octets.as_slice()).finalize().into()
    }

    /// MD5 begun with the secret, as User-Password wants it.
    pub(crate) fn begin_digest(&self) -> Md5 {
        Md5::new().chain_update(self.octets.as_slice())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
