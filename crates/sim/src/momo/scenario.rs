//! What a number does when it is asked for money: the script of one request to pay.
//!
//! A number of the form `0772 000 NNN` (Uganda) plays the scenario numbered `NNN` in [`SCENARIOS`];
//! any number can be given one by name or in full (`POST /sim/script`). An unscripted number waits for
//! its owner.

use serde::{Deserialize, Deserializer, Serialize};

/// The outcome that pays; every other is a reason why not.
pub const SUCCESSFUL: &str = "SUCCESSFUL";

/// Everything that happens to one request, in the order it happens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What becomes of the request itself.
    pub request: RequestFault,
    /// The payer's answer, given without anybody touching the phone. None: wait for the owner.
    pub answer: Option<Answer>,
    /// Whether answer and callbacks come before the HTTP response of the request.
    pub before_response: bool,
    /// The callbacks; none of them when empty.
    pub callbacks: Vec<Delivery>,
    /// The answers to queries, one after the other, whatever the truth.
    pub queries: Vec<QueryAnswer>,
    /// The answer to every query after those.
    pub queries_then: QueryAnswer,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            request: RequestFault::None,
            answer: None,
            before_response: false,
            callbacks: vec![Delivery::default()],
            queries: Vec::new(),
            queries_then: QueryAnswer::Truth,
        }
    }
}

/// An answer that comes by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// [`SUCCESSFUL`], or the reason why not.
    pub outcome: String,
    /// Milliseconds after the prompt.
    #[serde(default)]
    pub after_ms: u64,
}

/// What goes wrong with a request to pay.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestFault {
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
    /// Not accepted: HTTP 429.
    TooOften429,
    /// Not accepted: this error.
    Error {
        /// HTTP status.
        status: u16,
        /// `code`; no body when empty.
        code: String,
    },
}

/// One callback.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// Milliseconds after the decision (and after the delivery listed before it).
    pub after_ms: u64,
    /// How many of it, all at once. MTN repeats a callback even when it was answered 200.
    pub copies: u32,
    /// Another outcome than the true one.
    pub says: Option<String>,
    /// Another amount than the true one.
    pub amount: Option<String>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            after_ms: 0,
            copies: 1,
            says: None,
            amount: None,
        }
    }
}

