//! Wave's API: checkout sessions, transactions, balance, refunds.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bando_domain::{Money, Phone};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::books::{CheckoutStatus, PayStatus, Session, TransactionType};
use super::fault;
use super::shared::{Shared, Wallet};
use super::{play, wire};

/// The most characters of a `client_reference`.
const MAX_REFERENCE: usize = 255;

/// The addresses.
pub(crate) fn routes(sim: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/v1/checkout/sessions", post(create).get(by_transaction))
        .route("/v1/checkout/sessions/search", get(search))
        .route("/v1/checkout/sessions/{id}", get(session))
        .route("/v1/checkout/sessions/{id}/expire", post(expire))
        .route("/v1/checkout/sessions/{id}/refund", post(refund_session))
        .route("/v1/transactions", get(transactions))
        .route("/v1/transactions/{id}/refund", post(refund_transaction))
        .route("/v1/balance", get(balance))
        .layer(axum::middleware::from_fn_with_state(
            sim.clone(),
            fault::strike,
        ))
}

/// An answer that turns a request away, counted in the books.
type Refusal = Box<Response>;

fn refuse(sim: &Shared, response: Response) -> Refusal {
    sim.state().books.refused += 1;
    Box::new(response)
}

#[derive(Clone, Copy)]
enum Scope {
    Checkout,
    History,
}

/// The wallet of the key a request carries.
fn admit(sim: &Shared, headers: &HeaderMap, body: &[u8], scope: Scope) -> Result<Wallet, Refusal> {
    let no = |status, code, message| Err(refuse(sim, wire::error(status, code, message)));
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return no(
            401,
            "missing-auth-header",
            "Your request should include an HTTP auth header.",
        );
    };
    let Some(key) = value.to_str().ok().and_then(|v| v.strip_prefix("Bearer")) else {
        return no(
            401,
            "invalid-auth",
            "Your HTTP auth header can't be processed.",
        );
    };
    let key = key.trim();
    if key.is_empty() {
        return no(
            401,
            "api-key-not-provided",
            "Your request should include an API key.",
        );
    }
    let wallet = sim
        .state()
        .wallets
        .iter()
        .find(|w| w.api_key == key)
        .cloned();
    let Some(wallet) = wallet else {
        return no(
            401,
            "no-matching-api-key",
            "The key you provided doesn't exist in our system.",
        );
    };
    if wallet.revoked {
        return no(401, "api-key-revoked", "Your API key has been revoked.");
    }
    if wallet.disabled {
        return no(
            403,
            "disabled-wallet",
            "Your wallet has been temporarily disabled.",
        );
    }
    let allowed = match scope {
        Scope::Checkout => wallet.checkout,
        Scope::History => wallet.history,
    };
    if !allowed {
        return no(403, "unauthorized-wallet", "This key may not use this API.");
    }
    if let Some(secret) = &wallet.signing_secret
        && !is_signed(headers, body, secret)
    {
        return no(
            401,
            "invalid-auth",
            "The request's signature is missing or wrong.",
        );
    }
    Ok(wallet)
}

/// Whether a request carries `Wave-Signature: t=…,v1=…` over its body, as a key with request
/// signing demands.
fn is_signed(headers: &HeaderMap, body: &[u8], secret: &str) -> bool {
    let signed = || {
        let value = headers.get("wave-signature")?.to_str().ok()?;
        let (time, hex) = value.strip_prefix("t=")?.split_once(",v1=")?;
        Some(wire::hmac(secret, time.parse().ok()?, body) == hex)
    };
    signed().unwrap_or(false)
}

async fn create(State(sim): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let wallet = match admit(&sim, &headers, &body, Scope::Checkout) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
        return *refuse(
            &sim,
            wire::error(400, "request-not-json", "The request is not JSON."),
        );
    };
    let session = match check(&sim, &wallet, &fields) {
        Ok(session) => session,
        Err(refusal) => return *refusal,
    };
    let scenario = sim.state().scenario(
        session.restrict_payer_mobile.as_deref(),
        &wallet.merchant_id,
    );
    if let Some(fault) = scenario.create.as_ref().filter(|fault| !fault.done) {
        sim.state().books.refused += 1;
        return fault::show(fault.shows, Response::default()).await;
    }
    let shown = wire::session(&sim, &session, &wallet);
    sim.state().books.sessions.push(session.clone());
    tokio::spawn(play::play(sim.clone(), session, scenario.clone()));
    let answer = Json(shown).into_response();
    match scenario.create {
        Some(fault) => fault::show(fault.shows, answer).await,
        None => answer,
    }
}

