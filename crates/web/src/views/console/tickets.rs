//! Tickets: the list, and one with its devices and sessions.

use super::{Fact, Page, Paging, SessionRow};
use crate::views::{Gauge, TicketStatus};
use askama::Template;

/// The tickets that match the filters. Live topic: `tickets`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/tickets.html")]
pub struct Tickets {
    /// Frame.
    pub page: Page,
    /// What is being looked for.
    pub filter: TicketFilter,
    /// This page's rows, newest first.
    pub rows: Vec<TicketRow>,
    /// Older and newest rows.
    pub paging: Paging,
}

/// What the address asks for: `?q=…&status=…`.
#[derive(Clone, Debug, Default)]
pub struct TicketFilter {
    /// A code, phone number or MAC address, as typed.
    pub q: String,
    /// Only these.
    pub status: Option<TicketStatus>,
}

impl TicketFilter {
    fn is_narrow(&self) -> bool {
        !self.q.is_empty() || self.status.is_some()
    }
}

/// A ticket as a row.
#[derive(Clone, Debug)]
pub struct TicketRow {
    /// Its page.
    pub href: String,
    /// Its code, in groups.
    pub code: String,
    /// The plan's name.
    pub plan: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// `3 h 12 min left`, `ended 12:41`; empty when unused.
    pub left: String,
    /// Who has it: a masked phone number, `voucher`, `cash`.
    pub who: String,
    /// When it was issued.
    pub when: String,
}

/// One ticket. Live topic: `tickets`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/ticket.html")]
pub struct TicketPage {
    /// Frame.
    pub page: Page,
    /// Its id, in its address.
    pub id: String,
    /// Its code, without spaces.
    pub code: String,
    /// The QR code of its public page, drawn by [`crate::qr::svg`].
    pub qr_svg: String,
    /// The plan's name.
    pub plan: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// Why nobody is online with it, when nobody is.
    pub offline: Option<String>,
    /// Time left; `None` when it has not started.
    pub time: Option<Gauge>,
    /// Data left; `None` without a data limit.
    pub data: Option<Gauge>,
    /// Bound devices.
    pub devices: Vec<TicketDevice>,
    /// How many it may have.
    pub device_limit: u64,
    /// Its sessions, newest first.
    pub sessions: Vec<SessionRow>,
    /// Sold when, by whom, for how much, from which payment or batch.
    pub facts: Vec<Fact>,
}

/// A device bound to a ticket.
#[derive(Clone, Debug)]
pub struct TicketDevice {
    /// What the form sends as `device`.
    pub id: String,
    /// `A4:83:E7:1C:0B:55`.
    pub mac: String,
    /// `online`, `seen 14 min ago`.
    pub seen: String,
    /// On the network now.
    pub online: bool,
}

impl TicketPage {
    fn spaced_code(&self) -> String {
        crate::format::code(&self.code)
    }

    fn revoke_url(&self) -> String {
        format!("/console/tickets/{}/revoke", self.id)
    }

    fn forget_url(&self) -> String {
        format!("/console/tickets/{}/forget", self.id)
    }
}
