//! What gateways, and those who play one, send.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, Shop, failed_callback, paid_callback};
use bando_app::{Error, Incoming, Payment, PaymentStep};
use bando_domain::{PaymentFailure, PaymentStatus, PlanId};
use bando_gateways::{Reference, Start, Verdict};

const PHONE: &str = "0712 345 678";
const PAID: Verdict = Verdict::PAID;

async fn begun(shop: &Shop) -> (Payment, Reference) {
    let payment = shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
    let number = shop.gateway.charges().len();
    (payment, ScriptedGateway::reference(number))
}

fn refused(code: &str) -> Verdict {
    Verdict::Failed {
        failure: PaymentFailure::Cancelled,
        code: code.into(),
        message: "Request cancelled by user".into(),
    }
}

async fn steps(shop: &Shop, payment: &Payment, step: PaymentStep) -> usize {
    let story = shop
        .app
        .payment_story(&shop.owner, payment.id)
        .await
        .unwrap();
    story.timeline.iter().filter(|e| e.step == step).count()
}

#[tokio::test]
async fn what_does_not_fit_grants_nothing() {
    for shop in Shop::open_all(200).await {
        let other = ScriptedGateway::reference(77);
        // What comes on the link of the payment with this reference.
        let lies: [fn(&Reference, &Reference) -> Vec<u8>; 14] = [
            |own, _| paid_callback(own, "1", "RKL51ZDR4F"),
            |own, _| paid_callback(own, "21.00", "RKL51ZDR4F"),
            |own, _| paid_callback(own, "2000", "RKL51ZDR4F"),
            |own, _| paid_callback(own, "-20", "RKL51ZDR4F"),
            |own, _| paid_callback(own, "NaN", "RKL51ZDR4F"),
            |_, other| paid_callback(other, "20", "RKL51ZDR4F"),
            |own, _| {
                let mixed = Reference {
                    merchant_request_id: "m-77".into(),
                    ..own.clone()
                };
                paid_callback(&mixed, "20", "RKL51ZDR4F")
            },
            |_, other| failed_callback(other, 1032),
            |own, _| {
                let body = String::from_utf8(paid_callback(own, "20", "RKL51ZDR4F")).unwrap();
                let amount = r#"{"Name":"Amount","Value":20},"#;
                assert!(body.contains(amount));
                body.replace(amount, "").into_bytes()
            },
            |_, _| b"".to_vec(),
            |_, _| b"not json".to_vec(),
            |_, _| b"{}".to_vec(),
            |_, _| vec![0xff; 100],
            |_, _| br#"{"Body":{"stkCallback":{"ResultCode":"0"}}}"#.to_vec(),
        ];
        for (n, lie) in lies.iter().enumerate() {
            let wish = shop.wish(&format!("07123456{n:02}"));
            let payment = shop.app.start_payment(wish).await.unwrap();
            let reference = ScriptedGateway::reference(n + 1);
            let checkout = &reference.checkout_request_id;
            shop.gateway.answer_query(checkout, [PAID]);
            shop.callback(&lie(&reference, &other)).await;
            shop.work().await;
            let now = shop.payment(&payment).await;
            assert_eq!(now.status, PaymentStatus::Pending, "lie {n}");
            assert_eq!(
                steps(&shop, &payment, PaymentStep::Mismatch).await,
                1,
                "lie {n}"
            );
        }
        assert!(
            shop.gateway.queries().is_empty(),
            "nobody was asked for a lie"
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn forged_links_are_not_ours() {
    for shop in Shop::open_all(201).await {
        let (payment, reference) = begun(&shop).await;
        let token = shop.gateway.callback_token();
        let mut turned = token.clone().into_bytes();
        turned[3] ^= 1;
        let page = shop.app.payment_token(shop.provider(), payment.id);
        let body = paid_callback(&reference, "20", "RKL51ZDR4F");
        for forged in [
            &String::from_utf8_lossy(&turned),
            "",
            "x",
            page.as_str(),
            &token[1..],
        ] {
            let answer = shop
                .app
                .take_message(forged, Incoming::new(&body, "192.0.2.66"))
                .await;
            assert!(
                matches!(answer, Err(Error::NotFound(_))),
                "{forged}: {answer:?}"
            );
        }
        let read = shop.app.payment_page(&token).await;
        assert!(read.is_err(), "a callback link opens no page");
        shop.check().await;
    }
}

#[tokio::test]
async fn a_hundred_copies_at_once_settle_once() {
    for shop in Shop::open_all(202).await {
        let (payment, reference) = begun(&shop).await;
        shop.gateway.answer_query("ws_CO_1", [PAID]);
        let body = paid_callback(&reference, "20.00", "RKL51ZDR4F");
        let token = shop.gateway.callback_token();
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..100 {
            let (app, mut body, token) = (shop.app.clone(), body.clone(), token.clone());
            // Some are the same bytes, some only mean the same.
            body.extend(std::iter::repeat_n(b' ', i % 4));
            tasks.spawn(async move {
                app.take_message(&token, Incoming::new(&body, "192.0.2.10"))
                    .await
                    .unwrap();
                app.run_due_jobs().await.unwrap();
            });
        }
        tasks.join_all().await;
        shop.work().await;
        let paid = shop.payment(&payment).await;
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(steps(&shop, &payment, PaymentStep::Settled).await, 1);
        let rows = "SELECT COUNT(*), CAST(SUM(times_seen) AS BIGINT) FROM gateway_messages";
        let rows = shop.test.raw(rows).await.unwrap();
        assert_eq!(rows[0], [Some("4".into()), Some("100".into())]);
        shop.check().await;
    }
}

#[tokio::test]
async fn success_outweighs_failure_in_any_order() {
    for shop in Shop::open_all(203).await {
        // Failure, then success.
        let (payment, reference) = begun(&shop).await;
        shop.callback(&failed_callback(&reference, 1037)).await;
        shop.work().await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Failed);
        shop.pay(&payment).await;
        let paid = shop.payment(&payment).await;
        assert_eq!((paid.status, paid.failure), (PaymentStatus::Success, None));
        // Success, then failures.
        for code in [1, 1032, 1037, 2001] {
            shop.callback(&failed_callback(&reference, code)).await;
            shop.work().await;
        }
        let still = shop.payment(&payment).await;
        assert_eq!(
            (still.status, still.ticket_id),
            (PaymentStatus::Success, paid.ticket_id)
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn a_callback_is_a_hint_and_the_query_is_the_truth() {
    for shop in Shop::open_all(204).await {
        // A forged success, and a gateway that knows better.
        let (payment, reference) = begun(&shop).await;
        shop.gateway.answer_query("ws_CO_1", [refused("1032")]);
        shop.callback(&paid_callback(&reference, "20", "RKL51ZDR4F"))
            .await;
        shop.work().await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Pending);
        assert_eq!(steps(&shop, &payment, PaymentStep::Contradiction).await, 1);
        shop.pass(Duration::from_secs(600)).await;
        let failed = shop.payment(&payment).await;
        assert_eq!(failed.status, PaymentStatus::Cancelled);
        assert_eq!(failed.ticket_id, None);

        // A gateway that first denies money that moved.
        let (payment, reference) = begun(&shop).await;
        let lies = [refused("1032"), refused("1032"), PAID];
        shop.gateway.answer_query("ws_CO_2", lies);
        shop.callback(&paid_callback(&reference, "20", "RKL51ZDR5G"))
            .await;
        shop.pass(Duration::from_secs(60)).await;
        let paid = shop.payment(&payment).await;
        assert_eq!((paid.status, paid.receipt), (PaymentStatus::Success, None));
        // A receipt told before the money was seen waits for one that came with it.
        shop.pass(Duration::from_secs(60)).await;
        let paid = shop.payment(&payment).await;
        assert_eq!(paid.receipt.as_deref(), Some("RKL51ZDR5G"));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_lost_callback_is_asked_for_on_a_schedule_that_ends() {
    for shop in Shop::open_all(205).await {
        let (payment, _) = begun(&shop).await;
        let mut asked = Vec::new();
        for expected in [10, 20, 40, 90, 180, 600, 1800, 3600, 6 * 3600, 24 * 3600] {
            let due = payment.created_at.plus(Duration::from_secs(expected));
            shop.clock
                .set(bando_domain::Timestamp::from_millis(due.as_millis() - 1));
            shop.work().await;
            assert_eq!(
                shop.gateway.queries().len(),
                asked.len(),
                "before {expected} s"
            );
            shop.clock.set(due);
            shop.work().await;
            asked.push(expected);
            assert_eq!(shop.gateway.queries().len(), asked.len(), "at {expected} s");
        }
        let expired = shop.payment(&payment).await;
        assert_eq!(expired.status, PaymentStatus::Expired);
        assert_eq!(expired.failure, Some(PaymentFailure::NeverConfirmed));
        let jobs = shop.test.raw("SELECT COUNT(*) FROM jobs").await.unwrap();
        assert_eq!(jobs[0][0].as_deref(), Some("0"), "nobody is asked any more");
        // Three days late, the money arrives all the same.
        shop.clock.advance(Duration::from_secs(3 * 86_400));
        shop.pay(&payment).await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_query_finds_what_a_callback_lost() {
    for shop in Shop::open_all(206).await {
        let (payment, reference) = begun(&shop).await;
        shop.gateway.answer_query(
            "ws_CO_1",
            [
                Verdict::Pending {
                    why: "500.001.1001".into(),
                },
                Verdict::RateLimited {
                    retry_after: Duration::from_secs(30),
                },
                Verdict::Unreachable {
                    why: "reset".into(),
                },
                PAID,
            ],
        );
        shop.pass(Duration::from_secs(45)).await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Pending);
        shop.pass(Duration::from_secs(120)).await;
        let paid = shop.payment(&payment).await;
        assert_eq!((paid.status, paid.receipt), (PaymentStatus::Success, None));
        // The callback was not lost, only late: it brings the receipt.
        shop.callback(&paid_callback(&reference, "20", "RKL51ZDR4F"))
            .await;
        shop.work().await;
        let known = shop.payment(&payment).await;
        assert_eq!(known.receipt.as_deref(), Some("RKL51ZDR4F"));
        assert_eq!(known.ticket_id, paid.ticket_id);
        shop.check().await;
    }
}

#[tokio::test]
async fn one_receipt_pays_once() {
    for shop in Shop::open_all(207).await {
        let (first, reference) = begun(&shop).await;
        shop.gateway.answer_query("ws_CO_1", [PAID]);
        shop.callback(&paid_callback(&reference, "20", "RKL51ZDR4F"))
            .await;
        shop.work().await;
        let (second, reference) = begun(&shop).await;
        shop.gateway.answer_query("ws_CO_2", [PAID]);
        shop.callback(&paid_callback(&reference, "20", "RKL51ZDR4F"))
            .await;
        shop.work().await;
        assert_eq!(shop.payment(&first).await.status, PaymentStatus::Success);
        assert_eq!(shop.payment(&second).await.status, PaymentStatus::Pending);
        assert_eq!(steps(&shop, &second, PaymentStep::Mismatch).await, 1);
        // Its own query proves it without any receipt.
        shop.pass(Duration::from_secs(30)).await;
        let own = shop.payment(&second).await;
        assert_eq!((own.status, own.receipt), (PaymentStatus::Success, None));
        shop.check().await;
    }
}

#[tokio::test]
async fn another_payments_reference_is_not_taken_for_a_lost_one() {
    for shop in Shop::open_all(208).await {
        let (cheap, reference) = begun(&shop).await;
        shop.pay(&cheap).await;
        let dear = shop
            .add_plan("dear", "1000", shop.plan.terms)
            .await
            .unwrap();
        shop.gateway.answer_start(Start::Unknown {
            why: "time-out".into(),
        });
        let mut wish = shop.wish("0712345679");
        wish.plan = PlanId::from_uuid(dear.id.uuid());
        let payment = shop.app.start_payment(wish).await.unwrap();
        // Whoever knows the link claims that the dear one was paid by the cheap one's prompt.
        shop.callback(&paid_callback(&reference, "1000", "RKL51ZDR4F"))
            .await;
        shop.callback(&failed_callback(&reference, 1032)).await;
        shop.work().await;
        let now = shop.payment(&payment).await;
        assert_eq!(
            (now.status, now.checkout_request_id),
            (PaymentStatus::Pending, None)
        );
        assert_eq!(steps(&shop, &payment, PaymentStep::Mismatch).await, 2);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_flood_of_lies_costs_little() {
    for shop in Shop::open_all(209).await {
        let (payment, reference) = begun(&shop).await;
        shop.gateway
            .answer_query("ws_CO_1", [Verdict::Pending { why: "?".into() }]);
        let mut body = paid_callback(&reference, "20", "RKL51ZDR4F");
        for _ in 0..200 {
            body.push(b' ');
            shop.callback(&body).await;
        }
        let kept = shop
            .test
            .raw("SELECT COUNT(*) FROM gateway_messages")
            .await
            .unwrap();
        assert_eq!(kept[0][0].as_deref(), Some("8"), "not all are kept");
        shop.pass(Duration::from_secs(300)).await;
        let queries = shop.gateway.queries().len();
        assert!(queries <= 80, "{queries} queries in five minutes");
        // The real word still counts: the schedule asks.
        shop.gateway.answer_query("ws_CO_1", [PAID]);
        shop.pass(Duration::from_secs(300)).await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_neighbours_message_changes_nothing() {
    for shop in Shop::open_all(210).await {
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let (payment, reference) = begun(&shop).await;
        shop.gateway.answer_query("ws_CO_1", [PAID]);
        let body = paid_callback(&reference, "20", "RKL51ZDR4F");
        let taken = shop.app.take_unaddressed_message(
            neighbour.provider,
            "mpesa",
            Incoming::new(&body, "192.0.2.10"),
        );
        taken.await.unwrap();
        shop.work().await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Pending);
        // To the right business, without a link: proved as always.
        let failed = failed_callback(&reference, 1032);
        for body in [&failed, &body] {
            let taken = shop.app.take_unaddressed_message(
                shop.provider(),
                "mpesa",
                Incoming::new(body, "x"),
            );
            taken.await.unwrap();
            shop.work().await;
        }
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        shop.check().await;
    }
}
