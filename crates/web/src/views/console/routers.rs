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
    /// Where its requests come from; empty before the first.
    pub address: String,
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

/// The form for a router: new (posts to `/console/routers`) or existing (posts to its own address;
/// `delete` is a button's name).
#[derive(Clone, Debug, Template)]
#[template(path = "console/router_form.html")]
pub struct RouterForm {
    /// Frame.
    pub page: Page,
    /// Its id; `None` for a new router.
    pub id: Option<String>,
    /// A name people use for the place (`name`).
    pub name: Field,
    /// The hotspot's own address or DNS name (`address`), to which the portal may send logins.
    pub address: Field,
    /// Where it takes disconnects (`coa`), if not where its requests come from.
    pub coa: Field,
}

impl RouterForm {
    fn action(&self) -> String {
        self.id.as_ref().map_or_else(
            || "/console/routers".to_owned(),
            |id| format!("/console/routers/{id}"),
        )
    }
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
    /// The interface to the internet (`?uplink=`).
    pub uplink: Field,
    /// The interfaces that carry the hotspot (`?ports=`), with commas between.
    pub ports: Field,
    /// The script to paste, secret included; only for those who may change routers.
    pub script: Option<String>,
    /// The script that takes Bando off again.
    pub removal: String,
}

impl RouterPage {
    /// What the script is for, as a query.
    fn query(&self) -> String {
        let version = self
            .versions
            .iter()
            .find(|v| v.selected)
            .map_or("7", |v| v.value.as_str());
        let part = |text: &str| {
            text.replace('%', "%25")
                .replace('&', "%26")
                .replace('#', "%23")
                .replace('+', "%2B")
                .replace(' ', "+")
        };
        format!(
            "version={version}&uplink={}&ports={}",
            part(&self.uplink.value),
            part(&self.ports.value)
        )
    }

    fn script_url(&self) -> String {
        format!("{}/script.rsc?{}", self.here(), self.query())
    }

    fn removal_url(&self) -> String {
        format!("{}/remove.rsc?{}", self.here(), self.query())
    }

    fn edit_url(&self) -> String {
        format!("{}/edit", self.here())
    }

    fn here(&self) -> String {
        format!("/console/routers/{}", self.id)
    }
}