/// Reads a request for a session, field by field.
fn check(sim: &Shared, wallet: &Wallet, fields: &Map<String, Value>) -> Result<Session, Refusal> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let invalid = |name, message| refuse(sim, wire::invalid(name, message));
    if text("currency") != Some(wallet.currency.code()) {
        return Err(invalid("currency", "not the currency of the wallet"));
    }
    let amount = text("amount")
        .and_then(|text| wire::whole_amount(text, wallet.currency))
        .and_then(|whole| Money::from_major(whole, wallet.currency).ok())
        .ok_or_else(|| invalid("amount", "not an amount: a string without decimals"))?;
    let (production, session_seconds) = {
        let state = sim.state();
        (state.settings.production, state.settings.session_seconds)
    };
    let url = |name| {
        text(name)
            .filter(|text| {
                Url::parse(text)
                    .is_ok_and(|u| u.scheme() == "https" || !production && u.scheme() == "http")
            })
            .map(str::to_owned)
            .ok_or_else(|| invalid(name, "not an https address"))
    };
    let client_reference = text("client_reference").map(str::to_owned);
    if client_reference
        .as_ref()
        .is_some_and(|r| r.chars().count() > MAX_REFERENCE)
    {
        return Err(invalid("client_reference", "longer than 255 characters"));
    }
    let restrict_payer_mobile = match text("restrict_payer_mobile") {
        None => None,
        Some(text) => {
            let phone = text
                .strip_prefix('+')
                .and_then(Phone::from_international)
                .ok_or_else(|| invalid("restrict_payer_mobile", "not E.164"))?;
            Some(phone.digits().to_owned())
        }
    };
    let now = sim.clock.now();
    Ok(Session {
        id: wire::session_id(&sim.random),
        merchant_id: wallet.merchant_id.clone(),
        amount,
        client_reference,
        restrict_payer_mobile,
        success_url: url("success_url")?,
        error_url: url("error_url")?,
        checkout_status: CheckoutStatus::Open,
        payment_status: PayStatus::Processing,
        last_payment_error: None,
        transaction_id: None,
        created: now,
        expires: now.plus(Duration::from_secs(session_seconds)),
        completed: None,
        refunded: None,
    })
}

fn no_session(sim: &Shared) -> Response {
    let answer = wire::error(
        404,
        "checkout-session-not-found",
        "Checkout session not found",
    );
    *refuse(sim, answer)
}

/// A session of this wallet, as it stands now.
fn find(sim: &Shared, wallet: &Wallet, which: impl Fn(&Session) -> bool) -> Option<Session> {
    let now = sim.clock.now();
    let mut state = sim.state();
    let id = state
        .books
        .sessions
        .iter()
        .find(|s| s.merchant_id == wallet.merchant_id && which(s))
        .map(|s| s.id.clone())?;
    state.session(&id, now).cloned()
}

async fn session(
    State(sim): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match admit(&sim, &headers, b"", Scope::Checkout) {
        Err(refusal) => *refusal,
        Ok(wallet) => match find(&sim, &wallet, |s| s.id == id) {
            Some(session) => Json(wire::session(&sim, &session, &wallet)).into_response(),
            None => no_session(&sim),
        },
    }
}

#[derive(Deserialize)]
struct ByTransaction {
    transaction_id: Option<String>,
}

async fn by_transaction(
    State(sim): State<Arc<Shared>>,
    Query(query): Query<ByTransaction>,
    headers: HeaderMap,
) -> Response {
    let wallet = match admit(&sim, &headers, b"", Scope::Checkout) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    let Some(id) = query.transaction_id else {
        return *refuse(&sim, wire::invalid("transaction_id", "field required"));
    };
    match find(&sim, &wallet, |s| s.transaction_id.as_deref() == Some(&id)) {
        Some(session) => Json(wire::session(&sim, &session, &wallet)).into_response(),
        None => no_session(&sim),
    }
}

#[derive(Deserialize)]
struct ByReference {
    client_reference: Option<String>,
}

