//! What the platform collects, owes, and pays out: as a second member agrees, and never twice.

use std::time::Duration;

use bando_app::testing::{Shop, sent_result};
use bando_app::{
    Caller, Error, Incoming, Payout, RefundDraft, RefundOf, RefundWay, Role, SendState, Sending,
    Urgency,
};
use bando_domain::{Currency, Money, PayoutId};
use bando_gateways::Sent;
use tokio::task::JoinSet;

const PAYOUT_PHONE: &str = "0722000111";

fn kes(shillings: i64) -> Money {
    Money::from_major(shillings, Currency::Kes).unwrap()
}

/// A shop for which the platform has collected so many payments of 20 shillings, less 1 %, and its
/// manager.
async fn collected(shop: &mut Shop, payments: usize) -> Caller {
    shop.collect(100, PAYOUT_PHONE).await.unwrap();
    for n in 0..payments {
        shop.buy(&format!("07123456{n:02}"), None).await;
    }
    shop.hire("manager", Role::Manager).await.unwrap()
}

async fn figures(shop: &Shop) -> (i64, i64, i64) {
    let state = shop.app.collection(&shop.owner).await.unwrap().unwrap();
    let (owed, reserved) = (state.owed.minor(), state.reserved.minor());
    (owed, reserved, state.available.minor())
}

/// Asked for by the owner, agreed to by the manager, and worked off.
async fn pay_out(shop: &Shop, manager: &Caller, amount: Money) -> Payout {
    let asked = shop.app.request_payout(&shop.owner, amount).await.unwrap();
    let agreed = shop.app.decide_payout(manager, asked.id, true).await;
    assert_eq!(agreed.unwrap().state, SendState::Approved);
    shop.work().await;
    shop.app.payout(&shop.owner, asked.id).await.unwrap()
}

async fn state(shop: &Shop, id: PayoutId) -> SendState {
    shop.app.payout(&shop.owner, id).await.unwrap().state
}

async fn result(shop: &Shop, conversation_id: &str, code: i32, receipt: &str) {
    let url = shop.gateway.payouts().last().unwrap().result_url.clone();
    let token = url.rsplit('/').next().unwrap();
    let body = sent_result(conversation_id, code, receipt);
    let incoming = Incoming::new(&body, "192.0.2.9");
    shop.app.take_message(token, incoming).await.unwrap();
    shop.work().await;
}

#[tokio::test]
async fn a_provider_opts_in() {
    for mut shop in Shop::open_all(1800).await {
        assert_eq!(shop.app.collection(&shop.owner).await.unwrap(), None);
        let tried = shop
            .app
            .save_collection(&shop.owner, PAYOUT_PHONE, true)
            .await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        let manager = collected(&mut shop, 2).await;
        let tried = shop.app.save_collection(&manager, PAYOUT_PHONE, true).await;
        assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        let tried = shop.app.save_collection(&shop.owner, "12", true).await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        let state = shop.app.collection(&manager).await.unwrap().unwrap();
        assert!(state.enabled);
        assert_eq!(state.phone.unwrap().digits(), "254722000111");
        assert_eq!(figures(&shop).await, (3960, 0, 3960), "2 × 20 less 1 %");
        shop.app
            .save_collection(&shop.owner, PAYOUT_PHONE, false)
            .await
            .unwrap();
        let tried = shop.app.start_payment(shop.wish("0712345699")).await;
        assert!(matches!(tried, Err(Error::NoGateway)), "{tried:?}");
        shop.check().await;
    }
}

