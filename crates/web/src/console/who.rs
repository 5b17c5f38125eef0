//! Who asks: the member, in the provider they work for, in their language.

use axum::extract::FromRequestParts;
use axum_extra::extract::cookie::CookieJar;
use bando_app::{Account, App, Caller, Member, Permission, Provider};
use bando_domain::{Phone, Timestamp};
use http::request::Parts;

use super::answer::{Fault, Slot};
use super::cookies::{Cookies, Reader};
use super::words::{self, Done};
use crate::format::Times;
use crate::i18n::Lang;
use crate::state::Web;
use crate::views::console::{Badges, Page, Section, Theme};

/// A member who is signed in. A request without one is answered with the way to the sign-in page.
pub(super) struct SignedInCaller {
    /// The use cases.
    pub(super) app: App,
    /// Who they are there, and what they may do.
    pub(super) caller: Caller,
    /// Whom they signed in as.
    pub(super) account: Account,
    /// Everywhere they work.
    pub(super) members: Vec<Member>,
    /// Where they work now.
    pub(super) provider: Provider,
    /// Their language.
    pub(super) t: Lang,
    /// How times are written for them.
    pub(super) times: Times,
    /// The present moment.
    pub(super) now: Timestamp,
    badges: Badges,
    theme: Theme,
    here: String,
    done: Option<Done>,
}

impl SignedInCaller {
    /// The frame of a page.
    pub(super) fn page(&self, section: Section) -> Page {
        Page {
            t: self.t,
            theme: self.theme,
            provider: self.provider.name.clone(),
            member: self.caller.name.clone(),
            several: self.members.len() > 1,
            role: self.caller.role,
            badges: self.badges,
            section,
            here: self.here.clone(),
            flash: self.done.map(|done| done.notice(self.t)),
        }
    }

    /// What waits for somebody.
    pub(super) const fn badges(&self) -> Badges {
        self.badges
    }

    /// Makes cookies.
    pub(super) fn cookies(&self) -> Cookies {
        Cookies::of(&self.app)
    }

    /// Whether they may.
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.caller.may(permission)
    }

    /// Refuses to show a form that its reader could not send.
    pub(super) fn need(&self, permission: Permission) -> Result<(), Fault> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Fault::Forbidden)
        }
    }

    /// A moment as near as it is.
    pub(super) fn near(&self, at: Timestamp) -> String {
        self.times.near(at.as_millis(), self.now.as_millis())
    }

    /// A gateway's name for people; the app's own ways to pay have one too.
    pub(super) fn gateway(&self, name: &str) -> String {
        words::gateway(self.t, &self.app, name)
    }

    /// [`gateway`](Self::gateway), or the platform, which collects.
    pub(super) fn gateway_or_platform(&self, name: &str) -> String {
        match name {
            "platform" => self.t.the_platform().to_owned(),
            name => self.gateway(name),
        }
    }

    /// How long ago.
    pub(super) fn ago(&self, at: Timestamp) -> String {
        self.times.ago(at.as_millis(), self.now.as_millis())
    }

    /// A customer's number, whole for those who answer for the business.
    pub(super) fn phone(&self, phone: &Phone) -> String {
        if self.may(Permission::Manage) {
            phone.local()
        } else {
            phone.masked()
        }
    }
}

impl FromRequestParts<Web> for SignedInCaller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Fault> {
        let app = web.app.clone();
        let jar = CookieJar::from_headers(&parts.headers);
        let token = Cookies::of(&app).token(&jar).ok_or(Fault::SignedOut)?;
        let signed_in = app.by_sign_in(&token).await?;
        let caller = signed_in
            .caller(Cookies::provider(&jar))
            .or_else(|| signed_in.caller(None))
            .ok_or(Fault::NoProvider)?;
        let provider = app.provider_by_id(caller.provider).await?;
        let reader = Reader::of(&parts.headers);
        let own = Lang::parse(signed_in.account.language.tag()).unwrap_or_default();
        let t = if reader.chose_language { reader.t } else { own };
        let (here, done) = address(parts);
        let who = Self {
            now: app.now(),
            badges: Badges {
                confirm: app.count_confirmations(&caller).await?,
                cases: app.open_cases(&caller).await?,
            },
            times: Times::new(t, &provider.time_zone),
            theme: reader.theme,
            account: signed_in.account,
            members: signed_in.members,
            app,
            caller,
            provider,
            t,
            here,
            done,
        };
        if let Some(slot) = parts.extensions.get::<Slot>() {
            slot.put(who.page(Section::Home));
        }
        Ok(who)
    }
}

/// The address of the page and what was just done (`done=…`), which is no part of it.
fn address(parts: &Parts) -> (String, Option<Done>) {
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let (done, rest): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .partition(|pair| pair.starts_with("done="));
    let done = done
        .first()
        .and_then(|pair| Done::parse(pair.trim_start_matches("done=")));
    let here = match rest.as_slice() {
        [] => path.to_owned(),
        rest => format!("{path}?{}", rest.join("&")),
    };
    (here, done)
}
