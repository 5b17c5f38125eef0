//! `bando serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bando_aaa::Timers;
use bando_app::Settings;
use bando_domain::Entropy;
use clap::Args;

use super::{ConfigArgs, database_url, listen};
use crate::config::Config;
use crate::program::{Patience, Program, Setup, open_store};
use crate::world::{SystemClock, SystemEntropy};
use crate::{keys, log};

/// Shorter than RFC 5080's half minute: a job asks again anyway, and routers that are off must not
/// hold up the others.
const DISCONNECT: Timers = Timers {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(4),
    sends: 3,
    total: Duration::from_secs(7),
};

/// Flags of `bando serve`; each wins over the configuration.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the web server listens
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where customers, gateways and routers reach it
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

/// Serves until it is told to stop (SIGTERM, or Ctrl-C).
///
/// # Errors
/// Whatever cannot be opened, with what to do about it.
pub(super) async fn run(args: ServeArgs) -> Result<()> {
    let mut config = args.config.load()?;
    if let Some(address) = args.listen {
        config.http.listen = address;
    }
    if let Some(url) = args.public_url {
        config.http.public_url = Some(url);
    }
    log::start(&config.log)?;
    let http = listen(config.http.listen).await?;
    let setup = setup(&config, http).await?;
    let public_url = setup.settings.public_url.clone();
    let program = Program::start(setup, |_| bando_web::Pages::new()).await?;
    tracing::info!(public_url, listen = %program.http_addr, "Bando is serving");
    if program.app.providers().await?.is_empty() {
        tracing::info!(
            "there is no business yet; make one: bando provider create SLUG NAME --owner USERNAME"
        );
    }
    if let Some(warning) = program.app.collection_warning() {
        let (expires_on, days_left) = (warning.expires_on, warning.days_left);
        tracing::warn!(
            expires_on,
            days_left,
            "the initiator's password of [collection] expires: set a new one in the M-Pesa portal and here"
        );
    }
    stopped().await;
    tracing::info!("stopping: requests under way are finished, no new ones are taken");
    program.stop().await;
    Ok(())
}

async fn setup(config: &Config, http: tokio::net::TcpListener) -> Result<Setup> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let public_url = config.public_url(http.local_addr()?)?;
    let mut settings = Settings::new(public_url.clone());
    let public_host = url::Url::parse(&public_url)
        .ok()
        .and_then(|u| u.host_str().map(str::to_owned));
    settings.radius_host = config
        .radius
        .host
        .clone()
        .or(public_host)
        .unwrap_or_default();
    settings
        .default_provider
        .clone_from(&config.http.default_provider);
    settings.queries_per_minute = config.mpesa.queries_per_minute.max(1);
    if config.collection.enabled {
        settings.collection = Some(config.collection.account("mpesa")?);
    }
    let radius = &config.radius;
    let radius = radius.enabled.then(|| bando_aaa::Config {
        auth: radius.auth_listen,
        acct: radius.acct_listen,
        require_message_authenticator: radius.require_message_authenticator,
        interim_interval: Duration::from_secs(radius.interim_seconds.max(1).into()),
        idle_timeout: (radius.idle_seconds > 0)
            .then(|| Duration::from_secs(radius.idle_seconds.into())),
    });
    Ok(Setup {
        store: open_store(
            &database_url(config)?,
            keys::vault(&config.data, &*entropy)?,
        )
        .await?,
        clock: Arc::new(SystemClock),
        entropy,
        http,
        behind_proxy: config.http.behind_proxy,
        radius,
        settings,
        patience: Patience {
            disconnect: DISCONNECT,
            ..Patience::default()
        },
    })
}

/// Ends when the program is told to stop.
pub(crate) async fn stopped() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
