//! What the `Result` envelope means, in which the results of orders (status queries, reversals,
//! payouts) are posted.
//!
//! Keys come twice or without a value, lists come as single objects, codes as numbers or strings, and
//! the `TransactionID` of a failure is a placeholder. Only the result of a status query refers to an
//! `Occasion`; that is how it is told from one that sent money.

use bando_domain::{Currency, Money};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::callback::{is_id, is_receipt, read_amount, scalar};
use super::messages::parse;
use super::parameters::{Parameters, items};
use super::party::{Party, read_party};
use super::stamp::read_stamp;
use crate::gateway::{MessageError, Movement, MovementKind, Notification, Sent};
use crate::text;

/// The codes by which certainly nothing was sent, in our words. Every other code but `0` decides
/// nothing, since money that was sent cannot be called back.
const REFUSED: &[(&str, &str)] = &[
    ("1", "not enough money in the account that pays"),
    ("2", "below the smallest amount"),
    ("3", "above the largest amount"),
    ("4", "over the daily limit"),
    ("5", "the account would fall below its minimum"),
    ("6", "the shortcode is not known"),
    ("7", "the receiver is not known"),
    ("8", "the receiver's wallet would be too full"),
    ("11", "the shortcode's account is not active"),
    ("12", "the receiver's account is not active"),
    ("13", "the shortcode's account was not found"),
    ("14", "the receiver's account was not found"),
    ("18", "the initiator's credentials were refused"),
    ("20", "the initiator is not known"),
    (
        "21",
        "the initiator may not do this: give it the role in the M-Pesa portal",
    ),
    ("22", "something is missing in the request"),
    ("24", "a mandatory parameter is missing"),
    ("25", "a parameter is invalid"),
    ("26", "M-Pesa is busy"),
    ("29", "the command is invalid"),
    (
        "2001",
        "initiator, password or certificate are wrong, or the password has expired (90 days)",
    ),
    ("2006", "a rule of the account forbids it"),
    ("2028", "the shortcode is not assigned this product"),
    ("2040", "the receiver is not registered with M-Pesa"),
    ("8006", "the initiator's credential is locked"),
    ("R000002", "M-Pesa knows no such receipt of this shortcode"),
    ("SFC_IC0003", "the operator does not exist"),
];

/// The payment was sent back before: whether by us is not said.
const ALREADY_REVERSED: &str = "R000001";

/// There is no such receipt.
const NO_SUCH_RECEIPT: &str = "R000002";

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Result", borrow)]
    result: Body<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    #[serde(borrow)]
    result_code: &'a RawValue,
    #[serde(borrow)]
    result_desc: Option<&'a RawValue>,
    #[serde(rename = "ConversationID", borrow)]
    conversation_id: Option<&'a RawValue>,
    #[serde(rename = "TransactionID", borrow)]
    transaction_id: Option<&'a RawValue>,
    #[serde(borrow)]
    result_parameters: Option<&'a RawValue>,
    #[serde(borrow)]
    reference_data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ReferenceList<'a> {
    #[serde(rename = "ReferenceItem", borrow)]
    items: &'a RawValue,
}

/// Reads a result.
///
/// # Errors
/// [`MessageError`] when a value that decides is missing, impossible or given twice.
pub(super) fn read_result(body: &[u8]) -> Result<Notification, MessageError> {
    let Envelope { result } = parse(body)?;
    let code = scalar(result.result_code)
        .filter(|code| !code.is_empty() && code.len() <= 32)
        .map(|code| text::clean(&code))
        .ok_or(MessageError::BadValue("ResultCode"))?;
    let said = result.result_desc.and_then(scalar).unwrap_or_default();
    let said = text::clean(&said);
    let parameters = Parameters::read(result.result_parameters);
    if is_about_a_status(&result, &parameters) {
        return status(&code, &said, &parameters);
    }
    if parameters.has("AccountBalance") {
        return Ok(Notification::Nothing {
            what: "the balance of the account".into(),
        });
    }
    let conversation_id = result
        .conversation_id
        .and_then(scalar)
        .filter(|id| is_id(id))
        .ok_or(MessageError::BadValue("ConversationID"))?;
    let outcome = if code == "0" {
        let receipt = parameters.text("TransactionReceipt")?;
        let receipt = receipt.or_else(|| result.transaction_id.and_then(scalar));
        Sent::Done {
            receipt: receipt.filter(|receipt| is_receipt(receipt)),
        }
    } else {
        failed(code, &said)
    };
    Ok(Notification::Sent {
        conversation_id,
        outcome,
    })
}

