//! Payments: the list, its file for spreadsheets, and the story of one.

use bando_app::{Payment, PaymentFilter, PaymentStep, PaymentStory, Permission};
use bando_domain::{PaymentId, PaymentStatus, Phone};
use url::form_urlencoded::Serializer;

use super::answer::{Answer, Fault, file, html, see_other};
use super::csv;
use super::fields::{Asked, Fields, Id};
use super::search::{self, Search};
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::format;
use crate::i18n::PaymentProblem;
use crate::views;
use crate::views::console::{
    CheckState, Fact, Paging, PaymentFilter as Filter, PaymentPage, PaymentRow,
    PaymentStep as Step, Payments, Period, Section, TimelineStep,
};

/// Rows of one page.
const PAGE: usize = 50;

/// Rows of one part of the file.
const PART: usize = 500;

/// `GET /console/payments?q=&status=&period=&before=&format=csv`
pub(super) async fn list(who: SignedInCaller, Asked(query): Asked) -> Answer {
    let shown = shown(&query);
    let from = match days(shown.period) {
        Some(days) => Some(who.app.start_of_day(&who.caller, days - 1).await?),
        None => None,
    };
    let filter = match Search::of(&who, &shown.q).await? {
        Search::One(address) => return see_other(&address),
        Search::Rows { phone, mac } => Some(PaymentFilter {
            status: shown.status.map(status),
            phone,
            mac,
            from,
            ..PaymentFilter::default()
        }),
        Search::Nothing => None,
    };
    if query.text("format") == "csv" {
        return export(who, filter);
    }
    let before = query.parsed::<PaymentId>("before");
    let after = before.map(|id| bando_app::Cursor(id.uuid()));
    let found = match filter {
        Some(filter) => who.app.payments(&who.caller, &filter, after, PAGE).await?,
        None => search::no_rows(),
    };
    let shows_paid =
        shown.q.is_empty() && matches!(shown.status, None | Some(views::PaymentStatus::Success));
    let paid = match shows_paid {
        true => {
            let takings = who.app.takings(&who.caller, days(shown.period)).await?;
            Some((takings.payments, takings.amount.to_string()))
        }
        false => None,
    };
    let older = found
        .next
        .map(|next| PaymentId::from_uuid(next.0).to_string());
    html(&Payments {
        page: who.page(Section::Payments),
        rows: found
            .rows
            .iter()
            .map(|payment| row(&who, payment))
            .collect(),
        paid,
        csv_href: address(&shown, &[("format", "csv")]),
        paging: Paging {
            newest_href: before.map(|_| address(&shown, &[])),
            older_href: older.map(|id| address(&shown, &[("before", &id)])),
        },
        filter: shown,
    })
}

/// A payment as a row of a list.
pub(super) fn row(who: &SignedInCaller, payment: &Payment) -> PaymentRow {
    PaymentRow {
        href: format!("/console/payments/{}", payment.id),
        who: payment
            .phone
            .as_ref()
            .map(Phone::masked)
            .unwrap_or_default(),
        plan: payment.plan_name.clone(),
        amount: payment.amount.to_string(),
        status: words::payment_status(payment.status),
        note: problem(payment).map(|problem| problem.short(who.t).to_owned()),
        when: who.near(payment.created_at),
    }
}

/// `GET /console/payments/{id}`
pub(super) async fn story(who: SignedInCaller, Id(id): Id<PaymentId>) -> Answer {
    let story = who.app.payment_story(&who.caller, id).await?;
    let facts = facts(&who, &story).await?;
    let payment = &story.payment;
    let took = story
        .timeline
        .iter()
        .find(|entry| entry.step == PaymentStep::Connected)
        .map(|entry| entry.at.since(payment.created_at))
        .map(|took| format::gap(who.t, u64::try_from(took.as_millis()).unwrap_or(u64::MAX)));
    html(&PaymentPage {
        page: who.page(Section::Payments),
        id: id.to_string(),
        amount: payment.amount.to_string(),
        status: words::payment_status(payment.status),
        problem: problem(payment),
        steps: steps(&who, &story),
        took,
        facts,
        can_check: payment.status == PaymentStatus::Pending,
    })
}

