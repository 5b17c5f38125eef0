//! A town: one installation of the program, its businesses with their routers, and the payment
//! companies.

use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bando::program::Program;
use bando::world::SystemEntropy;
use bando_app::{App, Caller, GatewayAccount, Plan, PlanDraft, Role, RouterDraft};
use bando_db::testing::TestDb;
use bando_domain::{Clock as _, Country, DataLimit, Language, PlanTerms, RouterId, Secret, Starts};
use bando_sim::daraja::{self, CERTIFICATE, DarajaSim};
use bando_sim::mikrotik::{Faults, MikrotikConfig, MikrotikSim, RadiusClient};
use bando_sim::pesapal::{Merchant, PesapalSim};
use bando_sim::wave::{Wallet, WaveSim};

use super::books::Books;
use super::checker::{self, Allowed, World};
use super::clock::MovableClock;
use super::machine::Machine;

/// Bytes of the plan that data ends.
pub(crate) const DATA: u64 = 200_000;

/// The seconds of the plan that time ends while one watches.
pub(crate) const BLINK_SECONDS: u32 = 2;

/// One installation and everything around it.
pub(crate) struct Town {
    pub(crate) db: TestDb,
    pub(crate) machine: Machine,
    pub(crate) daraja: Arc<DarajaSim>,
    pub(crate) wave: Arc<WaveSim>,
    pub(crate) pesapal: Arc<PesapalSim>,
    /// The time in the town; the machine has a clock of its own.
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) shops: Vec<Shop>,
    program: Option<Program>,
}

/// What a business is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Founding<'a> {
    pub(crate) slug: &'a str,
    pub(crate) country: Country,
    /// The companies it has an account with, with all that there is to switch on.
    pub(crate) gateways: &'a [&'static str],
}

/// A business.
pub(crate) struct Shop {
    pub(crate) slug: String,
    pub(crate) owner: Caller,
    pub(crate) plans: Plans,
    pub(crate) router_id: RouterId,
    pub(crate) router: Arc<MikrotikSim>,
    pub(crate) router_secret: Secret,
    /// The paybill.
    pub(crate) shortcode: String,
    /// Its accounts with the companies, by what they are called in the companies' books.
    pub(crate) accounts: HashMap<&'static str, String>,
}

/// What a business sells.
pub(crate) struct Plans {
    /// An hour from the purchase, one device.
    pub(crate) hour: Plan,
    /// [`BLINK_SECONDS`] from the purchase, one device.
    pub(crate) blink: Plan,
    /// [`DATA`] bytes.
    pub(crate) data: Plan,
    /// An hour from the first use, one device: for vouchers.
    pub(crate) voucher: Plan,
}

impl Town {
    /// A town with one business on each database at hand.
    pub(crate) async fn on_each_database() -> Result<Vec<Self>> {
        let mut towns = Vec::new();
        for db in bando_db::testing::databases().await {
            towns.push(Self::found(db, &["mlima"], |_| {}).await?);
        }
        Ok(towns)
    }

    /// A town with these businesses, which have M-Pesa; `change` has the last word on the machine.
    pub(crate) async fn found(
        db: TestDb,
        slugs: &[&str],
        change: impl FnOnce(&mut Machine),
    ) -> Result<Self> {
        let businesses: Vec<_> = slugs
            .iter()
            .map(|slug| Founding {
                slug,
                country: Country::Ke,
                gateways: &["mpesa"],
            })
            .collect();
        Self::with(db, &businesses, change).await
    }

