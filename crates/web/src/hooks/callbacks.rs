//! Messages of gateways. Each is kept before it is acknowledged, and worked on afterwards.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bando_app::{Error, Result};
use http::{StatusCode, header};
use serde_json::json;

use super::metrics::CALLBACKS;
use super::quiet::Quiet;
use crate::state::{Source, Web};

static UNKNOWN: Quiet = Quiet::new();

/// `POST /cb/k/{token}`: the callback address of one payment.
pub(super) async fn addressed(
    State(web): State<Web>,
    Path(token): Path<String>,
    source: Source,
    body: Bytes,
) -> Response {
    let kept = web
        .app
        .take_callback(&token, &body, &source.to_string())
        .await;
    answer(kept, source)
}

/// `POST /api/mpesa/callback`: of the one provider that is meant without a name.
pub(super) async fn unaddressed(State(web): State<Web>, source: Source, body: Bytes) -> Response {
    answer(take(&web, None, source, &body).await, source)
}

/// `POST /api/mpesa/callback/{id}`: of one provider.
pub(super) async fn unaddressed_for(
    State(web): State<Web>,
    Path(provider): Path<String>,
    source: Source,
    body: Bytes,
) -> Response {
    answer(take(&web, Some(&provider), source, &body).await, source)
}

async fn take(web: &Web, provider: Option<&str>, source: Source, body: &[u8]) -> Result<()> {
    let provider = match provider {
        Some(name) => web.app.provider(name).await?,
        None => web.app.default_provider().await?,
    };
    web.app
        .take_unaddressed_callback(provider.id, body, &source.to_string())
        .await
}

/// What the gateway is told: accepted only once the message is kept, because it is not sent again.
fn answer(kept: Result<()>, source: Source) -> Response {
    match kept {
        Ok(()) => {
            CALLBACKS.accepted.add();
            Json(json!({"ResultCode": 0, "ResultDesc": "Accepted"})).into_response()
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
