//! Webhooks: signed, repeated, lost, late, out of order.

use bando_sim::wave::{Delivery, PayError, SCENARIOS, Scenario, Strategy, Wallet, Webhook};
use serde_json::{Value, json};

use super::{SECRET, Stage, payer};

#[tokio::test]
async fn a_payment_is_told_signed_over_time_and_body() {
    let stage = Stage::new().await;
    let id = stage.session().await;
    let transaction = stage.sim.pay(&id, &payer()).expect("paid");
    let (headers, body) = stage.receiver.wait(1).await.remove(0);
    let event: Value = serde_json::from_str(&body).expect("json");
    assert_eq!(event["type"], "checkout.session.completed");
    assert!(event["id"].as_str().is_some_and(|id| id.starts_with("EV_")));
    assert_eq!(event["data"]["transaction_id"], transaction.as_str());
    assert_eq!(event["data"]["client_reference"], "ORD-1");
    let signature = headers["wave-signature"].to_str().expect("text");
    assert!(signature.starts_with("t=1795174500,v1="), "{signature}");
    assert_eq!(signature.len(), "t=1795174500,v1=".len() + 64);
}

#[tokio::test]
async fn a_merchant_payment_is_told_net_of_the_fee() {
    let stage = Stage::new().await;
    let id = stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 1000, &payer())
        .expect("paid");
    let (_, body) = stage.receiver.wait(1).await.remove(0);
    let event: Value = serde_json::from_str(&body).expect("json");
    assert_eq!(event["type"], "merchant.payment_received");
    let data = &event["data"];
    assert_eq!(
        (
            &data["id"],
            &data["amount"],
            &data["fee"],
            &data["sender_mobile"]
        ),
        (
            &json!(id),
            &json!("990"),
            &json!("10"),
            &json!("+2250707123456")
        )
    );
}

#[tokio::test]
async fn rotation_signs_twice_and_a_shared_secret_is_a_bearer() {
    let stage = Stage::new().await;
    let url = stage.wallet.webhooks[0].url.clone();
    let webhook = |strategy| Webhook {
        url: url.clone(),
        strategy,
        secret: SECRET.into(),
        previous_secret: Some("before".into()),
    };
    let webhooks = vec![
        webhook(Strategy::SigningSecret),
        webhook(Strategy::SharedSecret),
    ];
    stage.sim.register(Wallet {
        webhooks,
        ..stage.wallet.clone()
    });
    stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 100, &payer())
        .expect("paid");
    let all = stage.receiver.wait(2).await;
    let signature = all
        .iter()
        .find_map(|(headers, _)| headers.get("wave-signature"));
    let signature = signature
        .and_then(|value| value.to_str().ok())
        .expect("signed");
    assert_eq!(signature.matches(",v1=").count(), 2, "{signature}");
    let bearer = format!("Bearer {SECRET}");
    let shared = all
        .iter()
        .find_map(|(headers, _)| headers.get("authorization"));
    assert_eq!(
        shared.and_then(|value| value.to_str().ok()),
        Some(bearer.as_str())
    );
}

#[tokio::test]
async fn what_is_not_taken_comes_again_until_it_is() {
    let stage = Stage::new().await;
    *stage.receiver.answers.lock().expect("lock") = vec![200, 503, 500];
    stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 100, &payer())
        .expect("paid");
    let all = stage.receiver.wait(3).await;
    assert!(
        all.iter().all(|(_, body)| *body == all[0].1),
        "the same event"
    );
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    let books = stage.sim.books();
    let statuses: Vec<_> = books.events[0].calls.iter().map(|c| c.status).collect();
    assert_eq!(statuses, [Some(500), Some(503), Some(200)]);
    assert_eq!(stage.sim.replay(&books.events[0].id).await, Some(200));
}

#[tokio::test]
async fn events_are_lost_doubled_and_reordered_as_scripted() {
    let stage = Stage::new().await;
    let told = |paid| Scenario {
        paid,
        ..Scenario::default()
    };
    let pay = || {
        stage
            .sim
            .pay_link(&stage.wallet.merchant_id, 100, &payer())
            .expect("paid")
    };
    stage.sim.script(&payer(), told(Delivery::LOST));
    pay();
    stage.sim.script(
        &payer(),
        told(Delivery {
            copies: 2,
            ..Delivery::default()
        }),
    );
    pay();
    assert_eq!(stage.receiver.wait(2).await.len(), 2);

    let reordered = Scenario {
        failed: Delivery::late(150),
        ..Scenario::default()
    };
    stage.sim.script(&payer(), reordered);
    let id = stage.session().await;
    stage
        .sim
        .fail(&id, &payer(), "insufficient-funds")
        .expect("open");
    stage.sim.pay(&id, &payer()).expect("paid");
    stage.receiver.wait(4).await;
    assert_eq!(
        stage.receiver.types()[2..],
        [
            "checkout.session.completed",
            "checkout.session.payment_failed"
        ]
    );
}

#[tokio::test]
async fn only_the_phone_it_is_for_may_pay() {
    let stage = Stage::new().await;
    let (_, session) = stage
        .create(json!({"restrict_payer_mobile": "+2250505000001"}))
        .await;
    let id = session["id"].as_str().expect("an id");
    assert_eq!(stage.sim.pay(id, &payer()), Err(PayError::PayerMismatch));
    stage.receiver.wait(1).await;
    assert_eq!(stage.receiver.types(), ["checkout.session.payment_failed"]);
    let session = &stage.sim.books().sessions[0];
    assert_eq!(
        session.last_payment_error.as_deref(),
        Some("payer-mobile-mismatch")
    );
}

#[tokio::test]
async fn a_number_plays_its_scenario_by_itself() {
    let stage = Stage::new().await;
    let number = SCENARIOS
        .iter()
        .find(|s| s.name == "failed_then_paid")
        .expect("named")
        .number;
    let restrict = format!("+2250700000{number}");
    stage
        .create(json!({"restrict_payer_mobile": restrict}))
        .await;
    stage.receiver.wait(2).await;
    assert_eq!(
        stage.receiver.types(),
        [
            "checkout.session.payment_failed",
            "checkout.session.completed"
        ]
    );
    assert_eq!(stage.sim.books().transactions[0].gross.minor(), 1000);
}
