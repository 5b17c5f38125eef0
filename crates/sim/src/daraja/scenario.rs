//! What a number does when it is asked for money: the script of one prompt.
//!
//! A number of the form `0700 000 NNN` plays the scenario numbered `NNN` in [`SCENARIOS`]; any
//! number can be given one by name or in full (`POST /sim/script`). An unscripted number waits for
//! its owner ([`crate::phone`]).

use serde::{Deserialize, Deserializer, Serialize};

/// Everything that happens to one push, in the order it happens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What becomes of the push request itself.
    pub push: PushFault,
    /// The payer's answer, given without anybody touching the phone. None: wait for the owner.
    pub answer: Option<Answer>,
    /// Whether answer and callbacks come before the HTTP response of the push.
    pub before_response: bool,
    /// The callbacks; none of them when empty.
    pub callbacks: Vec<Delivery>,
    /// The answers to queries, one after the other, whatever the truth.
    pub queries: Vec<QueryAnswer>,
    /// The answer to every query after those.
    pub queries_then: QueryAnswer,
    /// The C2B confirmations, where there are any: of payments by hand, and of prompts if
    /// [`super::Settings::stk_as_c2b`]; none of them when empty.
    pub confirmations: Vec<Delivery>,
    /// Whether the confirmations of a prompt come before its callbacks, not beside them.
    pub confirmation_first: bool,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            push: PushFault::None,
            answer: None,
            before_response: false,
            callbacks: vec![Delivery::default()],
            queries: Vec::new(),
            queries_then: QueryAnswer::Truth,
            confirmations: vec![Delivery::default()],
            confirmation_first: false,
        }
    }
}

/// An answer that comes by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The result code: `"0"` pays.
    pub code: String,
    /// Milliseconds after the prompt.
    #[serde(default)]
    pub after_ms: u64,
}

/// What goes wrong with a push request.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushFault {
    /// Nothing.
    #[default]
    None,
    /// Accepted, the prompt appears, and the connection is cut instead of an answer.
    DropAfterAccept,
    /// Accepted, the prompt appears, and no answer ever comes.
    StallAfterAccept,
    /// Accepted, and told so with HTTP 500.
    SuccessWith500,
    /// Not accepted: the connection is cut.
    DropBeforeAccept,
    /// Not accepted: HTTP 500 `500.003.1001`.
    Error500,
    /// Not accepted: HTTP 429 and Apigee's fault.
    SpikeArrest429,
    /// Not accepted: HTTP 503 and a page of HTML.
    Html503,
    /// Not accepted: this error.
    Error {
        /// HTTP status.
        status: u16,
        /// `errorCode`.
        code: String,
        /// `errorMessage`.
        message: String,
    },
}

/// One callback, confirmation or result.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// Milliseconds after the decision (and after the delivery listed before it).
    pub after_ms: u64,
    /// How many of it, all at once.
    pub copies: u32,
    /// Another result code than the true one.
    pub code: Option<String>,
    /// Another amount than the true one, such as `"1.00"`.
    pub amount: Option<String>,
    /// Another shortcode than the true one (of a confirmation).
    pub shortcode: Option<String>,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            after_ms: 0,
            copies: 1,
            code: None,
            amount: None,
            shortcode: None,
        }
    }
}

