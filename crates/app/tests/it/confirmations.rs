//! Paid by a static link: only the provider, the payer's transaction id or the wallet's own messages
//! can tell that the money came.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, Shop};
use bando_app::{
    Caller, CaseFilter, CaseKind, Error, Invalid, Payment, PaymentStep, Role, Settled,
};
use bando_domain::{
    Clock, Currency, MacAddr, Money, PaymentFailure, PaymentStatus, Phone, TicketState,
};
use bando_gateways::{Found, Movement, MovementKind, Verdict};
use tokio::task::JoinSet;

const PHONE: &str = "0712 345 678";

fn kes(shillings: i64) -> Money {
    Money::from_minor(shillings * 100, Currency::Kes)
}

/// A payment by link, begun away from the hotspot.
async fn begun(shop: &Shop, phone: &str) -> Payment {
    begun_on(shop, phone, None).await
}

async fn begun_on(shop: &Shop, phone: &str, mac: Option<MacAddr>) -> Payment {
    let mut wish = shop.wish(phone);
    wish.gateway = Some("link".into());
    wish.visit = mac.map(|mac| shop.visit(mac)).unwrap_or_default();
    shop.app.start_payment(wish).await.unwrap()
}

/// Money as the wallet tells of it.
fn money(receipt: &str, shillings: i64, phone: Option<&str>, shop: &Shop) -> Movement {
    Movement {
        kind: MovementKind::Payment,
        receipt: receipt.into(),
        amount: kes(shillings),
        fee: None,
        at: Some(shop.clock.now()),
        phone: phone.map(|digits| Phone::from_international(digits).unwrap()),
        payer: None,
        reference: None,
        account: None,
        checkout_request_id: None,
    }
}

async fn count(shop: &Shop) -> u64 {
    let listed = shop.app.confirmations(&shop.owner).await.unwrap();
    let count = shop.app.count_confirmations(&shop.owner).await.unwrap();
    assert_eq!(listed.count, count);
    assert_eq!(listed.rows.len() as u64, count);
    count
}

async fn steps(shop: &Shop, payment: &Payment, step: PaymentStep) -> Vec<Option<String>> {
    let story = shop
        .app
        .payment_story(&shop.owner, payment.id)
        .await
        .unwrap();
    let of_kind = story.timeline.into_iter().filter(|e| e.step == step);
    of_kind.map(|e| e.detail).collect()
}

async fn tickets(shop: &Shop) -> usize {
    let page = shop
        .app
        .tickets(&shop.owner, &Default::default(), None, 100)
        .await;
    page.unwrap().rows.len()
}

