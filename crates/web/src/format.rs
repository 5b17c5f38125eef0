//! How times, durations, amounts of data and speeds are written for people. Money writes itself
//! (`bando_domain`). Times are milliseconds since 1970 UTC.

use crate::i18n::Lang;
use jiff::{Timestamp, Zoned, civil::Weekday, tz::TimeZone};

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Writes times as they read on a wall clock in one time zone and language.
#[derive(Clone, Debug)]
pub struct Times {
    lang: Lang,
    zone: TimeZone,
}

impl Times {
    /// Times for readers of `lang` in the IANA time zone `zone` (`Africa/Nairobi`). An unknown zone
    /// counts as UTC: a page with times an hour or three off is better than no page.
    #[must_use]
    pub fn new(lang: Lang, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Self { lang, zone }
    }

    /// `18:42`.
    #[must_use]
    pub fn clock(&self, at: i64) -> String {
        self.local(at).strftime("%H:%M").to_string()
    }

    /// `18:42:07`.
    #[must_use]
    pub fn clock_seconds(&self, at: i64) -> String {
        self.local(at).strftime("%H:%M:%S").to_string()
    }

    /// `20 November 2026`.
    #[must_use]
    pub fn date(&self, at: i64) -> String {
        let local = self.local(at);
        format!(
            "{} {} {}",
            local.day(),
            month(self.lang, local.month()),
            local.year()
        )
    }

    /// The date and the time to the second, for receipts and timelines.
    #[must_use]
    pub fn full(&self, at: i64) -> String {
        format!("{}, {}", self.date(at), self.clock_seconds(at))
    }

    /// As short as the distance from `now` allows: `18:42`, `tomorrow 18:42`, `Friday 18:42` within
    /// the next six days, else `20 November 18:42`.
    #[must_use]
    pub fn near(&self, at: i64, now: i64) -> String {
        let local = self.local(at);
        let clock = self.clock(at);
        match days_between(&self.local(now), &local) {
            0 => clock,
            1 => self.lang.tomorrow_at(clock),
            -1 => self.lang.yesterday_at(clock),
            2..=6 => format!("{} {clock}", weekday(self.lang, local.weekday())),
            _ => format!(
                "{} {} {clock}",
                local.day(),
                month(self.lang, local.month())
            ),
        }
    }

    /// The weekday's name in full, for "against last Friday".
    #[must_use]
    pub fn weekday(&self, at: i64) -> &'static str {
        weekday(self.lang, self.local(at).weekday())
    }

    /// The weekday's name in three letters, for charts.
    #[must_use]
    pub fn short_weekday(&self, at: i64) -> &'static str {
        let lang = self.lang;
        match self.local(at).weekday() {
            Weekday::Monday => lang.short_monday(),
            Weekday::Tuesday => lang.short_tuesday(),
            Weekday::Wednesday => lang.short_wednesday(),
            Weekday::Thursday => lang.short_thursday(),
            Weekday::Friday => lang.short_friday(),
            Weekday::Saturday => lang.short_saturday(),
            Weekday::Sunday => lang.short_sunday(),
        }
    }

    /// How long ago: `just now`, `14 min ago`.
    #[must_use]
    pub fn ago(&self, at: i64, now: i64) -> String {
        let seconds = u64::try_from(now.saturating_sub(at) / 1000).unwrap_or(0);
        if seconds < 10 {
            return self.lang.just_now().to_owned();
        }
        self.lang.ago(short_duration(self.lang, seconds))
    }

    fn local(&self, at: i64) -> Zoned {
        Timestamp::from_millisecond(at)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(self.zone.clone())
    }
}

/// A length of time as a plan is named: `1 hour`, `30 days`, `1 week`, else its two largest units.
#[must_use]
pub fn duration(lang: Lang, seconds: u64) -> String {
    match seconds {
        s if s > 0 && s.is_multiple_of(7 * DAY) => lang.weeks(s / (7 * DAY)),
        s if s > 0 && s.is_multiple_of(DAY) => lang.days(s / DAY),
        s if s > 0 && s.is_multiple_of(HOUR) => lang.hours(s / HOUR),
        s if s > 0 && s.is_multiple_of(MINUTE) && s < HOUR => lang.minutes(s / MINUTE),
        s if s < MINUTE => lang.seconds(s),
        s => short_duration(lang, s),
    }
}

