//! The demo page: the phone, the M-Pesa prompt, the router and the money, side by side.
//!
//! The page is drawn once; a script then reads [`DemoState`] from `/demo/state` each second. Without
//! scripts it is drawn from the state it was rendered with, and its buttons are forms.

use crate::i18n::{Lang, PaymentProblem};
use askama::Template;
use serde::{Deserialize, Serialize};

/// `/demo`.
///
/// The prompt's buttons post `phone` to `/demo/phone/approve` or `/demo/phone/cancel` (with `pin`
/// for the first); the menu posts `outcome` (one of [`Demo::OUTCOMES`]) to `/demo/script`, which
/// decides how the next payment goes; `/demo/router/disconnect` posts `mac`.
#[derive(Clone, Debug, Template)]
#[template(path = "demo/demo.html")]
pub struct Demo {
    /// The reader's language.
    pub t: Lang,
    /// The provider's name.
    pub provider: String,
    /// The address in the phone's browser: the portal as the router redirects to it.
    pub portal_href: String,
    /// The console, to open beside it.
    pub console_href: String,
    /// Who can sign in there: user name and password.
    pub console_login: (String, String),
    /// The state to begin with.
    pub state: DemoState,
}

impl Demo {
    /// How the next payment can be made to go.
    pub const OUTCOMES: [&'static str; 9] = [
        "normal",
        "no-money",
        "wrong-pin",
        "cancelled",
        "timeout",
        "callback-late",
        "callback-lost",
        "callback-twice",
        "busy",
    ];

    fn outcomes(&self) -> Vec<(&'static str, &'static str, bool)> {
        let t = self.t;
        let label = |slug| match slug {
            "no-money" => PaymentProblem::NotEnoughMoney.short(t),
            "wrong-pin" => PaymentProblem::WrongPin.short(t),
            "cancelled" => PaymentProblem::Cancelled.short(t),
            "timeout" => PaymentProblem::NoAnswer.short(t),
            "callback-late" => t.demo_callback_late(),
            "callback-lost" => t.demo_callback_lost(),
            "callback-twice" => t.demo_callback_twice(),
            "busy" => PaymentProblem::SystemBusy.short(t),
            _ => t.demo_normal(),
        };
        Self::OUTCOMES
            .map(|slug| (slug, label(slug), slug == self.state.prompt.outcome))
            .into()
    }
}

/// What `/demo/state` answers. Times and amounts are ready to read; `ms` fields are for counting.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DemoState {
    /// The server's clock, milliseconds since 1970 UTC, to count down from.
    pub now_ms: i64,
    /// The simulated phone's prompt.
    pub prompt: PromptPane,
    /// The simulated router.
    pub router: RouterPane,
    /// The provider's money.
    pub money: MoneyPane,
}

/// The phone's M-Pesa side.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PromptPane {
    /// The open prompt, if there is one.
    pub open: Option<Prompt>,
    /// How the next payment will go: one of [`Demo::OUTCOMES`].
    pub outcome: String,
    /// Messages the phone received, newest first.
    pub messages: Vec<TextMessage>,
}

/// An STK prompt on the phone's screen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Prompt {
    /// The phone: `254712345678`.
    pub phone: String,
    /// `Do you want to pay KES 50 to Mama Njeri Wi-Fi, account …?`
    pub text: String,
    /// When it closes by itself.
    pub closes_ms: i64,
}

/// A message on the phone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TextMessage {
    /// `12:41:07`.
    pub at: String,
    /// Its text.
    pub text: String,
}

/// What the simulated router knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RouterPane {
    /// Its identity.
    pub identity: String,
    /// `/ip hotspot host`: who is on the Wi-Fi, let in or not.
    pub hosts: Vec<HostRow>,
    /// `/ip hotspot active`: who is let in.
    pub active: Vec<ActiveRow>,
    /// RADIUS packets, newest first.
    pub packets: Vec<PacketRow>,
}

/// A device on the Wi-Fi.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HostRow {
    /// Its MAC address.
    pub mac: String,
    /// Its IP address.
    pub ip: String,
    /// Let in.
    pub authorized: bool,
}

/// A session on the router.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ActiveRow {
    /// The ticket's code.
    pub user: String,
    /// The device.
    pub mac: String,
    /// When the router cuts it off, milliseconds since 1970 UTC; `None` without a limit.
    pub ends_ms: Option<i64>,
    /// Received by the device: `3.2 MB`.
    pub down: String,
    /// Sent by the device: `210 kB`.
    pub up: String,
    /// The rate limit as RouterOS writes it: `5M/5M`.
    pub rate: String,
}

/// A RADIUS packet on the wire.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PacketRow {
    /// `12:41:07`.
    pub at: String,
    /// From the router (`true`) or to it.
    pub from_router: bool,
    /// `Access-Request`, `Accounting-Request Start`, `Disconnect-Request`.
    pub name: String,
    /// The attributes worth seeing, and how long the answer took.
    pub detail: String,
}

/// The provider's money.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MoneyPane {
    /// Takings today.
    pub today: String,
    /// How many payments that are: `96 payments`.
    pub payments: String,
    /// The provider's balance in the ledger.
    pub balance: String,
    /// Every ledger transaction sums to zero.
    pub balanced: bool,
    /// The latest payment's steps, in order.
    pub timeline: Vec<MoneyStep>,
    /// The latest ledger entries, newest first.
    pub entries: Vec<EntryRow>,
}

/// A step of the latest payment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MoneyStep {
    /// What happened.
    pub text: String,
    /// `12:41:07`; empty when it has not happened yet.
    pub at: String,
    /// The time since the step before: `3.2 s`.
    pub gap: String,
    /// `ok`, `wait`, `bad` or `later`.
    pub tone: String,
}

/// A ledger entry.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EntryRow {
    /// `12:41`.
    pub at: String,
    /// The account: `Received by M-Pesa`.
    pub account: String,
    /// Signed: `+KES 50`, `−KES 50`.
    pub amount: String,
}
