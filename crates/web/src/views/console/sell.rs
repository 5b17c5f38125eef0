//! Selling one ticket over the counter: open, tap the plan, done.

use super::Page;
use crate::views::{Choice, Field};
use askama::Template;

/// Each plan is a button that sells one for cash or gives it away (`how`). The answer is a redirect to
/// the ticket's page, which shows its code large and can revoke it.
#[derive(Clone, Debug, Template)]
#[template(path = "console/sell.html")]
pub struct Sell {
    /// Frame.
    pub page: Page,
    /// What can be sold.
    pub plans: Vec<SellPlan>,
    /// For cash, or as a gift.
    pub how: Vec<Choice>,
    /// Why nothing was sold.
    pub problem: Option<String>,
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