/// A length of time that changes while one looks: its two largest units, `3 h 12 min`.
#[must_use]
pub fn short_duration(lang: Lang, seconds: u64) -> String {
    let units = [
        (DAY, lang.short_day()),
        (HOUR, lang.short_hour()),
        (MINUTE, lang.short_minute()),
        (SECOND, lang.short_second()),
    ];
    let first = units
        .iter()
        .position(|(size, _)| seconds >= *size)
        .unwrap_or(3);
    // Below a minute only seconds are left; above an hour nobody counts them.
    let parts: Vec<String> = units
        .iter()
        .skip(first)
        .take(if first == 2 { 1 } else { 2 })
        .scan(seconds, |left, (size, name)| {
            let n = *left / size;
            *left %= size;
            Some((n, *name))
        })
        .enumerate()
        .filter(|(i, (n, _))| *i == 0 || *n > 0)
        .map(|(_, (n, name))| match lang {
            Lang::Sw => format!("{name} {n}"),
            Lang::En | Lang::Fr => format!("{n} {name}"),
        })
        .collect();
    parts.join(" ")
}

/// The time between two steps: `40 ms`, `3.2 s`, `12 s`, `3 min`.
#[must_use]
pub fn gap(lang: Lang, millis: u64) -> String {
    if millis < 1_000 {
        return format!("{millis} ms");
    }
    if millis < 10_000 {
        let tenths = (millis + 50) / 100;
        return decimal(lang, tenths, "s");
    }
    short_duration(lang, millis / 1000)
}

/// An amount of data in decimal units, as it is sold: `350 MB`, `1.2 GB`.
#[must_use]
pub fn bytes(lang: Lang, n: u64) -> String {
    let letter = lang.byte_letter();
    for (size, prefix) in [
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ] {
        if n >= size {
            return decimal(lang, n / (size / 10), &format!("{prefix}{letter}"));
        }
    }
    format!("{n} {letter}")
}

/// A speed from bits per second: `5 Mbps`, `512 kbps`.
#[must_use]
pub fn speed(lang: Lang, bits_per_second: u64) -> String {
    if bits_per_second >= 1_000_000 {
        decimal(lang, bits_per_second / 100_000, "Mbps")
    } else {
        format!("{} kbps", bits_per_second / 1_000)
    }
}

/// A whole number with the language's thousands mark: `4,250` or `4 250`.
#[must_use]
pub fn whole(lang: Lang, n: u64) -> String {
    let digits = n.to_string();
    let mark = match lang {
        Lang::En | Lang::Sw => ',',
        Lang::Fr => '\u{202f}',
    };
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// A code in groups of five, for reading aloud: `7KQ4M 2XTRP`.
#[must_use]
pub fn code(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters
        .chunks(5)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// Tenths with the language's decimal mark; the decimal is dropped when it is 0 or says nothing.
fn decimal(lang: Lang, tenths: u64, unit: &str) -> String {
    let (number, rest) = (tenths / 10, tenths % 10);
    if rest == 0 || number >= 100 {
        return format!("{} {unit}", whole(lang, number));
    }
    let mark = if lang == Lang::Fr { ',' } else { '.' };
    format!("{number}{mark}{rest} {unit}")
}

fn days_between(from: &Zoned, to: &Zoned) -> i32 {
    from.date()
        .until(to.date())
        .map_or(i32::MAX, |span| span.get_days())
}

fn weekday(lang: Lang, day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => lang.monday(),
        Weekday::Tuesday => lang.tuesday(),
        Weekday::Wednesday => lang.wednesday(),
        Weekday::Thursday => lang.thursday(),
        Weekday::Friday => lang.friday(),
        Weekday::Saturday => lang.saturday(),
        Weekday::Sunday => lang.sunday(),
    }
}

fn month(lang: Lang, month: i8) -> &'static str {
    match month {
        1 => lang.january(),
        2 => lang.february(),
        3 => lang.march(),
        4 => lang.april(),
        5 => lang.may(),
        6 => lang.june(),
        7 => lang.july(),
        8 => lang.august(),
        9 => lang.september(),
        10 => lang.october(),
        11 => lang.november(),
        _ => lang.december(),
    }
}

