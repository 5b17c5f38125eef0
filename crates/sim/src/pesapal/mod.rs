//! A Pesapal (API 3.0) on loopback: as faithful as its recordings, and as nasty.
//!
//! Tokens, notification addresses (IPN), orders with their pay page, status, refunds, cancellation
//! and card subscriptions; a script per number ([`Scenario`]) for everything that can go wrong; its
//! own books of what really happened ([`Books`]). Logical errors come with HTTP 200 and the truth in
//! the body, as the real one does it. Timestamps come from the given clock and ids from the given
//! entropy; waiting is done in real time.
//!
//! UNVERIFIED, so only modelled: how often and when an IPN is repeated, the wording of refused
//! refunds and cancellations, what happens to an order whose `id` was used before.

mod api;
mod books;
mod control;
mod orders;
mod page;
mod play;
mod request;
mod scenario;
mod shared;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::DefaultBodyLimit;
use bando_domain::{Clock, Entropy, Phone};

pub use crate::server::StartError;
pub use books::{
    Books, Direction, Moved, Notified, OrderState, Ordered, RefundState, Subscribed, Subscription,
};
pub use play::CannotPay;
pub use scenario::{
    Customer, Delivery, Named, PayBy, SCENARIOS, Scenario, StatusAnswer, SubmitFault,
};
pub use shared::{Casing, Merchant, Settings};

use crate::daraja::Random;
use crate::server::{self, Bound, MAX_REQUEST, Server};
use shared::Shared;

/// A running simulator.
pub struct PesapalSim {
    shared: Arc<Shared>,
    base_url: String,
    server: Server,
}

impl PesapalSim {
    /// Listens on `addr` (port 0: any free one) with no merchants yet.
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
        let base_url = format!("{}{}", bound.origin, api::BASE);
        let shared = Arc::new(Shared::new(
            clock,
            Random::new(entropy),
            client,
            bound.origin.clone(),
        ));
        let app = api::routes()
            .merge(page::routes())
            .merge(control::routes())
            .layer(DefaultBodyLimit::max(MAX_REQUEST))
            .with_state(shared.clone());
        Ok(Self {
            shared,
            base_url,
            server: bound.serve(app),
        })
    }

    /// Scheme, host, port and path: what a client is given instead of Pesapal's. The control
    /// addresses are beside it, at the same host's `/sim/`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes a merchant known.
    pub fn register_merchant(&self, merchant: Merchant) {
        self.shared.state().merchants.push(merchant);
    }

    /// Sets how this Pesapal behaves.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.state().settings = settings;
    }

    /// Scripts what happens to orders with that number from now on.
    pub fn script(&self, phone: &Phone, scenario: Scenario) {
        self.shared
            .state()
            .scripts
            .insert(phone.digits().to_owned(), scenario);
    }

    /// Scripts what happens to every order whose number has no script of its own; none: wait for
    /// the customer.
    pub fn script_all(&self, scenario: Option<Scenario>) {
        self.shared.state().script_for_all = scenario;
    }

    /// What really happened so far.
    pub fn books(&self) -> Books {
        self.shared.state().books.clone()
    }

    /// The customer does this on the pay page. The confirmation code, if money moved.
    ///
    /// # Errors
    /// [`CannotPay`].
    pub fn pay(&self, order_tracking_id: &str, how: PayBy) -> Result<Option<String>, CannotPay> {
        play::pay(&self.shared, order_tracking_id, how)
    }

    /// A paid order goes back to its payer; false when it was not paid.
    pub fn reverse(&self, order_tracking_id: &str) -> bool {
        play::reverse(&self.shared, order_tracking_id)
    }

    /// The merchant decides about a requested refund; false when there is none to decide.
    pub fn decide_refund(&self, order_tracking_id: &str, approve: bool) -> bool {
        play::decide_refund(&self.shared, order_tracking_id, approve)
    }

    /// A subscription's next charge. Its order tracking id; none when the order has no subscription.
    pub fn recur(&self, order_tracking_id: &str, paid: bool) -> Option<String> {
        play::recur(&self.shared, order_tracking_id, paid)
    }

    /// Ends every token.
    pub fn expire_tokens(&self) {
        self.shared.state().tokens.clear();
    }

    /// Notifies of an order once more. The HTTP status of the answer, or none when there was none
    /// or no such order.
    pub async fn replay(&self, order_tracking_id: &str) -> Option<u16> {
        play::replay(&self.shared, order_tracking_id).await
    }

    /// Stops listening; notifications still to come are not sent.
    pub async fn shutdown(self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.server.shutdown().await;
    }
}
