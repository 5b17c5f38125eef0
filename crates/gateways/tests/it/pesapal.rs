//! The Pesapal client and the simulator, which were written from the same recordings but share no
//! code.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::any;
use bando_domain::{Clock as _, Currency, Money, PaymentFailure, Phone, Secret, Timestamp};
use bando_gateways::{
    Account, CancelledOrder, Charge, Frequency, Gateway as _, MessageUrls, Notification, Outcome,
    Paid, Pesapal, Recovered, Reference, Refund, Registered, Schedule, Sent, Start, Subscription,
    TestResult, Timeouts, Verdict,
};
use bando_sim::pesapal::{
    Casing, Direction, Merchant, OrderState, PayBy, PesapalSim, SCENARIOS, Scenario, Settings,
    StatusAnswer, SubmitFault,
};
use tokio::net::TcpListener;

use crate::support::{HandClock, Seeded};

const PHONE: &str = "254712345678";

/// Somewhere for notifications to go, answered as the client says.
#[derive(Clone)]
struct Inbox {
    client: Arc<Pesapal>,
    bodies: Arc<Mutex<Vec<String>>>,
    /// How many are refused before the first is taken.
    refuse: Arc<Mutex<u32>>,
}

struct Stage {
    sim: PesapalSim,
    client: Arc<Pesapal>,
    clock: Arc<HandClock>,
    account: Account,
    inbox: Inbox,
}

impl Stage {
    async fn new() -> Self {
        let clock = Arc::new(HandClock::new());
        let seed = Arc::new(Seeded(Mutex::new(7)));
        let sim = PesapalSim::start(([127, 0, 0, 1], 0).into(), clock.clone(), seed)
            .await
            .expect("a free port");
        sim.register_merchant(Merchant::named("njeri"));
        sim.set_settings(quick());
        let timeouts = Timeouts {
            connect: Duration::from_millis(500),
            total: Duration::from_millis(500),
        };
        let client = Arc::new(Pesapal::new(clock.clone(), timeouts).expect("a client"));
        let inbox = Inbox {
            client: client.clone(),
            bodies: Arc::default(),
            refuse: Arc::default(),
        };
        let mut account = account(sim.base_url());
        let url = listen(inbox.clone()).await;
        register(&client, &mut account, &url).await;
        Self {
            sim,
            client,
            clock,
            account,
            inbox,
        }
    }

    async fn start(&self, charge: &Charge) -> Start {
        self.client.start(&self.account, charge).await
    }

    async fn accepted(&self, number: u32) -> Reference {
        match self.start(&charge(number)).await {
            Start::Accepted { reference, .. } => reference,
            other => panic!("{other:?}"),
        }
    }

    async fn query(&self, reference: &Reference) -> Verdict {
        self.client.query(&self.account, reference).await
    }

    async fn paid(&self, number: u32, how: PayBy) -> (Reference, String) {
        let reference = self.accepted(number).await;
        let code = self
            .sim
            .pay(&reference.checkout_request_id, how)
            .expect("an open order")
            .expect("money moved");
        (reference, code)
    }

    /// Waits until `count` notifications have come.
    async fn notified(&self, count: usize) -> Vec<String> {
        for _ in 0..300 {
            if self.inbox.bodies.lock().expect("lock").len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let bodies = self.inbox.bodies.lock().expect("lock").clone();
        assert_eq!(bodies.len(), count, "{bodies:?}");
        bodies
    }

    async fn until_decided(&self) {
        for _ in 0..300 {
            let open = |state| state == OrderState::Pending;
            if !self.sim.books().orders.iter().any(|o| open(o.state)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never decided");
    }
}

fn quick() -> Settings {
    Settings {
        notification_retry_ms: 20,
        ..Settings::default()
    }
}

fn account(base_url: &str) -> Account {
    Account {
        settings: [("environment".to_owned(), base_url.to_owned())].into(),
        secrets: [
            ("consumer_key".to_owned(), Secret::new("key-njeri")),
            ("consumer_secret".to_owned(), Secret::new("secret-njeri")),
        ]
        .into(),
    }
}

async fn register(client: &Pesapal, account: &mut Account, url: &str) {
    let urls = MessageUrls {
        confirmation: url.to_owned(),
        validation: url.to_owned(),
    };
    match client.register(account, &urls).await {
        Registered::Done { keep } => {
            for (name, value) in keep {
                account.settings.insert(name.to_owned(), value);
            }
        }
        other => panic!("{other:?}"),
    }
}

async fn listen(inbox: Inbox) -> String {
    async fn take(State(inbox): State<Inbox>, body: String) -> String {
        let mut refuse = inbox.refuse.lock().expect("lock");
        if *refuse > 0 {
            *refuse -= 1;
            return r#"{"status":500}"#.into();
        }
        let said = inbox.client.acknowledgement(body.as_bytes());
        inbox.bodies.lock().expect("lock").push(body);
        said
    }
    let app = Router::new()
        .route("/cb/{*token}", any(take))
        .with_state(inbox);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/cb/k/9f3a", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn phone(digits: &str) -> Phone {
    Phone::from_international(digits).expect("a phone")
}

/// KES 49.50 of the unscripted number, under the reference of that number.
fn charge(number: u32) -> Charge {
    Charge {
        reference: format!("0193f1de-0000-7000-8000-{number:012}"),
        account_reference: "K7P2M4".into(),
        description: "1 hour of internet\nand more".into(),
        amount: Money::from_minor(4_950, Currency::Kes),
        phone: phone(PHONE),
        callback_url: "http://127.0.0.1:9/unused".into(),
        return_url: format!("https://wifi.example.co.ke/pay/{number}"),
    }
}

fn from(digits: &str, number: u32) -> Charge {
    Charge {
        phone: phone(digits),
        ..charge(number)
    }
}

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

fn refund(receipt: &str, minor: i64) -> Refund {
    Refund {
        reference: "0193f1de-0000-7000-8000-0000000000aa".into(),
        receipt: Some(receipt.to_owned()),
        checkout_request_id: None,
        amount: Money::from_minor(minor, Currency::Kes),
        whole: minor == 4_950,
        remarks: "No connection".into(),
        result_url: String::new(),
    }
}

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
            other => panic!("{other:?}"),
        }
    };
    let (mobile, code) = stage.paid(1, PayBy::Mpesa).await;
    assert_eq!(ask(&code, 1_000).await, "refused", "mobile: the whole only");
    assert_eq!(ask(&code, 4_950).await, "accepted");
    assert_eq!(ask(&code, 4_950).await, "refused", "once only");
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
