//! `bando admin`, `bando provider` and `bando audit`.

use anyhow::{Context, Result, bail};
use bando_domain::{Country, Language};
use bando_store::Role;
use clap::{Args, Subcommand};

use super::{ConfigArgs, read_password};

/// `bando admin …`
#[derive(Debug, Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make a super admin; the password is read from standard input
    Create {
        /// What they sign in with
        username: String,
    },
    /// Set a new password for anybody, read from standard input, and end all their sign-ins
    Reset {
        /// Whose
        username: String,
    },
}

/// `bando provider …`
#[derive(Debug, Args)]
pub(crate) struct ProviderArgs {
    #[command(subcommand)]
    command: ProviderCommand,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
enum ProviderCommand {
    /// Make a business and its owner; the owner's password is read from standard input
    Create {
        /// Its short name in addresses, such as mama-njeri
        slug: String,
        /// Its name as customers know it
        name: String,
        /// What the owner signs in with
        #[arg(long, value_name = "USERNAME")]
        owner: String,
        /// Where it is: KE, CI, SN, UG or TZ
        #[arg(long, default_value = "KE")]
        country: String,
    },
    /// List the businesses
    List,
}

/// `bando audit …`
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no entry of the audit log was changed, removed or put in
    Verify,
}

pub(super) async fn admin(args: AdminArgs) -> Result<()> {
    let app = args.config.open().await?;
    match args.command {
        AdminCommand::Create { username } => {
            app.create_account(&username, &read_password()?, &username, Language::En, true)
                .await?;
            println!("{username} may sign in as super admin");
        }
        AdminCommand::Reset { username } => {
            app.reset_password(&username, &read_password()?).await?;
            println!("{username} has a new password and was signed out everywhere");
        }
    }
    app.close().await;
    Ok(())
}

pub(super) async fn provider(args: ProviderArgs) -> Result<()> {
    let app = args.config.open().await?;
    match args.command {
        ProviderCommand::Create {
            slug,
            name,
            owner,
            country,
        } => {
            let country = Country::from_code(&country)
                .context("choose one of the countries KE, CI, SN, UG, TZ")?;
            let provider = app.create_provider(&slug, &name, country).await?;
            let account = app
                .create_account(&owner, &read_password()?, &owner, provider.language, false)
                .await?;
            app.add_member(provider.id, account, Role::Owner).await?;
            println!(
                "{} is at /p/{}; {owner} signs in at /console",
                provider.name, provider.slug
            );
        }
        ProviderCommand::List => {
            for provider in app.providers().await? {
                println!(
                    "{}  {}  {}",
                    provider.slug,
                    provider.name,
                    provider.status.name()
                );
            }
        }
    }
    app.close().await;
    Ok(())
}

pub(super) async fn audit(args: AuditArgs) -> Result<()> {
    let AuditCommand::Verify = args.command;
    let app = args.config.open().await?;
    let verified = app.verify_audit().await?;
    app.close().await;
    match verified {
        Ok(count) => println!("{count} entries, all in their places"),
        Err((provider, seq)) => bail!(
            "the audit log of {} was altered at entry {seq}",
            provider.slug
        ),
    }
    Ok(())
}
