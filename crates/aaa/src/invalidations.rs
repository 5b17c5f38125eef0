//! Keeps a cache from remembering what was read just before it changed.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;

/// Longer than any read takes.
const MEMORY: Duration = Duration::from_secs(60);

/// The most invalidations remembered; more in that time only cost a read that would have been
/// spared.
const MAX_REMEMBERED: u64 = 200_000;

/// What was invalidated lately. A reader notes [`now`](Self::now), reads, puts the result into its
/// cache and takes it out again if it was invalidated [since](Self::since).
pub(crate) struct Invalidations<K: Hash + Eq> {
    /// Counts invalidations.
    counter: AtomicU64,
    /// The last invalidation of everything.
    everything: AtomicU64,
    lately: Cache<K, u64>,
}

impl<K: Hash + Eq + Send + Sync + 'static> Invalidations<K> {
    pub(crate) fn new() -> Self {
        Self {
            counter: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            lately: Cache::builder()
                .max_capacity(MAX_REMEMBERED)
                .time_to_live(MEMORY)
                .build(),
        }
    }

    /// The present, to compare with later.
    pub(crate) fn now(&self) -> u64 {
        self.counter.load(Ordering::SeqCst)
    }

    /// Notes that what was read of `key` before is not true any more.
    pub(crate) fn note(&self, key: K) {
        self.lately
            .insert(key, self.counter.fetch_add(1, Ordering::SeqCst) + 1);
    }

    /// Notes it of everything.
    pub(crate) fn note_everything(&self) {
        let now = self.counter.fetch_add(1, Ordering::SeqCst) + 1;
        self.everything.fetch_max(now, Ordering::SeqCst);
    }

    /// Whether `key` was invalidated after `then`.
    pub(crate) fn since(&self, key: &K, then: u64) -> bool {
        self.everything.load(Ordering::SeqCst) > then
            || self.lately.get(key).is_some_and(|at| at > then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_after_the_read_began() {
        let changes = Invalidations::new();
        changes.note("a");
        let read = changes.now();
        assert!(!changes.since(&"a", read));
        changes.note("b");
        assert!(!changes.since(&"a", read));
        assert!(changes.since(&"b", read));
        changes.note_everything();
        assert!(changes.since(&"a", read));
        assert!(!changes.since(&"a", changes.now()));
    }
}
