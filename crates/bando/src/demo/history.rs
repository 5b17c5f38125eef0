//! The week before: customers who came, paid and left, by way of the real use cases at past times.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use bando_app::{App, Disconnected, Parts, Purchase, RouterControl, Settings, Visit};
use bando_domain::{
    Clock, Language, MacAddr, PaymentFailure, PaymentStatus, SessionId, Timestamp, Usage,
};
use bando_gateways::{
    Account, BadSetting, Charge, DARAJA_PROFILE, Gateway, MessageError, Notification, Paid,
    Profile, Reference, Start, TestReport, TestResult, Verdict,
};
use bando_store::{Payment, Router, Session, SessionUpdate, Store};

use super::shop::Shop;

const DAY: Duration = Duration::from_secs(86_400);

/// How many customers there are; they come back.
const CUSTOMERS: u64 = 70;

/// The past: a clock that is set by hand, and a gateway that decides by dice.
pub(super) struct Past {
    present: Timestamp,
    clock: Arc<SetClock>,
    dice: Arc<Dice>,
}

impl Past {
    /// The week before `present`.
    pub(super) fn new(present: Timestamp) -> Self {
        let clock = Arc::new(SetClock(AtomicI64::new(present.as_millis())));
        Self {
            present,
            clock,
            dice: Arc::new(Dice(AtomicU64::new(2026))),
        }
    }

    /// The use cases at past times, over the same store as the present.
    pub(super) fn app(&self, store: Store) -> App {
        let mut settings = Settings::new("http://127.0.0.1");
        settings.custom_gateways = true;
        settings.queries_per_minute = u32::MAX;
        App::new(Parts {
            store,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::new(crate::world::SystemEntropy),
            gateways: [Arc::new(PastGateway {
                dice: Arc::clone(&self.dice),
                clock: Arc::clone(&self.clock),
                receipts: Mutex::default(),
            }) as Arc<dyn Gateway>]
            .into_iter()
            .collect(),
            routers: Arc::new(NoRouters),
            settings,
        })
    }

    /// Lets the week happen.
    ///
    /// # Errors
    /// When the database refuses something.
    pub(super) async fn happen(&self, app: &App, shop: &Shop) -> Result<()> {
        for at in self.arrivals() {
            self.clock.set(at);
            app.expire_due().await?;
            self.visit(app, shop, at).await?;
        }
        self.clock.set(self.present);
        while app.expire_due().await? > 0 {}
        Ok(())
    }

    /// When customers came: fewer at night and in the morning, more on Friday and Saturday.
    fn arrivals(&self) -> Vec<Timestamp> {
        let mut arrivals = Vec::new();
        for days_ago in (0..8).rev() {
            let midnight = self.present.minus(DAY * days_ago);
            let midnight =
                Timestamp::from_seconds(midnight.as_seconds() / 86_400 * 86_400 - 3 * 3600);
            let weekday = (midnight.as_seconds() / 86_400 + 4) % 7;
            let busy = if weekday == 4 || weekday == 5 { 38 } else { 26 };
            for _ in 0..busy + self.dice.below(8) {
                // The larger of two dice falls late in the day.
                let hour = 7 + self.dice.below(15).max(self.dice.below(15));
                let second = hour * 3600 + self.dice.below(3600);
                arrivals.push(midnight.plus(Duration::from_secs(second)));
            }
        }
        // The newest must be over before the present begins.
        let latest = self.present.minus(Duration::from_secs(180));
        arrivals.retain(|at| *at < latest);
        arrivals.sort();
        arrivals
    }

    async fn visit(&self, app: &App, shop: &Shop, at: Timestamp) -> Result<()> {
        let customer = self.dice.below(CUSTOMERS).min(self.dice.below(CUSTOMERS));
        let plan = &shop.plans[[1, 1, 1, 1, 2, 2, 2, 3, 4, 1][self.dice.below(10) as usize]];
        let mac = MacAddr::new([
            0xDA,
            0xA1,
            0x19,
            0x20,
            (customer >> 8) as u8,
            customer as u8,
        ]);
        let purchase = Purchase {
            gateway: None,
            by_hand: false,
            provider: shop.owner.provider,
            plan: plan.id,
            phone: format!(
                "07{:02}{:06}",
                10 + customer % 20,
                104_729 * (customer + 1) % 1_000_000
            ),
            visit: Visit {
                mac: Some(mac),
                ..Visit::default()
            },
            language: if customer.is_multiple_of(3) {
                Language::Sw
            } else {
                Language::En
            },
            source: "hotspot".into(),
        };
        // Somebody who comes back at once is told to wait, as in life.
        let Ok(payment) = app.start_payment(purchase).await else {
            return Ok(());
        };
        self.clock
            .set(at.plus(Duration::from_secs(11 + self.dice.below(20))));
        while app.run_due_jobs().await? > 0 {}
        let story = app.payment_story(&shop.owner, payment.id).await?;
        if story.payment.status == PaymentStatus::Success {
            self.browse(app, shop, &story.payment, mac).await?;
        }
        Ok(())
    }

