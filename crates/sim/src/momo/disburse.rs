//! Disbursement, as far as refunds need it. Nothing of it was observed: it is modelled on Collection.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bando_domain::{Currency, Money};
use serde::Deserialize;
use serde_json::json;

use super::api::{admit, reference_id, token};
use super::books::Refunded;
use super::scenario::SUCCESSFUL;
use super::shared::Shared;
use super::wire;

const DISBURSEMENT: &str = "disbursement";

/// The addresses.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/disbursement/token/", post(disbursement_token))
        .route("/disbursement/v1_0/refund", post(refund))
        .route("/disbursement/v1_0/refund/{reference}", get(query))
}

async fn disbursement_token(State(sim): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    token(&sim, &headers, DISBURSEMENT)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundRequest {
    amount: String,
    currency: String,
    reference_id_to_refund: String,
}

async fn refund(State(sim): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let user = match admit(&sim, &headers, DISBURSEMENT) {
        Ok(user) => user,
        Err(refusal) => return *refusal,
    };
    let (Some(reference_id), Ok(request)) = (
        reference_id(&headers),
        serde_json::from_slice::<RefundRequest>(&body),
    ) else {
        return wire::error(400, "");
    };
    if request.currency != user.currency {
        return wire::error(500, "INVALID_CURRENCY");
    }
    let financial_transaction_id = sim.random.text(9, b"123456789");
    let mut state = sim.state();
    if state
        .books
        .refunds
        .iter()
        .any(|r| r.reference_id == reference_id)
    {
        return wire::error(409, "RESOURCE_ALREADY_EXIST");
    }
    let minor = |text: &str| Money::parse(text, Currency::Usd).map_or(0, Money::minor);
    let back: i64 = state
        .books
        .refunds
        .iter()
        .filter(|refund| refund.of == request.reference_id_to_refund)
        .map(|refund| minor(&refund.amount))
        .sum();
    let Some(paid) = state
        .request(&request.reference_id_to_refund)
        .filter(|paid| paid.financial_transaction_id.is_some())
        .map(|paid| minor(&paid.amount))
    else {
        return wire::error(404, "RESOURCE_NOT_FOUND");
    };
    let amount = minor(&request.amount);
    if amount <= 0 || back + amount > paid {
        return wire::error(400, "");
    }
    let refunded = Refunded {
        reference_id,
        of: request.reference_id_to_refund,
        amount: request.amount,
        financial_transaction_id,
        at: sim.clock.now(),
    };
    state.books.refunds.push(refunded);
    StatusCode::ACCEPTED.into_response()
}

async fn query(
    State(sim): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(reference): Path<String>,
) -> Response {
    let user = match admit(&sim, &headers, DISBURSEMENT) {
        Ok(user) => user,
        Err(refusal) => return *refusal,
    };
    let mut state = sim.state();
    let refund = state
        .books
        .refunds
        .iter()
        .find(|refund| refund.reference_id == reference)
        .cloned();
    let Some(refund) = refund else {
        return wire::error(404, "RESOURCE_NOT_FOUND");
    };
    let mut body = json!({"amount": refund.amount, "currency": user.currency, "status": "PENDING"});
    if state.settings.refund_pending > 0 {
        state.settings.refund_pending -= 1;
    } else if let Some(reason) = &state.settings.refund_fails {
        body["status"] = "FAILED".into();
        body["reason"] = reason.as_str().into();
    } else {
        body["status"] = SUCCESSFUL.into();
        body["financialTransactionId"] = refund.financial_transaction_id.into();
    }
    axum::Json(body).into_response()
}
