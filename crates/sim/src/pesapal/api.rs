//! Signing in, notification addresses, and the gate that all other calls go through.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::orders;
use super::shared::{Address, Issued, Shared};
use super::wire;

/// The path that every address of the API begins with, as in the sandbox.
pub(super) const BASE: &str = "/pesapalv3";

/// The addresses.
pub(super) fn routes() -> Router<Arc<Shared>> {
    let api = Router::new()
        .route("/api/Auth/RequestToken", post(request_token))
        .route("/api/URLSetup/RegisterIPN", post(register_ipn))
        .route("/api/URLSetup/GetIpnList", get(ipn_list))
        .merge(orders::routes());
    Router::new().nest(BASE, api)
}

/// The merchant whose token it is, or the answer that turns the call away.
pub(super) fn admit(sim: &Shared, headers: &HeaderMap) -> Result<String, Box<Response>> {
    let mut state = sim.state();
    if state.settings.too_often > 0 {
        state.settings.too_often -= 1;
        return Err(wire::too_often().into());
    }
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let now = sim.clock.now();
    token
        .and_then(|token| state.tokens.get(token))
        .filter(|issued| now < issued.until)
        .map(|issued| issued.merchant.clone())
        .ok_or_else(|| {
            wire::bad_token(if state.settings.bad_token_500 {
                500
            } else {
                401
            })
            .into()
        })
}

/// The body of a POST, or the answer that turns it away.
pub(super) fn body<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, Box<Response>> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if !is_json {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response().into());
    }
    serde_json::from_slice(body).map_err(|_| {
        wire::error(
            "invalid_request_error",
            "invalid_api_request_parameters",
            "",
        )
        .into()
    })
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    consumer_key: String,
    #[serde(default)]
    consumer_secret: String,
}

async fn request_token(
    State(sim): State<Arc<Shared>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let keys: Keys = match body(&headers, &bytes) {
        Ok(keys) => keys,
        Err(refusal) => return *refusal,
    };
    let token = wire::token(&sim.random);
    let now = sim.clock.now();
    let mut state = sim.state();
    let known = state
        .merchants
        .iter()
        .any(|m| m.consumer_key == keys.consumer_key && m.consumer_secret == keys.consumer_secret);
    if !known {
        return wire::error("api_error", "invalid_consumer_key_or_secret_provided", "");
    }
    let lives = state.settings.token_seconds;
    let told = state.settings.told_token_seconds.unwrap_or(lives);
    state.books.tokens += 1;
    let issued = Issued {
        merchant: keys.consumer_key,
        until: now.plus(Duration::from_secs(lives)),
    };
    state.tokens.insert(token.clone(), issued);
    wire::ok(json!({
        "token": token,
        "expiryDate": wire::utc(now.plus(Duration::from_secs(told))),
        "error": null,
        "status": "200",
        "message": "Request processed successfully",
    }))
}

#[derive(Deserialize)]
struct NewAddress {
    url: String,
    ipn_notification_type: String,
}

async fn register_ipn(
    State(sim): State<Arc<Shared>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let merchant = match admit(&sim, &headers) {
        Ok(merchant) => merchant,
        Err(refusal) => return *refusal,
    };
    let new: NewAddress = match body(&headers, &bytes) {
        Ok(new) => new,
        Err(refusal) => return *refusal,
    };
    let by_post = match new.ipn_notification_type.as_str() {
        "GET" => false,
        "POST" => true,
        _ => return invalid("ipn_notification_type"),
    };
    if !Url::parse(&new.url).is_ok_and(|url| url.scheme().starts_with("http")) {
        return invalid("url");
    }
    let address = Address {
        merchant,
        ipn_id: wire::guid(&sim.random),
        url: new.url,
        by_post,
        at: sim.clock.now(),
    };
    let mut state = sim.state();
    let number = state.addresses.len() + 4278;
    state.addresses.push(address.clone());
    wire::ok(json!({
        "id": number,
        "url": address.url,
        "created_date": wire::utc(address.at),
        "ipn_id": address.ipn_id,
        "notification_type": u8::from(by_post),
        "ipn_notification_type_description": new.ipn_notification_type,
        "ipn_status": 1,
        "ipn_status_decription": "Active",
        "error": null,
        "status": "200",
    }))
}

async fn ipn_list(State(sim): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let merchant = match admit(&sim, &headers) {
        Ok(merchant) => merchant,
        Err(refusal) => return *refusal,
    };
    let list: Vec<Value> = sim
        .state()
        .addresses
        .iter()
        .filter(|address| address.merchant == merchant)
        .map(|address| {
            json!({
                "url": address.url,
                "created_date": wire::utc(address.at),
                "ipn_id": address.ipn_id,
                "error": null,
                "status": "200",
            })
        })
        .collect();
    wire::ok(list.into())
}

fn invalid(field: &str) -> Response {
    wire::error(
        "invalid_request_error",
        "invalid_api_request_parameters",
        &format!("Invalid {field}"),
    )
}
