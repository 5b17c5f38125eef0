//! The application: what every use case needs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bando_domain::{Clock, Entropy, SessionId, Timestamp};
use bando_gateways::{Account, Gateways};
use bando_store::{Engine, Router, Session, Store};
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

use crate::events::{Event, Events};
use crate::limits::Limits;

/// What came of asking a router to put a session off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Disconnected {
    /// The router did it.
    Gone,
    /// The router has no such session (any more).
    NotThere,
    /// The router did not answer.
    NoAnswer,
    /// The router answered that it will not.
    Refused(String),
}

/// A way to give routers orders.
#[async_trait]
pub trait RouterControl: Send + Sync {
    /// Puts a session off its router.
    async fn disconnect(&self, router: &Router, session: &Session) -> Disconnected;
}

/// What the program knows and the use cases need.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where customers and gateways reach us: scheme and host, without a slash at the end.
    pub public_url: String,
    /// Where routers reach our RADIUS ports: a host name or address.
    pub radius_host: String,
    /// RADIUS authentication port as routers see it.
    pub radius_auth_port: u16,
    /// RADIUS accounting port as routers see it.
    pub radius_acct_port: u16,
    /// The provider that API paths without one mean; none if there is only one anyway.
    pub default_provider: Option<String>,
    /// How soon and how often a payment that nothing is heard of is asked about.
    pub check_schedule: Vec<Duration>,
    /// How long a node holds a job: past it another may take it, so that none is lost with its node.
    /// Longer than a gateway takes to answer, or work is done twice (which does no harm).
    pub job_lease: Duration,
    /// Gateway queries a provider may make in a minute: forged callbacks must not use up its quota.
    pub queries_per_minute: u32,
    /// Money collected for providers that have no account of their own.
    pub collection: Option<Collection>,
    /// Gateways at any base URL, as tests and the demo need; otherwise only the real ones.
    pub custom_gateways: bool,
}

/// The platform's own account, by which it collects for providers that have none, and pays out.
#[derive(Clone, Debug)]
pub struct Collection {
    /// The gateway.
    pub gateway: &'static str,
    /// The platform's account with it.
    pub account: Account,
    /// What the platform keeps of each payment, in hundredths of a percent.
    pub fee_basis_points: u32,
}

impl Settings {
    /// The usual settings for this public URL.
    pub fn new(public_url: impl Into<String>) -> Self {
        Self {
            public_url: public_url.into().trim_end_matches('/').to_owned(),
            radius_host: String::new(),
            radius_auth_port: 1812,
            radius_acct_port: 1813,
            default_provider: None,
            check_schedule: [10, 20, 40, 90, 180, 600, 1800, 3600, 6 * 3600, 24 * 3600]
                .map(Duration::from_secs)
                .to_vec(),
            job_lease: Duration::from_secs(90),
            queries_per_minute: 60,
            collection: None,
            custom_gateways: false,
        }
    }
}

/// What [`App::new`] puts together.
pub struct Parts {
    /// The database and its keys.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The payment companies.
    pub gateways: Gateways,
    /// The way to the routers.
    pub routers: Arc<dyn RouterControl>,
    /// Settings.
    pub settings: Settings,
}

/// The application; clones share it. The use cases are its methods, one file each.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) gateways: Gateways,
    pub(crate) routers: Arc<dyn RouterControl>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) events: Events,
    pub(crate) limits: Arc<Limits>,
    /// Counts the lines of timelines.
    steps: Arc<AtomicU16>,
    /// Wakes the worker when a job was added.
    pub(crate) jobs: Arc<Notify>,
    /// Wakes the expiry timer when an earlier end was set.
    pub(crate) expiry: Arc<Notify>,
}

impl App {
    /// Puts the application together.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            store,
            clock,
            entropy,
            gateways,
            routers,
            settings,
        } = parts;
        Self {
            store,
            clock,
            entropy,
            gateways,
            routers,
            settings: Arc::new(settings),
            events: Events::new(),
            limits: Arc::default(),
            steps: Arc::default(),
            jobs: Arc::default(),
            expiry: Arc::default(),
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The payment companies that this installation knows.
    pub fn gateways(&self) -> &Gateways {
        &self.gateways
    }

    /// The engine of the database: with SQLite this process is the only one.
    pub fn engine(&self) -> Engine {
        self.store.engine()
    }

    /// What changes from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.watch()
    }

    /// An id for a session that is about to begin.
    pub fn new_session_id(&self) -> SessionId {
        SessionId::new(&*self.clock, &*self.entropy)
    }

    /// The key for signing API tokens.
    pub fn signing_key(&self) -> &[u8; 32] {
        self.store.vault().signing_key()
    }

    /// Ends all work and closes the database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// The id of the next line of a timeline: a UUIDv7 whose first random bits count up (RFC 9562
    /// §6.2, method 1), so that lines of one millisecond stay in order.
    pub(crate) fn next_step_id(&self) -> Uuid {
        let mut bytes = self.new_uuid().into_bytes();
        let [high, low] = self.steps.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes[6] = 0x70 | (high & 0x0F);
        bytes[7] = low;
        Uuid::from_bytes(bytes)
    }

    /// A new UUIDv7 for what has no id type of its own.
    pub fn new_uuid(&self) -> Uuid {
        bando_domain::MessageId::new(&*self.clock, &*self.entropy).uuid()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({:?})", self.store)
    }
}
