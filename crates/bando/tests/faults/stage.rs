//! Where a fault is played: a town with two businesses, their customers, and one way to pay.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bando_app::{App, Purchase};
use bando_db::Engine;
use bando_db::testing::TestDb;
use bando_domain::{Country, MacAddr, Phone};
use bando_sim::mikrotik::LoginError;
use bando_sim::pesapal::PayBy;
use bando_sim::{daraja, pesapal, wave};

use crate::disk::SmallDisk;
use crate::proof::books::{Asked, Books};
use crate::proof::checker::Allowed;
use crate::proof::child::Wish;
use crate::proof::dice::Dice;
use crate::proof::facts::{Facts, Payment};
use crate::proof::machine::Machine;
use crate::proof::town::{Founding, Shop, Town};

/// How long anything may take to come to its end.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long what must not happen is waited for.
pub(crate) const LONG_ENOUGH: Duration = Duration::from_millis(1500);

/// The three kinds of gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// M-Pesa: anybody can send its messages.
    Unsigned,
    /// Wave: its messages are signed.
    Signed,
    /// Pesapal: its messages say "ask me".
    PollBack,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Unsigned, Self::Signed, Self::PollBack];

    pub(crate) const fn gateway(self) -> &'static str {
        match self {
            Self::Unsigned => "mpesa",
            Self::Signed => "wave",
            Self::PollBack => "pesapal",
        }
    }

    const fn country(self) -> Country {
        match self {
            Self::Signed => Country::Ci,
            _ => Country::Ke,
        }
    }
}

/// Found out while it was played: the fault cannot be made on this machine.
#[derive(Debug)]
pub(crate) struct Excuse(pub(crate) &'static str);

impl std::fmt::Display for Excuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Excuse {}

/// How the company tells of a payment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tells {
    /// At once.
    Copies(u32),
    /// Never.
    Never,
}

/// A town, and what goes on in it.
pub(crate) struct Stage {
    pub(crate) town: Town,
    pub(crate) way: Way,
    pub(crate) dice: Dice,
    /// What the checker overlooks.
    pub(crate) allowed: Allowed,
    customers: u32,
    /// Of PostgreSQL: another database, to give orders about this one.
    pub(crate) office: Option<TestDb>,
    /// Of PostgreSQL: where the database was moved to.
    pub(crate) tablespace: Option<String>,
    /// Dropped after the database that is on it.
    pub(crate) small_disk: Option<SmallDisk>,
}

/// Somebody who buys.
#[derive(Clone, Debug)]
pub(crate) struct Buyer {
    pub(crate) phone: Phone,
    pub(crate) mac: MacAddr,
    /// Number of the business.
    pub(crate) shop: usize,
}

impl Stage {
    /// Two businesses of one country, connected to all companies there.
    pub(crate) async fn set(
        db: TestDb,
        way: Way,
        seed: u64,
        tune: fn(&mut Machine),
    ) -> Result<Self> {
        let gateways: &[&'static str] = match way {
            Way::Signed => &["wave"],
            _ => &["mpesa", "pesapal"],
        };
        let business = |slug| Founding {
            slug,
            country: way.country(),
            gateways,
        };
        let businesses = [business("mlima"), business("bahari")];
        let town = Town::with(db, &businesses, |machine| {
            machine.first_check = Duration::from_millis(400);
            // Many towns share this machine.
            machine.gateway_patience = Duration::from_secs(4);
            tune(machine);
        })
        .await?;
        town.daraja.set_settings(daraja_settings());
        town.wave.set_settings(wave::Settings {
            retry_ms: vec![300, 1_000, 2_000, 4_000, 8_000, 16_000],
            ..wave::Settings::default()
        });
        town.pesapal.set_settings(pesapal::Settings {
            notification_attempts: 8,
            notification_retry_ms: 1_000,
            ..pesapal::Settings::default()
        });
        Ok(Self {
            town,
            way,
            dice: Dice::new(seed),
            allowed: Allowed::default(),
            customers: 0,
            office: None,
            tablespace: None,
            small_disk: None,
        })
    }

