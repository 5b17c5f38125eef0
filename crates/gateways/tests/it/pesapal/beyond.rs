//! Refunds, subscriptions, cancellation, settings.

use bando_domain::{Currency, Money, PaymentFailure, Secret, Timestamp};
use bando_gateways::{
    CancelledOrder, Charge, Frequency, Gateway as _, Notification, Outcome, Schedule, Sent, Start,
    Subscription, TestResult, Verdict,
};
use bando_sim::pesapal::{Direction, PayBy};

use super::{Stage, account, charge, refund};

#[tokio::test]
async fn refunds_wait_for_the_merchants_approval() {
    let stage = Stage::new().await;
    let ask = async |receipt: &str, minor| {
        let refund = refund(receipt, minor);
        match stage.client.refund(&stage.account, &refund).await {
            Sent::Accepted { conversation_id } => {
                assert_eq!(conversation_id, receipt);
                "accepted"
            }
            Sent::Refused { .. } => "refused",
            Sent::Unknown { .. } => "unknown",
            other => panic!("{other:?}"),
        }
    };
    let (mobile, code) = stage.paid(1, PayBy::Mpesa).await;
    assert_eq!(ask(&code, 1_000).await, "refused", "mobile: the whole only");
    assert_eq!(ask(&code, 4_950).await, "accepted");
    assert_eq!(ask(&code, 4_950).await, "unknown", "it may be the same one");
    assert!(matches!(stage.query(&mobile).await, Verdict::Paid(_)));
    let id = &mobile.checkout_request_id;
    assert!(stage.sim.decide_refund(id, true));
    assert!(matches!(
        stage.query(&mobile).await,
        Verdict::Reversed { .. }
    ));
    let (card, code) = stage.paid(2, PayBy::Card).await;
    assert_eq!(ask(&code, 1_000).await, "accepted", "a part of a card's");
    assert!(stage.sim.decide_refund(&card.checkout_request_id, false));
    assert_eq!(ask("NOSUCHCODE", 4_950).await, "refused");
    let back: Vec<i64> = stage
        .sim
        .books()
        .moved
        .iter()
        .filter(|moved| moved.direction == Direction::Back)
        .map(|moved| moved.amount.minor())
        .collect();
    assert_eq!(back, [4_950]);
}

#[tokio::test]
async fn a_subscription_is_charged_under_its_account_number() {
    let stage = Stage::new().await;
    let subscription = Subscription {
        account_number: "555-678".into(),
        schedule: Some(Schedule {
            from: Timestamp::from_seconds(1_674_550_000),
            until: Timestamp::from_seconds(1_703_980_000),
            frequency: Frequency::Monthly,
        }),
    };
    let start = stage
        .client
        .submit_order(&stage.account, &charge(1), Some(&subscription))
        .await;
    let Start::Accepted { reference, .. } = start else {
        panic!("{start:?}");
    };
    let id = &reference.checkout_request_id;
    let details = stage.sim.books().orders[0].subscription.clone();
    let details = details.expect("subscription_details");
    assert_eq!(
        (details.start_date.as_str(), details.end_date.as_str()),
        ("24-01-2023", "31-12-2023")
    );
    assert_eq!(details.frequency, "MONTHLY");
    assert_eq!(stage.sim.recur(id, true), None, "nobody has agreed yet");
    stage
        .sim
        .pay(id, PayBy::CardSubscribing)
        .expect("an open order");
    let first = stage.client.subscription_charge(&stage.account, id).await;
    assert_eq!(first.info.expect("info").account_reference, "555-678");

    let next = stage.sim.recur(id, true).expect("a charge");
    let bodies = stage.notified(2).await;
    let read = stage.client.read_message(bodies[1].as_bytes());
    let Ok(Notification::Payment {
        reference: named,
        outcome: Outcome::Undecided { code, .. },
    }) = read
    else {
        panic!("{read:?}");
    };
    assert_eq!(code, "RECURRING");
    assert_eq!(named.checkout_request_id, next);
    assert_eq!(named.merchant_request_id, "555-678");
    let charge = stage
        .client
        .subscription_charge(&stage.account, &next)
        .await;
    assert!(matches!(charge.verdict, Verdict::Paid(_)), "{charge:?}");
    let info = charge.info.expect("info");
    assert_eq!(info.amount, Some(Money::from_minor(4_950, Currency::Kes)));
    assert!(info.correlation_id.is_some());
    // The charge is no payment that we asked for, so the plain query does not take it for one.
    assert!(matches!(
        stage.query(&named).await,
        Verdict::Unreachable { .. }
    ));
    let failed = stage.sim.recur(id, false).expect("a charge");
    let charge = stage
        .client
        .subscription_charge(&stage.account, &failed)
        .await;
    assert!(matches!(charge.verdict, Verdict::Failed { .. }));
}

