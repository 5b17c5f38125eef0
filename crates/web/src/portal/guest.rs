//! Who asks for a page of the portal: of which provider, in which language, by way of which router.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::Response;
use bando_app::{App, Error, Provider, Result, Visit};
use bando_domain::{MacAddr, Timestamp};
use http::request::Parts;
use http::{HeaderMap, header};

use super::offers::Offer;
use super::visit::{Query, context};
use super::{Portal, answer};
use crate::format::Times;
use crate::i18n::Lang;
use crate::views::portal::Page;

/// A customer's browser, as far as its request tells.
#[derive(Debug)]
pub(crate) struct Guest {
    /// The provider and its plans.
    pub(crate) offer: Arc<Offer>,
    /// The language to answer in.
    pub(crate) lang: Lang,
    /// The rest of the address.
    pub(crate) query: Query,
    /// Whether the browser takes gzip.
    pub(crate) gzip: bool,
    /// Whether it is the small window that a phone opens on joining a Wi-Fi.
    pub(crate) small_window: bool,
}

impl FromRequestParts<Portal> for Guest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Response> {
        let query = Query::read(parts.uri.query().unwrap_or_default());
        let asked = asked_language(&query, parts);
        let Ok(path) = RawPathParams::from_request_parts(parts, portal).await else {
            return Err(answer::nothing_here(asked.unwrap_or_default()));
        };
        let name = path.iter().find(|(key, _)| *key == "provider");
        let name = name.map(|(_, value)| value).unwrap_or_default();
        match portal.offers.get(&portal.app, name).await {
            Ok(offer) => {
                let lang = asked.unwrap_or_else(|| offer.provider.language.into());
                Ok(Self {
                    offer,
                    lang,
                    query,
                    gzip: takes_gzip(&parts.headers),
                    small_window: is_small_window(&parts.headers),
                })
            }
            Err(error) => Err(answer::no_portal(asked.unwrap_or_default(), &error)),
        }
    }
}

/// The language chosen by hand, else the first one the browser asks for that we speak.
pub(crate) fn asked_language(query: &Query, parts: &Parts) -> Option<Lang> {
    let chosen = query.lang.as_deref().and_then(Lang::parse);
    chosen.or_else(|| {
        let header = parts.headers.get(header::ACCEPT_LANGUAGE)?;
        Lang::from_accept_language(header.to_str().ok()?)
    })
}

/// Whether `Accept-Encoding` (RFC 9110 §12.5.3) names gzip without refusing it.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case("gzip") && !refused
        })
}

/// Whether the browser is the one that a phone opens by itself on joining a Wi-Fi, as far as it tells:
/// Android's names itself a WebView (`; wv)`), Apple's leaves out that it is Safari.
fn is_small_window(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    let is_apple = ["iPhone", "iPad", "Macintosh"]
        .iter()
        .any(|name| agent.contains(name));
    agent.contains("; wv)")
        || agent.contains("CaptiveNetworkSupport")
        || is_apple && agent.contains("AppleWebKit/") && !agent.contains("Safari/")
}

impl Guest {
    /// The provider.
    pub(crate) fn provider(&self) -> &Provider {
        &self.offer.provider
    }

    /// What the router told.
    pub(crate) fn visit(&self) -> &Visit {
        &self.query.visit
    }

    /// Where this provider's portal is.
    pub(crate) fn base(&self) -> String {
        format!("/p/{}", self.provider().slug)
    }

    /// The frame of the page at `path` below the portal.
    pub(crate) fn page(&self, path: &str) -> Page {
        let context = context(self.visit());
        let mut page = Page::new(
            self.lang,
            &self.provider().name,
            &self.base(),
            path,
            &context,
        );
        page.support_phone = self
            .provider()
            .support_phone
            .as_ref()
            .map(bando_domain::Phone::local);
        page
    }

    /// Times as they read where the provider is.
    pub(crate) fn times(&self) -> Times {
        Times::new(self.lang, &self.provider().time_zone)
    }

    /// `at` as short as its distance from `now` allows.
    pub(crate) fn near(&self, at: Timestamp, now: Timestamp) -> String {
        self.times().near(at.as_millis(), now.as_millis())
    }

    /// Whether the browser stands behind a router of this provider and may be sent to its login
    /// page. Only somebody who has been there knows the router's identity.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn at_router(&self, app: &App) -> Result<bool> {
        app.trusted_visit(self.provider().id, self.visit()).await
    }

    /// The device, if its router can be believed: what is known of it is told to nobody else.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn device(&self, app: &App) -> Result<Option<MacAddr>> {
        let Some(mac) = self.visit().mac else {
            return Ok(None);
        };
        Ok(self.at_router(app).await?.then_some(mac))
    }

    /// The page, or the page that says why there is none.
    pub(crate) fn answer(&self, page: Result<Response>) -> Response {
        page.unwrap_or_else(|error| self.trouble(&error))
    }

    /// The page that says what went wrong.
    pub(crate) fn trouble(&self, error: &Error) -> Response {
        answer::trouble(self, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_small_window_by_its_name() {
        let asks = |agent: &'static str| {
            let agent = http::HeaderValue::from_static(agent);
            is_small_window(&HeaderMap::from_iter([(header::USER_AGENT, agent)]))
        };
        for small in [
            "Mozilla/5.0 (Linux; Android 13; TECNO BG6 Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
             Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Mobile/15E148",
            "CaptiveNetworkSupport-465.1 wispr",
        ] {
            assert!(asks(small), "{small}");
        }
        for whole in [
            "Mozilla/5.0 (Linux; Android 13; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 \
             Mobile Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
             Version/17.0 Mobile/15E148 Safari/604.1",
            "curl/8",
        ] {
            assert!(!asks(whole), "{whole}");
        }
        assert!(!is_small_window(&HeaderMap::new()));
    }
}
