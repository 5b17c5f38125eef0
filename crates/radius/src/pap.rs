//! Hiding and revealing User-Password (RFC 2865 §5.2).

use std::{fmt, ops::Deref};

use md5::Digest;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Authenticator, Error, Secret};

/// The longest password that PAP can carry, in octets.
pub const MAX_PASSWORD_LENGTH: usize = 128;

const BLOCK: usize = 16;

/// Hides a password, zero-padded to blocks of 16 octets, in `out` and returns the part used.
///
/// # Errors
/// [`Error::PasswordLength`] above 128 octets.
pub fn hide<'o>(
    password: &[u8],
    secret: &Secret,
    authenticator: &Authenticator,
    out: &'o mut [u8; MAX_PASSWORD_LENGTH],
) -> Result<&'o [u8], Error> {
    // An empty password takes a block too: a value of no octets may not be sent.
    let length = password.len().max(1).next_multiple_of(BLOCK);
    let hidden = out
        .get_mut(..length)
        .ok_or(Error::PasswordLength(password.len()))?;
    hidden.fill(0);
    hidden[..password.len()].copy_from_slice(password);
    let mut previous = *authenticator;
    for block in hidden.chunks_exact_mut(BLOCK) {
        mask(block, secret, &previous);
        previous.copy_from_slice(block);
    }
    Ok(hidden)
}

/// A password as the user typed it; wiped from memory when dropped, never printed.
pub struct Password {
    octets: Zeroizing<[u8; MAX_PASSWORD_LENGTH]>,
    length: usize,
}

impl Password {
    /// Reveals a hidden password and takes the padding off. With the wrong secret this gives
    /// octets that mean nothing, not an error. No octets at all are taken for an empty password,
    /// though RFC 2865 forbids to send them.
    ///
    /// # Errors
    /// [`Error::PasswordLength`] if the size is above 128 or no multiple of 16.
    pub(crate) fn reveal(
        hidden: &[u8],
        secret: &Secret,
        authenticator: &Authenticator,
    ) -> Result<Self, Error> {
        let mut octets = Zeroizing::new([0; MAX_PASSWORD_LENGTH]);
        let wrong_length = Error::PasswordLength(hidden.len());
        let plain = octets.get_mut(..hidden.len()).ok_or(wrong_length)?;
        if !hidden.len().is_multiple_of(BLOCK) {
            return Err(wrong_length);
        }
        plain.copy_from_slice(hidden);
        let mut previous = authenticator.as_slice();
        for (block, hidden) in plain
            .chunks_exact_mut(BLOCK)
            .zip(hidden.chunks_exact(BLOCK))
        {
            mask(block, secret, previous);
            previous = hidden;
        }
        let length = plain
            .iter()
            .rposition(|octet| *octet != 0)
            .map_or(0, |last| last + 1);
        Ok(Self { octets, length })
    }

    /// Whether this is the expected password, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, expected: &[u8]) -> bool {
        self.ct_eq(expected).into()
    }
}

impl Deref for Password {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// XORs a block with MD5(secret, previous hidden block): hides and reveals alike.
fn mask(block: &mut [u8], secret: &Secret, previous: &[u8]) {
    let key = secret.begin_digest().chain_update(previous).finalize();
    for (octet, key) in block.iter_mut().zip(key) {
        *octet ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHENTICATOR: Authenticator = [0x5A; 16];

    fn secret() -> Secret {
        Secret::new(b"testing123").unwrap()
    }

    fn round_trip(password: &[u8]) -> (usize, Password) {
        let mut out = [0xFF; MAX_PASSWORD_LENGTH];
        let hidden = hide(password, &secret(), &AUTHENTICATOR, &mut out).unwrap();
        (
            hidden.len(),
            Password::reveal(hidden, &secret(), &AUTHENTICATOR).unwrap(),
        )
    }

    #[test]
    fn every_length_comes_back_in_the_fewest_blocks() {
        for length in 0..=MAX_PASSWORD_LENGTH {
            let password = vec![b'x'; length];
            let (hidden, revealed) = round_trip(&password);
            assert_eq!(hidden, length.div_ceil(16).max(1) * 16);
            assert!(revealed.matches(&password), "{length} octets");
            assert!(!revealed.matches(b"y"));
        }
    }

    #[test]
    fn impossible_sizes_are_refused() {
        let mut out = [0; MAX_PASSWORD_LENGTH];
        let long = hide(&[b'x'; 129], &secret(), &AUTHENTICATOR, &mut out);
        assert_eq!(long, Err(Error::PasswordLength(129)));
        for size in [1, 15, 17, 129, 144, 253] {
            let revealed = Password::reveal(&vec![0; size], &secret(), &AUTHENTICATOR);
            assert_eq!(revealed.unwrap_err(), Error::PasswordLength(size));
        }
        assert!(
            Password::reveal(&[], &secret(), &AUTHENTICATOR)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn nothing_secret_is_printed() {
        let (_, revealed) = round_trip(b"hunter2");
        assert_eq!(
            format!("{revealed:?} {:?}", secret()),
            "Password(…) Secret(…)"
        );
    }
}
