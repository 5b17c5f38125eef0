//! The books: what each account of the ledger holds, what went through it, and who did what.

use super::{Page, Paging};
use askama::Template;

/// The balance of every account at the end of a day (`?at=2026-11-20`), from the movements alone.
#[derive(Clone, Debug, Template)]
#[template(path = "console/ledger.html")]
pub struct Ledger {
    /// Frame.
    pub page: Page,
    /// By account.
    pub rows: Vec<LedgerRow>,
    /// The day; empty for now.
    pub at: String,
}

/// An account of the ledger.
#[derive(Clone, Debug)]
pub struct LedgerRow {
    /// Its name in the ledger: `gateway:mpesa`.
    pub account: String,
    /// What it is, in words.
    pub text: String,
    /// Debits less credits: `KES 4,250`.
    pub amount: String,
    /// Its statement.
    pub href: String,
}

/// What went into one account and out of it.
#[derive(Clone, Debug, Template)]
#[template(path = "console/account.html")]
pub struct AccountPage {
    /// Frame.
    pub page: Page,
    /// Its name in the ledger.
    pub account: String,
    /// What it is, in words.
    pub title: String,
    /// The first day; empty for the first there is.
    pub from: String,
    /// The last day; empty for today.
    pub to: String,
    /// The movements, newest first.
    pub rows: Vec<EntryRow>,
    /// Older and newest rows.
    pub paging: Paging,
}

/// A movement of an account.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// When.
    pub when: String,
    /// The account on its other side.
    pub other: String,
    /// What it was: `payment`, `fee`.
    pub what: String,
    /// The payment it belongs to.
    pub href: Option<String>,
    /// How the account changed: `+KES 50`.
    pub change: String,
    /// Whether it went out.
    pub is_out: bool,
    /// What the account held then.
    pub balance: String,
}

/// The newest entries of the audit log.
#[derive(Clone, Debug, Template)]
#[template(path = "console/audit.html")]
pub struct Audit {
    /// Frame.
    pub page: Page,
    /// Newest first.
    pub rows: Vec<AuditRow>,
}

/// An entry of the audit log.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Its number in the chain, from 1.
    pub seq: u64,
    /// When.
    pub when: String,
    /// A member's name, `customer`, a gateway, `system`.
    pub who: String,
    /// `plan.change`.
    pub action: String,
    /// The page of what it was done to, when it has one.
    pub href: Option<String>,
    /// What it was done to: `plan`.
    pub object: String,
    /// More about it.
    pub detail: String,
}
