//! One request to pay from its prompt to its last callback.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::books::{Called, Requested};
use super::scenario::{Delivery, SUCCESSFUL, Scenario};
use super::shared::Shared;
use super::wire;

/// Waits for the answer, decides, calls back.
pub(super) async fn play(sim: Arc<Shared>, id: String, hand: oneshot::Receiver<String>) {
    let Some(scenario) = sim.state().plays.get(&id).map(|play| play.scenario.clone()) else {
        return;
    };
    let outcome = answer(&sim, &scenario, hand).await;
    decide(&sim, &id, &outcome);
    for delivery in &scenario.callbacks {
        sleep(Duration::from_millis(delivery.after_ms)).await;
        deliver(&sim, &id, delivery).await;
    }
}

/// A hand decides; false when nobody waits for it.
pub(super) fn decide_by_hand(sim: &Shared, id: &str, outcome: &str) -> bool {
    let hand = sim
        .state()
        .plays
        .get_mut(id)
        .and_then(|play| play.hand.take());
    hand.is_some_and(|hand| hand.send(outcome.to_owned()).is_ok())
}

/// The true callback of a request, once more.
pub(super) async fn replay(sim: &Shared, id: &str, url: Option<&str>) -> Option<u16> {
    let entry = sim.state().request(id)?.clone();
    let url = url.or(entry.callback_url.as_deref())?.to_owned();
    send(sim, &entry, &url, &body(sim, &entry, &Delivery::default())).await
}

/// The outcome of the first to answer: the owner, the script, or the time-out.
async fn answer(sim: &Shared, scenario: &Scenario, hand: oneshot::Receiver<String>) -> String {
    let settings = sim.state().settings.clone();
    let (by_itself, after) = match (&scenario.answer, settings.auto_approve_ms) {
        (Some(answer), _) => (
            answer.outcome.as_str(),
            Duration::from_millis(answer.after_ms),
        ),
        (None, Some(ms)) => (SUCCESSFUL, Duration::from_millis(ms)),
        (None, None) => ("EXPIRED", Duration::from_secs(settings.prompt_seconds)),
    };
    tokio::select! {
        biased;
        Ok(outcome) = hand => outcome,
        () = sleep(after) => by_itself.to_owned(),
    }
}

/// Closes the request and, if it was paid, moves the money: all in one moment.
fn decide(sim: &Shared, id: &str, outcome: &str) {
    let receipt = sim.random.text(9, b"123456789");
    let mut state = sim.state();
    let Some(entry) = state.request(id) else {
        return;
    };
    if outcome == SUCCESSFUL {
        entry.status = Some(SUCCESSFUL.to_owned());
        entry.financial_transaction_id = Some(receipt);
    } else {
        entry.status = Some("FAILED".to_owned());
        entry.reason = Some(outcome.to_owned());
    }
}

/// Sends a callback, if the request named an address for it.
async fn deliver(sim: &Shared, id: &str, delivery: &Delivery) {
    let Some(entry) = sim.state().request(id).cloned() else {
        return;
    };
    let Some(url) = entry.callback_url.clone() else {
        return;
    };
    let body = body(sim, &entry, delivery);
    join_all((0..delivery.copies).map(|_| send(sim, &entry, &url, &body))).await;
}

/// The callback's body: the truth, except for what the script changes.
fn body(sim: &Shared, entry: &Requested, delivery: &Delivery) -> String {
    let mut entry = entry.clone();
    if let Some(amount) = &delivery.amount {
        entry.amount.clone_from(amount);
    }
    let outcome = delivery.says.as_deref().or_else(|| wire::outcome(&entry));
    wire::state(&entry, outcome, sim.state().settings.reason_as_object).to_string()
}

/// Posts a callback with the headers that were seen on the real one, and writes it into the books.
async fn send(sim: &Shared, entry: &Requested, url: &str, body: &str) -> Option<u16> {
    let status = if sim.stopped.load(Ordering::Acquire) {
        None
    } else {
        sim.client
            .post(url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("User-Agent", "LWAC Http Client 1.0")
            .body(body.to_owned())
            .send()
            .await
            .ok()
            .map(|response| response.status().as_u16())
    };
    let at = sim.clock.now();
    if let Some(entry) = sim.state().request(&entry.reference_id) {
        entry.callbacks.push(Called {
            at,
            url: url.to_owned(),
            body: body.to_owned(),
            status,
        });
    }
    status
}
