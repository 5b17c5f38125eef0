//! Who is online.

use std::collections::HashMap;

use bando_app::{OnlineSession, Session, Ticket};
use bando_domain::{RouterId, SessionId};

use super::answer::{Answer, Fault, html, see_other};
use super::fields::{Asked, Id};
use super::search;
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::views::console::{Section, SessionRow, Sessions};
use crate::{format, standing};

/// `GET /console/sessions?q=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let q = search::text(&query);
    let online = who.app.online(&who.caller).await?;
    let routers = router_names(&who).await?;
    let wanted = needle(&q);
    let rows: Vec<SessionRow> = online
        .iter()
        .filter(|session| wanted.is_empty() || matches(session, &routers, &wanted))
        .map(|online| row(&who, &online.session, online.ticket.as_ref(), &routers))
        .collect();
    html(&Sessions {
        page: who.page(Section::Sessions),
        q,
        count: rows.len() as u64,
        rows,
    })
}

/// `POST /console/sessions/{id}/disconnect`
pub(super) async fn kick(who: SignedInCaller, Id(id): Id<SessionId>) -> Answer {
    who.app.kick(&who.caller, id).await?;
    see_other(&Done::SessionEnded.at("/console/sessions"))
}

/// The provider's routers by their ids.
pub(super) async fn router_names(who: &SignedInCaller) -> Result<HashMap<RouterId, String>, Fault> {
    let routers = who.app.routers(&who.caller).await?;
    Ok(routers
        .into_iter()
        .map(|router| (router.id, router.name))
        .collect())
}

/// A session as a row of a list.
pub(super) fn row(
    who: &SignedInCaller,
    session: &Session,
    ticket: Option<&Ticket>,
    routers: &HashMap<RouterId, String>,
) -> SessionRow {
    let t = who.t;
    let open = session.stopped_at.is_none();
    let clock = |at: bando_domain::Timestamp| who.times.clock(at.as_millis());
    let standing = ticket.and_then(|ticket| standing::of(ticket, who.now).ok());
    let phone = ticket.and_then(|ticket| ticket.phone.as_ref());
    let href = session.ticket_id.map(|id| format!("/console/tickets/{id}"));
    SessionRow {
        id: open.then(|| session.id.to_string()),
        href: href.unwrap_or_else(|| "/console/sessions".to_owned()),
        who: match (phone, ticket) {
            (Some(phone), _) => phone.masked(),
            (None, Some(ticket)) => ticket.code.grouped(),
            (None, None) => session.user_name.clone(),
        },
        mac: session.mac.map(|mac| mac.to_string()).unwrap_or_default(),
        ip: session.framed_ip.clone().unwrap_or_default(),
        router: routers.get(&session.router_id).cloned().unwrap_or_default(),
        plan: ticket
            .map(|ticket| ticket.plan_name.clone())
            .unwrap_or_default(),
        when: match session.stopped_at {
            None => t.since(clock(session.started_at)),
            Some(end) => t.from_to(clock(session.started_at), clock(end)),
        },
        // The router counts from its own side: what it sends, the customer receives.
        down: format::bytes(t, session.usage.octets_out),
        up: format::bytes(t, session.usage.octets_in),
        left: match (open, standing) {
            (true, Some(entitlement)) => words::left(t, &entitlement),
            _ => format::session_end(t, session.terminate_cause.as_deref().unwrap_or_default()),
        },
    }
}

/// A search text without what people write differently.
fn needle(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, ' ' | '-' | ':' | '+'))
        .collect::<String>()
        .to_lowercase()
}

fn matches(online: &OnlineSession, routers: &HashMap<RouterId, String>, wanted: &str) -> bool {
    let session = &online.session;
    let mut texts = vec![session.user_name.clone()];
    texts.extend(session.mac.map(|mac| mac.to_string()));
    texts.extend(session.framed_ip.clone());
    texts.extend(routers.get(&session.router_id).cloned());
    if let Some(ticket) = &online.ticket {
        texts.push(ticket.code.as_str().to_owned());
        texts.extend(
            ticket
                .phone
                .iter()
                .flat_map(|p| [p.digits().to_owned(), p.local()]),
        );
    }
    texts.iter().any(|text| needle(text).contains(wanted))
}
