//! Whatever is sent, the answer is a problem document that says what is wrong, and nothing happens.

use http::{Method, header};
use serde_json::json;

use super::world::{World, worlds};

async fn raw(world: &World, content_type: &str, body: &str) -> super::world::Answer {
    let call = world.call(Method::POST, "/api/pay");
    call.body(content_type, body).await
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be() {
    for world in worlds().await {
        const JSON: &str = "application/json";
        let plan = &world.ours.plan;
        for (body, status, kind, field) in [
            ("", 400, "malformed", None),
            ("{", 400, "malformed", None),
            ("{}}", 422, "invalid", Some("phone")),
            (
                r#"{"phone": "0712345678", "plan_id": 7}"#,
                422,
                "invalid",
                Some("plan_id"),
            ),
            (r#"{"phone": 712345678}"#, 422, "invalid", Some("phone")),
            (
                r#"{"phone": "0712345678"}"#,
                422,
                "invalid",
                Some("plan_id"),
            ),
            (
                r#"{"phone": "0712345678", "pin": "1234"}"#,
                422,
                "invalid",
                Some("pin"),
            ),
            ("[]", 422, "invalid", None),
            ("null", 422, "invalid", None),
            ("\"text\"", 422, "invalid", None),
            ("{\"phone\": \"\\ud800\"}", 400, "malformed", None),
            ("phone=0712345678", 400, "malformed", None),
            (r#"{"phone": "\u0000"}"#, 422, "invalid", None),
        ] {
            let answer = raw(&world, JSON, body).await;
            answer.is_problem(status, kind);
            if let Some(field) = field {
                assert_eq!(answer.json["field"], field, "{body}");
            }
        }
        let nested = "[".repeat(50_000);
        raw(&world, JSON, &nested)
            .await
            .is_problem(400, "malformed");
        let twice =
            format!(r#"{{"phone": "0712345678", "plan_id": "{plan}", "package_id": "{plan}"}}"#);
        raw(&world, JSON, &twice).await.is_problem(422, "invalid");
        let bytes = world.call(Method::POST, "/api/pay");
        let bytes = bytes.body(JSON, b"{\"phone\": \"\xff\"}".to_vec()).await;
        bytes.is_problem(400, "malformed");

        let good = json!({"phone": "0712345678", "plan_id": plan}).to_string();
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ] {
            raw(&world, other, &good).await.is_problem(415, "not-json");
        }
        let huge = format!(r#"{{"phone": "{}"}}"#, "7".repeat(70_000));
        raw(&world, JSON, &huge).await.is_problem(413, "too-large");
        assert_eq!(world.gateway.prompts(), 0);
        raw(&world, "application/json; charset=utf-8", &good)
            .await
            .is(202);
    }
}

#[tokio::test]
async fn payments_that_make_no_sense() {
    for world in worlds().await {
        let plan = world.ours.plan.as_str();
        let other = world.app.new_uuid().to_string();
        let phone = "0712345678";
        for (body, status, kind, field) in [
            (
                json!({"phone": phone, "plan_id": other}),
                404,
                "not-found",
                None,
            ),
            (
                json!({"phone": phone, "plan_id": world.theirs.plan}),
                404,
                "not-found",
                None,
            ),
            (
                json!({"phone": phone, "plan_id": "1 hour"}),
                422,
                "invalid",
                Some("plan_id"),
            ),
            (
                json!({"phone": "05 00 00 00 00", "plan_id": plan}),
                422,
                "invalid",
                Some("phone"),
            ),
            (
                json!({"phone": "77 123 45", "plan_id": plan}),
                422,
                "invalid",
                Some("phone"),
            ),
            (
                json!({"phone": "+254 20 1234567", "plan_id": plan}),
                422,
                "invalid",
                Some("phone"),
            ),
            (
                json!({"phone": "call me", "plan_id": plan}),
                422,
                "invalid",
                Some("phone"),
            ),
            (
                json!({"phone": "", "plan_id": plan}),
                422,
                "invalid",
                Some("phone"),
            ),
            (
                json!({"phone": phone, "plan_id": plan, "mac": "my phone"}),
                422,
                "invalid",
                Some("mac"),
            ),
            (
                json!({"phone": phone, "plan_id": plan, "amount": 9}),
                422,
                "invalid",
                Some("amount"),
            ),
            (
                json!({"phone": phone, "plan_id": plan, "amount": "ten"}),
                422,
                "invalid",
                Some("amount"),
            ),
            (
                json!({"phone": phone, "plan_id": plan, "amount": true}),
                422,
                "invalid",
                Some("amount"),
            ),
        ] {
            let answer = world.post("/api/pay", body.clone()).await;
            answer.is_problem(status, kind);
            if let Some(field) = field {
                assert_eq!(answer.json["field"], field, "{body}");
            }
        }
        let body = json!({"phone": phone, "plan_id": plan});
        for nobody in ["nowhere", &other, "Ours", "%00", "%ff"] {
            let path = format!("/api/captive/{nobody}/initiate-mpesa");
            let answer = world.post(path, body.clone()).await;
            assert_eq!(answer.status, 404, "{nobody}: {}", answer.text);
        }
        assert_eq!(world.gateway.prompts(), 0);
    }
}

#[tokio::test]
async fn plans_that_make_no_sense() {
    for world in worlds().await {
        let token = world.owner_token(&world.ours).await;
        let good = json!({"name": "x", "price": "5", "terms": {"validity_seconds": 60}});
        for (member, value, field) in [
            ("/name", json!(" "), "name"),
            ("/name", json!("x".repeat(61)), "name"),
            ("/price", json!("-1"), "price"),
            ("/price", json!("0.001"), "price"),
            ("/price", json!(1e300), "price"),
            ("/price", json!(null), "price"),
            ("/terms", json!({}), "terms"),
            (
                "/terms",
                json!({"validity_seconds": 0}),
                "terms.validity_seconds",
            ),
            (
                "/terms",
                json!({"validity_seconds": -1}),
                "terms.validity_seconds",
            ),
            (
                "/terms",
                json!({"validity_seconds": 4_000_000_000_u32}),
                "terms.validity_seconds",
            ),
            ("/terms", json!({"data_bytes": 0}), "terms.data_bytes"),
            (
                "/terms",
                json!({"data_bytes": u64::MAX}),
                "terms.data_bytes",
            ),
            (
                "/terms",
                json!({"validity_seconds": 60, "device_limit": 0}),
                "terms.device_limit",
            ),
            (
                "/terms",
                json!({"validity_seconds": 60, "starts": "tomorrow"}),
                "terms.starts",
            ),
            (
                "/terms",
                json!({"validity_seconds": 60, "colour": "red"}),
                "terms.colour",
            ),
            (
                "/terms",
                json!({"validity_seconds": 60, "speed": {"upload_bps": 0, "download_bps": 1}}),
                "terms.speed",
            ),
            (
                "/terms",
                json!({"validity_seconds": 60, "speed": {"upload_bps": 1}}),
                "terms.speed.download_bps",
            ),
        ] {
            let mut plan = good.clone();
            *plan.pointer_mut(member).expect("member") = value;
            let answer = world.post("/api/plans", plan.clone()).token(&token).await;
            answer.is_problem(422, "invalid");
            assert_eq!(answer.json["field"], field, "{plan}");
        }
        let plans = world.get("/api/plans").token(&token).await;
        assert_eq!(plans.json["items"].as_array().map(Vec::len), Some(1));
    }
}

#[tokio::test]
async fn addresses_and_methods_that_are_not_there() {
    for world in worlds().await {
        for path in [
            "/api",
            "/api/",
            "/api/nothing",
            "/api/plans/1/2/3",
            "/api/payment/",
            "/api/%ff",
        ] {
            let answer = world.get(path).await;
            answer.is_problem(404, "no-such-path");
        }
        for (method, path, allow) in [
            (Method::GET, "/api/pay", "POST"),
            (Method::GET, "/api/pay/", "POST"),
            (Method::GET, "/api/auth/login", "POST"),
            (Method::DELETE, "/api/plans", "GET,HEAD,POST"),
            (Method::PATCH, "/api/packages", "GET,HEAD"),
        ] {
            let answer = world.call(method, path).await;
            answer.is_problem(405, "wrong-method");
            assert_eq!(answer.header(header::ALLOW), allow, "{path}");
        }
        let head = world.call(Method::HEAD, "/api/packages").await;
        assert_eq!(head.is(200).text, "");
    }
}
