//! Cash over the counter: sales, shifts, and what the till holds.

use std::time::Duration;

use bando_app::testing::Shop;
use bando_app::{Caller, CashSale, Error, Invalid, PaymentStep, Role};
use bando_domain::{Currency, Money, PaymentStatus, PlanId, TicketState};
use tokio::task::JoinSet;

fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

fn sale(shop: &Shop, phone: Option<&str>) -> CashSale {
    CashSale {
        plan: shop.plan.id,
        phone: phone.map(str::to_owned),
    }
}

async fn cashier(shop: &Shop, name: &str) -> Caller {
    shop.hire(name, Role::Cashier).await.unwrap()
}

async fn balance(shop: &Shop, account: &str) -> Money {
    let balances = shop.app.balances(&shop.owner).await.unwrap();
    let found = balances.into_iter().find(|b| b.account == account);
    found.map_or(kes(0), |b| b.amount)
}

#[tokio::test]
async fn a_sale_is_a_ticket_and_money_in_the_sellers_till() {
    for shop in Shop::open_all(900).await {
        let achieng = cashier(&shop, "achieng").await;
        let sold = shop
            .app
            .sell_for_cash(&achieng, sale(&shop, Some("0712 345 678")));
        let sold = sold.await.unwrap();
        assert_eq!(sold.payment.status, PaymentStatus::Success);
        assert_eq!(sold.payment.gateway, "cash");
        assert_eq!(sold.payment.sold_by, Some(achieng.account));
        assert_eq!(sold.ticket.state, TicketState::Active);
        assert_eq!(sold.payment.ticket_id, Some(sold.ticket.id));
        let story = shop
            .app
            .payment_story(&shop.owner, sold.payment.id)
            .await
            .unwrap();
        let said = |step| story.timeline.iter().find(|e| e.step == step);
        let confirmed = said(PaymentStep::Confirmed).unwrap();
        assert_eq!(confirmed.detail.as_deref(), Some("achieng"));
        let [booked] = story.transfers.as_slice() else {
            panic!("{:?}", story.transfers)
        };
        let till = format!("cash:{}", achieng.account);
        assert_eq!(
            (booked.debit.as_str(), booked.credit.as_str()),
            (till.as_str(), "revenue")
        );
        let code = sold.ticket.code.to_string();
        let page = shop
            .app
            .ticket_by_code(shop.provider(), &code, "anybody")
            .await
            .unwrap();
        assert!(page.standing.is_ok());
        shop.check().await;
    }
}

#[tokio::test]
async fn whoever_gives_no_phone_buys_all_the_same() {
    for shop in Shop::open_all(901).await {
        let achieng = cashier(&shop, "achieng").await;
        let mut customers = Vec::new();
        for phone in [None, Some(""), Some("  ")] {
            let sold = shop
                .app
                .sell_for_cash(&achieng, sale(&shop, phone))
                .await
                .unwrap();
            assert_eq!((sold.payment.phone, sold.ticket.phone), (None, None));
            customers.push(sold.payment.customer_id);
            let token = shop.app.payment_token(shop.provider(), sold.payment.id);
            assert!(
                shop.app
                    .payment_page(&token)
                    .await
                    .unwrap()
                    .ticket
                    .is_some()
            );
        }
        customers.dedup();
        assert_eq!(customers.len(), 3, "nobody is taken for somebody else");
        let listed = shop.app.customers(&shop.owner, None, 10).await.unwrap();
        assert!(listed.rows.is_empty(), "who has no phone is in no list");
        shop.check().await;
    }
}

