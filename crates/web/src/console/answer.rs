//! What handlers answer, and the pages that say why there is no other.

use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use bando_app::{Error, Role};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::cookies::Reader;
use crate::assets;
use crate::views::console::{Badges, Message, Page, Section, SignIn};

/// What a handler returns.
pub(super) type Answer = Result<Response, Fault>;

/// Why there is no page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// Nobody is signed in.
    SignedOut,
    /// Whoever is signed in belongs to no provider.
    NoProvider,
    /// There is no such thing, or not here.
    NotFound,
    /// The role does not allow it.
    Forbidden,
    /// The request makes no sense; our own pages do not send it.
    BadRequest,
    /// Another site sent the browser.
    CrossSite,
    /// Too often.
    TooOften,
    /// The database is away.
    Unavailable,
    /// Our fault; it is in the log.
    Broken,
}

impl Fault {
    fn status(self) -> StatusCode {
        match self {
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::NoProvider | Self::Forbidden | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::TooOften => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The page that says so, with a way on.
    fn page(self, page: Page) -> Message {
        let t = page.t;
        let (title, text) = match self {
            Self::SignedOut => (t.sign_in(), t.sign_in_needed()),
            Self::NoProvider => (t.no_provider_title(), t.no_provider_text()),
            Self::NotFound => (t.not_found_title(), t.console_not_found_text()),
            Self::Forbidden => (t.not_allowed_title(), t.not_allowed_text()),
            Self::BadRequest => (t.bad_request_title(), t.bad_request_text()),
            Self::CrossSite => (t.cross_site_title(), t.cross_site_text()),
            Self::TooOften => (t.too_often_title(), t.too_often_text()),
            Self::Unavailable => (t.unavailable_title(), t.unavailable_text()),
            Self::Broken => (t.fault_title(), t.console_fault_text()),
        };
        let action = match self {
            Self::SignedOut | Self::NoProvider => (t.sign_in(), "/console/sign-in".to_owned()),
            Self::Unavailable | Self::TooOften => (t.try_again(), page.here.clone()),
            _ => (t.go_home(), "/console".to_owned()),
        };
        Message {
            page,
            title: title.to_owned(),
            text: text.to_owned(),
            action: Some((action.0.to_owned(), action.1)),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) => Self::NotFound,
            Error::Forbidden => Self::Forbidden,
            Error::SignedOut => Self::SignedOut,
            Error::TooMany { .. } => Self::TooOften,
            Error::Invalid(_) | Error::NoGateway | Error::Suspended | Error::PromptOpen => {
                Self::BadRequest
            }
            error if error.is_unavailable() => {
                tracing::error!(%error, "the database does not answer");
                Self::Unavailable
            }
            error => {
                tracing::error!(%error, "a console page could not be made");
                Self::Broken
            }
        }
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a template could not be rendered");
        Self::Broken
    }
}

impl IntoResponse for Fault {
    /// [`frame`] puts the page in.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A page.
pub(super) fn html(page: &impl Template) -> Answer {
    html_with(StatusCode::OK, page)
}

/// A form that comes back: what was typed, with what is wrong beside it.
pub(super) fn wrong(page: &impl Template) -> Answer {
    html_with(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// A page with another status.
pub(super) fn html_with(status: StatusCode, page: &impl Template) -> Answer {
    Ok((status, Html(page.render()?)).into_response())
}

/// What follows a form that was taken: the page that shows the result.
pub(super) fn see_other(address: &str) -> Answer {
    Ok(Redirect::to(address).into_response())
}

/// A text file to keep.
pub(super) fn file(name: &str, content_type: &'static str, content: impl Into<Body>) -> Answer {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, content.into()).into_response())
}

/// The page a fault is shown in, left by the extractor that knows who asks.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Page>>>);

impl Slot {
    pub(super) fn put(&self, page: Page) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
    }

    fn take(&self) -> Option<Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Gives every answer of the console its headers, and every fault its page.
pub(super) async fn frame(mut request: Request, next: Next) -> Response {
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let asked = Asked::of(&request);
    let mut response = next.run(request).await;
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        response = match slot.take() {
            Some(page) => html_with(fault.status(), &fault.page(page)).unwrap_or_else(plain),
            None => asked.alone(fault),
        };
    }
    let headers = response.headers_mut();
    let fixed = |name: HeaderName, value: String| HeaderValue::try_from(value).map(|v| (name, v));
    let policy = fixed(header::CONTENT_SECURITY_POLICY, assets::csp(None));
    let store = fixed(header::CACHE_CONTROL, "no-store".to_owned());
    for (name, value) in [policy, store].into_iter().flatten() {
        headers.entry(name).or_insert(value);
    }
    response
}

fn plain(fault: Fault) -> Response {
    fault.status().into_response()
}

/// What of a request a fault needs when nobody is known to be signed in.
struct Asked {
    reader: Reader,
    /// Where to go after signing in.
    next: String,
    is_htmx: bool,
    is_stream: bool,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let headers = request.headers();
        let here = request
            .uri()
            .path_and_query()
            .map_or("/console", |p| p.as_str());
        let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
        let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
        Self {
            reader: Reader::of(headers),
            next: if is_page { here } else { "/console" }.to_owned(),
            is_htmx: headers.contains_key("hx-request"),
            is_stream: accepts.is_some_and(|a| a.contains("text/event-stream")),
        }
    }

    /// A fault without a frame: the sign-in page, or the way there.
    fn alone(self, fault: Fault) -> Response {
        if fault == Fault::SignedOut {
            let query = form_urlencoded("next", &self.next);
            let address = format!("/console/sign-in?{query}");
            if self.is_stream {
                return plain(fault);
            }
            if self.is_htmx {
                // A redirect would put the sign-in page into a part of this one.
                return (StatusCode::UNAUTHORIZED, [("hx-redirect", address)]).into_response();
            }
            return Redirect::to(&address).into_response();
        }
        let t = self.reader.t;
        let page = Page {
            t,
            theme: self.reader.theme,
            provider: "Bando".to_owned(),
            member: String::new(),
            several: false,
            role: Role::Support,
            badges: Badges::default(),
            section: Section::Home,
            here: self.next,
            flash: None,
        };
        let message = fault.page(page);
        let alone = SignIn {
            t,
            theme: self.reader.theme,
            username: String::new(),
            notice: Some(crate::views::Notice::new(
                crate::views::Tone::Bad,
                format!("{}. {}", message.title, message.text),
            )),
            next: None,
        };
        html_with(fault.status(), &alone).unwrap_or_else(plain)
    }
}

/// One pair of a query.
pub(super) fn form_urlencoded(name: &str, value: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish()
}

/// Refuses what changes something and comes from another site, told by `Sec-Fetch-Site`, else by
/// `Origin`. The cookie is SameSite besides.
pub(super) fn guard() -> CsrfLayer<fn(ProtectionError) -> Response> {
    CsrfLayer::new().with_rejection_response(refuse as fn(ProtectionError) -> Response)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn refuse(why: ProtectionError) -> Response {
    tracing::warn!(%why, "a request from another site was refused");
    Fault::CrossSite.into_response()
}
