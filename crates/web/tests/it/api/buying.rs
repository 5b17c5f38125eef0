//! What customers' programs do: see prices, pay, watch, use the ticket.

use std::time::Duration;

use http::{Method, header};
use serde_json::{Value, json};

use super::world::{World, text, worlds};

/// The path of one of our own addresses.
fn path(url: &Value) -> String {
    let url = text(url);
    let path = url.strip_prefix("https://wifi.example").expect("ours");
    path.to_owned()
}

/// Pays and answers the ticket's code.
async fn bought(world: &World, phone: &str, mac: Option<&str>) -> String {
    let started = world.pay(&world.ours, phone, mac).await;
    world.gateway.pay();
    world.settle().await;
    let state = world.get(path(&started.is(202).json["status_url"])).await;
    text(&state.is(200).json["ticket"]["code"])
}

#[tokio::test]
async fn every_name_of_paying_takes_every_name_of_its_members() {
    for world in worlds().await {
        let plan = &world.ours.plan;
        for (n, (address, body)) in [
            (
                "/api/pay",
                json!({"phone": "0712345670", "package_id": plan}),
            ),
            (
                "/api/pay/",
                json!({"phone": "0712345671", "plan_id": plan, "amount": 10}),
            ),
            (
                "/api/payments/initiate/",
                json!({"phone_number": "+254712345672", "plan": plan}),
            ),
            (
                "/api/payments/initiate",
                json!({"phone": "254712345673", "package": plan, "amount": "10.00"}),
            ),
            (
                "/api/captive/ours/initiate-mpesa",
                json!({"phone": "712345674", "plan_id": plan, "mac_address": "02:00:5e:10:00:01"}),
            ),
            (
                "/api/captive/ours/initiate-mpesa/",
                json!({"phone": "0712345675", "plan_id": plan, "mac": null}),
            ),
            (
                "/api/pay?provider=ours",
                json!({"phone": "0712345676", "plan_id": plan}),
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let answer = world.post(address, body).from(n as u8).await;
            assert_eq!(answer.is(202).json["status"], "pending", "{address}");
            assert!(text(&answer.json["page_url"]).starts_with("https://wifi.example/p/ours/pay/"));
        }
        assert_eq!(world.gateway.prompts(), 7);
        let by_id = format!("/api/captive/{}/initiate-mpesa", world.theirs.provider.id);
        let body = json!({"phone": "0712345699", "plan_id": world.theirs.plan});
        world.post(by_id, body).from(20).await.is(202);
    }
}

#[tokio::test]
async fn a_payment_is_watched_until_it_is_paid() {
    for world in worlds().await {
        let packages = world.get("/api/packages").await;
        let plan = &packages.is(200).json["items"][0];
        assert_eq!(plan["price"]["minor"], 1000);
        assert_eq!(plan["terms"]["validity_seconds"], 3600);
        let started = world.pay(&world.ours, "0712345678", None).await;
        let watch = path(&started.is(202).json["status_url"]);
        let waiting = world.get(&watch).await;
        assert_eq!(waiting.is(200).json["status"], "pending");
        assert_eq!(waiting.json["ticket"], Value::Null);
        assert_eq!(waiting.json["prompt_until"], "2026-11-20T12:43:22.000Z");
        world.gateway.pay();
        world.settle().await;
        let paid = world.get(format!("{watch}/")).await;
        assert_eq!(paid.is(200).json["status"], "success");
        assert_eq!(paid.json["ticket"]["code"].as_str().map(str::len), Some(10));
        assert!(
            !paid.text.contains("712345678"),
            "no phone on a public address"
        );
        // A token that is not whole opens nothing.
        let cut = watch.replace("/status", "x/status");
        world.get(cut).await.is_problem(404, "not-found");
        let other = watch.replace("/api/payments/", "/api/payments/A");
        world.get(other).await.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn a_refused_payment_says_so_in_the_payers_language() {
    for world in worlds().await {
        let body = json!({"phone": "0700000112", "plan_id": world.ours.plan});
        let call = world
            .post("/api/pay", body)
            .header("accept-language", "fr-CI,fr;q=0.9");
        let answer = call.await;
        assert_eq!(answer.is(202).json["status"], "failed");
        assert_eq!(answer.json["failure"], "payer_not_allowed");
        let french = text(&answer.json["message"]);
        let state = world.get(path(&answer.json["status_url"])).await;
        assert_eq!(state.is(200).json["message"], french);
        assert_eq!(state.json["ticket"], Value::Null);
        assert_eq!(world.gateway.prompts(), 0);
    }
}

#[tokio::test]
async fn a_phone_that_mpesa_cannot_reach_is_refused_before_there_is_a_payment() {
    for world in worlds().await {
        let body = json!({"phone": "+2250700000000", "plan_id": world.ours.plan});
        world
            .post("/api/pay", body)
            .await
            .is_problem(422, "invalid");
        assert_eq!(world.gateway.prompts(), 0);
    }
}

#[tokio::test]
async fn a_double_submit_prompts_once() {
    for world in worlds().await {
        let pay = || world.pay(&world.ours, "0712345678", Some("02:00:5E:10:00:01"));
        let (a, b, c) = tokio::join!(pay(), pay(), pay());
        let mut all = [a.status.as_u16(), b.status.as_u16(), c.status.as_u16()];
        all.sort_unstable();
        assert_eq!(all, [202, 409, 409]);
        let refused = [&a, &b, &c]
            .into_iter()
            .find(|x| x.status == 409)
            .expect("one");
        refused.is_problem(409, "prompt-open");
        assert_eq!(refused.header(header::RETRY_AFTER), "75");
        assert_eq!(world.gateway.prompts(), 1);
        // Written otherwise, it is the same phone.
        let again = world.pay(&world.ours, "+254 712-345-678", None).await;
        again.is_problem(409, "prompt-open");
        // So it is for another business.
        let again = world.pay(&world.theirs, "0712345678", None).await;
        again.is_problem(409, "prompt-open");
    }
}

#[tokio::test]
async fn starting_payments_is_limited() {
    for world in worlds().await {
        for n in 0..6 {
            let phone = format!("071234567{n}");
            world
                .pay(&world.ours, &phone, Some("02:00:5E:10:00:01"))
                .await
                .is(202);
        }
        let phone = "0712345679";
        let answer = world
            .pay(&world.ours, phone, Some("02:00:5E:10:00:01"))
            .await;
        answer.is_problem(429, "too-many");
        let wait: u64 = answer.header(header::RETRY_AFTER).parse().expect("seconds");
        assert_eq!(world.gateway.prompts(), 6);
        world.clock.advance(Duration::from_secs(wait));
        world
            .pay(&world.ours, phone, Some("02:00:5E:10:00:01"))
            .await
            .is(202);
    }
}

#[tokio::test]
async fn a_ticket_is_used_by_its_code() {
    for world in worlds().await {
        let code = bought(&world, "0712345678", None).await;
        let typed = format!("{}-{}", code[..5].to_lowercase(), &code[5..]);
        let status = world.get(format!("/api/tickets/{typed}/status")).await;
        assert_eq!(status.is(200).json["state"], "unused");
        assert_eq!(status.json["remaining_seconds"], 3600);
        let activate = format!("/api/tickets/{code}/activate");
        let body = json!({"mac": "02:00:5E:10:00:01"});
        let first = world.post(&activate, body.clone()).await;
        assert_eq!(first.is(200).json["state"], "active");
        let ends = text(&first.json["expires_at"]);
        world.clock.advance(Duration::from_secs(600));
        let again = world.post(&activate, body).await;
        assert_eq!(again.is(200).json["expires_at"], ends);
        assert_eq!(again.json["remaining_seconds"], 3000);
        // No body at all is as good.
        world
            .call(Method::POST, format!("{activate}/"))
            .await
            .is(200);
        world.clock.advance(Duration::from_secs(60));
        let second = world
            .post(&activate, json!({"mac_address": "02:00:5E:10:00:02"}))
            .await;
        // The first has been away long enough to make room; the third finds none.
        second.is(200);
        let third = world
            .post(&activate, json!({"mac": "02:00:5E:10:00:03"}))
            .await;
        third.is_problem(409, "refused");
        assert_eq!(third.json["reason"], "device_limit");

        let by_mac = world.get("/api/user/status?mac=02-00-5E-10-00-02").await;
        assert_eq!(by_mac.is(200).json["access"], true);
        assert!(
            !by_mac.text.contains(&code),
            "a device's address is no secret"
        );
        let by_code = world
            .get(format!("/api/user/status?code={code}&provider=ours"))
            .await;
        assert_eq!(by_code.is(200).json["access"], true);
        let stranger = world.get("/api/user/status?mac=02-00-5E-10-00-07").await;
        assert_eq!(
            stranger.is(200).json,
            json!({"access": false, "ticket": null})
        );
        let nobody = world.get("/api/user/status").await;
        nobody.is_problem(422, "invalid");

        world.clock.advance(Duration::from_secs(2940));
        let over = world.call(Method::POST, &activate).await;
        over.is_problem(409, "refused");
        assert_eq!(over.json["reason"], "expired");
        let status = world.get(format!("/api/tickets/{code}/status")).await;
        assert_eq!(status.is(200).json["usable"], false);
        // It is a ticket of this business only.
        let elsewhere = format!("/api/tickets/{code}/status?provider=theirs");
        world.get(elsewhere).await.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn guessing_codes_leads_nowhere() {
    for world in worlds().await {
        let code = bought(&world, "0712345678", None).await;
        for n in 0..10 {
            let (guess, method) = match n % 3 {
                0 => ("/api/tickets/K7MPQ2XW9R/status", Method::GET),
                1 => ("/api/tickets/nonsense/activate", Method::POST),
                _ => ("/api/user/status?code=K7MPQ2XW9R", Method::GET),
            };
            let answer = world.call(method, guess).from(66).await;
            answer.is_problem(404, "not-found");
        }
        let guess = world.get("/api/tickets/K7MPQ2XW9R/status").from(66).await;
        guess.is_problem(429, "too-many");
        assert!(!guess.header(header::RETRY_AFTER).is_empty());
        // A right guess sounds the same now; elsewhere the code works.
        let right = format!("/api/tickets/{code}/status");
        world.get(&right).from(66).await.is_problem(429, "too-many");
        world.get(&right).from(67).await.is(200);
    }
}
