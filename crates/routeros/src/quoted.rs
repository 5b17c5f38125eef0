//! String literals of the RouterOS script language.

use std::fmt;

/// A text written as a RouterOS string literal, quotes included.
///
/// Only harmless ASCII is written as it is; everything else becomes `\XX`, its bytes in hexadecimal
/// (manual, "Scripting", constant escape sequences). That covers more than the grammar asks for:
/// `?` too, which opens the help in the terminal of RouterOS 6 even inside quotes; tabs, which
/// complete words there; line ends, which would send the line; and `$`, `[` and `{`, with which
/// values and commands are put into strings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;

        f.write_char('"')?;
        for byte in self.0.bytes() {
            match byte {
                b'"' | b'\\' | b'$' => {
                    f.write_char('\\')?;
                    f.write_char(char::from(byte))?;
                }
                b' '..=b'~' if !matches!(byte, b'?' | b'[' | b']' | b'{' | b'}' | b'`') => {
                    f.write_char(char::from(byte))?;
                }
                _ => write!(f, "\\{byte:02X}")?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a literal as the manual describes it; none if it is not exactly one literal.
    fn read(literal: &str) -> Option<Vec<u8>> {
        let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
        let (mut bytes, mut text) = (inner.bytes(), Vec::new());
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' | b'$' => return None,
                b'\\' => match bytes.next()? {
                    escaped @ (b'"' | b'\\' | b'$') => text.push(escaped),
                    high => {
                        let digits = [high, bytes.next()?];
                        let digits = std::str::from_utf8(&digits).ok()?;
                        text.push(u8::from_str_radix(digits, 16).ok()?);
                    }
                },
                plain => text.push(plain),
            }
        }
        Some(text)
    }

    #[test]
    fn dangerous_characters_are_escaped() {
        let text = "a\"; /system reset\r\n\t$x [y] {z} \\ ? é";
        let literal = Quoted(text).to_string();
        assert_eq!(
            literal,
            r#""a\"; /system reset\0D\0A\09\$x \5By\5D \7Bz\7D \\ \3F \C3\A9""#
        );
        assert_eq!(read(&literal).as_deref(), Some(text.as_bytes()));
    }

    proptest! {
        #[test]
        fn every_text_survives_and_stays_one_printable_word(text in any::<String>()) {
            let literal = Quoted(&text).to_string();
            prop_assert_eq!(read(&literal), Some(text.into_bytes()));
            prop_assert!(literal.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'?'));
        }
    }
}
