//! `bando demo`: the whole product with simulators in place of M-Pesa, a MikroTik and a phone.

pub mod browser;
mod history;
mod once;
mod pages;
mod shop;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bando_app::{App, Settings};
use bando_domain::{Clock, Entropy};
use bando_sim::daraja::{self, DarajaSim};
use bando_sim::mikrotik::{MikrotikConfig, MikrotikSim};
use bando_store::DatabaseUrl;
use clap::Args;
use serde_json::json;

use crate::commands::listen;
use crate::commands::serve::stopped;
use crate::config::{Data, Log};
use crate::program::{Patience, Program, Setup, open_store};
use crate::world::{SystemClock, SystemEntropy};
use crate::{keys, log};
use shop::Shop;

/// Flags of `bando demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Make one purchase without a browser, check every step, and end
    #[arg(long)]
    once: bool,
    /// Web port; 0 for any free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// RADIUS authentication port; 0 for any free one
    #[arg(long, default_value_t = 1812)]
    radius_auth_port: u16,
    /// RADIUS accounting port; 0 for any free one
    #[arg(long, default_value_t = 1813)]
    radius_acct_port: u16,
    /// Keep the data in this directory instead of throwing them away
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// postgres://… instead of SQLite; an empty database
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Write addresses, logins and ids to this file as JSON, for other programs to drive the demo
    #[arg(long, value_name = "FILE")]
    info: Option<PathBuf>,
    /// Log what the server does: error, warn, info, debug
    #[arg(long, default_value = "warn")]
    log: String,
}

/// The running demo.
pub struct Demo {
    /// The program, as `bando serve` runs it.
    pub program: Program,
    /// Where it is reached.
    pub base_url: String,
    /// What was set up in it.
    pub shop: Shop,
    /// M-Pesa and the phones.
    pub daraja: Arc<DarajaSim>,
    /// The router.
    pub router: Arc<MikrotikSim>,
    /// Removed when the demo ends.
    _scratch: Option<tempfile::TempDir>,
}

/// How soon the demo's router reports on a session: sooner than a real one is asked to, so that
/// there is something to see.
const INTERIM: Duration = Duration::from_secs(5);

