//! The client and the simulator, which were written from the same captures but share no code.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bando_domain::{Currency, Money, PaymentFailure, Phone, Secret};
use bando_gateways::{
    Account, Daraja, DarajaAccount, Gateway as _, Notification, Outcome, Paid, Reference,
    Shortcode, Start, TestResult, Verdict,
};
use bando_sim::daraja::{App, DarajaSim, QueryAnswer, SCENARIOS, Scenario, Settings};

use crate::support::{HandClock, Seeded, account, charge, daraja};

const PHONE: &str = "254712345678";
/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9/cb/k/9f3a";

struct Stage {
    sim: DarajaSim,
    daraja: Daraja,
    clock: Arc<HandClock>,
    account: DarajaAccount,
}

impl Stage {
    async fn new() -> Self {
        let clock = Arc::new(HandClock::new());
        let seed = Arc::new(Seeded(Mutex::new(7)));
        let sim = DarajaSim::start(([127, 0, 0, 1], 0).into(), clock.clone(), seed)
            .await
            .expect("a free port");
        sim.register_app(App::paybill("174379", "MAMA NJERI WI-FI"));
        Self {
            daraja: daraja(clock.clone()),
            account: account(sim.base_url()),
            sim,
            clock,
        }
    }

    fn script(&self, scenario: Scenario) {
        self.sim.script(&phone(PHONE), scenario);
    }

    async fn start(&self, phone: &str) -> Start {
        let account = Account::from(self.account.clone());
        self.daraja.start(&account, &charge(phone, NOWHERE)).await
    }

    async fn accepted(&self, phone: &str) -> Reference {
        match self.start(phone).await {
            Start::Accepted { reference, .. } => reference,
            other => panic!("{other:?}"),
        }
    }

    async fn query(&self, reference: &Reference) -> Verdict {
        let account = Account::from(self.account.clone());
        self.daraja.query(&account, reference).await
    }

    async fn until_decided(&self) {
        for _ in 0..300 {
            if self.sim.books().prompts.iter().all(|p| p.code.is_some()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never decided");
    }
}

fn phone(digits: &str) -> Phone {
    Phone::from_international(digits).expect("a phone")
}

#[tokio::test]
async fn a_payment_from_prompt_to_verdict() {
    let stage = Stage::new().await;
    let reference = stage.accepted(PHONE).await;
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Pending { .. }
    ));
    stage
        .sim
        .phones()
        .approve(&phone(PHONE), None)
        .expect("a prompt");
    stage.until_decided().await;
    assert_eq!(
        stage.query(&reference).await,
        Verdict::Paid(Paid::default())
    );

    let books = stage.sim.books();
    let prompt = &books.prompts[0];
    assert_eq!(prompt.checkout_request_id, reference.checkout_request_id);
    assert_eq!(
        prompt.account_reference, "K7P2M4XX99ov",
        "clamped to 12 letters and digits"
    );
    assert_eq!(prompt.description, "1 hour of int", "clamped to 13");
}

#[tokio::test]
async fn the_callback_says_what_the_books_say() {
    let stage = Stage::new().await;
    stage.script(Scenario::pays_after(0));
    let reference = stage.accepted(PHONE).await;
    stage.until_decided().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let books = stage.sim.books();
    let body = &books.prompts[0].callbacks[0].body;
    let read = stage
        .daraja
        .read_message(body.as_bytes())
        .expect("a callback");
    assert_eq!(
        read,
        Notification::Payment {
            reference,
            outcome: Outcome::Paid(Paid {
                receipt: Some(books.moved[0].receipt.clone()),
                amount: Some(Money::from_minor(5_000, Currency::Kes)),
                phone: Some(phone(PHONE)),
                at: Some(books.moved[0].at),
                fee: None,
            })
        }
    );
}

