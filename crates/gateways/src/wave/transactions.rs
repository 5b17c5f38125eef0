//! `GET /v1/transactions`: what moved in a wallet, day by day.

use std::collections::BTreeMap;

use bando_domain::{Money, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::amount;
use super::api::{Call, CallError};
use crate::gateway::{Movement, MovementKind, NoStatement, Span};
use crate::text::clean;

/// The most pages of one day that are read; Wave's have 1,000 transactions each.
const MAX_PAGES: usize = 50;

/// The most days of one statement.
const MAX_DAYS: i64 = 31;

const DAY_SECONDS: i64 = 24 * 3600;

#[derive(Deserialize)]
struct Page {
    page_info: PageInfo,
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct PageInfo {
    end_cursor: Option<String>,
    has_next_page: bool,
}

#[derive(Deserialize)]
struct Item {
    transaction_id: String,
    amount: String,
    currency: String,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    transaction_type: Option<String>,
    #[serde(default)]
    fee: Option<String>,
    #[serde(default)]
    is_reversal: Option<bool>,
    #[serde(default)]
    counterparty_name: Option<String>,
    #[serde(default)]
    counterparty_mobile: Option<String>,
    #[serde(default)]
    client_reference: Option<String>,
    #[serde(default)]
    checkout_api_session_id: Option<String>,
    #[serde(default)]
    custom_fields: Option<BTreeMap<String, Value>>,
}

impl Call<'_> {
    /// All movements of the day (Wave's days are UTC's) in which `at` is.
    pub(super) async fn day(&self, at: Timestamp) -> Result<Vec<Movement>, CallError> {
        let date = date(at);
        let mut movements = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = vec![("date", date.as_str())];
            query.extend(after.as_deref().map(|cursor| ("after", cursor)));
            let page: Page = self.get_page(&["v1", "transactions"], &query).await?;
            for item in &page.items {
                movements.extend(movement(item).map_err(CallError::Unreadable)?);
            }
            let next = page.page_info.end_cursor;
            if !page.page_info.has_next_page {
                return Ok(movements);
            }
            if next.is_none() || next == after {
                return Err(CallError::Unreadable("Wave's pages do not go on"));
            }
            after = next;
        }
        Err(CallError::Unreadable("too many transactions on one day"))
    }

    /// All movements of a span of time.
    pub(super) async fn statement(&self, span: &Span) -> Result<Vec<Movement>, NoStatement> {
        let day_of = |at: Timestamp| at.as_seconds().div_euclid(DAY_SECONDS);
        let last = Timestamp::from_millis(span.to.as_millis().saturating_sub(1));
        if day_of(last) - day_of(span.from) >= MAX_DAYS {
            return Err(NoStatement::Refused("ask for 31 days at most".into()));
        }
        let mut movements = Vec::new();
        for day in day_of(span.from)..=day_of(last) {
            let of_day = self
                .day(Timestamp::from_seconds(day * DAY_SECONDS))
                .await
                .map_err(no_statement)?;
            let inside = |m: &Movement| m.at.is_none_or(|at| span.from <= at && at < span.to);
            movements.extend(of_day.into_iter().filter(inside));
        }
        Ok(movements)
    }

    /// The payment with this transaction id among those of the `days` up to now; none when there is
    /// none or it was sent back under the same id.
    pub(super) async fn payment(
        &self,
        transaction_id: &str,
        days: i64,
    ) -> Result<Option<Movement>, CallError> {
        for back in 0..days {
            let at = Timestamp::from_seconds(self.now.as_seconds() - back * DAY_SECONDS);
            let mut named: Vec<Movement> = self
                .day(at)
                .await?
                .into_iter()
                .filter(|m| m.receipt == transaction_id)
                .collect();
            if named.len() == 1 && named[0].kind == MovementKind::Payment {
                return Ok(named.pop());
            }
            if !named.is_empty() {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

fn no_statement(error: CallError) -> NoStatement {
    match error {
        CallError::Problem(problem) if matches!(problem.status, 400..=404 | 422) => {
            NoStatement::Refused(problem.why())
        }
        other => NoStatement::Unreachable(other.why()),
    }
}

/// Such as `2021-12-08`.
fn date(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .unwrap_or_default()
        .strftime("%Y-%m-%d")
        .to_string()
}

/// Reads a transaction; none of nothing. A line that cannot be read is an error rather than left
/// out: a statement with holes proves nothing.
///
/// `amount` is by how much the balance changed, so that a payer's payment is `amount` and `fee`
/// together (seen in answers of the real API: 3,366 and 34, 3,267 and 33).
fn movement(item: &Item) -> Result<Option<Movement>, &'static str> {
    let bad = "an amount in Wave's transactions cannot be read";
    let net = amount::read(&item.amount, &item.currency).ok_or(bad)?;
    let told = match item.fee.as_deref() {
        Some(fee) => Some(amount::read(fee, &item.currency).ok_or(bad)?),
        None => None,
    };
    let fee = told.map_or(0, Money::minor);
    let kind = kind(item, net);
    let minor = match kind {
        MovementKind::Payment if net.minor() < 0 || fee < 0 => return Err(bad),
        MovementKind::Payment => net.minor().checked_add(fee),
        // UNVERIFIED: no sample of a refund is known. Wave sends the fee back too, so that what the
        // payer gets is both together, whatever their signs.
        MovementKind::Reversal => net
            .minor()
            .checked_abs()
            .zip(fee.checked_abs())
            .and_then(|(net, fee)| net.checked_add(fee)),
        // UNVERIFIED likewise: the balance loses what the phone gets and the fee.
        MovementKind::Payout => net
            .minor()
            .checked_abs()
            .zip(fee.checked_abs())
            .and_then(|(net, fee)| net.checked_sub(fee)),
        MovementKind::Fee | MovementKind::Other => net.minor().checked_abs(),
    };
    let minor = minor.ok_or(bad)?;
    if minor <= 0 {
        return Ok(None);
    }
    let kept = matches!(kind, MovementKind::Payment | MovementKind::Payout);
    Ok(Some(Movement {
        kind,
        receipt: clean(&item.transaction_id),
        amount: Money::from_minor(minor, net.currency()),
        fee: told
            .filter(|_| kept)
            .map(|fee| Money::from_minor(fee.minor().saturating_abs(), fee.currency())),
        at: item.timestamp.as_deref().and_then(amount::time),
        phone: item.counterparty_mobile.as_deref().and_then(amount::phone),
        payer: item.counterparty_name.as_deref().map(clean),
        reference: item
            .client_reference
            .clone()
            .or_else(|| only_field(item.custom_fields.as_ref()))
            .map(|text| clean(&text)),
        account: None,
        checkout_request_id: item.checkout_api_session_id.clone(),
    }))
}

fn kind(item: &Item, net: Money) -> MovementKind {
    let back = item.is_reversal == Some(true);
    match (item.transaction_type.as_deref(), back) {
        (Some("merchant_payment" | "api_checkout"), false) => MovementKind::Payment,
        (Some("merchant_payment" | "api_checkout"), true)
        | (Some("merchant_payment_refund" | "api_checkout_refund"), _) => MovementKind::Reversal,
        (Some("api_payout" | "bulk_payment"), false) => MovementKind::Payout,
        // "Can be empty": old answers have no type at all.
        (None | Some(""), true) => MovementKind::Reversal,
        (None | Some(""), false)
            if net.is_positive()
                && (item.checkout_api_session_id.is_some()
                    || item.counterparty_mobile.is_some()) =>
        {
            MovementKind::Payment
        }
        _ => MovementKind::Other,
    }
}

/// What the payer typed, if the merchant asks for one thing.
pub(super) fn only_field(fields: Option<&BTreeMap<String, Value>>) -> Option<String> {
    let mut values = fields?.values();
    match (values.next(), values.next()) {
        (Some(Value::String(text)), None) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "written out at each call")]
    fn read(changes: Value) -> Result<Option<Movement>, &'static str> {
        let mut item = json!({
            "timestamp": "2022-12-18T01:17:09Z", "transaction_id": "T_E4PDZ6KN4Q",
            "transaction_type": "merchant_payment", "amount": "990", "fee": "10",
            "balance": "10344", "currency": "XOF", "is_reversal": false,
            "counterparty_name": "Mame Diop", "counterparty_mobile": "+221761110000",
            "client_reference": null, "custom_fields": null,
        });
        for (name, value) in changes.as_object().expect("an object") {
            item[name] = value.clone();
        }
        movement(&serde_json::from_value(item).expect("an item"))
    }

    fn told(changes: Value) -> (MovementKind, i64, Option<i64>) {
        let movement = read(changes).expect("readable").expect("something");
        (
            movement.kind,
            movement.amount.minor(),
            movement.fee.map(Money::minor),
        )
    }

    #[test]
    fn reads_what_the_payer_paid() {
        use MovementKind::*;
        assert_eq!(told(json!({})), (Payment, 1000, Some(10)));
        assert_eq!(told(json!({"fee": null})), (Payment, 990, None));
        let checkout =
            json!({"transaction_type": "api_checkout", "checkout_api_session_id": "cos-1"});
        assert_eq!(told(checkout), (Payment, 1000, Some(10)));
        assert_eq!(
            told(json!({"transaction_type": null})),
            (Payment, 1000, Some(10))
        );
        let movement = read(json!({"custom_fields": {"account_number": "K7P2"}}));
        let movement = movement.expect("readable").expect("something");
        assert_eq!(movement.reference.as_deref(), Some("K7P2"));
        assert_eq!(
            movement.phone.map(|p| p.digits().to_owned()).as_deref(),
            Some("221761110000")
        );
    }

    #[test]
    fn reads_what_went_out() {
        use MovementKind::*;
        for (amount, fee) in [("-990", "-10"), ("-1000", "0"), ("-990", "10")] {
            let refund = json!({"transaction_type": "merchant_payment_refund",
                "amount": amount, "fee": fee, "is_reversal": true});
            assert_eq!(told(refund), (Reversal, 1000, None), "{amount} {fee}");
        }
        let sweep = json!({"transaction_type": "merchant_sweep", "amount": "-5000", "fee": "0"});
        assert_eq!(told(sweep), (Other, 5000, None));
        let payout = json!({"transaction_type": "api_payout", "amount": "-505", "fee": "5"});
        assert_eq!(told(payout), (Payout, 500, Some(5)));
        assert_eq!(
            told(json!({"transaction_type": "b2b_payment"})),
            (Other, 990, None)
        );
    }

    #[test]
    fn an_odd_line_is_not_left_out() {
        assert_eq!(
            read(json!({"amount": "0", "fee": "0"})),
            Ok(None),
            "nothing moved"
        );
        for odd in [
            json!({"amount": "1e3"}),
            json!({"amount": "-990"}),
            json!({"fee": "-10"}),
            json!({"fee": "a bit"}),
            json!({"currency": "GMD"}),
            json!({"amount": "9223372036854775807"}),
        ] {
            assert!(read(odd.clone()).is_err(), "{odd}");
        }
    }
}
