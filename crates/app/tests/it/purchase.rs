//! From a wish to a prompt.

use std::time::Duration;

use bando_app::testing::{NOON, ScriptedGateway, Shop, failed_callback, paid_callback};
use bando_app::{Change, Error, Invalid, PROMPT_LIFETIME, PaymentStep, PlanDraft};
use bando_domain::{
    Clock, PaymentFailure, PaymentStatus, SellingWindow, Starts, TicketState, Timestamp,
};
use bando_gateways::{Start, Verdict};

const PHONE: &str = "0712 345 678";

#[tokio::test]
async fn a_shilling_becomes_a_ticket() {
    for shop in Shop::open_all(100).await {
        let mut events = shop.app.events();
        let mut wish = shop.wish(PHONE);
        wish.visit = shop.visit(Shop::device(1));
        let begun = shop.app.start_payment(wish).await.unwrap();
        assert_eq!(begun.status, PaymentStatus::Pending);
        assert_eq!(begun.checkout_request_id.as_deref(), Some("ws_CO_1"));
        assert_eq!(begun.prompted_at, Some(NOON));
        assert_eq!(begun.router_id, Some(shop.router_id()));
        let charge = &shop.gateway.charges()[0];
        assert_eq!(charge.phone.digits(), "254712345678");
        assert!(charge.account_reference.len() <= 12);
        let token = shop.app.payment_token(shop.provider(), begun.id);
        let page = shop.app.payment_page(&token).await.unwrap();
        assert_eq!(
            (page.ticket, page.prompt_until),
            (None, NOON.plus(PROMPT_LIFETIME))
        );
        assert_eq!(page.visit.mac, Some(Shop::device(1)));

        shop.clock.advance(Duration::from_millis(8500));
        shop.pay(&begun).await;
        let paid = shop.payment(&begun).await;
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(paid.receipt.as_deref(), Some("RKL000001Z"));
        assert_eq!(paid.finished_at, Some(shop.clock.now()));
        let ticket = shop.ticket(paid.ticket_id).await.unwrap();
        assert_eq!(ticket.state, TicketState::Active);
        let end = shop.clock.now().plus(Duration::from_secs(3600));
        assert_eq!(
            ticket.expires_at,
            Some(end),
            "its time begins when it is paid"
        );
        let device = shop
            .app
            .ticket_of_device(shop.provider(), Shop::device(1))
            .await;
        assert_eq!(device.unwrap().unwrap().ticket.id, ticket.id);

        let story = shop.app.payment_story(&shop.owner, begun.id).await.unwrap();
        let mut steps: Vec<_> = story.timeline.iter().map(|e| e.step).collect();
        steps.sort_by_key(|s| s.name());
        let expected = [
            PaymentStep::Asked,
            PaymentStep::Callback,
            PaymentStep::Prompted,
            PaymentStep::Settled,
        ];
        assert_eq!(steps, expected);
        assert_eq!(story.transfers.len(), 1);
        let home = shop.app.home(&shop.owner).await.unwrap();
        assert_eq!((home.today, home.waiting), (shop.plan.price, 0));
        let mut told = Vec::new();
        while let Ok(event) = events.try_recv() {
            told.push(event.change);
        }
        assert!(told.contains(&Change::Payment(begun.id)));
        assert!(told.contains(&Change::Ticket(ticket.id)));
        // The phone is free again.
        shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
        shop.check().await;
    }
}

