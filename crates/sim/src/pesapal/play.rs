//! One order from its acceptance to its last notification.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bando_domain::Timestamp;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::books::{Direction, Moved, Notified, OrderState, Ordered, RefundState, Subscribed};
use super::scenario::{Delivery, PayBy, Scenario};
use super::shared::{Address, Casing, Shared, State};
use super::wire;
use crate::daraja::wire::receipt;

/// Why nothing can be paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotPay {
    /// There is no such order.
    #[error("there is no such order")]
    Unknown,
    /// It is paid, reversed or cancelled.
    #[error("the order is paid, reversed or cancelled")]
    Closed,
}

/// Plays the script of an order: its customer, and what comes after.
pub(super) async fn play(sim: Arc<Shared>, id: String) {
    let Some(scenario) = scenario(&sim, &id) else {
        return;
    };
    let Some(customer) = scenario.customer else {
        return;
    };
    sleep(Duration::from_millis(customer.after_ms)).await;
    let paid = decide(&sim, &id, customer.does).is_ok();
    notify(&sim, &id, "IPNCHANGE").await;
    if let (true, Some(ms)) = (paid, scenario.reversed_after_ms) {
        sleep(Duration::from_millis(ms)).await;
        if give_back(&sim, &id) {
            notify(&sim, &id, "IPNCHANGE").await;
        }
    }
}

/// The customer does this on the pay page; the notification follows by itself.
pub(super) fn pay(sim: &Arc<Shared>, id: &str, how: PayBy) -> Result<Option<String>, CannotPay> {
    let code = decide(sim, id, how)?;
    notify_soon(sim, id, "IPNCHANGE");
    Ok(code)
}

/// A paid order goes back whole.
pub(super) fn reverse(sim: &Arc<Shared>, id: &str) -> bool {
    let reversed = give_back(sim, id);
    if reversed {
        notify_soon(sim, id, "IPNCHANGE");
    }
    reversed
}

/// The merchant approves or declines a refund.
pub(super) fn decide_refund(sim: &Arc<Shared>, id: &str, approve: bool) -> bool {
    let now = sim.clock.now();
    {
        let mut state = sim.state();
        let Some(order) = state.order(id) else {
            return false;
        };
        let Some(RefundState {
            amount,
            approved: None,
        }) = order.refund
        else {
            return false;
        };
        order.refund = Some(RefundState {
            amount,
            approved: Some(approve),
        });
        if !approve {
            return true;
        }
        // Of a part of a card payment the status is left as it was: UNVERIFIED.
        if amount == order.amount {
            order.state = OrderState::Reversed;
        }
        let moved = Moved {
            amount,
            ..movement(order, Direction::Back, now)
        };
        state.books.moved.push(moved);
    }
    notify_soon(sim, id, "IPNCHANGE");
    true
}

/// The next charge of the subscription that an order began: an order of its own, with a reference
/// of Pesapal's.
pub(super) fn recur(sim: &Arc<Shared>, id: &str, paid: bool) -> Option<String> {
    let new_id = wire::guid(&sim.random);
    let now = sim.clock.now();
    {
        let mut state = sim.state();
        let first = state.order(id).filter(|o| o.subscribed.is_some())?.clone();
        let scenario = state.plays.get(id)?.scenario.clone();
        let mut order = Ordered {
            order_tracking_id: new_id.clone(),
            merchant_reference: sim.random.text(10, b"123456789"),
            at: now,
            state: OrderState::Failed,
            confirmation_code: None,
            decided_at: Some(now),
            notified: Vec::new(),
            queries: 0,
            refund: None,
            ..first
        };
        if paid {
            order.state = OrderState::Completed;
            order.confirmation_code = Some(card_code(sim));
            state.books.moved.push(movement(&order, Direction::In, now));
        } else {
            order.paid_by = Some(PayBy::CardDeclined);
        }
        state.write(order, scenario);
    }
    notify_soon(sim, &new_id, "RECURRING");
    Some(new_id)
}

/// Notifies once more, without repetition.
pub(super) async fn replay(sim: &Shared, id: &str) -> Option<u16> {
    let (order, address) = order_and_address(sim, id)?;
    send(sim, &order, &address, "IPNCHANGE").await.status
}

fn scenario(sim: &Shared, id: &str) -> Option<Scenario> {
    sim.state().plays.get(id).map(|play| play.scenario.clone())
}

/// Closes the order and, if it is paid, moves the money: all in one moment.
fn decide(sim: &Shared, id: &str, how: PayBy) -> Result<Option<String>, CannotPay> {
    let now = sim.clock.now();
    let mut state = sim.state();
    let order = state.order(id).ok_or(CannotPay::Unknown)?;
    if !matches!(order.state, OrderState::Pending | OrderState::Failed) {
        return Err(CannotPay::Closed);
    }
    order.paid_by = Some(how);
    order.decided_at = Some(now);
    if !how.pays() {
        order.state = OrderState::Failed;
        return Ok(None);
    }
    let code = if how.is_mobile() {
        receipt(now, &sim.random)
    } else {
        card_code(sim)
    };
    order.state = OrderState::Completed;
    order.confirmation_code = Some(code.clone());
    if let (PayBy::CardSubscribing, Some(account)) = (how, &order.account_number) {
        let correlation_id = sim.random.text(6, b"123456789").parse().unwrap_or(111_222);
        order.subscribed = Some(Subscribed {
            account_reference: account.clone(),
            correlation_id,
        });
    }
    let moved = movement(order, Direction::In, now);
    state.books.moved.push(moved);
    Ok(Some(code))
}

