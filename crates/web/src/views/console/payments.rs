//! Payments: the list with its filters, and the timeline of one.

use super::{CheckState, Fact, Link, Page, Paging};
use crate::i18n::{Lang, PaymentProblem};
use crate::views::{Choice, PaymentStatus};
use askama::Template;

/// The payments that match the filters. Live topic: `payments`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/payments.html")]
pub struct Payments {
    /// Frame.
    pub page: Page,
    /// What is being looked for.
    pub filter: PaymentFilter,
    /// The gateways to choose from.
    pub gateways: Vec<Choice>,
    /// This page's rows, newest first.
    pub rows: Vec<PaymentRow>,
    /// How many were paid in this period and what they brought (`KES 4,250`); `None` when the list
    /// shows others.
    pub paid: Option<(u64, String)>,
    /// The same rows as CSV.
    pub csv_href: String,
    /// Older and newest rows.
    pub paging: Paging,
}

/// What the address asks for: `?q=…&status=…&gateway=…&period=…`.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// A phone number, MAC address, ticket code or receipt, as typed.
    pub q: String,
    /// Only these.
    pub status: Option<PaymentStatus>,
    /// Only those of this gateway; empty for all.
    pub gateway: String,
    /// Since when.
    pub period: Period,
}

/// A stretch of days up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// Since midnight.
    Today,
    /// The last seven days.
    #[default]
    Week,
    /// The last thirty days.
    Month,
    /// All there is.
    All,
}

impl Period {
    /// All of them, shortest first.
    pub const ALL: [Self; 4] = [Self::Today, Self::Week, Self::Month, Self::All];

    /// Its name in addresses.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Week => "week",
            Self::Month => "month",
            Self::All => "all",
        }
    }

    fn label(self, t: Lang) -> &'static str {
        match self {
            Self::Today => t.period_today(),
            Self::Week => t.period_week(),
            Self::Month => t.period_month(),
            Self::All => t.period_all(),
        }
    }
}

/// A payment as a row.
#[derive(Clone, Debug)]
pub struct PaymentRow {
    /// Its timeline.
    pub href: String,
    /// The payer, masked: `0712 ••• 345`; `Cash` for a sale over the counter.
    pub who: String,
    /// The plan's name.
    pub plan: String,
    /// `KES 50`.
    pub amount: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// More than the status says: `connected`, `wrong PIN`.
    pub note: Option<String>,
    /// `12:41`, `yesterday 18:02`.
    pub when: String,
}

/// One payment from the first tap to the first byte. Live topic: `payments`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/payment.html")]
pub struct PaymentPage {
    /// Frame.
    pub page: Page,
    /// Its id, in its address.
    pub id: String,
    /// `KES 50`.
    pub amount: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Why it failed.
    pub problem: Option<PaymentProblem>,
    /// What happened, in order; later steps that have not happened come last as `Todo`.
    pub steps: Vec<TimelineStep>,
    /// From the first tap to the last step: `11 s`.
    pub took: Option<String>,
    /// Payer, plan, receipt, ticket, device, router.
    pub facts: Vec<Fact>,
    /// Whether asking the gateway again makes sense (button posts to `…/check`).
    pub can_check: bool,
    /// Whether a member may say that the money came after all (button posts to `/console/confirm/{id}`).
    pub can_confirm: bool,
    /// What the button that asks the gateway says.
    pub ask_again: String,
    /// Where else to look, and what can be done.
    pub links: Vec<Link>,
}

/// A step with its time.
#[derive(Clone, Debug)]
pub struct TimelineStep {
    /// What happened.
    pub text: String,
    /// How far it has come.
    pub state: CheckState,
    /// `12:41:07`; empty when it has not happened.
    pub at: String,
    /// The time since the step before: `3.2 s`.
    pub gap: Option<String>,
    /// What came with it: a receipt, a result, a reason.
    pub detail: Option<String>,
}

impl PaymentPage {
    fn check_url(&self) -> String {
        format!("/console/payments/{}/check", self.id)
    }
}

impl PaymentFilter {
    /// Whether anything narrows the list, so that "nothing found" and "nothing yet" differ.
    fn is_narrow(&self) -> bool {
        !self.q.is_empty() || self.status.is_some() || !self.gateway.is_empty()
    }
}
