//! A shop that is open.

use std::sync::Arc;
use std::time::Duration;

use bando_domain::{
    Country, DataLimit, Language, MacAddr, PlanTerms, ProviderId, RouterId, Secret, Starts,
    TicketId, Timestamp, Usage,
};
use bando_gateways::{Account, Asks, Gateway, Gateways, Setting, SettingKind, Word};
use bando_store::testing::{ManualClock, SeededEntropy, TestStore};
use bando_store::{Payment, Plan, Role, Router, SessionUpdate, Ticket};

use super::{RecordingRouters, ScriptedGateway, paid_callback};
use crate::{
    App, Caller, Collection, Incoming, MpesaSecrets, MpesaSettings, Parts, PlanDraft, Purchase,
    Result, RouterDraft, Settings, Taken, Visit,
};

const fn text(name: &'static str) -> Setting {
    Setting {
        name,
        kind: SettingKind::Text,
        required: false,
    }
}

/// What the static link's account consists of, as the app heeds it.
const LINK_SETTINGS: &[Setting] = &[text("unique_amounts"), text("trust_after")];

/// Where the clock of every shop begins: Friday, 2026-11-20T12:00:00Z.
pub const NOON: Timestamp = Timestamp::from_seconds(1_795_176_000);

/// The terms of the shop's plan: an hour from purchase, for one device.
const HOUR: PlanTerms = PlanTerms {
    validity_seconds: Some(3600),
    data: None,
    starts: Starts::Purchase,
    rate: None,
    device_limit: 1,
};

/// A provider with a plan for 20 shillings, M-Pesa and a router, on a database of its own.
pub struct Shop {
    /// The application.
    pub app: App,
    /// The database, gone when the shop is dropped.
    pub test: TestStore,
    /// The time.
    pub clock: Arc<ManualClock>,
    /// Chance.
    pub entropy: Arc<SeededEntropy>,
    /// M-Pesa.
    pub gateway: Arc<ScriptedGateway>,
    /// `link`: payers are sent to a static link. Nobody has an account before [`Shop::open_link`].
    pub link: Arc<ScriptedGateway>,
    /// `page`: payers are sent to a page of the gateway, whose messages are signed. Nobody has an
    /// account before [`Shop::open_page`].
    pub page: Arc<ScriptedGateway>,
    /// The way to the routers.
    pub routers: Arc<RecordingRouters>,
    /// The owner, at work.
    pub owner: Caller,
    /// An hour for 20 shillings.
    pub plan: Plan,
    /// The router.
    pub router: Router,
    /// The settings of the application.
    pub settings: Settings,
    gateways: Gateways,
}

impl Shop {
    /// A shop on each engine at hand.
    ///
    /// # Panics
    /// If one cannot be set up.
    pub async fn open_all(seed: u64) -> Vec<Self> {
        bando_store::testing::check_money_at_the_end();
        let entropy = Arc::new(SeededEntropy::new(seed));
        let mut shops = Vec::new();
        for test in bando_store::testing::stores(&*entropy).await {
            let shop = Self::open(test, Arc::clone(&entropy)).await;
            #[expect(clippy::panic, reason = "a test cannot go on without its shop")]
            shops.push(shop.unwrap_or_else(|error| panic!("no shop: {error}")));
        }
        shops
    }

    async fn open(test: TestStore, entropy: Arc<SeededEntropy>) -> Result<Self> {
        let clock = Arc::new(ManualClock::new(NOON));
        let (gateway, routers) = (Arc::<ScriptedGateway>::default(), Arc::default());
        let link = Arc::<ScriptedGateway>::default();
        link.play(|profile| {
            (profile.name, profile.title) = ("link", "Link");
            (profile.asks, profile.word) = (Asks::Link, Word::Signed);
            profile.settings = LINK_SETTINGS;
        });
        let page = Arc::<ScriptedGateway>::default();
        page.play(|profile| {
            (profile.name, profile.title) = ("page", "Page");
            (profile.asks, profile.word) = (Asks::Redirect, Word::Signed);
            profile.by_hand = false;
        });
        let all = [&gateway, &link, &page].map(|g| Arc::clone(g) as Arc<dyn Gateway>);
        let gateways: Gateways = all.into_iter().collect();
        let settings = Settings::new("https://wifi.example");
        let app = new_app(&test, &clock, &entropy, &gateways, &routers, &settings);
        let owner = open_business(&app, "mama-njeri").await?;
        let draft = plan_draft("1 hour", "20", HOUR);
        let plan = app.save_plan(&owner, None, draft).await?;
        let draft = RouterDraft {
            name: "Gate".into(),
            hotspot_host: "10.5.50.1".into(),
            coa_address: None,
        };
        let router = app.add_router(&owner, draft).await?;
        Ok(Self {
            app,
            test,
            clock,
            entropy,
            gateway,
            link,
            page,
            gateways,
            routers,
            owner,
            plan,
            router,
            settings,
        })
    }

