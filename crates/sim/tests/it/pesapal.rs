//! The Pesapal simulator speaks as the real one was recorded to speak.

use std::sync::{Arc, Mutex};

use bando_sim::pesapal::{Merchant, PayBy, PesapalSim, Settings};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::{HandClock, Seeded};

struct Stage {
    sim: PesapalSim,
    client: Client,
    token: String,
}

impl Stage {
    async fn new() -> Self {
        let seed = Seeded(Mutex::new(7));
        let addr = ([127, 0, 0, 1], 0).into();
        let sim = PesapalSim::start(addr, Arc::new(HandClock::new()), Arc::new(seed))
            .await
            .expect("a free port");
        sim.register_merchant(Merchant::named("njeri"));
        let client = Client::builder().no_proxy().build().expect("a client");
        let mut stage = Self {
            sim,
            client,
            token: String::new(),
        };
        let (status, body) = stage.sign_in("secret-njeri").await;
        assert_eq!((status, &body["status"]), (200, &json!("200")));
        // The hand clock stands at 11:35 UTC: five minutes later, to seven digits.
        assert_eq!(body["expiryDate"], "2026-11-20T11:40:00.0003772Z");
        stage.token = body["token"].as_str().expect("a token").to_owned();
        stage
    }

    async fn sign_in(&self, secret: &str) -> (u16, Value) {
        let keys = json!({"consumer_key": "key-njeri", "consumer_secret": secret});
        self.post("/api/Auth/RequestToken", &keys).await
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.sim.base_url());
        let request = self.client.post(url).bearer_auth(&self.token).json(body);
        self.send(request).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.sim.base_url());
        self.send(self.client.get(url).bearer_auth(&self.token))
            .await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("text");
        (status, serde_json::from_str(&text).unwrap_or(text.into()))
    }

    async fn register(&self) -> String {
        let (_, body) = self
            .post(
                "/api/URLSetup/RegisterIPN",
                &json!({"url": "http://127.0.0.1:9/ipn", "ipn_notification_type": "GET"}),
            )
            .await;
        assert_eq!(body["ipn_status_decription"], "Active", "sic");
        assert_eq!(body["notification_type"], 0);
        body["ipn_id"].as_str().expect("an id").to_owned()
    }

    async fn submit(&self, body: &Value) -> Value {
        let path = "/api/Transactions/SubmitOrderRequest";
        let (status, body) = self.post(path, body).await;
        assert_eq!(status, 200, "errors, too: {body}");
        body
    }

    async fn status(&self, id: &str) -> Value {
        let path = format!("/api/Transactions/GetTransactionStatus?orderTrackingId={id}");
        self.get(&path).await.1
    }
}

fn order(id: &str, ipn_id: &str) -> Value {
    json!({
        "id": id, "currency": "KES", "amount": 100.00, "description": "1 hour",
        "callback_url": "https://example.com/back", "notification_id": ipn_id,
        "billing_address": {"phone_number": "0712345678"},
    })
}

#[tokio::test]
async fn errors_come_with_http_200_and_an_error_type() {
    let mut stage = Stage::new().await;
    let (status, body) = stage.sign_in("wrong").await;
    let code = "invalid_consumer_key_or_secret_provided";
    let error = json!({"error_type": "api_error", "code": code, "message": ""});
    assert_eq!(status, 200);
    assert_eq!(body, json!({"error": error, "status": "500"}));
    let ipn_id = stage.register().await;
    stage.token = "ey.J.x".into();
    for bad_token_500 in [false, true] {
        stage.sim.set_settings(Settings {
            bad_token_500,
            ..Settings::default()
        });
        let (status, body) = stage
            .post("/api/Transactions/SubmitOrderRequest", &order("a", &ipn_id))
            .await;
        assert_eq!(status, if bad_token_500 { 500 } else { 401 });
        assert_eq!(body["error"]["code"], "invalid_api_credentials_provided");
    }
}

