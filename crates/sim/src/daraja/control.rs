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
//! | `POST /sim/forge` | `{"url", "body": any JSON}`, or `{"url", "success":` [`Forged`]`}` |
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
}

async fn forge(State(sim): State<Arc<Shared>>, Json(forge): Json<Forge>) -> Response {
    let status = match forge.body {
        Some(body) => play::post(&sim, &forge.url, "600000", body.to_string()).await,
        None => play::forge(&sim, &forge.url, &forge.success.unwrap_or_default()).await,
    };
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
