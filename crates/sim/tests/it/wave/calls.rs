//! Sessions, transactions, refunds and errors.

use bando_sim::wave::{Call, Fault, PayError, Shows, Wallet};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, payer};

#[tokio::test]
async fn a_session_has_waves_shape() {
    let stage = Stage::new().await;
    let (status, session) = stage.create(json!({})).await;
    assert_eq!(status, 200);
    let id = session["id"].as_str().expect("an id");
    assert!(id.starts_with("cos-"), "{id}");
    assert_eq!(session["amount"], "1000");
    assert_eq!(session["checkout_status"], "open");
    assert_eq!(session["payment_status"], "processing");
    assert_eq!(session["when_created"], "2026-11-20T11:35:00Z");
    assert_eq!(session["when_expires"], "2026-11-20T12:05:00Z");
    for none in ["transaction_id", "when_completed", "last_payment_error"] {
        assert_eq!(session[none], Value::Null, "{none}");
    }
    let launch = session["wave_launch_url"].as_str().expect("a url");
    assert!(
        launch.ends_with(&format!("/c/{id}?a=1000&c=XOF&m=Cyber%20Yop")),
        "{launch}"
    );
}

#[tokio::test]
async fn a_session_is_found_by_id_reference_and_transaction() {
    let stage = Stage::new().await;
    let id = stage.session().await;
    let transaction = stage.sim.pay(&id, &payer()).expect("paid");
    let (_, by_id) = stage.get(&format!("/v1/checkout/sessions/{id}")).await;
    assert_eq!(by_id["checkout_status"], "complete");
    assert_eq!(by_id["payment_status"], "succeeded");
    assert_eq!(by_id["transaction_id"], transaction.as_str());
    let path = format!("/v1/checkout/sessions?transaction_id={transaction}");
    assert_eq!(stage.get(&path).await, (200, by_id.clone()));
    let path = "/v1/checkout/sessions/search?client_reference=ORD-1";
    assert_eq!(stage.get(path).await, (200, json!({"result": [by_id]})));
    let path = "/v1/checkout/sessions/search?client_reference=ORD-2";
    assert_eq!(stage.get(path).await, (200, json!({"result": []})));
    let (status, error) = stage.get("/v1/checkout/sessions/cos-nothing").await;
    assert_eq!(status, 404);
    assert_eq!(error["code"], "checkout-session-not-found");
    assert_eq!(stage.sim.pay(&id, &payer()), Err(PayError::NotOpen), "once");
}

#[tokio::test]
async fn keys_are_refused_in_waves_words() {
    let stage = Stage::new().await;
    stage.sim.register(Wallet {
        revoked: true,
        ..Wallet::ivorian("revoked", "R")
    });
    stage.sim.register(Wallet {
        disabled: true,
        ..Wallet::ivorian("disabled", "D")
    });
    stage.sim.register(Wallet {
        history: false,
        ..Wallet::ivorian("narrow", "N")
    });
    for (header, status, code) in [
        (None, 401, "missing-auth-header"),
        (Some("Basic abc"), 401, "invalid-auth"),
        (Some("Bearer "), 401, "api-key-not-provided"),
        (Some("Bearer nobody"), 401, "no-matching-api-key"),
        (Some("Bearer wave_ci_prod_revoked"), 401, "api-key-revoked"),
        (Some("Bearer wave_ci_prod_disabled"), 403, "disabled-wallet"),
        (
            Some("Bearer wave_ci_prod_narrow"),
            403,
            "unauthorized-wallet",
        ),
    ] {
        let (got, error) = stage
            .call_as(header, Method::GET, "/v1/balance", None)
            .await;
        assert_eq!(
            (got, error["code"].as_str()),
            (status, Some(code)),
            "{header:?}"
        );
    }
    assert_eq!(stage.sim.books().refused, 7);
}

#[tokio::test]
async fn bad_requests_are_named_by_field() {
    let stage = Stage::new().await;
    for (changes, field) in [
        (json!({"amount": 1000}), "amount"),
        (json!({"amount": "10.50"}), "amount"),
        (json!({"amount": "010"}), "amount"),
        (json!({"currency": "KES"}), "currency"),
        (json!({"success_url": "nonsense"}), "success_url"),
        (
            json!({"restrict_payer_mobile": "0707123456"}),
            "restrict_payer_mobile",
        ),
        (
            json!({"client_reference": "x".repeat(256)}),
            "client_reference",
        ),
    ] {
        let (status, error) = stage.create(changes).await;
        assert_eq!(status, 422, "{field}");
        assert_eq!(error["code"], "request-validation-error");
        assert_eq!(error["details"][0]["loc"][0], field);
    }
    assert_eq!(stage.sim.books().sessions, []);
}

