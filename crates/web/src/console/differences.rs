//! What a statement and the books disagree about: why, and what mends it.

use bando_app::{
    Cause, Cursor, Difference, DifferenceFilter, DifferenceKind, DifferenceState, Disagreement,
    Error, Mend, Mended, Permission,
};
use bando_domain::{DifferenceId, Money, StatementId};
use url::form_urlencoded::Serializer;

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::who::SignedInCaller;
use super::words::{self, Done};
use super::{forms, money_words};
use crate::i18n::Lang;
use crate::views::Tone;
use crate::views::console::{
    Button, Empty, Fact, FieldKind, Filters, Form, FormField, Link, List, ListRow, Matter, Paging,
    Section, Select,
};

/// Rows of one page.
const PAGE: usize = 50;

/// `GET /console/differences?state=&kind=&statement=&before=`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    who.need(Permission::Manage)?;
    let t = who.t;
    let state = match query.text("state") {
        "all" => None,
        named => Some(DifferenceState::named(named).unwrap_or(DifferenceState::Open)),
    };
    let kind = DifferenceKind::named(query.text("kind"));
    let statement = query.parsed::<StatementId>("statement");
    let filter = DifferenceFilter {
        state,
        kind,
        statement,
        ..DifferenceFilter::default()
    };
    let before = query.parsed::<DifferenceId>("before");
    let after = before.map(|id| Cursor(id.uuid()));
    let found = who
        .app
        .disagreements(&who.caller, &filter, after, PAGE)
        .await?;
    let address = |more: &[(&str, &str)]| {
        const PATH: &str = "/console/differences?";
        let mut query = Serializer::for_suffix(PATH.to_owned(), PATH.len());
        query.append_pair("state", state.map_or("all", DifferenceState::name));
        query.extend_pairs(kind.map(|kind| ("kind", kind.name())));
        query.extend_pairs(statement.map(|id| ("statement", id.to_string())));
        query.extend_pairs(more);
        query.finish()
    };
    let next = found.next.map(|next| next.0.to_string());
    html(&List {
        page: who.page(Section::Statements),
        topic: "home",
        up: Some(match statement {
            Some(id) => Link::new(t.see_statement(), format!("/console/statements/{id}")),
            None => Link::new(t.nav_statements(), Section::Statements.href()),
        }),
        title: t.differences_title(),
        text: String::new(),
        links: Vec::new(),
        forms: Vec::new(),
        filters: Some(Filters {
            action: "/console/differences".to_owned(),
            search: None,
            selects: selects(t, state, kind),
            is_narrow: kind.is_some(),
        }),
        rows: found.rows.iter().map(|row| as_row(&who, row)).collect(),
        empty: Empty {
            icon: "circle-check",
            title: t.differences_empty_title().to_owned(),
            text: t.differences_empty_text().to_owned(),
            action: Some(Link::new(t.nav_statements(), Section::Statements.href())),
        },
        paging: Paging {
            newest_href: before.map(|_| address(&[])),
            older_href: next.map(|id| address(&[("before", &id)])),
        },
    })
}

/// `GET /console/differences/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<DifferenceId>) -> Answer {
    html(&matter(&who, id).await?)
}

