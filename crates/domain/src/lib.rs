//! The words of Bando as types: money, phones, MAC addresses, codes, plans, tickets, payments.
//!
//! Pure: no I/O, no async, no clock. Time and randomness come in as arguments ([`Clock`],
//! [`Entropy`]), so that expiry to the second and crash runs can be replayed from a seed.

mod code;
mod entitlement;
mod failure;
mod id;
mod language;
mod mac;
mod money;
mod payment;
mod phone;
mod plan;
mod rate;
mod secret;
mod slug;
mod ticket;
mod time;
mod world;

pub use code::{CODE_ALPHABET, CODE_LENGTH, CodeError, TicketCode};
pub use entitlement::{Entitlement, Refusal, Usage};
pub use failure::PaymentFailure;
pub use id::{
    AccountId, ArrivalId, BatchId, CaseId, CustomerId, DifferenceId, LedgerTransferId, MessageId,
    PaymentId, PayoutId, PlanId, ProviderId, RefundId, RouterId, SessionId, ShiftId, StatementId,
    TicketId,
};
pub use language::Language;
pub use mac::{MacAddr, MacError};
pub use money::{Currency, Money, MoneyError};
pub use payment::{PaymentEvent, PaymentStatus};
pub use phone::{Country, Phone, PhoneError};
pub use plan::{DataLimit, PlanTerms, SellingWindow, Starts, TermsError};
pub use rate::{Burst, RateError, RateLimit};
pub use secret::Secret;
pub use slug::{Slug, SlugError};
pub use ticket::{EndReason, TicketState, UnknownState};
pub use time::Timestamp;
pub use world::{Clock, Entropy};
