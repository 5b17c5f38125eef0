//! Sessions, routers and customers, as the provider sees them.

use axum::Json;
use axum::extract::State;
use bando_domain::{SessionId, TicketId};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{Bearer, InProvider};
use super::extract::{Id, Query};
use super::problem::Problem;
use super::responses::{OfLists, OfOne};
use super::types::{List, PageQuery, Time};
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_sessions))
        .routes(routes!(disconnect_session))
        .routes(routes!(list_routers))
        .routes(routes!(list_customers))
}

/// One stay on the network, as its router accounts it. The router knows it by the ticket's code,
/// which is not told here.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct Session {
    id: Uuid,
    router_id: Uuid,
    /// The ticket it uses.
    ticket_id: Option<Uuid>,
    /// The device.
    mac: Option<String>,
    /// The address it was given.
    ip: Option<String>,
    started_at: Time,
    /// When it was last accounted.
    updated_at: Time,
    /// When it ended; null while it is open.
    stopped_at: Option<Time>,
    /// How long it has lasted, seconds.
    seconds: u64,
    /// Bytes from the customer.
    uploaded_bytes: u64,
    /// Bytes to the customer.
    downloaded_bytes: u64,
    /// Why it ended, in RADIUS's words.
    terminate_cause: Option<String>,
}

impl From<bando_app::Session> for Session {
    fn from(session: bando_app::Session) -> Self {
        Self {
            id: session.id.uuid(),
            router_id: session.router_id.uuid(),
            ticket_id: session.ticket_id.map(TicketId::uuid),
            mac: session.mac.map(|mac| mac.to_string()),
            ip: session.framed_ip,
            started_at: session.started_at.into(),
            updated_at: session.updated_at.into(),
            stopped_at: session.stopped_at.map(Time::from),
            seconds: session.seconds,
            uploaded_bytes: session.usage.octets_in,
            downloaded_bytes: session.usage.octets_out,
            terminate_cause: session.terminate_cause,
        }
    }
}

/// List the sessions that are open now, newest first
///
/// At most 500.
#[utoipa::path(get, path = "/api/sessions", tag = "Network", params(InProvider), security(("bearer" = [])),
    responses((status = 200, description = "The list", body = List<Session>), OfOne))]
async fn list_sessions(
    State(web): State<Web>,
    bearer: Bearer,
) -> Result<Json<List<Session>>, Problem> {
    let open = web.app.open_sessions(&bearer.0).await?;
    Ok(Json(List::whole(open, Session::from)))
}

/// Put a session off the network
///
/// Its ticket stays good. The router is asked until it has done it. Needs a manager.
#[utoipa::path(post, path = "/api/sessions/{id}/disconnect", tag = "Network",
    params(("id" = Uuid, Path), InProvider), security(("bearer" = [])),
    responses((status = 202, description = "The router is being asked"), OfOne))]
async fn disconnect_session(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Problem> {
    web.app.kick(&bearer.0, id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A MikroTik of the business. Its secret is never told.
#[derive(Serialize, ToSchema, Debug)]
struct Router {
    id: Uuid,
    name: String,
    /// The address or name of its hotspot.
    hotspot_host: String,
    /// Where it takes CoA and Disconnect, if not where its requests come from.
    coa_address: Option<String>,
    /// When it was last heard of.
    last_seen_at: Option<Time>,
    created_at: Time,
}

impl From<bando_app::Router> for Router {
    fn from(router: bando_app::Router) -> Self {
        Self {
            id: router.id.uuid(),
            name: router.name,
            hotspot_host: router.hotspot_host,
            coa_address: router.coa_address,
            last_seen_at: router.last_seen_at.map(Time::from),
            created_at: router.created_at.into(),
        }
    }
}

/// List the routers, oldest first
#[utoipa::path(get, path = "/api/routers", tag = "Network", params(InProvider), security(("bearer" = [])),
    responses((status = 200, description = "The list", body = List<Router>), OfOne))]
async fn list_routers(
    State(web): State<Web>,
    bearer: Bearer,
) -> Result<Json<List<Router>>, Problem> {
    let routers = web.app.routers(&bearer.0).await?;
    Ok(Json(List::whole(routers, Router::from)))
}

/// Someone who buys access.
#[derive(Serialize, ToSchema, Debug)]
struct Customer {
    id: Uuid,
    /// Whole for managers and owners, else masked.
    #[schema(examples("0712 ••• 678"))]
    phone: Option<String>,
    /// When they first came.
    created_at: Time,
}

/// List the customers, newest first
#[utoipa::path(get, path = "/api/admin/users", tag = "Customers", params(PageQuery, InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The list", body = List<Customer>), OfLists))]
async fn list_customers(
    State(web): State<Web>,
    bearer: Bearer,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<Customer>>, Problem> {
    let (after, size) = query.bounds()?;
    let page = web.app.customers(&bearer.0, after, size).await?;
    Ok(Json(List::of(page, |customer| Customer {
        id: customer.id.uuid(),
        phone: customer.phone.as_ref().map(|phone| bearer.phone(phone)),
        created_at: customer.created_at.into(),
    })))
}
