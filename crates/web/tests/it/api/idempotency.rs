//! `Idempotency-Key`: what is repeated is answered again and not done again, on both databases.

use std::time::Duration;

use bando_app::{Begun, RequestKey};
use futures_util::future::join_all;
use http::header;
use serde_json::{Value, json};

use super::world::{Answer, Call, World, text, worlds};

const KEY: &str = "5f1c7a52-6f0e-4f6c-9a2e-0d3b7a1e9c44";

/// A request to buy the plan, under a key.
fn buy<'a>(world: &'a World, phone: &str, key: &str) -> Call<'a> {
    let body = json!({"phone": phone, "plan_id": world.ours.plan});
    world.post("/api/pay", body).header("idempotency-key", key)
}

fn is_replayed(answer: &Answer) -> bool {
    answer
        .headers
        .get("idempotency-replayed")
        .is_some_and(|value| value == "true")
}

#[tokio::test]
async fn a_repetition_gets_the_same_answer_byte_for_byte() {
    for world in worlds().await {
        let first = buy(&world, "0712345678", KEY).await;
        assert!(!is_replayed(first.is(202)));
        for _ in 0..3 {
            let again = buy(&world, "0712345678", KEY).await;
            assert!(is_replayed(again.is(202)));
            assert_eq!(again.text, first.text);
            let kind = header::CONTENT_TYPE;
            assert_eq!(again.header(kind.clone()), first.header(kind));
        }
        assert_eq!(world.gateway.prompts(), 1);
        // Also when it has been paid since, and by the same address with a slash.
        world.gateway.pay();
        world.settle().await;
        let body = json!({"phone": "0712345678", "plan_id": world.ours.plan});
        let slash = world.post("/api/pay/", body).header("idempotency-key", KEY);
        assert_eq!(slash.await.text, first.text);
        // A day later it is a new wish.
        world.clock.advance(Duration::from_secs(24 * 3600));
        assert!(!is_replayed(buy(&world, "0712345678", KEY).await.is(202)));
        assert_eq!(world.gateway.prompts(), 2);
    }
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_caller() {
    for world in worlds().await {
        buy(&world, "0712345678", KEY).await.is(202);
        let other = buy(&world, "0712345679", KEY).await;
        other.is_problem(422, "key-reused");
        assert_eq!(other.json["field"], "Idempotency-Key");
        let body = json!({"phone": "0712345678", "plan_id": world.ours.plan});
        let elsewhere = world.post("/api/payments/initiate/", body.clone());
        let elsewhere = elsewhere.header("idempotency-key", KEY).await;
        elsewhere.is_problem(422, "key-reused");
        // At another business, and from another address, it is another key.
        let theirs = json!({"phone": "0712345670", "plan_id": world.theirs.plan});
        let theirs = world.post("/api/captive/theirs/initiate-mpesa", theirs);
        theirs.header("idempotency-key", KEY).await.is(202);
        buy(&world, "0712345671", KEY).from(9).await.is(202);
        assert_eq!(world.gateway.prompts(), 3);
        let long = "x".repeat(256);
        for odd in ["", "a b", long.as_str(), "\t"] {
            let answer = buy(&world, "0712345672", odd).await;
            answer.is_problem(422, "invalid");
            assert_eq!(answer.json["field"], "Idempotency-Key");
        }
        let fits = "x".repeat(255);
        buy(&world, "0712345673", &fits).await.is(202);
        // Where nothing moves, a key does nothing.
        let list = world.get("/api/packages").header("idempotency-key", KEY);
        list.await.is(200);
    }
}

#[tokio::test]
async fn of_a_hundred_at_once_one_is_carried_out() {
    for world in worlds().await {
        let all = join_all((0..100).map(|_| buy(&world, "0712345678", KEY).into_future())).await;
        assert_eq!(world.gateway.prompts(), 1);
        let mut done = Vec::new();
        for answer in &all {
            match answer.status.as_u16() {
                202 => done.push(answer),
                _ => {
                    answer.is_problem(409, "key-in-use");
                    assert_eq!(answer.header(header::RETRY_AFTER), "1");
                }
            }
        }
        assert_eq!(done.iter().filter(|answer| !is_replayed(answer)).count(), 1);
        assert!(done.iter().all(|answer| answer.text == done[0].text));
        assert_eq!(buy(&world, "0712345678", KEY).await.text, done[0].text);
    }
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    for world in worlds().await {
        let wrong = json!({"phone": "12", "plan_id": world.ours.plan});
        let wrong = world.post("/api/pay", wrong).header("idempotency-key", KEY);
        wrong.await.is_problem(422, "invalid");
        let torn = world
            .call(http::Method::POST, "/api/pay")
            .body("application/json", "{");
        torn.header("idempotency-key", KEY)
            .await
            .is_problem(400, "malformed");
        buy(&world, "0712345678", KEY).await.is(202);
        // A refusal by the gateway is an outcome like any other.
        let refused = buy(&world, "0700000112", "other-key").await;
        assert_eq!(refused.is(202).json["status"], "failed");
        assert_eq!(
            buy(&world, "0700000112", "other-key").await.text,
            refused.text
        );
        // Nobody is told anything without the business being known.
        let body = json!({"phone": "0712345678", "plan_id": world.ours.plan});
        let nowhere = world.post("/api/captive/nowhere/initiate-mpesa", body);
        nowhere
            .header("idempotency-key", KEY)
            .await
            .is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn what_was_cut_short_does_not_block_for_ever_nor_happen_twice() {
    for world in worlds().await {
        // The program died between writing the key down and its answer: played by leaving the answer out.
        let answer = buy(&world, "0712345678", KEY).await;
        answer.is(202);
        let key = RequestKey {
            provider: world.ours.provider.id,
            caller: "address:10.0.0.1".into(),
            key: KEY.into(),
        };
        world.app.forget_request(&key).await.expect("forgotten");
        let body = json!({"phone": "0712345678", "plan_id": world.ours.plan}).to_string();
        let digest = digest("POST", "/api/pay", "", &body);
        let begun = world.app.begin_request(&key, digest).await;
        assert_eq!(begun.expect("begun"), Begun::First);
        let waiting = buy(&world, "0712345678", KEY).await;
        waiting.is_problem(409, "key-in-use");
        world.clock.advance(Duration::from_secs(5 * 60));
        let lost = buy(&world, "0712345678", KEY).await;
        lost.is_problem(409, "outcome-unknown");
        assert!(text(&lost.json["detail"]).contains("look in the lists"));
        assert_eq!(world.gateway.prompts(), 1);
        world.clock.advance(Duration::from_secs(24 * 3600));
        assert_eq!(world.app.forget_old_requests().await.expect("forgotten"), 1);
        buy(&world, "0712345678", KEY).await.is(202);
    }
}

/// As the server reckons it.
fn digest(method: &str, path: &str, query: &str, body: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    for part in [method, path, query, body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[tokio::test]
async fn members_have_keys_of_their_own() {
    for world in worlds().await {
        let (ours, theirs) = (&world.ours, &world.theirs);
        let (our_token, their_token) = (
            world.owner_token(ours).await,
            world.owner_token(theirs).await,
        );
        let sell = |plan: &str, token: &str| {
            let sale = world.post("/api/sales", json!({"plan_id": plan}));
            sale.token(token).header("idempotency-key", KEY)
        };
        let sold = sell(&ours.plan, &our_token).await;
        let again = sell(&ours.plan, &our_token).await;
        assert_eq!(again.is(201).text, sold.is(201).text);
        assert!(is_replayed(&again));
        let another = sell(&theirs.plan, &their_token).await;
        assert!(!is_replayed(another.is(201)));
        // Without a token nobody gets at a member's answer.
        let stranger = world.post("/api/sales", json!({"plan_id": ours.plan}));
        let stranger = stranger.header("idempotency-key", KEY).await;
        stranger.is_problem(401, "signed-out");
        let payments = world.get("/api/payments").token(&our_token).await;
        assert_eq!(
            payments.is(200).json["items"].as_array().map(Vec::len),
            Some(1)
        );
        assert_ne!(sold.json["payment"]["id"], Value::Null);
    }
}
