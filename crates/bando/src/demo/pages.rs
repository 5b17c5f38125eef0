//! The demo's own page: the phone, the M-Pesa prompt, the router and the money, side by side.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::Result;
use axum::extract::{Form, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bando_app::App;
use bando_domain::{MacAddr, Money, Phone, Timestamp};
use bando_sim::daraja::{DarajaSim, Delivery, Scenario};
use bando_sim::mikrotik::{Direction, MikrotikSim, Traffic};
use bando_store::PaymentStep;
use bando_web::format;
use bando_web::i18n::Lang;
use bando_web::views::demo as views;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::shop::{self, Shop};

/// The device that the page shows.
const MAC: MacAddr = MacAddr::new([0xDA, 0xA1, 0x19, 0x00, 0x00, 0x01]);

/// The page's routes; they work once the demo is [open](DemoPages::open).
#[derive(Clone, Default)]
pub(super) struct DemoPages(Arc<OnceLock<Stage>>);

/// Everything the page shows.
struct Stage {
    app: App,
    shop: Shop,
    daraja: Arc<DarajaSim>,
    router: Arc<MikrotikSim>,
    outcome: Mutex<&'static str>,
}

impl DemoPages {
    /// The routes.
    pub(super) fn routes(&self) -> Router {
        Router::new()
            .route("/demo", get(page))
            .route("/demo/state", get(state))
            .route("/demo/phone/approve", post(approve))
            .route("/demo/phone/cancel", post(cancel))
            .route("/demo/script", post(script))
            .route("/demo/router/disconnect", post(disconnect))
            .with_state(self.clone())
    }

    /// Puts the device on the Wi-Fi and begins to answer.
    pub(super) fn open(
        &self,
        app: &App,
        shop: &Shop,
        daraja: Arc<DarajaSim>,
        router: Arc<MikrotikSim>,
    ) {
        router.join(MAC);
        router.set_traffic(MAC, Traffic::new(300_000, 3_000_000));
        let outcome = Mutex::new(views::Demo::OUTCOMES[0]);
        let _ = self.0.set(Stage {
            app: app.clone(),
            shop: shop.clone(),
            daraja,
            router,
            outcome,
        });
    }
}

async fn page(State(pages): State<DemoPages>, headers: HeaderMap) -> Response {
    let Some(stage) = pages.0.get() else {
        return starting();
    };
    let asked = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|v| v.to_str().ok());
    let t = asked
        .and_then(Lang::from_accept_language)
        .unwrap_or(Lang::En);
    let state = match stage.state(t).await {
        Ok(state) => state,
        Err(error) => return broken(&error),
    };
    let hotspot = format!("http://{}", stage.router.http_addr());
    let view = views::Demo {
        t,
        provider: "Mama Njeri Wi-Fi".into(),
        portal_href: stage.router.url(MAC, ""),
        console_href: "/console".into(),
        console_login: (shop::OWNER.into(), shop::PASSWORD.into()),
        state,
    };
    // The phone's browser is a frame that goes to the router and back.
    let policy = bando_web::assets::csp(Some(&hotspot))
        .replace("frame-src 'self'", &format!("frame-src 'self' {hotspot}"));
    match askama::Template::render(&view) {
        Ok(html) => ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response(),
        Err(error) => broken(&error.into()),
    }
}

async fn state(State(pages): State<DemoPages>) -> Response {
    let Some(stage) = pages.0.get() else {
        return starting();
    };
    match stage.state(Lang::En).await {
        Ok(state) => Json(state).into_response(),
        Err(error) => broken(&error),
    }
}

#[derive(Deserialize)]
struct Answer {
    phone: String,
}

async fn approve(State(pages): State<DemoPages>, Form(answer): Form<Answer>) -> Response {
    let Some(stage) = pages.0.get() else {
        return starting();
    };
    if let Some(phone) = Phone::from_international(&answer.phone) {
        // Any PIN is right: a wrong one is chosen as the outcome of the payment.
        let _ = stage.daraja.phones().approve(&phone, None);
    }
    Redirect::to("/demo").into_response()
}

async fn cancel(State(pages): State<DemoPages>, Form(answer): Form<Answer>) -> Response {
    let Some(stage) = pages.0.get() else {
        return starting();
    };
    if let Some(phone) = Phone::from_international(&answer.phone) {
        let _ = stage.daraja.phones().cancel(&phone);
    }
    Redirect::to("/demo").into_response()
}

#[derive(Deserialize)]
struct Script {
    outcome: String,
}

async fn script(State(pages): State<DemoPages>, Form(script): Form<Script>) -> Response {
    let Some(stage) = pages.0.get() else {
        return starting();
    };
    let Some(outcome) = views::Demo::OUTCOMES
        .into_iter()
        .find(|o| *o == script.outcome)
    else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    stage.daraja.script_all(scenario(outcome));
    *stage.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
    Redirect::to("/demo").into_response()
}

