//! What can go wrong in a use case.

use std::time::Duration;

use bando_domain::{MoneyError, PhoneError, RateError, TermsError};

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use case could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or not for this caller: the two look the same on purpose.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The caller's role does not allow it.
    #[error("your role does not allow this; ask the owner")]
    Forbidden,
    /// Who calls is not known (any more).
    #[error("sign in first")]
    SignedOut,
    /// What was given does not make sense.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Too often; wait.
    #[error("too many tries; wait {} seconds", .retry_after.as_secs().max(1))]
    TooMany {
        /// How long.
        retry_after: Duration,
    },
    /// The phone has an open prompt.
    #[error("another payment prompt is open on this phone; answer it or wait a minute")]
    PromptOpen,
    /// The provider has no working account with the gateway.
    #[error(
        "this business cannot take payments yet: its M-Pesa settings are missing or switched off"
    )]
    NoGateway,
    /// The provider is suspended.
    #[error("this business is suspended")]
    Suspended,
    /// The router refused or did not answer.
    #[error("the router did not answer")]
    Router,
    /// The store.
    #[error(transparent)]
    Store(#[from] bando_store::Error),
}

/// What is wrong with what was given.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Invalid {
    /// The phone number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// An amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A plan's terms.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// A speed.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The plan is not sold, or not at this hour.
    #[error("this plan is not on sale now")]
    NotOnSale,
    /// M-Pesa takes whole shillings only.
    #[error("M-Pesa takes whole shillings from 1 to 250,000")]
    Price,
    /// The router's login page is not where the router is registered to be.
    #[error("the router's login address does not belong to a router of this business")]
    LoginAddress,
    /// A field that must hold something, is too long, or holds what it must not.
    #[error("{field}: {problem}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What to do about it.
        problem: String,
    },
    /// The name is taken.
    #[error("{0} is already taken")]
    Taken(&'static str),
}

impl Invalid {
    /// A problem with one field.
    pub fn field(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Field {
            field,
            problem: problem.into(),
        }
    }
}

impl Error {
    /// Whether the same call may succeed later without being changed.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(e) if e.is_unavailable())
    }
}

macro_rules! invalid {
    ($($type:ty)*) => {$(
        impl From<$type> for Error {
            fn from(error: $type) -> Self {
                Self::Invalid(error.into())
            }
        }
    )*};
}

invalid! { PhoneError MoneyError TermsError RateError }
