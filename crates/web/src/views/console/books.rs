//! The books: what each account of the ledger holds, and who did what.

use super::Page;
use askama::Template;

/// The balance of every account, from the movements alone.
#[derive(Clone, Debug, Template)]
#[template(path = "console/ledger.html")]
pub struct Ledger {
    /// Frame.
    pub page: Page,
    /// By account.
    pub rows: Vec<LedgerRow>,
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
    /// A member's name, `customer`, `gateway:mpesa`, `system`.
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