/// One answer to a query.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryAnswer {
    /// What is so: `4999` until it is decided, then its code.
    #[default]
    Truth,
    /// HTTP 200, `ResultCode` 4999.
    #[serde(rename = "pending_4999")]
    Pending4999,
    /// HTTP 500, `500.001.1001` "The transaction is being processed".
    #[serde(rename = "processing_500")]
    Processing500,
    /// HTTP 200, `500.001.1001` with an empty message.
    #[serde(rename = "processing_200")]
    Processing200,
    /// HTTP 400, `400.002.02` "Invalid CheckoutRequestID", as when asked too early.
    #[serde(rename = "invalid_id_400")]
    InvalidId400,
    /// HTTP 429 and Apigee's fault.
    #[serde(rename = "spike_arrest_429")]
    SpikeArrest429,
    /// HTTP 500, `500.003.02`.
    #[serde(rename = "busy_500")]
    Busy500,
    /// HTTP 502 and a page of HTML.
    #[serde(rename = "html_502")]
    Html502,
    /// No answer at all.
    Never,
    /// This result code, true or not.
    Code(String),
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
    named("paid",                   100, "PIN entered at once: paid (0)",                          || answered("0")),
    named("wrong_pin",              101, "wrong PIN (2001)",                                       || answered("2001")),
    named("no_money",               102, "not enough money (1)",                                   || answered("1")),
    named("cancelled",              103, "cancelled on the phone (1032)",                          || answered("1032")),
    named("timeout",                104, "phone unreachable (1037)",                               || answered("1037")),
    named("expired",                105, "prompt expired (1019)",                                  || answered("1019")),
    named("locked",                 106, "subscriber locked by another prompt (1001)",             || answered("1001")),
    named("undelivered",            107, "prompt could not be sent (1025)",                        || answered("1025")),
    named("push_error",             108, "prompt could not be sent (9999)",                        || answered("9999")),
    named("busy",                   109, "system busy (26)",                                       || answered("26")),
    named("internal",               110, "internal failure, meaning unclear (17)",                 || answered("17")),
    named("unknown_code",           111, "a code nobody has seen (7777)",                          || answered("7777")),
    named("bad_debt",               112, "a code that is no number (E3008)",                       || answered("E3008")),
    named("no_ack",                 113, "phone network did not acknowledge (1036)",               || answered("1036")),
    named("pin_timeout",            114, "PIN not entered in time (1031)",                         || answered("1031")),
    named("callback_never",         200, "paid, and no callback ever",                             || calls(vec![])),
    named("callback_late",          201, "paid, callback 90 s later",                              || calls(vec![after(90_000)])),
    named("callback_doubled",       202, "paid, callback three times at once",                     || calls(vec![copies(3)])),
    named("callback_storm",         203, "paid, callback 100 times at once",                       || calls(vec![copies(100)])),
    named("callback_first",         204, "paid, callback before the response of the push",         || Scenario { before_response: true, ..paid() }),
    named("wrong_amount",           205, "paid in full, callback says KSh 1.00",                   || calls(vec![amount("1.00")])),
    named("failed_then_paid",       206, "callback says cancelled, 2 s later paid (true)",          || calls(vec![said("1032"), after(2_000)])),
    named("paid_then_failed",       207, "callback says paid (true), 2 s later cancelled",          || calls(vec![after(0), Delivery { after_ms: 2_000, ..said("1032") }])),
    named("failed_but_paid",        208, "callback says cancelled; the money moved",               || calls(vec![said("1032")])),
    named("paid_but_failed",        209, "callback says paid; the payer cancelled, no money moved", || Scenario { callbacks: vec![said("0")], ..answered("1032") }),
    named("response_lost",          300, "accepted, connection cut before the response; paid",      || push(PushFault::DropAfterAccept)),
    named("push_stalls",            301, "accepted, no response ever; paid",                        || push(PushFault::StallAfterAccept)),
    named("push_500_accepted",      302, "accepted, said with HTTP 500; paid",                      || push(PushFault::SuccessWith500)),
    named("push_500",               303, "HTTP 500 before it is accepted",                         || push(PushFault::Error500)),
    named("push_429",               304, "HTTP 429 before it is accepted",                         || push(PushFault::SpikeArrest429)),
    named("push_html",              305, "HTTP 503 and HTML before it is accepted",                || push(PushFault::Html503)),
    named("push_dropped",           306, "connection cut before it is accepted",                   || push(PushFault::DropBeforeAccept)),
    named("response_and_callback_lost", 307, "accepted, response and callback lost; paid",         || Scenario { callbacks: vec![], ..push(PushFault::DropAfterAccept) }),
    named("query_4999",             400, "no callback; queries say 4999 five times, then paid",     || asked(vec![QueryAnswer::Pending4999; 5], QueryAnswer::Truth)),
    named("query_flaps",            401, "no callback; queries flap with 500.001.1001, then paid",  || asked(flaps(), QueryAnswer::Truth)),
    named("query_early",            402, "no callback; the first two queries say Invalid CheckoutRequestID", || asked(vec![QueryAnswer::InvalidId400; 2], QueryAnswer::Truth)),
    named("query_says_failed",      403, "callback says paid (true), queries say cancelled",        || Scenario { queries_then: QueryAnswer::Code("1032".into()), ..paid() }),
    named("query_429",              404, "no callback; the first three queries get 429",            || asked(vec![QueryAnswer::SpikeArrest429; 3], QueryAnswer::Truth)),
    named("query_silent",           405, "queries are never answered; the callback comes",         || Scenario { queries_then: QueryAnswer::Never, ..paid() }),
    named("query_html",             406, "no callback; queries get HTML twice, then paid",          || asked(vec![QueryAnswer::Html502; 2], QueryAnswer::Truth)),
    named("silence",                407, "paid; no callback, and queries say 4999 for ever",        || asked(vec![], QueryAnswer::Pending4999)),
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

    /// Pays by itself after `after_ms` milliseconds; nothing goes wrong.
    pub fn pays_after(after_ms: u64) -> Self {
        Self {
            answer: Some(Answer {
                code: "0".into(),
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
const THINKS_MS: u64 = 300;

fn answered(code: &str) -> Scenario {
    Scenario {
        answer: Some(Answer {
            code: code.into(),
            after_ms: THINKS_MS,
        }),
        ..Scenario::default()
    }
}

fn paid() -> Scenario {
    answered("0")
}

fn calls(callbacks: Vec<Delivery>) -> Scenario {
    Scenario {
        callbacks,
        ..paid()
    }
}

fn push(push: PushFault) -> Scenario {
    Scenario { push, ..paid() }
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
        QueryAnswer::Processing500,
        QueryAnswer::Processing200,
        QueryAnswer::Busy500,
        QueryAnswer::Processing500,
    ]
}

fn after(after_ms: u64) -> Delivery {
    Delivery {
        after_ms,
        ..Delivery::default()
    }
}

fn copies(copies: u32) -> Delivery {
    Delivery {
        copies,
        ..Delivery::default()
    }
}

fn amount(amount: &str) -> Delivery {
    Delivery {
        amount: Some(amount.into()),
        ..Delivery::default()
    }
}

fn said(code: &str) -> Delivery {
    Delivery {
        code: Some(code.into()),
        ..Delivery::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_unique() {
        for (i, a) in SCENARIOS.iter().enumerate() {
            for b in &SCENARIOS[..i] {
                assert!(a.name != b.name && a.number != b.number, "{}", a.name);
            }
        }
    }

    #[test]
    fn a_number_plays_its_scenario() {
        assert_eq!(
            Scenario::of_number("254700000103")
                .and_then(|s| s.answer)
                .map(|a| a.code),
            Some("1032".into())
        );
        assert_eq!(Scenario::of_number("254712345103"), None);
        assert_eq!(Scenario::of_number("254700000999"), None);
    }

    #[test]
    fn every_scenario_survives_json() {
        for named in SCENARIOS {
            let json = serde_json::to_string(&named.scenario()).expect("json");
            let read: Scenario = serde_json::from_str(&json).expect(named.name);
            assert_eq!(read, named.scenario());
        }
    }
}
