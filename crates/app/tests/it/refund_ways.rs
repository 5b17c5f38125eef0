//! The other ways that money goes back: wallet, till, by hand, out of the queue, and by itself.

use std::time::Duration;

use bando_app::testing::{NOON, Shop};
use bando_app::{
    Allotment, Arrival, ArrivalSource, ArrivalState, CaseKind, Error, ProviderDraft, RefundDraft,
    RefundFilter, RefundOf, RefundWay, SendState, Sending, Transfer,
};
use bando_domain::{ArrivalId, CaseId, Language, LedgerTransferId, Money, PaymentStatus, Phone};
use bando_store::NewCase;

use crate::refunds::{balance, bought, doubts, draft, kes, payment, refund, result, state};

#[tokio::test]
async fn into_the_wallet_out_of_the_till_and_by_hand() {
    for shop in Shop::open_all(1710).await {
        let sold = bought(&shop).await;
        refund(&shop, draft(sold.id, None, RefundWay::Wallet)).await;
        let token = shop.app.wallet_token(shop.provider(), sold.customer_id);
        let wallet = shop.app.wallet_page(&token).await.unwrap();
        assert_eq!(wallet.customer.credit, kes(20));
        let visit = bando_app::Visit::default();
        let again = shop
            .app
            .buy_with_credit(&token, shop.plan.id, shop.plan.price, &visit)
            .await
            .unwrap();
        assert_eq!(again.status, PaymentStatus::Success);
        shop.check().await;
        // An empty till gives nothing.
        let cash = draft(again.id, None, RefundWay::Cash);
        let asked = shop.app.request_refund(&shop.owner, cash).await.unwrap();
        let tried = shop.app.decide_refund(&shop.owner, asked.id, true).await;
        assert!(matches!(tried, Err(Error::Invalid(_))), "{tried:?}");
        assert_eq!(state(&shop, &asked).await, SendState::Requested);
        let sale = bando_app::CashSale {
            plan: shop.plan.id,
            phone: None,
        };
        shop.app.sell_for_cash(&shop.owner, sale).await.unwrap();
        let given = shop
            .app
            .decide_refund(&shop.owner, asked.id, true)
            .await
            .unwrap();
        assert_eq!(given.state, SendState::Done);
        let till = format!("cash:{}", shop.owner.account);
        assert_eq!(balance(&shop, &till).await, 0);
        shop.check().await;
        // By hand: done when it is said to be.
        let sold = bought(&shop).await;
        let by_hand = refund(&shop, draft(sold.id, None, RefundWay::ByHand)).await;
        assert_eq!(by_hand.state, SendState::Approved);
        let what = Sending::Refund(by_hand.id);
        let said = shop
            .app
            .resolve_sent(&shop.owner, what, true, Some(" RKL000090Z "))
            .await;
        said.unwrap();
        let after = shop.app.refund(&shop.owner, by_hand.id).await.unwrap();
        assert_eq!(
            (after.state, after.receipt.as_deref()),
            (SendState::Done, Some("RKL000090Z"))
        );
        assert!(shop.gateway.refunds().is_empty());
        shop.check().await;
    }
}

#[tokio::test]
async fn a_day_keeps_what_was_kept_of_it_in_any_time_zone() {
    for shop in Shop::open_all(1720).await {
        let sold = bought(&shop).await;
        shop.clock.advance(Duration::from_secs(3 * 86_400));
        let settings = ProviderDraft {
            name: "Moved".into(),
            support_phone: String::new(),
            time_zone: "Pacific/Kiritimati".into(),
            language: Language::En,
        };
        shop.app.save_provider(&shop.owner, settings).await.unwrap();
        refund(&shop, draft(sold.id, None, RefundWay::Wallet)).await;
        let takings = shop.app.takings(&shop.owner, None).await.unwrap();
        assert_eq!((takings.payments, takings.amount), (0, kes(0)));
        shop.check().await;
    }
}

