//! The clients of Wave, against the simulator and against forgers.

mod by_link;
mod checkout;
mod faults;
mod signature;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use bando_domain::{Clock as _, Currency, Money, Phone, Secret, Timestamp};
use bando_gateways::{
    Account, Charge, Gateway as _, Message, Reference, Search, Span, Start, Timeouts, Wave,
    WaveLink,
};
use bando_sim::wave::{Settings, Wallet, WaveSim};
use tokio::net::TcpListener;

use crate::support::{HandClock, Seeded};

pub(super) const SECRET: &str = "wave_ci_WHS_testsecret";
pub(super) const REFERENCE: &str = "0199a0b0-0000-7000-8000-000000000001";

/// A webhook as it came.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Came {
    pub(super) fn message(&self, received_at: Timestamp) -> Message<'_> {
        Message {
            headers: &self.headers,
            body: self.body.as_bytes(),
            received_at,
        }
    }
}

type Inbox = Arc<Mutex<Vec<Came>>>;

pub(super) struct Stage {
    pub(super) sim: WaveSim,
    pub(super) wallet: Wallet,
    pub(super) clock: Arc<HandClock>,
    pub(super) wave: Wave,
    pub(super) link: WaveLink,
    inbox: Inbox,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let clock = Arc::new(HandClock::new());
        let seed = Arc::new(Seeded(Mutex::new(7)));
        let sim = WaveSim::start(([127, 0, 0, 1], 0).into(), clock.clone(), seed)
            .await
            .expect("a free port");
        sim.set_settings(Settings {
            page_size: 2,
            ..Settings::default()
        });
        let (url, inbox) = listen().await;
        let wallet = Wallet::ivorian("8xQ2b7Lk", "Cyber Yop").signing(&url, SECRET);
        sim.register(wallet.clone());
        let timeouts = Timeouts {
            connect: Duration::from_millis(500),
            total: Duration::from_millis(500),
        };
        Self {
            wave: Wave::new(clock.clone(), timeouts).expect("a client"),
            link: WaveLink::new(clock.clone(), timeouts).expect("a client"),
            sim,
            wallet,
            clock,
            inbox,
        }
    }

    pub(super) fn account(&self) -> Account {
        account(self.sim.base_url(), &self.wallet.api_key)
    }

    /// An account with a merchant link and nothing else.
    pub(super) fn link_account(&self) -> Account {
        let link = self.sim.merchant_link(&self.wallet);
        Account {
            settings: [
                ("environment".to_owned(), self.sim.base_url().to_owned()),
                ("merchant_link".to_owned(), link),
            ]
            .into(),
            ..Account::default()
        }
    }

    pub(super) async fn accepted(&self) -> Reference {
        match self.wave.start(&self.account(), &charge()).await {
            Start::Accepted { reference, .. } => reference,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// The webhooks so far, once there are `count`.
    pub(super) async fn came(&self, count: usize) -> Vec<Came> {
        for _ in 0..300 {
            let all = self.inbox.lock().expect("lock").clone();
            if all.len() >= count {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("fewer than {count} came");
    }

    pub(super) fn search(&self, receipt: &str) -> Search {
        Search {
            receipt: receipt.into(),
            result_url: String::new(),
            now: self.clock.now(),
        }
    }

    /// From an hour ago up to and without now.
    pub(super) fn last_hour(&self) -> Span {
        Span {
            from: self.clock.now().minus(Duration::from_secs(3600)),
            to: self.clock.now(),
        }
    }
}

pub(super) fn account(base_url: &str, api_key: &str) -> Account {
    Account {
        settings: [("environment".to_owned(), base_url.to_owned())].into(),
        secrets: [
            ("api_key".to_owned(), Secret::new(api_key)),
            ("webhook_secret".to_owned(), Secret::new(SECRET)),
        ]
        .into(),
    }
}

pub(super) fn with(mut account: Account, name: &str, value: &str) -> Account {
    account.settings.insert(name.to_owned(), value.to_owned());
    account
}

pub(super) fn payer() -> Phone {
    Phone::from_international("2250707123456").expect("a phone")
}

pub(super) fn xof(francs: i64) -> Money {
    Money::from_minor(francs, Currency::Xof)
}

/// Two hundred francs.
pub(super) fn charge() -> Charge {
    Charge {
        reference: REFERENCE.into(),
        account_reference: "K7P2".into(),
        description: "1 jour".into(),
        amount: xof(200),
        phone: payer(),
        callback_url: "https://bando.test/cb/k/9f3a".into(),
        return_url: "https://bando.test/p/1".into(),
    }
}

async fn listen() -> (String, Inbox) {
    async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: String) -> &'static str {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        inbox.lock().expect("lock").push(Came { headers, body });
        "{}"
    }
    let inbox = Inbox::default();
    let app = Router::new()
        .route("/hook", post(take))
        .with_state(inbox.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, inbox)
}
