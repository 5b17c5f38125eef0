//! Selling one ticket over the counter, or giving it away.

use bando_app::{CashSale, Error, Invalid, Permission};
use bando_domain::PlanId;

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::Fields;
use super::who::SignedInCaller;
use super::words;
use crate::views::console::{Section, Sell, SellPlan};
use crate::views::{Choice, Field};

/// `GET /console/sell`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    who.need(Permission::Sell)?;
    html(&form(&who, &Fields::default()).await?)
}

/// `POST /console/sell`
pub(super) async fn submit(who: SignedInCaller, fields: Fields) -> Answer {
    who.need(Permission::Sell)?;
    let plan: PlanId = fields.parsed("plan").ok_or(Fault::BadRequest)?;
    let phone = fields.text("phone");
    let (ticket, done) = match fields.text("how") {
        "cash" => {
            let phone = Some(phone.to_owned()).filter(|phone| !phone.is_empty());
            let sold = who.app.sell_for_cash(&who.caller, CashSale { plan, phone });
            (sold.await.map(|sold| sold.ticket), "sold")
        }
        "gift" => {
            let note = fields.text("note");
            let given = who.app.give_ticket(&who.caller, plan, phone, note);
            (given.await, "given")
        }
        _ => return Err(Fault::BadRequest),
    };
    match ticket {
        Ok(ticket) => see_other(&format!("/console/tickets/{}?done={done}", ticket.id)),
        Err(Error::Invalid(invalid)) => {
            let mut form = form(&who, &fields).await?;
            let text = words::problem(&who, &invalid);
            match invalid {
                Invalid::Field { field: "note", .. } => form.note.error = Some(text),
                Invalid::Phone(_) => form.phone.error = Some(text),
                _ => form.problem = Some(text),
            }
            wrong(&form)
        }
        Err(other) => Err(other.into()),
    }
}

async fn form(who: &SignedInCaller, fields: &Fields) -> Result<Sell, Fault> {
    let t = who.t;
    let plans = who.app.plans(&who.caller).await?;
    let plan = |plan: bando_app::Plan| SellPlan {
        id: plan.id.to_string(),
        facts: words::terms(t, &plan.terms),
        price: plan.price.to_string(),
        name: plan.name,
    };
    let is_gift = fields.text("how") == "gift";
    let how = |value: &str, label: &str, selected| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        selected,
    };
    Ok(Sell {
        page: who.page(Section::Sell),
        plans: plans.into_iter().map(plan).collect(),
        how: vec![
            how("cash", t.sell_cash(), !is_gift),
            how("gift", t.sell_gift(), is_gift),
        ],
        problem: None,
        phone: Field::of(fields.text("phone")),
        note: Field::of(fields.text("note")),
    })
}
