//! Reads STK callbacks.
//!
//! Items are found by name, never by place; `Balance` may lack its value; codes, dates and phone
//! numbers may be numbers or strings; amounts are read from their decimal text, never by way of a
//! float. A name given twice is refused, since two readers could differ about it.

use bando_domain::{Currency, Money, Phone};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::result::ResultMeaning;
use super::stamp::read_stamp;
use crate::MAX_MESSAGE;
use crate::gateway::{MessageError, Notification, Outcome, Paid, Reference};
use crate::text;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Body", borrow)]
    body: Body<'a>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(rename = "stkCallback", borrow)]
    callback: StkCallback<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StkCallback<'a> {
    #[serde(rename = "MerchantRequestID", borrow)]
    merchant_request_id: &'a RawValue,
    #[serde(rename = "CheckoutRequestID", borrow)]
    checkout_request_id: &'a RawValue,
    #[serde(borrow)]
    result_code: &'a RawValue,
    #[serde(borrow)]
    result_desc: Option<&'a RawValue>,
    #[serde(borrow)]
    callback_metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(rename = "Item", borrow)]
    items: Vec<Item<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item<'a> {
    name: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Reads the body of an STK callback.
///
/// # Errors
/// [`MessageError`]; no body makes it panic or take more than the body's own size in memory.
pub fn read_callback(body: &[u8]) -> Result<Notification, MessageError> {
    if body.len() > MAX_MESSAGE {
        return Err(MessageError::TooLong(body.len()));
    }
    let envelope: Envelope<'_> = serde_json::from_slice(body)
        .map_err(|error| MessageError::Malformed(text::clean(&error.to_string())))?;
    let callback = envelope.body.callback;
    let id = |raw, name| {
        scalar(raw)
            .filter(|id| is_id(id))
            .ok_or(MessageError::BadValue(name))
    };
    let code = scalar(callback.result_code)
        .filter(|code| !code.is_empty() && code.len() <= 32)
        .ok_or(MessageError::BadValue("ResultCode"))?;
    let message = callback
        .result_desc
        .and_then(scalar)
        .map(|message| text::clean(&message))
        .unwrap_or_default();
    Ok(Notification::Payment {
        reference: Reference {
            merchant_request_id: id(callback.merchant_request_id, "MerchantRequestID")?,
            checkout_request_id: id(callback.checkout_request_id, "CheckoutRequestID")?,
        },
        outcome: match ResultMeaning::of(&code) {
            ResultMeaning::Paid => paid(callback.callback_metadata.as_ref())?,
            ResultMeaning::Failed(failure) => Outcome::Failed {
                failure,
                code,
                message,
            },
            ResultMeaning::Pending => Outcome::Undecided {
                code: text::clean(&code),
                message,
            },
        },
    })
}

fn paid(metadata: Option<&Metadata<'_>>) -> Result<Outcome, MessageError> {
    let value = |name: &'static str| -> Result<Option<String>, MessageError> {
        let mut found = metadata
            .iter()
            .flat_map(|m| &m.items)
            .filter(|item| item.name == name);
        let Some(item) = found.next() else {
            return Ok(None);
        };
        if found.next().is_some() {
            return Err(MessageError::BadValue(name));
        }
        item.value
            .map(|raw| scalar(raw).ok_or(MessageError::BadValue(name)))
            .transpose()
    };
    let receipt = value("MpesaReceiptNumber")?;
    if receipt.as_deref().is_some_and(|r| !is_receipt(r)) {
        return Err(MessageError::BadValue("MpesaReceiptNumber"));
    }
    let amount = value("Amount")?
        .map(|amount| read_amount(&amount).ok_or(MessageError::BadValue("Amount")))
        .transpose()?;
    Ok(Outcome::Paid(Paid {
        receipt,
        amount,
        fee: None,
        // Masked or odd numbers and dates are left out: nothing is decided by them.
        phone: value("PhoneNumber")?.and_then(|digits| Phone::from_international(&digits)),
        at: value("TransactionDate")?.and_then(|digits| read_stamp(&digits)),
    }))
}

pub(super) fn read_amount(text: &str) -> Option<Money> {
    Money::parse(text, Currency::Kes)
        .ok()
        .filter(|amount| amount.is_positive())
}

