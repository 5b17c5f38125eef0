//! Two businesses with everything in them, and the whole web server in front of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bando_app::{
    App, Asks, Caller, Disconnected, GatewayAccount, MpesaSecrets, MpesaSettings, Parts, PlanDraft,
    Provider, Role, RouterControl, RouterDraft, Session, Settings,
};
use bando_domain::{Country, Language, PlanTerms, Secret, Starts, Timestamp, Usage};
use bando_gateways::{
    Account, BadSetting, Charge, DARAJA_PROFILE, Gateway, MessageError, Notification,
    PESAPAL_PROFILE, Paid, Profile, Reference, Start, TestReport, TestResult, Timeouts, Verdict,
    WaveLink,
};
use bando_store::SessionUpdate;
use bando_store::testing::{ManualClock, SeededEntropy, TestStore, stores};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// 2026-11-20 15:42:07 in Nairobi.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_178_527_000);

pub(crate) const PASSWORD: &str = "correct horse battery";

/// One database with two businesses.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) gateway: Arc<FakeGateway>,
    pub(crate) ours: Shop,
    pub(crate) theirs: Shop,
    web: Router,
    /// Dropping it drops the database.
    pub(crate) test: TestStore,
}

/// A business, with one of everything.
pub(crate) struct Shop {
    pub(crate) provider: Provider,
    pub(crate) owner: Caller,
    pub(crate) plan: String,
    pub(crate) router: bando_app::Router,
}

/// A world on each engine.
pub(crate) async fn worlds() -> Vec<World> {
    let entropy = Arc::new(SeededEntropy::new(7));
    let mut worlds = Vec::new();
    for test in stores(&*entropy).await {
        let clock = Arc::new(ManualClock::new(START));
        let gateway = Arc::new(FakeGateway::of(&DARAJA_PROFILE));
        let pesapal: Arc<dyn Gateway> = Arc::new(FakeGateway::of(&PESAPAL_PROFILE));
        // The real one: without a key it asks nobody.
        let wave = WaveLink::new(clock.clone(), Timeouts::default()).expect("TLS");
        let wave: Arc<dyn Gateway> = Arc::new(wave);
        let app = App::new(Parts {
            store: test.store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            gateways: [gateway.clone() as Arc<dyn Gateway>, wave, pesapal]
                .into_iter()
                .collect(),
            routers: Arc::new(Unplugged),
            settings: Settings {
                default_provider: Some("ours".into()),
                ..Settings::new("https://wifi.example")
            },
        });
        let web = bando_web::router(bando_web::Web {
            app: app.clone(),
            behind_proxy: false,
        });
        // One after the other: the first of somebody's businesses is the oldest.
        clock.set(START.minus(Duration::from_secs(60)));
        let ours = Shop::open(&app, "ours").await;
        clock.advance(Duration::from_secs(1));
        let theirs = Shop::open(&app, "theirs").await;
        clock.set(START);
        worlds.push(World {
            ours,
            theirs,
            app,
            clock,
            gateway,
            web,
            test,
        });
    }
    worlds
}

impl Shop {
    async fn open(app: &App, slug: &str) -> Self {
        let provider = app
            .create_provider(slug, slug, Country::Ke)
            .await
            .expect("provider");
        let owner = member(app, &provider, Role::Owner).await;
        let settings = MpesaSettings {
            environment: "sandbox".into(),
            shortcode: "174379".into(),
            till: None,
        };
        let secrets = MpesaSecrets {
            consumer_key: Secret::new("key"),
            consumer_secret: Secret::new("secret"),
            passkey: Secret::new(
                "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919",
            ),
        };
        app.save_mpesa(&owner, settings, secrets, true)
            .await
            .expect("M-Pesa");
        let plan = PlanDraft {
            name: "1 hour".into(),
            price: "10".into(),
            terms: HOUR,
            window: None,
            on_sale: true,
            position: 1,
        };
        let plan = app.save_plan(&owner, None, plan).await.expect("plan");
        let router = RouterDraft {
            name: "gate".into(),
            hotspot_host: "10.5.50.1".into(),
            coa_address: None,
        };
        Self {
            router: app.add_router(&owner, router).await.expect("router"),
            plan: plan.id.to_string(),
            provider,
            owner,
        }
    }
}

/// An account with a gateway, without secrets.
fn account_with(settings: &[(&str, &str)]) -> GatewayAccount {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    GatewayAccount {
        settings: settings.iter().map(owned).collect(),
        ..GatewayAccount::default()
    }
}

