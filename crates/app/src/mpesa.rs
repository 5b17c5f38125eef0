//! A provider's M-Pesa account: settings, test, and the account the gateway client is given.

use bando_domain::{ProviderId, Secret};
use bando_gateways::{
    Account, DarajaAccount, Environment, Shortcode, TestReport, check_callback_url,
};
use bando_store::{GatewayAccount, TenantTx};
use serde::{Deserialize, Serialize};

use crate::caller::Permission;
use crate::events::Change;
use crate::{App, Caller, Error, Invalid, Result};

/// The gateway's name in payments and the ledger.
pub(crate) const MPESA: &str = "mpesa";

/// What of the M-Pesa settings may be shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MpesaSettings {
    /// `sandbox`, `production`, or a base URL where the installation allows that.
    pub environment: String,
    /// Paybill number, or the store (head office) number of a till.
    pub shortcode: String,
    /// The till's number, if customers pay a till.
    pub till: Option<String>,
}

/// What may not be shown: stored encrypted, never returned.
#[derive(Clone, Debug, Deserialize)]
pub struct MpesaSecrets {
    /// The Daraja app's consumer key.
    pub consumer_key: Secret,
    /// The Daraja app's consumer secret.
    pub consumer_secret: Secret,
    /// The shortcode's passkey.
    pub passkey: Secret,
}

/// The state of the M-Pesa settings, as the console shows them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MpesaState {
    /// The settings.
    pub settings: MpesaSettings,
    /// Whether customers may pay with it.
    pub enabled: bool,
    /// When the connection was tested last and what the test said (`ok`, or what is wrong).
    pub tested: Option<(bando_domain::Timestamp, String)>,
}

impl App {
    /// The M-Pesa settings; none before they are first saved.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn mpesa(&self, caller: &Caller) -> Result<Option<MpesaState>> {
        caller.need(Permission::Look)?;
        let account = self
            .store
            .read(caller.provider)
            .await?
            .gateway_account(MPESA)
            .await?;
        Ok(account.and_then(|a| {
            let settings = serde_json::from_value(a.settings).ok()?;
            Some(MpesaState {
                settings,
                enabled: a.enabled,
                tested: a.tested_at.zip(a.test_result),
            })
        }))
    }

    /// Saves the M-Pesa settings. Secrets that are left empty stay as they are.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field; [`Error::Forbidden`] unless the caller is an owner.
    pub async fn save_mpesa(
        &self,
        caller: &Caller,
        settings: MpesaSettings,
        secrets: MpesaSecrets,
        enabled: bool,
    ) -> Result<()> {
        caller.need(Permission::Money)?;
        check(&settings, self.settings.custom_gateways)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let before = tx.gateway_account(MPESA).await?;
        let before =
            before.and_then(|a| serde_json::from_str::<MpesaSecrets>(a.secrets.expose()).ok());
        let keep = |new: Secret, field: &'static str, old: Option<Secret>| {
            let trimmed = Secret::new(new.expose().trim());
            if !trimmed.is_empty() {
                return Ok(trimmed);
            }
            old.ok_or_else(|| Invalid::field(field, "must be filled in"))
        };
        let key = keep(
            secrets.consumer_key,
            "consumer_key",
            before.as_ref().map(|b| b.consumer_key.clone()),
        )?;
        let secret = keep(
            secrets.consumer_secret,
            "consumer_secret",
            before.as_ref().map(|b| b.consumer_secret.clone()),
        )?;
        let passkey = keep(secrets.passkey, "passkey", before.map(|b| b.passkey))?;
        let sealed = serde_json::json!({
            "consumer_key": key.expose(), "consumer_secret": secret.expose(), "passkey": passkey.expose(),
        });
        let account = GatewayAccount {
            gateway: MPESA.to_owned(),
            settings: serde_json::json!(settings),
            secrets: Secret::new(sealed.to_string()),
            enabled,
            updated_at: self.now(),
            tested_at: None,
            test_result: None,
        };
        tx.put_gateway_account(&account, &*self.entropy).await?;
        let detail = format!(
            "shortcode {} ({})",
            settings.shortcode, settings.environment
        );
        tx.audit(
            self.now(),
            &caller.actor(),
            "mpesa.save",
            "gateway:mpesa",
            &detail,
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(())
    }

    /// Tests the saved credentials without moving money, and keeps the result.
    ///
    /// # Errors
    /// [`Error::NoGateway`] before settings are saved.
    pub async fn test_mpesa(&self, caller: &Caller) -> Result<TestReport> {
        caller.need(Permission::Money)?;
        let mut tx = self.store.read(caller.provider).await?;
        let account = account(&mut tx).await?.ok_or(Error::NoGateway)?.account;
        drop(tx);
        let report = self.mpesa.test(&account).await;
        let said = [&report.sign_in, &report.shortcode]
            .into_iter()
            .find_map(|step| match step {
                bando_gateways::TestResult::Passed => None,
                bando_gateways::TestResult::Failed { why }
                | bando_gateways::TestResult::Unclear { why } => Some(why.clone()),
            });
        let mut tx = self.store.tenant(caller.provider).await?;
        tx.set_gateway_test(MPESA, self.now(), said.as_deref().unwrap_or("ok"))
            .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(report)
    }

    /// What is wrong with our own callback address for this environment, if anything: Daraja
    /// refuses some addresses before it prompts anybody.
    pub fn callback_problems(&self, settings: &MpesaSettings) -> Vec<String> {
        let url = format!("{}/cb/k/x", self.settings.public_url);
        check_callback_url(&url, &environment(&settings.environment))
            .into_iter()
            .map(|problem| problem.to_string())
            .collect()
    }

    /// Takes one of the queries that a provider may make in a minute.
    pub(crate) fn take_query(
        &self,
        provider: ProviderId,
    ) -> std::result::Result<(), std::time::Duration> {
        let allowance = crate::limits::Allowance::new(self.settings.queries_per_minute, 60);
        let key = (crate::limits::Action::Query, provider.to_string());
        self.limits.by_text.take(key, allowance, self.now())
    }
}

