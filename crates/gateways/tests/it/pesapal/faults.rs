//! What Pesapal and the network do wrong.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bando_domain::PaymentFailure;
use bando_gateways::{Gateway as _, MessageUrls, Recovered, Registered, Sent, Start, Verdict};
use bando_sim::pesapal::{PayBy, SCENARIOS, Scenario, Settings, StatusAnswer, SubmitFault};

use super::{PHONE, Stage, account, charge, from, phone, quick, refund};

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_unknown_not_failed() {
    let stage = Stage::new().await;
    for (number, what) in [
        (300, "?"),
        (301, "?"),
        (302, "?"),
        (303, "?"),
        (304, "busy"),
        (305, "?"),
        (306, "accepted"),
        (307, "limit"),
    ] {
        let charge = from(&format!("254700000{number}"), number);
        let seen = match stage.start(&charge).await {
            Start::Accepted { .. } => "accepted",
            Start::Refused { failure, .. } => match failure {
                PaymentFailure::GatewayBusy => "busy",
                PaymentFailure::LimitExceeded => "limit",
                _ => "refused",
            },
            Start::Unknown { .. } => "?",
        };
        assert_eq!(seen, what, "{number}");
        let recovered = stage.client.recover(&stage.account, &charge).await;
        assert!(matches!(recovered, Recovered::Unknown { .. }));
    }
    stage.until_decided().await;
    assert_eq!(stage.sim.books().moved.len(), 4, "300, 301, 302 and 306");
    // Whoever repeats a lost order learns nothing new, and asks for nothing twice.
    let again = stage.start(&from("254700000300", 300)).await;
    assert!(matches!(again, Start::Unknown { .. }), "{again:?}");
    assert_eq!(stage.sim.books().orders.len(), 4);
}

#[tokio::test]
async fn no_status_fault_is_mistaken_for_a_verdict() {
    let stage = Stage::new().await;
    use StatusAnswer::*;
    let statuses = vec![
        NotFound,
        Invalid,
        BadToken,
        BadToken,
        TooOften429,
        Empty500,
        Html502,
        Cut,
        Never,
        Amount("0".into()),
        Amount("\"\"".into()),
        Currency("XXX".into()),
        Reference("someone-elses".into()),
        Says {
            code: 1,
            description: "FAILED".into(),
        },
        Says {
            code: 9,
            description: "COMPLETED".into(),
        },
    ];
    let scenario = Scenario {
        statuses,
        ..Scenario::customer(PayBy::Mpesa, 0)
    };
    stage.sim.script(&phone(PHONE), scenario);
    let reference = stage.accepted(1).await;
    stage.until_decided().await;
    let mut seen = String::new();
    for _ in 0..15 {
        seen.push(match stage.query(&reference).await {
            Verdict::Paid(_) => '$',
            Verdict::Failed { .. } => 'F',
            Verdict::Reversed { .. } => 'R',
            Verdict::Pending { .. } => 'p',
            Verdict::RateLimited { .. } => 'r',
            Verdict::Unreachable { .. } => 'u',
        });
    }
    // A bad token is answered by one more try with a fresh one, so two of them make one answer.
    assert_eq!(seen, "ppuruuuuuuuuuu$");
}

#[tokio::test]
async fn tokens_are_shared_renewed_and_replaced() {
    let stage = Stage::new().await;
    let reference = stage.accepted(1).await;
    let queries = (0..20).map(|_| stage.query(&reference));
    futures_util::future::join_all(queries).await;
    assert_eq!(stage.sim.books().tokens, 1);
    stage.clock.0.fetch_add(239_000, Ordering::SeqCst);
    stage.query(&reference).await;
    assert_eq!(stage.sim.books().tokens, 1);
    stage.clock.0.fetch_add(1_000, Ordering::SeqCst);
    stage.query(&reference).await;
    assert_eq!(stage.sim.books().tokens, 2, "after four minutes");
    // Whatever a token is said to live, and however Pesapal says that it is over.
    for (bad_token_500, tokens) in [(false, 3), (true, 4)] {
        stage.sim.set_settings(Settings {
            told_token_seconds: Some(3600),
            bad_token_500,
            ..quick()
        });
        stage.sim.expire_tokens();
        let verdict = stage.query(&reference).await;
        assert!(matches!(verdict, Verdict::Pending { .. }), "{verdict:?}");
        assert_eq!(stage.sim.books().tokens, tokens);
    }
    stage.sim.expire_tokens();
    stage.accepted(2).await;
}

