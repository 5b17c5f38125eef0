//! F21 to F28: how a gateway fails.

use std::time::Duration;

use anyhow::{Result, ensure};
use bando_sim::daraja::{Delivery, PushFault, QueryAnswer, Scenario};
use bando_sim::pesapal::{self, StatusAnswer, SubmitFault};
use bando_sim::wave::{Call, Fault, Shows, Wallet};

use crate::delivery::silence;
use crate::forgery::forged;
use crate::stage::{Buyer, LONG_ENOUGH, Stage, Tells, Way};
use crate::wire;

/// Longer than anybody waits for an answer.
const FOR_EVER: u64 = 60_000;

/// F21. 500, 502 and 429 before the request is accepted: no prompt, and another try is served.
pub(crate) async fn refuses(stage: &mut Stage) -> Result<()> {
    for kind in 0..3 {
        let buyer = stage.buyer()?;
        match stage.way {
            Way::Unsigned => {
                let faults = [
                    PushFault::Error500,
                    PushFault::Html503,
                    PushFault::SpikeArrest429,
                ];
                stage.script_mpesa(&buyer, pushed(faults[kind].clone()));
            }
            Way::Signed => {
                let status = [500, 502, 429][kind];
                let fault = Fault::before(Shows::Status(status));
                stage.town.wave.fault(Call::Create, fault);
            }
            Way::PollBack => {
                let faults = [
                    SubmitFault::Empty500,
                    SubmitFault::DropBeforeAccept,
                    SubmitFault::TooOften429,
                ];
                stage.script_pesapal(&buyer, submitted(faults[kind].clone()));
            }
        }
        stage.buy(&buyer).await?;
        tokio::time::sleep(LONG_ENOUGH).await;
        stage.not_served(&buyer).await?;
        // A prompt that may be open still keeps others from the phone for a while.
        stage.time_passes(80);
        stage.script(&buyer, Tells::Copies(1));
        stage.buy_and_pay(&buyer).await?;
        stage.served(&buyer).await?;
    }
    Ok(())
}

/// F22. The answer never comes, but the request was accepted: one prompt, never called failed.
pub(crate) async fn stalls_after_accepting(stage: &mut Stage) -> Result<()> {
    let faults = Accepted {
        push: PushFault::StallAfterAccept,
        create: Fault::after(Shows::Stall),
        submit: SubmitFault::StallAfterAccept,
    };
    accepted_without_an_answer(stage, faults).await
}

/// F23. The connection is reset in the middle of an answer.
pub(crate) async fn resets(stage: &mut Stage) -> Result<()> {
    let faults = Accepted {
        push: PushFault::DropAfterAccept,
        create: Fault::after(Shows::Reset),
        submit: SubmitFault::DropAfterAccept,
    };
    accepted_without_an_answer(stage, faults).await?;
    // And in the middle of the answer to a question.
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => stage.script_mpesa(&buyer, asked(vec![QueryAnswer::Html502; 2])),
        Way::Signed => {
            stage.script(&buyer, Tells::Never);
            for shows in [Shows::Reset, Shows::HalfJson] {
                stage.town.wave.fault(Call::Session, Fault::after(shows));
            }
        }
        Way::PollBack => stage.script_pesapal(&buyer, answered(vec![StatusAnswer::Cut; 2])),
    }
    stage.buy_and_pay(&buyer).await?;
    stage.served(&buyer).await
}

/// F24. Answers take longer than anybody waits.
pub(crate) async fn drips(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => stage.script_mpesa(&buyer, asked(vec![QueryAnswer::Never; 2])),
        Way::Signed => {
            stage.script(&buyer, Tells::Never);
            let slow = Fault::after(Shows::Slow(FOR_EVER));
            stage.town.wave.fault(Call::Session, slow.clone());
            stage.town.wave.fault(Call::Session, slow);
        }
        Way::PollBack => stage.script_pesapal(&buyer, answered(vec![StatusAnswer::Never; 2])),
    }
    stage.buy_and_pay(&buyer).await?;
    stage.served(&buyer).await?;
    let faults = Accepted {
        push: PushFault::StallAfterAccept,
        create: Fault::after(Shows::Slow(FOR_EVER)),
        submit: SubmitFault::SlowMs(FOR_EVER),
    };
    accepted_without_an_answer(stage, faults).await
}

