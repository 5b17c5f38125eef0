//! F15 to F20: money that is not what was asked for.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando_domain::{Currency, Money};
use bando_sim::daraja::{Delivery, Scenario};
use bando_sim::pesapal::{self, StatusAnswer};

use crate::forgery::{forged, forged_with};
use crate::proof::books::Moved;
use crate::proof::facts::{Case, Facts};
use crate::stage::{Buyer, LONG_ENOUGH, Stage, Tells, Way, pause};

/// How long money may take to find its home.
const PATIENCE: Duration = Duration::from_secs(30);

/// F15. Less than the price: no ticket, and all of it in the payer's wallet.
pub(crate) async fn partial(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => {
            let reference = stage.buy_by_hand(&buyer).await?;
            stage.pay_by_hand(&buyer, 0, &reference, 7).await?;
        }
        Way::Signed => {
            stage.buy(&buyer).await?;
            pay_by_link(stage, &buyer, 0, 7)?;
        }
        Way::PollBack => {
            stage.script_pesapal(&buyer, says(StatusAnswer::Amount("7.00".into())));
            stage.buy_and_pay(&buyer).await?;
            stage.say_amount(&buyer, 700).await?;
        }
    }
    stage.in_wallet(&buyer, 700).await?;
    stage.not_served(&buyer).await
}

/// F16. More than the price: the ticket, and the rest in the payer's wallet.
pub(crate) async fn over(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => {
            let reference = stage.buy_by_hand(&buyer).await?;
            stage.pay_by_hand(&buyer, 0, &reference, 33).await?;
        }
        Way::Signed => {
            // A checkout session takes exactly its amount; by the merchant's link anything can come.
            stage.buy(&buyer).await?;
            pay_by_link(stage, &buyer, 0, 33)?;
            return stage.in_wallet(&buyer, 3_300).await;
        }
        Way::PollBack => {
            stage.script_pesapal(&buyer, says(StatusAnswer::Amount("33.00".into())));
            stage.buy_and_pay(&buyer).await?;
            stage.say_amount(&buyer, 3_300).await?;
        }
    }
    stage.served(&buyer).await?;
    stage.in_wallet(&buyer, 1_300).await
}

/// F17. Money of another currency: no ticket, and a person's queue.
pub(crate) async fn another_currency(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    match stage.way {
        Way::Unsigned => {}
        Way::Signed => {
            stage.buy(&buyer).await?;
            let body = forged(stage, &buyer).await?.replace("XOF", "USD");
            let status = stage.post_signed(&body).await?;
            ensure!(status == Some(200), "answered {status:?}");
            // What the company signs is so, whatever its books say.
            stage.allowed.sworn.push(Moved {
                gateway: "wave",
                receipt: "T_FAKE000001".into(),
                account: stage.shop(&buyer).accounts["wave"].clone(),
                from: buyer.phone.digits().to_owned(),
                amount: Money::from_minor(2_000, Currency::Usd),
                reference: None,
                returned: false,
            });
        }
        Way::PollBack => {
            stage.script_pesapal(&buyer, says(StatusAnswer::Currency("TZS".into())));
            stage.buy_and_pay(&buyer).await?;
        }
    }
    stage.has_case("wrong_currency").await?;
    stage.not_served(&buyer).await
}

/// F18. A receipt that paid for something else already.
pub(crate) async fn used_receipt(stage: &mut Stage) -> Result<()> {
    let (honest, second) = (stage.buyer_at(1)?, stage.buyer()?);
    stage.buy_and_pay(&honest).await?;
    stage.served(&honest).await?;
    let receipt = stage.receipt_of(&honest).await?;
    if stage.way == Way::PollBack {
        let code = StatusAnswer::Confirmation(receipt);
        stage.script_pesapal(&second, says(code));
        stage.buy_and_pay(&second).await?;
        stage.has_case("receipt_used").await?;
        stage.not_served(&second).await?;
        // What the company says of this money is that it is that other money.
        stage.nobody_can_know(&second);
        return Ok(());
    }
    stage.script(&second, Tells::Never);
    stage.buy(&second).await?;
    let body = forged_with(stage, &second, &receipt).await?;
    match stage.way {
        Way::Signed => {
            stage.post_signed(&body).await?;
            stage.has_case("receipt_used").await?;
            stage.not_served(&second).await?;
        }
        _ => {
            let url = stage.callback_url(&second).await?;
            stage.post(&url, body.clone()).await?;
            tokio::time::sleep(LONG_ENOUGH).await;
            stage.not_served(&second).await?;
        }
    }
    // The money that this customer then pays is their own.
    stage.pay(&second).await?;
    stage.served(&second).await
}