/// One hour from first use, for one device.
const HOUR: PlanTerms = PlanTerms {
    validity_seconds: Some(3600),
    data: None,
    starts: Starts::FirstUse,
    rate: None,
    device_limit: 1,
};

/// A member `role@slug` of a provider.
pub(crate) async fn member(app: &App, provider: &Provider, role: Role) -> Caller {
    let username = format!("{}@{}", role.name(), provider.slug);
    let account = app
        .create_account(
            &username,
            &Secret::new(PASSWORD),
            "Member",
            Language::En,
            false,
        )
        .await
        .expect("account");
    app.add_member(provider.id, account, role)
        .await
        .expect("member");
    Caller {
        account,
        name: "Member".into(),
        provider: provider.id,
        role,
    }
}

impl World {
    /// A request.
    pub(crate) fn call(&self, method: Method, path: impl Into<String>) -> Call<'_> {
        Call {
            world: self,
            method,
            path: path.into(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            from: [10, 0, 0, 1].into(),
        }
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    #[expect(clippy::needless_pass_by_value, reason = "json! stands in the call")]
    pub(crate) fn post(&self, path: impl Into<String>, body: Value) -> Call<'_> {
        self.call(Method::POST, path).json(&body)
    }

    /// Signs in and answers the pair of tokens.
    pub(crate) async fn sign_in(&self, username: &str) -> Value {
        let body = json!({"username": username, "password": PASSWORD});
        let answer = self.post("/api/auth/login/", body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json
    }

    /// An access token of a shop's owner.
    pub(crate) async fn owner_token(&self, shop: &Shop) -> String {
        self.token_of(&format!("owner@{}", shop.provider.slug))
            .await
    }

    /// An access token of a member.
    pub(crate) async fn token_of(&self, username: &str) -> String {
        text(&self.sign_in(username).await["access"])
    }

    /// The shop takes Pesapal too.
    pub(crate) async fn take_pesapal(&self, shop: &Shop) {
        let saved = self
            .app
            .save_gateway(&shop.owner, "pesapal", GatewayAccount::default(), true);
        saved.await.expect("saved");
    }

    /// The shop hears of money that is paid by hand.
    pub(crate) async fn hear_of_money_by_hand(&self, shop: &Shop) {
        let settings = [
            ("environment", "sandbox"),
            ("shortcode", "174379"),
            ("c2b", "true"),
        ];
        let saved = self
            .app
            .save_gateway(&shop.owner, "mpesa", account_with(&settings), true);
        saved.await.expect("saved");
    }

    /// The owner of a third business, in Abidjan: `cocody`, which has nothing but a merchant link at
    /// Wave and sells a day for 200 francs.
    pub(crate) async fn abidjan(&self) -> Caller {
        let provider = self.app.create_provider("cocody", "Cocody", Country::Ci);
        let provider = provider.await.expect("provider");
        let owner = member(&self.app, &provider, Role::Owner).await;
        let link = "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/";
        let account = account_with(&[("merchant_link", link)]);
        let saved = self.app.save_gateway(&owner, "wave_link", account, true);
        saved.await.expect("saved");
        let plan = PlanDraft {
            name: "24 h".into(),
            price: "200".into(),
            terms: HOUR,
            window: None,
            on_sale: true,
            position: 1,
        };
        self.app.save_plan(&owner, None, plan).await.expect("plan");
        owner
    }

    /// An open session of a shop, of no ticket.
    pub(crate) async fn session(&self, shop: &Shop) -> String {
        let id = self.app.new_session_id();
        let update = SessionUpdate {
            id,
            router_id: shop.router.id,
            ticket_id: None,
            acct_session_id: id.to_string(),
            user_name: "SECRETCODE".into(),
            mac: "02:00:5E:10:00:09".parse().ok(),
            framed_ip: Some("10.5.50.9".into()),
            at: self.app.now(),
            seconds: 60,
            usage: Usage {
                octets_in: 1000,
                octets_out: 2000,
            },
            stopped: None,
        };
        self.app
            .record_accounting(vec![(shop.provider.id, update)])
            .await
            .expect("accounting");
        id.to_string()
    }

    /// Begins a payment and answers what the API said.
    pub(crate) async fn pay(&self, shop: &Shop, phone: &str, mac: Option<&str>) -> Answer {
        let body = json!({"phone": phone, "plan_id": shop.plan, "mac": mac});
        let path = format!("/api/captive/{}/initiate-mpesa", shop.provider.slug);
        self.post(path, body).await
    }

    /// Lets the time pass in which payments are asked about, and does what is due.
    pub(crate) async fn settle(&self) {
        self.clock.advance(Duration::from_secs(15));
        self.app.run_due_jobs().await.expect("jobs");
    }
}

/// A request being put together; awaited, it is sent.
pub(crate) struct Call<'a> {
    world: &'a World,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
    from: IpAddr,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("header"));
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn from(mut self, last: u8) -> Self {
        self.from = [10, 0, 0, last].into();
        self
    }
}

