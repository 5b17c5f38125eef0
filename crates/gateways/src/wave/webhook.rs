//! The bodies of webhooks.

use std::collections::BTreeMap;

use bando_domain::Money;
use serde::Deserialize;
use serde_json::Value;

use super::amount;
use super::session::Session;
use super::transactions::only_field;
use crate::gateway::{MessageError, Movement, MovementKind, Notification, Outcome, Reference};
use crate::text::clean;

#[derive(Deserialize)]
struct Envelope {
    /// `EV_…` or `AE_…`. Every event has one.
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Received {
    id: String,
    amount: String,
    currency: String,
    #[serde(default)]
    fee: Option<String>,
    #[serde(default)]
    sender_mobile: Option<String>,
    #[serde(default)]
    when_created: Option<String>,
    #[serde(default)]
    custom_fields: Option<BTreeMap<String, Value>>,
}

/// Reads the body of a webhook of Wave. Pure; believes nothing: who sent it, the signature tells.
///
/// # Errors
/// [`MessageError`] when it is not one.
pub fn read_wave_message(body: &[u8]) -> Result<Notification, MessageError> {
    if body.len() > crate::MAX_MESSAGE {
        return Err(MessageError::TooLong(body.len()));
    }
    let event: Envelope = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    if event.id.is_empty() {
        return Err(MessageError::BadValue("id"));
    }
    match event.kind.as_str() {
        "checkout.session.completed" => {
            let session = session(event.data)?;
            let complete = session.checkout_status.as_deref() == Some("complete");
            let outcome = match session.outcome() {
                Outcome::Paid(_) if !complete => Outcome::Undecided {
                    code: "not_complete".into(),
                    message: "the checkout session is not complete".into(),
                },
                outcome => outcome,
            };
            Ok(payment(session, outcome))
        }
        "checkout.session.payment_failed" => {
            let session = session(event.data)?;
            let (code, message) = session.last_error();
            // The session stays open and the payer may try again: nothing is decided.
            let outcome = Outcome::Undecided {
                code: if code.is_empty() {
                    "payment_failed".into()
                } else {
                    code
                },
                message,
            };
            Ok(payment(session, outcome))
        }
        "merchant.payment_received" => received(event.data).map(Notification::Movement),
        other => Ok(Notification::Nothing { what: clean(other) }),
    }
}

fn session(data: Value) -> Result<Session, MessageError> {
    let session: Session = serde_json::from_value(data).map_err(|error| malformed(&error))?;
    if session.id.is_empty() || session.id.len() > 255 {
        return Err(MessageError::BadValue("data.id"));
    }
    Ok(session)
}

fn payment(session: Session, outcome: Outcome) -> Notification {
    Notification::Payment {
        reference: Reference {
            merchant_request_id: session.client_reference.unwrap_or_default(),
            checkout_request_id: session.id,
        },
        outcome,
    }
}

/// A payment by merchant link or QR code. `amount` is what is left of it after the fee.
fn received(data: Value) -> Result<Movement, MessageError> {
    let received: Received = serde_json::from_value(data).map_err(|error| malformed(&error))?;
    let net = amount::positive(&received.amount, &received.currency)
        .ok_or(MessageError::BadValue("data.amount"))?;
    let fee = match received.fee.as_deref() {
        Some(fee) => amount::read(fee, &received.currency)
            .filter(|fee| fee.minor() >= 0)
            .map(Some)
            .ok_or(MessageError::BadValue("data.fee"))?,
        // UNVERIFIED: every sample has a fee. Without one no more counts as paid than what came.
        None => None,
    };
    let amount = net
        .plus(fee.unwrap_or(Money::zero(net.currency())))
        .map_err(|_| MessageError::BadValue("data.amount"))?;
    if received.id.is_empty() || received.id.len() > 40 {
        return Err(MessageError::BadValue("data.id"));
    }
    Ok(Movement {
        kind: MovementKind::Payment,
        receipt: received.id,
        amount,
        fee,
        at: received.when_created.as_deref().and_then(amount::time),
        phone: received.sender_mobile.as_deref().and_then(amount::phone),
        payer: None,
        reference: only_field(received.custom_fields.as_ref()).map(|text| clean(&text)),
        account: None,
        checkout_request_id: None,
    })
}

/// Without the bytes themselves, which may hold a phone number.
fn malformed(error: &serde_json::Error) -> MessageError {
    MessageError::Malformed(format!(
        "{:?} error at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    ))
}

#[cfg(test)]
mod tests {
    use bando_domain::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "written out at each call")]
    fn read(kind: &str, data: Value) -> Result<Notification, MessageError> {
        let body = json!({"id": "EV_QvEZuDSQbLdI", "type": kind, "data": data});
        read_wave_message(body.to_string().as_bytes())
    }

    fn completed() -> Value {
        json!({"id": "cos-18qq25rgr100a", "client_reference": "ORD-1", "amount": "1000",
            "currency": "XOF", "checkout_status": "complete", "payment_status": "succeeded",
            "transaction_id": "TCN4Y4ZC3FM", "when_completed": "2021-12-08T10:15:32Z"})
    }

    fn outcome(data: Value) -> Outcome {
        match read("checkout.session.completed", data) {
            Ok(Notification::Payment { outcome, .. }) => outcome,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_a_completed_session() {
        let read = read("checkout.session.completed", completed()).expect("a message");
        let Notification::Payment {
            reference,
            outcome: Outcome::Paid(paid),
        } = read
        else {
            panic!("{read:?}");
        };
        assert_eq!(reference.checkout_request_id, "cos-18qq25rgr100a");
        assert_eq!(reference.merchant_request_id, "ORD-1");
        assert_eq!(paid.receipt.as_deref(), Some("TCN4Y4ZC3FM"));
        assert_eq!(paid.amount.map(Money::decimal).as_deref(), Some("1000"));
        assert_eq!(paid.at.map(Timestamp::as_seconds), Some(1_638_958_532));
    }

    #[test]
    fn nothing_odd_reads_as_paid() {
        for (name, value) in [
            ("payment_status", json!("processing")),
            ("payment_status", json!("SUCCEEDED")),
            ("payment_status", json!(null)),
            ("checkout_status", json!("open")),
            ("checkout_status", json!(null)),
            ("transaction_id", json!(null)),
            ("transaction_id", json!("")),
            ("amount", json!(null)),
            ("amount", json!("")),
            ("amount", json!("-1000")),
            ("amount", json!("10.50")),
            ("currency", json!("GMD")),
            ("currency", json!(null)),
        ] {
            let mut data = completed();
            data[name] = value.clone();
            let outcome = outcome(data);
            assert!(
                matches!(outcome, Outcome::Undecided { .. }),
                "{name} {value}: {outcome:?}"
            );
        }
        let mut number = completed();
        number["amount"] = json!(1000);
        assert!(matches!(
            read("checkout.session.completed", number),
            Err(MessageError::Malformed(_))
        ));
    }

    #[test]
    fn a_failed_attempt_decides_nothing() {
        let data = json!({"id": "cos-18qq25rgr100a", "payment_status": "failed",
            "last_payment_error": {"code": "insufficient-funds", "message": "Insufficient balance"}});
        let read = read("checkout.session.payment_failed", data).expect("a message");
        let Notification::Payment {
            outcome: Outcome::Undecided { code, .. },
            ..
        } = read
        else {
            panic!("{read:?}");
        };
        assert_eq!(code, "insufficient-funds");
        let mut paid = completed();
        paid["payment_status"] = json!("succeeded");
        let read = super::read_wave_message(
            json!({"id": "EV_1", "type": "checkout.session.payment_failed", "data": paid})
                .to_string()
                .as_bytes(),
        );
        assert!(
            matches!(
                read,
                Ok(Notification::Payment {
                    outcome: Outcome::Undecided { .. },
                    ..
                })
            ),
            "whatever else it says"
        );
    }

    #[test]
    fn a_merchant_payment_is_gross_of_its_fee() {
        let data = json!({"id": "T_46HS5COOWE", "amount": "990", "fee": "10", "currency": "XOF",
            "sender_mobile": "+221761110001", "merchant_name": "Ma Boutique",
            "custom_fields": {"account_number": "abc-123"}, "when_created": "2024-01-15T10:13:04Z"});
        let read = read("merchant.payment_received", data.clone());
        let Ok(Notification::Movement(movement)) = read else {
            panic!("{read:?}");
        };
        assert_eq!(movement.amount.minor(), 1000);
        assert_eq!(movement.fee.map(Money::minor), Some(10));
        assert_eq!(movement.receipt, "T_46HS5COOWE");
        assert_eq!(movement.reference.as_deref(), Some("abc-123"));
        assert_eq!(
            movement.phone.map(|p| p.digits().to_owned()).as_deref(),
            Some("221761110001")
        );
        for (name, value) in [
            ("amount", json!("0")),
            ("amount", json!("-990")),
            ("fee", json!("-10")),
            ("fee", json!("x")),
            ("id", json!("")),
            ("currency", json!("")),
            ("amount", json!("9223372036854775807")),
        ] {
            let mut odd = data.clone();
            odd[name] = value.clone();
            let body = json!({"id": "AE_1", "type": "merchant.payment_received", "data": odd});
            let read = read_wave_message(body.to_string().as_bytes());
            assert!(
                matches!(read, Err(MessageError::BadValue(_))),
                "{name} {value}: {read:?}"
            );
        }
    }

    #[test]
    fn other_events_are_nothing() {
        for kind in [
            "test.test_event",
            "b2b.payment_received",
            "b2b.payment_failed",
            "new.thing",
        ] {
            let read = read(kind, json!({"amount": "39800", "currency": "XOF"}));
            assert_eq!(read, Ok(Notification::Nothing { what: kind.into() }));
        }
        let bare = br#"{"id":"EV_test_1","type":"test.test_event"}"#;
        assert!(matches!(
            read_wave_message(bare),
            Ok(Notification::Nothing { .. })
        ));
        for bad in [
            &b""[..],
            b"{}",
            b"[]",
            b"null",
            br#"{"id":"","type":"test.test_event"}"#,
        ] {
            assert!(read_wave_message(bad).is_err());
        }
        let long = vec![b' '; crate::MAX_MESSAGE + 1];
        assert_eq!(
            read_wave_message(&long),
            Err(MessageError::TooLong(long.len()))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read_wave_message(&body);
        }

        #[test]
        fn what_reads_as_paid_is_all_there(
            payment in prop_oneof![Just("succeeded"), Just("cancelled"), Just("processing"), Just("")],
            checkout in prop_oneof![Just("complete"), Just("open"), Just("expired"), Just("")],
            amount in "[-0-9.e, ]{0,6}",
            currency in prop_oneof![Just("XOF"), Just("KES"), Just("GMD"), Just("")],
            transaction in "[A-Z_ ]{0,4}",
        ) {
            let data = json!({"id": "cos-1", "client_reference": "ORD-1", "amount": amount,
                "currency": currency, "checkout_status": checkout, "payment_status": payment,
                "transaction_id": transaction});
            if let Outcome::Paid(paid) = outcome(data) {
                prop_assert_eq!((payment, checkout), ("succeeded", "complete"));
                prop_assert!(paid.amount.is_some_and(Money::is_positive));
                prop_assert!(paid.receipt.is_some_and(|receipt| !receipt.is_empty()));
            }
        }
    }
}
