//! A payment by checkout, from its session to its refund.

use bando_domain::{Clock as _, PaymentFailure, Secret};
use bando_gateways::{
    Authenticity, Found, Gateway as _, MovementKind, NoStatement, Notification, Outcome, Recovered,
    Refund, Sent, Span, Start, TestResult, Verdict,
};
use bando_sim::wave::Wallet;

use super::{REFERENCE, Stage, account, charge, payer, with, xof};

fn refund(receipt: Option<&str>, session: Option<&str>, whole: bool) -> Refund {
    Refund {
        reference: "0199a0b0-0000-7000-8000-0000000000ff".into(),
        receipt: receipt.map(str::to_owned),
        checkout_request_id: session.map(str::to_owned),
        amount: xof(200),
        whole,
        remarks: "wrong plan".into(),
        result_url: String::new(),
    }
}

#[tokio::test]
async fn a_payment_from_session_to_verdict() {
    let stage = Stage::new().await;
    let start = stage.wave.start(&stage.account(), &charge()).await;
    let Start::Accepted {
        reference,
        redirect: Some(page),
    } = start
    else {
        panic!("{start:?}");
    };
    assert_eq!(reference.merchant_request_id, REFERENCE);
    assert!(page.contains(&format!("/c/{}?a=200&c=XOF", reference.checkout_request_id)));
    let session = &stage.sim.books().sessions[0];
    assert_eq!(session.amount, xof(200));
    assert_eq!(session.client_reference.as_deref(), Some(REFERENCE));
    assert_eq!(session.success_url, "https://bando.test/p/1");
    assert_eq!(session.restrict_payer_mobile, None);

    let query = || async { stage.wave.query(&stage.account(), &reference).await };
    assert_eq!(
        query().await,
        Verdict::Pending {
            why: "not paid yet".into()
        }
    );
    stage
        .sim
        .fail(&session.id, &payer(), "insufficient-funds")
        .expect("open");
    assert!(
        matches!(query().await, Verdict::Pending { .. }),
        "may try again"
    );
    let transaction = stage.sim.pay(&session.id, &payer()).expect("open");
    let Verdict::Paid(paid) = query().await else {
        panic!("not paid");
    };
    assert_eq!(paid.receipt, Some(transaction));
    assert_eq!(paid.amount, Some(xof(200)));
    assert_eq!(paid.at, Some(stage.clock.now()));
}

#[tokio::test]
async fn an_unpaid_session_fails_when_it_ends() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    stage.wait(1800);
    let verdict = stage.wave.query(&stage.account(), &reference).await;
    assert!(
        matches!(
            verdict,
            Verdict::Failed {
                failure: PaymentFailure::PromptExpired,
                ..
            }
        ),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn only_the_customers_phone_may_pay_when_the_provider_says_so() {
    let stage = Stage::new().await;
    let account = with(stage.account(), "restrict_payer", "true");
    stage.wave.start(&account, &charge()).await;
    let session = &stage.sim.books().sessions[0];
    assert_eq!(
        session.restrict_payer_mobile.as_deref(),
        Some("2250707123456")
    );
}

#[tokio::test]
async fn what_wave_cannot_be_asked_for_is_refused_here() {
    let stage = Stage::new().await;
    for (amount, why) in [
        (xof(0), PaymentFailure::LimitExceeded),
        (xof(2_000_001), PaymentFailure::LimitExceeded),
        (
            bando_domain::Money::from_minor(5_000, bando_domain::Currency::Kes),
            PaymentFailure::ProviderMisconfigured,
        ),
    ] {
        let charge = bando_gateways::Charge { amount, ..charge() };
        let start = stage.wave.start(&stage.account(), &charge).await;
        assert!(
            matches!(start, Start::Refused { failure, .. } if failure == why),
            "{amount:?}: {start:?}"
        );
    }
    assert_eq!(stage.sim.books().sessions, []);
}

#[tokio::test]
async fn the_events_say_what_the_books_say() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    let id = &reference.checkout_request_id;
    stage
        .sim
        .fail(id, &payer(), "insufficient-funds")
        .expect("open");
    stage.came(1).await;
    let receipt = stage.sim.pay(id, &payer()).expect("open");
    let by_link = stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 1000, &payer())
        .expect("paid");
    let now = stage.clock.now();
    let mut read = Vec::new();
    for came in stage.came(3).await {
        let message = came.message(now);
        let said = stage.wave.authenticate(&stage.account(), &message);
        assert_eq!(said, Authenticity::Signed);
        read.push(stage.wave.read_message(message.body).expect("a message"));
    }
    let payments: Vec<&Outcome> = read
        .iter()
        .filter_map(|read| match read {
            Notification::Payment {
                reference: about,
                outcome,
            } => {
                assert_eq!(*about, reference);
                Some(outcome)
            }
            _ => None,
        })
        .collect();
    assert!(matches!(payments[0], Outcome::Undecided { code, .. } if code == "insufficient-funds"));
    let Outcome::Paid(paid) = payments[1] else {
        panic!("{payments:?}");
    };
    assert_eq!(
        (paid.receipt.as_ref(), paid.amount),
        (Some(&receipt), Some(xof(200)))
    );
    let movement = read.iter().find_map(|read| match read {
        Notification::Movement(movement) => Some(movement),
        _ => None,
    });
    let movement = movement.expect("the payment by link");
    assert_eq!(
        (&movement.receipt, movement.amount),
        (&by_link, xof(1000)),
        "fee and all"
    );
    assert_eq!(movement.fee, Some(xof(10)));
    assert_eq!(movement.phone, Some(payer()));
    assert_eq!(stage.wave.acknowledgement(b""), "{}");
}

