//! Two businesses on one installation: neither's customers, codes or callbacks mean anything to the
//! other.

use anyhow::{Context as _, Result, ensure};
use bando_sim::daraja::Scenario;

use crate::proof::customer::Customer;
use crate::proof::facts::Facts;
use crate::proof::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bought_here_opens_nothing_there() -> Result<()> {
    for db in bando_db::testing::databases().await {
        let town = Town::found(db, &["mlima", "bahari"], |_| {}).await?;
        let [here, there] = &town.shops[..] else {
            anyhow::bail!("two shops");
        };
        let mut customer = Customer::at(&town, here, 1)?;
        customer.script(Scenario::pays_after(0));
        customer.arrive().await?;
        customer.buy(&here.plans.hour).await?;
        let code = customer.wait_for_code().await?;
        let page = customer.browser.url().to_owned();
        customer.connect().await?;

        // RADIUS: neither the code nor the device.
        let router = &there.router;
        ensure!(
            router.join_and_wait(customer.mac).await.is_some(),
            "no address"
        );
        ensure!(
            router.active().is_empty(),
            "the device is known to the other business"
        );
        ensure!(
            router.login(customer.mac, &code, &code).await.is_err(),
            "the code opens there"
        );

        // The portal: neither the page of the payment, nor a code, nor a plan of the other.
        let mut visitor = Customer::at(&town, there, 2)?;
        visitor.arrive().await?;
        let moved = page.replace("/p/mlima/", "/p/bahari/");
        ensure!(moved != page, "{page} names no business");
        ensure!(
            visitor.browser.go(&moved).await.is_err(),
            "the page opens there"
        );
        visitor.arrive().await?;
        ensure!(
            visitor.redeem(&code).await.is_err(),
            "the code is taken there"
        );
        visitor.arrive().await?;
        ensure!(
            visitor.buy(&here.plans.hour).await.is_err(),
            "the plan is sold there"
        );

        // Callbacks: one of here, sent to there, does nothing at all.
        let other = town
            .daraja
            .books()
            .prompts
            .into_iter()
            .next()
            .context("no prompt")?;
        let url = format!("{}/api/mpesa/callback/bahari", town.machine.url());
        town.daraja
            .replay(&other.checkout_request_id, Some(&url))
            .await;

        let facts = Facts::read(&town.db).await?;
        ensure!(
            facts.payments.len() == 1 && facts.tickets.len() == 1,
            "{facts:?}"
        );
        town.must_agree().await?;
    }
    Ok(())
}
