//! A MikroTik hotspot on loopback: devices, login pages, a RADIUS client, sessions with made-up
//! traffic and limits, Disconnect and CoA.
//!
//! It behaves as RouterOS is documented and was captured to behave, the unpleasant parts included:
//! it sends four times and gives up, it says nothing when it restarts, it drops answers without
//! Message-Authenticator. What nobody documents, it does in the way that is hardest on the server.
//! [`Faults`] make it worse.

mod client;
mod config;
mod escape;
mod grant;
mod incoming;
mod journal;
mod login;
mod packets;
mod pages;
mod router;
mod session;
mod traffic;
mod view;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bando_domain::MacAddr;
use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use config::{Faults, HotspotProfile, MacFormat, MacPassword, MikrotikConfig, RadiusClient};
pub use login::LoginError;
pub use traffic::Traffic;
pub use view::{ActiveView, Counters, Direction, HostView, PacketView};

use client::Client;
use packets::{Key, Proof};
use router::{Router, State};

/// How often sessions are looked at: ends are right to a twentieth of a second.
const TICK: Duration = Duration::from_millis(50);

/// Why a router cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum MikrotikError {
    /// A port is taken or forbidden.
    #[error("the simulated router cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The secret is empty.
    #[error("the simulated router's RADIUS secret: {0}")]
    Secret(#[from] bando_radius::Error),
}

/// A running router. It stops when dropped.
pub struct MikrotikSim {
    router: Arc<Router>,
    tasks: JoinSet<()>,
}

impl MikrotikSim {
    /// Switches a router on.
    ///
    /// # Errors
    /// Its ports are taken, or its secret is empty.
    pub async fn start(config: MikrotikConfig) -> Result<Self, MikrotikError> {
        let refused = |address| move |error| MikrotikError::Listen(address, error);
        let listener = TcpListener::bind(config.http_bind)
            .await
            .map_err(refused(config.http_bind))?;
        let incoming = UdpSocket::bind(config.incoming_bind)
            .await
            .map_err(refused(config.incoming_bind))?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let router = Arc::new(Router {
            right_key: Key::new(&config.secret)?,
            wrong_key: Key::new(&format!("{}x", config.secret))?,
            client: Client::bind().await.map_err(refused(any))?,
            incoming,
            http: listener.local_addr().map_err(refused(config.http_bind))?,
            journal: journal::Journal::default(),
            faults: Mutex::new(config.faults),
            state: Mutex::new(State::default()),
            boots: watch::Sender::new(0),
            runtime: Handle::current(),
            config,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&router).receive_replies());
        tasks.spawn(Arc::clone(&router).receive_requests());
        tasks.spawn(tick_forever(Arc::clone(&router)));
        let pages = pages::routes(Arc::clone(&router));
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, pages).await {
                tracing::error!(%error, "the simulated hotspot serves no pages any more");
            }
        });
        Ok(Self { router, tasks })
    }

    /// Where the hotspot serves its pages.
    pub fn http_addr(&self) -> SocketAddr {
        self.router.http
    }

    /// Where the router hears Disconnect and CoA.
    ///
    /// # Errors
    /// The operating system does not say.
    pub fn incoming_addr(&self) -> io::Result<SocketAddr> {
        self.router.incoming.local_addr()
    }

    /// An address as the browser of that device opens it.
    pub fn url(&self, mac: MacAddr, path: &str) -> String {
        format!("http://{}/{mac}/{path}", self.router.http)
    }

    /// A device comes within reach and gets an address; none if the pool is empty. If the profile says
    /// so, the router then tries to log it in by its cookie or its MAC address, in the background.
    ///
    /// A login by hand in this moment may meet [`LoginError::Busy`]; see
    /// [`join_and_wait`](Self::join_and_wait).
    pub fn join(&self, mac: MacAddr) -> Option<Ipv4Addr> {
        let ip = self.router.join(mac)?;
        let router = Arc::clone(&self.router);
        self.router
            .runtime
            .spawn(async move { router.log_in_unasked(mac).await });
        Some(ip)
    }

    /// The same, and waits until the router has tried.
    pub async fn join_and_wait(&self, mac: MacAddr) -> Option<Ipv4Addr> {
        let ip = self.router.join(mac)?;
        self.router.log_in_unasked(mac).await;
        Some(ip)
    }

    /// A device goes out of reach. The router notices after `keepalive_timeout`.
    pub fn leave(&self, mac: MacAddr) {
        self.router.leave(mac);
    }

    /// A device comes back with a new random MAC address, as phones do; none if the pool is empty.
    pub fn roam(&self, mac: MacAddr) -> Option<MacAddr> {
        let new = MacAddr::random_local(&*self.router.config.entropy);
        let traffic = lock(&self.router.state)
            .hosts
            .get(&mac)
            .map(|host| host.traffic);
        self.router.leave(mac);
        self.join(new)?;
        self.set_traffic(new, traffic.unwrap_or_default());
        Some(new)
    }

    /// Logs a device in with a plain password (PAP).
    ///
    /// # Errors
    /// Why it was not let in.
    pub async fn login(&self, mac: MacAddr, user: &str, password: &str) -> Result<(), LoginError> {
        self.router
            .log_in(mac, user.to_owned(), Proof::Pap(password.to_owned()))
            .await
    }

    /// Logs a device in by its MAC address, as the profile says.
    ///
    /// # Errors
    /// Why it was not let in.
    pub async fn mac_login(&self, mac: MacAddr) -> Result<(), LoginError> {
        self.router.log_in_by_mac(mac).await
    }

    /// Logs a device out, as its owner would. Says whether it was online.
    pub fn logout(&self, mac: MacAddr) -> bool {
        self.router
            .end_session(mac, bando_radius::AcctTerminateCause::UserRequest)
    }

    /// Sets what a device would transfer from now on.
    pub fn set_traffic(&self, mac: MacAddr, traffic: Traffic) {
        self.router.tick();
        if let Some(host) = lock(&self.router.state).hosts.get_mut(&mac) {
            host.traffic = traffic;
        }
    }

    /// The devices.
    pub fn hosts(&self) -> Vec<HostView> {
        self.router.hosts()
    }

    /// Those that are online.
    pub fn active(&self) -> Vec<ActiveView> {
        self.router.active()
    }

    /// The last 500 RADIUS packets, oldest first.
    pub fn packets(&self) -> Vec<PacketView> {
        self.router.journal.packets()
    }

    /// How its RADIUS goes.
    pub fn counters(&self) -> Counters {
        self.router.journal.counters()
    }

    /// What is wrong with it at present.
    pub fn faults(&self) -> Faults {
        self.router.faults()
    }

    /// Breaks or mends it.
    pub fn set_faults(&self, faults: Faults) {
        *lock(&self.router.faults) = faults;
    }

    /// Restarts it: sessions and unsent accounting are lost without a word.
    pub fn reboot(&self) {
        self.router.restart(true);
    }

    /// Pulls the plug.
    pub fn power_off(&self) {
        self.router.restart(false);
    }

    /// Puts it back.
    pub fn power_on(&self) {
        self.router.restart(true);
    }

    /// Stops it for good and frees its ports.
    pub async fn shutdown(mut self) {
        self.router.restart(false);
        self.tasks.shutdown().await;
    }
}

impl Drop for MikrotikSim {
    fn drop(&mut self) {
        // Frees the tasks that still wait for an accounting server.
        self.router.restart(false);
    }
}

async fn tick_forever(router: Arc<Router>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        router.tick();
    }
}

/// Nothing here leaves shared state half changed, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
