//! The pages of one ticket: what is left, on which devices, and getting online with it.

use super::{Credit, Page};
use crate::views::{Gauge, Notice, TicketStatus};
use askama::Template;

/// Time and data left, extend, devices, disconnect.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/status.html")]
pub struct Status {
    /// Frame and addresses.
    pub page: Page,
    /// The result of what was just done.
    pub notice: Option<Notice>,
    /// Names the ticket in its address.
    pub token: String,
    /// The ticket's code, without spaces.
    pub code: String,
    /// The device address that is the ticket's own, if it was bought away from the hotspot.
    pub mac: Option<String>,
    /// What is in the buyer's wallet, if anything, and if the buyer asks.
    pub credit: Option<Credit>,
    /// The plan's name.
    pub plan: String,
    /// Where the ticket stands.
    pub status: TicketStatus,
    /// Time left; `None` when it has not started.
    pub time: Option<Gauge>,
    /// Data left; `None` for a plan without a data limit.
    pub data: Option<Gauge>,
    /// The devices bound to it.
    pub devices: Vec<DeviceRow>,
    /// How many it may have.
    pub device_limit: u64,
    /// How this device may use it, when it stands behind the hotspot and is not online.
    pub use_here: Option<UseHere>,
    /// How it gets to a router's login page, when nobody knows whether it stands behind the hotspot.
    pub login_pages: Vec<LoginPage>,
    /// The address in the QR code, drawn by [`crate::qr::svg`].
    pub qr_svg: String,
}

/// How a ticket may be used on the device that looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseHere {
    /// There is room for it.
    Connect,
    /// The ticket is full: another device gives its place up.
    Instead,
}

/// A router's login page, which sends the device back with what it takes to let it in.
#[derive(Clone, Debug)]
pub struct LoginPage {
    /// Which router, where there are several.
    pub router: Option<String>,
    /// The address.
    pub href: String,
}

/// A device of a ticket.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    /// What the form sends as `device`.
    pub id: String,
    /// Its maker's or its own name, else its MAC address.
    pub name: String,
    /// `online`, `last seen 14 min ago`.
    pub seen: String,
    /// On the network now.
    pub online: bool,
    /// The one that asks.
    pub this: bool,
}

impl Status {
    fn connect_url(&self) -> String {
        self.page.url(&format!("t/{}/connect", self.token))
    }

    fn disconnect_url(&self) -> String {
        self.page.url(&format!("t/{}/disconnect", self.token))
    }

    fn forget_url(&self) -> String {
        self.page.url(&format!("t/{}/forget", self.token))
    }

    fn spaced_code(&self) -> String {
        crate::format::code(&self.code)
    }

    /// Whether a device of this ticket is online now.
    fn online(&self) -> bool {
        self.devices.iter().any(|device| device.online)
    }
}

/// "You already have a ticket": getting online with it, by itself where possible.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/connecting.html")]
pub struct Connecting {
    /// Frame and addresses.
    pub page: Page,
    /// The plan's name.
    pub plan: String,
    /// What is left of it: time, data.
    pub left: Vec<String>,
    /// The router's login address with name, password and where to go then.
    pub href: String,
    /// The ticket's status page.
    pub status_href: String,
}
