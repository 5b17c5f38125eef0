//! Customers at the portal, on both databases.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando::world::SystemClock;
use bando_domain::Clock as _;
use bando_sim::daraja::Scenario;
use bando_sim::mikrotik::Traffic;

use crate::proof::customer::Customer;
use crate::proof::facts::Facts;
use crate::proof::town::{DATA, Town};

/// How late a device may be cut off: routers count whole seconds.
const GRACE: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_many_times_prompts_once() -> Result<()> {
    for town in Town::on_each_database().await? {
        let mut hands = Vec::new();
        for _ in 0..8 {
            let mut hand = Customer::new(&town, 1)?;
            hand.arrive().await?;
            hands.push(hand);
        }
        let plan = &town.shop().plans.hour;
        let pressed = hands.iter_mut().map(|hand| hand.buy(plan));
        let led = futures_util::future::join_all(pressed).await;
        ensure!(led.iter().any(Result::is_ok), "nobody was led to a payment");
        let facts = Facts::read(&town.db).await?;
        ensure!(
            facts.payments.len() == 1,
            "{} payments",
            facts.payments.len()
        );
        ensure!(town.daraja.books().prompts.len() == 1, "prompted again");

        // Opening the portal again leads back to the one payment.
        let customer = &mut hands[0];
        customer.pay()?;
        customer.arrive().await?;
        customer.open("/pay/").await?;
        customer.wait_for_code().await?;
        customer.connect().await?;
        town.must_agree().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_device_comes_back_without_paying() -> Result<()> {
    for town in Town::on_each_database().await? {
        let mut customer = Customer::new(&town, 1)?;
        customer.script(Scenario::pays_after(0));
        customer.arrive().await?;
        customer.buy(&town.shop().plans.hour).await?;
        customer.wait_for_code().await?;
        customer.connect().await?;

        // The router forgets everything; the device joins again.
        // Starts in one second cannot be told apart, and no router is that fast.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        town.shop().router.reboot();
        ensure!(
            !customer.is_online(),
            "still online after the router restarted"
        );
        customer.arrive().await?;
        ensure!(
            customer.is_online(),
            "a known device was sent to {}",
            customer.browser.url()
        );

        // Its owner logs out and comes back by the portal.
        ensure!(town.shop().router.logout(customer.mac), "was not online");
        customer
            .browser
            .go(&town.shop().router.url(customer.mac, "news"))
            .await?;
        customer.connect().await?;
        ensure!(town.daraja.books().moved.len() == 1, "paid again");
        town.must_agree().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_is_redeemed_at_the_portal_once() -> Result<()> {
    for town in Town::on_each_database().await? {
        let (app, shop) = (town.app()?, town.shop());
        let batch = app
            .order_batch(&shop.owner, shop.plans.voucher.id, 3)
            .await?;
        while app
            .batch(&shop.owner, batch.id)
            .await?
            .finished_at
            .is_none()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let vouchers = app.vouchers(&shop.owner, batch.id, 0, 3).await?;
        let code = vouchers.first().context("no voucher")?.code;
        let typed = code.grouped().to_ascii_lowercase();

        let mut first = Customer::new(&town, 1)?;
        first.arrive().await?;
        first.redeem(&typed).await?;
        first.connect().await?;
        let mut second = Customer::new(&town, 2)?;
        second.arrive().await?;
        second.redeem(&typed).await?;
        ensure!(
            second.connect().await.is_err(),
            "one voucher let two devices in"
        );
        let mut guesser = Customer::new(&town, 3)?;
        guesser.arrive().await?;
        ensure!(
            guesser.redeem("AAAAA-AAAAA").await.is_err(),
            "a wrong code was taken"
        );

        let facts = Facts::read(&town.db).await?;
        let used = facts.tickets.iter().filter(|t| t.state != "unused").count();
        ensure!(used == 1, "{used} vouchers were used");
        town.must_agree().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_ends_with_its_last_byte() -> Result<()> {
    for town in Town::on_each_database().await? {
        let mut customer = Customer::new(&town, 1)?;
        customer.script(Scenario::pays_after(0));
        customer.arrive().await?;
        customer.buy(&town.shop().plans.data).await?;
        customer.wait_for_code().await?;
        customer.connect().await?;
        let router = &town.shop().router;
        router.set_traffic(customer.mac, Traffic::new(100_000, 1_000_000));
        let mut moved = 0;
        while let Some(online) = router
            .active()
            .iter()
            .find(|online| online.mac == customer.mac)
        {
            moved = online.upload_octets + online.download_octets;
            ensure!(moved <= DATA + 50_000, "{moved} bytes of {DATA}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        ensure!(moved > DATA / 2, "cut off after {moved} bytes of {DATA}");
        town.must_agree().await?;
        let facts = Facts::read(&town.db).await?;
        ensure!(
            facts.tickets[0].state == "used_up",
            "{:?}",
            facts.tickets[0]
        );
        ensure!(
            router.mac_login(customer.mac).await.is_err(),
            "let in without data"
        );
        town.must_agree().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn time_ends_to_the_second() -> Result<()> {
    for town in Town::on_each_database().await? {
        let mut customer = Customer::new(&town, 1)?;
        customer.script(Scenario::pays_after(0));
        customer.arrive().await?;
        customer.buy(&town.shop().plans.blink).await?;
        customer.wait_for_code().await?;
        customer.connect().await?;
        let facts = Facts::read(&town.db).await?;
        let end = facts.tickets[0].expires_at.context("no end")?;
        customer.wait_until_off(Duration::from_secs(5)).await?;
        let late = SystemClock.now().as_millis() - end;
        let most = GRACE.as_millis() as i64;
        ensure!(
            (-50..=most).contains(&late),
            "cut off {late} ms after the end"
        );
        town.must_agree().await?;
        ensure!(
            town.shop().router.mac_login(customer.mac).await.is_err(),
            "let in after the end"
        );
    }
    Ok(())
}
