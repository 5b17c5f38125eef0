//! C2B: registering, confirmation, validation.

use std::sync::atomic::Ordering;

use axum::Router;
use axum::routing::post;
use bando_gateways::{
    C2bRejection, C2bValidation, Found, Gateway as _, MessageUrls, Movement, MovementKind,
    Notification, Registered, Sent, read_c2b_validation,
};
use bando_sim::daraja::{App, Delivery, ForgedConfirmation, HandError, Scenario, Settings};
use tokio::net::TcpListener;

use super::{Bodies, PHONE, Stage, kes, phone, settings};
use crate::support::charge;

/// A ValidationURL with this answer.
async fn validator(answer: String) -> (String, Bodies) {
    let asked = Bodies::default();
    let app = Router::new().route(
        "/v/{*token}",
        post({
            let asked = asked.clone();
            move |body: axum::body::Bytes| async move {
                asked.lock().expect("lock").push(body.to_vec());
                answer
            }
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v/9f3a", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, asked)
}

#[tokio::test]
async fn a_payment_by_hand_is_understood_as_the_books_have_it() {
    let stage = Stage::new().await;
    stage.registered().await;
    let receipt = stage.pay().await.expect("paid");
    let expected = Movement {
        kind: MovementKind::Payment,
        receipt,
        amount: kes(5_000),
        fee: None,
        at: Some(stage.sim.books().moved[0].at),
        phone: None,
        payer: Some("NICHOLAS · 2547 ***** 678".into()),
        reference: Some("K7P2M4".into()),
        account: Some("174379".into()),
        checkout_request_id: None,
    };
    let said = stage.messages(1).await.remove(0);
    assert_eq!(said, Notification::Movement(expected));
}

#[tokio::test]
async fn confirmations_wrong_doubled_and_forged_are_read_as_they_are() {
    let stage = Stage::new().await;
    stage.registered().await;
    let confirmations = vec![Delivery {
        copies: 2,
        amount: Some("1.00".into()),
        shortcode: Some("600001".into()),
        ..Delivery::default()
    }];
    let script = Scenario {
        confirmations,
        ..Scenario::default()
    };
    stage.sim.script(&phone(), script);
    stage.pay().await.expect("paid");
    let said = stage.messages(2).await;
    assert_eq!(said[0], said[1]);
    let Notification::Movement(wrong) = &said[0] else {
        panic!("{said:?}");
    };
    assert_eq!(
        (wrong.amount, wrong.account.as_deref()),
        (kes(100), Some("600001"))
    );
    let forged = ForgedConfirmation::default();
    stage.sim.forge_confirmation(&stage.url, &forged).await;
    let said = stage.messages(3).await.remove(2);
    assert!(matches!(said, Notification::Movement(m) if m.receipt == "FAKE000002"));
}

#[tokio::test]
async fn a_prompt_that_also_appears_as_c2b_has_one_receipt() {
    let stage = Stage::new().await;
    stage.registered().await;
    stage.sim.set_settings(Settings {
        stk_as_c2b: true,
        ..settings()
    });
    let script = Scenario {
        confirmation_first: true,
        ..Scenario::pays_after(0)
    };
    stage.sim.script(&phone(), script);
    let charge = charge(PHONE, &stage.url);
    stage.daraja.start(&stage.account, &charge).await;
    let said = stage.messages(2).await;
    let Notification::Movement(by_hand) = &said[0] else {
        panic!("{said:?}");
    };
    let Notification::Payment { outcome, .. } = &said[1] else {
        panic!("{said:?}");
    };
    let bando_gateways::Outcome::Paid(paid) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(paid.receipt.as_ref(), Some(&by_hand.receipt));
    assert_eq!(
        by_hand.reference.as_deref(),
        Some("K7P2M4XX99ov"),
        "what the payer saw"
    );
}

#[tokio::test]
async fn validation_is_answered_in_words_that_m_pesa_takes() {
    let stage = Stage::new().await;
    stage.sim.set_settings(Settings {
        c2b_validation: true,
        ..settings()
    });
    for (answer, code) in [
        (C2bValidation::Accept, None),
        (
            C2bValidation::Reject(C2bRejection::AccountNumber),
            Some("C2B00012"),
        ),
        (C2bValidation::Reject(C2bRejection::Other), Some("C2B00016")),
    ] {
        let (validation, asked) = validator(answer.json()).await;
        let urls = MessageUrls {
            confirmation: stage.url.clone(),
            validation,
        };
        stage.daraja.register(&stage.account, &urls).await;
        let rejected = stage.pay().await.err();
        assert_eq!(rejected, code.map(|code| HandError::Rejected(code.into())));
        let asked = asked.lock().expect("lock").remove(0);
        let asked = read_c2b_validation(&asked).expect("a request");
        assert_eq!(
            (asked.amount, asked.reference.as_deref()),
            (kes(5_000), Some("K7P2M4"))
        );
    }
    assert_eq!(stage.sim.books().moved.len(), 1);
}

#[tokio::test]
async fn registering_again_is_fine_and_what_is_off_is_not_registered() {
    let stage = Stage::new().await;
    stage.registered().await;
    stage.registered().await;
    stage.sim.set_settings(Settings {
        production: true,
        ..settings()
    });
    assert!(
        matches!(stage.register().await, Registered::Refused { .. }),
        "not https"
    );
    let urls = MessageUrls {
        confirmation: "https://wifi.example.co.ke/cb/k/1".into(),
        validation: "https://wifi.example.co.ke/cb/k/2".into(),
    };
    let again = stage.daraja.register(&stage.account, &urls).await;
    assert_eq!(
        again,
        Registered::Done { keep: vec![] },
        "Urls are already registered"
    );
    let off = stage.without(&["c2b", "pull"]);
    assert_eq!(
        stage.daraja.register(&off, &urls).await,
        Registered::NotNeeded
    );
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let stage = Stage::new().await;
    assert_eq!(stage.daraja.check(&stage.account), Ok(()));
    for (missing, field) in [
        ("certificate", "certificate"),
        ("nominated_number", "nominated_number"),
    ] {
        let bad = stage.daraja.check(&stage.without(&[missing]));
        assert_eq!(bad.err().map(|bad| bad.field), Some(field));
    }
    let bare = stage.without(&["certificate"]);
    let sent = stage.find(&bare, "NLJ7RT61SV").await;
    assert!(matches!(sent, Found::Unreachable { why } if why.contains("certificate")));
}

#[tokio::test]
async fn a_till_is_called_by_its_number_everywhere() {
    let stage = Stage::with(App::till("174379", "900123", "DUKA")).await;
    stage.registered().await;
    let receipt = stage.pay().await.expect("paid");
    let Notification::Movement(said) = stage.messages(1).await.remove(0) else {
        panic!("no movement");
    };
    assert_eq!(
        (said.account.as_deref(), said.reference),
        (Some("900123"), None)
    );
    let Found::Movement(found) = stage.find(&stage.account, &receipt).await else {
        panic!("not found");
    };
    assert_eq!(found.account.as_deref(), Some("900123"));
    assert!(matches!(
        stage.refund(&receipt, 5_000).await,
        Sent::Accepted { .. }
    ));
    let said = stage.messages(2).await.remove(1);
    assert!(
        matches!(
            said,
            Notification::Sent {
                outcome: Sent::Done { .. },
                ..
            }
        ),
        "{said:?}"
    );
    stage.clock.0.fetch_add(1, Ordering::SeqCst);
}
