//! Ticket codes: what a customer reads off a voucher and types.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Entropy;

/// Letters and digits that are not mistaken for one another in print: no 0/O, no 1/I/L.
pub const CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Characters of a code: 31^10 ≈ 8·10^14, so that guessing is hopeless even with 100,000 valid
/// codes and a thousand tries a second.
pub const CODE_LENGTH: usize = 10;

/// Why a text cannot be a ticket code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CodeError {
    /// Too few or too many characters.
    #[error("a code has {CODE_LENGTH} letters and digits")]
    Length,
    /// A character that no code has.
    #[error("codes never contain {0:?}")]
    Character(char),
}

/// A ticket code in its one canonical form: ten characters of [`CODE_ALPHABET`].
///
/// It is a password: `Debug` hides it and it is stored encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TicketCode([u8; CODE_LENGTH]);

impl TicketCode {
    /// A random code without modulo bias: bytes past the last whole multiple of 31 are drawn again.
    pub fn random(entropy: &dyn Entropy) -> Self {
        const LIMIT: u8 = (256 / CODE_ALPHABET.len() * CODE_ALPHABET.len()) as u8;
        let (mut code, mut filled) = ([0; CODE_LENGTH], 0);
        while filled < CODE_LENGTH {
            let mut bytes = [0; 16];
            entropy.fill(&mut bytes);
            for byte in bytes.into_iter().filter(|b| *b < LIMIT) {
                if filled < CODE_LENGTH {
                    code[filled] = CODE_ALPHABET[usize::from(byte) % CODE_ALPHABET.len()];
                    filled += 1;
                }
            }
        }
        Self(code)
    }

    /// The ten characters.
    pub fn as_str(&self) -> &str {
        // The alphabet is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// In two groups of five (`K7MPQ 2XW9R`), as it is printed.
    pub fn grouped(&self) -> String {
        let (a, b) = self.as_str().split_at(CODE_LENGTH / 2);
        format!("{a} {b}")
    }

    /// The last three characters, by which a person can tell tickets apart in a list.
    pub fn hint(&self) -> &str {
        &self.as_str()[CODE_LENGTH - 3..]
    }
}

/// Reads a code as people type it: any case, with spaces, dashes or dots anywhere.
impl FromStr for TicketCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let (mut code, mut filled) = ([0; CODE_LENGTH], 0);
        for c in text.chars() {
            if c.is_whitespace()
                || matches!(c, '-' | '.' | '_' | '\u{2013}' | '\u{2014}' | '\u{2011}')
            {
                continue;
            }
            let upper = c.to_ascii_uppercase();
            let known = u8::try_from(upper)
                .ok()
                .filter(|b| CODE_ALPHABET.contains(b));
            let byte = known.ok_or(CodeError::Character(c))?;
            *code.get_mut(filled).ok_or(CodeError::Length)? = byte;
            filled += 1;
        }
        if filled == CODE_LENGTH {
            Ok(Self(code))
        } else {
            Err(CodeError::Length)
        }
    }
}

impl fmt::Display for TicketCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TicketCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketCode(…{})", self.hint())
    }
}

impl From<TicketCode> for String {
    fn from(code: TicketCode) -> Self {
        code.as_str().to_owned()
    }
}

impl TryFrom<String> for TicketCode {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_in_any_shape() {
        let code: TicketCode = "K7MPQ2XW9R".parse().expect("canonical");
        for text in [
            "k7mpq2xw9r",
            "K7MPQ 2XW9R",
            " k7m-pq2-xw9r ",
            "K.7.M.P.Q.2.X.W.9.R",
            "K7MPQ–2XW9R",
        ] {
            assert_eq!(text.parse(), Ok(code), "{text}");
        }
        assert_eq!("K7MPQ2XW9".parse::<TicketCode>(), Err(CodeError::Length));
        assert_eq!("K7MPQ2XW9RR".parse::<TicketCode>(), Err(CodeError::Length));
        assert_eq!(
            "K7MPQ2XW9O".parse::<TicketCode>(),
            Err(CodeError::Character('O'))
        );
        assert_eq!(code.grouped(), "K7MPQ 2XW9R");
        assert_eq!(format!("{code:?}"), "TicketCode(…W9R)");
    }
}
