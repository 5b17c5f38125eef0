//! The router itself: devices, sessions, and what happens to them as time passes.

use std::collections::{BTreeMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bando_domain::{MacAddr, Timestamp};
use bando_radius::AcctTerminateCause;
use tokio::net::UdpSocket;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::client::{Client, Patience, Server};
use super::config::{Faults, MikrotikConfig};
use super::journal::Journal;
use super::lock;
use super::packets::{Event, Key, Proof, accounting_request};
use super::session::Session;
use super::traffic::Traffic;
use super::view::{ActiveView, Direction, HostView};

/// Everything a running router consists of.
pub(super) struct Router {
    pub(super) config: MikrotikConfig,
    pub(super) right_key: Key,
    pub(super) wrong_key: Key,
    pub(super) client: Client,
    pub(super) incoming: UdpSocket,
    pub(super) http: SocketAddr,
    pub(super) journal: Journal,
    pub(super) faults: Mutex<Faults>,
    pub(super) state: Mutex<State>,
    /// Counts starts and stops; whatever was under way before a change is forgotten.
    pub(super) boots: watch::Sender<u64>,
    pub(super) runtime: Handle,
}

/// What a router forgets when its power fails, and what stands around it.
pub(super) struct State {
    pub(super) on: bool,
    /// The digit of Acct-Session-Id that changes with each start.
    pub(super) boot: u8,
    /// Sessions numbered since the start.
    pub(super) numbered: u32,
    pub(super) hosts: BTreeMap<MacAddr, Host>,
    pub(super) sessions: BTreeMap<MacAddr, Session>,
    /// mac-cookies: with what a device was let in. They survive a restart.
    pub(super) cookies: BTreeMap<MacAddr, (String, Proof)>,
}

/// A device.
pub(super) struct Host {
    pub(super) ip: Ipv4Addr,
    pub(super) traffic: Traffic,
    /// Since when it is out of reach.
    pub(super) away_since: Option<Timestamp>,
    /// What its next CHAP answer must fit.
    pub(super) challenge: Option<(u8, [u8; 16])>,
    /// A login is under way.
    pub(super) authorizing: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            on: true,
            boot: 1,
            numbered: 0,
            hosts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            cookies: BTreeMap::new(),
        }
    }
}

impl State {
    /// The next NAS-Port: service 0x80, the boot digit, and a number.
    pub(super) fn next_session(&mut self) -> u32 {
        self.numbered = (self.numbered + 1) & 0xF_FFFF;
        0x8000_0000 | u32::from(self.boot & 0xF) << 20 | self.numbered
    }
}

impl Router {
    pub(super) fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    pub(super) fn is_on(&self) -> bool {
        lock(&self.state).on
    }

    pub(super) fn faults(&self) -> Faults {
        *lock(&self.faults)
    }

    /// The secret as it was typed on this router.
    pub(super) fn key(&self) -> &Key {
        if self.faults().wrong_secret {
            &self.wrong_key
        } else {
            &self.right_key
        }
    }

    pub(super) fn record(&self, direction: Direction, datagram: &[u8], note: Option<&'static str>) {
        self.journal.record(self.now(), direction, datagram, note);
    }

    /// Puts a device within reach; none if the pool is empty.
    pub(super) fn join(&self, mac: MacAddr) -> Option<Ipv4Addr> {
        let mut state = lock(&self.state);
        if let Some(host) = state.hosts.get_mut(&mac) {
            host.away_since = None;
            return Some(host.ip);
        }
        let (first, size) = self.config.profile.pool;
        let taken: HashSet<Ipv4Addr> = state.hosts.values().map(|host| host.ip).collect();
        let ip = (0..size)
            .map(|n| Ipv4Addr::from_bits(first.to_bits().wrapping_add(n)))
            .find(|ip| !taken.contains(ip))?;
        let host = Host {
            ip,
            traffic: Traffic::IDLE,
            away_since: None,
            challenge: None,
            authorizing: false,
        };
        state.hosts.insert(mac, host);
        Some(ip)
    }

    pub(super) fn leave(&self, mac: MacAddr) {
        let now = self.now();
        if let Some(host) = lock(&self.state).hosts.get_mut(&mac) {
            host.away_since.get_or_insert(now);
        }
    }

