//! The page of a customer's credit, and buying with it.

use axum::extract::{Path, State};
use axum::response::Response;
use bando_app::{Error, Invalid, Result, WalletPage};
use bando_domain::{CustomerId, Money, PlanId};
use http::StatusCode;

use super::fields::Fields;
use super::guest::Guest;
use super::landing::facts;
use super::{Portal, answer};
use crate::views::portal::{Credit, PlanOption, Wallet};
use crate::views::{Notice, Tone};

/// `GET /p/{provider}/w/{token}`.
pub(crate) async fn show(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
) -> Response {
    let found = find(&portal, &guest, &token).await;
    guest.answer(found.map(|found| draw(&guest, &token, &found, StatusCode::OK, None)))
}

/// `POST /p/{provider}/w/{token}`: `plan` is bought if there is still as much in it as was seen.
pub(crate) async fn buy(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
    fields: Fields,
) -> Response {
    guest.answer(pay(&portal, &guest, &token, &fields).await)
}

/// A customer's credit, for a page of theirs; none if there is nothing in it.
pub(crate) fn credit(
    portal: &Portal,
    guest: &Guest,
    customer: CustomerId,
    amount: Money,
) -> Option<Credit> {
    let token = portal.app.wallet_token(guest.provider().id, customer);
    amount.is_positive().then(|| Credit {
        amount: amount.to_string(),
        href: guest.page("").url(&format!("w/{token}")),
    })
}

async fn find(portal: &Portal, guest: &Guest, token: &str) -> Result<WalletPage> {
    let found = portal.app.wallet_page(token).await?;
    if found.provider.id == guest.provider().id {
        Ok(found)
    } else {
        Err(Error::NotFound("wallet"))
    }
}

async fn pay(portal: &Portal, guest: &Guest, token: &str, fields: &Fields) -> Result<Response> {
    let (app, t) = (&portal.app, guest.lang);
    let found = find(portal, guest, token).await?;
    let plan = fields.get("plan").parse::<PlanId>();
    let seen = fields.get("credit").parse::<i64>();
    let why = match (plan, seen) {
        (Ok(plan), Ok(seen)) => {
            let seen = Money::from_minor(seen, found.customer.credit.currency());
            let bought = app.buy_with_credit(token, plan, seen, guest.visit()).await;
            match bought {
                Ok(payment) => {
                    let token = app.payment_token(guest.provider().id, payment.id);
                    return Ok(answer::go_to(&guest.page("").url(&format!("pay/{token}"))));
                }
                Err(Error::Invalid(Invalid::Field { .. })) => t.wallet_changed(),
                Err(Error::Invalid(Invalid::NotOnSale) | Error::NotFound("plan")) => t.plan_gone(),
                Err(error) => return Err(error),
            }
        }
        _ => t.plan_missing(),
    };
    let now = find(portal, guest, token).await?;
    let notice = Notice::new(Tone::Bad, why);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(draw(guest, token, &now, status, Some(notice)))
}

fn draw(
    guest: &Guest,
    token: &str,
    found: &WalletPage,
    status: StatusCode,
    notice: Option<Notice>,
) -> Response {
    let row = |(i, plan): (usize, &bando_app::Plan)| PlanOption {
        id: plan.id.to_string(),
        name: plan.name.clone(),
        facts: facts(guest, plan),
        price: plan.price.to_string(),
        selected: i == 0,
        most_bought: false,
    };
    let view = Wallet {
        page: guest.page(&format!("w/{token}")),
        notice,
        token: token.to_owned(),
        credit: found.customer.credit.to_string(),
        minor: found.customer.credit.minor(),
        plans: found.plans.iter().enumerate().map(row).collect(),
    };
    answer::page(status, &view)
}
