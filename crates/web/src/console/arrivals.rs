//! Money that came otherwise than asked for: the list, one arrival, and what a member decides about it.

use bando_app::{
    Allotment, Arrival, ArrivalFilter, ArrivalState, Cursor, Error, Invalid, PaymentFilter,
    Permission,
};
use bando_domain::{ArrivalId, PaymentId, Phone, PlanId};

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::who::SignedInCaller;
use super::words::Done;
use super::{forms, money_words};
use crate::views::Choice;
use crate::views::console::{
    Button, Empty, Fact, FieldKind, Filters, Form, FormField, Link, List, ListRow, Matter, Paging,
    Section, Select,
};

/// Rows of one page.
const PAGE: usize = 50;

/// How many payments are offered that money may be meant for.
const CANDIDATES: usize = 20;

/// `GET /console/arrivals?state=&before=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let t = who.t;
    let chosen = ArrivalState::named(query.text("state"));
    let filter = ArrivalFilter {
        state: chosen,
        ..ArrivalFilter::default()
    };
    let before = query.parsed::<ArrivalId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let found = who.app.arrivals(&who.caller, &filter, after, PAGE).await?;
    let row = |arrival: &Arrival| ListRow {
        href: format!("/console/arrivals/{}", arrival.id),
        title: payer(&who, arrival),
        note: format!("{} · {}", who.gateway(&arrival.gateway), arrival.receipt),
        state: Some(money_words::arrival_state(t, arrival.state)),
        amount: arrival.amount.to_string(),
        when: who.near(arrival.seen_at),
    };
    let states = ArrivalState::ALL.iter();
    let states = states.map(|state| (state.name(), money_words::arrival_state(t, *state).1));
    let mut narrowed = String::from("/console/arrivals?");
    if let Some(state) = chosen {
        narrowed.push_str(&format!("state={}&", state.name()));
    }
    html(&List {
        page: who.page(Section::Cases),
        topic: "cases",
        up: Some(Link::new(t.nav_cases(), Section::Cases.href())),
        title: t.nav_arrivals(),
        text: t.arrivals_text().to_owned(),
        links: Vec::new(),
        forms: Vec::new(),
        filters: Some(Filters {
            action: "/console/arrivals".to_owned(),
            search: None,
            selects: vec![Select {
                name: "state",
                label: t.col_status().to_owned(),
                choices: money_words::choices(
                    t.any_status(),
                    states,
                    chosen.map(ArrivalState::name),
                ),
            }],
            is_narrow: chosen.is_some(),
        }),
        rows: found.rows.iter().map(row).collect(),
        empty: Empty {
            icon: "banknote",
            title: t.arrivals_empty_title().to_owned(),
            text: t.arrivals_empty_text().to_owned(),
            action: Some(Link::new(t.nav_payments(), Section::Payments.href())),
        },
        paging: Paging {
            newest_href: before.map(|_| narrowed.clone()),
            older_href: found
                .next
                .map(|next| format!("{narrowed}before={}", next.0)),
        },
    })
}

/// `GET /console/arrivals/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<ArrivalId>) -> Answer {
    html(&matter(&who, id).await?)
}

