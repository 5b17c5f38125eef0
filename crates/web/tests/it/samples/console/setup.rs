//! Batches, plans, routers and the way to be paid.

use bando_web::i18n::Lang;
use bando_web::views::Field;
use bando_web::views::console::*;
use bando_web::{format, qr};

use super::{Sample, check, choice, page, render, s};

/// The pages of what is set up before it is sold.
pub(super) fn pages(t: Lang) -> Vec<Sample> {
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
    vec![
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
                name: Field::default(),
                coa: Field::default(),
                address: Field {
                    value: s("http://x"),
                    error: Some(s(t.router_address_wrong())),
                },
            }),
        ),
        (s("console-router"), render(&router(t))),
    ]
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
