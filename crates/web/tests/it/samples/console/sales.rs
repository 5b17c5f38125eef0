//! The daily work: home, payments, tickets, sessions.

use bando_web::charts::Bar;
use bando_web::i18n::{Lang, PaymentProblem};
use bando_web::views::console::*;
use bando_web::views::{Field, Notice, PaymentStatus, TicketStatus, Tone};
use bando_web::{format, qr};

use super::{CODE, Sample, check, choice, page, render, s, time_gauge};

/// The pages of the daily work.
pub(super) fn pages(t: Lang) -> Vec<Sample> {
    let payments = |rows: Vec<PaymentRow>, q: &str| Payments {
        page: page(t, Section::Payments),
        filter: PaymentFilter {
            q: s(q),
            ..PaymentFilter::default()
        },
        gateways: vec![
            choice("", t.any_gateway(), true),
            choice("mpesa", "M-Pesa", false),
        ],
        paid: Some((1_204, s("KES 61,480"))),
        rows,
        csv_href: s("/console/payments?period=week&format=csv"),
        paging: Paging {
            newest_href: Some(s("/console/payments?period=week")),
            older_href: Some(s("/console/payments?before=0190")),
        },
    };
    let tickets = |rows: Vec<TicketRow>| Tickets {
        page: page(t, Section::Tickets),
        filter: TicketFilter::default(),
        rows,
        paging: Paging::default(),
    };
    let ticket_row = |code: &str, status, left: String, who: &str| TicketRow {
        href: s("/console/tickets/0190"),
        code: s(code),
        plan: format::duration(t, 86_400),
        status,
        left,
        who: s(who),
        when: s("12:41"),
    };
    let sell = || Sell {
        page: page(t, Section::Sell),
        plans: [
            ("hour", 3600, "5 Mbps", "KES 20"),
            ("day", 86_400, "5 Mbps · 2 GB", "KES 50"),
            ("week", 604_800, "8 Mbps", "KES 250"),
            ("month", 2_592_000, "10 Mbps", "KES 1,000"),
        ]
        .map(|(id, seconds, facts, price)| SellPlan {
            id: s(id),
            name: format::duration(t, seconds),
            facts: s(facts),
            price: s(price),
        })
        .into(),
        how: vec![
            choice("cash", t.sell_cash(), true),
            choice("gift", t.sell_gift(), false),
        ],
        problem: None,
        phone: Field::default(),
        note: Field::default(),
    };
    let sessions = |rows: Vec<SessionRow>| Sessions {
        page: page(t, Section::Sessions),
        q: String::new(),
        count: 37,
        rows,
    };
    vec![
        (s("console-home"), render(&home(t))),
        (s("console-home-new"), render(&new_home(t))),
        (
            s("console-payments"),
            render(&payments(payment_rows(t), "")),
        ),
        (
            s("console-payments-empty"),
            render(&payments(Vec::new(), "")),
        ),
        (
            s("console-payments-none"),
            render(&payments(Vec::new(), "0712")),
        ),
        (s("console-payment"), render(&payment(t))),
        (s("console-payment-failed"), render(&failed_payment(t))),
        (
            s("console-tickets"),
            render(&tickets(vec![
                ticket_row(
                    "7KQ4M 2XTRP",
                    TicketStatus::Active,
                    t.left(format::short_duration(t, 11_535)),
                    "0712 ••• 345",
                ),
                ticket_row(
                    "H8WZN 4CDTM",
                    TicketStatus::Unused,
                    String::new(),
                    t.note_voucher(),
                ),
                ticket_row(
                    "P3RVK 9YJQX",
                    TicketStatus::UsedUp,
                    String::new(),
                    "0722 ••• 108",
                ),
                ticket_row(
                    "W6TBD 7FGHA",
                    TicketStatus::Revoked,
                    String::new(),
                    t.note_gift(),
                ),
            ])),
        ),
        (s("console-tickets-empty"), render(&tickets(Vec::new()))),
        (s("console-ticket"), render(&ticket(t))),
        (s("console-sell"), render(&sell())),
        (
            s("console-sell-empty"),
            render(&Sell {
                plans: Vec::new(),
                ..sell()
            }),
        ),
        (
            s("console-sessions"),
            render(&sessions(vec![
                session_row(t, "0712 ••• 345", "A4:83:E7:1C:0B:55", 350_000_000, true),
                session_row(t, "0722 ••• 108", "DA:5E:11:90:3C:07", 1_250_000_000, true),
                session_row(t, "H8WZN 4CDTM", "F2:09:BB:4D:6E:81", 12_400_000, true),
            ])),
        ),
        (s("console-sessions-empty"), render(&sessions(Vec::new()))),
    ]
}

