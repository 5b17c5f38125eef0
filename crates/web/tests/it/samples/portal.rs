//! The customer's pages.

use bando_web::i18n::{AccessProblem, Lang, PaymentProblem};
use bando_web::views::portal::*;
use bando_web::views::{Field, Gauge, Notice, TicketStatus, Tone};
use bando_web::{format, qr};

use super::{CODE, Sample, render, s, time_gauge};

/// The customer's pages.
pub(super) fn pages(lang: Lang) -> Vec<Sample> {
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
        page: page(lang, "t/vT5kQ"),
        notice: None,
        token: s("vT5kQ"),
        code: s(CODE),
        mac: Some(s("D2:5C:0F:11:9A:03")),
        credit: Some(credit()),
        plan: format::duration(lang, 86_400),
        status: TicketStatus::Active,
        time: Some(time_gauge(lang)),
        data: Some(data_gauge(lang)),
        devices: vec![
            DeviceRow {
                id: s("1"),
                name: s("A4:83:E7:1C:0B:55"),
                seen: s(lang.online_word()),
                online: true,
                this: true,
            },
            DeviceRow {
                id: s("2"),
                name: s("Tecno Spark 20"),
                seen: lang.last_seen(lang.ago(format::short_duration(lang, 840))),
                online: false,
                this: false,
            },
        ],
        device_limit: 2,
        use_here: Some(UseHere::Instead),
        login_pages: Vec::new(),
        qr_svg: qr::svg("https://wifi.example/p/mama-njeri/t/vT5kQ"),
    };
    let scanned = Status {
        use_here: None,
        login_pages: vec![LoginPage {
            router: Some(s("Gate")),
            href: s("http://10.5.50.1/login?dst=https%3A%2F%2Fwifi.example"),
        }],
        ..status.clone()
    };
    let connecting = Connecting {
        page: page(lang, "t/vT5kQ/connect"),
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
        page: page(lang, "pay/8sJq/receipt"),
        number: s("2026-004217"),
        paid_at: format::Times::new(lang, "Africa/Nairobi").full(1_795_178_527_000),
        plan: format::duration(lang, 86_400),
        amount: s("KES 50"),
        phone: Some(s("0712 ••• 345")),
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
        (s("portal-status-scanned"), render(&scanned)),
        (s("portal-receipt"), render(&receipt)),
        (
            s("portal-voucher"),
            render(&VoucherEntry {
                page: page(lang, "voucher"),
                code: Field {
                    value: s("7kq4m 2xtrq"),
                    error: Some(s(AccessProblem::UnknownCode.text(lang))),
                },
            }),
        ),
        (
            s("portal-paid"),
            render(&AlreadyPaid {
                page: page(lang, "paid"),
                message: Field::of("SGH7KL2M9P"),
                case: Some(CaseNumber {
                    number: 1042,
                    hours: 24,
                }),
            }),
        ),
        (
            s("portal-help"),
            render(&Help {
                page: page(lang, "help"),
            }),
        ),
        (
            s("portal-message"),
            render(&Message {
                page: page(lang, "nowhere"),
                tone: Tone::Info,
                title: s(lang.not_found_title()),
                text: s(lang.not_found_text()),
                action: Some((s(lang.back_to_plans()), s("/p/mama-njeri?lang=en"))),
            }),
        ),
    ];
    pages.extend(ways_to_pay(lang));
    for problem in PaymentProblem::ALL {
        pages.push((
            format!("portal-failed-{problem:?}").to_lowercase(),
            render(&failed(lang, problem)),
        ));
    }
    pages
}

