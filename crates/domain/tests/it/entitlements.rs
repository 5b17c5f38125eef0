//! What a ticket is worth only ever gets less, and is told to the router to the second.

use std::time::Duration;

use bando_domain::{
    DataLimit, EndReason, Entitlement, PlanTerms, Starts, TicketState, Timestamp, Usage,
};
use proptest::prelude::*;

fn terms() -> impl Strategy<Value = PlanTerms> {
    (
        prop::option::of(1_u32..=PlanTerms::MAX_VALIDITY_SECONDS),
        prop::option::of(1..u64::MAX / 2),
    )
        .prop_filter("ends", |(time, data)| time.is_some() || data.is_some())
        .prop_map(|(validity_seconds, data)| PlanTerms {
            validity_seconds,
            data: data.map(DataLimit::from_bytes),
            starts: Starts::FirstUse,
            rate: None,
            device_limit: 1,
        })
}

fn usage() -> impl Strategy<Value = Usage> {
    (any::<u64>(), any::<u64>()).prop_map(|(octets_in, octets_out)| Usage {
        octets_in,
        octets_out,
    })
}

const BEGUN: Timestamp = Timestamp::from_seconds(1_795_176_000);

proptest! {
    #[test]
    fn only_ever_less(
        terms in terms(),
        used in usage(),
        more in usage(),
        wait in 0_u64..20 * 365 * 86_400_000,
        longer in 0_u64..20 * 365 * 86_400_000,
    ) {
        let end = terms.validity().map(|v| BEGUN.plus(v));
        let at = |usage, millis| {
            Entitlement::of(TicketState::Active, &terms, end, usage, BEGUN.plus(Duration::from_millis(millis)))
        };
        let after = Usage {
            octets_in: used.octets_in.saturating_add(more.octets_in),
            octets_out: used.octets_out.saturating_add(more.octets_out),
        };
        let (now, later) = (at(used, wait), at(after, wait.saturating_add(longer)));
        match (now, later) {
            (Err(_), later) => prop_assert!(later.is_err(), "over is over"),
            (Ok(now), Ok(later)) => {
                prop_assert!(later.remaining <= now.remaining);
                prop_assert!(later.remaining_octets <= now.remaining_octets);
                prop_assert_eq!(later.expires_at, now.expires_at);
                prop_assert!(!now.activates);
            }
            (Ok(_), Err(_)) => {}
        }
    }

    #[test]
    fn the_router_gets_every_second_and_not_one_more(terms in terms(), wait in 0_u64..400_000_000) {
        let end = terms.validity().map(|v| BEGUN.plus(v));
        let now = BEGUN.plus(Duration::from_millis(wait));
        let Ok(given) = Entitlement::of(TicketState::Active, &terms, end, Usage::default(), now) else {
            prop_assert!(end.is_some_and(|end| end <= now));
            return Ok(());
        };
        match (given.session_timeout(), end) {
            (None, None) => {}
            (Some(seconds), Some(end)) => {
                prop_assert!(seconds >= 1, "0 is no limit for RouterOS");
                let cut = now.plus(Duration::from_secs(seconds.into()));
                prop_assert!(cut >= end, "nothing is stolen");
                prop_assert!(cut.since(end) < Duration::from_secs(1), "nothing is given away");
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn an_unused_ticket_always_has_all_of_it(terms in terms(), now in 0_i64..4_000_000_000_000) {
        let now = Timestamp::from_millis(now);
        let given = Entitlement::of(TicketState::Unused, &terms, None, Usage::default(), now).unwrap();
        prop_assert!(given.activates);
        prop_assert_eq!(given.remaining, terms.validity());
        prop_assert_eq!(given.remaining_octets, terms.data.map(DataLimit::bytes));
    }

    #[test]
    fn the_end_is_at_the_limit_and_not_beside_it(limit in 1_u64..1_000_000, used in 0_u64..2_000_000) {
        let terms = PlanTerms {
            validity_seconds: None,
            data: Some(DataLimit::from_bytes(limit)),
            starts: Starts::FirstUse,
            rate: None,
            device_limit: 1,
        };
        let usage = Usage { octets_in: used / 3, octets_out: used - used / 3 };
        let given = Entitlement::of(TicketState::Active, &terms, None, usage, BEGUN);
        if used >= limit {
            prop_assert_eq!(given, Err(EndReason::UsedUp));
        } else {
            prop_assert_eq!(given.unwrap().remaining_octets, Some(limit - used));
        }
    }
}

#[test]
fn an_ended_ticket_gives_nothing_whatever_it_has_left() {
    let terms = PlanTerms {
        validity_seconds: Some(60),
        data: None,
        starts: Starts::Purchase,
        rate: None,
        device_limit: 1,
    };
    for state in TicketState::ALL.into_iter().filter(|s| s.is_ended()) {
        let far = Some(BEGUN.plus(Duration::from_secs(60)));
        assert!(Entitlement::of(state, &terms, far, Usage::default(), BEGUN).is_err());
    }
}
