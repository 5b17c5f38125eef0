//! Status queries, reversals and payouts, with everything that can be lost.

use bando_domain::{Currency, Money, Secret};
use bando_gateways::{Found, Gateway as _, MovementKind, Notification, Refund, Sent};
use bando_sim::daraja::{Delivery, OrderScript, PushFault};

use super::{PHONE, Stage, kes, phone};

#[tokio::test]
async fn a_receipt_is_found_by_pull_and_else_by_a_status_query() {
    let stage = Stage::new().await;
    stage.registered().await;
    let receipt = stage.pay().await.expect("paid");
    stage.messages(1).await;
    let Found::Movement(found) = stage.find(&stage.account, &receipt).await else {
        panic!("not found");
    };
    assert_eq!(
        (found.amount, found.phone.as_ref()),
        (kes(5_000), Some(&phone()))
    );
    assert_eq!(found.at, Some(stage.sim.books().moved[0].at));
    assert_eq!(found.reference.as_deref(), Some("K7P2M4"));

    let by_status = stage.without(&["pull"]);
    assert_eq!(stage.find(&by_status, &receipt).await, Found::Later);
    let said = stage.messages(2).await.remove(1);
    let Notification::Found(Some(by_status)) = said else {
        panic!("{said:?}");
    };
    assert_eq!(
        (&by_status.receipt, by_status.amount),
        (&receipt, kes(5_000))
    );
    assert_eq!(
        (by_status.kind, by_status.phone),
        (MovementKind::Payment, Some(phone()))
    );
    assert_eq!(by_status.at, found.at);
    assert_eq!(by_status.account.as_deref(), Some("174379"));

    // What Pull does not see is asked about; without an initiator Pull's word counts.
    assert_eq!(stage.find(&stage.account, "NOSUCH0001").await, Found::Later);
    assert_eq!(stage.messages(3).await[2], Notification::Found(None));
    let only_pull = stage.without(&["initiator"]);
    assert_eq!(stage.find(&only_pull, "NOSUCH0001").await, Found::NotThere);
    let neither = stage.without(&["initiator", "pull"]);
    assert_eq!(stage.find(&neither, &receipt).await, Found::CannotAsk);
}

#[tokio::test]
async fn a_status_query_that_fails_decides_nothing() {
    let mut stage = Stage::new().await;
    stage.account = stage.without(&["pull"]);
    let request = |request| OrderScript {
        request,
        ..OrderScript::default()
    };
    stage.sim.script_orders([
        request(PushFault::SpikeArrest429),
        request(PushFault::DropBeforeAccept),
        request(PushFault::Error500),
        OrderScript {
            code: Some("17".into()),
            ..OrderScript::default()
        },
        OrderScript {
            results: vec![Delivery {
                copies: 2,
                ..Delivery::default()
            }],
            ..OrderScript::default()
        },
    ]);
    let find = async || stage.find(&stage.account, "NOSUCH0001").await;
    assert!(matches!(find().await, Found::RateLimited { .. }));
    assert!(matches!(find().await, Found::Unreachable { .. }));
    assert!(matches!(find().await, Found::Unreachable { .. }));
    assert_eq!(find().await, Found::Later);
    let said = stage.messages(1).await.remove(0);
    assert!(matches!(said, Notification::Nothing { .. }), "{said:?}");
    assert_eq!(find().await, Found::Later);
    assert_eq!(stage.messages(3).await[2], Notification::Found(None));
    let password = Secret::new("expired");
    stage
        .account
        .secrets
        .insert("initiator_password".into(), password);
    let wrong = stage.find(&stage.account, "NOSUCH0001").await;
    assert_eq!(wrong, Found::Later, "a wrong password is only told later");
    let said = stage.messages(4).await.remove(3);
    assert!(matches!(said, Notification::Nothing { what } if what.contains("2001")));
}

#[tokio::test]
async fn a_payment_is_sent_back_once() {
    let stage = Stage::new().await;
    let receipt = stage.pay().await.expect("paid");
    let mut outcomes = Vec::new();
    for n in 0..2 {
        let Sent::Accepted { conversation_id } = stage.refund(&receipt, 5_000).await else {
            panic!("not accepted");
        };
        let said = stage.messages(n + 1).await.remove(n);
        let Notification::Sent {
            conversation_id: of,
            outcome,
        } = said
        else {
            panic!("{said:?}");
        };
        assert_eq!(of, conversation_id);
        outcomes.push(outcome);
    }
    let returned = stage.sim.books().returned;
    assert_eq!(returned.len(), 1);
    assert_eq!(
        (&returned[0].of, returned[0].amount),
        (&receipt, kes(5_000))
    );
    let done = Sent::Done {
        receipt: Some(returned[0].receipt.clone()),
    };
    assert_eq!(outcomes[0], done);
    assert!(
        matches!(outcomes[1], Sent::Unknown { .. }),
        "R000001 may have been us"
    );
    assert!(matches!(
        stage.refund("NOSUCH0001", 5_000).await,
        Sent::Accepted { .. }
    ));
    let said = stage.messages(3).await.remove(2);
    assert!(
        matches!(said, Notification::Sent { outcome: Sent::Refused { code, .. }, .. } if code == "R000002")
    );
}

