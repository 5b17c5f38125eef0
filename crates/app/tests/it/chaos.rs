//! Long runs of everything in random order, replayable from their seeds, against a model that keeps
//! only what a customer would: who has paid, and who is let in.

use std::time::Duration;

use bando_app::testing::{ScriptedGateway, SeededEntropy, Shop, failed_callback, paid_callback};
use bando_app::{Disconnected, Error, Incoming, Payment};
use bando_domain::{Clock, Entropy, PaymentFailure, PaymentStatus, TicketState};
use bando_gateways::{Reference, Start, Verdict};

/// Steps of one run.
const STEPS: usize = 250;

struct Dice(SeededEntropy);

impl Dice {
    fn roll(&self, sides: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % sides as u64).unwrap()
    }
}

/// A payment as the world outside knows it.
struct Known {
    payment: Payment,
    reference: Reference,
    token: String,
    /// The money moved.
    moved: bool,
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_given_away() {
    for seed in [1, 2, 3] {
        for shop in Shop::open_all(1000 + seed).await {
            let dice = Dice(SeededEntropy::new(seed));
            run(shop, &dice, seed).await;
        }
    }
}

async fn run(mut shop: Shop, dice: &Dice, seed: u64) {
    let mut known: Vec<Known> = Vec::new();
    for step in 0..STEPS {
        act(&mut shop, dice, &mut known).await;
        if step % 50 == 49 {
            shop.check().await;
        }
    }
    // Everything heals: routers listen, and every callback that the gateway owes comes once more.
    for one in known.iter().filter(|one| one.moved) {
        let body = paid_callback(&one.reference, "20.00", &receipt(&one.reference));
        shop.app
            .take_message(&one.token, Incoming::new(&body, "192.0.2.10"))
            .await
            .unwrap();
    }
    for hours in std::iter::repeat_n(0, 30).chain(std::iter::repeat_n(1, 26)) {
        shop.routers.answer(Disconnected::NotThere);
        shop.clock.advance(Duration::from_secs(60 + hours * 3600));
        shop.app.expire_due().await.unwrap();
        shop.work().await;
    }
    for one in &known {
        let now = shop.payment(&one.payment).await;
        assert_eq!(
            now.status == PaymentStatus::Success,
            one.moved,
            "seed {seed}, {:?}: {now:?}",
            shop.app.engine()
        );
    }
    shop.check().await;
}

fn receipt(reference: &Reference) -> String {
    format!(
        "RKL{:0>6}Z",
        reference.merchant_request_id.replace("m-", "")
    )
}

async fn act(shop: &mut Shop, dice: &Dice, known: &mut Vec<Known>) {
    match dice.roll(12) {
        0 | 1 => buy(shop, dice, known).await,
        2 => {
            // A payer enters the PIN; perhaps nobody hears of it.
            let open: Vec<usize> = (0..known.len()).filter(|i| !known[*i].moved).collect();
            if let Some(i) = pick(dice, &open) {
                known[i].moved = true;
                let truth = [unsure(dice), Verdict::PAID];
                let checkout = known[i].reference.checkout_request_id.clone();
                shop.gateway.answer_query(&checkout, truth);
            }
        }
        3 | 4 => {
            let all: Vec<usize> = (0..known.len()).collect();
            if let Some(i) = pick(dice, &all) {
                let one = &known[i];
                let body = match dice.roll(5) {
                    0 => failed_callback(&one.reference, 1032),
                    1 => failed_callback(&one.reference, 4999),
                    2 => paid_callback(&one.reference, "1.00", "RKL51ZDR4F"),
                    // True if the money moved, forged if not.
                    _ => paid_callback(&one.reference, "20.00", &receipt(&one.reference)),
                };
                shop.app
                    .take_message(&one.token, Incoming::new(&body, "192.0.2.10"))
                    .await
                    .unwrap();
            }
        }
        5 => {
            shop.routers.answer(match dice.roll(3) {
                0 => Disconnected::NoAnswer,
                1 => Disconnected::NotThere,
                _ => Disconnected::Gone,
            });
        }
        6 => connect(shop, dice).await,
        7 => shop.restart(),
        8 => shop
            .clock
            .advance(Duration::from_secs(dice.roll(900) as u64)),
        9 => {
            shop.app.expire_due().await.unwrap();
        }
        _ => {
            shop.clock
                .advance(Duration::from_millis(dice.roll(5000) as u64));
            shop.app.run_due_jobs().await.unwrap();
        }
    }
}

fn pick(dice: &Dice, from: &[usize]) -> Option<usize> {
    (!from.is_empty()).then(|| from[dice.roll(from.len())])
}

fn unsure(dice: &Dice) -> Verdict {
    match dice.roll(3) {
        0 => Verdict::Pending {
            why: "processing".into(),
        },
        1 => Verdict::Unreachable {
            why: "reset".into(),
        },
        _ => Verdict::RateLimited {
            retry_after: Duration::from_secs(10),
        },
    }
}

async fn buy(shop: &Shop, dice: &Dice, known: &mut Vec<Known>) {
    let number = shop.gateway.charges().len() + 1;
    let start = dice.roll(4);
    match start {
        0 => shop.gateway.answer_start(Start::Unknown {
            why: "reset".into(),
        }),
        1 => shop.gateway.answer_start(Start::Refused {
            failure: PaymentFailure::GatewayBusy,
            code: "500".into(),
            message: "busy".into(),
        }),
        _ => shop.gateway.answer_start(Start::Accepted {
            reference: ScriptedGateway::reference(number),
            redirect: None,
        }),
    }
    let mut wish = shop.wish(&format!("07123456{:02}", dice.roll(100)));
    let device = u8::try_from(dice.roll(200)).unwrap();
    wish.visit = shop.visit(Shop::device(device));
    match shop.app.start_payment(wish).await {
        Ok(payment) => known.push(Known {
            payment,
            reference: ScriptedGateway::reference(number),
            token: shop.gateway.callback_token(),
            moved: false,
        }),
        Err(Error::PromptOpen | Error::TooMany { .. }) => shop.gateway.forget_starts(),
        Err(error) => panic!("{error}"),
    }
}

/// A device tries the newest tickets; whoever is let in moves some data.
async fn connect(shop: &Shop, dice: &Dice) {
    let page = shop
        .app
        .tickets(&shop.owner, &bando_app::TicketFilter::default(), None, 5)
        .await
        .unwrap();
    let now = shop.clock.now();
    for ticket in page.rows {
        let device = Shop::device(u8::try_from(dice.roll(200)).unwrap());
        let answer = shop
            .app
            .admit(shop.provider(), ticket.id, Some(device))
            .await
            .unwrap();
        let over = ticket.expires_at.is_some_and(|end| end <= now);
        assert!(!(over && answer.is_ok()), "let in after the end");
        assert!(!(ticket.state != TicketState::Active && answer.is_ok()));
        if answer.is_ok() {
            let mut record = shop.record(ticket.id, device, 10, 1000);
            if dice.roll(2) == 0 {
                record.stopped = Some("User-Request".into());
            }
            let records = vec![(shop.provider(), record)];
            shop.app.record_accounting(records).await.unwrap();
        }
    }
}
