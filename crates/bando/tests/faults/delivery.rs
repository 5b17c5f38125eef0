//! F1 to F8: how messages come.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando_app::{RefundDraft, RefundOf};
use bando_sim::daraja::{Answer, Delivery, Scenario};
use bando_sim::pesapal::{self, PayBy};
use bando_sim::wave::{self, Call, Fault, Shows};
use bando_store::RefundWay;

use crate::proof::facts::Facts;
use crate::stage::{Buyer, LONG_ENOUGH, Stage, Tells, Way, daraja_settings, pause};

/// F1. The same message twice, and a hundred times at once.
pub(crate) async fn duplicate(stage: &mut Stage) -> Result<()> {
    for copies in [2, 100] {
        let buyer = stage.buyer()?;
        stage.script(&buyer, Tells::Copies(copies));
        stage.buy_and_pay(&buyer).await?;
        stage.served(&buyer).await?;
    }
    Ok(())
}

/// F2. A failure and a success, told in either order.
pub(crate) async fn reordered(stage: &mut Stage) -> Result<()> {
    let (first, second) = (stage.buyer()?, stage.buyer()?);
    match stage.way {
        Way::Unsigned => {
            let failed = |after_ms| Delivery {
                after_ms,
                code: Some("1032".into()),
                ..Delivery::default()
            };
            let paid = |after_ms| Delivery {
                after_ms,
                ..Delivery::default()
            };
            for (buyer, callbacks) in [
                (&first, vec![failed(0), paid(800)]),
                (&second, vec![paid(0), failed(500)]),
            ] {
                stage.script_mpesa(
                    buyer,
                    Scenario {
                        callbacks,
                        ..Scenario::default()
                    },
                );
                stage.buy_and_pay(buyer).await?;
            }
        }
        Way::Signed => {
            for (buyer, late) in [(&first, 0), (&second, 900)] {
                let scenario = wave::Scenario {
                    failed: wave::Delivery::late(late),
                    ..wave::Scenario::default()
                };
                stage.town.wave.script(&buyer.phone, scenario);
                stage.buy(buyer).await?;
                let session = stage.request_of(buyer).await?.reference;
                let wave = &stage.town.wave;
                wave.fail(&session, &buyer.phone, "insufficient-funds")?;
                tokio::time::sleep(Duration::from_millis(300)).await;
                stage.pay(buyer).await?;
            }
        }
        Way::PollBack => {
            for (buyer, wait) in [(&first, true), (&second, false)] {
                stage.buy(buyer).await?;
                let order = stage.request_of(buyer).await?.reference;
                stage.town.pesapal.pay(&order, PayBy::MpesaDeclined)?;
                if wait {
                    stage.becomes(buyer, "cancelled").await?;
                }
                // The customer tries again, on the same page.
                stage.pay(buyer).await?;
            }
        }
    }
    stage.served(&first).await?;
    stage.served(&second).await
}

/// F3. The message comes an hour, a day and three days late, and nobody answers questions before.
pub(crate) async fn delayed(stage: &mut Stage) -> Result<()> {
    for hours in [1, 25, 72] {
        let buyer = stage.buyer()?;
        stage.script(&buyer, Tells::Never);
        stage.buy(&buyer).await?;
        silence(stage, true);
        stage.pay(&buyer).await?;
        stage.time_passes(hours * 3600);
        tokio::time::sleep(LONG_ENOUGH).await;
        stage.not_served(&buyer).await?;
        silence(stage, false);
        let told = stage.tell_again(&buyer).await?;
        ensure!(told == Some(200), "a late message was answered {told:?}");
        stage.served(&buyer).await?;
    }
    Ok(())
}

/// Lets the company answer no question.
pub(crate) fn silence(stage: &Stage, on: bool) {
    let town = &stage.town;
    match stage.way {
        Way::Unsigned => town.daraja.set_settings(bando_sim::daraja::Settings {
            queries_per_minute: on.then_some(0),
            ..daraja_settings()
        }),
        Way::Signed if on => {
            for call in [Call::Session, Call::Search] {
                for _ in 0..200 {
                    town.wave.fault(call, Fault::before(Shows::Status(503)));
                }
            }
        }
        Way::Signed => town.wave.clear_faults(),
        Way::PollBack => town.pesapal.set_settings(pesapal::Settings {
            too_often: if on { u32::MAX } else { 0 },
            ..pesapal::Settings::default()
        }),
    }
}

