//! The ways to pay: all gateways, one gateway's settings and test, collection by the platform.

use axum::extract::Path;
use bando_app::{
    Asks, CollectionState, Error, GatewayState, Permission, Profile, Refunds, TestReport,
    TestResult as Tested, Word,
};
use bando_domain::Phone;

use super::answer::{Answer, Fault, html, see_other, wrong};
use super::fields::Fields;
use super::who::SignedInCaller;
use super::words::Done;
use super::{forms, way_form};
use crate::i18n::Lang;
use crate::views::console::{
    Button, Check, CheckState, Empty, Fact, FieldKind, Form, FormField, Link, List, ListRow,
    Matter, Paging, Section, TestResult, Way,
};
use crate::views::{Notice, Tone};

/// The address of the collection by the platform, among those of the gateways.
const COLLECTION: &str = "/console/ways/platform";

/// `GET /console/ways`
pub(super) async fn list(who: SignedInCaller) -> Answer {
    who.need(Permission::Money)?;
    let t = who.t;
    let warnings = who.app.home(&who.caller).await?.warnings;
    let mut rows = Vec::new();
    for state in who.app.gateway_accounts(&who.caller).await? {
        let name = state.profile.name;
        let expires = warnings.iter().any(|warning| warning.gateway == name);
        rows.push(ListRow {
            href: format!("/console/ways/{name}"),
            title: who.gateway(name),
            note: asks(t, state.profile.asks).to_owned(),
            state: Some(standing(t, &state, expires)),
            ..ListRow::default()
        });
    }
    if let Some(collection) = who.app.collection(&who.caller).await? {
        rows.push(ListRow {
            href: COLLECTION.to_owned(),
            title: t.way_collection().to_owned(),
            note: collection_text(t, &collection),
            state: Some(on_or_off(t, collection.enabled)),
            ..ListRow::default()
        });
    }
    html(&List {
        page: who.page(Section::Ways),
        topic: "home",
        up: None,
        title: t.nav_ways(),
        text: t.ways_text().to_owned(),
        links: Vec::new(),
        forms: Vec::new(),
        filters: None,
        rows,
        empty: Empty {
            icon: "smartphone",
            title: t.nav_ways().to_owned(),
            text: t.ways_text().to_owned(),
            action: None,
        },
        paging: Paging::default(),
    })
}

/// `GET /console/ways/{gateway}`
pub(super) async fn page(who: SignedInCaller, Path(name): Path<String>) -> Answer {
    who.need(Permission::Money)?;
    let state = who.app.gateway_account(&who.caller, &name).await?;
    let mut page = way(&who, &state).await?;
    page.test = state.tested.as_ref().map(|(at, said)| {
        let (tone, said) = match said.as_str() {
            "ok" => (Tone::Ok, who.t.way_gateway_accepts(&page.title)),
            _ => (Tone::Bad, said.clone()),
        };
        TestResult {
            verdict: Notice::new(tone, who.t.tested_at(who.near(*at), said)),
            checks: Vec::new(),
        }
    });
    html(&page)
}

/// `POST /console/ways/{gateway}`
pub(super) async fn save(who: SignedInCaller, Path(name): Path<String>, fields: Fields) -> Answer {
    match store(&who, &name, &fields).await? {
        Some(page) => wrong(&page),
        None => see_other(&Done::Saved.at(&format!("/console/ways/{name}"))),
    }
}

/// `POST /console/ways/{gateway}/test`
pub(super) async fn save_and_test(
    who: SignedInCaller,
    Path(name): Path<String>,
    fields: Fields,
) -> Answer {
    if let Some(page) = store(&who, &name, &fields).await? {
        return wrong(&page);
    }
    let report = who.app.test_gateway(&who.caller, &name).await?;
    let state = who.app.gateway_account(&who.caller, &name).await?;
    let mut page = way(&who, &state).await?;
    page.test = Some(result(&who, &report, &state, &page.title));
    html(&page)
}

