//! What members see and do: plans, payments, tickets, sessions, customers; a page at a time.

use std::collections::HashSet;
use std::time::Duration;

use bando_app::Role;
use http::Method;
use serde_json::{Value, json};

use super::world::{World, member, text, worlds};

async fn token_of(world: &World, role: Role) -> String {
    member(&world.app, &world.ours.provider, role).await;
    let pair = world.sign_in(&format!("{}@ours", role.name())).await;
    text(&pair["access"])
}

#[tokio::test]
async fn plans_are_made_changed_and_taken_away() {
    for world in worlds().await {
        let token = world.owner_token(&world.ours).await;
        let draft = json!({
            "name": "Night", "price": 49.5, "position": 2,
            "terms": {"validity_seconds": 28_800, "data_bytes": 1_000_000_000, "starts": "first_use",
                "speed": {"upload_bps": 1_000_000, "download_bps": 2_000_000}, "device_limit": 2},
            "selling_window": {"days": ["fri", "sat"], "from_minute": 1320, "to_minute": 360},
        });
        let made = world.post("/api/plans", draft).token(&token).await;
        let plan = &made.is(201).json;
        assert_eq!(
            plan["price"],
            json!({"amount": "49.50", "minor": 4950, "currency": "KES"})
        );
        assert_eq!(plan["selling_window"]["days"], json!(["fri", "sat"]));
        assert_eq!(plan["terms"]["speed"]["burst"], Value::Null);
        assert_eq!(plan["on_sale"], true);
        assert_eq!(plan["created_at"], "2026-11-20T12:42:07.000Z");
        let path = format!("/api/plans/{}", text(&plan["id"]));
        assert_eq!(world.get(&path).token(&token).await.is(200).json, *plan);

        world.clock.advance(Duration::from_secs(60));
        let draft =
            json!({"name": "Day", "price": "60", "terms": {"data_bytes": 5}, "on_sale": false});
        let call = world.call(Method::PUT, &path).token(&token).json(&draft);
        let changed = call.await;
        assert_eq!(changed.is(200).json["name"], "Day");
        assert_eq!(changed.json["selling_window"], Value::Null);
        assert_eq!(changed.json["created_at"], plan["created_at"]);
        // Not on sale: customers do not see it.
        let packages = world.get("/api/packages").await;
        assert_eq!(packages.json["items"].as_array().map(Vec::len), Some(1));

        let gone = world.call(Method::DELETE, &path).token(&token).await;
        assert_eq!(gone.is(204).text, "");
        world
            .get(&path)
            .token(&token)
            .await
            .is_problem(404, "not-found");
        let again = world.call(Method::DELETE, &path).token(&token).await;
        again.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn a_payment_tells_its_story() {
    for world in worlds().await {
        let token = world.owner_token(&world.ours).await;
        let started = world
            .pay(&world.ours, "0712 345 678", Some("02-00-5e-10-00-01"))
            .await;
        let id = text(&started.is(202).json["payment"]);
        world.gateway.pay();
        world.settle().await;
        let story = world.get(format!("/api/payments/{id}")).token(&token).await;
        let payment = &story.is(200).json["payment"];
        assert_eq!(payment["status"], "success");
        assert_eq!(payment["amount"]["amount"], "10.00");
        assert_eq!(payment["mac"], "02:00:5E:10:00:01");
        assert_eq!(payment["receipt"], "TKL0000001");
        assert_eq!(payment["plan"]["name"], "1 hour");
        let steps = story.json["timeline"].as_array().expect("timeline");
        let mut steps: Vec<_> = steps.iter().map(|s| text(&s["step"])).collect();
        // All but the last came in one millisecond.
        steps[..2].sort_unstable();
        assert_eq!(steps, ["asked", "prompted", "settled"]);
        let ticket = text(&payment["ticket_id"]);
        let ticket = world
            .get(format!("/api/tickets/{ticket}"))
            .token(&token)
            .await;
        assert_eq!(
            ticket.is(200).json["ticket"]["origin"],
            json!({"kind": "payment", "id": id})
        );
        assert_eq!(ticket.json["usable"], true);
        for name in ["/api/payments", "/api/admin/payments"] {
            for (filter, found) in [
                ("status=success", 1),
                ("status=pending", 0),
                ("phone=0712345678", 1),
                ("phone=%2B254712345679", 0),
                ("mac=02:00:5E:10:00:01", 1),
                ("receipt=tkl0000001", 1),
                ("from=2026-11-20T12:42:07Z&to=2026-11-20T12:42:08Z", 1),
                ("from=2026-11-20T15:42:08%2B03:00", 0),
            ] {
                let answer = world.get(format!("{name}?{filter}")).token(&token).await;
                let items = answer.is(200).json["items"].as_array().map(Vec::len);
                assert_eq!(items, Some(found), "{filter}");
            }
        }
    }
}

#[tokio::test]
async fn phones_and_codes_are_for_those_who_need_them() {
    for world in worlds().await {
        world.pay(&world.ours, "0712345678", None).await.is(202);
        world.gateway.pay();
        world.settle().await;
        let ours = world.owner_token(&world.ours).await;
        world.session(&world.ours).await;
        for (role, phone, code) in [
            (Role::Support, "0712 ••• 678", false),
            (Role::Cashier, "0712 ••• 678", true),
            (Role::Manager, "+254712345678", true),
        ] {
            let token = token_of(&world, role).await;
            for list in ["payments", "tickets", "admin/users"] {
                let answer = world.get(format!("/api/{list}")).token(&token).await;
                let item = &answer.is(200).json["items"][0];
                assert_eq!(item["phone"], phone, "{list} as {role:?}");
                if list == "tickets" {
                    assert_eq!(item["code"].is_string(), code, "{role:?}");
                    assert_eq!(item["code_hint"].as_str().map(str::len), Some(3));
                }
                let whole = role >= Role::Manager;
                assert_eq!(answer.text.contains("254712345678"), whole, "{list}");
            }
            // The name by which a router knows a session is a ticket's code.
            let sessions = world.get("/api/sessions").token(&token).await;
            assert_eq!(sessions.is(200).json["items"][0]["downloaded_bytes"], 2000);
            assert!(!sessions.text.contains("SECRETCODE"));
        }
        let routers = world.get("/api/routers").token(&ours).await;
        assert_eq!(routers.is(200).json["items"][0]["name"], "gate");
        assert!(!routers.text.contains(world.ours.router.secret.expose()));
    }
}

/// Reads a list to its end and returns the ids page by page.
async fn pages(world: &World, token: &str, path: &str, limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let mark = if path.contains('?') { '&' } else { '?' };
        let page = format!("{path}{mark}limit={limit}{cursor}");
        let answer = world.get(page).token(token).await;
        let items = answer.is(200).json["items"].as_array().expect("items");
        pages.push(items.iter().map(|item| text(&item["id"])).collect());
        match answer.json["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn lists_come_a_page_at_a_time_newest_first() {
    for world in worlds().await {
        let token = world.owner_token(&world.ours).await;
        let body = json!({"plan_id": world.ours.plan, "size": 25});
        let batch = world.post("/api/batches", body).token(&token).await;
        let batch = text(&batch.is(202).json["id"]);
        world.app.run_due_jobs().await.expect("jobs");
        let made = world
            .get(format!("/api/batches/{batch}"))
            .token(&token)
            .await;
        assert_eq!(made.is(200).json["made"], 25);
        let path = format!("/api/tickets?batch={batch}&state=unused");
        let tickets = pages(&world, &token, &path, 10).await;
        assert_eq!(
            tickets.iter().map(Vec::len).collect::<Vec<_>>(),
            [10, 10, 5]
        );
        let all: Vec<_> = tickets.concat();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 25);
        assert!(all.is_sorted_by(|a, b| a > b), "newest first");
        // A page that ends with the list has no next one.
        assert_eq!(pages(&world, &token, &path, 25).await.len(), 1);

        for n in 0..5 {
            world.clock.advance(Duration::from_secs(1));
            let phone = format!("071234567{n}");
            world
                .pay(&world.ours, &phone, Some(&format!("02005E10000{n}")))
                .await
                .is(202);
        }
        for list in ["/api/payments", "/api/admin/users"] {
            let found = pages(&world, &token, list, 2).await;
            assert_eq!(
                found.iter().map(Vec::len).collect::<Vec<_>>(),
                [2, 2, 1],
                "{list}"
            );
        }
        for bad in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=x",
            "cursor=x",
            "nonsense=1",
        ] {
            let answer = world
                .get(format!("/api/payments?{bad}"))
                .token(&token)
                .await;
            answer.is_problem(422, "invalid");
        }
        for bad in ["status=lost", "phone=x", "mac=x", "from=yesterday"] {
            let answer = world
                .get(format!("/api/payments?{bad}"))
                .token(&token)
                .await;
            answer.is_problem(422, "invalid");
        }
        let answer = world.get("/api/payments?receipt=%00").token(&token).await;
        answer.is_problem(400, "malformed");
    }
}

#[tokio::test]
async fn tickets_are_given_and_taken_back() {
    for world in worlds().await {
        let token = world.owner_token(&world.ours).await;
        let gift =
            json!({"plan_id": world.ours.plan, "phone": "0712345678", "note": "for the wait"});
        let given = world.post("/api/tickets", gift).token(&token).await;
        assert_eq!(given.is(201).json["origin"]["kind"], "gift");
        assert_eq!(given.json["state"], "unused");
        let path = format!("/api/tickets/{}/revoke", text(&given.json["id"]));
        for _ in 0..2 {
            let gone = world.call(Method::POST, &path).token(&token).await;
            assert_eq!(gone.is(200).json["ticket"]["state"], "revoked");
            assert_eq!(gone.json["reason"], "revoked");
        }
        let session = world.session(&world.ours).await;
        let path = format!("/api/sessions/{session}/disconnect");
        world.call(Method::POST, path).token(&token).await.is(202);
    }
}
