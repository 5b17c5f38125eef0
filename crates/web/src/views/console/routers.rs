//! Routers: the list, and one with the script to paste and the proof that it works.

use super::{Check, Fact, Page};
use crate::i18n::Lang;
use crate::views::{Choice, Field, Tone};
use askama::Template;

/// All routers. Live topic: `routers`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/routers.html")]
pub struct Routers {
    /// Frame.
    pub page: Page,
    /// By name.
    pub rows: Vec<RouterRow>,
}

/// A router as a tile.
#[derive(Clone, Debug)]
pub struct RouterRow {
    /// Its page.
    pub href: String,
    /// `Stage`.
    pub name: String,
    /// Whether we hear from it.
    pub status: RouterStatus,
    /// `seen 12 s ago`, `silent for 14 min`.
    pub seen: String,
    /// People online behind it.
    pub online: u64,
    /// Model and version, when known: `hAP ac² · 7.16`.
    pub model: String,
}

/// Whether we hear from a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterStatus {
    /// Heard lately.
    Online,
    /// Heard before, not lately.
    Silent,
    /// Never heard.
    New,
}

impl RouterStatus {
    fn label(self, t: Lang) -> &'static str {
        match self {
            Self::Online => t.router_online(),
            Self::Silent => t.router_silent(),
            Self::New => t.router_new(),
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Online => Tone::Ok,
            Self::Silent => Tone::Bad,
            Self::New => Tone::Wait,
        }
    }
}

/// The form for a new router; it posts to `/console/routers`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/router_form.html")]
pub struct RouterForm {
    /// Frame.
    pub page: Page,
    /// A name people use for the place (`name`).
    pub name: Field,
    /// The hotspot's own address or DNS name (`address`), to which the portal may send logins.
    pub address: Field,
}

/// One router. Live topic: `routers`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/router.html")]
pub struct RouterPage {
    /// Frame.
    pub page: Page,
    /// Its id, in its address.
    pub id: String,
    /// `Stage`.
    pub name: String,
    /// Whether we hear from it.
    pub status: RouterStatus,
    /// `seen 12 s ago`.
    pub seen: String,
    /// Live proof: script run, RADIUS heard, first login, accounting, disconnect obeyed.
    pub checks: Vec<Check>,
    /// Identity, address, model, version, people online.
    pub facts: Vec<Fact>,
    /// The RouterOS versions the script can be for (`?version=`): `6`, `7`.
    pub versions: Vec<Choice>,
    /// The script to paste, secret included. Shown once it is asked for.
    pub script: String,
}

impl RouterPage {
    fn script_url(&self) -> String {
        format!("/console/routers/{}/script.rsc", self.id)
    }

    fn here(&self) -> String {
        format!("/console/routers/{}", self.id)
    }
}
