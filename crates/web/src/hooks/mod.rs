//! What gateways, routers and monitors call.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::state::Web;

/// The hooks' routes.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
}

/// Whether this node can serve: its database answers.
pub(crate) async fn ready(State(web): State<Web>) -> Response {
    match web.app.providers().await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (http::StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
