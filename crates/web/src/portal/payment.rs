//! The page of one purchase: waiting, failed or paid, whichever is true, and its receipt.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use bando_app::{Error, PaymentPage, Result, Ticket};
use bando_domain::{MacAddr, PaymentStatus, Phone};
use http::StatusCode;

use super::guest::Guest;
use super::visit::web_address;
use super::{Portal, answer, asking, connect, wallet};
use crate::i18n::{Lang, PaymentProblem};
use crate::qr;
use crate::views::portal::{Connect, Failed, Receipt, Success};

/// For how long after the payment its page logs the device in by itself. Later the customer may be
/// anywhere, and the router's address leads nowhere.
const CONNECTS_BY_ITSELF: Duration = Duration::from_secs(10 * 60);

/// `GET /p/{provider}/pay/{token}`.
pub(crate) async fn show(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    guest.answer(draw(&portal, &guest, &token).await)
}

/// `GET /p/{provider}/pay/{token}/receipt`.
pub(crate) async fn receipt(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    guest.answer(draw_receipt(&portal, &guest, &token).await)
}

/// The payment that a token names, if it is this provider's.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn find(portal: &Portal, guest: &Guest, token: &str) -> Result<PaymentPage> {
    let found = portal.app.payment_page(token).await?;
    if found.provider.id == guest.provider().id {
        Ok(found)
    } else {
        Err(Error::NotFound("payment"))
    }
}

/// How a payment is paid, for people: a brand, or a word for what is no gateway.
pub(crate) fn title(portal: &Portal, t: Lang, gateway: &str) -> String {
    let known = portal.app.gateways().get(gateway);
    match (known, gateway) {
        (Some(known), _) => known.profile().title,
        (None, "cash") => t.paid_in_cash(),
        (None, _) => t.paid_from_credit(),
    }
    .to_owned()
}

async fn draw(portal: &Portal, guest: &Guest, token: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    let payment = &found.payment;
    match (payment.status, &found.ticket) {
        (status, Some(ticket)) if status.was_paid() => {
            paid(portal, guest, &found, ticket, token.to_owned()).await
        }
        (PaymentStatus::Pending, _) => Ok(asking::draw(portal, guest, &found, token)),
        _ => {
            let phone = payment.phone.as_ref().map(Phone::masked);
            let view = Failed {
                page: guest.page(&format!("pay/{token}")),
                token: token.to_owned(),
                plan: payment.plan_name.clone(),
                price: payment.amount.to_string(),
                phone: phone.unwrap_or_default(),
                gateway: title(portal, guest.lang, &payment.gateway),
                problem: payment.failure.map_or(PaymentProblem::Other, Into::into),
                by_hand: found.by_hand.is_some(),
                credit: wallet::credit(portal, guest, payment.customer_id, found.credit),
            };
            Ok(answer::page(StatusCode::OK, &view))
        }
    }
}

async fn paid(
    portal: &Portal,
    guest: &Guest,
    found: &PaymentPage,
    ticket: &Ticket,
    token: String,
) -> Result<Response> {
    let (app, provider) = (&portal.app, guest.provider().id);
    let ticket_token = app.ticket_token(provider, ticket.id);
    let standing = app.ticket_page(&ticket_token).await?;
    let page = guest.page(&format!("pay/{token}"));
    if standing.standing.is_err() {
        return Ok(answer::go_to(&page.url(&format!("t/{ticket_token}"))));
    }
    let now = app.now();
    let at_router = guest.at_router(app).await?;
    let device = guest.visit().mac.filter(|_| at_router);
    let online = guest.query.online || device.is_some_and(|mac| standing.is_online(mac));
    let wanted = [&guest.visit().link_orig, &found.visit.link_orig];
    let connect = if online {
        let continue_to = wanted.into_iter().find_map(|address| web_address(address));
        Connect::Online { continue_to }
    } else {
        let back = connect::come_back(portal, guest, &format!("pay/{token}"));
        let login = guest
            .visit()
            .login(&ticket.code, &back)
            .filter(|_| at_router);
        let paid_at = found
            .payment
            .finished_at
            .unwrap_or(found.payment.created_at);
        let auto = now.since(paid_at) < CONNECTS_BY_ITSELF;
        match login.and_then(|login| connect::address(&login)) {
            Some(href) => Connect::Login { href, auto },
            None => Connect::Elsewhere,
        }
    };
    let view = Success {
        notice: None,
        payment: token,
        plan: ticket.plan_name.clone(),
        until: ticket.expires_at.map(|end| guest.near(end, now)),
        code: ticket.code.to_string(),
        mac: ticket.identity_mac.as_ref().map(MacAddr::to_string),
        credit: wallet::credit(portal, guest, found.payment.customer_id, found.credit),
        qr_svg: qr::svg(&connect::public_address(portal, guest, &ticket_token)),
        ticket: ticket_token,
        connect,
        device_limit: ticket.terms.device_limit.into(),
        page,
    };
    Ok(answer::page(StatusCode::OK, &view))
}

async fn draw_receipt(portal: &Portal, guest: &Guest, token: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    let payment = &found.payment;
    let Some(ticket) = found.ticket.as_ref().filter(|_| payment.status.was_paid()) else {
        return Err(Error::NotFound("receipt"));
    };
    let page = guest.page(&format!("pay/{token}/receipt"));
    let paid_at = payment.finished_at.unwrap_or(payment.created_at);
    // The end of the id is random; its beginning is the time.
    let id = payment.id.uuid().simple().to_string().to_uppercase();
    let view = Receipt {
        number: id[id.len() - 10..].to_owned(),
        paid_at: guest.times().full(paid_at.as_millis()),
        plan: payment.plan_name.clone(),
        amount: payment.amount.to_string(),
        phone: payment.phone.as_ref().map(Phone::masked),
        method: title(portal, guest.lang, &payment.gateway),
        gateway_receipt: payment.receipt.clone(),
        code: ticket.code.to_string(),
        back_href: page.url(&format!("pay/{token}")),
        page,
    };
    Ok(answer::page(StatusCode::OK, &view))
}