#[tokio::test]
async fn a_second_member_agrees() {
    for mut shop in Shop::open_all(1801).await {
        let manager = collected(&mut shop, 5).await;
        let tried = shop.app.request_payout(&manager, kes(10)).await;
        assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        for amount in [
            kes(9),
            kes(250_001),
            kes(100),
            Money::from_minor(1050, Currency::Kes),
        ] {
            let tried = shop.app.request_payout(&shop.owner, amount).await;
            assert!(
                matches!(tried, Err(Error::Invalid(_))),
                "{amount}: {tried:?}"
            );
        }
        let asked = shop.app.request_payout(&shop.owner, kes(50)).await.unwrap();
        assert_eq!(figures(&shop).await, (9900, 5000, 4900));
        let tried = shop.app.decide_payout(&shop.owner, asked.id, true).await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        let cashier = shop.hire("cashier", Role::Cashier).await.unwrap();
        let tried = shop.app.decide_payout(&cashier, asked.id, true).await;
        assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let tried = shop.app.decide_payout(&neighbour, asked.id, true).await;
        assert!(matches!(tried, Err(Error::NotFound(_))), "{tried:?}");
        let declined = shop.app.decide_payout(&shop.owner, asked.id, false).await;
        assert_eq!(declined.unwrap().state, SendState::Declined);
        let tried = shop.app.decide_payout(&manager, asked.id, true).await;
        assert!(matches!(tried, Err(Error::NotFound(_))), "{tried:?}");
        assert_eq!(figures(&shop).await, (9900, 0, 9900));
        // The database says so too.
        let asked = shop.app.request_payout(&shop.owner, kes(50)).await.unwrap();
        let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
        let mut row = tx.lock_payout(asked.id).await.unwrap().unwrap();
        row.state = SendState::Approved;
        row.decided_by = Some(row.requested_by);
        assert!(tx.update_payout(&row).await.is_err());
        drop(tx);
        assert!(shop.gateway.payouts().is_empty());
        shop.check().await;
    }
}

#[tokio::test]
async fn it_is_sent_once_and_booked_when_it_is_there() {
    for mut shop in Shop::open_all(1802).await {
        let manager = collected(&mut shop, 5).await;
        let sent = pay_out(&shop, &manager, kes(50)).await;
        assert_eq!(sent.state, SendState::Sent);
        let told = shop.gateway.payouts();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].phone.digits(), "254722000111");
        assert_eq!(told[0].reference, sent.id.to_string());
        assert_eq!(figures(&shop).await, (9900, 5000, 4900));
        shop.check().await;
        result(&shop, "AG_other", 0, "RKL000099Z").await;
        assert_eq!(state(&shop, sent.id).await, SendState::Sent);
        for _ in 0..2 {
            result(&shop, "AG_1", 0, "RKL000090Z").await;
        }
        result(&shop, "AG_1", 1, "RKL000091Z").await;
        let after = shop.app.payout(&shop.owner, sent.id).await.unwrap();
        assert_eq!(
            (after.state, after.receipt.as_deref()),
            (SendState::Done, Some("RKL000090Z"))
        );
        assert_eq!(figures(&shop).await, (4900, 0, 4900));
        shop.check().await;
        let refused = pay_out(&shop, &manager, kes(49)).await;
        assert_eq!(figures(&shop).await, (4900, 4900, 0));
        result(&shop, "AG_2", 1, "RKL000092Z").await;
        assert_eq!(state(&shop, refused.id).await, SendState::Refused);
        assert_eq!(figures(&shop).await, (4900, 0, 4900), "it is free again");
        shop.check().await;
    }
}

#[tokio::test]
async fn never_more_than_is_owed() {
    for mut shop in Shop::open_all(1803).await {
        let manager = collected(&mut shop, 5).await;
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let (app, owner, manager) = (shop.app.clone(), shop.owner.clone(), manager.clone());
            tasks.spawn(async move {
                let asked = app.request_payout(&owner, kes(30)).await.ok()?;
                let mut agreed = JoinSet::new();
                for _ in 0..5 {
                    let (app, manager, id) = (app.clone(), manager.clone(), asked.id);
                    agreed.spawn(async move {
                        let agreed = app.decide_payout(&manager, id, true).await.is_ok();
                        app.run_due_jobs().await.unwrap();
                        agreed
                    });
                }
                Some(agreed.join_all().await.into_iter().filter(|ok| *ok).count())
            });
        }
        let agreed: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(agreed, [1, 1, 1], "3 × 30 of 99, each agreed to once");
        shop.work().await;
        let mut told = shop.gateway.payouts();
        told.sort_by(|a, b| a.reference.cmp(&b.reference));
        told.dedup_by(|a, b| a.reference == b.reference);
        assert_eq!(told.len(), 3);
        assert_eq!(shop.gateway.payouts().len(), 3);
        assert_eq!(figures(&shop).await, (9900, 9000, 900));
        let page = shop
            .app
            .payouts(&shop.owner, Some(SendState::Sent), None, 2)
            .await
            .unwrap();
        assert_eq!(page.rows.len(), 2);
        assert!(page.next.is_some());
        shop.check().await;
    }
}

