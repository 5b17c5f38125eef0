//! Answers: a page, a way to another page, and what is said when something goes wrong.

use std::io::Write as _;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use bando_app::{Error, Invalid};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, StatusCode, header};

use super::guest::Guest;
use crate::assets;
use crate::i18n::{AccessProblem, Lang, PaymentProblem};
use crate::views::Tone;
use crate::views::portal::{Message, Plain};

/// A page that is the same for everybody, drawn and compressed once.
#[derive(Debug)]
pub(crate) struct Drawn {
    html: Bytes,
    gzip: Option<Bytes>,
}

impl Drawn {
    /// Draws it.
    pub(crate) fn new(view: &impl Template) -> Self {
        let html = draw(view).unwrap_or_default();
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let gzip = gzip.write_all(html.as_bytes()).and_then(|()| gzip.finish());
        Self {
            gzip: gzip.ok().map(Bytes::from),
            html: html.into(),
        }
    }

    /// The page for one who takes gzip, or does not.
    pub(crate) fn answer(&self, gzip: bool) -> Response {
        match self.gzip.as_ref().filter(|_| gzip) {
            Some(compressed) => {
                let coding = HeaderValue::from_static("gzip");
                let mut response = html(StatusCode::OK, compressed.clone());
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_ENCODING, coding);
                headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
                response
            }
            None => html(StatusCode::OK, self.html.clone()),
        }
    }
}

/// A page, kept by nobody: what it shows is one customer's.
pub(crate) fn page(status: StatusCode, view: &impl Template) -> Response {
    match draw(view) {
        Some(text) => html(status, text),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn draw(view: &impl Template) -> Option<String> {
    let drawn = view.render();
    drawn
        .inspect_err(|error| tracing::error!(%error, "a page cannot be drawn"))
        .ok()
}

fn html(status: StatusCode, text: impl Into<Body>) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, policy()),
        // What stands in our addresses is for nobody else, the router's included.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (status, headers, text.into()).into_response()
}

/// To another page, by GET.
pub(crate) fn go_to(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => {
            let no_store = HeaderValue::from_static("no-store");
            let headers = [
                (header::LOCATION, address),
                (header::CACHE_CONTROL, no_store),
            ];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What went wrong, within a provider's portal. Faults of our own are logged here and nowhere else.
pub(crate) fn trouble(guest: &Guest, error: &Error) -> Response {
    let t = guest.lang;
    let (status, title, text) = match error {
        Error::NotFound(_) | Error::Forbidden | Error::SignedOut => (
            StatusCode::NOT_FOUND,
            t.not_found_title(),
            t.not_found_text(),
        ),
        Error::TooMany { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            t.fault_title(),
            t.too_many_requests(),
        ),
        Error::Suspended => (
            StatusCode::FORBIDDEN,
            t.suspended_title(),
            t.suspended_text(),
        ),
        Error::PromptOpen => {
            let problem = PaymentProblem::PromptOpen;
            (StatusCode::CONFLICT, problem.short(t), problem.text(t))
        }
        Error::NoGateway => (StatusCode::CONFLICT, t.fault_title(), t.no_gateway_text()),
        Error::Invalid(Invalid::LoginAddress) => (
            StatusCode::BAD_REQUEST,
            t.fault_title(),
            t.other_router_text(),
        ),
        Error::Invalid(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            t.fault_title(),
            t.plan_gone(),
        ),
        Error::Router | Error::Store(_) => (log_fault(error), t.fault_title(), t.fault_text()),
    };
    let page_of_guest = guest.page("");
    let action = Some((t.back_to_plans().to_owned(), page_of_guest.plans_url()));
    let tone = if status.is_server_error() {
        Tone::Bad
    } else {
        Tone::Info
    };
    let mut response = page(
        status,
        &Message {
            page: page_of_guest,
            tone,
            title: title.to_owned(),
            text: text.to_owned(),
            action,
        },
    );
    if let Error::TooMany { retry_after } = error {
        let seconds = retry_after.as_secs().max(1);
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Why the router did not let the device in, for the customer.
pub(crate) fn router_error(lang: Lang, error: &str) -> &'static str {
    AccessProblem::from_router(error).map_or(lang.router_refused(), |problem| problem.text(lang))
}

/// An address that nothing is at.
pub(crate) fn nothing_here(lang: Lang) -> Response {
    plain(
        StatusCode::NOT_FOUND,
        lang,
        lang.not_found_title(),
        lang.not_found_text(),
        None,
    )
}

/// A portal that cannot be shown, because there is none or for a fault of ours.
pub(crate) fn no_portal(lang: Lang, error: &Error) -> Response {
    match error {
        Error::NotFound(_) => nothing_here(lang),
        error => plain(
            log_fault(error),
            lang,
            lang.fault_title(),
            lang.fault_text(),
            None,
        ),
    }
}

/// The page at the root of a server that has no provider of its own.
pub(crate) fn welcome(lang: Lang) -> Response {
    let console = (lang.owners_sign_in().to_owned(), "/console".to_owned());
    plain(
        StatusCode::OK,
        lang,
        lang.welcome_title(),
        lang.welcome_text(),
        Some(console),
    )
}

fn plain(
    status: StatusCode,
    t: Lang,
    title: &str,
    text: &str,
    action: Option<(String, String)>,
) -> Response {
    page(
        status,
        &Plain {
            t,
            title: title.to_owned(),
            text: text.to_owned(),
            action,
        },
    )
}

fn log_fault(error: &Error) -> StatusCode {
    if error.is_unavailable() {
        tracing::warn!(%error, "the portal could not reach the database");
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        tracing::error!(%error, "a portal request failed");
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

/// No form of the portal leaves for the router, so the router's origin need not be allowed.
fn policy() -> HeaderValue {
    HeaderValue::from_str(&assets::csp(None))
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}