/// `GET /console/ways/platform`
pub(super) async fn collection(who: SignedInCaller) -> Answer {
    who.need(Permission::Money)?;
    html(&collecting(&who).await?)
}

/// `POST /console/ways/platform`
pub(super) async fn save_collection(who: SignedInCaller, fields: Fields) -> Answer {
    who.need(Permission::Money)?;
    let enabled = fields.text("enabled") == "true";
    let saved = who
        .app
        .save_collection(&who.caller, fields.text("phone"), enabled);
    match saved.await {
        Ok(()) => see_other(&Done::Saved.at(COLLECTION)),
        Err(Error::Invalid(invalid)) => {
            let mut page = collecting(&who).await?;
            forms::refuse(&who, &mut page.forms, &fields, &invalid);
            wrong(&page)
        }
        Err(other) => Err(other.into()),
    }
}

/// Saves what the form holds; returns the page with its problem if that cannot be.
async fn store(who: &SignedInCaller, name: &str, fields: &Fields) -> Result<Option<Way>, Fault> {
    who.need(Permission::Money)?;
    let state = who.app.gateway_account(&who.caller, name).await?;
    let account = way_form::account(state.profile, fields);
    let enabled = fields.text("enabled") == "true";
    match who
        .app
        .save_gateway(&who.caller, name, account, enabled)
        .await
    {
        Ok(()) => Ok(None),
        Err(Error::Invalid(invalid)) => {
            let mut page = way(who, &state).await?;
            forms::refuse(who, std::slice::from_mut(&mut page.form), fields, &invalid);
            Ok(Some(page))
        }
        Err(other) => Err(other.into()),
    }
}

async fn way(who: &SignedInCaller, state: &GatewayState) -> Result<Way, Fault> {
    let (t, profile) = (who.t, state.profile);
    let title = who.gateway(profile.name);
    let warnings = who.app.home(&who.caller).await?.warnings;
    let notices: Vec<Notice> = warnings
        .iter()
        .filter(|warning| warning.gateway == profile.name)
        .map(|warning| {
            let tone = if warning.days_left <= 1 {
                Tone::Bad
            } else {
                Tone::Wait
            };
            Notice::new(tone, t.way_expires(&warning.expires_on))
        })
        .collect();
    // What cannot be authenticated goes to links of its own for each payment.
    let tells = profile.by_hand || profile.word == Word::Signed;
    Ok(Way {
        page: who.page(Section::Ways),
        state: standing(t, state, !notices.is_empty()),
        form: way_form::form(who, state, &title),
        facts: like(t, profile),
        message_url: (state.saved && tells).then(|| state.message_url.clone()),
        title,
        notices,
        test: None,
    })
}

async fn collecting(who: &SignedInCaller) -> Result<Matter, Fault> {
    let t = who.t;
    let state = who.app.collection(&who.caller).await?;
    let state = state.ok_or(Fault::NotFound)?;
    let phone = state.phone.as_ref().map(Phone::local).unwrap_or_default();
    let mut switch = FormField::new("enabled", t.collection_enabled(), FieldKind::Switch);
    if state.enabled {
        switch = switch.value("true");
    }
    let form = Form::new("collection", "", COLLECTION)
        .field(
            FormField::new("phone", t.collection_phone(), FieldKind::Phone)
                .hint(t.collection_phone_hint())
                .value(phone),
        )
        .field(switch)
        .button(Button::main(t.save()));
    Ok(Matter {
        page: who.page(Section::Ways),
        topic: "sending",
        up: Link::new(t.nav_ways(), Section::Ways.href()),
        title: t.way_collection().to_owned(),
        state: Some(on_or_off(t, state.enabled)),
        notices: vec![Notice::new(Tone::Info, collection_text(t, &state))],
        facts: vec![Fact::link(
            t.payout_owed(),
            state.owed.to_string(),
            Section::Payouts.href(),
        )],
        forms: vec![form],
        links: Vec::new(),
    })
}

