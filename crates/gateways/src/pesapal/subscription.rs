//! Card subscriptions: what Pesapal can do beyond the one interface of all gateways.
//!
//! The customer agrees to a subscription on the pay page, and ends it by a link in Pesapal's mail;
//! a merchant cannot end it. Every later charge is an order of Pesapal's own making: its notification
//! is `RECURRING` and names our account number, and its status names a reference of Pesapal's.

use bando_domain::{Money, Timestamp};
use jiff::tz::{Offset, offset};
use serde::Serialize;

use crate::gateway::Verdict;

/// East Africa Time, in which Pesapal's dates are.
const EAT: Offset = offset(3);

/// The subscription that an order may begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// Our name for the subscription; every later charge carries it. At most 50 letters, digits,
    /// `-`, `_`, `.` and `:`.
    pub account_number: String,
    /// When it is charged. None: the customer chooses on the pay page.
    pub schedule: Option<Schedule>,
}

/// When a subscription is charged. The customer cannot change it, only refuse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// On its first day (in East Africa).
    pub from: Timestamp,
    /// On its last day (in East Africa).
    pub until: Timestamp,
    /// How often in between.
    pub frequency: Frequency,
}

/// How often a subscription is charged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Frequency {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// Every year.
    Yearly,
}

/// What the status of a subscription's charge says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionCharge {
    /// What became of the money. Unlike [`crate::Gateway::query`]'s it is about whatever reference
    /// Pesapal gave the charge: believe it only together with [`info`](Self::info).
    pub verdict: Verdict,
    /// Which subscription it is of; none when it is of none.
    pub info: Option<SubscriptionInfo>,
}

/// `subscription_transaction_info`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionInfo {
    /// [`Subscription::account_number`].
    pub account_reference: String,
    /// Pesapal's number for the subscription.
    pub correlation_id: Option<String>,
    /// What was charged.
    pub amount: Option<Money>,
}

/// What came of cancelling an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CancelledOrder {
    /// It cannot be paid any more.
    Done,
    /// Pesapal says no: it is paid, or was cancelled before.
    Refused {
        /// What it said.
        why: String,
    },
    /// No answer that means anything.
    Unknown {
        /// What happened instead.
        why: String,
    },
}

/// `subscription_details`.
#[derive(Serialize)]
pub(super) struct Details {
    start_date: String,
    end_date: String,
    frequency: Frequency,
}

impl From<Schedule> for Details {
    fn from(schedule: Schedule) -> Self {
        Self {
            start_date: day(schedule.from),
            end_date: day(schedule.until),
            frequency: schedule.frequency,
        }
    }
}

/// `dd-MM-yyyy`.
fn day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    EAT.to_datetime(at).strftime("%d-%m-%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_east_africa() {
        // 2023-01-24 21:30 UTC is the 25th in Nairobi.
        assert_eq!(day(Timestamp::from_seconds(1_674_595_800)), "25-01-2023");
    }
}
