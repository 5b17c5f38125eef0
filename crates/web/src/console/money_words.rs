//! What states and kinds of money are called on screens.

use bando_app::{ArrivalState, CaseKind, RefundWay, SendState};

use crate::i18n::Lang;
use crate::views::{Choice, Notice, Tone};

/// A note that says how things are.
pub(super) fn note(text: impl Into<String>) -> Notice {
    Notice::new(Tone::Info, text)
}

/// How money that is sent stands.
pub(super) fn send_state(t: Lang, state: SendState) -> (Tone, String) {
    let (tone, word) = match state {
        SendState::Requested => (Tone::Wait, t.sent_requested()),
        SendState::Approved => (Tone::Wait, t.sent_approved()),
        SendState::Sending => (Tone::Wait, t.sent_sending()),
        SendState::Sent => (Tone::Wait, t.sent_sent()),
        SendState::Done => (Tone::Ok, t.sent_done()),
        SendState::Refused => (Tone::Bad, t.sent_refused()),
        SendState::Unknown => (Tone::Bad, t.sent_unknown()),
        SendState::Declined => (Tone::Info, t.sent_declined()),
    };
    (tone, word.to_owned())
}

/// The states of money that is sent, as filters offer them.
pub(super) fn send_states(t: Lang, chosen: Option<SendState>) -> Vec<Choice> {
    let states = SendState::ALL.iter();
    let states = states.map(|state| (state.name(), send_state(t, *state).1));
    choices(t.any_status(), states, chosen.map(SendState::name))
}

/// How money goes back.
pub(super) const fn refund_way(t: Lang, way: RefundWay) -> &'static str {
    match way {
        RefundWay::Gateway => t.back_by_gateway(),
        RefundWay::Wallet => t.back_to_wallet(),
        RefundWay::Cash => t.back_in_cash(),
        RefundWay::ByHand => t.back_by_hand(),
    }
}

/// What has become of money that came otherwise than asked for.
pub(super) fn arrival_state(t: Lang, state: ArrivalState) -> (Tone, String) {
    let (tone, word) = match state {
        ArrivalState::Unproved => (Tone::Wait, t.arrival_unproved()),
        ArrivalState::Matched => (Tone::Ok, t.arrival_matched()),
        ArrivalState::Credited => (Tone::Ok, t.arrival_credited()),
        ArrivalState::Open => (Tone::Bad, t.arrival_open()),
        ArrivalState::Refunded => (Tone::Info, t.arrival_refunded()),
        ArrivalState::Refuted => (Tone::Info, t.arrival_refuted()),
    };
    (tone, word.to_owned())
}

/// What that means, in a sentence.
pub(super) const fn arrival_meaning(t: Lang, state: ArrivalState) -> &'static str {
    match state {
        ArrivalState::Unproved => t.arrival_unproved_text(),
        ArrivalState::Matched => t.arrival_matched_text(),
        ArrivalState::Credited => t.arrival_credited_text(),
        ArrivalState::Open => t.arrival_open_text(),
        ArrivalState::Refunded => t.arrival_refunded_text(),
        ArrivalState::Refuted => t.arrival_refuted_text(),
    }
}

/// What a case is about, in a few words.
pub(super) const fn case_kind(t: Lang, kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Unmatched => t.case_unmatched(),
        CaseKind::Partial => t.case_partial(),
        CaseKind::Excess => t.case_excess(),
        CaseKind::WrongCurrency => t.case_wrong_currency(),
        CaseKind::WrongAccount => t.case_wrong_account(),
        CaseKind::ReceiptUsed => t.case_receipt_used(),
        CaseKind::Late => t.case_late(),
        CaseKind::Claim => t.case_claim(),
        CaseKind::NeverConfirmed => t.case_never_confirmed(),
        CaseKind::Unproved => t.case_unproved(),
        CaseKind::SendUnknown => t.case_send_unknown(),
        CaseKind::Difference => t.case_difference(),
        CaseKind::Trusted => t.case_trusted(),
    }
}

/// What happened, and what to do about it.
pub(super) const fn case_meaning(t: Lang, kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Unmatched => t.case_unmatched_text(),
        CaseKind::Partial => t.case_partial_text(),
        CaseKind::Excess => t.case_excess_text(),
        CaseKind::WrongCurrency => t.case_wrong_currency_text(),
        CaseKind::WrongAccount => t.case_wrong_account_text(),
        CaseKind::ReceiptUsed => t.case_receipt_used_text(),
        CaseKind::Late => t.case_late_text(),
        CaseKind::Claim => t.case_claim_text(),
        CaseKind::NeverConfirmed => t.case_never_confirmed_text(),
        CaseKind::Unproved => t.case_unproved_text(),
        CaseKind::SendUnknown => t.case_send_unknown_text(),
        CaseKind::Difference => t.case_difference_text(),
        CaseKind::Trusted => t.case_trusted_text(),
    }
}

/// A filter's choices: all of them, or one.
pub(super) fn choices<'a>(
    any: &str,
    named: impl Iterator<Item = (&'a str, String)>,
    chosen: Option<&str>,
) -> Vec<Choice> {
    let all = Choice {
        value: String::new(),
        label: any.to_owned(),
        selected: chosen.is_none(),
    };
    let named = named.map(|(value, label)| Choice {
        value: value.to_owned(),
        label,
        selected: chosen == Some(value),
    });
    std::iter::once(all).chain(named).collect()
}
