//! Money: exact, in one currency, written as people write it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The currencies Bando sells in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Kenyan shilling, 2 decimals.
    Kes,
    /// West African CFA franc, no decimals.
    Xof,
    /// Ugandan shilling, no decimals (ISO 4217).
    Ugx,
    /// Tanzanian shilling, 2 decimals.
    Tzs,
    /// US dollar, 2 decimals.
    Usd,
}

impl Currency {
    /// All of them, in the order a form offers them.
    pub const ALL: [Self; 5] = [Self::Kes, Self::Xof, Self::Ugx, Self::Tzs, Self::Usd];

    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kes => "KES",
            Self::Xof => "XOF",
            Self::Ugx => "UGX",
            Self::Tzs => "TZS",
            Self::Usd => "USD",
        }
    }

    /// Decimals of the minor unit (ISO 4217).
    pub const fn decimals(self) -> u32 {
        match self {
            Self::Kes | Self::Tzs | Self::Usd => 2,
            Self::Xof | Self::Ugx => 0,
        }
    }

    /// Minor units in one major unit.
    pub const fn minor_per_major(self) -> i64 {
        10_i64.pow(self.decimals())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::ALL
            .into_iter()
            .find(|c| c.code().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| MoneyError::UnknownCurrency(text.chars().take(8).collect()))
    }
}

/// Why a text or a sum is not money.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency that Bando sells in.
    #[error("unknown currency {0:?}; use one of KES, XOF, UGX, TZS, USD")]
    UnknownCurrency(String),
    /// Not a decimal number.
    #[error("{0:?} is not an amount; write it like 50 or 49.50")]
    NotANumber(String),
    /// More decimals than the currency has.
    #[error("{currency} has {} decimals at most", currency.decimals())]
    TooPrecise {
        /// The currency of the amount.
        currency: Currency,
    },
    /// Two currencies in one sum.
    #[error("cannot reckon {0} with {1}")]
    Mixed(Currency, Currency),
    /// Past what 64 bits hold.
    #[error("the amount is too large")]
    Overflow,
}

/// An amount in minor units of one currency. May be negative (a ledger balance).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` minor units (cents, where the currency has them).
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in that currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::from_minor(0, currency)
    }

    /// `major` whole units.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn from_major(major: i64, currency: Currency) -> Result<Self, MoneyError> {
        major
            .checked_mul(currency.minor_per_major())
            .map(|minor| Self::from_minor(minor, currency))
            .ok_or(MoneyError::Overflow)
    }

    /// Reads a plain decimal number such as `50`, `49.5`, `1,250.00` or `-3`: exactly, never by way
    /// of a float. Trailing zeros past the currency's decimals are fine (`100.00` XOF), other digits
    /// are not.
    ///
    /// # Errors
    /// [`MoneyError::NotANumber`], [`MoneyError::TooPrecise`], [`MoneyError::Overflow`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let bad = || MoneyError::NotANumber(text.chars().take(32).collect());
        let cleaned: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ',' | ' ' | '\u{a0}' | '\u{202f}'))
            .collect();
        let (negative, digits) = match cleaned.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(bad());
        }
        let decimals = currency.decimals() as usize;
        let significant = fraction.trim_end_matches('0');
        if significant.len() > decimals {
            return Err(MoneyError::TooPrecise { currency });
        }
        let minor_digits = format!("{whole}{significant:0<decimals$}");
        let minor: i64 = minor_digits.parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Self::from_minor(
            if negative { -minor } else { minor },
            currency,
        ))
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whole units if there is no fraction: what gateways that take no decimals are sent.
    pub const fn whole_major(self) -> Option<i64> {
        let per = self.currency.minor_per_major();
        if self.minor % per == 0 {
            Some(self.minor / per)
        } else {
            None
        }
    }

    /// Above zero.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`], [`MoneyError::Overflow`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self::from_minor(minor, self.currency))
    }

    /// The plain decimal number without currency or grouping, as wire formats want it: `49.50`, `200`.
    pub fn decimal(self) -> String {
        let decimals = self.currency.decimals() as usize;
        let per = self.currency.minor_per_major().unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        if decimals == 0 {
            format!("{sign}{minor}")
        } else {
            format!("{sign}{}.{:0decimals$}", minor / per, minor % per)
        }
    }
}

/// As people there write it: `KES 1,250`, `KES 49.50`, and `1 250 FCFA` for XOF; decimals only
/// where there are any.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = self.currency.minor_per_major().unsigned_abs();
        let (whole, cents) = (
            self.minor.unsigned_abs() / per,
            self.minor.unsigned_abs() % per,
        );
        let sign = if self.minor < 0 { "\u{2212}" } else { "" };
        if self.currency == Currency::Xof {
            // No-break spaces, so that an amount never wraps.
            return write!(f, "{sign}{}\u{a0}FCFA", grouped(whole, '\u{a0}'));
        }
        write!(f, "{}\u{a0}{sign}{}", self.currency, grouped(whole, ','))?;
        if cents != 0 {
            write!(f, ".{cents:02}")?;
        }
        Ok(())
    }
}

fn grouped(n: u64, separator: char) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * separator.len_utf8());
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_and_gateways_write() {
        let kes = |t| Money::parse(t, Currency::Kes);
        assert_eq!(kes("50").map(Money::minor), Ok(5000));
        assert_eq!(kes("1,250.5").map(Money::minor), Ok(125_050));
        assert_eq!(kes("1.00").map(Money::minor), Ok(100));
        assert_eq!(kes("-3").map(Money::minor), Ok(-300));
        assert_eq!(
            Money::parse("200.00", Currency::Xof).map(Money::minor),
            Ok(200)
        );
        for bad in ["", ".5", "5e3", "1.2.3", "NaN", "٥", "--1", "+5"] {
            assert!(kes(bad).is_err(), "{bad:?} was read");
        }
        assert_eq!(
            kes("0.001"),
            Err(MoneyError::TooPrecise {
                currency: Currency::Kes
            })
        );
        assert_eq!(kes("99999999999999999999"), Err(MoneyError::Overflow));
    }

    #[test]
    fn writes_it_as_people_there_do() {
        let shown = |minor, c| {
            Money::from_minor(minor, c)
                .to_string()
                .replace('\u{a0}', " ")
        };
        assert_eq!(shown(125_000, Currency::Kes), "KES 1,250");
        assert_eq!(shown(4_950, Currency::Kes), "KES 49.50");
        assert_eq!(shown(1_250_000, Currency::Xof), "1 250 000 FCFA");
        assert_eq!(shown(-500, Currency::Usd), "USD −5");
        assert_eq!(Money::from_minor(4_950, Currency::Kes).decimal(), "49.50");
        assert_eq!(Money::from_minor(-200, Currency::Xof).decimal(), "-200");
    }

    #[test]
    fn never_mixes_currencies() {
        let sum = Money::zero(Currency::Kes).plus(Money::zero(Currency::Xof));
        assert_eq!(sum, Err(MoneyError::Mixed(Currency::Kes, Currency::Xof)));
    }
}
