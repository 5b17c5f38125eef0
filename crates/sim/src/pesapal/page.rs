//! The pay page that a customer's browser is sent to.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::books::Ordered;
use super::play::{self, CannotPay};
use super::scenario::PayBy;
use super::shared::Shared;
use super::wire;

const PATH: &str = "/pesapaliframe/PesapalIframe3/Index";

/// The addresses.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route(PATH, get(show).post(act))
}

/// Where an order is paid.
pub(super) fn url(sim: &Shared, order_tracking_id: &str) -> String {
    format!("{}{PATH}?OrderTrackingId={order_tracking_id}", sim.origin)
}

#[derive(Deserialize)]
struct Which {
    #[serde(rename = "OrderTrackingId", default)]
    order_tracking_id: String,
}

async fn show(State(sim): State<Arc<Shared>>, Query(which): Query<Which>) -> Response {
    let mut state = sim.state();
    let Some(order) = state.order(&which.order_tracking_id).cloned() else {
        return (StatusCode::NOT_FOUND, "Order not found").into_response();
    };
    let name = state
        .merchants
        .iter()
        .find(|merchant| merchant.consumer_key == order.merchant)
        .map_or("", |merchant| merchant.name.as_str());
    Html(page(name, &order)).into_response()
}

fn page(merchant: &str, order: &Ordered) -> String {
    let choices = [
        ("mpesa", "Pay by M-Pesa"),
        ("card", "Pay by card"),
        ("card_subscribing", "Pay by card and subscribe"),
        ("mpesa_declined", "Decline on the phone"),
        ("card_declined", "Let the card be declined"),
        ("cancel", "Go back without paying"),
    ];
    let buttons: String = choices
        .iter()
        .filter(|(how, _)| *how != "card_subscribing" || order.account_number.is_some())
        .map(|(how, words)| {
            format!("<p><button name=\"does\" value=\"{how}\">{words}</button></p>")
        })
        .collect();
    format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Pesapal (simulator)</title>\
         <h1>{} to {}</h1><p>{}</p><form method=\"post\">{buttons}</form>",
        escape(&order.amount.to_string()),
        escape(merchant),
        escape(&order.description),
    )
}

#[derive(Deserialize)]
struct Act {
    does: String,
}

async fn act(
    State(sim): State<Arc<Shared>>,
    Query(which): Query<Which>,
    Form(act): Form<Act>,
) -> Response {
    let id = &which.order_tracking_id;
    let does: Option<PayBy> = serde_json::from_value(act.does.clone().into()).ok();
    let done = match does {
        Some(does) => play::pay(&sim, id, does).map(drop),
        None => Ok(()),
    };
    match done {
        Err(CannotPay::Unknown) => {
            return (StatusCode::NOT_FOUND, "Order not found").into_response();
        }
        Err(CannotPay::Closed) => {
            return (StatusCode::CONFLICT, "This order is closed").into_response();
        }
        Ok(()) => {}
    }
    let Some(order) = sim.state().order(id).cloned() else {
        return (StatusCode::NOT_FOUND, "Order not found").into_response();
    };
    let back = match (does, &order.cancellation_url) {
        (None, Some(url)) => url.clone(),
        _ => wire::callback_url(&order, &order.callback_url, "CALLBACKURL"),
    };
    Redirect::to(&back).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