    pub(crate) fn engine(&self) -> Engine {
        self.town.db.engine()
    }

    pub(crate) fn app(&self) -> Result<&App> {
        self.town.app()
    }

    /// The business where this customer is.
    pub(crate) fn shop(&self, buyer: &Buyer) -> &Shop {
        &self.town.shops[buyer.shop]
    }

    /// A customer of the first business.
    pub(crate) fn buyer(&mut self) -> Result<Buyer> {
        self.buyer_at(0)
    }

    /// A customer of any business.
    pub(crate) fn buyer_at(&mut self, shop: usize) -> Result<Buyer> {
        self.customers += 1;
        let number = self.customers;
        let typed = match self.way {
            Way::Signed => format!("0707{number:06}"),
            _ => format!("0711{number:06}"),
        };
        let [_, a, b, c] = number.to_be_bytes();
        Ok(Buyer {
            phone: Phone::parse(&typed, self.way.country())?,
            mac: MacAddr::new([0x02, 0xfa, 0x17, a, b, c]),
            shop,
        })
    }

    /// Decides how the company tells of this customer's next payment.
    pub(crate) fn script(&self, buyer: &Buyer, tells: Tells) {
        let copies = match tells {
            Tells::Copies(copies) => copies,
            Tells::Never => 0,
        };
        match self.way {
            Way::Unsigned => {
                let delivery = daraja::Delivery {
                    copies,
                    ..daraja::Delivery::default()
                };
                let callbacks = if copies == 0 { vec![] } else { vec![delivery] };
                self.script_mpesa(
                    buyer,
                    daraja::Scenario {
                        callbacks,
                        ..daraja::Scenario::default()
                    },
                );
            }
            Way::Signed => {
                let paid = wave::Delivery {
                    after_ms: 0,
                    copies,
                };
                let scenario = wave::Scenario {
                    paid,
                    ..wave::Scenario::default()
                };
                self.town.wave.script(&buyer.phone, scenario);
            }
            Way::PollBack => {
                let delivery = pesapal::Delivery {
                    after_ms: 0,
                    copies,
                };
                let notifications = if copies == 0 { vec![] } else { vec![delivery] };
                self.script_pesapal(
                    buyer,
                    pesapal::Scenario {
                        notifications,
                        ..pesapal::Scenario::default()
                    },
                );
            }
        }
    }

    pub(crate) fn script_mpesa(&self, buyer: &Buyer, scenario: daraja::Scenario) {
        self.town.daraja.script(&buyer.phone, scenario);
    }

    pub(crate) fn script_pesapal(&self, buyer: &Buyer, scenario: pesapal::Scenario) {
        self.town.pesapal.script(&buyer.phone, scenario);
    }

    /// What this customer wishes: an hour.
    pub(crate) fn wish(&self, buyer: &Buyer) -> Wish {
        let shop = self.shop(buyer);
        Wish {
            provider: shop.owner.provider,
            plan: shop.plans.hour.id,
            phone: format!("+{}", buyer.phone.digits()),
            gateway: self.way.gateway().to_owned(),
            mac: buyer.mac,
        }
    }

    /// Begins to buy an hour.
    pub(crate) async fn buy(&self, buyer: &Buyer) -> Result<bando_app::Payment> {
        let payment = self
            .app()?
            .start_payment(self.wish(buyer).purchase())
            .await?;
        Ok(payment)
    }

    /// Begins to buy an hour that will be paid by hand. The reference to pay under.
    pub(crate) async fn buy_by_hand(&self, buyer: &Buyer) -> Result<String> {
        let purchase = Purchase {
            by_hand: true,
            ..self.wish(buyer).purchase()
        };
        let payment = self.app()?.start_payment(purchase).await?;
        payment.account_reference.context("no reference")
    }

    /// Pays by hand, so many shillings, at the business with that number. The receipt.
    pub(crate) async fn pay_by_hand(
        &self,
        buyer: &Buyer,
        shop: usize,
        reference: &str,
        shillings: i64,
    ) -> Result<String> {
        let payment = daraja::HandPayment {
            phone: buyer.phone.digits().to_owned(),
            shortcode: self.town.shops[shop].shortcode.clone(),
            bill_ref_number: reference.to_owned(),
            amount_minor: shillings * 100,
        };
        Ok(self.town.daraja.pay_by_hand(&payment).await?)
    }

