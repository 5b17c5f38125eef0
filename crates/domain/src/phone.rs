//! Telephone numbers in E.164.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A country whose local ways of writing a number Bando knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Country {
    /// Kenya: `0712 345 678`, `0112 345 678`.
    Ke,
    /// Côte d'Ivoire: ten digits, `07 00 00 00 00`.
    Ci,
    /// Senegal: nine digits, `77 123 45 67`.
    Sn,
    /// Uganda: `0772 123456`.
    Ug,
    /// Tanzania: `0754 123 456`.
    Tz,
}

impl Country {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ke, Self::Ci, Self::Sn, Self::Ug, Self::Tz];

    /// The country calling code.
    pub const fn calling_code(self) -> &'static str {
        match self {
            Self::Ke => "254",
            Self::Ci => "225",
            Self::Sn => "221",
            Self::Ug => "256",
            Self::Tz => "255",
        }
    }

    /// ISO 3166 alpha-2.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ke => "KE",
            Self::Ci => "CI",
            Self::Sn => "SN",
            Self::Ug => "UG",
            Self::Tz => "TZ",
        }
    }

    /// The country with that ISO 3166 alpha-2 code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|c| c.code().eq_ignore_ascii_case(code))
    }

    /// A mobile number there, as a customer would type it: the placeholder of a form.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Ke => "0712 345 678",
            Self::Ci => "07 00 00 00 00",
            Self::Sn => "77 123 45 67",
            Self::Ug => "0772 123 456",
            Self::Tz => "0754 123 456",
        }
    }

    /// Whether people there dial `0` before the national number. In Côte d'Ivoire the zero is part
    /// of the number itself.
    const fn has_trunk_zero(self) -> bool {
        matches!(self, Self::Ke | Self::Ug | Self::Tz)
    }

    /// Whether these national digits (after the calling code) are a mobile number there. Operators'
    /// prefixes move between companies, so only the first digits that mean "mobile" are checked.
    fn is_mobile(self, national: &str) -> bool {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|p| national.starts_with(p));
        match self {
            Self::Ke => national.len() == 9 && starts(&["7", "1"]),
            Self::Ci => national.len() == 10 && starts(&["01", "05", "07"]),
            Self::Sn => national.len() == 9 && starts(&["70", "71", "75", "76", "77", "78"]),
            Self::Ug => national.len() == 9 && starts(&["7"]),
            Self::Tz => national.len() == 9 && starts(&["6", "7"]),
        }
    }
}

/// Why a text is not a phone number.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PhoneError {
    /// Nothing was typed.
    #[error("no phone number was given")]
    Empty,
    /// Something other than digits and the usual separators.
    #[error("a phone number has only digits, spaces, dashes and brackets")]
    NotDigits,
    /// Not a mobile number of the country, nor a full international one.
    #[error("this is not a mobile number of {}; write it like {}", .0.code(), .0.example())]
    NotMobile(Country),
}

