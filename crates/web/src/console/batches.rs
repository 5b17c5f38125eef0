//! Vouchers by the batch: order, watch, print.

use std::sync::Arc;

use bando_app::{Batch, Error, Permission, Ticket};
use bando_domain::{BatchId, PlanId};

use super::answer::{Answer, Fault, file, html, see_other, wrong};
use super::fields::{Asked, Fields, Id};
use super::who::SignedInCaller;
use super::{csv, tickets, words};
use crate::qr;
use crate::views::console::{
    BatchForm, BatchPage, BatchRow, Batches, Section, SheetVoucher, VoucherSheet,
};
use crate::views::{Choice, Field};

/// Vouchers of one part of the file.
const PART: u32 = 1000;

/// `GET /console/batches`
pub(super) async fn list(who: SignedInCaller) -> Answer {
    let batches = who.app.batches(&who.caller).await?;
    let row = |batch: &Batch| BatchRow {
        href: format!("/console/batches/{}", batch.id),
        plan: batch.plan_name.clone(),
        price: batch.price.to_string(),
        total: batch.size.into(),
        made: batch.made.into(),
        when: who.near(batch.created_at),
    };
    html(&Batches {
        page: who.page(Section::Batches),
        rows: batches.iter().map(row).collect(),
    })
}

/// `GET /console/batches/new`
pub(super) async fn form(who: SignedInCaller) -> Answer {
    who.need(Permission::Sell)?;
    html(&empty(&who, &Fields::default()).await?)
}

/// `POST /console/batches`
pub(super) async fn order(who: SignedInCaller, fields: Fields) -> Answer {
    who.need(Permission::Sell)?;
    let plan: PlanId = fields.parsed("plan").ok_or(Fault::BadRequest)?;
    let typed: String = fields
        .text("count")
        .chars()
        .filter(|c| !matches!(c, ',' | ' '))
        .collect();
    // What is no number is none that can be made: the use case says so.
    let count = typed.parse().unwrap_or(0);
    match who.app.order_batch(&who.caller, plan, count).await {
        Ok(batch) => see_other(&format!("/console/batches/{}", batch.id)),
        Err(Error::Invalid(invalid)) => {
            let mut form = empty(&who, &fields).await?;
            form.count.error = Some(words::problem(&who, &invalid));
            wrong(&form)
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/batches/{id}`
pub(super) async fn page(who: SignedInCaller, Id(id): Id<BatchId>) -> Answer {
    let batch = who.app.batch(&who.caller, id).await?;
    let used = match batch.finished_at {
        Some(_) => who.app.vouchers_used(&who.caller, id).await?,
        None => 0,
    };
    html(&BatchPage {
        page: who.page(Section::Batches),
        id: id.to_string(),
        plan: batch.plan_name,
        price: batch.price.to_string(),
        total: batch.size.into(),
        made: batch.made.into(),
        used,
        when: who.near(batch.created_at),
    })
}

/// `GET /console/batches/{id}/sheet?from=`
pub(super) async fn sheet(who: SignedInCaller, Id(id): Id<BatchId>, Asked(query): Asked) -> Answer {
    let batch = who.app.batch(&who.caller, id).await?;
    let count = u32::try_from(BatchPage::PER_PAGE).unwrap_or(u32::MAX);
    let from = query.parsed::<u32>("from").unwrap_or(0).min(batch.size);
    let vouchers = who.app.vouchers(&who.caller, id, from, count).await?;
    let next = from.saturating_add(count);
    let voucher = |ticket: &Ticket| SheetVoucher {
        code: ticket.code.as_str().to_owned(),
        qr_svg: qr::svg(&tickets::public_page(&who, ticket)),
    };
    let here = format!("/console/batches/{id}");
    html(&VoucherSheet {
        page: who.page(Section::Batches),
        plan: batch.plan_name,
        price: batch.price.to_string(),
        vouchers: vouchers.iter().map(voucher).collect(),
        next_href: (next < batch.made).then(|| format!("{here}/sheet?from={next}")),
        back_href: here,
    })
}

/// `GET /console/batches/{id}/codes.csv`
pub(super) async fn codes(who: SignedInCaller, Id(id): Id<BatchId>) -> Answer {
    who.need(Permission::Sell)?;
    who.app.batch(&who.caller, id).await?;
    let head = csv::line([
        "number", "code", "plan", "price", "currency", "state", "page",
    ]);
    let name = format!("vouchers-{id}.csv");
    let who = Arc::new(who);
    let body = csv::body(head, 0, move |from| {
        let who = Arc::clone(&who);
        async move {
            let part = who.app.vouchers(&who.caller, id, from, PART).await?;
            let lines = (from + 1..).zip(&part).map(|(number, ticket)| {
                csv::line([
                    number.to_string(),
                    ticket.code.as_str().to_owned(),
                    ticket.plan_name.clone(),
                    ticket.price.decimal(),
                    ticket.price.currency().to_string(),
                    ticket.state.to_string(),
                    tickets::public_page(&who, ticket),
                ])
            });
            let next = (part.len() == PART as usize).then_some(from + PART);
            Ok((lines.collect(), next))
        }
    });
    file(&name, "text/csv; charset=utf-8", body)
}

async fn empty(who: &SignedInCaller, fields: &Fields) -> Result<BatchForm, Fault> {
    let plans = who.app.plans(&who.caller).await?;
    let chosen = fields.text("plan");
    let choice = |plan: bando_app::Plan| {
        let value = plan.id.to_string();
        Choice {
            selected: value == chosen,
            label: format!("{}, {}", plan.name, plan.price),
            value,
        }
    };
    Ok(BatchForm {
        page: who.page(Section::Batches),
        plans: plans.into_iter().map(choice).collect(),
        count: Field::of(fields.text("count")),
    })
}
