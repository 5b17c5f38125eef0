//! Speed limits in the grammar of RouterOS.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A speed limit as the attribute `Mikrotik-Rate-Limit` and RouterOS queues write it:
/// `rx/tx [rx-burst/tx-burst [rx-threshold/tx-threshold [rx-time/tx-time]]]`.
///
/// RouterOS names directions from its own side: `rx` is what the customer uploads, `tx` what the
/// customer downloads. Rates are bits per second.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct RateLimit {
    /// What the customer may upload, bit/s.
    pub upload_bps: u64,
    /// What the customer may download, bit/s.
    pub download_bps: u64,
    /// A short time at a higher speed, so that pages open quickly.
    pub burst: Option<Burst>,
}

/// RouterOS burst: `*_bps` is allowed until the average over `seconds` passes the threshold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Burst {
    /// Upload while bursting, bit/s.
    pub upload_bps: u64,
    /// Download while bursting, bit/s.
    pub download_bps: u64,
    /// Average upload at which the burst ends, bit/s.
    pub upload_threshold_bps: u64,
    /// Average download at which the burst ends, bit/s.
    pub download_threshold_bps: u64,
    /// Seconds over which the average is taken, up and down alike.
    pub seconds: u32,
}

/// Why a text is not a rate limit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a speed limit; write it like 2M/5M or 2M/5M 4M/10M 1M/3M 16/16")]
pub struct RateError(String);

impl RateLimit {
    /// The same speed all the time.
    pub const fn steady(upload_bps: u64, download_bps: u64) -> Self {
        Self {
            upload_bps,
            download_bps,
            burst: None,
        }
    }

    /// Whether RouterOS would take it: no zero rate, and a burst that is above the rate, with its
    /// threshold at or below the burst and a time of at least a second.
    pub fn is_valid(&self) -> bool {
        let burst_fits = self.burst.is_none_or(|b| {
            b.upload_bps >= self.upload_bps
                && b.download_bps >= self.download_bps
                && (1..=b.upload_bps).contains(&b.upload_threshold_bps)
                && (1..=b.download_bps).contains(&b.download_threshold_bps)
                && b.seconds > 0
        });
        self.upload_bps > 0 && self.download_bps > 0 && burst_fits
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Rate(self.upload_bps), Rate(self.download_bps))?;
        if let Some(b) = &self.burst {
            let (up, down) = (Rate(b.upload_bps), Rate(b.download_bps));
            let (up_at, down_at) = (Rate(b.upload_threshold_bps), Rate(b.download_threshold_bps));
            write!(f, " {up}/{down} {up_at}/{down_at} {0}/{0}", b.seconds)?;
        }
        Ok(())
    }
}

/// A rate with the largest of the suffixes k and M (of 1000) that loses nothing.
struct Rate(u64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n > 0 && n % 1_000_000 == 0 => write!(f, "{}M", n / 1_000_000),
            n if n > 0 && n % 1_000 == 0 => write!(f, "{}k", n / 1_000),
            n => write!(f, "{n}"),
        }
    }
}

/// Reads what RouterOS reads. Left-out second halves equal the first; with a burst, left-out
/// thresholds equal the rates and a left-out time is one second. Priority and minimum rates, which
/// Bando does not sell, are refused.
impl FromStr for RateLimit {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let bad = || RateError(text.chars().take(64).collect());
        let mut words = text.split_ascii_whitespace();
        let (upload_bps, download_bps) =
            words.next().and_then(|w| pair(w, rate)).ok_or_else(bad)?;
        let mut limit = Self::steady(upload_bps, download_bps);
        if let Some(word) = words.next() {
            let (up, down) = pair(word, rate).ok_or_else(bad)?;
            let (up_at, down_at) = match words.next() {
                Some(word) => pair(word, rate).ok_or_else(bad)?,
                None => (upload_bps, download_bps),
            };
            let seconds = match words
                .next()
                .map(|word| pair(word, |t| t.parse::<u32>().ok()))
            {
                None => 1,
                Some(Some((up, down))) if up == down => up,
                Some(_) => return Err(bad()),
            };
            limit.burst = Some(Burst {
                upload_bps: up,
                download_bps: down,
                upload_threshold_bps: up_at,
                download_threshold_bps: down_at,
                seconds,
            });
        }
        if words.next().is_some() || !limit.is_valid() {
            return Err(bad());
        }
        Ok(limit)
    }
}

fn pair<T: Copy>(word: &str, one: impl Fn(&str) -> Option<T>) -> Option<(T, T)> {
    match word.split_once('/') {
        Some((a, b)) => Some((one(a)?, one(b)?)),
        None => one(word).map(|both| (both, both)),
    }
}

fn rate(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1_000),
        b'M' | b'm' => (&text[..text.len() - 1], 1_000_000),
        b'G' | b'g' => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain
        .then(|| digits.parse::<u64>().ok()?.checked_mul(factor))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_router_os() {
        for (text, written) in [
            ("128k", "128k/128k"),
            ("64k/128M", "64k/128M"),
            ("64k 256k", "64k/64k 256k/256k 64k/64k 1/1"),
            (
                "64k/64k 256k/256k 128k/128k 10/10",
                "64k/64k 256k/256k 128k/128k 10/10",
            ),
            ("1500/2500000", "1500/2500k"),
        ] {
            let limit: RateLimit = text.parse().expect(text);
            assert_eq!(limit.to_string(), written);
            assert_eq!(written.parse(), Ok(limit));
        }
        for text in [
            "",
            "fast",
            "0/0",
            "5M/",
            "2M/5M 1M/1M",
            "1M 2M 3M",
            "1M 2M 1M 0",
            "1M/1M 2M/2M 1M/1M 8/8 1",
            "é",
        ] {
            assert!(text.parse::<RateLimit>().is_err(), "{text:?} was taken");
        }
    }
}
