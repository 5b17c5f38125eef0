//! The public page of a ticket, which its QR code opens: what is left, and on which devices.

use axum::extract::{Path, State};
use axum::response::Response;
use bando_app::{Device, Result, TicketPage};
use bando_domain::{MacAddr, Timestamp};
use http::StatusCode;
use url::form_urlencoded;

use super::connect::{find, public_address};
use super::fields::Fields;
use super::guest::Guest;
use super::{Portal, answer, wallet};
use crate::views::portal::{DeviceRow, LoginPage, Status, UseHere};
use crate::views::{Notice, Tone};
use crate::{qr, standing};

/// The most routers a page offers to connect by.
const MAX_LOGIN_PAGES: usize = 4;

/// `GET /p/{provider}/t/{token}`.
pub(crate) async fn show(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    guest.answer(draw(&portal, &guest, &token).await)
}

/// `POST /p/{provider}/t/{token}/disconnect`.
pub(crate) async fn disconnect(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    guest.answer(put_off(&portal, &guest, &token).await)
}

/// `POST /p/{provider}/t/{token}/forget`: `device` leaves the ticket.
pub(crate) async fn forget(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    guest.answer(release(&portal, &guest, &token, fields.get("device")).await)
}

async fn draw(portal: &Portal, guest: &Guest, token: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    let now = portal.app.now();
    let at_router = guest.at_router(&portal.app).await?;
    let here = guest.visit().mac.filter(|_| at_router);
    let row = |device: &Device| device_row(guest, &found, device, here, now);
    // The page is shown around to add devices: the buyer's credit is for a device that has the ticket.
    let is_holder = |mac| found.devices.iter().any(|device| device.mac == mac);
    let buyer = match here.filter(|mac| is_holder(*mac)) {
        Some(_) => portal.app.buyer_of(&found.ticket).await?,
        None => None,
    };
    let view = Status {
        page: guest.page(&format!("t/{token}")),
        notice: notice(guest, &found),
        token: token.to_owned(),
        code: found.ticket.code.to_string(),
        mac: found.ticket.identity_mac.as_ref().map(MacAddr::to_string),
        credit: buyer.and_then(|buyer| wallet::credit(portal, guest, buyer.id, buyer.credit)),
        plan: found.ticket.plan_name.clone(),
        status: standing::status(found.standing),
        time: standing::time_gauge(guest.lang, &guest.times(), &found, now),
        data: standing::data_gauge(guest.lang, &found),
        devices: found.devices.iter().map(row).collect(),
        device_limit: found.ticket.terms.device_limit.into(),
        use_here: use_here(guest, &found, at_router, here, now),
        login_pages: login_pages(portal, guest, &found, token).await?,
        qr_svg: qr::svg(&public_address(portal, guest, token)),
    };
    Ok(answer::page(StatusCode::OK, &view))
}

async fn put_off(portal: &Portal, guest: &Guest, token: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    portal
        .app
        .disconnect_ticket(guest.provider().id, found.ticket.id)
        .await?;
    Ok(done(guest, token, "off"))
}

async fn release(portal: &Portal, guest: &Guest, token: &str, device: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    if let Ok(mac) = device.parse::<MacAddr>()
        && found.devices.iter().any(|device| device.mac == mac)
    {
        portal
            .app
            .release_device(guest.provider().id, found.ticket.id, mac)
            .await?;
    }
    Ok(done(guest, token, "removed"))
}

fn done(guest: &Guest, token: &str, what: &str) -> Response {
    let address = guest.page("").url(&format!("t/{token}"));
    answer::go_to(&format!("{address}&done={what}"))
}

fn notice(guest: &Guest, found: &TicketPage) -> Option<Notice> {
    let t = guest.lang;
    let text = match guest.query.done.as_str() {
        "off" => t.was_disconnected(),
        "removed" => t.was_removed(),
        _ if guest.query.online && found.standing.is_ok() => t.now_connected(),
        _ => return None,
    };
    Some(Notice::new(Tone::Ok, text))
}

/// The way to a router for a browser that came here past it, as one does that has scanned the QR code.
async fn login_pages(
    portal: &Portal,
    guest: &Guest,
    found: &TicketPage,
    token: &str,
) -> Result<Vec<LoginPage>> {
    let came_by_router = !guest.visit().identity.is_empty() || guest.query.online;
    if came_by_router || found.standing.is_err() {
        return Ok(Vec::new());
    }
    let pages = portal.app.login_pages(guest.provider().id).await?;
    let back = public_address(portal, guest, token);
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let are_several = pages.len() > 1;
    let page = |(router, host): (String, String)| LoginPage {
        router: are_several.then_some(router),
        href: format!("http://{host}/login?dst={back}"),
    };
    Ok(pages.into_iter().take(MAX_LOGIN_PAGES).map(page).collect())
}

fn use_here(
    guest: &Guest,
    found: &TicketPage,
    at_router: bool,
    here: Option<MacAddr>,
    now: Timestamp,
) -> Option<UseHere> {
    let online = guest.query.online || here.is_some_and(|mac| found.is_online(mac));
    if !at_router || online || found.standing.is_err() || guest.visit().link_login_only.is_empty() {
        return None;
    }
    match here {
        Some(mac) if !found.has_room_for(mac, now) => Some(UseHere::Instead),
        _ => Some(UseHere::Connect),
    }
}

fn device_row(
    guest: &Guest,
    found: &TicketPage,
    device: &Device,
    here: Option<MacAddr>,
    now: Timestamp,
) -> DeviceRow {
    let name = device.mac.to_string();
    DeviceRow {
        id: name.clone(),
        name,
        seen: standing::seen(guest.lang, &guest.times(), found, device, now),
        online: found.is_online(device.mac),
        this: here == Some(device.mac),
    }
}
