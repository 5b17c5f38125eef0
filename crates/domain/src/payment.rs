//! The life of a payment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ticket::UnknownState;

/// `pending → success / failed / expired / cancelled`, then `refunded`.
///
/// Success is sticky, and money wins: a late success overrides any failure, never the reverse.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Asked for; nothing final is known.
    Pending,
    /// The money arrived and the ticket was issued.
    Success,
    /// The gateway said no for good.
    Failed,
    /// Nothing was heard in all the time allowed.
    Expired,
    /// The payer declined.
    Cancelled,
    /// The money went back.
    Refunded,
}

/// What can happen to a payment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PaymentEvent {
    /// The money is confirmed.
    Paid,
    /// The gateway refused for good.
    Failed,
    /// The payer declined.
    Cancelled,
    /// The last check found nothing.
    Expired,
    /// The money was sent back.
    Refunded,
}

impl PaymentStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Success,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::Refunded,
    ];

    /// The name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// The status after `event`; none when the event changes nothing.
    pub const fn after(self, event: PaymentEvent) -> Option<Self> {
        match (self, event) {
            (
                Self::Pending | Self::Failed | Self::Expired | Self::Cancelled,
                PaymentEvent::Paid,
            ) => Some(Self::Success),
            (Self::Pending, PaymentEvent::Failed) => Some(Self::Failed),
            (Self::Pending, PaymentEvent::Cancelled) => Some(Self::Cancelled),
            (Self::Pending, PaymentEvent::Expired) => Some(Self::Expired),
            (Self::Success, PaymentEvent::Refunded) => Some(Self::Refunded),
            _ => None,
        }
    }

    /// Whether the money was received (and perhaps returned later).
    pub const fn was_paid(self) -> bool {
        matches!(self, Self::Success | Self::Refunded)
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PaymentStatus {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or(UnknownState)
    }
}