/// Runs the demo until it is told to stop, or one purchase with `--once`.
///
/// # Errors
/// Whatever cannot be opened; with `--once` also what failed.
pub async fn run(args: DemoArgs) -> Result<()> {
    log::start(&Log {
        filter: args.log.clone(),
        ..Log::default()
    })?;
    let demo = Demo::start(&args).await?;
    if let Some(file) = &args.info {
        let text = serde_json::to_string_pretty(&demo.info())?;
        std::fs::write(file, text)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if args.once {
        let outcome = once::purchase(&demo).await;
        demo.stop().await;
        return outcome;
    }
    demo.greet();
    stopped().await;
    println!("Stopping.");
    demo.stop().await;
    Ok(())
}

impl Demo {
    /// Starts simulators, database and program, and sets the shop up unless it is there already.
    ///
    /// # Errors
    /// Whatever cannot be opened.
    pub async fn start(args: &DemoArgs) -> Result<Self> {
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
            (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let scratch = match args.data {
            Some(_) => None,
            None => Some(
                tempfile::tempdir().context("no temporary directory; choose one with --data")?,
            ),
        };
        let directory = match (&args.data, &scratch) {
            (Some(directory), _) => directory.clone(),
            (None, Some(scratch)) => scratch.path().to_owned(),
            (None, None) => PathBuf::from("."),
        };
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("{} cannot be made", directory.display()))?;
        let database = match &args.database_url {
            Some(url) => DatabaseUrl::parse(url)?,
            None => DatabaseUrl::parse(&format!(
                "sqlite:{}",
                directory.join("bando.sqlite").display()
            ))?,
        };
        let data = Data {
            directory,
            ..Data::default()
        };
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        let http = listen(SocketAddr::new(here, args.port)).await?;
        let base_url = format!("http://{}", http.local_addr()?);

        let free = SocketAddr::new(here, 0);
        let daraja = DarajaSim::start(free, Arc::clone(&clock), Arc::clone(&entropy)).await?;
        daraja.register_app(daraja::App::paybill(shop::SHORTCODE, shop::MERCHANT));
        let daraja = Arc::new(daraja);

        let mut settings = Settings::new(base_url.clone());
        settings.radius_host = here.to_string();
        settings.custom_gateways = true;
        settings.queries_per_minute = 600;
        settings.default_provider = Some(shop::SLUG.to_owned());
        let store = open_store(&database, keys::vault(&data, &*entropy)?).await?;
        let shop = Shop::open_or_make(&store, daraja.base_url()).await?;
        let setup = Setup {
            store,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            http,
            behind_proxy: false,
            radius: Some(bando_aaa::Config {
                auth: SocketAddr::new(here, udp_port(args.radius_auth_port)?),
                acct: SocketAddr::new(here, udp_port(args.radius_acct_port)?),
                require_message_authenticator: false,
                interim_interval: INTERIM,
                idle_timeout: None,
            }),
            settings,
            patience: Patience {
                disconnect: bando_aaa::Timers {
                    first: Duration::from_millis(500),
                    ..bando_aaa::Timers::default()
                },
                ..Patience::default()
            },
        };
        let pages = pages::DemoPages::default();
        let program = Program::start(setup, |_| pages.routes()).await?;
        let router = start_router(&program, &shop, &base_url, clock, entropy).await?;
        let coa = router.incoming_addr()?;
        shop.connect_router(&program.app, &here.to_string(), &coa.to_string())
            .await?;
        pages.open(
            &program.app,
            &shop,
            Arc::clone(&daraja),
            Arc::clone(&router),
        );
        Ok(Self {
            program,
            base_url,
            shop,
            daraja,
            router,
            _scratch: scratch,
        })
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.program.stop().await;
        if let Ok(router) = Arc::try_unwrap(self.router) {
            router.shutdown().await;
        }
        if let Ok(daraja) = Arc::try_unwrap(self.daraja) {
            daraja.shutdown().await;
        }
    }

    /// The use cases.
    pub fn app(&self) -> &App {
        &self.program.app
    }

    /// What other programs need to drive the demo (DESIGN §6).
    pub fn info(&self) -> serde_json::Value {
        let port = |addr: Option<SocketAddr>| addr.map(|a| a.port());
        let radius = self.program.radius.as_ref();
        let plans: Vec<_> = self
            .shop
            .plans
            .iter()
            .map(|plan| {
                json!({
                    "id": plan.id, "name": plan.name, "price_minor": plan.price.minor(),
                    "currency": plan.price.currency().code(), "validity_seconds": plan.terms.validity_seconds,
                })
            })
            .collect();
        let daraja = self.daraja.base_url();
        let login = |username: &str| json!({ "username": username, "password": shop::PASSWORD });
        json!({
            "base_url": self.base_url,
            "provider": shop::SLUG,
            "owner": login(shop::OWNER),
            "super_admin": login(shop::SUPER_ADMIN),
            "router": {
                "identity": self.shop.identity, "secret": self.shop.secret.expose(),
                "auth_port": port(radius.map(|r| r.auth_addr)), "acct_port": port(radius.map(|r| r.acct_addr)),
                "coa_port": self.router.incoming_addr().ok().map(|a| a.port()),
                "hotspot_url": format!("http://{}", self.router.http_addr()),
            },
            "plans": plans,
            "phone": {
                "prompts_url": format!("{daraja}/sim/phone/prompts"),
                "approve_url": format!("{daraja}/sim/phone/approve"),
                "cancel_url": format!("{daraja}/sim/phone/cancel"),
            },
            "daraja": { "base_url": daraja, "script_url": format!("{daraja}/sim/script") },
        })
    }

    fn greet(&self) {
        let base = &self.base_url;
        println!("Bando is running with simulators in place of M-Pesa, a MikroTik and a phone.\n");
        println!("  See it all in a minute   {base}/demo");
        println!("  Customers' portal        {base}/p/{}", shop::SLUG);
        println!(
            "  Provider's console       {base}/console   {} / {}",
            shop::OWNER,
            shop::PASSWORD
        );
        println!("  API                      {base}/api/docs");
        println!("\nCtrl-C stops it.");
    }
}

/// The port, or a free one in place of 0: the router script names it before RADIUS listens.
fn udp_port(wanted: u16) -> Result<u16> {
    if wanted != 0 {
        return Ok(wanted);
    }
    let free = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no free UDP port")?;
    Ok(free.local_addr()?.port())
}

/// A MikroTik as the router script would set it up, pointed at the program.
async fn start_router(
    program: &Program,
    shop: &Shop,
    base_url: &str,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Arc<MikrotikSim>> {
    let radius = program.radius.as_ref().context("the demo needs RADIUS")?;
    let portal = url::Url::parse(&format!("{base_url}/p/{}", shop::SLUG))?;
    let servers = (radius.auth_addr, radius.acct_addr);
    let config = MikrotikConfig::new(
        &shop.identity,
        shop.secret.expose(),
        servers,
        portal,
        clock,
        entropy,
    );
    Ok(Arc::new(MikrotikSim::start(config).await?))
}
