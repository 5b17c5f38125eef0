//! The Wave simulator speaks as the real one is documented to speak.

mod calls;
mod events;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bando_domain::Phone;
use bando_sim::wave::{Settings, Wallet, WaveSim};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{HandClock, Seeded};

pub(super) const SECRET: &str = "wave_ci_WHS_secret";

pub(super) fn payer() -> Phone {
    Phone::from_international("2250707123456").expect("a phone")
}

/// What a webhook's receiver got: headers and body, in order, and what it answers (200 when empty).
#[derive(Clone, Default)]
pub(super) struct Receiver {
    pub(super) received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    pub(super) answers: Arc<Mutex<Vec<u16>>>,
}

impl Receiver {
    pub(super) async fn listen(&self) -> String {
        async fn take(State(it): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
            it.received.lock().expect("lock").push((headers, body));
            let status = it.answers.lock().expect("lock").pop().unwrap_or(200);
            StatusCode::from_u16(status).expect("a status")
        }
        let app = Router::new()
            .route("/hook", post(take))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("addr"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    /// Waits until there are `count` of them.
    pub(super) async fn wait(&self, count: usize) -> Vec<(HeaderMap, String)> {
        for _ in 0..300 {
            let all = self.received.lock().expect("lock").clone();
            if all.len() >= count {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("fewer than {count} came");
    }

    pub(super) fn types(&self) -> Vec<String> {
        let all = self.received.lock().expect("lock").clone();
        all.iter()
            .map(|(_, body)| {
                let event: Value = serde_json::from_str(body).expect("json");
                event["type"].as_str().expect("a type").to_owned()
            })
            .collect()
    }
}

pub(super) struct Stage {
    pub(super) sim: WaveSim,
    pub(super) clock: Arc<HandClock>,
    pub(super) wallet: Wallet,
    pub(super) receiver: Receiver,
    client: Client,
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
            retry_ms: vec![10, 10],
            ..Settings::default()
        });
        let receiver = Receiver::default();
        let wallet =
            Wallet::ivorian("8xQ2b7Lk", "Cyber Yop").signing(&receiver.listen().await, SECRET);
        sim.register(wallet.clone());
        Self {
            sim,
            clock,
            wallet,
            receiver,
            client: Client::builder().no_proxy().build().expect("a client"),
        }
    }

    pub(super) fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.wallet.api_key);
        self.call_as(Some(&bearer), method, path, body).await
    }

    pub(super) async fn call_as(
        &self,
        authorization: Option<&str>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.sim.base_url()));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("text");
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str) -> (u16, Value) {
        self.call(Method::POST, path, None).await
    }

    pub(super) async fn create(&self, changes: Value) -> (u16, Value) {
        let mut body = json!({
            "amount": "1000", "currency": "XOF", "client_reference": "ORD-1",
            "success_url": "https://bando.test/p/1", "error_url": "https://bando.test/p/1",
        });
        for (name, value) in changes.as_object().expect("an object") {
            body[name] = value.clone();
        }
        self.call(Method::POST, "/v1/checkout/sessions", Some(&body))
            .await
    }

    /// Makes a session; its id.
    pub(super) async fn session(&self) -> String {
        let (status, session) = self.create(json!({})).await;
        assert_eq!(status, 200);
        session["id"].as_str().expect("an id").to_owned()
    }
}
