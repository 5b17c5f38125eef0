//! Payments: the list and its file for spreadsheets.

use bando_app::{Payment, PaymentFilter, Permission};
use bando_domain::{PaymentId, PaymentStatus, Phone};
use url::form_urlencoded::Serializer;

use super::answer::{Answer, Fault, file, html, see_other};
use super::csv;
use super::fields::{Asked, Fields};
use super::search::{self, Search};
use super::who::SignedInCaller;
use super::words;
use crate::i18n::PaymentProblem;
use crate::views;
use crate::views::Choice;
use crate::views::console::{
    Paging, PaymentFilter as Filter, PaymentRow, Payments, Period, Section,
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
            gateway: Some(shown.gateway.clone()).filter(|name| !name.is_empty()),
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
    let shows_paid = shown.q.is_empty()
        && shown.gateway.is_empty()
        && matches!(shown.status, None | Some(views::PaymentStatus::Success));
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
        gateways: gateways(&who, &shown.gateway),
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

pub(super) fn problem(payment: &Payment) -> Option<PaymentProblem> {
    let failed = !payment.status.was_paid() && payment.status != PaymentStatus::Pending;
    payment.failure.filter(|_| failed).map(PaymentProblem::from)
}

/// What can have brought a payment: every gateway, and the app's own ways.
fn gateways(who: &SignedInCaller, chosen: &str) -> Vec<Choice> {
    let known = who.app.gateways().iter().map(|g| g.profile().name);
    let mut choices = vec![Choice {
        value: String::new(),
        label: who.t.any_gateway().to_owned(),
        selected: chosen.is_empty(),
    }];
    choices.extend(known.chain(["cash", "wallet"]).map(|name| Choice {
        value: name.to_owned(),
        label: who.gateway(name),
        selected: name == chosen,
    }));
    choices
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
        gateway: query.text("gateway").chars().take(16).collect(),
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
    if !shown.gateway.is_empty() {
        query.append_pair("gateway", &shown.gateway);
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
