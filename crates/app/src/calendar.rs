//! Days and hours where the provider is.

use bando_domain::Timestamp;
use jiff::tz::TimeZone;

/// A point in time as a wall clock and calendar there show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Local {
    /// Days since 1970-01-01 there.
    pub(crate) day: i64,
    /// 0 is Monday.
    pub(crate) weekday: u8,
    /// Minute of the day.
    pub(crate) minute: u16,
}

impl Local {
    /// `at` in an IANA time zone; in UTC if the zone is unknown.
    pub(crate) fn at(at: Timestamp, time_zone: &str) -> Self {
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        let utc = jiff::Timestamp::from_millisecond(at.as_millis())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let seconds = utc.as_second() + i64::from(zone.to_offset(utc).seconds());
        let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // 1970-01-01 was a Thursday.
        let weekday = u8::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        Self {
            day,
            weekday,
            minute: u16::try_from(second / 60).unwrap_or(0),
        }
    }
}

/// The midnight with which the day of `at` began there.
pub(crate) fn midnight(at: Timestamp, time_zone: &str) -> Timestamp {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    jiff::Timestamp::from_millisecond(at.as_millis())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(zone)
        .start_of_day()
        .map_or(at, |start| {
            Timestamp::from_millis(start.timestamp().as_millisecond())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nairobi_is_three_hours_ahead() {
        // Friday 2026-11-20T21:30:00Z is Saturday half past midnight in Nairobi.
        let at = Timestamp::from_seconds(1_795_210_200);
        assert_eq!(at.to_string(), "2026-11-20T21:30:00.000Z");
        let there = Local::at(at, "Africa/Nairobi");
        assert_eq!((there.weekday, there.minute), (5, 30));
        assert_eq!(there.day, Local::at(at, "UTC").day + 1);
        assert_eq!(Local::at(at, "No/Where"), Local::at(at, "UTC"));
    }

    #[test]
    fn a_day_begins_at_its_own_midnight() {
        // Half past midnight of the 21st in Nairobi: its day began half an hour ago.
        let at = Timestamp::from_seconds(1_795_210_200);
        assert_eq!(
            midnight(at, "Africa/Nairobi").to_string(),
            "2026-11-20T21:00:00.000Z"
        );
        assert_eq!(midnight(at, "UTC").to_string(), "2026-11-20T00:00:00.000Z");
    }
}
