//! The commands.

mod admin;
pub(crate) mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bando_app::{App, Settings};
use bando_domain::{Clock, Entropy, Secret};
use bando_store::DatabaseUrl;
use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError};
use crate::demo::{self, DemoArgs};
use crate::world::{SystemClock, SystemEntropy};
use crate::{keys, log, program};

/// Sells, meters and enforces internet access on MikroTik networks, for many providers at once.
#[derive(Debug, Parser)]
#[command(name = "bando", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything with simulators: a shop with a week of history, a phone, a router, M-Pesa
    Demo(DemoArgs),
    /// Serve customers, providers and routers
    Serve(serve::ServeArgs),
    /// Bring the database to this program's version
    Migrate(ConfigArgs),
    /// Print the OpenAPI document of the API
    Openapi,
    /// Make and mend accounts of people
    Admin(admin::AdminArgs),
    /// Make and list businesses
    Provider(admin::ProviderArgs),
    /// Check the audit log
    Audit(admin::AuditArgs),
}

/// Where the configuration comes from.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = "bando.toml")]
    config: PathBuf,
    /// Directory of the SQLite file and the key file
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// postgres://… instead of SQLite
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// What went wrong and what to do about it.
    pub async fn run(self) -> Result<()> {
        match self.command {
            Command::Demo(args) => demo::run(args).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Migrate(args) => {
                let app = args.open().await?;
                println!("the database is up to date");
                app.close().await;
                Ok(())
            }
            Command::Openapi => {
                println!("{}", bando_web::openapi().to_pretty_json()?);
                Ok(())
            }
            Command::Admin(args) => admin::admin(args).await,
            Command::Provider(args) => admin::provider(args).await,
            Command::Audit(args) => admin::audit(args).await,
        }
    }
}

impl ConfigArgs {
    /// Reads the configuration and puts the flags on top.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(&self) -> Result<Config, ConfigError> {
        let named = self.config.as_os_str() != "bando.toml";
        let mut config = Config::load(&self.config, named, std::env::vars())?;
        if let Some(directory) = &self.data {
            config.data.directory.clone_from(directory);
        }
        if let Some(url) = &self.database_url {
            config.data.database_url = Some(Secret::new(url));
        }
        Ok(config)
    }

    /// The use cases for a command that does one thing and ends.
    async fn open(&self) -> Result<App> {
        let config = self.load()?;
        log::start(&config.log)?;
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
            (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let url = database_url(&config)?;
        let vault = keys::vault(&config.data, &*entropy)?;
        let store = program::open_store(&url, vault).await?;
        let settings = Settings::new(config.public_url(config.http.listen)?);
        program::app(
            store,
            clock,
            entropy,
            settings,
            program::Patience::default(),
        )
    }
}

/// The database of a configuration; makes the directory of a SQLite file.
fn database_url(config: &Config) -> Result<DatabaseUrl> {
    let directory = &config.data.directory;
    std::fs::create_dir_all(directory).map_err(|e| {
        ConfigError::new(
            format_args!("data.directory {}", directory.display()),
            format_args!("cannot be made: {e}; choose another with --data"),
        )
    })?;
    let text = match &config.data.database_url {
        Some(url) => url.expose().to_owned(),
        None => format!("sqlite:{}", directory.join("bando.sqlite").display()),
    };
    Ok(DatabaseUrl::parse(&text)?)
}

/// Reads a password from standard input, without an end of line.
fn read_password() -> Result<Secret> {
    eprint!("Password (at least 10 characters): ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("no password was given on standard input");
    }
    Ok(Secret::new(password))
}

/// Opens a TCP port, or says who may hold it.
pub(crate) async fn listen(address: SocketAddr) -> Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: is another program using the port?"))
}