fn payment_rows(lang: Lang) -> Vec<PaymentRow> {
    let row =
        |who: &str, seconds, amount: &str, status, note: Option<&str>, when: &str| PaymentRow {
            href: s("/console/payments/0190"),
            who: s(who),
            plan: format::duration(lang, seconds),
            amount: s(amount),
            status,
            note: note.map(s),
            when: s(when),
        };
    use PaymentStatus::*;
    vec![
        row(
            "0712 ••• 345",
            86_400,
            "KES 50",
            Success,
            Some(lang.note_connected()),
            "12:41",
        ),
        row("0722 ••• 108", 3600, "KES 20", Pending, None, "12:40"),
        row(
            "0701 ••• 992",
            604_800,
            "KES 250",
            Success,
            Some(lang.note_connected()),
            "12:33",
        ),
        row(
            "0798 ••• 431",
            86_400,
            "KES 50",
            Failed,
            Some(PaymentProblem::NotEnoughMoney.short(lang)),
            "12:18",
        ),
        row(
            "0733 ••• 204",
            3600,
            "KES 20",
            Success,
            Some(lang.note_connected()),
            "11:56",
        ),
        row("0110 ••• 770", 3600, "KES 20", Cancelled, None, "11:42"),
        row(
            "0745 ••• 256",
            2_592_000,
            "KES 1,000",
            Success,
            Some(lang.note_connected()),
            "11:20",
        ),
    ]
}

fn session_row(lang: Lang, who: &str, mac: &str, down: u64, open: bool) -> SessionRow {
    SessionRow {
        id: open.then(|| s("77")),
        href: s("/console/tickets/0190"),
        who: s(who),
        mac: s(mac),
        ip: s("10.5.50.23"),
        router: s("Stage"),
        plan: format::duration(lang, 86_400),
        when: if open {
            lang.since("12:41")
        } else {
            lang.from_to("09:12", "10:02")
        },
        down: format::bytes(lang, down),
        up: format::bytes(lang, down / 14),
        left: lang.left(format::short_duration(lang, 11_535)),
    }
}

fn home(lang: Lang) -> Home {
    let days = [
        lang.short_saturday(),
        lang.short_sunday(),
        lang.short_monday(),
        lang.short_tuesday(),
        lang.short_wednesday(),
        lang.short_thursday(),
        lang.short_friday(),
    ];
    let values = [5120, 4480, 2890, 3340, 3610, 3980, 4250];
    let bar = |(label, value): (&&str, &u64)| Bar {
        label: s(label),
        text: format::whole(lang, *value),
        value: *value,
    };
    Home {
        page: page(lang, Section::Home),
        today: Today {
            amount: s("KES 4,250"),
            payments: 96,
            trend: Some(Trend {
                percent: 12,
                weekday: s(lang.friday()),
            }),
            hours: vec![0, 0, 0, 0, 0, 20, 120, 310, 260, 340, 480, 610, 720, 690],
        },
        online: 37,
        waiting: 2,
        problems: vec![Todo {
            text: lang.router_silent_for("Stage", format::short_duration(lang, 840)),
            action: s(lang.look()),
            href: s("/console/routers/1"),
        }],
        todos: vec![Todo {
            text: lang.to_confirm(3),
            action: s(lang.confirm()),
            href: s("/console/confirm"),
        }],
        latest: payment_rows(lang),
        week: days.iter().zip(&values).map(bar).collect(),
        checklist: None,
    }
}

fn new_home(lang: Lang) -> Home {
    Home {
        today: Today {
            amount: s("KES 0"),
            payments: 0,
            trend: None,
            hours: vec![0; 13],
        },
        online: 0,
        waiting: 0,
        problems: Vec::new(),
        todos: Vec::new(),
        latest: Vec::new(),
        week: Vec::new(),
        checklist: Some(vec![
            check(CheckState::Done, lang.setup_plan(), Some("3"), None),
            check(
                CheckState::Failed,
                lang.setup_mpesa(),
                Some(lang.way_keys_wrong()),
                Some((lang.set_up_now(), "/console/ways")),
            ),
            check(
                CheckState::Doing,
                lang.setup_router(),
                Some(lang.proof_wait_script()),
                Some((lang.look(), "/console/routers/1")),
            ),
            check(
                CheckState::Todo,
                lang.setup_first_payment(),
                Some(lang.setup_first_payment_hint()),
                None,
            ),
        ]),
        ..home(lang)
    }
}

