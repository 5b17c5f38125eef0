//! Messages of gateways. Each is kept before it is acknowledged, and worked on afterwards.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bando_app::{Error, Incoming, Provider, Result, Taken};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::metrics::CALLBACKS;
use super::quiet::Quiet;
use crate::state::{Source, Web};

static UNKNOWN: Quiet = Quiet::new();

/// `POST /cb/k/{token}`, and `GET` where a gateway sends its word as a query: the address of one
/// payment, account, refund or payout.
pub(super) async fn addressed(
    State(web): State<Web>,
    Path(token): Path<String>,
    source: Source,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers = plain(&headers);
    let source_name = source.to_string();
    let query = query.unwrap_or_default();
    let incoming = Incoming {
        headers: &headers,
        body: if body.is_empty() {
            query.as_bytes()
        } else {
            &body
        },
        source: &source_name,
    };
    let kept = web.app.take_message(&token, incoming).await;
    answer(kept, source)
}

/// `POST /cb/v/{token}`: may this be paid by hand? Always answered in time, and "yes" in doubt.
pub(super) async fn validation(
    State(web): State<Web>,
    Path(token): Path<String>,
    source: Source,
    body: Bytes,
) -> Response {
    let judged = web.app.validate_by_hand(&token, &body).await;
    answer(judged.map(Taken::Kept), source)
}

/// `POST /api/mpesa/callback`: of the one provider that is meant without a name.
pub(super) async fn unaddressed(State(web): State<Web>, source: Source, body: Bytes) -> Response {
    answer(take(&web, None, "mpesa", source, &body).await, source)
}

/// `POST /api/mpesa/callback/{id}`: of one provider.
pub(super) async fn unaddressed_for(
    State(web): State<Web>,
    Path(provider): Path<String>,
    source: Source,
    body: Bytes,
) -> Response {
    answer(
        take(&web, Some(&provider), "mpesa", source, &body).await,
        source,
    )
}

/// Keeps a message that came without a link of ours: a hint about a payment of this provider, the
/// default one if none is named.
pub(super) async fn take(
    web: &Web,
    provider: Option<&str>,
    gateway: &str,
    source: Source,
    body: &[u8],
) -> Result<Taken> {
    let provider = provider_meant(web, provider).await?;
    let incoming = Incoming {
        headers: &[],
        body,
        source: &source.to_string(),
    };
    web.app
        .take_unaddressed_message(provider.id, gateway, incoming)
        .await
        .map(Taken::Kept)
}

/// The provider of this name, else the default one.
pub(super) async fn provider_meant(web: &Web, name: Option<&str>) -> Result<Provider> {
    match name {
        Some(name) => web.app.provider(name).await,
        None => web.app.default_provider().await,
    }
}

/// The headers that are text.
fn plain(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// What the gateway is told: accepted only once the message is kept, because it is not sent again.
pub(super) fn answer(kept: Result<Taken>, source: Source) -> Response {
    match kept {
        Ok(Taken::Kept(document)) => {
            CALLBACKS.accepted.add();
            ([(header::CONTENT_TYPE, "application/json")], document).into_response()
        }
        Ok(Taken::Forged) => {
            CALLBACKS.unknown.add();
            problem(StatusCode::UNAUTHORIZED, "The signature is not good")
        }
        Err(Error::NotFound(_)) => {
            CALLBACKS.unknown.add();
            if let Some(before) = UNKNOWN.speak() {
                tracing::warn!(%source, before, "a callback to an address that is not ours");
            }
            problem(StatusCode::NOT_FOUND, "There is no such thing here")
        }
        Err(error) => {
            CALLBACKS.failed.add();
            tracing::error!(%error, %source, "a callback could not be kept");
            problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is not available for a moment",
            )
        }
    }
}

/// A problem document (RFC 9457) that tells nothing but its kind.
fn problem(status: StatusCode, title: &str) -> Response {
    let body = json!({"type": "about:blank", "title": title, "status": status.as_u16()});
    let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, content_type, body.to_string()).into_response()
}
