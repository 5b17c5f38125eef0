//! Cash: a member's own till, everybody's shifts, and what went through the tills on a day.

use bando_app::{Cursor, Error, Permission, Shift, ShiftReport, TillDay};
use bando_domain::{Money, ShiftId};

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::forms;
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::views::Tone;
use crate::views::console::{
    Button, Empty, Fact, FieldKind, Form, FormField, Link, List, ListRow, Matter, Paging, Section,
};

/// Rows of one page.
const PAGE: usize = 50;

/// How far back days are shown.
const OLDEST_DAY: u16 = 400;

/// `GET /console/shift`: the member's own till.
pub(super) async fn mine(who: SignedInCaller) -> Answer {
    who.need(Permission::Sell)?;
    match who.app.my_shift(&who.caller).await? {
        Some(report) => html(&open_till(&who, &report)),
        None => html(&closed_till(&who)),
    }
}

/// `POST /console/shift/close`
pub(super) async fn close(who: SignedInCaller, fields: Fields) -> Answer {
    let (counted, note) = (fields.text("counted"), fields.text("note"));
    match who.app.close_shift(&who.caller, counted, note).await {
        Ok(report) => {
            see_other(&Done::ShiftClosed.at(&format!("/console/shifts/{}", report.shift.id)))
        }
        Err(Error::Invalid(invalid)) => {
            let report = who.app.my_shift(&who.caller).await?;
            let mut page = open_till(&who, &report.ok_or(Fault::NotFound)?);
            if let Some(form) = page.forms.first_mut() {
                forms::fill(form, &fields);
                let name = match words::field_of(&invalid) {
                    "note" => "note",
                    _ => "counted",
                };
                form.refuse(name, words::problem(&who, &invalid));
            }
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/shifts?before=`
pub(super) async fn shifts(who: SignedInCaller, Asked(query): Asked) -> Answer {
    who.need(Permission::Sell)?;
    let t = who.t;
    let before = query.parsed::<ShiftId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let found = who.app.shifts(&who.caller, after, PAGE).await?;
    let names = who.app.member_names(&who.caller).await?;
    let row = |shift: &Shift| ListRow {
        href: format!("/console/shifts/{}", shift.id),
        title: words::member(&who, &names, Some(shift.account)),
        note: shift.note.clone().unwrap_or_default(),
        state: Some(standing(&who, shift)),
        amount: shift.counted.map(|m| m.to_string()).unwrap_or_default(),
        when: who.near(shift.opened_at),
    };
    html(&List {
        page: who.page(Section::Till),
        topic: "till",
        up: Some(Link::new(t.nav_till(), Section::Till.href())),
        title: t.shifts(),
        text: t.shifts_text().to_owned(),
        links: vec![Link::new(t.till_days(), "/console/shifts/day")],
        forms: Vec::new(),
        filters: None,
        rows: found.rows.iter().map(row).collect(),
        empty: Empty {
            icon: "banknote",
            title: t.shifts_empty_title().to_owned(),
            text: t.till_closed_text().to_owned(),
            action: Some(Link::new(t.nav_sell(), Section::Sell.href())),
        },
        paging: Paging {
            newest_href: before.map(|_| "/console/shifts".to_owned()),
            older_href: found
                .next
                .map(|next| format!("/console/shifts?before={}", next.0)),
        },
    })
}

/// `GET /console/shifts/{id}`
pub(super) async fn shift(who: SignedInCaller, Id(id): Id<ShiftId>) -> Answer {
    let t = who.t;
    let report = who.app.shift(&who.caller, id).await?;
    let names = who.app.member_names(&who.caller).await?;
    let shift = &report.shift;
    let mut facts = vec![Fact::new(t.till_since(), who.near(shift.opened_at))];
    facts.extend(
        shift
            .closed_at
            .map(|at| Fact::new(t.finished_at(), who.near(at))),
    );
    facts.extend(totals(&who, &report));
    facts.extend(
        shift
            .counted
            .map(|counted| Fact::new(t.till_counted(), counted.to_string())),
    );
    facts.extend(
        report
            .difference
            .map(|difference| Fact::new(t.till_difference(), difference.to_string())),
    );
    facts.extend(
        shift
            .note
            .as_ref()
            .map(|note| Fact::new(t.till_note(), note)),
    );
    html(&Matter {
        page: who.page(Section::Till),
        topic: "till",
        up: Link::new(t.shifts(), "/console/shifts"),
        title: words::member(&who, &names, Some(shift.account)),
        state: Some(standing(&who, shift)),
        notices: Vec::new(),
        facts,
        forms: Vec::new(),
        links: Vec::new(),
    })
}

/// `GET /console/shifts/day?ago=`: what went through the tills on one day.
pub(super) async fn day(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let t = who.t;
    let ago = query.parsed::<u16>("ago").unwrap_or(0).min(OLDEST_DAY);
    let tills = who.app.till_day(&who.caller, ago).await?;
    let names = who.app.member_names(&who.caller).await?;
    let start = who.app.start_of_day(&who.caller, ago).await?;
    let row = |till: &TillDay| ListRow {
        href: "/console/shifts".to_owned(),
        title: words::member(&who, &names, Some(till.cashier)),
        note: match till.returned.is_positive() {
            true => format!(
                "{} · {} {}",
                t.sales_count(till.sales),
                t.till_returned(),
                till.returned
            ),
            false => t.sales_count(till.sales),
        },
        amount: till.sold.to_string(),
        ..ListRow::default()
    };
    html(&List {
        page: who.page(Section::Till),
        topic: "till",
        up: Some(Link::new(t.shifts(), "/console/shifts")),
        title: t.till_days(),
        text: t.till_day(who.times.date(start.as_millis())),
        links: Vec::new(),
        forms: Vec::new(),
        filters: None,
        rows: tills.iter().map(row).collect(),
        empty: Empty {
            icon: "banknote",
            title: t.till_day_empty().to_owned(),
            text: t.till_day_text().to_owned(),
            action: (ago < OLDEST_DAY).then(|| {
                Link::new(
                    t.day_before(),
                    format!("/console/shifts/day?ago={}", ago + 1),
                )
            }),
        },
        paging: Paging {
            newest_href: (ago > 0).then(|| "/console/shifts/day".to_owned()),
            older_href: (ago < OLDEST_DAY).then(|| format!("/console/shifts/day?ago={}", ago + 1)),
        },
    })
}

fn open_till(who: &SignedInCaller, report: &ShiftReport) -> Matter {
    let t = who.t;
    let unit = report.shift.currency.to_string();
    let form = Form::new("close", t.till_close(), "/console/shift/close")
        .text(t.till_close_text())
        .field(FormField::new(
            "counted",
            t.till_counted_field(),
            FieldKind::Number(unit),
        ))
        .field(FormField::new("note", t.till_note(), FieldKind::Line))
        .button(Button::main(t.till_close()));
    let mut facts = vec![Fact::new(t.till_since(), who.near(report.shift.opened_at))];
    facts.extend(totals(who, report));
    Matter {
        page: who.page(Section::Till),
        topic: "till",
        up: Link::new(t.shifts(), "/console/shifts"),
        title: t.nav_till().to_owned(),
        state: Some((Tone::Ok, t.till_open().to_owned())),
        notices: vec![super::money_words::note(t.till_text())],
        facts,
        forms: vec![form],
        links: vec![Link::new(t.nav_sell(), Section::Sell.href())],
    }
}

fn closed_till(who: &SignedInCaller) -> List {
    let t = who.t;
    List {
        page: who.page(Section::Till),
        topic: "till",
        up: None,
        title: t.nav_till(),
        text: String::new(),
        links: vec![Link::new(t.shifts(), "/console/shifts")],
        forms: Vec::new(),
        filters: None,
        rows: Vec::new(),
        empty: Empty {
            icon: "banknote",
            title: t.till_closed_title().to_owned(),
            text: t.till_closed_text().to_owned(),
            action: Some(Link::new(t.nav_sell(), Section::Sell.href())),
        },
        paging: Paging::default(),
    }
}

fn totals(who: &SignedInCaller, report: &ShiftReport) -> Vec<Fact> {
    let t = who.t;
    vec![
        Fact::new(t.till_sales(), report.sales.to_string()),
        Fact::new(t.till_sold(), report.sold.to_string()),
        Fact::new(t.till_returned(), report.returned.to_string()),
        Fact::new(t.till_expected(), report.expected.to_string()),
    ]
}

/// Whether it is over, and what was missing or too much.
fn standing(who: &SignedInCaller, shift: &Shift) -> (Tone, String) {
    let t = who.t;
    let Some((counted, expected)) = shift.counted.zip(shift.expected) else {
        return (Tone::Wait, t.till_open().to_owned());
    };
    match counted.minor() - expected.minor() {
        0 => (Tone::Ok, t.till_closed().to_owned()),
        minor => {
            let difference = Money::from_minor(minor, shift.currency);
            (Tone::Bad, format!("{} {difference}", t.till_difference()))
        }
    }
}
