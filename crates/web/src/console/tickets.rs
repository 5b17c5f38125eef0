//! Tickets: the list, and one with its devices and sessions.

use bando_app::{Device, Origin, Permission, Ticket, TicketFilter, TicketPage};
use bando_domain::{MacAddr, Phone, TicketId, TicketState};
use url::form_urlencoded::Serializer;

use super::answer::{Answer, Fault, html, see_other};
use super::fields::{Asked, Fields, Id};
use super::search::{self, Search};
use super::sessions;
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::views::TicketStatus;
use crate::views::console::{
    Fact, Paging, Section, TicketDevice, TicketFilter as Filter, TicketPage as Shown, TicketRow,
    Tickets,
};
use crate::{format, qr, standing};

/// Rows of one page.
const PAGE: usize = 50;

/// `GET /console/tickets?q=&status=&before=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let shown = Filter {
        q: search::text(&query),
        status: TicketStatus::ALL
            .into_iter()
            .find(|s| s.slug() == query.text("status")),
    };
    let filter = match Search::of(&who, &shown.q).await? {
        Search::One(address) => return see_other(&address),
        Search::Rows { phone, mac } => Some(TicketFilter {
            state: shown.status.map(state),
            phone,
            mac,
            ..TicketFilter::default()
        }),
        Search::Nothing => None,
    };
    let before = query.parsed::<TicketId>("before");
    let after = before.map(|id| bando_app::Cursor(id.uuid()));
    let found = match filter {
        Some(filter) => who.app.tickets(&who.caller, &filter, after, PAGE).await?,
        None => search::no_rows(),
    };
    let older = found
        .next
        .map(|next| TicketId::from_uuid(next.0).to_string());
    html(&Tickets {
        page: who.page(Section::Tickets),
        rows: found.rows.iter().map(|ticket| row(&who, ticket)).collect(),
        paging: Paging {
            newest_href: before.map(|_| address(&shown, None)),
            older_href: older.map(|id| address(&shown, Some(&id))),
        },
        filter: shown,
    })
}

/// `GET /console/tickets/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<TicketId>, Asked(query): Asked) -> Answer {
    let found = who.app.ticket(&who.caller, id).await?;
    let ticket = &found.ticket;
    let mut page = who.page(Section::Tickets);
    if query.text("done") == "sold" {
        let text = who.t.sold_for(&ticket.plan_name, ticket.price);
        page.flash = Some(crate::views::Notice::new(crate::views::Tone::Ok, text));
    }
    if query.text("done") == "given" {
        let text = who.t.given(&ticket.plan_name);
        page.flash = Some(crate::views::Notice::new(crate::views::Tone::Ok, text));
    }
    let routers = sessions::router_names(&who).await?;
    let rows = found.sessions.iter();
    let rows = rows
        .map(|session| sessions::row(&who, session, Some(ticket), &routers))
        .collect();
    let hint = hint(&who, ticket);
    let qr_svg = match hint {
        Some(_) => String::new(),
        None => qr::svg(&public_page(&who, ticket)),
    };
    html(&Shown {
        page,
        id: id.to_string(),
        code: hint.unwrap_or_else(|| ticket.code.as_str().to_owned()),
        qr_svg,
        plan: ticket.plan_name.clone(),
        status: standing::status(found.standing),
        offline: offline(&who, &found),
        time: standing::time_gauge(who.t, &who.times, &found, who.now),
        data: standing::data_gauge(who.t, &found),
        devices: devices(&who, &found),
        device_limit: ticket.terms.device_limit.into(),
        sessions: rows,
        facts: facts(&who, ticket).await?,
    })
}

/// `POST /console/tickets/{id}/revoke`
pub(super) async fn revoke(who: SignedInCaller, Id(id): Id<TicketId>) -> Answer {
    who.need(Permission::Revoke)?;
    who.app.ticket(&who.caller, id).await?;
    let here = format!("/console/tickets/{id}");
    let revoked = who.app.revoke_ticket(&who.caller, id).await?;
    see_other(&if revoked {
        Done::TicketRevoked.at(&here)
    } else {
        here
    })
}

/// `POST /console/tickets/{id}/forget`
pub(super) async fn forget(who: SignedInCaller, Id(id): Id<TicketId>, fields: Fields) -> Answer {
    let mac: MacAddr = fields.parsed("device").ok_or(Fault::BadRequest)?;
    who.app.forget_device(&who.caller, id, mac).await?;
    see_other(&Done::DeviceRemoved.at(&format!("/console/tickets/{id}")))
}

/// The address of a ticket's public page: what its QR code opens.
pub(super) fn public_page(who: &SignedInCaller, ticket: &Ticket) -> String {
    let base = &who.app.settings().public_url;
    let token = who.app.ticket_token(who.provider.id, ticket.id);
    format!("{base}/p/{}/t/{token}", who.provider.slug)
}

