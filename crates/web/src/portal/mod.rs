//! The customer's pages.

use axum::Router;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::state::Web;

/// The portal's routes.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
}

/// The answer to an address that nothing is at.
pub(crate) async fn not_found() -> Response {
    StatusCode::NOT_FOUND.into_response()
}
