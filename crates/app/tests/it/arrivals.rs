//! Money that nobody asked for, or that comes otherwise than it was asked for: all of it finds one
//! home.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, Shop, paid_callback};
use bando_app::{Allotment, ArrivalState, CaseKind, Claim, Error};
use bando_domain::{Clock, Currency, Money, PaymentFailure, PaymentStatus};
use bando_gateways::{Found, Movement, Verdict};
use tokio::task::JoinSet;

use crate::by_hand::*;

#[tokio::test]
async fn the_reference_names_the_payment_however_it_is_typed() {
    for shop in Shop::open_all(930).await {
        let spell: [fn(&str) -> String; 4] = [
            |exact| exact.to_owned(),
            str::to_lowercase,
            |exact| format!(" {} {} ", &exact[..4], &exact[4..]),
            |exact| format!("{}-{}", &exact[..7], &exact[7..].to_lowercase()),
        ];
        for (n, spell) in spell.iter().enumerate() {
            let payment = by_hand(&shop, &format!("071234560{n}")).await;
            let reference = spell(payment.account_reference.as_deref().unwrap());
            let money = C2b {
                receipt: &format!("RKL51ZDR{n}F"),
                reference: &reference,
                msisdn: "254799999999",
                ..C2b::default()
            };
            money.comes(&shop).await;
            let paid = shop.payment(&payment).await;
            assert_eq!(paid.status, PaymentStatus::Success, "{reference:?}");
            assert_eq!(paid.receipt.as_deref(), Some(money.receipt));
        }
        assert_eq!(tickets(&shop).await.len(), 4);
        assert!(
            arrivals(&shop)
                .await
                .iter()
                .all(|a| a.state == ArrivalState::Matched)
        );
        assert_eq!(kinds(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn the_phone_names_the_payment_in_full_or_masked() {
    for shop in Shop::open_all(931).await {
        for (receipt, msisdn) in [("RKL51ZDR1F", DIGITS), ("RKL51ZDR2F", "2547 ***** 678")] {
            let payment = by_hand(&shop, PHONE).await;
            let other = by_hand(&shop, "0712 345 679").await;
            let money = C2b {
                receipt,
                msisdn,
                ..C2b::default()
            };
            money.comes(&shop).await;
            let paid = shop.payment(&payment).await;
            assert_eq!(paid.status, PaymentStatus::Success, "{msisdn}");
            assert!(!shop.payment(&other).await.status.was_paid());
            shop.pass(Duration::from_secs(120)).await;
        }
        assert_eq!(tickets(&shop).await.len(), 2);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_ticket_code_buys_the_same_again() {
    for shop in Shop::open_all(932).await {
        let dear = shop
            .add_plan("1 day, fast", "20", shop.plan.terms)
            .await
            .unwrap();
        let mut wish = shop.wish(PHONE);
        wish.plan = dear.id;
        let ticket = shop.buy_this(wish).await;
        let money = C2b {
            reference: &ticket.code.to_string().to_lowercase(),
            msisdn: "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
            ..C2b::default()
        };
        money.comes(&shop).await;
        let all = tickets(&shop).await;
        assert_eq!(all.len(), 2);
        assert!(
            all.iter()
                .all(|t| t.plan_id == dear.id && t.phone == Some(phone()))
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn money_of_a_known_price_buys_and_other_money_waits_in_the_wallet_or_for_a_person() {
    for shop in Shop::open_all(933).await {
        C2b::default().comes(&shop).await;
        assert_eq!(tickets(&shop).await.len(), 1, "the only plan of that price");
        let odd = C2b {
            receipt: "RKL52ZDR4F",
            shillings: 13,
            ..C2b::default()
        };
        odd.comes(&shop).await;
        assert_eq!(credit(&shop).await, kes(13));
        let nobodys = C2b {
            receipt: "RKL53ZDR4F",
            msisdn: "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90",
            reference: "HELLO",
            ..C2b::default()
        };
        nobodys.comes(&shop).await;
        assert_eq!(balance(&shop, "unallocated").await, kes(-20));
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(53));
        assert_eq!(kinds(&shop).await, [CaseKind::Unmatched]);
        let states: Vec<_> = arrivals(&shop).await.iter().map(|a| a.state).collect();
        let home = [
            ArrivalState::Open,
            ArrivalState::Credited,
            ArrivalState::Matched,
        ];
        assert_eq!(states, home);
        shop.check().await;
    }
}

#[tokio::test]
async fn too_little_goes_into_the_wallet_and_too_much_buys_and_leaves_a_rest() {
    for shop in Shop::open_all(934).await {
        let payment = by_hand(&shop, PHONE).await;
        let reference = payment.account_reference.clone().unwrap();
        let little = C2b {
            shillings: 15,
            reference: &reference,
            ..C2b::default()
        };
        little.comes(&shop).await;
        little.is_told(&shop).await;
        let short = shop.payment(&payment).await;
        assert!(!short.status.was_paid());
        assert_eq!(credit(&shop).await, kes(15));
        assert_eq!(only_arrival(&shop).await.state, ArrivalState::Credited);
        assert_eq!(kinds(&shop).await, [CaseKind::Partial]);
        shop.check().await;
        let much = C2b {
            receipt: "RKL52ZDR4F",
            shillings: 50,
            reference: &reference,
            ..C2b::default()
        };
        much.comes(&shop).await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        assert_eq!(credit(&shop).await, kes(45));
        assert_eq!(balance(&shop, "revenue").await, kes(-20));
        let mut kinds = kinds(&shop).await;
        kinds.sort_by_key(|kind| kind.name());
        assert_eq!(kinds, [CaseKind::Excess, CaseKind::Partial]);
        shop.check().await;
    }
}

#[tokio::test]
async fn another_currency_settles_nothing_and_waits_for_a_person() {
    for shop in Shop::open_all(935).await {
        shop.open_link(&[]).await.unwrap();
        let mut wish = shop.wish(PHONE);
        wish.gateway = Some("link".into());
        let payment = shop.app.start_payment(wish).await.unwrap();
        let strange = Movement {
            amount: Money::from_minor(20, Currency::Xof),
            reference: Some(payment.id.to_string()),
            ..C2b::default().movement()
        };
        let told = shop.link.tell_of(&strange);
        shop.message("link", Some("good"), &told).await.unwrap();
        let failed = shop.payment(&payment).await;
        assert_eq!(failed.failure, Some(PaymentFailure::WrongCurrency));
        let arrival = only_arrival(&shop).await;
        assert_eq!(arrival.state, ArrivalState::Open);
        assert_eq!(kinds(&shop).await, [CaseKind::WrongCurrency]);
        for allotment in [
            Allotment::Wallet(phone()),
            Allotment::Payment(payment.id),
            Allotment::Plan(shop.plan.id, phone()),
            Allotment::Refuted,
        ] {
            let refused = shop.app.allot(&shop.owner, arrival.id, allotment).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
        assert_eq!(tickets(&shop).await.len(), 0);
        shop.check().await;
    }
}

#[tokio::test]
async fn money_in_another_account_is_not_ours() {
    for shop in Shop::open_all(936).await {
        let payment = by_hand(&shop, PHONE).await;
        let body = String::from_utf8(C2b::default().confirmation()).unwrap();
        let body = body.replace("174379", "600000");
        shop.gateway
            .answer_find("RKL51ZDR4F", [Found::Movement(C2b::default().movement())]);
        shop.message("mpesa", None, body.as_bytes()).await.unwrap();
        assert!(!shop.payment(&payment).await.status.was_paid());
        assert_eq!(only_arrival(&shop).await.state, ArrivalState::Refuted);
        assert_eq!(kinds(&shop).await, [CaseKind::WrongAccount]);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_receipt_credits_once_whoever_shows_it() {
    for shop in Shop::open_all(937).await {
        let ticket = shop.buy(PHONE, None).await;
        let receipt = "RKL000001Z";
        let other = by_hand(&shop, "0712 345 679").await;
        let reference = other.account_reference.clone().unwrap();
        let again = C2b {
            receipt,
            reference: &reference,
            ..C2b::default()
        };
        again.comes(&shop).await;
        assert!(!shop.payment(&other).await.status.was_paid());
        assert_eq!(tickets(&shop).await.len(), 1);
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let state = shop.app.gateway_account(&neighbour, "mpesa").await.unwrap();
        let token = state.message_url.rsplit('/').next().unwrap().to_owned();
        let body = again.confirmation();
        let incoming = bando_app::Incoming::new(&body, "192.0.2.10");
        shop.app.take_message(&token, incoming).await.unwrap();
        shop.work().await;
        let theirs = shop
            .app
            .arrivals(&neighbour, &Default::default(), None, 10)
            .await
            .unwrap();
        assert!(theirs.rows.is_empty(), "{theirs:?}");
        assert_eq!(shop.ticket(Some(ticket.id)).await.unwrap().id, ticket.id);
        shop.check().await;
    }
}

/// An STK push that is paid may also be told of as a payment by hand, before its callback, after it
/// or at the same moment.
#[tokio::test]
async fn a_prompt_that_also_comes_as_a_payment_by_hand_is_one_credit() {
    for shop in Shop::open_all(938).await {
        for order in 0_usize..4 {
            let payment = begun(&shop, &format!("071234561{order}")).await;
            let number = shop.gateway.charges().len();
            let reference = ScriptedGateway::reference(number);
            shop.gateway
                .answer_query(&reference.checkout_request_id, [Verdict::PAID]);
            let receipt = format!("RKL51ZD{order}4F");
            let account = payment.account_reference.clone().unwrap();
            let msisdn = format!("25471234561{order}");
            let told = C2b {
                receipt: &receipt,
                msisdn: &msisdn,
                reference: if order == 3 { "" } else { &account },
                ..C2b::default()
            };
            shop.gateway
                .answer_find(&receipt, [Found::Movement(told.movement())]);
            let callback = paid_callback(&reference, "20", &receipt);
            match order {
                0 => {
                    shop.callback(&callback).await;
                    shop.work().await;
                    told.is_told(&shop).await;
                }
                1 => {
                    told.is_told(&shop).await;
                    shop.callback(&callback).await;
                    shop.work().await;
                }
                2 => {
                    shop.callback(&callback).await;
                    told.is_told(&shop).await;
                }
                _ => {
                    // No callback: the query settles it without a receipt; then it is told of without
                    // a reference, as a till does.
                    shop.pass(Duration::from_secs(12)).await;
                    assert!(shop.payment(&payment).await.status.was_paid());
                    told.is_told(&shop).await;
                }
            }
            let paid = shop.payment(&payment).await;
            assert_eq!(paid.status, PaymentStatus::Success, "order {order}");
            assert_eq!(
                paid.receipt.as_deref(),
                Some(receipt.as_str()),
                "order {order}"
            );
            assert_eq!(tickets(&shop).await.len(), order + 1, "order {order}");
            shop.check().await;
        }
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(80));
    }
}

#[tokio::test]
async fn told_of_by_everybody_at_the_same_moment_it_is_one_credit() {
    for shop in Shop::open_all(939).await {
        let payment = begun(&shop, PHONE).await;
        let reference = ScriptedGateway::reference(1);
        shop.gateway
            .answer_query(&reference.checkout_request_id, [Verdict::PAID]);
        let account = payment.account_reference.clone().unwrap();
        let told = C2b {
            reference: &account,
            ..C2b::default()
        };
        shop.gateway
            .answer_find(told.receipt, [Found::Movement(told.movement())]);
        let state = shop
            .app
            .gateway_account(&shop.owner, "mpesa")
            .await
            .unwrap();
        let account_token = state.message_url.rsplit('/').next().unwrap().to_owned();
        let mut tasks = JoinSet::new();
        for n in 0..30 {
            let app = shop.app.clone();
            let (token, body) = if n % 3 == 0 {
                (
                    shop.gateway.callback_token(),
                    paid_callback(&reference, "20", told.receipt),
                )
            } else {
                (account_token.clone(), told.confirmation())
            };
            tasks.spawn(async move {
                let incoming = bando_app::Incoming::new(&body, "192.0.2.10");
                app.take_message(&token, incoming).await.unwrap();
                app.run_due_jobs().await.unwrap();
            });
        }
        tasks.join_all().await;
        shop.work().await;
        shop.pass(Duration::from_secs(30)).await;
        let paid = shop.payment(&payment).await;
        assert_eq!(paid.receipt.as_deref(), Some(told.receipt));
        assert_eq!(tickets(&shop).await.len(), 1);
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(20));
        shop.check().await;
    }
}

#[tokio::test]
async fn forged_confirmations_grant_nothing() {
    for shop in Shop::open_all(940).await {
        let payment = by_hand(&shop, PHONE).await;
        let account = payment.account_reference.clone().unwrap();
        for n in 0..10 {
            let receipt = format!("FRG51ZD{n}4F");
            let forged = C2b {
                receipt: &receipt,
                reference: &account,
                ..C2b::default()
            };
            shop.gateway.answer_find(&receipt, [Found::NotThere]);
            forged.is_told(&shop).await;
        }
        shop.pass(Duration::from_secs(3600)).await;
        assert!(!shop.payment(&payment).await.status.was_paid());
        assert!(
            arrivals(&shop)
                .await
                .iter()
                .all(|a| a.state == ArrivalState::Refuted)
        );
        assert_eq!(tickets(&shop).await.len(), 0);
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(0));
        shop.check().await;
    }
}

#[tokio::test]
async fn the_gateways_word_outweighs_the_messages() {
    for shop in Shop::open_all(941).await {
        let payment = by_hand(&shop, PHONE).await;
        let account = payment.account_reference.clone().unwrap();
        let told = C2b {
            shillings: 20,
            reference: &account,
            ..C2b::default()
        };
        let truth = C2b {
            shillings: 1,
            ..C2b::default()
        };
        shop.gateway
            .answer_find(told.receipt, [Found::Movement(truth.movement())]);
        told.is_told(&shop).await;
        assert!(
            !shop.payment(&payment).await.status.was_paid(),
            "one shilling buys no hour"
        );
        assert_eq!(credit(&shop).await, kes(1));
        shop.check().await;
        let other = C2b {
            receipt: "RKL52ZDR4F",
            reference: &account,
            ..C2b::default()
        };
        let wrong = C2b {
            receipt: "RKL53ZDR4F",
            ..C2b::default()
        };
        shop.gateway
            .answer_find(other.receipt, [Found::Movement(wrong.movement())]);
        other.is_told(&shop).await;
        assert!(
            !shop.payment(&payment).await.status.was_paid(),
            "an answer about other money"
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn a_claim_finds_money_that_only_the_gateway_knows_of() {
    for shop in Shop::open_all(944).await {
        let money = C2b::default();
        shop.gateway
            .answer_find(money.receipt, [Found::Movement(money.movement())]);
        let sms = "RKL51ZDR4F Confirmed. Ksh20.00 sent to MAMA NJERI on 20/11/26 at 3:00 PM.";
        let found = shop
            .app
            .claim(shop.provider(), sms, None, "192.0.2.7")
            .await
            .unwrap();
        let [ticket] = tickets(&shop).await.try_into().unwrap();
        let Claim::Paid(payment) = found else {
            panic!("{found:?}")
        };
        let story = shop.app.payment_story(&shop.owner, payment).await.unwrap();
        assert_eq!(story.payment.ticket_id, Some(ticket.id));
        let again = shop
            .app
            .claim(shop.provider(), sms, None, "192.0.2.8")
            .await
            .unwrap();
        assert_eq!(again, Claim::Paid(payment), "found in the books");
        assert_eq!(shop.gateway.searches().len(), 1);
        let odd = C2b {
            receipt: "RKL52ZDR4F",
            shillings: 7,
            ..C2b::default()
        };
        shop.gateway
            .answer_find(odd.receipt, [Found::Movement(odd.movement())]);
        let found = shop
            .app
            .claim(shop.provider(), odd.receipt, None, "192.0.2.9")
            .await
            .unwrap();
        assert!(matches!(found, Claim::Credit(_)), "{found:?}");
        let unknown = "RKL53ZDR4F";
        shop.gateway.answer_find(unknown, [Found::NotThere]);
        let first = shop
            .app
            .claim(shop.provider(), unknown, None, "192.0.2.9")
            .await
            .unwrap();
        let Claim::Case {
            number,
            promised_at,
        } = first
        else {
            panic!("{first:?}")
        };
        assert!(number >= 1001 && promised_at > shop.clock.now());
        shop.check().await;
    }
}
