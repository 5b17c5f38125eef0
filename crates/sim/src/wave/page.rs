//! The pages a payer sees: a session to pay, a merchant's link. They stand for Wave's app.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use bando_domain::{Country, Phone};
use serde::Deserialize;

use super::books::CheckoutStatus;
use super::play;
use super::shared::Shared;

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/c/{id}", get(session).post(answer))
        .route("/m/{merchant}/c/{country}/", get(link).post(pay_link))
}

async fn session(State(sim): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let now = sim.clock.now();
    let mut state = sim.state();
    let Some(session) = state.session(&id, now).cloned() else {
        return nothing_here();
    };
    let name = state
        .wallet(&session.merchant_id)
        .map(|w| w.name.clone())
        .unwrap_or_default();
    if session.checkout_status != CheckoutStatus::Open {
        return page("Wave", "<p>This payment was made or has expired.</p>");
    }
    let phone = session.restrict_payer_mobile.unwrap_or_default();
    page(
        &name,
        &format!(
            "<p>{} to {}</p><form method=post>\
             <p><input name=phone value=\"{phone}\" placeholder=\"07 00 00 00 00\"></p>\
             <p><button name=act value=pay>Pay</button> \
             <button name=act value=fail>Fail: not enough money</button> \
             <button name=act value=abandon>Go away</button></p></form>",
            session.amount,
            escape(&name),
        ),
    )
}

#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    phone: String,
    act: String,
}

async fn answer(
    State(sim): State<Arc<Shared>>,
    Path(id): Path<String>,
    Form(answered): Form<Answered>,
) -> Response {
    let now = sim.clock.now();
    let Some(session) = sim.state().session(&id, now).cloned() else {
        return nothing_here();
    };
    if answered.act == "abandon" {
        return Redirect::to(&session.error_url).into_response();
    }
    let Ok(phone) = Phone::parse(&answered.phone, Country::Ci) else {
        return page("Wave", "<p>This is not a phone number.</p>");
    };
    let done = match answered.act.as_str() {
        "pay" => play::pay(&sim, &id, &phone).map(|_| session.success_url),
        _ => play::fail(&sim, &id, &phone, "insufficient-funds").map(|()| session.error_url),
    };
    match done {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(error) => page("Wave", &format!("<p>{error}</p>")),
    }
}

#[derive(Deserialize)]
struct Amount {
    amount: Option<i64>,
}

async fn link(
    State(sim): State<Arc<Shared>>,
    Path((merchant, _)): Path<(String, String)>,
    Query(query): Query<Amount>,
) -> Response {
    let Some(name) = sim.state().wallet(&merchant).map(|w| w.name.clone()) else {
        return nothing_here();
    };
    let amount = query.amount.map(|a| a.to_string()).unwrap_or_default();
    page(
        &name,
        &format!(
            "<p>Pay {}</p><form method=post>\
             <p><input name=amount value=\"{amount}\"> FCFA</p>\
             <p><input name=phone placeholder=\"07 00 00 00 00\"></p>\
             <p><button>Pay</button></p></form>",
            escape(&name),
        ),
    )
}

#[derive(Deserialize)]
struct LinkPaid {
    amount: i64,
    phone: String,
}

async fn pay_link(
    State(sim): State<Arc<Shared>>,
    Path((merchant, _)): Path<(String, String)>,
    Form(paid): Form<LinkPaid>,
) -> Response {
    let Ok(phone) = Phone::parse(&paid.phone, Country::Ci) else {
        return page("Wave", "<p>This is not a phone number.</p>");
    };
    match play::pay_link(&sim, &merchant, paid.amount, &phone) {
        Ok(id) => page("Wave", &format!("<p>Paid. Transaction ID: <b>{id}</b></p>")),
        Err(error) => page("Wave", &format!("<p>{error}</p>")),
    }
}

fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, page("Wave", "<p>Nothing here.</p>")).into_response()
}

fn page(title: &str, body: &str) -> Response {
    Html(format!(
        "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{}</title><h1>Wave (simulated)</h1>{body}",
        escape(title)
    ))
    .into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
