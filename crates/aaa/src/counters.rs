//! What the service has done, and a few words in the log about what it did not do.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// At most one line in this time tells of one kind of drop: a flood must not fill the disk.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Why a packet got no answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum DropReason {
    /// Not a RADIUS packet, or one that lacks what it must have.
    Malformed,
    /// A packet that does not belong on this port.
    Unexpected,
    /// No router is known by this identity or address.
    UnknownRouter,
    /// Made with another secret.
    WrongSecret,
    /// Without Message-Authenticator, though it is required.
    Unsigned,
    /// Asked again while the answer was being worked out.
    InProgress,
    /// More than can be worked on.
    Overload,
    /// The database did not do its part; the router will ask again.
    Unavailable,
}

impl DropReason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::Unexpected,
        Self::UnknownRouter,
        Self::WrongSecret,
        Self::Unsigned,
        Self::InProgress,
        Self::Overload,
        Self::Unavailable,
    ];

    /// The name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unexpected => "unexpected",
            Self::UnknownRouter => "unknown_router",
            Self::WrongSecret => "wrong_secret",
            Self::Unsigned => "unsigned",
            Self::InProgress => "in_progress",
            Self::Overload => "overload",
            Self::Unavailable => "unavailable",
        }
    }

    /// What to do about it, for the log.
    const fn advice(self) -> &'static str {
        match self {
            Self::Malformed => "this is no proper RADIUS packet",
            Self::Unexpected => "check that the router uses the right port for each kind of packet",
            Self::UnknownRouter => {
                "check that the router's identity is the one its setup script set"
            }
            Self::WrongSecret => "check that the router has the secret of its setup script",
            Self::Unsigned => {
                "the router must send Message-Authenticator: set require-message-auth on it"
            }
            Self::InProgress => {
                "the router asks again before we can answer; raise its RADIUS timeout to 3s"
            }
            Self::Overload => "more requests than can be worked on",
            Self::Unavailable => "the database did not answer",
        }
    }
}

/// What the service has done since it started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Access-Accept sent, not counting repetitions.
    pub accepts: u64,
    /// Access-Reject sent, not counting repetitions.
    pub rejects: u64,
    /// Accounting-Response sent, not counting repetitions.
    pub accounted: u64,
    /// Replies sent again because the router asked again.
    pub repeated: u64,
    /// Status-Server answered.
    pub status: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl Stats {
    /// How many packets got no answer for this reason.
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }
}

/// The counters behind [`Stats`].
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) accepts: AtomicU64,
    pub(crate) rejects: AtomicU64,
    pub(crate) accounted: AtomicU64,
    pub(crate) repeated: AtomicU64,
    pub(crate) status: AtomicU64,
    dropped: [Drops; DropReason::ALL.len()],
    started: Instant,
}

#[derive(Debug, Default)]
struct Drops {
    count: AtomicU64,
    /// Milliseconds after `started` from which on the next one may be logged.
    log_from: AtomicU64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            accepts: AtomicU64::new(0),
            rejects: AtomicU64::new(0),
            accounted: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            status: AtomicU64::new(0),
            dropped: Default::default(),
            started: Instant::now(),
        }
    }

    /// Counts a packet that gets no answer; `what` says more in the log and holds no secrets.
    pub(crate) fn dropped(&self, reason: DropReason, what: impl fmt::Display) {
        let drops = &self.dropped[reason as usize];
        let count = drops.count.fetch_add(1, Ordering::Relaxed) + 1;
        let now = millis(self.started.elapsed());
        let from = drops.log_from.load(Ordering::Relaxed);
        let next = now + millis(LOG_INTERVAL);
        let claim = || {
            drops
                .log_from
                .compare_exchange(from, next, Ordering::Relaxed, Ordering::Relaxed)
        };
        if now >= from && claim().is_ok() {
            let (name, advice) = (reason.name(), reason.advice());
            tracing::warn!(reason = name, count, %what, "RADIUS packet dropped: {advice}");
        }
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            accepts: get(&self.accepts),
            rejects: get(&self.rejects),
            accounted: get(&self.accounted),
            repeated: get(&self.repeated),
            status: get(&self.status),
            dropped: std::array::from_fn(|i| get(&self.dropped[i].count)),
        }
    }
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
