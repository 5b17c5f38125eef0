//! Handing out one ticket over the counter: open, tap the plan, done.

use super::Page;
use crate::views::Field;
use askama::Template;

/// Each plan is a button that hands one out. The answer is a redirect to the ticket's page, which shows
/// its code large and can revoke it.
#[derive(Clone, Debug, Template)]
#[template(path = "console/sell.html")]
pub struct Sell {
    /// Frame.
    pub page: Page,
    /// What can be sold.
    pub plans: Vec<SellPlan>,
    /// The customer's phone, to find the ticket by later.
    pub phone: Field,
    /// What for, or how it was paid.
    pub note: Field,
}

/// A plan as a button.
#[derive(Clone, Debug)]
pub struct SellPlan {
    /// What the button sends as `plan`.
    pub id: String,
    /// `1 hour`.
    pub name: String,
    /// `5 Mbps · 2 devices`.
    pub facts: String,
    /// `KES 20`.
    pub price: String,
}
