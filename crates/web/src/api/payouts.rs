//! Payouts: what the platform has collected for a business and sends to it. One member asks, another
//! agrees.

use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn;
use bando_app::SendState;
use bando_domain::{AccountId, PayoutId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{Bearer, InProvider};
use super::extract::{Body, Id, Query};
use super::idempotency::{self, OnceOnly};
use super::problem::{Kind, Problem};
use super::responses::{OfLists, OfMoney, OfOne};
use super::types::{Amount, List, Money, Time, bounds, read_amount, read_word, sending};
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_payouts, request_payout))
        .routes(routes!(get_payout))
        .routes(routes!(approve_payout))
        .routes(routes!(decline_payout))
        .layer(from_fn(idempotency::for_members))
        .routes(routes!(get_collection))
}

/// What the platform collects for a business.
#[derive(Serialize, ToSchema, Debug)]
struct Collection {
    /// The gateway it collects by.
    gateway: &'static str,
    /// Whether the business has asked for it.
    enabled: bool,
    /// What the platform keeps of each payment, in hundredths of a percent.
    fee_basis_points: u32,
    /// What it owes.
    owed: Money,
    /// What of that is on its way.
    reserved: Money,
    /// What may be paid out now.
    available: Money,
}

/// Get what the platform has collected and owes
///
/// Not found where the installation collects for nobody.
#[utoipa::path(get, path = "/api/collection", tag = "Money", params(InProvider), security(("bearer" = [])),
    responses((status = 200, description = "How it stands", body = Collection), OfOne))]
async fn get_collection(
    State(web): State<Web>,
    bearer: Bearer,
) -> Result<Json<Collection>, Problem> {
    let state = web.app.collection(&bearer.0).await?;
    let state = state.ok_or_else(|| {
        let detail = "this installation collects for nobody: payments go to the business itself";
        Problem::new(Kind::NotFound, detail)
    })?;
    Ok(Json(Collection {
        gateway: state.gateway,
        enabled: state.enabled,
        fee_basis_points: state.fee_basis_points,
        owed: state.owed.into(),
        reserved: state.reserved.into(),
        available: state.available.into(),
    }))
}

/// Money on its way from the platform to a business.
#[derive(Serialize, ToSchema, Debug)]
struct Payout {
    id: Uuid,
    amount: Money,
    /// The phone it goes to; whole for managers and owners, else masked.
    phone: String,
    #[schema(schema_with = sending)]
    state: &'static str,
    /// The member who asked for it.
    requested_by: Uuid,
    requested_at: Time,
    /// The member who agreed or declined.
    decided_by: Option<Uuid>,
    decided_at: Option<Time>,
    /// The receipt of the money that was sent.
    receipt: Option<String>,
    /// What the gateway said.
    result: Option<String>,
    /// When its outcome became known.
    finished_at: Option<Time>,
}

impl Payout {
    fn seen_by(bearer: &Bearer, payout: bando_app::Payout) -> Self {
        Self {
            id: payout.id.uuid(),
            amount: payout.amount.into(),
            phone: bearer.phone(&payout.phone),
            state: payout.state.name(),
            requested_by: payout.requested_by.uuid(),
            requested_at: payout.requested_at.into(),
            decided_by: payout.decided_by.map(AccountId::uuid),
            decided_at: payout.decided_at.map(Time::from),
            receipt: payout.receipt,
            result: payout.result_text,
            finished_at: payout.finished_at.map(Time::from),
        }
    }
}

/// Which payouts.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PayoutQuery {
    /// Only those that have come this far.
    #[param(schema_with = sending, required = false)]
    state: Option<String>,
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// List the payouts, newest first
#[utoipa::path(get, path = "/api/payouts", tag = "Money", params(PayoutQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Payout>), OfLists))]
async fn list_payouts(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<PayoutQuery>,
) -> Result<Json<List<Payout>>, Problem> {
    let (after, size) = bounds(query.cursor, query.limit)?;
    let state = read_word("state", query.state.as_deref(), SendState::named)?;
    let page = web.app.payouts(&bearer.0, state, after, size).await?;
    Ok(Json(List::of(page, |p| Payout::seen_by(&bearer, p))))
}

/// Get a payout
#[utoipa::path(get, path = "/api/payouts/{id}", tag = "Money", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The payout", body = Payout), OfOne))]
async fn get_payout(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PayoutId>,
) -> Result<Json<Payout>, Problem> {
    let payout = web.app.payout(&bearer.0, id).await?;
    Ok(Json(Payout::seen_by(&bearer, payout)))
}

/// A payout to be asked for.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct PayoutRequest {
    /// How much, at most what is `available`.
    amount: Amount,
}

/// Ask for a payout
///
/// It goes to the phone that the owner has set. A second member has to agree. Needs an owner.
#[utoipa::path(post, path = "/api/payouts", tag = "Money", params(InProvider, OnceOnly), security(("bearer" = [])),
    request_body = PayoutRequest, responses((status = 201, description = "The payout", body = Payout), OfMoney))]
async fn request_payout(
    State(web): State<Web>,
    bearer: Bearer,
    Body(request): Body<PayoutRequest>,
) -> Result<(StatusCode, Json<Payout>), Problem> {
    let amount = read_amount(&web, &bearer, &request.amount).await?;
    let payout = web.app.request_payout(&bearer.0, amount).await?;
    Ok((StatusCode::CREATED, Json(Payout::seen_by(&bearer, payout))))
}

/// Agree to a payout, which sends it
///
/// Needs a manager, and another than who asked.
#[utoipa::path(post, path = "/api/payouts/{id}/approve", tag = "Money", params(("id" = Uuid, Path), InProvider, OnceOnly),
    security(("bearer" = [])), responses((status = 200, description = "The payout as it is now", body = Payout), OfMoney))]
async fn approve_payout(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PayoutId>,
) -> Result<Json<Payout>, Problem> {
    let payout = web.app.decide_payout(&bearer.0, id, true).await?;
    Ok(Json(Payout::seen_by(&bearer, payout)))
}

/// Decline a payout, or take back one's own
///
/// Needs a manager.
#[utoipa::path(post, path = "/api/payouts/{id}/decline", tag = "Money", params(("id" = Uuid, Path), InProvider, OnceOnly),
    security(("bearer" = [])), responses((status = 200, description = "The payout as it is now", body = Payout), OfMoney))]
async fn decline_payout(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PayoutId>,
) -> Result<Json<Payout>, Problem> {
    let payout = web.app.decide_payout(&bearer.0, id, false).await?;
    Ok(Json(Payout::seen_by(&bearer, payout)))
}
