//! What the status of an order means: the rules, without any network.
//!
//! Status code 0 ("INVALID") is an order that nobody has paid yet, never a failure. Money is believed
//! only when code, words, order, reference, currency and amount all say the same.

use bando_domain::{Currency, Money, PaymentFailure, Phone, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::{Offset, offset};

use super::message::is_id;
use super::reply::{Fields, Reply};
use super::subscription::{SubscriptionCharge, SubscriptionInfo};
use crate::gateway::{Paid, Verdict};

/// East Africa Time, in which dates without a zone are.
const EAT: Offset = offset(3);

/// The error of an order that nobody has paid yet.
const NOT_PAID_YET: &str = "payment_details_not_found";

/// What an answer about `order_tracking_id` means for the payment with this reference.
pub(super) fn verdict(reply: &Reply, order_tracking_id: &str, merchant_reference: &str) -> Verdict {
    let about_another = reply
        .fields()
        .and_then(|fields| fields.text("merchant_reference"))
        .is_some_and(|reference| reference != merchant_reference);
    if about_another && reply.success().is_some() {
        return unreachable("the answer is about another order");
    }
    let verdict = any_verdict(reply, order_tracking_id);
    let named = reply
        .fields()
        .and_then(|fields| fields.text("merchant_reference"));
    match verdict {
        Verdict::Paid(_) | Verdict::Failed { .. } | Verdict::Reversed { .. } if named.is_none() => {
            unreachable("the answer does not name the order")
        }
        verdict => verdict,
    }
}

/// What an answer about a charge of a subscription says.
pub(super) fn subscription_charge(reply: &Reply, order_tracking_id: &str) -> SubscriptionCharge {
    let verdict = any_verdict(reply, order_tracking_id);
    let info = reply.success().and_then(|fields| {
        let info = fields.object("subscription_transaction_info")?;
        let currency = currency(fields);
        Some(SubscriptionInfo {
            account_reference: info.text("account_reference").filter(|id| is_id(id))?,
            correlation_id: info.text("correlation_id").filter(|id| is_id(id)),
            amount: currency.and_then(|currency| positive(&info, currency)),
        })
    });
    SubscriptionCharge { verdict, info }
}

/// What an answer means, whatever reference it names.
fn any_verdict(reply: &Reply, order_tracking_id: &str) -> Verdict {
    if let Some(retry_after) = reply.too_often() {
        return Verdict::RateLimited { retry_after };
    }
    let why = reply.summary();
    if reply.is_2xx()
        && reply
            .error()
            .is_some_and(|error| error.code == NOT_PAID_YET)
    {
        return Verdict::Pending { why };
    }
    let Some(fields) = reply.success() else {
        return Verdict::Unreachable { why };
    };
    let about_another = fields
        .text("order_tracking_id")
        .is_some_and(|id| !id.eq_ignore_ascii_case(order_tracking_id));
    if about_another {
        return unreachable("the answer is about another order");
    }
    let words = fields.words("payment_status_description");
    let says = |word: &str| words.eq_ignore_ascii_case(word);
    match fields.text("status_code").as_deref() {
        Some("0") => Verdict::Pending {
            why: if words.is_empty() { why } else { words },
        },
        Some("1") if says("completed") => paid(fields),
        Some("2") if says("failed") => failed(fields, words),
        Some("3") if says("reversed") => Verdict::Reversed { message: words },
        _ => unreachable("the answer contradicts itself"),
    }
}

fn unreachable(why: &str) -> Verdict {
    Verdict::Unreachable { why: why.into() }
}

fn paid(fields: &Fields) -> Verdict {
    let Some(amount) = currency(fields).and_then(|currency| positive(fields, currency)) else {
        return unreachable("the amount or the currency cannot be read");
    };
    let receipt = fields.text("confirmation_code");
    if receipt.as_deref().is_some_and(|code| !is_id(code)) {
        return unreachable("the confirmation code cannot be read");
    }
    Verdict::Paid(Paid {
        receipt,
        amount: Some(amount),
        fee: None,
        // Mostly masked, and then it is no number.
        phone: fields
            .text("payment_account")
            .and_then(|account| Phone::from_international(&account)),
        at: fields.text("created_date").and_then(|text| date(&text)),
    })
}

fn currency(fields: &Fields) -> Option<Currency> {
    fields.text("currency")?.parse().ok()
}

/// The amount, in full and above zero.
fn positive(fields: &Fields, currency: Currency) -> Option<Money> {
    Money::parse(&fields.text("amount")?, currency)
        .ok()
        .filter(|amount| amount.is_positive())
}

fn date(text: &str) -> Option<Timestamp> {
    let at = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| EAT.to_timestamp(text.parse::<DateTime>().ok()?).ok())?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

fn failed(fields: &Fields, words: String) -> Verdict {
    // Such as `request_terminated_by_user`; no list of them is published.
    let code = fields.words("payment_status_code");
    let description = fields.words("description");
    Verdict::Failed {
        failure: failure(&format!("{code} {description}")),
        code: if code.is_empty() { "2".into() } else { code },
        message: if description.is_empty() {
            words
        } else {
            description
        },
    }
}

/// The class of a failure, by words that were seen. UNVERIFIED beyond the first and the last.
fn failure(said: &str) -> PaymentFailure {
    let said = said.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["terminated_by_user", "cancel"]) {
        PaymentFailure::Cancelled
    } else if says(&["insufficient", "balance"]) {
        PaymentFailure::InsufficientFunds
    } else if says(&["expired", "timeout", "timed out"]) {
        PaymentFailure::PromptExpired
    } else if says(&["limit"]) {
        PaymentFailure::LimitExceeded
    } else {
        PaymentFailure::PayerNotAllowed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::Answer;

    const ID: &str = "7e6b62d9-883e-440f-a63e-e1105bbfadc3";

    /// A paid order, as it was recorded.
    const PAID: &str = r#"{"payment_method":"MpesaKE","amount":10.00,"created_date":"2024-03-18T18:25:46.75",
        "confirmation_code":"SCJ8JQ26SW","order_tracking_id":"7e6b62d9-883e-440f-a63e-e1105bbfadc3",
        "payment_status_description":"Completed","description":null,"message":"Request processed successfully",
        "payment_account":"2547xxx56689","call_back_url":"https://example.com","status_code":1,
        "merchant_reference":"ref-1","payment_status_code":"","currency":"KES",
        "error":{"error_type":null,"code":null,"message":null},"status":"200"}"#;

    fn of(status: u16, body: &str) -> Verdict {
        let answer = Answer {
            status,
            retry_after: None,
            body: body.into(),
        };
        verdict(&Reply::read(&answer), ID, "ref-1")
    }

    fn with(field: &str, value: Value) -> Verdict {
        let mut body: Value = serde_json::from_str(PAID).expect("json");
        body[field] = value;
        of(200, &body.to_string())
    }

    #[test]
    fn the_recorded_payment_is_read() {
        let expected = Paid {
            receipt: Some("SCJ8JQ26SW".into()),
            amount: Some(Money::from_minor(1_000, Currency::Kes)),
            fee: None,
            phone: None,
            at: Some(Timestamp::from_millis(1_710_775_546_750)),
        };
        assert_eq!(of(200, PAID), Verdict::Paid(expected.clone()));
        assert_eq!(
            of(200, &PAID.replace("Completed", "COMPLETED")),
            Verdict::Paid(expected)
        );
    }

    #[test]
    fn an_order_that_nobody_has_paid_is_pending() {
        let recorded = r#"{"payment_method":"","amount":0,"status_code":0,"payment_status_description":"INVALID",
            "merchant_reference":"ref-1","error":{"error_type":"api_error","code":"payment_details_not_found",
            "message":"Pending Payment","call_back_url":null},"status":"500"}"#;
        assert!(matches!(of(200, recorded), Verdict::Pending { .. }));
        assert!(matches!(
            with("status_code", 0.into()),
            Verdict::Pending { .. }
        ));
    }

    #[test]
    fn whatever_contradicts_a_payment_leaves_it_undecided() {
        for (field, value) in [
            ("merchant_reference", json!("ref-2")),
            ("merchant_reference", json!(null)),
            ("order_tracking_id", json!("another")),
            ("status", json!("500")),
            ("status", json!(null)),
            ("payment_status_description", json!("FAILED")),
            ("payment_status_description", json!(null)),
            ("status_code", json!(4)),
            ("status_code", json!(1.0)),
            ("status_code", json!(null)),
            ("amount", json!(0)),
            ("amount", json!(-10)),
            ("amount", json!("ten")),
            ("amount", json!(10.001)),
            ("amount", json!(null)),
            ("currency", json!("RWF")),
            ("currency", json!(null)),
            ("confirmation_code", json!("a\nb")),
            ("error", json!("no")),
            ("error", json!({"code": "internal"})),
        ] {
            let verdict = with(field, value.clone());
            assert!(
                matches!(verdict, Verdict::Unreachable { .. }),
                "{field} {value}: {verdict:?}"
            );
        }
        assert!(matches!(
            of(200, &PAID.replace("10.00", "1e1")),
            Verdict::Unreachable { .. }
        ));
        assert!(matches!(
            of(
                200,
                &PAID.replace("\"status_code\":1", "\"status_code\":2,\"status_code\":1")
            ),
            Verdict::Unreachable { .. }
        ));
        assert!(matches!(of(502, PAID), Verdict::Unreachable { .. }));
        assert!(matches!(of(429, PAID), Verdict::RateLimited { .. }));
    }

    #[test]
    fn failures_and_reversals_are_read() {
        let mut body: Value = serde_json::from_str(PAID).expect("json");
        body["status_code"] = 2.into();
        body["payment_status_description"] = "Failed".into();
        body["payment_status_code"] = "request_terminated_by_user".into();
        assert_eq!(
            of(200, &body.to_string()),
            Verdict::Failed {
                failure: PaymentFailure::Cancelled,
                code: "request_terminated_by_user".into(),
                message: "Failed".into(),
            }
        );
        body["status_code"] = 3.into();
        body["payment_status_description"] = "REVERSED".into();
        assert!(matches!(
            of(200, &body.to_string()),
            Verdict::Reversed { .. }
        ));
    }

    /// The documentation's sample of a subscription's charge that failed.
    #[test]
    fn a_subscriptions_charge_is_read() {
        let sample = r#"{"payment_method":"Visa","amount":100,"created_date":"2022-04-30T07:41:09.763",
            "confirmation_code":"6513008693186320103009","payment_status_description":"Failed",
            "description":"Unable to Authorize Transaction.Kindly contact your bank for assistance",
            "message":"Request processed successfully","payment_account":"476173**0010",
            "call_back_url":"https://test.com/","status_code":2,"merchant_reference":"1515111111",
            "payment_status_code":"","currency":"KES","subscription_transaction_info":{
            "account_reference":"555-678","amount":100,"first_name":"John","last_name":"Doe",
            "correlation_id":111222},"error":{"error_type":null,"code":null,"message":null,
            "call_back_url":null},"status":"200"}"#;
        let answer = Answer {
            status: 200,
            retry_after: None,
            body: sample.into(),
        };
        let charge = subscription_charge(&Reply::read(&answer), ID);
        assert!(matches!(charge.verdict, Verdict::Failed { .. }));
        assert_eq!(
            charge.info,
            Some(SubscriptionInfo {
                account_reference: "555-678".into(),
                correlation_id: Some("111222".into()),
                amount: Some(Money::from_minor(10_000, Currency::Kes)),
            })
        );
    }

    fn odd() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(json!(null)),
            Just(json!(1)),
            Just(json!("1")),
            Just(json!("200")),
            Just(json!("Completed")),
            Just(json!("ref-1")),
            Just(json!([])),
            Just(json!({})),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn nothing_odd_reads_as_paid(
            field in prop::sample::select(vec!["status", "status_code", "merchant_reference",
                "payment_status_description", "currency", "amount", "order_tracking_id", "error"]),
            value in odd(),
        ) {
            if let Verdict::Paid(paid) = with(field, value.clone()) {
                let amount = paid.amount.expect("an amount");
                prop_assert!(amount.is_positive());
                let good: Value = serde_json::from_str(PAID).expect("json");
                let same = good[field] == value
                    || field == "amount" && value != json!(null)
                    || field == "status_code" && value == json!("1")
                    || field == "status" && value == json!(200)
                    || field == "order_tracking_id" && value.as_str().is_none_or(str::is_empty)
                        && !value.is_number()
                    || field == "error" && [json!(null), json!(""), json!({})].contains(&value);
                prop_assert!(same, "{field} {value}");
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let answer = Answer { status: 200, retry_after: None, body: bytes };
            let paid = matches!(verdict(&Reply::read(&answer), ID, "ref-1"), Verdict::Paid(_));
            prop_assert!(!paid);
        }
    }
}
