//! The hotspot's pages. Every browser comes from this machine, so the first segment of the path says
//! which device it is: `http://127.0.0.1:PORT/02:00:5E:10:00:01/…`.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bando_domain::MacAddr;
use bando_radius::AcctTerminateCause;
use http::{StatusCode, header};
use url::{Url, form_urlencoded};

use super::escape::{html, octal, percent};
use super::lock;
use super::login::LoginError;
use super::router::Router;

/// More than any login form has.
const MAX_FORM: usize = 16 * 1024;
/// What loading a page of the internet transfers, up and down.
const PAGE_OCTETS: (u64, u64) = (1_500, 40_000);

/// The web server of this router.
pub(super) fn routes(router: Arc<Router>) -> axum::Router {
    axum::Router::new().fallback(serve).with_state(router)
}

/// What a form or a query says, first values only.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

async fn serve(State(router): State<Arc<Router>>, request: Request) -> Response {
    if !router.is_on() {
        return page(StatusCode::SERVICE_UNAVAILABLE, "The router is off.");
    }
    let uri = request.uri().clone();
    let whole = uri.path().trim_start_matches('/');
    let (device, path) = whole.split_once('/').unwrap_or((whole, ""));
    let Some(mac) = device.parse().ok().filter(|mac| is_present(&router, *mac)) else {
        return page(
            StatusCode::NOT_FOUND,
            "This device is not on the Wi-Fi: let it join first.",
        );
    };
    router.tick();
    let online = lock(&router.state).sessions.contains_key(&mac);
    let link = Link {
        router: &router,
        mac,
    };
    match path {
        "login" => {
            let fields = fields(request).await;
            login(&router, mac, &fields).await
        }
        "logout" => {
            router.end_session(mac, AcctTerminateCause::UserRequest);
            page(StatusCode::OK, "You are logged out.")
        }
        "status" if online => status(&router, mac),
        "status" => redirect(&link.portal(&link.to("status"), "")),
        _ if online => internet(&router, mac, path),
        _ => {
            let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
            redirect(&link.portal(&link.to(&format!("{path}{query}")), ""))
        }
    }
}

async fn login(router: &Arc<Router>, mac: MacAddr, fields: &Fields) -> Response {
    let link = Link { router, mac };
    let dst = fields.get("dst").unwrap_or_default();
    let Some(user) = fields.get("username") else {
        return redirect(&link.portal(dst, ""));
    };
    let password = fields.get("password").unwrap_or_default();
    let outcome = match router.proof_of(mac, password) {
        Ok(proof) => router.log_in(mac, user.to_owned(), proof).await,
        Err(error) => Err(error),
    };
    match outcome {
        // Since 7.19.2 only web addresses are followed (CVE-2025-6563).
        Ok(()) | Err(LoginError::AlreadyLoggedIn) => match Url::parse(dst) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => redirect(url.as_str()),
            _ => redirect(&link.to("status")),
        },
        Err(error) => redirect(&link.portal(dst, &error.to_string())),
    }
}

fn status(router: &Arc<Router>, mac: MacAddr) -> Response {
    let session = router
        .active()
        .into_iter()
        .find(|session| session.mac == mac);
    let text = session.map_or_else(String::new, |s| {
        let left = s
            .seconds_left
            .map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s"));
        format!(
            "Welcome {}! IP {}, {} s online, {left} left, {} up, {} down.",
            s.user, s.ip, s.uptime_seconds, s.upload_octets, s.download_octets
        )
    });
    page(StatusCode::OK, &text)
}

/// What an online device sees: the address with which phones look for captive portals says 204.
fn internet(router: &Router, mac: MacAddr, path: &str) -> Response {
    if let Some(session) = lock(&router.state).sessions.get_mut(&mac) {
        session.load_page(PAGE_OCTETS.0, PAGE_OCTETS.1);
    }
    if path == "generate_204" {
        return StatusCode::NO_CONTENT.into_response();
    }
    page(StatusCode::OK, &format!("The internet: /{path}"))
}

/// Addresses as one device sees them.
struct Link<'a> {
    router: &'a Router,
    mac: MacAddr,
}

impl Link<'_> {
    fn to(&self, path: &str) -> String {
        format!("http://{}/{}/{path}", self.router.http, self.mac)
    }

    /// What `login.html` redirects to.
    fn portal(&self, original: &str, error: &str) -> String {
        let ip = lock(&self.router.state)
            .hosts
            .get(&self.mac)
            .map(|host| host.ip.to_string());
        let challenge = self.router.challenge(self.mac);
        let parameters = [
            ("mac", self.mac.to_string()),
            ("ip", ip.unwrap_or_default()),
            ("identity", self.router.config.identity.clone()),
            ("link-login-only", self.to("login")),
            ("link-orig", original.to_owned()),
            (
                "chap-id",
                challenge.map(|(id, _)| octal(&[id])).unwrap_or_default(),
            ),
            (
                "chap-challenge",
                challenge
                    .map(|(_, octets)| octal(&octets))
                    .unwrap_or_default(),
            ),
            ("error", error.to_owned()),
        ];
        let query: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", percent(value)))
            .collect();
        let portal = &self.router.config.portal;
        let separator = if portal.query().is_some() { '&' } else { '?' };
        format!("{portal}{separator}{}", query.join("&"))
    }
}

fn is_present(router: &Router, mac: MacAddr) -> bool {
    lock(&router.state)
        .hosts
        .get(&mac)
        .is_some_and(|host| host.away_since.is_none())
}

/// The query, and the form after it.
async fn fields(request: Request<Body>) -> Fields {
    let (parts, body) = request.into_parts();
    let form = to_bytes(body, MAX_FORM).await.unwrap_or_default();
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let pairs = form_urlencoded::parse(&form).chain(form_urlencoded::parse(query));
    Fields(
        pairs
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect(),
    )
}

fn redirect(to: &str) -> Response {
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::FOUND, headers).into_response()
}

fn page(status: StatusCode, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let text = html(text);
    let body = format!(
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Hotspot</title><p>{text}</p>\n"
    );
    (status, headers, body).into_response()
}
