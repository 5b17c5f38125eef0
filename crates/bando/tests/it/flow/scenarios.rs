//! Every scripted behaviour of Daraja, on both databases.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando_sim::daraja::{QueryAnswer, SCENARIOS, Scenario};
use bando_sim::mikrotik::LoginError;

use crate::proof::customer::Customer;
use crate::proof::facts::Facts;
use crate::proof::town::Town;

/// What must become of a payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// Paid, one ticket, online.
    Paid,
    /// Not paid, and over.
    Over(&'static str),
    /// Nobody can know: it stays open, visible, without a ticket.
    Open,
    /// The gateway contradicts itself: over without a ticket, and marked for a person to look at.
    Contradicted,
}

/// Every scenario by name with its end. No money moves in those that are over.
const ENDS: &[(&str, End)] = &[
    ("paid", End::Paid),
    ("wrong_pin", End::Over("failed")),
    ("no_money", End::Over("failed")),
    ("cancelled", End::Over("cancelled")),
    ("timeout", End::Over("failed")),
    ("expired", End::Over("failed")),
    ("locked", End::Over("failed")),
    ("undelivered", End::Over("failed")),
    ("push_error", End::Over("failed")),
    ("busy", End::Over("failed")),
    ("internal", End::Open),
    ("unknown_code", End::Open),
    ("bad_debt", End::Over("failed")),
    ("no_ack", End::Over("failed")),
    ("pin_timeout", End::Over("failed")),
    ("callback_never", End::Paid),
    ("callback_late", End::Paid),
    ("callback_doubled", End::Paid),
    ("callback_storm", End::Paid),
    ("callback_first", End::Paid),
    ("wrong_amount", End::Paid),
    ("failed_then_paid", End::Paid),
    ("paid_then_failed", End::Paid),
    ("failed_but_paid", End::Paid),
    ("paid_but_failed", End::Over("cancelled")),
    ("response_lost", End::Paid),
    ("push_stalls", End::Paid),
    ("push_500_accepted", End::Paid),
    ("push_500", End::Open),
    ("push_429", End::Over("failed")),
    ("push_html", End::Open),
    ("push_dropped", End::Open),
    ("response_and_callback_lost", End::Open),
    ("query_4999", End::Paid),
    ("query_flaps", End::Paid),
    ("query_early", End::Paid),
    ("query_says_failed", End::Contradicted),
    ("query_429", End::Paid),
    ("query_silent", End::Open),
    ("query_html", End::Paid),
    ("silence", End::Open),
];

/// How long all of them may take together.
const PATIENCE: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn every_scripted_behaviour_of_daraja_ends_as_it_must() -> Result<()> {
    for named in SCENARIOS {
        let known = ENDS.iter().any(|(name, _)| *name == named.name);
        assert!(known, "{} has no end", named.name);
    }
    let towns = Town::on_each_database().await?;
    let runs = towns.into_iter().map(|town| tokio::spawn(play_all(town)));
    for run in runs.collect::<Vec<_>>() {
        run.await??;
    }
    Ok(())
}

async fn play_all(town: Town) -> Result<()> {
    let engine = town.db.engine();
    let mut customers = Vec::new();
    for (number, (name, end)) in (0..).zip(ENDS) {
        let customer = Customer::new(&town, number)?;
        customer.script(shortened(name).context(*name)?);
        customers.push((*name, *end, customer));
    }
    let unknowable: HashSet<String> = customers
        .iter()
        .filter(|(_, end, _)| matches!(end, End::Open | End::Contradicted))
        .map(|(_, _, customer)| customer.phone.digits().to_owned())
        .collect();

    let here = &town;
    let visits = customers
        .iter_mut()
        .map(|(name, end, customer)| async move {
            let bought = visit(here, customer, *end).await;
            bought.err().map(|error| format!("{name}: {error:#}"))
        });
    let visits = futures_util::future::join_all(visits).await;
    let mut wrong: Vec<String> = visits.into_iter().flatten().collect();
    wrong.extend(town.judge(PATIENCE, &unknowable).await?);

    let facts = Facts::read(&town.db).await?;
    for (name, end, customer) in &customers {
        let seen = end_of(&facts, customer).context(*name)?;
        if seen != *end {
            wrong.push(format!("{name}: {seen:?}, not {end:?}"));
        }
        if let Err(error) = check_door(&town, customer, *end).await {
            wrong.push(format!("{name}: {error:#}"));
        }
    }
    // Those who tried at the door in vain changed nothing.
    wrong.extend(town.judge(PATIENCE, &unknowable).await?);
    ensure!(wrong.is_empty(), "on {engine:?}:\n{}", wrong.join("\n"));
    Ok(())
}

/// The scenario by that name, with its longest waits cut down.
fn shortened(name: &str) -> Option<Scenario> {
    let mut scenario = Scenario::named(name)?;
    // After each the program leaves Daraja alone for a quarter of a minute.
    let too_often = |answer: &QueryAnswer| *answer == QueryAnswer::SpikeArrest429;
    if scenario.queries.iter().all(too_often) {
        scenario.queries.truncate(1);
    }
    for delivery in &mut scenario.callbacks {
        delivery.after_ms = delivery.after_ms.min(3_000);
    }
    Some(scenario)
}

/// Buys, and goes online if it comes to that.
async fn visit(town: &Town, customer: &mut Customer, end: End) -> Result<()> {
    customer.arrive().await?;
    customer.buy(&town.shop().plans.hour).await?;
    if end == End::Paid {
        customer.wait_for_code().await?;
        customer.connect().await?;
    }
    Ok(())
}

/// What became of the customer's payment, from the tables.
fn end_of(facts: &Facts, customer: &Customer) -> Result<End> {
    let mut payments = facts
        .payments
        .iter()
        .filter(|p| p.phone == customer.phone.digits());
    let payment = payments.next().context("no payment")?;
    ensure!(payments.next().is_none(), "more than one payment");
    let contradicted = facts.contradicted.contains(&payment.id);
    Ok(match payment.status.as_str() {
        "success" => End::Paid,
        "pending" => End::Open,
        "cancelled" if contradicted && customer.has_paid() => End::Contradicted,
        "cancelled" => End::Over("cancelled"),
        "failed" => End::Over("failed"),
        other => anyhow::bail!("an unexpected end: {other}"),
    })
}

/// RADIUS lets in who has paid and nobody else.
async fn check_door(town: &Town, customer: &Customer, end: End) -> Result<()> {
    let answer = town.shop().router.mac_login(customer.mac).await;
    let fits = match end {
        End::Paid => answer == Err(LoginError::AlreadyLoggedIn),
        _ => matches!(answer, Err(LoginError::Rejected(_) | LoginError::Invalid)),
    };
    ensure!(fits, "the router said {answer:?}");
    ensure!(customer.is_online() == (end == End::Paid), "online, or not");
    Ok(())
}
