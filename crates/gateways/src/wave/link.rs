//! Merchant links, and Wave's transaction ids in what people write.

use bando_domain::{Currency, Money};
use url::Url;

/// The lengths an id may have after its `T` or `T_`. Wave says "up to 20 characters" in all.
const ID_LENGTHS: std::ops::RangeInclusive<usize> = 8..=18;

/// A provider's own link for payments: `https://pay.wave.com/m/M_ci_…/c/ci/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct MerchantLink(Url);

impl MerchantLink {
    /// Reads it as people paste it: with or without an amount and the slash at the end.
    pub(super) fn read(text: &str, origin: &str) -> Option<Self> {
        let mut url = Url::parse(text.trim()).ok()?;
        let expected = Url::parse(origin).ok()?;
        let same_place = url.origin() == expected.origin()
            && url.username().is_empty()
            && url.password().is_none();
        let segments: Vec<&str> = url.path_segments()?.filter(|s| !s.is_empty()).collect();
        let [m, merchant, c, country] = segments.as_slice() else {
            return None;
        };
        let well_formed = *m == "m"
            && *c == "c"
            && matches!(*country, "ci" | "sn")
            && merchant
                .strip_prefix("M_")
                .and_then(|rest| rest.strip_prefix(*country))
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|id| {
                    (4..=40).contains(&id.len())
                        && id
                            .bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                });
        if !same_place || !well_formed {
            return None;
        }
        let path = format!("/m/{merchant}/c/{country}/");
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        Some(Self(url))
    }

    /// The link that asks for this many whole francs.
    pub(super) fn asking(&self, francs: i64) -> String {
        let mut url = self.0.clone();
        url.set_query(Some(&format!("amount={francs}")));
        url.into()
    }
}

/// The link by which `amount` is paid, given the provider's merchant link at Wave. None when the
/// link is not one, or the amount is not one or more whole CFA francs.
pub fn wave_payment_link(merchant_link: &str, amount: Money) -> Option<String> {
    let francs = amount
        .whole_major()
        .filter(|francs| *francs > 0 && amount.currency() == Currency::Xof)?;
    let link = MerchantLink::read(merchant_link, "https://pay.wave.com")?;
    Some(link.asking(francs))
}

/// The first Wave transaction id in a text, such as a customer pastes: `T_V3TFOUE7VU`, or
/// `TCN4Y4ZC3FM`; in capitals.
pub fn wave_transaction_id(text: &str) -> Option<String> {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let alone = words().filter(|word| !word.is_empty()).count() == 1;
    let id = |word: &str| {
        let upper = word.to_ascii_uppercase();
        let fits = |rest: &str| {
            ID_LENGTHS.contains(&rest.len())
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let rest = upper.strip_prefix('T')?;
        let found = match rest.strip_prefix('_') {
            Some(rest) => fits(rest),
            // A word like TRANSACTION is none, unless nothing else was written.
            None => fits(rest) && (alone || rest.bytes().any(|b| b.is_ascii_digit())),
        };
        found.then_some(upper)
    };
    let underscored = words().filter(|word| word.contains('_')).find_map(id);
    underscored.or_else(|| words().find_map(id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn makes_the_link_that_asks_for_an_amount() {
        let xof = |francs| Money::from_minor(francs, Currency::Xof);
        for pasted in [
            "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/",
            " https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci ",
            "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/?amount=99#x",
        ] {
            assert_eq!(
                wave_payment_link(pasted, xof(365_000)).as_deref(),
                Some("https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/?amount=365000"),
                "{pasted}"
            );
        }
        let link = "https://pay.wave.com/m/M_sn_8xQ2b7Lk/c/sn/";
        assert!(wave_payment_link(link, xof(1)).is_some());
        assert_eq!(wave_payment_link(link, xof(0)), None);
        assert_eq!(
            wave_payment_link(link, Money::from_minor(100, Currency::Kes)),
            None
        );
    }

    #[test]
    fn takes_no_other_link() {
        for bad in [
            "",
            "pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/",
            "http://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/",
            "https://pay.wave.com.evil.test/m/M_ci_8xQ2b7Lk/c/ci/",
            "https://me@pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/",
            "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/sn/",
            "https://pay.wave.com/m/M_ml_8xQ2b7Lk/c/ml/",
            "https://pay.wave.com/m/8xQ2b7Lk/c/ci/",
            "https://pay.wave.com/m/M_ci_8x%2F2b7/c/ci/",
            "https://pay.wave.com/c/cos-18qq25rgr100a",
            "javascript:alert(1)",
        ] {
            assert_eq!(
                MerchantLink::read(bad, "https://pay.wave.com"),
                None,
                "{bad}"
            );
        }
    }

    #[test]
    fn finds_the_transaction_id_in_what_people_paste() {
        for (text, id) in [
            ("T_V3TFOUE7VU", Some("T_V3TFOUE7VU")),
            (" t_46hs5coowe ", Some("T_46HS5COOWE")),
            ("TCN4Y4ZC3FM", Some("TCN4Y4ZC3FM")),
            ("ID de transaction: TCN4Y4ZC3FM. Merci", Some("TCN4Y4ZC3FM")),
            (
                "Transaction T_XNSWIVJPQA de 200F le 20/11",
                Some("T_XNSWIVJPQA"),
            ),
            ("TABCDEFGHIJ", Some("TABCDEFGHIJ")),
            ("la TRANSACTION est faite", None),
            ("telephone 0707123456", None),
            ("T_", None),
            ("", None),
            ("SLK7RT61SV", None),
        ] {
            assert_eq!(wave_transaction_id(text).as_deref(), id, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,80}") {
            if let Some(id) = wave_transaction_id(&text) {
                prop_assert!(id.len() <= 20 && id.starts_with('T'));
            }
            let _ = wave_payment_link(&text, Money::from_minor(5, Currency::Xof));
        }

        #[test]
        fn every_id_is_found(id in "T_[A-Z2-7]{10}", before in "[a-z ]{0,9}", after in "[. ,]") {
            let text = format!("{before} {id}{after} merci");
            prop_assert_eq!(wave_transaction_id(&text), Some(id));
        }
    }
}
