//! What is sold.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::RateLimit;

/// When the time of a ticket begins to run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// At the moment of payment.
    Purchase,
    /// When a device first comes online with it: the rule for printed vouchers.
    FirstUse,
}

/// Bytes that a ticket may move, up and down together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataLimit(u64);

impl DataLimit {
    /// A limit of so many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The limit in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

/// The terms of a plan, frozen into each ticket when it is sold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct PlanTerms {
    /// Whole seconds of validity; none for a plan that only data ends.
    pub validity_seconds: Option<u32>,
    /// Data allowance; none for unlimited.
    pub data: Option<DataLimit>,
    /// When the validity begins.
    pub starts: Starts,
    /// Speed; none for whatever the line gives.
    pub rate: Option<RateLimit>,
    /// Devices that may be online at once.
    pub device_limit: u16,
}

/// Why terms cannot be sold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TermsError {
    /// Neither time nor data would ever end it.
    #[error("a plan needs a validity, a data limit, or both")]
    Endless,
    /// No time at all, or more than ten years.
    #[error("the validity must be between 1 second and 10 years")]
    Validity,
    /// No data at all.
    #[error("the data limit must be above zero")]
    Data,
    /// No device, or more than a thousand.
    #[error("the device limit must be between 1 and 1000")]
    Devices,
    /// A speed RouterOS would not take.
    #[error("the speeds must be above zero, and a burst above the speed it exceeds")]
    Rate,
}

impl PlanTerms {
    /// The longest validity, seconds: ten years.
    pub const MAX_VALIDITY_SECONDS: u32 = 10 * 365 * 86_400;

    /// Checks that the terms make sense and will end some day.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<(), TermsError> {
        if self.validity_seconds.is_none() && self.data.is_none() {
            return Err(TermsError::Endless);
        }
        if self
            .validity_seconds
            .is_some_and(|s| !(1..=Self::MAX_VALIDITY_SECONDS).contains(&s))
        {
            return Err(TermsError::Validity);
        }
        if self
            .data
            .is_some_and(|d| d.bytes() == 0 || i64::try_from(d.bytes()).is_err())
        {
            return Err(TermsError::Data);
        }
        if !(1..=1000).contains(&self.device_limit) {
            return Err(TermsError::Devices);
        }
        if self.rate.is_some_and(|r| !r.is_valid()) {
            return Err(TermsError::Rate);
        }
        Ok(())
    }

    /// The validity as a duration.
    pub fn validity(&self) -> Option<Duration> {
        self.validity_seconds.map(|s| Duration::from_secs(s.into()))
    }
}

/// When a plan is on sale: some days of the week, from one minute of the day to another.
///
/// Days and minutes are those of the provider's own time zone. A window that ends at or before its
/// beginning runs past midnight and belongs to the day on which it began (22:00–06:00 on Friday
/// ends on Saturday morning).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SellingWindow {
    /// Bit 0 is Monday, bit 6 Sunday.
    pub days: u8,
    /// First minute of the day, 0 to 1439.
    pub from_minute: u16,
    /// The minute at which it closes, 0 to 1440.
    pub to_minute: u16,
}

impl SellingWindow {
    /// Every day of the week.
    pub const ALL_DAYS: u8 = 0b111_1111;

    /// Whether there is a day and the minutes are minutes.
    pub fn is_valid(&self) -> bool {
        self.days != 0
            && self.days <= Self::ALL_DAYS
            && self.from_minute < 1440
            && self.to_minute <= 1440
            && self.from_minute != self.to_minute
    }

    /// Whether the window is open on that weekday (0 is Monday) at that minute of the day.
    pub fn contains(&self, weekday: u8, minute: u16) -> bool {
        let on = |day: u8| self.days & (1 << (day % 7)) != 0;
        if self.from_minute < self.to_minute {
            return on(weekday) && (self.from_minute..self.to_minute).contains(&minute);
        }
        (on(weekday) && minute >= self.from_minute) || (on(weekday + 6) && minute < self.to_minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: PlanTerms = PlanTerms {
        validity_seconds: Some(3600),
        data: None,
        starts: Starts::Purchase,
        rate: None,
        device_limit: 1,
    };

    #[test]
    fn terms_must_end() {
        assert_eq!(HOUR.check(), Ok(()));
        assert_eq!(
            PlanTerms {
                validity_seconds: None,
                ..HOUR
            }
            .check(),
            Err(TermsError::Endless)
        );
        assert_eq!(
            PlanTerms {
                validity_seconds: Some(0),
                ..HOUR
            }
            .check(),
            Err(TermsError::Validity)
        );
        assert_eq!(
            PlanTerms {
                device_limit: 0,
                ..HOUR
            }
            .check(),
            Err(TermsError::Devices)
        );
        let none = Some(DataLimit::from_bytes(0));
        assert_eq!(
            PlanTerms { data: none, ..HOUR }.check(),
            Err(TermsError::Data)
        );
    }

    #[test]
    fn a_window_may_run_past_midnight() {
        let friday_night = SellingWindow {
            days: 1 << 4,
            from_minute: 22 * 60,
            to_minute: 6 * 60,
        };
        assert!(friday_night.contains(4, 23 * 60));
        assert!(friday_night.contains(5, 5 * 60 + 59));
        assert!(!friday_night.contains(5, 6 * 60));
        assert!(!friday_night.contains(4, 5 * 60));
        let sunday_night = SellingWindow {
            days: 1 << 6,
            ..friday_night
        };
        assert!(
            sunday_night.contains(0, 0),
            "Monday morning belongs to Sunday's window"
        );
    }
}
