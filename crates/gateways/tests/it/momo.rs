//! The MoMo client and the simulator, which were written from the same observations but share no
//! code.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bando_domain::{Currency, Money, PaymentFailure, Phone, Secret};
use bando_gateways::{
    Account, Charge, Gateway as _, Momo, Notification, Outcome, Paid, Recovered, Reference, Refund,
    Sent, Start, TestResult, Timeouts, Verdict,
};
use bando_sim::momo::{
    Delivery, MomoSim, QueryAnswer, SCENARIOS, SUCCESSFUL, Scenario, Settings, User,
};
use tokio::net::TcpListener;

use crate::support::{HandClock, Seeded};

const PHONE: &str = "256772123456";

type Received = Arc<Mutex<Vec<String>>>;

struct Stage {
    sim: MomoSim,
    client: Momo,
    clock: Arc<HandClock>,
    account: Account,
    callback_url: String,
    received: Received,
}

impl Stage {
    async fn new() -> Self {
        let clock = Arc::new(HandClock::new());
        let seed = Arc::new(Seeded(Mutex::new(7)));
        let sim = MomoSim::start(([127, 0, 0, 1], 0).into(), clock.clone(), seed)
            .await
            .expect("a free port");
        sim.register_user(User::in_uganda("collection", "kato"));
        sim.register_user(User::in_uganda("disbursement", "kato"));
        let timeouts = Timeouts {
            connect: Duration::from_millis(500),
            total: Duration::from_millis(500),
        };
        let (callback_url, received) = listen().await;
        Self {
            client: Momo::new(clock.clone(), timeouts).expect("a client"),
            account: account(sim.base_url()),
            sim,
            clock,
            callback_url,
            received,
        }
    }

    /// UGX 5,000 of that phone, under the reference of that number.
    fn charge(&self, number: u32, digits: &str) -> Charge {
        Charge {
            reference: format!("0193f1de-0000-7000-8000-{number:012}"),
            account_reference: "K7P2M4".into(),
            description: "1 hour of internet".into(),
            amount: Money::from_minor(5_000, Currency::Ugx),
            phone: phone(digits),
            callback_url: self.callback_url.clone(),
            return_url: "https://wifi.example.co.ug/pay/1".into(),
        }
    }

    async fn start(&self, number: u32, digits: &str) -> Start {
        let charge = self.charge(number, digits);
        self.client.start(&self.account, &charge).await
    }

    async fn accepted(&self, number: u32) -> Reference {
        match self.start(number, PHONE).await {
            Start::Accepted {
                reference,
                redirect: None,
            } => reference,
            other => panic!("{other:?}"),
        }
    }

    async fn query(&self, reference: &Reference) -> Verdict {
        self.client.query(&self.account, reference).await
    }

