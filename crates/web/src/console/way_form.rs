//! The form of a gateway's settings, made from what the gateway says it needs.

use std::collections::BTreeMap;

use bando_app::{GatewayAccount, GatewayState, Profile, Setting, SettingKind};
use bando_domain::Secret;

use super::fields::Fields;
use super::who::SignedInCaller;
use crate::i18n::Lang;
use crate::views::Choice;
use crate::views::console::{Button, FieldKind, Form, FormField};

/// What the form holds, as an account of this gateway.
pub(super) fn account(profile: &Profile, fields: &Fields) -> GatewayAccount {
    let (mut settings, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for setting in profile.settings {
        let (name, typed) = (setting.name.to_owned(), fields.text(setting.name));
        if setting.kind == SettingKind::Secret {
            secrets.insert(name, Secret::new(typed));
        } else if !typed.is_empty() {
            settings.insert(name, typed.to_owned());
        }
    }
    GatewayAccount { settings, secrets }
}

/// The form, filled with what is saved.
pub(super) fn form(who: &SignedInCaller, state: &GatewayState, title: &str) -> Form {
    let t = who.t;
    let here = format!("/console/ways/{}", state.profile.name);
    let mut form = Form::new("way", t.way_settings(), &here).text(t.way_secrets_hint());
    for setting in state.profile.settings {
        form.fields.push(field(t, setting, state));
    }
    let mut enabled = FormField::new("enabled", t.way_enabled(title), FieldKind::Switch);
    if state.enabled || !state.saved {
        enabled = enabled.value("true");
    }
    form.field(enabled)
        .button(Button::main(t.save()))
        .button(Button::quiet(t.save_and_test()).to(format!("{here}/test")))
}

fn field(t: Lang, setting: &Setting, state: &GatewayState) -> FormField {
    let saved = state.settings.get(setting.name);
    let is_secret_saved = state.saved_secrets.iter().any(|name| name == setting.name);
    let kind = match setting.kind {
        SettingKind::Text if setting.name == "certificate" => FieldKind::Long,
        SettingKind::Text => FieldKind::Line,
        SettingKind::Secret => FieldKind::Secret {
            saved: is_secret_saved,
        },
        SettingKind::Switch => FieldKind::Switch,
        SettingKind::Choice(words) => FieldKind::OneOf(choices(t, setting, words, saved)),
    };
    let (label, hint) = words_of(t, setting.name);
    let hint = if is_secret_saved {
        t.secret_saved()
    } else {
        hint
    };
    let label = label.map_or_else(|| plain(setting.name), str::to_owned);
    FormField::new(setting.name, label, kind)
        .hint(hint)
        .value(saved.cloned().unwrap_or_default())
}

fn choices(t: Lang, setting: &Setting, words: &[&str], saved: Option<&String>) -> Vec<Choice> {
    let choice = |value: &str, label: String| Choice {
        value: value.to_owned(),
        label,
        selected: saved.is_some_and(|saved| saved == value),
    };
    let mut choices = Vec::new();
    if !setting.required {
        choices.push(choice("", t.not_chosen().to_owned()));
    }
    choices.extend(words.iter().map(|word| choice(word, word_of(t, word))));
    // A simulator's address stays what it is, where there is one.
    if let Some(url) = saved.filter(|saved| saved.starts_with("http")) {
        choices.push(choice(url, t.mpesa_custom().to_owned()));
    }
    choices
}

/// A choice in words.
fn word_of(t: Lang, word: &str) -> String {
    let known = match word {
        "production" => t.choice_production(),
        "sandbox" => t.choice_sandbox(),
        "signing_secret" => t.choice_signing_secret(),
        "shared_secret" => t.choice_shared_secret(),
        "mtnuganda" => t.choice_uganda(),
        "mtnivorycoast" => t.choice_ivory_coast(),
        "mtnbenin" => t.choice_benin(),
        other => return plain(other),
    };
    known.to_owned()
}

/// What a setting is called, and what to know about it. A gateway may bring one that has no words here
/// yet: its own name is then made readable.
const fn words_of(t: Lang, name: &str) -> (Option<&'static str>, &'static str) {
    let (label, hint) = match name.as_bytes() {
        b"environment" => (t.set_environment(), t.set_environment_hint()),
        b"shortcode" => (t.mpesa_shortcode(), t.mpesa_shortcode_hint()),
        b"till" => (t.till_number(), t.set_till_hint()),
        b"consumer_key" => (t.mpesa_consumer_key(), t.set_consumer_hint()),
        b"consumer_secret" => (t.mpesa_consumer_secret(), ""),
        b"passkey" => (t.mpesa_passkey(), t.set_passkey_hint()),
        b"c2b" => (t.set_c2b(), t.set_c2b_hint()),
        b"pull" => (t.set_pull(), t.set_pull_hint()),
        b"nominated_number" => (t.set_nominated(), t.set_nominated_hint()),
        b"initiator" => (t.set_initiator(), t.set_initiator_hint()),
        b"initiator_password" => (t.set_initiator_password(), t.set_initiator_password_hint()),
        b"certificate" => (t.set_certificate(), t.set_certificate_hint()),
        b"initiator_expires" => (t.set_initiator_expires(), t.set_initiator_expires_hint()),
        b"merchant_link" => (t.set_merchant_link(), t.set_merchant_link_hint()),
        b"unique_amounts" => (t.set_unique_amounts(), t.set_unique_amounts_hint()),
        b"trust_after" => (t.set_trust_after(), t.set_trust_after_hint()),
        b"api_key" => (t.set_api_key(), ""),
        b"webhook_secret" => (t.set_webhook_secret(), t.set_webhook_secret_hint()),
        b"webhook_strategy" => (t.set_webhook_strategy(), ""),
        b"signing_secret" => (t.set_signing_secret(), ""),
        b"restrict_payer" => (t.set_restrict_payer(), ""),
        b"market" => (t.set_market(), ""),
        b"api_user" => (t.set_api_user(), ""),
        b"subscription_key" => (t.set_subscription_key(), ""),
        b"disbursement_api_user" => (t.set_disbursement_api_user(), t.set_disbursement_hint()),
        b"disbursement_api_key" => (t.set_disbursement_api_key(), ""),
        b"disbursement_subscription_key" => (t.set_disbursement_subscription_key(), ""),
        _ => return (None, ""),
    };
    (Some(label), hint)
}

/// `some_name` as `Some name`.
fn plain(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_without_words_is_still_readable() {
        assert_eq!(plain("branch_code"), "Branch code");
        assert_eq!(words_of(Lang::En, "branch_code"), (None, ""));
    }
}