    /// A stay on the network, as the router accounted it.
    async fn browse(&self, app: &App, shop: &Shop, payment: &Payment, mac: MacAddr) -> Result<()> {
        let Some(ticket) = payment.ticket_id else {
            return Ok(());
        };
        let from = app.now().plus(Duration::from_secs(6));
        let longest = payment.terms.validity_seconds.unwrap_or(3600).min(4 * 3600);
        let seconds = u64::from(longest / 4) + self.dice.below(u64::from(longest / 2) + 1);
        let until = from.plus(Duration::from_secs(seconds));
        if until > self.present {
            return Ok(());
        }
        self.clock.set(from);
        if app
            .admit(shop.owner.provider, ticket, Some(mac))
            .await?
            .is_err()
        {
            return Ok(());
        }
        let usage = Usage {
            octets_in: seconds * (2_000 + self.dice.below(6_000)),
            octets_out: seconds * (15_000 + self.dice.below(60_000)),
        };
        let record = SessionUpdate {
            id: SessionId::new(&*self.clock, &crate::world::SystemEntropy),
            router_id: shop.router,
            ticket_id: Some(ticket),
            acct_session_id: format!("80{:06x}", self.dice.below(1 << 24)),
            user_name: mac.to_string(),
            mac: Some(mac),
            framed_ip: Some(format!(
                "10.20.{}.{}",
                self.dice.below(4),
                10 + self.dice.below(240)
            )),
            at: until,
            seconds,
            usage,
            stopped: Some("User-Request".into()),
        };
        self.clock.set(until);
        app.record_accounting(vec![(shop.owner.provider, record)])
            .await?;
        Ok(())
    }
}

/// A clock that shows what it was set to.
struct SetClock(AtomicI64);

impl SetClock {
    fn set(&self, at: Timestamp) {
        self.0.store(at.as_millis(), Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Dice that fall the same way every time (SplitMix64).
struct Dice(AtomicU64);

impl Dice {
    /// A number below `limit`.
    fn below(&self, limit: u64) -> u64 {
        let step = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit.max(1)
    }
}

/// Most pay; some have no money, some do not answer, some change their minds.
struct PastGateway {
    dice: Arc<Dice>,
    clock: Arc<SetClock>,
    receipts: Mutex<u64>,
}

#[async_trait]
impl Gateway for PastGateway {
    fn profile(&self) -> &'static Profile {
        &DARAJA_PROFILE
    }

    fn check(&self, _: &Account) -> Result<(), BadSetting> {
        Ok(())
    }

    async fn start(&self, _: &Account, charge: &Charge) -> Start {
        self.clock.set(
            self.clock
                .now()
                .plus(Duration::from_millis(400 + self.dice.below(900))),
        );
        let number = self.dice.below(u64::MAX);
        Start::Accepted {
            reference: Reference {
                merchant_request_id: format!("{:04x}-{number:x}", self.dice.below(1 << 16)),
                checkout_request_id: format!("ws_CO_{number}{}", charge.phone.digits()),
            },
            redirect: None,
        }
    }

    async fn query(&self, _: &Account, _: &Reference) -> Verdict {
        let failed = |failure, code: &str, message: &str| Verdict::Failed {
            failure,
            code: code.into(),
            message: message.into(),
        };
        match self.dice.below(100) {
            0..=5 => failed(
                PaymentFailure::InsufficientFunds,
                "1",
                "The balance is insufficient for the transaction.",
            ),
            6..=9 => failed(
                PaymentFailure::Cancelled,
                "1032",
                "Request Cancelled by user.",
            ),
            10..=12 => failed(
                PaymentFailure::NoAnswer,
                "1037",
                "DS timeout user cannot be reached.",
            ),
            13 => failed(
                PaymentFailure::WrongPin,
                "2001",
                "The initiator information is invalid.",
            ),
            _ => {
                let mut count = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
                *count += 1;
                Verdict::Paid(Paid {
                    receipt: Some(format!(
                        "TKL{:04}{:03}",
                        *count % 10_000,
                        self.dice.below(1000)
                    )),
                    ..Paid::default()
                })
            }
        }
    }

    fn read_message(&self, _: &[u8]) -> Result<Notification, MessageError> {
        Err(MessageError::Malformed(
            "the past sends no callbacks".into(),
        ))
    }

    async fn test(&self, _: &Account) -> TestReport {
        TestReport {
            sign_in: TestResult::Passed,
            shortcode: TestResult::Passed,
        }
    }
}

/// The past's sessions are over: nobody has to be put off.
struct NoRouters;

#[async_trait]
impl RouterControl for NoRouters {
    async fn disconnect(&self, _: &Router, _: &Session) -> Disconnected {
        Disconnected::NotThere
    }
}