    /// The request by which the company asks this customer for money, once there is one.
    pub(crate) async fn request_of(&self, buyer: &Buyer) -> Result<Request> {
        let begun = Instant::now();
        loop {
            let payments = self.payments(buyer).await?;
            let mine = |asked: &Asked| {
                let by_ours = payments.iter().any(|p| asked.ours.as_ref() == Some(&p.id));
                asked.gateway == self.way.gateway()
                    && (by_ours || asked.phone == buyer.phone.digits())
            };
            // The newest, of somebody who has tried before.
            if let Some(asked) = self.town.books().asked.into_iter().rfind(mine) {
                return Ok(Request {
                    reference: asked.reference,
                });
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "{buyer:?} is not asked for money"
            );
            pause().await;
        }
    }

    /// Pays what is asked for.
    pub(crate) async fn pay(&self, buyer: &Buyer) -> Result<()> {
        let request = self.request_of(buyer).await?.reference;
        match self.way {
            Way::Unsigned => {
                self.town.daraja.phones().approve(&buyer.phone, None)?;
            }
            Way::Signed => {
                self.town.wave.pay(&request, &buyer.phone)?;
            }
            Way::PollBack => {
                self.town.pesapal.pay(&request, PayBy::Mpesa)?;
            }
        }
        self.money_moves(buyer).await
    }

    /// Waits until the money has left the customer.
    pub(crate) async fn money_moves(&self, buyer: &Buyer) -> Result<()> {
        let reference = self.request_of(buyer).await?.reference;
        let begun = Instant::now();
        while !has_moved(&self.town.books(), &reference) {
            ensure!(
                begun.elapsed() < PATIENCE,
                "the money of {buyer:?} does not move"
            );
            pause().await;
        }
        Ok(())
    }

    /// Buys and pays.
    pub(crate) async fn buy_and_pay(&self, buyer: &Buyer) -> Result<()> {
        self.buy(buyer).await?;
        self.pay(buyer).await
    }

    /// Lets the company tell of the customer's payment once more. How it was answered.
    pub(crate) async fn tell_again(&self, buyer: &Buyer) -> Result<Option<u16>> {
        let request = self.request_of(buyer).await?.reference;
        Ok(match self.way {
            Way::Unsigned => self.town.daraja.replay(&request, None).await,
            Way::Signed => {
                let event = self.event_of(&request)?;
                self.town.wave.replay(&event.id).await
            }
            Way::PollBack => self.town.pesapal.replay(&request).await,
        })
    }

    /// Wave's event of a session that was paid.
    pub(crate) fn event_of(&self, session: &str) -> Result<wave::Event> {
        let mut events = self.town.wave.books().events.into_iter();
        let of = |event: &wave::Event| {
            event.kind == "checkout.session.completed" && event.body.contains(session)
        };
        events.rfind(of).context("no event")
    }

    /// The customer's payments, oldest first.
    pub(crate) async fn payments(&self, buyer: &Buyer) -> Result<Vec<Payment>> {
        let facts = Facts::read(&self.town.db).await?;
        let mut payments = facts.payments;
        payments.retain(|p| p.phone == buyer.phone.digits());
        payments.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(payments)
    }

    /// Waits until the customer's payment is paid.
    pub(crate) async fn paid(&self, buyer: &Buyer) -> Result<()> {
        self.becomes(buyer, "success").await
    }

