//! An MTN MoMo (Collection, and refunds by Disbursement) on loopback: as faithful as what was
//! observed of its sandbox, and as nasty.
//!
//! Tokens, requests to pay, their status, callbacks, balance and refunds; a script per number
//! ([`Scenario`]) for everything that can go wrong; its own books of what really happened
//! ([`Books`]). Timestamps come from the given clock and ids from the given entropy; waiting is done
//! in real time.
//!
//! UNVERIFIED, so only modelled: what a bad token and refused keys are answered with, which HTTP
//! status comes with which refusal, and everything of Disbursement.

mod api;
mod books;
mod control;
mod disburse;
mod play;
mod scenario;
mod shared;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::DefaultBodyLimit;
use bando_domain::{Clock, Entropy, Phone};

pub use crate::server::StartError;
pub use books::{Books, Called, Refunded, Requested};
pub use scenario::{
    Answer, Delivery, Named, QueryAnswer, RequestFault, SCENARIOS, SUCCESSFUL, Scenario,
};
pub use shared::{Settings, User};

use crate::daraja::Random;
use crate::server::{self, Bound, MAX_REQUEST, Server};
use shared::Shared;

/// A running simulator.
pub struct MomoSim {
    shared: Arc<Shared>,
    base_url: String,
    server: Server,
}

impl MomoSim {
    /// Listens on `addr` (port 0: any free one) with no API users yet.
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
        let base_url = bound.origin.clone();
        let shared = Arc::new(Shared::new(clock, Random::new(entropy), client));
        let app = api::routes()
            .merge(disburse::routes())
            .merge(control::routes())
            .layer(DefaultBodyLimit::max(MAX_REQUEST))
            .with_state(shared.clone());
        Ok(Self {
            shared,
            base_url,
            server: bound.serve(app),
        })
    }

    /// Scheme, host and port: what a client is given instead of MTN's.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes an API user known.
    pub fn register_user(&self, user: User) {
        self.shared.state().users.push(user);
    }

    /// Sets how this MoMo behaves.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.state().settings = settings;
    }

    /// Scripts what that number does from its next request on.
    pub fn script(&self, phone: &Phone, scenario: Scenario) {
        self.shared
            .state()
            .scripts
            .insert(phone.digits().to_owned(), scenario);
    }

    /// Scripts what every number does that has no script of its own; none: wait for the owner.
    pub fn script_all(&self, scenario: Option<Scenario>) {
        self.shared.state().script_for_all = scenario;
    }

    /// What really happened so far.
    pub fn books(&self) -> Books {
        self.shared.state().books.clone()
    }

    /// The owner of the phone decides: [`SUCCESSFUL`], or a reason why not. False when that request
    /// does not wait for anybody.
    pub fn decide(&self, reference_id: &str, outcome: &str) -> bool {
        play::decide_by_hand(&self.shared, reference_id, outcome)
    }

    /// Ends every token.
    pub fn expire_tokens(&self) {
        self.shared.state().tokens.clear();
    }

    /// Sends a request's callback once more, to `url` if given. The HTTP status of the answer.
    pub async fn replay(&self, reference_id: &str, url: Option<&str>) -> Option<u16> {
        play::replay(&self.shared, reference_id, url).await
    }

    /// Stops listening; callbacks still to come are not sent.
    pub async fn shutdown(self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.server.shutdown().await;
    }
}