    /// The provider.
    pub fn provider(&self) -> ProviderId {
        self.owner.provider
    }

    /// The application after a restart: whatever was only in memory is gone.
    pub fn restart(&mut self) {
        self.app = new_app(
            &self.test,
            &self.clock,
            &self.entropy,
            &self.gateways,
            &self.routers,
            &self.settings,
        );
    }

    /// Lets the platform collect for the shop with its own M-Pesa account, for a fee of so many
    /// hundredths of a percent; the shop's own account is switched off.
    ///
    /// # Errors
    /// As the use cases.
    pub async fn collect(&mut self, fee_basis_points: u32, phone: &str) -> Result<()> {
        self.settings.collection = Some(Collection {
            gateway: "mpesa",
            account: bando_gateways::Account::default(),
            fee_basis_points,
        });
        self.restart();
        let own = bando_gateways::Account::default();
        self.app
            .save_gateway(&self.owner, "mpesa", own, false)
            .await?;
        self.app.save_collection(&self.owner, phone, true).await
    }

    /// Lets customers pay by a static link. Switches among the settings are on or off as given.
    ///
    /// # Errors
    /// As the use cases.
    pub async fn open_link(&self, settings: &[(&str, &str)]) -> Result<()> {
        self.open_gateway("link", settings).await
    }

    /// Lets customers pay on a gateway's page.
    ///
    /// # Errors
    /// As the use cases.
    pub async fn open_page(&self) -> Result<()> {
        self.open_gateway("page", &[]).await
    }

    async fn open_gateway(&self, name: &str, settings: &[(&str, &str)]) -> Result<()> {
        let mut account = Account::default();
        for (name, value) in settings {
            let (name, value) = ((*name).to_owned(), (*value).to_owned());
            account.settings.insert(name, value);
        }
        self.app
            .save_gateway(&self.owner, name, account, true)
            .await
    }