/// F25. The answer says success, and HTTP 500.
pub(crate) async fn contradicts_its_status(stage: &mut Stage) -> Result<()> {
    let faults = Accepted {
        push: PushFault::SuccessWith500,
        create: Fault::after(Shows::Status(500)),
        submit: SubmitFault::Html502AfterAccept,
    };
    accepted_without_an_answer(stage, faults).await
}

/// F26. Questions are answered with "pending" for ever, or the answer contradicts the message.
pub(crate) async fn never_decides(stage: &mut Stage) -> Result<()> {
    let (silent, late) = (stage.buyer()?, stage.buyer()?);
    match stage.way {
        Way::Unsigned => {
            let pending = |queries, queries_then| Scenario {
                callbacks: Vec::new(),
                queries,
                queries_then,
                ..Scenario::default()
            };
            let for_ever = pending(Vec::new(), QueryAnswer::Pending4999);
            stage.script_mpesa(&silent, for_ever);
            let in_the_end = pending(vec![QueryAnswer::Pending4999; 4], QueryAnswer::Truth);
            stage.script_mpesa(&late, in_the_end);
            // A message that says paid, of a prompt that was declined.
            let liar = stage.buyer()?;
            let lie = Delivery {
                code: Some("0".into()),
                ..Delivery::default()
            };
            stage.script_mpesa(
                &liar,
                Scenario {
                    callbacks: vec![lie],
                    ..Scenario::default()
                },
            );
            stage.buy(&liar).await?;
            stage.town.daraja.phones().cancel(&liar.phone)?;
            tokio::time::sleep(LONG_ENOUGH).await;
            stage.not_served(&liar).await?;
            stage.nobody_can_know(&silent);
            stage.buy_and_pay(&silent).await?;
        }
        Way::Signed => {
            // A signature is enough, though nobody answers questions.
            silence(stage, true);
            stage.buy_and_pay(&silent).await?;
            stage.served(&silent).await?;
            silence(stage, false);
            stage.script(&late, Tells::Never);
            silence(stage, true);
        }
        Way::PollBack => {
            let not_found = pesapal::Scenario {
                statuses_then: StatusAnswer::NotFound,
                ..pesapal::Scenario::default()
            };
            stage.script_pesapal(&silent, not_found);
            stage.script_pesapal(&late, answered(vec![StatusAnswer::NotFound; 4]));
            stage.nobody_can_know(&silent);
            stage.buy_and_pay(&silent).await?;
        }
    }
    stage.buy_and_pay(&late).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    if stage.way == Way::Signed {
        silence(stage, false);
    } else {
        stage.not_served(&silent).await?;
    }
    stage.served(&late).await
}

/// F27. The token, or the key, ends between the request and the questions.
pub(crate) async fn token_ends(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.script(&buyer, Tells::Never);
    stage.buy(&buyer).await?;
    match stage.way {
        Way::Unsigned => stage.town.daraja.expire_tokens(),
        Way::PollBack => stage.town.pesapal.expire_tokens(),
        Way::Signed => {
            stage.town.wave.register(wallet(stage, true).await?);
            stage.pay(&buyer).await?;
            tokio::time::sleep(LONG_ENOUGH).await;
            stage.not_served(&buyer).await?;
            stage.town.wave.register(wallet(stage, false).await?);
            return stage.served(&buyer).await;
        }
    }
    stage.pay(&buyer).await?;
    stage.served(&buyer).await
}

async fn wallet(stage: &Stage, revoked: bool) -> Result<Wallet> {
    let slug = &stage.town.shop().slug;
    let url = stage.message_url(0).await?;
    let wallet = Wallet::ivorian(slug, slug).signing(&url, &crate::proof::town::wave_secret(slug));
    Ok(Wallet { revoked, ..wallet })
}

