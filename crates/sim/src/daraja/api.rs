//! OAuth, STK push and STK query, and the list of all of Daraja's calls.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::books::Prompted;
use super::request::{Fields, Push, check_push};
use super::scenario::{PushFault, QueryAnswer, Scenario};
use super::shared::{App, IssuedToken, Payment, Shared};
use super::wire::{self, Refusal};
use super::{c2b, initiated, play, pull};

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .merge(c2b::routes())
        .merge(initiated::routes())
        .merge(pull::routes())
        .route("/oauth/v1/generate", any(token))
        .route("/mpesa/stkpush/v1/processrequest", any(push))
        .route("/mpesa/stkpushquery/v1/query", any(query))
        .fallback(not_found)
}

async fn not_found(State(sim): State<Arc<Shared>>) -> Response {
    wire::error(&sim.random, 404, "404.001.01", "Resource not found")
}

#[derive(Deserialize)]
struct Grant {
    grant_type: Option<String>,
}

async fn token(
    State(sim): State<Arc<Shared>>,
    method: Method,
    Query(grant): Query<Grant>,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET {
        return wire::error(&sim.random, 405, "405.001", "Method Not Allowed");
    }
    if grant.grant_type.as_deref() != Some("client_credentials") {
        return wire::error(&sim.random, 400, "400.008.02", "Invalid grant type passed");
    }
    let Some((key, secret)) = basic_auth(&headers) else {
        return wire::error(
            &sim.random,
            400,
            "400.008.01",
            "Invalid Authentication passed",
        );
    };
    let token = sim.random.text(
        28,
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    );
    let now = sim.clock.now();
    let mut state = sim.state();
    let known = state
        .apps
        .iter()
        .any(|app| app.consumer_key == key && app.consumer_secret == secret);
    if !known {
        return wire::empty(400);
    }
    let seconds = state.settings.token_seconds;
    state.tokens.insert(
        token.clone(),
        IssuedToken {
            consumer_key: key,
            until: now.plus(Duration::from_secs(seconds)),
        },
    );
    wire::ok(json!({"access_token": token, "expires_in": seconds.to_string()}))
}

fn basic_auth(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}

