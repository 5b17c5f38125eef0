//! The calls, their checks, and a payment from prompt to SMS.

use std::time::Duration;

use bando_domain::{Currency, Money};
use bando_sim::daraja::{App, Settings};
use serde_json::{Value, json};

use super::{PHONE, Stage, password, phone};

#[tokio::test]
async fn sign_in_fails_as_the_real_one_does() {
    let stage = Stage::new().await;
    assert_eq!(
        stage.sign_in("key174379", "wrong").await,
        (400, String::new())
    );
    let url = format!("{}/oauth/v1/generate", stage.sim.base_url());
    let answer = stage.client.get(&url).send().await.expect("an answer");
    let body: Value = answer.json().await.expect("json");
    assert_eq!(body["errorCode"], "400.008.02");
    let answer = stage
        .client
        .get(url + "?grant_type=client_credentials")
        .send()
        .await;
    let body: Value = answer.expect("an answer").json().await.expect("json");
    assert_eq!(body["errorCode"], "400.008.01");
    assert!(body["requestId"].is_string());
}

#[tokio::test]
async fn the_owner_pays_and_everyone_agrees() {
    let stage = Stage::new().await;
    let (status, body) = stage.push(&stage.push_body(PHONE)).await;
    assert_eq!(status, 200);
    assert_eq!(body["ResponseCode"], "0", "a string");
    let id = body["CheckoutRequestID"].as_str().expect("id");
    assert_eq!(id, "ws_CO_201120261435000712345678");
    assert_eq!(stage.query(id).await.1["ResultCode"], "4999");

    let prompt = stage.sim.phones().prompts().remove(0);
    assert_eq!(
        prompt.text,
        "Do you want to pay KSh. 50 to MAMA NJERI WI-FI Account no. K7P2M4? Enter M-PESA PIN:"
    );
    stage
        .sim
        .phones()
        .approve(&phone(PHONE), None)
        .expect("a prompt");

    let (headers, text) = stage.callbacks(1).await.remove(0);
    assert_eq!(headers["content-type"], "application/json;charset=UTF-8");
    assert_eq!(headers["businessshortcode"], "174379");
    assert!(
        text.contains(r#"{"Name":"Amount","Value":50.00}"#),
        "{text}"
    );
    assert!(text.contains(r#"{"Name":"Balance"}"#), "{text}");
    let callback: Value = serde_json::from_str(&text).expect("json");
    let callback = &callback["Body"]["stkCallback"];
    assert_eq!(callback["ResultCode"], 0, "a number");
    let items = callback["CallbackMetadata"]["Item"]
        .as_array()
        .expect("items");
    let value = |name: &str| {
        let item = items.iter().find(|item| item["Name"] == name).expect(name);
        item["Value"].clone()
    };
    assert_eq!(value("PhoneNumber"), 254_712_345_678_u64);
    assert_eq!(value("TransactionDate"), 20_261_120_143_500_u64);
    let receipt = value("MpesaReceiptNumber");
    let receipt = receipt.as_str().expect("text");
    assert_eq!((receipt.len(), &receipt[..3]), (10, "UKK"));

    let (_, answer) = stage.query(id).await;
    assert_eq!(answer["ResultCode"], "0", "a string");
    assert!(answer.get("MpesaReceiptNumber").is_none());
    let books = stage.sim.books();
    assert_eq!(books.moved.len(), 1);
    assert_eq!(books.moved[0].receipt, receipt);
    assert_eq!(books.received_minor["174379"], 5_000);
    let sms = stage.sim.phones().messages(&phone(PHONE)).remove(0);
    assert!(sms.text.starts_with(&format!(
        "{receipt} Confirmed. Ksh50.00 sent to MAMA NJERI WI-FI"
    )));
    assert_eq!(
        stage.sim.phones().balance(&phone(PHONE)),
        Money::from_minor(49_995_000, Currency::Kes)
    );
}

#[tokio::test]
async fn the_owner_cancels_mistypes_or_is_broke() {
    let stage = Stage::new().await;
    let phones = stage.sim.phones();
    let mut last = 0;
    for (code, act) in [
        (json!(1032), None),
        (json!(2001), Some("9999")),
        (json!(1), Some("1234")),
    ] {
        stage.accepted(PHONE).await;
        if code == 1 {
            phones.set_balance(&phone(PHONE), Money::from_minor(4_999, Currency::Kes));
        }
        match act {
            None => phones.cancel(&phone(PHONE)),
            Some(pin) => phones.approve(&phone(PHONE), Some(pin)),
        }
        .expect("a prompt");
        last += 1;
        let (_, text) = stage.callbacks(last).await.remove(last - 1);
        let callback: Value = serde_json::from_str(&text).expect("json");
        let callback = &callback["Body"]["stkCallback"];
        assert_eq!(callback["ResultCode"], code);
        assert!(callback.get("CallbackMetadata").is_none());
        // The clock stands still, ids must not.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        phones.approve(&phone(PHONE), None).is_err(),
        "no prompt is open"
    );
    assert_eq!(stage.sim.books().moved, []);
}

#[tokio::test]
async fn one_prompt_at_a_time_and_it_runs_out() {
    let stage = Stage::new().await;
    stage.sim.set_settings(Settings {
        prompt_seconds: 1,
        ..Settings::default()
    });
    let id = stage.accepted(PHONE).await;
    let (status, body) = stage.push(&stage.push_body(PHONE)).await;
    assert_eq!((status, &body["errorCode"]), (500, &json!("500.001.1001")));
    assert!(
        body["errorMessage"]
            .as_str()
            .is_some_and(|m| m.starts_with("Unable to lock subscriber"))
    );
    let (_, text) = stage.callbacks(1).await.remove(0);
    assert!(
        text.contains("1037") && text.contains("No response from user."),
        "{text}"
    );
    let (_, answer) = stage.query(&id).await;
    assert_eq!(answer["ResultDesc"], "DS timeout user cannot be reached.");
}

#[tokio::test]
async fn every_wrong_field_gets_its_own_error() {
    let stage = Stage::new().await;
    let body = stage.push_body(PHONE);
    for (field, value, said) in [
        (
            "BusinessShortCode",
            json!("17x379"),
            "400.002.02 Bad Request - Invalid BusinessShortCode",
        ),
        (
            "BusinessShortCode",
            json!(600_000),
            "500.001.1001 Merchant does not exist",
        ),
        (
            "Timestamp",
            json!("2026-11-20"),
            "400.002.02 Bad Request - Invalid Timestamp",
        ),
        (
            "Timestamp",
            json!("20261120113500"),
            "400.002.02 Bad Request - Invalid Timestamp",
        ),
        (
            "Password",
            json!("!"),
            "400.002.02 Bad Request - Invalid Password",
        ),
        (
            "Password",
            json!(password("174379", "other")),
            "500.001.1001 [MerchantValidate] - Wrong credentials",
        ),
        (
            "TransactionType",
            json!("PayBill"),
            "400.002.02 Bad Request - Invalid TransactionType",
        ),
        (
            "TransactionType",
            json!("CustomerBuyGoodsOnline"),
            "500.001.1001 Merchant not allowed to use CustomerBuyGoodsOnline",
        ),
        (
            "Amount",
            json!("50.00"),
            "400.002.02 Bad Request - Invalid Amount",
        ),
        (
            "Amount",
            json!(0),
            "400.002.02 Bad Request - Invalid Amount",
        ),
        (
            "Amount",
            json!(250_001),
            "400.002.02 Bad Request - Invalid Amount",
        ),
        (
            "PartyA",
            json!("0712345678"),
            "400.002.02 Bad Request - Invalid PartyA",
        ),
        (
            "PartyB",
            json!("600000"),
            "400.002.02 Bad Request - Invalid PartyB",
        ),
        (
            "PhoneNumber",
            json!("+254712345678"),
            "400.002.02 Bad Request - Invalid PhoneNumber",
        ),
        (
            "PhoneNumber",
            json!("221771234567"),
            "400.002.02 Bad Request - Invalid PhoneNumber",
        ),
        (
            "CallBackURL",
            json!("http://a.co.ke/mPesa/cb"),
            "400.002.02 Bad Request - Invalid CallBackURL",
        ),
        (
            "CallBackURL",
            json!("http://A.co.ke/cb"),
            "400.002.02 Bad Request - Invalid CallBackURL",
        ),
        (
            "CallBackURL",
            json!("/cb"),
            "400.002.02 Bad Request - Invalid CallBackURL",
        ),
        (
            "AccountReference",
            json!(""),
            "400.002.02 Bad Request - Invalid AccountReference",
        ),
        (
            "TransactionDesc",
            Value::Null,
            "400.002.02 Bad Request - Invalid Remarks",
        ),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value.clone();
        let (status, answer) = stage.push(&wrong).await;
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            format!("{} {}", text("errorCode"), text("errorMessage")),
            said,
            "{field}: {value}"
        );
        assert_eq!(status.to_string(), said[..3], "{field}: {value}");
        assert!(answer["requestId"].is_string());
    }
    let books = stage.sim.books();
    assert_eq!((books.prompts.len(), books.refused_pushes), (0, 20));
}

#[tokio::test]
async fn tokens_methods_and_content_types() {
    let mut stage = Stage::new().await;
    let url = format!("{}/mpesa/stkpush/v1/processrequest", stage.sim.base_url());
    let answer = stage
        .client
        .get(&url)
        .bearer_auth(&stage.token)
        .send()
        .await;
    let body: Value = answer.expect("an answer").json().await.expect("json");
    assert_eq!(body["errorCode"], "404.001.04");
    let answer = stage
        .client
        .post(&url)
        .bearer_auth(&stage.token)
        .body("{}")
        .send()
        .await;
    let body: Value = answer.expect("an answer").json().await.expect("json");
    assert_eq!(
        body["errorMessage"],
        "Bad Request - Invalid BusinessShortCode"
    );
    stage.sim.expire_tokens();
    let (status, body) = stage.push(&stage.push_body(PHONE)).await;
    assert_eq!((status, &body["errorCode"]), (404, &json!("404.001.03")));
    stage.token = "nonsense".into();
    assert_eq!(stage.push(&stage.push_body(PHONE)).await.0, 404);
}

#[tokio::test]
async fn a_till_takes_buy_goods_only() {
    let stage = Stage::with(App::till("174379", "9001", "DUKA")).await;
    let mut body = stage.push_body(PHONE);
    body["TransactionType"] = json!("CustomerBuyGoodsOnline");
    assert_eq!(
        stage.push(&body).await.1["errorMessage"],
        "Bad Request - Invalid PartyB"
    );
    body["PartyB"] = json!(9001);
    assert_eq!(stage.push(&body).await.0, 200);
    stage
        .sim
        .phones()
        .approve(&phone(PHONE), None)
        .expect("a prompt");
    stage.callbacks(1).await;
    assert_eq!(stage.sim.books().received_minor["9001"], 5_000);
    let sms = stage.sim.phones().messages(&phone(PHONE)).remove(0);
    assert!(sms.text.contains("paid to DUKA."), "{}", sms.text);
}