    /// Waits until a payment of this customer has this status.
    pub(crate) async fn becomes(&self, buyer: &Buyer, status: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            // The database may be away for a while.
            let seen = self.payments(buyer).await;
            let statuses: Vec<String> = match &seen {
                Ok(payments) => payments.iter().map(|p| p.status.clone()).collect(),
                Err(error) => vec![error.to_string()],
            };
            if statuses.iter().any(|seen| seen == status) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("the payments of {buyer:?} are {statuses:?}, none is {status}");
            }
            pause().await;
        }
    }

    /// The customer's payment is paid, and the router lets them through.
    pub(crate) async fn served(&self, buyer: &Buyer) -> Result<()> {
        self.paid(buyer).await?;
        let begun = Instant::now();
        loop {
            let answer = self.knock(buyer).await;
            if matches!(answer, Ok(()) | Err(LoginError::AlreadyLoggedIn)) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("{buyer:?} has paid, and the router says {answer:?}");
            }
            pause().await;
        }
    }

    /// The customer has no access, and no payment that counts as paid.
    pub(crate) async fn not_served(&self, buyer: &Buyer) -> Result<()> {
        let payments = self.payments(buyer).await?;
        let paid = payments.iter().any(|p| p.status == "success");
        ensure!(!paid, "{buyer:?} has not paid, and counts as having");
        let answer = self.knock(buyer).await;
        ensure!(answer.is_err(), "{buyer:?} has not paid, and is let in");
        Ok(())
    }

    async fn knock(&self, buyer: &Buyer) -> Result<(), LoginError> {
        let router = &self.shop(buyer).router;
        router.join_and_wait(buyer.mac).await;
        router.mac_login(buyer.mac).await
    }

    /// Nobody can know what becomes of this customer's payment.
    pub(crate) fn nobody_can_know(&mut self, buyer: &Buyer) {
        let digits = buyer.phone.digits().to_owned();
        self.allowed.unknowable.insert(digits);
    }

    /// Where the company sends what is not about one payment.
    pub(crate) async fn message_url(&self, shop: usize) -> Result<String> {
        let owner = &self.town.shops[shop].owner;
        let state = self.app()?.gateway_account(owner, self.way.gateway());
        Ok(state.await?.message_url)
    }

    /// Where a message about this customer's payment goes.
    pub(crate) async fn callback_url(&self, buyer: &Buyer) -> Result<String> {
        if self.way != Way::Unsigned {
            return self.message_url(buyer.shop).await;
        }
        let request = self.request_of(buyer).await?.reference;
        let prompts = self.town.daraja.books().prompts;
        let mut prompts = prompts.into_iter();
        let prompt = prompts.find(|p| p.checkout_request_id == request);
        Ok(prompt.context("no prompt")?.callback_url)
    }

    /// How often the company was asked about payments of this business.
    pub(crate) fn queries(&self, shop: usize) -> u64 {
        let account = &self.town.shops[shop].accounts[self.way.gateway()];
        let asked = self.town.books().asked.into_iter();
        asked
            .filter(|asked| asked.account == *account)
            .map(|asked| asked.queries)
            .sum()
    }

    /// Time passes: for us, for the companies and for the routers.
    pub(crate) fn time_passes(&self, seconds: i64) {
        self.town.clock.turn(seconds);
        self.town.machine.clock.turn(seconds);
    }

    /// What is wrong in the end.
    pub(crate) async fn judge(&self) -> Result<Vec<String>> {
        self.town.judge_allowing(PATIENCE, &self.allowed).await
    }

    /// Takes everything down.
    pub(crate) async fn strike(&mut self) -> Result<()> {
        self.town.stop().await;
        if let Some(space) = self.tablespace.take() {
            let name = self.database_name()?;
            let home = format!("ALTER DATABASE {name} SET TABLESPACE pg_default");
            self.administer(&home).await?;
            self.administer(&format!("DROP TABLESPACE {space}")).await?;
        }
        Ok(())
    }
}

/// A request for money as the company calls it.
pub(crate) struct Request {
    pub(crate) reference: String,
}

/// Daraja, as it is in these towns: quick, and without an opinion about our clock.
pub(crate) fn daraja_settings() -> daraja::Settings {
    daraja::Settings {
        processing_ms: 10,
        timestamp_window_seconds: None,
        prompt_seconds: 600,
        ..daraja::Settings::default()
    }
}

/// Whether the money of a request has moved.
fn has_moved(books: &Books, reference: &str) -> bool {
    let mut moved = books.moved.iter();
    moved.any(|moved| moved.reference.as_deref() == Some(reference))
}

/// A moment.
pub(crate) async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
