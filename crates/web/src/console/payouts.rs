//! What the platform owes, and what it pays out.

use bando_app::{CollectionState, Cursor, Error, Payout, Permission, SendState, Sending};
use bando_domain::{Money, PayoutId};

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::who::SignedInCaller;
use super::words::{self, Done};
use super::{forms, money_words, sending};
use crate::views::console::{
    Button, Empty, Fact, FieldKind, Filters, Form, FormField, Link, List, ListRow, Matter, Paging,
    Section, Select,
};

/// Rows of one page.
const PAGE: usize = 50;

/// `GET /console/payouts?state=&before=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    who.need(Permission::Manage)?;
    html(&payouts(&who, &query).await?)
}

/// `POST /console/payouts`
pub(super) async fn ask(who: SignedInCaller, fields: Fields) -> Answer {
    let asked = match Money::parse(fields.text("amount"), who.provider.currency) {
        Ok(amount) => who.app.request_payout(&who.caller, amount).await,
        Err(error) => Err(error.into()),
    };
    match asked {
        Ok(payout) => see_other(&Done::PayoutAsked.at(&format!("/console/payouts/{}", payout.id))),
        Err(Error::Invalid(invalid)) => {
            who.need(Permission::Money)?;
            let mut page = payouts(&who, &Fields::default()).await?;
            forms::refuse(&who, &mut page.forms, &fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/payouts/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<PayoutId>) -> Answer {
    who.need(Permission::Manage)?;
    html(&matter(&who, id).await?)
}

/// `POST /console/payouts/{id}/decide`
pub(super) async fn decide(who: SignedInCaller, Id(id): Id<PayoutId>, fields: Fields) -> Answer {
    let approve = fields.text("approve") == "yes";
    let decided = who.app.decide_payout(&who.caller, id, approve).await;
    follow(&who, id, &fields, decided.map(|_| ())).await
}

/// `POST /console/payouts/{id}/resolve`
pub(super) async fn resolve(who: SignedInCaller, Id(id): Id<PayoutId>, fields: Fields) -> Answer {
    let resolved = sending::resolve(&who, Sending::Payout(id), &fields).await;
    follow(&who, id, &fields, resolved).await
}

/// What follows a decision: the page with its result, or with what is wrong.
async fn follow(
    who: &SignedInCaller,
    id: PayoutId,
    fields: &Fields,
    done: bando_app::Result<()>,
) -> Answer {
    match done {
        Ok(()) => see_other(&Done::Decided.at(&format!("/console/payouts/{id}"))),
        Err(Error::Invalid(invalid)) => {
            let mut page = matter(who, id).await?;
            forms::refuse(who, &mut page.forms, fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

async fn payouts(who: &SignedInCaller, query: &Fields) -> Result<List, Fault> {
    let t = who.t;
    let state = who.app.collection(&who.caller).await?;
    let chosen = SendState::named(query.text("state"));
    let before = query.parsed::<PayoutId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let found = who.app.payouts(&who.caller, chosen, after, PAGE).await?;
    let names = who.app.member_names(&who.caller).await?;
    let row = |payout: &Payout| ListRow {
        href: format!("/console/payouts/{}", payout.id),
        title: who.phone(&payout.phone),
        note: words::member(who, &names, Some(payout.requested_by)),
        state: Some(money_words::send_state(t, payout.state)),
        amount: payout.amount.to_string(),
        when: who.near(payout.requested_at),
    };
    let text = match &state {
        Some(state) => t.payouts_text(state.owed, state.available),
        None => t.payouts_none().to_owned(),
    };
    let mut narrowed = String::from("/console/payouts?");
    if let Some(state) = chosen {
        narrowed.push_str(&format!("state={}&", state.name()));
    }
    Ok(List {
        page: who.page(Section::Payouts),
        topic: "sending",
        up: None,
        title: t.nav_payouts(),
        text,
        links: Vec::new(),
        forms: Vec::from_iter(state.and_then(|state| asking(who, &state))),
        filters: Some(Filters {
            action: Section::Payouts.href().to_owned(),
            search: None,
            selects: vec![Select {
                name: "state",
                label: t.col_status().to_owned(),
                choices: money_words::send_states(t, chosen),
            }],
            is_narrow: chosen.is_some(),
        }),
        rows: found.rows.iter().map(row).collect(),
        empty: Empty {
            icon: "arrow-right",
            title: t.payouts_empty_title().to_owned(),
            text: t.payouts_empty_text().to_owned(),
            action: who
                .may(Permission::Money)
                .then(|| Link::new(t.nav_ways(), Section::Ways.href())),
        },
        paging: Paging {
            newest_href: before.map(|_| narrowed.clone()),
            older_href: found
                .next
                .map(|next| format!("{narrowed}before={}", next.0)),
        },
    })
}

/// The form for a payout, where there is something to pay out and somewhere to pay it to.
fn asking(who: &SignedInCaller, state: &CollectionState) -> Option<Form> {
    let t = who.t;
    if !who.may(Permission::Money) || !state.available.is_positive() {
        return None;
    }
    let unit = state.available.currency();
    let text = match &state.phone {
        Some(phone) => t.payout_to(who.phone(phone)),
        None => t.payout_no_phone().to_owned(),
    };
    let amount = FormField::new(
        "amount",
        t.refund_amount(),
        FieldKind::Number(unit.to_string()),
    );
    let whole = state.available.minor() / unit.minor_per_major();
    Some(
        Form::new("payout", t.payout_ask(), Section::Payouts.href())
            .text(text)
            .field(amount.value(whole.to_string()))
            .button(Button::main(t.payout_ask()))
            .folded(),
    )
}

async fn matter(who: &SignedInCaller, id: PayoutId) -> Result<Matter, Fault> {
    let t = who.t;
    let payout = who.app.payout(&who.caller, id).await?;
    let names = who.app.member_names(&who.caller).await?;
    let here = format!("/console/payouts/{id}");
    let is_own = payout.requested_by == who.caller.account;
    let mut shown = Vec::new();
    match payout.state {
        SendState::Requested => shown.extend(sending::decision(who, &here, is_own)),
        SendState::Unknown => shown.extend(sending::resolution(who, &here, false)),
        _ => {}
    }
    let mut facts = vec![Fact::new(t.fact_phone(), who.phone(&payout.phone))];
    facts.extend(sending::facts(
        who,
        &names,
        &sending::Course {
            asked: (payout.requested_by, payout.requested_at),
            decided: payout.decided_by.zip(payout.decided_at),
            finished: payout.finished_at,
            receipt: payout.receipt.as_deref(),
            said: payout.result_text.as_deref(),
        },
    ));
    Ok(Matter {
        page: who.page(Section::Payouts),
        topic: "sending",
        up: Link::new(t.nav_payouts(), Section::Payouts.href()),
        title: t.payout_title(payout.amount),
        state: Some(money_words::send_state(t, payout.state)),
        notices: Vec::new(),
        facts,
        forms: shown,
        links: Vec::new(),
    })
}