#[tokio::test]
async fn an_order_is_pending_then_paid() {
    let stage = Stage::new().await;
    let ipn_id = stage.register().await;
    let (_, list) = stage.get("/api/URLSetup/GetIpnList").await;
    assert_eq!(list[0]["ipn_id"], ipn_id.as_str());
    let body = stage.submit(&order("AA1122-3344ZZ", &ipn_id)).await;
    assert_eq!(
        (&body["status"], &body["error"]),
        (&json!("200"), &Value::Null)
    );
    let id = body["order_tracking_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let page = body["redirect_url"].as_str().expect("a page");
    assert!(page.ends_with(&format!(
        "/pesapaliframe/PesapalIframe3/Index?OrderTrackingId={id}"
    )));

    let pending = stage.status(&id).await;
    assert_eq!(pending["status"], "500");
    assert_eq!(pending["status_code"], 0);
    assert_eq!(pending["error"]["code"], "payment_details_not_found");
    assert_eq!(pending["error"]["message"], "Pending Payment");

    let code = stage.sim.pay(&id, PayBy::Mpesa).expect("open");
    let paid = stage.status(&id).await;
    assert_eq!(paid["confirmation_code"].as_str(), code.as_deref());
    assert_eq!(
        [
            &paid["status_code"],
            &paid["payment_method"],
            &paid["payment_account"]
        ],
        [&json!(1), &json!("MpesaKE"), &json!("2547xxx45678")]
    );
    assert_eq!(paid["created_date"], "2026-11-20T14:35:00.00", "in Nairobi");
    assert_eq!(paid["error"]["code"], Value::Null);
}

#[tokio::test]
async fn orders_are_checked_field_by_field() {
    let stage = Stage::new().await;
    let ipn_id = stage.register().await;
    let with = |name: &str, value: Value| {
        let mut order = order("AA1122", &ipn_id);
        order[name] = value;
        order
    };
    for (wrong, code) in [
        (with("id", json!("a/b")), "invalid_api_request_parameters"),
        (
            with("id", json!("a".repeat(51))),
            "invalid_api_request_parameters",
        ),
        (
            with("currency", json!("XOF")),
            "invalid_api_request_parameters",
        ),
        (with("amount", json!(0)), "invalid_api_request_parameters"),
        (
            with("amount", json!(1.001)),
            "invalid_api_request_parameters",
        ),
        (
            with("description", json!("")),
            "invalid_api_request_parameters",
        ),
        (
            with("billing_address", json!({})),
            "invalid_api_request_parameters",
        ),
        (
            with("callback_url", json!("back")),
            "invalid_api_request_parameters",
        ),
        (with("notification_id", json!("none")), "invalid_ipn_id"),
        (
            with("amount", json!(2_000_000)),
            "maximum_amount_limit_exceeded",
        ),
        (
            with(
                "subscription_details",
                json!({"start_date": "24-01-2023", "end_date": "31-12-2023", "frequency": "DAILY"}),
            ),
            "invalid_api_request_parameters",
        ),
    ] {
        let body = stage.submit(&wrong).await;
        assert_eq!(body["error"]["code"], code, "{wrong}");
        assert_eq!(body["order_tracking_id"], Value::Null);
    }
    assert!(stage.sim.books().orders.is_empty());
    stage.submit(&order("AA1122", &ipn_id)).await;
    let twice = stage.submit(&order("AA1122", &ipn_id)).await;
    assert_eq!(twice["error"]["code"], "duplicate_order_id");
}

#[tokio::test]
async fn the_control_addresses_do_what_the_functions_do() {
    let stage = Stage::new().await;
    let origin = stage.sim.base_url().trim_end_matches("/pesapalv3");
    let control = async |path: &str, body: Value| {
        let request = stage.client.post(format!("{origin}{path}")).json(&body);
        stage.send(request).await
    };
    let script = json!({"phone": "0712345678", "scenario": "ipn_never"});
    assert_eq!(control("/sim/script", script).await.0, 200);
    let ipn_id = stage.register().await;
    let body = stage.submit(&order("a", &ipn_id)).await;
    let id = body["order_tracking_id"].clone();
    for _ in 0..300 {
        let books = stage.client.get(format!("{origin}/sim/books"));
        let (_, books) = stage.send(books).await;
        if books["orders"][0]["state"] == "completed" {
            assert_eq!(books["moved"][0]["order_tracking_id"], id);
            let which = json!({"order_tracking_id": id});
            assert_eq!(control("/sim/reverse", which.clone()).await.0, 200);
            assert_eq!(control("/sim/reverse", which).await.0, 400, "once");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never paid");
}