#[tokio::test]
async fn only_the_platform_says_that_its_money_stayed() {
    for mut shop in Shop::open_all(1804).await {
        let manager = collected(&mut shop, 5).await;
        shop.gateway.answer_payout(Sent::Unknown {
            why: "time-out".into(),
        });
        let unknown = pay_out(&shop, &manager, kes(50)).await;
        assert_eq!(unknown.state, SendState::Unknown);
        assert_eq!(shop.app.open_cases(&shop.owner).await.unwrap(), 1);
        assert_eq!(figures(&shop).await, (9900, 5000, 4900));
        shop.pass(Duration::from_secs(60)).await;
        assert_eq!(shop.gateway.payouts().len(), 1, "never repeated");
        let what = Sending::Payout(unknown.id);
        for caller in [&shop.owner, &manager] {
            let tried = shop.app.resolve_sent(caller, what, false, None).await;
            assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        }
        let admin = admin(&shop, "root", true).await;
        let nobody = self::admin(&shop, "nobody", false).await;
        let (app, provider) = (&shop.app, shop.provider());
        let tried = app
            .resolve_sent_as_platform(&nobody, provider, what, false, None)
            .await;
        assert!(matches!(tried, Err(Error::Forbidden)), "{tried:?}");
        let said = app
            .resolve_sent_as_platform(&admin, provider, what, false, None)
            .await;
        said.unwrap();
        assert_eq!(figures(&shop).await, (9900, 0, 9900));
        assert_eq!(app.open_cases(&shop.owner).await.unwrap(), 0);
        shop.check().await;
        // What was called lost came after all: it is booked.
        result(&shop, "AG_1", 0, "RKL000090Z").await;
        assert_eq!(state(&shop, unknown.id).await, SendState::Done);
        assert_eq!(figures(&shop).await, (4900, 0, 4900));
        shop.check().await;
        // That it happened, the provider may say.
        shop.gateway.answer_payout(Sent::Unknown {
            why: "time-out".into(),
        });
        let unknown = pay_out(&shop, &manager, kes(20)).await;
        let what = Sending::Payout(unknown.id);
        app.resolve_sent(&manager, what, true, Some("RKL000093Z"))
            .await
            .unwrap();
        assert_eq!(figures(&shop).await, (2900, 0, 2900));
        shop.check().await;
    }
}

async fn admin(shop: &Shop, name: &str, is_admin: bool) -> bando_app::SignedIn {
    let password = bando_domain::Secret::new("correct horse battery");
    let language = bando_domain::Language::En;
    let made = shop
        .app
        .create_account(name, &password, name, language, is_admin)
        .await;
    made.unwrap();
    shop.app
        .check_password(name, &password, "here")
        .await
        .unwrap()
}

#[tokio::test]
async fn a_crash_and_a_lost_result() {
    for mut shop in Shop::open_all(1805).await {
        let manager = collected(&mut shop, 5).await;
        let asked = shop.app.request_payout(&shop.owner, kes(50)).await.unwrap();
        shop.app
            .decide_payout(&manager, asked.id, true)
            .await
            .unwrap();
        let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
        let mut row = tx.lock_payout(asked.id).await.unwrap().unwrap();
        row.state = SendState::Sending;
        tx.update_payout(&row).await.unwrap();
        tx.commit().await.unwrap();
        shop.restart();
        shop.work().await;
        assert!(shop.gateway.payouts().is_empty());
        assert_eq!(state(&shop, asked.id).await, SendState::Unknown);
        shop.check().await;
        let sent = pay_out(&shop, &manager, kes(20)).await;
        shop.clock.advance(Duration::from_secs(3700));
        shop.work().await;
        assert_eq!(state(&shop, sent.id).await, SendState::Unknown);
        assert_eq!(figures(&shop).await, (9900, 7000, 2900));
        result(&shop, "AG_1", 0, "RKL000090Z").await;
        assert_eq!(state(&shop, sent.id).await, SendState::Done);
        assert_eq!(figures(&shop).await, (7900, 5000, 2900));
        shop.check().await;
    }
}

