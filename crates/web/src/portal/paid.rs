//! "I have already paid": the receipt or the whole SMS leads to the payment it belongs to.

use axum::extract::State;
use axum::response::Response;
use bando_app::{Claim, Error, PROMISE, Result, receipts_in};
use http::StatusCode;

use super::fields::Fields;
use super::guest::Guest;
use super::{Portal, answer};
use crate::state::Source;
use crate::views::Field;
use crate::views::portal::{AlreadyPaid, CaseNumber};

/// The most characters of a message that are read: an SMS has a few hundred.
const MAX_MESSAGE: usize = 1000;

/// `GET /p/{provider}/paid`.
pub(crate) async fn form(guest: Guest) -> Response {
    draw(&guest, StatusCode::OK, Field::default(), None)
}

/// `POST /p/{provider}/paid`.
pub(crate) async fn claim(
    State(portal): State<Portal>,
    guest: Guest,
    source: Source,
    fields: Fields,
) -> Response {
    guest.answer(look(&portal, &guest, source, fields.get("message")).await)
}

async fn look(portal: &Portal, guest: &Guest, source: Source, message: &str) -> Result<Response> {
    let (app, t, provider) = (&portal.app, guest.lang, guest.provider().id);
    let message: String = message.chars().take(MAX_MESSAGE).collect();
    let device = guest.device(app).await?;
    let (status, why) = match app
        .claim(provider, &message, device, &source.to_string())
        .await
    {
        Ok(Claim::Paid(payment) | Claim::Asking(payment)) => {
            let token = app.payment_token(provider, payment);
            return Ok(answer::go_to(&guest.page("").url(&format!("pay/{token}"))));
        }
        Ok(Claim::Credit(customer)) => {
            let token = app.wallet_token(provider, customer);
            return Ok(answer::go_to(&guest.page("").url(&format!("w/{token}"))));
        }
        Ok(Claim::Case { number, .. }) => {
            let hours = PROMISE.as_secs() / 3600;
            let case = CaseNumber { number, hours };
            return Ok(draw(guest, StatusCode::OK, Field::of(message), Some(case)));
        }
        Ok(Claim::Unknown) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            match receipts_in(&message).first() {
                Some(receipt) => t.paid_not_found(receipt),
                None if message.is_empty() => t.paid_missing().to_owned(),
                None => t.paid_no_code().to_owned(),
            },
        ),
        Err(Error::TooMany { .. }) => (
            StatusCode::TOO_MANY_REQUESTS,
            t.too_many_requests().to_owned(),
        ),
        Err(error) => return Err(error),
    };
    Ok(draw(
        guest,
        status,
        Field {
            value: message,
            error: Some(why),
        },
        None,
    ))
}

fn draw(guest: &Guest, status: StatusCode, message: Field, case: Option<CaseNumber>) -> Response {
    answer::page(
        status,
        &AlreadyPaid {
            page: guest.page("paid"),
            message,
            case,
        },
    )
}