    /// A message of a gateway about the shop's account with it. A signature, if there is one, is in
    /// its headers.
    ///
    /// # Errors
    /// As [`App::take_message`].
    pub async fn message(
        &self,
        gateway: &str,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<Taken> {
        let state = self.app.gateway_account(&self.owner, gateway).await?;
        let token = state.message_url.rsplit('/').next().unwrap_or_default();
        let headers: Vec<_> = signature
            .map(|signature| ("signature".to_owned(), signature.to_owned()))
            .into_iter()
            .collect();
        let incoming = Incoming {
            headers: &headers,
            ..Incoming::new(body, "192.0.2.10")
        };
        let taken = self.app.take_message(token, incoming).await?;
        self.work().await;
        Ok(taken)
    }

    /// A new member of the shop, at work.
    ///
    /// # Errors
    /// As the use cases.
    pub async fn hire(&self, name: &str, role: Role) -> Result<Caller> {
        hire(&self.app, self.provider(), name, role).await
    }

    /// Another business on the same installation, with M-Pesa and no plan.
    ///
    /// # Errors
    /// As the use cases.
    pub async fn neighbour(&self, slug: &str) -> Result<Caller> {
        open_business(&self.app, slug).await
    }

    /// Another plan of this shop.
    ///
    /// # Errors
    /// As [`App::save_plan`].
    pub async fn add_plan(&self, name: &str, price: &str, terms: PlanTerms) -> Result<Plan> {
        let draft = plan_draft(name, price, terms);
        self.app.save_plan(&self.owner, None, draft).await
    }

    /// A wish to buy the shop's plan, from away.
    pub fn wish(&self, phone: &str) -> Purchase {
        Purchase {
            gateway: None,
            by_hand: false,
            provider: self.provider(),
            plan: self.plan.id,
            phone: phone.to_owned(),
            visit: Visit::default(),
            language: Language::En,
            source: format!("from {phone}"),
        }
    }

    /// A visit by way of the shop's router.
    pub fn visit(&self, mac: MacAddr) -> Visit {
        Visit {
            mac: Some(mac),
            identity: self.router.identity.clone(),
            link_login_only: format!("http://{}/login", self.router.hotspot_host),
            ..Visit::default()
        }
    }

    /// Buys and pays, from the wish to the ticket. `mac` is the device it is bought for.
    ///
    /// # Panics
    /// If that does not give a ticket.
    pub async fn buy(&self, phone: &str, mac: Option<MacAddr>) -> Ticket {
        let mut wish = self.wish(phone);
        wish.visit = mac.map(|mac| self.visit(mac)).unwrap_or_default();
        self.buy_this(wish).await
    }

    /// [`buy`](Self::buy) with a wish of the test's own.
    ///
    /// # Panics
    /// If that does not give a ticket.
    pub async fn buy_this(&self, wish: Purchase) -> Ticket {
        let begun = self.app.start_payment(wish).await;
        #[expect(clippy::panic, reason = "a test stops at the first surprise")]
        let begun = begun.unwrap_or_else(|error| panic!("no payment: {error}"));
        self.pay(&begun).await;
        let paid = self.payment(&begun).await;
        let ticket = self.ticket(paid.ticket_id).await;
        #[expect(clippy::panic, reason = "a test stops at the first surprise")]
        ticket.unwrap_or_else(|| panic!("no ticket: {paid:?}"))
    }

    /// The payer enters the PIN of the newest prompt; the callback comes and is worked off.
    ///
    /// # Panics
    /// If the callback is not taken.
    pub async fn pay(&self, payment: &Payment) {
        let number = self.gateway.charges().len();
        let reference = ScriptedGateway::reference(number);
        self.gateway.answer_query(
            &reference.checkout_request_id,
            [bando_gateways::Verdict::PAID],
        );
        let (amount, receipt) = (payment.amount.decimal(), format!("RKL{number:06}Z"));
        let body = paid_callback(&reference, &amount, &receipt);
        self.callback(&body).await;
        self.work().await;
    }

    /// A callback on the link of the newest prompt.
    ///
    /// # Panics
    /// If it is not taken.
    pub async fn callback(&self, body: &[u8]) {
        let token = self.gateway.callback_token();
        let taken = self
            .app
            .take_message(&token, crate::Incoming::new(body, "192.0.2.10"))
            .await;
        assert!(taken.is_ok(), "callback refused: {taken:?}");
    }

    /// Works off all jobs that are due and those that they make due at once.
    ///
    /// # Panics
    /// If jobs cannot be read or never end.
    pub async fn work(&self) {
        for _ in 0..1000 {
            let done = self.app.run_due_jobs().await;
            #[expect(clippy::panic, reason = "a test stops at the first surprise")]
            if done.unwrap_or_else(|error| panic!("jobs: {error}")) == 0 {
                return;
            }
        }
        #[expect(clippy::panic, reason = "a test stops at the first surprise")]
        {
            panic!("jobs never end");
        }
    }

    /// Moves the clock on in steps of at most a second, doing what is due after each, as a running
    /// program does.
    ///
    /// # Panics
    /// If that fails.
    pub async fn pass(&self, time: Duration) {
        let end = bando_domain::Clock::now(&self.clock).plus(time);
        loop {
            let left = end.since(bando_domain::Clock::now(&self.clock));
            if left.is_zero() {
                return;
            }
            self.clock.advance(left.min(Duration::from_secs(1)));
            let expired = self.app.expire_due().await;
            assert!(expired.is_ok(), "expiry: {expired:?}");
            self.work().await;
        }
    }

    /// A payment as it stands now.
    ///
    /// # Panics
    /// If it is gone.
    pub async fn payment(&self, payment: &Payment) -> Payment {
        let story = self.app.payment_story(&self.owner, payment.id).await;
        #[expect(clippy::panic, reason = "a test stops at the first surprise")]
        story
            .unwrap_or_else(|error| panic!("payment: {error}"))
            .payment
    }

    /// A ticket as it stands now.
    pub async fn ticket(&self, id: Option<TicketId>) -> Option<Ticket> {
        let page = self.app.ticket(&self.owner, id?).await;
        page.ok().map(|page| page.ticket)
    }

    /// An accounting record of a new session on the shop's router that has lasted `seconds`.
    pub fn record(
        &self,
        ticket: TicketId,
        mac: MacAddr,
        seconds: u64,
        octets: u64,
    ) -> SessionUpdate {
        SessionUpdate {
            id: self.app.new_session_id(),
            router_id: self.router.id,
            ticket_id: Some(ticket),
            acct_session_id: "80000001".into(),
            user_name: mac.to_string(),
            mac: Some(mac),
            framed_ip: Some("10.5.50.9".into()),
            at: self.app.now(),
            seconds,
            usage: Usage {
                octets_in: octets / 4,
                octets_out: octets - octets / 4,
            },
            stopped: None,
        }
    }

    /// The id of the shop's router.
    pub fn router_id(&self) -> RouterId {
        self.router.id
    }

    /// Checks everything that must hold after every run.
    ///
    /// # Panics
    /// If something does not.
    pub async fn check(&self) {
        super::assert_invariants(&self.test).await;
    }
}

/// A device by number.
impl Shop {
    /// The MAC address of device number `n`.
    pub fn device(n: u8) -> MacAddr {
        MacAddr::new([0x02, 0, 0x5E, 0x10, 0, n])
    }