/// `POST /console/payments/{id}/check`
pub(super) async fn check(who: SignedInCaller, Id(id): Id<PaymentId>) -> Answer {
    let here = format!("/console/payments/{id}");
    let asked = who.app.ask_again(&who.caller, id).await?;
    see_other(&if asked {
        Done::GatewayAsked.at(&here)
    } else {
        here
    })
}

/// The payments as a file; only its head without a filter, when there is nothing to find.
fn export(who: SignedInCaller, filter: Option<PaymentFilter>) -> Answer {
    let head = csv::line([
        "time", "payment", "status", "amount", "currency", "plan", "phone", "device", "receipt",
        "gateway", "failure",
    ]);
    let name = format!("payments-{}.csv", who.provider.slug);
    let Some(filter) = filter else {
        return file(&name, "text/csv; charset=utf-8", head);
    };
    let is_whole = who.may(Permission::Manage);
    let phone = move |phone: &Phone| {
        if is_whole {
            phone.digits().to_owned()
        } else {
            phone.masked()
        }
    };
    let line = move |p: &Payment| {
        csv::line([
            p.created_at.to_string(),
            p.id.to_string(),
            p.status.to_string(),
            p.amount.decimal(),
            p.amount.currency().to_string(),
            p.plan_name.clone(),
            p.phone.as_ref().map(phone).unwrap_or_default(),
            p.mac.map(|mac| mac.to_string()).unwrap_or_default(),
            p.receipt.clone().unwrap_or_default(),
            p.gateway.clone(),
            p.failure.map(|f| f.name().to_owned()).unwrap_or_default(),
        ])
    };
    let (app, caller) = (who.app, who.caller);
    let body = csv::body(head, None, move |after| {
        let (app, caller, filter) = (app.clone(), caller.clone(), filter.clone());
        async move {
            let page = app
                .payments(&caller, &filter, after, PART)
                .await
                .map_err(Fault::from)?;
            let lines: String = page.rows.iter().map(line).collect();
            Ok((lines, page.next.map(Some)))
        }
    });
    file(&name, "text/csv; charset=utf-8", body)
}

async fn facts(who: &SignedInCaller, story: &PaymentStory) -> Result<Vec<Fact>, Fault> {
    let (t, payment) = (who.t, &story.payment);
    let mut facts = vec![Fact::new(t.col_plan(), &payment.plan_name)];
    let phone = payment.phone.as_ref();
    facts.extend(phone.map(|phone| Fact::new(t.fact_phone(), who.phone(phone))));
    facts.extend(
        payment
            .receipt
            .as_ref()
            .map(|receipt| Fact::new(t.fact_receipt(), receipt)),
    );
    if let Some(id) = payment.ticket_id {
        let ticket = who.app.ticket(&who.caller, id).await?.ticket;
        facts.push(Fact::link(
            t.fact_ticket(),
            ticket.code.grouped(),
            format!("/console/tickets/{id}"),
        ));
    }
    facts.extend(
        payment
            .mac
            .map(|mac| Fact::new(t.col_device(), mac.to_string())),
    );
    if let Some(id) = payment.router_id
        && let Ok(router) = who.app.router(&who.caller, id).await
    {
        facts.push(Fact::link(
            t.col_router(),
            router.name,
            format!("/console/routers/{id}"),
        ));
    }
    for transfer in &story.transfers {
        facts.push(Fact::link(
            format!(
                "{} → {}",
                format::account(t, &transfer.credit),
                format::account(t, &transfer.debit)
            ),
            transfer.amount.to_string(),
            "/console/ledger",
        ));
    }
    Ok(facts)
}

