//! One prompt from its appearance to its last callback.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bando_domain::{Currency, Money};
use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::books::{Called, Prompted};
use super::c2b;
use super::money::{self, Payment};
use super::scenario::{Delivery, Scenario};
use super::shared::{App, Shared};
use super::wire::{self, CallbackBody, PaidItems};
use crate::phone::{self, Prompt};

/// Where the owner's answer arrives.
pub(crate) type Answered = oneshot::Receiver<&'static str>;

/// What the handset shows for a push.
pub(crate) fn prompt(entry: &Prompted, app: &App) -> Prompt {
    let account = app
        .till_number
        .is_none()
        .then_some(entry.account_reference.as_str());
    Prompt {
        phone: entry.phone.clone(),
        text: phone::prompt_text(entry.amount, &app.merchant, account),
        amount: entry.amount,
        merchant: app.merchant.clone(),
        account_reference: entry.account_reference.clone(),
        at: entry.at,
        checkout_request_id: entry.checkout_request_id.clone(),
    }
}

/// Waits for the answer, decides, calls back.
pub(crate) async fn play(sim: Arc<Shared>, id: String, answered: Answered) {
    let Some(scenario) = sim.state().payments.get(&id).map(|p| p.scenario.clone()) else {
        return;
    };
    let code = answer(&sim, &scenario, answered).await;
    decide(&sim, &id, &code);
    let confirm = confirm(&sim, &id, &scenario);
    let call_back = async {
        for delivery in &scenario.callbacks {
            sleep(Duration::from_millis(delivery.after_ms)).await;
            deliver(&sim, &id, delivery).await;
        }
    };
    if scenario.confirmation_first {
        confirm.await;
        call_back.await;
    } else {
        tokio::join!(call_back, confirm);
    }
}

/// Tells the C2B URLs of a paid prompt too, where that is switched on.
async fn confirm(sim: &Shared, id: &str, scenario: &Scenario) {
    let receipt = {
        let mut state = sim.state();
        let wanted = state.settings.stk_as_c2b;
        state
            .entry(id)
            .and_then(|entry| entry.receipt.clone())
            .filter(|_| wanted)
    };
    if let Some(receipt) = receipt {
        c2b::confirm(sim, &receipt, "", scenario).await;
    }
}

/// The result code of the first to answer: the owner, the script, or the time-out.
async fn answer(sim: &Shared, scenario: &Scenario, answered: Answered) -> String {
    let settings = sim.state().settings.clone();
    let (by_itself, after) = match (&scenario.answer, settings.auto_approve_ms) {
        (Some(answer), _) => (answer.code.as_str(), Duration::from_millis(answer.after_ms)),
        (None, Some(ms)) => ("0", Duration::from_millis(ms)),
        (None, None) => ("1037", Duration::from_secs(settings.prompt_seconds)),
    };
    tokio::select! {
        biased;
        Ok(code) = answered => {
            sleep(Duration::from_millis(settings.processing_ms)).await;
            code.to_owned()
        }
        () = sleep(after) => by_itself.to_owned(),
    }
}

/// Closes the prompt and, if it was paid, moves the money: all in one moment.
fn decide(sim: &Shared, id: &str, code: &str) {
    let now = sim.clock.now();
    let mut state = sim.state();
    let Some(app) = state.payments.get(id).map(|payment| payment.app.clone()) else {
        return;
    };
    let Some(entry) = state.entry(id).cloned() else {
        return;
    };
    state.handsets.close(&entry.phone);
    let wallet = state.handsets.wallet(&entry.phone);
    let code = if code == "0" && wallet.balance_minor < entry.amount.minor() {
        "1"
    } else {
        code
    };
    let receipt = (code == "0").then(|| {
        let payment = Payment {
            from: &entry.phone,
            app: &app,
            amount: entry.amount,
            account_reference: &entry.account_reference,
            checkout_request_id: &entry.checkout_request_id,
        };
        money::receive(&mut state, sim, &payment, now)
    });
    if let Some(entry) = state.entry(id) {
        entry.code = Some(code.to_owned());
        entry.decided_at = Some(now);
        entry.receipt = receipt;
    }
}

async fn deliver(sim: &Shared, id: &str, delivery: &Delivery) {
    let Some(entry) = sim.state().entry(id).cloned() else {
        return;
    };
    let body = body(sim, &entry, delivery);
    let sends = (0..delivery.copies).map(|_| send(sim, &entry, &entry.callback_url, &body));
    join_all(sends).await;
}

