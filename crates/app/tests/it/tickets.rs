//! Gifts, vouchers by the batch, and taking back.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use bando_app::testing::Shop;
use bando_app::{Caller, Engine, Error, MAX_BATCH, Origin, Role, TicketFilter};
use bando_domain::{Refusal, Starts, TicketState};

#[tokio::test]
async fn a_gift_names_its_giver() {
    for shop in Shop::open_all(600).await {
        let given = shop
            .app
            .give_ticket(&shop.owner, shop.plan.id, "0712345678", "sorry");
        let ticket = given.await.unwrap();
        assert_eq!(ticket.origin, Origin::Gift(shop.owner.account));
        let log = shop.app.audit_log(&shop.owner).await.unwrap();
        assert_eq!(log[0].action, "ticket.give");
        assert!(log[0].detail.contains("sorry"));
        assert_eq!(log[0].actor, format!("member:{}", shop.owner.account));
        let balances = shop.app.balances(&shop.owner).await.unwrap();
        assert!(balances.is_empty(), "no money moved");
        shop.check().await;
    }
}

#[tokio::test]
async fn what_is_taken_back_is_gone_for_good() {
    for shop in Shop::open_all(601).await {
        let ticket = shop.buy("0712345678", Some(Shop::device(1))).await;
        let session = shop.record(ticket.id, Shop::device(1), 0, 0);
        let records = vec![(shop.provider(), session.clone())];
        shop.app.record_accounting(records).await.unwrap();
        assert!(
            shop.app
                .revoke_ticket(&shop.owner, ticket.id)
                .await
                .unwrap()
        );
        assert!(
            !shop
                .app
                .revoke_ticket(&shop.owner, ticket.id)
                .await
                .unwrap()
        );
        shop.work().await;
        assert_eq!(shop.routers.asked(), [session.id]);
        let refused = shop
            .app
            .admit(shop.provider(), ticket.id, Some(Shop::device(1)))
            .await;
        assert_eq!(refused.unwrap(), Err(Refusal::Revoked));
        shop.pass(Duration::from_secs(3700)).await;
        let still = shop.ticket(Some(ticket.id)).await.unwrap();
        assert_eq!(still.state, TicketState::Revoked);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_batch_is_made_in_steps_and_goes_on_after_a_crash() {
    for mut shop in Shop::open_all(602).await {
        let batch = shop
            .app
            .order_batch(&shop.owner, shop.plan.id, 4500)
            .await
            .unwrap();
        // The worker dies in the middle of it, without a word.
        let worker = shop.app.clone();
        let work = tokio::spawn(async move { worker.run_due_jobs().await });
        let mut made = 0;
        for _ in 0..2000 {
            made = shop.app.batch(&shop.owner, batch.id).await.unwrap().made;
            if made > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        work.abort();
        let _ = work.await;
        assert!(made > 0);
        shop.restart();
        shop.work().await;
        shop.clock.advance(Duration::from_secs(200));
        shop.work().await;
        let done = shop.app.batch(&shop.owner, batch.id).await.unwrap();
        assert_eq!(done.made, 4500);
        assert!(done.finished_at.is_some());
        let (mut codes, mut from) = (HashSet::new(), 0);
        loop {
            let page = shop
                .app
                .vouchers(&shop.owner, batch.id, from, 1000)
                .await
                .unwrap();
            if page.is_empty() {
                break;
            }
            from += 1000;
            codes.extend(page.into_iter().map(|t| t.code));
        }
        assert_eq!(codes.len(), 4500);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_hundred_thousand_vouchers() {
    for shop in Shop::open_all(603).await {
        // One engine is enough for the time it takes unoptimised; both make every other batch.
        if shop.app.engine() == Engine::Postgres {
            continue;
        }
        let started = Instant::now();
        let batch = shop
            .app
            .order_batch(&shop.owner, shop.plan.id, MAX_BATCH)
            .await
            .unwrap();
        shop.work().await;
        let made = shop.app.batch(&shop.owner, batch.id).await.unwrap().made;
        println!("{made} vouchers in {:?} (not optimised)", started.elapsed());
        assert_eq!(made, MAX_BATCH);
        let refused = shop
            .app
            .order_batch(&shop.owner, shop.plan.id, MAX_BATCH + 1)
            .await;
        assert!(matches!(refused, Err(Error::Invalid(_))));
        shop.check().await;
    }
}

#[tokio::test]
async fn wrong_codes_are_counted_and_then_right_ones_too() {
    for shop in Shop::open_all(604).await {
        let ticket = shop.buy("0712345678", None).await;
        let code = ticket.code.grouped().to_lowercase();
        let found = shop
            .app
            .ticket_by_code(shop.provider(), &code, "phone 1")
            .await;
        assert_eq!(found.unwrap().ticket.id, ticket.id);
        for i in 0..10 {
            let wrong = shop
                .app
                .ticket_by_code(shop.provider(), "K7MPQ 2XW9R", "phone 1")
                .await;
            assert!(
                matches!(wrong, Err(Error::NotFound("code"))),
                "try {i}: {wrong:?}"
            );
        }
        let closed = shop
            .app
            .ticket_by_code(shop.provider(), &code, "phone 1")
            .await;
        assert!(matches!(closed, Err(Error::TooMany { .. })), "{closed:?}");
        let other = shop
            .app
            .ticket_by_code(shop.provider(), &code, "phone 2")
            .await;
        assert!(other.is_ok());
        shop.clock.advance(Duration::from_secs(600));
        let again = shop
            .app
            .ticket_by_code(shop.provider(), &code, "phone 1")
            .await;
        assert!(again.is_ok());
        shop.check().await;
    }
}

#[tokio::test]
async fn roles_allow_what_they_should() {
    for shop in Shop::open_all(605).await {
        let ticket = shop.buy("0712345678", None).await;
        let terms = Shop::terms(Some(60), None, Starts::FirstUse, 1);
        for role in Role::ALL {
            let caller = Caller {
                role,
                ..shop.owner.clone()
            };
            let forbidden = |result: Result<(), Error>| matches!(result, Err(Error::Forbidden));
            let sells = !forbidden(
                shop.app
                    .give_ticket(&caller, shop.plan.id, "", "")
                    .await
                    .map(drop),
            );
            let batches = !forbidden(
                shop.app
                    .order_batch(&caller, shop.plan.id, 1)
                    .await
                    .map(drop),
            );
            let revokes = !forbidden(shop.app.revoke_ticket(&caller, ticket.id).await.map(drop));
            let deletes = !forbidden(
                shop.app
                    .delete_plan(
                        &caller,
                        bando_domain::PlanId::from_uuid(shop.app.new_uuid()),
                    )
                    .await,
            );
            let owns = !forbidden(shop.app.test_gateway(&caller, "mpesa").await.map(drop));
            let looks = shop
                .app
                .tickets(&caller, &TicketFilter::default(), None, 5)
                .await
                .is_ok();
            assert!(looks);
            assert_eq!(
                (sells, batches),
                (role >= Role::Cashier, role >= Role::Cashier),
                "{role:?}"
            );
            assert_eq!(
                (revokes, deletes),
                (role >= Role::Manager, role >= Role::Manager),
                "{role:?}"
            );
            assert_eq!(owns, role == Role::Owner, "{role:?}");
        }
        assert_eq!(terms.check(), Ok(()));
        shop.work().await;
        shop.check().await;
    }
}

#[tokio::test]
async fn i_have_already_paid() {
    for shop in Shop::open_all(606).await {
        use bando_app::Claim;
        let device = Shop::device(1);
        let ticket = shop.buy("0712345678", Some(device)).await;
        let Origin::Payment(paid) = ticket.origin else {
            panic!("bought")
        };
        let sms = "RKL000001Z Confirmed. Ksh20.00 sent to MAMA NJERI on 20/11/26 at 3:00 PM.";
        let claim = async |text: &str, mac, who: &str| {
            shop.app.claim(shop.provider(), text, mac, who).await
        };
        assert_eq!(claim(sms, None, "a").await.unwrap(), Claim::Paid(paid));
        let case = claim("RKL000009Z", None, "a").await.unwrap();
        assert!(matches!(case, Claim::Case { number: 1001, .. }));
        assert_eq!(claim(" rkl000009z", None, "a").await.unwrap(), case);
        // A phone number finds nothing, not even that of a payer.
        let other = claim("0712345678", None, "a").await.unwrap();
        assert!(matches!(other, Claim::Case { number: 1002, .. }));
        assert_eq!(
            claim("where is it", None, "a").await.unwrap(),
            Claim::Unknown
        );

        // A payment of this device that nobody has heard of yet: the gateway is asked at once.
        let mut wish = shop.wish("0712345679");
        wish.visit = shop.visit(Shop::device(2));
        let open = shop.app.start_payment(wish).await.unwrap();
        let paid = bando_gateways::Verdict::PAID;
        shop.gateway.answer_query("ws_CO_2", [paid]);
        let asking = claim("I paid", Some(Shop::device(2)), "b").await.unwrap();
        assert_eq!(asking, Claim::Asking(open.id));
        shop.work().await;
        assert!(shop.payment(&open).await.ticket_id.is_some());
        let mut refused = 0;
        for _ in 0..6 {
            refused += u32::from(matches!(
                claim("x", None, "c").await,
                Err(Error::TooMany { .. })
            ));
        }
        assert_eq!(refused, 1);
        shop.check().await;
    }
}