/// F4. The message never comes.
pub(crate) async fn lost(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.script(&buyer, Tells::Never);
    stage.buy_and_pay(&buyer).await?;
    stage.served(&buyer).await
}

/// F6. The message comes before the answer to our own request.
pub(crate) async fn too_early(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => stage.script_mpesa(
            &buyer,
            Scenario {
                answer: Some(Answer {
                    code: "0".into(),
                    after_ms: 0,
                }),
                before_response: true,
                ..Scenario::default()
            },
        ),
        Way::Signed => {
            stage.town.wave.script(&buyer.phone, wave::Scenario::pays());
            let late = Fault::after(Shows::Slow(1_200));
            stage.town.wave.fault(Call::Create, late);
        }
        Way::PollBack => stage.script_pesapal(
            &buyer,
            pesapal::Scenario {
                before_response: true,
                ..pesapal::Scenario::customer(PayBy::Mpesa, 0)
            },
        ),
    }
    stage.buy(&buyer).await?;
    stage.served(&buyer).await
}

/// F7. The message comes again after the money went back.
pub(crate) async fn after_refund(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.buy_and_pay(&buyer).await?;
    stage.served(&buyer).await?;
    send_back(stage, &buyer).await?;
    for _ in 0..3 {
        stage.tell_again(&buyer).await?;
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    let payments = stage.payments(&buyer).await?;
    let is_refunded = payments.len() == 1 && payments[0].status == "refunded";
    ensure!(is_refunded, "the message undid the refund: {payments:?}");
    let facts = Facts::read(&stage.town.db).await?;
    let live = facts
        .tickets
        .iter()
        .filter(|t| matches!(t.state.as_str(), "unused" | "active"));
    ensure!(live.count() == 0, "the refunded ticket lives");
    Ok(())
}

/// Sends the customer's money back by the gateway, and takes the ticket away.
async fn send_back(stage: &Stage, buyer: &Buyer) -> Result<()> {
    let app = stage.app()?;
    let owner = &stage.shop(buyer).owner;
    let filter = bando_store::PaymentFilter {
        mac: Some(buyer.mac),
        ..bando_store::PaymentFilter::default()
    };
    let found = app.payments(owner, &filter, None, 1).await?;
    let payment = found.rows.into_iter().next().context("no payment")?;
    let draft = RefundDraft {
        of: RefundOf::Payment(payment.id),
        amount: None,
        way: RefundWay::Gateway,
        reason: "it did not work".into(),
        revoke: true,
    };
    let refund = app.request_refund(owner, draft).await?;
    app.decide_refund(owner, refund.id, true).await?;
    if stage.way == Way::PollBack {
        let order = stage.request_of(buyer).await?.reference;
        let begun = std::time::Instant::now();
        while !stage.town.pesapal.decide_refund(&order, true) {
            ensure!(
                begun.elapsed().as_secs() < 20,
                "Pesapal has no refund to decide"
            );
            pause().await;
        }
    }
    stage.becomes(buyer, "refunded").await
}

/// F8. A good message about another business's payment, at this one's address.
pub(crate) async fn of_another_business(stage: &mut Stage) -> Result<()> {
    let other = stage.buyer_at(1)?;
    stage.buy_and_pay(&other).await?;
    stage.served(&other).await?;
    let victim = stage.buyer()?;
    stage.buy(&victim).await?;
    let url = stage.callback_url(&victim).await?;
    let their_reference = stage.request_of(&other).await?.reference;
    let mut told = stage.town.books().told.into_iter();
    let body = told
        .find(|told| told.body.contains(&their_reference))
        .context("nothing was told")?
        .body;
    for url in [url, stage.message_url(0).await?] {
        match stage.way {
            Way::Signed => {
                let header = stage.signature_of(1, 0, &body);
                let headers = [(crate::wire::SIGNATURE, header)];
                let status = stage.post_with(&url, &headers, body.clone()).await?;
                ensure!(status == Some(401), "another's signature: {status:?}");
            }
            _ => {
                stage.post(&url, body.clone()).await?;
            }
        }
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    stage.not_served(&victim).await?;
    stage.pay(&victim).await?;
    stage.served(&victim).await
}
