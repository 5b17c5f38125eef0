//! What each page shows: one struct per template, filled by handlers with words and numbers that
//! are ready to read. Nothing here asks a database, and nothing here decides.

pub mod console;
pub mod demo;
pub mod portal;

use crate::i18n::Lang;

/// The four states a colour may say; a sign and a word always stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Done, connected, paid.
    Ok,
    /// Something is under way.
    Wait,
    /// Something failed or needs a hand.
    Bad,
    /// Worth knowing.
    Info,
}

impl Tone {
    /// Its CSS class.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Wait => "wait",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }

    /// Its sign: an icon of the sprite.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Ok => "circle-check",
            Self::Wait => "clock",
            Self::Bad => "triangle-alert",
            Self::Info => "info",
        }
    }
}

/// A message above a page's content: the result of what was just done, or something to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Good, bad, or just so.
    pub tone: Tone,
    /// One sentence, two at most.
    pub text: String,
}

impl Notice {
    /// A message with this tone.
    #[must_use]
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }
}

/// A form field: what was typed, and why it cannot stay so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The value to show, as typed.
    pub value: String,
    /// What is wrong and how to write it right.
    pub error: Option<String>,
}

impl Field {
    /// A field without an error.
    #[must_use]
    pub fn of(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            error: None,
        }
    }
}

/// One choice of a list or of a row of buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What the reader sees.
    pub label: String,
    /// Whether it is the chosen one.
    pub selected: bool,
}

/// How much is left of a ticket's time or data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauge {
    /// What is left, from 0 to 100.
    pub percent: u8,
    /// `3 h 12 min left`.
    pub left: String,
    /// `until 18:42`, `of 2 GB`.
    pub detail: String,
}

impl Gauge {
    /// The bar.
    #[must_use]
    pub fn svg(&self) -> String {
        crate::charts::gauge(self.percent, &self.left)
    }
}

/// Where a payment stands, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Waiting for the payer or for the gateway's word.
    Pending,
    /// Paid.
    Success,
    /// Refused.
    Failed,
    /// Never answered.
    Expired,
    /// Given up by the payer.
    Cancelled,
    /// Paid, then given back.
    Refunded,
}

impl PaymentStatus {
    /// All of them, in the order filters offer them.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Pending,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
        Self::Refunded,
    ];

    /// Its name in addresses (`?status=failed`).
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }

    /// Its colour.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Pending => Tone::Wait,
            Self::Success => Tone::Ok,
            Self::Failed => Tone::Bad,
            Self::Expired | Self::Cancelled | Self::Refunded => Tone::Info,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Pending => lang.payment_pending(),
            Self::Success => lang.payment_success(),
            Self::Failed => lang.payment_failed(),
            Self::Expired => lang.payment_expired(),
            Self::Cancelled => lang.payment_cancelled(),
            Self::Refunded => lang.payment_refunded(),
        }
    }
}

/// Where a ticket stands, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketStatus {
    /// Not used yet.
    Unused,
    /// In use.
    Active,
    /// Its data is gone.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Stopped by the provider.
    Revoked,
}

impl TicketStatus {
    /// All of them, in the order filters offer them.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::Unused,
        Self::UsedUp,
        Self::Expired,
        Self::Revoked,
    ];

    /// Its name in addresses (`?status=active`).
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Active => "active",
            Self::UsedUp => "used-up",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Its colour.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Ok,
            Self::Unused => Tone::Info,
            Self::UsedUp | Self::Expired => Tone::Wait,
            Self::Revoked => Tone::Bad,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Unused => lang.ticket_unused(),
            Self::Active => lang.ticket_active(),
            Self::UsedUp => lang.ticket_used_up(),
            Self::Expired => lang.ticket_expired(),
            Self::Revoked => lang.ticket_revoked(),
        }
    }

    /// Whether it can still let somebody in.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Unused | Self::Active)
    }
}
