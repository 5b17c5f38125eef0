//! The life of a ticket.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `unused → active → used_up / expired / revoked`; an unused ticket may be revoked too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// Sold or printed; its time has not begun.
    Unused,
    /// Its time runs.
    Active,
    /// Its data is spent.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Taken back by a member or by a refund.
    Revoked,
}

/// Why a ticket ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The data is spent.
    UsedUp,
    /// The time is over.
    Expired,
    /// Taken back.
    Revoked,
}

impl TicketState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Unused,
        Self::Active,
        Self::UsedUp,
        Self::Expired,
        Self::Revoked,
    ];

    /// The name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Active => "active",
            Self::UsedUp => "used_up",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Over for good.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::UsedUp | Self::Expired | Self::Revoked)
    }

    /// The state once its time begins to run; none unless it was unused.
    pub const fn activated(self) -> Option<Self> {
        match self {
            Self::Unused => Some(Self::Active),
            _ => None,
        }
    }

    /// The state once it ends for that reason; none if it had ended before, or if something that
    /// never began would run out.
    pub const fn ended(self, reason: EndReason) -> Option<Self> {
        match (self, reason) {
            (Self::Active, EndReason::UsedUp) => Some(Self::UsedUp),
            (Self::Active, EndReason::Expired) => Some(Self::Expired),
            (Self::Unused | Self::Active, EndReason::Revoked) => Some(Self::Revoked),
            _ => None,
        }
    }
}

impl fmt::Display for TicketState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TicketState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or(UnknownState)
    }
}

/// A text that names no state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no such state")]
pub struct UnknownState;
