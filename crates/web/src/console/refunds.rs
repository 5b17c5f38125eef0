//! Money that goes back to customers: asking for it, agreeing to it, saying what became of it.

use std::collections::HashMap;

use bando_app::{
    Cursor, Error, Refund, RefundDraft, RefundFilter, RefundOf, RefundWay, SendState, Sending,
};
use bando_domain::{AccountId, ArrivalId, Money, PaymentId, RefundId};

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::who::SignedInCaller;
use super::words::{self, Done};
use super::{forms, money_words, sending};
use crate::views::Choice;
use crate::views::console::{
    Button, Empty, Fact, FieldKind, Filters, Form, FormField, Link, List, ListRow, Matter, Paging,
    Section, Select,
};

/// Rows of one page.
const PAGE: usize = 50;

/// `GET /console/refunds?state=&payment=&before=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let t = who.t;
    let payment = query.parsed::<PaymentId>("payment");
    let chosen = SendState::named(query.text("state"));
    let filter = RefundFilter {
        state: chosen,
        payment,
        ..RefundFilter::default()
    };
    let before = query.parsed::<RefundId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let found = who.app.refunds(&who.caller, &filter, after, PAGE).await?;
    let names = who.app.member_names(&who.caller).await?;
    let mut narrowed = String::from("/console/refunds?");
    if let Some(state) = chosen {
        narrowed.push_str(&format!("state={}&", state.name()));
    }
    if let Some(payment) = payment {
        narrowed.push_str(&format!("payment={payment}&"));
    }
    let row = |refund: &Refund| ListRow {
        href: format!("/console/refunds/{}", refund.id),
        title: refund.reason.clone(),
        note: format!(
            "{} · {}",
            words::member(&who, &names, Some(refund.requested_by)),
            money_words::refund_way(t, refund.way)
        ),
        state: Some(money_words::send_state(t, refund.state)),
        amount: refund.amount.to_string(),
        when: who.near(refund.requested_at),
    };
    html(&List {
        page: who.page(Section::Refunds),
        topic: "sending",
        up: None,
        title: t.nav_refunds(),
        text: t.refunds_text().to_owned(),
        links: Vec::new(),
        forms: Vec::new(),
        filters: Some(Filters {
            action: Section::Refunds.href().to_owned(),
            search: None,
            selects: vec![Select {
                name: "state",
                label: t.col_status().to_owned(),
                choices: money_words::send_states(t, chosen),
            }],
            is_narrow: chosen.is_some() || payment.is_some(),
        }),
        rows: found.rows.iter().map(row).collect(),
        empty: Empty {
            icon: "arrow-up",
            title: t.refunds_empty_title().to_owned(),
            text: t.refunds_empty_text().to_owned(),
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

/// `GET /console/refunds/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<RefundId>) -> Answer {
    html(&matter(&who, id).await?)
}

/// `POST /console/refunds/{id}/decide`
pub(super) async fn decide(who: SignedInCaller, Id(id): Id<RefundId>, fields: Fields) -> Answer {
    let approve = fields.text("approve") == "yes";
    match who.app.decide_refund(&who.caller, id, approve).await {
        Ok(_) => see_other(&Done::Decided.at(&format!("/console/refunds/{id}"))),
        Err(Error::Invalid(invalid)) => {
            let mut page = matter(&who, id).await?;
            forms::refuse(&who, &mut page.forms, &fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /console/refunds/{id}/resolve`
pub(super) async fn resolve(who: SignedInCaller, Id(id): Id<RefundId>, fields: Fields) -> Answer {
    match sending::resolve(&who, Sending::Refund(id), &fields).await {
        Ok(()) => see_other(&Done::Decided.at(&format!("/console/refunds/{id}"))),
        Err(Error::Invalid(invalid)) => {
            let mut page = matter(&who, id).await?;
            forms::refuse(&who, &mut page.forms, &fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/payments/{id}/refund`
pub(super) async fn of_payment(who: SignedInCaller, Id(id): Id<PaymentId>) -> Answer {
    html(&asking(&who, RefundOf::Payment(id)).await?)
}

/// `POST /console/payments/{id}/refund`
pub(super) async fn ask_of_payment(
    who: SignedInCaller,
    Id(id): Id<PaymentId>,
    fields: Fields,
) -> Answer {
    ask(&who, RefundOf::Payment(id), &fields).await
}

/// `GET /console/arrivals/{id}/refund`
pub(super) async fn of_arrival(who: SignedInCaller, Id(id): Id<ArrivalId>) -> Answer {
    html(&asking(&who, RefundOf::Arrival(id)).await?)
}

/// `POST /console/arrivals/{id}/refund`
pub(super) async fn ask_of_arrival(
    who: SignedInCaller,
    Id(id): Id<ArrivalId>,
    fields: Fields,
) -> Answer {
    ask(&who, RefundOf::Arrival(id), &fields).await
}

async fn ask(who: &SignedInCaller, of: RefundOf, fields: &Fields) -> Answer {
    let choices = who.app.refund_choices(&who.caller, of).await?;
    let mut ways = choices.ways.into_iter();
    let way = ways.find(|way| way.name() == fields.text("way"));
    let amount = Money::parse(fields.text("amount"), choices.left.currency());
    let asked = match (way, amount) {
        (_, Err(error)) => Err(error.into()),
        (None, _) => return Err(Fault::BadRequest),
        (Some(way), Ok(amount)) => {
            let draft = RefundDraft {
                of,
                amount: Some(amount),
                way,
                reason: fields.text("reason").to_owned(),
                revoke: fields.text("revoke") == "true",
            };
            who.app.request_refund(&who.caller, draft).await
        }
    };
    match asked {
        Ok(refund) => see_other(&Done::RefundAsked.at(&format!("/console/refunds/{}", refund.id))),
        Err(Error::Invalid(invalid)) => {
            let mut page = asking(who, of).await?;
            forms::refuse(who, &mut page.forms, fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// The form that asks for money to go back.
async fn asking(who: &SignedInCaller, of: RefundOf) -> Result<Matter, Fault> {
    let t = who.t;
    let choices = who.app.refund_choices(&who.caller, of).await?;
    let (up, title, revocable) = match of {
        RefundOf::Payment(id) => {
            let payment = who.app.payment_story(&who.caller, id).await?.payment;
            let up = format!("/console/payments/{id}");
            (up, payment.amount, payment.ticket_id.is_some())
        }
        RefundOf::Arrival(id) => {
            let arrival = who.app.arrival(&who.caller, id).await?;
            (format!("/console/arrivals/{id}"), arrival.amount, false)
        }
    };
    let left = choices.left;
    let by_gateway_only_whole = choices.only_whole && choices.ways.contains(&RefundWay::Gateway);
    let amount = FormField::new(
        "amount",
        t.refund_amount(),
        FieldKind::Number(left.currency().to_string()),
    );
    let hint = match by_gateway_only_whole {
        true => t.refund_whole_hint(),
        false => "",
    };
    let ways = choices.ways.iter().map(|way| Choice {
        value: way.name().to_owned(),
        label: money_words::refund_way(t, *way).to_owned(),
        selected: false,
    });
    let mut form = Form::new("refund", "", format!("{up}/refund"))
        .text(t.refund_second())
        .field(amount.value(left.decimal()).hint(hint))
        .field(FormField::new(
            "way",
            t.refund_way(),
            FieldKind::OneOf(ways.collect()),
        ))
        .field(
            FormField::new("reason", t.refund_reason(), FieldKind::Line)
                .hint(t.refund_reason_hint()),
        );
    if revocable {
        form = form
            .field(FormField::new("revoke", t.refund_revoke(), FieldKind::Switch).value("true"));
    }
    let is_possible = !choices.ways.is_empty();
    let text = match is_possible {
        true => t.refund_left(left),
        false => t.refund_nothing_left().to_owned(),
    };
    Ok(Matter {
        page: who.page(Section::Payments),
        topic: "sending",
        up: Link::new(title.to_string(), up),
        title: t.refund_of(title),
        state: None,
        notices: vec![money_words::note(text)],
        facts: Vec::new(),
        forms: Vec::from_iter(is_possible.then(|| form.button(Button::main(t.refund_ask())))),
        links: Vec::new(),
    })
}

async fn matter(who: &SignedInCaller, id: RefundId) -> Result<Matter, Fault> {
    let t = who.t;
    let refund = who.app.refund(&who.caller, id).await?;
    let names = who.app.member_names(&who.caller).await?;
    let here = format!("/console/refunds/{id}");
    let is_own = refund.requested_by == who.caller.account;
    let mut shown = Vec::new();
    if refund.state == SendState::Requested {
        shown.extend(sending::decision(who, &here, is_own));
    }
    let by_hand = refund.state == SendState::Approved && refund.way == RefundWay::ByHand;
    if refund.state == SendState::Unknown || by_hand {
        shown.extend(sending::resolution(who, &here, by_hand));
    }
    Ok(Matter {
        page: who.page(Section::Refunds),
        topic: "sending",
        up: Link::new(t.nav_refunds(), Section::Refunds.href()),
        title: refund.amount.to_string(),
        state: Some(money_words::send_state(t, refund.state)),
        notices: Vec::new(),
        facts: facts(who, &refund, &names),
        forms: shown,
        links: Vec::new(),
    })
}

fn facts(who: &SignedInCaller, refund: &Refund, names: &HashMap<AccountId, String>) -> Vec<Fact> {
    let t = who.t;
    let mut facts = vec![
        Fact::new(t.refund_reason(), &refund.reason),
        Fact::new(t.refund_way(), money_words::refund_way(t, refund.way)),
        Fact::new(t.fact_gateway(), who.gateway(&refund.gateway)),
    ];
    if let Some(payment) = refund.payment {
        let address = format!("/console/payments/{payment}");
        facts.push(Fact::link(t.fact_payment(), t.look(), address));
    }
    if let Some(arrival) = refund.arrival {
        let address = format!("/console/arrivals/{arrival}");
        facts.push(Fact::link(t.nav_arrivals(), t.look(), address));
    }
    facts.extend(sending::facts(
        who,
        names,
        &sending::Course {
            asked: (refund.requested_by, refund.requested_at),
            decided: refund.decided_by.zip(refund.decided_at),
            finished: refund.finished_at,
            receipt: refund.receipt.as_deref(),
            said: refund.result_text.as_deref(),
        },
    ));
    facts
}