/// Token and body of a call, or the answer that turns it away.
pub(crate) fn admit(
    sim: &Shared,
    method: &Method,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(String, Fields), Refusal> {
    let error = |status, code, message| Err(Refusal::new(status, code, message));
    if method != Method::POST {
        return error(404, "404.001.04", "Invalid Authentication Header");
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let token = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let app = token.and_then(|token| {
        sim.state()
            .app_of_token(token, sim.clock.now())
            .map(str::to_owned)
    });
    let Some(app) = app else {
        return error(404, "404.001.03", "Invalid Access Token");
    };
    // A wrong content type is answered as if the first field were missing.
    let is_json = text(header::CONTENT_TYPE).is_some_and(|t| t.starts_with("application/json"));
    if !is_json {
        return Err(Refusal::invalid("BusinessShortCode"));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok((app, Fields(fields))),
        _ => error(400, "400.002.05", "Invalid Request Payload"),
    }
}

async fn push(
    State(sim): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let checked = admit(&sim, &method, &headers, &body)
        .and_then(|(key, fields)| check_push(&sim, &key, &fields));
    let (push, app) = match checked {
        Ok(checked) => checked,
        Err(refusal) => {
            sim.state().books.refused_pushes += 1;
            return refusal.response(&sim.random);
        }
    };
    let scenario = sim.state().scenario(&push.phone);
    if let Some(fault) = fault_before(&sim, &scenario.push) {
        sim.state().books.refused_pushes += 1;
        return fault;
    }
    let Some((accepted, answered)) = accept(&sim, &push, app, &scenario) else {
        sim.state().books.refused_pushes += 1;
        return Refusal::catch_all("Unable to lock subscriber, a transaction is already in process for the current subscriber").response(&sim.random);
    };
    let played = tokio::spawn(play::play(
        sim.clone(),
        accepted.checkout_request_id.clone(),
        answered,
    ));
    if scenario.before_response {
        let _ = played.await;
    }
    let body = json!({
        "MerchantRequestID": accepted.merchant_request_id,
        "CheckoutRequestID": accepted.checkout_request_id,
        "ResponseCode": "0",
        "ResponseDescription": "Success. Request accepted for processing",
        "CustomerMessage": "Success. Request accepted for processing",
    });
    match scenario.push {
        PushFault::DropAfterAccept => wire::cut(),
        PushFault::StallAfterAccept => std::future::pending().await,
        PushFault::SuccessWith500 => {
            (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
        }
        _ => wire::ok(body),
    }
}

/// The answer to a request that is not accepted on purpose.
pub(crate) fn fault_before(sim: &Shared, fault: &PushFault) -> Option<Response> {
    Some(match fault {
        PushFault::DropBeforeAccept => wire::cut(),
        PushFault::Error500 => {
            wire::error(&sim.random, 500, "500.003.1001", "Internal Server Error")
        }
        PushFault::SpikeArrest429 => wire::spike_arrest(),
        PushFault::Html503 => wire::html(503),
        PushFault::Error {
            status,
            code,
            message,
        } => wire::error(&sim.random, *status, code, message),
        PushFault::None
        | PushFault::DropAfterAccept
        | PushFault::StallAfterAccept
        | PushFault::SuccessWith500 => return None,
    })
}

/// Writes the push into the books and shows the prompt; none when one is open on that phone.
fn accept(
    sim: &Shared,
    push: &Push,
    app: App,
    scenario: &Scenario,
) -> Option<(Prompted, play::Answered)> {
    let now = sim.clock.now();
    let mut state = sim.state();
    if state.handsets.has_prompt(&push.phone) {
        return None;
    }
    let first_millis = u32::try_from(now.as_millis().rem_euclid(1000)).unwrap_or(0);
    let checkout_request_id = (first_millis..)
        .map(|millis| wire::checkout_request_id(now, millis, &push.phone))
        .find(|id| !state.payments.contains_key(id))?;
    let entry = Prompted {
        checkout_request_id: checkout_request_id.clone(),
        merchant_request_id: wire::merchant_request_id(&sim.random),
        shortcode: app.shortcode.clone(),
        party_b: app.receiver().to_owned(),
        phone: push.phone.clone(),
        amount: push.amount,
        account_reference: push.account_reference.clone(),
        description: push.description.clone(),
        callback_url: push.callback_url.clone(),
        at: now,
        code: None,
        decided_at: None,
        receipt: None,
        callbacks: Vec::new(),
        queries: 0,
    };
    let answered = state.handsets.show(play::prompt(&entry, &app));
    let payment = Payment {
        at: state.books.prompts.len(),
        app,
        queries: scenario.queries.iter().cloned().collect(),
        scenario: scenario.clone(),
    };
    state.payments.insert(checkout_request_id, payment);
    state.books.prompts.push(entry.clone());
    Some((entry, answered))
}

async fn query(
    State(sim): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (key, fields) = match admit(&sim, &method, &headers, &body) {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.response(&sim.random),
    };
    if !sim
        .state()
        .may_query(&fields.text("BusinessShortCode").unwrap_or_default())
    {
        return wire::spike_arrest();
    }
    let app = match fields.merchant(&sim, &key) {
        Ok(app) => app,
        Err(refusal) => return refusal.response(&sim.random),
    };
    let Some(id) = fields.text("CheckoutRequestID") else {
        return Refusal::invalid("CheckoutRequestID").response(&sim.random);
    };
    let Some((answer, entry)) = next_answer(&sim, &app, &id) else {
        return Refusal::catch_all("The transaction does not Exist").response(&sim.random);
    };
    let code = match answer {
        QueryAnswer::Truth => entry.code.as_deref().unwrap_or("4999").to_owned(),
        QueryAnswer::Pending4999 => "4999".to_owned(),
        QueryAnswer::Code(code) => code,
        QueryAnswer::Never => std::future::pending().await,
        QueryAnswer::InvalidId400 => {
            return Refusal::invalid("CheckoutRequestID").response(&sim.random);
        }
        QueryAnswer::SpikeArrest429 => return wire::spike_arrest(),
        QueryAnswer::Html502 => return wire::html(502),
        QueryAnswer::Processing200 => return wire::error(&sim.random, 200, "500.001.1001", ""),
        QueryAnswer::Processing500 => {
            return Refusal::catch_all("The transaction is being processed").response(&sim.random);
        }
        QueryAnswer::Busy500 => {
            return wire::error(&sim.random, 500, "500.003.02", "System is busy");
        }
    };
    wire::ok(json!({
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": entry.merchant_request_id,
        "CheckoutRequestID": entry.checkout_request_id,
        "ResultDesc": wire::query_text(&code),
        "ResultCode": code,
    }))
}

/// The scripted answer to this query, and the payment as it stands; none if the merchant has no
/// such payment.
fn next_answer(sim: &Shared, app: &App, id: &str) -> Option<(QueryAnswer, Prompted)> {
    let mut state = sim.state();
    let payment = state
        .payments
        .get_mut(id)
        .filter(|payment| payment.app.shortcode == app.shortcode)?;
    let answer = payment
        .queries
        .pop_front()
        .unwrap_or_else(|| payment.scenario.queries_then.clone());
    let entry = state.entry(id)?;
    entry.queries += 1;
    Some((answer, entry.clone()))
}
