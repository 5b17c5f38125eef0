//! The simulator's own addresses: scripts, settings, books, customers. JSON throughout.
//!
//! | | |
//! |---|---|
//! | `POST /sim/script` | `{"phone": "2547…" or "*", "scenario": name, object or null}` |
//! | `GET /sim/scenarios` | names, numbers and meanings |
//! | `GET`, `POST /sim/settings` | [`Settings`] |
//! | `POST /sim/merchants` | [`Merchant`] |
//! | `GET /sim/books` | [`super::Books`] |
//! | `POST /sim/pay` | `{"order_tracking_id", "does": `[`PayBy`]`}` |
//! | `POST /sim/reverse` | `{"order_tracking_id"}` |
//! | `POST /sim/refund` | `{"order_tracking_id", "approve": true or false}` |
//! | `POST /sim/recur` | `{"order_tracking_id", "paid": true or false}` |
//! | `POST /sim/replay` | `{"order_tracking_id"}` |
//! | `POST /sim/tokens/expire` | every token ends now |

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bando_domain::{Country, Phone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::play;
use super::scenario::{PayBy, SCENARIOS, Scenario, by_name_or_in_full};
use super::shared::{Merchant, Settings, Shared};

/// The addresses.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sim/script", post(script))
        .route("/sim/scenarios", get(scenarios))
        .route("/sim/settings", get(settings).post(set_settings))
        .route("/sim/merchants", post(add_merchant))
        .route("/sim/books", get(books))
        .route("/sim/pay", post(pay))
        .route("/sim/reverse", post(reverse))
        .route("/sim/refund", post(refund))
        .route("/sim/recur", post(recur))
        .route("/sim/replay", post(replay))
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
        return bad("give a mobile number, or \"*\" for all, as \"phone\"");
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

async fn add_merchant(State(sim): State<Arc<Shared>>, Json(merchant): Json<Merchant>) -> Response {
    sim.state().merchants.push(merchant);
    done()
}

async fn books(State(sim): State<Arc<Shared>>) -> Response {
    Json(sim.state().books.clone()).into_response()
}

#[derive(Deserialize)]
struct Pay {
    order_tracking_id: String,
    does: PayBy,
}

async fn pay(State(sim): State<Arc<Shared>>, Json(pay): Json<Pay>) -> Response {
    match play::pay(&sim, &pay.order_tracking_id, pay.does) {
        Ok(code) => Json(json!({"confirmation_code": code})).into_response(),
        Err(why) => bad(&why.to_string()),
    }
}

#[derive(Deserialize)]
struct Which {
    order_tracking_id: String,
}

async fn reverse(State(sim): State<Arc<Shared>>, Json(which): Json<Which>) -> Response {
    if play::reverse(&sim, &which.order_tracking_id) {
        return done();
    }
    bad("no such paid order; GET /sim/books lists them")
}

#[derive(Deserialize)]
struct Decide {
    order_tracking_id: String,
    approve: bool,
}

async fn refund(State(sim): State<Arc<Shared>>, Json(decide): Json<Decide>) -> Response {
    if play::decide_refund(&sim, &decide.order_tracking_id, decide.approve) {
        return done();
    }
    bad("no refund of that order waits to be decided")
}

#[derive(Deserialize)]
struct Recur {
    order_tracking_id: String,
    paid: bool,
}

async fn recur(State(sim): State<Arc<Shared>>, Json(recur): Json<Recur>) -> Response {
    match play::recur(&sim, &recur.order_tracking_id, recur.paid) {
        Some(id) => Json(json!({"order_tracking_id": id})).into_response(),
        None => bad("that order began no subscription"),
    }
}

async fn replay(State(sim): State<Arc<Shared>>, Json(which): Json<Which>) -> Response {
    let status = play::replay(&sim, &which.order_tracking_id).await;
    Json(json!({"status": status})).into_response()
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
