//! Cases: what a person has to decide, and what solves it.

use bando_app::{ArrivalState, Case, CaseFilter, CaseKind, CaseState, Cursor, Error, Permission};
use bando_domain::{CaseId, PayoutId, Phone, RefundId};
use url::form_urlencoded::Serializer;

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::who::SignedInCaller;
use super::words::{self, Done};
use super::{arrivals, forms, money_words, search};
use crate::format;
use crate::views::Tone;
use crate::views::console::{
    Button, Empty, Fact, FieldKind, Filters, Form, FormField, Link, List, ListRow, Matter, Paging,
    Section, Select,
};

/// Rows of one page.
const PAGE: usize = 50;

/// The longest note that is kept, in characters.
const MAX_NOTE: usize = 500;

/// `GET /console/cases?q=&state=&kind=&before=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let t = who.t;
    let q = search::text(&query);
    let kind = CaseKind::named(query.text("kind"));
    let (number, phone) = sought(&who, &q);
    let is_sought = number.is_some() || phone.is_some();
    let state = match query.text("state") {
        "all" => None,
        "" if is_sought => None,
        named => Some(CaseState::named(named).unwrap_or(CaseState::Open)),
    };
    let filter = CaseFilter {
        state,
        kind,
        number,
        phone,
        ..CaseFilter::default()
    };
    let before = query.parsed::<CaseId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let found = match q.is_empty() || is_sought {
        true => who.app.cases(&who.caller, &filter, after, PAGE).await?,
        false => search::no_rows(),
    };
    let narrowed = |more: &[(&str, &str)]| {
        const PATH: &str = "/console/cases?";
        let mut address = Serializer::for_suffix(PATH.to_owned(), PATH.len());
        address.append_pair("state", state.map_or("all", CaseState::name));
        address.extend_pairs(kind.map(|kind| ("kind", kind.name())));
        address.extend_pairs(Some(("q", q.as_str())).filter(|(_, q)| !q.is_empty()));
        address.extend_pairs(more);
        address.finish()
    };
    let next = found.next.map(|next| next.0.to_string());
    html(&List {
        page: who.page(Section::Cases),
        topic: "cases",
        up: None,
        title: t.nav_cases(),
        text: t.cases_text().to_owned(),
        links: vec![Link::new(t.nav_arrivals(), "/console/arrivals")],
        forms: Vec::new(),
        filters: Some(Filters {
            action: Section::Cases.href().to_owned(),
            search: Some((q.clone(), t.search_cases().to_owned())),
            selects: selects(&who, state, kind),
            is_narrow: !q.is_empty() || kind.is_some() || state != Some(CaseState::Open),
        }),
        rows: found.rows.iter().map(|case| row(&who, case)).collect(),
        empty: Empty {
            icon: "circle-check",
            title: t.cases_empty_title().to_owned(),
            text: t.cases_empty_text().to_owned(),
            action: Some(Link::new(t.nav_arrivals(), "/console/arrivals")),
        },
        paging: Paging {
            newest_href: before.map(|_| narrowed(&[])),
            older_href: next.map(|id| narrowed(&[("before", &id)])),
        },
    })
}

/// `GET /console/cases/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<CaseId>) -> Answer {
    html(&matter(&who, id).await?)
}

/// `POST /console/cases/{id}/solve`: with a note, for what is solved elsewhere.
pub(super) async fn solve(who: SignedInCaller, Id(id): Id<CaseId>, fields: Fields) -> Answer {
    who.need(Permission::Manage)?;
    who.app.case(&who.caller, id).await?;
    let note = fields.text("note");
    if note.is_empty() || note.chars().count() > MAX_NOTE {
        let mut page = matter(&who, id).await?;
        if let Some(form) = page.forms.iter_mut().find(|form| form.id == "solve") {
            forms::fill(form, &fields);
            form.refuse("note", who.t.note_wrong().to_owned());
        }
        return wrong(&page);
    }
    match who.app.solve_case(&who.caller, id, note).await {
        Ok(()) => see_other(&Done::CaseSolved.at(&format!("/console/cases/{id}"))),
        // Somebody was faster: the page says what they did.
        Err(Error::NotFound(_)) => see_other(&format!("/console/cases/{id}")),
        Err(other) => Err(other.into()),
    }
}

