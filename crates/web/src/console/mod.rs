//! The provider's pages, under `/console`.
//!
//! A handler takes a [`who::SignedInCaller`], calls one use case and renders a page of
//! [`crate::views::console`]. GET changes nothing; what changes something is a form of ours:
//! requests that other sites make the browser send are refused ([`answer::guard`]). What goes wrong
//! is an [`answer::Fault`], which [`answer::frame`] turns into a page.

mod answer;
mod batches;
mod books;
mod cookies;
mod csv;
mod events;
mod fields;
mod forms;
mod home;
mod payments;
mod plan_form;
mod plans;
mod router_script;
mod routers;
mod search;
mod sell;
mod sessions;
mod settings;
mod sign_in;
mod tickets;
mod way_form;
mod ways;
mod who;
mod words;

use axum::Router;
use axum::extract::Extension;
use axum::middleware::from_fn;
use axum::response::Redirect;
use axum::routing::{any, get, post};

use self::answer::{Answer, Fault};
use crate::state::Web;

/// The console's routes.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .merge(daily())
        .merge(setup())
        .route("/console/", get(async || Redirect::permanent("/console")))
        .route("/console/{*rest}", any(nowhere))
        .method_not_allowed_fallback(nowhere)
        .layer(Extension(events::Streams::default()))
        .layer(answer::guard())
        .layer(from_fn(answer::frame))
}

/// Signing in and the daily work.
fn daily() -> Router<Web> {
    Router::new()
        .route("/console/sign-in", get(sign_in::page).post(sign_in::submit))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route(
            "/console/providers",
            get(settings::providers).post(settings::choose_provider),
        )
        .route("/console", get(home::page))
        .route("/console/events", get(events::stream))
        .route("/console/badges", get(home::badges))
        .route("/console/payments", get(payments::list))
        .route("/console/payments/{id}", get(payments::story))
        .route("/console/payments/{id}/check", post(payments::check))
        .route("/console/tickets", get(tickets::list))
        .route("/console/tickets/{id}", get(tickets::page))
        .route("/console/tickets/{id}/revoke", post(tickets::revoke))
        .route("/console/tickets/{id}/forget", post(tickets::forget))
        .route("/console/sell", get(sell::page).post(sell::submit))
        .route("/console/sessions", get(sessions::list))
        .route("/console/sessions/{id}/disconnect", post(sessions::kick))
        .route("/console/ledger", get(books::ledger))
        .route("/console/audit", get(books::audit))
        .route("/console/more", get(settings::more))
}

/// Vouchers, plans, routers and settings.
fn setup() -> Router<Web> {
    Router::new()
        .route("/console/batches", get(batches::list).post(batches::order))
        .route("/console/batches/new", get(batches::form))
        .route("/console/batches/{id}", get(batches::page))
        .route("/console/batches/{id}/sheet", get(batches::sheet))
        .route("/console/batches/{id}/codes.csv", get(batches::codes))
        .route("/console/plans", get(plans::list).post(plans::create))
        .route("/console/plans/new", get(plans::new))
        .route("/console/plans/{id}", get(plans::edit).post(plans::change))
        .route("/console/routers", get(routers::list).post(routers::create))
        .route("/console/routers/new", get(routers::new))
        .route(
            "/console/routers/{id}",
            get(routers::page).post(routers::change),
        )
        .route("/console/routers/{id}/edit", get(routers::edit))
        .route("/console/routers/{id}/script.rsc", get(routers::script))
        .route("/console/routers/{id}/remove.rsc", get(routers::removal))
        .route("/console/ways", get(ways::list))
        .route(
            "/console/ways/platform",
            get(ways::collection).post(ways::save_collection),
        )
        .route("/console/ways/{gateway}", get(ways::page).post(ways::save))
        .route("/console/ways/{gateway}/test", post(ways::save_and_test))
        .route(
            "/console/mpesa",
            get(async || Redirect::permanent("/console/ways/mpesa")),
        )
        .route(
            "/console/settings",
            get(settings::page).post(settings::save),
        )
        .route("/console/settings/password", post(settings::password))
}

/// An address below `/console` that nothing is at.
async fn nowhere(_who: who::SignedInCaller) -> Answer {
    Err(Fault::NotFound)
}
