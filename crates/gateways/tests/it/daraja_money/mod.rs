//! M-Pesa beyond the prompt: money paid by hand, status queries, reversals, payouts and Pull; the
//! client and the simulator, which were written from the same captures but share no code.

mod by_hand;
mod orders;
mod pull;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bando_domain::{Clock as _, Currency, Money, Phone, Secret, Timestamp};
use bando_gateways::{
    Account, Daraja, Found, Gateway as _, MessageUrls, Movement, NoStatement, Notification, Payout,
    Refund, Registered, Search, Sent, Span,
};
use bando_sim::daraja::{App, CERTIFICATE, DarajaSim, HandError, HandPayment, Settings};
use tokio::net::TcpListener;

use crate::support::{HandClock, Seeded, account, daraja};

pub(super) const PHONE: &str = "254712345678";

pub(super) type Bodies = Arc<Mutex<Vec<Vec<u8>>>>;

pub(super) struct Stage {
    pub(super) sim: DarajaSim,
    pub(super) daraja: Daraja,
    pub(super) clock: Arc<HandClock>,
    pub(super) account: Account,
    pub(super) url: String,
    received: Bodies,
}

pub(super) fn phone() -> Phone {
    Phone::from_international(PHONE).expect("a phone")
}

pub(super) fn kes(minor: i64) -> Money {
    Money::from_minor(minor, Currency::Kes)
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(App::paybill("174379", "MAMA NJERI WI-FI")).await
    }

    pub(super) async fn with(app: App) -> Self {
        let clock = Arc::new(HandClock::new());
        let seed = Arc::new(Seeded(Mutex::new(7)));
        let sim = DarajaSim::start(([127, 0, 0, 1], 0).into(), clock.clone(), seed)
            .await
            .expect("a free port");
        sim.set_settings(settings());
        let mut account = Account::from(account(sim.base_url()));
        for (name, value) in [
            ("initiator", "api174379"),
            ("certificate", CERTIFICATE),
            ("initiator_expires", "2027-01-31"),
            ("nominated_number", "0722 000 000"),
            ("c2b", "true"),
            ("pull", "true"),
        ] {
            account.settings.insert(name.into(), value.into());
        }
        let password = Secret::new("Initiator174379!");
        account
            .secrets
            .insert("initiator_password".into(), password);
        if let Some(till) = &app.till_number {
            account.settings.insert("till".into(), till.clone());
        }
        sim.register_app(app);
        let (url, received) = listen().await;
        let daraja = daraja(clock.clone());
        Self {
            sim,
            daraja,
            clock,
            account,
            url,
            received,
        }
    }

    /// The account without these settings.
    pub(super) fn without(&self, names: &[&str]) -> Account {
        let mut account = self.account.clone();
        for name in names {
            account.settings.remove(*name);
        }
        account
    }

    pub(super) async fn register(&self) -> Registered {
        let urls = MessageUrls {
            confirmation: self.url.clone(),
            validation: self.url.clone(),
        };
        self.daraja.register(&self.account, &urls).await
    }

    pub(super) async fn registered(&self) {
        let done = Registered::Done { keep: vec![] };
        assert_eq!(self.register().await, done);
    }

    pub(super) async fn pay(&self) -> Result<String, HandError> {
        let payment = HandPayment {
            phone: PHONE.into(),
            shortcode: self.receiver(),
            bill_ref_number: "K7P2M4".into(),
            amount_minor: 5_000,
        };
        self.sim.pay_by_hand(&payment).await
    }

    pub(super) fn receiver(&self) -> String {
        let till = self.account.setting("till");
        till.unwrap_or("174379").to_owned()
    }

    pub(super) async fn find(&self, account: &Account, receipt: &str) -> Found {
        let search = Search {
            receipt: receipt.into(),
            result_url: self.url.clone(),
            now: self.clock.now(),
        };
        self.daraja.find(account, &search).await
    }

    pub(super) async fn refund(&self, receipt: &str, minor: i64) -> Sent {
        let refund = Refund {
            reference: "0193f1de-0000-7000-8000-000000000002".into(),
            receipt: Some(receipt.into()),
            checkout_request_id: None,
            amount: kes(minor),
            whole: true,
            remarks: "paid twice!".into(),
            result_url: self.url.clone(),
        };
        self.daraja.refund(&self.account, &refund).await
    }

    pub(super) async fn pay_out(&self, reference: &str, amount: Money) -> Sent {
        let payout = Payout {
            reference: reference.into(),
            amount,
            phone: phone(),
            remarks: "weekly".into(),
            result_url: self.url.clone(),
        };
        self.daraja.pay_out(&self.account, &payout).await
    }

    pub(super) async fn statement(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Movement>, NoStatement> {
        self.daraja
            .statement(&self.account, &Span { from, to })
            .await
    }

    /// The messages received, when there are so many.
    pub(super) async fn messages(&self, count: usize) -> Vec<Notification> {
        for _ in 0..500 {
            if self.received.lock().expect("lock").len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let received = self.received.lock().expect("lock").clone();
        assert_eq!(received.len(), count, "messages");
        let read = |body: &Vec<u8>| self.daraja.read_message(body).expect("a message");
        received.iter().map(read).collect()
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        processing_ms: 1,
        ..Settings::default()
    }
}

async fn listen() -> (String, Bodies) {
    async fn take(State(received): State<Bodies>, body: axum::body::Bytes) -> &'static str {
        received.lock().expect("lock").push(body.to_vec());
        r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#
    }
    let received = Bodies::default();
    let app = Router::new()
        .route("/cb/{*token}", post(take))
        .with_state(received.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/cb/k/9f3a", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, received)
}