/// A number of a case, or a phone.
fn sought(who: &SignedInCaller, q: &str) -> (Option<u64>, Option<Phone>) {
    let digits = q.trim_start_matches('#');
    match digits.parse::<u64>() {
        Ok(number) if digits.len() <= 7 => (Some(number), None),
        _ => (None, Phone::parse(q, who.provider.country).ok()),
    }
}

fn selects(who: &SignedInCaller, state: Option<CaseState>, kind: Option<CaseKind>) -> Vec<Select> {
    let t = who.t;
    let states = [
        ("open", t.case_open().to_owned()),
        ("solved", t.case_solved().to_owned()),
    ];
    let mut states = money_words::choices(
        t.any_status(),
        states.into_iter(),
        state.map(CaseState::name),
    );
    if let Some(all) = states.first_mut() {
        "all".clone_into(&mut all.value);
    }
    let kinds = CaseKind::ALL.iter();
    let kinds = kinds.map(|kind| (kind.name(), money_words::case_kind(t, *kind).to_owned()));
    vec![
        Select {
            name: "state",
            label: t.col_status().to_owned(),
            choices: states,
        },
        Select {
            name: "kind",
            label: t.case_kind().to_owned(),
            choices: money_words::choices(t.any_kind(), kinds, kind.map(CaseKind::name)),
        },
    ]
}

fn row(who: &SignedInCaller, case: &Case) -> ListRow {
    let opened = &case.opened;
    let phone = opened.phone.as_ref().map(Phone::masked);
    let note = [phone, opened.detail.clone()];
    let note: Vec<String> = note.into_iter().flatten().collect();
    ListRow {
        href: format!("/console/cases/{}", opened.id),
        title: format!(
            "{} · {}",
            case.number,
            money_words::case_kind(who.t, opened.kind)
        ),
        note: note.join(" · "),
        state: Some(standing(who, case)),
        amount: opened.amount.map(|a| a.to_string()).unwrap_or_default(),
        when: who.near(opened.opened_at),
    }
}

/// Whether it is solved, else how much time the promise leaves.
fn standing(who: &SignedInCaller, case: &Case) -> (Tone, String) {
    let t = who.t;
    match (case.state, case.opened.promised_at) {
        (CaseState::Solved, _) => (Tone::Ok, t.case_solved().to_owned()),
        (CaseState::Open, None) => (Tone::Wait, t.case_open().to_owned()),
        (CaseState::Open, Some(until)) if until < who.now => {
            let late = format::short_duration(t, who.now.since(until).as_secs());
            (Tone::Bad, t.promise_broken(late))
        }
        (CaseState::Open, Some(until)) => {
            let left = format::short_duration(t, until.since(who.now).as_secs());
            (Tone::Wait, t.left(left))
        }
    }
}

