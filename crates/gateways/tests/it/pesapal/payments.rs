//! Orders that are paid, and what is said of it.

use std::time::Duration;

use bando_domain::{Clock as _, Currency, Money, PaymentFailure};
use bando_gateways::{Gateway as _, Notification, Outcome, Paid, Reference, Start, Verdict};
use bando_sim::pesapal::{Casing, PayBy, Settings};

use super::{Stage, charge, from, quick};

#[tokio::test]
async fn a_payment_from_order_to_verdict() {
    let stage = Stage::new().await;
    let start = stage.start(&charge(1)).await;
    let Start::Accepted {
        reference,
        redirect: Some(page),
    } = start
    else {
        panic!("{start:?}");
    };
    assert!(page.contains(&reference.checkout_request_id), "{page}");
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Pending { .. }
    ));

    // The customer's browser pays on the page and is sent back.
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a browser");
    let shown = browser.get(&page).send().await.expect("the page");
    assert!(shown.text().await.expect("html").contains("49.50"));
    let form = browser
        .post(&page)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("does=mpesa");
    let answer = form.send().await.expect("an answer");
    let back = answer.headers()["location"].to_str().expect("ascii");
    assert!(
        back.starts_with("https://wifi.example.co.ke/pay/1?"),
        "{back}"
    );
    assert!(back.contains(&reference.checkout_request_id), "{back}");

    let books = stage.sim.books();
    let expected = Paid {
        receipt: books.orders[0].confirmation_code.clone(),
        amount: Some(Money::from_minor(4_950, Currency::Kes)),
        fee: None,
        phone: None,
        at: Some(stage.clock.now()),
    };
    assert_eq!(stage.query(&reference).await, Verdict::Paid(expected));
    assert_eq!(books.orders[0].description, "1 hour of internetand more");
    assert_eq!(books.orders[0].merchant_reference, charge(1).reference);

    let bodies = stage.notified(1).await;
    let read = stage.client.read_message(bodies[0].as_bytes());
    let Ok(Notification::Payment {
        reference: named,
        outcome: Outcome::Undecided { code, .. },
    }) = read
    else {
        panic!("{read:?}");
    };
    assert_eq!((named, code.as_str()), (reference, "IPNCHANGE"));
}

#[tokio::test]
async fn notifications_are_repeated_until_they_are_acknowledged() {
    let stage = Stage::new().await;
    for (number, casing) in [(1, Casing::Pascal), (2, Casing::Camel)] {
        stage.sim.set_settings(Settings { casing, ..quick() });
        *stage.inbox.refuse.lock().expect("lock") = 2;
        stage.paid(number, PayBy::Card).await;
        stage
            .notified(usize::try_from(number).expect("small"))
            .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let order = stage.sim.books().orders.pop().expect("an order");
        let seen: Vec<bool> = order.notified.iter().map(|n| n.acknowledged).collect();
        assert_eq!(seen, [false, false, true], "{casing:?}");
    }
}

#[tokio::test]
async fn a_notification_by_get_is_read_from_its_query_string() {
    let stage = Stage::new().await;
    stage.accepted(1).await;
    let body = format!(
        "OrderTrackingId=b945e4af&OrderMerchantReference={}&OrderNotificationType=IPNCHANGE",
        charge(1).reference
    );
    let read = stage.client.read_message(body.as_bytes());
    assert!(
        matches!(&read, Ok(Notification::Payment { reference, .. })
            if reference.merchant_request_id == charge(1).reference),
        "{read:?}"
    );
}

#[tokio::test]
async fn every_way_to_pay_or_not_is_understood() {
    let stage = Stage::new().await;
    for (number, how, expected) in [
        (1, PayBy::MpesaDeclined, Some(PaymentFailure::Cancelled)),
        (
            2,
            PayBy::CardDeclined,
            Some(PaymentFailure::PayerNotAllowed),
        ),
        (3, PayBy::Card, None),
        (4, PayBy::Mpesa, None),
    ] {
        let reference = stage.accepted(number).await;
        let id = &reference.checkout_request_id;
        stage.sim.pay(id, how).expect("an open order");
        let failure = match stage.query(&reference).await {
            Verdict::Failed { failure, .. } => Some(failure),
            Verdict::Paid(_) => None,
            other => panic!("{how:?}: {other:?}"),
        };
        assert_eq!(failure, expected, "{how:?}");
    }
    // A failed order may still be paid on the same page: the money outweighs the failure.
    let again = stage.sim.books().orders[0].order_tracking_id.clone();
    stage.sim.pay(&again, PayBy::Mpesa).expect("open again");
    let reference = Reference {
        merchant_request_id: charge(1).reference,
        checkout_request_id: again,
    };
    assert!(matches!(stage.query(&reference).await, Verdict::Paid(_)));
}

#[tokio::test]
async fn a_wrong_amount_or_currency_is_told_as_it_is() {
    let stage = Stage::new().await;
    for (number, expected) in [
        (402, Money::from_minor(100, Currency::Kes)),
        (403, Money::from_minor(4_950, Currency::Tzs)),
    ] {
        let charge = from(&format!("254700000{number}"), number);
        let Start::Accepted { reference, .. } = stage.start(&charge).await else {
            panic!("not accepted");
        };
        stage.until_decided().await;
        let verdict = stage.query(&reference).await;
        assert!(
            matches!(&verdict, Verdict::Paid(paid) if paid.amount == Some(expected)),
            "{number}: {verdict:?}"
        );
    }
}

#[tokio::test]
async fn a_reversal_is_seen() {
    let stage = Stage::new().await;
    let (reference, _) = stage.paid(1, PayBy::Mpesa).await;
    assert!(matches!(stage.query(&reference).await, Verdict::Paid(_)));
    assert!(stage.sim.reverse(&reference.checkout_request_id));
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Reversed { .. }
    ));
    stage.notified(2).await;
}
