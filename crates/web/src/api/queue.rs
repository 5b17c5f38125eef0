//! What a person decides: money that arrived unasked, and cases.

use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn;
use bando_app::{Allotment, ArrivalFilter, ArrivalState, CaseFilter, CaseKind, CaseState};
use bando_domain::{AccountId, ArrivalId, CaseId, PaymentId, PlanId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{Bearer, InProvider};
use super::extract::{Body, Id, Query};
use super::idempotency::{self, OnceOnly};
use super::payments::read_phone;
use super::problem::{Kind, Problem};
use super::responses::{OfChanges, OfLists, OfMoney, OfOne};
use super::types::{List, Money, Time, arrival_state, bounds, case_kind, case_state, read_word};
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(allot_arrival))
        .layer(from_fn(idempotency::for_members))
        .routes(routes!(list_arrivals))
        .routes(routes!(list_cases))
        .routes(routes!(get_case))
        .routes(routes!(solve_case))
}

/// Money that arrived without having been asked for, or otherwise than asked for.
#[derive(Serialize, ToSchema, Debug)]
struct Arrival {
    id: Uuid,
    /// Where it arrived.
    gateway: String,
    /// Its receipt.
    receipt: String,
    amount: Money,
    /// What of it the gateway kept, where told.
    fee: Option<Money>,
    /// The phone that paid; whole for managers and owners, else masked.
    phone: Option<String>,
    /// What the payer calls themselves: their own words.
    payer: Option<String>,
    /// What the payer typed as the account number: their own words.
    reference: Option<String>,
    #[schema(schema_with = arrival_state)]
    state: &'static str,
    /// How we came to know: `message`, `query`, `statement`, `member`.
    source: &'static str,
    /// The payment that it made good.
    payment_id: Option<Uuid>,
    /// When it arrived, where told.
    at: Option<Time>,
    /// When we first knew.
    seen_at: Time,
    /// When it was decided what becomes of it.
    decided_at: Option<Time>,
}

impl Arrival {
    fn seen_by(bearer: &Bearer, arrival: bando_app::Arrival) -> Self {
        Self {
            id: arrival.id.uuid(),
            gateway: arrival.gateway,
            receipt: arrival.receipt,
            amount: arrival.amount.into(),
            fee: arrival.fee.map(Money::from),
            phone: arrival.phone.map(|phone| bearer.phone(&phone)),
            payer: arrival.payer,
            reference: arrival.reference,
            state: arrival.state.name(),
            source: arrival.source.name(),
            payment_id: arrival.payment.map(PaymentId::uuid),
            at: arrival.at.map(Time::from),
            seen_at: arrival.seen_at.into(),
            decided_at: arrival.decided_at.map(Time::from),
        }
    }
}

/// Which arrivals.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ArrivalQuery {
    /// Only those that stand so; `open` waits for a person.
    #[param(schema_with = arrival_state, required = false)]
    state: Option<String>,
    /// Only those of this gateway.
    gateway: Option<String>,
    /// Only those of this phone, in any way of writing it.
    phone: Option<String>,
    /// Only the one with this receipt.
    receipt: Option<String>,
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// List money that arrived unasked, newest first
#[utoipa::path(get, path = "/api/arrivals", tag = "Money", params(ArrivalQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Arrival>), OfLists))]
async fn list_arrivals(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<ArrivalQuery>,
) -> Result<Json<List<Arrival>>, Problem> {
    let (after, size) = bounds(query.cursor, query.limit)?;
    let filter = ArrivalFilter {
        state: read_word("state", query.state.as_deref(), ArrivalState::named)?,
        gateway: query.gateway,
        phone: read_phone(&web, &bearer, query.phone.as_deref()).await?,
        receipt: query.receipt.map(|text| text.trim().to_uppercase()),
        payment: None,
    };
    let page = web.app.arrivals(&bearer.0, &filter, after, size).await?;
    Ok(Json(List::of(page, |a| Arrival::seen_by(&bearer, a))))
}

/// What becomes of money: one of `payment_id`, `plan_id` with `phone`, `phone` alone (that customer's
/// credit), or `refuted`.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct AllotRequest {
    /// It is meant for this payment.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    payment_id: Option<PaymentId>,
    /// It buys this plan for `phone`.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    plan_id: Option<PlanId>,
    /// Whose it is, in any way of writing it.
    #[serde(default)]
    phone: Option<String>,
    /// There is no such money.
    #[serde(default)]
    refuted: bool,
}

/// Decide what becomes of money that arrived unasked
///
/// Answers the money as it is now. Needs a manager.
#[utoipa::path(post, path = "/api/arrivals/{id}/allot", tag = "Money", params(("id" = Uuid, Path), InProvider, OnceOnly),
    security(("bearer" = [])), request_body = AllotRequest,
    responses((status = 200, description = "The money as it is now", body = Arrival), OfMoney))]
