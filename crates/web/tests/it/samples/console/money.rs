//! Ways to pay, confirmations, cases, refunds, statements: the pages of money.

use bando_web::format;
use bando_web::i18n::Lang;
use bando_web::views::console::*;
use bando_web::views::{Field, Notice, Tone};

use super::{Sample, check, choice, page, render, s};

/// The pages of money.
pub(super) fn pages(t: Lang) -> Vec<Sample> {
    vec![
        (s("console-ways"), render(&ways(t))),
        (s("console-way"), render(&way(t))),
        (s("console-confirm"), render(&confirm(t, true))),
        (s("console-confirm-empty"), render(&confirm(t, false))),
        (s("console-cases"), render(&cases(t, true))),
        (s("console-cases-empty"), render(&cases(t, false))),
        (s("console-case"), render(&case(t))),
        (s("console-account"), render(&account(t))),
        (s("console-statements"), render(&statements(t))),
        (s("console-till"), render(&till(t))),
    ]
}

fn list(t: Lang, section: Section, title: &'static str, rows: Vec<ListRow>) -> List {
    List {
        page: page(t, section),
        topic: "cases",
        up: None,
        title,
        text: String::new(),
        links: Vec::new(),
        forms: Vec::new(),
        filters: None,
        rows,
        empty: Empty {
            icon: "circle-check",
            title: s(t.cases_empty_title()),
            text: s(t.cases_empty_text()),
            action: Some(Link::new(t.nav_arrivals(), "/console/arrivals")),
        },
        paging: Paging::default(),
    }
}

fn row(title: &str, note: &str, tone: Tone, state: &str, amount: &str) -> ListRow {
    ListRow {
        href: s("/console/cases/0190"),
        title: s(title),
        note: s(note),
        state: Some((tone, s(state))),
        amount: s(amount),
        when: s("12:41"),
    }
}

fn ways(t: Lang) -> List {
    let way = |title: &str, asks: &str, tone, state: &str| ListRow {
        when: String::new(),
        ..row(title, asks, tone, state, "")
    };
    let rows = vec![
        way("M-Pesa", t.way_push(), Tone::Ok, t.way_tested()),
        way("Wave", t.way_link(), Tone::Bad, t.way_problem()),
        way("Pesapal", t.way_redirect(), Tone::Info, t.way_new()),
    ];
    List {
        text: s(t.ways_text()),
        ..list(t, Section::Ways, t.nav_ways(), rows)
    }
}

fn way(t: Lang) -> Way {
    let field = FormField::new;
    let form = Form::new("way", t.way_settings(), "/console/ways/mpesa")
        .text(t.way_secrets_hint())
        .field(field(
            "environment",
            t.set_environment(),
            FieldKind::OneOf(vec![
                choice("production", t.choice_production(), true),
                choice("sandbox", t.choice_sandbox(), false),
            ]),
        ))
        .field(field("shortcode", t.mpesa_shortcode(), FieldKind::Line).value("174379"))
        .field(
            field(
                "passkey",
                t.mpesa_passkey(),
                FieldKind::Secret { saved: true },
            )
            .hint(t.secret_saved()),
        )
        .field(
            field("c2b", t.set_c2b(), FieldKind::Switch)
                .hint(t.set_c2b_hint())
                .value("true"),
        )
        .field(
            field("certificate", t.set_certificate(), FieldKind::Long)
                .hint(t.set_certificate_hint()),
        )
        .button(Button::main(t.save()))
        .button(Button::quiet(t.save_and_test()).to("/console/ways/mpesa/test"));
    Way {
        page: page(t, Section::Ways),
        title: s("M-Pesa"),
        state: (Tone::Bad, s(t.way_problem())),
        notices: vec![Notice::new(Tone::Wait, t.way_expires("2026-12-31"))],
        test: Some(TestResult {
            verdict: Notice::new(Tone::Bad, t.way_gateway_refuses("M-Pesa")),
            checks: vec![
                check(CheckState::Done, t.way_test_keys(), None, None),
                check(
                    CheckState::Failed,
                    t.way_test_account(),
                    Some(t.way_account_wrong()),
                    None,
                ),
            ],
        }),
        form,
        facts: vec![
            Fact::new(t.way_asks(), t.way_push()),
            Fact::new(t.way_word(), t.way_word_unsigned()),
        ],
        message_url: Some(s("https://wifi.example/cb/k/AZD2k3jX9QmYt0yPpE7n")),
    }
}

fn confirm(t: Lang, any: bool) -> Confirm {
    let card = |id: &str, amount: &str, alike, trusted, number: Field| ConfirmCard {
        id: s(id),
        amount: s(amount),
        phone: s("07 12 •• •• 45"),
        plan: format::duration(t, 86_400),
        gateway: t.way_link_name("Wave"),
        waiting: t.confirm_waiting(format::short_duration(t, 140)),
        alike,
        trusted,
        claimed: !number.value.is_empty(),
        number,
    };
    let wrong = Field {
        value: s("T_QK4ZP7"),
        error: Some(s(t.transaction_used())),
    };
    let cards = vec![
        card("1", "503 FCFA", false, false, Field::of("T_XY29ABQ4K")),
        card("2", "1 000 FCFA", true, false, Field::default()),
        card("3", "200 FCFA", false, true, wrong),
    ];
    Confirm {
        page: page(t, Section::Confirm),
        cards: if any { cards } else { Vec::new() },
        hidden: 2,
        problem: None,
    }
}

