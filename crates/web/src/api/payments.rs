//! Payments, as the provider sees them.

use axum::Json;
use axum::extract::State;
use bando_app::{PaymentFilter, PaymentStory};
use bando_domain::{MacAddr, PaymentFailure, PaymentId, PaymentStatus, Phone, RouterId, TicketId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{Bearer, InProvider};
use super::extract::{Id, Query};
use super::problem::Problem;
use super::responses::{OfLists, OfOne};
use super::types::{List, Money, PlanName, Time, bounds, payment_status, read_time};
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_payments))
        .routes(routes!(list_admin_payments))
        .routes(routes!(get_payment))
}

/// One attempt to pay.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct Payment {
    id: Uuid,
    #[schema(schema_with = payment_status)]
    status: PaymentStatus,
    /// How the money arrives: `mpesa`, `wave_link`, `wave`, `pesapal`, `momo`, `cash`, `wallet`.
    gateway: String,
    amount: Money,
    /// What it is for.
    plan: PlanName,
    /// The phone that pays; whole for managers and owners, else masked. Absent when cash was paid by
    /// somebody who gave none.
    #[schema(examples("0712 ••• 678"))]
    phone: Option<String>,
    /// The device it is for.
    mac: Option<String>,
    /// The router it was bought at.
    router_id: Option<Uuid>,
    /// The receipt of the money.
    receipt: Option<String>,
    /// Why it failed, in a word: `insufficient_funds`, `cancelled`, `no_answer`, `wrong_pin` …
    failure: Option<&'static str>,
    /// The gateway's own code for the outcome.
    result_code: Option<String>,
    /// The ticket it bought.
    ticket_id: Option<Uuid>,
    created_at: Time,
    /// When the gateway took the order to prompt the payer.
    prompted_at: Option<Time>,
    /// When its outcome became known.
    finished_at: Option<Time>,
}

impl Payment {
    pub(crate) fn seen_by(bearer: &Bearer, payment: bando_app::Payment) -> Self {
        Self {
            id: payment.id.uuid(),
            status: payment.status,
            gateway: payment.gateway,
            amount: payment.amount.into(),
            plan: PlanName {
                id: payment.plan_id.uuid(),
                name: payment.plan_name,
            },
            phone: payment.phone.as_ref().map(|phone| bearer.phone(phone)),
            mac: payment.mac.map(|mac| mac.to_string()),
            router_id: payment.router_id.map(RouterId::uuid),
            receipt: payment.receipt,
            failure: payment.failure.map(PaymentFailure::name),
            result_code: payment.result_code,
            ticket_id: payment.ticket_id.map(TicketId::uuid),
            created_at: payment.created_at.into(),
            prompted_at: payment.prompted_at.map(Time::from),
            finished_at: payment.finished_at.map(Time::from),
        }
    }
}

/// A payment with what happened to it.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = PaymentStory)]
struct Story {
    payment: Payment,
    /// In order.
    timeline: Vec<Step>,
}

/// One line of a payment's timeline.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = PaymentStep)]
struct Step {
    at: Time,
    /// What happened: `asked`, `prompted`, `refused`, `no_answer`, `callback`, `mismatch`, `checked`,
    /// `settled`, `failed`, `expired`, `contradiction`, `connected`, `claimed`, `confirmed`, `rejected`,
    /// `short`, `excess`, `refunded`.
    step: &'static str,
    /// More about it, for people.
    detail: Option<String>,
}

/// Which payments.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PaymentQuery {
    /// Only those that stand so.
    #[param(schema_with = payment_status, required = false)]
    status: Option<PaymentStatus>,
    /// Only those of this phone, in any way of writing it.
    phone: Option<String>,
    /// Only those for this device.
    #[param(value_type = Option<String>)]
    mac: Option<MacAddr>,
    /// Only the one with this receipt.
    receipt: Option<String>,
    /// Only those begun at or after this time (RFC 3339).
    from: Option<String>,
    /// Only those begun before this time (RFC 3339).
    to: Option<String>,
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// List the payments, newest first
#[utoipa::path(get, path = "/api/payments", tag = "Payments", params(PaymentQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Payment>), OfLists))]
async fn list_payments(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<PaymentQuery>,
) -> Result<Json<List<Payment>>, Problem> {
    let (after, size) = bounds(query.cursor, query.limit)?;
    let filter = PaymentFilter {
        status: query.status,
        phone: read_phone(&web, &bearer, query.phone.as_deref()).await?,
        mac: query.mac,
        receipt: query.receipt.map(|text| text.trim().to_uppercase()),
        gateway: None,
        sold_by: None,
        reference: None,
        from: read_time("from", query.from.as_deref())?,
        to: read_time("to", query.to.as_deref())?,
    };
    let page = web.app.payments(&bearer.0, &filter, after, size).await?;
    Ok(Json(List::of(page, |p| Payment::seen_by(&bearer, p))))
}

/// List the payments, by its other name
#[utoipa::path(get, path = "/api/admin/payments", tag = "Payments", params(PaymentQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Payment>), OfLists))]
async fn list_admin_payments(
    state: State<Web>,
    bearer: Bearer,
    query: Query<PaymentQuery>,
) -> Result<Json<List<Payment>>, Problem> {
    list_payments(state, bearer, query).await
}

/// Get a payment with its timeline
#[utoipa::path(get, path = "/api/payments/{id}", tag = "Payments", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The payment and its timeline", body = Story), OfOne))]
async fn get_payment(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PaymentId>,
) -> Result<Json<Story>, Problem> {
    let PaymentStory {
        payment, timeline, ..
    } = web.app.payment_story(&bearer.0, id).await?;
    let timeline = timeline.into_iter().map(|entry| Step {
        at: entry.at.into(),
        step: entry.step.name(),
        detail: entry.detail,
    });
    Ok(Json(Story {
        payment: Payment::seen_by(&bearer, payment),
        timeline: timeline.collect(),
    }))
}

/// Reads a phone number of a query as people write it in the caller's country.
pub(crate) async fn read_phone(
    web: &Web,
    bearer: &Bearer,
    text: Option<&str>,
) -> Result<Option<Phone>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let provider = web.app.provider_by_id(bearer.0.provider).await?;
    let phone = Phone::parse(text, provider.country).map_err(bando_app::Error::from)?;
    Ok(Some(phone))
}
