//! The use cases: each owns its transaction and checks permission.
//!
//! [`App`] is the one entry; its methods are spread over the files of this crate by use case. Slow
//! or fallible work after a commit is a job ([`App::run_jobs`]); time running out is the timer's
//! ([`App::run_expiry`]).

mod access;
mod accounts;
mod app;
mod arrival_list;
mod arrivals;
mod books;
mod by_hand;
mod calendar;
mod caller;
mod cases;
mod cash;
mod claims;
mod confirmations;
mod crash;
mod ending;
mod error;
mod events;
mod gateway_accounts;
mod idempotency;
mod inbox;
mod jobs;
mod ledger;
mod limits;
mod mpesa;
mod outgoing;
mod payouts;
mod plans;
mod providers;
mod purchase;
mod reconcile;
mod refund_books;
mod refunds;
mod reminders;
mod reports;
mod routers;
mod search;
mod sending;
mod settlement;
#[cfg(feature = "testing")]
pub mod testing;
mod tickets;
mod visit;
mod wallet;

pub use access::{Access, AccessKey};
pub use accounts::{SIGN_IN_LIFETIME, SignedIn};
pub use app::{App, Collection, Disconnected, Parts, RouterControl, Settings};
pub use arrivals::Allotment;
pub use books::{BookSpan, Entry, LEDGER_COLUMNS, ledger_row};
pub use by_hand::ByHand;
pub use caller::{Caller, Permission};
pub use cases::PROMISE;
pub use cash::{CashSale, CashSold, ShiftReport, TillDay};
pub use claims::{Claim, receipts_in};
pub use confirmations::{Confirmation, Confirmations};
pub use crash::{CRASH_POINTS, PLANTED_BUGS};
pub use error::{Error, Invalid, Result};
pub use events::{Change, Event};
pub use gateway_accounts::{GatewayState, Offer};
pub use idempotency::{Begun, RequestKey};
pub use inbox::{Incoming, Taken};
pub use mpesa::{MpesaSecrets, MpesaSettings};
pub use outgoing::Sending;
pub use payouts::CollectionState;
pub use plans::PlanDraft;
pub use providers::ProviderDraft;
pub use purchase::{PROMPT_LIFETIME, PaymentPage, Purchase};
pub use reconcile::{Cause, Disagreement, Match, Mend, Mended, StatementFrom};
pub use refunds::{RefundChoices, RefundDraft, RefundOf};
pub use reminders::{Urgency, Warning};
pub use reports::{Home, PaymentStory, Setup, Takings};
pub use routers::{OnlineSession, RouterDraft};
pub use search::Found;
pub use settlement::Settled;
pub use tickets::{MAX_BATCH, TicketPage};
pub use visit::{RouterLogin, Visit};
pub use wallet::WalletPage;

// The rows that use cases return; crates above name them by way of this one.
pub use bando_gateways::{
    Account as GatewayAccount, Asks, Profile, Refunds, Setting, SettingKind, TestReport,
    TestResult, Word,
};
pub use bando_store::{
    Account, Arrival, ArrivalFilter, ArrivalSource, ArrivalState, AuditEntry, Balance, Batch, Case,
    CaseFilter, CaseKind, CaseState, Cursor, Customer, Device, Difference, DifferenceFilter,
    DifferenceKind, DifferenceState, Engine, Member, Origin, Page, Payment, PaymentFilter,
    PaymentStep, Payout, Plan, Provider, ProviderStatus, Refund, RefundFilter, RefundWay, Role,
    Router, SendState, Session, Shift, Statement, StatementSource, StatementState, StoredAnswer,
    Ticket, TicketFilter, TimelineEntry, Transfer,
};
