//! Tickets and batches, as the provider sees them.

use axum::Json;
use axum::extract::State;
use bando_app::{Origin, Permission, TicketFilter, TicketPage};
use bando_domain::{BatchId, MacAddr, PlanId, Refusal, TicketId, TicketState};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{Bearer, InProvider};
use super::extract::{Body, Id, Query};
use super::network::Session;
use super::payments::read_phone;
use super::problem::Problem;
use super::responses::{OfChanges, OfLists, OfOne};
use super::types::{List, Money, PlanName, Terms, Time, bounds, ticket_state};
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_tickets, give_ticket))
        .routes(routes!(get_ticket))
        .routes(routes!(revoke_ticket))
        .routes(routes!(list_batches, order_batch))
        .routes(routes!(get_batch))
}

/// A right to use the network.
#[derive(Serialize, ToSchema, Debug)]
struct Ticket {
    id: Uuid,
    /// What the customer types: a password, so null for those who may not sell.
    code: Option<String>,
    /// The last characters of the code.
    code_hint: String,
    #[schema(schema_with = ticket_state)]
    state: TicketState,
    /// The plan it was sold as.
    plan: PlanName,
    /// What it cost.
    price: Money,
    /// What it gives, frozen when it was sold.
    terms: Terms,
    origin: TicketOrigin,
    /// The phone that bought it; whole for managers and owners, else masked.
    phone: Option<String>,
    /// Bytes it has moved, up and down together.
    used_bytes: u64,
    created_at: Time,
    /// When its time began to run.
    activated_at: Option<Time>,
    /// When its time ends.
    expires_at: Option<Time>,
    /// When it ended.
    ended_at: Option<Time>,
}

/// Where a ticket comes from.
#[derive(Serialize, ToSchema, Debug)]
struct TicketOrigin {
    /// `payment`, `batch`, or `gift` of a member.
    kind: &'static str,
    /// The id of the payment, batch or member.
    id: Uuid,
}

impl Ticket {
    fn seen_by(bearer: &Bearer, ticket: bando_app::Ticket) -> Self {
        let (kind, origin) = match ticket.origin {
            Origin::Payment(id) => ("payment", id.uuid()),
            Origin::Batch(id) => ("batch", id.uuid()),
            Origin::Gift(id) => ("gift", id.uuid()),
        };
        let sells = bearer.0.may(Permission::Sell);
        Self {
            id: ticket.id.uuid(),
            code: sells.then(|| ticket.code.to_string()),
            code_hint: ticket.code.hint().to_owned(),
            state: ticket.state,
            plan: PlanName {
                id: ticket.plan_id.uuid(),
                name: ticket.plan_name,
            },
            price: ticket.price.into(),
            terms: ticket.terms.into(),
            origin: TicketOrigin { kind, id: origin },
            phone: ticket.phone.map(|phone| bearer.phone(&phone)),
            used_bytes: ticket.usage.total(),
            created_at: ticket.created_at.into(),
            activated_at: ticket.activated_at.map(Time::from),
            expires_at: ticket.expires_at.map(Time::from),
            ended_at: ticket.ended_at.map(Time::from),
        }
    }
}

/// A ticket with its devices and sessions.
#[derive(Serialize, ToSchema, Debug)]
struct TicketStory {
    ticket: Ticket,
    /// Whether it gives access now.
    usable: bool,
    /// Why it does not: `expired`, `used_up`, `revoked`.
    reason: Option<&'static str>,
    /// The devices bound to it.
    devices: Vec<BoundDevice>,
    /// Its sessions, newest first.
    sessions: Vec<Session>,
}

/// A device bound to a ticket.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = Device)]
struct BoundDevice {
    mac: String,
    /// When it first used the ticket.
    first_seen_at: Time,
    /// When it last came online.
    last_seen_at: Time,
}

impl TicketStory {
    fn seen_by(bearer: &Bearer, page: TicketPage) -> Self {
        let devices = page.devices.iter().map(|device| BoundDevice {
            mac: device.mac.to_string(),
            first_seen_at: device.first_seen_at.into(),
            last_seen_at: device.last_seen_at.into(),
        });
        Self {
            usable: page.standing.is_ok(),
            reason: page.standing.err().map(Refusal::name),
            devices: devices.collect(),
            sessions: page.sessions.into_iter().map(Session::from).collect(),
            ticket: Ticket::seen_by(bearer, page.ticket),
        }
    }
}

/// Which tickets.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TicketQuery {
    /// Only those in this state.
    #[param(schema_with = ticket_state, required = false)]
    state: Option<TicketState>,
    /// Only those of this batch.
    #[param(value_type = Option<Uuid>)]
    batch: Option<BatchId>,
    /// Only those bought by this phone, in any way of writing it.
    phone: Option<String>,
    /// Only those a device with this address is bound to.
    #[param(value_type = Option<String>)]
    mac: Option<MacAddr>,
    /// The most items to answer with, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<Uuid>,
}

