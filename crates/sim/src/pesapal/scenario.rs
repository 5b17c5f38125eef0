//! What happens to an order: the script of one number.
//!
//! A number of the form `0700 000 NNN` plays the scenario numbered `NNN` in [`SCENARIOS`]; any number
//! can be given one by name or in full (`POST /sim/script`). An unscripted order waits for its
//! customer on the pay page.

use serde::{Deserialize, Deserializer, Serialize};

/// Everything that happens to one order, in the order it happens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What becomes of the request itself.
    pub submit: SubmitFault,
    /// What the customer does by itself. None: wait for somebody on the pay page.
    pub customer: Option<Customer>,
    /// Whether customer and notifications come before the HTTP response of the order.
    pub before_response: bool,
    /// The notifications of each change; none of them when empty.
    pub notifications: Vec<Delivery>,
    /// The answers to status requests, one after the other, whatever the truth.
    pub statuses: Vec<StatusAnswer>,
    /// The answer to every status request after those.
    pub statuses_then: StatusAnswer,
    /// Milliseconds after which the payment goes back to its payer.
    pub reversed_after_ms: Option<u64>,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            submit: SubmitFault::None,
            customer: None,
            before_response: false,
            notifications: vec![Delivery::default()],
            statuses: Vec::new(),
            statuses_then: StatusAnswer::Truth,
            reversed_after_ms: None,
        }
    }
}

/// A customer who acts by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// What it does.
    pub does: PayBy,
    /// Milliseconds after the order.
    #[serde(default)]
    pub after_ms: u64,
}

/// What a customer does on the pay page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayBy {
    /// Pays by M-Pesa (`MpesaKE`).
    Mpesa,
    /// Pays by card (`Visa`).
    Card,
    /// Pays by card and agrees to the subscription.
    CardSubscribing,
    /// Declines the M-Pesa prompt (`request_terminated_by_user`).
    MpesaDeclined,
    /// The card is declined.
    CardDeclined,
}

impl PayBy {
    /// Whether money moves.
    pub const fn pays(self) -> bool {
        matches!(self, Self::Mpesa | Self::Card | Self::CardSubscribing)
    }

    /// Whether it is by phone.
    pub const fn is_mobile(self) -> bool {
        matches!(self, Self::Mpesa | Self::MpesaDeclined)
    }
}

/// What goes wrong with an order request.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitFault {
    /// Nothing.
    #[default]
    None,
    /// Accepted, and the connection is cut instead of an answer.
    DropAfterAccept,
    /// Accepted, and no answer ever comes.
    StallAfterAccept,
    /// Accepted, and answered by a proxy's HTTP 502.
    Html502AfterAccept,
    /// Accepted, answered after this many milliseconds.
    SlowMs(u64),
    /// Not accepted: the connection is cut.
    DropBeforeAccept,
    /// Not accepted: HTTP 500 and an empty body.
    Empty500,
    /// Not accepted: HTTP 429.
    TooOften429,
    /// Not accepted: this error, with HTTP 200.
    Error {
        /// `code`.
        code: String,
        /// `message`.
        message: String,
    },
}

/// One notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// Milliseconds after the change (and after the delivery listed before it).
    pub after_ms: u64,
    /// How many of it, all at once.
    pub copies: u32,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            after_ms: 0,
            copies: 1,
        }
    }
}

/// One answer to a status request.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusAnswer {
    /// What is so.
    #[default]
    Truth,
    /// Not paid yet, as it was recorded: HTTP 200, status `"500"`, `payment_details_not_found`.
    NotFound,
    /// Not paid yet, the plain way: status code 0, status `"200"`.
    Invalid,
    /// This status code and description, whatever the truth.
    Says {
        /// `status_code`.
        code: u8,
        /// `payment_status_description`.
        description: String,
    },
    /// The truth, with another amount, written as it is here.
    Amount(String),
    /// The truth, with another currency.
    Currency(String),
    /// The truth, with another confirmation code.
    Confirmation(String),
    /// The truth about somebody else's order.
    Reference(String),
    /// HTTP 401, as for an expired token.
    BadToken,
    /// HTTP 429.
    #[serde(rename = "too_often_429")]
    TooOften429,
    /// HTTP 500, empty.
    #[serde(rename = "empty_500")]
    Empty500,
    /// HTTP 502 and a page of HTML.
    #[serde(rename = "html_502")]
    Html502,
    /// The connection is cut.
    Cut,
    /// No answer at all.
    Never,
}

/// A scenario with a name.
pub struct Named {
    /// The name `POST /sim/script` takes.
    pub name: &'static str,
    /// The number `0700 000 NNN` that always plays it.
    pub number: u16,
    /// What happens, for a person.
    pub what: &'static str,
    make: fn() -> Scenario,
}

impl Named {
    /// The script.
    pub fn scenario(&self) -> Scenario {
        (self.make)()
    }
}

