//! The JSON API.

use axum::Router;

use crate::state::Web;

/// The API's routes.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
}