/// The pages of the other ways to pay.
fn ways_to_pay(lang: Lang) -> Vec<Sample> {
    let several = Landing {
        ways: ["M-Pesa", "Wave", "Pesapal"].map(way).into(),
        ..landing(lang)
    };
    let outside = Outside {
        page: page(lang, "pay/8sJq"),
        notice: None,
        token: s("8sJq"),
        plan: format::duration(lang, 86_400),
        price: s("XOF 199"),
        gateway: s("Wave"),
        href: Some(s("https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/?amount=199")),
        auto: false,
        small_window: true,
        confirmed: Some(ByOwner {
            transaction: Field {
                value: s("1234"),
                error: Some(s(lang.transaction_wrong())),
            },
        }),
    };
    let going = Outside {
        notice: Some(Notice::new(Tone::Ok, lang.owner_told("Mama Njeri Wi-Fi"))),
        gateway: s("Pesapal"),
        auto: true,
        small_window: false,
        confirmed: None,
        ..outside.clone()
    };
    let by_hand = PayByHand {
        page: page(lang, "pay/8sJq"),
        token: s("8sJq"),
        plan: format::duration(lang, 86_400),
        price: s("KES 50"),
        hand: by_hand(),
    };
    let wallet = Wallet {
        page: page(lang, "w/Yk2"),
        notice: Some(Notice::new(Tone::Bad, lang.wallet_changed())),
        token: s("Yk2"),
        credit: s("KES 70"),
        minor: 7000,
        plans: landing(lang).plans,
    };
    let too_little = Wallet {
        plans: Vec::new(),
        notice: None,
        ..wallet.clone()
    };
    vec![
        (s("portal-landing-several"), render(&several)),
        (s("portal-outside-link"), render(&outside)),
        (s("portal-outside-going"), render(&going)),
        (s("portal-by-hand"), render(&by_hand)),
        (s("portal-wallet"), render(&wallet)),
        (s("portal-wallet-too-little"), render(&too_little)),
    ]
}

fn way(title: &str) -> Way {
    Way {
        id: title.to_lowercase(),
        title: s(title),
        outside: title != "M-Pesa",
        selected: title == "M-Pesa",
    }
}

fn credit() -> Credit {
    Credit {
        amount: s("KES 30"),
        href: s("/p/mama-njeri/w/Yk2?lang=en"),
    }
}

fn page(lang: Lang, path: &str) -> Page {
    let mut page = Page::new(
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
        page: page(lang, ""),
        notice: None,
        known: None,
        again: None,
        plans: vec![
            plan(lang, "hour", 3600, "5 Mbps", 1, "KES 20"),
            plan(lang, "day", 86_400, "5 Mbps", 2, "KES 50"),
            plan(lang, "week", 604_800, "8 Mbps", 3, "KES 250"),
        ],
        ways: vec![way("M-Pesa")],
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
        page: page(lang, "pay/8sJq"),
        token: s("8sJq"),
        plan: format::duration(lang, 86_400),
        price: s("KES 50"),
        phone: s("0712 ••• 345"),
        gateway: s("M-Pesa"),
        step,
        seconds_left: 42,
        seconds_total: 60,
        by_hand: Some(by_hand()),
    }
}

fn failed(lang: Lang, problem: PaymentProblem) -> Failed {
    Failed {
        page: page(lang, "pay/8sJq"),
        token: s("8sJq"),
        plan: format::duration(lang, 86_400),
        price: s("KES 50"),
        phone: s("0712 ••• 345"),
        gateway: s("M-Pesa"),
        problem,
        by_hand: true,
        credit: Some(credit()),
    }
}

fn success(lang: Lang, connect: Connect) -> Success {
    Success {
        page: page(lang, "pay/8sJq"),
        notice: None,
        payment: s("8sJq"),
        ticket: s("vT5kQ"),
        plan: format::duration(lang, 86_400),
        until: Some(s("18:42")),
        code: s(CODE),
        mac: Some(s("D2:5C:0F:11:9A:03")),
        credit: Some(credit()),
        qr_svg: qr::svg("https://wifi.example/p/mama-njeri/t/vT5kQ"),
        connect,
        device_limit: 2,
    }
}

fn data_gauge(lang: Lang) -> Gauge {
    Gauge {
        percent: 9,
        left: lang.left(format::bytes(lang, 184_000_000)),
        detail: lang.out_of(format::bytes(lang, 2_000_000_000)),
    }
}
