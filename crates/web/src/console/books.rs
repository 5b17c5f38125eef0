//! The ledger and the audit log.

use bando_domain::AccountId;
use std::collections::HashMap;

use super::answer::{Answer, html};
use super::who::SignedInCaller;
use super::words;
use crate::i18n::Lang;
use crate::views::console::{Audit, AuditRow, Ledger, LedgerRow, Section};

/// `GET /console/ledger`
pub(super) async fn ledger(who: SignedInCaller) -> Answer {
    let balances = who.app.balances(&who.caller).await?;
    let names = who.app.member_names(&who.caller).await?;
    let rows = balances
        .into_iter()
        .map(|balance| LedgerRow {
            text: words::account(&who, &names, &balance.account),
            amount: balance.amount.to_string(),
            account: balance.account,
        })
        .collect();
    html(&Ledger {
        page: who.page(Section::Ledger),
        rows,
    })
}

/// The page of an account of the ledger.
pub(super) fn account_address(account: &str) -> String {
    let query = super::answer::form_urlencoded("account", account);
    format!("/console/ledger/account?{query}")
}

/// `GET /console/audit`
pub(super) async fn audit(who: SignedInCaller) -> Answer {
    let entries = who.app.audit_log(&who.caller).await?;
    let names = who.app.member_names(&who.caller).await?;
    let rows = entries
        .into_iter()
        .map(|entry| {
            let (kind, id) = entry.object.split_once(':').unwrap_or((&entry.object, ""));
            AuditRow {
                seq: entry.seq,
                when: who.near(entry.at),
                who: actor(who.t, &entry.actor, &names),
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

fn actor(t: Lang, actor: &str, names: &HashMap<AccountId, String>) -> String {
    let member = actor.strip_prefix("member:").and_then(|id| id.parse().ok());
    if let Some(name) = member.and_then(|id: AccountId| names.get(&id)) {
        return name.clone();
    }
    match actor {
        "customer" => t.actor_customer().to_owned(),
        "system" => t.actor_system().to_owned(),
        "gateway:mpesa" => "M-Pesa".to_owned(),
        other => other.to_owned(),
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
        _ => None,
    }
}
