//! Every page with made-up but plausible content, for the tests and for the gallery.

use bando_web::charts::Bar;
use bando_web::i18n::{AccessProblem, Lang, PaymentProblem};
use bando_web::views::console::{self, *};
use bando_web::views::demo::*;
use bando_web::views::portal::{self, *};
use bando_web::views::{Choice, Field, Gauge, Notice, PaymentStatus, TicketStatus, Tone};
use bando_web::{format, qr};

use askama::Template;

/// A rendered page: its file name and its HTML.
pub(crate) type Sample = (String, String);

const CODE: &str = "7KQ4M2XTRP";

/// Every template, in `lang`.
pub(crate) fn all(lang: Lang) -> Vec<Sample> {
    let mut pages = portal_pages(lang);
    pages.extend(console_pages(lang));
    pages.push(("demo".into(), render(&demo(lang))));
    pages
}

fn render(page: &impl Template) -> String {
    page.render()
        .unwrap_or_else(|error| panic!("a template does not render: {error}"))
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn portal_page(lang: Lang, path: &str) -> portal::Page {
    let mut page = portal::Page::new(
        lang,
        "Mama Njeri Wi-Fi",
        "/p/mama-njeri",
        path,
        "v=k3J9xQ2mT8sW",
    );
    page.support_phone = Some(s("0712 345 678"));
    page
}

fn plan(lang: Lang, id: &str, seconds: u64, speed: &str, devices: u64, price: &str) -> PlanOption {
    let mut facts = vec![s(speed)];
    if devices > 1 {
        facts.push(lang.devices(devices));
    }
    PlanOption {
        id: s(id),
        name: format::duration(lang, seconds),
        facts,
        price: s(price),
        selected: id == "day",
        most_bought: id == "day",
    }
}

fn landing(lang: Lang) -> Landing {
    Landing {
        page: portal_page(lang, ""),
        notice: None,
        known: None,
        again: None,
        plans: vec![
            plan(lang, "hour", 3600, "5 Mbps", 1, "KES 20"),
            plan(lang, "day", 86_400, "5 Mbps", 2, "KES 50"),
            plan(lang, "week", 604_800, "8 Mbps", 3, "KES 250"),
        ],
        phone: Field::default(),
        phone_example: s("0712 345 678"),
        open: None,
    }
}

fn by_hand() -> ByHand {
    ByHand {
        till: false,
        number: s("522 522"),
        account: Some(s("NJERI7K")),
        amount: s("50"),
    }
}

fn waiting(lang: Lang, step: WaitStep) -> Waiting {
    Waiting {
        page: portal_page(lang, "pay/8sJq"),
        token: s("8sJq"),
        plan: format::duration(lang, 86_400),
        price: s("KES 50"),
        phone: s("0712 ••• 345"),
        step,
        seconds_left: 42,
        seconds_total: 60,
        by_hand: Some(by_hand()),
    }
}

fn failed(lang: Lang, problem: PaymentProblem) -> Failed {
    Failed {
        page: portal_page(lang, "pay/8sJq"),
        token: s("8sJq"),
        plan: format::duration(lang, 86_400),
        price: s("KES 50"),
        phone: s("0712 ••• 345"),
        problem,
        by_hand: Some(by_hand()),
    }
}

fn success(lang: Lang, connect: Connect) -> Success {
    Success {
        page: portal_page(lang, "pay/8sJq"),
        notice: None,
        payment: s("8sJq"),
        ticket: s("vT5kQ"),
        plan: format::duration(lang, 86_400),
        until: Some(s("18:42")),
        code: s(CODE),
        qr_svg: qr::svg("https://wifi.example/p/mama-njeri/t/vT5kQ"),
        connect,
        device_limit: 2,
    }
}

fn time_gauge(lang: Lang) -> Gauge {
    Gauge {
        percent: 62,
        left: lang.left(format::short_duration(lang, 53_520)),
        detail: lang.until("18:42"),
    }
}

fn data_gauge(lang: Lang) -> Gauge {
    Gauge {
        percent: 9,
        left: lang.left(format::bytes(lang, 184_000_000)),
        detail: lang.out_of(format::bytes(lang, 2_000_000_000)),
    }
}

fn portal_pages(lang: Lang) -> Vec<Sample> {
    let returning = Landing {
        again: Some(Again {
            plan: format::duration(lang, 3600),
            price: s("KES 20"),
            phone: s("0712 ••• 345"),
        }),
        notice: Some(Notice::new(Tone::Bad, AccessProblem::Expired.text(lang))),
        ..landing(lang)
    };
    let known = Landing {
        known: Some(Known {
            plan: format::duration(lang, 86_400),
            left: lang.left(format::short_duration(lang, 53_520)),
            status_href: s("/p/mama-njeri/t/vT5kQ?lang=en"),
        }),
        phone: Field {
            value: s("0812 345"),
            error: Some(lang.phone_wrong("0712 345 678")),
        },
        ..landing(lang)
    };
    let status = Status {
        page: portal_page(lang, "t/vT5kQ"),
        notice: None,
        token: s("vT5kQ"),
        code: s(CODE),
        plan: format::duration(lang, 86_400),
        status: TicketStatus::Active,
        time: Some(time_gauge(lang)),
        data: Some(data_gauge(lang)),
        devices: vec![
            portal::DeviceRow {
                id: s("1"),
                name: s("A4:83:E7:1C:0B:55"),
                seen: s(lang.online_word()),
                online: true,
                this: true,
            },
            portal::DeviceRow {
                id: s("2"),
                name: s("Tecno Spark 20"),
                seen: lang.last_seen(lang.ago(format::short_duration(lang, 840))),
                online: false,
                this: false,
            },
        ],
        device_limit: 2,
        use_here: Some(UseHere::Instead),
        qr_svg: qr::svg("https://wifi.example/p/mama-njeri/t/vT5kQ"),
    };
    let connecting = Connecting {
        page: portal_page(lang, "t/vT5kQ/connect"),
        plan: format::duration(lang, 86_400),
        left: vec![lang.left(format::short_duration(lang, 53_520))],
        href: s("http://10.5.50.1/login?username=7KQ4M2XTRP&password=7KQ4M2XTRP"),
        status_href: s("/p/mama-njeri/t/vT5kQ?lang=en"),
    };
    let waiting_elsewhere = Landing {
        open: Some(OpenPayment {
            plan: format::duration(lang, 3600),
            price: s("KES 20"),
            href: s("/p/mama-njeri/pay/8sJq?lang=en"),
        }),
        ..landing(lang)
    };
    let receipt = Receipt {
        page: portal_page(lang, "pay/8sJq/receipt"),
        number: s("2026-004217"),
        paid_at: format::Times::new(lang, "Africa/Nairobi").full(1_795_178_527_000),
        plan: format::duration(lang, 86_400),
        amount: s("KES 50"),
        phone: s("0712 ••• 345"),
        method: s("M-Pesa"),
        gateway_receipt: Some(s("SGH7KL2M9P")),
        code: s(CODE),
        back_href: s("/p/mama-njeri/pay/8sJq?lang=en"),
    };
    let mut pages = vec![
        (s("portal-landing"), render(&landing(lang))),
        (s("portal-landing-returning"), render(&returning)),
        (s("portal-landing-known"), render(&known)),
        (s("portal-landing-open"), render(&waiting_elsewhere)),
        (s("portal-connecting"), render(&connecting)),
        (
            s("portal-landing-empty"),
            render(&Landing {
                plans: Vec::new(),
                ..landing(lang)
            }),
        ),
        (
            s("portal-waiting-asking"),
            render(&waiting(lang, WaitStep::Asking)),
        ),
        (
            s("portal-waiting"),
            render(&waiting(lang, WaitStep::PromptSent)),
        ),
        (
            s("portal-waiting-checking"),
            render(&waiting(lang, WaitStep::Checking)),
        ),
        (
            s("portal-waiting-connecting"),
            render(&waiting(lang, WaitStep::Connecting)),
        ),
        (
            s("portal-success"),
            render(&success(
                lang,
                Connect::Online {
                    continue_to: Some(s("http://example.org/")),
                },
            )),
        ),
        (
            s("portal-success-login"),
            render(&success(
                lang,
                Connect::Login {
                    href: s("http://10.5.50.1/login?username=7KQ4M2XTRP&password=7KQ4M2XTRP"),
                    auto: true,
                },
            )),
        ),
        (
            s("portal-success-elsewhere"),
            render(&success(lang, Connect::Elsewhere)),
        ),
        (s("portal-status"), render(&status)),
        (s("portal-receipt"), render(&receipt)),
        (
            s("portal-voucher"),
            render(&VoucherEntry {
                page: portal_page(lang, "voucher"),
                code: Field {
                    value: s("7kq4m 2xtrq"),
                    error: Some(s(AccessProblem::UnknownCode.text(lang))),
                },
            }),
        ),
        (
            s("portal-paid"),
            render(&AlreadyPaid {
                page: portal_page(lang, "paid"),
                message: Field::default(),
                notice: Some(Notice::new(Tone::Wait, lang.paid_looking("SGH7KL2M9P"))),
            }),
        ),
        (
            s("portal-help"),
            render(&Help {
                page: portal_page(lang, "help"),
                by_hand: Some(ByHand {
                    amount: String::new(),
                    ..by_hand()
                }),
            }),
        ),
        (
            s("portal-message"),
            render(&portal::Message {
                page: portal_page(lang, "nowhere"),
                tone: Tone::Info,
                title: s(lang.not_found_title()),
                text: s(lang.not_found_text()),
                action: Some((s(lang.back_to_plans()), s("/p/mama-njeri?lang=en"))),
            }),
        ),
    ];
    for problem in PaymentProblem::ALL {
        pages.push((
            format!("portal-failed-{problem:?}").to_lowercase(),
            render(&failed(lang, problem)),
        ));
    }
    pages
}

fn page(lang: Lang, section: Section) -> console::Page {
    console::Page {
        t: lang,
        theme: Theme::Auto,
        provider: s("Mama Njeri Wi-Fi"),
        member: s("njeri@mamanjeri.co.ke"),
        several: true,
        section,
        here: s(section.href()),
        flash: None,
    }
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
        next: Some(Todo {
            text: lang.next_confirm(3),
            action: s(lang.confirm()),
            href: s("/console/payments?status=pending"),
        }),
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
        next: None,
        latest: Vec::new(),
        week: Vec::new(),
        checklist: Some(vec![
            check(CheckState::Done, lang.setup_plan(), Some("3"), None),
            check(
                CheckState::Failed,
                lang.setup_mpesa(),
                Some(lang.test_keys_bad()),
                Some((lang.set_up_now(), "/console/mpesa")),
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
    let step = |step, at: &str, gap: Option<u64>, detail: Option<&str>| TimelineStep {
        step,
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
            step(PaymentStep::Asked, "12:41:07", None, None),
            step(PaymentStep::PromptSent, "12:41:08", Some(1_120), None),
            step(
                PaymentStep::Callback,
                "12:41:17",
                Some(9_040),
                Some("SGH7KL2M9P"),
            ),
            step(PaymentStep::Confirmed, "12:41:18", Some(610), None),
            step(
                PaymentStep::Ticket,
                "12:41:18",
                Some(4),
                Some("7KQ4M 2XTRP"),
            ),
            step(PaymentStep::Router, "12:41:19", Some(890), Some("Stage")),
            TimelineStep {
                state: CheckState::Todo,
                at: String::new(),
                ..step(PaymentStep::FirstByte, "", None, None)
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

fn plan_form(lang: Lang, id: Option<&str>) -> PlanForm {
    let days = [
        lang.short_monday(),
        lang.short_tuesday(),
        lang.short_wednesday(),
        lang.short_thursday(),
        lang.short_friday(),
        lang.short_saturday(),
        lang.short_sunday(),
    ];
    let day = |(i, label): (usize, &&str)| choice(&(i + 1).to_string(), label, i < 5);
    PlanForm {
        page: page(lang, Section::Plans),
        id: id.map(s),
        name: Field::of(format::duration(lang, 86_400)),
        currency: s("KES"),
        price: Field {
            value: s("5O"),
            error: Some(s(lang.number_wrong())),
        },
        limit: vec![
            choice("time", lang.ends_time(), false),
            choice("data", lang.ends_data(), false),
            choice("both", lang.ends_both(), true),
        ],
        validity: Amount {
            number: Field::of("1"),
            units: vec![
                choice("hours", lang.unit_hours(), false),
                choice("days", lang.unit_days(), true),
            ],
        },
        starts: vec![
            choice("purchase", lang.starts_purchase(), true),
            choice("first-use", lang.starts_first_use(), false),
        ],
        data: Amount {
            number: Field::of("2"),
            units: vec![choice("MB", "MB", false), choice("GB", "GB", true)],
        },
        down: Field::of("5"),
        up: Field::of("2"),
        burst_down: Field::of("10"),
        burst_up: Field::of("4"),
        burst_threshold_down: Field::of("3"),
        burst_threshold_up: Field::of("1"),
        burst_seconds: Field::of("8"),
        devices: Field::of("2"),
        days: days.iter().enumerate().map(day).collect(),
        from: Field::of("06:00"),
        to: Field::of("22:00"),
        on_sale: true,
    }
}

fn router(lang: Lang) -> RouterPage {
    RouterPage {
        page: page(lang, Section::Routers),
        id: s("1"),
        name: s("Stage"),
        status: RouterStatus::Online,
        seen: lang.last_seen(lang.ago("12 s")),
        checks: vec![
            check(CheckState::Done, lang.proof_script(), Some("12:02"), None),
            check(CheckState::Done, lang.proof_login(), Some("12:04"), None),
            check(
                CheckState::Doing,
                lang.proof_accounting(),
                Some(lang.proof_wait_login()),
                None,
            ),
            check(CheckState::Todo, lang.proof_disconnect(), None, None),
        ],
        facts: vec![
            Fact::new(lang.fact_identity(), "bando-k3j9xq2m"),
            Fact::new(lang.fact_address(), "10.5.50.1"),
            Fact::new(lang.fact_model(), "hAP ac² · RouterOS 7.16"),
            Fact::link(lang.fact_online(), "37", "/console/sessions?q=Stage"),
        ],
        versions: vec![
            choice("7", "RouterOS 7", true),
            choice("6", "RouterOS 6", false),
        ],
        uplink: Field::of("ether1"),
        ports: Field::of("ether2, wlan1"),
        removal: s("/ip hotspot remove [find name=\"bando\"]\n"),
        script: Some(s(
            "# Bando for \"Stage\"\n/radius add service=hotspot address=203.0.113.7 secret=\"•••\" comment=bando\n/radius incoming set accept=yes port=3799\n/ip hotspot profile set [find name=hsprof1] use-radius=yes radius-accounting=yes radius-interim-update=5m login-by=http-pap,http-chap,mac\n/ip hotspot walled-garden ip add dst-host=wifi.example action=accept comment=bando\n",
        )),
    }
}

fn mpesa(lang: Lang) -> MpesaSettings {
    MpesaSettings {
        page: page(lang, Section::Mpesa),
        environment: vec![
            choice("sandbox", lang.mpesa_sandbox(), true),
            choice("production", lang.mpesa_production(), false),
        ],
        kind: vec![
            choice("paybill", lang.mpesa_paybill(), true),
            choice("till", lang.mpesa_till(), false),
        ],
        shortcode: Field::of("174379"),
        till: Field::default(),
        saved: true,
        consumer_key: Field::default(),
        consumer_secret: Field::default(),
        passkey: Field::default(),
        enabled: true,
        test: Some(TestResult {
            verdict: Notice::new(Tone::Bad, lang.test_bad()),
            checks: vec![
                check(CheckState::Done, lang.test_keys(), None, None),
                check(
                    CheckState::Failed,
                    lang.test_passkey(),
                    Some(lang.test_passkey_bad()),
                    None,
                ),
                check(CheckState::Todo, lang.test_callback(), None, None),
            ],
        }),
    }
}

fn batch(lang: Lang, made: u64) -> BatchPage {
    BatchPage {
        page: page(lang, Section::Batches),
        id: s("b1"),
        plan: format::duration(lang, 86_400),
        price: s("KES 50"),
        total: 2_000,
        made,
        used: if made == 2_000 { 312 } else { 0 },
        when: s("12:41"),
    }
}

fn console_pages(lang: Lang) -> Vec<Sample> {
    let t = lang;
    let payments = |rows: Vec<PaymentRow>, q: &str| Payments {
        page: page(t, Section::Payments),
        filter: PaymentFilter {
            q: s(q),
            ..PaymentFilter::default()
        },
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
        phone: Field::default(),
        note: Field::default(),
    };
    let sessions = |rows: Vec<SessionRow>| Sessions {
        page: page(t, Section::Sessions),
        q: String::new(),
        count: 37,
        rows,
    };
    let plan_row = |name: u64, facts: &str, price: &str, on_sale| PlanRow {
        href: s("/console/plans/day"),
        name: format::duration(t, name),
        facts: s(facts),
        price: s(price),
        on_sale,
    };
    let router_row = |name: &str, status, seen: String| RouterRow {
        href: s("/console/routers/1"),
        name: s(name),
        status,
        seen,
        online: 37,
        address: s("198.51.100.7"),
    };
    let batch_row = |made| BatchRow {
        href: s("/console/batches/b1"),
        plan: format::duration(t, 86_400),
        price: s("KES 50"),
        total: 2_000,
        made,
        when: s("12:41"),
    };
    let voucher = |n: usize| {
        let code = format!("7KQ4M{:05}", 10_000 + n);
        SheetVoucher {
            qr_svg: qr::svg(&format!("https://wifi.example/p/mama-njeri/t/{code}")),
            code,
        }
    };
    let routers = |rows| Routers {
        page: page(t, Section::Routers),
        rows,
    };
    let empty_list = Field::default;
    vec![
        (
            s("console-sign-in"),
            render(&SignIn {
                t,
                theme: Theme::Auto,
                username: s("njeri"),
                notice: Some(Notice::new(Tone::Bad, t.sign_in_wrong())),
                next: Some(s("/console/payments")),
            }),
        ),
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
        (
            s("console-batches"),
            render(&Batches {
                page: page(t, Section::Batches),
                rows: vec![batch_row(740), batch_row(2_000)],
            }),
        ),
        (
            s("console-batches-empty"),
            render(&Batches {
                page: page(t, Section::Batches),
                rows: Vec::new(),
            }),
        ),
        (
            s("console-batch-form"),
            render(&BatchForm {
                page: page(t, Section::Batches),
                plans: vec![
                    choice("day", "1 day, KES 50", true),
                    choice("week", "1 week, KES 250", false),
                ],
                count: Field {
                    value: s("200000"),
                    error: Some(s(t.batch_count_wrong())),
                },
            }),
        ),
        (s("console-batch-making"), render(&batch(t, 740))),
        (s("console-batch"), render(&batch(t, 2_000))),
        (
            s("console-voucher-sheet"),
            render(&VoucherSheet {
                page: page(t, Section::Batches),
                plan: format::duration(t, 86_400),
                price: s("KES 50"),
                vouchers: (0..60).map(voucher).collect(),
                back_href: s("/console/batches/b1"),
                next_href: Some(s("/console/batches/b1/sheet?from=400")),
            }),
        ),
        (
            s("console-plans"),
            render(&Plans {
                page: page(t, Section::Plans),
                rows: vec![
                    plan_row(3600, "5 Mbps", "KES 20", true),
                    plan_row(86_400, "5 Mbps · 2 GB", "KES 50", true),
                    plan_row(604_800, "8 Mbps", "KES 250", false),
                ],
            }),
        ),
        (
            s("console-plans-empty"),
            render(&Plans {
                page: page(t, Section::Plans),
                rows: Vec::new(),
            }),
        ),
        (s("console-plan-form"), render(&plan_form(t, Some("day")))),
        (s("console-plan-form-new"), render(&plan_form(t, None))),
        (
            s("console-routers"),
            render(&routers(vec![
                router_row("Stage", RouterStatus::Silent, t.ago("14 min")),
                router_row("Market", RouterStatus::Online, t.ago("12 s")),
                router_row("Hostel B", RouterStatus::New, String::new()),
            ])),
        ),
        (s("console-routers-empty"), render(&routers(Vec::new()))),
        (
            s("console-router-form"),
            render(&RouterForm {
                page: page(t, Section::Routers),
                id: Some(s("1")),
                name: empty_list(),
                coa: empty_list(),
                address: Field {
                    value: s("http://x"),
                    error: Some(s(t.router_address_wrong())),
                },
            }),
        ),
        (s("console-router"), render(&router(t))),
        (s("console-mpesa"), render(&mpesa(t))),
        (
            s("console-settings"),
            render(&Settings {
                page: console::Page {
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
                    },
                    LedgerRow {
                        account: s("revenue"),
                        text: s(t.ledger_revenue()),
                        amount: s("-KES 61,480"),
                    },
                ],
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
            render(&console::Message {
                page: page(t, Section::Home),
                title: s(t.not_allowed_title()),
                text: s(t.not_allowed_text()),
                action: Some((s(t.go_home()), s("/console"))),
            }),
        ),
    ]
}

fn demo(lang: Lang) -> Demo {
    let packet = |at: &str, from_router, name: &str, detail: &str| PacketRow {
        at: s(at),
        from_router,
        name: s(name),
        detail: s(detail),
    };
    let step = |text: &str, at: &str, gap: &str, tone: &str| MoneyStep {
        text: s(text),
        at: s(at),
        gap: s(gap),
        tone: s(tone),
    };
    let entry = |at: &str, account: &str, amount: &str| EntryRow {
        at: s(at),
        account: s(account),
        amount: s(amount),
    };
    Demo {
        t: lang,
        provider: s("Mama Njeri Wi-Fi"),
        portal_href: s("/p/mama-njeri?lang=en"),
        console_href: s("/console"),
        console_login: (s("owner"), s("karibu-2026")),
        state: DemoState {
            now_ms: 1_795_178_527_000,
            prompt: PromptPane {
                open: Some(Prompt {
                    phone: s("254712345678"),
                    text: s("Do you want to pay KES 50.00 to Mama Njeri Wi-Fi, account NJERI7K?"),
                    closes_ms: 1_795_178_567_000,
                }),
                outcome: s("normal"),
                messages: vec![TextMessage {
                    at: s("12:38"),
                    text: s(
                        "SGH7KL2M9P Confirmed. KES 20.00 sent to Mama Njeri Wi-Fi for account NJERI7K on 20/11/26 at 12:38 PM.",
                    ),
                }],
            },
            router: RouterPane {
                identity: s("bando-k3j9xq2m"),
                hosts: vec![
                    HostRow {
                        mac: s("A4:83:E7:1C:0B:55"),
                        ip: s("10.5.50.23"),
                        authorized: true,
                    },
                    HostRow {
                        mac: s("DA:5E:11:90:3C:07"),
                        ip: s("10.5.50.24"),
                        authorized: false,
                    },
                ],
                active: vec![ActiveRow {
                    user: s(CODE),
                    mac: s("A4:83:E7:1C:0B:55"),
                    ends_ms: Some(1_795_178_568_000),
                    down: s("3.2 MB"),
                    up: s("210 kB"),
                    rate: s("2M/5M"),
                }],
                packets: vec![
                    packet(
                        "12:41:24",
                        true,
                        "Accounting-Request Interim",
                        "3.2 MB down, 5 s · 0.9 ms",
                    ),
                    packet(
                        "12:41:19",
                        true,
                        "Accounting-Request Start",
                        "10.5.50.23 · 1.1 ms",
                    ),
                    packet(
                        "12:41:19",
                        false,
                        "Access-Accept",
                        "Session-Timeout 60, 2M/5M",
                    ),
                    packet("12:41:19", true, "Access-Request", "7KQ4M2XTRP · 0.3 ms"),
                ],
            },
            money: MoneyPane {
                today: s("KES 4,250"),
                payments: s("96 payments"),
                balance: s("KES 61,480"),
                balanced: true,
                timeline: vec![
                    step(lang.timeline_asked(), "12:41:07", "", "ok"),
                    step(lang.timeline_prompt_sent(), "12:41:08", "1.1 s", "ok"),
                    step(lang.timeline_callback(), "", "", "wait"),
                    step(lang.timeline_confirmed(), "", "", "later"),
                    step(lang.timeline_ticket(), "", "", "later"),
                ],
                entries: vec![
                    entry("12:38:02", "Received by M-Pesa", "+KES 20"),
                    entry("12:38:02", "Earned", "−KES 20"),
                ],
            },
        },
    }
}
