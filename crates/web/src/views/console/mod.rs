//! The provider's pages, under `/console`. Everything works as plain links and forms; with scripts,
//! the part of a page marked `id="live"` is fetched again whenever `/console/events` (server-sent
//! events) names the page's topic ([`Page::live`]).
//!
//! | address under `/console` | page | form fields it posts |
//! |---|---|---|
//! | `sign-in` (GET, POST) | [`SignIn`] | `username`, `password`, `next` |
//! | `sign-out` (POST) | | |
//! | `` | [`Home`] | |
//! | `providers` (GET, POST) | [`Providers`] | `provider` |
//! | `payments` | [`Payments`] | query: `q`, `status`, `gateway`, `period`, `before`, `format` (`csv`) |
//! | `payments/{id}`, `payments/{id}/check` (POST) | [`PaymentPage`] | |
//! | `tickets` | [`Tickets`] | query: `q`, `status`, `before` |
//! | `tickets/{id}`, `…/revoke` (POST), `…/forget` (POST) | [`TicketPage`] | `device` |
//! | `sell` (GET, POST) | [`Sell`] | `how` (`cash`, `gift`), `plan` (the button pressed), `phone`, `note` |
//! | `batches`, `batches/new` (GET), `batches` (POST) | [`Batches`], [`BatchForm`] | `plan`, `count` |
//! | `batches/{id}`, `…/sheet?from=`, `…/codes.csv` | [`BatchPage`], [`VoucherSheet`] | |
//! | `plans`, `plans/new`, `plans/{id}` (GET, POST), `plans` (POST) | [`Plans`], [`PlanForm`] | see [`PlanForm`] |
//! | `sessions`, `sessions/{id}/disconnect` (POST) | [`Sessions`] | query: `q` |
//! | `routers`, `routers/new`, `routers` (POST) | [`Routers`], [`RouterForm`] | `name`, `address`, `coa` |
//! | `routers/{id}` (GET, POST), `…/edit`, `…/script.rsc`, `…/remove.rsc` | [`RouterPage`], [`RouterForm`] | query: `version`, `uplink`, `ports` |
//! | `ways`, `ways/{gateway}` (GET, POST), `…/test` (POST) | [`List`], [`Way`] | the gateway’s settings, `enabled` |
//! | `ways/platform` (GET, POST) | [`Matter`] | `phone`, `enabled` |
//! | `settings` (GET, POST), `settings/password` (POST) | [`Settings`] | see there |
//! | `confirm`, `confirm/{id}` (POST) | [`Confirm`] | `answer` (`yes`, `no`), `transaction_id` |
//! | `cases`, `cases/{id}`, `…/solve` (POST) | [`List`], [`Matter`] | query: `q`, `state`, `kind`, `before`; `note` |
//! | `arrivals`, `arrivals/{id}`, `…/decide` (POST) | [`List`], [`Matter`] | `form` (what is decided), `payment`, `plan`, `phone` |
//! | `payments/{id}/refund`, `arrivals/{id}/refund` (GET, POST) | [`Matter`] | `amount`, `way`, `reason`, `revoke` |
//! | `refunds`, `payouts` (also POST: `amount`), each `{id}`, `…/decide` (POST), `…/resolve` (POST) | [`List`], [`Matter`] | `approve`; `happened`, `receipt` |
//! | `shift`, `shift/close` (POST), `shifts`, `shifts/day`, `shifts/{id}` | [`Matter`], [`List`] | `counted`, `note`; query: `ago` |
//! | `ledger`, `ledger/account`, `ledger.csv`, `audit` | [`Ledger`], [`AccountPage`], [`Audit`] | query: `at`; `account`, `from`, `to`, `before` |
//! | `statements`, `…/fetch`, `…/upload` (POST), `statements/{id}`, `…/compare`, `…/mend` (POST) | [`List`], [`Matter`] | `gateway`, `file` |
//! | `differences`, `differences/{id}`, `…/mend` (POST) | [`List`], [`Matter`] | query: `state`, `kind`, `statement`; `mend`, `note` |
//! | `badges` | [`BadgesPart`], the part of the menu that counts | |
//! | `more` | [`More`] | |

mod batches;
mod books;
mod confirm;
mod form;
mod home;
mod list;
mod menu;
mod payments;
mod plans;
mod routers;
mod sell;
mod sessions;
mod settings;
mod tickets;
mod ways;

