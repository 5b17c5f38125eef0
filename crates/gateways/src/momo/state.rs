//! What the state of a request to pay means: the rules, without any network.
//!
//! `SUCCESSFUL` and `FAILED` are final; every other status, known or not, is asked about again. Money
//! is believed only when it is in the account's currency and the request is the one asked about.

use bando_domain::{PaymentFailure, Phone};
use serde_json::Value;

use super::account::MomoAccount;
use super::reply::{Reply, field};
use crate::gateway::{Paid, Sent, Verdict};
use crate::text;

/// What an answer about the request of our own `reference` means.
pub(super) fn verdict(reply: &Reply, account: &MomoAccount, reference: &str) -> Verdict {
    if let Some(retry_after) = reply.too_often() {
        return Verdict::RateLimited { retry_after };
    }
    let why = reply.summary();
    // Right after a request it may only not be visible yet.
    if reply.http == 404 {
        return Verdict::Pending { why };
    }
    let Some(state) = reply.ok() else {
        return Verdict::Unreachable { why };
    };
    if field(state, "externalId").as_deref() != Some(reference) {
        return unreachable("the answer is about another request");
    }
    match field(state, "status").as_deref() {
        Some("SUCCESSFUL") => paid(state, account),
        Some("FAILED") => failed(state),
        Some(status) => Verdict::Pending {
            why: text::clean(status),
        },
        None => unreachable("the answer tells no status"),
    }
}

/// What an answer about a refund means; none while it is undecided.
pub(super) fn sent(reply: &Reply) -> Option<Sent> {
    let state = reply.ok()?;
    match field(state, "status").as_deref() {
        Some("SUCCESSFUL") => Some(Sent::Done {
            receipt: field(state, "financialTransactionId").filter(|id| is_receipt(id)),
        }),
        Some("FAILED") => {
            let code = reason(state);
            Some(Sent::Refused {
                message: code.replace('_', " ").to_lowercase(),
                code,
            })
        }
        _ => None,
    }
}

fn unreachable(why: &str) -> Verdict {
    Verdict::Unreachable { why: why.into() }
}

fn paid(state: &Value, account: &MomoAccount) -> Verdict {
    // A reason is told of failures only: with it, the answer contradicts itself.
    if !reason(state).is_empty() {
        return unreachable("the answer contradicts itself");
    }
    let told = field(state, "amount").zip(field(state, "currency"));
    let Some(amount) = told.and_then(|(amount, currency)| account.money(&amount, &currency)) else {
        return unreachable("the amount or the currency cannot be read");
    };
    let receipt = field(state, "financialTransactionId");
    if receipt.as_deref().is_some_and(|id| !is_receipt(id)) {
        return unreachable("the financialTransactionId cannot be read");
    }
    Verdict::Paid(Paid {
        receipt,
        amount: Some(amount),
        fee: None,
        phone: state
            .pointer("/payer/partyId")
            .and_then(Value::as_str)
            .and_then(Phone::from_international),
        at: None,
    })
}

fn failed(state: &Value) -> Verdict {
    let reason = reason(state);
    Verdict::Failed {
        failure: failure(&reason),
        message: reason.replace('_', " ").to_lowercase(),
        code: if reason.is_empty() {
            "FAILED".into()
        } else {
            reason
        },
    }
}

/// The reason: a text, as observed, or an object with a code, as documented.
fn reason(state: &Value) -> String {
    let reason = state.get("reason");
    let text = match reason {
        Some(Value::Object(_)) => reason.and_then(|reason| reason.get("code")),
        reason => reason,
    };
    text.and_then(Value::as_str)
        .map_or_else(String::new, text::clean)
}

/// The class of a reason. `FAILED` has decided already: an unknown reason changes nothing of that.
fn failure(reason: &str) -> PaymentFailure {
    match reason {
        "NOT_ENOUGH_FUNDS" => PaymentFailure::InsufficientFunds,
        "APPROVAL_REJECTED" => PaymentFailure::Cancelled,
        "EXPIRED" => PaymentFailure::PromptExpired,
        // Documented as "not approved in five minutes".
        "COULD_NOT_PERFORM_TRANSACTION" | "PAYER_DELAYED" => PaymentFailure::NoAnswer,
        "PAYER_LIMIT_REACHED" => PaymentFailure::LimitExceeded,
        "PAYER_NOT_FOUND" => PaymentFailure::PayerNotAllowed,
        "PAYEE_NOT_FOUND"
        | "PAYEE_NOT_ALLOWED_TO_RECEIVE"
        | "NOT_ALLOWED"
        | "NOT_ALLOWED_TARGET_ENVIRONMENT"
        | "INVALID_CURRENCY"
        | "INVALID_CALLBACK_URL_HOST" => PaymentFailure::ProviderMisconfigured,
        // The catch-all, documented as mostly too little money, and the operator's own troubles.
        _ => PaymentFailure::GatewayBusy,
    }
}

/// Why a request was certainly not taken, by the code of the refusal; none when it may have been.
pub(super) fn refusal(code: &str) -> Option<PaymentFailure> {
    match code {
        "INVALID_CURRENCY"
        | "INVALID_CALLBACK_URL_HOST"
        | "NOT_ALLOWED"
        | "NOT_ALLOWED_TARGET_ENVIRONMENT"
        | "PAYEE_NOT_FOUND"
        | "PAYEE_NOT_ALLOWED_TO_RECEIVE" => Some(PaymentFailure::ProviderMisconfigured),
        "PAYER_NOT_FOUND" => Some(PaymentFailure::PayerNotAllowed),
        "PAYER_LIMIT_REACHED" => Some(PaymentFailure::LimitExceeded),
        "NOT_ENOUGH_FUNDS" => Some(PaymentFailure::InsufficientFunds),
        _ => None,
    }
}