/// The named scenarios. Those from 200 on pay, unless they say otherwise.
#[rustfmt::skip]
pub const SCENARIOS: &[Named] = &[
    named("paid",               100, "paid by M-Pesa at once",                            || by(PayBy::Mpesa)),
    named("paid_by_card",       101, "paid by card at once",                              || by(PayBy::Card)),
    named("subscribed",         102, "paid by card, subscription agreed to",              || by(PayBy::CardSubscribing)),
    named("declined",           103, "M-Pesa prompt declined",                            || by(PayBy::MpesaDeclined)),
    named("card_declined",      104, "card declined",                                     || by(PayBy::CardDeclined)),
    named("ipn_never",          200, "paid, and no notification ever",                    || ipns(vec![])),
    named("ipn_late",           201, "paid, notification 90 s later",                     || ipns(vec![Delivery { after_ms: 90_000, copies: 1 }])),
    named("ipn_doubled",        202, "paid, notification three times at once",            || ipns(vec![Delivery { after_ms: 0, copies: 3 }])),
    named("ipn_first",          203, "paid, notification before the response of the order", || Scenario { before_response: true, ..paid() }),
    named("reversed",           204, "paid, and sent back half a second later",           || Scenario { reversed_after_ms: Some(500), ..paid() }),
    named("response_lost",      300, "accepted, connection cut before the response; paid", || submit(SubmitFault::DropAfterAccept)),
    named("order_stalls",       301, "accepted, no response ever; paid",                  || submit(SubmitFault::StallAfterAccept)),
    named("order_502",          302, "accepted, said with HTTP 502; paid",                || submit(SubmitFault::Html502AfterAccept)),
    named("order_500",          303, "HTTP 500 before it is accepted",                    || submit(SubmitFault::Empty500)),
    named("order_429",          304, "HTTP 429 before it is accepted",                    || submit(SubmitFault::TooOften429)),
    named("order_dropped",      305, "connection cut before it is accepted",              || submit(SubmitFault::DropBeforeAccept)),
    named("order_slow",         306, "accepted, answered after 300 ms; paid",             || submit(SubmitFault::SlowMs(300))),
    named("order_limit",        307, "not accepted: over the limit",                      || submit(too_much())),
    named("status_late",        400, "no notification; five times not found, then paid",  || asked(vec![StatusAnswer::NotFound; 5], StatusAnswer::Truth)),
    named("status_flaps",       401, "no notification; errors of all kinds, then paid",   || asked(flaps(), StatusAnswer::Truth)),
    named("status_wrong_amount", 402, "paid in full, the status says 1.00",               || asked(vec![], StatusAnswer::Amount("1.00".into()))),
    named("status_wrong_currency", 403, "paid, the status says TZS",                      || asked(vec![], StatusAnswer::Currency("TZS".into()))),
    named("status_of_another",  404, "paid, the status is of another order",              || asked(vec![], StatusAnswer::Reference("someone-elses".into()))),
    named("status_silent",      405, "paid, status requests are never answered",          || Scenario { statuses_then: StatusAnswer::Never, ..paid() }),
    named("silence",            406, "paid; no notification, and not found for ever",     || asked(vec![], StatusAnswer::NotFound)),
];

const fn named(
    name: &'static str,
    number: u16,
    what: &'static str,
    make: fn() -> Scenario,
) -> Named {
    Named {
        name,
        number,
        what,
        make,
    }
}

impl Scenario {
    /// The scenario with that name.
    pub fn named(name: &str) -> Option<Self> {
        SCENARIOS
            .iter()
            .find(|named| named.name == name)
            .map(Named::scenario)
    }

    /// The scenario that a number `254700000NNN` plays by itself.
    pub fn of_number(digits: &str) -> Option<Self> {
        let number: u16 = digits.strip_prefix("254700000")?.parse().ok()?;
        SCENARIOS
            .iter()
            .find(|named| named.number == number)
            .map(Named::scenario)
    }

    /// The customer does this after `after_ms` milliseconds; nothing goes wrong.
    pub fn customer(does: PayBy, after_ms: u64) -> Self {
        Self {
            customer: Some(Customer { does, after_ms }),
            ..Self::default()
        }
    }
}

/// Reads a scenario by name or in full.
pub(super) fn by_name_or_in_full<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Scenario>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Name(String),
        Full(Box<Scenario>),
    }
    match Option::<Either>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Either::Full(scenario)) => Ok(Some(*scenario)),
        Some(Either::Name(name)) => Scenario::named(&name).map(Some).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "no scenario {name:?}; GET /sim/scenarios lists them"
            ))
        }),
    }
}

/// How long a scripted customer thinks.
const THINKS_MS: u64 = 100;

fn by(does: PayBy) -> Scenario {
    Scenario::customer(does, THINKS_MS)
}

fn paid() -> Scenario {
    by(PayBy::Mpesa)
}

fn ipns(notifications: Vec<Delivery>) -> Scenario {
    Scenario {
        notifications,
        ..paid()
    }
}

fn submit(submit: SubmitFault) -> Scenario {
    Scenario { submit, ..paid() }
}

fn too_much() -> SubmitFault {
    SubmitFault::Error {
        code: "maximum_amount_limit_exceeded".into(),
        message: "Request Declined.Maximum allowed test transactions limit exceeded".into(),
    }
}

fn asked(statuses: Vec<StatusAnswer>, statuses_then: StatusAnswer) -> Scenario {
    Scenario {
        notifications: vec![],
        statuses,
        statuses_then,
        ..paid()
    }
}

fn flaps() -> Vec<StatusAnswer> {
    vec![
        StatusAnswer::Empty500,
        StatusAnswer::Html502,
        StatusAnswer::TooOften429,
        StatusAnswer::Cut,
        StatusAnswer::Invalid,
        StatusAnswer::BadToken,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique_and_survive_json() {
        for (i, a) in SCENARIOS.iter().enumerate() {
            for b in &SCENARIOS[..i] {
                assert!(a.name != b.name && a.number != b.number, "{}", a.name);
            }
            let json = serde_json::to_string(&a.scenario()).expect("json");
            let read: Scenario = serde_json::from_str(&json).expect(a.name);
            assert_eq!(read, a.scenario());
        }
    }
}
