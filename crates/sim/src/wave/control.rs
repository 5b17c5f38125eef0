//! The simulator's own addresses: scripts, settings, wallets, phones, books. JSON throughout.
//!
//! | | |
//! |---|---|
//! | `POST /sim/script` | `{"who": phone, merchant id or "*", "scenario": name, object or null}` |
//! | `GET /sim/scenarios` | names, numbers and meanings |
//! | `GET`, `POST /sim/settings` | [`Settings`] |
//! | `POST /sim/wallets` | [`Wallet`]; replaces the one with the same `merchant_id` |
//! | `GET /sim/books` | [`super::Books`] |
//! | `POST /sim/pay`, `/sim/fail` | `{"session", "phone", "code": of a failure}` |
//! | `POST /sim/pay-link` | `{"merchant_id", "amount", "phone"}` |
//! | `POST /sim/fault` | `{"call", "fault":` [`Fault`]`}`: of the next such call |
//! | `POST /sim/replay` | `{"event"}` |
//! | `POST /sim/forge` | `{"url", "headers": {name: value}, "body": text}` |

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bando_domain::{Country, Phone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::scenario::{Call, Fault, SCENARIOS, Scenario, by_name_or_in_full};
use super::shared::{Settings, Shared, Wallet};
use super::{play, webhook};

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sim/script", post(script))
        .route("/sim/scenarios", get(scenarios))
        .route("/sim/settings", get(settings).post(set_settings))
        .route("/sim/wallets", post(set_wallet))
        .route("/sim/books", get(books))
        .route("/sim/pay", post(pay))
        .route("/sim/fail", post(fail))
        .route("/sim/pay-link", post(pay_link))
        .route("/sim/fault", post(add_fault))
        .route("/sim/replay", post(replay))
        .route("/sim/forge", post(forge))
}

#[derive(Deserialize)]
struct Script {
    who: String,
    #[serde(default, deserialize_with = "by_name_or_in_full")]
    scenario: Option<Scenario>,
}

async fn script(State(sim): State<Arc<Shared>>, Json(script): Json<Script>) -> Response {
    let mut state = sim.state();
    if script.who == "*" {
        state.script_for_all = script.scenario;
        return done();
    }
    let who = match Phone::parse(&script.who, Country::Ci) {
        Ok(phone) => phone.digits().to_owned(),
        Err(_) => script.who,
    };
    match script.scenario {
        Some(scenario) => state.scripts.insert(who, scenario),
        None => state.scripts.remove(&who),
    };
    done()
}

async fn scenarios() -> Json<Value> {
    let list: Vec<Value> = SCENARIOS
        .iter()
        .map(|named| {
            json!({
                "name": named.name,
                "phone": format!("2250700000{:03}", named.number),
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

async fn set_wallet(State(sim): State<Arc<Shared>>, Json(wallet): Json<Wallet>) -> Response {
    sim.register(wallet);
    done()
}

async fn books(State(sim): State<Arc<Shared>>) -> Response {
    Json(sim.state().books.clone()).into_response()
}

#[derive(Deserialize)]
struct Attempt {
    session: String,
    phone: String,
    code: Option<String>,
}

async fn pay(State(sim): State<Arc<Shared>>, Json(attempt): Json<Attempt>) -> Response {
    let Ok(phone) = Phone::parse(&attempt.phone, Country::Ci) else {
        return no_phone();
    };
    paid(play::pay(&sim, &attempt.session, &phone))
}

async fn fail(State(sim): State<Arc<Shared>>, Json(attempt): Json<Attempt>) -> Response {
    let Ok(phone) = Phone::parse(&attempt.phone, Country::Ci) else {
        return no_phone();
    };
    let code = attempt.code.as_deref().unwrap_or("insufficient-funds");
    match play::fail(&sim, &attempt.session, &phone, code) {
        Ok(()) => done(),
        Err(error) => bad(&error.to_string()),
    }
}

#[derive(Deserialize)]
struct ByLink {
    merchant_id: String,
    amount: i64,
    phone: String,
}

async fn pay_link(State(sim): State<Arc<Shared>>, Json(link): Json<ByLink>) -> Response {
    let Ok(phone) = Phone::parse(&link.phone, Country::Ci) else {
        return no_phone();
    };
    paid(play::pay_link(&sim, &link.merchant_id, link.amount, &phone))
}

#[derive(Deserialize)]
struct FaultOf {
    call: Call,
    fault: Fault,
}

async fn add_fault(State(sim): State<Arc<Shared>>, Json(of): Json<FaultOf>) -> Response {
    sim.state()
        .faults
        .entry(of.call)
        .or_default()
        .push_back(of.fault);
    done()
}

#[derive(Deserialize)]
struct Replay {
    event: String,
}

async fn replay(State(sim): State<Arc<Shared>>, Json(which): Json<Replay>) -> Response {
    match webhook::replay(&sim, &which.event).await {
        Some(status) => Json(json!({"status": status})).into_response(),
        None => bad("no such event, or its wallet has no webhook; GET /sim/books lists them"),
    }
}

#[derive(Deserialize)]
struct Forge {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: String,
}

async fn forge(State(sim): State<Arc<Shared>>, Json(forge): Json<Forge>) -> Response {
    let headers: Vec<(String, String)> = forge.headers.into_iter().collect();
    let status = webhook::post(&sim, &forge.url, &headers, forge.body).await;
    Json(json!({"status": status})).into_response()
}

fn paid(outcome: Result<String, play::PayError>) -> Response {
    match outcome {
        Ok(transaction_id) => Json(json!({"transaction_id": transaction_id})).into_response(),
        Err(error) => bad(&error.to_string()),
    }
}

fn done() -> Response {
    Json(json!({"ok": true})).into_response()
}

fn no_phone() -> Response {
    bad("give a phone number as \"phone\"")
}

fn bad(what: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": what}))).into_response()
}
