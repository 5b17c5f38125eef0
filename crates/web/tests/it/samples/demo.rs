//! The demo: a phone, a router and the money side by side.

use bando_web::i18n::Lang;
use bando_web::views::demo::*;

use super::{CODE, Sample, render, s};

/// The demo's page.
pub(super) fn page(lang: Lang) -> Sample {
    (s("demo"), render(&demo(lang)))
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
                    step(
                        &lang.timeline_prompt_sent("M-Pesa"),
                        "12:41:08",
                        "1.1 s",
                        "ok",
                    ),
                    step(&lang.timeline_callback("M-Pesa"), "", "", "wait"),
                    step(lang.timeline_ticket(), "", "", "later"),
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
