//! A clock and a source of randomness that a test holds in its hand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use bando_domain::{Clock, Entropy, Timestamp};

/// Stands still.
pub(crate) struct HandClock(pub(crate) AtomicI64);

impl HandClock {
    /// 2026-11-20 14:35 in Nairobi.
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(1_795_174_500_000))
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The same bytes for the same seed (SplitMix64).
pub(crate) struct Seeded(pub(crate) Mutex<u64>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().expect("not poisoned");
        for byte in bytes {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)) as u8;
        }
    }
}
