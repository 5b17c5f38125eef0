//! The audit log.

use bando_domain::AccountId;
use std::collections::HashMap;

use super::answer::{Answer, html};
use super::who::SignedInCaller;
use crate::views::console::{Audit, AuditRow, Section};

/// `GET /console/audit`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    let entries = who.app.audit_log(&who.caller).await?;
    let names = who.app.member_names(&who.caller).await?;
    let rows = entries
        .into_iter()
        .map(|entry| {
            let (kind, id) = entry.object.split_once(':').unwrap_or((&entry.object, ""));
            AuditRow {
                seq: entry.seq,
                when: who.near(entry.at),
                who: actor(&who, &entry.actor, &names),
                action: entry.action.clone(),
                href: page_of(kind).map(|path| format!("{path}{id}")),
                object: kind.to_owned(),
                detail: entry.detail.clone(),
            }
        })
        .collect();
    html(&Audit {
        page: who.page(Section::Audit),
        rows,
    })
}

fn actor(who: &SignedInCaller, actor: &str, names: &HashMap<AccountId, String>) -> String {
    let member = actor.strip_prefix("member:").and_then(|id| id.parse().ok());
    if let Some(name) = member.and_then(|id: AccountId| names.get(&id)) {
        return name.clone();
    }
    match (actor, actor.split_once(':')) {
        ("customer", _) => who.t.actor_customer().to_owned(),
        ("system", _) | (_, Some(("system", _))) => who.t.actor_system().to_owned(),
        (_, Some(("gateway", gateway))) => who.gateway(gateway),
        (_, Some(("platform", _))) => who.t.the_platform().to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// Where things of a kind have their pages.
fn page_of(kind: &str) -> Option<&'static str> {
    match kind {
        "payment" => Some("/console/payments/"),
        "ticket" => Some("/console/tickets/"),
        "batch" => Some("/console/batches/"),
        "plan" => Some("/console/plans/"),
        "router" => Some("/console/routers/"),
        "refund" => Some("/console/refunds/"),
        "payout" => Some("/console/payouts/"),
        "arrival" => Some("/console/arrivals/"),
        "case" => Some("/console/cases/"),
        "shift" => Some("/console/shifts/"),
        "statement" => Some("/console/statements/"),
        "difference" => Some("/console/differences/"),
        _ => None,
    }
}
