//! What a user offers to prove who they are.

use std::fmt;

use subtle::ConstantTimeEq;

use crate::{
    Authenticator, Error, Packet, Password, Secret, chap,
    dictionary::{CHAP_CHALLENGE, CHAP_PASSWORD, USER_PASSWORD},
};

/// The proof in an Access-Request.
#[derive(Clone, Copy, Debug)]
pub enum Credentials<'a> {
    /// The password, hidden under the secret.
    Pap(HiddenPassword<'a>),
    /// A digest of the password; to check it, the password must be known in the clear.
    Chap(ChapPassword<'a>),
}

impl Credentials<'_> {
    /// Whether the user has proved to know `password`, compared in constant time.
    ///
    /// # Errors
    /// [`Error::PasswordLength`] if a hidden password has an impossible size.
    pub fn verify(&self, secret: &Secret, password: &[u8]) -> Result<bool, Error> {
        match self {
            Self::Pap(hidden) => Ok(hidden.reveal(secret)?.matches(password)),
            Self::Chap(chap) => Ok(chap.matches(password)),
        }
    }
}

impl<'a> Packet<'a> {
    /// The PAP or CHAP password in an Access-Request; `None` if there is neither (EAP, MS-CHAP,
    /// or a router that checks nothing).
    ///
    /// # Errors
    /// [`Error::TwoPasswords`] or [`Error::ChapPasswordLength`].
    pub fn credentials(&self) -> Result<Option<Credentials<'a>>, Error> {
        match (self.get(USER_PASSWORD), self.get(CHAP_PASSWORD)) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Error::TwoPasswords),
            (Some(octets), None) => {
                let hidden = HiddenPassword {
                    octets,
                    authenticator: self.authenticator(),
                };
                Ok(Some(Credentials::Pap(hidden)))
            }
            (None, Some(value)) => {
                let wrong_length = Error::ChapPasswordLength(value.len());
                let (identifier, response) = value.split_first().ok_or(wrong_length)?;
                Ok(Some(Credentials::Chap(ChapPassword {
                    identifier: *identifier,
                    response: response.try_into().map_err(|_| wrong_length)?,
                    challenge: self.get(CHAP_CHALLENGE).unwrap_or(self.authenticator()),
                })))
            }
        }
    }
}

/// User-Password (RFC 2865 §5.2) as it stands in a request.
#[derive(Clone, Copy)]
pub struct HiddenPassword<'a> {
    octets: &'a [u8],
    authenticator: &'a Authenticator,
}

impl HiddenPassword<'_> {
    /// What the user typed. With the wrong secret it is octets that mean nothing.
    ///
    /// # Errors
    /// [`Error::PasswordLength`] if the size is impossible.
    pub fn reveal(&self, secret: &Secret) -> Result<Password, Error> {
        Password::reveal(self.octets, secret, self.authenticator)
    }
}

impl fmt::Debug for HiddenPassword<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HiddenPassword(…)")
    }
}

/// CHAP-Password with its challenge (RFC 2865 §5.3, §5.40).
#[derive(Clone, Copy)]
pub struct ChapPassword<'a> {
    identifier: u8,
    response: &'a [u8; 16],
    challenge: &'a [u8],
}

impl ChapPassword<'_> {
    /// Whether the digest was made from `password`, compared in constant time.
    #[must_use]
    pub fn matches(&self, password: &[u8]) -> bool {
        chap::response(self.identifier, password, self.challenge)
            .ct_eq(self.response)
            .into()
    }
}

impl fmt::Debug for ChapPassword<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChapPassword(…)")
    }
}
