//! `Idempotency-Key`: a request that moves money may be repeated under its key, and is carried out once.
//!
//! | what was sent under a known key | answer |
//! |---|---|
//! | the same, answered before | the first answer byte for byte, and `Idempotency-Replayed: true` |
//! | the same, still under way | 409 `key-in-use`, with `Retry-After` |
//! | the same, begun minutes ago and never answered | 409 `outcome-unknown`: look what there is |
//! | something else | 422 `key-reused` |
//!
//! A refusal (4xx) began nothing, so it is not kept: mend the request and send it under the same key.
//! Any other answer is kept for 24 hours, faults of ours (5xx) included, since they may have come after
//! the money moved. Keys are one's own: a member's within a business, or an address's for those who do
//! not sign in.

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::middleware::Next;
use axum::response::Response;
use bando_app::{App, Begun, RequestKey, StoredAnswer};
use bando_domain::ProviderId;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::caller::{Bearer, Shop};
use super::extract::read_body;
use super::problem::{Kind, Problem};
use crate::{Source, Web};

/// The header that carries the key.
const HEADER: &str = "idempotency-key";

/// The longest key.
const MAX_KEY: usize = 255;

/// The largest answer that is kept. None of this API's is nearly as large.
const MAX_ANSWER: usize = 256 * 1024;

/// The header of requests that move money.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents what the middleware here reads")]
pub(crate) struct OnceOnly {
    /// Sent again under the same key, within 24 hours, the request is not carried out again but
    /// answered as it was. 1 to 255 visible ASCII characters; a random UUID does well.
    #[param(rename = "Idempotency-Key", required = false)]
    key: Option<String>,
}

/// Carries requests of members out once per key.
pub(crate) async fn for_members(
    Extension(web): Extension<Web>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(key) = read_key(request.headers())? else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let Bearer(member) = Bearer::from_request_parts(&mut parts, &web).await?;
    let key = RequestKey {
        provider: member.provider,
        caller: format!("member:{}", member.account),
        key,
    };
    once(web, key, parts, body, next).await
}

/// Carries requests of those who do not sign in out once per key.
pub(crate) async fn for_customers(
    Extension(web): Extension<Web>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(key) = read_key(request.headers())? else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let provider = provider_meant(&mut parts, &web).await?;
    let Ok(source) = Source::from_request_parts(&mut parts, &web).await;
    let key = RequestKey {
        provider,
        caller: format!("address:{source}"),
        key,
    };
    once(web, key, parts, body, next).await
}

/// The key of a request, if it has one.
fn read_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all(HEADER).iter();
    let Some(first) = all.next() else {
        return Ok(None);
    };
    let text = first.to_str().unwrap_or_default();
    let fits = (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits && all.next().is_none() {
        return Ok(Some(text.to_owned()));
    }
    let detail = "send one key of 1 to 255 visible ASCII characters, without spaces";
    Err(Problem::new(Kind::Invalid, detail).at("Idempotency-Key"))
}

/// The business that a customer's request is about: named in the path, else in the query, else the
/// default.
async fn provider_meant(parts: &mut Parts, web: &Web) -> Result<ProviderId, Problem> {
    let in_path = RawPathParams::from_request_parts(parts, web).await.ok();
    let named = in_path.as_ref().and_then(|path| {
        let mut names = path.iter().filter(|(name, _)| *name == "id");
        names.next().map(|(_, value)| value)
    });
    match named {
        Some(name) => Ok(web.app.provider(name).await?.id),
        None => Ok(Shop::from_request_parts(parts, web).await?.0.id),
    }
}

async fn once(
    web: Web,
    key: RequestKey,
    parts: Parts,
    body: Body,
    next: Next,
) -> Result<Response, Problem> {
    let whole = Request::from_parts(parts.clone(), body);
    let bytes = read_body(whole, &web).await?;
    match web.app.begin_request(&key, digest(&parts, &bytes)).await? {
        Begun::Answered(answer) => return Ok(replay(answer)),
        Begun::Different => return Err(Problem::key_reused()),
        Begun::UnderWay => return Err(Problem::key_in_use()),
        Begun::Lost => return Err(Problem::outcome_unknown()),
        Begun::First => {}
    }
    // On its own: a client that hangs up meanwhile will ask again, and must get this answer.
    let request = Request::from_parts(parts, Body::from(bytes));
    let running = tokio::spawn(async move {
        let response = next.run(request).await;
        keep(&web.app, &key, response).await
    });
    match running
        .await
        .map_err(tokio::task::JoinError::try_into_panic)
    {
        Ok(response) => Ok(response),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The program stops.
        Err(Err(_)) => Err(Problem::outcome_unknown()),
    }
}

/// What was asked, in 32 bytes: method, path, query and body.
fn digest(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    let path = parts.uri.path().trim_end_matches('/');
    let query = parts.uri.query().unwrap_or_default();
    for part in [
        parts.method.as_str().as_bytes(),
        path.as_bytes(),
        query.as_bytes(),
        body,
    ] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Keeps an answer, unless it says that nothing was done.
async fn keep(app: &App, key: &RequestKey, response: Response) -> Response {
    let status = response.status();
    if status.is_client_error() {
        if let Err(error) = app.forget_request(key).await {
            tracing::warn!(%error, "a refused request could not be forgotten; its key is lost");
        }
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_ANSWER).await else {
        tracing::error!(%status, "an answer is too large to be kept");
        return axum::response::IntoResponse::into_response(Problem::outcome_unknown());
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let answer = StoredAnswer {
        status: status.as_u16().into(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: bytes.to_vec(),
    };
    if let Err(error) = app.finish_request(key, &answer).await {
        tracing::error!(%error, "an answer could not be kept; its repetition will be told so");
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// The first answer once more.
fn replay(answer: StoredAnswer) -> Response {
    let status = u16::try_from(answer.status).ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::from_str(&answer.content_type) {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    headers.insert(
        HeaderName::from_static("idempotency-replayed"),
        HeaderValue::from_static("true"),
    );
    response
}
