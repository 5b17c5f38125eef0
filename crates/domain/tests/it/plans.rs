//! What may be sold, and when.

use bando_domain::{Burst, DataLimit, PlanTerms, RateLimit, SellingWindow, Starts};
use proptest::prelude::*;

fn rate() -> impl Strategy<Value = RateLimit> {
    let bps = || {
        prop_oneof![
            1_u64..100_000,
            (1_u64..2000).prop_map(|k| k * 1000),
            (1_u64..2000).prop_map(|m| m * 1_000_000)
        ]
    };
    let burst = (bps(), bps(), 1_u64..=100, 1_u64..=100, 1_u32..600);
    (bps(), bps(), prop::option::of(burst)).prop_map(|(up, down, burst)| RateLimit {
        upload_bps: up,
        download_bps: down,
        burst: burst.map(|(more_up, more_down, up_part, down_part, seconds)| Burst {
            upload_bps: up + more_up,
            download_bps: down + more_down,
            upload_threshold_bps: ((up + more_up) * up_part / 100).max(1),
            download_threshold_bps: ((down + more_down) * down_part / 100).max(1),
            seconds,
        }),
    })
}

fn window() -> impl Strategy<Value = SellingWindow> {
    (1_u8..=127, 0_u16..1440, 0_u16..=1440)
        .prop_map(|(days, from_minute, to_minute)| SellingWindow {
            days,
            from_minute,
            to_minute,
        })
        .prop_filter("beginning is not the end", SellingWindow::is_valid)
}

/// The minutes of a week at which it is open: from each day's beginning, minute by minute, to the
/// next time the end comes by.
fn open_minutes(window: &SellingWindow) -> Vec<bool> {
    let mut open = vec![false; 7 * 1440];
    for day in 0..7 {
        if window.days & (1 << day) == 0 {
            continue;
        }
        let mut minute = day * 1440 + usize::from(window.from_minute);
        loop {
            open[minute % (7 * 1440)] = true;
            minute += 1;
            if minute % 1440 == usize::from(window.to_minute) % 1440 {
                break;
            }
        }
    }
    open
}

proptest! {
    #[test]
    fn speeds_round_trip(limit in rate()) {
        prop_assert!(limit.is_valid());
        let text = limit.to_string();
        prop_assert_eq!(text.parse(), Ok(limit), "{}", text);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/' || b == b' '));
    }

    #[test]
    fn any_text_for_a_speed(text in "[0-9kMG/ é]{0,30}") {
        if let Ok(limit) = text.parse::<RateLimit>() {
            prop_assert!(limit.is_valid());
            prop_assert_eq!(limit.to_string().parse(), Ok(limit));
        }
    }

    #[test]
    fn a_window_is_open_when_a_naive_clock_says_so(window in window()) {
        for (minute, open) in open_minutes(&window).into_iter().enumerate() {
            let weekday = u8::try_from(minute / 1440).unwrap();
            let of_day = u16::try_from(minute % 1440).unwrap();
            prop_assert_eq!(window.contains(weekday, of_day), open, "{:?} day {} minute {}", window, weekday, of_day);
        }
    }

    #[test]
    fn terms_that_pass_end_some_day(
        validity in prop::option::of(prop_oneof![Just(0), Just(1), Just(u32::MAX), any::<u32>()]),
        data in prop::option::of(prop_oneof![Just(0), Just(u64::MAX), any::<u64>()]),
        devices: u16,
        rate in prop::option::of(rate()),
    ) {
        let terms = PlanTerms {
            validity_seconds: validity,
            data: data.map(DataLimit::from_bytes),
            starts: Starts::Purchase,
            rate,
            device_limit: devices,
        };
        let sound = (validity.is_some() || data.is_some())
            && validity.is_none_or(|s| (1..=10 * 365 * 86_400).contains(&s))
            && data.is_none_or(|d| d >= 1 && i64::try_from(d).is_ok())
            && (1..=1000).contains(&devices);
        prop_assert_eq!(terms.check().is_ok(), sound);
    }
}