/// The beginning of a code that is shown to nobody but those who may hand tickets out: one that
/// nobody has used yet is as good as money. None for a code that may be shown.
fn hint(who: &SignedInCaller, ticket: &Ticket) -> Option<String> {
    let unused = ticket.state == TicketState::Unused && !who.may(Permission::Sell);
    unused.then(|| format!("{}…", ticket.code.hint()))
}

fn row(who: &SignedInCaller, ticket: &Ticket) -> TicketRow {
    let t = who.t;
    let standing = standing::of(ticket, who.now);
    let left = match standing {
        Ok(e) if !e.activates => words::left(t, &e),
        _ => String::new(),
    };
    let origin = match ticket.origin {
        Origin::Payment(_) => t.fact_payment(),
        Origin::Batch(_) => t.note_voucher(),
        Origin::Gift(_) => t.note_gift(),
    };
    TicketRow {
        href: format!("/console/tickets/{}", ticket.id),
        code: hint(who, ticket).unwrap_or_else(|| ticket.code.grouped()),
        plan: ticket.plan_name.clone(),
        status: standing::status(standing),
        left,
        who: ticket
            .phone
            .as_ref()
            .map_or_else(|| origin.to_owned(), Phone::masked),
        when: who.near(ticket.created_at),
    }
}

/// Why nobody is online with it; none while somebody is.
fn offline(who: &SignedInCaller, found: &TicketPage) -> Option<String> {
    if found
        .sessions
        .iter()
        .any(|session| session.stopped_at.is_none())
    {
        return None;
    }
    let t = who.t;
    let why = match standing::status(found.standing) {
        TicketStatus::Unused => t.offline_unused(),
        TicketStatus::Active => t.offline_away(),
        TicketStatus::Expired => t.offline_expired(),
        TicketStatus::UsedUp => t.offline_used_up(),
        TicketStatus::Revoked => t.offline_revoked(),
    };
    Some(why.to_owned())
}

fn devices(who: &SignedInCaller, found: &TicketPage) -> Vec<TicketDevice> {
    let row = |device: &Device| TicketDevice {
        id: device.mac.to_string(),
        mac: device.mac.to_string(),
        seen: standing::seen(who.t, &who.times, found, device, who.now),
        online: found.is_online(device.mac),
    };
    found.devices.iter().map(row).collect()
}

async fn facts(who: &SignedInCaller, ticket: &Ticket) -> Result<Vec<Fact>, Fault> {
    let t = who.t;
    let mut facts = vec![
        Fact::new(t.plan_terms(), words::terms(t, &ticket.terms)),
        Fact::new(t.fact_price(), ticket.price.to_string()),
        Fact::new(t.fact_sold(), who.near(ticket.created_at)),
    ];
    facts.push(match ticket.origin {
        Origin::Payment(id) => Fact::link(
            t.fact_payment(),
            ticket.price.to_string(),
            format!("/console/payments/{id}"),
        ),
        Origin::Batch(id) => Fact::link(
            t.fact_batch(),
            &ticket.plan_name,
            format!("/console/batches/{id}"),
        ),
        Origin::Gift(account) => {
            let names = who.app.member_names(&who.caller).await?;
            let name = names.get(&account).cloned();
            Fact::new(
                t.fact_given_by(),
                name.unwrap_or_else(|| account.to_string()),
            )
        }
    });
    facts.extend(
        ticket
            .phone
            .as_ref()
            .map(|phone| Fact::new(t.fact_phone(), who.phone(phone))),
    );
    facts.push(Fact::new(
        t.fact_used(),
        format::bytes(t, ticket.usage.total()),
    ));
    facts.extend(
        ticket
            .activated_at
            .map(|at| Fact::new(t.fact_started(), who.near(at))),
    );
    let end = match ticket.ended_at {
        Some(at) => Some((t.fact_ended(), at)),
        None => ticket.expires_at.map(|at| (t.fact_ends(), at)),
    };
    facts.extend(end.map(|(name, at)| Fact::new(name, who.near(at))));
    Ok(facts)
}

fn address(shown: &Filter, before: Option<&str>) -> String {
    const PATH: &str = "/console/tickets?";
    let mut query = Serializer::for_suffix(PATH.to_owned(), PATH.len());
    query.append_pair("q", &shown.q);
    query.append_pair("status", shown.status.map_or("", TicketStatus::slug));
    query.extend_pairs(before.map(|id| ("before", id)));
    query.finish()
}

fn state(status: TicketStatus) -> TicketState {
    match status {
        TicketStatus::Unused => TicketState::Unused,
        TicketStatus::Active => TicketState::Active,
        TicketStatus::UsedUp => TicketState::UsedUp,
        TicketStatus::Expired => TicketState::Expired,
        TicketStatus::Revoked => TicketState::Revoked,
    }
}