/// `POST /console/arrivals/{id}/decide`
pub(super) async fn decide(who: SignedInCaller, Id(id): Id<ArrivalId>, fields: Fields) -> Answer {
    who.need(Permission::Manage)?;
    let decided = match allotment(&who, &fields) {
        Ok(allotment) => who.app.allot(&who.caller, id, allotment).await,
        Err(Error::NotFound(_)) => return Err(Fault::BadRequest),
        Err(error) => Err(error),
    };
    match decided {
        Ok(()) => see_other(&Done::Decided.at(&format!("/console/arrivals/{id}"))),
        Err(Error::Invalid(invalid)) => {
            let mut page = matter(&who, id).await?;
            forms::refuse(&who, &mut page.forms, &fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// What the form that was sent decides.
fn allotment(who: &SignedInCaller, fields: &Fields) -> bando_app::Result<Allotment> {
    let phone = || Phone::parse(fields.text("phone"), who.provider.country).map_err(Invalid::from);
    let nothing = || Error::NotFound("decision");
    Ok(match fields.text("form") {
        "to-payment" => {
            let id = fields.parsed::<PaymentId>("payment").ok_or_else(nothing)?;
            Allotment::Payment(id)
        }
        "to-plan" => {
            let plan = fields.parsed::<PlanId>("plan").ok_or_else(nothing)?;
            Allotment::Plan(plan, phone()?)
        }
        "to-wallet" => Allotment::Wallet(phone()?),
        "refute" => Allotment::Refuted,
        _ => return Err(nothing()),
    })
}

async fn matter(who: &SignedInCaller, id: ArrivalId) -> Result<Matter, Fault> {
    let t = who.t;
    let arrival = who.app.arrival(&who.caller, id).await?;
    let mut links = Vec::new();
    let goes_back = matches!(arrival.state, ArrivalState::Open | ArrivalState::Credited);
    if goes_back && who.may(Permission::Refund) {
        links.push(Link::new(
            t.refund_ask(),
            format!("/console/arrivals/{id}/refund"),
        ));
    }
    Ok(Matter {
        page: who.page(Section::Cases),
        topic: "cases",
        up: Link::new(t.nav_arrivals(), "/console/arrivals"),
        title: arrival.amount.to_string(),
        state: Some(money_words::arrival_state(t, arrival.state)),
        notices: vec![money_words::note(money_words::arrival_meaning(
            t,
            arrival.state,
        ))],
        facts: facts(who, &arrival),
        forms: deciding(who, &arrival).await?,
        links,
    })
}

/// What is known of money that arrived.
pub(super) fn facts(who: &SignedInCaller, arrival: &Arrival) -> Vec<Fact> {
    let t = who.t;
    let some = |name: &str, value: Option<String>| value.map(|value| Fact::new(name, value));
    let mut facts = vec![
        Fact::new(t.fact_gateway(), who.gateway(&arrival.gateway)),
        Fact::new(t.fact_receipt(), &arrival.receipt),
    ];
    let phone = arrival.phone.as_ref().map(|phone| who.phone(phone));
    facts.extend(some(t.fact_phone(), phone));
    facts.extend(some(t.fact_payer(), arrival.payer.clone()));
    facts.extend(some(t.fact_reference(), arrival.reference.clone()));
    facts.extend(some(t.fact_account(), arrival.account.clone()));
    let fee = arrival.fee.map(|fee| fee.to_string());
    facts.extend(some(t.fact_fee(), fee));
    facts.extend(some(t.fact_moved(), arrival.at.map(|at| who.near(at))));
    facts.push(Fact::new(t.fact_seen(), who.near(arrival.seen_at)));
    let decided = arrival.decided_at.map(|at| who.near(at));
    facts.extend(some(t.fact_decided(), decided));
    if let Some(payment) = arrival.payment {
        let address = format!("/console/payments/{payment}");
        facts.push(Fact::link(t.fact_payment(), t.look(), address));
    }
    facts
}

/// The forms that give money a home, while it has none.
pub(super) async fn deciding(who: &SignedInCaller, arrival: &Arrival) -> Result<Vec<Form>, Fault> {
    let t = who.t;
    let waits = matches!(arrival.state, ArrivalState::Open | ArrivalState::Unproved);
    if !waits || !who.may(Permission::Manage) {
        return Ok(Vec::new());
    }
    let here = format!("/console/arrivals/{}/decide", arrival.id);
    let phone = || {
        let known = arrival.phone.as_ref().map(Phone::local).unwrap_or_default();
        FormField::new("phone", t.customer_phone(), FieldKind::Phone).value(known)
    };
    let mut forms = Vec::new();
    let payments = candidates(who, arrival).await?;
    if !payments.is_empty() {
        forms.push(
            Form::new("to-payment", t.give_to_payment(), &here)
                .field(FormField::new(
                    "payment",
                    t.fact_payment(),
                    FieldKind::OneOf(payments),
                ))
                .button(Button::main(t.give_it())),
        );
    }
    let plans = affordable(who, arrival).await?;
    if !plans.is_empty() {
        forms.push(
            Form::new("to-plan", t.buy_plan_with_it(), &here)
                .field(FormField::new(
                    "plan",
                    t.col_plan(),
                    FieldKind::OneOf(plans),
                ))
                .field(phone())
                .button(Button::main(t.buy_it()))
                .folded(),
        );
    }
    forms.push(
        Form::new("to-wallet", t.keep_as_credit(), &here)
            .text(t.keep_as_credit_text())
            .field(phone())
            .button(Button::main(t.keep_it()))
            .folded(),
    );
    if arrival.state == ArrivalState::Unproved {
        forms.push(
            Form::new("refute", t.not_ours(), &here)
                .text(t.not_ours_text())
                .button(Button::bad(t.not_ours()))
                .folded(),
        );
    }
    Ok(forms)
}

/// The unpaid payments that the money may be meant for: its phone's, else all that it could pay.
async fn candidates(who: &SignedInCaller, arrival: &Arrival) -> Result<Vec<Choice>, Fault> {
    let filter = PaymentFilter {
        phone: arrival.phone.clone(),
        from: Some(who.app.start_of_day(&who.caller, 6).await?),
        ..PaymentFilter::default()
    };
    let found = who.app.payments(&who.caller, &filter, None, 100).await?;
    let fits = found.rows.into_iter().filter(|payment| {
        !payment.status.was_paid()
            && payment.amount.currency() == arrival.amount.currency()
            && payment.amount.minor() <= arrival.amount.minor()
    });
    let choice = |payment: bando_app::Payment| Choice {
        value: payment.id.to_string(),
        label: format!(
            "{} · {} · {} · {}",
            payment.amount,
            payment.plan_name,
            payment
                .phone
                .as_ref()
                .map(Phone::masked)
                .unwrap_or_default(),
            who.near(payment.created_at)
        ),
        selected: false,
    };
    Ok(fits.take(CANDIDATES).map(choice).collect())
}

/// The plans that the money is enough for.
async fn affordable(who: &SignedInCaller, arrival: &Arrival) -> Result<Vec<Choice>, Fault> {
    let plans = who.app.plans(&who.caller).await?;
    let fits = plans.into_iter().filter(|plan| {
        plan.price.currency() == arrival.amount.currency()
            && plan.price.minor() <= arrival.amount.minor()
    });
    let choice = |plan: bando_app::Plan| Choice {
        value: plan.id.to_string(),
        label: format!("{} · {}", plan.name, plan.price),
        selected: false,
    };
    Ok(fits.map(choice).collect())
}

/// Who paid, as far as it is told.
fn payer(who: &SignedInCaller, arrival: &Arrival) -> String {
    match (&arrival.phone, &arrival.payer) {
        (Some(phone), _) => phone.masked(),
        (None, Some(payer)) => payer.clone(),
        (None, None) => who.t.payer_unknown().to_owned(),
    }
}
