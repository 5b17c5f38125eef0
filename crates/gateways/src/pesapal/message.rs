//! Reads Pesapal's notifications (IPN): a query string or JSON, with names in either casing. They
//! carry neither a status nor a signature: all they say is "ask me".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::MAX_MESSAGE;
use crate::gateway::{MessageError, Notification, Outcome, Reference};
use crate::text;

/// What a notification names.
struct Ipn {
    tracking_id: String,
    /// The order's own reference; of a subscription's later charge, the account number.
    merchant_reference: String,
    /// `IPNCHANGE` or `RECURRING`.
    kind: String,
}

/// Reads the body, or the query string, of a notification.
///
/// # Errors
/// [`MessageError`] when it is none.
pub(super) fn read(body: &[u8]) -> Result<Notification, MessageError> {
    let ipn = Ipn::read(body)?;
    Ok(Notification::Payment {
        reference: Reference {
            merchant_request_id: ipn.merchant_reference,
            checkout_request_id: ipn.tracking_id,
        },
        outcome: Outcome::Undecided {
            code: ipn.kind,
            message: "Pesapal has news of this order".into(),
        },
    })
}

/// What Pesapal wants to hear when a notification was taken; otherwise it repeats it a few times.
pub(super) fn acknowledgement(body: &[u8]) -> String {
    match Ipn::read(body) {
        Ok(ipn) => json!({
            "orderNotificationType": ipn.kind,
            "orderTrackingId": ipn.tracking_id,
            "orderMerchantReference": ipn.merchant_reference,
            "status": 200,
        }),
        Err(_) => json!({"status": 500}),
    }
    .to_string()
}

impl Ipn {
    fn read(body: &[u8]) -> Result<Self, MessageError> {
        if body.len() > MAX_MESSAGE {
            return Err(MessageError::TooLong(body.len()));
        }
        let fields = fields(body)?;
        let field = |name: &'static str| -> Result<String, MessageError> {
            let value = fields
                .get(&name.to_ascii_lowercase())
                .ok_or_else(|| MessageError::Malformed(format!("there is no {name}")))?;
            if is_id(value) {
                Ok(value.clone())
            } else {
                Err(MessageError::BadValue(name))
            }
        };
        Ok(Self {
            tracking_id: field("OrderTrackingId")?,
            merchant_reference: field("OrderMerchantReference")?,
            kind: field("OrderNotificationType")?,
        })
    }
}

/// The fields of a query string or a JSON object, by lower-case name. A name given twice is refused,
/// since two readers could differ about it.
fn fields(body: &[u8]) -> Result<BTreeMap<String, String>, MessageError> {
    let malformed = |why: &str| MessageError::Malformed(text::clean(why));
    let mut fields = BTreeMap::new();
    let mut add = |name: &str, value: String| match fields.insert(name.to_ascii_lowercase(), value)
    {
        Some(_) => Err(malformed("a name is given twice")),
        None => Ok(()),
    };
    if body.trim_ascii_start().starts_with(b"{") {
        let pairs: Pairs = serde_json::from_slice(body).map_err(|e| malformed(&e.to_string()))?;
        for (name, value) in pairs.0 {
            if let Value::String(value) = value {
                add(&name, value)?;
            }
        }
    } else {
        for (name, value) in url::form_urlencoded::parse(body) {
            add(&name, value.into_owned())?;
        }
    }
    Ok(fields)
}

/// Names and values in the order given, repeated names included.
struct Pairs(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Fit to be compared, stored and shown.
pub(super) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && text.trim() == text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUERY: &str = "OrderTrackingId=b945e4af-80a5-4ec1-8706-e03f8332fb04&OrderMerchantReference=0193f1de-0000-7000-8000-000000000001&OrderNotificationType=IPNCHANGE";

    fn reference(body: &str) -> Option<(String, String, String)> {
        match read(body.as_bytes()).ok()? {
            Notification::Payment {
                reference,
                outcome: Outcome::Undecided { code, .. },
            } => Some((
                reference.merchant_request_id,
                reference.checkout_request_id,
                code,
            )),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn query_string_and_json_in_either_casing_say_the_same() {
        let read = reference(QUERY).expect("the query string");
        assert_eq!(read.0, "0193f1de-0000-7000-8000-000000000001");
        assert_eq!(read.1, "b945e4af-80a5-4ec1-8706-e03f8332fb04");
        assert_eq!(read.2, "IPNCHANGE");
        for names in [
            [
                "OrderTrackingId",
                "OrderMerchantReference",
                "OrderNotificationType",
            ],
            [
                "orderTrackingId",
                "orderMerchantReference",
                "orderNotificationType",
            ],
        ] {
            let body = json!({names[0]: read.1, names[1]: read.0, names[2]: read.2, "more": 1});
            assert_eq!(reference(&body.to_string()).as_ref(), Some(&read));
        }
        assert_eq!(
            reference(
                "orderTrackingId=d0fa&orderMerchantReference=555-678&orderNotificationType=RECURRING"
            ),
            Some(("555-678".into(), "d0fa".into(), "RECURRING".into()))
        );
    }

    #[test]
    fn what_is_no_notification_is_refused() {
        for body in [
            "",
            "{}",
            "[]",
            "null",
            "OrderTrackingId=a&OrderMerchantReference=b",
            "OrderTrackingId=a&OrderTrackingId=c&OrderMerchantReference=b&OrderNotificationType=IPNCHANGE",
            "OrderTrackingId=a&ordertrackingid=c&OrderMerchantReference=b&OrderNotificationType=IPNCHANGE",
            "OrderTrackingId=&OrderMerchantReference=b&OrderNotificationType=IPNCHANGE",
            "OrderTrackingId=a%0a&OrderMerchantReference=b&OrderNotificationType=IPNCHANGE",
            r#"{"OrderTrackingId":"a","OrderTrackingId":"c","OrderMerchantReference":"b","OrderNotificationType":"IPNCHANGE"}"#,
            r#"{"OrderTrackingId":1,"OrderMerchantReference":"b","OrderNotificationType":"IPNCHANGE"}"#,
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
            assert_eq!(acknowledgement(body.as_bytes()), r#"{"status":500}"#);
        }
        let long = vec![b'a'; MAX_MESSAGE + 1];
        assert_eq!(read(&long), Err(MessageError::TooLong(MAX_MESSAGE + 1)));
    }

    #[test]
    fn the_acknowledgement_is_the_documented_one() {
        let said: Value = serde_json::from_str(&acknowledgement(QUERY.as_bytes())).expect("json");
        assert_eq!(
            said,
            json!({
                "orderNotificationType": "IPNCHANGE",
                "orderTrackingId": "b945e4af-80a5-4ec1-8706-e03f8332fb04",
                "orderMerchantReference": "0193f1de-0000-7000-8000-000000000001",
                "status": 200,
            })
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_read_as_more_than_a_hint(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            tracking in "\\PC{0,80}", reference in "\\PC{0,80}",
        ) {
            let built = json!({
                "OrderTrackingId": tracking, "OrderMerchantReference": reference,
                "OrderNotificationType": "IPNCHANGE",
            })
            .to_string();
            for body in [bytes.as_slice(), built.as_bytes()] {
                let hint = matches!(
                    read(body),
                    Err(_) | Ok(Notification::Payment { outcome: Outcome::Undecided { .. }, .. })
                );
                prop_assert!(hint);
                prop_assert!(serde_json::from_str::<Value>(&acknowledgement(body)).is_ok());
            }
        }
    }
}
