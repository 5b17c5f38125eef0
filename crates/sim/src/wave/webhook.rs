//! Events on their way to a wallet's webhooks: signed, sent, sent again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::books::{Called, Event};
use super::scenario::Delivery;
use super::shared::{Shared, Wallet, Webhook};
use super::wire;

/// Something that is to be told.
pub(crate) struct Told {
    /// Of the event's id.
    pub(crate) prefix: &'static str,
    /// The event's type.
    pub(crate) kind: &'static str,
    pub(crate) data: Value,
    pub(crate) delivery: Delivery,
}

/// Writes an event into the books and sends it to all of the wallet's webhooks.
pub(crate) fn tell(sim: &Arc<Shared>, wallet: &Wallet, told: &Told) {
    let id = wire::event_id(&sim.random, told.prefix);
    let body = json!({"id": id, "type": told.kind, "data": told.data}).to_string();
    sim.state().books.events.push(Event {
        id: id.clone(),
        kind: told.kind.to_owned(),
        merchant_id: wallet.merchant_id.clone(),
        body: body.clone(),
        at: sim.clock.now(),
        calls: Vec::new(),
    });
    for webhook in &wallet.webhooks {
        let (sim, id, body) = (sim.clone(), id.clone(), body.clone());
        let (webhook, delivery) = (webhook.clone(), told.delivery.clone());
        tokio::spawn(async move {
            sleep(Duration::from_millis(delivery.after_ms)).await;
            join_all((0..delivery.copies).map(|_| persist(&sim, &id, &webhook, &body))).await;
        });
    }
}

/// Sends an event once more to its wallet's first webhook. None: no such event or no webhook.
pub(crate) async fn replay(sim: &Shared, event_id: &str) -> Option<Option<u16>> {
    let (body, webhook) = {
        let state = sim.state();
        let event = state.books.events.iter().find(|e| e.id == event_id)?;
        let wallet = state.wallet(&event.merchant_id)?;
        (event.body.clone(), wallet.webhooks.first()?.clone())
    };
    Some(send(sim, event_id, &webhook, &body).await)
}

/// Sends until it is taken or the last retry is through.
async fn persist(sim: &Shared, event_id: &str, webhook: &Webhook, body: &str) {
    let retries = sim.state().settings.retry_ms.clone();
    for pause in retries.into_iter().map(Some).chain([None]) {
        let status = send(sim, event_id, webhook, body).await;
        if status.is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        let Some(pause) = pause else { return };
        sleep(Duration::from_millis(pause)).await;
    }
}

/// Sends once, signed now, and writes it into the books.
async fn send(sim: &Shared, event_id: &str, webhook: &Webhook, body: &str) -> Option<u16> {
    let credential = wire::credential(webhook, sim.clock.now(), body);
    let status = post(sim, &webhook.url, &[credential], body.to_owned()).await;
    let at = sim.clock.now();
    let mut state = sim.state();
    if let Some(event) = state.books.events.iter_mut().find(|e| e.id == event_id) {
        let url = webhook.url.clone();
        event.calls.push(Called { at, url, status });
    }
    status
}

/// Posts a JSON body with these headers; none when there was no answer in time.
pub(crate) async fn post<N: AsRef<str>>(
    sim: &Shared,
    url: &str,
    headers: &[(N, String)],
    body: String,
) -> Option<u16> {
    if sim.stopped.load(Ordering::Acquire) {
        return None;
    }
    let timeout = Duration::from_millis(sim.state().settings.webhook_timeout_ms);
    let request = sim
        .client
        .post(url)
        .timeout(timeout)
        .header("Content-Type", "application/json")
        .body(body);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(name.as_ref(), value)
    });
    match request.send().await {
        Ok(response) => Some(response.status().as_u16()),
        Err(error) => {
            tracing::debug!(error = %error.without_url(), "event not delivered");
            None
        }
    }
}