/// The callback's body: the truth, except for what the script changes.
fn body(sim: &Shared, entry: &Prompted, delivery: &Delivery) -> String {
    let truth = entry.code.as_deref().unwrap_or("4999");
    let code = delivery.code.as_deref().unwrap_or(truth);
    let amount = delivery
        .amount
        .clone()
        .unwrap_or_else(|| wire::decimal(entry.amount));
    let invented;
    let receipt = match &entry.receipt {
        Some(receipt) => receipt,
        None => {
            invented = wire::receipt(entry.at, &sim.random);
            &invented
        }
    };
    CallbackBody {
        merchant_request_id: &entry.merchant_request_id,
        checkout_request_id: &entry.checkout_request_id,
        code,
        paid: (code == "0").then(|| PaidItems {
            amount: &amount,
            receipt,
            at: entry.decided_at.unwrap_or(entry.at),
            phone_digits: &entry.phone,
        }),
    }
    .json()
}

/// The true callback of a payment, once more.
pub(crate) async fn replay(sim: &Shared, id: &str, url: Option<&str>) -> Option<Option<u16>> {
    let entry = sim.state().entry(id).cloned()?;
    let last = entry.callbacks.last().map(|called| called.body.clone());
    let body = last.unwrap_or_else(|| body(sim, &entry, &Delivery::default()));
    Some(send(sim, &entry, url.unwrap_or(&entry.callback_url), &body).await)
}

/// A success that never was, with these particulars. It moves no money and is not in the books.
pub(crate) async fn forge(sim: &Shared, url: &str, forged: &Forged) -> Option<u16> {
    let body = CallbackBody {
        merchant_request_id: &forged.merchant_request_id,
        checkout_request_id: &forged.checkout_request_id,
        code: "0",
        paid: Some(PaidItems {
            amount: &forged.amount,
            receipt: &forged.receipt,
            at: sim.clock.now(),
            phone_digits: &forged.phone,
        }),
    }
    .json();
    post(sim, url, "600000", body).await
}

/// The particulars of a forged success; invented where left out.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Forged {
    /// `MerchantRequestID`.
    pub merchant_request_id: String,
    /// `CheckoutRequestID`.
    pub checkout_request_id: String,
    /// Such as `50.00`.
    pub amount: String,
    /// `MpesaReceiptNumber`.
    pub receipt: String,
    /// `PhoneNumber`.
    pub phone: String,
}

impl Default for Forged {
    fn default() -> Self {
        Self {
            merchant_request_id: "29115-34620561-1".into(),
            checkout_request_id: "ws_CO_191220191020363925".into(),
            amount: wire::decimal(Money::from_minor(5_000, Currency::Kes)),
            receipt: "FAKE000001".into(),
            phone: "254708374149".into(),
        }
    }
}

/// Sends a callback of a payment and writes it into the books.
async fn send(sim: &Shared, entry: &Prompted, url: &str, body: &str) -> Option<u16> {
    let status = post(sim, url, &entry.shortcode, body.to_owned()).await;
    let at = sim.clock.now();
    if let Some(entry) = sim.state().entry(&entry.checkout_request_id) {
        entry.callbacks.push(Called {
            at,
            url: url.to_owned(),
            body: body.to_owned(),
            status,
        });
    }
    status
}

/// Posts with the headers that were seen on the real one; none when there was no answer.
pub(crate) async fn post(sim: &Shared, url: &str, shortcode: &str, body: String) -> Option<u16> {
    ask(sim, url, shortcode, body)
        .await
        .map(|(status, _)| status)
}

/// Posts and reads the answer: HTTP status and body.
pub(crate) async fn ask(
    sim: &Shared,
    url: &str,
    shortcode: &str,
    body: String,
) -> Option<(u16, String)> {
    if sim.stopped.load(Ordering::Acquire) {
        return None;
    }
    let sent = sim
        .client
        .post(url)
        .header("Content-Type", "application/json;charset=UTF-8")
        .header("Businessshortcode", shortcode)
        .body(body)
        .send()
        .await;
    match sent {
        Ok(response) => {
            let status = response.status().as_u16();
            Some((status, response.text().await.unwrap_or_default()))
        }
        Err(error) => {
            tracing::debug!(error = %error.without_url(), "callback not delivered");
            None
        }
    }
}
