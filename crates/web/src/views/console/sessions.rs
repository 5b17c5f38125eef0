//! Who is online.

use super::Page;
use askama::Template;

/// Sessions open now. Live topic: `sessions`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/sessions.html")]
pub struct Sessions {
    /// Frame.
    pub page: Page,
    /// A phone number, MAC address, code or IP address, as typed (`q`).
    pub q: String,
    /// This page's rows, newest first.
    pub rows: Vec<SessionRow>,
    /// How many match in all.
    pub count: u64,
}

/// A session as a row.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its id, for `sessions/{id}/disconnect`; `None` when it is over.
    pub id: Option<String>,
    /// The ticket's page.
    pub href: String,
    /// The customer: a masked phone number, or the code.
    pub who: String,
    /// `A4:83:E7:1C:0B:55`.
    pub mac: String,
    /// `10.5.50.23`.
    pub ip: String,
    /// The router's name.
    pub router: String,
    /// The plan's name.
    pub plan: String,
    /// `since 12:41`, or `12:41 to 13:02`.
    pub when: String,
    /// Received by the device: `350 MB`.
    pub down: String,
    /// Sent by the device: `12 MB`.
    pub up: String,
    /// `3 h 12 min left`, or why it ended.
    pub left: String,
}