fn is_about_a_status(result: &Body<'_>, parameters: &Parameters) -> bool {
    let refers_to_occasion = result
        .reference_data
        .and_then(|raw| serde_json::from_str::<ReferenceList<'_>>(raw.get()).ok())
        .is_some_and(|list| items(list.items).iter().any(|item| item.key == "Occasion"));
    refers_to_occasion || parameters.has("TransactionStatus") || parameters.has("ReceiptNo")
}

fn failed(code: String, said: &str) -> Sent {
    if let Some((_, words)) = REFUSED.iter().find(|(known, _)| *known == code) {
        let message = match said {
            "" => (*words).to_owned(),
            said => format!("{said} ({words})"),
        };
        return Sent::Refused { code, message };
    }
    let why = match code.as_str() {
        ALREADY_REVERSED => "it has been sent back before; look for it in the statement".to_owned(),
        _ => format!("{code} {said}").trim().to_owned(),
    };
    Sent::Unknown { why }
}

/// What the result of a status query says.
fn status(code: &str, said: &str, parameters: &Parameters) -> Result<Notification, MessageError> {
    if code == NO_SUCH_RECEIPT {
        return Ok(Notification::Found(None));
    }
    let nothing = |what: &str| {
        Ok(Notification::Nothing {
            what: format!("the status of a transaction: {what}"),
        })
    };
    if code != "0" {
        return nothing(format!("{code} {said}").trim());
    }
    let status = parameters.text("TransactionStatus")?.unwrap_or_default();
    match status.as_str() {
        "Completed" => movement(parameters).map(|found| Notification::Found(Some(found))),
        // It ended without moving any money.
        "Cancelled" | "Declined" | "Expired" => Ok(Notification::Found(None)),
        other => nothing(&text::clean(other)),
    }
}

fn movement(parameters: &Parameters) -> Result<Movement, MessageError> {
    let receipt = parameters
        .text("ReceiptNo")?
        .filter(|receipt| is_receipt(receipt))
        .ok_or(MessageError::BadValue("ReceiptNo"))?;
    let amount = parameters
        .text("Amount")?
        .and_then(|amount| read_amount(&amount))
        .ok_or(MessageError::BadValue("Amount"))?;
    let kind = kind(&parameters.text("ReasonType")?.unwrap_or_default());
    // The parties' keys come twice, so both are looked through.
    let parties: Vec<Party> = ["DebitPartyName", "CreditPartyName"]
        .into_iter()
        .flat_map(|key| parameters.all(key))
        .map(|written| read_party(&written))
        .collect();
    let ours = parties.iter().find(|party| party.shortcode.is_some());
    let theirs = parties
        .iter()
        .find(|party| party.phone.is_some())
        .or_else(|| parties.iter().find(|party| party.shortcode.is_none()));
    let charges = match kind {
        MovementKind::Payment => "CreditPartyCharges",
        _ => "DebitPartyCharges",
    };
    Ok(Movement {
        kind,
        receipt,
        amount,
        fee: parameters.all(charges).next().and_then(|said| fee(&said)),
        at: parameters
            .text("FinalisedTime")?
            .and_then(|at| read_stamp(&at)),
        phone: theirs.and_then(|party| party.phone.clone()),
        payer: theirs.and_then(|party| party.name.clone()),
        reference: parameters
            .text("BillReferenceNumber")?
            .map(|reference| text::clean(&reference))
            .filter(|reference| !reference.is_empty()),
        account: ours.and_then(|party| party.shortcode.clone()),
        checkout_request_id: None,
    })
}

/// `ReasonType`, such as `Pay Bill Online`.
fn kind(reason: &str) -> MovementKind {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["revers"]) {
        MovementKind::Reversal
    } else if says(&["business payment", "salary", "promotion"]) {
        MovementKind::Payout
    } else if says(&["pay bill", "paybill", "buy goods", "merchant", "customer"]) {
        MovementKind::Payment
    } else {
        MovementKind::Other
    }
}

