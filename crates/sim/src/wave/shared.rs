//! What all of the simulator's parts share: settings, wallets, scripts, books.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bando_domain::{Clock, Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::books::{Books, CheckoutStatus, PayStatus, Session, Transaction};
use super::scenario::{Call, Fault, Scenario};
use crate::daraja::Random;

/// A business wallet with its API key and webhooks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wallet {
    /// Such as `M_ci_8xQ2b7Lk`.
    pub merchant_id: String,
    /// The name payers see.
    pub name: String,
    /// `ci` or `sn`.
    pub country: String,
    /// What it holds.
    pub currency: Currency,
    /// The API key.
    pub api_key: String,
    /// Whether the key was revoked.
    #[serde(default)]
    pub revoked: bool,
    /// Whether the wallet was disabled for a while.
    #[serde(default)]
    pub disabled: bool,
    /// Whether the key may use the Checkout API.
    #[serde(default = "yes")]
    pub checkout: bool,
    /// Whether the key may use the Balance API.
    #[serde(default = "yes")]
    pub history: bool,
    /// The secret every request has to be signed with, if the key was made so.
    #[serde(default)]
    pub signing_secret: Option<String>,
    /// Where events go.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
}

/// One webhook of a wallet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Webhook {
    /// Where events go.
    pub url: String,
    /// How the receiver knows that it is Wave.
    pub strategy: Strategy,
    /// Its secret.
    pub secret: String,
    /// The secret before a rotation, as long as both are signed with.
    #[serde(default)]
    pub previous_secret: Option<String>,
}

/// The two security strategies of webhooks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The secret itself as bearer token.
    SharedSecret,
    /// `Wave-Signature` over time and body.
    SigningSecret,
}

fn yes() -> bool {
    true
}

impl Wallet {
    /// A wallet of an Ivorian merchant, `M_ci_` and this name, with credentials made from it.
    pub fn ivorian(id: &str, name: &str) -> Self {
        Self {
            merchant_id: format!("M_ci_{id}"),
            name: name.into(),
            country: "ci".into(),
            currency: Currency::Xof,
            api_key: format!("wave_ci_prod_{id}"),
            revoked: false,
            disabled: false,
            checkout: true,
            history: true,
            signing_secret: None,
            webhooks: Vec::new(),
        }
    }

    /// The same with a webhook that signs.
    #[must_use]
    pub fn signing(mut self, url: &str, secret: &str) -> Self {
        self.webhooks.push(Webhook {
            url: url.into(),
            strategy: Strategy::SigningSecret,
            secret: secret.into(),
            previous_secret: None,
        });
        self
    }
}

/// How this Wave is set up. `POST /sim/settings` takes them all; what is left out is reset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether return addresses have to begin with `https`.
    pub production: bool,
    /// How long a session can be paid. Wave's documents show 24 hours and 30 minutes.
    pub session_seconds: u64,
    /// Wave's fee in tenths of a percent.
    pub fee_per_mille: i64,
    /// Transactions on one page. Wave's has 1,000.
    pub page_size: usize,
    /// How long a webhook's receiver is waited for. Wave's limit is 5 seconds.
    pub webhook_timeout_ms: u64,
    /// Pauses before an event that was not taken is sent again. Wave goes on for 3 days.
    pub retry_ms: Vec<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            production: false,
            session_seconds: 1800,
            fee_per_mille: 10,
            page_size: 1000,
            webhook_timeout_ms: 5_000,
            retry_ms: vec![500, 2_000, 10_000, 60_000, 300_000],
        }
    }
}

/// The simulator.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Random,
    pub(crate) client: reqwest::Client,
    pub(crate) base_url: String,
    pub(crate) stopped: AtomicBool,
    state: Mutex<State>,
}

/// Everything that changes.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) wallets: Vec<Wallet>,
    pub(crate) settings: Settings,
    /// By payer's digits or `merchant_id`.
    pub(crate) scripts: HashMap<String, Scenario>,
    pub(crate) script_for_all: Option<Scenario>,
    pub(crate) faults: HashMap<Call, VecDeque<Fault>>,
    pub(crate) books: Books,
}

impl Shared {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        random: Random,
        client: reqwest::Client,
        base_url: String,
    ) -> Self {
        Self {
            clock,
            random,
            client,
            base_url,
            stopped: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a wallet known, in place of one with the same `merchant_id`.
    pub(crate) fn register(&self, wallet: Wallet) {
        let mut state = self.state();
        state
            .wallets
            .retain(|known| known.merchant_id != wallet.merchant_id);
        state.wallets.push(wallet);
    }
}

impl State {
    /// What is scripted: for the payer, by the payer's digits, for the merchant, or for all.
    pub(crate) fn scenario(&self, phone: Option<&str>, merchant_id: &str) -> Scenario {
        let of_phone = phone.and_then(|digits| {
            self.scripts
                .get(digits)
                .cloned()
                .or_else(|| Scenario::of_number(digits))
        });
        of_phone
            .or_else(|| self.scripts.get(merchant_id).cloned())
            .or_else(|| self.script_for_all.clone())
            .unwrap_or_default()
    }

    pub(crate) fn wallet(&self, merchant_id: &str) -> Option<&Wallet> {
        self.wallets.iter().find(|w| w.merchant_id == merchant_id)
    }

    /// A session as it stands at `now`: one that ran out is expired.
    pub(crate) fn session(&mut self, id: &str, now: Timestamp) -> Option<&mut Session> {
        let session = self.books.sessions.iter_mut().find(|s| s.id == id)?;
        if session.checkout_status == CheckoutStatus::Open && session.expires <= now {
            session.checkout_status = CheckoutStatus::Expired;
            // UNVERIFIED: no sample of an expired session is known.
            session.payment_status = PayStatus::Cancelled;
        }
        Some(session)
    }

    pub(crate) fn balance(&self, wallet: &Wallet) -> Money {
        let minor = self
            .transactions_of(&wallet.merchant_id)
            .map(|t| t.net.minor())
            .sum();
        Money::from_minor(minor, wallet.currency)
    }

    pub(crate) fn transactions_of<'a>(
        &'a self,
        merchant_id: &'a str,
    ) -> impl Iterator<Item = &'a Transaction> {
        self.books
            .transactions
            .iter()
            .filter(move |t| t.merchant_id == merchant_id)
    }
}