/// The text of a JSON string, or a JSON number exactly as it was written.
pub(super) fn scalar(raw: &RawValue) -> Option<String> {
    let json = raw.get();
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

/// Daraja's ids are letters, digits, dashes and underscores; 20 to 40 of them.
pub(super) fn is_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Receipts are ten capital letters and digits today; a little more is allowed.
pub(super) fn is_receipt(text: &str) -> bool {
    (6..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use bando_domain::PaymentFailure;
    use proptest::prelude::*;

    use super::*;

    /// The sample of the portal, with the `Balance` of real captures.
    const PAID: &str = r#"{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1",
        "CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":0,
        "ResultDesc":"The service request is processed successfully.",
        "CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},
        {"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"Balance"},
        {"Name":"TransactionDate","Value":20191219102115},
        {"Name":"PhoneNumber","Value":254708374149}]}}}}"#;

    fn outcome(body: &str) -> Result<Outcome, MessageError> {
        read(body.as_bytes()).map(|(_, outcome)| outcome)
    }

    fn read(body: &[u8]) -> Result<(Reference, Outcome), MessageError> {
        match read_callback(body)? {
            Notification::Payment { reference, outcome } => Ok((reference, outcome)),
            other => panic!("{other:?}"),
        }
    }

    fn with_amount(amount: &str) -> Result<Outcome, MessageError> {
        outcome(&PAID.replace("1.00", amount))
    }

    #[test]
    fn reads_the_portals_success() {
        let (reference, outcome) = read(PAID.as_bytes()).expect("the sample");
        assert_eq!(reference.merchant_request_id, "29115-34620561-1");
        assert_eq!(reference.checkout_request_id, "ws_CO_191220191020363925");
        assert_eq!(
            outcome,
            Outcome::Paid(Paid {
                receipt: Some("NLJ7RT61SV".into()),
                amount: Some(Money::from_minor(100, Currency::Kes)),
                phone: Phone::from_international("254708374149"),
                at: read_stamp("20191219102115"),
                fee: None,
            })
        );
    }

    #[test]
    fn strings_do_as_well_as_numbers() {
        let stringy = PAID
            .replace(":0,", r#":"0","#)
            .replace("1.00", r#""1.00""#)
            .replace("20191219102115", r#""20191219102115""#)
            .replace("254708374149", r#""254708374149""#);
        assert_eq!(outcome(&stringy), outcome(PAID));
    }

    #[test]
    fn items_may_come_in_any_order_with_others_between() {
        let body = r#"{"Body":{"stkCallback":{"MerchantRequestID":"a","CheckoutRequestID":"b",
            "ResultCode":0,"Extra":{"deep":[1,2]},"CallbackMetadata":{"Item":[
            {"Name":"Balance","Value":"{Amount={BasicAmount=123.45}}"},
            {"Name":"New","Value":{"x":1}},{"Name":"PhoneNumber","Value":"2547*****149"},
            {"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Value":50,"Name":"Amount"}]}}}}"#;
        assert_eq!(
            outcome(body),
            Ok(Outcome::Paid(Paid {
                receipt: Some("NLJ7RT61SV".into()),
                amount: Some(Money::from_minor(5000, Currency::Kes)),
                ..Paid::default()
            }))
        );
    }

    #[test]
    fn failures_have_no_metadata() {
        let failed = |code: &str| {
            outcome(&format!(
                r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"a","CheckoutRequestID":"b","ResultCode":{code},"ResultDesc":"said"}}}}}}"#
            ))
        };
        assert_eq!(
            failed("1032"),
            Ok(Outcome::Failed {
                failure: PaymentFailure::Cancelled,
                code: "1032".into(),
                message: "said".into()
            })
        );
        assert_eq!(failed(r#""1032""#), failed("1032"));
        for undecided in ["4999", "7777", "0.0", "-0", r#""x""#] {
            assert!(
                matches!(failed(undecided), Ok(Outcome::Undecided { .. })),
                "{undecided}"
            );
        }
        for bad in ["null", "true", "[0]", "{}", r#""""#] {
            assert!(failed(bad).is_err(), "{bad} was taken");
        }
    }

    #[test]
    fn impossible_amounts_are_refused() {
        for bad in [
            "-1",
            "0",
            "1e2",
            "0.001",
            "NaN",
            "99999999999999999999",
            "null_",
            r#""""#,
            "[1]",
        ] {
            assert!(with_amount(bad).is_err(), "{bad} was taken");
        }
        assert!(with_amount("100000.10").is_ok());
    }

    #[test]
    fn what_is_said_twice_is_refused() {
        let twice = [
            PAID.replace(r#""ResultCode":0"#, r#""ResultCode":1032,"ResultCode":0"#),
            PAID.replace(r#"{"Name":"Balance"}"#, r#"{"Name":"Amount","Value":9000}"#),
            PAID.replace(
                r#"{"Name":"Balance"}"#,
                r#"{"Name":"Balance","Name":"Other"}"#,
            ),
        ];
        for body in twice {
            assert!(outcome(&body).is_err(), "{body}");
        }
    }

    #[test]
    fn size_and_depth_have_limits() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(5_000));
        assert!(outcome(&deep).is_err());
        let deep_inside = PAID.replace("1.00", &"[".repeat(4_000));
        assert!(outcome(&deep_inside).is_err());
        let long = PAID.replace("said", &"x".repeat(MAX_MESSAGE));
        assert!(outcome(&(long + &" ".repeat(MAX_MESSAGE))).is_err());
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            ".{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let key = prop_oneof![
                Just("Body".to_owned()),
                Just("stkCallback".to_owned()),
                Just("ResultCode".to_owned()),
                Just("CallbackMetadata".to_owned()),
                Just("Item".to_owned()),
                Just("Name".to_owned()),
                Just("Value".to_owned()),
                ".{0,6}",
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::vec((key, inner), 0..5)
                    .prop_map(|pairs| { serde_json::Value::Object(pairs.into_iter().collect()) }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read_callback(&bytes);
        }

        #[test]
        fn no_json_makes_it_panic(json in any_json()) {
            let _ = read_callback(json.to_string().as_bytes());
        }

        #[test]
        fn odd_values_in_the_right_places_never_invent_money(
            code in any_json(), amount in any_json(), receipt in any_json(), date in any_json(),
        ) {
            let body = serde_json::json!({"Body": {"stkCallback": {
                "MerchantRequestID": "a", "CheckoutRequestID": "b", "ResultCode": code,
                "CallbackMetadata": {"Item": [
                    {"Name": "Amount", "Value": amount},
                    {"Name": "MpesaReceiptNumber", "Value": receipt},
                    {"Name": "TransactionDate", "Value": date},
                ]}}}});
            let paid = matches!(
                outcome(&body.to_string()),
                Ok(Outcome::Paid(_))
            );
            prop_assert!(!paid || code == 0 || code == "0");
        }

        #[test]
        fn amounts_are_exact(minor in 1_i64..25_000_000) {
            let amount = Money::from_minor(minor, Currency::Kes);
            let read = with_amount(&amount.decimal());
            let Ok(Outcome::Paid(Paid { amount: read, .. })) = read else {
                return Err(TestCaseError::fail("not read"));
            };
            prop_assert_eq!(read, Some(amount));
        }
    }
}
