//! What customers' programs ask about tickets: by the code in the customer's hand, or by their
//! device. Wrong codes are limited, by address and for the whole business.

use axum::Json;
use axum::extract::State;
use bando_app::TicketPage;
use bando_domain::{MacAddr, ProviderId, Refusal, TicketState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{InProvider, Shop};
use super::extract::{Body, Query, Word};
use super::problem::{Kind, Problem};
use super::responses::{OfCodes, OfUse};
use super::types::{PlanName, Time, ticket_state};
use crate::{Source, Web};

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(get_ticket_status))
        .routes(routes!(activate_ticket))
        .routes(routes!(get_access))
}

/// What a ticket is worth now.
#[derive(Serialize, ToSchema, Debug)]
struct TicketStatus {
    #[schema(schema_with = ticket_state)]
    state: TicketState,
    /// Whether it gives access now.
    usable: bool,
    /// Why it does not: `expired`, `used_up`, `revoked`.
    reason: Option<&'static str>,
    plan: PlanName,
    /// When its time ends, once it runs.
    expires_at: Option<Time>,
    /// How much of its time is left, seconds; null without an end by time.
    remaining_seconds: Option<u64>,
    /// How much of its data is left, bytes; null for unlimited.
    remaining_bytes: Option<u64>,
    /// Devices bound to it.
    devices: usize,
    /// Devices that may be bound to it.
    device_limit: u16,
    /// Whether one of them is online.
    online: bool,
}

impl From<TicketPage> for TicketStatus {
    fn from(page: TicketPage) -> Self {
        let entitlement = page.standing.ok();
        Self {
            state: page.ticket.state,
            usable: entitlement.is_some(),
            reason: page.standing.err().map(Refusal::name),
            plan: PlanName {
                id: page.ticket.plan_id.uuid(),
                name: page.ticket.plan_name,
            },
            expires_at: page.ticket.expires_at.map(Time::from),
            remaining_seconds: entitlement
                .and_then(|e| e.remaining)
                .map(|left| left.as_secs()),
            remaining_bytes: entitlement.and_then(|e| e.remaining_octets),
            devices: page.devices.len(),
            device_limit: page.ticket.terms.device_limit,
            online: page.sessions.iter().any(|s| s.stopped_at.is_none()),
        }
    }
}

/// What a ticket is worth now
///
/// Ten wrong codes in ten minutes, by address.
#[utoipa::path(get, path = "/api/tickets/{code}/status", tag = "Using tickets",
    params(("code" = String, Path, description = "As it is typed: any case, spaces and dashes do not matter."), InProvider),
    responses((status = 200, description = "The ticket as it is now", body = TicketStatus), OfCodes))]
async fn get_ticket_status(
    State(web): State<Web>,
    Word(code): Word,
    Shop(provider): Shop,
    source: Source,
) -> Result<Json<TicketStatus>, Problem> {
    Ok(Json(
        by_code(&web, provider.id, &code, source).await?.into(),
    ))
}

/// The device that comes online.
#[derive(Deserialize, ToSchema, Default, Debug)]
#[serde(deny_unknown_fields)]
struct Activation {
    /// Bound to the ticket, so that it comes back without the code. Also called `mac_address`.
    #[serde(default, alias = "mac_address", alias = "macAddress")]
    #[schema(value_type = Option<String>)]
    mac: Option<MacAddr>,
}

/// Begin to use a ticket
///
/// Its time begins to run, if it does not run already, and the device is bound to it. The same call
/// again changes nothing. Ten wrong codes in ten minutes, by address.
#[utoipa::path(post, path = "/api/tickets/{code}/activate", tag = "Using tickets",
    params(("code" = String, Path, description = "As it is typed: any case, spaces and dashes do not matter."), InProvider),
    request_body = Option<Activation>, responses((status = 200, description = "The ticket as it is now", body = TicketStatus), OfUse))]
async fn activate_ticket(
    State(web): State<Web>,
    Word(code): Word,
    Shop(provider): Shop,
    source: Source,
    body: Option<Body<Activation>>,
) -> Result<Json<TicketStatus>, Problem> {
    let Activation { mac } = body.map(|Body(activation)| activation).unwrap_or_default();
    let page = by_code(&web, provider.id, &code, source).await?;
    web.app
        .admit(provider.id, page.ticket.id, mac)
        .await?
        .map_err(Problem::refused)?;
    Ok(Json(
        by_code(&web, provider.id, &code, source).await?.into(),
    ))
}

/// Whom to ask about: a device or a code.
#[derive(Deserialize, IntoParams, Debug)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AccessQuery {
    /// A device.
    #[param(value_type = Option<String>)]
    mac: Option<MacAddr>,
    /// A ticket's code.
    code: Option<String>,
}

/// Whether somebody may use the network.
#[derive(Serialize, ToSchema, Debug)]
struct AccessStatus {
    /// Whether they may.
    access: bool,
    /// By which ticket; its code is not told.
    ticket: Option<TicketStatus>,
}

/// Whether a device or a code has access now
#[utoipa::path(get, path = "/api/user/status", tag = "Using tickets", params(AccessQuery, InProvider),
    responses((status = 200, description = "Whether there is access", body = AccessStatus), OfCodes))]
async fn get_access(
    State(web): State<Web>,
    Shop(provider): Shop,
    source: Source,
    Query(query): Query<AccessQuery>,
) -> Result<Json<AccessStatus>, Problem> {
    let page = match (query.mac, query.code) {
        (_, Some(code)) => Some(by_code(&web, provider.id, &code, source).await?),
        (Some(mac), None) => web.app.ticket_of_device(provider.id, mac).await?,
        (None, None) => {
            let detail =
                "say whom you mean: ?mac= and a device's address, or ?code= and a ticket's code";
            return Err(Problem::new(Kind::Invalid, detail).at("mac"));
        }
    };
    let ticket = page.map(TicketStatus::from);
    Ok(Json(AccessStatus {
        access: ticket.as_ref().is_some_and(|t| t.usable),
        ticket,
    }))
}

async fn by_code(
    web: &Web,
    provider: ProviderId,
    code: &str,
    source: Source,
) -> Result<TicketPage, Problem> {
    let who = source.to_string();
    Ok(web.app.ticket_by_code(provider, code, &who).await?)
}
