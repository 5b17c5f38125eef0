//! MoMo's shapes: errors, the state of a request, the callback body.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::books::Requested;
use super::scenario::SUCCESSFUL;
use crate::daraja::wire::html;

/// `{"message", "code"}`; nothing at all when there is no code.
pub(super) fn error(status: u16, code: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if code.is_empty() {
        return status.into_response();
    }
    let body = json!({"message": code.replace('_', " ").to_lowercase(), "code": code});
    (status, axum::Json(body)).into_response()
}

/// The API manager's refusal of a subscription key.
pub(super) fn bad_subscription() -> Response {
    let body = json!({
        "statusCode": 401,
        "message": "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
    });
    (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response()
}

/// The API manager's "too often".
pub(super) fn too_often() -> Response {
    let body =
        json!({"statusCode": 429, "message": "Rate limit is exceeded. Try again in 7 seconds."});
    (
        StatusCode::TOO_MANY_REQUESTS,
        [("retry-after", "7")],
        axum::Json(body),
    )
        .into_response()
}

/// A POST without a body that does not say so is refused, in HTML.
pub(super) fn length_required(headers: &HeaderMap) -> Option<Response> {
    (!headers.contains_key(header::CONTENT_LENGTH)).then(|| html(411))
}

/// A request to pay as the API and its callbacks tell it. `outcome` is [`SUCCESSFUL`], a reason, or
/// none while it is undecided. Fields are there only when they have a value.
pub(super) fn state(request: &Requested, outcome: Option<&str>, reason_as_object: bool) -> Value {
    let mut body = json!({
        "externalId": request.external_id,
        "amount": request.amount,
        "currency": request.currency,
        "payer": {"partyIdType": "MSISDN", "partyId": request.phone},
        "payerMessage": request.payer_message,
        "payeeNote": request.payee_note,
        "status": match outcome {
            None => "PENDING",
            Some(SUCCESSFUL) => SUCCESSFUL,
            Some(_) => "FAILED",
        },
    });
    match outcome {
        Some(SUCCESSFUL) => {
            let id = request.financial_transaction_id.as_deref();
            body["financialTransactionId"] = id.unwrap_or("600000000").into();
        }
        Some(reason) if reason_as_object => {
            body["reason"] = json!({"code": reason, "message": reason.replace('_', " ")});
        }
        Some(reason) => body["reason"] = reason.into(),
        None => {}
    }
    body
}

/// What a request's books say of it: [`SUCCESSFUL`], a reason, or none.
pub(super) fn outcome(request: &Requested) -> Option<&str> {
    let status = request.status.as_deref()?;
    Some(request.reason.as_deref().unwrap_or(status))
}