/// F19. The same is paid twice: the second money has a home of its own.
pub(crate) async fn paid_twice(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    if stage.way == Way::Signed {
        stage.buy_and_pay(&buyer).await?;
        stage.served(&buyer).await?;
        pay_by_link(stage, &buyer, 0, 33)?;
        return stage.in_wallet(&buyer, 3_300).await;
    }
    let payment = stage.buy(&buyer).await?;
    let reference = payment.account_reference.context("no reference")?;
    stage.pay(&buyer).await?;
    // By hand too, while the prompt's money is on its way, and once more when it is here.
    stage.pay_by_hand(&buyer, 0, &reference, 20).await?;
    stage.served(&buyer).await?;
    stage.pay_by_hand(&buyer, 0, &reference, 33).await?;
    stage.in_wallet(&buyer, 3_300).await
}

/// F20. Paid into another business's account: nothing here, and a home there.
pub(crate) async fn wrong_account(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    if stage.way == Way::Signed {
        stage.buy(&buyer).await?;
        pay_by_link(stage, &buyer, 1, 33)?;
    } else {
        let reference = stage.buy_by_hand(&buyer).await?;
        stage.pay_by_hand(&buyer, 1, &reference, 33).await?;
        // And a confirmation of money here that names another account: it is not believed.
        let other = stage.buyer()?;
        let elsewhere = Delivery {
            shortcode: Some("999999".into()),
            ..Delivery::default()
        };
        stage.script_mpesa(
            &other,
            Scenario {
                confirmations: vec![elsewhere],
                ..Scenario::default()
            },
        );
        let reference = stage.buy_by_hand(&other).await?;
        stage.pay_by_hand(&other, 0, &reference, 20).await?;
        stage.has_case("wrong_account").await?;
        stage.not_served(&other).await?;
    }
    stage.in_wallet(&buyer, 3_300).await?;
    stage.not_served(&buyer).await
}

fn says(answer: StatusAnswer) -> pesapal::Scenario {
    pesapal::Scenario {
        statuses_then: answer,
        ..pesapal::Scenario::default()
    }
}

/// Pays so many francs by the merchant link of the business with that number.
fn pay_by_link(stage: &Stage, buyer: &Buyer, shop: usize, francs: i64) -> Result<()> {
    let merchant = &stage.town.shops[shop].accounts["wave"];
    stage.town.wave.pay_link(merchant, francs, &buyer.phone)?;
    Ok(())
}

impl Stage {
    /// The company itself says that this customer's money is so much.
    async fn say_amount(&mut self, buyer: &Buyer, minor: i64) -> Result<()> {
        let receipt = self.receipt_of(buyer).await?;
        self.allowed.said.insert(receipt, minor);
        Ok(())
    }

    /// The receipt of what the customer paid last.
    pub(crate) async fn receipt_of(&self, buyer: &Buyer) -> Result<String> {
        let request = self.request_of(buyer).await?.reference;
        let mut moved = self.town.books().moved.into_iter();
        let of = |moved: &Moved| moved.reference.as_ref() == Some(&request);
        Ok(moved.rfind(of).context("nothing moved")?.receipt)
    }

    /// Waits until somebody's wallet holds exactly so much.
    async fn in_wallet(&self, buyer: &Buyer, minor: i64) -> Result<()> {
        let begun = std::time::Instant::now();
        // Francs have no cents.
        let wanted = if self.way == Way::Signed {
            minor / 100
        } else {
            minor
        };
        loop {
            let facts = Facts::read(&self.town.db).await?;
            if facts.wallets.iter().any(|wallet| wallet.credit == wanted) {
                return Ok(());
            }
            let wallets: Vec<i64> = facts.wallets.iter().map(|w| w.credit).collect();
            let states: Vec<_> = facts.arrivals.iter().map(|a| a.state.clone()).collect();
            ensure!(
                begun.elapsed() < PATIENCE,
                "the money of {buyer:?} is in no wallet: {wallets:?}, {states:?}"
            );
            pause().await;
        }
    }

    /// Waits until a case of this kind is open.
    async fn has_case(&self, kind: &str) -> Result<()> {
        let begun = std::time::Instant::now();
        loop {
            let facts = Facts::read(&self.town.db).await?;
            let is_it = |case: &&Case| case.is_open && case.kind == kind;
            if facts.cases.iter().any(|case| is_it(&case)) {
                return Ok(());
            }
            let kinds: Vec<_> = facts.cases.iter().map(|case| case.kind.clone()).collect();
            ensure!(begun.elapsed() < PATIENCE, "no case {kind}, only {kinds:?}");
            pause().await;
        }
    }
}