/// What the simulated M-Pesa does with the next payments.
fn scenario(outcome: &str) -> Option<Scenario> {
    let calls = |callbacks| {
        Some(Scenario {
            callbacks,
            ..Scenario::default()
        })
    };
    match outcome {
        "no-money" => Scenario::named("no_money"),
        "wrong-pin" => Scenario::named("wrong_pin"),
        "cancelled" => Scenario::named("cancelled"),
        "timeout" => Scenario::named("timeout"),
        "busy" => Scenario::named("busy"),
        "callback-late" => calls(vec![Delivery {
            after_ms: 15_000,
            ..Delivery::default()
        }]),
        "callback-lost" => calls(vec![]),
        "callback-twice" => calls(vec![Delivery {
            copies: 2,
            ..Delivery::default()
        }]),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Device {
    mac: String,
}

async fn disconnect(State(pages): State<DemoPages>, Form(device): Form<Device>) -> Response {
    let Some(stage) = pages.0.get() else {
        return starting();
    };
    if let Ok(mac) = device.mac.parse() {
        stage.router.logout(mac);
    }
    Redirect::to("/demo").into_response()
}

fn starting() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "1")],
        "The demo is starting.\n",
    )
        .into_response()
}

fn broken(error: &anyhow::Error) -> Response {
    tracing::error!(%error, "the demo page");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "The demo page failed; the log says why.\n",
    )
        .into_response()
}

impl Stage {
    async fn state(&self, t: Lang) -> Result<views::DemoState> {
        Ok(views::DemoState {
            now_ms: self.app.now().as_millis(),
            prompt: self.prompt(),
            router: self.router(t),
            money: self.money(t).await?,
        })
    }

    fn prompt(&self) -> views::PromptPane {
        let phones = self.daraja.phones();
        let open = phones.prompts().into_iter().next();
        let mut numbers: Vec<String> = self
            .daraja
            .books()
            .prompts
            .into_iter()
            .rev()
            .map(|p| p.phone)
            .collect();
        numbers.truncate(1);
        let mut messages: Vec<_> = numbers
            .iter()
            .filter_map(|number| Phone::from_international(number))
            .flat_map(|phone| phones.messages(&phone))
            .collect();
        messages.sort_by_key(|m| std::cmp::Reverse(m.at));
        views::PromptPane {
            open: open.map(|p| views::Prompt {
                closes_ms: p.at.as_millis() + 60_000,
                phone: p.phone,
                text: p.text,
            }),
            outcome: (*self.outcome.lock().unwrap_or_else(PoisonError::into_inner)).to_owned(),
            messages: messages
                .into_iter()
                .take(3)
                .map(|m| views::TextMessage {
                    at: clock(m.at),
                    text: m.text,
                })
                .collect(),
        }
    }

    fn router(&self, t: Lang) -> views::RouterPane {
        let now = self.app.now().as_millis();
        let host = |h: bando_sim::mikrotik::HostView| views::HostRow {
            mac: h.mac.to_string(),
            ip: h.ip.to_string(),
            authorized: h.authorized,
        };
        let active = |a: bando_sim::mikrotik::ActiveView| views::ActiveRow {
            user: a.user,
            mac: a.mac.to_string(),
            ends_ms: a
                .seconds_left
                .map(|left| now + i64::try_from(left).unwrap_or(0) * 1000),
            down: format::bytes(t, a.download_octets),
            up: format::bytes(t, a.upload_octets),
            rate: a.rate_limit.unwrap_or_default(),
        };
        let packet = |p: bando_sim::mikrotik::PacketView| views::PacketRow {
            at: clock(p.at),
            from_router: p.direction == Direction::Sent,
            name: p.code.to_owned(),
            detail: telling(&p.summary, p.note),
        };
        views::RouterPane {
            identity: self.shop.identity.clone(),
            hosts: self
                .router
                .hosts()
                .into_iter()
                .filter(|h| h.present)
                .map(host)
                .collect(),
            active: self.router.active().into_iter().map(active).collect(),
            packets: self
                .router
                .packets()
                .into_iter()
                .rev()
                .take(12)
                .map(packet)
                .collect(),
        }
    }

