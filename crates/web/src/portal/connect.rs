//! Getting online with a ticket: by way of the router's login page, which alone can let a device in.

use axum::extract::{Path, State};
use axum::response::Response;
use bando_app::{Error, Result, RouterLogin, TicketPage};
use bando_domain::MacAddr;
use http::StatusCode;
use url::Url;

use super::guest::Guest;
use super::{Portal, answer, landing};
use crate::standing;
use crate::views::portal::{Connecting, Known};

/// `GET /p/{provider}/t/{token}/connect`.
pub(crate) async fn connect(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    guest.answer(log_in(&portal, &guest, &token).await)
}

/// `POST /p/{provider}/t/{token}/connect`: this device instead of another of a full ticket.
pub(crate) async fn take_over(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    guest.answer(take_place(&portal, &guest, &token).await)
}

/// `POST /p/{provider}/reconnect`: the live ticket of this device, without paying again.
pub(crate) async fn reconnect(State(portal): State<Portal>, guest: Guest) -> Response {
    guest.answer(log_in_again(&portal, &guest).await)
}

/// The ticket that a token names, if it is this provider's.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn find(portal: &Portal, guest: &Guest, token: &str) -> Result<TicketPage> {
    let found = portal.app.ticket_page(token).await?;
    if found.ticket.provider == guest.provider().id {
        Ok(found)
    } else {
        Err(Error::NotFound("ticket"))
    }
}

/// The page that logs a device in on the ticket it has; none if it has none.
///
/// # Errors
/// [`Error::Store`].
pub(crate) async fn known_device(
    portal: &Portal,
    guest: &Guest,
    mac: MacAddr,
) -> Result<Option<Response>> {
    let Some(found) = portal
        .app
        .ticket_of_device(guest.provider().id, mac)
        .await?
    else {
        return Ok(None);
    };
    let token = portal
        .app
        .ticket_token(guest.provider().id, found.ticket.id);
    // To where the customer wanted to go; the ticket's own page if that is not known.
    let dst = match guest.visit().link_orig.as_str() {
        "" => come_back(portal, guest, &format!("t/{token}")),
        wanted => wanted.to_owned(),
    };
    let login = guest.visit().login_by_device(&dst);
    Ok(login.and_then(|login| connecting(guest, &found, &token, &login)))
}

/// The live ticket of a device, as the first page shows it.
///
/// # Errors
/// [`Error::Store`].
pub(crate) async fn known(portal: &Portal, guest: &Guest, mac: MacAddr) -> Result<Option<Known>> {
    let found = portal
        .app
        .ticket_of_device(guest.provider().id, mac)
        .await?;
    Ok(found.map(|found| {
        let token = portal
            .app
            .ticket_token(guest.provider().id, found.ticket.id);
        let words = left(guest, &found);
        let status = guest.page("").url(&format!("t/{token}"));
        landing::known_card(&found.ticket.plan_name, &words, status)
    }))
}

/// The router's login address with everything it needs, for a plain link.
pub(crate) fn address(login: &RouterLogin) -> Option<String> {
    let mut url = Url::parse(&login.action).ok()?;
    url.set_fragment(None);
    url.query_pairs_mut()
        .append_pair("username", &login.username)
        .append_pair("password", &login.password);
    if !login.dst.is_empty() {
        url.query_pairs_mut().append_pair("dst", &login.dst);
    }
    Some(url.into())
}

/// Our own page at `path`, for the router to send the browser back to once it is online. Short, for
/// routers cut long addresses: what the router told is not needed any more.
pub(crate) fn come_back(portal: &Portal, guest: &Guest, path: &str) -> String {
    let (public, base) = (&portal.app.settings().public_url, guest.base());
    format!("{public}{base}/{path}?lang={}&online=1", guest.lang.code())
}

/// The public page of a ticket, as its QR code says it.
pub(crate) fn public_address(portal: &Portal, guest: &Guest, token: &str) -> String {
    format!(
        "{}{}/t/{token}",
        portal.app.settings().public_url,
        guest.base()
    )
}

/// The ticket whose page the device was on its way to: its QR code was scanned, and the router has
/// added what it takes to let the device in.
pub(crate) fn scanned<'a>(portal: &Portal, guest: &'a Guest) -> Option<&'a str> {
    let pages = public_address(portal, guest, "");
    let token = guest.visit().link_orig.strip_prefix(&pages)?;
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (!token.is_empty() && token.bytes().all(is_token)).then_some(token)
}

async fn log_in(portal: &Portal, guest: &Guest, token: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    let status = guest.page("").url(&format!("t/{token}"));
    let room = guest
        .visit()
        .mac
        .is_none_or(|mac| found.has_room_for(mac, portal.app.now()));
    if found.standing.is_err() || !room || !guest.at_router(&portal.app).await? {
        // The ticket's own page says why, and what can be done.
        return Ok(answer::go_to(&status));
    }
    let dst = come_back(portal, guest, &format!("t/{token}"));
    let login = guest.visit().login(&found.ticket.code, &dst);
    let page = login.and_then(|login| connecting(guest, &found, token, &login));
    Ok(page.unwrap_or_else(|| answer::go_to(&status)))
}

async fn take_place(portal: &Portal, guest: &Guest, token: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    if let Some(mac) = guest.device(&portal.app).await?
        && found.standing.is_ok()
    {
        portal
            .app
            .take_over(guest.provider().id, found.ticket.id, mac)
            .await?;
    }
    Ok(answer::go_to(
        &guest.page("").url(&format!("t/{token}/connect")),
    ))
}

async fn log_in_again(portal: &Portal, guest: &Guest) -> Result<Response> {
    let page = match guest.device(&portal.app).await? {
        Some(mac) => known_device(portal, guest, mac).await?,
        None => None,
    };
    Ok(page.unwrap_or_else(|| answer::go_to(&guest.page("").plans_url())))
}

fn connecting(
    guest: &Guest,
    found: &TicketPage,
    token: &str,
    login: &RouterLogin,
) -> Option<Response> {
    let page = guest.page(&format!("t/{token}/connect"));
    let view = Connecting {
        plan: found.ticket.plan_name.clone(),
        left: left(guest, found),
        href: address(login)?,
        status_href: page.url(&format!("t/{token}")),
        page,
    };
    Some(answer::page(StatusCode::OK, &view))
}

fn left(guest: &Guest, found: &TicketPage) -> Vec<String> {
    let words = |entitlement| standing::left(guest.lang, &entitlement);
    found.standing.map(words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_address_holds_everything_encoded() {
        let login = RouterLogin {
            action: "http://10.5.50.1/login?target=sw#top".into(),
            username: "K7MPQ2XW9R".into(),
            password: "a&b=\"'<".into(),
            dst: "http://example.org/?x=1&y".into(),
        };
        assert_eq!(
            address(&login).expect("an address"),
            "http://10.5.50.1/login?target=sw&username=K7MPQ2XW9R&password=a%26b%3D%22%27%3C\
             &dst=http%3A%2F%2Fexample.org%2F%3Fx%3D1%26y"
        );
    }
}
