//! A Wave on loopback: checkout sessions, merchant links, transactions, webhooks.
//!
//! It answers in Wave's own words, signs its webhooks as Wave does and repeats them until they are
//! taken; a script per payer, per merchant or for all ([`Scenario`]) and faults per call
//! ([`Fault`]) make everything go wrong that can; its books ([`Books`]) keep what really happened.
//! Times come from the given clock and ids from the given entropy; waiting is done in real time.
//! What is known of the real one only at third hand is marked UNVERIFIED where the client relies
//! on it.

mod api;
mod books;
mod control;
mod fault;
mod page;
mod play;
mod scenario;
mod shared;
mod webhook;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::DefaultBodyLimit;
use bando_domain::{Clock, Entropy, Phone};

pub use books::{
    Books, Called, CheckoutStatus, Event, PayStatus, Session, Transaction, TransactionType,
};
pub use play::PayError;
pub use scenario::{Act, Call, Delivery, Fault, Named, SCENARIOS, Scenario, Shows, Step};
pub use shared::{Settings, Strategy, Wallet, Webhook};

use crate::daraja::Random;
pub use crate::server::StartError;
use crate::server::{self, Bound, MAX_REQUEST, Server};
use shared::Shared;

/// A running simulator.
pub struct WaveSim {
    shared: Arc<Shared>,
    server: Server,
}

impl WaveSim {
    /// Listens on `addr` (port 0: any free one) with no wallets yet.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        addr: SocketAddr,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let client = server::client()?;
        let bound = Bound::listen(addr).await?;
        let shared = Arc::new(Shared::new(
            clock,
            Random::new(entropy),
            client,
            bound.origin.clone(),
        ));
        let app = api::routes(&shared)
            .merge(control::routes())
            .merge(page::routes())
            .layer(DefaultBodyLimit::max(MAX_REQUEST))
            .with_state(shared.clone());
        Ok(Self {
            shared,
            server: bound.serve(app),
        })
    }

    /// Scheme, host and port: what a client is given instead of Wave's.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// Makes a wallet known, in place of one with the same `merchant_id`.
    pub fn register(&self, wallet: Wallet) {
        self.shared.register(wallet);
    }

    /// The merchant link of a wallet: what its owner copies from Wave's app.
    pub fn merchant_link(&self, wallet: &Wallet) -> String {
        format!(
            "{}/m/{}/c/{}/",
            self.shared.base_url, wallet.merchant_id, wallet.country
        )
    }

    /// Sets how this Wave behaves.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.state().settings = settings;
    }

    /// Scripts a payer: sessions restricted to that phone, and how its payments are told.
    pub fn script(&self, phone: &Phone, scenario: Scenario) {
        let who = phone.digits().to_owned();
        self.shared.state().scripts.insert(who, scenario);
    }

    /// Scripts the sessions of a merchant whose payers have no script of their own.
    pub fn script_merchant(&self, merchant_id: &str, scenario: Scenario) {
        let who = merchant_id.to_owned();
        self.shared.state().scripts.insert(who, scenario);
    }

    /// Scripts all who have no script of their own; none: wait for a hand.
    pub fn script_all(&self, scenario: Option<Scenario>) {
        self.shared.state().script_for_all = scenario;
    }

    /// Lets the next such call (that no earlier fault waits for) go wrong.
    pub fn fault(&self, call: Call, fault: Fault) {
        let mut state = self.shared.state();
        state.faults.entry(call).or_default().push_back(fault);
    }

    /// Lets no call go wrong any more.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// The phone pays a session; the transaction's id.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn pay(&self, session_id: &str, phone: &Phone) -> Result<String, PayError> {
        play::pay(&self.shared, session_id, phone)
    }

    /// The phone tries to pay a session and fails with Wave's `code`; the session stays open.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn fail(&self, session_id: &str, phone: &Phone, code: &str) -> Result<(), PayError> {
        play::fail(&self.shared, session_id, phone, code)
    }

    /// The phone pays a merchant by link, `amount` whole francs; the transaction's id.
    ///
    /// # Errors
    /// [`PayError`].
    pub fn pay_link(
        &self,
        merchant_id: &str,
        amount: i64,
        phone: &Phone,
    ) -> Result<String, PayError> {
        play::pay_link(&self.shared, merchant_id, amount, phone)
    }

    /// Moves a wallet's whole balance to its owner's bank; the transaction's id, or none when there
    /// is no such wallet.
    pub fn sweep(&self, merchant_id: &str) -> Option<String> {
        play::sweep(&self.shared, merchant_id)
    }

    /// What really happened so far.
    pub fn books(&self) -> Books {
        self.shared.state().books.clone()
    }

    /// Sends an event once more. The HTTP status of the answer, or none when there was none, no
    /// such event, or no webhook.
    pub async fn replay(&self, event_id: &str) -> Option<u16> {
        webhook::replay(&self.shared, event_id).await.flatten()
    }

    /// Posts any body with any headers, as anybody can. The HTTP status of the answer.
    pub async fn forge(&self, url: &str, headers: &[(&str, String)], body: &str) -> Option<u16> {
        webhook::post(&self.shared, url, headers, body.to_owned()).await
    }

    /// Stops listening; events still to come are not sent.
    pub async fn shutdown(self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.server.shutdown().await;
    }
}