/// Fit to be compared, stored and shown.
fn is_receipt(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use bando_domain::{Currency, Money, Secret};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::account::Account;
    use crate::http::Answer;

    fn account(environment: &str) -> MomoAccount {
        let mut account = Account::default();
        for (name, value) in [
            ("environment", environment),
            ("market", "mtnuganda"),
            ("api_user", "u"),
        ] {
            account.settings.insert(name.into(), value.into());
        }
        for name in ["api_key", "subscription_key"] {
            account.secrets.insert(name.into(), Secret::new("k"));
        }
        MomoAccount::read(&account).expect("complete")
    }

    fn of(environment: &str, status: u16, body: &str) -> Verdict {
        let answer = Answer {
            status,
            retry_after: None,
            body: body.into(),
        };
        verdict(&Reply::read(&answer), &account(environment), "ref-1")
    }

    fn paid() -> Value {
        json!({
            "externalId": "ref-1", "amount": "5000", "currency": "UGX",
            "payer": {"partyIdType": "MSISDN", "partyId": "256772123456"},
            "payerMessage": "", "payeeNote": "", "status": "SUCCESSFUL",
            "financialTransactionId": "600198217",
        })
    }

    fn with(field: &str, value: Value) -> Verdict {
        let mut body = paid();
        body[field] = value;
        of("production", 200, &body.to_string())
    }

    #[test]
    fn a_payment_is_read() {
        let expected = Paid {
            receipt: Some("600198217".into()),
            amount: Some(Money::from_minor(5_000, Currency::Ugx)),
            fee: None,
            phone: Phone::from_international("256772123456"),
            at: None,
        };
        let body = paid().to_string();
        assert_eq!(
            of("production", 200, &body),
            Verdict::Paid(expected.clone())
        );
        // The sandbox counts in euros.
        let euros = body.replace("UGX", "EUR");
        assert_eq!(of("sandbox", 200, &euros), Verdict::Paid(expected));
        assert!(matches!(
            of("sandbox", 200, &body),
            Verdict::Unreachable { .. }
        ));
        assert!(matches!(
            of("production", 200, &euros),
            Verdict::Unreachable { .. }
        ));
    }

    #[test]
    fn whatever_contradicts_a_payment_leaves_it_undecided() {
        for (field, value) in [
            ("externalId", json!("ref-2")),
            ("externalId", json!(null)),
            ("amount", json!("0")),
            ("amount", json!("-1")),
            ("amount", json!("50.5")),
            ("amount", json!("1e3")),
            ("amount", json!(null)),
            ("currency", json!("XOF")),
            ("currency", json!(null)),
            ("financialTransactionId", json!("a\nb")),
            ("reason", json!("NOT_ENOUGH_FUNDS")),
            ("status", json!(null)),
        ] {
            let verdict = with(field, value.clone());
            assert!(
                matches!(verdict, Verdict::Unreachable { .. }),
                "{field} {value}: {verdict:?}"
            );
        }
        for status in ["PENDING", "CREATED", "ONGOING", "ON_HOLD", "successful"] {
            let verdict = with("status", json!(status));
            assert!(matches!(verdict, Verdict::Pending { .. }), "{status}");
        }
        let body = paid().to_string();
        assert!(matches!(
            of("production", 404, &body),
            Verdict::Pending { .. }
        ));
        for status in [201, 202, 400, 401, 500, 503] {
            assert!(matches!(
                of("production", status, &body),
                Verdict::Unreachable { .. }
            ));
        }
    }

    #[test]
    fn a_failure_is_final_whatever_its_reason() {
        for (reason, expected) in [
            (json!("APPROVAL_REJECTED"), PaymentFailure::Cancelled),
            (
                json!({"code": "EXPIRED", "message": ""}),
                PaymentFailure::PromptExpired,
            ),
            (
                json!("INTERNAL_PROCESSING_ERROR"),
                PaymentFailure::GatewayBusy,
            ),
            (json!("MOON_PHASE"), PaymentFailure::GatewayBusy),
            (json!(null), PaymentFailure::GatewayBusy),
        ] {
            let mut body = paid();
            body["status"] = "FAILED".into();
            body["reason"] = reason.clone();
            let verdict = of("production", 200, &body.to_string());
            assert!(
                matches!(verdict, Verdict::Failed { failure, .. } if failure == expected),
                "{reason}: {verdict:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_odd_reads_as_paid(
            field in prop::sample::select(vec!["externalId", "amount", "currency", "status"]),
            value in prop_oneof![
                Just(json!(null)), Just(json!([])), Just(json!({})), Just(json!("EUR")),
                any::<i64>().prop_map(Value::from), any::<bool>().prop_map(Value::from),
                "\\PC{0,12}".prop_map(Value::from),
            ],
        ) {
            if let Verdict::Paid(paid) = with(field, value.clone()) {
                prop_assert_eq!(field, "amount");
                prop_assert!(paid.amount.is_some_and(Money::is_positive), "{}", value);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let answer = Answer { status: 200, retry_after: None, body: bytes };
            let read = verdict(&Reply::read(&answer), &account("production"), "ref-1");
            prop_assert!(!matches!(read, Verdict::Paid(_)));
        }
    }
}