/// F28. Codes, types and fields that nobody has seen before.
pub(crate) async fn new_schema(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => {
            let odd = |code: &str| Delivery {
                code: Some(code.into()),
                ..Delivery::default()
            };
            let later = Delivery {
                after_ms: 700,
                ..Delivery::default()
            };
            let callbacks = vec![odd("7777"), odd("E9999"), later];
            stage.script_mpesa(
                &buyer,
                Scenario {
                    callbacks,
                    queries: vec![QueryAnswer::Code("7777".into())],
                    ..Scenario::default()
                },
            );
        }
        Way::Signed => {
            stage.buy(&buyer).await?;
            let body = forged(stage, &buyer).await?;
            for (now, new) in [
                ("checkout.session.completed", "checkout.session.settled"),
                ("\"complete\"", "\"wonderful\""),
                ("\"succeeded\"", "\"excellent\""),
                ("\"amount\"", "\"price\""),
                ("\"transaction_id\"", "\"tx\""),
            ] {
                stage.post_signed(&body.replace(now, new)).await?;
            }
            tokio::time::sleep(LONG_ENOUGH).await;
            stage.not_served(&buyer).await?;
            stage.pay(&buyer).await?;
            return stage.served(&buyer).await;
        }
        Way::PollBack => {
            let says = |code, description: &str| StatusAnswer::Says {
                code,
                description: description.into(),
            };
            let odd = vec![
                says(9, "Wonderful"),
                says(1, "Failed"),
                says(2, "Completed"),
            ];
            stage.script_pesapal(&buyer, answered(odd));
            stage.buy(&buyer).await?;
            let url = stage.message_url(0).await?;
            let news = wire::pesapal_news(&stage.request_of(&buyer).await?.reference, "x");
            let news = news.to_string().replace("IPNCHANGE", "WONDERFUL");
            stage.post(&url, news).await?;
            stage.pay(&buyer).await?;
            return stage.served(&buyer).await;
        }
    }
    stage.buy_and_pay(&buyer).await?;
    stage.served(&buyer).await
}

/// Requests that were accepted, and not answered so that one could know.
struct Accepted {
    push: PushFault,
    create: Fault,
    submit: SubmitFault,
}

async fn accepted_without_an_answer(stage: &mut Stage, faults: Accepted) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => stage.script_mpesa(&buyer, pushed(faults.push)),
        Way::Signed => stage.town.wave.fault(Call::Create, faults.create),
        Way::PollBack => stage.script_pesapal(&buyer, submitted(faults.submit)),
    }
    stage.buy(&buyer).await?;
    stage.not_called_failed(&buyer).await?;
    stage.pay(&buyer).await?;
    stage.served(&buyer).await?;
    let mut asked = stage.town.books().asked;
    asked.retain(|asked| {
        asked.phone == buyer.phone.digits() && asked.gateway == stage.way.gateway()
    });
    ensure!(asked.len() == 1, "asked {} times", asked.len());
    Ok(())
}

impl Stage {
    async fn not_called_failed(&self, buyer: &Buyer) -> Result<()> {
        let payments = self.payments(buyer).await?;
        let statuses: Vec<_> = payments.iter().map(|p| p.status.as_str()).collect();
        let open = statuses.iter().all(|s| matches!(*s, "pending" | "success"));
        ensure!(
            open,
            "nobody knows what became of it, and it is {statuses:?}"
        );
        Ok(())
    }
}

fn pushed(push: PushFault) -> Scenario {
    Scenario {
        push,
        ..Scenario::default()
    }
}

fn submitted(submit: SubmitFault) -> pesapal::Scenario {
    pesapal::Scenario {
        submit,
        ..pesapal::Scenario::default()
    }
}

/// No message; these answers, then the truth.
fn asked(queries: Vec<QueryAnswer>) -> Scenario {
    Scenario {
        callbacks: Vec::new(),
        queries,
        ..Scenario::default()
    }
}

fn answered(statuses: Vec<StatusAnswer>) -> pesapal::Scenario {
    pesapal::Scenario {
        notifications: Vec::new(),
        statuses,
        ..pesapal::Scenario::default()
    }
}
