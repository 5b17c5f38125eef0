//! Daraja's shapes: error envelopes, ids, dates and the callback body, as captured from the real one.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bando_domain::{Money, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::{Offset, offset};
use serde_json::{Value, json, value::RawValue};

use super::random::Random;

/// East Africa Time.
const EAT: Offset = offset(3);

/// The local date and time of `at`.
pub(crate) fn local(at: Timestamp) -> DateTime {
    EAT.to_datetime(jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default())
}

/// `YYYYMMDDHHmmss`.
pub(crate) fn stamp(at: Timestamp) -> String {
    local(at).strftime("%Y%m%d%H%M%S").to_string()
}

/// Reads `YYYYMMDDHHmmss`.
pub(crate) fn read_stamp(text: &str) -> Option<Timestamp> {
    if text.len() != 14 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    from_local(DateTime::strptime("%Y%m%d%H%M%S", text).ok()?)
}

/// The moment of a local date and time.
pub(crate) fn from_local(local: DateTime) -> Option<Timestamp> {
    let utc = EAT.to_timestamp(local).ok()?;
    Some(Timestamp::from_millis(utc.as_millisecond()))
}

/// Such as `234f-43a9-ae11-d0b0c2dbe930108127`.
pub(crate) fn merchant_request_id(random: &Random) -> String {
    format!(
        "{}-{}-{}-{}{}",
        random.text(4, b"0123456789abcdef"),
        random.text(4, b"0123456789abcdef"),
        random.text(4, b"0123456789abcdef"),
        random.text(12, b"0123456789abcdef"),
        random.text(6, b"0123456789"),
    )
}

/// Such as `ws_CO_180920261803512708374149`: local time, milliseconds without padding, the payer's
/// national number.
pub(crate) fn checkout_request_id(at: Timestamp, millis: u32, phone_digits: &str) -> String {
    let national = phone_digits.strip_prefix("254").unwrap_or(phone_digits);
    format!(
        "ws_CO_{}{millis}{national}",
        local(at).strftime("%d%m%Y%H%M%S")
    )
}

/// Such as `UKK7RT61SV`: letters of year, month and day, then seven that are random.
pub(crate) fn receipt(at: Timestamp, random: &Random) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let t = local(at);
    let letter = |n: i64| char::from(b'A' + u8::try_from(n.rem_euclid(26)).unwrap_or(0));
    let day = char::from(DIGITS[usize::try_from(t.day()).unwrap_or(0) % 36]);
    format!(
        "{}{}{day}{}",
        letter(i64::from(t.year()) - 2006),
        letter(i64::from(t.month()) - 1),
        random.text(7, DIGITS)
    )
}

/// A JSON answer.
pub(crate) fn ok(body: Value) -> Response {
    (StatusCode::OK, axum::Json(body)).into_response()
}

/// The error envelope.
pub(crate) fn error(random: &Random, status: u16, code: &str, message: &str) -> Response {
    let body = json!({
        "requestId": merchant_request_id(random),
        "errorCode": code,
        "errorMessage": message,
    });
    (status_of(status), axum::Json(body)).into_response()
}

/// Why a request is turned away.
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    /// `400.002.02 Bad Request - Invalid …`.
    pub(crate) fn invalid(field: &str) -> Self {
        Self::new(400, "400.002.02", format!("Bad Request - Invalid {field}"))
    }

    /// `500.001.1001`, which means whatever its message says.
    pub(crate) fn catch_all(message: impl Into<String>) -> Self {
        Self::new(500, "500.001.1001", message)
    }

    pub(crate) fn response(&self, random: &Random) -> Response {
        error(random, self.status, self.code, &self.message)
    }
}

/// Apigee's "too often".
pub(crate) fn spike_arrest() -> Response {
    let body = json!({"fault": {
        "faultstring": "Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, periodInMicroseconds=60000000, maxBurstMessageCount=1.0}",
        "detail": {"errorcode": "policies.ratelimit.SpikeArrestViolation"},
    }});
    (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response()
}

/// A proxy's page.
pub(crate) fn html(status: u16) -> Response {
    let page = "<html><head><title>Service unavailable</title></head><body><h1>Service unavailable</h1></body></html>";
    let mut response = (status_of(status), page).into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=UTF-8"),
    );
    response
}

/// A status and nothing else.
pub(crate) fn empty(status: u16) -> Response {
    status_of(status).into_response()
}

/// Makes the server cut the connection without sending a byte: a body that breaks before it begins.
pub(crate) fn cut() -> Response {
    let broken = futures_util::stream::once(async {
        Err::<Bytes, _>(std::io::Error::other("cut on purpose"))
    });
    Response::new(Body::from_stream(broken))
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What a callback says.
pub(crate) struct CallbackBody<'a> {
    pub(crate) merchant_request_id: &'a str,
    pub(crate) checkout_request_id: &'a str,
    pub(crate) code: &'a str,
    /// Of a payment only.
    pub(crate) paid: Option<PaidItems<'a>>,
}

/// The metadata of a payment.
pub(crate) struct PaidItems<'a> {
    /// Written as it is, such as `1.00`.
    pub(crate) amount: &'a str,
    pub(crate) receipt: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) phone_digits: &'a str,
}