#[tokio::test]
async fn a_lost_start_is_found_by_our_reference() {
    let stage = Stage::new().await;
    let recover = || async { stage.wave.recover(&stage.account(), &charge()).await };
    assert_eq!(recover().await, Recovered::NotThere);
    let reference = stage.accepted().await;
    let Recovered::Found {
        reference: found,
        redirect,
    } = recover().await
    else {
        panic!("not found");
    };
    assert_eq!(found, reference);
    assert!(redirect.is_some());

    // Asked for twice, the one that was paid is the one.
    let second = stage.accepted().await;
    stage
        .sim
        .pay(&second.checkout_request_id, &payer())
        .expect("open");
    let Recovered::Found {
        reference: found,
        redirect,
    } = recover().await
    else {
        panic!("not found");
    };
    assert_eq!(
        (found, redirect),
        (second, None),
        "there is nothing left to pay"
    );
}

#[tokio::test]
async fn money_is_found_by_its_transaction_id() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    let receipt = stage
        .sim
        .pay(&reference.checkout_request_id, &payer())
        .expect("open");
    let by_link = stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 500, &payer())
        .expect("paid");
    let stage = &stage;
    let find = |text: String| async move {
        stage
            .wave
            .find(&stage.account(), &stage.search(&text))
            .await
    };
    let Found::Movement(checkout) = find(receipt.to_lowercase()).await else {
        panic!("not found");
    };
    assert_eq!((&checkout.receipt, checkout.amount), (&receipt, xof(200)));
    assert_eq!(checkout.reference.as_deref(), Some(REFERENCE));
    assert_eq!(
        checkout.checkout_request_id,
        Some(reference.checkout_request_id)
    );
    stage.wait(24 * 3600);
    let Found::Movement(movement) = find(format!("Transaction {by_link}")).await else {
        panic!("not found");
    };
    assert_eq!((movement.receipt, movement.amount), (by_link, xof(500)));
    assert_eq!(movement.phone, Some(payer()));
    assert_eq!(find("T_AAAAAAAAAA".into()).await, Found::NotThere);
    assert_eq!(find("hello".into()).await, Found::NotThere);

    // Another provider's wallet has none of it.
    stage.sim.register(Wallet::ivorian("other", "Other"));
    let other = account(stage.sim.base_url(), "wave_ci_prod_other");
    let found = stage.wave.find(&other, &stage.search(&receipt)).await;
    assert_eq!(found, Found::NotThere);
}

#[tokio::test]
async fn a_refund_sends_the_whole_payment_back_once() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    let id = reference.checkout_request_id.as_str();
    let send = |refund: Refund| {
        let stage = &stage;
        async move { stage.wave.refund(&stage.account(), &refund).await }
    };
    let code = |sent: Sent| match sent {
        Sent::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        code(send(refund(None, Some(id), false)).await),
        "whole_only"
    );
    assert_eq!(code(send(refund(None, None, true)).await), "no_receipt");
    assert_eq!(
        code(send(refund(None, Some(id), true)).await),
        "checkout-refund-failed"
    );
    stage.sim.pay(id, &payer()).expect("open");
    for _ in 0..2 {
        let sent = send(refund(None, Some(id), true)).await;
        assert_eq!(sent, Sent::Done { receipt: None });
    }
    let by_link = stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 500, &payer())
        .expect("paid");
    let sent = send(refund(Some(&by_link), None, true)).await;
    assert_eq!(sent, Sent::Done { receipt: None });
    assert_eq!(
        code(send(refund(Some("T_NOTHING9"), None, true)).await),
        "not-found"
    );
    assert_eq!(
        stage.sim.books().received_minor[&stage.wallet.merchant_id],
        0
    );
}

