//! A customer: a phone with M-Pesa and a browser without scripts, on the Wi-Fi of a business.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bando::demo::browser::Browser;
use bando_app::Plan;
use bando_domain::{Country, MacAddr, Phone};
use bando_sim::daraja::{DarajaSim, Scenario};
use bando_sim::mikrotik::MikrotikSim;

use super::town::{Shop, Town};

/// How long a customer waits for a page to say what it should.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many pages may lead on to the next before the device is online.
const MAX_PAGES: usize = 4;

/// Somebody with a phone.
pub(crate) struct Customer {
    pub(crate) mac: MacAddr,
    pub(crate) phone: Phone,
    pub(crate) browser: Browser,
    router: Arc<MikrotikSim>,
    daraja: Arc<DarajaSim>,
}

impl Customer {
    /// Customer number `number`, with a device and a phone number of their own, at the first business.
    pub(crate) fn new(town: &Town, number: u32) -> Result<Self> {
        Self::at(town, town.shop(), number)
    }

    /// The same at any business.
    pub(crate) fn at(town: &Town, shop: &Shop, number: u32) -> Result<Self> {
        let [_, a, b, c] = number.to_be_bytes();
        Ok(Self {
            mac: MacAddr::new([0x02, 0x5e, 0x10, a, b, c]),
            phone: Phone::parse(&format!("0711{number:06}"), Country::Ke)?,
            browser: Browser::new()?,
            router: Arc::clone(&shop.router),
            daraja: Arc::clone(&town.daraja),
        })
    }

    /// Decides what happens to this phone's payments.
    pub(crate) fn script(&self, scenario: Scenario) {
        self.daraja.script(&self.phone, scenario);
    }

    /// Joins the Wi-Fi and opens a page: the hotspot leads to the portal, or lets through who is
    /// known.
    pub(crate) async fn arrive(&mut self) -> Result<()> {
        self.router
            .join_and_wait(self.mac)
            .await
            .context("the hotspot has no address left")?;
        let anywhere = self.router.url(self.mac, "news");
        self.browser.go(&anywhere).await
    }

    /// Buys a plan on the portal's first page. Returns when the page of the payment is open.
    pub(crate) async fn buy(&mut self, plan: &Plan) -> Result<()> {
        let (plan, phone) = (
            plan.id.to_string(),
            format!("0{}", &self.phone.digits()[3..]),
        );
        self.browser
            .submit("phone", &[("plan", &plan), ("phone", &phone)])
            .await?;
        let at = self.browser.url();
        ensure!(at.contains("/pay/"), "asking to pay led to {at}");
        Ok(())
    }

    /// Loads the page again until it shows a ticket's code.
    pub(crate) async fn wait_for_code(&mut self) -> Result<String> {
        let begun = Instant::now();
        loop {
            if let Some(code) = self.code() {
                return Ok(code);
            }
            if begun.elapsed() > PATIENCE {
                bail!("{} shows no code after {PATIENCE:?}", self.browser.url());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.reload().await?;
        }
    }

    /// Loads the page again.
    pub(crate) async fn reload(&mut self) -> Result<()> {
        let url = self.browser.url().to_owned();
        self.browser.go(&url).await
    }

    /// The ticket's code on the page.
    pub(crate) fn code(&self) -> Option<String> {
        let (_, rest) = self.browser.page().split_once("data-ticket-code=\"")?;
        let code = rest.split('"').next()?;
        (!code.is_empty()).then(|| code.to_owned())
    }

    /// Goes online from a page that offers it.
    pub(crate) async fn connect(&mut self) -> Result<()> {
        for _ in 0..MAX_PAGES {
            if self.is_online() || !self.browser.follow().await? {
                break;
            }
        }
        ensure!(self.is_online(), "connecting led to {}", self.browser.url());
        Ok(())
    }

    /// Enters the PIN.
    pub(crate) fn pay(&self) -> Result<()> {
        self.daraja.phones().approve(&self.phone, None)?;
        Ok(())
    }

    /// Makes sure that the prompt is still on the screen.
    pub(crate) fn may_pay(&self) -> Result<()> {
        let prompts = self.daraja.phones().prompts();
        let waits = prompts
            .iter()
            .any(|prompt| prompt.phone == self.phone.digits());
        ensure!(waits, "the prompt is gone from {}", self.phone.masked());
        Ok(())
    }

    /// Follows the first link of the page whose address holds this.
    pub(crate) async fn open(&mut self, part: &str) -> Result<()> {
        let links = self.browser.page().split("href=\"").skip(1);
        let mut addresses = links.filter_map(|rest| rest.split('"').next());
        let found = addresses.find(|address| address.contains(part));
        let address = found.with_context(|| format!("no link to {part}"))?;
        let address = address.replace("&#38;", "&").replace("&amp;", "&");
        let target = url::Url::parse(self.browser.url())?.join(&address)?;
        self.browser.go(target.as_str()).await
    }

    /// Types a code on the portal's page for vouchers.
    pub(crate) async fn redeem(&mut self, code: &str) -> Result<()> {
        self.open("/voucher").await?;
        self.browser.submit("code", &[("code", code)]).await
    }

    /// Whether money has left this phone.
    pub(crate) fn has_paid(&self) -> bool {
        let books = self.daraja.books();
        books
            .moved
            .iter()
            .any(|moved| moved.from == self.phone.digits())
    }

    /// Whether the router lets the device through.
    pub(crate) fn is_online(&self) -> bool {
        self.router
            .active()
            .iter()
            .any(|online| online.mac == self.mac)
    }

    /// Waits until the device is off.
    pub(crate) async fn wait_until_off(&self, patience: Duration) -> Result<()> {
        let begun = Instant::now();
        while self.is_online() {
            ensure!(begun.elapsed() < patience, "{} is still online", self.mac);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}