#[tokio::test]
async fn what_m_pesa_cannot_send_is_refused_unasked() {
    let stage = Stage::new().await;
    let refund = Refund {
        reference: "r".into(),
        receipt: Some("NLJ7RT61SV".into()),
        checkout_request_id: None,
        amount: kes(5_000),
        whole: true,
        remarks: String::new(),
        result_url: stage.url.clone(),
    };
    let sent = async |change: fn(&mut Refund)| {
        let mut refund = refund.clone();
        change(&mut refund);
        stage.daraja.refund(&stage.account, &refund).await
    };
    for refused in [
        sent(|r| r.whole = false).await,
        sent(|r| r.receipt = None).await,
        sent(|r| r.amount = kes(5_050)).await,
        sent(|r| r.amount = Money::from_minor(50, Currency::Xof)).await,
        stage.pay_out("a", kes(900)).await,
        stage.pay_out("b", kes(25_000_100)).await,
        stage.pay_out("c", kes(1_050)).await,
        stage
            .pay_out("d", Money::from_minor(50, Currency::Xof))
            .await,
    ] {
        assert!(matches!(refused, Sent::Refused { .. }), "{refused:?}");
    }
    let nobody = stage.without(&["initiator"]);
    assert_eq!(
        stage.daraja.refund(&nobody, &refund).await,
        Sent::CannotSend
    );
    assert_eq!(stage.sim.books().messages, []);
    // No remarks of ours are too short for Daraja.
    assert!(matches!(sent(|_| {}).await, Sent::Accepted { .. }));
}

#[tokio::test]
async fn a_payout_arrives_and_its_name_is_used_once() {
    let stage = Stage::new().await;
    let sent = stage
        .pay_out("0193f1de-0000-7000-8000-000000000003", kes(6_000))
        .await;
    let Sent::Accepted { conversation_id } = sent else {
        panic!("{sent:?}");
    };
    let said = stage.messages(1).await.remove(0);
    let paid = stage.sim.books().paid_out.remove(0);
    assert_eq!((paid.amount, paid.to.as_str()), (kes(6_000), PHONE));
    let outcome = Sent::Done {
        receipt: Some(paid.receipt),
    };
    assert_eq!(
        said,
        Notification::Sent {
            conversation_id,
            outcome
        }
    );
    let again = stage
        .pay_out("0193f1de-0000-7000-8000-000000000003", kes(6_000))
        .await;
    assert!(
        matches!(again, Sent::Unknown { .. }),
        "the first one decides: {again:?}"
    );
    stage.sim.set_utility("174379", kes(5_900));
    stage
        .pay_out("0193f1de-0000-7000-8000-000000000004", kes(6_000))
        .await;
    let said = stage.messages(2).await.remove(1);
    assert!(
        matches!(said, Notification::Sent { outcome: Sent::Refused { code, .. }, .. } if code == "1")
    );
    assert_eq!(stage.sim.books().paid_out.len(), 1);
}

#[tokio::test]
async fn a_payout_whose_answer_or_result_is_lost_is_unknown_not_refused() {
    let stage = Stage::new().await;
    let request = |request| OrderScript {
        request,
        ..OrderScript::default()
    };
    stage.sim.script_orders([
        request(PushFault::StallAfterAccept),
        request(PushFault::DropAfterAccept),
        request(PushFault::SuccessWith500),
        request(PushFault::Error500),
        request(PushFault::Html503),
        request(PushFault::SpikeArrest429),
        OrderScript {
            results: vec![],
            ..OrderScript::default()
        },
        OrderScript {
            results: vec![Delivery {
                code: Some("17".into()),
                ..Delivery::default()
            }],
            ..OrderScript::default()
        },
    ]);
    let mut seen = String::new();
    for n in 0..8 {
        seen.push(
            match stage.pay_out(&format!("ours-{n}"), kes(1_000)).await {
                Sent::Accepted { .. } => 'a',
                Sent::Unknown { .. } => '?',
                Sent::Refused { .. } => 'r',
                Sent::Done { .. } | Sent::CannotSend => '!',
            },
        );
    }
    assert_eq!(seen, "??a??raa");
    let said = stage.messages(4).await;
    assert!(matches!(
        &said[3],
        Notification::Sent {
            outcome: Sent::Unknown { .. },
            ..
        }
    ));
    assert_eq!(
        stage.sim.books().paid_out.len(),
        5,
        "all that were accepted"
    );
}
