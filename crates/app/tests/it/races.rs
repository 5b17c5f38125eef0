//! Many at once.

use std::time::Duration;

use bando_app::Incoming;
use bando_app::testing::{ScriptedGateway, Shop, paid_callback};
use bando_domain::{Clock, PaymentStatus, Refusal, Starts};
use bando_gateways::Verdict;
use tokio::task::JoinSet;

#[tokio::test]
async fn one_voucher_and_forty_devices() {
    for shop in Shop::open_all(800).await {
        for _ in 0..3 {
            let terms = Shop::terms(Some(3600), None, Starts::FirstUse, 1);
            let plan = shop.add_plan("voucher", "20", terms).await.unwrap();
            let ticket = shop
                .app
                .give_ticket(&shop.owner, plan.id, "", "")
                .await
                .unwrap();
            let mut tasks = JoinSet::new();
            for n in 0..40 {
                let (app, provider, id) = (shop.app.clone(), shop.provider(), ticket.id);
                tasks.spawn(async move {
                    app.admit(provider, id, Some(Shop::device(n)))
                        .await
                        .unwrap()
                });
            }
            let answers = tasks.join_all().await;
            let winners: Vec<_> = answers.iter().flatten().collect();
            assert_eq!(winners.len(), 1);
            assert_eq!(winners[0].devices.len(), 1);
            let limit = answers.iter().filter(|a| **a == Err(Refusal::DeviceLimit));
            assert_eq!(limit.count(), 39);
            let page = shop.app.ticket(&shop.owner, ticket.id).await.unwrap();
            assert_eq!(page.devices.len(), 1);
        }
        shop.check().await;
    }
}

#[tokio::test]
async fn buying_on_one_phone_from_forty_browsers() {
    for shop in Shop::open_all(801).await {
        let mut tasks = JoinSet::new();
        for n in 0..40 {
            let (app, mut wish) = (shop.app.clone(), shop.wish("0712345678"));
            wish.visit = shop.visit(Shop::device(n));
            tasks.spawn(async move { app.start_payment(wish).await.is_ok() });
        }
        let begun = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
        assert_eq!(begun, 1);
        assert_eq!(shop.gateway.charges().len(), 1, "one prompt on the phone");
        shop.check().await;
    }
}

/// Everything that may happen to one sold ticket, at the same moment, many times over: nothing
/// deadlocks, and everything that must hold holds.
#[tokio::test]
async fn everything_at_once() {
    for shop in Shop::open_all(802).await {
        let mut tickets = Vec::new();
        for n in 0..6 {
            let phone = format!("07123456{n:02}");
            tickets.push(shop.buy(&phone, Some(Shop::device(n))).await);
        }
        let last = shop.gateway.callback_token();
        let body = paid_callback(&ScriptedGateway::reference(6), "20.00", "RKL000006Z");
        let mut tasks: JoinSet<Result<(), bando_app::Error>> = JoinSet::new();
        for round in 0..12_u8 {
            for (n, ticket) in (0_u8..).zip(&tickets) {
                let (app, provider, id) = (shop.app.clone(), shop.provider(), ticket.id);
                tasks.spawn(async move {
                    app.admit(provider, id, Some(Shop::device(n + round % 2 * 50)))
                        .await
                        .map(drop)
                });
                let (app, record) = (
                    shop.app.clone(),
                    shop.record(ticket.id, Shop::device(n), 5, 1000),
                );
                let earlier = shop.record(tickets[0].id, Shop::device(0), 5, 10);
                let records = if round % 2 == 0 {
                    vec![(provider, record), (provider, earlier)]
                } else {
                    vec![(provider, earlier), (provider, record)]
                };
                tasks.spawn(async move { app.record_accounting(records).await });
                let (app, caller) = (shop.app.clone(), shop.owner.clone());
                match round {
                    5 if n < 3 => drop(
                        tasks.spawn(async move { app.revoke_ticket(&caller, id).await.map(drop) }),
                    ),
                    _ => drop(tasks.spawn(async move {
                        app.take_over(provider, id, Shop::device(n + 100)).await
                    })),
                }
            }
            let (app, token, body) = (shop.app.clone(), last.clone(), body.clone());
            tasks.spawn(async move {
                app.take_message(&token, Incoming::new(&body, "192.0.2.1"))
                    .await
                    .map(drop)
            });
            let app = shop.app.clone();
            tasks.spawn(async move { app.run_due_jobs().await.map(drop) });
            let app = shop.app.clone();
            tasks.spawn(async move { app.expire_due().await.map(drop) });
            let (app, caller, plan) = (shop.app.clone(), shop.owner.clone(), shop.plan.id);
            tasks.spawn(async move { app.give_ticket(&caller, plan, "", "").await.map(drop) });
        }
        for outcome in tasks.join_all().await {
            assert!(outcome.is_ok(), "{outcome:?} on {:?}", shop.app.engine());
        }
        shop.work().await;
        shop.check().await;
        shop.clock.advance(Duration::from_secs(3600));
        shop.app.expire_due().await.unwrap();
        shop.check().await;
    }
}

#[tokio::test]
async fn two_payments_with_one_receipt_at_once() {
    for shop in Shop::open_all(803).await {
        let mut payments = Vec::new();
        for n in 1..=2 {
            let wish = shop.wish(&format!("071234567{n}"));
            payments.push(shop.app.start_payment(wish).await.unwrap());
            let checkout = ScriptedGateway::reference(n).checkout_request_id;
            shop.gateway.answer_query(&checkout, [Verdict::PAID]);
            let body = paid_callback(&ScriptedGateway::reference(n), "20", "RKL51ZDR4F");
            shop.callback(&body).await;
        }
        shop.work().await;
        shop.pass(Duration::from_secs(120)).await;
        let mut receipts = Vec::new();
        for payment in &payments {
            let paid = shop.payment(payment).await;
            assert_eq!(
                paid.status,
                PaymentStatus::Success,
                "each is proved by its own query"
            );
            receipts.extend(paid.receipt);
        }
        assert_eq!(receipts, ["RKL51ZDR4F"], "one of them has the receipt");
        assert!(shop.clock.now() > payments[0].created_at);
        shop.check().await;
    }
}
