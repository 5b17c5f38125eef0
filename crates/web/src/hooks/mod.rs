//! What gateways, routers and monitors call.

mod callbacks;
mod metrics;
mod pesapal;
mod quiet;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;

use crate::state::Web;

/// The hooks' routes. Daraja refuses addresses with "mpesa" in them, so its own is `/cb/k/…`; the
/// others are for installations whose addresses were registered long ago.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route(
            "/cb/k/{token}",
            post(callbacks::addressed).get(callbacks::addressed),
        )
        .route("/cb/v/{token}", post(callbacks::validation))
        .route("/api/mpesa/callback", post(callbacks::unaddressed))
        .route(
            "/api/mpesa/callback/{provider}",
            post(callbacks::unaddressed_for),
        )
        .route("/api/payments/pesapal/callback", get(pesapal::come_back))
        .route(
            "/api/payments/pesapal/callback/{provider}",
            get(pesapal::come_back_to),
        )
        .route(
            "/api/payments/pesapal/webhook",
            post(pesapal::news).get(pesapal::news),
        )
        .route(
            "/api/payments/pesapal/webhook/{provider}",
            post(pesapal::news_for).get(pesapal::news_for),
        )
        .route("/metrics", get(metrics::show))
}

/// Whether this node can serve: its database answers.
pub(crate) async fn ready(State(web): State<Web>) -> Response {
    match web.app.providers().await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
                .into_response()
        }
    }
}