fn give_back(sim: &Shared, id: &str) -> bool {
    let now = sim.clock.now();
    let mut state = sim.state();
    let Some(order) = state
        .order(id)
        .filter(|order| order.state == OrderState::Completed)
    else {
        return false;
    };
    order.state = OrderState::Reversed;
    let moved = movement(order, Direction::Back, now);
    state.books.moved.push(moved);
    true
}

fn card_code(sim: &Shared) -> String {
    sim.random.text(22, b"123456789")
}

fn movement(order: &Ordered, direction: Direction, at: Timestamp) -> Moved {
    Moved {
        direction,
        confirmation_code: order.confirmation_code.clone().unwrap_or_default(),
        merchant: order.merchant.clone(),
        amount: order.amount,
        at,
        order_tracking_id: order.order_tracking_id.clone(),
    }
}

fn notify_soon(sim: &Arc<Shared>, id: &str, kind: &'static str) {
    let (sim, id) = (sim.clone(), id.to_owned());
    tokio::spawn(async move { notify(&sim, &id, kind).await });
}

/// Sends what the script says of notifications.
async fn notify(sim: &Shared, id: &str, kind: &str) {
    let deliveries = scenario(sim, id).map_or_else(Vec::new, |s| s.notifications);
    for Delivery { after_ms, copies } in deliveries {
        sleep(Duration::from_millis(after_ms)).await;
        join_all((0..copies).map(|_| deliver(sim, id, kind))).await;
    }
}

/// One notification, repeated until it is acknowledged or given up.
async fn deliver(sim: &Shared, id: &str, kind: &str) {
    let Some((order, address)) = order_and_address(sim, id) else {
        return;
    };
    let (attempts, pause) = {
        let settings = &sim.state().settings;
        (
            settings.notification_attempts,
            Duration::from_millis(settings.notification_retry_ms),
        )
    };
    for attempt in 0..attempts {
        if attempt > 0 {
            sleep(pause).await;
        }
        if send(sim, &order, &address, kind).await.acknowledged {
            return;
        }
    }
}

fn order_and_address(sim: &Shared, id: &str) -> Option<(Ordered, Address)> {
    let mut state = sim.state();
    let order = state.order(id)?.clone();
    let address = address(&state, &order)?.clone();
    Some((order, address))
}

fn address<'a>(state: &'a State, order: &Ordered) -> Option<&'a Address> {
    state
        .addresses
        .iter()
        .find(|address| address.ipn_id == order.notification_id)
}

/// Sends one notification and writes it into the books.
async fn send(sim: &Shared, order: &Ordered, address: &Address, kind: &str) -> Notified {
    let names = match sim.state().settings.casing {
        Casing::Pascal => [
            "OrderTrackingId",
            "OrderMerchantReference",
            "OrderNotificationType",
        ],
        Casing::Camel => [
            "orderTrackingId",
            "orderMerchantReference",
            "orderNotificationType",
        ],
    };
    // A subscription's later charges name the account number here, not the order's reference.
    let reference = match (kind, &order.account_number) {
        ("RECURRING", Some(account)) => account,
        _ => &order.merchant_reference,
    };
    let values = [&order.order_tracking_id, reference.as_str(), kind];
    let (request, body) = if address.by_post {
        let fields: serde_json::Map<String, Value> = names
            .iter()
            .zip(values)
            .map(|(name, value)| ((*name).to_owned(), value.into()))
            .collect();
        let body = Value::Object(fields).to_string();
        let request = sim
            .client
            .post(&address.url)
            .header("Content-Type", "application/json")
            .body(body.clone());
        (request, body)
    } else {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(names.iter().zip(values))
            .finish();
        let joint = if address.url.contains('?') { '&' } else { '?' };
        let request = sim.client.get(format!("{}{joint}{query}", address.url));
        (request, query)
    };
    let answer = answer(sim, request).await;
    let expected = json!({
        "orderNotificationType": kind,
        "orderTrackingId": order.order_tracking_id,
        "orderMerchantReference": reference,
    });
    let notified = Notified {
        at: sim.clock.now(),
        url: address.url.clone(),
        body,
        status: answer.as_ref().map(|(status, _)| *status),
        acknowledged: answer.is_some_and(|(_, said)| is_acknowledgement(&said, &expected)),
    };
    if let Some(order) = sim.state().order(&order.order_tracking_id) {
        order.notified.push(notified.clone());
    }
    notified
}

async fn answer(sim: &Shared, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
    if sim.stopped.load(Ordering::Acquire) {
        return None;
    }
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let said = response.bytes().await.ok()?;
    Some((status, serde_json::from_slice(&said).unwrap_or_default()))
}

/// Whether the answer says that it was taken: the three names again, and status 200.
fn is_acknowledgement(said: &Value, expected: &Value) -> bool {
    let repeats = expected.as_object().is_some_and(|fields| {
        fields
            .iter()
            .all(|(name, value)| said.get(name) == Some(value))
    });
    repeats && (said["status"] == 200 || said["status"] == "200")
}