#[tokio::test]
async fn an_order_is_cancelled_once_and_never_when_paid() {
    let stage = Stage::new().await;
    let open = stage.accepted(1).await.checkout_request_id;
    let cancel = async |id: &str| stage.client.cancel_order(&stage.account, id).await;
    assert_eq!(cancel(&open).await, CancelledOrder::Done);
    assert!(stage.sim.pay(&open, PayBy::Mpesa).is_err());
    assert!(matches!(
        cancel(&open).await,
        CancelledOrder::Refused { .. }
    ));
    let (paid, _) = stage.paid(2, PayBy::Mpesa).await;
    assert!(matches!(
        cancel(&paid.checkout_request_id).await,
        CancelledOrder::Refused { .. }
    ));
    let dead = account("http://127.0.0.1:9");
    assert!(matches!(
        stage.client.cancel_order(&dead, &open).await,
        CancelledOrder::Unknown { .. }
    ));
}

#[tokio::test]
async fn what_pesapal_would_not_take_is_refused_unasked() {
    let stage = Stage::new().await;
    let with = |minor, currency| Charge {
        amount: Money::from_minor(minor, currency),
        ..charge(1)
    };
    let mut strange = charge(1);
    strange.reference = "a/b".into();
    use PaymentFailure::*;
    for (charge, expected) in [
        (with(5_000, Currency::Xof), ProviderMisconfigured),
        (with(0, Currency::Kes), LimitExceeded),
        (with(-5_000, Currency::Kes), LimitExceeded),
        (with(i64::MAX, Currency::Kes), LimitExceeded),
        (strange, ProviderMisconfigured),
    ] {
        let start = stage.start(&charge).await;
        assert!(
            matches!(&start, Start::Refused { failure, .. } if *failure == expected),
            "{start:?}"
        );
    }
    let mut unregistered = stage.account.clone();
    unregistered.settings.remove("ipn_id");
    let start = stage.client.start(&unregistered, &charge(1)).await;
    assert!(
        matches!(
            &start,
            Start::Refused {
                failure: ProviderMisconfigured,
                ..
            }
        ),
        "{start:?}"
    );
    let books = stage.sim.books();
    assert_eq!((books.orders.len(), books.refused_orders), (0, 0));
}

#[tokio::test]
async fn a_test_tells_what_is_wrong() {
    let stage = Stage::new().await;
    let failed = |result: &TestResult, word: &str| matches!(result, TestResult::Failed { why } if why.contains(word));
    assert!(stage.client.test(&stage.account).await.passed());
    let mut wrong = stage.account.clone();
    wrong
        .secrets
        .insert("consumer_secret".into(), Secret::new("wrong"));
    let report = stage.client.test(&wrong).await;
    assert!(failed(&report.sign_in, "consumer key"), "{report:?}");
    let start = stage.client.start(&wrong, &charge(1)).await;
    assert!(matches!(
        start,
        Start::Refused {
            failure: PaymentFailure::ProviderMisconfigured,
            ..
        }
    ));
    let mut unknown = stage.account.clone();
    unknown.settings.insert(
        "ipn_id".into(),
        "1da86d1c-0000-0000-0000-000000000000".into(),
    );
    let report = stage.client.test(&unknown).await;
    assert_eq!(report.sign_in, TestResult::Passed);
    assert!(failed(&report.shortcode, "notification"), "{report:?}");
    let report = stage.client.test(&account("http://127.0.0.1:9")).await;
    assert!(matches!(report.sign_in, TestResult::Unclear { .. }));
    let mut empty = stage.account.clone();
    empty.secrets.clear();
    assert_eq!(
        stage.client.check(&empty).map_err(|bad| bad.field),
        Err("consumer_key")
    );
}
