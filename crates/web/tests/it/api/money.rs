//! Money by way of the API: Wave and Pesapal at the old addresses, by hand, over the counter, back.

use serde_json::{Value, json};

use super::world::{World, member, text, worlds};
use bando_app::Role;

fn path(url: &Value) -> String {
    let url = text(url);
    url.strip_prefix("https://wifi.example")
        .expect("ours")
        .to_owned()
}

#[tokio::test]
async fn wave_is_confirmed_by_hand_and_nothing_exists_before() {
    for world in worlds().await {
        let owner = world.abidjan().await;
        let token = world.token_of("owner@cocody").await;
        let ask = |amount: Value| {
            let body = json!({"phone": "0700000000", "amount": amount});
            world.post("/api/payment/init_wave/?provider=cocody", body)
        };
        ask(json!(150)).await.is_problem(422, "invalid");
        let begun = ask(json!(200)).await;
        assert_eq!(begun.is(202).json["status"], "PENDING");
        assert_eq!(
            begun.json["wave_url"],
            "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/?amount=200"
        );
        let (session, status) = (
            path(&begun.json["session_url"]),
            path(&begun.json["status_url"]),
        );
        let before = world.get(&session).await;
        let state = world.get(&status).await;
        assert_eq!(state.is(200).json["ticket"], Value::Null);
        assert_eq!(state.json["status"], "pending");
        assert!(!before.is(200).text.contains("<svg class=\"qr\""));
        assert!(!before.text.contains("data-ticket-code"));
        for told in [&begun.text, &state.text, &before.text] {
            assert!(
                !told.contains("mac_address") || told.contains("\"ticket\":null"),
                "{told}"
            );
        }
        let waiting = world.get("/api/confirmations").token(&token).await;
        assert_eq!(waiting.is(200).json["items"][0]["is_only"], true);
        let id = text(&begun.json["payment_id"]);
        assert_eq!(waiting.json["items"][0]["payment"]["id"], id);
        let confirmed = world
            .post(
                format!("/api/payments/{id}/confirm"),
                json!({"transaction_id": "T_46HS5COOWE"}),
            )
            .token(&token)
            .await;
        assert_eq!(confirmed.is(200).json["status"], "success");
        let paid = world.get(&status).await;
        let mac = text(&paid.is(200).json["ticket"]["mac_address"]);
        let shown = world.get(&session).await;
        assert!(shown.is(200).text.contains("<svg class=\"qr\"") && shown.text.contains(&mac));
        // A device that has this address is let in, once.
        let provider = owner.provider;
        let key = bando_app::AccessKey::Device(mac.parse().expect("an address"));
        let found = world
            .app
            .find_access(provider, &key)
            .await
            .expect("asked")
            .expect("a ticket");
        for _ in 0..2 {
            let mac = mac.parse().ok();
            let admitted = world.app.admit(provider, found.ticket, mac).await;
            assert_eq!(admitted.expect("asked").expect("let in").devices.len(), 1);
        }
        // The same transaction pays once.
        let second = ask(json!(200)).await;
        let id = text(&second.is(202).json["payment_id"]);
        let again = world
            .post(
                format!("/api/payments/{id}/confirm"),
                json!({"transaction_id": "T_46HS5COOWE"}),
            )
            .token(&token)
            .await;
        again.is_problem(422, "invalid");
        let rejected = world.post(format!("/api/payments/{id}/reject"), json!({}));
        let rejected = rejected.token(&token).await;
        assert_eq!(rejected.is(200).json["status"], "failed");
        // Where there is no Wave, there is none.
        let body = json!({"phone": "0712345678", "amount": 10});
        world
            .post("/api/payment/init_wave", body)
            .await
            .is_problem(409, "no-gateway");
    }
}

#[tokio::test]
async fn an_order_at_pesapal_is_paid_on_its_page() {
    for world in worlds().await {
        let body = json!({"phone": "0712345678", "plan_id": world.ours.plan});
        let order = |body: Value| world.post("/api/providers/ours/pesapal/create-order", body);
        order(body.clone()).await.is_problem(409, "no-gateway");
        world.take_pesapal(&world.ours).await;
        let ways = world.get("/api/gateways").await;
        assert_eq!(
            ways.is(200).json["items"],
            json!([{"gateway": "mpesa", "title": "M-Pesa", "asks": "push"},
                {"gateway": "pesapal", "title": "Pesapal", "asks": "redirect"}])
        );
        let begun = order(body).await;
        let begun = begun.is(202);
        assert_eq!(begun.json["redirect_url"], "https://pay.example/1");
        assert_eq!(begun.json["order_tracking_id"], "ws_CO_1_254712345678");
        assert_eq!(world.gateway.prompts(), 0);
        let state = world.get(path(&begun.json["status_url"])).await;
        assert_eq!(state.is(200).json["redirect_url"], "https://pay.example/1");
        // The same by its gateway's name.
        let named =
            json!({"phone": "0712345679", "plan_id": world.ours.plan, "gateway": "pesapal"});
        let named = world.post("/api/pay", named).await;
        assert_eq!(named.is(202).json["redirect_url"], "https://pay.example/2");
    }
}

