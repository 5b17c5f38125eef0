//! The simulator's own addresses: scripts, settings, books, decisions. JSON throughout.
//!
//! | | |
//! |---|---|
//! | `POST /sim/script` | `{"phone": "2567…" or "*", "scenario": name, object or null}` |
//! | `GET /sim/scenarios` | names, numbers and meanings |
//! | `GET`, `POST /sim/settings` | [`Settings`] |
//! | `POST /sim/users` | [`User`] |
//! | `GET /sim/books` | [`super::Books`] |
//! | `POST /sim/decide` | `{"reference_id", "outcome": "SUCCESSFUL" or a reason}` |
//! | `POST /sim/replay` | `{"reference_id", "url": optional}` |
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
use super::scenario::{SCENARIOS, Scenario, by_name_or_in_full};
use super::shared::{Settings, Shared, User};

/// The addresses.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sim/script", post(script))
        .route("/sim/scenarios", get(scenarios))
        .route("/sim/settings", get(settings).post(set_settings))
        .route("/sim/users", post(add_user))
        .route("/sim/books", get(books))
        .route("/sim/decide", post(decide))
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
    let Ok(phone) = Phone::parse(&script.phone, Country::Ug) else {
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
                "phone": format!("256772000{:03}", named.number),
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

async fn add_user(State(sim): State<Arc<Shared>>, Json(user): Json<User>) -> Response {
    sim.state().users.push(user);
    done()
}

async fn books(State(sim): State<Arc<Shared>>) -> Response {
    Json(sim.state().books.clone()).into_response()
}

#[derive(Deserialize)]
struct Decide {
    reference_id: String,
    outcome: String,
}

async fn decide(State(sim): State<Arc<Shared>>, Json(decide): Json<Decide>) -> Response {
    if play::decide_by_hand(&sim, &decide.reference_id, &decide.outcome) {
        return done();
    }
    bad("no such request waits to be decided; GET /sim/books lists them")
}

#[derive(Deserialize)]
struct Replay {
    reference_id: String,
    url: Option<String>,
}

async fn replay(State(sim): State<Arc<Shared>>, Json(which): Json<Replay>) -> Response {
    let status = play::replay(&sim, &which.reference_id, which.url.as_deref()).await;
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
