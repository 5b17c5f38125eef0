//! The running program: database, use cases, RADIUS, web and the workers, put together and stopped
//! in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bando_aaa::{CoaClient, RadiusServer, Timers};
use bando_app::{App, Parts, Settings};
use bando_domain::{Clock, Entropy};
use bando_gateways::{Gateways, Timeouts};
use bando_store::{DatabaseUrl, Options, Store, Vault};
use bando_web::Web;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::ConfigError;

/// What the program is put together from.
pub struct Setup {
    /// The open database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The open web port.
    pub http: TcpListener,
    /// Whether a proxy of our own stands in front.
    pub behind_proxy: bool,
    /// RADIUS; none to leave it off.
    pub radius: Option<bando_aaa::Config>,
    /// Settings of the use cases.
    pub settings: Settings,
    /// How long others are waited for.
    pub patience: Patience,
}

/// How long gateways and routers are waited for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    /// For an answer of a gateway.
    pub gateway: Timeouts,
    /// For a router to take a Disconnect-Request, before it is asked again.
    pub disconnect: Timers,
}

/// The program while it runs.
pub struct Program {
    /// The use cases.
    pub app: App,
    /// The web port.
    pub http_addr: SocketAddr,
    /// RADIUS, unless it is off.
    pub radius: Option<RadiusServer>,
    workers: Vec<JoinHandle<()>>,
    web: JoinHandle<()>,
    stop_web: oneshot::Sender<()>,
}

/// How long open requests may take to end when the program stops.
const DRAIN: Duration = Duration::from_secs(20);

/// Opens the database and brings its schema up to date.
///
/// # Errors
/// What keeps it from being used, and where it is.
pub async fn open_store(url: &DatabaseUrl, vault: Vault) -> Result<Store> {
    Store::open(url, Options::default(), vault)
        .await
        .with_context(|| format!("the database {url} cannot be opened"))
}

/// The use cases over an open store, with the real gateways and routers.
///
/// # Errors
/// When the gateways' HTTP client cannot be made, or the platform's own account is not complete.
pub fn app(
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    settings: Settings,
    patience: Patience,
) -> Result<App> {
    let gateways = Gateways::all(&clock, patience.gateway)?;
    if let Some(collection) = &settings.collection
        && let Some(gateway) = gateways.get(collection.gateway)
    {
        gateway
            .check(&collection.account)
            .map_err(|bad| ConfigError::new(format!("collection.{}", bad.field), bad.why))?;
    }
    let routers = Arc::new(CoaClient::new(
        Arc::clone(&clock),
        Arc::clone(&entropy),
        patience.disconnect,
    ));
    Ok(App::new(Parts {
        store,
        clock,
        entropy,
        gateways,
        routers,
        settings,
    }))
}

impl Program {
    /// Starts everything. `pages` adds pages of its own to the web server (the demo's).
    ///
    /// # Errors
    /// Whatever cannot be opened, with what to do about it.
    pub async fn start(setup: Setup, pages: impl FnOnce(&App) -> bando_web::Pages) -> Result<Self> {
        let Setup {
            store,
            clock,
            entropy,
            http,
            behind_proxy,
            radius,
            mut settings,
            patience,
        } = setup;
        let http_addr = http.local_addr()?;
        if let Some(config) = &radius {
            settings.radius_auth_port = config.auth.port();
            settings.radius_acct_port = config.acct.port();
        }
        let app = app(store, clock, entropy, settings, patience)?;
        let radius = match radius {
            Some(config) => Some(RadiusServer::start(app.clone(), config).await?),
            None => None,
        };
        let (jobs, expiry, statements) = (app.clone(), app.clone(), app.clone());
        let answers = app.clone();
        let workers = vec![
            tokio::spawn(async move { jobs.run_jobs().await }),
            tokio::spawn(async move { expiry.run_expiry().await }),
            tokio::spawn(async move { statements.run_statements().await }),
            tokio::spawn(async move { answers.run_forgetting().await }),
        ];
        let router = bando_web::router(Web {
            app: app.clone(),
            behind_proxy,
        })
        .merge(pages(&app));
        let (stop_web, stopped) = oneshot::channel::<()>();
        let web = tokio::spawn(async move {
            let stop = async {
                let _ = stopped.await;
            };
            if let Err(error) = bando_web::serve(http, router, stop).await {
                tracing::error!(%error, "the web server stopped");
            }
        });
        Ok(Self {
            app,
            http_addr,
            radius,
            workers,
            web,
            stop_web,
        })
    }

    /// Stops in order: no new requests, those under way end, workers stop (their jobs are durable),
    /// RADIUS answers what it has taken, the database closes.
    pub async fn stop(self) {
        let _ = self.stop_web.send(());
        let abort = self.web.abort_handle();
        if tokio::time::timeout(DRAIN, self.web).await.is_err() {
            tracing::warn!("some requests did not end in time");
            abort.abort();
        }
        if let Some(radius) = self.radius {
            radius.shutdown().await;
        }
        for worker in self.workers {
            worker.abort();
            let _ = worker.await;
        }
        self.app.close().await;
    }
}