async fn matter(who: &SignedInCaller, id: CaseId) -> Result<Matter, Fault> {
    let t = who.t;
    let case = who.app.case(&who.caller, id).await?;
    let opened = &case.opened;
    let is_open = case.state == CaseState::Open;
    let (mut shown, mut links) = (Vec::new(), Vec::new());
    let mut facts = facts(who, &case).await?;
    if let Some(arrival) = opened.arrival
        && let Ok(arrival) = who.app.arrival(&who.caller, arrival).await
    {
        facts.extend(arrivals::facts(who, &arrival));
        shown = arrivals::deciding(who, &arrival).await?;
        if arrival.state == ArrivalState::Open && who.may(Permission::Refund) {
            let address = format!("/console/arrivals/{}/refund", arrival.id);
            links.push(Link::new(t.refund_ask(), address));
        }
    }
    if is_open {
        links.extend(ways_on(who, &case).await);
        if who.may(Permission::Manage) {
            let mut note = Form::new(
                "solve",
                t.solved_otherwise(),
                format!("/console/cases/{id}/solve"),
            )
            .text(t.solved_otherwise_text())
            .field(FormField::new("note", t.what_was_done(), FieldKind::Line))
            .button(Button::main(t.mark_solved()));
            note.folded = !shown.is_empty();
            shown.push(note);
        }
    } else {
        shown.clear();
    }
    Ok(Matter {
        page: who.page(Section::Cases),
        topic: "cases",
        up: Link::new(t.nav_cases(), Section::Cases.href()),
        title: t.case_number(case.number),
        state: Some(standing(who, &case)),
        notices: vec![money_words::note(money_words::case_meaning(t, opened.kind))],
        facts,
        forms: shown,
        links,
    })
}

/// Where a case is solved that is about a thing with a page of its own.
async fn ways_on(who: &SignedInCaller, case: &Case) -> Vec<Link> {
    let (t, opened) = (who.t, &case.opened);
    let mut links = Vec::new();
    match opened.kind {
        CaseKind::SendUnknown => {
            let refund = RefundId::from_uuid(opened.subject);
            let payout = PayoutId::from_uuid(opened.subject);
            if who.app.refund(&who.caller, refund).await.is_ok() {
                let address = format!("/console/refunds/{refund}");
                links.push(Link::new(t.resolve_title(), address));
            } else if who.app.payout(&who.caller, payout).await.is_ok() {
                let address = format!("/console/payouts/{payout}");
                links.push(Link::new(t.resolve_title(), address));
            }
        }
        CaseKind::Difference if who.may(Permission::Manage) => links.push(Link::new(
            t.look(),
            format!("/console/differences/{}", opened.subject),
        )),
        CaseKind::Trusted if who.may(Permission::Sell) => {
            links.push(Link::new(t.nav_confirm(), Section::Confirm.href()));
        }
        _ => {}
    }
    if let Some(payment) = opened.payment {
        let address = format!("/console/payments/{payment}");
        links.push(Link::new(t.see_payment(), address));
        if who.may(Permission::Refund)
            && matches!(
                opened.kind,
                CaseKind::Excess | CaseKind::Late | CaseKind::Claim
            )
        {
            let address = format!("/console/payments/{payment}/refund");
            links.push(Link::new(t.refund_ask(), address));
        }
    }
    links
}

async fn facts(who: &SignedInCaller, case: &Case) -> Result<Vec<Fact>, Fault> {
    let (t, opened) = (who.t, &case.opened);
    let some = |name: &str, value: Option<String>| value.map(|value| Fact::new(name, value));
    let mut facts = vec![Fact::new(
        t.case_kind(),
        money_words::case_kind(t, opened.kind),
    )];
    if opened.arrival.is_none() {
        let phone = opened.phone.as_ref().map(|phone| who.phone(phone));
        facts.extend(some(t.fact_phone(), phone));
    }
    facts.extend(some(t.amount(), opened.amount.map(|a| a.to_string())));
    facts.extend(some(t.fact_detail(), opened.detail.clone()));
    facts.push(Fact::new(t.fact_opened(), who.near(opened.opened_at)));
    let promised = opened.promised_at.map(|at| who.near(at));
    facts.extend(some(t.fact_promised(), promised));
    if let Some(at) = case.solved_at {
        let names = who.app.member_names(&who.caller).await?;
        let name = words::member(who, &names, case.solved_by);
        facts.push(Fact::new(
            t.fact_solved_by(),
            format!("{name}, {}", who.near(at)),
        ));
    }
    facts.extend(some(t.what_was_done(), case.solution.clone()));
    Ok(facts)
}
