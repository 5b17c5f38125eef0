//! What the program's values are called on screens.

use std::collections::HashMap;

use bando_app::{App, Asks, Invalid, Role};
use bando_domain::{AccountId, Entitlement, PaymentStatus, PlanTerms};

use super::who::SignedInCaller;
use crate::i18n::Lang;
use crate::standing;
use crate::views::{self, Notice, Tone};

/// What was just done, as the address of the next page says it (`?done=saved`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    Saved,
    PlanDeleted,
    RouterDeleted,
    TicketRevoked,
    DeviceRemoved,
    SessionEnded,
    GatewayAsked,
    PasswordChanged,
    RefundAsked,
    Decided,
    PayoutAsked,
    Confirmed,
    Rejected,
    CaseSolved,
    ShiftClosed,
    StatementAsked,
    Mended,
}

impl Done {
    const ALL: [Self; 17] = [
        Self::Saved,
        Self::PlanDeleted,
        Self::RouterDeleted,
        Self::TicketRevoked,
        Self::DeviceRemoved,
        Self::SessionEnded,
        Self::GatewayAsked,
        Self::PasswordChanged,
        Self::RefundAsked,
        Self::Decided,
        Self::PayoutAsked,
        Self::Confirmed,
        Self::Rejected,
        Self::CaseSolved,
        Self::ShiftClosed,
        Self::StatementAsked,
        Self::Mended,
    ];

    fn slug(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::PlanDeleted => "plan-deleted",
            Self::RouterDeleted => "router-deleted",
            Self::TicketRevoked => "ticket-revoked",
            Self::DeviceRemoved => "device-removed",
            Self::SessionEnded => "session-ended",
            Self::GatewayAsked => "gateway-asked",
            Self::PasswordChanged => "password-changed",
            Self::RefundAsked => "refund-asked",
            Self::Decided => "decided",
            Self::PayoutAsked => "payout-asked",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::CaseSolved => "case-solved",
            Self::ShiftClosed => "shift-closed",
            Self::StatementAsked => "statement-asked",
            Self::Mended => "mended",
        }
    }

    pub(super) fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.slug() == slug)
    }

    /// `path` with what was done.
    pub(super) fn at(self, path: &str) -> String {
        format!("{path}?done={}", self.slug())
    }

    pub(super) fn notice(self, t: Lang) -> Notice {
        let text = match self {
            Self::Saved => t.saved(),
            Self::PlanDeleted => t.plan_was_deleted(),
            Self::RouterDeleted => t.router_was_deleted(),
            Self::TicketRevoked => t.ticket_was_revoked(),
            Self::DeviceRemoved => t.device_was_removed(),
            Self::SessionEnded => t.session_was_ended(),
            Self::GatewayAsked => t.asked_gateway_again(),
            Self::PasswordChanged => t.password_was_changed(),
            Self::RefundAsked => t.refund_was_asked(),
            Self::Decided => t.was_decided(),
            Self::PayoutAsked => t.payout_was_asked(),
            Self::Confirmed => t.was_confirmed(),
            Self::Rejected => t.was_rejected(),
            Self::CaseSolved => t.case_was_solved(),
            Self::ShiftClosed => t.shift_was_closed(),
            Self::StatementAsked => t.statement_was_asked(),
            Self::Mended => t.was_mended(),
        };
        Notice::new(Tone::Ok, text)
    }
}

pub(super) fn payment_status(status: PaymentStatus) -> views::PaymentStatus {
    match status {
        PaymentStatus::Pending => views::PaymentStatus::Pending,
        PaymentStatus::Success => views::PaymentStatus::Success,
        PaymentStatus::Failed => views::PaymentStatus::Failed,
        PaymentStatus::Expired => views::PaymentStatus::Expired,
        PaymentStatus::Cancelled => views::PaymentStatus::Cancelled,
        PaymentStatus::Refunded => views::PaymentStatus::Refunded,
    }
}

