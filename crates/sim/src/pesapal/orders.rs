//! Orders: submitting, status, refunds, cancellation.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bando_domain::Money;
use serde::Deserialize;
use serde_json::json;

use super::api::{admit, body};
use super::books::{OrderState, Ordered, RefundState};
use super::page;
use super::play;
use super::request::OrderRequest;
use super::scenario::{PayBy, StatusAnswer, SubmitFault};
use super::shared::{Shared, State as Kept};
use super::wire;
use crate::daraja::wire::{cut, html};

/// The addresses, below the API's base path.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/Transactions/SubmitOrderRequest", post(submit))
        .route("/api/Transactions/GetTransactionStatus", get(status))
        .route("/api/Transactions/RefundRequest", post(refund))
        .route("/api/Transactions/CancelOrder", post(cancel))
}

async fn submit(State(sim): State<Arc<Shared>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let merchant = match admit(&sim, &headers) {
        Ok(merchant) => merchant,
        Err(refusal) => return *refusal,
    };
    let request: OrderRequest = match body(&headers, &bytes) {
        Ok(request) => request,
        Err(refusal) => return refused(&sim, *refusal),
    };
    let scenario = sim.state().scenario(&request.phone());
    if let Some(fault) = fault_before(&scenario.submit) {
        return refused(&sim, fault);
    }
    let accepted = accept(&sim, &merchant, &request);
    let order = match accepted {
        Ok(order) => order,
        Err(refusal) => return refused(&sim, *refusal),
    };
    let played = tokio::spawn(play::play(sim.clone(), order.order_tracking_id.clone()));
    if scenario.before_response {
        let _ = played.await;
    }
    match scenario.submit {
        SubmitFault::DropAfterAccept => return cut(),
        SubmitFault::StallAfterAccept => std::future::pending().await,
        SubmitFault::Html502AfterAccept => return html(502),
        SubmitFault::SlowMs(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
        _ => {}
    }
    wire::ok(json!({
        "order_tracking_id": order.order_tracking_id,
        "merchant_reference": order.merchant_reference,
        "redirect_url": page::url(&sim, &order.order_tracking_id),
        "error": null,
        "status": "200",
    }))
}

fn refused(sim: &Shared, response: Response) -> Response {
    sim.state().books.refused_orders += 1;
    response
}

fn fault_before(fault: &SubmitFault) -> Option<Response> {
    Some(match fault {
        SubmitFault::DropBeforeAccept => cut(),
        SubmitFault::Empty500 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        SubmitFault::TooOften429 => wire::too_often(),
        SubmitFault::Error { code, message } => wire::error("api_error", code, message),
        SubmitFault::None
        | SubmitFault::DropAfterAccept
        | SubmitFault::StallAfterAccept
        | SubmitFault::Html502AfterAccept
        | SubmitFault::SlowMs(_) => return None,
    })
}

fn accept(sim: &Shared, merchant: &str, request: &OrderRequest) -> Result<Ordered, Box<Response>> {
    let mut state = sim.state();
    let amount = request
        .check(&state, merchant)
        .map_err(|(kind, code, message)| Box::new(wire::error(kind, code, &message)))?;
    let phone = request.phone();
    let scenario = state.scenario(&phone);
    let order = Ordered {
        order_tracking_id: wire::guid(&sim.random),
        merchant_reference: request.id.clone(),
        merchant: merchant.to_owned(),
        amount,
        phone,
        description: request.description.clone(),
        callback_url: request.callback_url.clone(),
        cancellation_url: request.cancellation_url.clone(),
        notification_id: request.notification_id.clone(),
        at: sim.clock.now(),
        state: OrderState::Pending,
        paid_by: None,
        confirmation_code: None,
        decided_at: None,
        notified: Vec::new(),
        queries: 0,
        refund: None,
        cancelled: false,
        account_number: request.account_number.clone(),
        subscription: request.subscription_details.clone(),
        subscribed: None,
    };
    state.write(order.clone(), scenario);
    Ok(order)
}

#[derive(Deserialize)]
struct Which {
    #[serde(rename = "orderTrackingId", default)]
    order_tracking_id: String,
}

async fn status(
    State(sim): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(which): Query<Which>,
) -> Response {
    let merchant = match admit(&sim, &headers) {
        Ok(merchant) => merchant,
        Err(refusal) => return *refusal,
    };
    let Some((answer, order)) = next_answer(&sim, &merchant, &which.order_tracking_id) else {
        return wire::error(
            "api_error",
            "invalid_order_tracking_id",
            "Order Tracking Id not found",
        );
    };
    let (amount, currency) = (order.amount.decimal(), order.amount.currency().code());
    let words = wire::state_words(&order);
    let reference = &order.merchant_reference;
    match answer {
        StatusAnswer::Truth if words.0 == 0 => wire::not_found(&order),
        StatusAnswer::Truth => wire::status(&order, words, &amount, currency, reference),
        StatusAnswer::NotFound => wire::not_found(&order),
        StatusAnswer::Invalid => wire::status(&order, (0, "INVALID"), &amount, currency, reference),
        StatusAnswer::Says { code, description } => {
            wire::status(&order, (code, &description), &amount, currency, reference)
        }
        StatusAnswer::Amount(amount) => wire::status(&order, words, &amount, currency, reference),
        StatusAnswer::Currency(currency) => {
            wire::status(&order, words, &amount, &currency, reference)
        }
        StatusAnswer::Confirmation(code) => {
            let order = Ordered {
                confirmation_code: Some(code),
                ..order.clone()
            };
            wire::status(&order, words, &amount, currency, reference)
        }
        StatusAnswer::Reference(reference) => {
            wire::status(&order, words, &amount, currency, &reference)
        }
        StatusAnswer::BadToken => wire::bad_token(401),
        StatusAnswer::TooOften429 => wire::too_often(),
        StatusAnswer::Empty500 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        StatusAnswer::Html502 => html(502),
        StatusAnswer::Cut => cut(),
        StatusAnswer::Never => std::future::pending().await,
    }
}

/// The scripted answer to this request, and the order as it stands; none if the merchant has no
/// such order.
fn next_answer(sim: &Shared, merchant: &str, id: &str) -> Option<(StatusAnswer, Ordered)> {
    let mut state = sim.state();
    let order = state.order(id).filter(|order| order.merchant == merchant)?;
    order.queries += 1;
    let order = order.clone();
    let play = state.plays.get_mut(id)?;
    let answer = play
        .statuses
        .pop_front()
        .unwrap_or_else(|| play.scenario.statuses_then.clone());
    Some((answer, order))
}

#[derive(Deserialize)]
struct RefundRequest {
    #[serde(default)]
    confirmation_code: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    remarks: String,
}

async fn refund(State(sim): State<Arc<Shared>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let merchant = match admit(&sim, &headers) {
        Ok(merchant) => merchant,
        Err(refusal) => return *refusal,
    };
    let request: RefundRequest = match body(&headers, &bytes) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    match take_refund(&mut sim.state(), &merchant, &request) {
        Ok(()) => wire::ok(json!({"status": "200", "message": "Refund request successfully"})),
        Err(why) => wire::ok(json!({"status": "500", "message": why})),
    }
}

/// Writes a refund down for the merchant to approve, or says why not.
fn take_refund(
    state: &mut Kept,
    merchant: &str,
    request: &RefundRequest,
) -> Result<(), &'static str> {
    let order = state
        .books
        .orders
        .iter_mut()
        .find(|order| {
            order.merchant == merchant
                && order.confirmation_code.as_deref() == Some(request.confirmation_code.as_str())
        })
        .ok_or("Invalid confirmation code")?;
    if request.username.is_empty() || request.remarks.is_empty() {
        return Err("Username and remarks are required");
    }
    if order.state != OrderState::Completed {
        return Err("Only completed payments can be refunded");
    }
    if order.refund.is_some() {
        return Err("A refund request was already submitted");
    }
    let amount = Money::parse(&request.amount, order.amount.currency())
        .ok()
        .filter(|amount| amount.is_positive() && amount.minor() <= order.amount.minor())
        .ok_or("Invalid amount")?;
    if order.paid_by.is_some_and(PayBy::is_mobile) && amount != order.amount {
        return Err("Partial refunds are not allowed for mobile payments");
    }
    order.refund = Some(RefundState {
        amount,
        approved: None,
    });
    Ok(())
}

#[derive(Deserialize)]
struct CancelRequest {
    #[serde(default)]
    order_tracking_id: String,
}

async fn cancel(State(sim): State<Arc<Shared>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let merchant = match admit(&sim, &headers) {
        Ok(merchant) => merchant,
        Err(refusal) => return *refusal,
    };
    let request: CancelRequest = match body(&headers, &bytes) {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    let mut state = sim.state();
    let Some(order) = state
        .order(&request.order_tracking_id)
        .filter(|order| order.merchant == merchant)
    else {
        return wire::ok(json!({"status": "500", "message": "Order not found."}));
    };
    let open = matches!(order.state, OrderState::Pending | OrderState::Failed);
    if !open || order.cancelled {
        return wire::ok(json!({"status": "500", "message": "Order cannot be cancelled."}));
    }
    order.cancelled = true;
    order.state = OrderState::Cancelled;
    wire::ok(json!({"status": "200", "message": "Order successfully cancelled."}))
}
