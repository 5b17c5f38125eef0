//! Payments by merchant link.

use bando_domain::{Clock as _, Phone, Secret};
use bando_gateways::{
    Account, Authenticity, Found, Gateway as _, NoStatement, Notification, Reference, Refund, Sent,
    Start, TestResult, Verdict, read_wave_message,
};
use bando_sim::wave::{Call, Fault, Shows};

use super::checkout::word;
use super::{REFERENCE, SECRET, Stage, charge, payer, xof};

fn with_key(stage: &Stage) -> Account {
    let mut account = stage.link_account();
    let key = Secret::new(stage.wallet.api_key.clone());
    account.secrets.insert("api_key".into(), key);
    account
}

async fn accepted(stage: &Stage) -> Reference {
    let start = stage.link.start(&stage.link_account(), &charge()).await;
    let Start::Accepted {
        reference,
        redirect,
    } = start
    else {
        panic!("{start:?}");
    };
    let link = format!("{}?amount=200", stage.sim.merchant_link(&stage.wallet));
    assert_eq!(redirect, Some(link));
    assert_eq!(reference.merchant_request_id, REFERENCE);
    reference
}

#[tokio::test]
async fn without_a_key_only_people_can_tell() {
    let stage = Stage::new().await;
    let account = stage.link_account();
    assert_eq!(stage.link.check(&account), Ok(()));
    let reference = accepted(&stage).await;
    stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 200, &payer())
        .expect("paid");
    let verdict = stage.link.query(&account, &reference).await;
    assert!(matches!(verdict, Verdict::Pending { .. }), "{verdict:?}");
    let found = stage
        .link
        .find(&account, &stage.search("T_AAAAAAAAAA"))
        .await;
    assert_eq!(found, Found::CannotAsk);
    let statement = stage.link.statement(&account, &stage.last_hour()).await;
    assert_eq!(statement, Err(NoStatement::CannotAsk));
    let report = stage.link.test(&account).await;
    assert_eq!(
        [word(&report.sign_in), word(&report.shortcode)],
        ["passed", "unclear"]
    );
    let came = stage.came(1).await.remove(0);
    let said = stage
        .link
        .authenticate(&account, &came.message(stage.clock.now()));
    assert!(
        matches!(said, Authenticity::Forged(_)),
        "nothing to prove it by: {said:?}"
    );
}

#[tokio::test]
async fn with_a_key_a_payment_is_known_by_amount_phone_and_time() {
    let stage = Stage::new().await;
    let account = with_key(&stage);
    let pay = |francs, phone: &Phone| {
        stage
            .sim
            .pay_link(&stage.wallet.merchant_id, francs, phone)
            .expect("paid")
    };
    pay(200, &payer());
    stage.wait(60);
    let reference = accepted(&stage).await;
    stage.wait(20);
    let query = || async { stage.link.query(&account, &reference).await };
    let other = Phone::from_international("2250505000001").expect("a phone");
    pay(201, &payer());
    pay(200, &other);
    let by_checkout = stage.accepted().await;
    stage
        .sim
        .pay(&by_checkout.checkout_request_id, &payer())
        .expect("open");
    assert_eq!(
        query().await,
        Verdict::Pending {
            why: "no such payment yet".into()
        },
        "too early, too much, another's, by checkout"
    );
    let receipt = pay(200, &payer());
    let Verdict::Paid(paid) = query().await else {
        panic!("not paid");
    };
    assert_eq!(paid.receipt, Some(receipt));
    assert_eq!((paid.amount, paid.fee), (Some(xof(200)), Some(xof(2))));
    assert_eq!(
        (paid.phone, paid.at),
        (Some(payer()), Some(stage.clock.now()))
    );
    pay(200, &payer());
    assert_eq!(
        query().await,
        Verdict::Pending {
            why: "more than one payment fits".into()
        },
        "money is not guessed at"
    );
}

#[tokio::test]
async fn a_payment_past_midnight_or_past_the_window() {
    let stage = Stage::new().await;
    let account = with_key(&stage);
    // The clock stands at 11:35 UTC.
    stage.wait(12 * 3600 + 24 * 60);
    let reference = accepted(&stage).await;
    stage.wait(5 * 60);
    stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 200, &payer())
        .expect("paid");
    let verdict = stage.link.query(&account, &reference).await;
    assert!(matches!(verdict, Verdict::Paid(_)), "{verdict:?}");

    stage.wait(1);
    let late = accepted(&stage).await;
    stage.wait(2 * 3600 + 1);
    stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 200, &payer())
        .expect("paid");
    let verdict = stage.link.query(&account, &late).await;
    assert!(matches!(verdict, Verdict::Pending { .. }), "{verdict:?}");
}

#[tokio::test]
async fn no_fault_of_looking_is_mistaken_for_a_verdict() {
    let stage = Stage::new().await;
    let account = with_key(&stage);
    let reference = accepted(&stage).await;
    stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 200, &payer())
        .expect("paid");
    for shows in [
        Shows::Status(500),
        Shows::Reset,
        Shows::Stall,
        Shows::HalfJson,
    ] {
        stage.sim.fault(Call::Transactions, Fault::after(shows));
        let verdict = stage.link.query(&account, &reference).await;
        assert!(
            matches!(verdict, Verdict::Unreachable { .. }),
            "{shows:?}: {verdict:?}"
        );
    }
    stage
        .sim
        .fault(Call::Transactions, Fault::before(Shows::Status(429)));
    let verdict = stage.link.query(&account, &reference).await;
    assert!(
        matches!(verdict, Verdict::RateLimited { .. }),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn a_key_finds_states_and_sends_back() {
    let stage = Stage::new().await;
    let account = with_key(&stage);
    let receipt = stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 200, &payer())
        .expect("paid");
    stage.wait(1);
    let Found::Movement(found) = stage.link.find(&account, &stage.search(&receipt)).await else {
        panic!("not found");
    };
    assert_eq!((&found.receipt, found.amount), (&receipt, xof(200)));
    let statement = stage.link.statement(&account, &stage.last_hour()).await;
    assert_eq!(statement, Ok(vec![found]));
    let refund = Refund {
        reference: "r".into(),
        receipt: Some(receipt),
        checkout_request_id: Some(format!("{REFERENCE}/200/2250707123456/1795174500")),
        amount: xof(200),
        whole: true,
        remarks: String::new(),
        result_url: String::new(),
    };
    let sent = stage.link.refund(&account, &refund).await;
    assert_eq!(sent, Sent::Done { receipt: None });
    let keyless = stage.link.refund(&stage.link_account(), &refund).await;
    assert_eq!(keyless, Sent::CannotSend);
    assert_eq!(
        stage.link.test(&account).await.shortcode,
        TestResult::Passed
    );
}

#[tokio::test]
async fn a_webhook_tells_of_a_payment_by_link() {
    let stage = Stage::new().await;
    let mut account = stage.link_account();
    account
        .secrets
        .insert("webhook_secret".into(), Secret::new(SECRET));
    let receipt = stage
        .sim
        .pay_link(&stage.wallet.merchant_id, 200, &payer())
        .expect("paid");
    let came = stage.came(1).await.remove(0);
    let message = came.message(stage.clock.now());
    assert_eq!(
        stage.link.authenticate(&account, &message),
        Authenticity::Signed
    );
    let read = read_wave_message(message.body);
    let Ok(Notification::Movement(movement)) = read else {
        panic!("{read:?}");
    };
    assert_eq!((movement.receipt, movement.amount), (receipt, xof(200)));
    assert_eq!(
        (movement.phone, movement.fee),
        (Some(payer()), Some(xof(2)))
    );
}
