//! Tables, migrations and every SQL statement, tenant-scoped.
//!
//! A tenant's rows are reached only through a [`TenantTx`], which carries the provider and binds it
//! as `$1` of every statement; work across providers (looking a router up by its identity, finding
//! what is due) needs a [`SystemTx`]. The methods of both are spread over the files of this crate,
//! one a table or a few that belong together.

mod accounts;
mod arrivals;
mod audit;
mod cases;
mod comparison;
mod counters;
mod customers;
mod differences;
mod error;
mod field;
mod gateway_accounts;
mod idempotency;
mod jobs;
mod ledger;
mod messages;
mod page;
mod payments;
mod payouts;
mod plans;
mod providers;
mod receipts;
mod refunds;
mod reports;
mod routers;
mod schema;
mod sessions;
mod shifts;
mod statements;
#[cfg(feature = "testing")]
pub mod testing;
mod tickets;
mod tx;
mod vault;

pub use accounts::{Account, Member, RefreshToken, Role};
pub use arrivals::{Arrival, ArrivalFilter, ArrivalSource, ArrivalState};
pub use audit::AuditEntry;
pub use bando_db::{DatabaseUrl, Engine, Options};
pub use cases::{Case, CaseFilter, CaseKind, CaseState, NewCase};
pub use comparison::{BooksOf, OurArrival, OurPayment, OurSend, Ours, SendId};
pub use customers::Customer;
pub use differences::{Difference, DifferenceFilter, DifferenceKind, DifferenceState};
pub use error::{Error, Result};
pub use gateway_accounts::{GatewayAccount, account_row, gateway_of_row};
pub use idempotency::{KnownRequest, StoredAnswer};
pub use jobs::{Job, JobKind};
pub use ledger::{Balance, Transfer, TransferFilter, Turnover};
pub use messages::{About, GatewayMessage};
pub use page::{Cursor, Page};
pub use payments::{PayerHistory, Payment, PaymentFilter, PaymentStep, TimelineEntry};
pub use payouts::Payout;
pub use plans::Plan;
pub use providers::{Provider, ProviderStatus};
pub use refunds::{Refund, RefundFilter, RefundWay, SendState};
pub use reports::DayRevenue;
pub use routers::{NewRouter, Router};
pub use schema::MIGRATIONS;
pub use sessions::{Session, SessionUpdate};
pub use shifts::Shift;
pub use statements::{LineKind, Statement, StatementLine, StatementSource, StatementState};
pub use tickets::{Batch, Device, Origin, Ticket, TicketFilter};
pub use tx::{Store, SystemTx, TenantTx};
pub use vault::{Link, MasterKey, Place, Vault};
