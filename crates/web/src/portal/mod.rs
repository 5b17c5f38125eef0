//! The customer's pages. Every address holds what its page needs, so that a captive browser that is
//! closed, or takes no cookies, loses nothing.

mod answer;
mod asking;
mod connect;
mod fields;
mod guest;
mod landing;
mod offers;
mod paid;
mod pay;
mod payment;
mod progress;
mod ticket;
mod visit;
mod voucher;
mod wallet;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use bando_app::{App, Error};

use crate::server::compression;
use crate::state::Web;
use guest::{Guest, asked_language};
use offers::Offers;
use visit::Query;

/// What the handlers of the portal have at hand.
#[derive(Clone, Debug)]
struct Portal {
    app: App,
    web: Web,
    offers: Arc<Offers>,
}

impl FromRef<Portal> for Web {
    fn from_ref(portal: &Portal) -> Self {
        portal.web.clone()
    }
}

/// The portal's routes.
pub(crate) fn routes(web: &Web) -> Router<Web> {
    let portal = Portal {
        app: web.app.clone(),
        web: web.clone(),
        offers: Arc::new(Offers::new(&web.app)),
    };
    let pages = Router::new()
        .route("/", get(landing::show))
        .route("/pay", post(pay::start))
        .route("/pay/{token}", get(payment::show))
        .route("/pay/{token}/state", get(progress::state))
        .route("/pay/{token}/events", get(progress::events))
        .route("/pay/{token}/again", post(pay::again))
        .route("/pay/{token}/paid", post(asking::say_paid))
        .route("/pay/{token}/receipt", get(payment::receipt))
        .route("/voucher", get(voucher::form).post(voucher::enter))
        .route("/code", get(voucher::form).post(voucher::enter))
        .route("/paid", get(paid::form).post(paid::claim))
        .route("/w/{token}", get(wallet::show).post(wallet::buy))
        .route("/help", get(help))
        .route("/reconnect", post(connect::reconnect))
        .route("/t/{token}", get(ticket::show))
        .route(
            "/t/{token}/connect",
            get(connect::connect).post(connect::take_over),
        )
        .route("/t/{token}/disconnect", post(ticket::disconnect))
        .route("/t/{token}/forget", post(ticket::forget));
    Router::new()
        .route("/", get(root))
        .nest("/p/{provider}", pages)
        .layer(compression())
        .with_state(portal)
}

/// The answer to an address that nothing is at.
pub(crate) async fn not_found(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let query = Query::read(parts.uri.query().unwrap_or_default());
    answer::nothing_here(asked_language(&query, &parts).unwrap_or_default())
}

/// The portal of the one provider that is meant without a name, else where to go.
async fn root(State(portal): State<Portal>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let raw = parts.uri.query().unwrap_or_default();
    let lang = asked_language(&Query::read(raw), &parts).unwrap_or_default();
    match portal.app.default_provider().await {
        Ok(provider) => {
            let mark = if raw.is_empty() { "" } else { "?" };
            Redirect::temporary(&format!("/p/{}{mark}{raw}", provider.slug)).into_response()
        }
        Err(Error::NotFound(_)) => answer::welcome(lang),
        Err(error) => answer::no_portal(lang, &error),
    }
}

async fn help(guest: Guest) -> Response {
    let view = crate::views::portal::Help {
        page: guest.page("help"),
    };
    answer::page(http::StatusCode::OK, &view)
}
