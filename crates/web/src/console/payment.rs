//! The story of one payment.

use std::collections::HashMap;

use bando_app::{Asks, Payment, PaymentStep, PaymentStory, Permission};
use bando_domain::{AccountId, PaymentId, PaymentStatus};

use super::answer::{Answer, Fault, html, see_other};
use super::fields::Id;
use super::payments::problem;
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::format;
use crate::i18n::Lang;
use crate::views::console::{CheckState, Fact, Link, PaymentPage, Section, TimelineStep};

/// `GET /console/payments/{id}`
pub(super) async fn story(who: SignedInCaller, Id(id): Id<PaymentId>) -> Answer {
    let story = who.app.payment_story(&who.caller, id).await?;
    let names = who.app.member_names(&who.caller).await?;
    let facts = facts(&who, &story, &names).await?;
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
        can_check: payment.status == PaymentStatus::Pending
            && who.app.gateways().get(&payment.gateway).is_some(),
        can_confirm: who.may(Permission::Sell) && is_confirmable(&who, payment),
        ask_again: who.t.ask_gateway_again(who.gateway(&payment.gateway)),
        links: links(&who, payment),
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

/// Whether only a member can tell that the money of this payment came, and none has said so.
fn is_confirmable(who: &SignedInCaller, payment: &Payment) -> bool {
    let gateway = who.app.gateways().get(&payment.gateway);
    let by_link = gateway.is_some_and(|gateway| gateway.profile().asks == Asks::Link);
    by_link && !payment.status.was_paid()
}

/// Where else to look, and what can be done.
fn links(who: &SignedInCaller, payment: &Payment) -> Vec<Link> {
    let (t, id) = (who.t, payment.id);
    let left = payment.amount.minor() > payment.refunded.minor();
    let mut links = Vec::new();
    if who.may(Permission::Refund) && payment.status == PaymentStatus::Success && left {
        links.push(Link::new(
            t.refund_ask(),
            format!("/console/payments/{id}/refund"),
        ));
    }
    if payment.refunded.is_positive() {
        let address = format!("/console/refunds?payment={id}");
        links.push(Link::new(t.nav_refunds(), address));
    }
    links
}

async fn facts(
    who: &SignedInCaller,
    story: &PaymentStory,
    names: &HashMap<AccountId, String>,
) -> Result<Vec<Fact>, Fault> {
    let (t, payment) = (who.t, &story.payment);
    let some = |name: &str, value: Option<String>| value.map(|value| Fact::new(name, value));
    let mut facts = vec![
        Fact::new(t.col_plan(), &payment.plan_name),
        Fact::new(t.fact_gateway(), who.gateway(&payment.gateway)),
    ];
    let phone = payment.phone.as_ref().map(|phone| who.phone(phone));
    facts.extend(some(t.fact_phone(), phone));
    facts.extend(some(t.fact_receipt(), payment.receipt.clone()));
    facts.extend(some(t.fact_reference(), payment.account_reference.clone()));
    if let Some(id) = payment.ticket_id {
        let ticket = who.app.ticket(&who.caller, id).await?.ticket;
        facts.push(Fact::link(
            t.fact_ticket(),
            ticket.code.grouped(),
            format!("/console/tickets/{id}"),
        ));
    }
    let seller = payment.sold_by.and_then(|id| names.get(&id).cloned());
    facts.extend(some(t.fact_sold_by(), seller));
    let device = payment.mac.or(payment.identity_mac);
    facts.extend(some(t.col_device(), device.map(|mac| mac.to_string())));
    if let Some(id) = payment.router_id
        && let Ok(router) = who.app.router(&who.caller, id).await
    {
        facts.push(Fact::link(
            t.col_router(),
            router.name,
            format!("/console/routers/{id}"),
        ));
    }
    let page = payment.redirect_url.clone();
    facts.extend(some(t.fact_pay_page(), page));
    if payment.collected {
        facts.push(Fact::new(t.fact_collected(), t.yes()));
    }
    let amounts = [
        (t.fact_fee(), payment.fee),
        (t.fact_refunded(), payment.refunded),
    ];
    for (name, amount) in amounts.into_iter().filter(|(_, a)| a.is_positive()) {
        facts.push(Fact::new(name, amount.to_string()));
    }
    for transfer in &story.transfers {
        facts.push(Fact::link(
            format!(
                "{} → {}",
                words::account(who, names, &transfer.credit),
                words::account(who, names, &transfer.debit)
            ),
            transfer.amount.to_string(),
            super::ledger::account_address(&transfer.debit),
        ));
    }
    Ok(facts)
}

fn steps(who: &SignedInCaller, story: &PaymentStory) -> Vec<TimelineStep> {
    let payment = &story.payment;
    let gateway = who.gateway(&payment.gateway);
    let profile = who.app.gateways().get(&payment.gateway);
    let asks = profile.map(|gateway| gateway.profile().asks);
    let mut before = None;
    story
        .timeline
        .iter()
        .map(|entry| {
            let gap = before
                .replace(entry.at)
                .map(|at| entry.at.since(at).as_millis());
            TimelineStep {
                text: text(who.t, entry.step, asks, &gateway),
                state: state(entry.step),
                at: who.times.clock_seconds(entry.at.as_millis()),
                gap: gap.map(|ms| format::gap(who.t, u64::try_from(ms).unwrap_or(u64::MAX))),
                detail: entry.detail.clone(),
            }
        })
        .collect()
}

/// A step in words: where nobody is prompted, it says how the payer was asked instead.
fn text(t: Lang, step: PaymentStep, asks: Option<Asks>, gateway: &str) -> String {
    let fixed = match step {
        PaymentStep::Asked if asks.is_none() => t.timeline_sold_here(),
        PaymentStep::Asked => t.timeline_asked(),
        PaymentStep::Prompted if asks == Some(Asks::Push) => {
            return t.timeline_prompt_sent(gateway);
        }
        PaymentStep::Prompted => return t.timeline_page_ready(gateway),
        PaymentStep::Refused => return t.timeline_refused(gateway),
        PaymentStep::NoAnswer => return t.timeline_no_answer(gateway),
        PaymentStep::Callback => return t.timeline_callback(gateway),
        PaymentStep::Checked => return t.timeline_checked(gateway),
        PaymentStep::Contradiction => return t.timeline_contradiction(gateway),
        PaymentStep::Mismatch => t.timeline_mismatch(),
        PaymentStep::Settled => t.timeline_ticket(),
        PaymentStep::Failed => t.timeline_failed(),
        PaymentStep::Expired => t.timeline_expired(),
        PaymentStep::Connected => t.timeline_router(),
        PaymentStep::Claimed => t.timeline_claimed(),
        PaymentStep::Confirmed => t.timeline_confirmed_by_hand(),
        PaymentStep::Rejected => t.timeline_rejected(),
        PaymentStep::Short => t.timeline_short(),
        PaymentStep::Excess => t.timeline_excess(),
        PaymentStep::Refunded => t.timeline_refunded(),
        PaymentStep::Reversed => t.timeline_reversed(),
    };
    fixed.to_owned()
}

/// How a step went.
const fn state(step: PaymentStep) -> CheckState {
    match step {
        PaymentStep::Asked
        | PaymentStep::Prompted
        | PaymentStep::Callback
        | PaymentStep::Settled
        | PaymentStep::Connected
        | PaymentStep::Confirmed
        | PaymentStep::Excess
        | PaymentStep::Refunded => CheckState::Done,
        PaymentStep::NoAnswer | PaymentStep::Checked | PaymentStep::Claimed => CheckState::Doing,
        PaymentStep::Refused
        | PaymentStep::Mismatch
        | PaymentStep::Failed
        | PaymentStep::Expired
        | PaymentStep::Contradiction
        | PaymentStep::Rejected
        | PaymentStep::Short
        | PaymentStep::Reversed => CheckState::Failed,
    }
}
