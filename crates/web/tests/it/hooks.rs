//! Gateways' callbacks, on both databases: kept before they are acknowledged, believed never.

use axum::body::Body;
use bando_domain::PaymentStatus;
use bando_gateways::Verdict;
use http::{Request, StatusCode};

use crate::portal::browser::{get, post, post_as, send};
use crate::portal::world::{World, callback, worlds};

const ACCEPTED: &str = r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#;

/// Begins a payment of KES 20.
async fn begin(world: &World) {
    let plan = world.plans[0].id.to_string();
    let asked = post(
        &world.web,
        "/p/mama-njeri/pay",
        &[("plan", &plan), ("phone", "0712345678")],
    )
    .await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
}

async fn status(world: &World) -> PaymentStatus {
    let page = world
        .app
        .payments(&world.owner, &bando_app::PaymentFilter::default(), None, 1)
        .await
        .unwrap();
    page.rows[0].status
}

#[tokio::test]
async fn a_callback_is_kept_whatever_it_calls_itself() {
    for world in worlds().await {
        begin(&world).await;
        let path = world.gateway.callback_path();
        let body = callback(
            &world.gateway.checkout(),
            1,
            0,
            Some(("SGH7KL2M9P", "20.00")),
        );
        for kind in [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
        ] {
            let seen = post_as(&world.web, &path, kind, body.clone()).await;
            assert_eq!(
                (seen.status, seen.text.as_str()),
                (StatusCode::OK, ACCEPTED),
                "{kind}"
            );
        }
        world.work().await;
        assert_eq!(
            status(&world).await,
            PaymentStatus::Pending,
            "the gateway does not confirm it"
        );
        world.gateway.decide(Verdict::PAID);
        world.wait(10);
        world.work().await;
        assert_eq!(status(&world).await, PaymentStatus::Success);
    }
}

#[tokio::test]
async fn nonsense_to_a_good_address_harms_nothing() {
    for world in worlds().await {
        begin(&world).await;
        let path = world.gateway.callback_path();
        let other_amount = callback(
            &world.gateway.checkout(),
            1,
            0,
            Some(("SGH7KL2M9P", "1.00")),
        );
        let bodies = [
            Vec::new(),
            b"{".to_vec(),
            vec![0xff; 300],
            other_amount.into_bytes(),
        ];
        world.gateway.decide(Verdict::Pending {
            why: "not yet".into(),
        });
        for body in bodies {
            assert_eq!(
                post_as(&world.web, &path, "application/json", body)
                    .await
                    .text,
                ACCEPTED
            );
        }
        world.work().await;
        assert_eq!(status(&world).await, PaymentStatus::Pending);
        let large = vec![b' '; 65 * 1024];
        let seen = post_as(&world.web, &path, "application/json", large).await;
        assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
        let put = Request::put(path.as_str()).body(Body::empty()).unwrap();
        assert_eq!(
            send(&world.web, put).await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
}

#[tokio::test]
async fn an_unknown_address_is_told_nothing() {
    for world in worlds().await {
        begin(&world).await;
        let good = world.gateway.callback_path();
        let at = good.len() - 20;
        let other = if &good[at..=at] == "A" { "B" } else { "A" };
        let forged = format!("{}{other}{}", &good[..at], &good[at + 1..]);
        for path in ["/cb/k/x", "/cb/k/%00", &forged] {
            let seen = post_as(&world.web, path, "application/json", "{}").await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(seen.header("content-type"), "application/problem+json");
            assert!(!seen.text.contains("detail"), "{}", seen.text);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_accepted() {
    for world in worlds().await {
        begin(&world).await;
        let path = world.gateway.callback_path();
        world.app.close().await;
        for path in [
            path.as_str(),
            "/api/mpesa/callback/mama-njeri",
            "/api/mpesa/callback",
        ] {
            let seen = post_as(&world.web, path, "application/json", "{}").await;
            assert_eq!(seen.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert!(!seen.text.contains("Accepted"));
        }
        assert_eq!(
            get(&world.web, "/readyz").await.status,
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
}

#[tokio::test]
async fn a_callback_without_a_link_is_a_hint() {
    for world in worlds().await {
        for path in ["/api/mpesa/callback", "/api/mpesa/callback/mama-njeri"] {
            world.gateway.decide(Verdict::Pending {
                why: "not yet".into(),
            });
            begin(&world).await;
            let number = world.charges();
            let checkout = world.gateway.checkout();
            // Failure is asked for, not believed.
            let failed = callback(&checkout, number, 1032, None);
            assert_eq!(
                post_as(&world.web, path, "application/json", failed)
                    .await
                    .text,
                ACCEPTED
            );
            world.work().await;
            assert_eq!(status(&world).await, PaymentStatus::Pending);
            // Success is proved.
            let receipt = format!("SGH7KL2M{number}P");
            let paid = callback(&checkout, number, 0, Some((&receipt, "20.00")));
            assert_eq!(
                post_as(&world.web, path, "text/plain", paid.clone())
                    .await
                    .text,
                ACCEPTED
            );
            world.work().await;
            assert_eq!(status(&world).await, PaymentStatus::Pending);
            world.gateway.decide(Verdict::PAID);
            world.wait(30);
            world.work().await;
            assert_eq!(status(&world).await, PaymentStatus::Success);
            // Nothing of ours, or nothing that can be read: let go.
            for body in [
                callback("ws_CO_other", 9, 0, Some(("SGH7KL2M9Q", "20"))),
                "{}".into(),
                "x".into(),
            ] {
                assert_eq!(
                    post_as(&world.web, path, "application/json", body)
                        .await
                        .text,
                    ACCEPTED
                );
            }
            world.wait(120);
        }
        let nobody = post_as(
            &world.web,
            "/api/mpesa/callback/nobody",
            "application/json",
            "{}",
        )
        .await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND);
        // Another provider's address does not reach the payment.
        world.rival().await;
        begin(&world).await;
        let paid = callback(
            &world.gateway.checkout(),
            world.charges(),
            0,
            Some(("SGH7KL2M8P", "20.00")),
        );
        post_as(
            &world.web,
            "/api/mpesa/callback/rival",
            "application/json",
            paid,
        )
        .await;
        world.work().await;
        assert_eq!(status(&world).await, PaymentStatus::Pending);
        let none_meant = post_as(&world.web, "/api/mpesa/callback", "application/json", "{}").await;
        assert_eq!(none_meant.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn counters_are_readable_by_prometheus() {
    for world in worlds().await {
        post_as(&world.web, "/cb/k/x", "application/json", "{}").await;
        let request = Request::get("/metrics").body(Body::empty()).unwrap();
        let seen = send(&world.web, request).await;
        assert!(
            seen.header("content-type")
                .starts_with("text/plain; version=0.0.4")
        );
        assert!(seen.text.contains("bando_build_info{version=\""));
        let unknown = seen
            .text
            .lines()
            .find_map(|l| l.strip_prefix("bando_callbacks_total{outcome=\"unknown\"} "));
        assert!(unknown.unwrap().parse::<u64>().unwrap() >= 1);
    }
}
