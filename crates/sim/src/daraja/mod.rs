//! A Daraja on loopback: as faithful as the captures of the real one, and as nasty.
//!
//! OAuth, STK push and query and the callbacks; C2B with registration, validation and confirmation;
//! Transaction Status, Reversal, B2C and Account Balance with their results; Pull. Validation and
//! errors are in Daraja's own words; a script per number ([`Scenario`]) and per order
//! ([`OrderScript`]) for everything that can go wrong; its own books of what really happened
//! ([`Books`]), for a checker that trusts nobody. Timestamps come from the given clock and
//! ids from the given entropy; waiting is done in real time.

mod api;
mod books;
mod c2b;
mod control;
mod credential;
mod initiated;
mod money;
mod orders;
mod play;
mod pull;
mod random;
mod request;
mod scenario;
mod shared;
pub(crate) mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use bando_domain::{Clock, Entropy, Money, Phone};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use books::{Books, Called, Message, MessageKind, Moved, PaidOut, Prompted, Returned};
pub use c2b::{ForgedConfirmation, HandError, HandPayment};
pub use credential::CERTIFICATE;
pub use orders::OrderScript;
pub use play::Forged;
pub(crate) use random::Random;
pub use scenario::{Answer, Delivery, Named, PushFault, QueryAnswer, SCENARIOS, Scenario};
pub(crate) use shared::Shared;
pub use shared::{App, Settings};

use crate::phone::{self, Phones};

/// How long a callback's receiver is waited for.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of a request.
const MAX_REQUEST: usize = 64 * 1024;

/// A running simulator.
pub struct DarajaSim {
    shared: Arc<Shared>,
    base_url: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// Why the simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("the Daraja simulator cannot listen on {0}: {1}; choose another address or port")]
    Listen(SocketAddr, std::io::Error),
    /// No HTTP client for the callbacks.
    #[error("the Daraja simulator cannot make callbacks: {0}")]
    Client(#[from] reqwest::Error),
}

impl DarajaSim {
    /// Listens on `addr` (port 0: any free one) with no apps yet.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        addr: SocketAddr,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        // Harmless when the program has installed it already; without one the builder panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(CALLBACK_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let listen = |error| StartError::Listen(addr, error);
        let listener = TcpListener::bind(addr).await.map_err(listen)?;
        let base_url = format!("http://{}", listener.local_addr().map_err(listen)?);
        let shared = Arc::new(Shared::new(clock, random::Random::new(entropy), client));
        let app = api::routes()
            .merge(control::routes())
            .merge(phone::routes())
            .layer(DefaultBodyLimit::max(MAX_REQUEST))
            .with_state(shared.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let serving = axum::serve(listener, app).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            if let Err(error) = serving.await {
                tracing::error!(%error, "the Daraja simulator stopped");
            }
        });
        Ok(Self {
            shared,
            base_url,
            stop,
            server,
        })
    }

    /// Scheme, host and port: what a client is given instead of Safaricom's.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes an app known.
    pub fn register_app(&self, app: App) {
        self.shared.state().apps.push(app);
    }

    /// Sets how this Daraja behaves.
    pub fn set_settings(&self, settings: Settings) {
        self.shared.state().settings = settings;
    }

    /// Scripts what that number does from its next prompt on.
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

    /// The handsets.
    pub fn phones(&self) -> Phones {
        Phones(self.shared.clone())
    }

    /// Ends every access token, as Daraja does when it feels like it.
    pub fn expire_tokens(&self) {
        self.shared.state().tokens.clear();
    }

    /// Sends a payment's callback once more, to `url` if given. The HTTP status of the answer, or
    /// none when there was none or no such payment.
    pub async fn replay(&self, checkout_request_id: &str, url: Option<&str>) -> Option<u16> {
        play::replay(&self.shared, checkout_request_id, url)
            .await
            .flatten()
    }

    /// Sends a success that never was. The HTTP status of the answer.
    pub async fn forge(&self, url: &str, forged: &Forged) -> Option<u16> {
        play::forge(&self.shared, url, forged).await
    }

    /// A customer pays by hand. Returns the receipt number once the money has moved; the
    /// confirmation is on its way then.
    ///
    /// # Errors
    /// [`HandError`] when no money moved.
    pub async fn pay_by_hand(&self, payment: &HandPayment) -> Result<String, HandError> {
        c2b::pay_by_hand(&self.shared, payment).await
    }

    /// Scripts what becomes of the next initiator's orders, one after the other.
    pub fn script_orders(&self, scripts: impl IntoIterator<Item = OrderScript>) {
        self.shared.state().order_scripts.extend(scripts);
    }

    /// Gives a paybill or till this much for payouts (KES).
    pub fn set_utility(&self, shortcode: &str, balance: Money) {
        *money::utility(&mut self.shared.state(), shortcode) = balance.minor();
    }

    /// Forgets a paybill's or till's C2B URLs, as its owner can in the portal.
    pub fn forget_urls(&self, shortcode: &str) {
        self.shared.state().c2b.remove(shortcode);
    }

    /// Sends a payment's confirmation once more, to `url` if given. The HTTP status of the answer, or
    /// none when there was none, or no such payment.
    pub async fn replay_confirmation(&self, receipt: &str, url: Option<&str>) -> Option<u16> {
        c2b::replay(&self.shared, receipt, url).await.flatten()
    }

    /// Sends a confirmation of money that never moved. The HTTP status of the answer.
    pub async fn forge_confirmation(&self, url: &str, forged: &ForgedConfirmation) -> Option<u16> {
        c2b::forge(&self.shared, url, forged).await
    }

    /// Stops listening; callbacks still to come are not sent.
    pub async fn shutdown(self) {
        self.shared.stopped.store(true, Ordering::Release);
        let _ = self.stop.send(());
        // Connections that are kept waiting on purpose would hold it for ever.
        let abort = self.server.abort_handle();
        if tokio::time::timeout(Duration::from_secs(1), self.server)
            .await
            .is_err()
        {
            abort.abort();
        }
    }
}