async fn allot_arrival(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<ArrivalId>,
    Body(request): Body<AllotRequest>,
) -> Result<Json<Arrival>, Problem> {
    let phone = read_phone(&web, &bearer, request.phone.as_deref()).await?;
    let allotment = match (request.payment_id, request.plan_id, phone, request.refuted) {
        (Some(payment), None, None, false) => Allotment::Payment(payment),
        (None, Some(plan), Some(phone), false) => Allotment::Plan(plan, phone),
        (None, None, Some(phone), false) => Allotment::Wallet(phone),
        (None, None, None, true) => Allotment::Refuted,
        _ => {
            let detail = "say one thing: payment_id; or plan_id and phone; or phone; or refuted";
            return Err(Problem::new(Kind::Invalid, detail));
        }
    };
    web.app.allot(&bearer.0, id, allotment).await?;
    let arrival = web.app.arrival(&bearer.0, id).await?;
    Ok(Json(Arrival::seen_by(&bearer, arrival)))
}

/// Something that a person has to decide.
#[derive(Serialize, ToSchema, Debug)]
struct Case {
    id: Uuid,
    /// Its number, for people.
    number: u64,
    #[schema(schema_with = case_kind)]
    kind: &'static str,
    #[schema(schema_with = case_state)]
    state: &'static str,
    /// The payment it is about.
    payment_id: Option<Uuid>,
    /// The money it is about.
    arrival_id: Option<Uuid>,
    /// Whom to call; whole for managers and owners, else masked.
    phone: Option<String>,
    /// How much is at stake.
    amount: Option<Money>,
    /// More about it.
    detail: Option<String>,
    opened_at: Time,
    /// By when the customer was promised an answer.
    promised_at: Option<Time>,
    solved_at: Option<Time>,
    /// The member who solved it; null if it solved itself.
    solved_by: Option<Uuid>,
    /// What was decided.
    solution: Option<String>,
}

impl Case {
    fn seen_by(bearer: &Bearer, case: bando_app::Case) -> Self {
        let opened = case.opened;
        Self {
            id: opened.id.uuid(),
            number: case.number,
            kind: opened.kind.name(),
            state: case.state.name(),
            payment_id: opened.payment.map(PaymentId::uuid),
            arrival_id: opened.arrival.map(ArrivalId::uuid),
            phone: opened.phone.map(|phone| bearer.phone(&phone)),
            amount: opened.amount.map(Money::from),
            detail: opened.detail,
            opened_at: opened.opened_at.into(),
            promised_at: opened.promised_at.map(Time::from),
            solved_at: case.solved_at.map(Time::from),
            solved_by: case.solved_by.map(AccountId::uuid),
            solution: case.solution,
        }
    }
}

/// Which cases.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CaseQuery {
    /// Only those that stand so.
    #[param(schema_with = case_state, required = false)]
    state: Option<String>,
    /// Only those of this kind.
    #[param(schema_with = case_kind, required = false)]
    kind: Option<String>,
    /// Only the one with this number.
    number: Option<u64>,
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// List the cases, newest first
#[utoipa::path(get, path = "/api/cases", tag = "Money", params(CaseQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Case>), OfLists))]
async fn list_cases(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<CaseQuery>,
) -> Result<Json<List<Case>>, Problem> {
    let (after, size) = bounds(query.cursor, query.limit)?;
    let filter = CaseFilter {
        state: read_word("state", query.state.as_deref(), CaseState::named)?,
        kind: read_word("kind", query.kind.as_deref(), CaseKind::named)?,
        number: query.number.filter(|number| i64::try_from(*number).is_ok()),
        ..CaseFilter::default()
    };
    let page = web.app.cases(&bearer.0, &filter, after, size).await?;
    Ok(Json(List::of(page, |c| Case::seen_by(&bearer, c))))
}

/// Get a case
#[utoipa::path(get, path = "/api/cases/{id}", tag = "Money", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The case", body = Case), OfOne))]
async fn get_case(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<CaseId>,
) -> Result<Json<Case>, Problem> {
    let case = web.app.case(&bearer.0, id).await?;
    Ok(Json(Case::seen_by(&bearer, case)))
}

/// How a case was solved.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct Solution {
    /// What was decided, in the member's own words; at most 200 characters.
    #[schema(max_length = 200)]
    solution: String,
}

/// Solve a case for which nothing is to be done here
///
/// One that is solved already is not found. Needs a manager.
#[utoipa::path(post, path = "/api/cases/{id}/solve", tag = "Money", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), request_body = Solution,
    responses((status = 200, description = "The case as it is now", body = Case), OfChanges))]
async fn solve_case(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<CaseId>,
    Body(request): Body<Solution>,
) -> Result<Json<Case>, Problem> {
    let solution = request.solution.trim();
    if solution.chars().count() > 200 {
        return Err(Problem::new(Kind::Invalid, "say it in 200 characters").at("solution"));
    }
    web.app.solve_case(&bearer.0, id, solution).await?;
    let case = web.app.case(&bearer.0, id).await?;
    Ok(Json(Case::seen_by(&bearer, case)))
}