fn collection_text(t: Lang, state: &CollectionState) -> String {
    let (whole, rest) = (state.fee_basis_points / 100, state.fee_basis_points % 100);
    let fee = match rest {
        0 => format!("{whole} %"),
        _ => format!("{whole}.{rest:02} %"),
    };
    t.collection_text(state.title, fee)
}

/// Where an account stands, in a word.
fn standing(t: Lang, state: &GatewayState, expires: bool) -> (Tone, String) {
    let tested = state.tested.as_ref().map(|(_, said)| said == "ok");
    let (tone, word) = match (state.saved, state.enabled, tested) {
        (false, _, _) => (Tone::Info, t.way_new()),
        (true, false, _) => (Tone::Info, t.way_off()),
        (true, true, Some(false)) => (Tone::Bad, t.way_problem()),
        (true, true, _) if expires => (Tone::Bad, t.way_problem()),
        (true, true, Some(true)) => (Tone::Ok, t.way_tested()),
        (true, true, None) => (Tone::Ok, t.way_on()),
    };
    (tone, word.to_owned())
}

fn on_or_off(t: Lang, enabled: bool) -> (Tone, String) {
    match enabled {
        true => (Tone::Ok, t.way_on().to_owned()),
        false => (Tone::Info, t.way_off().to_owned()),
    }
}

const fn asks(t: Lang, asks: Asks) -> &'static str {
    match asks {
        Asks::Push => t.way_push(),
        Asks::Redirect => t.way_redirect(),
        Asks::Link => t.way_link(),
    }
}

/// What a gateway is like, in words.
fn like(t: Lang, profile: &Profile) -> Vec<Fact> {
    let word = match profile.word {
        Word::Unsigned => t.way_word_unsigned(),
        Word::Signed => t.way_word_signed(),
        Word::PollBack => t.way_word_poll(),
    };
    let refunds = match profile.refunds {
        Refunds::ByHand => t.way_refunds_hand(),
        Refunds::Whole => t.way_refunds_whole(),
        Refunds::Parts => t.way_refunds_parts(),
    };
    let statement = match profile.statement {
        true => t.way_statement_yes(),
        false => t.way_statement_no(),
    };
    let by_hand = match profile.by_hand {
        true => t.way_by_hand_yes(),
        false => t.way_by_hand_no(),
    };
    vec![
        Fact::new(t.way_asks(), asks(t, profile.asks)),
        Fact::new(t.way_word(), word),
        Fact::new(t.way_by_hand(), by_hand),
        Fact::new(t.way_refunds(), refunds),
        Fact::new(t.way_statement(), statement),
    ]
}

fn result(
    who: &SignedInCaller,
    report: &TestReport,
    state: &GatewayState,
    title: &str,
) -> TestResult {
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
    let environment = state.settings.get("environment").map(String::as_str);
    let address = match state.profile.asks {
        Asks::Push => who.app.callback_problems(environment.unwrap_or_default()),
        Asks::Redirect | Asks::Link => Vec::new(),
    };
    let mut checks = vec![
        step(t.way_test_keys(), &report.sign_in, t.way_keys_wrong()),
        step(
            t.way_test_account(),
            &report.shortcode,
            t.way_account_wrong(),
        ),
    ];
    if !address.is_empty() {
        checks.push(Check {
            state: CheckState::Failed,
            text: t.test_callback().to_owned(),
            detail: Some(format!(
                "{} ({})",
                t.test_callback_bad(),
                address.join("; ")
            )),
            action: None,
        });
    }
    let unclear = [&report.sign_in, &report.shortcode]
        .into_iter()
        .any(|result| matches!(result, Tested::Unclear { .. }));
    let (tone, text) = match (report.passed() && address.is_empty(), unclear) {
        (true, _) => (Tone::Ok, t.way_gateway_accepts(title)),
        (false, true) => (Tone::Wait, t.way_gateway_silent(title)),
        (false, false) => (Tone::Bad, t.way_gateway_refuses(title)),
    };
    TestResult {
        verdict: Notice::new(tone, text),
        checks,
    }
}
