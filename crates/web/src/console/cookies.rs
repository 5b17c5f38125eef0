//! The cookies of the console: the sign-in, and what the reader chose.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use bando_app::{App, SIGN_IN_LIFETIME};
use bando_domain::{ProviderId, Secret};
use http::{HeaderMap, header};

use crate::i18n::Lang;
use crate::views::console::Theme;

const PROVIDER: &str = "bando-provider";
const LANGUAGE: &str = "bando-lang";
const THEME: &str = "bando-theme";

/// How long a choice is remembered, days.
const CHOICE_DAYS: i64 = 365;

/// What a browser's reader chose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader {
    /// The language: chosen, else the browser's, else English.
    pub(super) t: Lang,
    /// Whether the language was chosen.
    pub(super) chose_language: bool,
    /// The colours.
    pub(super) theme: Theme,
}

impl Reader {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let jar = CookieJar::from_headers(headers);
        let chosen = jar.get(LANGUAGE).and_then(|c| Lang::parse(c.value()));
        let browser = || {
            let accepts = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            Lang::from_accept_language(accepts)
        };
        Self {
            t: chosen.or_else(browser).unwrap_or_default(),
            chose_language: chosen.is_some(),
            theme: jar
                .get(THEME)
                .map_or(Theme::Auto, |c| Theme::parse(c.value())),
        }
    }
}

/// Makes and reads cookies as the installation's address demands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies {
    /// Reached by https: the cookies are bound to it.
    secure: bool,
}

impl Cookies {
    pub(super) fn of(app: &App) -> Self {
        Self {
            secure: app.settings().public_url.starts_with("https://"),
        }
    }

    /// With the prefix `__Host-` no other host of the domain can set it (RFC 6265bis, 4.1.3.2).
    fn sign_in_name(self) -> &'static str {
        if self.secure { "__Host-bando" } else { "bando" }
    }

    /// The token of the sign-in, if the browser has one.
    pub(super) fn token(self, jar: &CookieJar) -> Option<Secret> {
        jar.get(self.sign_in_name())
            .map(|cookie| Secret::new(cookie.value()))
    }

    /// The provider chosen last.
    pub(super) fn provider(jar: &CookieJar) -> Option<ProviderId> {
        jar.get(PROVIDER)?.value().parse().ok()
    }

    pub(super) fn sign_in(self, token: &Secret) -> Cookie<'static> {
        let lifetime = i64::try_from(SIGN_IN_LIFETIME.as_secs()).unwrap_or_default();
        self.cookie(self.sign_in_name(), token.expose(), lifetime)
    }

    /// Takes the sign-in out of the browser.
    pub(super) fn signed_out(self) -> Cookie<'static> {
        self.cookie(self.sign_in_name(), "", 0)
    }

    pub(super) fn choose_provider(self, id: ProviderId) -> Cookie<'static> {
        self.choice(PROVIDER, &id.to_string())
    }

    pub(super) fn choose_language(self, lang: Lang) -> Cookie<'static> {
        self.choice(LANGUAGE, lang.code())
    }

    pub(super) fn choose_theme(self, theme: Theme) -> Cookie<'static> {
        self.choice(THEME, theme.slug())
    }

    fn choice(self, name: &'static str, value: &str) -> Cookie<'static> {
        self.cookie(name, value, CHOICE_DAYS * 86_400)
    }

    fn cookie(self, name: &'static str, value: &str, seconds: i64) -> Cookie<'static> {
        let text = format!("{name}={value}; Max-Age={seconds}");
        let mut cookie = Cookie::parse(text).unwrap_or_else(|_| Cookie::new(name, ""));
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Lax);
        cookie.set_secure(self.secure);
        cookie
    }
}
