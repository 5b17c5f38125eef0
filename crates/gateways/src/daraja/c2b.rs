//! C2B: money that nobody asked for, paid by hand to the paybill or till.
//!
//! Validation asks whether a payment may be made (Safaricom switches it on by request and waits
//! 8 seconds), confirmation tells that it was made. Both have the same shape, in which everything is
//! a string and names and account number are the payer's own words.

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::callback::{is_receipt, read_amount, scalar};
use super::messages::parse;
use super::party::{is_shortcode, read_party};
use super::stamp::read_stamp;
use super::{CallError, Daraja, DarajaAccount};
use crate::gateway::{MessageError, MessageUrls, Movement, MovementKind};
use crate::text;

const REGISTER: &str = "/mpesa/c2b/v2/registerurl";

#[derive(Deserialize)]
struct Announced<'a> {
    #[serde(rename = "TransID", borrow)]
    id: &'a RawValue,
    #[serde(rename = "TransTime", borrow)]
    time: Option<&'a RawValue>,
    #[serde(rename = "TransAmount", borrow)]
    amount: &'a RawValue,
    #[serde(rename = "BusinessShortCode", borrow)]
    shortcode: &'a RawValue,
    #[serde(rename = "BillRefNumber", borrow)]
    reference: Option<&'a RawValue>,
    #[serde(rename = "MSISDN", borrow)]
    msisdn: Option<&'a RawValue>,
    #[serde(rename = "FirstName", borrow)]
    first_name: Option<&'a RawValue>,
    #[serde(rename = "MiddleName", borrow)]
    middle_name: Option<&'a RawValue>,
    #[serde(rename = "LastName", borrow)]
    last_name: Option<&'a RawValue>,
}

/// Reads a confirmation: money that is said to have come.
///
/// # Errors
/// [`MessageError`] when receipt, amount or shortcode are missing or impossible.
pub(super) fn read_payment(body: &[u8]) -> Result<Movement, MessageError> {
    let said: Announced<'_> = parse(body)?;
    let receipt = scalar(said.id)
        .filter(|id| is_receipt(id))
        .ok_or(MessageError::BadValue("TransID"))?;
    let amount = scalar(said.amount)
        .and_then(|amount| read_amount(&amount))
        .ok_or(MessageError::BadValue("TransAmount"))?;
    let shortcode = scalar(said.shortcode)
        .filter(|code| is_shortcode(code))
        .ok_or(MessageError::BadValue("BusinessShortCode"))?;
    let words = |raw: Option<&RawValue>| {
        let text = raw.and_then(scalar).map(|text| text::clean(&text));
        text.filter(|text| !text.is_empty())
    };
    let payer = read_party(&words(said.msisdn).unwrap_or_default());
    let names = [said.first_name, said.middle_name, said.last_name]
        .into_iter()
        .filter_map(words)
        .collect::<Vec<_>>()
        .join(" ");
    let shown: Vec<String> = [Some(names).filter(|n| !n.is_empty()), payer.name]
        .into_iter()
        .flatten()
        .collect();
    Ok(Movement {
        kind: MovementKind::Payment,
        receipt,
        amount,
        fee: None,
        at: said
            .time
            .and_then(scalar)
            .and_then(|time| read_stamp(&time)),
        phone: payer.phone,
        payer: Some(shown.join(" · ")).filter(|shown| !shown.is_empty()),
        reference: words(said.reference),
        account: Some(shortcode),
        checkout_request_id: None,
    })
}

/// Reads a validation request: a payment that somebody wants to make. Its receipt number is the one
/// it would get.
///
/// # Errors
/// As [`super::read_daraja_message`].
pub fn read_c2b_validation(body: &[u8]) -> Result<Movement, MessageError> {
    read_payment(body)
}

/// The answer to a validation request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum C2bValidation {
    /// It may be paid.
    Accept,
    /// It may not.
    Reject(C2bRejection),
}

/// Why a payment may not be made; the payer reads M-Pesa's words for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum C2bRejection {
    /// Not from this phone.
    Phone,
    /// There is no such account number.
    AccountNumber,
    /// Not this amount.
    Amount,
    /// The payer's details do not do.
    PayerDetails,
    /// Not to this shortcode.
    Shortcode,
    /// Anything else.
    Other,
}

impl C2bRejection {
    /// Daraja's code for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "C2B00011",
            Self::AccountNumber => "C2B00012",
            Self::Amount => "C2B00013",
            Self::PayerDetails => "C2B00014",
            Self::Shortcode => "C2B00015",
            Self::Other => "C2B00016",
        }
    }
}