/// One answer to a query.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryAnswer {
    /// What is so.
    #[default]
    Truth,
    /// Undecided: `PENDING`.
    Pending,
    /// Undecided: `CREATED`, a status that is not documented.
    Created,
    /// A status nobody has seen.
    Strange,
    /// HTTP 404 `RESOURCE_NOT_FOUND`, as when asked too early.
    #[serde(rename = "not_found_404")]
    NotFound404,
    /// This outcome, true or not.
    Says(String),
    /// The truth, with another amount.
    Amount(String),
    /// The truth, with another currency.
    Currency(String),
    /// The truth, with another `externalId`.
    ExternalId(String),
    /// HTTP 401, as for an expired token.
    BadToken,
    /// HTTP 429.
    #[serde(rename = "too_often_429")]
    TooOften429,
    /// HTTP 500 `INTERNAL_PROCESSING_ERROR`: the operator's own trouble.
    #[serde(rename = "internal_500")]
    Internal500,
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
    /// The number `0772 000 NNN` that always plays it.
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
    named("paid",             100, "PIN entered at once: paid",                      || answered(SUCCESSFUL)),
    named("rejected",         101, "rejected on the phone",                          || answered("APPROVAL_REJECTED")),
    named("no_money",         102, "not enough money",                               || answered("NOT_ENOUGH_FUNDS")),
    named("expired",          103, "not answered in time",                           || answered("EXPIRED")),
    named("unknown_payer",    104, "no such wallet",                                 || answered("PAYER_NOT_FOUND")),
    named("limit",            105, "over the payer's limit",                         || answered("PAYER_LIMIT_REACHED")),
    named("internal",         106, "the catch-all reason",                           || answered("INTERNAL_PROCESSING_ERROR")),
    named("unavailable",      107, "the operator's own trouble",                     || answered("SERVICE_UNAVAILABLE")),
    named("unknown_reason",   108, "a reason nobody has seen",                       || answered("MOON_PHASE")),
    named("callback_never",   200, "paid, and no callback ever",                     || calls(vec![])),
    named("callback_late",    201, "paid, callback 90 s later",                      || calls(vec![Delivery { after_ms: 90_000, ..Delivery::default() }])),
    named("callback_doubled", 202, "paid, callback three times at once",             || calls(vec![Delivery { copies: 3, ..Delivery::default() }])),
    named("callback_first",   203, "paid, callback before the response",             || Scenario { before_response: true, ..paid() }),
    named("failed_but_paid",  204, "callback says rejected; the money moved",        || calls(vec![says("APPROVAL_REJECTED")])),
    named("paid_but_failed",  205, "callback says paid; the payer rejected it",      paid_but_failed),
    named("response_lost",    300, "accepted, connection cut before the response; paid", || request(RequestFault::DropAfterAccept)),
    named("request_stalls",   301, "accepted, no response ever; paid",               || request(RequestFault::StallAfterAccept)),
    named("request_502",      302, "accepted, said with HTTP 502; paid",             || request(RequestFault::Html502AfterAccept)),
    named("request_500",      303, "HTTP 500 before it is accepted",                 || request(error(500, "INTERNAL_PROCESSING_ERROR"))),
    named("request_429",      304, "HTTP 429 before it is accepted",                 || request(RequestFault::TooOften429)),
    named("request_dropped",  305, "connection cut before it is accepted",           || request(RequestFault::DropBeforeAccept)),
    named("request_400",      306, "HTTP 400 without a body",                        || request(error(400, ""))),
    named("request_slow",     307, "accepted, answered after 300 ms; paid",          || request(RequestFault::SlowMs(300))),
    named("query_pending",    400, "no callback; pending five times, then paid",     || asked(vec![QueryAnswer::Pending; 5], QueryAnswer::Truth)),
    named("query_flaps",      401, "no callback; errors of all kinds, then paid",    || asked(flaps(), QueryAnswer::Truth)),
    named("query_wrong_amount", 402, "paid in full, the query says 1",               || asked(vec![], QueryAnswer::Amount("1".into()))),
    named("query_silent",     403, "paid, queries are never answered",               || Scenario { queries_then: QueryAnswer::Never, ..paid() }),
    named("silence",          404, "paid; no callback, and pending for ever",        || asked(vec![], QueryAnswer::Pending)),
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

    /// The scenario that a number `256772000NNN` plays by itself.
    pub fn of_number(digits: &str) -> Option<Self> {
        let number: u16 = digits.strip_prefix("256772000")?.parse().ok()?;
        SCENARIOS
            .iter()
            .find(|named| named.number == number)
            .map(Named::scenario)
    }

    /// This outcome comes by itself after `after_ms` milliseconds; nothing goes wrong.
    pub fn answers(outcome: &str, after_ms: u64) -> Self {
        Self {
            answer: Some(Answer {
                outcome: outcome.to_owned(),
                after_ms,
            }),
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

/// How long a scripted payer thinks.
const THINKS_MS: u64 = 100;

fn answered(outcome: &str) -> Scenario {
    Scenario::answers(outcome, THINKS_MS)
}

fn paid() -> Scenario {
    answered(SUCCESSFUL)
}

fn calls(callbacks: Vec<Delivery>) -> Scenario {
    Scenario {
        callbacks,
        ..paid()
    }
}

fn says(outcome: &str) -> Delivery {
    Delivery {
        says: Some(outcome.to_owned()),
        ..Delivery::default()
    }
}

fn paid_but_failed() -> Scenario {
    Scenario {
        callbacks: vec![says(SUCCESSFUL)],
        ..answered("APPROVAL_REJECTED")
    }
}

fn request(request: RequestFault) -> Scenario {
    Scenario { request, ..paid() }
}

fn error(status: u16, code: &str) -> RequestFault {
    RequestFault::Error {
        status,
        code: code.to_owned(),
    }
}

fn asked(queries: Vec<QueryAnswer>, queries_then: QueryAnswer) -> Scenario {
    Scenario {
        callbacks: vec![],
        queries,
        queries_then,
        ..paid()
    }
}

fn flaps() -> Vec<QueryAnswer> {
    vec![
        QueryAnswer::NotFound404,
        QueryAnswer::Created,
        QueryAnswer::Strange,
        QueryAnswer::Internal500,
        QueryAnswer::Html502,
        QueryAnswer::TooOften429,
        QueryAnswer::Cut,
        QueryAnswer::BadToken,
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
