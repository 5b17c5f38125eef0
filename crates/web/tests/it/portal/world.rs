//! A shop with plans, M-Pesa and a router, and browsers that look at its portal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use bando_app::{
    App, Asks, Caller, Disconnected, GatewayAccount, MpesaSecrets, MpesaSettings, Parts, Plan,
    PlanDraft, RouterControl, RouterDraft, Settings,
};
use bando_domain::{
    AccountId, Clock, Country, DataLimit, Language, MacAddr, PaymentFailure, PlanTerms, ProviderId,
    RateLimit, Secret, Starts, TicketId, Timestamp, Usage,
};
use bando_gateways::{
    Account, BadSetting, Charge, Daraja, Found, Gateway, MessageError, Movement, Notification,
    Pesapal, Profile, Reference, Search, Start, TestReport, TestResult, Timeouts, Verdict,
    WaveLink,
};
use bando_store::testing::{ManualClock, SeededEntropy, TestStore, stores};
use bando_store::{Provider, Role, Session, SessionUpdate};
use bando_web::Web;

/// Friday 20 November 2026, 15:42:07 in Nairobi.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_178_527_000);

/// The address of the shop's hotspot.
pub(crate) const HOTSPOT: &str = "10.5.50.1";

/// A gateway that answers as it is told to, and reads messages as the real one does.
pub(crate) struct ScriptedGateway {
    real: Arc<dyn Gateway>,
    starts: Mutex<VecDeque<Start>>,
    verdict: Mutex<Option<Verdict>>,
    found: Mutex<Option<Found>>,
    /// What it was asked to charge.
    pub(crate) charges: Mutex<Vec<Charge>>,
}

impl ScriptedGateway {
    fn of(real: Arc<dyn Gateway>) -> Arc<Self> {
        Arc::new(Self {
            real,
            starts: Mutex::default(),
            verdict: Mutex::default(),
            found: Mutex::default(),
            charges: Mutex::default(),
        })
    }

    /// What searches by receipt find from now on; without, that this account cannot be asked.
    pub(crate) fn find_only(&self, movement: Movement) {
        *self.found.lock().unwrap() = Some(Found::Movement(movement));
    }

    /// The next prompt is answered so; without, it is accepted.
    pub(crate) fn answer(&self, start: Start) {
        self.starts.lock().unwrap().push_back(start);
    }

    /// What queries say from now on; without, that nothing is decided.
    pub(crate) fn decide(&self, verdict: Verdict) {
        *self.verdict.lock().unwrap() = Some(verdict);
    }

    /// The path of the callback address of the newest charge.
    pub(crate) fn callback_path(&self) -> String {
        let charges = self.charges.lock().unwrap();
        let url = &charges.last().expect("a charge").callback_url;
        url.strip_prefix("https://wifi.example")
            .expect("our own address")
            .to_owned()
    }

    /// The CheckoutRequestID of the newest charge.
    pub(crate) fn checkout(&self) -> String {
        format!("ws_CO_{}", self.charges.lock().unwrap().len())
    }
}

#[async_trait]
impl Gateway for ScriptedGateway {
    fn profile(&self) -> &'static Profile {
        self.real.profile()
    }

    fn check(&self, _: &Account) -> Result<(), BadSetting> {
        Ok(())
    }

    async fn start(&self, _: &Account, charge: &Charge) -> Start {
        let number = {
            let mut charges = self.charges.lock().unwrap();
            charges.push(charge.clone());
            charges.len()
        };
        let scripted = self.starts.lock().unwrap().pop_front();
        let is_push = self.profile().asks == Asks::Push;
        scripted.unwrap_or_else(|| Start::Accepted {
            reference: Reference {
                merchant_request_id: if is_push {
                    format!("m-{number}")
                } else {
                    charge.reference.clone()
                },
                checkout_request_id: format!("ws_CO_{number}"),
            },
            redirect: (!is_push).then(|| format!("https://pay.example/{number}?a=1&b=2")),
        })
    }

    async fn query(&self, _: &Account, _: &Reference) -> Verdict {
        let verdict = self.verdict.lock().unwrap().clone();
        verdict.unwrap_or_else(|| Verdict::Pending {
            why: "not decided".into(),
        })
    }

    async fn find(&self, _: &Account, _: &Search) -> Found {
        let found = self.found.lock().unwrap().clone();
        found.unwrap_or(Found::CannotAsk)
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        self.real.read_message(body)
    }

    fn acknowledgement(&self, body: &[u8]) -> String {
        self.real.acknowledgement(body)
    }

    async fn test(&self, _: &Account) -> TestReport {
        TestReport {
            sign_in: TestResult::Passed,
            shortcode: TestResult::Passed,
        }
    }
}

