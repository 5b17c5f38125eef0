//! The page of a payment that nothing final is known of: what the payer has to do, by how they are asked.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use bando_app::{Asks, Error, PROMPT_LIFETIME, PaymentPage, Result};
use bando_domain::{PaymentStatus, Phone, Timestamp};
use http::StatusCode;

use super::fields::Fields;
use super::guest::Guest;
use super::payment::{find, title};
use super::{Portal, answer};
use crate::views::portal::{ByHand, ByOwner, Outside, PayByHand, WaitStep, Waiting};
use crate::views::{Field, Notice, Tone};

/// How long the gateway may take to send the prompt before the page says that we are asking it.
const PROMPT_DELAY: Duration = Duration::from_secs(20);

/// The most characters of a transaction number that are read: people paste whole messages.
const MAX_TRANSACTION: usize = 200;

/// The state of a payment that does not change any more.
pub(crate) const DONE: &str = "done";

/// What the page of this payment shows, in a word: another word, another page.
pub(crate) fn state(found: &PaymentPage, now: Timestamp) -> &'static str {
    if found.payment.status != PaymentStatus::Pending {
        return DONE;
    }
    match found.asks {
        Some(Asks::Push) => Waiting::state(step(found, now)),
        Some(Asks::Redirect | Asks::Link) => Outside::state(found.payment.redirect_url.is_some()),
        None => PayByHand::STATE,
    }
}

/// Seconds until the prompt is dead, a begun one counted whole.
pub(crate) fn seconds_left(found: &PaymentPage, now: Timestamp) -> u32 {
    let left = found.prompt_until.since(now).as_millis().div_ceil(1000);
    u32::try_from(left).unwrap_or(0)
}

/// The page of a pending payment.
pub(crate) fn draw(portal: &Portal, guest: &Guest, found: &PaymentPage, token: &str) -> Response {
    draw_with(portal, guest, found, token, Field::default())
}

/// `POST /p/{provider}/pay/{token}/paid`: the payer says that it is paid, perhaps by which transaction.
pub(crate) async fn say_paid(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    let typed = fields.get("transaction");
    guest.answer(note(&portal, &guest, &token, typed).await)
}

async fn note(portal: &Portal, guest: &Guest, token: &str, typed: &str) -> Result<Response> {
    let found = find(portal, guest, token).await?;
    let page = guest.page("").url(&format!("pay/{token}"));
    if found.payment.status != PaymentStatus::Pending {
        return Ok(answer::go_to(&page));
    }
    let typed: String = typed.chars().take(MAX_TRANSACTION).collect();
    let noted = if typed.is_empty() {
        Ok(())
    } else {
        portal.app.note_transaction_id(token, &typed).await
    };
    let why = match noted {
        Ok(()) => {
            portal.app.say_paid(token).await?;
            return Ok(answer::go_to(&format!("{page}&done=told")));
        }
        Err(Error::Invalid(_)) => guest.lang.transaction_wrong(),
        Err(Error::TooMany { .. }) => guest.lang.too_many_requests(),
        Err(error) => return Err(error),
    };
    let transaction = Field {
        value: typed,
        error: Some(why.to_owned()),
    };
    let mut response = draw_with(portal, guest, &found, token, transaction);
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

fn draw_with(
    portal: &Portal,
    guest: &Guest,
    found: &PaymentPage,
    token: &str,
    transaction: Field,
) -> Response {
    let page = guest.page(&format!("pay/{token}"));
    let token = token.to_owned();
    let payment = &found.payment;
    let (plan, price) = (payment.plan_name.clone(), payment.amount.to_string());
    let gateway = title(portal, guest.lang, &payment.gateway);
    let now = portal.app.now();
    match (found.asks, by_hand(found)) {
        (Some(asks @ (Asks::Redirect | Asks::Link)), _) => {
            let is_new = guest.query.go && !guest.small_window;
            let view = Outside {
                notice: (guest.query.done == "told")
                    .then(|| Notice::new(Tone::Ok, guest.lang.owner_told(&page.provider))),
                page,
                token,
                plan,
                price,
                gateway,
                href: payment.redirect_url.clone(),
                auto: is_new && asks == Asks::Redirect,
                small_window: guest.small_window,
                confirmed: (asks == Asks::Link).then_some(ByOwner { transaction }),
            };
            answer::page(StatusCode::OK, &view)
        }
        (None, Some(hand)) => {
            let view = PayByHand {
                page,
                token,
                plan,
                price,
                hand,
            };
            answer::page(StatusCode::OK, &view)
        }
        (_, by_hand) => {
            let phone = payment.phone.as_ref().map(Phone::masked);
            let view = Waiting {
                page,
                token,
                plan,
                price,
                phone: phone.unwrap_or_default(),
                gateway,
                step: step(found, now),
                seconds_left: seconds_left(found, now),
                seconds_total: u32::try_from(PROMPT_LIFETIME.as_secs()).unwrap_or(u32::MAX),
                by_hand,
            };
            answer::page(StatusCode::OK, &view)
        }
    }
}

/// What the payer may type into the phone's menu.
fn by_hand(found: &PaymentPage) -> Option<ByHand> {
    let hand = found.by_hand.as_ref()?;
    let amount = found.payment.amount;
    Some(ByHand {
        till: hand.is_till,
        number: hand.number.clone(),
        account: hand.account.clone(),
        amount: amount
            .whole_major()
            .map_or_else(|| amount.decimal(), |whole| whole.to_string()),
    })
}

/// How far a payment has come whose payer is prompted.
fn step(found: &PaymentPage, now: Timestamp) -> WaitStep {
    let payment = &found.payment;
    if payment.prompted_at.is_some() && now < found.prompt_until {
        WaitStep::PromptSent
    } else if payment.prompted_at.is_none() && now.since(payment.created_at) < PROMPT_DELAY {
        WaitStep::Asking
    } else {
        WaitStep::Checking
    }
}
