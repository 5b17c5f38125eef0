//! Made-up traffic.

use bando_domain::{MacAddr, RateLimit, Timestamp};
use serde::{Deserialize, Serialize};

/// What a device would transfer if nothing limited it, bit/s on average.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// From the device.
    pub upload_bps: u64,
    /// To the device.
    pub download_bps: u64,
}

impl Traffic {
    /// None at all.
    pub const IDLE: Self = Self {
        upload_bps: 0,
        download_bps: 0,
    };

    /// Traffic of these averages.
    pub const fn new(upload_bps: u64, download_bps: u64) -> Self {
        Self {
            upload_bps,
            download_bps,
        }
    }

    /// What flows in the second of `now`: between half and one and a half of the average, the same
    /// for the same seed, and never above `limit` (whose burst is not modelled).
    pub(super) fn flowing(
        self,
        seed: u64,
        mac: MacAddr,
        now: Timestamp,
        limit: Option<RateLimit>,
    ) -> Self {
        let [a, b, c, d, e, f] = mac.octets();
        let mac = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        let percent = 50 + mix(seed ^ mac ^ now.as_seconds().unsigned_abs()) % 101;
        let vary = |bps: u64, most: Option<u64>| {
            (bps / 100)
                .saturating_mul(percent)
                .min(most.unwrap_or(u64::MAX))
        };
        Self {
            upload_bps: vary(self.upload_bps, limit.map(|l| l.upload_bps)),
            download_bps: vary(self.download_bps, limit.map(|l| l.download_bps)),
        }
    }
}

/// SplitMix64's finaliser: neighbouring numbers become unrelated ones.
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Octets counted one way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    octets: u64,
    /// Bit-milliseconds (bit/s × ms) below a whole octet.
    rest: u64,
}

impl Meter {
    /// Octets so far.
    pub(super) const fn octets(self) -> u64 {
        self.octets
    }

    /// Counts `bps` for `millis`, but not beyond `most` octets.
    pub(super) fn run(&mut self, bps: u64, millis: u64, most: u64) {
        const PER_OCTET: u64 = 8 * 1000;
        let total = bps.saturating_mul(millis).saturating_add(self.rest);
        self.rest = total % PER_OCTET;
        self.add(total / PER_OCTET, most);
    }

    /// Counts `octets`, but not beyond `most` in all.
    pub(super) fn add(&mut self, octets: u64, most: u64) {
        self.octets = self
            .octets
            .saturating_add(octets)
            .min(most.max(self.octets));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_lose_nothing_between_ticks() {
        let mut meter = Meter::default();
        for _ in 0..1000 {
            meter.run(12_345, 7, u64::MAX);
        }
        assert_eq!(meter.octets(), 12_345 * 7 / 8);
        meter.add(u64::MAX, 20_000);
        assert_eq!(meter.octets(), 20_000);
    }

    #[test]
    fn traffic_varies_within_the_limit() {
        let mac = MacAddr::new([2, 0, 0, 0, 0, 1]);
        let limit = Some(RateLimit::steady(1_000_000, 2_000_000));
        let mut seen = std::collections::BTreeSet::new();
        for second in 0..100 {
            let flowing = Traffic::new(1_000_000, 10_000_000).flowing(
                7,
                mac,
                Timestamp::from_seconds(second),
                limit,
            );
            assert!((500_000..=1_000_000).contains(&flowing.upload_bps));
            assert_eq!(flowing.download_bps, 2_000_000);
            seen.insert(flowing.upload_bps);
        }
        assert!(seen.len() > 20);
    }
}