impl CallbackBody<'_> {
    /// The JSON: `ResultCode` a number where it is one, the amount with its decimals, `Balance`
    /// without a value, date and phone as numbers.
    pub(crate) fn json(&self) -> String {
        let number = |text: &str| -> Value {
            text.parse::<i64>()
                .map_or_else(|_| text.into(), Value::from)
        };
        let mut callback = json!({
            "MerchantRequestID": self.merchant_request_id,
            "CheckoutRequestID": self.checkout_request_id,
            "ResultCode": number(self.code),
            "ResultDesc": callback_text(self.code),
        });
        let Some(paid) = &self.paid else {
            return json!({"Body": {"stkCallback": callback}}).to_string();
        };
        // A float would lose the decimals that the real one writes, so the amount goes in as text.
        const AMOUNT: &str = "@amount@";
        callback["CallbackMetadata"] = json!({"Item": [
            {"Name": "Amount", "Value": AMOUNT},
            {"Name": "MpesaReceiptNumber", "Value": paid.receipt},
            {"Name": "Balance"},
            {"Name": "TransactionDate", "Value": number(&stamp(paid.at))},
            {"Name": "PhoneNumber", "Value": number(paid.phone_digits)},
        ]});
        json!({"Body": {"stkCallback": callback}})
            .to_string()
            .replace(&format!("\"{AMOUNT}\""), &json_number(paid.amount))
    }
}

/// `text` if it is a JSON number, else a JSON string.
fn json_number(text: &str) -> String {
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok();
    if is_number {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

/// Money as a callback writes it: `50.00`.
pub(crate) fn decimal(amount: Money) -> String {
    amount.decimal()
}

/// `ResultDesc` of a callback.
pub(crate) fn callback_text(code: &str) -> &'static str {
    match code {
        "0" => "The service request is processed successfully.",
        "1" => "The balance is insufficient for the transaction.",
        "17" => "System internal error.",
        "26" => "System busy. The service request is rejected.",
        "1001" => {
            "Unable to lock subscriber, a transaction is already in process for the current subscriber"
        }
        "1019" => "Transaction has expired",
        "1025" | "9999" => "Error Occurred while sending push request.",
        "1031" | "1032" => "Request cancelled by user",
        "1036" => "SMSC ACK timeout.",
        "1037" => "No response from user.",
        "2001" => "The initiator information is invalid.",
        "4999" => "The transaction is still under processing",
        "E3008" => "Error, the user has a bad debt contract.",
        _ => "Unexpected result",
    }
}

/// `ResultDesc` of a query: not always the same words.
pub(crate) fn query_text(code: &str) -> &'static str {
    match code {
        "1032" => "Request Cancelled by user.",
        "1037" => "DS timeout user cannot be reached.",
        other => callback_text(other),
    }
}

/// `ResultDesc` of an initiator's order.
pub(crate) fn result_text(code: &str) -> &'static str {
    match code {
        "1" => "The balance is insufficient for the transaction.",
        "2" => "Declined due to limit rule: less than the minimum transaction amount.",
        "3" => "Declined due to limit rule: greater than the maximum transaction amount.",
        "25" => "The request parameters are invalid.",
        "2001" => "The initiator information is invalid.",
        "2040" => {
            "Credit Party customer type (Unregistered or Registered Customer) can't be supported by the service ."
        }
        "R000001" => "The transaction has already been reversed.",
        "R000002" => "The OriginalTransactionID is invalid.",
        other => callback_text(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(rfc_3339: &str) -> Timestamp {
        let t: jiff::Timestamp = rfc_3339.parse().expect("a time");
        Timestamp::from_millis(t.as_millisecond())
    }

    #[test]
    fn ids_have_the_observed_shapes() {
        let t = at("2026-09-18T15:03:51.002Z");
        assert_eq!(
            checkout_request_id(t, 2, "254708374149"),
            "ws_CO_180920261803512708374149"
        );
        assert_eq!(stamp(t), "20260918180351");
        assert_eq!(
            read_stamp("20260918180351"),
            Some(at("2026-09-18T15:03:51Z"))
        );
        assert_eq!(read_stamp("20261318180351"), None);
    }

    #[test]
    fn a_callback_is_the_portals_sample() {
        let body = CallbackBody {
            merchant_request_id: "29115-34620561-1",
            checkout_request_id: "ws_CO_191220191020363925",
            code: "0",
            paid: Some(PaidItems {
                amount: "1.00",
                receipt: "NLJ7RT61SV",
                at: at("2019-12-19T07:21:15Z"),
                phone_digits: "254708374149",
            }),
        };
        let sample = r#"{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"Balance"},{"Name":"TransactionDate","Value":20191219102115},{"Name":"PhoneNumber","Value":254708374149}]}}}}"#;
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("json");
        assert_eq!(parsed(&body.json()), parsed(sample));
        assert!(body.json().contains(r#""Value":1.00}"#), "{}", body.json());
        let failed = CallbackBody {
            code: "E3008",
            paid: None,
            ..body
        };
        assert_eq!(
            parsed(&failed.json())["Body"]["stkCallback"]["ResultCode"],
            "E3008"
        );
    }
}