/// A provider's account, ready for the client.
pub(crate) struct Ready {
    pub(crate) account: Account,
    pub(crate) enabled: bool,
}

/// The provider's M-Pesa account; none if it was never saved.
pub(crate) async fn account(tx: &mut TenantTx) -> Result<Option<Ready>> {
    let Some(stored) = tx.gateway_account(MPESA).await? else {
        return Ok(None);
    };
    let settings = serde_json::from_value::<MpesaSettings>(stored.settings);
    let secrets = serde_json::from_str::<MpesaSecrets>(stored.secrets.expose());
    let (Ok(settings), Ok(secrets)) = (settings, secrets) else {
        return Ok(None);
    };
    let kind = match settings.till {
        Some(till_number) => Shortcode::Till { till_number },
        None => Shortcode::Paybill,
    };
    let account = Account::Daraja(DarajaAccount {
        environment: environment(&settings.environment),
        consumer_key: secrets.consumer_key.expose().to_owned(),
        consumer_secret: secrets.consumer_secret,
        shortcode: settings.shortcode,
        kind,
        passkey: secrets.passkey,
    });
    Ok(Some(Ready {
        account,
        enabled: stored.enabled,
    }))
}

fn environment(name: &str) -> Environment {
    match name {
        "sandbox" => Environment::Sandbox,
        "production" => Environment::Production,
        url => Environment::Custom(url.to_owned()),
    }
}

fn check(settings: &MpesaSettings, custom: bool) -> Result<(), Invalid> {
    let known = matches!(settings.environment.as_str(), "sandbox" | "production");
    if !(known || custom && settings.environment.starts_with("http")) {
        return Err(Invalid::field(
            "environment",
            "choose sandbox or production",
        ));
    }
    let is_number =
        |text: &str| (5..=7).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(&settings.shortcode) {
        return Err(Invalid::field("shortcode", "a shortcode has 5 to 7 digits"));
    }
    if settings
        .till
        .as_deref()
        .is_some_and(|till| !is_number(till))
    {
        return Err(Invalid::field("till", "a till number has 5 to 7 digits"));
    }
    Ok(())
}