#[tokio::test]
async fn sessions_expire_by_time_and_by_hand() {
    let stage = Stage::new().await;
    let by_hand = stage.session().await;
    let path = format!("/v1/checkout/sessions/{by_hand}/expire");
    assert_eq!(stage.post(&path).await.0, 200);
    assert_eq!(stage.post(&path).await.0, 409, "only once");
    assert_eq!(
        stage.post("/v1/checkout/sessions/cos-x/expire").await.0,
        404
    );
    let by_time = stage.session().await;
    stage.wait(1800);
    assert_eq!(stage.sim.pay(&by_time, &payer()), Err(PayError::NotOpen));
    let (_, session) = stage.get(&format!("/v1/checkout/sessions/{by_time}")).await;
    assert_eq!(session["checkout_status"], "expired");
}

#[tokio::test]
async fn refunds_happen_once_and_in_full() {
    let stage = Stage::new().await;
    let id = stage.session().await;
    let path = format!("/v1/checkout/sessions/{id}/refund");
    let (status, error) = stage.post(&path).await;
    assert_eq!(
        (status, error["code"].as_str()),
        (409, Some("checkout-refund-failed"))
    );
    stage.sim.pay(&id, &payer()).expect("paid");
    for _ in 0..2 {
        assert_eq!(stage.post(&path).await, (200, Value::String(String::new())));
    }
    let by_link = stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 500, &payer())
        .expect("paid");
    let path = format!("/v1/transactions/{by_link}/refund");
    for _ in 0..2 {
        assert_eq!(stage.post(&path).await.0, 200);
    }
    assert_eq!(stage.post("/v1/transactions/T_NOTHING/refund").await.0, 404);
    let books = stage.sim.books();
    assert_eq!(books.transactions.len(), 4);
    assert_eq!(books.received_minor[&stage.wallet.merchant_id], 0);
    let (_, balance) = stage.get("/v1/balance").await;
    assert_eq!(balance, json!({"amount": "0", "currency": "XOF"}));
}

#[tokio::test]
async fn transactions_come_by_day_and_page_net_of_fees() {
    let stage = Stage::new().await;
    for amount in [100, 200, 300] {
        stage
            .sim
            .pay_link(&stage.wallet.merchant_id, amount, &payer())
            .expect("paid");
    }
    stage.wait(24 * 3600);
    stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 400, &payer())
        .expect("paid");
    let (_, first) = stage.get("/v1/transactions?date=2026-11-20").await;
    assert_eq!(first["page_info"]["has_next_page"], true);
    let item = &first["items"][1];
    assert_eq!(
        (&item["amount"], &item["fee"]),
        (&json!("198"), &json!("2"))
    );
    assert_eq!(item["transaction_type"], "merchant_payment");
    assert_eq!(item["counterparty_mobile"], "+2250707123456");
    let cursor = first["page_info"]["end_cursor"].as_str().expect("a cursor");
    let (_, second) = stage
        .get(&format!("/v1/transactions?date=2026-11-20&after={cursor}"))
        .await;
    assert_eq!(second["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["page_info"]["has_next_page"], false);
    let (_, today) = stage.get("/v1/transactions").await;
    assert_eq!(today["items"][0]["amount"], "396");
}

#[tokio::test]
async fn faults_strike_before_or_after_the_call_is_done() {
    let stage = Stage::new().await;
    for (fault, status) in [
        (Fault::before(Shows::Status(503)), 503),
        (Fault::before(Shows::Status(429)), 429),
        (Fault::after(Shows::Status(500)), 500),
    ] {
        stage.sim.fault(Call::Create, fault);
        assert_eq!(stage.create(json!({})).await.0, status);
    }
    assert_eq!(
        stage.sim.books().sessions.len(),
        1,
        "only the last was done"
    );
    assert_eq!(stage.create(json!({})).await.0, 200, "faults strike once");
}

#[tokio::test]
async fn the_pages_let_a_browser_pay() {
    let stage = Stage::new().await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let (_, session) = stage.create(json!({})).await;
    let url = session["wave_launch_url"].as_str().expect("a url");
    let page = client
        .get(url)
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(page.contains("Cyber Yop"), "{page}");
    let form = "phone=07+07+12+34+56&act=pay";
    let paid = client
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .expect("an answer");
    assert_eq!(paid.headers()["location"], "https://bando.test/p/1");

    let link = format!("{}?amount=200", stage.sim.merchant_link(&stage.wallet));
    let page = client
        .get(&link)
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(page.contains("value=\"200\""), "{page}");
    let paid = client
        .post(&link)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("phone=0707123456&amount=200")
        .send()
        .await
        .expect("an answer");
    let books = stage.sim.books();
    assert!(
        paid.text()
            .await
            .expect("text")
            .contains(&books.transactions[1].id)
    );
    assert_eq!(books.received_minor[&stage.wallet.merchant_id], 1200);
}