#[tokio::test]
async fn a_refused_prompt_fails_the_payment_and_frees_the_phone() {
    for shop in Shop::open_all(101).await {
        shop.gateway.answer_start(Start::Refused {
            failure: PaymentFailure::ProviderMisconfigured,
            code: "404.001.03".into(),
            message: "Invalid Access Token".into(),
        });
        let payment = shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
        assert_eq!(payment.status, PaymentStatus::Failed);
        assert_eq!(payment.failure, Some(PaymentFailure::ProviderMisconfigured));
        let again = shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
        assert_eq!(again.status, PaymentStatus::Pending);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_lost_answer_is_never_prompted_again_and_a_callback_finds_it() {
    for shop in Shop::open_all(102).await {
        shop.gateway.answer_start(Start::Unknown {
            why: "time-out".into(),
        });
        let payment = shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
        assert_eq!(payment.status, PaymentStatus::Pending);
        let again = shop.app.start_payment(shop.wish(PHONE)).await;
        assert!(matches!(again, Err(Error::PromptOpen)), "{again:?}");
        shop.pass(Duration::from_secs(50)).await;
        assert_eq!(shop.gateway.charges().len(), 1);
        assert!(
            shop.gateway.queries().is_empty(),
            "there is nothing to query by"
        );
        shop.pay(&payment).await;
        let paid = shop.payment(&payment).await;
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(paid.checkout_request_id.as_deref(), Some("ws_CO_1"));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_callback_may_come_before_the_answer_to_the_push() {
    for paid in [true, false] {
        for shop in Shop::open_all(103).await {
            let gate = shop.gateway.hold_starts();
            let (app, wish) = (shop.app.clone(), shop.wish(PHONE));
            let buying = tokio::spawn(async move { app.start_payment(wish).await });
            while shop.gateway.charges().is_empty() {
                tokio::task::yield_now().await;
            }
            let reference = ScriptedGateway::reference(1);
            if paid {
                shop.gateway.answer_query("ws_CO_1", [Verdict::PAID]);
                shop.callback(&paid_callback(&reference, "20.00", "RKL51ZDR4F"))
                    .await;
            } else {
                shop.callback(&failed_callback(&reference, 1032)).await;
            }
            shop.work().await;
            gate.add_permits(1);
            let payment = buying.await.unwrap().unwrap();
            let expected = if paid {
                PaymentStatus::Success
            } else {
                PaymentStatus::Cancelled
            };
            assert_eq!(payment.status, expected, "the late answer changed nothing");
            assert_eq!(payment.checkout_request_id.as_deref(), Some("ws_CO_1"));
            shop.check().await;
        }
    }
}

#[tokio::test]
async fn a_browser_that_leaves_loses_nothing() {
    for shop in Shop::open_all(104).await {
        let gate = shop.gateway.hold_starts();
        let buying = shop.app.start_payment(shop.wish(PHONE));
        let left = tokio::time::timeout(Duration::from_millis(300), buying).await;
        assert!(
            left.is_err(),
            "the browser went before the gateway answered"
        );
        gate.add_permits(1);
        let all = bando_app::PaymentFilter::default();
        let page = shop.app.payments(&shop.owner, &all, None, 1);
        let payment = page.await.unwrap().rows.remove(0);
        for _ in 0..200 {
            if shop.payment(&payment).await.checkout_request_id.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let payment = shop.payment(&payment).await;
        assert_eq!(payment.checkout_request_id.as_deref(), Some("ws_CO_1"));
        shop.check().await;
    }
}

#[tokio::test]
async fn what_cannot_be_sold_is_refused_before_anything_is_written() {
    for shop in Shop::open_all(105).await {
        let try_phone = async |phone: &str| shop.app.start_payment(shop.wish(phone)).await;
        for phone in ["", "abc", "0812345678", "071234567", "+254712345678999999"] {
            let refused = try_phone(phone).await;
            assert!(
                matches!(refused, Err(Error::Invalid(Invalid::Phone(_)))),
                "{phone}: {refused:?}"
            );
        }
        let mut wish = shop.wish(PHONE);
        wish.plan = bando_domain::PlanId::from_uuid(shop.app.new_uuid());
        let refused = shop.app.start_payment(wish).await;
        assert!(
            matches!(refused, Err(Error::NotFound("plan"))),
            "{refused:?}"
        );

        let hour = shop.plan.terms;
        let half = shop.add_plan("half", "20.50", hour).await.unwrap();
        let dear = shop.add_plan("dear", "250001", hour).await.unwrap();
        let free = shop.add_plan("free", "0", hour).await.unwrap();
        for (plan, expected) in [
            (half, Invalid::Price),
            (dear, Invalid::Price),
            (free, Invalid::NotOnSale),
        ] {
            let mut wish = shop.wish(PHONE);
            wish.plan = plan.id;
            let refused = shop.app.start_payment(wish).await;
            assert!(
                matches!(&refused, Err(Error::Invalid(why)) if *why == expected),
                "{}: {refused:?}",
                plan.name
            );
        }
        let mut wish = shop.wish("0712345670");
        wish.visit = shop.visit(Shop::device(1));
        wish.visit.link_login_only = "http://evil.example/login".into();
        let refused = shop.app.start_payment(wish).await;
        assert!(
            matches!(refused, Err(Error::Invalid(Invalid::LoginAddress))),
            "{refused:?}"
        );

        shop.test
            .raw("UPDATE providers SET status = 'suspended'")
            .await
            .unwrap();
        let refused = try_phone("0712345671").await;
        assert!(matches!(refused, Err(Error::Suspended)), "{refused:?}");
        shop.test
            .raw("UPDATE providers SET status = 'active'")
            .await
            .unwrap();
        shop.test.raw("DELETE FROM gateway_accounts").await.unwrap();
        let refused = try_phone("0712345672").await;
        assert!(matches!(refused, Err(Error::NoGateway)), "{refused:?}");

        let count = shop
            .test
            .raw("SELECT COUNT(*) FROM payments")
            .await
            .unwrap();
        assert_eq!(count[0][0].as_deref(), Some("0"));
        assert!(shop.gateway.charges().is_empty());
        shop.check().await;
    }
}

#[tokio::test]
async fn selling_hours_are_those_of_the_provider() {
    for shop in Shop::open_all(106).await {
        // Friday 22:00 to 06:00 in Nairobi, which is 19:00 to 03:00 UTC.
        let draft = PlanDraft {
            name: "night".into(),
            price: "10".into(),
            terms: shop.plan.terms,
            window: Some(SellingWindow {
                days: 1 << 4,
                from_minute: 22 * 60,
                to_minute: 6 * 60,
            }),
            on_sale: true,
            position: 1,
        };
        let night = shop.app.save_plan(&shop.owner, None, draft).await.unwrap();
        let provider = shop.app.provider_by_id(shop.provider()).await.unwrap();
        let midnight = Timestamp::from_seconds(1_795_132_800); // Friday 2026-11-20, UTC
        let hour = |h: u64, ms: i64| {
            let at = midnight.plus(Duration::from_secs(h * 3600));
            Timestamp::from_millis(at.as_millis() + ms)
        };
        for (at, open) in [
            (hour(19, -1), false),
            (hour(19, 0), true),
            (hour(24, 0), true),
            (hour(27, -1), true),
            (hour(27, 0), false),
            (hour(43, 0), false),
        ] {
            shop.clock.set(at);
            let offered = shop.app.plans_on_sale(&provider).await.unwrap();
            assert_eq!(offered.iter().any(|p| p.id == night.id), open, "{at}");
            let mut wish = shop.wish(PHONE);
            wish.plan = night.id;
            let begun = shop.app.start_payment(wish).await;
            if open {
                let begun = begun.unwrap();
                shop.pay(&begun).await;
            } else {
                assert!(
                    matches!(begun, Err(Error::Invalid(Invalid::NotOnSale))),
                    "{at}: {begun:?}"
                );
            }
        }
        shop.check().await;
    }
}

#[tokio::test]
async fn one_prompt_a_phone_across_all_businesses() {
    for shop in Shop::open_all(107).await {
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let draft = PlanDraft {
            name: "1 day".into(),
            price: "50".into(),
            terms: Shop::terms(Some(86_400), None, Starts::FirstUse, 1),
            window: None,
            on_sale: true,
            position: 0,
        };
        let theirs = shop.app.save_plan(&neighbour, None, draft).await.unwrap();
        let mut at_theirs = shop.wish("+254712345678");
        (at_theirs.provider, at_theirs.plan) = (neighbour.provider, theirs.id);

        shop.app.start_payment(shop.wish(PHONE)).await.unwrap();
        let refused = shop.app.start_payment(at_theirs.clone()).await;
        assert!(matches!(refused, Err(Error::PromptOpen)), "{refused:?}");
        shop.clock
            .advance(PROMPT_LIFETIME - Duration::from_millis(1));
        let refused = shop.app.start_payment(at_theirs.clone()).await;
        assert!(matches!(refused, Err(Error::PromptOpen)), "{refused:?}");
        shop.clock.advance(Duration::from_millis(1));
        shop.app.start_payment(at_theirs).await.unwrap();
        shop.check().await;
    }
}

#[tokio::test]
async fn payments_are_limited_by_phone_and_by_device() {
    for shop in Shop::open_all(108).await {
        let mut refused = 0;
        for i in 0..9 {
            let mut wish = shop.wish(&format!("07123456{i:02}"));
            wish.visit = shop.visit(Shop::device(1));
            match shop.app.start_payment(wish).await {
                Ok(_) => {}
                Err(Error::TooMany { retry_after }) => {
                    assert!(retry_after <= Duration::from_secs(20));
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(refused, 3, "one device, six payments in two minutes");
        shop.clock.advance(Duration::from_secs(20));
        let mut wish = shop.wish("0712345699");
        wish.visit = shop.visit(Shop::device(1));
        shop.app.start_payment(wish).await.unwrap();
        shop.check().await;
    }
}