#[tokio::test]
async fn every_scripted_outcome_is_understood() {
    use PaymentFailure::*;
    let stage = Stage::new().await;
    for (name, expected) in [
        ("wrong_pin", Some(WrongPin)),
        ("no_money", Some(InsufficientFunds)),
        ("cancelled", Some(Cancelled)),
        ("timeout", Some(NoAnswer)),
        ("expired", Some(PromptExpired)),
        ("locked", Some(PromptOpen)),
        ("undelivered", Some(PromptUndelivered)),
        ("push_error", Some(PromptUndelivered)),
        ("busy", Some(GatewayBusy)),
        ("internal", None),
        ("unknown_code", None),
        ("bad_debt", Some(PayerNotAllowed)),
    ] {
        let named = SCENARIOS.iter().find(|s| s.name == name).expect(name);
        let reference = stage
            .accepted(&format!("254700000{:03}", named.number))
            .await;
        stage.until_decided().await;
        let failure = match stage.query(&reference).await {
            Verdict::Failed { failure, .. } => Some(failure),
            Verdict::Reversed { .. } => panic!("nothing was reversed"),
            Verdict::Pending { .. } => None,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(failure, expected, "{name}");
    }
    assert_eq!(stage.sim.books().moved, []);
}

#[tokio::test]
async fn no_query_fault_is_mistaken_for_a_verdict() {
    let stage = Stage::new().await;
    use QueryAnswer::*;
    let queries = vec![
        InvalidId400,
        Pending4999,
        Processing500,
        Processing200,
        SpikeArrest429,
        Busy500,
        Html502,
        Never,
    ];
    stage.script(Scenario {
        queries,
        ..Scenario::pays_after(0)
    });
    let reference = stage.accepted(PHONE).await;
    stage.until_decided().await;
    let mut seen = String::new();
    for _ in 0..9 {
        seen.push(match stage.query(&reference).await {
            Verdict::Paid { .. } => '$',
            Verdict::Failed { .. } => 'F',
            Verdict::Reversed { .. } => 'R',
            Verdict::Pending { .. } => 'p',
            Verdict::RateLimited { .. } => 'r',
            Verdict::Unreachable { .. } => 'u',
        });
    }
    assert_eq!(seen, "pppprruu$");
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_is_unknown_not_failed() {
    let stage = Stage::new().await;
    for (number, what) in [
        (300, "?"),
        (301, "?"),
        (302, "accepted"),
        (303, "?"),
        (304, "busy"),
        (305, "?"),
        (306, "?"),
    ] {
        let start = stage.start(&format!("254700000{number}")).await;
        let seen = match start {
            Start::Accepted { .. } => "accepted",
            Start::Refused {
                failure: PaymentFailure::GatewayBusy,
                ..
            } => "busy",
            Start::Refused { .. } => "refused",
            Start::Unknown { .. } => "?",
        };
        assert_eq!(seen, what, "{number}");
    }
    stage.until_decided().await;
    assert_eq!(
        stage.sim.books().moved.len(),
        3,
        "300, 301 and 302 were paid"
    );
}

#[tokio::test]
async fn a_second_prompt_on_the_same_phone_is_refused() {
    let stage = Stage::new().await;
    stage.accepted(PHONE).await;
    let second = stage.start(PHONE).await;
    assert!(
        matches!(
            second,
            Start::Refused {
                failure: PaymentFailure::PromptOpen,
                ..
            }
        ),
        "{second:?}"
    );
}

#[tokio::test]
async fn what_daraja_would_not_take_is_refused_unasked() {
    let stage = Stage::new().await;
    let account = Account::from(stage.account.clone());
    let with = |minor, currency, phone: &str| {
        let mut charge = charge(phone, NOWHERE);
        charge.amount = Money::from_minor(minor, currency);
        charge
    };
    use PaymentFailure::*;
    for (charge, expected) in [
        (with(4_950, Currency::Kes, PHONE), ProviderMisconfigured),
        (with(50, Currency::Xof, PHONE), ProviderMisconfigured),
        (with(0, Currency::Kes, PHONE), LimitExceeded),
        (with(-5_000, Currency::Kes, PHONE), LimitExceeded),
        (with(25_000_100, Currency::Kes, PHONE), LimitExceeded),
        (with(5_000, Currency::Kes, "221771234567"), PayerNotAllowed),
    ] {
        let start = stage.daraja.start(&account, &charge).await;
        assert!(
            matches!(&start, Start::Refused { failure, .. } if *failure == expected),
            "{start:?}"
        );
    }
    let books = stage.sim.books();
    assert_eq!((books.prompts.len(), books.refused_pushes), (0, 0));
}

#[tokio::test]
async fn an_expired_token_is_replaced_and_the_call_repeated_once() {
    let stage = Stage::new().await;
    let reference = stage.accepted(PHONE).await;
    stage.sim.expire_tokens();
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Pending { .. }
    ));
    // An hour later the kept token is too old by our own clock.
    stage.clock.0.fetch_add(3_600_000, Ordering::SeqCst);
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Pending { .. }
    ));
    assert_eq!(stage.sim.books().prompts[0].queries, 2);
}

