//! Typing a code: of a printed voucher, or of a ticket that moves to this device.

use axum::extract::State;
use axum::response::Response;
use bando_app::{Error, Result};
use http::StatusCode;

use super::fields::Fields;
use super::guest::Guest;
use super::{Portal, answer};
use crate::i18n::AccessProblem;
use crate::state::Source;
use crate::views::Field;
use crate::views::portal::VoucherEntry;

/// The most characters of a code that are shown again.
const MAX_SHOWN: usize = 32;

/// `GET /p/{provider}/voucher`.
pub(crate) async fn form(guest: Guest) -> Response {
    draw(&guest, StatusCode::OK, Field::default())
}

/// `POST /p/{provider}/voucher`: leads to the ticket, and online where that is possible.
pub(crate) async fn enter(
    State(portal): State<Portal>,
    guest: Guest,
    source: Source,
    fields: Fields,
) -> Response {
    guest.answer(open(&portal, &guest, source, fields.get("code")).await)
}

async fn open(portal: &Portal, guest: &Guest, source: Source, typed: &str) -> Result<Response> {
    let (app, t) = (&portal.app, guest.lang);
    let refused = |status, why: &str| {
        let value = typed.chars().take(MAX_SHOWN).collect();
        draw(
            guest,
            status,
            Field {
                value,
                error: Some(why.to_owned()),
            },
        )
    };
    if typed.is_empty() {
        return Ok(refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            t.voucher_missing(),
        ));
    }
    // The device counts, not the address that a whole hotspot shares.
    let who = match guest.device(app).await? {
        Some(mac) => mac.to_string(),
        None => source.to_string(),
    };
    let found = match app.ticket_by_code(guest.provider().id, typed, &who).await {
        Ok(found) => found,
        Err(Error::NotFound(_)) => {
            let why = AccessProblem::UnknownCode.text(t);
            return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, why));
        }
        Err(Error::TooMany { .. }) => {
            let why = AccessProblem::TooManyTries.text(t);
            return Ok(refused(StatusCode::TOO_MANY_REQUESTS, why));
        }
        Err(error) => return Err(error),
    };
    if let Err(refusal) = found.standing {
        let why = AccessProblem::from(refusal).text(t);
        return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, why));
    }
    let token = app.ticket_token(guest.provider().id, found.ticket.id);
    Ok(answer::go_to(
        &guest.page("").url(&format!("t/{token}/connect")),
    ))
}

fn draw(guest: &Guest, status: StatusCode, code: Field) -> Response {
    answer::page(
        status,
        &VoucherEntry {
            page: guest.page("voucher"),
            code,
        },
    )
}
