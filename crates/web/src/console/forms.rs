//! Forms that come back: what was typed, and what is wrong with it.

use bando_app::Invalid;

use super::fields::Fields;
use super::who::SignedInCaller;
use super::words;
use crate::views::console::{FieldKind, Form};

/// Fills a form with what was typed into it.
pub(super) fn fill(form: &mut Form, fields: &Fields) {
    for field in &mut form.fields {
        let name = field.name.clone();
        if fields.has(&name) || field.kind == FieldKind::Switch {
            field.fill(fields.text(&name));
        }
    }
}

/// Fills the form that was sent, of those on a page, and says what is wrong with it.
pub(super) fn refuse(who: &SignedInCaller, forms: &mut [Form], fields: &Fields, invalid: &Invalid) {
    let sent = forms.iter_mut().find(|form| form.id == fields.text("form"));
    if let Some(form) = sent {
        fill(form, fields);
        form.refuse(words::field_of(invalid), words::problem(who, invalid));
    }
}
