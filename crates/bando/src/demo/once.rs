//! `bando demo --once`: one purchase from a shilling on a phone to internet, and off again on the
//! second, every step checked.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bando_domain::{MacAddr, PaymentStatus, Phone, TicketState};
use bando_sim::mikrotik::Traffic;
use bando_store::{Payment, PaymentFilter};

use super::{Demo, browser::Browser};

/// The device that buys.
const MAC: MacAddr = MacAddr::new([0xDA, 0xA1, 0x19, 0x00, 0x00, 0x42]);

/// Its owner's phone.
const PHONE: &str = "0712000042";

/// How long a step may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// How late the device may be cut off: the router counts whole seconds.
const GRACE: Duration = Duration::from_millis(1500);

/// Buys the shortest plan and watches it end.
///
/// # Errors
/// What failed first.
pub(super) async fn purchase(demo: &Demo) -> Result<()> {
    let mut steps = Steps::new();
    let app = demo.app();
    let owner = &demo.shop.owner;
    let plan = demo
        .shop
        .plans
        .iter()
        .min_by_key(|p| p.terms.validity_seconds)
        .context("the shop has no plan")?;
    let validity = plan
        .terms
        .validity()
        .context("the shortest plan has no end")?;
    let phone = Phone::parse(PHONE, bando_domain::Country::Ke)?;
    let balances = app.balances(owner).await?;
    let books = demo.daraja.books().moved.len();

    demo.router
        .join_and_wait(MAC)
        .await
        .context("the router gave the device no address")?;
    steps.done("the device joined the Wi-Fi");

    let mut browser = Browser::new()?;
    let hotspot = demo.router.url(MAC, "");
    browser.go(&hotspot).await?;
    ensure!(
        browser.url().starts_with(&demo.base_url),
        "the hotspot led to {} instead of the portal",
        browser.url()
    );
    steps.done("the hotspot led it to the portal");

    let plan_id = plan.id.to_string();
    browser
        .submit("phone", &[("plan", &plan_id), ("phone", PHONE)])
        .await?;
    ensure!(
        browser.url().contains("/pay/"),
        "asking to pay led to {}",
        browser.url()
    );
    let page = browser.url().to_owned();
    steps.done(&format!("asked to pay {} for {}", plan.price, plan.name));

    until("the prompt on the phone", async || {
        Ok(demo
            .daraja
            .phones()
            .prompts()
            .iter()
            .any(|p| p.phone == phone.digits())
            .then_some(()))
    })
    .await?;
    demo.daraja.phones().approve(&phone, None)?;
    steps.done("the phone showed the M-Pesa prompt; PIN entered");

    let payment = until("the payment to settle", async || {
        let filter = PaymentFilter {
            phone: Some(phone.clone()),
            ..PaymentFilter::default()
        };
        let newest = app
            .payments(owner, &filter, None, 1)
            .await?
            .rows
            .into_iter()
            .next();
        Ok(newest.filter(|p| p.status == PaymentStatus::Success))
    })
    .await?;
    let receipt = payment.receipt.clone().unwrap_or_else(|| "none".into());
    steps.done(&format!(
        "M-Pesa's callback was confirmed and the payment settled, receipt {receipt}"
    ));

    check_settled_once(demo, &payment, &balances, books).await?;
    steps.done("the ledger has it once, M-Pesa's books say the same");

    browser.go(&page).await?;
    ensure!(
        browser.page().contains("data-ticket-code"),
        "the page of the payment shows no code"
    );
    browser.refresh().await?;
    demo.router
        .set_traffic(MAC, Traffic::new(200_000, 2_000_000));
    let session = until("the device to be let in", async || {
        Ok(demo.router.active().into_iter().find(|a| a.mac == MAC))
    })
    .await?;
    steps.done(&format!(
        "the router logged it in by RADIUS: {} s, {}",
        session.seconds_left.unwrap_or_default(),
        session.rate_limit.unwrap_or_else(|| "no limit".into())
    ));

    browser.go(&hotspot).await?;
    ensure!(
        !browser.url().starts_with(&demo.base_url),
        "the device is not on the internet"
    );
    steps.done("it is on the internet");

    let ticket_id = payment.ticket_id.context("the payment has no ticket")?;
    until("accounting with traffic", async || {
        let page = app.ticket(owner, ticket_id).await?;
        Ok(page
            .sessions
            .iter()
            .any(|s| s.usage.total() > 0)
            .then_some(()))
    })
    .await?;
    steps.done("accounting was stored");

    let ticket = app.ticket(owner, ticket_id).await?.ticket;
    let ends = ticket.expires_at.context("the ticket has no end")?;
    let begun = payment.finished_at.context("the payment has no end")?;
    ensure!(
        ends.since(begun) == validity,
        "the ticket ends at {ends}, not {validity:?} after {begun}"
    );
    tokio::time::sleep(
        ends.since(app.now())
            .saturating_sub(Duration::from_millis(500)),
    )
    .await;
    ensure!(
        demo.router.active().iter().any(|a| a.mac == MAC),
        "the device was cut off before its time"
    );
    while demo.router.active().iter().any(|a| a.mac == MAC) {
        let late = app.now().since(ends);
        ensure!(
            late <= GRACE,
            "the device is still online {late:?} after the end"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let late = app.now().since(ends);
    steps.done(&format!(
        "it was cut off {} ms after the end of its time",
        late.as_millis()
    ));

    let ended = until("the ticket to end", async || {
        let page = app.ticket(owner, ticket_id).await?;
        Ok((page.ticket.state == TicketState::Expired
            && page.sessions.iter().all(|s| s.stopped_at.is_some()))
        .then_some(page))
    })
    .await?;
    ensure!(ended.standing.is_err(), "the ticket still gives access");
    browser.go(&hotspot).await?;
    ensure!(
        browser.url().starts_with(&demo.base_url),
        "the device is still on the internet"
    );
    steps.done("ticket expired, session closed, back at the portal");

    match app.verify_audit().await? {
        Ok(count) => steps.done(&format!("the audit chain of {count} entries verifies")),
        Err((_, seq)) => bail!("the audit chain breaks at entry {seq}"),
    }
    println!(
        "All {} steps passed in {:.1} s.",
        steps.count,
        steps.begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// One movement in M-Pesa's books, one in the ledger, and the ledger's sum is zero.
async fn check_settled_once(
    demo: &Demo,
    payment: &Payment,
    before: &[bando_store::Balance],
    moved_before: usize,
) -> Result<()> {
    let app = demo.app();
    let moved = demo.daraja.books().moved.len() - moved_before;
    ensure!(moved == 1, "M-Pesa moved money {moved} times");
    let story = app.payment_story(&demo.shop.owner, payment.id).await?;
    ensure!(
        story.transfers.len() == 1,
        "the ledger has {} movements of this payment",
        story.transfers.len()
    );
    let after = app.balances(&demo.shop.owner).await?;
    let sum =
        |balances: &[bando_store::Balance]| balances.iter().map(|b| b.amount.minor()).sum::<i64>();
    ensure!(sum(&after) == 0, "the ledger does not sum to zero");
    let gateway = |balances: &[bando_store::Balance]| {
        balances
            .iter()
            .find(|b| b.account == "gateway:mpesa")
            .map_or(0, |b| b.amount.minor())
    };
    let grown = gateway(&after) - gateway(before);
    ensure!(
        grown == payment.amount.minor(),
        "the ledger grew by {grown}, not {}",
        payment.amount.minor()
    );
    Ok(())
}

/// Waits until `look` sees something.
async fn until<T>(what: &str, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "waited {PATIENCE:?} for {what} in vain"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Prints each step with its time.
struct Steps {
    begun: Instant,
    count: usize,
}

impl Steps {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            count: 0,
        }
    }

    fn done(&mut self, what: &str) {
        self.count += 1;
        println!("{:7.2} s  {what}", self.begun.elapsed().as_secs_f64());
    }
}
