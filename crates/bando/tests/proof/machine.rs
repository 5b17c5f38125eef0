//! The program on its machine: always the same database, keys and ports, however often it is
//! started.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bando::program::{self, Patience, Program, Setup, open_store};
use bando::world::SystemEntropy;
use bando_app::{App, Settings};
use bando_db::testing::TestDb;
use bando_gateways::Timeouts;
use bando_store::{DatabaseUrl, MasterKey, Store, Vault};
use serde::{Deserialize, Serialize};

use super::clock::MovableClock;

/// The day after which nothing is asked any more: longer than any test.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// What the program is started with. As JSON it is handed to a process of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    database: String,
    key: String,
    pub(crate) http: SocketAddr,
    pub(crate) auth: SocketAddr,
    pub(crate) acct: SocketAddr,
    /// Queries a provider may make in a minute.
    pub(crate) queries_per_minute: u32,
    /// How soon a payment is first asked about; then every second.
    pub(crate) first_check: Duration,
    /// How often it is asked about, before it is left alone for a day.
    pub(crate) checks: u32,
    /// How long a job is held.
    pub(crate) job_lease: Duration,
    /// How long a gateway is waited for.
    pub(crate) gateway_patience: Duration,
    /// The time as it knows it; a process of its own has the system's.
    #[serde(skip)]
    pub(crate) clock: Arc<MovableClock>,
}

impl Machine {
    /// A machine with free ports and a key of its own.
    pub(crate) async fn new(db: &TestDb) -> Result<Self> {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (auth, acct) = (UdpSocket::bind(here)?, UdpSocket::bind(here)?);
        let http = tokio::net::TcpListener::bind(here).await?;
        Ok(Self {
            database: url_of(db)?,
            key: MasterKey::random(&SystemEntropy).to_base64().to_string(),
            http: http.local_addr()?,
            auth: auth.local_addr()?,
            acct: acct.local_addr()?,
            queries_per_minute: 60_000,
            first_check: Duration::from_millis(600),
            checks: 60,
            job_lease: Duration::from_secs(3),
            gateway_patience: Duration::from_secs(2),
            clock: Arc::default(),
        })
    }

    /// Another machine with the same database, keys and time.
    pub(crate) async fn beside(&self, db: &TestDb) -> Result<Self> {
        let Self {
            http, auth, acct, ..
        } = Self::new(db).await?;
        Ok(Self {
            http,
            auth,
            acct,
            ..self.clone()
        })
    }

    /// Where customers and gateways reach it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Starts it.
    pub(crate) async fn start(&self) -> Result<Program> {
        let http = tokio::net::TcpListener::bind(self.http).await?;
        let setup = Setup {
            store: self.store().await?,
            clock: Arc::clone(&self.clock) as _,
            entropy: Arc::new(SystemEntropy),
            http,
            behind_proxy: false,
            radius: Some(bando_aaa::Config {
                auth: self.auth,
                acct: self.acct,
                require_message_authenticator: false,
                interim_interval: Duration::from_secs(1),
                idle_timeout: None,
            }),
            settings: self.settings(),
            patience: self.patience(),
        };
        Program::start(setup, |_| bando_web::Pages::new()).await
    }

    /// The use cases on its database, as a second node has them. Only with PostgreSQL while it runs.
    pub(crate) async fn second_node(&self) -> Result<App> {
        let entropy = Arc::new(SystemEntropy);
        program::app(
            self.store().await?,
            Arc::clone(&self.clock) as _,
            entropy,
            self.settings(),
            self.patience(),
        )
    }

    /// Its database, to look at with its keys. Only with PostgreSQL while it runs.
    pub(crate) async fn store(&self) -> Result<Store> {
        let vault = Vault::new(&MasterKey::parse(&self.key)?, &[]);
        open_store(&DatabaseUrl::parse(&self.database)?, vault).await
    }

    /// Nobody is waited for as long as in the wild.
    fn patience(&self) -> Patience {
        Patience {
            gateway: Timeouts {
                connect: Duration::from_secs(1),
                total: self.gateway_patience,
            },
            disconnect: bando_aaa::Timers {
                first: Duration::from_millis(200),
                longest: Duration::from_millis(400),
                sends: 3,
                total: Duration::from_secs(1),
            },
        }
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.url());
        settings.custom_gateways = true;
        settings.queries_per_minute = self.queries_per_minute;
        settings.job_lease = self.job_lease;
        settings.check_schedule = (0..self.checks)
            .map(|second| self.first_check + Duration::from_secs(second.into()))
            .chain([NEVER])
            .collect();
        settings
    }
}

/// The URL of a test's database, whole: as text it hides its password.
pub(super) fn url_of(db: &TestDb) -> Result<String> {
    let shown = db.url.to_string();
    if !shown.starts_with("postgres:") {
        return Ok(shown);
    }
    let server = bando_testkit::postgres().context("no PostgreSQL")?;
    let mut url = url::Url::parse(&server)?;
    let name = shown
        .rsplit('/')
        .next()
        .context("a database without a name")?;
    url.set_path(name);
    Ok(url.into())
}
