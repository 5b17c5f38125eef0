//! Collection: tokens, requests to pay, their state, the balance.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use bando_domain::{Currency, Money, Phone};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;
use url::Url;

use super::books::Requested;
use super::play;
use super::scenario::{QueryAnswer, RequestFault};
use super::shared::{Issued, Play, Shared, User};
use super::wire;
use crate::daraja::wire::{cut, html};

const COLLECTION: &str = "collection";

/// The addresses.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/collection/token/", post(collection_token))
        .route("/collection/v1_0/requesttopay", post(request_to_pay))
        .route("/collection/v1_0/requesttopay/{reference}", get(query))
        .route("/collection/v1_0/account/balance", get(balance))
}

async fn collection_token(State(sim): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    token(&sim, &headers, COLLECTION)
}

/// A token for a product, by Basic authentication.
pub(super) fn token(sim: &Shared, headers: &HeaderMap, product: &str) -> Response {
    if let Some(refusal) = wire::length_required(headers) {
        return refusal;
    }
    let Some((api_user, api_key)) = basic_auth(headers) else {
        return wire::error(401, "");
    };
    let token = format!(
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJSMjU2In0.{}",
        sim.random
            .text(120, b"ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789")
    );
    let now = sim.clock.now();
    let mut state = sim.state();
    if state.settings.too_often > 0 {
        state.settings.too_often -= 1;
        return wire::too_often();
    }
    let user = state
        .users
        .iter()
        .find(|user| user.product == product && user.api_user == api_user)
        .cloned();
    let subscription = text(headers, "ocp-apim-subscription-key");
    let Some(user) = user else {
        return wire::error(401, "");
    };
    if subscription != Some(user.subscription_key.as_str()) {
        return wire::bad_subscription();
    }
    if api_key != user.api_key {
        return wire::error(401, "");
    }
    let seconds = state.settings.token_seconds;
    state.books.tokens += 1;
    let until = now.plus(Duration::from_secs(seconds));
    state.tokens.insert(token.clone(), Issued { user, until });
    let body = json!({"access_token": token, "token_type": "access_token", "expires_in": seconds});
    axum::Json(body).into_response()
}

fn basic_auth(headers: &HeaderMap) -> Option<(String, String)> {
    let value = text(headers, "authorization")?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, key) = text.split_once(':')?;
    Some((user.to_owned(), key.to_owned()))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The user whose token it is, or the answer that turns the call away.
pub(super) fn admit(
    sim: &Shared,
    headers: &HeaderMap,
    product: &str,
) -> Result<User, Box<Response>> {
    let mut state = sim.state();
    if state.settings.too_often > 0 {
        state.settings.too_often -= 1;
        return Err(wire::too_often().into());
    }
    let now = sim.clock.now();
    let user = text(headers, header::AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| state.tokens.get(token))
        .filter(|issued| now < issued.until && issued.user.product == product)
        .map(|issued| issued.user.clone())
        .ok_or_else(|| Box::new(wire::error(401, "")))?;
    if text(headers, "ocp-apim-subscription-key") != Some(user.subscription_key.as_str()) {
        return Err(wire::bad_subscription().into());
    }
    if text(headers, "x-target-environment") != Some(user.target_environment.as_str()) {
        return Err(wire::error(500, "NOT_ALLOWED_TARGET_ENVIRONMENT").into());
    }
    Ok(user)
}

/// `X-Reference-Id`, if it is a UUID of version 4.
pub(super) fn reference_id(headers: &HeaderMap) -> Option<String> {
    let id = text(headers, "x-reference-id")?;
    let is_v4 = id.len() == 36
        && id.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            14 => b == b'4',
            19 => matches!(b, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => b.is_ascii_hexdigit(),
        });
    is_v4.then(|| id.to_ascii_lowercase())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PayRequest {
    amount: String,
    currency: String,
    external_id: String,
    payer: Party,
    #[serde(default)]
    payer_message: String,
    #[serde(default)]
    payee_note: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    party_id_type: String,
    party_id: String,
}

async fn request_to_pay(
    State(sim): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let checked = admit(&sim, &headers, COLLECTION)
        .and_then(|user| check(&headers, &body, &user).map(|request| (user, request)));
    let (user, request) = match checked {
        Ok(checked) => checked,
        Err(refusal) => return refused(&sim, *refusal),
    };
    let scenario = sim.state().scenario(&request.payer.party_id);
    if let Some(fault) = fault_before(&scenario.request) {
        return refused(&sim, fault);
    }
    let Some(reference_id) = reference_id(&headers) else {
        return refused(&sim, wire::error(400, ""));
    };
    let callback_url = text(&headers, "x-callback-url").map(str::to_owned);
    let entry = Requested {
        reference_id: reference_id.clone(),
        api_user: user.api_user,
        amount: request.amount,
        currency: request.currency,
        external_id: request.external_id,
        phone: request.payer.party_id,
        payer_message: request.payer_message,
        payee_note: request.payee_note,
        callback_url,
        at: sim.clock.now(),
        status: None,
        reason: None,
        financial_transaction_id: None,
        callbacks: Vec::new(),
        queries: 0,
    };
    let Some(hand) = write(&sim, entry) else {
        sim.state().books.repeated += 1;
        return wire::error(409, "RESOURCE_ALREADY_EXIST");
    };
    let played = tokio::spawn(play::play(sim.clone(), reference_id, hand));
    if scenario.before_response {
        let _ = played.await;
    }
    match scenario.request {
        RequestFault::DropAfterAccept => cut(),
        RequestFault::StallAfterAccept => std::future::pending().await,
        RequestFault::Html502AfterAccept => html(502),
        RequestFault::SlowMs(ms) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            StatusCode::ACCEPTED.into_response()
        }
        _ => StatusCode::ACCEPTED.into_response(),
    }
}

