//! Reads MoMo's callbacks. They are unsigned, are sent again although they were answered, and name
//! only our own reference: a hint where to ask, whatever they say.

use serde_json::Value;

use super::reference::reference_id;
use super::reply::field;
use crate::MAX_MESSAGE;
use crate::gateway::{MessageError, Notification, Outcome, Reference};
use crate::text;

/// Reads the body of a callback.
///
/// # Errors
/// [`MessageError`] when it is none.
pub(super) fn read(body: &[u8]) -> Result<Notification, MessageError> {
    if body.len() > MAX_MESSAGE {
        return Err(MessageError::TooLong(body.len()));
    }
    let json: Value = serde_json::from_slice(body)
        .map_err(|error| MessageError::Malformed(text::clean(&error.to_string())))?;
    // A transfer's or refund's callback names a payee instead.
    if json.get("payee").is_some() {
        return Ok(Notification::Nothing {
            what: "money that was sent".into(),
        });
    }
    let reference = field(&json, "externalId")
        .ok_or_else(|| MessageError::Malformed("there is no externalId".into()))?;
    let checkout_request_id =
        reference_id(&reference).ok_or(MessageError::BadValue("externalId"))?;
    let status = field(&json, "status")
        .ok_or_else(|| MessageError::Malformed("there is no status".into()))?;
    Ok(Notification::Payment {
        reference: Reference {
            merchant_request_id: reference,
            checkout_request_id,
        },
        outcome: Outcome::Undecided {
            code: text::clean(&status),
            message: "MoMo has news of this request".into(),
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A callback as it was observed, with a reference of ours.
    const REJECTED: &str = r#"{"externalId":"0193f1de-0000-7000-8000-000000000001","amount":"100","currency":"EUR",
        "payer":{"partyIdType":"MSISDN","partyId":"46733123451"},"payeeNote":"x","status":"FAILED","reason":"APPROVAL_REJECTED"}"#;

    #[test]
    fn a_callback_is_a_hint_whatever_it_says() {
        for status in ["FAILED", "SUCCESSFUL", "PENDING"] {
            let body = REJECTED.replace("FAILED", status);
            assert_eq!(
                read(body.as_bytes()),
                Ok(Notification::Payment {
                    reference: Reference {
                        merchant_request_id: "0193f1de-0000-7000-8000-000000000001".into(),
                        checkout_request_id: "0193f1de-0000-4000-8000-000000000001".into(),
                    },
                    outcome: Outcome::Undecided {
                        code: status.into(),
                        message: "MoMo has news of this request".into(),
                    },
                })
            );
        }
    }

    #[test]
    fn what_is_no_callback_is_refused() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"externalId":"ref-1","status":"SUCCESSFUL"}"#,
            r#"{"externalId":"0193f1de-0000-7000-8000-000000000001"}"#,
            r#"{"externalId":null,"status":"SUCCESSFUL"}"#,
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
        let long = vec![b' '; MAX_MESSAGE + 1];
        assert_eq!(read(&long), Err(MessageError::TooLong(MAX_MESSAGE + 1)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_read_as_more_than_a_hint(
            bytes in prop::collection::vec(any::<u8>(), 0..300), status in "\\PC{0,12}",
        ) {
            let built = REJECTED.replace("FAILED", &status);
            for body in [bytes.as_slice(), built.as_bytes()] {
                let hint = matches!(
                    read(body),
                    Err(_)
                        | Ok(Notification::Nothing { .. })
                        | Ok(Notification::Payment { outcome: Outcome::Undecided { .. }, .. })
                );
                prop_assert!(hint);
            }
        }
    }
}