#[tokio::test]
async fn by_hand_tells_what_to_type() {
    for world in worlds().await {
        let body = json!({"phone": "0712345678", "plan_id": world.ours.plan, "by_hand": true});
        let deaf = world.post("/api/pay", body.clone()).await;
        deaf.is_problem(422, "invalid");
        assert_eq!(deaf.json["field"], "by_hand");
        world.hear_of_money_by_hand(&world.ours).await;
        let begun = world.post("/api/pay", body).await;
        let hand = &begun.is(202).json["pay_by_hand"];
        assert_eq!(hand["number"], "174379");
        assert_eq!(hand["is_till"], false);
        assert_eq!(hand["amount"]["minor"], 1000);
        assert!(text(&hand["account"]).starts_with("OURS"));
        assert_eq!(world.gateway.prompts(), 0);
        let state = world.get(path(&begun.json["status_url"])).await;
        assert_eq!(state.is(200).json["pay_by_hand"], *hand);
    }
}

#[tokio::test]
async fn money_goes_back_when_two_agree() {
    for world in worlds().await {
        let cashier = member(&world.app, &world.ours.provider, Role::Cashier).await;
        member(&world.app, &world.ours.provider, Role::Manager).await;
        assert_eq!(cashier.role, Role::Cashier);
        let token = world.token_of("cashier@ours").await;
        let manager = world.token_of("manager@ours").await;
        let sale = json!({"plan_id": world.ours.plan, "phone": "0712345678"});
        let sold = world.post("/api/sales", sale).token(&token).await;
        let payment = text(&sold.is(201).json["payment"]["id"]);
        assert_eq!(text(&sold.json["code"]).len(), 10);
        let till = balance(&world, &manager, "cash:").await;
        assert_eq!(till, 1000);
        let refund = |body: Value| world.post("/api/refunds", body).token(&token);
        let both = refund(json!({"way": "cash", "reason": "x"})).await;
        both.is_problem(422, "invalid");
        let odd = refund(json!({"payment_id": payment, "way": "magic", "reason": "x"})).await;
        assert_eq!(odd.is_problem(422, "invalid").json["field"], "way");
        let asked =
            refund(json!({"payment_id": payment, "amount": "10", "way": "cash", "reason": "rain"}));
        let asked = asked.header("idempotency-key", "refund-1").await;
        assert_eq!(asked.is(201).json["state"], "requested");
        let again =
            refund(json!({"payment_id": payment, "amount": "10", "way": "cash", "reason": "rain"}));
        assert_eq!(
            again.header("idempotency-key", "refund-1").await.text,
            asked.text
        );
        let id = text(&asked.json["id"]);
        let own = world
            .post(format!("/api/refunds/{id}/approve"), json!({}))
            .token(&token);
        own.await.is_problem(403, "forbidden");
        let agreed = world
            .post(format!("/api/refunds/{id}/approve"), json!({}))
            .token(&manager);
        assert_eq!(agreed.await.is(200).json["state"], "done");
        assert_eq!(balance(&world, &manager, "cash:").await, 0);
        let list = world.get("/api/refunds?state=done").token(&manager).await;
        assert_eq!(list.is(200).json["items"][0]["id"], id);
        world
            .get("/api/refunds?state=odd")
            .token(&manager)
            .await
            .is_problem(422, "invalid");
        let book = world
            .get("/api/ledger/accounts/refunds")
            .token(&manager)
            .await;
        assert_eq!(book.is(200).json["items"][0]["change"]["minor"], 1000);
        let none = world.get("/api/collection").token(&manager).await;
        none.is_problem(404, "not-found");
    }
}

/// The balance of the account whose name begins so, in cents.
async fn balance(world: &World, token: &str, prefix: &str) -> i64 {
    let all = world.get("/api/ledger/balances").token(token).await;
    let rows = all.is(200).json["items"]
        .as_array()
        .expect("a list")
        .clone();
    let total: i64 = rows
        .iter()
        .map(|row| row["balance"]["minor"].as_i64().expect("cents"))
        .sum();
    assert_eq!(total, 0, "all accounts together");
    let row = rows
        .iter()
        .find(|row| text(&row["account"]).starts_with(prefix));
    row.map_or(0, |row| row["balance"]["minor"].as_i64().expect("cents"))
}

#[tokio::test]
async fn a_claim_is_a_case_until_somebody_solves_it() {
    for world in worlds().await {
        let provider = world.ours.provider.id;
        let claim = world.app.claim(provider, "SGH7KL2M9Q", None, "10.0.0.1");
        claim.await.expect("a claim");
        let token = world.owner_token(&world.ours).await;
        let open = world
            .get("/api/cases?state=open&kind=claim&number=1001")
            .token(&token)
            .await;
        let case = open.is(200).json["items"][0].clone();
        assert_eq!(case["number"], 1001);
        let id = text(&case["id"]);
        let solve = |words: &str| {
            let body = json!({"solution": words});
            world
                .post(format!("/api/cases/{id}/solve"), body)
                .token(&token)
        };
        solve(&"x".repeat(201)).await.is_problem(422, "invalid");
        let solved = solve("paid to another till").await;
        assert_eq!(solved.is(200).json["state"], "solved");
        assert_eq!(solved.json["solution"], "paid to another till");
        solve("again").await.is_problem(404, "not-found");
        let none = world.get("/api/cases?state=open").token(&token).await;
        assert_eq!(none.is(200).json["items"], json!([]));
    }
}
