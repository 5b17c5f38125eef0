//! The page of one ticket: what is left, on which devices.

use super::Page;
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
    /// The address in the QR code, drawn by [`crate::qr::svg`].
    pub qr_svg: String,
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
    fn extend_url(&self) -> String {
        format!("{}&extend={}", self.page.url(""), self.token)
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
