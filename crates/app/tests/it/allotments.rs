//! What a member decides about money that waits for one.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, Shop};
use bando_app::{Allotment, ArrivalState, CaseKind, Error};
use bando_domain::PaymentStatus;
use bando_gateways::{Paid, Verdict};

use crate::by_hand::*;

/// What no gateway can be asked about, a member decides: each way once, and only once.
#[tokio::test]
async fn what_cannot_be_proved_a_member_allots() {
    for shop in Shop::open_all(942).await {
        let payment = by_hand(&shop, PHONE).await;
        let mut waiting = Vec::new();
        for n in 0..4 {
            let receipt = format!("RKL51ZD{n}4F");
            let told = C2b {
                receipt: &receipt,
                shillings: 30,
                msisdn: "254799999999",
                reference: "WHO KNOWS",
            };
            told.is_told(&shop).await;
        }
        waiting.extend(arrivals(&shop).await.into_iter().map(|a| a.id));
        assert_eq!(kinds(&shop).await, [CaseKind::Unproved; 4]);
        assert_eq!(
            balance(&shop, "gateway:mpesa").await,
            kes(0),
            "nothing is booked on a word"
        );
        shop.check().await;
        let support = shop.hire("sam", bando_app::Role::Cashier).await.unwrap();
        let refused = shop
            .app
            .allot(&support, waiting[0], Allotment::Refuted)
            .await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        for (id, allotment) in waiting.iter().zip([
            Allotment::Payment(payment.id),
            Allotment::Plan(shop.plan.id, phone()),
            Allotment::Wallet(phone()),
            Allotment::Refuted,
        ]) {
            shop.app
                .allot(&shop.owner, *id, allotment.clone())
                .await
                .unwrap();
            let again = shop.app.allot(&shop.owner, *id, allotment).await;
            assert!(matches!(again, Err(Error::NotFound(_))), "decided once");
        }
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        assert_eq!(tickets(&shop).await.len(), 2);
        assert_eq!(
            credit(&shop).await,
            kes(50),
            "10 and 10 too much, 30 put in"
        );
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(90));
        let left = kinds(&shop).await;
        assert!(!left.contains(&CaseKind::Unproved), "{left:?}");
        shop.check().await;
    }
}

#[tokio::test]
async fn money_that_waits_is_allotted_from_where_it_is_booked() {
    for shop in Shop::open_all(943).await {
        let payment = by_hand(&shop, PHONE).await;
        for (n, shillings) in [10, 20, 50, 20].into_iter().enumerate() {
            let receipt = format!("RKL51ZD{n}4F");
            let money = C2b {
                receipt: &receipt,
                shillings,
                msisdn: "2547 ***** 999",
                reference: "WHO KNOWS",
            };
            money.comes(&shop).await;
        }
        let mut waiting = arrivals(&shop).await;
        waiting.reverse();
        assert!(
            waiting.iter().all(|a| a.state == ArrivalState::Open),
            "{waiting:?}"
        );
        assert_eq!(balance(&shop, "unallocated").await, kes(-100));
        let allot = |n: usize, to| shop.app.allot(&shop.owner, waiting[n].id, to);
        let small = allot(0, Allotment::Payment(payment.id)).await;
        assert!(
            matches!(small, Err(Error::Invalid(_))),
            "ten do not pay for twenty"
        );
        let gone = allot(0, Allotment::Refuted).await;
        assert!(
            matches!(gone, Err(Error::Invalid(_))),
            "what is booked is there"
        );
        allot(0, Allotment::Wallet(phone())).await.unwrap();
        allot(1, Allotment::Plan(shop.plan.id, phone()))
            .await
            .unwrap();
        allot(2, Allotment::Payment(payment.id)).await.unwrap();
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        assert_eq!(credit(&shop).await, kes(40), "10, and 30 too much");
        assert_eq!(balance(&shop, "unallocated").await, kes(-20));
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(100));
        shop.check().await;
        // The payer shows the receipt of what still waits, on a payment of theirs.
        let late = begun(&shop, "0712 345 679").await;
        let n = shop.gateway.charges().len();
        let checkout = ScriptedGateway::reference(n).checkout_request_id;
        let paid = Paid {
            receipt: Some(waiting[3].receipt.clone()),
            ..Paid::default()
        };
        shop.gateway.answer_query(&checkout, [Verdict::Paid(paid)]);
        shop.pass(Duration::from_secs(12)).await;
        assert_eq!(shop.payment(&late).await.status, PaymentStatus::Success);
        assert_eq!(balance(&shop, "unallocated").await, kes(0));
        assert_eq!(
            balance(&shop, "gateway:mpesa").await,
            kes(100),
            "it was there already"
        );
        shop.check().await;
    }
}