    /// Counts traffic, ends what is over, sends interim updates.
    pub(super) fn tick(self: &Arc<Self>) {
        let now = self.now();
        let keepalive = self.config.profile.keepalive_timeout;
        let mut events = Vec::new();
        {
            let mut state = lock(&self.state);
            let State {
                on: true,
                hosts,
                sessions,
                cookies,
                ..
            } = &mut *state
            else {
                return;
            };
            hosts.retain(|mac, host| {
                let gone = host
                    .away_since
                    .is_some_and(|since| now.since(since) >= keepalive);
                if let Some(session) = sessions.get_mut(mac) {
                    let present = host.away_since.is_none();
                    let traffic = if present { host.traffic } else { Traffic::IDLE };
                    let seed = self.config.seed;
                    session.advance(
                        now,
                        traffic.flowing(seed, *mac, session.now, session.grant.rate),
                    );
                    let lost = gone.then_some(AcctTerminateCause::LostService);
                    if let Some(cause) = session.end().or(lost) {
                        events.extend(sessions.remove(mac).map(|s| (s, Event::Stop(cause))));
                        forget_cookie(cookies, *mac, cause);
                    } else if session.interim_due() {
                        events.push((session.clone(), Event::Interim));
                    }
                }
                !gone
            });
        }
        for (session, event) in events {
            self.account(session, event);
        }
    }

    /// Ends a session, if there is one.
    pub(super) fn end_session(self: &Arc<Self>, mac: MacAddr, cause: AcctTerminateCause) -> bool {
        self.tick();
        let ended = {
            let mut state = lock(&self.state);
            forget_cookie(&mut state.cookies, mac, cause);
            state.sessions.remove(&mac)
        };
        let found = ended.is_some();
        if let Some(session) = ended {
            self.account(session, Event::Stop(cause));
        }
        found
    }

    /// Tells the accounting server, in the background and across its failures.
    pub(super) fn account(self: &Arc<Self>, session: Session, event: Event) {
        let router = Arc::clone(self);
        let mut boots = self.boots.subscribe();
        let happened = self.now();
        self.runtime.spawn(async move {
            let patience = match event {
                Event::Start | Event::Stop(_) => Patience::Endless,
                // The next one tells more.
                Event::Interim => Patience::Limited,
            };
            let build = |identifier| {
                let delay = router.now().since(happened).as_secs();
                let when = (
                    router.by_own_clock(happened),
                    u32::try_from(delay).unwrap_or(u32::MAX),
                );
                accounting_request(
                    &router.config,
                    router.key(),
                    identifier,
                    &session,
                    &event,
                    when,
                )
            };
            tokio::select! {
                _ = boots.changed() => {}
                _ = router.exchange(Server::Accounting, patience, build) => {}
            }
        });
    }

    /// Loses all sessions without a word: RouterOS sends no Accounting-On or -Off.
    pub(super) fn restart(&self, on: bool) {
        {
            let mut state = lock(&self.state);
            state.on = on;
            state.sessions.clear();
            state.numbered = 0;
            state.boot = state.boot % 15 + 1;
            for host in state.hosts.values_mut() {
                (host.challenge, host.authorizing) = (None, false);
            }
        }
        self.boots.send_modify(|boots| *boots += 1);
    }

    pub(super) fn hosts(self: &Arc<Self>) -> Vec<HostView> {
        self.tick();
        let state = lock(&self.state);
        let view = |(mac, host): (&MacAddr, &Host)| HostView {
            mac: *mac,
            ip: host.ip,
            present: host.away_since.is_none(),
            authorized: state.sessions.contains_key(mac),
        };
        state.hosts.iter().map(view).collect()
    }

    pub(super) fn active(self: &Arc<Self>) -> Vec<ActiveView> {
        self.tick();
        let view = |session: &Session| ActiveView {
            session: session.acct_session_id(),
            mac: session.mac,
            ip: session.ip,
            user: session.user.clone(),
            uptime_seconds: session.uptime().as_secs(),
            upload_octets: session.upload.octets(),
            download_octets: session.download.octets(),
            rate_limit: session.grant.rate.map(|rate| rate.to_string()),
            seconds_left: session
                .time_left()
                .map(|left| left.as_millis().div_ceil(1000) as u64),
        };
        lock(&self.state).sessions.values().map(view).collect()
    }

    fn by_own_clock(&self, time: Timestamp) -> Timestamp {
        let skew = self.faults().clock_skew_seconds;
        let amount = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 {
            time.minus(amount)
        } else {
            time.plus(amount)
        }
    }
}

/// A mac-cookie outlives only ends that the customer and the operator did not want (manual, "Hotspot").
fn forget_cookie(
    cookies: &mut BTreeMap<MacAddr, (String, Proof)>,
    mac: MacAddr,
    cause: AcctTerminateCause,
) {
    use AcctTerminateCause::{AdminReset, NasRequest, SessionTimeout, UserRequest};
    if matches!(
        cause,
        AdminReset | NasRequest | SessionTimeout | UserRequest
    ) {
        cookies.remove(&mac);
    }
}