pub use batches::{BatchForm, BatchPage, BatchRow, Batches, SheetVoucher, VoucherSheet};
pub use books::{AccountPage, Audit, AuditRow, EntryRow, Ledger, LedgerRow};
pub use confirm::{Confirm, ConfirmCard};
pub use form::{Button, FieldKind, Form, FormField};
pub use home::{Home, Today, Todo, Trend};
pub use list::{Empty, Filters, Link, List, ListRow, Matter, Select};
pub use menu::{Badges, BadgesPart, Section};
pub use payments::{PaymentFilter, PaymentPage, PaymentRow, Payments, Period, TimelineStep};
pub use plans::{Amount, PlanForm, PlanRow, Plans};
pub use routers::{RouterForm, RouterPage, RouterRow, RouterStatus, Routers};
pub use sell::{Sell, SellPlan};
pub use sessions::{SessionRow, Sessions};
pub use settings::{Message, More, Place, Providers, Settings, SignIn};
pub use tickets::{TicketDevice, TicketFilter, TicketPage, TicketRow, Tickets};
pub use ways::{TestResult, Way};

use bando_app::Role;

use crate::i18n::Lang;
use crate::views::Notice;

/// What every console page has: for whom, where it stands in the menu, what to say first.
#[derive(Clone, Debug)]
pub struct Page {
    /// The reader's language.
    pub t: Lang,
    /// Light, dark, or as the system says.
    pub theme: Theme,
    /// The provider's name.
    pub provider: String,
    /// Who is signed in.
    pub member: String,
    /// Whether they work for other providers too.
    pub several: bool,
    /// What the member may do here: the menu shows no more.
    pub role: Role,
    /// What waits for somebody.
    pub badges: Badges,
    /// The menu entry that is marked.
    pub section: Section,
    /// This page's own address with its query: live parts fetch it again.
    pub here: String,
    /// The result of what was just done.
    pub flash: Option<Notice>,
}

/// The reader's choice of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All of them, as the settings offer them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Its name in forms, and the value of `data-theme`.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name; anything unknown follows the system.
    #[must_use]
    pub fn parse(slug: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|theme| theme.slug() == slug)
            .unwrap_or_default()
    }

    /// The value of `data-theme`, when the reader chose one.
    fn chosen(self) -> Option<&'static str> {
        (self != Self::Auto).then(|| self.slug())
    }

    fn label(self, t: Lang) -> &'static str {
        match self {
            Self::Auto => t.theme_auto(),
            Self::Light => t.theme_light(),
            Self::Dark => t.theme_dark(),
        }
    }
}

impl Page {
    /// The attributes that fetch the element `#live` again when the server names `topic`, at most
    /// once a second, and twice a minute even if the stream of events is blocked on the way.
    fn live(&self, topic: &str) -> String {
        let here = self.here.replace('&', "&amp;").replace('"', "%22");
        format!(
            "id=\"live\" hx-get=\"{here}\" hx-trigger=\"sse:{topic} throttle:1s, every 30s\" \
             hx-select=\"#live\" hx-target=\"this\" hx-swap=\"outerHTML\""
        )
    }
}

/// How far one thing of a list of things to happen has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// It happened.
    Done,
    /// It is happening.
    Doing,
    /// It did not work.
    Failed,
    /// It comes later.
    Todo,
}

impl CheckState {
    const fn class(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Doing => "wait",
            Self::Failed => "bad",
            Self::Todo => "later",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Done => "check",
            Self::Doing => "clock",
            Self::Failed => "x",
            Self::Todo => "",
        }
    }
}

/// One line of a checklist: setting up, proving a router, testing M-Pesa.
#[derive(Clone, Debug)]
pub struct Check {
    /// How far it has come.
    pub state: CheckState,
    /// What it is.
    pub text: String,
    /// What was found, or what to do.
    pub detail: Option<String>,
    /// The button: label and address.
    pub action: Option<(String, String)>,
}

/// A name and its value, in a list of facts. A link when the value has a page.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Its page.
    pub href: Option<String>,
}

impl Fact {
    /// A fact without a page.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            href: None,
        }
    }

    /// A fact whose value leads to a page.
    #[must_use]
    pub fn link(
        name: impl Into<String>,
        value: impl Into<String>,
        href: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            href: Some(href.into()),
        }
    }
}

/// The ways on from one page of a long list.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// Back to the newest rows; `None` when this page shows them.
    pub newest_href: Option<String>,
    /// The next older rows.
    pub older_href: Option<String>,
}