/// No router takes orders in these tests.
struct Silent;

#[async_trait]
impl RouterControl for Silent {
    async fn disconnect(&self, _: &bando_store::Router, _: &Session) -> Disconnected {
        Disconnected::NoAnswer
    }
}

/// One database with a shop on it, and the web server in front.
pub(crate) struct World {
    /// Dropping it drops the database.
    pub(crate) test: TestStore,
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) gateway: Arc<ScriptedGateway>,
    /// Another, with a page of its own; nobody has an account with it yet.
    pub(crate) pesapal: Arc<ScriptedGateway>,
    pub(crate) web: Router,
    pub(crate) provider: Provider,
    pub(crate) owner: Caller,
    pub(crate) router: bando_store::Router,
    /// An hour for KES 20, and a day with 2 GB on two devices for KES 50.
    pub(crate) plans: [Plan; 2],
}

/// A world on each engine.
pub(crate) async fn worlds() -> Vec<World> {
    let entropy = Arc::new(SeededEntropy::new(11));
    let mut worlds = Vec::new();
    for test in stores(&*entropy).await {
        worlds.push(World::on(test, entropy.clone()).await);
    }
    worlds
}

impl World {
    async fn on(test: TestStore, entropy: Arc<SeededEntropy>) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let told: Arc<dyn Clock> = clock.clone();
        let patience = Timeouts::default();
        let gateway = ScriptedGateway::of(Arc::new(Daraja::new(told.clone(), patience).unwrap()));
        let pesapal = ScriptedGateway::of(Arc::new(Pesapal::new(told.clone(), patience).unwrap()));
        // The real one: without a key it asks nobody.
        let wave: Arc<dyn Gateway> = Arc::new(WaveLink::new(told, patience).unwrap());
        let app = App::new(Parts {
            store: test.store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            gateways: [gateway.clone() as Arc<dyn Gateway>, wave, pesapal.clone()]
                .into_iter()
                .collect(),
            routers: Arc::new(Silent),
            settings: Settings::new("https://wifi.example"),
        });
        let provider = app
            .create_provider("mama-njeri", "Mama Njeri Wi-Fi", Country::Ke)
            .await
            .unwrap();
        let owner = own(&app, &test, &clock, &entropy, provider.id, "njeri").await;
        set_up_mpesa(&app, &owner).await;
        let draft = RouterDraft {
            name: "Gate".into(),
            hotspot_host: HOTSPOT.into(),
            coa_address: None,
        };
        let router = app.add_router(&owner, draft).await.unwrap();
        let hour = sell(&app, &owner, "1 hour", "20", terms(3600, 1)).await;
        let day = PlanTerms {
            data: Some(DataLimit::from_bytes(2_000_000_000)),
            ..terms(86_400, 2)
        };
        let day = sell(&app, &owner, "Siku nzima", "50", day).await;
        let web = bando_web::router(Web {
            app: app.clone(),
            behind_proxy: true,
        });
        Self {
            test,
            app,
            clock,
            entropy,
            gateway,
            pesapal,
            web,
            provider,
            owner,
            router,
            plans: [hour, day],
        }
    }

    /// Another provider on the same server.
    pub(crate) async fn rival(&self) -> Provider {
        self.app
            .create_provider("rival", "Rival Wi-Fi", Country::Ke)
            .await
            .unwrap()
    }

    /// The shop takes Pesapal too.
    pub(crate) async fn take_pesapal(&self) {
        let account = GatewayAccount::default();
        self.app
            .save_gateway(&self.owner, "pesapal", account, true)
            .await
            .unwrap();
    }

    /// The shop hears of money that is paid by hand.
    pub(crate) async fn hear_of_money_by_hand(&self) {
        let settings = [
            ("environment", "sandbox"),
            ("shortcode", "174379"),
            ("c2b", "true"),
        ];
        let account = account_with(&settings);
        self.app
            .save_gateway(&self.owner, "mpesa", account, true)
            .await
            .unwrap();
    }

    /// A shop in Abidjan, `cocody`, with nothing but a merchant link at Wave; it sells a day for 200
    /// francs.
    pub(crate) async fn abidjan(&self) -> (Caller, Plan) {
        let provider = self
            .app
            .create_provider("cocody", "Cocody Wi-Fi", Country::Ci)
            .await
            .unwrap();
        let (clock, entropy) = (&self.clock, &self.entropy);
        let owner = own(&self.app, &self.test, clock, entropy, provider.id, "awa").await;
        let link = "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/";
        let account = account_with(&[("merchant_link", link), ("unique_amounts", "true")]);
        self.app
            .save_gateway(&owner, "wave_link", account, true)
            .await
            .unwrap();
        let plan = sell(&self.app, &owner, "24 h", "200", terms(86_400, 1)).await;
        (owner, plan)
    }

    /// What the router tells a browser to tell the portal.
    pub(crate) fn query(&self, mac: &str) -> String {
        self.query_to(mac, &format!("http://{HOTSPOT}/login"))
    }

    /// The same with another login address.
    pub(crate) fn query_to(&self, mac: &str, login: &str) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("mac", mac)
            .append_pair("ip", "10.5.50.20")
            .append_pair("identity", &self.router.identity)
            .append_pair("link-login-only", login)
            .append_pair("link-orig", "http://example.org/news?a=1&b=2")
            .append_pair("chap-id", "\\371")
            .append_pair(
                "chap-challenge",
                "\\357\\015\\001\\002\\003\\004\\005\\006\\007\\010\\011\\012\\013\\014\\016\\017",
            )
            .append_pair("error", "")
            .finish()
    }

    /// Works off what is due.
    pub(crate) async fn work(&self) {
        while self.app.run_due_jobs().await.unwrap() > 0 {}
    }

    /// The gateway says that the newest charge is paid, and it is so.
    pub(crate) async fn pay(&self, receipt: &str) {
        self.gateway.decide(Verdict::PAID);
        let body = callback(
            &self.gateway.checkout(),
            self.charges(),
            0,
            Some((receipt, "20.00")),
        );
        self.app
            .take_message(
                self.gateway.callback_path().rsplit('/').next().unwrap(),
                bando_app::Incoming::new(body.as_bytes(), "gateway"),
            )
            .await
            .unwrap();
        self.work().await;
    }

    /// How often the gateway was asked for a prompt.
    pub(crate) fn charges(&self) -> usize {
        self.gateway.charges.lock().unwrap().len()
    }

    /// A voucher for the plan.
    pub(crate) async fn voucher(&self, plan: &Plan) -> bando_store::Ticket {
        self.app
            .give_ticket(&self.owner, plan.id, "", "")
            .await
            .unwrap()
    }

    /// The device comes online with the ticket.
    pub(crate) async fn come_online(&self, ticket: TicketId, mac: &str, octets: u64) {
        let mac: MacAddr = mac.parse().unwrap();
        self.app
            .admit(self.provider.id, ticket, Some(mac))
            .await
            .unwrap()
            .unwrap();
        let update = SessionUpdate {
            id: self.app.new_session_id(),
            router_id: self.router.id,
            ticket_id: Some(ticket),
            acct_session_id: "80000001".into(),
            user_name: mac.to_string(),
            mac: Some(mac),
            framed_ip: Some("10.5.50.20".into()),
            at: self.clock.now(),
            seconds: 60,
            usage: Usage {
                octets_in: 0,
                octets_out: octets,
            },
            stopped: None,
        };
        self.app
            .record_accounting(vec![(self.provider.id, update)])
            .await
            .unwrap();
    }

    /// Moves the clock on.
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// A callback as Daraja writes it for the charge with that number.
pub(crate) fn callback(
    checkout: &str,
    number: usize,
    code: i32,
    paid: Option<(&str, &str)>,
) -> String {
    let metadata = paid.map_or(String::new(), |(receipt, amount)| {
        format!(
            r#","CallbackMetadata":{{"Item":[{{"Name":"Amount","Value":{amount}}},{{"Name":"MpesaReceiptNumber","Value":"{receipt}"}},{{"Name":"Balance"}},{{"Name":"PhoneNumber","Value":254712345678}}]}}"#
        )
    });
    format!(
        r#"{{"Body":{{"stkCallback":{{"MerchantRequestID":"m-{number}","CheckoutRequestID":"{checkout}","ResultCode":{code},"ResultDesc":"said"{metadata}}}}}}}"#
    )
}

