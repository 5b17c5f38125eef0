//! The provider's pages, under `/console`.
//!
//! A handler takes a [`who::SignedInCaller`], calls one use case and renders a page of
//! [`crate::views::console`]. GET changes nothing; what changes something is a form of ours:
//! requests that other sites make the browser send are refused ([`answer::guard`]). What goes wrong
//! is an [`answer::Fault`], which [`answer::frame`] turns into a page.

mod answer;
mod arrivals;
mod audit;
mod batches;
mod cases;
mod confirm;
mod cookies;
mod csv;
mod differences;
mod events;
mod fields;
mod forms;
mod home;
mod ledger;
mod money_words;
mod payment;
mod payments;
mod payouts;
mod plan_form;
mod plans;
mod refunds;
mod router_script;
mod routers;
mod search;
mod sell;
mod sending;
mod sessions;
mod settings;
mod sign_in;
mod statements;
mod tickets;
mod till;
mod way_form;
mod ways;
mod who;
mod words;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::middleware::from_fn;
use axum::response::Redirect;
use axum::routing::{any, get, post};

use self::answer::{Answer, Fault};
use crate::state::Web;

/// The console's routes.
pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .merge(daily())
        .merge(money())
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
        .route("/console/payments/{id}", get(payment::story))
        .route("/console/payments/{id}/check", post(payment::check))
        .route(
            "/console/payments/{id}/refund",
            get(refunds::of_payment).post(refunds::ask_of_payment),
        )
        .route("/console/confirm", get(confirm::page))
        .route("/console/confirm/{id}", post(confirm::answer))
        .route("/console/tickets", get(tickets::list))
        .route("/console/tickets/{id}", get(tickets::page))
        .route("/console/tickets/{id}/revoke", post(tickets::revoke))
        .route("/console/tickets/{id}/forget", post(tickets::forget))
        .route("/console/sell", get(sell::page).post(sell::submit))
        .route("/console/shift", get(till::mine))
        .route("/console/shift/close", post(till::close))
        .route("/console/shifts", get(till::shifts))
        .route("/console/shifts/day", get(till::day))
        .route("/console/shifts/{id}", get(till::shift))
        .route("/console/sessions", get(sessions::list))
        .route("/console/sessions/{id}/disconnect", post(sessions::kick))
        .route("/console/audit", get(audit::page))
        .route("/console/more", get(settings::more))
}

/// What waits for a person, and money that is sent.
fn money() -> Router<Web> {
    Router::new()
        .route("/console/cases", get(cases::list))
        .route("/console/cases/{id}", get(cases::page))
        .route("/console/cases/{id}/solve", post(cases::solve))
        .route("/console/arrivals", get(arrivals::list))
        .route("/console/arrivals/{id}", get(arrivals::page))
        .route("/console/arrivals/{id}/decide", post(arrivals::decide))
        .route(
            "/console/arrivals/{id}/refund",
            get(refunds::of_arrival).post(refunds::ask_of_arrival),
        )
        .route("/console/refunds", get(refunds::list))
        .route("/console/refunds/{id}", get(refunds::page))
        .route("/console/refunds/{id}/decide", post(refunds::decide))
        .route("/console/refunds/{id}/resolve", post(refunds::resolve))
        .route("/console/ledger", get(ledger::balances))
        .route("/console/ledger.csv", get(ledger::export))
        .route("/console/ledger/account", get(ledger::account))
        .route("/console/statements", get(statements::list))
        .route("/console/statements/fetch", post(statements::fetch))
        .route(
            "/console/statements/upload",
            post(statements::upload).layer(DefaultBodyLimit::max(2 * statements::MAX_FILE)),
        )
        .route("/console/statements/{id}", get(statements::page))
        .route(
            "/console/statements/{id}/compare",
            post(statements::compare),
        )
        .route("/console/statements/{id}/mend", post(statements::mend_all))
        .route("/console/differences", get(differences::list))
        .route("/console/differences/{id}", get(differences::page))
        .route("/console/differences/{id}/mend", post(differences::mend))
        .route("/console/payouts", get(payouts::list).post(payouts::ask))
        .route("/console/payouts/{id}", get(payouts::page))
        .route("/console/payouts/{id}/decide", post(payouts::decide))
        .route("/console/payouts/{id}/resolve", post(payouts::resolve))
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