/// A mobile number, kept as E.164 digits without the plus (`254712345678`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads a number as people type it. Local forms are taken as `home`'s; a number that begins
    /// with `+`, `00` or a calling code we know is taken as international.
    ///
    /// # Errors
    /// [`PhoneError`], in words that may be shown.
    pub fn parse(text: &str, home: Country) -> Result<Self, PhoneError> {
        let text = text.trim();
        let mut digits = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                ' ' | '-' | '(' | ')' | '.' | '/' | '+' | '\u{a0}' | '\u{202f}' => {}
                _ => return Err(PhoneError::NotDigits),
            }
        }
        if digits.is_empty() {
            return Err(PhoneError::Empty);
        }
        if text.chars().skip(1).any(|c| c == '+') {
            return Err(PhoneError::NotDigits);
        }
        if let Some(international) = text
            .strip_prefix('+')
            .map(|_| digits.as_str())
            .or_else(|| digits.strip_prefix("00"))
        {
            return Self::from_international(international).ok_or(PhoneError::NotMobile(home));
        }
        if let Some(national) = digits.strip_prefix(home.calling_code())
            && home.is_mobile(national)
        {
            return Ok(Self(digits));
        }
        let national = match digits.strip_prefix('0') {
            Some(rest) if home.has_trunk_zero() => rest,
            _ => digits.as_str(),
        };
        if home.is_mobile(national) {
            return Ok(Self(format!("{}{national}", home.calling_code())));
        }
        let known_elsewhere = Country::ALL
            .iter()
            .any(|c| digits.starts_with(c.calling_code()));
        known_elsewhere
            .then(|| Self::from_international(&digits))
            .flatten()
            .ok_or(PhoneError::NotMobile(home))
    }

    /// A number already in E.164 digits, as gateways send it. For countries we know it must be a
    /// mobile number; others only have to have a plausible length (ITU-T E.164: at most 15 digits).
    pub fn from_international(digits: &str) -> Option<Self> {
        let plausible = (8..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if !plausible {
            return None;
        }
        let country = Country::ALL
            .into_iter()
            .find(|c| digits.starts_with(c.calling_code()));
        match country {
            Some(c) if !c.is_mobile(&digits[c.calling_code().len()..]) => None,
            _ => Some(Self(digits.to_owned())),
        }
    }

    /// E.164 digits without the plus, as Daraja and the database want it.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// The country, if it is one we know.
    pub fn country(&self) -> Option<Country> {
        Country::ALL
            .into_iter()
            .find(|c| self.0.starts_with(c.calling_code()))
    }

    /// The number as its owner writes it (`0712 345 678`), or with a plus when it is foreign.
    pub fn local(&self) -> String {
        let Some(country) = self.country() else {
            return format!("+{}", self.0);
        };
        let national = &self.0[country.calling_code().len()..];
        match country {
            Country::Ci => pairs(national),
            Country::Sn => {
                format!(
                    "{} {} {}",
                    &national[..2],
                    &national[2..5],
                    pairs(&national[5..])
                )
            }
            _ => format!("0{} {} {}", &national[..3], &national[3..6], &national[6..]),
        }
    }

    /// The number with its middle hidden (`0712 ••• 678`), for screens and logs.
    pub fn masked(&self) -> String {
        let local = self.local();
        let count = local.chars().filter(char::is_ascii_digit).count();
        let mut seen = 0;
        local
            .chars()
            .map(|c| {
                if !c.is_ascii_digit() {
                    return c;
                }
                seen += 1;
                if seen > 4 && seen + 3 <= count {
                    '•'
                } else {
                    c
                }
            })
            .collect()
    }
}

fn pairs(digits: &str) -> String {
    let chunks: Vec<&str> = (0..digits.len())
        .step_by(2)
        .map(|i| &digits[i..(i + 2).min(digits.len())])
        .collect();
    chunks.join(" ")
}

/// Masked: a whole number in a log line has to be asked for.
impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl TryFrom<String> for Phone {
    type Error = PhoneError;

    fn try_from(text: String) -> Result<Self, PhoneError> {
        Self::from_international(text.trim_start_matches('+')).ok_or(PhoneError::NotDigits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kenyan_vectors() {
        for text in [
            "0712345678",
            "+254712345678",
            "254712345678",
            "712345678",
            "0712-345-678",
            "(254) 712345678",
            " 0712 345 678 ",
            "00254712345678",
        ] {
            let phone = Phone::parse(text, Country::Ke).expect(text);
            assert_eq!(phone.digits(), "254712345678", "{text}");
        }
        assert_eq!(
            Phone::parse("0112345678", Country::Ke).map(String::from),
            Ok("254112345678".into())
        );
        for text in [
            "",
            "12345",
            "0812345678",
            "07123456789",
            "254612345678",
            "07one2345",
        ] {
            assert!(
                Phone::parse(text, Country::Ke).is_err(),
                "{text:?} was taken"
            );
        }
    }

    #[test]
    fn west_african_vectors() {
        let ci = Phone::parse("0700000000", Country::Ci).expect("ci");
        assert_eq!(ci.digits(), "2250700000000");
        assert_eq!(ci.local(), "07 00 00 00 00");
        let sn = Phone::parse("77 123 45 67", Country::Sn).expect("sn");
        assert_eq!(sn.digits(), "221771234567");
        assert_eq!(sn.local(), "77 123 45 67");
        assert!(Phone::parse("72 123 45 67", Country::Sn).is_err());
    }

    #[test]
    fn a_visitor_may_type_a_foreign_number() {
        assert_eq!(
            Phone::parse("+33612345678", Country::Ke).map(String::from),
            Ok("33612345678".into())
        );
        assert_eq!(
            Phone::parse("221771234567", Country::Ke).map(String::from),
            Ok("221771234567".into())
        );
    }

    #[test]
    fn hides_the_middle() {
        let phone = Phone::parse("0712345678", Country::Ke).expect("ke");
        assert_eq!(phone.masked(), "0712 ••• 678");
        assert_eq!(format!("{phone:?}"), "Phone(0712 ••• 678)");
    }
}