fn payment(lang: Lang) -> PaymentPage {
    let step = |text: &str, at: &str, gap: Option<u64>, detail: Option<&str>| TimelineStep {
        text: s(text),
        state: CheckState::Done,
        at: s(at),
        gap: gap.map(|ms| format::gap(lang, ms)),
        detail: detail.map(s),
    };
    PaymentPage {
        page: page(lang, Section::Payments),
        id: s("0190"),
        amount: s("KES 50"),
        status: PaymentStatus::Success,
        problem: None,
        steps: vec![
            step(lang.timeline_asked(), "12:41:07", None, None),
            step(
                &lang.timeline_prompt_sent("M-Pesa"),
                "12:41:08",
                Some(1_120),
                None,
            ),
            step(
                &lang.timeline_callback("M-Pesa"),
                "12:41:17",
                Some(9_040),
                Some("SGH7KL2M9P"),
            ),
            step(
                lang.timeline_confirmed_by_hand(),
                "12:41:18",
                Some(610),
                None,
            ),
            step(
                lang.timeline_ticket(),
                "12:41:18",
                Some(4),
                Some("7KQ4M 2XTRP"),
            ),
            step(lang.timeline_router(), "12:41:19", Some(890), Some("Stage")),
            TimelineStep {
                state: CheckState::Todo,
                at: String::new(),
                ..step(lang.timeline_router(), "", None, None)
            },
        ],
        took: Some(s("12 s")),
        facts: vec![
            Fact::new(lang.fact_phone(), "0712 345 345"),
            Fact::new(lang.col_plan(), format::duration(lang, 86_400)),
            Fact::new(lang.fact_receipt(), "SGH7KL2M9P"),
            Fact::link(lang.fact_ticket(), "7KQ4M 2XTRP", "/console/tickets/0190"),
            Fact::new(lang.col_device(), "A4:83:E7:1C:0B:55"),
            Fact::link(lang.col_router(), "Stage", "/console/routers/1"),
        ],
        can_check: false,
        can_confirm: true,
        ask_again: lang.ask_gateway_again("M-Pesa"),
        links: vec![Link::new(
            lang.refund_ask(),
            "/console/payments/0190/refund",
        )],
    }
}

fn failed_payment(lang: Lang) -> PaymentPage {
    let mut steps = payment(lang).steps;
    steps.truncate(3);
    steps[2].state = CheckState::Failed;
    steps[2].detail = Some(s("1037: DS timeout user cannot be reached."));
    PaymentPage {
        status: PaymentStatus::Failed,
        problem: Some(PaymentProblem::NoAnswer),
        steps,
        took: None,
        can_check: true,
        can_confirm: true,
        ask_again: lang.ask_gateway_again("M-Pesa"),
        links: vec![Link::new(
            lang.refund_ask(),
            "/console/payments/0190/refund",
        )],
        ..payment(lang)
    }
}

fn ticket(lang: Lang) -> TicketPage {
    let mut page = page(lang, Section::Tickets);
    page.flash = Some(Notice::new(
        Tone::Ok,
        lang.given(format::duration(lang, 86_400)),
    ));
    TicketPage {
        page,
        id: s("0190"),
        code: s(CODE),
        qr_svg: qr::svg("https://wifi.example/p/mama-njeri/t/vT5kQ"),
        plan: format::duration(lang, 86_400),
        status: TicketStatus::Active,
        offline: Some(s(lang.offline_away())),
        time: Some(time_gauge(lang)),
        data: None,
        devices: vec![TicketDevice {
            id: s("1"),
            mac: s("A4:83:E7:1C:0B:55"),
            seen: s(lang.online_word()),
            online: true,
        }],
        device_limit: 2,
        sessions: vec![
            session_row(lang, "7KQ4M 2XTRP", "A4:83:E7:1C:0B:55", 350_000_000, true),
            session_row(lang, "7KQ4M 2XTRP", "A4:83:E7:1C:0B:55", 42_000_000, false),
        ],
        facts: vec![
            Fact::new(lang.fact_sold(), "12:41"),
            Fact::new(lang.fact_given_by(), "njeri@mamanjeri.co.ke"),
            Fact::link(lang.fact_payment(), "KES 50", "/console/payments/0190"),
            Fact::new(lang.fact_ends(), "18:42"),
        ],
    }
}