#[tokio::test]
async fn what_cannot_be_sold_leaves_nothing_behind() {
    for shop in Shop::open_all(902).await {
        let achieng = cashier(&shop, "achieng").await;
        let support = shop.hire("sam", Role::Support).await.unwrap();
        let app = &shop.app;
        let refused = app.sell_for_cash(&support, sale(&shop, None)).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        let refused = app.sell_for_cash(&achieng, sale(&shop, Some("12"))).await;
        assert!(matches!(refused, Err(Error::Invalid(Invalid::Phone(_)))));
        let gone = CashSale {
            plan: PlanId::from_uuid(shop.provider().uuid()),
            phone: None,
        };
        let refused = app.sell_for_cash(&achieng, gone).await;
        assert!(matches!(refused, Err(Error::NotFound("plan"))));
        let open = app.my_shift(&achieng).await.unwrap();
        assert_eq!(open, None, "no shift began for a sale that was none");
        let payments = app
            .payments(&shop.owner, &Default::default(), None, 10)
            .await
            .unwrap();
        assert!(payments.rows.is_empty());
        let suspend = "UPDATE providers SET status = 'suspended'";
        shop.test.raw(suspend).await.unwrap();
        let refused = app.sell_for_cash(&achieng, sale(&shop, None)).await;
        assert!(matches!(refused, Err(Error::Suspended)));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_shift_is_counted_and_its_money_goes_to_the_safe() {
    for shop in Shop::open_all(903).await {
        let achieng = cashier(&shop, "achieng").await;
        let app = &shop.app;
        let opened = app.open_shift(&achieng).await.unwrap();
        assert_eq!(app.open_shift(&achieng).await.unwrap().shift, opened.shift);
        assert_eq!((opened.sales, opened.expected), (0, kes(0)));
        for _ in 0..3 {
            shop.clock.advance(Duration::from_secs(60));
            app.sell_for_cash(&achieng, sale(&shop, None))
                .await
                .unwrap();
        }
        let open = app.my_shift(&achieng).await.unwrap().unwrap();
        assert_eq!(
            (open.sales, open.sold, open.expected),
            (3, kes(60), kes(60))
        );
        assert_eq!(open.difference, None);
        for bad in ["", "much", "-1", "1.234"] {
            let refused = app.close_shift(&achieng, bad, "").await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{bad}");
        }
        let closed = app
            .close_shift(&achieng, "55", "a note fell out")
            .await
            .unwrap();
        assert_eq!(closed.shift.id, opened.shift.id);
        assert_eq!(closed.shift.counted, Some(kes(55)));
        assert_eq!(closed.shift.note.as_deref(), Some("a note fell out"));
        assert_eq!((closed.sales, closed.expected), (3, kes(60)));
        assert_eq!(closed.difference, Some(kes(-5)));
        assert_eq!(balance(&shop, "cash:safe").await, kes(55));
        assert_eq!(balance(&shop, "differences").await, kes(5));
        assert_eq!(
            balance(&shop, &format!("cash:{}", achieng.account)).await,
            kes(0)
        );
        let again = app.close_shift(&achieng, "55", "").await;
        assert!(matches!(again, Err(Error::NotFound("shift"))));
        shop.clock.advance(Duration::from_secs(60));
        app.sell_for_cash(&achieng, sale(&shop, None))
            .await
            .unwrap();
        let next = app.close_shift(&achieng, "25.00", "").await.unwrap();
        assert_ne!(next.shift.id, opened.shift.id, "a sale begins a shift");
        assert_eq!((next.sales, next.difference), (1, Some(kes(5))));
        assert_eq!(balance(&shop, "cash:safe").await, kes(80));
        assert_eq!(balance(&shop, "differences").await, kes(0));
        let actions = app.audit_log(&shop.owner).await.unwrap();
        let closings = actions.iter().filter(|e| e.action == "shift.close").count();
        assert_eq!(closings, 2);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_cashier_sees_only_their_own_till() {
    for shop in Shop::open_all(904).await {
        let achieng = cashier(&shop, "achieng").await;
        let brian = cashier(&shop, "brian").await;
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let app = &shop.app;
        for (who, times) in [(&achieng, 2), (&brian, 1)] {
            for _ in 0..times {
                app.sell_for_cash(who, sale(&shop, None)).await.unwrap();
            }
        }
        let hers = app.my_shift(&achieng).await.unwrap().unwrap();
        assert_eq!(hers.sold, kes(40));
        assert!(matches!(
            app.shift(&brian, hers.shift.id).await,
            Err(Error::NotFound(_))
        ));
        assert!(matches!(
            app.shift(&neighbour, hers.shift.id).await,
            Err(Error::NotFound(_))
        ));
        assert_eq!(
            app.shift(&shop.owner, hers.shift.id).await.unwrap().sold,
            kes(40)
        );
        let list = app.shifts(&brian, None, 10).await.unwrap();
        assert!(list.rows.iter().all(|s| s.account == brian.account) && list.rows.len() == 1);
        assert_eq!(
            app.shifts(&shop.owner, None, 10).await.unwrap().rows.len(),
            2
        );
        let mine = app.till_day(&brian, 0).await.unwrap();
        assert_eq!(mine.len(), 1);
        assert_eq!(
            (mine[0].cashier, mine[0].sales, mine[0].sold),
            (brian.account, 1, kes(20))
        );
        assert_eq!(app.till_day(&shop.owner, 0).await.unwrap().len(), 2);
        assert!(app.till_day(&shop.owner, 1).await.unwrap().is_empty());
        shop.clock.advance(Duration::from_secs(86_400));
        assert_eq!(app.till_day(&shop.owner, 1).await.unwrap().len(), 2);
        assert!(app.till_day(&shop.owner, 0).await.unwrap().is_empty());
        shop.check().await;
    }
}

#[tokio::test]
async fn selling_and_counting_at_once_loses_no_note() {
    for shop in Shop::open_all(905).await {
        let achieng = cashier(&shop, "achieng").await;
        let mut tasks = JoinSet::new();
        for n in 0..20 {
            let (app, achieng, sale) = (shop.app.clone(), achieng.clone(), sale(&shop, None));
            tasks.spawn(async move {
                if n % 5 < 4 {
                    return app.sell_for_cash(&achieng, sale).await.map(drop);
                }
                match app.close_shift(&achieng, "20", "").await {
                    Ok(_) | Err(Error::NotFound("shift")) => Ok(()),
                    Err(error) => Err(error),
                }
            });
        }
        for outcome in tasks.join_all().await {
            assert!(outcome.is_ok(), "{outcome:?} on {:?}", shop.app.engine());
        }
        let _ = shop.app.close_shift(&achieng, "0", "").await;
        let (safe, lost) = (
            balance(&shop, "cash:safe").await,
            balance(&shop, "differences").await,
        );
        assert_eq!(safe.plus(lost).unwrap(), kes(320));
        shop.check().await;
    }
}
