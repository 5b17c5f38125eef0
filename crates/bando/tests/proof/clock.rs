//! A clock that can be set.

use std::sync::atomic::{AtomicI64, Ordering};

use bando::world::SystemClock;
use bando_domain::{Clock, Timestamp};

/// The system's time, and so much more or less.
#[derive(Debug, Default)]
pub(crate) struct MovableClock {
    ahead_millis: AtomicI64,
}

impl MovableClock {
    /// Moves it by so many seconds, from where it is.
    pub(crate) fn turn(&self, seconds: i64) {
        self.ahead_millis
            .fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let ahead = self.ahead_millis.load(Ordering::SeqCst);
        Timestamp::from_millis(SystemClock.now().as_millis() + ahead)
    }
}
