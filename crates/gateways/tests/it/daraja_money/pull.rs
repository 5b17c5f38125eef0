//! Statements by Pull.

use std::time::Duration;

use bando_domain::Clock as _;
use bando_gateways::{Gateway as _, MovementKind, NoStatement, Span};
use bando_sim::daraja::Settings;

use super::{Stage, kes, phone, settings};

#[tokio::test]
async fn a_statement_has_every_movement_of_two_days() {
    let stage = Stage::new().await;
    stage.registered().await;
    stage.sim.set_settings(Settings {
        pull_rows: 3,
        ..settings()
    });
    let mut paid = Vec::new();
    for _ in 0..7 {
        paid.push(stage.pay().await.expect("paid"));
    }
    stage.refund(&paid[0], 5_000).await;
    stage
        .pay_out("0193f1de-0000-7000-8000-000000000005", kes(6_000))
        .await;
    stage.messages(9).await;
    let now = stage.clock.now();
    let day = Duration::from_secs(24 * 3600);
    let soon = now.plus(Duration::from_secs(1));
    let movements = stage
        .statement(now.minus(day), soon)
        .await
        .expect("a statement");
    let books = stage.sim.books();
    let of = |kind| {
        let of_kind = movements.iter().filter(move |m| m.kind == kind);
        of_kind.map(|m| m.receipt.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(MovementKind::Payment), paid);
    assert_eq!(
        of(MovementKind::Reversal),
        [books.returned[0].receipt.clone()]
    );
    assert_eq!(
        of(MovementKind::Payout),
        [books.paid_out[0].receipt.clone()]
    );
    assert_eq!(movements.len(), 9);
    assert!(
        movements
            .iter()
            .all(|m| m.at == Some(now) && m.phone == Some(phone()))
    );

    assert_eq!(stage.statement(soon, soon.plus(day)).await, Ok(vec![]));
    let long_ago = now.minus(day * 2).minus(Duration::from_secs(1));
    let refused = stage.statement(long_ago, soon).await;
    assert!(matches!(refused, Err(NoStatement::Refused(why)) if why.contains("48 hours")));
    let off = stage.without(&["pull"]);
    let span = Span {
        from: now,
        to: soon,
    };
    assert_eq!(
        stage.daraja.statement(&off, &span).await,
        Err(NoStatement::CannotAsk)
    );
}

#[tokio::test]
async fn a_statement_that_cannot_be_had_says_why() {
    let mut stage = Stage::new().await;
    let now = stage.clock.now();
    let ask = async |stage: &Stage| stage.statement(now, now.plus(Duration::from_secs(9))).await;
    let unregistered = ask(&stage).await;
    assert!(
        matches!(unregistered, Err(NoStatement::Refused(_))),
        "{unregistered:?}"
    );
    let nowhere = "http://127.0.0.1:9".to_owned();
    stage.account.settings.insert("environment".into(), nowhere);
    let lost = ask(&stage).await;
    assert!(matches!(lost, Err(NoStatement::Unreachable(_))), "{lost:?}");
}
