//! Marked points at which a crash test kills the process, and bugs that show that the tests would
//! notice. Both do something only with the feature `crash`, and only when told by the environment.

/// Kills the process here if `BANDO_CRASH_AT` names this point: `NAME`, or `NAME:N` for the N-th
/// time it is passed. Compiled in only with the feature `crash`.
#[cfg(feature = "crash")]
pub(crate) fn crash_point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("BANDO_CRASH_AT").ok()?;
        let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), count.parse().ok()?))
    });
    if let Some((point, count)) = wanted
        && point == name
        && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *count
    {
        // As kill -9 does it: no destructor, no flush.
        std::process::abort();
    }
}

/// Nothing, in a program that is not under test.
#[cfg(not(feature = "crash"))]
pub(crate) fn crash_point(_: &str) {}

/// Whether `BANDO_PLANTED` asks for this bug: see [`PLANTED_BUGS`].
#[cfg(feature = "crash")]
pub(crate) fn planted(bug: &str) -> bool {
    use std::sync::OnceLock;

    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var("BANDO_PLANTED").ok());
    wanted.as_deref() == Some(bug)
}

/// Never, in a program that is not under test.
#[cfg(not(feature = "crash"))]
pub(crate) const fn planted(_: &str) -> bool {
    false
}

/// The bugs that `BANDO_PLANTED` can switch on, each with what is wrong then.
pub const PLANTED_BUGS: &[(&str, &str)] = &[
    (
        "answer-before-store",
        "a callback is answered before it is kept",
    ),
    (
        "ticket-after-commit",
        "the ticket is made in a second transaction, after the one that marks the payment paid",
    ),
    (
        "settle-twice",
        "the status is not looked at before settling, and the ledger entry takes another name",
    ),
    (
        "believe-unsigned",
        "a message that says paid is believed, whoever sent it",
    ),
    (
        "skip-signature",
        "a message with a bad signature is taken for a signed one",
    ),
    (
        "receipt-per-provider",
        "a receipt that paid another business is taken once more",
    ),
    ("amount-ignored", "whatever amount came, it is the price"),
    ("forget-late", "money that comes after a failure is let go"),
    (
        "no-device-lock",
        "a ticket's devices are counted without the lock on its row (PostgreSQL)",
    ),
    (
        "reconcile-one-way",
        "statements are compared with the books, but not the books with statements",
    ),
];

/// The marked points, in the order a purchase passes them.
pub const CRASH_POINTS: &[&str] = &[
    "purchase.stored",
    "purchase.answered",
    "purchase.noted",
    "callback.received",
    "callback.stored",
    "message.read",
    "message.verified",
    "arrival.stored",
    "arrival.searched",
    "arrival.before_commit",
    "arrival.committed",
    "check.begun",
    "check.answered",
    "settle.begun",
    "settle.ticket",
    "settle.ledger",
    "settle.before_commit",
    "settle.committed",
    "job.claimed",
    "job.done",
    "admit.before_commit",
    "admit.committed",
    "accounting.before_commit",
    "accounting.committed",
    "expire.before_commit",
    "expire.committed",
    "disconnect.sent",
    "send.begun",
    "send.answered",
    "send.noting",
    "send.before_commit",
    "send.noted",
    "send.committed",
    "reconcile.fetched",
    "reconcile.stored",
    "reconcile.kept",
    "reconcile.compared",
];