/// `Fee For B2C Payment|KES|22.40`.
fn fee(said: &str) -> Option<Money> {
    let (rest, amount) = said.rsplit_once('|')?;
    let (_, currency) = rest.rsplit_once('|')?;
    Money::parse(amount, Currency::Kes)
        .ok()
        .filter(|fee| currency == "KES" && fee.is_positive())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// A payment by hand, as it was seen on the wire, with the hazards of others.
    fn paid() -> Value {
        json!({"Result": {
            "ResultType": 0, "ResultCode": 0,
            "ResultDesc": "The service request is processed successfully.",
            "OriginatorConversationID": "21dc-4436-8408-ee2f032ee36b9257921",
            "ConversationID": "AG_20250117_20305b55146d275e7daf", "TransactionID": "TAH0000000",
            "ResultParameters": {"ResultParameter": [
                {"Key": "DebitPartyName", "Value": "0790422900 - JANE DOE"},
                {"Key": "CreditPartyName", "Value": "4149500 -  A SHOP"},
                {"Key": "DebitPartyName", "Value": "4149500 - A SHOP"},
                {"Key": "OriginatorConversationID", "Value": "6b16-43f4-a9f6-8e81ad29eeab2987739"},
                {"Key": "InitiatedTime", "Value": 20_250_117_170_614_u64},
                {"Key": "CreditPartyCharges", "Value": "Pay Bill Charge|KES|0.55"},
                {"Key": "DebitAccountType", "Value": "MMF Account For Customer"},
                {"Key": "TransactionReason"},
                {"Key": "ReasonType", "Value": "Pay Bill Online"},
                {"Key": "TransactionStatus", "Value": "Completed"},
                {"Key": "FinalisedTime", "Value": 20_250_117_170_614_u64},
                {"Key": "Amount", "Value": 1.0},
                {"Key": "ConversationID", "Value": "AG_20250117_20503343d9b604c7af7e"},
                {"Key": "ReceiptNo", "Value": "TAH5J2K990"}
            ]},
            "ReferenceData": {"ReferenceItem": {"Key": "Occasion"}}
        }})
    }

    fn read(json: &Value) -> Result<Notification, MessageError> {
        read_result(json.to_string().as_bytes())
    }

    fn with(key: &str, value: Value) -> Result<Notification, MessageError> {
        let mut json = paid();
        let list = &mut json["Result"]["ResultParameters"]["ResultParameter"];
        let items = list.as_array_mut().expect("a list");
        let item = items
            .iter_mut()
            .find(|item| item["Key"] == key)
            .expect("it");
        item["Value"] = value;
        read(&json)
    }

    fn sent(code: &Value, parameters: Option<Value>) -> Sent {
        let mut json = json!({"Result": {
            "ResultType": 0, "ResultCode": code, "ResultDesc": "said",
            "ConversationID": "AG_20250117_20305b55146d275e7daf", "TransactionID": "MBN0000000",
            "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://x"}}
        }});
        if let Some(parameters) = parameters {
            json["Result"]["ResultParameters"] = parameters;
        }
        match read(&json) {
            Ok(Notification::Sent {
                outcome,
                conversation_id,
            }) => {
                assert_eq!(conversation_id, "AG_20250117_20305b55146d275e7daf");
                outcome
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_status_query_finds_a_payment() {
        let expected = Movement {
            kind: MovementKind::Payment,
            receipt: "TAH5J2K990".into(),
            amount: Money::from_minor(100, Currency::Kes),
            fee: Some(Money::from_minor(55, Currency::Kes)),
            at: read_stamp("20250117170614"),
            phone: bando_domain::Phone::from_international("254790422900"),
            payer: Some("JANE DOE".into()),
            reference: None,
            account: Some("4149500".into()),
            checkout_request_id: None,
        };
        assert_eq!(
            read(&paid()),
            Ok(Notification::Found(Some(expected.clone())))
        );
        assert_eq!(
            with("FinalisedTime", json!("20250117170614")),
            read(&paid())
        );
        assert_eq!(with("Amount", json!("1.00")), read(&paid()));
        let mut list = paid();
        list["Result"]["ReferenceData"]["ReferenceItem"] =
            json!([{"Key": "Occasion", "Value": "x"}]);
        assert_eq!(read(&list), read(&paid()));
        list["Result"]["ReferenceData"] = Value::Null;
        list["Result"]["ResultCode"] = json!("0");
        assert_eq!(read(&list), read(&paid()));
        let masked = with("DebitPartyName", json!("2547****900 - JANE"));
        let Ok(Notification::Found(Some(masked))) = masked else {
            panic!("{masked:?}");
        };
        assert_eq!(
            (masked.phone, masked.payer.as_deref()),
            (None, Some("JANE · 2547****900"))
        );
    }

    #[test]
    fn reasons_tell_what_kind_of_movement_it_is() {
        for (reason, expected) in [
            ("Pay Bill Online", MovementKind::Payment),
            ("Merchant Payment Online", MovementKind::Payment),
            ("Customer Buy Goods Online", MovementKind::Payment),
            ("Business Payment to Customer via API", MovementKind::Payout),
            ("Salary Payment via API", MovementKind::Payout),
            ("Pay Bill Online Reversal", MovementKind::Reversal),
            ("Withdraw Funds to Bank", MovementKind::Other),
            ("", MovementKind::Other),
        ] {
            assert_eq!(kind(reason), expected, "{reason}");
        }
    }

    #[test]
    fn a_status_query_refutes_only_what_is_certain() {
        for gone in ["Cancelled", "Declined", "Expired"] {
            assert_eq!(
                with("TransactionStatus", json!(gone)),
                Ok(Notification::Found(None))
            );
        }
        for open in ["Initiated", "Authorized", "completed", ""] {
            let read = with("TransactionStatus", json!(open));
            assert!(
                matches!(read, Ok(Notification::Nothing { .. })),
                "{open}: {read:?}"
            );
        }
        let failed = |code: Value| {
            let mut json = paid();
            json["Result"]["ResultCode"] = code;
            let result = json["Result"].as_object_mut().expect("an object");
            result.remove("ResultParameters");
            read(&json)
        };
        assert_eq!(failed(json!("R000002")), Ok(Notification::Found(None)));
        for code in [json!(2001), json!(17), json!(1), json!("R000001")] {
            let read = failed(code);
            assert!(matches!(read, Ok(Notification::Nothing { .. })), "{read:?}");
        }
    }

    #[test]
    fn what_makes_money_must_be_right_and_said_once() {
        for (key, bad) in [
            ("Amount", "0"),
            ("Amount", "-1"),
            ("ReceiptNo", "a b"),
            ("ReceiptNo", ""),
        ] {
            assert!(with(key, json!(bad)).is_err(), "{key} {bad}");
        }
        for (key, value) in [
            ("Amount", "9000"),
            ("ReceiptNo", "OTHER00001"),
            ("TransactionStatus", "Declined"),
        ] {
            let mut json = paid();
            let list = &mut json["Result"]["ResultParameters"]["ResultParameter"];
            let items = list.as_array_mut().expect("a list");
            items.push(json!({"Key": key, "Value": value}));
            assert_eq!(read(&json), Err(MessageError::BadValue(key)));
        }
    }

    #[test]
    fn money_that_was_sent_has_a_receipt() {
        let receipt = |receipt: &str| Sent::Done {
            receipt: Some(receipt.to_owned()),
        };
        assert_eq!(sent(&json!(0), None), receipt("MBN0000000"));
        let parameters = json!({"ResultParameter": [
            {"Key": "TransactionReceipt", "Value": "LGR919G2AV"}, {"Key": "TransactionAmount", "Value": 10}]});
        assert_eq!(sent(&json!("0"), Some(parameters)), receipt("LGR919G2AV"));
        let single =
            json!({"ResultParameter": {"Key": "TransactionReceipt", "Value": "LGR919G2AV"}});
        assert_eq!(sent(&json!(0), Some(single)), receipt("LGR919G2AV"));
        for odd in [
            json!(null),
            json!([]),
            json!("x"),
            json!({"ResultParameter": 7}),
        ] {
            assert_eq!(sent(&json!(0), Some(odd)), receipt("MBN0000000"));
        }
    }

    #[test]
    fn only_certain_codes_say_that_nothing_was_sent() {
        for code in [json!(1), json!("2001"), json!(2040), json!("R000002")] {
            assert!(matches!(sent(&code, None), Sent::Refused { .. }));
        }
        for code in [
            json!("R000001"),
            json!(17),
            json!(15),
            json!(1037),
            json!(7777),
            json!("0.0"),
        ] {
            assert!(matches!(sent(&code, None), Sent::Unknown { .. }));
        }
        for (i, (code, _)) in REFUSED.iter().enumerate() {
            assert!(
                REFUSED[..i].iter().all(|(other, _)| other != code),
                "{code}"
            );
        }
    }

    proptest! {
        #[test]
        fn money_is_found_only_where_code_and_status_say_so(
            code in prop_oneof![Just(json!(0)), Just(json!("0")), Just(json!(1)), Just(json!(null)), Just(json!("00"))],
            status in prop::sample::select(vec!["Completed", "Declined", "Initiated", "", "x"]),
        ) {
            let mut json = paid();
            json["Result"]["ResultCode"] = code.clone();
            let list = &mut json["Result"]["ResultParameters"]["ResultParameter"];
            list[9]["Value"] = json!(status);
            let found = matches!(read(&json), Ok(Notification::Found(Some(_))));
            prop_assert_eq!(found, (code == 0 || code == "0") && status == "Completed");
        }
    }
}
