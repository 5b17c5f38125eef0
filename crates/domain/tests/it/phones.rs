//! Phone numbers and MAC addresses, in every way they are written.

use bando_domain::{Country, MacAddr, Phone};
use proptest::prelude::*;

fn country() -> impl Strategy<Value = Country> {
    proptest::sample::select(Country::ALL.to_vec())
}

proptest! {
    #[test]
    fn what_is_understood_stays_the_same(
        text in prop_oneof!["[0-9+()./ a-zé٣\u{a0}-]{0,24}", "[+]?[0-9]{7,16}", "0[17][0-9]{8}", "[+]22[15][0-9]{9,10}"], home in country()) {
        if let Ok(phone) = Phone::parse(&text, home) {
            let digits = phone.digits();
            prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()));
            prop_assert!((8..=15).contains(&digits.len()), "{}", digits);
            // Reading again what was understood changes nothing, wherever it is read.
            prop_assert_eq!(Phone::from_international(digits), Some(phone.clone()));
            for other in Country::ALL {
                let again = Phone::parse(&format!("+{digits}"), other);
                prop_assert_eq!(again, Ok(phone.clone()));
            }
            // What is shown at home is read at home.
            let at_home = phone.country().unwrap_or(home);
            prop_assert_eq!(Phone::parse(&phone.local(), at_home), Ok(phone.clone()));
            let (masked, local) = (phone.masked(), phone.local());
            prop_assert_eq!(masked.chars().count(), local.chars().count());
            prop_assert!(masked.contains('•'));
        }
    }

    #[test]
    fn any_text_at_all(text in "\\PC{0,30}", home in country()) {
        let _ = Phone::parse(&text, home);
        let _ = text.parse::<MacAddr>();
    }

    #[test]
    fn separators_mean_nothing(n in 0_u32..100_000_000, at in prop::collection::vec((0_usize..10, "[ ()./-]"), 0..6)) {
        let plain = format!("07{n:08}");
        let mut text = plain.clone();
        for (i, separator) in at {
            text.insert_str(i, &separator);
        }
        prop_assert_eq!(Phone::parse(&text, Country::Ke), Phone::parse(&plain, Country::Ke));
    }

    #[test]
    fn every_way_routers_write_an_address(octets: [u8; 6], upper: bool) {
        let mac = MacAddr::new(octets);
        let hex = |upto: usize, separator: &str| {
            let digits: String = octets.iter().map(|o| format!("{o:02x}")).collect();
            let groups: Vec<&str> = (0..12).step_by(upto).map(|i| &digits[i..i + upto]).collect();
            groups.join(separator)
        };
        // radius-mac-format of RouterOS, and the forms of others.
        for text in [
            hex(2, ":"), hex(2, "-"), hex(2, " "), hex(12, ""), hex(6, "-"), hex(6, ":"), hex(4, ":"), hex(4, "."), hex(4, "-"),
        ] {
            let text = if upper { text.to_uppercase() } else { text };
            prop_assert_eq!(text.parse(), Ok(mac), "{}", text);
        }
        prop_assert_eq!(mac.to_string().parse(), Ok(mac));
        prop_assert_eq!(mac.is_locally_administered(), octets[0] & 2 == 2);
    }

    #[test]
    fn a_longer_or_shorter_address_is_none(octets: [u8; 6], cut in 1_usize..17, extra in "[0-9a-f:]{1,3}") {
        let text = MacAddr::new(octets).to_string();
        prop_assert!(text[..cut].parse::<MacAddr>().is_err());
        let longer = format!("{text}{extra}");
        prop_assert!(longer.parse::<MacAddr>().is_err());
    }
}

#[test]
fn vectors() {
    for (text, home, digits) in [
        ("0712345678", Country::Ke, "254712345678"),
        ("0112345678", Country::Ke, "254112345678"),
        ("+254 (0) 712", Country::Ke, ""),
        ("0700000000", Country::Ci, "2250700000000"),
        ("+225 07 00 00 00 00", Country::Ke, "2250700000000"),
        ("771234567", Country::Sn, "221771234567"),
        ("00221 77 123 45 67", Country::Ci, "221771234567"),
        ("0772123456", Country::Ug, "256772123456"),
        ("0754123456", Country::Tz, "255754123456"),
        ("+33612345678", Country::Sn, "33612345678"),
        ("0812345678", Country::Ke, ""),
        ("254254712345678", Country::Ke, ""),
    ] {
        let read = Phone::parse(text, home)
            .map(String::from)
            .unwrap_or_default();
        assert_eq!(read, digits, "{text}");
    }
}
