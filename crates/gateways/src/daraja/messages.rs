//! Tells Daraja's messages apart: STK callbacks, C2B confirmations and the results of orders.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{c2b, callback, results};
use crate::gateway::{MessageError, Notification};
use crate::{MAX_MESSAGE, text};

/// What each kind of message has and the others lack.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(rename = "Body", borrow)]
    stk: Option<&'a RawValue>,
    #[serde(rename = "Result", borrow)]
    result: Option<&'a RawValue>,
    #[serde(rename = "TransID", borrow)]
    c2b: Option<&'a RawValue>,
}

/// Reads any message of Daraja.
///
/// # Errors
/// [`MessageError`]; no body makes it panic or take more than a few times its own size in memory.
pub fn read_daraja_message(body: &[u8]) -> Result<Notification, MessageError> {
    let marks: Marks<'_> = parse(body)?;
    match (marks.stk, marks.result, marks.c2b) {
        (Some(_), None, None) => callback::read_callback(body),
        (None, Some(_), None) => results::read_result(body),
        (None, None, Some(_)) => c2b::read_payment(body).map(Notification::Movement),
        _ => Err(MessageError::Malformed(
            "neither a callback nor a confirmation nor a result".into(),
        )),
    }
}

/// Parses JSON of a bearable size.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, MessageError> {
    if body.len() > MAX_MESSAGE {
        return Err(MessageError::TooLong(body.len()));
    }
    serde_json::from_slice(body)
        .map_err(|error| MessageError::Malformed(text::clean(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_two_things_at_once_is_neither() {
        for body in [
            r#"{"Body":{},"Result":{}}"#,
            r#"{"TransID":"NLJ7RT61SV","Result":{}}"#,
            "{}",
            "[]",
            "",
        ] {
            let read = read_daraja_message(body.as_bytes());
            assert!(matches!(read, Err(MessageError::Malformed(_))), "{body}");
        }
        let long = " ".repeat(MAX_MESSAGE + 1);
        assert!(matches!(
            read_daraja_message(long.as_bytes()),
            Err(MessageError::TooLong(_))
        ));
    }

    /// JSON made of the words of all messages.
    fn any_message() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            Just("0".into()),
            Just("Completed".into()),
            Just("NLJ7RT61SV".into()),
            ".{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(5, 48, 5, |inner| {
            let key = prop::sample::select(vec![
                "Body",
                "Result",
                "TransID",
                "TransAmount",
                "BusinessShortCode",
                "MSISDN",
                "ResultCode",
                "ConversationID",
                "TransactionID",
                "ResultParameters",
                "ResultParameter",
                "Key",
                "Value",
                "ReferenceData",
                "ReferenceItem",
                "x",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read_daraja_message(&bytes);
        }

        #[test]
        fn no_json_makes_it_panic(json in any_message()) {
            let _ = read_daraja_message(json.to_string().as_bytes());
        }
    }
}