pub(super) fn role(t: Lang, role: Role) -> &'static str {
    match role {
        Role::Owner => t.role_owner(),
        Role::Manager => t.role_manager(),
        Role::Cashier => t.role_cashier(),
        Role::Support => t.role_support(),
    }
}

/// A plan's terms in one line: `1 day · 2 GB · 5 Mbps · 2 devices`.
pub(super) fn terms(t: Lang, terms: &PlanTerms) -> String {
    standing::terms(t, terms).join(" · ")
}

/// What is left of a ticket in a few words: of its time, else of its data.
pub(super) fn left(t: Lang, entitlement: &Entitlement) -> String {
    let mut left = standing::left(t, entitlement).into_iter();
    left.next().unwrap_or_default()
}

/// A gateway's name for people; of one that is gone, its name in the books.
pub(super) fn gateway(t: Lang, app: &App, name: &str) -> String {
    match name {
        "cash" => t.gateway_cash().to_owned(),
        "wallet" => t.gateway_wallet().to_owned(),
        _ => match app.gateways().get(name).map(|gateway| gateway.profile()) {
            Some(profile) if profile.asks == Asks::Link => t.way_link_name(profile.title),
            Some(profile) => profile.title.to_owned(),
            None => name.to_owned(),
        },
    }
}

/// An account of the ledger in words.
pub(super) fn account(
    who: &SignedInCaller,
    names: &HashMap<AccountId, String>,
    account: &str,
) -> String {
    crate::format::account(who.t, account, |name| {
        let member = name.parse().ok().and_then(|id: AccountId| names.get(&id));
        match member {
            Some(member) => member.clone(),
            None if name == "platform" => who.t.the_platform().to_owned(),
            None => who.gateway(name),
        }
    })
}

/// A member's name; of one who is gone, or of nobody, a word.
pub(super) fn member(
    who: &SignedInCaller,
    names: &HashMap<AccountId, String>,
    id: Option<AccountId>,
) -> String {
    let name = id.and_then(|id| names.get(&id));
    name.map_or_else(|| who.t.actor_system().to_owned(), Clone::clone)
}

/// The field that is wrong; empty if it is none in particular.
pub(super) fn field_of(invalid: &Invalid) -> &'static str {
    match invalid {
        Invalid::Field { field, .. } => field,
        Invalid::Phone(_) => "phone",
        Invalid::Money(_) | Invalid::Price => "amount",
        Invalid::Taken("transaction id") => "transaction_id",
        _ => "",
    }
}

/// What is wrong, for the person who typed it.
pub(super) fn problem(who: &SignedInCaller, invalid: &Invalid) -> String {
    let t = who.t;
    match invalid {
        Invalid::Phone(_) => t.phone_wrong(who.provider.country.example()),
        Invalid::Money(_) | Invalid::Price => t.number_wrong().to_owned(),
        Invalid::Taken("transaction id") => t.transaction_used().to_owned(),
        Invalid::Field { field, problem } => {
            let known = match problem.as_str() {
                "must be filled in" => Some(t.field_missing()),
                why if why.starts_with("somebody else") => Some(t.refund_second()),
                _ => known_field(t, field),
            };
            known.map_or_else(|| problem.clone(), str::to_owned)
        }
        other => other.to_string(),
    }
}

fn known_field(t: Lang, field: &str) -> Option<&'static str> {
    Some(match field {
        "size" => t.batch_count_wrong(),
        "hotspot_host" => t.router_address_wrong(),
        "coa_address" => t.router_coa_wrong(),
        "shortcode" | "till" => t.mpesa_shortcode_wrong(),
        "current" => t.password_wrong(),
        "password" => t.password_too_short(),
        "reason" => t.refund_reason_wrong(),
        "amount" => t.amount_impossible(),
        "note" => t.note_wrong(),
        _ => return None,
    })
}
