//! Payments that wait for a member's word: one tap each.

use bando_app::{Confirmation, Error, Permission};
use bando_domain::{PaymentId, Phone};

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Fields, Id};
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::format;
use crate::views::Field;
use crate::views::console::{Confirm, ConfirmCard, Section};

/// `GET /console/confirm`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    who.need(Permission::Sell)?;
    html(&cards(&who).await?)
}

/// `POST /console/confirm/{id}`
pub(super) async fn answer(who: SignedInCaller, Id(id): Id<PaymentId>, fields: Fields) -> Answer {
    let number = Some(fields.text("transaction_id")).filter(|text| !text.is_empty());
    let (said, done) = match fields.text("answer") {
        "yes" => (
            who.app.confirm_payment(&who.caller, id, number).await,
            Done::Confirmed,
        ),
        "no" => (
            who.app.reject_payment(&who.caller, id).await,
            Done::Rejected,
        ),
        _ => return Err(Fault::BadRequest),
    };
    match said {
        Ok(_) => see_other(&done.at(Section::Confirm.href())),
        Err(Error::Invalid(invalid)) => {
            let mut page = cards(&who).await?;
            let id = id.to_string();
            let problem = words::problem(&who, &invalid);
            match page.cards.iter_mut().find(|card| card.id == id) {
                Some(card) => {
                    card.number = Field {
                        value: fields.text("transaction_id").to_owned(),
                        error: Some(problem),
                    };
                }
                None => page.problem = Some(problem),
            }
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

async fn cards(who: &SignedInCaller) -> Result<Confirm, Fault> {
    let waiting = who.app.confirmations(&who.caller).await?;
    let shown = waiting.rows.len() as u64;
    Ok(Confirm {
        page: who.page(Section::Confirm),
        cards: waiting.rows.iter().map(|row| card(who, row)).collect(),
        hidden: waiting.count.saturating_sub(shown),
        problem: None,
    })
}

fn card(who: &SignedInCaller, row: &Confirmation) -> ConfirmCard {
    let payment = &row.payment;
    ConfirmCard {
        id: payment.id.to_string(),
        amount: payment.amount.to_string(),
        phone: payment
            .phone
            .as_ref()
            .map(|phone: &Phone| who.phone(phone))
            .unwrap_or_default(),
        plan: payment.plan_name.clone(),
        gateway: who.gateway(&payment.gateway),
        waiting: who
            .t
            .confirm_waiting(format::short_duration(who.t, row.waiting.as_secs())),
        alike: !row.is_only,
        trusted: row.trusted,
        claimed: row.claimed.is_some(),
        number: Field::of(row.claimed.clone().unwrap_or_default()),
    }
}
