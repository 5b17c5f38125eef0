//! Handing out one ticket.

use bando_app::{Error, Invalid, Permission};
use bando_domain::PlanId;

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::Fields;
use super::who::SignedInCaller;
use super::words;
use crate::views::Field;
use crate::views::console::{Section, Sell, SellPlan};

/// `GET /console/sell`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    who.need(Permission::Sell)?;
    html(&form(&who, &Fields::default()).await?)
}

/// `POST /console/sell`
pub(super) async fn submit(who: SignedInCaller, fields: Fields) -> Answer {
    who.need(Permission::Sell)?;
    let plan: PlanId = fields.parsed("plan").ok_or(Fault::BadRequest)?;
    let given = who
        .app
        .give_ticket(&who.caller, plan, fields.text("phone"), fields.text("note"));
    match given.await {
        Ok(ticket) => see_other(&format!("/console/tickets/{}?done=given", ticket.id)),
        Err(Error::Invalid(invalid)) => {
            let mut form = form(&who, &fields).await?;
            let text = Some(words::problem(&who, &invalid));
            match invalid {
                Invalid::Field { field: "note", .. } => form.note.error = text,
                _ => form.phone.error = text,
            }
            wrong(&form)
        }
        Err(other) => Err(other.into()),
    }
}

async fn form(who: &SignedInCaller, fields: &Fields) -> Result<Sell, Fault> {
    let plans = who.app.plans(&who.caller).await?;
    let plan = |plan: bando_app::Plan| SellPlan {
        id: plan.id.to_string(),
        facts: words::terms(who.t, &plan.terms),
        price: plan.price.to_string(),
        name: plan.name,
    };
    Ok(Sell {
        page: who.page(Section::Sell),
        plans: plans.into_iter().map(plan).collect(),
        phone: Field::of(fields.text("phone")),
        note: Field::of(fields.text("note")),
    })
}
