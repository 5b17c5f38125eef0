//! Pesapal's shapes: error objects, ids, dates and the status of an order, as they were recorded.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bando_domain::Timestamp;
use serde_json::{Value, json};

use super::books::{OrderState, Ordered};
use super::scenario::PayBy;
use crate::daraja::Random;
use crate::daraja::wire::local;

/// Such as `96a5e1d9-3f5c-4b5e-9d0f-dd1f3f8f0a11`.
pub(super) fn guid(random: &Random) -> String {
    let hex = random.text(32, b"0123456789abcdef");
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// What looks like a JWT.
pub(super) fn token(random: &Random) -> String {
    const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    format!(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{}.{}",
        random.text(200, BASE64),
        random.text(43, BASE64)
    )
}

/// A moment in UTC with seven digits of a second: `2024-03-18T16:25:45.7793772Z`.
pub(super) fn utc(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}3772Z", text.trim_end_matches('Z'))
}

/// A moment in Nairobi, of no named zone: `2024-03-18T18:25:46.75`.
pub(super) fn nairobi(at: Timestamp) -> String {
    let centiseconds = at.as_millis().rem_euclid(1000) / 10;
    format!(
        "{}.{centiseconds:02}",
        local(at).strftime("%Y-%m-%dT%H:%M:%S")
    )
}

/// A JSON answer with HTTP 200.
pub(super) fn ok(body: Value) -> Response {
    axum::Json(body).into_response()
}

/// An error, which comes with HTTP 200.
pub(super) fn error(kind: &str, code: &str, message: &str) -> Response {
    ok(error_body(kind, code, message))
}

/// The error object.
pub(super) fn error_body(kind: &str, code: &str, message: &str) -> Value {
    json!({
        "error": {"error_type": kind, "code": code, "message": message},
        "status": "500",
    })
}

/// A token that is none or no longer one.
pub(super) fn bad_token(status: u16) -> Response {
    let body = json!({
        "error": {
            "error_type": "authentication_error",
            "code": "invalid_api_credentials_provided",
            "message": "Invalid Access Token",
        },
        "status": null,
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
    (status, axum::Json(body)).into_response()
}

/// Cloudflare's "too often".
pub(super) fn too_often() -> Response {
    (
        StatusCode::TOO_MANY_REQUESTS,
        [("retry-after", "7")],
        "error code: 1015",
    )
        .into_response()
}

/// The answer to a status request. `amount` is written as it is, such as `10.00`.
pub(super) fn status(
    order: &Ordered,
    (code, description): (u8, &str),
    amount: &str,
    currency: &str,
    reference: &str,
) -> Response {
    // A float would lose the decimals that the real one writes, so the amount goes in as text.
    const AMOUNT: &str = "@amount@";
    let mobile = order.paid_by.is_some_and(PayBy::is_mobile);
    let why = if code == 2 && mobile {
        "request_terminated_by_user"
    } else {
        ""
    };
    let said = (code == 2 && !mobile)
        .then_some("Unable to Authorize Transaction.Kindly contact your bank for assistance");
    let mut body = json!({
        "payment_method": order.paid_by.map_or("", method),
        "amount": AMOUNT,
        "created_date": nairobi(order.decided_at.unwrap_or(order.at)),
        "confirmation_code": order.confirmation_code.as_deref().unwrap_or(""),
        "order_tracking_id": order.order_tracking_id,
        "payment_status_description": description,
        "description": said,
        "message": "Request processed successfully",
        "payment_account": payer(order),
        "call_back_url": callback_url(order, &order.callback_url, "CALLBACKURL"),
        "status_code": code,
        "merchant_reference": reference,
        "payment_status_code": why,
        "currency": currency,
        "error": {"error_type": null, "code": null, "message": null},
        "status": "200",
    });
    if let Some(subscribed) = &order.subscribed {
        body["subscription_transaction_info"] = json!({
            "account_reference": subscribed.account_reference,
            "amount": AMOUNT,
            "first_name": "John",
            "last_name": "Doe",
            "correlation_id": subscribed.correlation_id,
        });
    }
    let json = body.to_string().replace(&format!("\"{AMOUNT}\""), amount);
    let mut response = json.into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

/// The answer to a status request of an order that nobody has paid: HTTP 200 with a status of 500.
pub(super) fn not_found(order: &Ordered) -> Response {
    let mut body = error_body("api_error", "payment_details_not_found", "Pending Payment");
    body["error"]["call_back_url"] = callback_url(order, &order.callback_url, "CALLBACKURL").into();
    body["status_code"] = 0.into();
    body["payment_status_description"] = "INVALID".into();
    body["payment_method"] = "".into();
    body["amount"] = 0.into();
    body["merchant_reference"] = order.merchant_reference.clone().into();
    body["message"] = "Pending Payment".into();
    ok(body)
}

/// Status code and description, the latter written in more than one way.
pub(super) fn state_words(order: &Ordered) -> (u8, &'static str) {
    let mobile = order.paid_by.is_some_and(PayBy::is_mobile);
    match order.state {
        OrderState::Pending | OrderState::Cancelled => (0, "INVALID"),
        OrderState::Completed if mobile => (1, "Completed"),
        OrderState::Completed => (1, "COMPLETED"),
        OrderState::Failed if mobile => (2, "Failed"),
        OrderState::Failed => (2, "FAILED"),
        OrderState::Reversed => (3, "Reversed"),
    }
}

/// An address with an order's names in its query.
pub(super) fn callback_url(order: &Ordered, url: &str, kind: &str) -> String {
    let Ok(mut url) = url::Url::parse(url) else {
        return url.to_owned();
    };
    url.query_pairs_mut()
        .append_pair("OrderTrackingId", &order.order_tracking_id)
        .append_pair("OrderMerchantReference", &order.merchant_reference)
        .append_pair("OrderNotificationType", kind);
    url.into()
}

const fn method(how: PayBy) -> &'static str {
    if how.is_mobile() { "MpesaKE" } else { "Visa" }
}

/// Who paid, with the middle hidden.
fn payer(order: &Ordered) -> String {
    match order.paid_by {
        Some(how) if how.is_mobile() => {
            let (start, end) = (order.phone.get(..4), order.phone.get(7..));
            format!("{}xxx{}", start.unwrap_or(""), end.unwrap_or(""))
        }
        Some(_) => "476173**0010".into(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_recorded_shapes() {
        let at = Timestamp::from_millis(1_710_779_146_750);
        assert_eq!(utc(at), "2024-03-18T16:25:46.7503772Z");
        assert_eq!(nairobi(at), "2024-03-18T19:25:46.75");
    }
}
