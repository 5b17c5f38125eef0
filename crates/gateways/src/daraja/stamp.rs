//! Daraja's clock face: 14 digits in East Africa Time, and the password made with them.

use bando_domain::{Secret, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use jiff::tz::{Offset, offset};

/// East Africa Time: three hours ahead of UTC, all year.
const EAT: Offset = offset(3);

/// `at` as `YYYYMMDDHHmmss` in East Africa Time.
pub(crate) fn stamp(at: Timestamp) -> String {
    let utc = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let t = EAT.to_datetime(utc);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// `at` as `YYYY-MM-DD HH:MM:SS` in East Africa Time.
pub(super) fn date_time(at: Timestamp) -> String {
    let utc = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    EAT.to_datetime(utc)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// Reads `YYYYMMDDHHmmss` in East Africa Time.
pub(crate) fn read_stamp(text: &str) -> Option<Timestamp> {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let two = |at: usize| text[at..at + 2].parse::<i8>().ok();
    let year = text[..4].parse().ok()?;
    let local = DateTime::new(year, two(4)?, two(6)?, two(8)?, two(10)?, two(12)?, 0).ok()?;
    let utc = EAT.to_timestamp(local).ok()?;
    Some(Timestamp::from_millis(utc.as_millisecond()))
}

/// `base64(shortcode + passkey + stamp)`; the same stamp goes into the request beside it.
pub(crate) fn password(shortcode: &str, passkey: &Secret, stamp: &str) -> String {
    STANDARD.encode(format!("{shortcode}{}{stamp}", passkey.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rfc_3339: &str) -> Timestamp {
        let t: jiff::Timestamp = rfc_3339.parse().expect("a time");
        Timestamp::from_millis(t.as_millisecond())
    }

    #[test]
    fn is_three_hours_ahead_across_midnight() {
        assert_eq!(stamp(at("2026-06-28T06:24:08Z")), "20260628092408");
        assert_eq!(stamp(at("2026-06-28T22:30:00Z")), "20260629013000");
        assert_eq!(date_time(at("2026-06-28T22:30:00Z")), "2026-06-29 01:30:00");
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let t = at("2026-06-28T22:30:00Z");
        assert_eq!(read_stamp(&stamp(t)), Some(t));
        for bad in [
            "",
            "2026062801300",
            "20261328013000",
            "20260628246000",
            "2026-6-28 0130",
            "２０２６06280130",
        ] {
            assert_eq!(read_stamp(bad), None, "{bad:?} was read");
        }
    }

    #[test]
    fn password_is_the_portals_sample() {
        let passkey =
            Secret::new("bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919");
        assert_eq!(
            password("174379", &passkey, "20210628092408"),
            "MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGExZWQyYzkxOTIwMjEwNjI4MDkyNDA4"
        );
    }
}
