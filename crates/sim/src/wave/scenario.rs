//! What a payer does and what goes wrong: scripts.
//!
//! An Ivorian number of the form `07 00 00 0N NN` plays the scenario numbered `NNN` in
//! [`SCENARIOS`], where the session is restricted to it; any number or merchant can be given one by
//! name or in full (`POST /sim/script`). An unscripted session waits for a hand.

use serde::{Deserialize, Deserializer, Serialize};

/// Everything that happens to one session, or to one payment by merchant link.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What becomes of the request that makes the session.
    pub create: Option<Fault>,
    /// What the payer does by themself, one after the other. Empty: wait for a hand.
    pub steps: Vec<Step>,
    /// How it is told that the money came.
    pub paid: Delivery,
    /// How it is told that an attempt failed.
    pub failed: Delivery,
}

/// One thing a payer does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Milliseconds after the session was made, or after the step before.
    #[serde(default)]
    pub after_ms: u64,
    /// What.
    pub act: Act,
}

/// What a payer does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Pays.
    Pay,
    /// Tries, and fails with this code.
    Fail(String),
}

/// How an event is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// Milliseconds after it happened.
    pub after_ms: u64,
    /// How many of it, all at once. 0: it is lost.
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

impl Delivery {
    /// Never told.
    pub const LOST: Self = Self {
        after_ms: 0,
        copies: 0,
    };

    /// Told once, this late.
    pub const fn late(after_ms: u64) -> Self {
        Self {
            after_ms,
            copies: 1,
        }
    }
}

/// The calls of the API.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `POST /v1/checkout/sessions`.
    Create,
    /// `GET /v1/checkout/sessions/:id` and `?transaction_id=`.
    Session,
    /// `GET /v1/checkout/sessions/search`.
    Search,
    /// `POST /v1/checkout/sessions/:id/expire`.
    Expire,
    /// `POST /v1/checkout/sessions/:id/refund` and `/v1/transactions/:id/refund`.
    Refund,
    /// `GET /v1/transactions`.
    Transactions,
    /// `GET /v1/balance`.
    Balance,
}

/// What goes wrong with one call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// How it shows.
    pub shows: Shows,
    /// Whether what was asked is done all the same.
    #[serde(default)]
    pub done: bool,
}

/// How a fault shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// 500, 503 or 429 with Wave's words; another status with a page of HTML.
    Status(u16),
    /// The connection is cut.
    Reset,
    /// No answer, ever.
    Stall,
    /// The right answer, this many milliseconds late; it is always done.
    Slow(u64),
    /// HTTP 200 and half of a JSON document.
    HalfJson,
}

impl Fault {
    /// It shows and nothing is done.
    pub const fn before(shows: Shows) -> Self {
        Self { shows, done: false }
    }

    /// It shows although it is done.
    pub const fn after(shows: Shows) -> Self {
        Self { shows, done: true }
    }
}

/// A scenario with a name.
pub struct Named {
    /// The name `POST /sim/script` takes.
    pub name: &'static str,
    /// The number `07 00 00 0N NN` that always plays it.
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

/// The named scenarios.
#[rustfmt::skip]
pub const SCENARIOS: &[Named] = &[
    named("paid",                100, "paid at once",                                            Scenario::pays),
    named("no_money",            101, "insufficient-funds; the session stays open",              || fails("insufficient-funds")),
    named("blocked",             102, "blocked-account; the session stays open",                 || fails("blocked-account")),
    named("limit",               103, "kyb-limits-exceeded; the session stays open",             || fails("kyb-limits-exceeded")),
    named("technical",           104, "payment-failure; the session stays open",                 || fails("payment-failure")),
    named("failed_then_paid",    105, "insufficient-funds, then paid",                           failed_then_paid),
    named("events_reordered",    106, "failed, then paid; told the other way round",             || Scenario { failed: Delivery::late(600), ..failed_then_paid() }),
    named("webhook_never",       200, "paid, and no event ever",                                 || told(Delivery::LOST)),
    named("webhook_late",        201, "paid, told 90 s later",                                   || told(Delivery::late(90_000))),
    named("webhook_doubled",     202, "paid, told three times at once",                          || told(Delivery { copies: 3, ..Delivery::default() })),
    named("create_lost",         300, "session made, connection cut before the answer; paid",    || create(Fault::after(Shows::Reset))),
    named("create_stalls",       301, "session made, no answer ever; paid",                      || create(Fault::after(Shows::Stall))),
    named("create_500_made",     302, "session made, and HTTP 500; paid",                        || create(Fault::after(Shows::Status(500)))),
    named("create_500",          303, "HTTP 500 and no session",                                 || create(Fault::before(Shows::Status(500)))),
    named("create_503",          304, "HTTP 503 and no session",                                 || create(Fault::before(Shows::Status(503)))),
    named("create_429",          305, "HTTP 429 and no session",                                 || create(Fault::before(Shows::Status(429)))),
    named("create_html",         306, "HTTP 502, a page of HTML and no session",                 || create(Fault::before(Shows::Status(502)))),
    named("create_cut",          307, "connection cut and no session",                           || create(Fault::before(Shows::Reset))),
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

    /// The scenario that a number `2250700000NNN` plays by itself.
    pub fn of_number(digits: &str) -> Option<Self> {
        let number: u16 = digits.strip_prefix("2250700000")?.parse().ok()?;
        SCENARIOS
            .iter()
            .find(|named| named.number == number)
            .map(Named::scenario)
    }

    /// Pays at once; nothing goes wrong.
    pub fn pays() -> Self {
        Self {
            steps: vec![step(Act::Pay)],
            ..Self::default()
        }
    }
}

fn step(act: Act) -> Step {
    Step { after_ms: 0, act }
}

fn fails(code: &str) -> Scenario {
    Scenario {
        steps: vec![step(Act::Fail(code.into()))],
        ..Scenario::default()
    }
}

fn failed_then_paid() -> Scenario {
    let mut scenario = fails("insufficient-funds");
    scenario.steps.push(Step {
        after_ms: 100,
        act: Act::Pay,
    });
    scenario
}

fn told(paid: Delivery) -> Scenario {
    Scenario {
        paid,
        ..Scenario::pays()
    }
}

fn create(fault: Fault) -> Scenario {
    Scenario {
        create: Some(fault),
        ..Scenario::pays()
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
            let digits = format!("2250700000{:03}", a.number);
            assert_eq!(Scenario::of_number(&digits), Some(a.scenario()));
        }
        assert_eq!(Scenario::of_number("2250700000999"), None);
    }
}
