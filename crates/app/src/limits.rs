//! Limits on how often something may be tried.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Duration;

use bando_domain::Timestamp;

/// So many tries in so long; a token bucket that fills evenly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// Tries that may come at once.
    pub(crate) burst: u32,
    /// The time in which a whole burst grows back.
    pub(crate) per: Duration,
}

impl Allowance {
    /// `burst` tries per `seconds`.
    pub(crate) const fn new(burst: u32, seconds: u64) -> Self {
        Self {
            burst,
            per: Duration::from_secs(seconds),
        }
    }

    /// A whole burst, in thousandths of a try.
    fn full(self) -> u64 {
        u64::from(self.burst) * 1000
    }

    /// The time in which one try grows back.
    fn millis_per_try(self) -> u64 {
        (self.per.as_millis() as u64 / u64::from(self.burst.max(1))).max(1)
    }
}

/// The most keys one limiter remembers. Past it, full buckets are forgotten first; if none is full,
/// the newcomer is refused: an attacker with many addresses must not cost unbounded memory.
const MAX_KEYS: usize = 50_000;

/// Counts tries by key. Kept in this process; several nodes allow several times as much.
#[derive(Debug)]
pub(crate) struct Limiter<K> {
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a try that are left.
    left: u64,
    at: Timestamp,
}

impl<K> Default for Limiter<K> {
    fn default() -> Self {
        Self {
            buckets: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash> Limiter<K> {
    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait, if there was none left.
    pub(crate) fn take(
        &self,
        key: K,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let (full, millis_per_try) = (allowance.full(), allowance.millis_per_try());
        let refill = |b: &Bucket| b.refilled(allowance, now);
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= MAX_KEYS && !buckets.contains_key(&key) {
            buckets.retain(|_, b| refill(b) < full);
            if buckets.len() >= MAX_KEYS {
                return Err(allowance.per);
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket {
            left: full,
            at: now,
        });
        let left = refill(bucket);
        if left < 1000 {
            let missing = 1000 - left;
            return Err(Duration::from_millis(
                (missing * millis_per_try).div_ceil(1000),
            ));
        }
        *bucket = Bucket {
            left: left - 1000,
            at: now,
        };
        Ok(())
    }

    /// Takes a counted try back: it was none.
    pub(crate) fn give_back(&self, key: &K, allowance: Allowance) {
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(key) {
            bucket.left = bucket.left.saturating_add(1000).min(allowance.full());
        }
    }

    /// Whether a try is left, without counting one.
    pub(crate) fn is_left(&self, key: &K, allowance: Allowance, now: Timestamp) -> bool {
        let buckets = self
            .buckets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        buckets
            .get(key)
            .is_none_or(|bucket| bucket.refilled(allowance, now) >= 1000)
    }
}

impl Bucket {
    /// Thousandths of a try that are left at `now`.
    fn refilled(&self, allowance: Allowance, now: Timestamp) -> u64 {
        let grown = now.since(self.at).as_millis() as u64 * 1000 / allowance.millis_per_try();
        self.left.saturating_add(grown).min(allowance.full())
    }
}

/// The limiters of the use cases.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) by_text: Limiter<(Action, String)>,
}

/// What is limited.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Action {
    /// Signing in with a wrong password, by username and by address.
    SignIn,
    /// Starting a payment, by phone and by device.
    StartPayment,
    /// Starting a payment without naming a device, by address: many customers may share one.
    StartPaymentFrom,
    /// Typing a code wrong, by provider, by device and by address.
    WrongCode,
    /// Claiming to have paid, by address and device.
    Claim,
    /// Asking a gateway about payments, by provider and gateway.
    Query,
    /// An unsigned message about an account, by provider and gateway.
    AccountMessage,
}

impl Action {
    pub(crate) const fn allowance(self) -> Allowance {
        match self {
            Self::SignIn => Allowance::new(10, 15 * 60),
            Self::StartPayment => Allowance::new(6, 120),
            Self::StartPaymentFrom => Allowance::new(60, 60),
            Self::WrongCode => Allowance::new(10, 600),
            Self::Claim => Allowance::new(5, 600),
            Self::Query => Allowance::new(60, 60),
            Self::AccountMessage => Allowance::new(600, 60),
        }
    }
}

/// Wrong codes that a whole provider may see: the limit that holds even when an attacker changes
/// addresses. 31^10 codes at this rate are out of reach for any number of valid ones.
pub(crate) const WRONG_CODES_PER_PROVIDER: Allowance = Allowance::new(1000, 600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_evenly() {
        let limiter = Limiter::default();
        let allowance = Allowance::new(2, 10);
        let at = Timestamp::from_seconds;
        assert_eq!(limiter.take("a", allowance, at(0)), Ok(()));
        assert_eq!(limiter.take("a", allowance, at(0)), Ok(()));
        assert_eq!(
            limiter.take("a", allowance, at(0)),
            Err(Duration::from_secs(5))
        );
        assert_eq!(limiter.take("b", allowance, at(0)), Ok(()));
        assert!(!limiter.is_left(&"a", allowance, at(4)));
        assert!(limiter.is_left(&"a", allowance, at(5)));
        assert!(limiter.is_left(&"nobody", allowance, at(0)));
        assert_eq!(
            limiter.take("a", allowance, at(4)),
            Err(Duration::from_secs(1))
        );
        assert_eq!(limiter.take("a", allowance, at(5)), Ok(()));
        assert_eq!(
            limiter.take("a", allowance, at(5)),
            Err(Duration::from_secs(5))
        );
    }

    #[test]
    fn remembers_only_so_many() {
        let limiter = Limiter::default();
        let allowance = Allowance::new(1, 60);
        for i in 0..MAX_KEYS {
            assert_eq!(
                limiter.take(i, allowance, Timestamp::from_seconds(0)),
                Ok(())
            );
        }
        assert!(
            limiter
                .take(MAX_KEYS, allowance, Timestamp::from_seconds(0))
                .is_err()
        );
        assert_eq!(
            limiter.take(MAX_KEYS, allowance, Timestamp::from_seconds(60)),
            Ok(())
        );
    }
}