/// The request, or why it is turned away.
fn check(headers: &HeaderMap, body: &[u8], user: &User) -> Result<PayRequest, Box<Response>> {
    let bad = || Box::new(wire::error(400, ""));
    if reference_id(headers).is_none() {
        return Err(bad());
    }
    let request: PayRequest = serde_json::from_slice(body).map_err(|_| bad())?;
    let is_phone = Phone::from_international(&request.payer.party_id).is_some();
    // Two decimals at most, whatever the currency: as fine as the API's own are.
    let is_amount = Money::parse(&request.amount, Currency::Usd).is_ok_and(Money::is_positive);
    let texts_fit =
        request.payer_message.chars().count() <= 160 && request.payee_note.chars().count() <= 160;
    if request.payer.party_id_type != "MSISDN" || !is_phone || !is_amount || !texts_fit {
        return Err(bad());
    }
    if request.currency != user.currency {
        return Err(wire::error(500, "INVALID_CURRENCY").into());
    }
    let host_is_ours = text(headers, "x-callback-url").is_none_or(|url| {
        Url::parse(url).is_ok_and(|url| url.host_str() == Some(user.callback_host.as_str()))
    });
    if !host_is_ours {
        return Err(wire::error(500, "INVALID_CALLBACK_URL_HOST").into());
    }
    Ok(request)
}

fn refused(sim: &Shared, response: Response) -> Response {
    sim.state().books.refused += 1;
    response
}

fn fault_before(fault: &RequestFault) -> Option<Response> {
    Some(match fault {
        RequestFault::DropBeforeAccept => cut(),
        RequestFault::TooOften429 => wire::too_often(),
        RequestFault::Error { status, code } => wire::error(*status, code),
        RequestFault::None
        | RequestFault::DropAfterAccept
        | RequestFault::StallAfterAccept
        | RequestFault::Html502AfterAccept
        | RequestFault::SlowMs(_) => return None,
    })
}

/// Writes a request into the books; none when its name was used before.
fn write(sim: &Shared, entry: Requested) -> Option<oneshot::Receiver<String>> {
    let mut state = sim.state();
    if state.plays.contains_key(&entry.reference_id) {
        return None;
    }
    let scenario = state.scenario(&entry.phone);
    let (hand, decided) = oneshot::channel();
    let play = Play {
        at: state.books.requests.len(),
        queries: scenario.queries.iter().cloned().collect(),
        scenario,
        hand: Some(hand),
    };
    state.plays.insert(entry.reference_id.clone(), play);
    state.books.requests.push(entry);
    Some(decided)
}

async fn query(
    State(sim): State<Arc<Shared>>,
    headers: HeaderMap,
    Path(reference): Path<String>,
) -> Response {
    let user = match admit(&sim, &headers, COLLECTION) {
        Ok(user) => user,
        Err(refusal) => return *refusal,
    };
    let Some((answer, mut entry)) = next_answer(&sim, &user, &reference.to_ascii_lowercase())
    else {
        return wire::error(404, "RESOURCE_NOT_FOUND");
    };
    let as_object = sim.state().settings.reason_as_object;
    let truth = wire::outcome(&entry).map(str::to_owned);
    let mut outcome = truth;
    match answer {
        QueryAnswer::Truth => {}
        QueryAnswer::Pending => outcome = None,
        QueryAnswer::Created | QueryAnswer::Strange => {
            let mut body = wire::state(&entry, None, as_object);
            let created = answer == QueryAnswer::Created;
            body["status"] = if created { "CREATED" } else { "ON_HOLD" }.into();
            return axum::Json(body).into_response();
        }
        QueryAnswer::Says(said) => outcome = Some(said),
        QueryAnswer::Amount(amount) => entry.amount = amount,
        QueryAnswer::Currency(currency) => entry.currency = currency,
        QueryAnswer::ExternalId(id) => entry.external_id = id,
        QueryAnswer::NotFound404 => return wire::error(404, "RESOURCE_NOT_FOUND"),
        QueryAnswer::BadToken => return wire::error(401, ""),
        QueryAnswer::TooOften429 => return wire::too_often(),
        QueryAnswer::Internal500 => return wire::error(500, "INTERNAL_PROCESSING_ERROR"),
        QueryAnswer::Html502 => return html(502),
        QueryAnswer::Cut => return cut(),
        QueryAnswer::Never => std::future::pending().await,
    }
    axum::Json(wire::state(&entry, outcome.as_deref(), as_object)).into_response()
}

/// The scripted answer to this query, and the request as it stands; none if the user has no such
/// request.
fn next_answer(sim: &Shared, user: &User, id: &str) -> Option<(QueryAnswer, Requested)> {
    let mut state = sim.state();
    let entry = state
        .request(id)
        .filter(|request| request.api_user == user.api_user)?;
    entry.queries += 1;
    let entry = entry.clone();
    let play = state.plays.get_mut(id)?;
    let answer = play
        .queries
        .pop_front()
        .unwrap_or_else(|| play.scenario.queries_then.clone());
    Some((answer, entry))
}

async fn balance(State(sim): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    match admit(&sim, &headers, COLLECTION) {
        Ok(user) => {
            let body = json!({"availableBalance": "1000", "currency": user.currency});
            axum::Json(body).into_response()
        }
        Err(refusal) => *refusal,
    }
}