#[tokio::test]
async fn a_till_is_paid_by_its_till_number() {
    let mut stage = Stage::new().await;
    stage
        .sim
        .register_app(App::till("600111", "900111", "DUKA"));
    stage.account = DarajaAccount {
        consumer_key: "key600111".into(),
        consumer_secret: Secret::new("secret600111"),
        shortcode: "600111".into(),
        kind: Shortcode::Till {
            till_number: "900111".into(),
        },
        passkey: Secret::new("passkey600111"),
        ..stage.account
    };
    stage.accepted(PHONE).await;
    assert_eq!(stage.sim.books().prompts[0].party_b, "900111");
}

#[tokio::test]
async fn the_test_names_what_is_wrong() {
    let stage = Stage::new().await;
    let test = async |change: fn(&mut DarajaAccount)| {
        let mut account = stage.account.clone();
        change(&mut account);
        stage.daraja.test(&Account::from(account)).await
    };
    let failed = |result: &TestResult, word: &str| matches!(result, TestResult::Failed { why } if why.contains(word));
    assert!(test(|_| {}).await.passed());
    let report = test(|a| a.consumer_secret = Secret::new("wrong")).await;
    assert!(failed(&report.sign_in, "consumer key"), "{report:?}");
    let report = test(|a| a.passkey = Secret::new("wrong")).await;
    assert_eq!(report.sign_in, TestResult::Passed);
    assert!(failed(&report.shortcode, "passkey"), "{report:?}");
    let report = test(|a| a.shortcode = "600000".into()).await;
    assert!(
        failed(&report.shortcode, "Merchant does not exist"),
        "{report:?}"
    );
    let report =
        test(|a| a.environment = bando_gateways::Environment::Custom("http://127.0.0.1:9".into()))
            .await;
    assert!(
        matches!(report.sign_in, TestResult::Unclear { .. }),
        "{report:?}"
    );
    assert_eq!(stage.sim.books().prompts.len(), 0);
}

#[tokio::test]
async fn wrong_keys_and_an_absent_daraja_refuse_the_push() {
    let mut stage = Stage::new().await;
    stage.account.consumer_secret = Secret::new("wrong");
    let start = stage.start(PHONE).await;
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
    stage.account = account("http://127.0.0.1:9");
    let start = stage.start(PHONE).await;
    assert!(
        matches!(
            start,
            Start::Refused {
                failure: PaymentFailure::GatewayBusy,
                ..
            }
        ),
        "{start:?}"
    );
}

#[tokio::test]
async fn the_sandboxs_rate_limit_is_understood() {
    let stage = Stage::new().await;
    stage.sim.set_settings(Settings {
        queries_per_minute: Some(1),
        ..Settings::default()
    });
    let reference = stage.accepted(PHONE).await;
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::Pending { .. }
    ));
    assert!(matches!(
        stage.query(&reference).await,
        Verdict::RateLimited { .. }
    ));
}