/// List the tickets, newest first
#[utoipa::path(get, path = "/api/tickets", tag = "Tickets", params(TicketQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Ticket>), OfLists))]
async fn list_tickets(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<TicketQuery>,
) -> Result<Json<List<Ticket>>, Problem> {
    let (after, size) = bounds(query.cursor, query.limit)?;
    let filter = TicketFilter {
        state: query.state,
        batch: query.batch,
        phone: read_phone(&web, &bearer, query.phone.as_deref()).await?,
        mac: query.mac,
    };
    let page = web.app.tickets(&bearer.0, &filter, after, size).await?;
    Ok(Json(List::of(page, |t| Ticket::seen_by(&bearer, t))))
}

/// A ticket to be given.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct Gift {
    #[schema(value_type = Uuid)]
    plan_id: PlanId,
    /// Whom it is for, to find it again.
    #[serde(default)]
    phone: Option<String>,
    /// Why, for the audit log; at most 200 characters.
    #[serde(default)]
    #[schema(max_length = 200)]
    note: Option<String>,
}

/// Give a ticket away, in the member's own name
///
/// Needs a cashier.
#[utoipa::path(post, path = "/api/tickets", tag = "Tickets", params(InProvider), security(("bearer" = [])),
    request_body = Gift, responses((status = 201, description = "The ticket", body = Ticket), OfChanges))]
async fn give_ticket(
    State(web): State<Web>,
    bearer: Bearer,
    Body(gift): Body<Gift>,
) -> Result<(StatusCode, Json<Ticket>), Problem> {
    let phone = gift.phone.unwrap_or_default();
    let note = gift.note.unwrap_or_default();
    let ticket = web
        .app
        .give_ticket(&bearer.0, gift.plan_id, &phone, &note)
        .await?;
    Ok((StatusCode::CREATED, Json(Ticket::seen_by(&bearer, ticket))))
}

/// Get a ticket with its devices and sessions
#[utoipa::path(get, path = "/api/tickets/{id}", tag = "Tickets", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The ticket, its devices and its sessions", body = TicketStory), OfOne))]
async fn get_ticket(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<TicketId>,
) -> Result<Json<TicketStory>, Problem> {
    let page = web.app.ticket(&bearer.0, id).await?;
    Ok(Json(TicketStory::seen_by(&bearer, page)))
}

/// Take a ticket back and put its devices off
///
/// Answers the ticket as it is now; one that had ended before stays as it was. Needs a manager.
#[utoipa::path(post, path = "/api/tickets/{id}/revoke", tag = "Tickets", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The ticket, its devices and its sessions", body = TicketStory), OfOne))]
async fn revoke_ticket(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<TicketId>,
) -> Result<Json<TicketStory>, Problem> {
    web.app.revoke_ticket(&bearer.0, id).await?;
    let page = web.app.ticket(&bearer.0, id).await?;
    Ok(Json(TicketStory::seen_by(&bearer, page)))
}

/// Tickets made together, to be printed and sold by hand.
#[derive(Serialize, ToSchema, Debug)]
struct Batch {
    id: Uuid,
    plan: PlanName,
    /// Printed on each.
    price: Money,
    /// What each gives.
    terms: Terms,
    /// How many are to be made.
    size: u32,
    /// How many are made.
    made: u32,
    created_at: Time,
    /// When the last was made.
    finished_at: Option<Time>,
}

impl From<bando_app::Batch> for Batch {
    fn from(batch: bando_app::Batch) -> Self {
        Self {
            id: batch.id.uuid(),
            plan: PlanName {
                id: batch.plan_id.uuid(),
                name: batch.plan_name,
            },
            price: batch.price.into(),
            terms: batch.terms.into(),
            size: batch.size,
            made: batch.made,
            created_at: batch.created_at.into(),
            finished_at: batch.finished_at.map(Time::from),
        }
    }
}

/// A batch to be made.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct BatchOrder {
    #[schema(value_type = Uuid)]
    plan_id: PlanId,
    /// How many tickets.
    #[schema(minimum = 1, maximum = 100_000)]
    size: u32,
}

/// List the newest batches
#[utoipa::path(get, path = "/api/batches", tag = "Tickets", params(InProvider), security(("bearer" = [])),
    responses((status = 200, description = "The list", body = List<Batch>), OfOne))]
async fn list_batches(
    State(web): State<Web>,
    bearer: Bearer,
) -> Result<Json<List<Batch>>, Problem> {
    let batches = web.app.batches(&bearer.0).await?;
    Ok(Json(List::whole(batches, Batch::from)))
}

/// Order a batch of vouchers
///
/// They are made in the background: `made` counts up to `size`. `GET /api/tickets?batch=` lists them.
/// Needs a cashier.
#[utoipa::path(post, path = "/api/batches", tag = "Tickets", params(InProvider), security(("bearer" = [])),
    request_body = BatchOrder, responses((status = 202, description = "The batch", body = Batch), OfChanges))]
async fn order_batch(
    State(web): State<Web>,
    bearer: Bearer,
    Body(order): Body<BatchOrder>,
) -> Result<(StatusCode, Json<Batch>), Problem> {
    let batch = web
        .app
        .order_batch(&bearer.0, order.plan_id, order.size)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(batch.into())))
}

/// Get a batch
#[utoipa::path(get, path = "/api/batches/{id}", tag = "Tickets", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The batch", body = Batch), OfOne))]
async fn get_batch(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<BatchId>,
) -> Result<Json<Batch>, Problem> {
    Ok(Json(web.app.batch(&bearer.0, id).await?.into()))
}