/// An account of the ledger, as its owner calls it. `name` knows gateways by their names, and members
/// by their ids.
#[must_use]
pub fn account(t: Lang, account: &str, name: impl Fn(&str) -> String) -> String {
    let known = match account.split_once(':') {
        Some(("gateway", gateway)) => return t.ledger_gateway(name(gateway)),
        Some(("fees", gateway)) => return t.ledger_fees(name(gateway)),
        Some(("cash", "safe")) => t.ledger_safe(),
        Some(("cash", member)) => return t.ledger_till(name(member)),
        Some(("credit", _)) => t.ledger_credit(),
        _ => match account {
            "revenue" => t.ledger_revenue(),
            "refunds" => t.ledger_refunds(),
            "unallocated" => t.ledger_unallocated(),
            "platform" => t.ledger_platform(),
            "payouts" => t.ledger_payouts(),
            "differences" => t.ledger_differences(),
            other => other,
        },
    };
    known.to_owned()
}

/// Why a session ended, from what the router said (Acct-Terminate-Cause, RFC 2866 §5.10).
#[must_use]
pub fn session_end(t: Lang, cause: &str) -> String {
    match cause {
        "User-Request" => t.session_end_user(),
        "Session-Timeout" => t.session_end_time(),
        "Lost-Carrier" | "Lost-Service" | "Idle-Timeout" => t.session_end_left(),
        "Admin-Reset" => t.session_end_here(),
        "Admin-Reboot" | "NAS-Reboot" => t.session_end_router(),
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday 20 November 2026, 15:42:07 in Nairobi.
    const NOW: i64 = 1_795_178_527_000;

    #[test]
    fn times_are_as_short_as_their_distance_allows() {
        let times = Times::new(Lang::En, "Africa/Nairobi");
        assert_eq!(times.clock_seconds(NOW), "15:42:07");
        assert_eq!(times.near(NOW + 3 * 3_600_000, NOW), "18:42");
        assert_eq!(times.near(NOW + 24 * 3_600_000, NOW), "tomorrow 15:42");
        assert_eq!(times.near(NOW + 3 * 24 * 3_600_000, NOW), "Monday 15:42");
        assert_eq!(
            times.near(NOW + 30 * 24 * 3_600_000, NOW),
            "20 December 15:42"
        );
        assert_eq!(times.full(NOW), "20 November 2026, 15:42:07");
        assert_eq!(times.ago(NOW - 14 * 60_000, NOW), "14 min ago");
        assert_eq!(times.ago(NOW + 5, NOW), "just now");
        assert_eq!(Times::new(Lang::En, "Nowhere/Land").clock(NOW), "12:42");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(Lang::En, 3600), "1 hour");
        assert_eq!(duration(Lang::En, 7 * 86_400), "1 week");
        assert_eq!(duration(Lang::En, 60), "1 minute");
        assert_eq!(duration(Lang::En, 5400), "1 h 30 min");
        assert_eq!(duration(Lang::Sw, 86_400), "siku 1");
        assert_eq!(short_duration(Lang::En, 11_535), "3 h 12 min");
        assert_eq!(short_duration(Lang::En, 42), "42 s");
        assert_eq!(short_duration(Lang::En, 0), "0 s");
        assert_eq!(short_duration(Lang::En, 95), "1 min");
        assert_eq!(gap(Lang::En, 420), "420 ms");
        assert_eq!(gap(Lang::Fr, 3_200), "3,2 s");
        assert_eq!(gap(Lang::En, 12_400), "12 s");
    }

    #[test]
    fn data_and_speed_are_in_decimal_units() {
        assert_eq!(bytes(Lang::En, 350_000_000), "350 MB");
        assert_eq!(bytes(Lang::En, 1_250_000_000), "1.2 GB");
        assert_eq!(bytes(Lang::Fr, 1_250_000_000), "1,2 Go");
        assert_eq!(bytes(Lang::En, 12), "12 B");
        assert_eq!(speed(Lang::En, 5_000_000), "5 Mbps");
        assert_eq!(speed(Lang::En, 512_000), "512 kbps");
        assert_eq!(whole(Lang::En, 1_234_567), "1,234,567");
        assert_eq!(code("7KQ4M2XTRP"), "7KQ4M 2XTRP");
    }
}