/// `POST /console/differences/{id}/mend`
pub(super) async fn mend(who: SignedInCaller, Id(id): Id<DifferenceId>, fields: Fields) -> Answer {
    let mend = Mend::named(fields.text("mend")).ok_or(Fault::BadRequest)?;
    let note = fields.text("note");
    match who.app.mend_difference(&who.caller, id, mend, note).await {
        Ok(Mended::Done) => see_other(&Done::Mended.at(&format!("/console/differences/{id}"))),
        Ok(Mended::Case(number)) => see_other(&format!("/console/cases?q={number}")),
        Err(Error::Invalid(invalid)) => {
            let mut page = matter(&who, id).await?;
            forms::refuse(&who, &mut page.forms, &fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

fn selects(t: Lang, state: Option<DifferenceState>, kind: Option<DifferenceKind>) -> Vec<Select> {
    let states = DifferenceState::ALL.iter();
    let states = states.map(|state| (state.name(), standing(t, *state).1));
    let mut states = money_words::choices(t.any_status(), states, state.map(DifferenceState::name));
    if let Some(all) = states.first_mut() {
        "all".clone_into(&mut all.value);
    }
    let kinds = DifferenceKind::ALL.iter();
    let kinds = kinds.map(|kind| (kind.name(), words_of(t, *kind).to_owned()));
    vec![
        Select {
            name: "state",
            label: t.col_status().to_owned(),
            choices: states,
        },
        Select {
            name: "kind",
            label: t.case_kind().to_owned(),
            choices: money_words::choices(t.any_kind(), kinds, kind.map(DifferenceKind::name)),
        },
    ]
}

fn as_row(who: &SignedInCaller, row: &Disagreement) -> ListRow {
    let difference = &row.difference;
    let theirs = difference.theirs_minor.or(difference.ours_minor);
    ListRow {
        href: format!("/console/differences/{}", difference.id),
        title: words_of(who.t, difference.kind).to_owned(),
        note: difference
            .receipt
            .clone()
            .unwrap_or_else(|| difference.subject.clone()),
        state: Some(standing(who.t, difference.state)),
        amount: theirs
            .map(|minor| money(difference, minor))
            .unwrap_or_default(),
        when: String::new(),
    }
}

async fn matter(who: &SignedInCaller, id: DifferenceId) -> Result<Matter, Fault> {
    let t = who.t;
    let found = who.app.disagreement(&who.caller, id).await?;
    let difference = &found.difference;
    let some = |name: &str, value: Option<String>| value.map(|value| Fact::new(name, value));
    let ours = difference.ours_minor.map(|minor| money(difference, minor));
    let theirs = difference
        .theirs_minor
        .map(|minor| money(difference, minor));
    let mut facts = Vec::new();
    facts.extend(some(t.fact_receipt(), difference.receipt.clone()));
    facts.extend(some(t.fact_ours(), ours));
    facts.extend(some(t.fact_theirs(), theirs));
    if let Some(payment) = difference.payment {
        let address = format!("/console/payments/{payment}");
        facts.push(Fact::link(t.fact_payment(), t.look(), address));
    }
    if let Some(at) = difference.decided_at {
        let names = who.app.member_names(&who.caller).await?;
        let name = words::member(who, &names, difference.decided_by);
        facts.push(Fact::new(
            t.decided_by(),
            format!("{name}, {}", who.near(at)),
        ));
    }
    let statement = difference.statement;
    let mut links = vec![Link::new(
        t.see_statement(),
        format!("/console/statements/{statement}"),
    )];
    links.extend(cause_link(who, &found.cause));
    Ok(Matter {
        page: who.page(Section::Statements),
        topic: "home",
        up: Link::new(
            t.differences_title(),
            format!("/console/differences?statement={statement}"),
        ),
        title: words_of(t, difference.kind).to_owned(),
        state: Some(standing(t, difference.state)),
        notices: vec![money_words::note(why(t, &found.cause))],
        facts,
        forms: mending(who, &found),
        links,
    })
}

/// What mends it: a button each, the best first.
fn mending(who: &SignedInCaller, found: &Disagreement) -> Vec<Form> {
    let t = who.t;
    let here = format!("/console/differences/{}/mend", found.difference.id);
    let mends = found.mends.iter();
    let mends = mends.filter(|mend| who.may(Permission::Money) || !mend.needs_owner());
    let mut form = Form::new("mend", t.what_to_do(), here)
        .field(FormField::new("note", t.mend_note(), FieldKind::Line).hint(t.mend_note_hint()));
    for (i, mend) in mends.enumerate() {
        let button = match (i, mend.needs_owner()) {
            (0, false) => Button::main(verb(t, *mend)),
            _ => Button::quiet(verb(t, *mend)),
        };
        form = form.button(button.sends("mend", mend.name()));
    }
    Vec::from_iter(Some(form).filter(|form| !form.buttons.is_empty()))
}

fn money(difference: &Difference, minor: i64) -> String {
    Money::from_minor(minor, difference.currency).to_string()
}

fn standing(t: Lang, state: DifferenceState) -> (Tone, String) {
    let (tone, word) = match state {
        DifferenceState::Open => (Tone::Bad, t.difference_open()),
        DifferenceState::Mended => (Tone::Ok, t.difference_mended()),
        DifferenceState::Dismissed => (Tone::Info, t.difference_dismissed()),
    };
    (tone, word.to_owned())
}

const fn words_of(t: Lang, kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::NotHere => t.diff_not_here(),
        DifferenceKind::NotThere => t.diff_not_there(),
        DifferenceKind::Status => t.diff_status(),
        DifferenceKind::Amount => t.diff_amount(),
        DifferenceKind::Currency => t.diff_currency(),
        DifferenceKind::Fee => t.diff_fee(),
        DifferenceKind::Receipt => t.diff_receipt(),
        DifferenceKind::NoReceipt => t.diff_no_receipt(),
        DifferenceKind::Duplicate => t.diff_duplicate(),
        DifferenceKind::Twice => t.diff_twice(),
        DifferenceKind::Reversal => t.diff_reversal(),
        DifferenceKind::RefundNotThere => t.diff_refund_not_there(),
        DifferenceKind::PayoutNotHere => t.diff_payout_not_here(),
        DifferenceKind::PayoutNotThere => t.diff_payout_not_there(),
        DifferenceKind::WrongAccount => t.diff_wrong_account(),
    }
}

/// Why the two disagree, in a sentence.
fn why(t: Lang, cause: &Cause) -> String {
    let fixed = match cause {
        Cause::Unasked {
            reference: Some(reference),
        } => return t.cause_unasked_as(reference),
        Cause::Repeated { times } => return t.cause_repeated(times),
        Cause::Elsewhere { account } => return t.cause_elsewhere(account),
        Cause::Unasked { reference: None } => t.cause_unasked(),
        Cause::Unproved { .. } => t.cause_unproved(),
        Cause::Refuted { .. } => t.cause_refuted(),
        Cause::Unsettled { .. } => t.cause_unsettled(),
        Cause::PaymentUnlisted => t.cause_payment_unlisted(),
        Cause::ArrivalUnlisted { .. } => t.cause_arrival_unlisted(),
        Cause::Payment | Cause::Arrival { .. } | Cause::Refund { .. } | Cause::Payout { .. } => {
            t.cause_says_otherwise()
        }
        Cause::FeeAlone => t.cause_fee_alone(),
        Cause::ReceiptTold { .. } => t.cause_receipt_told(),
        Cause::Both { .. } => t.cause_both(),
        Cause::SentBack => t.cause_sent_back(),
        Cause::SentBackUnknown => t.cause_sent_back_unknown(),
        Cause::SentOut => t.cause_sent_out(),
    };
    fixed.to_owned()
}

/// The page of what a difference is about, besides its payment.
fn cause_link(who: &SignedInCaller, cause: &Cause) -> Option<Link> {
    let t = who.t;
    match cause {
        Cause::Unproved { arrival }
        | Cause::Refuted { arrival }
        | Cause::ArrivalUnlisted { arrival }
        | Cause::Arrival { arrival }
        | Cause::Both { arrival } => Some(Link::new(
            t.nav_arrivals(),
            format!("/console/arrivals/{arrival}"),
        )),
        Cause::Refund { refund } => Some(Link::new(
            t.nav_refunds(),
            format!("/console/refunds/{refund}"),
        )),
        Cause::Payout { payout } => Some(Link::new(
            t.nav_payouts(),
            format!("/console/payouts/{payout}"),
        )),
        _ => None,
    }
}

const fn verb(t: Lang, mend: Mend) -> &'static str {
    match mend {
        Mend::TakeIn => t.mend_take_in(),
        Mend::Settle => t.mend_settle(),
        Mend::FillReceipt => t.mend_fill_receipt(),
        Mend::BookFee => t.mend_book_fee(),
        Mend::BookDifference => t.mend_book_difference(),
        Mend::BookReversal => t.mend_book_reversal(),
        Mend::BookOut => t.mend_book_out(),
        Mend::WriteOff => t.mend_write_off(),
        Mend::OpenCase => t.mend_open_case(),
        Mend::Dismiss => t.mend_dismiss(),
    }
}
