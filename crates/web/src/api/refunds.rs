//! Refunds: one member asks, another agrees.

use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn;
use bando_app::{RefundDraft, RefundFilter, RefundOf, RefundWay, SendState};
use bando_domain::{AccountId, ArrivalId, PaymentId, RefundId};
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
        .routes(routes!(list_refunds, request_refund))
        .routes(routes!(get_refund))
        .routes(routes!(approve_refund))
        .routes(routes!(decline_refund))
        .layer(from_fn(idempotency::for_members))
}

/// Money that goes back to its payer.
#[derive(Serialize, ToSchema, Debug)]
struct Refund {
    id: Uuid,
    /// The payment it is of.
    payment_id: Option<Uuid>,
    /// The money in the queue that it is of.
    arrival_id: Option<Uuid>,
    amount: Money,
    /// `gateway`, `wallet`, `cash` or `by_hand`.
    way: &'static str,
    /// The gateway that the money came by.
    gateway: String,
    #[schema(schema_with = sending)]
    state: &'static str,
    /// Why.
    reason: String,
    /// Whether the ticket ends with it.
    revoke: bool,
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

impl From<bando_app::Refund> for Refund {
    fn from(refund: bando_app::Refund) -> Self {
        Self {
            id: refund.id.uuid(),
            payment_id: refund.payment.map(PaymentId::uuid),
            arrival_id: refund.arrival.map(ArrivalId::uuid),
            amount: refund.amount.into(),
            way: refund.way.name(),
            gateway: refund.gateway,
            state: refund.state.name(),
            reason: refund.reason,
            revoke: refund.revoke,
            requested_by: refund.requested_by.uuid(),
            requested_at: refund.requested_at.into(),
            decided_by: refund.decided_by.map(AccountId::uuid),
            decided_at: refund.decided_at.map(Time::from),
            receipt: refund.receipt,
            result: refund.result_text,
            finished_at: refund.finished_at.map(Time::from),
        }
    }
}

/// Which refunds.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RefundQuery {
    /// Only those that have come this far.
    #[param(schema_with = sending, required = false)]
    state: Option<String>,
    /// Only those of this payment.
    #[param(value_type = Option<Uuid>)]
    payment: Option<PaymentId>,
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// List the refunds, newest first
#[utoipa::path(get, path = "/api/refunds", tag = "Money", params(RefundQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Refund>), OfLists))]
async fn list_refunds(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<RefundQuery>,
) -> Result<Json<List<Refund>>, Problem> {
    let (after, size) = bounds(query.cursor, query.limit)?;
    let filter = RefundFilter {
        state: read_word("state", query.state.as_deref(), SendState::named)?,
        payment: query.payment,
        arrival: None,
    };
    let page = web.app.refunds(&bearer.0, &filter, after, size).await?;
    Ok(Json(List::of(page, Refund::from)))
}

/// Get a refund
#[utoipa::path(get, path = "/api/refunds/{id}", tag = "Money", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The refund", body = Refund), OfOne))]
async fn get_refund(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<RefundId>,
) -> Result<Json<Refund>, Problem> {
    Ok(Json(web.app.refund(&bearer.0, id).await?.into()))
}

/// A refund to be asked for: of a payment, or of money in the queue.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct RefundRequest {
    /// The payment; this or `arrival_id`.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    payment_id: Option<PaymentId>,
    /// The money in the queue; this or `payment_id`.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    arrival_id: Option<ArrivalId>,
    /// How much; all that is left of it if it is left out.
    #[serde(default)]
    amount: Option<Amount>,
    /// How it goes back: `gateway`, `wallet` (the customer's credit), `cash` (out of the till of who
    /// asks), `by_hand`.
    #[schema(examples("gateway"))]
    way: String,
    /// Why; at most 200 characters.
    #[schema(max_length = 200)]
    reason: String,
    /// Whether the ticket ends with it.
    #[serde(default)]
    revoke: bool,
}

/// Ask for a refund
///
/// Another member has to agree before anything is sent. What is asked for is reserved, so that it
/// cannot go back twice. Needs a cashier.
#[utoipa::path(post, path = "/api/refunds", tag = "Money", params(InProvider, OnceOnly), security(("bearer" = [])),
    request_body = RefundRequest, responses((status = 201, description = "The refund", body = Refund), OfMoney))]
async fn request_refund(
    State(web): State<Web>,
    bearer: Bearer,
    Body(request): Body<RefundRequest>,
) -> Result<(StatusCode, Json<Refund>), Problem> {
    let of = match (request.payment_id, request.arrival_id) {
        (Some(payment), None) => RefundOf::Payment(payment),
        (None, Some(arrival)) => RefundOf::Arrival(arrival),
        _ => {
            let detail = "say which money: payment_id or arrival_id, not both";
            return Err(Problem::new(Kind::Invalid, detail).at("payment_id"));
        }
    };
    let amount = match &request.amount {
        Some(amount) => Some(read_amount(&web, &bearer, amount).await?),
        None => None,
    };
    let way = read_word("way", Some(&request.way), RefundWay::named)?;
    let draft = RefundDraft {
        of,
        amount,
        way: way.unwrap_or(RefundWay::ByHand),
        reason: request.reason,
        revoke: request.revoke,
    };
    let refund = web.app.request_refund(&bearer.0, draft).await?;
    Ok((StatusCode::CREATED, Json(refund.into())))
}

/// Agree to a refund, which sends it
///
/// Needs a manager, and another than who asked; an owner who is alone may agree to their own.
#[utoipa::path(post, path = "/api/refunds/{id}/approve", tag = "Money", params(("id" = Uuid, Path), InProvider, OnceOnly),
    security(("bearer" = [])), responses((status = 200, description = "The refund as it is now", body = Refund), OfMoney))]
async fn approve_refund(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<RefundId>,
) -> Result<Json<Refund>, Problem> {
    Ok(Json(
        web.app.decide_refund(&bearer.0, id, true).await?.into(),
    ))
}

/// Decline a refund, or take back one's own
///
/// Needs a manager, or the member who asked.
#[utoipa::path(post, path = "/api/refunds/{id}/decline", tag = "Money", params(("id" = Uuid, Path), InProvider, OnceOnly),
    security(("bearer" = [])), responses((status = 200, description = "The refund as it is now", body = Refund), OfMoney))]
async fn decline_refund(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<RefundId>,
) -> Result<Json<Refund>, Problem> {
    Ok(Json(
        web.app.decide_refund(&bearer.0, id, false).await?.into(),
    ))
}