    async fn money(&self, t: Lang) -> Result<views::MoneyPane> {
        let home = self.app.home(&self.shop.owner).await?;
        let balances = self.app.balances(&self.shop.owner).await?;
        let sum: i64 = balances.iter().map(|b| b.amount.minor()).sum();
        let held = balances.iter().find(|b| b.account == "gateway:mpesa");
        let mut pane = views::MoneyPane {
            today: home.today.to_string(),
            payments: t.payments_count(home.payments_today),
            balance: held
                .map_or(Money::zero(home.provider.currency), |b| b.amount)
                .to_string(),
            balanced: sum == 0,
            ..views::MoneyPane::default()
        };
        for (i, payment) in home.latest.iter().take(4).enumerate() {
            let story = self.app.payment_story(&self.shop.owner, payment.id).await?;
            if i == 0 {
                let mut before: Option<Timestamp> = None;
                for entry in &story.timeline {
                    let gap = before.map_or(0, |b| {
                        u64::try_from(entry.at.since(b).as_millis()).unwrap_or(0)
                    });
                    let (text, tone) = describe(entry.step, t);
                    pane.timeline.push(views::MoneyStep {
                        text,
                        at: clock(entry.at),
                        gap: before.map(|_| format::gap(t, gap)).unwrap_or_default(),
                        tone: tone.to_owned(),
                    });
                    before = Some(entry.at);
                }
            }
            for transfer in story.transfers {
                let line = |account: &str, sign: &str| views::EntryRow {
                    at: minute(transfer.at),
                    account: format::account(t, account, |_| "M-Pesa".to_owned()),
                    amount: format!("{sign}{}", transfer.amount),
                };
                pane.entries.push(line(&transfer.debit, "+"));
                pane.entries.push(line(&transfer.credit, "−"));
            }
        }
        Ok(pane)
    }
}

/// A step in words, and its tone.
fn describe(step: PaymentStep, t: Lang) -> (String, &'static str) {
    const GATEWAY: &str = "M-Pesa";
    let (text, tone) = match step {
        PaymentStep::Prompted => return (t.timeline_prompt_sent(GATEWAY), "ok"),
        PaymentStep::Callback => return (t.timeline_callback(GATEWAY), "ok"),
        PaymentStep::Checked => return (t.timeline_checked(GATEWAY), "wait"),
        PaymentStep::NoAnswer => return (t.timeline_no_answer(GATEWAY), "wait"),
        PaymentStep::Refused => return (t.timeline_refused(GATEWAY), "bad"),
        PaymentStep::Contradiction => return (t.timeline_contradiction(GATEWAY), "bad"),
        PaymentStep::Asked => (t.timeline_asked(), "ok"),
        PaymentStep::Settled => (t.timeline_ticket(), "ok"),
        PaymentStep::Connected => (t.timeline_router(), "ok"),
        PaymentStep::Mismatch => (t.timeline_mismatch(), "bad"),
        PaymentStep::Failed => (t.timeline_failed(), "bad"),
        PaymentStep::Expired => (t.timeline_expired(), "bad"),
        PaymentStep::Claimed => (t.timeline_claimed(), "wait"),
        PaymentStep::Confirmed => (t.timeline_confirmed_by_hand(), "ok"),
        PaymentStep::Rejected => (t.timeline_rejected(), "bad"),
        PaymentStep::Short => (t.timeline_short(), "bad"),
        PaymentStep::Excess => (t.timeline_excess(), "ok"),
        PaymentStep::Refunded => (t.timeline_refunded(), "ok"),
        PaymentStep::Reversed => (t.timeline_reversed(), "bad"),
    };
    (text.to_owned(), tone)
}

/// The attributes that tell something about a packet, the most telling first.
const TELLING: [&str; 9] = [
    "Acct-Status-Type",
    "Acct-Terminate-Cause",
    "User-Name",
    "Reply-Message",
    "Session-Timeout",
    "Mikrotik-Rate-Limit",
    "Acct-Session-Time",
    "Acct-Output-Octets",
    "Error-Cause",
];

/// What is worth seeing of a packet, from the line with all its attributes.
fn telling(summary: &str, note: Option<&str>) -> String {
    let mut quoted = false;
    let attributes: Vec<_> = summary
        .split(|c| {
            quoted ^= c == '"';
            c == ' ' && !quoted
        })
        .filter_map(|attribute| attribute.split_once('='))
        .collect();
    let found = TELLING.iter().filter_map(|name| {
        let (name, value) = attributes.iter().find(|(n, _)| n == name)?;
        // Of a name only the beginning is there, and how long it is.
        let value = value.split('<').next().unwrap_or(value);
        Some(format!("{name} {}", value.trim_matches('"')))
    });
    note.map(str::to_owned)
        .into_iter()
        .chain(found)
        .collect::<Vec<_>>()
        .join(" · ")
}

/// The time of day in Nairobi.
fn minute(at: Timestamp) -> String {
    format::Times::new(Lang::En, "Africa/Nairobi").clock(at.as_millis())
}

/// The time of day in Nairobi, to the second.
fn clock(at: Timestamp) -> String {
    format::Times::new(Lang::En, "Africa/Nairobi").clock_seconds(at.as_millis())
}
