//! The Daraja simulator speaks as the real one was seen to speak.

mod by_hand;
mod calls;
mod faults;
mod initiated;
mod pull;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use bando_domain::Phone;
use bando_sim::daraja::{App, DarajaSim, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{HandClock, Seeded};

pub(super) type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

pub(super) struct Stage {
    pub(super) sim: DarajaSim,
    pub(super) client: Client,
    pub(super) token: String,
    pub(super) callback_url: String,
    pub(super) received: Received,
}

pub(super) const PHONE: &str = "254712345678";

pub(super) fn phone(digits: &str) -> Phone {
    Phone::from_international(digits).expect("a phone")
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(App::paybill("174379", "MAMA NJERI WI-FI")).await
    }

    pub(super) async fn with(app: App) -> Self {
        let seed = Seeded(Mutex::new(7));
        let addr = ([127, 0, 0, 1], 0).into();
        let sim = DarajaSim::start(addr, Arc::new(HandClock::new()), Arc::new(seed))
            .await
            .expect("a free port");
        sim.set_settings(Settings {
            processing_ms: 1,
            ..Settings::default()
        });
        let client = Client::builder().no_proxy().build().expect("a client");
        let (key, secret) = (app.consumer_key.clone(), app.consumer_secret.clone());
        sim.register_app(app);
        let (callback_url, received) = listen().await;
        let mut stage = Self {
            sim,
            client,
            token: String::new(),
            callback_url,
            received,
        };
        let (status, body) = stage.sign_in(&key, &secret).await;
        assert_eq!(status, 200);
        let body: Value = serde_json::from_str(&body).expect("json");
        assert_eq!(body["expires_in"], "3599", "a string");
        stage.token = body["access_token"].as_str().expect("a token").into();
        assert_eq!(stage.token.len(), 28);
        stage
    }

    pub(super) async fn sign_in(&self, key: &str, secret: &str) -> (u16, String) {
        let answer = self
            .client
            .get(format!(
                "{}/oauth/v1/generate?grant_type=client_credentials",
                self.sim.base_url()
            ))
            .basic_auth(key, Some(secret))
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    pub(super) fn push_body(&self, phone: &str) -> Value {
        json!({
            "BusinessShortCode": 174379, "Password": password("174379", "passkey174379"),
            "Timestamp": NOW, "TransactionType": "CustomerPayBillOnline", "Amount": "50",
            "PartyA": phone, "PartyB": "174379", "PhoneNumber": phone,
            "CallBackURL": self.callback_url, "AccountReference": "K7P2M4", "TransactionDesc": "1 hour",
        })
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = self
            .client
            .post(format!("{}{path}", self.sim.base_url()))
            .bearer_auth(&self.token)
            .json(body)
            .send()
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("text");
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    pub(super) async fn push(&self, body: &Value) -> (u16, Value) {
        self.post("/mpesa/stkpush/v1/processrequest", body).await
    }

    pub(super) async fn query(&self, id: &str) -> (u16, Value) {
        let body = json!({
            "BusinessShortCode": "174379", "Password": password("174379", "passkey174379"),
            "Timestamp": NOW, "CheckoutRequestID": id,
        });
        self.post("/mpesa/stkpushquery/v1/query", &body).await
    }

    /// Pushes to `phone` and returns the CheckoutRequestID.
    pub(super) async fn accepted(&self, phone: &str) -> String {
        let (status, body) = self.push(&self.push_body(phone)).await;
        assert_eq!(
            (status, &body["ResponseCode"]),
            (200, &json!("0")),
            "{body}"
        );
        body["CheckoutRequestID"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    pub(super) async fn callbacks(&self, count: usize) -> Vec<(HeaderMap, String)> {
        for _ in 0..500 {
            if self.received.lock().expect("lock").len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let received = self.received.lock().expect("lock").clone();
        assert_eq!(received.len(), count, "callbacks");
        received
    }
}

/// The hand clock's time on Daraja's clock face.
const NOW: &str = "20261120143500";

pub(super) fn password(shortcode: &str, passkey: &str) -> String {
    STANDARD.encode(format!("{shortcode}{passkey}{NOW}"))
}

async fn listen() -> (String, Received) {
    async fn take(
        State(received): State<Received>,
        headers: HeaderMap,
        body: String,
    ) -> &'static str {
        received.lock().expect("lock").push((headers, body));
        r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#
    }
    let received = Received::default();
    let app = Router::new()
        .route("/cb/{*token}", post(take))
        .with_state(received.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/cb/k/9f3a", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, received)
}
