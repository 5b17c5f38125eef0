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
    /// This device has a payment under way: back to its page.
    pub open: Option<OpenPayment>,
    /// What this customer bought last: one tap to buy it again.
    pub again: Option<Again>,
    /// What is for sale now, in the provider's order.
    pub plans: Vec<PlanOption>,
    /// The ways to pay, in the order in which they are offered.
    pub ways: Vec<Way>,
    /// The phone field.
    pub phone: Field,
    /// How a number looks here (`0712 345 678`).
    pub phone_example: String,
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

/// A payment of this device whose outcome is not known yet.
#[derive(Clone, Debug)]
pub struct OpenPayment {
    /// Its plan.
    pub plan: String,
    /// What it costs.
    pub price: String,
    /// Its page.
    pub href: String,
}

/// The last purchase of this device. The form sends `again` alone; the server knows the rest.
#[derive(Clone, Debug)]
pub struct Again {
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

/// A way to pay.
#[derive(Clone, Debug)]
pub struct Way {
    /// What the form sends as `gateway`.
    pub id: String,
    /// Its brand.
    pub title: String,
    /// The payer's browser is sent to a page of the gateway; else a prompt rings on the phone.
    pub outside: bool,
    /// The one chosen already.
    pub selected: bool,
}

impl Landing {
    /// Whether there is anything to choose.
    fn asks_how(&self) -> bool {
        self.ways.len() > 1
    }

    /// What the phone is for.
    fn phone_label(&self) -> String {
        match self.ways.as_slice() {
            [only] => self.page.t.phone_for(&only.title),
            _ => self.page.t.phone_that_pays().to_owned(),
        }
    }

    /// What happens next.
    fn pay_hint(&self) -> String {
        let t = self.page.t;
        match self.ways.as_slice() {
            [only] if only.outside => t.pay_hint_outside(&only.title),
            [only] => t.pay_hint(&only.title),
            _ => t.pay_hint_several().to_owned(),
        }
    }

    /// How many plans the style can name on the button without a script.
    const NAMED_ON_BUTTON: usize = 8;

    /// Whether the button can say the chosen plan's price without a script: the style sheet shows
    /// the n-th price when the n-th plan is chosen.
    fn prices_on_button(&self) -> bool {
        self.plans.len() <= Self::NAMED_ON_BUTTON
    }
}