#[tokio::test]
async fn what_the_platform_collected_it_also_sends_back() {
    for mut shop in Shop::open_all(1806).await {
        let manager = collected(&mut shop, 2).await;
        let filter = bando_app::PaymentFilter::default();
        let sold = shop
            .app
            .payments(&shop.owner, &filter, None, 10)
            .await
            .unwrap()
            .rows;
        let draft = |n: usize, way| RefundDraft {
            of: RefundOf::Payment(sold[n].id),
            amount: None,
            way,
            reason: "the router was off".into(),
            revoke: false,
        };
        let by_hand = shop
            .app
            .request_refund(&shop.owner, draft(0, RefundWay::ByHand))
            .await;
        assert!(matches!(by_hand, Err(Error::Invalid(_))), "{by_hand:?}");
        let asked = shop
            .app
            .request_refund(&shop.owner, draft(0, RefundWay::Gateway))
            .await;
        let asked = asked.unwrap();
        assert_eq!(
            figures(&shop).await,
            (3960, 1980, 1980),
            "less the fee that comes back"
        );
        shop.app
            .decide_refund(&manager, asked.id, true)
            .await
            .unwrap();
        shop.gateway.answer_refund(Sent::Done { receipt: None });
        shop.work().await;
        assert_eq!(figures(&shop).await, (1980, 0, 1980));
        shop.check().await;
        // What was paid out, the platform does not send back to payers as well.
        let sent = pay_out(&shop, &manager, kes(19)).await;
        let tried = shop
            .app
            .request_refund(&shop.owner, draft(1, RefundWay::Gateway))
            .await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        result(&shop, "AG_2", 0, "RKL000090Z").await;
        assert_eq!(state(&shop, sent.id).await, SendState::Done);
        let tried = shop
            .app
            .request_refund(&shop.owner, draft(1, RefundWay::Gateway))
            .await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        shop.check().await;
    }
}

#[tokio::test]
async fn nobody_is_paid_while_suspended() {
    for mut shop in Shop::open_all(1808).await {
        let manager = collected(&mut shop, 2).await;
        let asked = shop.app.request_payout(&shop.owner, kes(20)).await.unwrap();
        let sql = "UPDATE providers SET status = 'suspended' RETURNING slug";
        shop.test.raw(sql).await.unwrap();
        let tried = shop.app.decide_payout(&manager, asked.id, true).await;
        assert!(matches!(tried, Err(Error::Suspended)), "{tried:?}");
        let tried = shop.app.request_payout(&shop.owner, kes(10)).await;
        assert!(matches!(tried, Err(Error::Suspended)), "{tried:?}");
        let declined = shop.app.decide_payout(&manager, asked.id, false).await;
        assert_eq!(declined.unwrap().state, SendState::Declined);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_password_that_expires_is_reminded_of() {
    for shop in Shop::open_all(1807).await {
        let warnings = async || shop.app.home(&shop.owner).await.unwrap().warnings;
        assert_eq!(warnings().await, []);
        let mut account = bando_app::GatewayAccount::default();
        let expires = ("initiator_expires".to_owned(), "2026-12-01".to_owned());
        account.settings.extend([expires]);
        shop.app
            .save_gateway(&shop.owner, "mpesa", account, true)
            .await
            .unwrap();
        let warning = warnings().await.remove(0);
        assert_eq!((warning.gateway, warning.days_left), ("mpesa", 11));
        assert_eq!(warning.urgency, Urgency::Soon);
        shop.clock.advance(Duration::from_secs(11 * 86_400));
        assert_eq!(warnings().await[0].urgency, Urgency::Expired);
    }
}
