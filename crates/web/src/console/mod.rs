//! The provider's pages.

use axum::Router;

use crate::state::Web;

/// The console's routes.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
}
