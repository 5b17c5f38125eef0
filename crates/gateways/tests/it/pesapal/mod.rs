//! The Pesapal client and the simulator, which were written from the same recordings but share no
//! code.

mod beyond;
mod faults;
mod payments;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::any;
use bando_domain::{Currency, Money, Phone, Secret};
use bando_gateways::{
    Account, Charge, Gateway as _, MessageUrls, Pesapal, Reference, Refund, Registered, Start,
    Timeouts, Verdict,
};
use bando_sim::pesapal::{Merchant, OrderState, PayBy, PesapalSim, Settings};
use tokio::net::TcpListener;

use crate::support::{HandClock, Seeded};

pub(super) const PHONE: &str = "254712345678";

/// Somewhere for notifications to go, answered as the client says.
#[derive(Clone)]
pub(super) struct Inbox {
    pub(super) client: Arc<Pesapal>,
    pub(super) bodies: Arc<Mutex<Vec<String>>>,
    /// How many are refused before the first is taken.
    pub(super) refuse: Arc<Mutex<u32>>,
}

pub(super) struct Stage {
    pub(super) sim: PesapalSim,
    pub(super) client: Arc<Pesapal>,
    pub(super) clock: Arc<HandClock>,
    pub(super) account: Account,
    pub(super) inbox: Inbox,
}

impl Stage {
    pub(super) async fn new() -> Self {
        let clock = Arc::new(HandClock::new());
        let seed = Arc::new(Seeded(Mutex::new(7)));
        let sim = PesapalSim::start(([127, 0, 0, 1], 0).into(), clock.clone(), seed)
            .await
            .expect("a free port");
        sim.register_merchant(Merchant::named("njeri"));
        sim.set_settings(quick());
        let timeouts = Timeouts {
            connect: Duration::from_millis(500),
            total: Duration::from_millis(500),
        };
        let client = Arc::new(Pesapal::new(clock.clone(), timeouts).expect("a client"));
        let inbox = Inbox {
            client: client.clone(),
            bodies: Arc::default(),
            refuse: Arc::default(),
        };
        let mut account = account(sim.base_url());
        let url = listen(inbox.clone()).await;
        register(&client, &mut account, &url).await;
        Self {
            sim,
            client,
            clock,
            account,
            inbox,
        }
    }

    pub(super) async fn start(&self, charge: &Charge) -> Start {
        self.client.start(&self.account, charge).await
    }

    pub(super) async fn accepted(&self, number: u32) -> Reference {
        match self.start(&charge(number)).await {
            Start::Accepted { reference, .. } => reference,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn query(&self, reference: &Reference) -> Verdict {
        self.client.query(&self.account, reference).await
    }

    pub(super) async fn paid(&self, number: u32, how: PayBy) -> (Reference, String) {
        let reference = self.accepted(number).await;
        let code = self
            .sim
            .pay(&reference.checkout_request_id, how)
            .expect("an open order")
            .expect("money moved");
        (reference, code)
    }

    /// Waits until `count` notifications have come.
    pub(super) async fn notified(&self, count: usize) -> Vec<String> {
        for _ in 0..300 {
            if self.inbox.bodies.lock().expect("lock").len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let bodies = self.inbox.bodies.lock().expect("lock").clone();
        assert_eq!(bodies.len(), count, "{bodies:?}");
        bodies
    }

    pub(super) async fn until_decided(&self) {
        for _ in 0..300 {
            let open = |state| state == OrderState::Pending;
            if !self.sim.books().orders.iter().any(|o| open(o.state)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never decided");
    }
}

pub(super) fn quick() -> Settings {
    Settings {
        notification_retry_ms: 20,
        ..Settings::default()
    }
}

pub(super) fn account(base_url: &str) -> Account {
    Account {
        settings: [("environment".to_owned(), base_url.to_owned())].into(),
        secrets: [
            ("consumer_key".to_owned(), Secret::new("key-njeri")),
            ("consumer_secret".to_owned(), Secret::new("secret-njeri")),
        ]
        .into(),
    }
}

pub(super) async fn register(client: &Pesapal, account: &mut Account, url: &str) {
    let urls = MessageUrls {
        confirmation: url.to_owned(),
        validation: url.to_owned(),
    };
    match client.register(account, &urls).await {
        Registered::Done { keep } => {
            for (name, value) in keep {
                account.settings.insert(name.to_owned(), value);
            }
        }
        other => panic!("{other:?}"),
    }
}

async fn listen(inbox: Inbox) -> String {
    async fn take(State(inbox): State<Inbox>, body: String) -> String {
        let mut refuse = inbox.refuse.lock().expect("lock");
        if *refuse > 0 {
            *refuse -= 1;
            return r#"{"status":500}"#.into();
        }
        let said = inbox.client.acknowledgement(body.as_bytes());
        inbox.bodies.lock().expect("lock").push(body);
        said
    }
    let app = Router::new()
        .route("/cb/{*token}", any(take))
        .with_state(inbox);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/cb/k/9f3a", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

pub(super) fn phone(digits: &str) -> Phone {
    Phone::from_international(digits).expect("a phone")
}

/// KES 49.50 of the unscripted number, under the reference of that number.
pub(super) fn charge(number: u32) -> Charge {
    Charge {
        reference: format!("0193f1de-0000-7000-8000-{number:012}"),
        account_reference: "K7P2M4".into(),
        description: "1 hour of internet\nand more".into(),
        amount: Money::from_minor(4_950, Currency::Kes),
        phone: phone(PHONE),
        callback_url: "http://127.0.0.1:9/unused".into(),
        return_url: format!("https://wifi.example.co.ke/pay/{number}"),
    }
}

pub(super) fn from(digits: &str, number: u32) -> Charge {
    Charge {
        phone: phone(digits),
        ..charge(number)
    }
}

/// This much of a payment, back.
pub(super) fn refund(receipt: &str, minor: i64) -> Refund {
    Refund {
        reference: "0193f1de-0000-7000-8000-0000000000aa".into(),
        receipt: Some(receipt.to_owned()),
        checkout_request_id: None,
        amount: Money::from_minor(minor, Currency::Kes),
        whole: minor == 4_950,
        remarks: "No connection".into(),
        result_url: String::new(),
    }
}
