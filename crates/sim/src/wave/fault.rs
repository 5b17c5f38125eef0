//! What goes wrong with calls of the API, before or after they are done.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::scenario::{Call, Shows};
use super::shared::Shared;
use super::wire;
use crate::daraja::wire::{cut, html};

/// Lets the next fault that waits for this call strike, if one does.
pub(crate) async fn strike(
    State(sim): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let call = call(request.method(), request.uri().path());
    let waiting = call.and_then(|call| sim.state().faults.get_mut(&call)?.pop_front());
    let Some(fault) = waiting else {
        return next.run(request).await;
    };
    let done = fault.done || matches!(fault.shows, Shows::Slow(_) | Shows::HalfJson);
    let answer = if done {
        next.run(request).await
    } else {
        Response::default()
    };
    show(fault.shows, answer).await
}

/// What the caller sees instead of the right answer.
pub(crate) async fn show(shows: Shows, answer: Response) -> Response {
    match shows {
        Shows::Status(500) => wire::error(500, "internal-server-error", "Something went wrong."),
        Shows::Status(503) => {
            wire::error(503, "service-unavailable", "Wave is down for maintenance.")
        }
        Shows::Status(429) => {
            let answer = wire::error(429, "too-many-requests", "Too many requests.");
            ([("retry-after", "20")], answer).into_response()
        }
        Shows::Status(status) => html(status),
        Shows::Reset => cut(),
        Shows::Stall => std::future::pending().await,
        Shows::Slow(millis) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            answer
        }
        Shows::HalfJson => r#"{"id":"cos-18qq25rgr100a","amou"#.into_response(),
    }
}

fn call(method: &Method, path: &str) -> Option<Call> {
    let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    Some(match (method.as_str(), parts.as_slice()) {
        ("POST", ["checkout", "sessions"]) => Call::Create,
        ("GET", ["checkout", "sessions", "search"]) => Call::Search,
        ("GET", ["checkout", "sessions"] | ["checkout", "sessions", _]) => Call::Session,
        ("POST", [.., "expire"]) => Call::Expire,
        ("POST", [.., "refund"]) => Call::Refund,
        ("GET", ["transactions"]) => Call::Transactions,
        ("GET", ["balance"]) => Call::Balance,
        _ => return None,
    })
}
