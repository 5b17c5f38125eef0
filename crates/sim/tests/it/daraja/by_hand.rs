//! C2B: registering URLs, validation, confirmation and its faults.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use bando_domain::{Currency, Money};
use bando_sim::daraja::{
    App, Delivery, ForgedConfirmation, HandError, HandPayment, MessageKind, Scenario, Settings,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{PHONE, Stage, phone};

fn payment(shortcode: &str) -> HandPayment {
    HandPayment {
        phone: "0712345678".into(),
        shortcode: shortcode.into(),
        bill_ref_number: "K7P2M4".into(),
        amount_minor: 5_000,
    }
}

fn settings() -> Settings {
    Settings {
        processing_ms: 1,
        ..Settings::default()
    }
}

impl Stage {
    fn urls(&self) -> Value {
        json!({
            "ShortCode": "174379", "ResponseType": "Completed",
            "ConfirmationURL": self.callback_url, "ValidationURL": self.callback_url,
        })
    }

    async fn register(&self, version: &str, body: &Value) -> (u16, Value) {
        self.post(&format!("/mpesa/c2b/{version}/registerurl"), body)
            .await
    }

    async fn registered(&self, version: &str) {
        assert_eq!(self.register(version, &self.urls()).await.0, 200);
    }

    async fn messages(&self, count: usize) -> Vec<Value> {
        let received = self.callbacks(count).await;
        let parse = |text: &str| serde_json::from_str(text).expect("json");
        received.iter().map(|(_, text)| parse(text)).collect()
    }
}

/// A ValidationURL that gives this answer after so many milliseconds.
async fn validator(answer: &'static str, after_ms: u64) -> String {
    let app = Router::new().route(
        "/v/{*token}",
        post(move || async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            answer
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v/9f3a", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn urls_are_registered_with_the_portals_words() {
    let stage = Stage::new().await;
    for version in ["v1", "v2"] {
        let (status, body) = stage.register(version, &stage.urls()).await;
        assert_eq!(status, 200);
        assert_eq!(body["ResponseCode"], "0");
        assert_eq!(body["ResponseDescription"], "Success");
        assert!(body["OriginatorCoversationID"].is_string(), "sic: {body}");
    }
    for (field, value) in [
        ("ShortCode", json!("600000")),
        ("ResponseType", json!("completed")),
        ("ConfirmationURL", json!("http://a.co.ke/mpesa")),
        ("ValidationURL", json!("")),
    ] {
        let mut wrong = stage.urls();
        wrong[field] = value;
        let (status, body) = stage.register("v2", &wrong).await;
        let said = format!("Bad Request - Invalid {field}");
        assert_eq!((status, &body["errorMessage"]), (400, &json!(said)));
    }
    assert_eq!(stage.register("v3", &stage.urls()).await.0, 404);
}

#[tokio::test]
async fn production_registers_once_until_the_portal_forgets() {
    let stage = Stage::new().await;
    stage.sim.set_settings(Settings {
        production: true,
        ..settings()
    });
    let mut urls = stage.urls();
    assert_eq!(stage.register("v2", &urls).await.0, 400, "not https");
    urls["ConfirmationURL"] = json!("https://wifi.example.co.ke/cb/k/1");
    urls["ValidationURL"] = json!("https://wifi.example.co.ke/cb/k/2");
    assert_eq!(stage.register("v2", &urls).await.0, 200);
    let (status, body) = stage.register("v2", &urls).await;
    assert_eq!((status, &body["errorCode"]), (500, &json!("500.003.1001")));
    assert_eq!(body["errorMessage"], "Urls are already registered");
    stage.sim.forget_urls("174379");
    assert_eq!(stage.register("v2", &urls).await.0, 200);
    let simulated = json!({"ShortCode": 174379, "CommandID": "CustomerPayBillOnline",
        "Amount": 1, "Msisdn": 254_708_374_149_u64, "BillRefNumber": "x"});
    assert_eq!(
        stage.post("/mpesa/c2b/v2/simulate", &simulated).await.0,
        404,
        "sandbox only"
    );
}

#[tokio::test]
async fn a_payment_by_hand_is_confirmed_in_the_portals_shape() {
    let stage = Stage::new().await;
    stage.registered("v2").await;
    let receipt = stage
        .sim
        .pay_by_hand(&payment("174379"))
        .await
        .expect("paid");
    let said = stage.messages(1).await.remove(0);
    let expected = json!({
        "TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20261120143500",
        "TransAmount": "50.00", "BusinessShortCode": "174379", "BillRefNumber": "K7P2M4",
        "InvoiceNumber": "", "OrgAccountBalance": "50.00", "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 678", "FirstName": "NICHOLAS", "MiddleName": "", "LastName": "",
    });
    assert_eq!(said, expected);
    let books = stage.sim.books();
    assert_eq!(books.moved[0].receipt, receipt);
    assert_eq!(books.moved[0].checkout_request_id, "");
    assert_eq!(books.received_minor["174379"], 5_000);
    assert_eq!(books.messages[0].kind, MessageKind::Confirmation);
    assert_eq!(books.messages[0].called.status, Some(200));
    let sms = stage.sim.phones().messages(&phone(PHONE)).remove(0);
    assert!(sms.text.contains("for account K7P2M4"), "{}", sms.text);

    stage.registered("v1").await;
    stage
        .sim
        .pay_by_hand(&payment("174379"))
        .await
        .expect("paid");
    let said = stage.messages(2).await.remove(1);
    let msisdn = said["MSISDN"].as_str().expect("text");
    assert_eq!(msisdn.len(), 64, "hashed: {msisdn}");
    assert_eq!(said["OrgAccountBalance"], "100.00");
}

#[tokio::test]
async fn without_urls_the_money_moves_in_silence() {
    let stage = Stage::new().await;
    stage
        .sim
        .pay_by_hand(&payment("174379"))
        .await
        .expect("paid");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(stage.callbacks(0).await.len(), 0);
    assert_eq!(stage.sim.books().moved.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_paid_is_not() {
    let stage = Stage::new().await;
    let sim = &stage.sim;
    let with = |change: fn(&mut HandPayment)| {
        let mut payment = payment("174379");
        change(&mut payment);
        payment
    };
    for (payment, error) in [
        (with(|p| p.phone = "12".into()), HandError::NotAPhone),
        (with(|p| p.amount_minor = 5_050), HandError::Amount),
        (with(|p| p.amount_minor = 0), HandError::Amount),
        (
            with(|p| p.shortcode = "600000".into()),
            HandError::NoSuchShortcode("600000".into()),
        ),
    ] {
        assert_eq!(sim.pay_by_hand(&payment).await, Err(error));
    }
    sim.phones()
        .set_balance(&phone(PHONE), Money::from_minor(4_999, Currency::Kes));
    let broke = sim.pay_by_hand(&payment("174379")).await;
    assert_eq!(broke, Err(HandError::NotEnoughMoney));
    assert_eq!(sim.books().moved, []);
    assert_eq!(sim.books().refused_by_hand, 5);
}

#[tokio::test]
async fn validation_decides_and_its_silence_leaves_it_to_the_response_type() {
    let stage = Stage::new().await;
    stage.sim.set_settings(Settings {
        c2b_validation: true,
        validation_timeout_ms: 100,
        ..settings()
    });
    let yes = r#"{"ResultCode":"0","ResultDesc":"Accepted","ThirdPartyTransID":"ours-1"}"#;
    let no = r#"{"ResultCode":"C2B00012","ResultDesc":"Rejected"}"#;
    let rejected = |why: &str| Err(HandError::Rejected(why.to_owned()));
    let mut confirmed = 0;
    for (url, kind, expected) in [
        (validator(yes, 0).await, "Completed", Ok(())),
        (validator(no, 0).await, "Completed", rejected("C2B00012")),
        (validator(yes, 300).await, "Completed", Ok(())),
        (
            validator(yes, 300).await,
            "Cancelled",
            rejected("no answer in time"),
        ),
        (validator("<html>", 0).await, "Completed", Ok(())),
        (
            "http://127.0.0.1:9/v".into(),
            "Cancelled",
            rejected("no answer in time"),
        ),
    ] {
        let mut urls = stage.urls();
        urls["ValidationURL"] = json!(url);
        urls["ResponseType"] = json!(kind);
        assert_eq!(stage.register("v2", &urls).await.0, 200);
        let paid = stage.sim.pay_by_hand(&payment("174379")).await;
        assert_eq!(paid.map(drop), expected, "{kind} {url}");
        confirmed += usize::from(expected.is_ok());
        stage.messages(confirmed).await;
    }
    let first = stage.messages(confirmed).await.remove(0);
    assert_eq!(first["ThirdPartyTransID"], "ours-1", "passed on");
    let books = stage.sim.books();
    let asked = books
        .messages
        .iter()
        .find(|message| message.kind == MessageKind::Validation)
        .expect("asked");
    let asked: Value = serde_json::from_str(&asked.called.body).expect("json");
    assert_eq!(asked["OrgAccountBalance"], "", "blank on validation");
    assert_eq!((books.moved.len(), books.refused_by_hand), (3, 3));
}

#[tokio::test]
async fn the_sandbox_simulates_both_kinds_of_merchant() {
    let stage = Stage::with(App::till("174379", "900123", "DUKA")).await;
    stage.registered("v2").await;
    let mut body = json!({"ShortCode": 900123, "CommandID": "CustomerBuyGoodsOnline",
        "Amount": 1, "Msisdn": 254_708_374_149_u64});
    let (status, answer) = stage.post("/mpesa/c2b/v2/simulate", &body).await;
    assert_eq!(status, 200);
    assert!(answer["OriginatorCoversationID"].is_string());
    let said = stage.messages(1).await.remove(0);
    assert_eq!(said["TransactionType"], "Buy Goods");
    assert_eq!(
        (&said["BillRefNumber"], &said["TransAmount"]),
        (&json!(""), &json!("1.00"))
    );
    body["BillRefNumber"] = json!("x");
    assert_eq!(
        stage.post("/mpesa/c2b/v2/simulate", &body).await.1["errorMessage"],
        "Bad Request - Invalid BillRefNumber",
        "must be absent for a till"
    );
    body["CommandID"] = json!("CustomerPayBillOnline");
    assert_eq!(stage.post("/mpesa/c2b/v2/simulate", &body).await.0, 400);
}

#[tokio::test]
async fn confirmations_are_lost_doubled_wrong_and_forged_as_scripted() {
    let stage = Stage::new().await;
    stage.registered("v2").await;
    let confirmations = vec![
        Delivery {
            amount: Some("1.00".into()),
            shortcode: Some("600001".into()),
            ..Delivery::default()
        },
        Delivery {
            after_ms: 20,
            copies: 2,
            ..Delivery::default()
        },
    ];
    let script = |confirmations| Scenario {
        confirmations,
        ..Scenario::default()
    };
    stage.sim.script(&phone(PHONE), script(confirmations));
    let receipt = stage
        .sim
        .pay_by_hand(&payment("174379"))
        .await
        .expect("paid");
    let said = stage.messages(3).await;
    assert_eq!(
        (&said[0]["TransAmount"], &said[0]["BusinessShortCode"]),
        (&json!("1.00"), &json!("600001"))
    );
    assert_eq!(
        (&said[1], &said[1]["TransAmount"]),
        (&said[2], &json!("50.00"))
    );

    stage.sim.script(&phone(PHONE), script(vec![]));
    stage
        .sim
        .pay_by_hand(&payment("174379"))
        .await
        .expect("paid");
    tokio::time::sleep(Duration::from_millis(50)).await;
    stage.messages(3).await;
    assert_eq!(
        stage.sim.replay_confirmation(&receipt, None).await,
        Some(200)
    );
    let forged = ForgedConfirmation::default();
    let status = stage
        .sim
        .forge_confirmation(&stage.callback_url, &forged)
        .await;
    assert_eq!(status, Some(200));
    let said = stage.messages(5).await;
    assert_eq!(said[4]["TransID"], "FAKE000002");
    assert_eq!(stage.sim.books().moved.len(), 2);
}

#[tokio::test]
async fn a_paid_prompt_can_appear_as_c2b_too_even_before_its_callback() {
    let stage = Stage::new().await;
    stage.registered("v2").await;
    stage.sim.set_settings(Settings {
        stk_as_c2b: true,
        ..settings()
    });
    let scenario = Scenario {
        confirmation_first: true,
        ..Scenario::pays_after(0)
    };
    stage.sim.script(&phone(PHONE), scenario);
    stage.accepted(PHONE).await;
    let said = stage.messages(2).await;
    let books = stage.sim.books();
    assert_eq!(said[0]["TransID"], json!(books.moved[0].receipt));
    assert_eq!(said[0]["BillRefNumber"], "K7P2M4", "the AccountReference");
    assert_eq!(said[1]["Body"]["stkCallback"]["ResultCode"], 0);
    assert_eq!(books.moved.len(), 1, "one payment, told twice");
}

#[tokio::test]
async fn a_customer_pays_by_http_too() {
    let stage = Stage::new().await;
    stage.registered("v2").await;
    let body = json!({"phone": "0712345678", "shortcode": "174379",
        "bill_ref_number": "A1", "amount_minor": 5_000});
    let (status, answer) = stage.post("/sim/c2b/pay", &body).await;
    assert_eq!(status, 200);
    let receipt = answer["receipt"].as_str().expect("a receipt");
    stage.messages(1).await;
    let again = stage
        .post("/sim/c2b/replay", &json!({"receipt": receipt}))
        .await;
    assert_eq!(again, (200, json!({"status": 200})));
    let forged = json!({"url": stage.callback_url, "confirmation": {"receipt": "FAKE000003"}});
    assert_eq!(stage.post("/sim/forge", &forged).await.0, 200);
    assert_eq!(stage.messages(3).await[2]["TransID"], "FAKE000003");
    let nobody = json!({"phone": "0712345678", "shortcode": "1", "amount_minor": 5_000});
    assert_eq!(stage.post("/sim/c2b/pay", &nobody).await.0, 400);
    let forget = json!({"shortcode": "174379"});
    assert_eq!(stage.post("/sim/c2b/forget", &forget).await.0, 200);
    assert_eq!(
        stage
            .post("/sim/c2b/replay", &json!({"receipt": receipt}))
            .await
            .0,
        400
    );
}
