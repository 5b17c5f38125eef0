//! A platform with shops, routers and tickets, and the service in front of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bando_aaa::{CoaClient, Config, RadiusServer, Timers};
use bando_app::{App, Caller, Parts, PlanDraft, RouterDraft, Settings, TicketPage};
use bando_domain::{
    AccountId, Clock, Country, Currency, DataLimit, Language, PlanTerms, ProviderId, Starts,
    Timestamp,
};
use bando_gateways::Gateways;
use bando_store::testing::{ManualClock, SeededEntropy, TestStore, stores};
use bando_store::{Provider, ProviderStatus, Role, Router, Store, Ticket};

use crate::nas::Nas;

/// 2026-11-20 14:35 in Nairobi.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_795_174_500_000);

/// One database with everything on it.
pub(crate) struct World {
    pub(crate) test: TestStore,
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) server: Option<RadiusServer>,
}

/// A world on each engine.
pub(crate) async fn worlds() -> Vec<World> {
    let entropy = Arc::new(SeededEntropy::new(7));
    let mut worlds = Vec::new();
    for test in stores(&*entropy).await {
        // 2026-11-20 14:35 in Nairobi.
        let clock = Arc::new(ManualClock::new(START));
        let timers = Timers {
            first: Duration::from_millis(100),
            longest: Duration::from_millis(400),
            sends: 3,
            total: Duration::from_secs(2),
        };
        let app = App::new(Parts {
            store: test.store.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            gateways: Gateways::default(),
            routers: Arc::new(CoaClient::new(clock.clone(), entropy.clone(), timers)),
            settings: Settings::new("https://wifi.example"),
        });
        let mut world = World {
            test,
            app,
            clock,
            entropy: entropy.clone(),
            server: None,
        };
        world.start(config()).await;
        worlds.push(world);
    }
    worlds
}

/// Free ports of this machine.
pub(crate) fn config() -> Config {
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Config {
        auth: free,
        acct: free,
        ..Config::default()
    }
}

impl World {
    pub(crate) async fn start(&mut self, config: Config) {
        self.server = Some(RadiusServer::start(self.app.clone(), config).await.unwrap());
    }

    pub(crate) async fn stop(&mut self) {
        self.server.take().unwrap().shutdown().await;
    }

    pub(crate) fn server(&self) -> &RadiusServer {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.test.store
    }

    /// A business in Kenya with one router.
    pub(crate) async fn shop(&self, slug: &str) -> Shop {
        let provider = self
            .app
            .create_provider(slug, slug, Country::Ke)
            .await
            .unwrap();
        self.owned(provider.id).await
    }

    /// A business with any settings and one router.
    pub(crate) async fn shop_with(&self, change: impl FnOnce(&mut Provider)) -> Shop {
        let mut provider = Provider {
            id: ProviderId::new(&*self.clock, &*self.entropy),
            slug: "elsewhere".parse().unwrap(),
            name: "Elsewhere".into(),
            status: ProviderStatus::Active,
            country: Country::Ke,
            currency: Currency::Kes,
            language: Language::En,
            time_zone: "Africa/Nairobi".into(),
            support_phone: None,
            created_at: self.clock.now(),
        };
        change(&mut provider);
        let mut tx = self.store().system().await.unwrap();
        tx.insert_provider(&provider).await.unwrap();
        tx.commit().await.unwrap();
        self.owned(provider.id).await
    }

    async fn owned(&self, provider: ProviderId) -> Shop {
        let account = bando_store::Account {
            id: AccountId::new(&*self.clock, &*self.entropy),
            username: format!("owner-{provider}"),
            password_hash: "none".into(),
            name: "Owner".into(),
            language: Language::En,
            super_admin: false,
            created_at: self.clock.now(),
            disabled_at: None,
        };
        let mut tx = self.store().system().await.unwrap();
        tx.insert_account(&account).await.unwrap();
        tx.commit().await.unwrap();
        self.app
            .add_member(provider, account.id, Role::Owner)
            .await
            .unwrap();
        let owner = Caller {
            account: account.id,
            name: account.name,
            provider,
            role: Role::Owner,
        };
        let draft = RouterDraft {
            name: "gate".into(),
            hotspot_host: "10.5.50.1".into(),
            coa_address: None,
        };
        let router = self.app.add_router(&owner, draft).await.unwrap();
        Shop {
            app: self.app.clone(),
            owner,
            router,
        }
    }

    /// The shop's router, ready to ask.
    pub(crate) async fn nas(&self, shop: &Shop) -> Nas {
        Nas::new(&shop.router, self.server()).await
    }
}

/// A provider with its router.
pub(crate) struct Shop {
    app: App,
    pub(crate) owner: Caller,
    pub(crate) router: Router,
}

/// One hour from first use, for one device.
pub(crate) const HOUR: PlanTerms = PlanTerms {
    validity_seconds: Some(3600),
    data: None,
    starts: Starts::FirstUse,
    rate: None,
    device_limit: 1,
};

/// Terms with a data limit.
pub(crate) fn data(bytes: u64) -> PlanTerms {
    PlanTerms {
        data: Some(DataLimit::from_bytes(bytes)),
        ..HOUR
    }
}

impl Shop {
    /// A new ticket with these terms.
    pub(crate) async fn ticket(&self, terms: PlanTerms) -> Ticket {
        let draft = PlanDraft {
            name: "plan".into(),
            price: "50".into(),
            terms,
            window: None,
            on_sale: true,
            position: 0,
        };
        let plan = self.app.save_plan(&self.owner, None, draft).await.unwrap();
        self.app
            .give_ticket(&self.owner, plan.id, "", "")
            .await
            .unwrap()
    }

    /// How the ticket stands in the database.
    pub(crate) async fn look(&self, ticket: &Ticket) -> TicketPage {
        self.app.ticket(&self.owner, ticket.id).await.unwrap()
    }
}
