//! Gateways' callbacks, on both databases: kept before they are acknowledged, believed never.

use axum::body::Body;
use bando_domain::PaymentStatus;
use bando_gateways::Verdict;
use http::{Request, StatusCode};

use crate::portal::browser::{get, post, post_as, send};
use crate::portal::ways::confirmation;
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

/// The path of the address at which Daraja asks whether a payment by hand may be made.
async fn validation_path(world: &World) -> String {
    world.hear_of_money_by_hand().await;
    let state = world
        .app
        .gateway_account(&world.owner, "mpesa")
        .await
        .unwrap();
    let path = state
        .message_url
        .strip_prefix("https://wifi.example")
        .unwrap();
    path.replace("/cb/k/", "/cb/v/")
}

#[tokio::test]
async fn a_payment_by_hand_is_refused_only_when_it_cannot_be_meant() {
    const YES: &str = r#"{"ResultCode":"0","ResultDesc":"Accepted"}"#;
    for world in worlds().await {
        let path = validation_path(&world).await;
        begin(&world).await;
        let reference = world.gateway.charges.lock().unwrap()[0]
            .account_reference
            .clone();
        let ask = async |body: String| {
            let seen = post_as(&world.web, &path, "application/json", body).await;
            assert_eq!(seen.status, StatusCode::OK);
            seen.text
        };
        let no = |code: &str| format!(r#"{{"ResultCode":"{code}","ResultDesc":"Rejected"}}"#);
        let other = format!("{}0000", &reference[..8]);
        for (amount, shortcode, account, answer) in [
            ("20.00", "174379", reference.as_str(), YES.to_owned()),
            ("50", "174379", &reference.to_lowercase(), YES.into()),
            ("19.00", "174379", &reference, no("C2B00013")),
            ("20.00", "600000", &reference, no("C2B00015")),
            ("20.00", "174379", &other, no("C2B00012")),
            ("20.00", "174379", "", YES.into()),
            ("20.00", "174379", "my wifi", YES.into()),
            ("20.00", "174379", "K7MPQ2XW9R", YES.into()),
        ] {
            let body = confirmation("RKL51ZDR4F", amount, shortcode, account);
            assert_eq!(ask(body).await, answer, "{amount} {shortcode} {account}");
        }
        for body in ["", "{}", "[]", "{\"TransID\":1}"] {
            assert_eq!(ask(body.into()).await, YES, "{body}");
        }
        assert_eq!(
            status(&world).await,
            PaymentStatus::Pending,
            "asking moves nothing"
        );
        let large = vec![b' '; 65 * 1024];
        let seen = post_as(&world.web, &path, "application/json", large).await;
        assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(
            get(&world.web, &path).await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
        // The address of a payment is none of an account.
        let payments = world.gateway.callback_path().replace("/cb/k/", "/cb/v/");
        for wrong in ["/cb/v/x", "/cb/v/%00", &payments] {
            let seen = post_as(&world.web, wrong, "application/json", "{}").await;
            assert_eq!(seen.status, StatusCode::NOT_FOUND, "{wrong}");
        }
        // Whatever goes wrong with us, the money may come.
        world.app.close().await;
        let body = confirmation("RKL51ZDR4F", "1.00", "600000", &reference);
        assert_eq!(ask(body).await, YES);
    }
}

#[tokio::test]
async fn pesapal_finds_its_payments_at_the_old_addresses() {
    for world in worlds().await {
        world.take_pesapal().await;
        let plan = world.plans[0].id.to_string();
        let fields = [
            ("plan", plan.as_str()),
            ("phone", "0712345678"),
            ("gateway", "pesapal"),
        ];
        let asked = post(&world.web, "/p/mama-njeri/pay", &fields).await;
        let page = asked.location().split('?').next().unwrap().to_owned();
        let reference = world.pesapal.charges.lock().unwrap()[0].reference.clone();
        let names = format!("OrderTrackingId=ws_CO_1&OrderMerchantReference={reference}");

        // The browser comes back: to the page, which believes nothing.
        for path in [
            "/api/payments/pesapal/callback",
            "/api/payments/pesapal/callback/mama-njeri",
        ] {
            let back = get(
                &world.web,
                &format!("{path}?{names}&OrderNotificationType=CALLBACKURL"),
            )
            .await;
            assert_eq!(back.location(), page);
        }
        world.work().await;
        assert_eq!(status(&world).await, PaymentStatus::Pending);
        for odd in [
            String::new(),
            "OrderTrackingId=ws_CO_1".into(),
            "OrderTrackingId=ws_CO_1&OrderMerchantReference=019a0000-0000-7000-8000-000000000001"
                .into(),
            format!("OrderTrackingId=ws_CO_2&OrderMerchantReference={reference}"),
        ] {
            let lost = get(&world.web, &format!("/api/payments/pesapal/callback?{odd}")).await;
            assert_eq!(lost.location(), "/p/mama-njeri", "{odd}");
        }

        // News of it makes us ask.
        let news = format!("{names}&OrderNotificationType=IPNCHANGE");
        let query = get(&world.web, &format!("/api/payments/pesapal/webhook?{news}")).await;
        assert_eq!(query.status, StatusCode::OK);
        assert!(query.text.contains(r#""status":200"#), "{}", query.text);
        world.work().await;
        assert_eq!(status(&world).await, PaymentStatus::Pending, "not paid yet");
        world.pesapal.decide(Verdict::PAID);
        let json = serde_json::json!({
            "OrderTrackingId": "ws_CO_1", "OrderMerchantReference": reference,
            "OrderNotificationType": "IPNCHANGE",
        });
        let path = "/api/payments/pesapal/webhook/mama-njeri";
        let told = post_as(&world.web, path, "application/json", json.to_string()).await;
        assert!(told.text.contains(&reference));
        world.work().await;
        assert_eq!(status(&world).await, PaymentStatus::Success);
        let odd = post_as(&world.web, path, "application/json", "x").await;
        assert_eq!(
            (odd.status, odd.text.as_str()),
            (StatusCode::OK, r#"{"status":500}"#)
        );

        // Another's address does not reach it.
        world.rival().await;
        let back = get(
            &world.web,
            &format!("/api/payments/pesapal/callback/rival?{names}"),
        )
        .await;
        assert_eq!(back.location(), "/p/rival");
        for path in ["callback", "webhook", "callback/nobody", "webhook/nobody"] {
            let none = get(&world.web, &format!("/api/payments/pesapal/{path}?{names}")).await;
            assert_eq!(none.status, StatusCode::NOT_FOUND, "{path}");
        }
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
