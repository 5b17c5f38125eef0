//! Wave's amounts and times.

use std::str::FromStr as _;

use bando_domain::{Currency, Money, Phone, Timestamp};

/// Reads an amount: a string, digits and a point only. Trailing zeros after the point are fine,
/// though Wave writes francs without.
pub(super) fn read(amount: &str, currency: &str) -> Option<Money> {
    let currency = Currency::from_str(currency).ok()?;
    let digits = amount.strip_prefix('-').unwrap_or(amount);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then(|| Money::parse(amount, currency).ok()).flatten()
}

/// Reads an amount that must be above zero.
pub(super) fn positive(amount: &str, currency: &str) -> Option<Money> {
    read(amount, currency).filter(|money| money.is_positive())
}

/// Reads such as `2021-12-08T10:13:04Z`.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

/// Reads such as `+2250707123456`.
pub(super) fn phone(text: &str) -> Option<Phone> {
    Phone::from_international(text.strip_prefix('+')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_exactly() {
        let xof = |text| read(text, "XOF").map(Money::minor);
        assert_eq!(xof("1000"), Some(1000));
        assert_eq!(xof("-990"), Some(-990));
        assert_eq!(xof("1000.00"), Some(1000));
        for bad in [
            "",
            "1,000",
            "1 000",
            "1e3",
            "10.5",
            "+5",
            "--5",
            "٥",
            "99999999999999999999",
        ] {
            assert_eq!(xof(bad), None, "{bad}");
        }
        assert_eq!(read("5", "GMD"), None);
        assert_eq!(positive("0", "XOF"), None);
        assert_eq!(positive("-1", "XOF"), None);
    }
}
