//! The forty faults, by their numbers.

use anyhow::Result;
use bando_db::Engine;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::proof::machine::Machine;
use crate::stage::{Stage, Way};
use crate::{amounts, delivery, disk, forgery, gateway, nodes, ourselves};

/// A fault and how it is played.
pub(crate) struct Fault {
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    /// Why there is no such fault with this gateway or database, where there is none.
    pub(crate) excuse: fn(Way, Engine) -> Option<&'static str>,
    /// What the machine must be like.
    pub(crate) tune: fn(&mut Machine),
    pub(crate) play: for<'a> fn(&'a mut Stage) -> BoxFuture<'a, Result<()>>,
}

macro_rules! fault {
    ($id:literal, $what:literal, $play:path) => {
        fault!($id, $what, $play, |_, _| None)
    };
    ($id:literal, $what:literal, $play:path, $excuse:expr) => {
        fault!($id, $what, $play, $excuse, |_| {})
    };
    ($id:literal, $what:literal, $play:path, $excuse:expr, $tune:expr) => {
        Fault {
            id: $id,
            what: $what,
            excuse: $excuse,
            tune: $tune,
            play: |stage| $play(stage).boxed(),
        }
    };
}

/// All of them.
#[rustfmt::skip]
pub(crate) const FAULTS: &[Fault] = &[
    fault!("F1", "the message comes twice, and 100 times at once", delivery::duplicate),
    fault!("F2", "failure and success told in either order", delivery::reordered),
    fault!("F3", "the message comes 1 h, 25 h and 72 h late", delivery::delayed),
    fault!("F4", "the message never comes", delivery::lost),
    fault!("F5", "only the statement tells of it", ourselves::only_in_the_statement, no_statement),
    fault!("F6", "the message comes before the answer to our request", delivery::too_early),
    fault!("F7", "the message comes again after a refund", delivery::after_refund),
    fault!("F8", "another business's good message at this one's address", delivery::of_another_business),
    fault!("F9", "forged success of a payment that is not", forgery::of_nothing),
    fault!("F10", "forged success of a payment that is open", forgery::of_an_open_payment),
    fault!("F11", "bad, missing, old signature; wrong key; body rewritten", forgery::bad_signature, no_signature),
    fault!("F12", "one business's signature at another's address", forgery::anothers_signature, no_signature),
    fault!("F13", "a flood of forged messages", forgery::flood, |_, _| None, few_queries),
    fault!("F14", "malformed bodies and amounts", forgery::malformed, |_, _| None, patient),
    fault!("F15", "less than the price is paid", amounts::partial),
    fault!("F16", "more than the price is paid", amounts::over),
    fault!("F17", "money of another currency", amounts::another_currency, one_currency),
    fault!("F18", "a receipt that was used before", amounts::used_receipt),
    fault!("F19", "one purchase is paid twice", amounts::paid_twice, paid_once),
    fault!("F20", "paid into another account", amounts::wrong_account, no_choice),
    fault!("F21", "500, 502 and 429 before the request is accepted", gateway::refuses),
    fault!("F22", "no answer, but the request was accepted", gateway::stalls_after_accepting),
    fault!("F23", "connection reset in the middle of the answer", gateway::resets),
    fault!("F24", "answers take 60 s", gateway::drips),
    fault!("F25", "success in the body, HTTP 500 above it", gateway::contradicts_its_status),
    fault!("F26", "pending for ever; query contradicts message", gateway::never_decides),
    fault!("F27", "token or key ends in the middle", gateway::token_ends),
    fault!("F28", "unknown codes, types and fields", gateway::new_schema),
    fault!("F29", "kill -9 at the steps of a payment", nodes::killed),
    fault!("F30", "two programs take the same messages", nodes::two_nodes),
    fault!("F31", "a program sleeps (SIGSTOP) beyond its lease", nodes::asleep, |_, _| None, short_lease),
    fault!("F32", "our clock is off by 1 h and 1 day, either way", ourselves::clock),
    fault!("F33", "the disk is full", disk::full),
    fault!("F34", "fsync fails (EIO)", disk::forgetful, no_fsync_of_ours),
    fault!("F35", "the database is down", ourselves::no_database),
    fault!("F36", "the database fails over to a replica that lags", nothing, no_replica),
    fault!("F37", "all connections wait for a lock", ourselves::no_connection),
    fault!("F38", "stopped and started in the middle of a payment", ourselves::deployed),
    fault!("F39", "the router is away when the customer has paid", ourselves::no_router),
    fault!("F40", "an older backup is restored", ourselves::restored),
];

async fn nothing(_: &mut Stage) -> Result<()> {
    Ok(())
}

fn few_queries(machine: &mut Machine) {
    machine.queries_per_minute = forgery::QUERIES;
    machine.checks = 600;
}

fn patient(machine: &mut Machine) {
    machine.checks = 600;
}

fn short_lease(machine: &mut Machine) {
    machine.job_lease = std::time::Duration::from_secs(1);
}

fn no_statement(way: Way, _: Engine) -> Option<&'static str> {
    (way == Way::PollBack).then_some("Pesapal gives no statement of payments")
}

fn no_signature(way: Way, _: Engine) -> Option<&'static str> {
    (way != Way::Signed)
        .then_some("its messages are not signed: each is forged as far as we know (F9, F10)")
}

fn one_currency(way: Way, _: Engine) -> Option<&'static str> {
    (way == Way::Unsigned)
        .then_some("M-Pesa moves shillings only, and its messages name no currency")
}

fn paid_once(way: Way, _: Engine) -> Option<&'static str> {
    (way == Way::PollBack).then_some(
        "an order that is paid cannot be paid again, and nothing is paid without an order",
    )
}

fn no_choice(way: Way, _: Engine) -> Option<&'static str> {
    (way == Way::PollBack).then_some("the payer cannot choose into which account an order is paid")
}

fn no_fsync_of_ours(_: Way, engine: Engine) -> Option<&'static str> {
    (engine == Engine::Postgres)
        .then_some("PostgreSQL calls fsync, not we; when it fails, PostgreSQL stops: F35")
}

fn no_replica(_: Way, engine: Engine) -> Option<&'static str> {
    Some(match engine {
        Engine::Sqlite => "SQLite has no replica",
        Engine::Postgres => "needs two PostgreSQL servers; there is one",
    })
}
