//! Databases, routers and the program itself fail in the middle, and come back.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando::world::SystemClock;
use bando_domain::{Clock as _, TicketId};
use bando_sim::daraja::Scenario;
use bando_sim::mikrotik::Faults;
use bando_store::PaymentFilter;

use crate::proof::customer::Customer;
use crate::proof::facts::Facts;
use crate::proof::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_cannot_be_kept_is_not_acknowledged() -> Result<()> {
    for town in Town::on_each_database().await? {
        let mut customer = Customer::new(&town, 1)?;
        customer.arrive().await?;
        customer.buy(&town.shop().plans.hour).await?;

        let away = "ALTER TABLE gateway_messages RENAME TO gateway_messages_away";
        town.db.raw(away).await.map_err(anyhow::Error::msg)?;
        customer.pay()?;
        let answered = wait_for_callback(&town).await?;
        ensure!(answered == Some(503), "the gateway was told {answered:?}");
        let back = "ALTER TABLE gateway_messages_away RENAME TO gateway_messages";
        town.db.raw(back).await.map_err(anyhow::Error::msg)?;

        customer.wait_for_code().await?;
        customer.connect().await?;
        town.must_agree().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_does_not_listen_is_told_until_the_device_is_gone() -> Result<()> {
    let deaf = Faults {
        ignore_disconnects: true,
        ..Faults::default()
    };
    let lying = Faults {
        acknowledge_but_keep: true,
        ..Faults::default()
    };
    for town in Town::on_each_database().await? {
        let shop = town.shop();
        for (number, faults) in [(1, deaf), (2, lying)] {
            let mut customer = Customer::new(&town, number)?;
            customer.script(Scenario::pays_after(0));
            customer.arrive().await?;
            customer.buy(&shop.plans.hour).await?;
            customer.wait_for_code().await?;
            customer.connect().await?;
            shop.router.set_faults(faults);
            let ticket = ticket_of(&town, &customer).await?;
            ensure!(
                town.app()?.revoke_ticket(&shop.owner, ticket).await?,
                "not revoked"
            );
            tokio::time::sleep(Duration::from_millis(1500)).await;
            ensure!(customer.is_online(), "the router did what it was not told");
            shop.router.set_faults(Faults::default());
            customer.wait_until_off(Duration::from_secs(12)).await?;
        }
        town.must_agree().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_neither_a_payment_nor_a_second() -> Result<()> {
    for mut town in Town::on_each_database().await? {
        let mut paying = Customer::new(&town, 1)?;
        paying.arrive().await?;
        paying.buy(&town.shop().plans.hour).await?;
        let mut online = Customer::new(&town, 2)?;
        online.script(Scenario::pays_after(0));
        online.arrive().await?;
        online.buy(&town.shop().plans.blink).await?;
        online.wait_for_code().await?;
        online.connect().await?;
        let facts = Facts::read(&town.db).await?;
        let ends = facts
            .tickets
            .iter()
            .find_map(|t| t.expires_at)
            .context("no end")?;

        town.stop().await;
        paying.pay()?;
        wait_for_callback(&town).await?;
        town.start().await?;

        online.wait_until_off(Duration::from_secs(6)).await?;
        let late = SystemClock.now().as_millis() - ends;
        ensure!(
            (-50..=1500).contains(&late),
            "cut off {late} ms after the end"
        );
        paying.wait_for_code().await?;
        paying.connect().await?;
        town.must_agree().await?;
    }
    Ok(())
}

/// Waits for the first callback and says how it was answered.
async fn wait_for_callback(town: &Town) -> Result<Option<u16>> {
    for _ in 0..500 {
        let prompts = town.daraja.books().prompts;
        if let Some(call) = prompts
            .iter()
            .find(|p| p.callbacks.len() == 1 && p.code.is_some())
        {
            let open = prompts.first().and_then(|first| first.callbacks.first());
            return Ok(open
                .or(call.callbacks.first())
                .and_then(|called| called.status));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("no callback came")
}

async fn ticket_of(town: &Town, customer: &Customer) -> Result<TicketId> {
    let filter = PaymentFilter {
        mac: Some(customer.mac),
        ..PaymentFilter::default()
    };
    let app = town.app()?;
    let found = app.payments(&town.shop().owner, &filter, None, 1).await?;
    let payment = found.rows.into_iter().next().context("no payment")?;
    payment.ticket_id.context("no ticket")
}