impl C2bValidation {
    /// The JSON that Daraja wants to hear.
    pub fn json(self) -> String {
        let (code, words) = match self {
            Self::Accept => ("0", "Accepted"),
            Self::Reject(why) => (why.code(), "Rejected"),
        };
        json!({"ResultCode": code, "ResultDesc": words}).to_string()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Register<'a> {
    short_code: &'a str,
    response_type: &'static str,
    #[serde(rename = "ConfirmationURL")]
    confirmation_url: &'a str,
    #[serde(rename = "ValidationURL")]
    validation_url: &'a str,
}

impl Daraja {
    /// Tells Daraja where C2B messages go. Payments go through when our validation does not answer:
    /// money that came can be sent back, a customer who could not pay is lost.
    ///
    /// # Errors
    /// What is wrong, in words that a provider can act on.
    pub(super) async fn register_c2b(
        &self,
        account: &DarajaAccount,
        urls: &MessageUrls,
    ) -> Result<(), String> {
        let request = Register {
            short_code: account.receiver(),
            // In sentence case exactly.
            response_type: "Completed",
            confirmation_url: &urls.confirmation,
            validation_url: &urls.validation,
        };
        let reply = self
            .call(account, REGISTER, &request)
            .await
            .map_err(CallError::why)?;
        let error = reply.error().map(|e| e.message.to_ascii_lowercase());
        let already = error.is_some_and(|said| said.contains("already registered"));
        if already || reply.field("ResponseCode").as_deref() == Some("0") {
            return Ok(());
        }
        Err(format!(
            "M-Pesa did not take the addresses for payments by hand: {}. In production they are \
             registered once; to change them, delete them under Self Services, URL Management",
            reply.summary()
        ))
    }
}

#[cfg(test)]
mod tests {
    use bando_domain::{Currency, Money, Phone};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// The portal's sample.
    const SAMPLE: &str = r#"{"TransactionType":"Pay Bill","TransID":"RKL51ZDR4F",
        "TransTime":"20231121121325","TransAmount":"5.00","BusinessShortCode":"600966",
        "BillRefNumber":"Sample Transaction","InvoiceNumber":"","OrgAccountBalance":"25.00",
        "ThirdPartyTransID":"","MSISDN":"2547 ***** 126","FirstName":"NICHOLAS","MiddleName":"",
        "LastName":""}"#;

    fn with(field: &str, value: Value) -> Result<Movement, MessageError> {
        let mut json: Value = serde_json::from_str(SAMPLE).expect("json");
        json[field] = value;
        read_payment(json.to_string().as_bytes())
    }

    #[test]
    fn reads_the_portals_sample() {
        let read = read_payment(SAMPLE.as_bytes());
        let expected = Movement {
            kind: MovementKind::Payment,
            receipt: "RKL51ZDR4F".into(),
            amount: Money::from_minor(500, Currency::Kes),
            fee: None,
            at: read_stamp("20231121121325"),
            phone: None,
            payer: Some("NICHOLAS · 2547 ***** 126".into()),
            reference: Some("Sample Transaction".into()),
            account: Some("600966".into()),
            checkout_request_id: None,
        };
        assert_eq!(read, Ok(expected.clone()));
        assert_eq!(read_c2b_validation(SAMPLE.as_bytes()), Ok(expected));
    }

    #[test]
    fn numbers_do_as_well_as_strings_and_what_is_empty_is_absent() {
        assert_eq!(
            with("TransAmount", json!(5.5)).map(|m| m.amount.minor()),
            Ok(550)
        );
        assert_eq!(
            with("TransTime", json!(20_231_121_121_325_u64)),
            read_payment(SAMPLE.as_bytes())
        );
        assert_eq!(
            with("TransTime", json!("yesterday")).map(|m| m.at),
            Ok(None)
        );
        assert_eq!(
            with("BillRefNumber", json!("  ")).map(|m| m.reference),
            Ok(None)
        );
        assert_eq!(
            with("BillRefNumber", Value::Null).map(|m| m.reference),
            Ok(None)
        );
        let full = with("MSISDN", json!("254708374126")).expect("read");
        assert_eq!(full.phone.as_ref().map(Phone::digits), Some("254708374126"));
        assert_eq!(full.payer.as_deref(), Some("NICHOLAS"));
        let hashed = with("MSISDN", json!("be".repeat(32))).expect("read");
        assert_eq!(
            (hashed.phone, hashed.payer.as_deref()),
            (None, Some("NICHOLAS"))
        );
    }

    #[test]
    fn what_makes_money_must_be_right() {
        for (field, bad) in [
            (
                "TransID",
                vec![json!(""), json!("a b"), json!("<script>"), Value::Null],
            ),
            (
                "TransAmount",
                vec![
                    json!("0"),
                    json!("-5"),
                    json!("5.001"),
                    json!("KES 5"),
                    json!([]),
                ],
            ),
            (
                "BusinessShortCode",
                vec![json!(""), json!("6009"), json!("60096x"), json!(true)],
            ),
        ] {
            for value in bad {
                assert!(with(field, value.clone()).is_err(), "{field}: {value}");
            }
        }
        let twice = SAMPLE.replace(r#""InvoiceNumber":"""#, r#""TransAmount":"9000.00""#);
        assert!(
            read_payment(twice.as_bytes()).is_err(),
            "what is said twice"
        );
    }

    #[test]
    fn answers_to_validation_are_the_portals() {
        let parsed = |text: String| serde_json::from_str::<Value>(&text).expect("json");
        assert_eq!(
            parsed(C2bValidation::Accept.json()),
            json!({"ResultCode": "0", "ResultDesc": "Accepted"})
        );
        use C2bRejection::*;
        for (n, why) in [Phone, AccountNumber, Amount, PayerDetails, Shortcode, Other]
            .iter()
            .enumerate()
        {
            assert_eq!(
                parsed(C2bValidation::Reject(*why).json()),
                json!({"ResultCode": format!("C2B0001{}", n + 1), "ResultDesc": "Rejected"})
            );
        }
    }

    proptest! {
        #[test]
        fn the_payers_own_words_never_break_it(reference in ".{0,300}", name in ".{0,300}") {
            let read = with("BillRefNumber", json!(reference)).expect("read");
            prop_assert!(read.reference.is_none_or(|r| r.chars().count() <= 200 && !r.contains(char::is_control)));
            prop_assert!(with("FirstName", json!(name)).is_ok());
        }
    }
}
