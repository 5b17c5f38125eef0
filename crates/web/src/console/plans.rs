//! Plans: what is sold.

use bando_app::{Error, Permission, Plan};
use bando_domain::PlanId;

use super::answer::{Answer, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::plan_form::{self, blame};
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::views::console::{PlanForm, PlanRow, Plans, Section};
use crate::views::{Notice, Tone};

/// `GET /console/plans`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let plans = who.app.plans(&who.caller).await?;
    let mut page = who.page(Section::Plans);
    let saved = query.parsed::<PlanId>("saved");
    if let Some(plan) = plans.iter().find(|plan| Some(plan.id) == saved) {
        page.flash = Some(Notice::new(Tone::Ok, who.t.plan_was_saved(&plan.name)));
    }
    let row = |plan: &Plan| PlanRow {
        href: format!("/console/plans/{}", plan.id),
        name: plan.name.clone(),
        facts: words::terms(who.t, &plan.terms),
        price: plan.price.to_string(),
        on_sale: plan.on_sale,
    };
    html(&Plans {
        page,
        rows: plans.iter().map(row).collect(),
    })
}

/// `GET /console/plans/new`
pub(super) async fn new(who: SignedInCaller) -> Answer {
    who.need(Permission::Manage)?;
    html(&plan_form::form(&who, None, &Fields::default()))
}

/// `POST /console/plans`
pub(super) async fn create(who: SignedInCaller, fields: Fields) -> Answer {
    who.need(Permission::Manage)?;
    let position = who
        .app
        .plans(&who.caller)
        .await?
        .iter()
        .map(|plan| plan.position)
        .max();
    save(
        &who,
        None,
        &fields,
        position.map_or(0, |last| last.saturating_add(1)),
    )
    .await
}

/// `GET /console/plans/{id}`
pub(super) async fn edit(who: SignedInCaller, Id(id): Id<PlanId>) -> Answer {
    who.need(Permission::Manage)?;
    let plan = who.app.plan(&who.caller, id).await?;
    html(&plan_form::form(
        &who,
        Some(id.to_string()),
        &plan_form::fields(&plan),
    ))
}

/// `POST /console/plans/{id}`
pub(super) async fn change(who: SignedInCaller, Id(id): Id<PlanId>, fields: Fields) -> Answer {
    who.need(Permission::Manage)?;
    if fields.has("delete") {
        who.app.delete_plan(&who.caller, id).await?;
        return see_other(&Done::PlanDeleted.at("/console/plans"));
    }
    let plan = who.app.plan(&who.caller, id).await?;
    save(&who, Some(id), &fields, plan.position).await
}

async fn save(who: &SignedInCaller, id: Option<PlanId>, fields: &Fields, position: i64) -> Answer {
    let mut form = plan_form::form(who, id.map(|id| id.to_string()), fields);
    let Some(draft) = plan_form::read(&mut form, fields, position) else {
        return again(form);
    };
    match who.app.save_plan(&who.caller, id, draft).await {
        Ok(plan) => see_other(&format!("/console/plans?saved={}", plan.id)),
        Err(Error::Invalid(invalid)) => {
            blame(&mut form, &invalid);
            again(form)
        }
        Err(other) => Err(other.into()),
    }
}

fn again(mut form: PlanForm) -> Answer {
    form.page.flash = Some(Notice::new(Tone::Bad, form.page.t.fields_wrong()));
    wrong(&form)
}
