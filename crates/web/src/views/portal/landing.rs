//! The first page: prices, one field, one button.

use super::Page;
use crate::views::{Field, Notice};
use askama::Template;

/// What a customer sees on joining the Wi-Fi.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/landing.html")]
pub struct Landing {
    /// Frame and addresses.
    pub page: Page,
    /// Why the customer is here again: the router's refusal, a form that cannot be taken.
    pub notice: Option<Notice>,
    /// This device has a live ticket: reconnect without paying.
    pub known: Option<Known>,
    /// What this customer bought last: one tap to buy it again.
    pub again: Option<Again>,
    /// What is for sale now, in the provider's order.
    pub plans: Vec<PlanOption>,
    /// The phone field.
    pub phone: Field,
    /// How a number looks here (`0712 345 678`).
    pub phone_example: String,
    /// The ticket that the purchase lengthens (hidden field `extend`), when the customer came from it.
    pub extend: Option<String>,
}

/// A live ticket of this device.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its plan.
    pub plan: String,
    /// `3 h 12 min left`.
    pub left: String,
    /// Its status page.
    pub status_href: String,
}

/// The last purchase of this device.
#[derive(Clone, Debug)]
pub struct Again {
    /// What the form sends as `again`: names the purchase without showing the number.
    pub token: String,
    /// The plan.
    pub plan: String,
    /// The price today.
    pub price: String,
    /// The number, masked.
    pub phone: String,
}

/// A plan as a row to tap.
#[derive(Clone, Debug)]
pub struct PlanOption {
    /// What the form sends as `plan`.
    pub id: String,
    /// `1 hour`.
    pub name: String,
    /// What one gets beside the time, short: `5 Mbps`, `2 devices`, `2 GB`.
    pub facts: Vec<String>,
    /// `KES 20`.
    pub price: String,
    /// The one chosen already.
    pub selected: bool,
    /// Wears the "most bought" label.
    pub most_bought: bool,
}

impl Landing {
    /// How many plans the style can name on the button without a script.
    const NAMED_ON_BUTTON: usize = 8;

    /// Whether the button can say the chosen plan's price without a script: the style sheet shows
    /// the n-th price when the n-th plan is chosen.
    fn prices_on_button(&self) -> bool {
        self.plans.len() <= Self::NAMED_ON_BUTTON
    }
}
