//! Everything that goes wrong on the way: no fault is mistaken for an answer.

use std::time::Duration;

use bando_domain::PaymentFailure;
use bando_gateways::{
    Found, Gateway as _, NoStatement, Recovered, Reference, Refund, Sent, Start, Verdict,
};
use bando_sim::wave::{Call, Fault, Shows};

use super::{Stage, account, charge, payer, xof};

/// Faults that leave nobody sure.
const UNSURE: [Fault; 8] = [
    Fault::before(Shows::Status(500)),
    Fault::before(Shows::Status(502)),
    Fault::before(Shows::Status(503)),
    Fault::before(Shows::Reset),
    Fault::after(Shows::Status(500)),
    Fault::after(Shows::Reset),
    Fault::after(Shows::Stall),
    Fault::after(Shows::HalfJson),
];

#[tokio::test]
async fn a_start_whose_answer_is_lost_is_unknown_and_recovered() {
    for fault in UNSURE {
        let stage = Stage::new().await;
        stage.sim.fault(Call::Create, fault.clone());
        let start = stage.wave.start(&stage.account(), &charge()).await;
        assert!(
            matches!(start, Start::Unknown { .. }),
            "{fault:?}: {start:?}"
        );
        let made = stage.sim.books().sessions.len();
        let recovered = stage.wave.recover(&stage.account(), &charge()).await;
        let as_expected = match made {
            0 => recovered == Recovered::NotThere,
            _ => matches!(
                recovered,
                Recovered::Found {
                    redirect: Some(_),
                    ..
                }
            ),
        };
        assert!(as_expected, "{fault:?}: {recovered:?}");
    }
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_a_refusal_is_final() {
    let stage = Stage::new().await;
    stage
        .sim
        .fault(Call::Create, Fault::after(Shows::Slow(100)));
    stage.accepted().await;
    stage
        .sim
        .fault(Call::Create, Fault::before(Shows::Status(429)));
    let busy = stage.wave.start(&stage.account(), &charge()).await;
    let failure = |start| match start {
        Start::Refused { failure, code, .. } => (failure, code),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        failure(busy),
        (PaymentFailure::GatewayBusy, "too-many-requests".into())
    );
    let nobody = account(stage.sim.base_url(), "wave_ci_prod_nobody");
    let start = stage.wave.start(&nobody, &charge()).await;
    let misconfigured = PaymentFailure::ProviderMisconfigured;
    assert_eq!(
        failure(start),
        (misconfigured, "no-matching-api-key".into())
    );
    let bad_url = bando_gateways::Charge {
        return_url: "nowhere".into(),
        ..charge()
    };
    let start = stage.wave.start(&stage.account(), &bad_url).await;
    assert_eq!(
        failure(start),
        (misconfigured, "request-validation-error".into())
    );
    let nowhere = account("http://127.0.0.1:9", "wave_ci_prod_x");
    let start = stage.wave.start(&nowhere, &charge()).await;
    assert_eq!(
        failure(start),
        (PaymentFailure::GatewayBusy, "not_sent".into())
    );
}

#[tokio::test]
async fn no_fault_of_a_query_is_mistaken_for_a_verdict() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    stage
        .sim
        .pay(&reference.checkout_request_id, &payer())
        .expect("open");
    let query = || async { stage.wave.query(&stage.account(), &reference).await };
    for fault in UNSURE {
        stage.sim.fault(Call::Session, fault.clone());
        let verdict = query().await;
        assert!(
            matches!(verdict, Verdict::Unreachable { .. }),
            "{fault:?}: {verdict:?}"
        );
    }
    stage
        .sim
        .fault(Call::Session, Fault::before(Shows::Status(429)));
    let retry_after = Duration::from_secs(20);
    assert_eq!(query().await, Verdict::RateLimited { retry_after });
    assert!(matches!(query().await, Verdict::Paid(_)));

    let nobody = account(stage.sim.base_url(), "wave_ci_prod_nobody");
    let verdict = stage.wave.query(&nobody, &reference).await;
    assert!(
        matches!(verdict, Verdict::Unreachable { .. }),
        "{verdict:?}"
    );
    let unheard_of = Reference {
        checkout_request_id: "cos-nothing".into(),
        ..reference.clone()
    };
    let verdict = stage.wave.query(&stage.account(), &unheard_of).await;
    assert!(matches!(verdict, Verdict::Pending { .. }), "{verdict:?}");
    let not_ours = Reference {
        merchant_request_id: "somebody-elses".into(),
        ..reference.clone()
    };
    let verdict = stage.wave.query(&stage.account(), &not_ours).await;
    assert!(
        matches!(verdict, Verdict::Unreachable { .. }),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn searching_through_faults_finds_nothing_out() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    let receipt = stage
        .sim
        .pay(&reference.checkout_request_id, &payer())
        .expect("open");
    stage.wait(1);
    for fault in UNSURE {
        stage.sim.fault(Call::Search, fault.clone());
        let recovered = stage.wave.recover(&stage.account(), &charge()).await;
        assert!(
            matches!(recovered, Recovered::Unknown { .. }),
            "{fault:?}: {recovered:?}"
        );
        stage.sim.fault(Call::Session, fault.clone());
        let found = stage
            .wave
            .find(&stage.account(), &stage.search(&receipt))
            .await;
        assert!(
            matches!(found, Found::Unreachable { .. }),
            "{fault:?}: {found:?}"
        );
        stage.sim.fault(Call::Transactions, fault.clone());
        let statement = stage
            .wave
            .statement(&stage.account(), &stage.last_hour())
            .await;
        assert!(
            matches!(statement, Err(NoStatement::Unreachable(_))),
            "{fault:?}: {statement:?}"
        );
    }
    stage
        .sim
        .fault(Call::Session, Fault::before(Shows::Status(429)));
    let found = stage
        .wave
        .find(&stage.account(), &stage.search(&receipt))
        .await;
    assert!(matches!(found, Found::RateLimited { .. }), "{found:?}");
}

#[tokio::test]
async fn a_refund_is_asked_for_once_more_and_then_unknown() {
    for fault in UNSURE {
        // Of a refund's answer nothing is read, so that half of it is enough.
        if fault.shows == Shows::HalfJson {
            continue;
        }
        let stage = Stage::new().await;
        let reference = stage.accepted().await;
        stage
            .sim
            .pay(&reference.checkout_request_id, &payer())
            .expect("open");
        let send = || async {
            let refund = whole(&reference.checkout_request_id);
            stage.wave.refund(&stage.account(), &refund).await
        };
        for _ in 0..2 {
            stage.sim.fault(Call::Refund, fault.clone());
        }
        let sent = send().await;
        assert!(matches!(sent, Sent::Unknown { .. }), "{fault:?}: {sent:?}");
        stage.sim.fault(Call::Refund, fault.clone());
        assert_eq!(send().await, Sent::Done { receipt: None }, "{fault:?}");
        let books = stage.sim.books();
        assert_eq!(books.transactions.len(), 2, "{fault:?}: sent back once");
    }
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_proves_nothing() {
    let stage = Stage::new().await;
    let reference = stage.accepted().await;
    stage
        .sim
        .pay(&reference.checkout_request_id, &payer())
        .expect("open");
    stage.sim.fault(Call::Refund, Fault::after(Shows::Reset));
    stage
        .sim
        .fault(Call::Refund, Fault::before(Shows::Status(429)));
    let refund = whole(&reference.checkout_request_id);
    let sent = stage.wave.refund(&stage.account(), &refund).await;
    assert!(matches!(sent, Sent::Unknown { .. }), "{sent:?}");
    assert_eq!(stage.sim.books().transactions.len(), 2, "it was sent back");
    stage
        .sim
        .fault(Call::Refund, Fault::before(Shows::Status(429)));
    let sent = stage.wave.refund(&stage.account(), &refund).await;
    assert!(matches!(sent, Sent::Refused { .. }), "{sent:?}");
}

fn whole(session: &str) -> Refund {
    Refund {
        reference: "r".into(),
        receipt: None,
        checkout_request_id: Some(session.into()),
        amount: xof(200),
        whole: true,
        remarks: String::new(),
        result_url: String::new(),
    }
}
