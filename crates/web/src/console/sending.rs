//! What refunds and payouts have in common: a second member's word, and what became of the money.

use std::collections::HashMap;

use bando_app::{Permission, Result, Sending};
use bando_domain::{AccountId, Timestamp};

use super::fields::Fields;
use super::who::SignedInCaller;
use super::words;
use crate::views::console::{Button, Fact, FieldKind, Form, FormField};

/// How far money that is sent has come.
pub(super) struct Course<'a> {
    /// Who asked for it, and when.
    pub(super) asked: (AccountId, Timestamp),
    /// Who decided about it, and when.
    pub(super) decided: Option<(AccountId, Timestamp)>,
    /// When its outcome was known.
    pub(super) finished: Option<Timestamp>,
    /// The receipt of the money.
    pub(super) receipt: Option<&'a str>,
    /// What the gateway said.
    pub(super) said: Option<&'a str>,
}

/// The form by which a second member agrees or declines, or who asked takes it back.
pub(super) fn decision(who: &SignedInCaller, here: &str, is_own: bool) -> Option<Form> {
    let t = who.t;
    let may = who.may(Permission::Approve);
    let text = match is_own {
        true => t.decide_own(),
        false => t.decide_text(),
    };
    let form = Form::new("decide", t.decide_title(), format!("{here}/decide")).text(text);
    let agree = Button::main(t.agree()).sends("approve", "yes");
    let decline = Button::quiet(match is_own {
        true => t.take_back(),
        false => t.decline(),
    });
    let decline = decline.sends("approve", "no");
    match (may, is_own) {
        (true, _) => Some(form.button(agree).button(decline)),
        (false, true) => Some(form.button(decline)),
        (false, false) => None,
    }
}

/// The form by which a member says what became of money that nobody knows about, or that a person
/// sends.
pub(super) fn resolution(who: &SignedInCaller, here: &str, by_hand: bool) -> Option<Form> {
    let t = who.t;
    let text = match by_hand {
        true => t.resolve_by_hand(),
        false => t.resolve_text(),
    };
    who.may(Permission::Approve).then(|| {
        Form::new("resolve", t.resolve_title(), format!("{here}/resolve"))
            .text(text)
            .field(FormField::new(
                "receipt",
                t.resolve_receipt(),
                FieldKind::Line,
            ))
            .button(Button::main(t.it_went()).sends("happened", "yes"))
            .button(Button::quiet(t.it_did_not_go()).sends("happened", "no"))
    })
}

/// Does what that form says.
pub(super) async fn resolve(who: &SignedInCaller, what: Sending, fields: &Fields) -> Result<()> {
    let happened = fields.text("happened") == "yes";
    let receipt = Some(fields.text("receipt")).filter(|text| !text.is_empty());
    who.app
        .resolve_sent(&who.caller, what, happened, receipt)
        .await
}

/// Who asked, who decided, what came of it.
pub(super) fn facts(
    who: &SignedInCaller,
    names: &HashMap<AccountId, String>,
    course: &Course<'_>,
) -> Vec<Fact> {
    let t = who.t;
    let by = |(id, at): (AccountId, Timestamp)| {
        let name = words::member(who, names, Some(id));
        format!("{name}, {}", who.near(at))
    };
    let mut facts = vec![Fact::new(t.asked_by(), by(course.asked))];
    let decided = course
        .decided
        .map(|by_whom| Fact::new(t.decided_by(), by(by_whom)));
    facts.extend(decided);
    let finished = course.finished.map(|at| who.near(at));
    facts.extend(finished.map(|at| Fact::new(t.finished_at(), at)));
    facts.extend(course.receipt.map(|r| Fact::new(t.fact_receipt(), r)));
    facts.extend(course.said.map(|s| Fact::new(t.gateway_said(), s)));
    facts
}
