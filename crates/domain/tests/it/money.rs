//! Money is exact: what is written is read back, digit for digit.

use bando_domain::{Currency, Money, MoneyError};
use proptest::prelude::*;

fn currency() -> impl Strategy<Value = Currency> {
    proptest::sample::select(Currency::ALL.to_vec())
}

proptest! {
    #[test]
    fn decimals_round_trip(minor: i64, currency in currency()) {
        prop_assume!(minor != i64::MIN);
        let money = Money::from_minor(minor, currency);
        prop_assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
    }

    #[test]
    fn what_people_read_is_what_there_is(minor: i64, currency in currency()) {
        prop_assume!(minor != i64::MIN);
        let money = Money::from_minor(minor, currency);
        let shown = money.to_string();
        let number: String = shown
            .replace('−', "-")
            .chars()
            .filter(|c| c.is_ascii_digit() || matches!(c, '-' | '.'))
            .collect();
        prop_assert_eq!(Money::parse(&number, currency), Ok(money), "{}", shown);
    }

    #[test]
    fn digits_are_taken_as_they_stand(whole in 0_i64..90_000_000_000_000, cents in 0_i64..100) {
        // Far past 2^53, where a float would already have rounded.
        let text = format!("{whole}.{cents:02}");
        let money = Money::parse(&text, Currency::Kes).unwrap();
        prop_assert_eq!(money.minor(), whole * 100 + cents);
    }

    #[test]
    fn nothing_that_is_typed_panics(text in ".{0,40}", currency in currency()) {
        if let Ok(money) = Money::parse(&text, currency) {
            prop_assert_eq!(money.currency(), currency);
        }
    }

    #[test]
    fn sums_are_exact_or_refused(a: i64, b: i64, x in currency(), y in currency()) {
        let sum = Money::from_minor(a, x).plus(Money::from_minor(b, y));
        match (x == y, a.checked_add(b)) {
            (false, _) => prop_assert_eq!(sum, Err(MoneyError::Mixed(x, y))),
            (true, None) => prop_assert_eq!(sum, Err(MoneyError::Overflow)),
            (true, Some(minor)) => prop_assert_eq!(sum, Ok(Money::from_minor(minor, x))),
        }
    }

    #[test]
    fn whole_units_are_whole(minor: i64, currency in currency()) {
        let whole = Money::from_minor(minor, currency).whole_major();
        prop_assert_eq!(whole.is_some(), minor % currency.minor_per_major() == 0);
        if let Some(major) = whole {
            prop_assert_eq!(Money::from_major(major, currency), Ok(Money::from_minor(minor, currency)));
        }
    }
}

#[test]
fn the_smallest_amount_can_be_shown() {
    for currency in Currency::ALL {
        let least = Money::from_minor(i64::MIN, currency);
        assert!(least.to_string().contains('−'));
        assert!(least.decimal().starts_with('-'));
    }
}

#[test]
fn sources_hold_no_float() {
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for float in ["f32", "f64"] {
            assert!(!text.contains(float), "{float} in {}", path.display());
        }
    }
}