#[tokio::test]
async fn nothing_exists_before_the_provider_confirms() {
    for shop in Shop::open_all(910).await {
        shop.open_link(&[]).await.unwrap();
        let achieng = shop.hire("achieng", Role::Cashier).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        assert!(
            payment.redirect_url.is_some(),
            "the payer is sent to the wallet"
        );
        let mac = payment.identity_mac.unwrap();
        assert!(
            mac.octets()[0] & 0x03 == 0x02,
            "a locally administered address: {mac}"
        );
        shop.clock.advance(Duration::from_secs(90));
        let listed = shop.app.confirmations(&achieng).await.unwrap();
        let [row] = listed.rows.as_slice() else {
            panic!("{listed:?}")
        };
        assert_eq!(
            (row.payment.id, row.waiting),
            (payment.id, Duration::from_secs(90))
        );
        assert!(row.is_only && !row.trusted && row.claimed.is_none());
        assert_eq!(tickets(&shop).await, 0);
        let token = shop.app.payment_token(shop.provider(), payment.id);
        assert!(
            shop.app
                .payment_page(&token)
                .await
                .unwrap()
                .ticket
                .is_none()
        );
        let paid = shop
            .app
            .confirm_payment(&achieng, payment.id, Some(" t_46hs5coowe "))
            .await;
        let paid = paid.unwrap();
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(paid.receipt.as_deref(), Some("T_46HS5COOWE"));
        let ticket = shop.ticket(paid.ticket_id).await.unwrap();
        assert_eq!(
            (ticket.state, ticket.identity_mac),
            (TicketState::Active, Some(mac))
        );
        let said = steps(&shop, &payment, PaymentStep::Confirmed).await;
        assert_eq!(said, [Some("achieng".to_owned())]);
        assert_eq!(count(&shop).await, 0);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_second_tap_changes_nothing() {
    for shop in Shop::open_all(911).await {
        shop.open_link(&[]).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        let mut tasks = JoinSet::new();
        for _ in 0..10 {
            let (app, owner, id) = (shop.app.clone(), shop.owner.clone(), payment.id);
            tasks.spawn(async move { app.confirm_payment(&owner, id, None).await });
        }
        for answer in tasks.join_all().await {
            assert_eq!(answer.unwrap().status, PaymentStatus::Success);
        }
        assert_eq!(tickets(&shop).await, 1);
        assert_eq!(
            steps(&shop, &payment, PaymentStep::Confirmed).await.len(),
            1
        );
        let late = shop.app.reject_payment(&shop.owner, payment.id).await;
        assert!(
            matches!(late, Err(Error::Invalid(_))),
            "paid money is refunded, not rejected"
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn what_was_rejected_can_still_be_confirmed() {
    for shop in Shop::open_all(912).await {
        shop.open_link(&[]).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        for _ in 0..2 {
            let rejected = shop
                .app
                .reject_payment(&shop.owner, payment.id)
                .await
                .unwrap();
            assert_eq!(rejected.status, PaymentStatus::Failed);
            assert_eq!(rejected.failure, Some(PaymentFailure::NotReceived));
        }
        assert_eq!(steps(&shop, &payment, PaymentStep::Rejected).await.len(), 1);
        assert_eq!((count(&shop).await, tickets(&shop).await), (0, 0));
        let paid = shop
            .app
            .confirm_payment(&shop.owner, payment.id, None)
            .await
            .unwrap();
        assert_eq!((paid.status, paid.failure), (PaymentStatus::Success, None));
        shop.check().await;
    }
}

#[tokio::test]
async fn what_nobody_confirms_in_a_day_is_given_up_and_can_still_be_confirmed() {
    for mut shop in Shop::open_all(913).await {
        shop.settings.check_schedule = [10, 60].map(Duration::from_secs).to_vec();
        shop.restart();
        shop.open_link(&[]).await.unwrap();
        let silent = begun(&shop, PHONE).await;
        let named = begun(&shop, "0712 345 679").await;
        let token = shop.app.payment_token(shop.provider(), named.id);
        shop.app
            .note_transaction_id(&token, "T_46HS5COOWE")
            .await
            .unwrap();
        shop.pass(Duration::from_secs(70)).await;
        for payment in [&silent, &named] {
            assert_eq!(shop.payment(payment).await.status, PaymentStatus::Expired);
        }
        let cases = shop
            .app
            .cases(&shop.owner, &CaseFilter::default(), None, 10)
            .await
            .unwrap();
        let about: Vec<_> = cases
            .rows
            .iter()
            .map(|c| (c.opened.kind, c.opened.payment))
            .collect();
        assert_eq!(about, [(CaseKind::NeverConfirmed, Some(named.id))]);
        let paid = shop
            .app
            .confirm_payment(&shop.owner, silent.id, None)
            .await
            .unwrap();
        assert_eq!(paid.status, PaymentStatus::Success);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_transaction_id_pays_for_one_thing_only() {
    for shop in Shop::open_all(914).await {
        shop.open_link(&[]).await.unwrap();
        let (one, two) = (
            begun(&shop, PHONE).await,
            begun(&shop, "0712 345 679").await,
        );
        let app = &shop.app;
        let mut tasks = JoinSet::new();
        for payment in [&one, &two] {
            let (app, owner, id) = (app.clone(), shop.owner.clone(), payment.id);
            tasks.spawn(async move { app.confirm_payment(&owner, id, Some("T_46HS5COOWE")).await });
        }
        let answers = tasks.join_all().await;
        let taken = |a: &&Result<Payment, Error>| {
            matches!(a, Err(Error::Invalid(Invalid::Taken("transaction id"))))
        };
        assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1);
        assert_eq!(answers.iter().filter(taken).count(), 1);
        assert_eq!((tickets(&shop).await, count(&shop).await), (1, 1));
        let nonsense = app
            .confirm_payment(&shop.owner, two.id, Some("seen it"))
            .await;
        assert!(matches!(
            nonsense,
            Err(Error::Invalid(Invalid::Field { .. }))
        ));
        shop.check().await;
    }
}

#[tokio::test]
async fn only_members_of_the_business_confirm_and_only_what_waits_for_them() {
    for shop in Shop::open_all(915).await {
        shop.open_link(&[]).await.unwrap();
        let (support, neighbour) = (
            shop.hire("sam", Role::Support).await.unwrap(),
            shop.neighbour("baba-otieno").await.unwrap(),
        );
        let payment = begun(&shop, PHONE).await;
        let refused = |caller: Caller, id| {
            let app = shop.app.clone();
            async move {
                let confirmed = app.confirm_payment(&caller, id, None).await;
                (confirmed, app.reject_payment(&caller, id).await)
            }
        };
        let (a, b) = refused(support, payment.id).await;
        assert!(matches!(
            (a, b),
            (Err(Error::Forbidden), Err(Error::Forbidden))
        ));
        let (a, b) = refused(neighbour.clone(), payment.id).await;
        assert!(matches!(
            (a, b),
            (Err(Error::NotFound(_)), Err(Error::NotFound(_)))
        ));
        assert_eq!(shop.app.count_confirmations(&neighbour).await.unwrap(), 0);
        let prompted = shop
            .app
            .start_payment(shop.wish("0712 345 679"))
            .await
            .unwrap();
        let (a, b) = refused(shop.owner.clone(), prompted.id).await;
        assert!(matches!(
            (a, b),
            (Err(Error::NotFound(_)), Err(Error::NotFound(_)))
        ));
        assert_eq!(tickets(&shop).await, 0);
        shop.check().await;
    }
}

#[tokio::test]
async fn the_wallets_webhook_settles_the_payment_of_its_sender() {
    for shop in Shop::open_all(916).await {
        shop.open_link(&[]).await.unwrap();
        let (one, two) = (
            begun(&shop, PHONE).await,
            begun(&shop, "0712 345 679").await,
        );
        let told = shop
            .link
            .tell_of(&money("T_46HS5COOWE", 20, Some("254712345679"), &shop));
        for _ in 0..3 {
            shop.message("link", Some("good"), &told).await.unwrap();
        }
        assert_eq!(shop.payment(&one).await.status, PaymentStatus::Pending);
        let paid = shop.payment(&two).await;
        assert_eq!(paid.status, PaymentStatus::Success);
        assert_eq!(paid.receipt.as_deref(), Some("T_46HS5COOWE"));
        assert_eq!((tickets(&shop).await, count(&shop).await), (1, 1));
        shop.check().await;
    }
}

#[tokio::test]
async fn unique_amounts_tell_payments_of_strangers_apart() {
    for shop in Shop::open_all(917).await {
        shop.open_link(&[("unique_amounts", "true")]).await.unwrap();
        let plan = shop
            .add_plan("1 day", "200", shop.plan.terms)
            .await
            .unwrap();
        let mut payments = Vec::new();
        for n in 0..3 {
            let mut wish = shop.wish(&format!("071234567{n}"));
            (wish.gateway, wish.plan) = (Some("link".into()), plan.id);
            payments.push(shop.app.start_payment(wish).await.unwrap());
        }
        let amounts: Vec<_> = payments.iter().map(|p| p.amount).collect();
        assert_eq!(amounts, [kes(200), kes(199), kes(198)]);
        let listed = shop.app.confirmations(&shop.owner).await.unwrap();
        assert!(listed.rows.iter().all(|row| row.is_only));
        let told = shop
            .link
            .tell_of(&money("T_46HS5COOWE", 199, Some("254799999999"), &shop));
        shop.message("link", Some("good"), &told).await.unwrap();
        let now = [0, 1, 2].map(|n| &payments[n]);
        let statuses = [
            shop.payment(now[0]).await.status,
            shop.payment(now[1]).await.status,
            shop.payment(now[2]).await.status,
        ];
        let (pending, success) = (PaymentStatus::Pending, PaymentStatus::Success);
        assert_eq!(statuses, [pending, success, pending]);
        shop.check().await;
    }
}

#[tokio::test]
async fn without_unique_amounts_a_strangers_money_settles_nobodys_payment() {
    for shop in Shop::open_all(918).await {
        shop.open_link(&[]).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        let told = shop
            .link
            .tell_of(&money("T_46HS5COOWE", 20, Some("254799999999"), &shop));
        shop.message("link", Some("good"), &told).await.unwrap();
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Pending);
        let story = shop
            .app
            .tickets(&shop.owner, &Default::default(), None, 10)
            .await
            .unwrap();
        let phones: Vec<_> = story.rows.iter().filter_map(|t| t.phone.clone()).collect();
        assert_eq!(phones, [Phone::from_international("254799999999").unwrap()]);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_webhook_after_the_members_tap_is_the_same_money() {
    for shop in Shop::open_all(919).await {
        shop.open_link(&[]).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        shop.clock.advance(Duration::from_secs(20));
        let told = shop
            .link
            .tell_of(&money("T_46HS5COOWE", 20, Some("254712345678"), &shop));
        shop.clock.advance(Duration::from_secs(20));
        shop.app
            .confirm_payment(&shop.owner, payment.id, None)
            .await
            .unwrap();
        shop.clock.advance(Duration::from_secs(20));
        shop.message("link", Some("good"), &told).await.unwrap();
        assert_eq!(
            shop.payment(&payment).await.receipt.as_deref(),
            Some("T_46HS5COOWE")
        );
        assert_eq!(tickets(&shop).await, 1, "one payment, one ticket");
        shop.clock.advance(Duration::from_secs(60));
        let more = shop
            .link
            .tell_of(&money("T_55AA5COOWE", 20, Some("254712345678"), &shop));
        shop.message("link", Some("good"), &more).await.unwrap();
        assert_eq!(tickets(&shop).await, 2, "new money buys again");
        shop.check().await;
    }
}

#[tokio::test]
async fn a_forged_webhook_is_turned_away_and_an_unsigned_one_asks() {
    for shop in Shop::open_all(920).await {
        shop.open_link(&[]).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        let told = shop
            .link
            .tell_of(&money("T_46HS5COOWE", 20, Some("254712345678"), &shop));
        let forged = shop.message("link", Some("bad"), &told).await.unwrap();
        assert_eq!(forged, bando_app::Taken::Forged);
        shop.link.answer_find("T_46HS5COOWE", [Found::NotThere]);
        shop.message("link", None, &told).await.unwrap();
        shop.pass(Duration::from_secs(1800)).await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Pending);
        assert_eq!(tickets(&shop).await, 0);
        assert!(!shop.link.searches().is_empty(), "the wallet was asked");
        shop.check().await;
    }
}

#[tokio::test]
async fn the_payers_transaction_id_is_shown_or_asked_about() {
    for shop in Shop::open_all(921).await {
        shop.open_link(&[]).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        let token = shop.app.payment_token(shop.provider(), payment.id);
        for nonsense in ["", "I have paid", "0712345678"] {
            let answer = shop.app.note_transaction_id(&token, nonsense).await;
            assert!(
                matches!(answer, Err(Error::Invalid(_) | Error::TooMany { .. })),
                "{nonsense}"
            );
        }
        shop.clock.advance(Duration::from_secs(600));
        shop.app
            .note_transaction_id(&token, "Votre ID: T_46HS5COOWE merci")
            .await
            .unwrap();
        let listed = shop.app.confirmations(&shop.owner).await.unwrap();
        assert_eq!(listed.rows[0].claimed.as_deref(), Some("T_46HS5COOWE"));
        assert_eq!(tickets(&shop).await, 0, "a word is no money");
        let paid_by = money("T_77HS5COOWE", 20, Some("254799999999"), &shop);
        shop.link
            .answer_find("T_77HS5COOWE", [Found::Movement(paid_by)]);
        shop.app
            .note_transaction_id(&token, "t_77hs5coowe")
            .await
            .unwrap();
        let paid = shop.payment(&payment).await;
        assert_eq!(
            paid.status,
            PaymentStatus::Success,
            "from another phone, but this money"
        );
        assert_eq!(paid.receipt.as_deref(), Some("T_77HS5COOWE"));
        let other = begun(&shop, "0712 345 679").await;
        let token = shop.app.payment_token(shop.provider(), other.id);
        shop.app
            .note_transaction_id(&token, "T_77HS5COOWE")
            .await
            .unwrap();
        assert_eq!(
            shop.payment(&other).await.status,
            PaymentStatus::Pending,
            "used before"
        );
        let mut tries = 0;
        while shop
            .app
            .note_transaction_id(&token, "T_88HS5COOWE")
            .await
            .is_ok()
        {
            tries += 1;
            assert!(tries < 20, "tries are counted");
        }
        let old = Movement {
            at: Some(shop.clock.now().minus(Duration::from_secs(72 * 3600))),
            ..money("T_99HS5COOWE", 20, None, &shop)
        };
        shop.link
            .answer_find("T_99HS5COOWE", [Found::Movement(old)]);
        shop.clock.advance(Duration::from_secs(600));
        shop.app
            .note_transaction_id(&token, "T_99HS5COOWE")
            .await
            .unwrap();
        assert_eq!(
            shop.payment(&other).await.status,
            PaymentStatus::Pending,
            "too long ago"
        );
        shop.check().await;
    }
}

async fn regular(shop: &Shop, times: usize) {
    shop.open_link(&[("trust_after", "2")]).await.unwrap();
    for _ in 0..times {
        let payment = begun_on(shop, PHONE, Some(Shop::device(1))).await;
        shop.app
            .confirm_payment(&shop.owner, payment.id, None)
            .await
            .unwrap();
        shop.pass(Duration::from_secs(60)).await;
    }
}

async fn says_paid(shop: &Shop, payment: &Payment) -> bool {
    let token = shop.app.payment_token(shop.provider(), payment.id);
    shop.app.say_paid(&token).await.unwrap()
}

#[tokio::test]
async fn a_regular_is_trusted_once_at_a_time_up_to_what_they_paid_before() {
    for shop in Shop::open_all(922).await {
        regular(&shop, 1).await;
        let new = begun_on(&shop, PHONE, Some(Shop::device(1))).await;
        assert!(
            !says_paid(&shop, &new).await,
            "one payment makes no regular"
        );
        shop.app
            .confirm_payment(&shop.owner, new.id, None)
            .await
            .unwrap();
        let on_another = begun_on(&shop, PHONE, Some(Shop::device(2))).await;
        assert!(
            !says_paid(&shop, &on_another).await,
            "a number is easily typed: the device counts"
        );
        let away = begun(&shop, PHONE).await;
        assert!(!says_paid(&shop, &away).await);
        shop.pass(Duration::from_secs(180)).await;
        let dear = shop
            .add_plan("1 week", "250", shop.plan.terms)
            .await
            .unwrap();
        let mut wish = shop.wish(PHONE);
        (wish.gateway, wish.plan) = (Some("link".into()), dear.id);
        wish.visit = shop.visit(Shop::device(1));
        let dear = shop.app.start_payment(wish).await.unwrap();
        assert!(!says_paid(&shop, &dear).await, "never paid so much before");
        let (one, two) = (
            begun_on(&shop, PHONE, Some(Shop::device(1))).await,
            begun_on(&shop, PHONE, Some(Shop::device(1))).await,
        );
        let mut tasks = JoinSet::new();
        for payment in [&one, &two, &one, &two] {
            let (app, token) = (
                shop.app.clone(),
                shop.app.payment_token(shop.provider(), payment.id),
            );
            tasks.spawn(async move { app.say_paid(&token).await.unwrap() });
        }
        tasks.join_all().await;
        let statuses = [
            shop.payment(&one).await.status,
            shop.payment(&two).await.status,
        ];
        let trusted = statuses
            .iter()
            .filter(|s| **s == PaymentStatus::Success)
            .count();
        assert_eq!(trusted, 1, "one at a time");
        let listed = shop.app.confirmations(&shop.owner).await.unwrap();
        assert_eq!(listed.rows.iter().filter(|row| row.trusted).count(), 1);
        shop.check().await;
    }
}

#[tokio::test]
async fn trust_that_was_misplaced_is_undone_and_gone() {
    for shop in Shop::open_all(923).await {
        regular(&shop, 2).await;
        let payment = begun_on(&shop, PHONE, Some(Shop::device(1))).await;
        assert!(says_paid(&shop, &payment).await);
        let ticket = shop.payment(&payment).await.ticket_id;
        assert_eq!(
            shop.ticket(ticket).await.unwrap().state,
            TicketState::Active
        );
        assert_eq!(count(&shop).await, 1);
        let before = shop.app.takings(&shop.owner, None).await.unwrap();
        let rejected = shop
            .app
            .reject_payment(&shop.owner, payment.id)
            .await
            .unwrap();
        assert_eq!(rejected.failure, Some(PaymentFailure::NotReceived));
        assert_eq!(
            shop.ticket(ticket).await.unwrap().state,
            TicketState::Revoked
        );
        let after = shop.app.takings(&shop.owner, None).await.unwrap();
        assert_eq!(before.amount.minor() - after.amount.minor(), 2000);
        let balances = shop.app.balances(&shop.owner).await.unwrap();
        let link = balances
            .iter()
            .find(|b| b.account == "gateway:link")
            .unwrap();
        assert_eq!(link.amount, kes(40), "only what was really paid");
        assert_eq!(count(&shop).await, 0);
        let again = shop
            .app
            .reject_payment(&shop.owner, payment.id)
            .await
            .unwrap();
        assert_eq!(again, shop.payment(&payment).await, "once is enough");
        let confirmed = shop
            .app
            .confirm_payment(&shop.owner, payment.id, None)
            .await;
        assert!(
            matches!(confirmed, Err(Error::Invalid(_))),
            "its ticket is gone"
        );
        shop.check().await;
        // The money comes after all: it is new money, for which there is no ticket yet.
        let told = shop
            .link
            .tell_of(&money("T_46HS5COOWE", 20, Some("254712345678"), &shop));
        shop.message("link", Some("good"), &told).await.unwrap();
        assert_eq!(tickets(&shop).await, 4);
        shop.check().await;
        shop.pass(Duration::from_secs(180)).await;
        let next = begun_on(&shop, PHONE, Some(Shop::device(1))).await;
        assert!(!says_paid(&shop, &next).await, "never again");
    }
}

#[tokio::test]
async fn trust_that_was_right_is_confirmed_by_a_member_or_by_the_wallet() {
    for shop in Shop::open_all(924).await {
        regular(&shop, 2).await;
        let one = begun_on(&shop, PHONE, Some(Shop::device(1))).await;
        assert!(says_paid(&shop, &one).await);
        shop.app
            .confirm_payment(&shop.owner, one.id, Some("T_46HS5COOWE"))
            .await
            .unwrap();
        assert_eq!(count(&shop).await, 0);
        assert_eq!(
            shop.payment(&one).await.receipt.as_deref(),
            Some("T_46HS5COOWE")
        );
        shop.pass(Duration::from_secs(60)).await;
        let two = begun_on(&shop, PHONE, Some(Shop::device(1))).await;
        assert!(says_paid(&shop, &two).await);
        assert!(says_paid(&shop, &two).await, "again: it is paid");
        let told = shop
            .link
            .tell_of(&money("T_55AA5COOWE", 20, Some("254712345678"), &shop));
        shop.message("link", Some("good"), &told).await.unwrap();
        assert_eq!(count(&shop).await, 0, "the wallet has confirmed it");
        assert_eq!(tickets(&shop).await, 4);
        let settled = shop
            .app
            .settle_unproved(shop.provider(), two.id, None)
            .await
            .unwrap();
        assert_eq!(settled, Settled::Before);
        shop.check().await;
    }
}

#[tokio::test]
async fn saying_it_often_asks_the_wallet_and_neither_uses_up_queries_nor_ends_the_wait() {
    for shop in Shop::open_all(925).await {
        shop.open_link(&[]).await.unwrap();
        let payment = begun(&shop, PHONE).await;
        for _ in 0..30 {
            assert!(!says_paid(&shop, &payment).await);
            shop.work().await;
        }
        let asked = shop.link.queries().len();
        assert!((1..=5).contains(&asked), "{asked}");
        for _ in 0..30 {
            shop.app.ask_again(&shop.owner, payment.id).await.unwrap();
            shop.work().await;
        }
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Pending);
        let checkout = ScriptedGateway::reference(1).checkout_request_id;
        shop.link.answer_query(&checkout, [Verdict::PAID]);
        shop.clock.advance(Duration::from_secs(600));
        says_paid(&shop, &payment).await;
        shop.work().await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Success);
        shop.check().await;
    }
}
