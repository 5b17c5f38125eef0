//! Sign-in, settings, the rest of the menu, and pages that only say something.

use super::{Page, Theme};
use crate::i18n::Lang;
use crate::views::{Choice, Field, Notice};
use askama::Template;

/// The way in.
#[derive(Clone, Debug, Template)]
#[template(path = "console/sign_in.html")]
pub struct SignIn {
    /// The reader's language.
    pub t: Lang,
    /// Light, dark, or as the system says.
    pub theme: Theme,
    /// What was typed as user name.
    pub username: String,
    /// Why it did not work.
    pub notice: Option<Notice>,
    /// Where to go afterwards (hidden field `next`); an address below `/console`.
    pub next: Option<String>,
}

/// The provider's and the member's settings.
///
/// `/console/settings` takes `provider_name`, `support_phone`, `zone`, `portal_language`, `language`,
/// `theme`; `/console/settings/password` takes `current`, `password`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/settings.html")]
pub struct Settings {
    /// Frame.
    pub page: Page,
    /// Whether the member may change the provider's settings.
    pub manages: bool,
    /// The name customers see.
    pub provider_name: Field,
    /// Whom customers call.
    pub support_phone: Field,
    /// IANA time zones to choose from.
    pub zones: Vec<Choice>,
    /// The portal's language when the phone does not say.
    pub portal_languages: Vec<Choice>,
    /// The portal's address, to open and to share.
    pub portal_href: String,
    /// Why the password could not be changed.
    pub current: Field,
    /// Why the new password cannot be taken.
    pub password: Field,
}

/// The providers a member works for, to choose one of (`provider`).
#[derive(Clone, Debug, Template)]
#[template(path = "console/providers.html")]
pub struct Providers {
    /// Frame.
    pub page: Page,
    /// In the order they joined.
    pub rows: Vec<Place>,
}

/// A provider a member works for.
#[derive(Clone, Debug)]
pub struct Place {
    /// What the form sends as `provider`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What the member is there: owner, cashier.
    pub role: &'static str,
    /// The one whose console this is.
    pub current: bool,
}

/// What the bar of a phone has no room for.
#[derive(Clone, Debug, Template)]
#[template(path = "console/more.html")]
pub struct More {
    /// Frame.
    pub page: Page,
}

/// Not found, not allowed, a fault on our side: what happened and what to do next.
#[derive(Clone, Debug, Template)]
#[template(path = "console/message.html")]
pub struct Message {
    /// Frame.
    pub page: Page,
    /// What happened, in a few words.
    pub title: String,
    /// What to do about it.
    pub text: String,
    /// The button: label and address.
    pub action: Option<(String, String)>,
}
