//! The customer's wallet: spent once, by whoever holds its page.

use bando_app::testing::Shop;
use bando_app::{Allotment, Error, Visit};
use bando_domain::{Currency, CustomerId, Money, PaymentStatus, Phone};
use bando_gateways::{Found, Movement, MovementKind};
use tokio::task::JoinSet;

const DIGITS: &str = "254712345678";

fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

/// A wallet with so much in it: its customer and the token of its page.
async fn filled(shop: &Shop, shillings: i64) -> (CustomerId, String) {
    shop.open_link(&[]).await.unwrap();
    let movement = Movement {
        kind: MovementKind::Payment,
        receipt: format!("T_WALLET{shillings:04}"),
        amount: kes(shillings),
        fee: None,
        at: None,
        phone: None,
        payer: None,
        reference: Some("nobody knows".into()),
        account: None,
        checkout_request_id: None,
    };
    let told = shop.link.tell_of(&movement);
    shop.message("link", Some("good"), &told).await.unwrap();
    let arrivals = shop
        .app
        .arrivals(&shop.owner, &Default::default(), None, 9)
        .await;
    let mut arrivals = arrivals.unwrap().rows;
    arrivals.retain(|a| a.receipt == movement.receipt);
    let arrival = arrivals.remove(0);
    let phone = Phone::from_international(DIGITS).unwrap();
    let into = Allotment::Wallet(phone.clone());
    shop.app.allot(&shop.owner, arrival.id, into).await.unwrap();
    let customers = shop.app.customers(&shop.owner, None, 10).await.unwrap();
    let customer = customers
        .rows
        .iter()
        .find(|c| c.phone.as_ref() == Some(&phone))
        .unwrap();
    assert_eq!(customer.credit, kes(shillings));
    (
        customer.id,
        shop.app.wallet_token(shop.provider(), customer.id),
    )
}

async fn balance(shop: &Shop, account: &str) -> Money {
    let balances = shop.app.balances(&shop.owner).await.unwrap();
    let found = balances.into_iter().find(|b| b.account == account);
    found.map_or(kes(0), |b| b.amount)
}

#[tokio::test]
async fn credit_buys_the_next_ticket_at_the_spot() {
    for shop in Shop::open_all(950).await {
        let dear = shop
            .add_plan("1 week", "250", shop.plan.terms)
            .await
            .unwrap();
        let (customer, token) = filled(&shop, 50).await;
        let page = shop.app.wallet_page(&token).await.unwrap();
        assert_eq!(page.customer.credit, kes(50));
        let offered: Vec<_> = page.plans.iter().map(|plan| plan.id).collect();
        assert_eq!(offered, [shop.plan.id], "only what it is enough for");
        let visit = shop.visit(Shop::device(1));
        let buy = |plan, seen| shop.app.buy_with_credit(&token, plan, seen, &visit);
        let refused = buy(dear.id, kes(50)).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "not enough");
        let paid = buy(shop.plan.id, kes(50)).await.unwrap();
        assert_eq!(
            (paid.status, paid.gateway.as_str()),
            (PaymentStatus::Success, "wallet")
        );
        assert_eq!(
            (paid.mac, paid.router_id),
            (Some(Shop::device(1)), Some(shop.router_id()))
        );
        let twice = buy(shop.plan.id, kes(50)).await;
        assert!(
            matches!(twice, Err(Error::Invalid(_))),
            "a form sent twice buys once"
        );
        let page = shop.app.wallet_page(&token).await.unwrap();
        assert_eq!(page.customer.credit, kes(30));
        assert_eq!(
            balance(&shop, &format!("credit:{customer}")).await,
            kes(-30)
        );
        assert_eq!(balance(&shop, "revenue").await, kes(-20));
        assert_eq!(
            balance(&shop, "gateway:link").await,
            kes(50),
            "the money came once"
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn twenty_who_spend_the_same_wallet_at_once_spend_it_once() {
    for shop in Shop::open_all(951).await {
        for credit in [20, 60] {
            let (_, token) = filled(&shop, credit).await;
            let mut tasks = JoinSet::new();
            for n in 0..20_u8 {
                let (app, token, plan) = (shop.app.clone(), token.clone(), shop.plan.id);
                let visit = shop.visit(Shop::device(n));
                // Each sees the credit that will be there when it is its turn, or not.
                let seen = kes(credit - i64::from(n % 3) * 20);
                tasks.spawn(async move {
                    app.buy_with_credit(&token, plan, seen, &visit)
                        .await
                        .is_ok()
                });
            }
            let bought = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
            let left = shop.app.wallet_page(&token).await.unwrap().customer.credit;
            assert!(bought >= 1 && left.minor() >= 0, "{bought} {left}");
            assert_eq!(left.minor() + bought as i64 * 2000, kes(credit).minor());
            // The next round begins with an empty wallet.
            let mut seen = left;
            while seen.is_positive() {
                let plan = shop.plan.id;
                let visit = Visit::default();
                shop.app
                    .buy_with_credit(&token, plan, seen, &visit)
                    .await
                    .unwrap();
                seen = shop.app.wallet_page(&token).await.unwrap().customer.credit;
            }
            shop.check().await;
        }
    }
}

#[tokio::test]
async fn only_the_wallets_own_token_opens_it() {
    for shop in Shop::open_all(952).await {
        let (customer, token) = filled(&shop, 50).await;
        let neighbour = shop.neighbour("baba-otieno").await.unwrap();
        let theirs = shop.app.wallet_token(neighbour.provider, customer);
        let payment = shop
            .app
            .start_payment(shop.wish("0712 345 679"))
            .await
            .unwrap();
        let mut turned = token.clone().into_bytes();
        turned[5] ^= 1;
        for wrong in [
            theirs,
            shop.app.payment_token(shop.provider(), payment.id),
            String::from_utf8(turned).unwrap(),
            token[1..].to_owned(),
            String::new(),
        ] {
            let page = shop.app.wallet_page(&wrong).await;
            assert!(matches!(page, Err(Error::NotFound(_))), "{wrong}");
            let visit = Visit::default();
            let bought = shop
                .app
                .buy_with_credit(&wrong, shop.plan.id, kes(50), &visit)
                .await;
            assert!(matches!(bought, Err(Error::NotFound(_))), "{wrong}");
        }
        assert_eq!(
            shop.app.wallet_page(&token).await.unwrap().customer.credit,
            kes(50)
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn what_is_found_for_a_claim_and_has_no_price_opens_the_wallet() {
    for shop in Shop::open_all(953).await {
        let movement = Movement {
            kind: MovementKind::Payment,
            receipt: "RKL51ZDR4F".into(),
            amount: kes(33),
            fee: None,
            at: None,
            phone: Phone::from_international(DIGITS),
            payer: None,
            reference: None,
            account: None,
            checkout_request_id: None,
        };
        shop.gateway
            .answer_find("RKL51ZDR4F", [Found::Movement(movement)]);
        let claim = shop
            .app
            .claim(shop.provider(), "rkl51zdr4f", None, "192.0.2.7")
            .await;
        let Ok(bando_app::Claim::Credit(customer)) = claim else {
            panic!("{claim:?}")
        };
        let token = shop.app.wallet_token(shop.provider(), customer);
        let visit = shop.visit(Shop::device(1));
        let paid = shop
            .app
            .buy_with_credit(&token, shop.plan.id, kes(33), &visit)
            .await
            .unwrap();
        assert!(paid.status.was_paid());
        shop.check().await;
    }
}