#[tokio::test]
async fn too_often_and_absent_are_told_apart() {
    let stage = Stage::new().await;
    let reference = stage.accepted(1).await;
    stage.sim.set_settings(Settings {
        too_often: 1,
        ..quick()
    });
    let retry_after = Duration::from_secs(7);
    assert_eq!(
        stage.query(&reference).await,
        Verdict::RateLimited { retry_after }
    );
    let dead = account("http://127.0.0.1:9");
    assert!(matches!(
        stage.client.query(&dead, &reference).await,
        Verdict::Unreachable { .. }
    ));
    let sent = stage
        .client
        .refund(&dead, &refund("SCJ8JQ26SW", 4_950))
        .await;
    assert!(matches!(sent, Sent::Refused { .. }), "{sent:?}");
    let urls = MessageUrls {
        confirmation: "not a url".into(),
        validation: String::new(),
    };
    assert!(matches!(
        stage.client.register(&stage.account, &urls).await,
        Registered::Refused { .. }
    ));
}

/// Whatever is scripted, money that moved is found, and only such money.
#[tokio::test]
async fn no_scenario_invents_or_loses_money() {
    let stage = Stage::new().await;
    for named in SCENARIOS {
        // Those whose status lies or is silent for ever are looked at by other tests.
        if matches!(named.number, 402..=406) || named.scenario().reversed_after_ms.is_some() {
            continue;
        }
        let number = u32::from(named.number);
        let charge = from(&format!("254700000{number:03}"), number);
        let Start::Accepted { reference, .. } = stage.start(&charge).await else {
            continue;
        };
        stage.until_decided().await;
        let order = stage
            .sim
            .books()
            .orders
            .into_iter()
            .find(|o| o.order_tracking_id == reference.checkout_request_id)
            .expect("in the books");
        let mut last = Verdict::Pending { why: String::new() };
        for _ in 0..10 {
            last = stage.query(&reference).await;
            if matches!(last, Verdict::Paid(_) | Verdict::Failed { .. }) {
                break;
            }
        }
        match last {
            Verdict::Paid(paid) => {
                assert_eq!(paid.receipt, order.confirmation_code, "{}", named.name);
                assert_eq!(paid.amount, Some(charge.amount), "{}", named.name);
            }
            Verdict::Failed { .. } => assert_eq!(order.confirmation_code, None, "{}", named.name),
            other => panic!("{}: {other:?}", named.name),
        }
    }
}

#[tokio::test]
async fn a_redirect_elsewhere_is_not_followed() {
    let stage = Stage::new().await;
    // The same simulator under another name: its pages are at an origin that is not the account's.
    let mut elsewhere = stage.account.clone();
    let base = stage.sim.base_url().replace("127.0.0.1", "localhost");
    elsewhere.settings.insert("environment".into(), base);
    let start = stage.client.start(&elsewhere, &charge(1)).await;
    assert!(matches!(start, Start::Unknown { .. }), "{start:?}");
    let fault = SubmitFault::Error {
        code: "test_transactions_exceeded".into(),
        message: String::new(),
    };
    let scenario = Scenario {
        submit: fault,
        ..Scenario::default()
    };
    stage.sim.script(&phone(PHONE), scenario);
    let start = stage.start(&charge(2)).await;
    assert!(matches!(
        start,
        Start::Refused {
            failure: PaymentFailure::ProviderMisconfigured,
            ..
        }
    ));
}
