//! The MoMo simulator speaks as the sandbox was observed to speak.

use std::sync::{Arc, Mutex};

use bando_sim::momo::{MomoSim, SUCCESSFUL, User};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{HandClock, Seeded};

const REFERENCE: &str = "15284da8-9169-446b-b1aa-d71080b9e6eb";

struct Stage {
    sim: MomoSim,
    client: Client,
    token: String,
}

impl Stage {
    async fn new() -> Self {
        let seed = Seeded(Mutex::new(7));
        let addr = ([127, 0, 0, 1], 0).into();
        let sim = MomoSim::start(addr, Arc::new(HandClock::new()), Arc::new(seed))
            .await
            .expect("a free port");
        sim.register_user(User::in_uganda("collection", "kato"));
        let client = Client::builder().no_proxy().build().expect("a client");
        let mut stage = Self {
            sim,
            client,
            token: String::new(),
        };
        let request = stage
            .sign_in("collection-key-kato")
            .header("Content-Length", "0");
        let (status, body) = send(request).await;
        assert_eq!((status, &body["expires_in"]), (200, &json!(3600)));
        stage.token = body["access_token"].as_str().expect("a token").to_owned();
        stage
    }

    fn sign_in(&self, key: &str) -> RequestBuilder {
        self.client
            .post(format!("{}/collection/token/", self.sim.base_url()))
            .basic_auth("collection-user-kato", Some(key))
            .header("Ocp-Apim-Subscription-Key", "collection-subscription-kato")
    }

    fn with_headers(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .bearer_auth(&self.token)
            .header("Ocp-Apim-Subscription-Key", "collection-subscription-kato")
            .header("X-Target-Environment", "mtnuganda")
    }

    async fn request(&self, reference: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/collection/v1_0/requesttopay", self.sim.base_url());
        let request = self.client.post(url).header("X-Reference-Id", reference);
        send(self.with_headers(request).json(body)).await
    }

    async fn state(&self, reference: &str) -> (u16, Value) {
        let base = self.sim.base_url();
        let url = format!("{base}/collection/v1_0/requesttopay/{reference}");
        send(self.with_headers(self.client.get(url))).await
    }
}

async fn send(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("text");
    (status, serde_json::from_str(&text).unwrap_or(text.into()))
}

fn body() -> Value {
    json!({
        "amount": "5000", "currency": "UGX", "externalId": "probe-1",
        "payer": {"partyIdType": "MSISDN", "partyId": "256772123456"},
        "payerMessage": "a", "payeeNote": "b",
    })
}

#[tokio::test]
async fn a_token_needs_a_length_and_the_right_keys() {
    let stage = Stage::new().await;
    let wrong = stage.sign_in("wrong").header("Content-Length", "0");
    assert_eq!(send(wrong).await.0, 401);
    // Without a word about the length of the body that there is none of: HTML.
    let address = stage.sim.base_url().trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let request = "POST /collection/token/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    connection
        .write_all(request.as_bytes())
        .await
        .expect("sent");
    let mut answer = String::new();
    connection
        .read_to_string(&mut answer)
        .await
        .expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 411"), "{answer}");
    assert!(answer.contains("<html>"), "{answer}");
}

#[tokio::test]
async fn a_request_is_accepted_once_and_tells_more_when_it_is_decided() {
    let stage = Stage::new().await;
    assert_eq!(stage.state(REFERENCE).await.0, 404);
    assert_eq!(stage.request(REFERENCE, &body()).await, (202, json!("")));
    let (status, again) = stage.request(REFERENCE, &body()).await;
    assert_eq!(
        (status, &again["code"]),
        (409, &json!("RESOURCE_ALREADY_EXIST"))
    );
    let (_, pending) = stage.state(REFERENCE).await;
    let mut expected = body();
    expected["status"] = "PENDING".into();
    assert_eq!(pending, expected, "neither reason nor receipt");
    assert!(stage.sim.decide(REFERENCE, SUCCESSFUL));
    for _ in 0..300 {
        let (_, state) = stage.state(REFERENCE).await;
        if state["status"] == SUCCESSFUL {
            assert!(state["financialTransactionId"].is_string());
            assert_eq!(state.get("reason"), None);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never decided");
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let stage = Stage::new().await;
    let with = |name: &str, value: Value| {
        let mut body = body();
        body[name] = value;
        body
    };
    let v7 = "0193f1de-0000-7000-8000-000000000001";
    assert_eq!(stage.request(v7, &body()).await.0, 400, "not of version 4");
    for wrong in [
        with("amount", json!("0")),
        with("amount", json!(5000)),
        with("payer", json!({"partyIdType": "EMAIL", "partyId": "a@b.c"})),
        with("payeeNote", json!("x".repeat(161))),
        json!([]),
    ] {
        assert_eq!(stage.request(REFERENCE, &wrong).await.0, 400, "{wrong}");
    }
    let (_, euros) = stage
        .request(REFERENCE, &with("currency", json!("EUR")))
        .await;
    assert_eq!(euros["code"], "INVALID_CURRENCY");
    stage.sim.expire_tokens();
    assert_eq!(stage.request(REFERENCE, &body()).await.0, 401);
    assert!(stage.sim.books().requests.is_empty());
}
