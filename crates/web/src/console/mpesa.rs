//! M-Pesa: the settings, and the test of the connection.

use bando_app::{
    Error, Invalid, MpesaSecrets, MpesaSettings, MpesaState, Permission, TestReport,
    TestResult as Tested,
};
use bando_domain::Secret;

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::Fields;
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::views::console::{Check, CheckState, MpesaSettings as Form, Section, TestResult};
use crate::views::{Choice, Field, Notice, Tone};

/// `GET /console/mpesa`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    who.need(Permission::Money)?;
    let state = who.app.mpesa(&who.caller).await?;
    let fields = state.as_ref().map(fields).unwrap_or_default();
    let mut form = form(&who, &fields, state.as_ref());
    form.test = state.and_then(|state| state.tested).map(|(at, said)| {
        let (tone, said) = match said.as_str() {
            "ok" => (Tone::Ok, who.t.test_good().to_owned()),
            _ => (Tone::Bad, said),
        };
        let verdict = Notice::new(tone, who.t.tested_at(who.near(at), said));
        TestResult {
            verdict,
            checks: Vec::new(),
        }
    });
    html(&form)
}

/// `POST /console/mpesa`
pub(super) async fn save(who: SignedInCaller, fields: Fields) -> Answer {
    match store(&who, &fields).await? {
        Some(form) => wrong(&form),
        None => see_other(&Done::Saved.at("/console/mpesa")),
    }
}

/// `POST /console/mpesa/test`
pub(super) async fn save_and_test(who: SignedInCaller, fields: Fields) -> Answer {
    if let Some(form) = store(&who, &fields).await? {
        return wrong(&form);
    }
    let report = who.app.test_mpesa(&who.caller).await?;
    let state = who.app.mpesa(&who.caller).await?;
    let mut form = form(&who, &fields, state.as_ref());
    form.test = state.map(|state| result(&who, &report, &state.settings));
    html(&form)
}

/// Saves what the form holds; returns the form with its problem if that cannot be.
async fn store(who: &SignedInCaller, fields: &Fields) -> Result<Option<Form>, Fault> {
    who.need(Permission::Money)?;
    let is_till = fields.text("kind") == "till";
    let settings = MpesaSettings {
        environment: fields.text("environment").to_owned(),
        shortcode: fields.text("shortcode").to_owned(),
        till: is_till.then(|| fields.text("till").to_owned()),
    };
    let secret = |name: &str| Secret::new(fields.text(name));
    let secrets = MpesaSecrets {
        consumer_key: secret("consumer_key"),
        consumer_secret: secret("consumer_secret"),
        passkey: secret("passkey"),
    };
    let enabled = fields.has("enabled");
    match who
        .app
        .save_mpesa(&who.caller, settings, secrets, enabled)
        .await
    {
        Ok(()) => Ok(None),
        Err(Error::Invalid(invalid)) => {
            let state = who.app.mpesa(&who.caller).await?;
            let mut form = form(who, fields, state.as_ref());
            let field = match &invalid {
                Invalid::Field { field: "till", .. } => &mut form.till,
                Invalid::Field {
                    field: "consumer_key",
                    ..
                } => &mut form.consumer_key,
                Invalid::Field {
                    field: "consumer_secret",
                    ..
                } => &mut form.consumer_secret,
                Invalid::Field {
                    field: "passkey", ..
                } => &mut form.passkey,
                _ => &mut form.shortcode,
            };
            field.error = Some(words::problem(who, &invalid));
            Ok(Some(form))
        }
        Err(other) => Err(other.into()),
    }
}

/// The saved settings as the fields that make them; secrets never come back.
fn fields(state: &MpesaState) -> Fields {
    let settings = &state.settings;
    let kind = if settings.till.is_some() {
        "till"
    } else {
        "paybill"
    };
    let mut pairs = vec![
        ("environment", settings.environment.clone()),
        ("kind", kind.to_owned()),
        ("shortcode", settings.shortcode.clone()),
        ("till", settings.till.clone().unwrap_or_default()),
    ];
    if state.enabled {
        pairs.push(("enabled", "1".to_owned()));
    }
    Fields::from(pairs)
}

fn form(who: &SignedInCaller, fields: &Fields, state: Option<&MpesaState>) -> Form {
    let t = who.t;
    let choice = |field: &str, value: &str, label: String, usual: bool| Choice {
        value: value.to_owned(),
        label,
        selected: match fields.text(field) {
            "" => usual,
            typed => typed == value,
        },
    };
    let mut environment = vec![
        choice("environment", "sandbox", t.mpesa_sandbox().to_owned(), true),
        choice(
            "environment",
            "production",
            t.mpesa_production().to_owned(),
            false,
        ),
    ];
    let saved = state.map(|state| state.settings.environment.as_str());
    if let Some(url) = saved.filter(|saved| saved.starts_with("http")) {
        environment.push(choice(
            "environment",
            url,
            t.mpesa_custom().to_owned(),
            false,
        ));
    }
    Form {
        page: who.page(Section::Ways),
        environment,
        kind: vec![
            choice("kind", "paybill", t.mpesa_paybill().to_owned(), true),
            choice("kind", "till", t.mpesa_till().to_owned(), false),
        ],
        shortcode: Field::of(fields.text("shortcode")),
        till: Field::of(fields.text("till")),
        saved: state.is_some(),
        consumer_key: Field::default(),
        consumer_secret: Field::default(),
        passkey: Field::default(),
        enabled: fields.has("enabled") || (state.is_none() && !fields.has("shortcode")),
        test: None,
    }
}

fn result(who: &SignedInCaller, report: &TestReport, settings: &MpesaSettings) -> TestResult {
    let t = who.t;
    let step = |text: &str, result: &Tested, hint: &str| {
        let (state, detail) = match result {
            Tested::Passed => (CheckState::Done, None),
            Tested::Failed { why } => (CheckState::Failed, Some(format!("{hint} ({why})"))),
            Tested::Unclear { why } => (CheckState::Doing, Some(t.test_unsure(why))),
        };
        Check {
            state,
            text: text.to_owned(),
            detail,
            action: None,
        }
    };
    let address = who.app.callback_problems(&settings.environment);
    let reachable = Check {
        state: if address.is_empty() {
            CheckState::Done
        } else {
            CheckState::Failed
        },
        text: t.test_callback().to_owned(),
        detail: (!address.is_empty())
            .then(|| format!("{} ({})", t.test_callback_bad(), address.join("; "))),
        action: None,
    };
    let unclear = [&report.sign_in, &report.shortcode]
        .into_iter()
        .any(|result| matches!(result, Tested::Unclear { .. }));
    let (tone, text) = match (report.passed() && address.is_empty(), unclear) {
        (true, _) => (Tone::Ok, t.test_good()),
        (false, true) => (Tone::Wait, t.test_unreachable()),
        (false, false) => (Tone::Bad, t.test_bad()),
    };
    TestResult {
        verdict: Notice::new(tone, text),
        checks: vec![
            step(t.test_keys(), &report.sign_in, t.test_keys_bad()),
            step(t.test_passkey(), &report.shortcode, t.test_passkey_bad()),
            reachable,
        ],
    }
}