    /// Terms of so many seconds or bytes.
    pub fn terms(
        seconds: Option<u32>,
        bytes: Option<u64>,
        starts: Starts,
        devices: u16,
    ) -> PlanTerms {
        PlanTerms {
            validity_seconds: seconds,
            data: bytes.map(DataLimit::from_bytes),
            starts,
            rate: None,
            device_limit: devices,
        }
    }
}

fn new_app(
    test: &TestStore,
    clock: &Arc<ManualClock>,
    entropy: &Arc<SeededEntropy>,
    gateways: &Gateways,
    routers: &Arc<RecordingRouters>,
    settings: &Settings,
) -> App {
    App::new(Parts {
        store: test.store.clone(),
        clock: Arc::clone(clock) as _,
        entropy: Arc::clone(entropy) as _,
        gateways: gateways.clone(),
        routers: Arc::clone(routers) as _,
        settings: settings.clone(),
    })
}

async fn open_business(app: &App, slug: &str) -> Result<Caller> {
    let provider = app.create_provider(slug, slug, Country::Ke).await?;
    let owner = hire(app, provider.id, slug, Role::Owner).await?;
    let settings = MpesaSettings {
        environment: "sandbox".into(),
        shortcode: "174379".into(),
        till: None,
    };
    let secrets = MpesaSecrets {
        consumer_key: Secret::new("consumer-key"),
        consumer_secret: Secret::new("consumer-secret"),
        passkey: Secret::new("passkey"),
    };
    app.save_mpesa(&owner, settings, secrets, true).await?;
    Ok(owner)
}

async fn hire(app: &App, provider: ProviderId, name: &str, role: Role) -> Result<Caller> {
    let password = Secret::new("correct horse battery");
    let account = app
        .create_account(name, &password, name, Language::En, false)
        .await?;
    app.add_member(provider, account, role).await?;
    Ok(Caller {
        account,
        name: name.to_owned(),
        provider,
        role,
    })
}

fn plan_draft(name: &str, price: &str, terms: PlanTerms) -> PlanDraft {
    PlanDraft {
        name: name.to_owned(),
        price: price.to_owned(),
        terms,
        window: None,
        on_sale: true,
        position: 0,
    }
}
