//! Every answer to the push with every callback and every answer to the query.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, Shop, failed_callback, paid_callback};
use bando_domain::{PaymentFailure, PaymentStatus};
use bando_gateways::{Start, Verdict};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Push {
    Accepted,
    Refused,
    Lost,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Callback {
    None,
    Paid,
    Failed,
    Undecided,
    WrongAmount,
    Unreadable,
    FailedThenPaid,
    PaidThenFailed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Query {
    Paid,
    Failed,
    Pending,
    RateLimited,
    Unreachable,
}

impl Query {
    fn verdict(self) -> Verdict {
        match self {
            Self::Paid => Verdict::PAID,
            Self::Failed => Verdict::Failed {
                failure: PaymentFailure::WrongPin,
                code: "2001".into(),
                message: "wrong PIN".into(),
            },
            Self::Pending => Verdict::Pending {
                why: "processing".into(),
            },
            Self::RateLimited => Verdict::RateLimited {
                retry_after: Duration::from_secs(20),
            },
            Self::Unreachable => Verdict::Unreachable {
                why: "reset".into(),
            },
        }
    }
}

/// What must have become of it after an hour.
fn expected(push: Push, callback: Callback, query: Query) -> PaymentStatus {
    let says_paid = matches!(
        callback,
        Callback::Paid | Callback::FailedThenPaid | Callback::PaidThenFailed
    );
    let says_failed = matches!(
        callback,
        Callback::Failed | Callback::FailedThenPaid | Callback::PaidThenFailed
    );
    // Without a reference there is nothing to query by; a readable callback brings one.
    let known = push == Push::Accepted
        || !matches!(
            callback,
            Callback::None | Callback::WrongAmount | Callback::Unreadable
        );
    // A prompt that the gateway refused is not asked about, unless a message says that it is open.
    let asked = known && (push != Push::Refused || callback == Callback::Undecided);
    match query {
        // Proved: by the callback's own check, or by the schedule.
        Query::Paid if says_paid || asked => PaymentStatus::Success,
        _ if says_failed && push != Push::Refused => PaymentStatus::Cancelled,
        _ if push == Push::Refused => PaymentStatus::Failed,
        Query::Failed if known => PaymentStatus::Failed,
        _ => PaymentStatus::Pending,
    }
}

#[tokio::test]
async fn every_combination_ends_as_it_must() {
    let pushes = [Push::Accepted, Push::Refused, Push::Lost];
    let callbacks = [
        Callback::None,
        Callback::Paid,
        Callback::Failed,
        Callback::Undecided,
        Callback::WrongAmount,
        Callback::Unreadable,
        Callback::FailedThenPaid,
        Callback::PaidThenFailed,
    ];
    let queries = [
        Query::Paid,
        Query::Failed,
        Query::Pending,
        Query::RateLimited,
        Query::Unreachable,
    ];
    for shop in Shop::open_all(300).await {
        let mut number = 0;
        let mut begun = Vec::new();
        for push in pushes {
            for callback in callbacks {
                for query in queries {
                    number += 1;
                    begun.push((
                        push,
                        callback,
                        query,
                        begin(&shop, number, push, callback, query).await,
                    ));
                }
            }
        }
        for _ in 0..120 {
            shop.clock.advance(Duration::from_secs(30));
            shop.work().await;
        }
        for (push, callback, query, payment) in begun {
            let now = shop.payment(&payment).await;
            assert_eq!(
                now.status,
                expected(push, callback, query),
                "{push:?} {callback:?} {query:?} on {:?}",
                shop.app.engine()
            );
        }
        shop.check().await;
    }
}

async fn begin(
    shop: &Shop,
    number: usize,
    push: Push,
    callback: Callback,
    query: Query,
) -> bando_app::Payment {
    match push {
        Push::Accepted => {}
        Push::Refused => shop.gateway.answer_start(Start::Refused {
            failure: PaymentFailure::GatewayBusy,
            code: "500.003.1001".into(),
            message: "busy".into(),
        }),
        Push::Lost => shop.gateway.answer_start(Start::Unknown {
            why: "reset".into(),
        }),
    }
    let reference = ScriptedGateway::reference(number);
    shop.gateway
        .answer_query(&reference.checkout_request_id, [query.verdict()]);
    let wish = shop.wish(&format!("07{number:08}"));
    let payment = shop.app.start_payment(wish).await.unwrap();
    let paid = paid_callback(&reference, "20.00", &format!("RKL{number:06}Z"));
    let failed = failed_callback(&reference, 1032);
    let bodies = match callback {
        Callback::None => vec![],
        Callback::Paid => vec![paid],
        Callback::Failed => vec![failed],
        Callback::Undecided => vec![failed_callback(&reference, 4999)],
        Callback::WrongAmount => vec![paid_callback(&reference, "1.00", "RKL51ZDR4F")],
        Callback::Unreadable => vec![b"<html>".to_vec()],
        Callback::FailedThenPaid => vec![failed, paid],
        Callback::PaidThenFailed => vec![paid, failed],
    };
    for body in bodies {
        shop.callback(&body).await;
        shop.work().await;
    }
    payment
}
