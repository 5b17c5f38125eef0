//! The lives of payments and tickets, against what anybody would write down about them.

use bando_domain::{EndReason, PaymentEvent, PaymentStatus, TicketState};
use proptest::prelude::*;

fn payment_event() -> impl Strategy<Value = PaymentEvent> {
    use PaymentEvent::{Cancelled, Expired, Failed, Paid, Refunded};
    proptest::sample::select(vec![Paid, Failed, Cancelled, Expired, Refunded])
}

#[derive(Clone, Copy, Debug)]
enum TicketEvent {
    Activate,
    End(EndReason),
}

fn ticket_event() -> impl Strategy<Value = TicketEvent> {
    use EndReason::{Expired, Revoked, UsedUp};
    proptest::sample::select(vec![
        TicketEvent::Activate,
        TicketEvent::End(Expired),
        TicketEvent::End(UsedUp),
        TicketEvent::End(Revoked),
    ])
}

proptest! {
    /// Whatever comes in whatever order: paid once is paid, and a refund follows only money.
    #[test]
    fn money_wins(events in prop::collection::vec(payment_event(), 0..30)) {
        let (mut status, mut paid, mut refunded, mut settled) = (PaymentStatus::Pending, false, false, 0);
        for event in events {
            let next = status.after(event);
            match event {
                PaymentEvent::Paid if !paid => {
                    prop_assert_eq!(next, Some(PaymentStatus::Success), "a late success counts");
                    paid = true;
                    settled += 1;
                }
                PaymentEvent::Refunded if paid && !refunded => {
                    prop_assert_eq!(next, Some(PaymentStatus::Refunded));
                    refunded = true;
                }
                PaymentEvent::Paid | PaymentEvent::Refunded => prop_assert_eq!(next, None),
                // The first word of failure counts, and none after the money.
                _ => prop_assert_eq!(next.is_some(), status == PaymentStatus::Pending),
            }
            status = next.unwrap_or(status);
            prop_assert_eq!(status.was_paid(), paid);
        }
        prop_assert!(settled <= 1);
    }

    /// A ticket begins at most once, ends at most once, and never comes back.
    #[test]
    fn one_life(events in prop::collection::vec(ticket_event(), 0..30)) {
        let (mut state, mut begun, mut ended) = (TicketState::Unused, 0, 0);
        for event in events {
            let next = match event {
                TicketEvent::Activate => state.activated(),
                TicketEvent::End(reason) => state.ended(reason),
            };
            let Some(next) = next else {
                continue;
            };
            prop_assert_ne!(next, state);
            prop_assert!(!state.is_ended(), "nothing follows an end");
            match event {
                TicketEvent::Activate => begun += 1,
                TicketEvent::End(reason) => {
                    ended += 1;
                    prop_assert!(next.is_ended());
                    prop_assert!(begun == 1 || reason == EndReason::Revoked, "what never began cannot run out");
                }
            }
            state = next;
        }
        prop_assert!(begun <= 1 && ended <= 1);
        prop_assert_eq!(state.is_ended(), ended == 1);
    }
}

#[test]
fn names_are_read_back() {
    for status in PaymentStatus::ALL {
        assert_eq!(status.name().parse(), Ok(status));
    }
    for state in TicketState::ALL {
        assert_eq!(state.name().parse(), Ok(state));
    }
    assert!("Pending".parse::<PaymentStatus>().is_err());
}