async fn search(
    State(sim): State<Arc<Shared>>,
    Query(query): Query<ByReference>,
    headers: HeaderMap,
) -> Response {
    let wallet = match admit(&sim, &headers, b"", Scope::Checkout) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    let Some(reference) = query.client_reference else {
        return *refuse(&sim, wire::invalid("client_reference", "field required"));
    };
    let now = sim.clock.now();
    let mut state = sim.state();
    let ids: Vec<String> = state
        .books
        .sessions
        .iter()
        .filter(|s| s.merchant_id == wallet.merchant_id)
        .filter(|s| s.client_reference.as_deref() == Some(&reference))
        .map(|s| s.id.clone())
        .collect();
    let found: Vec<Value> = ids
        .iter()
        .filter_map(|id| state.session(id, now).cloned())
        .map(|session| wire::session(&sim, &session, &wallet))
        .collect();
    Json(json!({"result": found})).into_response()
}

async fn expire(
    State(sim): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wallet = match admit(&sim, &headers, &body, Scope::Checkout) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    if find(&sim, &wallet, |s| s.id == id).is_none() {
        return no_session(&sim);
    }
    let now = sim.clock.now();
    let mut state = sim.state();
    match state.session(&id, now) {
        Some(session) if session.checkout_status == CheckoutStatus::Open => {
            session.checkout_status = CheckoutStatus::Expired;
            session.payment_status = PayStatus::Cancelled;
            StatusCode::OK.into_response()
        }
        _ => wire::error(409, "checkout-session-not-open", "The session is not open."),
    }
}

async fn refund_session(
    State(sim): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wallet = match admit(&sim, &headers, &body, Scope::Checkout) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    let Some(session) = find(&sim, &wallet, |s| s.id == id) else {
        return no_session(&sim);
    };
    let done = session
        .transaction_id
        .as_deref()
        .is_some_and(|transaction| {
            let mut state = sim.state();
            play::refund(&mut state, &sim, &wallet, transaction)
        });
    if !done {
        let answer = wire::error(
            409,
            "checkout-refund-failed",
            "The payment cannot be refunded.",
        );
        return *refuse(&sim, answer);
    }
    let now = sim.clock.now();
    if let Some(session) = sim.state().session(&id, now) {
        session.refunded.get_or_insert(now);
    }
    StatusCode::OK.into_response()
}

async fn refund_transaction(
    State(sim): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let wallet = match admit(&sim, &headers, &body, Scope::History) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    let mut state = sim.state();
    let incoming = [
        TransactionType::MerchantPayment,
        TransactionType::ApiCheckout,
    ];
    let known = state
        .transactions_of(&wallet.merchant_id)
        .any(|t| t.id == id && incoming.contains(&t.kind));
    let done = known && play::refund(&mut state, &sim, &wallet, &id);
    drop(state);
    match (known, done) {
        (true, true) => StatusCode::OK.into_response(),
        (true, false) => {
            let answer = wire::error(409, "refund-failed", "The wallet has not enough money.");
            *refuse(&sim, answer)
        }
        (false, _) => *refuse(&sim, wire::error(404, "not-found", "Transaction not found")),
    }
}

#[derive(Deserialize)]
struct Day {
    date: Option<String>,
    after: Option<String>,
}

async fn transactions(
    State(sim): State<Arc<Shared>>,
    Query(query): Query<Day>,
    headers: HeaderMap,
) -> Response {
    let wallet = match admit(&sim, &headers, b"", Scope::History) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    let date = query.date.unwrap_or_else(|| wire::day(sim.clock.now()));
    let state = sim.state();
    let of_day: Vec<_> = state
        .transactions_of(&wallet.merchant_id)
        .filter(|t| wire::day(t.at) == date)
        .collect();
    let from = match &query.after {
        None => 0,
        Some(cursor) => match of_day.iter().position(|t| t.id == *cursor) {
            Some(at) => at + 1,
            None => return wire::invalid("after", "not a cursor"),
        },
    };
    let page: Vec<_> = of_day
        .iter()
        .skip(from)
        .take(state.settings.page_size)
        .collect();
    let items: Vec<Value> = page.iter().map(|t| wire::transaction(t)).collect();
    Json(json!({
        "page_info": {
            "start_cursor": query.after,
            "end_cursor": page.last().map(|t| t.id.clone()),
            "has_next_page": from + page.len() < of_day.len(),
        },
        "date": date,
        "items": items,
    }))
    .into_response()
}

async fn balance(State(sim): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let wallet = match admit(&sim, &headers, b"", Scope::History) {
        Ok(wallet) => wallet,
        Err(refusal) => return *refusal,
    };
    let balance = sim.state().balance(&wallet);
    Json(json!({"amount": balance.decimal(), "currency": balance.currency().code()}))
        .into_response()
}
