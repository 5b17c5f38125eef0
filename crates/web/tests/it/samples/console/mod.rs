//! The provider's pages.

mod money;
mod sales;
mod setup;

use bando_web::i18n::Lang;
use bando_web::views::console::*;
use bando_web::views::{Choice, Field, Notice, Tone};

use super::{CODE, Sample, render, s, time_gauge};

/// The provider's pages.
pub(super) fn pages(lang: Lang) -> Vec<Sample> {
    let mut pages = vec![sign_in(lang)];
    pages.extend(sales::pages(lang));
    pages.extend(setup::pages(lang));
    pages.extend(money::pages(lang));
    pages.extend(office(lang));
    pages
}

fn sign_in(t: Lang) -> Sample {
    (
        s("console-sign-in"),
        render(&SignIn {
            t,
            theme: Theme::Auto,
            username: s("njeri"),
            notice: Some(Notice::new(Tone::Bad, t.sign_in_wrong())),
            next: Some(s("/console/payments")),
        }),
    )
}

/// Settings, books and what is left.
fn office(t: Lang) -> Vec<Sample> {
    vec![
        (
            s("console-settings"),
            render(&Settings {
                page: Page {
                    flash: Some(Notice::new(Tone::Ok, t.saved())),
                    theme: Theme::Light,
                    ..page(t, Section::Settings)
                },
                manages: true,
                provider_name: Field::of("Mama Njeri Wi-Fi"),
                support_phone: Field::of("0712 345 678"),
                zones: vec![choice("Africa/Nairobi", "Nairobi", true)],
                portal_languages: vec![
                    choice("en", "English", true),
                    choice("sw", "Kiswahili", false),
                ],
                portal_href: s("/p/mama-njeri"),
                current: Field {
                    value: String::new(),
                    error: Some(s(t.password_wrong())),
                },
                password: Field::default(),
            }),
        ),
        (
            s("console-providers"),
            render(&Providers {
                page: page(t, Section::More),
                rows: ["Mama Njeri Wi-Fi", "Stage Cyber"]
                    .map(|name| Place {
                        id: s("0190"),
                        name: s(name),
                        role: t.role_owner(),
                        current: name == "Stage Cyber",
                    })
                    .into(),
            }),
        ),
        (
            s("console-ledger"),
            render(&Ledger {
                page: page(t, Section::Ledger),
                rows: vec![
                    LedgerRow {
                        account: s("gateway:mpesa"),
                        text: t.ledger_gateway("M-Pesa"),
                        amount: s("KES 61,480"),
                        href: s("/console/ledger/account?account=gateway%3Ampesa"),
                    },
                    LedgerRow {
                        account: s("revenue"),
                        text: s(t.ledger_revenue()),
                        amount: s("-KES 61,480"),
                        href: s("/console/ledger/account?account=revenue"),
                    },
                ],
                at: String::new(),
            }),
        ),
        (
            s("console-audit"),
            render(&Audit {
                page: page(t, Section::Audit),
                rows: vec![AuditRow {
                    seq: 2,
                    when: s("12:41"),
                    who: s("Njeri"),
                    action: s("plan.change"),
                    href: Some(s("/console/plans/0190")),
                    object: s("plan"),
                    detail: s("1 day 50"),
                }],
            }),
        ),
        (
            s("console-audit-empty"),
            render(&Audit {
                page: page(t, Section::Audit),
                rows: Vec::new(),
            }),
        ),
        (
            s("console-more"),
            render(&More {
                page: page(t, Section::More),
            }),
        ),
        (
            s("console-message"),
            render(&Message {
                page: page(t, Section::Home),
                title: s(t.not_allowed_title()),
                text: s(t.not_allowed_text()),
                action: Some((s(t.go_home()), s("/console"))),
            }),
        ),
    ]
}

fn page(lang: Lang, section: Section) -> Page {
    Page {
        t: lang,
        theme: Theme::Auto,
        provider: s("Mama Njeri Wi-Fi"),
        member: s("njeri@mamanjeri.co.ke"),
        several: true,
        role: bando_app::Role::Owner,
        badges: Badges {
            confirm: 3,
            cases: 2,
        },
        section,
        here: s(section.href()),
        flash: None,
    }
}

fn choice(value: &str, label: &str, selected: bool) -> Choice {
    Choice {
        value: s(value),
        label: s(label),
        selected,
    }
}

fn check(
    state: CheckState,
    text: &str,
    detail: Option<&str>,
    action: Option<(&str, &str)>,
) -> Check {
    Check {
        state,
        text: s(text),
        detail: detail.map(s),
        action: action.map(|(label, href)| (s(label), s(href))),
    }
}
