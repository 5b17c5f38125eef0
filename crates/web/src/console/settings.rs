//! The provider's and the member's settings, and the choice of a provider.

use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;
use bando_app::{Error, Invalid, Permission, ProviderDraft};
use bando_domain::{Language, ProviderId, Secret};
use http::{HeaderMap, header};

use super::answer::{Answer, Fault, html, wrong};
use super::fields::Fields;
use super::who::SignedInCaller;
use super::words::{self, Done};
use crate::i18n::Lang;
use crate::state::Source;
use crate::views::console::{More, Place, Providers, Section, Settings, Theme};
use crate::views::{Choice, Field};

/// `GET /console/settings`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    html(&form(&who, &saved(&who)))
}

/// `POST /console/settings`
pub(super) async fn save(who: SignedInCaller, jar: CookieJar, fields: Fields) -> Answer {
    if who.may(Permission::Manage) {
        let language = fields.parsed::<Language>("portal_language");
        let draft = ProviderDraft {
            name: fields.text("provider_name").to_owned(),
            support_phone: fields.text("support_phone").to_owned(),
            time_zone: fields.text("zone").to_owned(),
            language: language.unwrap_or(who.provider.language),
        };
        match who.app.save_provider(&who.caller, draft).await {
            Ok(_) => {}
            Err(Error::Invalid(invalid)) => {
                let mut form = form(&who, &fields);
                match invalid {
                    Invalid::Phone(_) => {
                        form.support_phone.error = Some(words::problem(&who, &invalid));
                    }
                    _ => form.provider_name.error = Some(who.t.provider_name_wrong().to_owned()),
                }
                return wrong(&form);
            }
            Err(other) => return Err(other.into()),
        }
    }
    let (cookies, mut jar) = (who.cookies(), jar);
    if let Some(lang) = Lang::parse(fields.text("language")) {
        jar = jar.add(cookies.choose_language(lang));
    }
    if fields.has("theme") {
        jar = jar.add(cookies.choose_theme(Theme::parse(fields.text("theme"))));
    }
    Ok((jar, Redirect::to(&Done::Saved.at("/console/settings"))).into_response())
}

/// `POST /console/settings/password`
pub(super) async fn password(
    who: SignedInCaller,
    source: Source,
    headers: HeaderMap,
    jar: CookieJar,
    fields: Fields,
) -> Answer {
    let current = Secret::new(fields.exact("current"));
    let password = Secret::new(fields.exact("password"));
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let changed = who
        .app
        .change_password(
            &who.account,
            &current,
            &password,
            &source.to_string(),
            agent,
        )
        .await;
    match changed {
        Ok(token) => {
            let jar = jar.add(who.cookies().sign_in(&token));
            let there = Done::PasswordChanged.at("/console/settings");
            Ok((jar, Redirect::to(&there)).into_response())
        }
        Err(Error::Invalid(invalid)) => {
            let mut form = form(&who, &saved(&who));
            let text = Some(words::problem(&who, &invalid));
            match invalid {
                Invalid::Field {
                    field: "current", ..
                } => form.current.error = text,
                _ => form.password.error = text,
            }
            wrong(&form)
        }
        Err(other) => Err(other.into()),
    }
}

/// `GET /console/providers`
pub(super) async fn providers(who: SignedInCaller) -> Answer {
    let mut rows = Vec::new();
    for member in &who.members {
        let provider = who.app.provider_by_id(member.provider).await?;
        rows.push(Place {
            id: provider.id.to_string(),
            name: provider.name,
            role: words::role(who.t, member.role),
            current: member.provider == who.provider.id,
        });
    }
    html(&Providers {
        page: who.page(Section::More),
        rows,
    })
}

/// `POST /console/providers`
pub(super) async fn choose_provider(who: SignedInCaller, jar: CookieJar, fields: Fields) -> Answer {
    let id: ProviderId = fields.parsed("provider").ok_or(Fault::NotFound)?;
    if !who.members.iter().any(|member| member.provider == id) {
        return Err(Fault::NotFound);
    }
    let jar = jar.add(who.cookies().choose_provider(id));
    Ok((jar, Redirect::to("/console")).into_response())
}

/// `GET /console/more`
pub(super) async fn more(who: SignedInCaller) -> Answer {
    html(&More {
        page: who.page(Section::More),
    })
}

/// The settings as the fields that make them.
fn saved(who: &SignedInCaller) -> Fields {
    let provider = &who.provider;
    let phone = provider
        .support_phone
        .as_ref()
        .map(bando_domain::Phone::local);
    Fields::from(vec![
        ("provider_name", provider.name.clone()),
        ("support_phone", phone.unwrap_or_default()),
        ("zone", provider.time_zone.clone()),
        ("portal_language", provider.language.to_string()),
    ])
}

fn form(who: &SignedInCaller, fields: &Fields) -> Settings {
    let language = |lang: Lang| Choice {
        value: lang.code().to_owned(),
        label: lang.own_name().to_owned(),
        selected: lang.code() == fields.text("portal_language"),
    };
    Settings {
        page: who.page(Section::Settings),
        manages: who.may(Permission::Manage),
        provider_name: Field::of(fields.text("provider_name")),
        support_phone: Field::of(fields.text("support_phone")),
        zones: zones(fields.text("zone")),
        portal_languages: Lang::ALL.into_iter().map(language).collect(),
        portal_href: format!("{}/p/{}", who.app.settings().public_url, who.provider.slug),
        current: Field::default(),
        password: Field::default(),
    }
}

/// The time zones of Africa, and the one that is chosen.
fn zones(chosen: &str) -> Vec<Choice> {
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .filter(|name| name.starts_with("Africa/") || name == chosen)
        .collect();
    names.sort_unstable();
    let choice = |name: String| Choice {
        label: name.trim_start_matches("Africa/").replace('_', " "),
        selected: name == chosen,
        value: name,
    };
    names.into_iter().map(choice).collect()
}