    async fn until_decided(&self) {
        for _ in 0..300 {
            if self.sim.books().requests.iter().all(|r| r.status.is_some()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never decided");
    }
}

fn account(base_url: &str) -> Account {
    let settings = [
        ("environment", base_url),
        ("market", "mtnuganda"),
        ("api_user", "collection-user-kato"),
        ("disbursement_api_user", "disbursement-user-kato"),
    ];
    let secrets = [
        ("api_key", "collection-key-kato"),
        ("subscription_key", "collection-subscription-kato"),
        ("disbursement_api_key", "disbursement-key-kato"),
        (
            "disbursement_subscription_key",
            "disbursement-subscription-kato",
        ),
    ];
    Account {
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        secrets: secrets
            .map(|(name, value)| (name.to_owned(), Secret::new(value)))
            .into(),
    }
}

async fn listen() -> (String, Received) {
    async fn take(State(received): State<Received>, body: String) {
        received.lock().expect("lock").push(body);
    }
    let received = Received::default();
    let app = Router::new()
        .route("/cb/{*token}", post(take))
        .with_state(received.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/cb/k/9f3a", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, received)
}

fn phone(digits: &str) -> Phone {
    Phone::from_international(digits).expect("a phone")
}

#[tokio::test]
async fn a_payment_from_prompt_to_verdict() {
    let stage = Stage::new().await;
    let reference = stage.accepted(1).await;
    assert_eq!(
        reference.checkout_request_id, "0193f1de-0000-4000-8000-000000000001",
        "of version 4, as MTN wants it"
    );
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Pending { .. }
    ));
    assert!(stage.sim.decide(&reference.checkout_request_id, SUCCESSFUL));
    stage.until_decided().await;
    let books = stage.sim.books();
    let request = &books.requests[0];
    assert_eq!(
        stage.query(&reference).await,
        Verdict::Paid(Paid {
            receipt: request.financial_transaction_id.clone(),
            amount: Some(Money::from_minor(5_000, Currency::Ugx)),
            fee: None,
            phone: Some(phone(PHONE)),
            at: None,
        })
    );
    assert_eq!(
        (request.amount.as_str(), request.currency.as_str()),
        ("5000", "UGX")
    );
    assert_eq!(request.payer_message, "1 hour of internet");

    tokio::time::sleep(Duration::from_millis(100)).await;
    let body = stage.received.lock().expect("lock")[0].clone();
    let read = stage.client.read_message(body.as_bytes());
    let Ok(Notification::Payment {
        reference: named,
        outcome: Outcome::Undecided { code, .. },
    }) = read
    else {
        panic!("{read:?}");
    };
    assert_eq!((named, code.as_str()), (reference, SUCCESSFUL));
}

#[tokio::test]
async fn every_scripted_outcome_is_understood() {
    use PaymentFailure::*;
    let stage = Stage::new().await;
    for reason_as_object in [false, true] {
        stage.sim.set_settings(Settings {
            reason_as_object,
            ..Settings::default()
        });
        for (number, expected) in [
            (101, Cancelled),
            (102, InsufficientFunds),
            (103, PromptExpired),
            (104, PayerNotAllowed),
            (105, LimitExceeded),
            (106, GatewayBusy),
            (107, GatewayBusy),
            (108, GatewayBusy),
        ] {
            let reference = number + 1_000 * u32::from(reason_as_object);
            let start = stage.start(reference, &format!("256772000{number}")).await;
            let Start::Accepted { reference, .. } = start else {
                panic!("{start:?}");
            };
            stage.until_decided().await;
            let verdict = stage.query(&reference).await;
            assert!(
                matches!(verdict, Verdict::Failed { failure, .. } if failure == expected),
                "{number}: {verdict:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_lost_start_is_repeated_and_found_but_never_asks_twice() {
    let stage = Stage::new().await;
    for (number, what) in [
        (300, "?"),
        (301, "?"),
        (302, "?"),
        (303, "?"),
        (304, "busy"),
        (305, "?"),
        (306, "refused"),
        (307, "accepted"),
    ] {
        let digits = format!("256772000{number}");
        let seen = match stage.start(number, &digits).await {
            Start::Accepted { .. } => "accepted",
            Start::Refused {
                failure: PaymentFailure::GatewayBusy,
                ..
            } => "busy",
            Start::Refused { .. } => "refused",
            Start::Unknown { .. } => "?",
        };
        assert_eq!(seen, what, "{number}");
        let charge = stage.charge(number, &digits);
        let recovered = stage.client.recover(&stage.account, &charge).await;
        let arrived = matches!(number, 300..=302 | 307);
        assert_eq!(
            matches!(recovered, Recovered::Found { .. }),
            arrived,
            "{number}: {recovered:?}"
        );
        if arrived {
            let again = stage.start(number, &digits).await;
            assert!(matches!(again, Start::Accepted { .. }), "{again:?}");
        }
    }
    stage.until_decided().await;
    let books = stage.sim.books();
    assert_eq!((books.requests.len(), books.repeated), (4, 4));
}

#[tokio::test]
async fn no_query_fault_is_mistaken_for_a_verdict() {
    let stage = Stage::new().await;
    use QueryAnswer::*;
    let queries = vec![
        NotFound404,
        Pending,
        Created,
        Strange,
        TooOften429,
        BadToken,
        BadToken,
        Internal500,
        Html502,
        Cut,
        Never,
        Amount("0".into()),
        Amount("50.5".into()),
        Currency("EUR".into()),
        ExternalId("0193f1de-0000-7000-8000-0000000000ff".into()),
    ];
    let scenario = Scenario {
        queries,
        ..Scenario::answers(SUCCESSFUL, 0)
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
    assert_eq!(seen, "ppppruuuuuuuuu$");
}

#[tokio::test]
async fn callbacks_are_hints_however_often_and_whatever_they_say() {
    let stage = Stage::new().await;
    let lies = Delivery {
        copies: 3,
        says: Some(SUCCESSFUL.into()),
        ..Delivery::default()
    };
    let scenario = Scenario {
        callbacks: vec![lies],
        before_response: true,
        ..Scenario::answers("APPROVAL_REJECTED", 0)
    };
    stage.sim.script(&phone(PHONE), scenario);
    let reference = stage.accepted(1).await;
    let bodies = stage.received.lock().expect("lock").clone();
    assert_eq!(bodies.len(), 3);
    for body in bodies {
        let read = stage.client.read_message(body.as_bytes());
        assert!(
            matches!(
                read,
                Ok(Notification::Payment {
                    outcome: Outcome::Undecided { .. },
                    ..
                })
            ),
            "{read:?}"
        );
    }
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Failed {
            failure: PaymentFailure::Cancelled,
            ..
        }
    ));
}

#[tokio::test]
async fn tokens_are_shared_renewed_and_replaced() {
    let stage = Stage::new().await;
    let reference = stage.accepted(1).await;
    let queries = (0..20).map(|_| stage.query(&reference));
    futures_util::future::join_all(queries).await;
    assert_eq!(stage.sim.books().tokens, 1);
    stage.clock.0.fetch_add(3_540_000, Ordering::SeqCst);
    stage.query(&reference).await;
    assert_eq!(stage.sim.books().tokens, 2, "a minute before its end");
    stage.sim.expire_tokens();
    stage.accepted(2).await;
    assert_eq!(stage.sim.books().tokens, 3);
}

#[tokio::test]
async fn what_momo_would_not_take_is_refused_unasked() {
    let stage = Stage::new().await;
    let with = |minor, currency, digits: &str| Charge {
        amount: Money::from_minor(minor, currency),
        ..stage.charge(1, digits)
    };
    let mut strange = stage.charge(1, PHONE);
    strange.reference = "ref-1".into();
    use PaymentFailure::*;
    for (charge, expected) in [
        (with(5_000, Currency::Xof, PHONE), ProviderMisconfigured),
        (with(0, Currency::Ugx, PHONE), LimitExceeded),
        (with(-1, Currency::Ugx, PHONE), LimitExceeded),
        (with(5_000_001, Currency::Ugx, PHONE), LimitExceeded),
        (with(5_000, Currency::Ugx, "254712345678"), PayerNotAllowed),
        (strange, ProviderMisconfigured),
    ] {
        let start = stage.client.start(&stage.account, &charge).await;
        assert!(
            matches!(&start, Start::Refused { failure, .. } if *failure == expected),
            "{start:?}"
        );
    }
    let books = stage.sim.books();
    assert_eq!((books.requests.len(), books.refused), (0, 0));
}

#[tokio::test]
async fn wrong_settings_are_the_providers_to_mend() {
    let stage = Stage::new().await;
    let failed = |result: &TestResult| matches!(result, TestResult::Failed { .. });
    assert!(stage.client.test(&stage.account).await.passed());
    let with = |name: &str, value: &str| {
        let mut account = stage.account.clone();
        if account.settings.contains_key(name) {
            account.settings.insert(name.into(), value.into());
        } else {
            account.secrets.insert(name.into(), Secret::new(value));
        }
        account
    };
    for wrong in [
        with("api_key", "wrong"),
        with("subscription_key", "wrong"),
        with("api_user", "wrong"),
    ] {
        let report = stage.client.test(&wrong).await;
        assert!(failed(&report.sign_in), "{report:?}");
        let charge = stage.charge(1, PHONE);
        let start = stage.client.start(&wrong, &charge).await;
        assert!(
            matches!(
                start,
                Start::Refused {
                    failure: PaymentFailure::ProviderMisconfigured,
                    ..
                }
            ),
            "{start:?}"
        );
    }
    let elsewhere = with("market", "mtnivorycoast");
    let report = stage.client.test(&elsewhere).await;
    assert_eq!(report.sign_in, TestResult::Passed);
    assert!(failed(&report.shortcode), "{report:?}");
    let absent = with("environment", "http://127.0.0.1:9");
    let report = stage.client.test(&absent).await;
    assert!(matches!(report.sign_in, TestResult::Unclear { .. }));
    assert_eq!(
        stage
            .client
            .check(&with("market", "mtnmoon"))
            .map_err(|bad| bad.field),
        Err("market")
    );
    // A callback host that MTN was not told of.
    let mut charge = stage.charge(2, PHONE);
    charge.callback_url = "https://elsewhere.example.org/cb".into();
    let start = stage.client.start(&stage.account, &charge).await;
    assert!(
        matches!(&start, Start::Refused { code, .. } if code == "INVALID_CALLBACK_URL_HOST"),
        "{start:?}"
    );
}

#[tokio::test]
async fn refunds_are_sent_by_disbursement_and_only_once() {
    let stage = Stage::new().await;
    let reference = stage.accepted(1).await;
    stage.sim.decide(&reference.checkout_request_id, SUCCESSFUL);
    stage.until_decided().await;
    let refund = |number: u32, minor| Refund {
        reference: format!("0193f1de-0000-7000-9000-{number:012}"),
        receipt: None,
        checkout_request_id: Some(reference.checkout_request_id.clone()),
        amount: Money::from_minor(minor, Currency::Ugx),
        whole: minor == 5_000,
        remarks: "No connection".into(),
        result_url: String::new(),
    };
    let send = async |refund: Refund| stage.client.refund(&stage.account, &refund).await;
    stage.sim.set_settings(Settings {
        refund_pending: 1,
        ..Settings::default()
    });
    let first = send(refund(1, 2_000)).await;
    let receipt = stage.sim.books().refunds[0]
        .financial_transaction_id
        .clone();
    let receipt = Some(receipt);
    assert_eq!(first, Sent::Done { receipt });
    assert_eq!(send(refund(1, 2_000)).await, first, "the same one again");
    assert_eq!(stage.sim.books().refunds.len(), 1);
    assert!(matches!(send(refund(2, 4_000)).await, Sent::Refused { .. }));
    stage.sim.set_settings(Settings {
        refund_fails: Some("PAYEE_NOT_FOUND".into()),
        ..Settings::default()
    });
    assert!(matches!(
        send(refund(3, 1_000)).await,
        Sent::Refused { code, .. } if code == "PAYEE_NOT_FOUND"
    ));
    let mut no_keys = stage.account.clone();
    no_keys.settings.remove("disbursement_api_user");
    assert_eq!(
        stage.client.check(&no_keys).map_err(|bad| bad.field),
        Err("disbursement_api_user"),
        "all of them or none"
    );
    no_keys
        .secrets
        .retain(|name, _| !name.starts_with("disbursement"));
    let sent = stage.client.refund(&no_keys, &refund(4, 1_000)).await;
    assert_eq!(sent, Sent::CannotSend);
    let absent = account("http://127.0.0.1:9");
    let sent = stage.client.refund(&absent, &refund(5, 1_000)).await;
    assert!(matches!(sent, Sent::Refused { .. }), "{sent:?}");
}

/// Whatever is scripted, money that moved is found, and only such money.
#[tokio::test]
async fn no_scenario_invents_or_loses_money() {
    let stage = Stage::new().await;
    for named in SCENARIOS {
        // Those whose queries lie or are silent for ever are looked at by other tests.
        if matches!(named.number, 402..=404) {
            continue;
        }
        let number = u32::from(named.number);
        let digits = format!("256772000{number:03}");
        let charge = stage.charge(number, &digits);
        let reference = match stage.client.start(&stage.account, &charge).await {
            Start::Accepted { reference, .. } => reference,
            Start::Refused { .. } => continue,
            Start::Unknown { .. } => match stage.client.recover(&stage.account, &charge).await {
                Recovered::Found { reference, .. } => reference,
                _ => continue,
            },
        };
        stage.until_decided().await;
        let books = stage.sim.books();
        let request = books.requests.last().expect("in the books");
        let mut last = Verdict::Pending { why: String::new() };
        for _ in 0..10 {
            last = stage.query(&reference).await;
            if matches!(last, Verdict::Paid(_) | Verdict::Failed { .. }) {
                break;
            }
        }
        match last {
            Verdict::Paid(paid) => {
                let receipt = &request.financial_transaction_id;
                assert_eq!(&paid.receipt, receipt, "{}", named.name);
                assert!(receipt.is_some(), "{}", named.name);
            }
            Verdict::Failed { .. } => {
                assert_eq!(request.financial_transaction_id, None, "{}", named.name);
            }
            other => panic!("{}: {other:?}", named.name),
        }
    }
}