impl<'a> IntoFuture for Call<'a> {
    type Output = Answer;
    type IntoFuture = std::pin::Pin<Box<dyn Future<Output = Answer> + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut request = Request::builder()
                .method(self.method)
                .uri(&self.path)
                .extension(ConnectInfo(SocketAddr::new(self.from, 40_000)))
                .body(Body::from(self.body))
                .expect("request");
            *request.headers_mut() = self.headers;
            let response = self.world.web.clone().oneshot(request).await;
            let (head, body) = response.expect("infallible").into_parts();
            let body = body.collect().await.expect("body").to_bytes();
            let text = String::from_utf8(body.to_vec()).expect("UTF-8");
            Answer {
                status: head.status,
                headers: head.headers,
                json: serde_json::from_str(&text).unwrap_or_default(),
                text,
            }
        })
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("ASCII"))
    }

    /// Checks that it is a problem document of this status and kind.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, kind: &str) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(
            self.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        assert_eq!(self.json["type"], format!("/api/docs#{kind}"));
        assert_eq!(self.json["status"], status);
        for member in ["title", "detail"] {
            assert!(!text(&self.json[member]).is_empty(), "{}", self.text);
        }
        self
    }

    /// Checks the status of an answer that is no problem.
    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

/// A JSON value that is a text.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A gateway as these tests need it: says of each payment what it was told to.
pub(crate) struct FakeGateway {
    profile: &'static Profile,
    paid: Mutex<bool>,
    started: Mutex<u32>,
}

impl FakeGateway {
    fn of(profile: &'static Profile) -> Self {
        Self {
            profile,
            paid: Mutex::default(),
            started: Mutex::default(),
        }
    }

    /// From now on everything asked about is paid.
    pub(crate) fn pay(&self) {
        *self.paid.lock().expect("lock") = true;
    }

    /// How often a phone was prompted.
    pub(crate) fn prompts(&self) -> u32 {
        *self.started.lock().expect("lock")
    }
}

/// The phone that the gateway refuses to prompt.
const REFUSED: &str = "254700000112";

#[async_trait]
impl Gateway for FakeGateway {
    fn profile(&self) -> &'static Profile {
        self.profile
    }

    fn check(&self, _: &Account) -> Result<(), BadSetting> {
        Ok(())
    }

    async fn start(&self, _: &Account, charge: &Charge) -> Start {
        if charge.phone.digits() == REFUSED {
            return Start::Refused {
                failure: bando_domain::PaymentFailure::PayerNotAllowed,
                code: "E3008".into(),
                message: "the user has a bad debt contract".into(),
            };
        }
        let mut started = self.started.lock().expect("lock");
        *started += 1;
        Start::Accepted {
            reference: Reference {
                merchant_request_id: format!("m-{started}"),
                checkout_request_id: format!("ws_CO_{started}_{}", charge.phone.digits()),
            },
            redirect: (self.profile.asks == Asks::Redirect)
                .then(|| format!("https://pay.example/{started}")),
        }
    }

    async fn query(&self, _: &Account, reference: &Reference) -> Verdict {
        if *self.paid.lock().expect("lock") {
            let receipt = reference.merchant_request_id.replace("m-", "TKL000000");
            return Verdict::Paid(Paid {
                receipt: Some(receipt),
                ..Paid::default()
            });
        }
        Verdict::Pending {
            why: "not yet".into(),
        }
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        Err(MessageError::TooLong(body.len()))
    }

    async fn test(&self, _: &Account) -> TestReport {
        TestReport {
            sign_in: TestResult::Passed,
            shortcode: TestResult::Passed,
        }
    }
}

/// Routers that do not answer.
struct Unplugged;

#[async_trait]
impl RouterControl for Unplugged {
    async fn disconnect(&self, _: &bando_app::Router, _: &Session) -> Disconnected {
        Disconnected::NoAnswer
    }
}
