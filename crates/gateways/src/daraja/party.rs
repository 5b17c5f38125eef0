//! The other side of a movement, as M-Pesa writes it: `254712345678 - JANE DOE`, masked, or with a
//! zero in front.

use bando_domain::{Country, Phone};

use crate::text;

/// Whoever paid, was paid, or is us.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Party {
    /// The number, if it is a whole Kenyan mobile number.
    pub(super) phone: Option<Phone>,
    /// The number, if it is a paybill's or till's.
    pub(super) shortcode: Option<String>,
    /// The name and, where it is masked, the number.
    pub(super) name: Option<String>,
}

/// Reads `number - name`; either may be missing.
pub(super) fn read_party(written: &str) -> Party {
    let written = text::clean(written);
    let (number, name) = match written.split_once(" - ") {
        Some((number, name)) => (number.trim(), name.trim()),
        None if written.bytes().any(|b| b.is_ascii_digit()) => (written.as_str(), ""),
        None => ("", written.as_str()),
    };
    let phone = Phone::parse(number, Country::Ke)
        .ok()
        .filter(|phone| phone.country() == Some(Country::Ke));
    let shortcode = is_shortcode(number).then(|| number.to_owned());
    let is_told = phone.is_some() || shortcode.is_some();
    let parts = [name, if is_told { "" } else { number }];
    let shown: Vec<&str> = parts.into_iter().filter(|part| is_readable(part)).collect();
    Party {
        phone,
        shortcode,
        name: Some(shown.join(" · ")).filter(|name| !name.is_empty()),
    }
}

/// Whether it tells a person anything: not a lone dash, not a SHA-256.
fn is_readable(text: &str) -> bool {
    let is_hash = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    text.contains(char::is_alphanumeric) && !is_hash
}

/// Paybills and tills have 5 to 7 digits.
pub(super) fn is_shortcode(text: &str) -> bool {
    (5..=7).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_way_it_is_written() {
        for (written, phone, shortcode, name) in [
            (
                "254712345678 - JANE DOE",
                Some("254712345678"),
                None,
                Some("JANE DOE"),
            ),
            (
                "0712345678 - Dennis  ngari",
                Some("254712345678"),
                None,
                Some("Dennis  ngari"),
            ),
            (
                "2547****0111 - MARY",
                None,
                None,
                Some("MARY · 2547****0111"),
            ),
            ("2547 ***** 126", None, None, Some("2547 ***** 126")),
            (
                "600310 - Safaricom333",
                None,
                Some("600310"),
                Some("Safaricom333"),
            ),
            ("712345678", Some("254712345678"), None, None),
            ("KCB BANK", None, None, Some("KCB BANK")),
            ("", None, None, None),
            (" - ", None, None, None),
            (
                "bbff37cea44ac0b2d964ee0dfb8d2df8513dc7ba1b36129a929fc3fbd6dd4af4",
                None,
                None,
                None,
            ),
        ] {
            let party = read_party(written);
            assert_eq!(party.phone.as_ref().map(Phone::digits), phone, "{written}");
            assert_eq!(party.shortcode.as_deref(), shortcode, "{written}");
            assert_eq!(party.name.as_deref(), name, "{written}");
        }
    }
}