/// A refusal of the gateway at once.
pub(crate) fn refused(failure: PaymentFailure) -> Start {
    Start::Refused {
        failure,
        code: "1".into(),
        message: "no".into(),
    }
}

fn terms(seconds: u32, devices: u16) -> PlanTerms {
    PlanTerms {
        validity_seconds: Some(seconds),
        data: None,
        starts: Starts::FirstUse,
        rate: Some(RateLimit::steady(2_000_000, 5_000_000)),
        device_limit: devices,
    }
}

async fn sell(app: &App, owner: &Caller, name: &str, price: &str, terms: PlanTerms) -> Plan {
    let draft = PlanDraft {
        name: name.into(),
        price: price.into(),
        terms,
        window: None,
        on_sale: true,
        position: 0,
    };
    app.save_plan(owner, None, draft).await.unwrap()
}

/// An account with a gateway, without secrets.
fn account_with(settings: &[(&str, &str)]) -> GatewayAccount {
    let owned = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    GatewayAccount {
        settings: owned.collect(),
        ..GatewayAccount::default()
    }
}

async fn own(
    app: &App,
    test: &TestStore,
    clock: &ManualClock,
    entropy: &SeededEntropy,
    provider: ProviderId,
    username: &str,
) -> Caller {
    let account = bando_store::Account {
        id: AccountId::new(clock, entropy),
        username: username.into(),
        password_hash: "none".into(),
        name: username.into(),
        language: Language::En,
        super_admin: false,
        created_at: clock.now(),
        disabled_at: None,
    };
    let mut tx = test.store.system().await.unwrap();
    tx.insert_account(&account).await.unwrap();
    tx.commit().await.unwrap();
    app.add_member(provider, account.id, Role::Owner)
        .await
        .unwrap();
    Caller {
        account: account.id,
        name: account.name,
        provider,
        role: Role::Owner,
    }
}

async fn set_up_mpesa(app: &App, owner: &Caller) {
    let settings = MpesaSettings {
        environment: "sandbox".into(),
        shortcode: "174379".into(),
        till: None,
    };
    let secrets = MpesaSecrets {
        consumer_key: Secret::new("key"),
        consumer_secret: Secret::new("secret"),
        passkey: Secret::new("passkey"),
    };
    app.save_mpesa(owner, settings, secrets, true)
        .await
        .unwrap();
}
