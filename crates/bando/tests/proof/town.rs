//! A town: one installation of the program, its businesses with their routers, and M-Pesa.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bando::program::Program;
use bando::world::{SystemClock, SystemEntropy};
use bando_app::{App, Caller, MpesaSecrets, MpesaSettings, Plan, PlanDraft, Role, RouterDraft};
use bando_db::testing::TestDb;
use bando_domain::{Country, DataLimit, Language, PlanTerms, RouterId, Secret, Starts};
use bando_sim::daraja::{self, DarajaSim};
use bando_sim::mikrotik::{Faults, MikrotikConfig, MikrotikSim, RadiusClient};

use super::checker::{self, World};
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
    pub(crate) shops: Vec<Shop>,
    program: Option<Program>,
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

    /// A town with these businesses; `change` has the last word on the machine.
    pub(crate) async fn found(
        db: TestDb,
        slugs: &[&str],
        change: impl FnOnce(&mut Machine),
    ) -> Result<Self> {
        // The program opens it itself, and on SQLite it must be the only one.
        db.db.close().await;
        let mut machine = Machine::new(&db).await?;
        change(&mut machine);
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let daraja = DarajaSim::start(free, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
        let program = machine.start().await?;
        let mut town = Self {
            db,
            machine,
            daraja: Arc::new(daraja),
            shops: Vec::new(),
            program: Some(program),
        };
        for (number, slug) in slugs.iter().enumerate() {
            let shop = town.open_shop(slug, number).await?;
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
        let look = || self.world(unknowable.clone());
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

    /// What the routers and the gateway say now.
    pub(crate) fn world(&self, unknowable: HashSet<String>) -> World {
        let active = self.shops.iter().flat_map(|shop| shop.router.active());
        checker::world(
            self.daraja.books(),
            active.collect(),
            &SystemClock,
            unknowable,
        )
    }

    async fn open_shop(&self, slug: &str, number: usize) -> Result<Shop> {
        let app = self.app()?;
        let provider = app.create_provider(slug, slug, Country::Ke).await?;
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
        self.connect_mpesa(&owner, &shortcode, slug).await?;
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
        })
    }

    async fn connect_mpesa(&self, owner: &Caller, shortcode: &str, name: &str) -> Result<()> {
        let account = daraja::App::paybill(shortcode, name);
        self.daraja.register_app(account.clone());
        let settings = MpesaSettings {
            environment: self.daraja.base_url().to_owned(),
            shortcode: shortcode.to_owned(),
            till: None,
        };
        let secrets = MpesaSecrets {
            consumer_key: Secret::new(account.consumer_key),
            consumer_secret: Secret::new(account.consumer_secret),
            passkey: Secret::new(account.passkey),
        };
        self.app()?
            .save_mpesa(owner, settings, secrets, true)
            .await?;
        Ok(())
    }

    async fn switch_on(&self, slug: &str, identity: &str, secret: &Secret) -> Result<MikrotikSim> {
        let portal = url::Url::parse(&format!("{}/p/{slug}", self.machine.url()))?;
        let mut config = MikrotikConfig::new(
            identity,
            secret.expose(),
            (self.machine.auth, self.machine.acct),
            portal,
            Arc::new(SystemClock),
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