#[tokio::test]
async fn a_statement_has_every_movement_of_its_span() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    let pay = |francs| {
        stage
            .sim
            .pay_link(&stage.wallet.merchant_id, francs, &payer())
    };
    pay(900).expect("before the span");
    stage.wait(10);
    let from = stage.clock.now();
    let first = stage
        .sim
        .pay(&reference.checkout_request_id, &payer())
        .expect("open");
    for francs in [100, 300, 500] {
        pay(francs).expect("paid");
    }
    stage.wait(24 * 3600);
    pay(700).expect("the day after");
    let refund = refund(None, Some(&reference.checkout_request_id), true);
    stage.wave.refund(&stage.account(), &refund).await;
    stage
        .sim
        .sweep(&stage.wallet.merchant_id)
        .expect("a wallet");
    stage.wait(1);
    let to = stage.clock.now();
    pay(800).expect("after the span");

    let statement = stage
        .wave
        .statement(&stage.account(), &Span { from, to })
        .await;
    let lines = statement.expect("a statement");
    let told: Vec<_> = lines.iter().map(|m| (m.kind, m.amount.minor())).collect();
    use MovementKind::*;
    assert_eq!(
        told,
        [
            (Payment, 200),
            (Payment, 100),
            (Payment, 300),
            (Payment, 500),
            (Payment, 700),
            (Reversal, 200),
            (Other, 900 + 100 + 300 + 500 + 700 - 9 - 1 - 3 - 5 - 7),
        ]
    );
    assert_eq!(lines[0].receipt, first);
    assert_eq!(lines[0].reference.as_deref(), Some(REFERENCE));
    assert_eq!(lines[0].fee, Some(xof(2)));

    let year = Span {
        from: stage
            .clock
            .now()
            .minus(std::time::Duration::from_secs(366 * 86_400)),
        to,
    };
    let refused = stage.wave.statement(&stage.account(), &year).await;
    assert!(
        matches!(refused, Err(NoStatement::Refused(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_test_tells_which_right_is_missing() {
    let stage = Stage::new().await;
    let ivorian = |id| Wallet::ivorian(id, "W");
    stage.sim.register(Wallet {
        checkout: false,
        ..ivorian("nocheckout")
    });
    stage.sim.register(Wallet {
        history: false,
        ..ivorian("nohistory")
    });
    stage.sim.register(Wallet {
        revoked: true,
        ..ivorian("revoked")
    });
    let test = |key: &'static str| {
        let stage = &stage;
        async move {
            let account = account(stage.sim.base_url(), key);
            let report = stage.wave.test(&account).await;
            [word(&report.sign_in), word(&report.shortcode)]
        }
    };
    assert_eq!(test("wave_ci_prod_8xQ2b7Lk").await, ["passed", "passed"]);
    assert_eq!(test("wave_ci_prod_nocheckout").await, ["failed", "passed"]);
    assert_eq!(test("wave_ci_prod_nohistory").await, ["passed", "unclear"]);
    assert_eq!(test("wave_ci_prod_revoked").await, ["failed", "failed"]);
    assert_eq!(test("wave_ci_prod_nobody").await, ["failed", "failed"]);
    let nowhere = account("http://127.0.0.1:9", "wave_ci_prod_8xQ2b7Lk");
    let report = stage.wave.test(&nowhere).await;
    assert_eq!(
        [word(&report.sign_in), word(&report.shortcode)],
        ["unclear", "unclear"]
    );
}

pub(super) fn word(result: &TestResult) -> &'static str {
    match result {
        TestResult::Passed => "passed",
        TestResult::Failed { .. } => "failed",
        TestResult::Unclear { .. } => "unclear",
    }
}

#[tokio::test]
async fn a_key_with_request_signing_gets_signed_requests() {
    let stage = Stage::new().await;
    let secret = "wave_ci_AKS_mine";
    stage.sim.register(Wallet {
        signing_secret: Some(secret.into()),
        ..stage.wallet.clone()
    });
    let start = stage.wave.start(&stage.account(), &charge()).await;
    assert!(
        matches!(start, Start::Refused { .. }),
        "unsigned: {start:?}"
    );
    let mut account = stage.account();
    account
        .secrets
        .insert("signing_secret".into(), Secret::new(secret));
    let start = stage.wave.start(&account, &charge()).await;
    assert!(matches!(start, Start::Accepted { .. }), "{start:?}");
    let report = stage.wave.test(&account).await;
    assert!(report.passed(), "requests without a body too: {report:?}");
}