/// Money of 30 shillings that nobody knows for what.
async fn arrived(shop: &Shop) -> ArrivalId {
    let id = ArrivalId::new(&*shop.clock, &*shop.entropy);
    let phone = Phone::from_international("254712345678").unwrap();
    let arrival = Arrival {
        id,
        gateway: "mpesa".into(),
        receipt: format!("RKL{}", &id.to_string()[24..31]),
        kind: "payment".into(),
        amount: kes(30),
        fee: None,
        phone: Some(phone),
        payer: None,
        reference: None,
        account: None,
        at: None,
        source: ArrivalSource::Message,
        state: ArrivalState::Open,
        payment: None,
        customer: None,
        seen_at: NOON,
        decided_at: None,
    };
    let transfer = Transfer {
        id: LedgerTransferId::new(&*shop.clock, &*shop.entropy),
        kind: "arrival".into(),
        debit: "gateway:mpesa".into(),
        credit: "unallocated".into(),
        amount: kes(30),
        subject: id.uuid(),
        payment: None,
        at: NOON,
    };
    let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
    tx.insert_arrival(&arrival).await.unwrap();
    tx.insert_transfer(&transfer).await.unwrap();
    let holder = id.uuid();
    tx.take_receipt("mpesa", &arrival.receipt, holder)
        .await
        .unwrap();
    let case = NewCase {
        id: CaseId::new(&*shop.clock, &*shop.entropy),
        kind: CaseKind::Unmatched,
        subject: holder,
        payment: None,
        arrival: Some(id),
        phone: arrival.phone,
        amount: Some(arrival.amount),
        detail: None,
        opened_at: NOON,
        promised_at: None,
    };
    tx.open_case(&case).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn of_arrival(id: ArrivalId, amount: Option<Money>) -> RefundDraft {
    RefundDraft {
        of: RefundOf::Arrival(id),
        amount,
        way: RefundWay::Gateway,
        reason: "paid by mistake".into(),
        revoke: false,
    }
}

async fn arrival_state(shop: &Shop, id: ArrivalId) -> ArrivalState {
    let mut tx = shop.test.store.read(shop.provider()).await.unwrap();
    tx.arrival(id).await.unwrap().unwrap().state
}

#[tokio::test]
async fn money_that_waits_goes_back_or_is_allotted_never_both() {
    for shop in Shop::open_all(1711).await {
        let id = arrived(&shop).await;
        let part = shop
            .app
            .request_refund(&shop.owner, of_arrival(id, Some(kes(10))))
            .await;
        assert!(matches!(part, Err(Error::Invalid(_))), "{part:?}");
        let sent = refund(&shop, of_arrival(id, None)).await;
        assert_eq!(sent.state, SendState::Sent);
        let phone = Phone::from_international("254712345678").unwrap();
        let allotted = Allotment::Wallet(phone.clone());
        let tried = shop.app.allot(&shop.owner, id, allotted.clone()).await;
        assert!(matches!(tried, Err(Error::NotFound(_))), "{tried:?}");
        result(&shop, "AG_1", 1, "RKL000091Z").await;
        assert_eq!(state(&shop, &sent).await, SendState::Refused);
        assert_eq!(arrival_state(&shop, id).await, ArrivalState::Open);
        assert_eq!(balance(&shop, "unallocated").await, -3000);
        shop.check().await;
        let second = refund(&shop, of_arrival(id, None)).await;
        result(&shop, "AG_2", 0, "RKL000090Z").await;
        assert_eq!(state(&shop, &second).await, SendState::Done);
        assert_eq!(arrival_state(&shop, id).await, ArrivalState::Refunded);
        for account in ["gateway:mpesa", "unallocated", "refunds"] {
            assert_eq!(balance(&shop, account).await, 0, "{account}");
        }
        // Asked for first, allotted meanwhile.
        let id = arrived(&shop).await;
        let asked = shop
            .app
            .request_refund(&shop.owner, of_arrival(id, None))
            .await
            .unwrap();
        shop.app.allot(&shop.owner, id, allotted).await.unwrap();
        let agreed = shop.app.decide_refund(&shop.owner, asked.id, true).await;
        agreed.unwrap();
        shop.work().await;
        assert_eq!(
            balance(&shop, "refunds").await,
            -3000,
            "it is on its way out of the wallet"
        );
        result(&shop, "AG_3", 0, "RKL000092Z").await;
        assert_eq!(balance(&shop, "gateway:mpesa").await, 0);
        shop.check().await;
    }
}

#[tokio::test]
async fn credit_goes_back_or_is_spent_never_both() {
    for shop in Shop::open_all(1712).await {
        let id = arrived(&shop).await;
        let phone = Phone::from_international("254712345678").unwrap();
        let allotted = Allotment::Wallet(phone.clone());
        shop.app.allot(&shop.owner, id, allotted).await.unwrap();
        let mut tx = shop.test.store.read(shop.provider()).await.unwrap();
        let customer = tx.customer_by_phone(&phone).await.unwrap().unwrap().id;
        drop(tx);
        let token = shop.app.wallet_token(shop.provider(), customer);
        let visit = bando_app::Visit::default();
        let plan = shop.plan.id;
        let buy = async || {
            shop.app
                .buy_with_credit(&token, plan, kes(30), &visit)
                .await
        };
        let sent = refund(&shop, of_arrival(id, None)).await;
        assert!(buy().await.is_err(), "it is on its way");
        result(&shop, "AG_1", 1, "RKL000091Z").await;
        assert_eq!(state(&shop, &sent).await, SendState::Refused);
        shop.check().await;
        let asked = shop
            .app
            .request_refund(&shop.owner, of_arrival(id, None))
            .await
            .unwrap();
        buy().await.unwrap();
        let tried = shop.app.decide_refund(&shop.owner, asked.id, true).await;
        assert!(
            matches!(tried, Err(Error::Invalid(_))),
            "spent meanwhile: {tried:?}"
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn what_the_gateway_takes_back_by_itself_is_booked_once() {
    for shop in Shop::open_all(1713).await {
        let (app, provider) = (&shop.app, shop.provider());
        let sold = bought(&shop).await;
        let reversed = async |id, receipt, amount| {
            app.reverse_outside(provider, id, receipt, amount)
                .await
                .unwrap()
        };
        assert_eq!(reversed(sold.id, "RKL000080Z", kes(20)).await, "Outside");
        assert_eq!(reversed(sold.id, "RKL000080Z", kes(20)).await, "Known");
        assert_eq!(
            payment(&shop, sold.id).await.status,
            PaymentStatus::Refunded
        );
        assert_eq!(balance(&shop, "gateway:mpesa").await, 0);
        shop.check().await;
        // One of ours, whose result was lost.
        let sold = bought(&shop).await;
        let sent = refund(&shop, draft(sold.id, None, RefundWay::Gateway)).await;
        assert_eq!(reversed(sold.id, "RKL000081Z", kes(20)).await, "Ours");
        assert_eq!(state(&shop, &sent).await, SendState::Done);
        assert_eq!(reversed(sold.id, "RKL000081Z", kes(20)).await, "Known");
        // Beyond what there was: booked, and a person is told.
        assert_eq!(reversed(sold.id, "RKL000082Z", kes(20)).await, "Outside");
        assert_eq!(balance(&shop, "differences").await, 2000);
        assert_eq!(doubts(&shop).await, 1);
        let pending = app.start_payment(shop.wish("0712000000")).await.unwrap();
        assert_eq!(reversed(pending.id, "RKL000083Z", kes(20)).await, "NotPaid");
        let filter = RefundFilter::default();
        let all = app.refunds(&shop.owner, &filter, None, 50).await.unwrap();
        assert_eq!(all.rows.len(), 3);
        shop.check().await;
    }
}
