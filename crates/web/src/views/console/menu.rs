//! The menu: a bar with the rest behind "More" on a phone, a rail in groups on a desk.

use askama::Template;
use bando_app::{Permission, Role};

use super::Page;
use crate::i18n::Lang;

/// A place in the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The four answers.
    Home,
    /// One ticket over the counter.
    Sell,
    /// Payments that a member confirms.
    Confirm,
    /// The member's till, and everybody's shifts.
    Till,
    /// Payments and their timelines.
    Payments,
    /// Who is online.
    Sessions,
    /// Tickets.
    Tickets,
    /// Voucher batches.
    Batches,
    /// What waits for a person to decide.
    Cases,
    /// Money sent back.
    Refunds,
    /// What came in, account by account.
    Ledger,
    /// Reconciliation.
    Statements,
    /// Money that the platform collects and pays out.
    Payouts,
    /// What is sold.
    Plans,
    /// Routers and their scripts.
    Routers,
    /// How customers pay.
    Ways,
    /// Who did what.
    Audit,
    /// The provider's and the member's settings.
    Settings,
    /// The rest of the menu, on a phone.
    More,
}

/// How much waits for somebody, as the menu shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Badges {
    /// Payments to confirm.
    pub confirm: u64,
    /// Cases to solve.
    pub cases: u64,
}

/// What the menu of a page fetches again when something begins or ceases to wait.
#[derive(Clone, Debug, Template)]
#[template(path = "console/badges.html")]
pub struct BadgesPart {
    /// Frame.
    pub page: Page,
}

impl Section {
    /// The bar at the bottom of a phone.
    const BAR: [Self; 5] = [
        Self::Home,
        Self::Sell,
        Self::Payments,
        Self::Sessions,
        Self::More,
    ];
    const DAILY: [Self; 8] = [
        Self::Home,
        Self::Sell,
        Self::Confirm,
        Self::Till,
        Self::Payments,
        Self::Tickets,
        Self::Sessions,
        Self::Batches,
    ];
    const MONEY: [Self; 5] = [
        Self::Cases,
        Self::Refunds,
        Self::Ledger,
        Self::Statements,
        Self::Payouts,
    ];
    const SETUP: [Self; 5] = [
        Self::Plans,
        Self::Routers,
        Self::Ways,
        Self::Audit,
        Self::Settings,
    ];

    /// Its address.
    #[must_use]
    pub const fn href(self) -> &'static str {
        match self {
            Self::Home => "/console",
            Self::Sell => "/console/sell",
            Self::Confirm => "/console/confirm",
            Self::Till => "/console/shift",
            Self::Payments => "/console/payments",
            Self::Sessions => "/console/sessions",
            Self::Tickets => "/console/tickets",
            Self::Batches => "/console/batches",
            Self::Cases => "/console/cases",
            Self::Refunds => "/console/refunds",
            Self::Ledger => "/console/ledger",
            Self::Statements => "/console/statements",
            Self::Payouts => "/console/payouts",
            Self::Plans => "/console/plans",
            Self::Routers => "/console/routers",
            Self::Ways => "/console/ways",
            Self::Audit => "/console/audit",
            Self::Settings => "/console/settings",
            Self::More => "/console/more",
        }
    }

    /// The least role that finds something there.
    const fn least(self) -> Role {
        match self {
            Self::Sell | Self::Confirm | Self::Till => Permission::Sell.least(),
            Self::Statements | Self::Payouts => Permission::Manage.least(),
            Self::Ways | Self::Audit => Permission::Money.least(),
            _ => Permission::Look.least(),
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Home => "house",
            Self::Sell => "ticket-plus",
            Self::Confirm => "circle-check",
            Self::Till | Self::Payments => "banknote",
            Self::Sessions => "activity",
            Self::Tickets => "ticket",
            Self::Batches | Self::Ledger => "layers",
            Self::Cases => "triangle-alert",
            Self::Refunds => "arrow-up",
            Self::Statements => "refresh-cw",
            Self::Payouts => "arrow-right",
            Self::Plans => "tags",
            Self::Routers => "router",
            Self::Ways => "smartphone",
            Self::Audit => "clock",
            Self::Settings => "settings",
            Self::More => "ellipsis",
        }
    }

    const fn label(self, t: Lang) -> &'static str {
        match self {
            Self::Home => t.nav_home(),
            Self::Sell => t.nav_sell(),
            Self::Confirm => t.nav_confirm(),
            Self::Till => t.nav_till(),
            Self::Payments => t.nav_payments(),
            Self::Sessions => t.nav_sessions(),
            Self::Tickets => t.nav_tickets(),
            Self::Batches => t.nav_batches(),
            Self::Cases => t.nav_cases(),
            Self::Refunds => t.nav_refunds(),
            Self::Ledger => t.nav_ledger(),
            Self::Statements => t.nav_statements(),
            Self::Payouts => t.nav_payouts(),
            Self::Plans => t.nav_plans(),
            Self::Routers => t.nav_routers(),
            Self::Ways => t.nav_ways(),
            Self::Audit => t.nav_audit(),
            Self::Settings => t.nav_settings(),
            Self::More => t.nav_more(),
        }
    }
}

/// An entry of the menu, ready to draw.
pub(super) struct MenuItem {
    pub(super) href: &'static str,
    pub(super) icon: &'static str,
    pub(super) label: &'static str,
    pub(super) current: bool,
    /// What counts what waits there: an id for its element, and the number.
    pub(super) badge: Option<(&'static str, u64)>,
}

/// Entries that belong together.
pub(super) struct MenuGroup {
    pub(super) label: Option<&'static str>,
    pub(super) items: Vec<MenuItem>,
}

impl Page {
    fn menu(&self, sections: &[Section]) -> Vec<MenuItem> {
        let on_bar = Section::BAR.contains(&self.section);
        let item = |section: &Section| MenuItem {
            href: section.href(),
            icon: section.icon(),
            label: section.label(self.t),
            current: *section == self.section || (*section == Section::More && !on_bar),
            badge: match section {
                Section::Confirm => Some(("confirm", self.badges.confirm)),
                Section::Cases => Some(("cases", self.badges.cases)),
                _ => None,
            },
        };
        let allowed = sections.iter().filter(|s| self.role >= s.least());
        allowed.map(item).collect()
    }

    pub(super) fn bar(&self) -> Vec<MenuItem> {
        self.menu(&Section::BAR)
    }

    /// All of the menu, daily work first.
    pub(super) fn rail(&self) -> Vec<MenuGroup> {
        let group = |label, sections: &[Section]| MenuGroup {
            label,
            items: self.menu(sections),
        };
        vec![
            group(None, &Section::DAILY),
            group(Some(self.t.nav_money()), &Section::MONEY),
            group(Some(self.t.nav_set_up()), &Section::SETUP),
        ]
    }

    /// What the bar has no room for.
    pub(super) fn rest(&self) -> Vec<MenuGroup> {
        let mut groups = self.rail();
        let bar = Section::BAR.map(Section::href);
        for group in &mut groups {
            group.items.retain(|item| !bar.contains(&item.href));
        }
        groups
    }
}