fn steps(who: &SignedInCaller, story: &PaymentStory) -> Vec<TimelineStep> {
    let mut before = None;
    story
        .timeline
        .iter()
        .map(|entry| {
            let (step, state) = step(entry.step);
            let gap = before
                .replace(entry.at)
                .map(|at| entry.at.since(at).as_millis());
            TimelineStep {
                step,
                state,
                at: who.times.clock_seconds(entry.at.as_millis()),
                gap: gap.map(|ms| format::gap(who.t, u64::try_from(ms).unwrap_or(u64::MAX))),
                detail: entry.detail.clone(),
            }
        })
        .collect()
}

fn step(step: PaymentStep) -> (Step, CheckState) {
    match step {
        PaymentStep::Asked => (Step::Asked, CheckState::Done),
        PaymentStep::Prompted => (Step::PromptSent, CheckState::Done),
        PaymentStep::Refused => (Step::Refused, CheckState::Failed),
        PaymentStep::NoAnswer => (Step::NoAnswer, CheckState::Doing),
        PaymentStep::Callback => (Step::Callback, CheckState::Done),
        PaymentStep::Mismatch => (Step::Mismatch, CheckState::Failed),
        PaymentStep::Checked => (Step::Checked, CheckState::Doing),
        PaymentStep::Settled => (Step::Ticket, CheckState::Done),
        PaymentStep::Failed => (Step::Failed, CheckState::Failed),
        PaymentStep::Expired => (Step::Expired, CheckState::Failed),
        PaymentStep::Contradiction => (Step::Contradiction, CheckState::Failed),
        PaymentStep::Connected => (Step::Router, CheckState::Done),
        PaymentStep::Claimed => (Step::Claimed, CheckState::Doing),
        PaymentStep::Confirmed => (Step::ConfirmedByHand, CheckState::Done),
        PaymentStep::Rejected => (Step::Rejected, CheckState::Failed),
        PaymentStep::Short => (Step::Short, CheckState::Failed),
        PaymentStep::Excess => (Step::Excess, CheckState::Done),
        PaymentStep::Refunded => (Step::Refunded, CheckState::Done),
        PaymentStep::Reversed => (Step::Reversed, CheckState::Failed),
    }
}

fn problem(payment: &Payment) -> Option<PaymentProblem> {
    let failed = !payment.status.was_paid() && payment.status != PaymentStatus::Pending;
    payment.failure.filter(|_| failed).map(PaymentProblem::from)
}

/// What the address asks for. A search looks everywhere unless a period is named.
fn shown(query: &Fields) -> Filter {
    let q = search::text(query);
    let named = Period::ALL
        .into_iter()
        .find(|p| p.slug() == query.text("period"));
    let usual = if q.is_empty() {
        Period::default()
    } else {
        Period::All
    };
    Filter {
        status: views::PaymentStatus::ALL
            .into_iter()
            .find(|s| s.slug() == query.text("status")),
        period: named.unwrap_or(usual),
        q,
    }
}

fn address(shown: &Filter, more: &[(&str, &str)]) -> String {
    const PATH: &str = "/console/payments?";
    let mut query = Serializer::for_suffix(PATH.to_owned(), PATH.len());
    query.append_pair("period", shown.period.slug());
    if !shown.q.is_empty() {
        query.append_pair("q", &shown.q);
    }
    if let Some(status) = shown.status {
        query.append_pair("status", status.slug());
    }
    query.extend_pairs(more);
    query.finish()
}

/// The days of a period, today included; none for all there are.
fn days(period: Period) -> Option<u16> {
    match period {
        Period::Today => Some(1),
        Period::Week => Some(7),
        Period::Month => Some(30),
        Period::All => None,
    }
}

fn status(status: views::PaymentStatus) -> PaymentStatus {
    match status {
        views::PaymentStatus::Pending => PaymentStatus::Pending,
        views::PaymentStatus::Success => PaymentStatus::Success,
        views::PaymentStatus::Failed => PaymentStatus::Failed,
        views::PaymentStatus::Expired => PaymentStatus::Expired,
        views::PaymentStatus::Cancelled => PaymentStatus::Cancelled,
        views::PaymentStatus::Refunded => PaymentStatus::Refunded,
    }
}
