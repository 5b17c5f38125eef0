//! The ledger: balances, and the statement of an account.

use axum::Json;
use axum::extract::State;
use bando_app::BookSpan;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{Bearer, InProvider};
use super::extract::{Query, Word};
use super::problem::Problem;
use super::responses::OfLists;
use super::types::{List, Money, Time, bounds, read_time};
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_balances))
        .routes(routes!(list_entries))
}

/// What an account holds.
#[derive(Serialize, ToSchema, Debug)]
struct Balance {
    /// The account: `gateway:mpesa`, `revenue`, `fees:mpesa`, `credit:…` …
    account: String,
    /// What went in less what went out. What is owed or earned is below zero.
    balance: Money,
}

/// The moment that balances are of.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BalanceQuery {
    /// Before this time (RFC 3339); now if it is left out.
    at: Option<String>,
}

/// List the balance of every account
///
/// Together they are zero, in each currency.
#[utoipa::path(get, path = "/api/ledger/balances", tag = "Money", params(BalanceQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Balance>), OfLists))]
async fn list_balances(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<BalanceQuery>,
) -> Result<Json<List<Balance>>, Problem> {
    let at = read_time("at", query.at.as_deref())?;
    let balances = web.app.account_balances(&bearer.0, at).await?;
    Ok(Json(List::whole(balances, |row| Balance {
        account: row.account,
        balance: row.amount.into(),
    })))
}

/// A movement, as one account sees it.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = LedgerEntry)]
struct Entry {
    id: Uuid,
    at: Time,
    /// What it is: `payment`, `fee`, `excess`, `refund`, `payout` …
    kind: String,
    /// The account on its other side.
    other: String,
    /// By how much the account changed: more, or less (below zero).
    change: Money,
    /// What the account held after it.
    balance: Money,
    /// The payment, refund or other thing that it is about.
    subject: Uuid,
}

impl From<bando_app::Entry> for Entry {
    fn from(entry: bando_app::Entry) -> Self {
        Self {
            id: entry.transfer.id.uuid(),
            at: entry.transfer.at.into(),
            kind: entry.transfer.kind,
            other: entry.other,
            change: entry.change.into(),
            balance: entry.balance.into(),
            subject: entry.transfer.subject,
        }
    }
}

/// When.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EntryQuery {
    /// Only what moved at or after this time (RFC 3339).
    from: Option<String>,
    /// Only what moved before this time (RFC 3339).
    to: Option<String>,
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// List the movements of an account, newest first
#[utoipa::path(get, path = "/api/ledger/accounts/{account}", tag = "Money",
    params(("account" = String, Path, description = "The account, as balances name it."), EntryQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Entry>), OfLists))]
async fn list_entries(
    State(web): State<Web>,
    bearer: Bearer,
    Word(account): Word,
    Query(query): Query<EntryQuery>,
) -> Result<Json<List<Entry>>, Problem> {
    let (after, size) = bounds(query.cursor, query.limit)?;
    let span = BookSpan {
        from: read_time("from", query.from.as_deref())?,
        to: read_time("to", query.to.as_deref())?,
    };
    let page = web
        .app
        .account_statement(&bearer.0, &account, &span, after, size)
        .await?;
    Ok(Json(List::of(page, Entry::from)))
}