fn cases(t: Lang, any: bool) -> List {
    let left = t.left(format::short_duration(t, 70_000));
    let rows = vec![
        row(
            &format!("1004 · {}", t.case_unmatched()),
            "0712 ••• 345 · NJERI",
            Tone::Wait,
            &left,
            "KES 50",
        ),
        row(
            &format!("1003 · {}", t.case_claim()),
            "0722 ••• 108",
            Tone::Bad,
            &t.promise_broken(format::short_duration(t, 7_200)),
            "",
        ),
        row(
            &format!("1001 · {}", t.case_excess()),
            "0733 ••• 222",
            Tone::Ok,
            t.case_solved(),
            "KES 70",
        ),
    ];
    let rows = if any { rows } else { Vec::new() };
    List {
        text: s(t.cases_text()),
        links: vec![Link::new(t.nav_arrivals(), "/console/arrivals")],
        filters: Some(Filters {
            action: s("/console/cases"),
            search: Some((String::new(), s(t.search_cases()))),
            selects: vec![Select {
                name: "state",
                label: s(t.col_status()),
                choices: vec![choice("open", t.case_open(), true)],
            }],
            is_narrow: false,
        }),
        ..list(t, Section::Cases, t.nav_cases(), rows)
    }
}

fn case(t: Lang) -> Matter {
    let here = "/console/arrivals/0190/decide";
    let mut to_wallet = Form::new("to-wallet", t.keep_as_credit(), here)
        .text(t.keep_as_credit_text())
        .field(FormField::new("phone", t.customer_phone(), FieldKind::Phone).value("12"))
        .button(Button::main(t.keep_it()))
        .folded();
    to_wallet.refuse("phone", t.phone_wrong("0712 345 678"));
    Matter {
        page: page(t, Section::Cases),
        topic: "cases",
        up: Link::new(t.nav_cases(), "/console/cases"),
        title: t.case_number(1004),
        state: Some((Tone::Wait, t.left(format::short_duration(t, 70_000)))),
        notices: vec![Notice::new(Tone::Info, t.case_unmatched_text())],
        facts: vec![
            Fact::new(t.case_kind(), t.case_unmatched()),
            Fact::new(t.fact_receipt(), "SGH7KL2M9P"),
            Fact::new(t.amount(), "KES 50"),
            Fact::new(t.fact_payer(), "NJERI W. MWANGI"),
        ],
        forms: vec![
            Form::new("to-payment", t.give_to_payment(), here)
                .field(FormField::new(
                    "payment",
                    t.fact_payment(),
                    FieldKind::OneOf(vec![choice("0190", "KES 50 · 0712 ••• 345", true)]),
                ))
                .button(Button::main(t.give_it())),
            to_wallet,
            Form::new("refute", t.not_ours(), here)
                .field(FormField::hidden("how", "refuted"))
                .button(Button::bad(t.not_ours())),
        ],
        links: vec![Link::new(t.refund_ask(), "/console/arrivals/0190/refund")],
    }
}

fn account(t: Lang) -> AccountPage {
    let entry = |what: &str, href: Option<&str>, change: &str, balance: &str| EntryRow {
        when: s("12:41"),
        other: s(t.ledger_revenue()),
        what: s(what),
        href: href.map(s),
        change: s(change),
        is_out: change.starts_with('−'),
        balance: s(balance),
    };
    AccountPage {
        page: page(t, Section::Ledger),
        account: s("gateway:mpesa"),
        title: t.ledger_gateway("M-Pesa"),
        from: s("2026-11-01"),
        to: String::new(),
        rows: vec![
            entry(t.move_refund(), None, "−KES 20", "KES 61,460"),
            entry(
                t.move_payment(),
                Some("/console/payments/0190"),
                "+KES 50",
                "KES 61,480",
            ),
        ],
        paging: Paging {
            newest_href: None,
            older_href: Some(s(
                "/console/ledger/account?account=gateway%3Ampesa&before=0190",
            )),
        },
    }
}

fn statements(t: Lang) -> List {
    let rows = vec![row(
        "M-Pesa",
        "20.11.2026",
        Tone::Bad,
        &t.differences_count(3),
        &t.lines_count(1_204),
    )];
    List {
        text: s(t.statements_text()),
        forms: vec![
            Form::new("fetch", "", "/console/statements/fetch")
                .button(Button::quiet(t.statement_fetch("M-Pesa")).sends("gateway", "mpesa")),
            Form::new("upload", t.statement_upload(), "/console/statements/upload")
                .text(t.statement_upload_text())
                .field(FormField::new("file", t.statement_file(), FieldKind::File))
                .button(Button::main(t.statement_upload()))
                .folded(),
        ],
        ..list(t, Section::Statements, t.nav_statements(), rows)
    }
}

fn till(t: Lang) -> Matter {
    Matter {
        page: page(t, Section::Till),
        topic: "till",
        up: Link::new(t.shifts(), "/console/shifts"),
        title: s(t.nav_till()),
        state: Some((Tone::Ok, s(t.till_open()))),
        notices: vec![Notice::new(Tone::Info, t.till_text())],
        facts: vec![
            Fact::new(t.till_sold(), "KES 1,250"),
            Fact::new(t.till_expected(), "KES 1,250"),
        ],
        forms: vec![
            Form::new("close", t.till_close(), "/console/shift/close")
                .text(t.till_close_text())
                .field(FormField::new(
                    "counted",
                    t.till_counted_field(),
                    FieldKind::Number(s("KES")),
                ))
                .button(Button::main(t.till_close())),
        ],
        links: vec![Link::new(t.nav_sell(), "/console/sell")],
    }
}
