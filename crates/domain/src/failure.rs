//! Why a payment did not happen, in the classes a person can act on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ticket::UnknownState;

/// The reason a gateway gave, whatever its own code for it. Each has one sentence in every language
/// and one right thing to do next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentFailure {
    /// Not enough money in the payer's wallet.
    InsufficientFunds,
    /// The payer declined the prompt.
    Cancelled,
    /// The payer did not answer, or the phone could not be reached.
    NoAnswer,
    /// The PIN was wrong.
    WrongPin,
    /// The prompt ran out before the PIN came.
    PromptExpired,
    /// Another prompt is open on that phone.
    PromptOpen,
    /// The prompt could not be delivered to the phone.
    PromptUndelivered,
    /// The gateway is busy or broken at the moment.
    GatewayBusy,
    /// Over the payer's daily or balance limit, or the amount is out of bounds.
    LimitExceeded,
    /// The payer's own account does not allow it (blocked, in debt, not registered).
    PayerNotAllowed,
    /// The provider's credentials or shortcode are wrong or not allowed to do this.
    ProviderMisconfigured,
    /// Nothing was heard in all the time allowed.
    NeverConfirmed,
    /// Less money arrived than was asked for; it is kept as the payer's credit.
    PaidTooLittle,
    /// Money of another currency arrived; a person decides what becomes of it.
    WrongCurrency,
    /// The money arrived and went back to the payer.
    Reversed,
    /// The provider says that no such money arrived.
    NotReceived,
}

impl PaymentFailure {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::InsufficientFunds,
        Self::Cancelled,
        Self::NoAnswer,
        Self::WrongPin,
        Self::PromptExpired,
        Self::PromptOpen,
        Self::PromptUndelivered,
        Self::GatewayBusy,
        Self::LimitExceeded,
        Self::PayerNotAllowed,
        Self::ProviderMisconfigured,
        Self::NeverConfirmed,
        Self::PaidTooLittle,
        Self::WrongCurrency,
        Self::Reversed,
        Self::NotReceived,
    ];

    /// The name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::Cancelled => "cancelled",
            Self::NoAnswer => "no_answer",
            Self::WrongPin => "wrong_pin",
            Self::PromptExpired => "prompt_expired",
            Self::PromptOpen => "prompt_open",
            Self::PromptUndelivered => "prompt_undelivered",
            Self::GatewayBusy => "gateway_busy",
            Self::LimitExceeded => "limit_exceeded",
            Self::PayerNotAllowed => "payer_not_allowed",
            Self::ProviderMisconfigured => "provider_misconfigured",
            Self::NeverConfirmed => "never_confirmed",
            Self::PaidTooLittle => "paid_too_little",
            Self::WrongCurrency => "wrong_currency",
            Self::Reversed => "reversed",
            Self::NotReceived => "not_received",
        }
    }
}

impl fmt::Display for PaymentFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PaymentFailure {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|s| s.name() == text)
            .ok_or(UnknownState)
    }
}