    /// A town with any businesses.
    pub(crate) async fn with(
        db: TestDb,
        businesses: &[Founding<'_>],
        change: impl FnOnce(&mut Machine),
    ) -> Result<Self> {
        bando_store::testing::check_money_at_the_end();
        // The program opens it itself, and on SQLite it must be the only one.
        db.db.close().await;
        let mut machine = Machine::new(&db).await?;
        change(&mut machine);
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let clock = Arc::<MovableClock>::default();
        let time = || Arc::clone(&clock) as _;
        let daraja = DarajaSim::start(free, time(), Arc::new(SystemEntropy)).await?;
        let wave = WaveSim::start(free, time(), Arc::new(SystemEntropy)).await?;
        let pesapal = PesapalSim::start(free, time(), Arc::new(SystemEntropy)).await?;
        let program = machine.start().await?;
        let mut town = Self {
            db,
            machine,
            daraja: Arc::new(daraja),
            wave: Arc::new(wave),
            pesapal: Arc::new(pesapal),
            clock,
            shops: Vec::new(),
            program: Some(program),
        };
        for (number, business) in businesses.iter().enumerate() {
            let shop = town.open_shop(*business, number).await?;
            town.shops.push(shop);
        }
        Ok(town)
    }

    /// The first business.
    pub(crate) fn shop(&self) -> &Shop {
        &self.shops[0]
    }

    /// The use cases of the running program.
    pub(crate) fn app(&self) -> Result<&App> {
        Ok(&self.program.as_ref().context("the program is stopped")?.app)
    }

    /// Stops the program.
    pub(crate) async fn stop(&mut self) {
        if let Some(program) = self.program.take() {
            program.stop().await;
        }
    }

    /// Starts it again.
    pub(crate) async fn start(&mut self) -> Result<()> {
        self.program = Some(self.machine.start().await?);
        Ok(())
    }

    /// What is wrong, once the program had time to finish its work; and whether the audit chain
    /// verifies. `unknowable` are the phones whose payments nobody can know the end of.
    pub(crate) async fn judge(
        &self,
        patience: Duration,
        unknowable: &HashSet<String>,
    ) -> Result<Vec<String>> {
        self.judge_allowing(patience, &unknowable.clone().into())
            .await
    }

    /// [`judge`](Self::judge), where more may be otherwise than it should.
    pub(crate) async fn judge_allowing(
        &self,
        patience: Duration,
        allowed: &Allowed,
    ) -> Result<Vec<String>> {
        let look = || self.world_allowing(allowed.clone());
        let mut wrong = checker::settle_down(&self.db, patience, look).await?;
        if let Some(program) = &self.program
            && let Err((provider, entry)) = program.app.verify_audit().await?
        {
            wrong.push(format!(
                "the audit chain of {} breaks at {entry}",
                provider.slug
            ));
        }
        Ok(wrong)
    }

    /// [`judge`](Self::judge), where nothing may be wrong.
    pub(crate) async fn must_agree(&self) -> Result<()> {
        let wrong = self.judge(Duration::from_secs(15), &HashSet::new()).await?;
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }

    /// What the routers and the companies say now.
    pub(crate) fn world(&self, unknowable: HashSet<String>) -> World {
        self.world_allowing(unknowable.into())
    }

    /// What the companies did so far.
    pub(crate) fn books(&self) -> Books {
        Books::of(
            &self.daraja.books(),
            &self.wave.books(),
            &self.pesapal.books(),
        )
    }

    fn world_allowing(&self, allowed: Allowed) -> World {
        let mut owners = HashMap::new();
        for shop in &self.shops {
            let provider = shop.owner.provider.uuid().simple().to_string();
            for (gateway, account) in &shop.accounts {
                owners.insert((*gateway, account.clone()), provider.clone());
            }
        }
        let active = self.shops.iter().flat_map(|shop| shop.router.active());
        let mut books = self.books();
        books.moved.extend(allowed.sworn.iter().cloned());
        World {
            active: active.collect(),
            books,
            owners,
            now: self.machine.clock.now(),
            allowed,
        }
    }

    async fn open_shop(&self, business: Founding<'_>, number: usize) -> Result<Shop> {
        let Founding {
            slug,
            country,
            gateways,
        } = business;
        let app = self.app()?;
        let provider = app.create_provider(slug, slug, country).await?;
        let password = Secret::new("a password that nobody uses");
        let name = format!("owner-{slug}");
        let account = app
            .create_account(&name, &password, "Owner", Language::En, false)
            .await?;
        app.add_member(provider.id, account, Role::Owner).await?;
        let owner = Caller {
            account,
            name,
            provider: provider.id,
            role: Role::Owner,
        };
        let shortcode = format!("6005{number:02}");
        let is_all = gateways.len() > 1;
        let mut accounts = HashMap::new();
        for gateway in gateways {
            let account = match *gateway {
                "mpesa" => self.connect_mpesa(&owner, &shortcode, slug, is_all).await?,
                "wave" => self.connect_wave(&owner, slug).await?,
                "pesapal" => self.connect_pesapal(&owner, slug).await?,
                other => anyhow::bail!("no company is called {other}"),
            };
            accounts.insert(*gateway, account);
        }
        let draft = RouterDraft {
            name: "gate".into(),
            hotspot_host: "127.0.0.1".into(),
            coa_address: None,
        };
        let row = app.add_router(&owner, draft.clone()).await?;
        let router = self.switch_on(slug, &row.identity, &row.secret).await?;
        let draft = RouterDraft {
            coa_address: Some(router.incoming_addr()?.to_string()),
            ..draft
        };
        app.change_router(&owner, row.id, draft).await?;
        Ok(Shop {
            slug: slug.to_owned(),
            plans: plans(app, &owner).await?,
            owner,
            router_id: row.id,
            router: Arc::new(router),
            router_secret: row.secret,
            shortcode,
            accounts,
        })
    }

    /// Connects a paybill; `is_all`: with payments by hand, statements, and an initiator who asks and sends back.
    async fn connect_mpesa(
        &self,
        owner: &Caller,
        shortcode: &str,
        name: &str,
        is_all: bool,
    ) -> Result<String> {
        let app = daraja::App::paybill(shortcode, name);
        self.daraja.register_app(app.clone());
        let mut account = account(
            &[
                ("environment", self.daraja.base_url()),
                ("shortcode", shortcode),
            ],
            &[
                ("consumer_key", &app.consumer_key),
                ("consumer_secret", &app.consumer_secret),
                ("passkey", &app.passkey),
            ],
        );
        if is_all {
            let more = [
                ("c2b", "true"),
                ("initiator", &app.initiator),
                ("certificate", CERTIFICATE),
                ("pull", "true"),
                ("nominated_number", "0711999999"),
            ];
            for (setting, value) in more {
                account.settings.insert(setting.into(), value.into());
            }
            let password = Secret::new(app.initiator_password);
            account
                .secrets
                .insert("initiator_password".into(), password);
        }
        self.save(owner, "mpesa", account, is_all).await?;
        Ok(shortcode.to_owned())
    }

    async fn connect_wave(&self, owner: &Caller, slug: &str) -> Result<String> {
        let state = self.app()?.gateway_account(owner, "wave").await?;
        let secret = wave_secret(slug);
        let wallet = Wallet::ivorian(slug, slug).signing(&state.message_url, &secret);
        self.wave.register(wallet.clone());
        let account = account(
            &[
                ("environment", self.wave.base_url()),
                ("restrict_payer", "true"),
            ],
            &[("api_key", &wallet.api_key), ("webhook_secret", &secret)],
        );
        self.save(owner, "wave", account, true).await?;
        Ok(wallet.merchant_id)
    }

    async fn connect_pesapal(&self, owner: &Caller, slug: &str) -> Result<String> {
        let merchant = Merchant::named(slug);
        self.pesapal.register_merchant(merchant.clone());
        let account = account(
            &[("environment", self.pesapal.base_url())],
            &[
                ("consumer_key", &merchant.consumer_key),
                ("consumer_secret", &merchant.consumer_secret),
            ],
        );
        self.save(owner, "pesapal", account, true).await?;
        Ok(merchant.consumer_key)
    }

    /// Saves an account, and with `tell` tells the company where to send its messages.
    async fn save(
        &self,
        owner: &Caller,
        gateway: &str,
        account: GatewayAccount,
        tell: bool,
    ) -> Result<()> {
        let app = self.app()?;
        app.save_gateway(owner, gateway, account, true).await?;
        if tell {
            let report = app.test_gateway(owner, gateway).await?;
            ensure!(report.passed(), "{gateway}: {report:?}");
        }
        Ok(())
    }

    async fn switch_on(&self, slug: &str, identity: &str, secret: &Secret) -> Result<MikrotikSim> {
        let portal = url::Url::parse(&format!("{}/p/{slug}", self.machine.url()))?;
        let mut config = MikrotikConfig::new(
            identity,
            secret.expose(),
            (self.machine.auth, self.machine.acct),
            portal,
            Arc::clone(&self.clock) as _,
            Arc::new(SystemEntropy),
        );
        config.profile.pool.1 = 100_000;
        config.client = RadiusClient {
            timeout: Duration::from_millis(300),
            ..RadiusClient::default()
        };
        config.faults = Faults::default();
        Ok(MikrotikSim::start(config).await?)
    }
}

/// The secret of a business's webhook at Wave.
pub(crate) fn wave_secret(slug: &str) -> String {
    format!("wave_ci_WHS_{slug}")
}

fn account(settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> GatewayAccount {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    GatewayAccount {
        settings: settings.iter().map(own).collect(),
        secrets: secrets
            .iter()
            .map(own)
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
    }
}

async fn plans(app: &App, owner: &Caller) -> Result<Plans> {
    let terms = |seconds, data, starts| PlanTerms {
        validity_seconds: seconds,
        data,
        starts,
        rate: None,
        device_limit: 1,
    };
    let data = Some(DataLimit::from_bytes(DATA));
    let save = async |name: &str, price: &str, terms| {
        let draft = PlanDraft {
            name: name.to_owned(),
            price: price.to_owned(),
            terms,
            window: None,
            on_sale: true,
            position: 0,
        };
        app.save_plan(owner, None, draft).await
    };
    Ok(Plans {
        hour: save("1 hour", "20", terms(Some(3600), None, Starts::Purchase)).await?,
        blink: save(
            "a blink",
            "5",
            terms(Some(BLINK_SECONDS), None, Starts::Purchase),
        )
        .await?,
        data: save("some data", "10", terms(Some(3600), data, Starts::Purchase)).await?,
        voucher: save("voucher", "15", terms(Some(3600), None, Starts::FirstUse)).await?,
    })
}
