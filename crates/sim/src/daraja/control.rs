//! The simulator's own addresses: scripts, settings, books, forgeries. JSON throughout.
//!
//! | | |
//! |---|---|
//! | `POST /sim/script` | `{"phone": "2547…" or "*", "scenario": name, object or null}` |
//! | `GET /sim/scenarios` | names, numbers and meanings |
//! | `GET`, `POST /sim/settings` | [`Settings`] |
//! | `POST /sim/apps` | [`App`] |
//! | `GET /sim/books` | [`super::Books`] |
//! | `POST /sim/replay` | `{"checkout_request_id", "url": optional}` |
//! | `POST /sim/forge` | `{"url", "body": any JSON}`, or `{"url", "success":` [`Forged`]`}`, or `{"url", "confirmation":` [`ForgedConfirmation`]`}` |
//! | `POST /sim/c2b/pay` | a customer pays by hand: [`HandPayment`] |
//! | `POST /sim/c2b/replay` | `{"receipt", "url": optional}` |
//! | `POST /sim/c2b/forget` | `{"shortcode"}`: its URLs are registered no more |
//! | `POST /sim/orders` | a list of [`OrderScript`]: what becomes of the next orders |
//! | `POST /sim/utility` | `{"shortcode", "balance_minor"}`: what there is for payouts |
//! | `GET /sim/certificate` | what `SecurityCredential`s are encrypted for (PEM) |
//! | `POST /sim/tokens/expire` | every access token ends now |

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bando_domain::{Country, Phone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::c2b::{self, ForgedConfirmation, HandPayment};
use super::credential::CERTIFICATE;
use super::money;
use super::orders::OrderScript;
use super::play::{self, Forged};
use super::scenario::{SCENARIOS, Scenario, by_name_or_in_full};
use super::shared::{App, Settings, Shared};

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sim/script", post(script))
        .route("/sim/scenarios", get(scenarios))
        .route("/sim/settings", get(settings).post(set_settings))
        .route("/sim/apps", post(add_app))
        .route("/sim/books", get(books))
        .route("/sim/replay", post(replay))
        .route("/sim/forge", post(forge))
        .route("/sim/c2b/pay", post(pay_by_hand))
        .route("/sim/c2b/replay", post(replay_confirmation))
        .route("/sim/c2b/forget", post(forget_urls))
        .route("/sim/orders", post(script_orders))
        .route("/sim/utility", post(set_utility))
        .route("/sim/certificate", get(|| async { CERTIFICATE }))
        .route("/sim/tokens/expire", post(expire_tokens))
}

#[derive(Deserialize)]
struct Script {
    phone: String,
    #[serde(default, deserialize_with = "by_name_or_in_full")]
    scenario: Option<Scenario>,
}

async fn script(State(sim): State<Arc<Shared>>, Json(script): Json<Script>) -> Response {
    let mut state = sim.state();
    if script.phone == "*" {
        state.script_for_all = script.scenario;
        return done();
    }
    let Ok(phone) = Phone::parse(&script.phone, Country::Ke) else {
        return bad("give a Kenyan mobile number, or \"*\" for all, as \"phone\"");
    };
    let digits = phone.digits().to_owned();
    match script.scenario {
        Some(scenario) => state.scripts.insert(digits, scenario),
        None => state.scripts.remove(&digits),
    };
    done()
}

async fn scenarios() -> Json<Value> {
    let list: Vec<Value> = SCENARIOS
        .iter()
        .map(|named| {
            json!({
                "name": named.name,
                "phone": format!("254700000{:03}", named.number),
                "what": named.what,
                "scenario": named.scenario(),
            })
        })
        .collect();
    Json(list.into())
}

async fn settings(State(sim): State<Arc<Shared>>) -> Json<Settings> {
    Json(sim.state().settings.clone())
}

async fn set_settings(State(sim): State<Arc<Shared>>, Json(new): Json<Settings>) -> Response {
    sim.state().settings = new;
    done()
}

async fn add_app(State(sim): State<Arc<Shared>>, Json(app): Json<App>) -> Response {
    sim.state().apps.push(app);
    done()
}

async fn books(State(sim): State<Arc<Shared>>) -> Response {
    Json(sim.state().books.clone()).into_response()
}

#[derive(Deserialize)]
struct Replay {
    checkout_request_id: String,
    url: Option<String>,
}

async fn replay(State(sim): State<Arc<Shared>>, Json(which): Json<Replay>) -> Response {
    match play::replay(&sim, &which.checkout_request_id, which.url.as_deref()).await {
        Some(status) => Json(json!({"status": status})).into_response(),
        None => bad("no such payment; GET /sim/books lists them"),
    }
}

#[derive(Deserialize)]
struct Forge {
    url: String,
    body: Option<Value>,
    success: Option<Forged>,
    confirmation: Option<ForgedConfirmation>,
}

async fn forge(State(sim): State<Arc<Shared>>, Json(forge): Json<Forge>) -> Response {
    let status = match (forge.body, forge.confirmation) {
        (Some(body), _) => play::post(&sim, &forge.url, "600000", body.to_string()).await,
        (None, Some(confirmation)) => c2b::forge(&sim, &forge.url, &confirmation).await,
        (None, None) => play::forge(&sim, &forge.url, &forge.success.unwrap_or_default()).await,
    };
    Json(json!({"status": status})).into_response()
}

async fn pay_by_hand(State(sim): State<Arc<Shared>>, Json(payment): Json<HandPayment>) -> Response {
    match c2b::pay_by_hand(&sim, &payment).await {
        Ok(receipt) => Json(json!({"receipt": receipt})).into_response(),
        Err(error) => bad(&error.to_string()),
    }
}

#[derive(Deserialize)]
struct ReplayConfirmation {
    receipt: String,
    url: Option<String>,
}

async fn replay_confirmation(
    State(sim): State<Arc<Shared>>,
    Json(which): Json<ReplayConfirmation>,
) -> Response {
    match c2b::replay(&sim, &which.receipt, which.url.as_deref()).await {
        Some(status) => Json(json!({"status": status})).into_response(),
        None => bad("no such payment, or no URLs are registered for its paybill or till"),
    }
}

#[derive(Deserialize)]
struct Organisation {
    shortcode: String,
    #[serde(default)]
    balance_minor: i64,
}

async fn forget_urls(State(sim): State<Arc<Shared>>, Json(whose): Json<Organisation>) -> Response {
    sim.state().c2b.remove(&whose.shortcode);
    done()
}

async fn set_utility(State(sim): State<Arc<Shared>>, Json(new): Json<Organisation>) -> Response {
    *money::utility(&mut sim.state(), &new.shortcode) = new.balance_minor;
    done()
}

async fn script_orders(
    State(sim): State<Arc<Shared>>,
    Json(scripts): Json<Vec<OrderScript>>,
) -> Response {
    sim.state().order_scripts.extend(scripts);
    done()
}

async fn expire_tokens(State(sim): State<Arc<Shared>>) -> Response {
    sim.state().tokens.clear();
    done()
}

fn done() -> Response {
    Json(json!({"ok": true})).into_response()
}

fn bad(what: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": what}))).into_response()
}
