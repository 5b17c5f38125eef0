//! A provider's accounts with the payment companies: settings, test, and who is offered to customers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bando_domain::{ProviderId, Secret, Timestamp};
use bando_gateways::{
    Account, Asks, Environment, Gateway, MessageUrls, Profile, Registered, SettingKind, TestReport,
    TestResult, check_callback_url,
};
use bando_store::{GatewayAccount, Link, Payment, TenantTx, account_row};

use crate::caller::Permission;
use crate::events::Change;
use crate::limits::{Action, Allowance};
use crate::{App, Caller, Error, Invalid, Result};

/// The account by which a provider lets the platform collect: not a gateway of its own.
pub(crate) const COLLECTION: &str = "platform";

/// The state of an account, as the console shows it.
#[derive(Clone, Debug)]
pub struct GatewayState {
    /// The gateway.
    pub profile: &'static Profile,
    /// What may be shown, by the names of [`Profile::settings`].
    pub settings: BTreeMap<String, String>,
    /// The secrets that are saved, by name.
    pub saved_secrets: Vec<String>,
    /// Whether anything was ever saved.
    pub saved: bool,
    /// Whether customers may pay with it.
    pub enabled: bool,
    /// When the connection was tested last and what the test said (`ok`, or what is wrong).
    pub tested: Option<(Timestamp, String)>,
    /// Where the gateway is to send what nobody asked it for; the provider may have to enter it there.
    pub message_url: String,
}

/// A way to pay that a customer is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    /// The gateway's name.
    pub gateway: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// How the payer is asked.
    pub asks: Asks,
}

/// An account, ready for its client.
#[derive(Clone)]
pub(crate) struct Ready {
    pub(crate) gateway: Arc<dyn Gateway>,
    pub(crate) account: Account,
    pub(crate) enabled: bool,
    /// It is the platform's, which owes the provider what arrives.
    pub(crate) collected: bool,
}

impl App {
    /// The provider's accounts with the gateways that take its currency, also those it has none with
    /// yet, and with any other that it once saved.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn gateway_accounts(&self, caller: &Caller) -> Result<Vec<GatewayState>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let currency = tx.provider().await?.currency;
        let mut states = Vec::new();
        for gateway in self.gateways.iter() {
            let profile = gateway.profile();
            let stored = tx.gateway_account(profile.name).await?;
            if stored.is_some() || profile.currencies.contains(&currency) {
                states.push(self.state(caller.provider, profile, stored));
            }
        }
        Ok(states)
    }

    /// The provider's account with one gateway.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a name that no gateway has; [`Error::Forbidden`].
    pub async fn gateway_account(&self, caller: &Caller, name: &str) -> Result<GatewayState> {
        caller.need(Permission::Look)?;
        let gateway = self.gateway(name)?;
        let mut tx = self.store.read(caller.provider).await?;
        let stored = tx.gateway_account(name).await?;
        Ok(self.state(caller.provider, gateway.profile(), stored))
    }

    /// Saves an account. Secrets that are left empty stay as they are.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field; [`Error::Forbidden`] unless the caller is an owner.
    pub async fn save_gateway(
        &self,
        caller: &Caller,
        name: &str,
        mut given: Account,
        enabled: bool,
    ) -> Result<()> {
        caller.need(Permission::Money)?;
        let gateway = Arc::clone(self.gateway(name)?);
        let mut tx = self.store.tenant(caller.provider).await?;
        let before = tx.gateway_account(name).await?.map(|a| read(&a));
        let before = before.unwrap_or_default();
        let account = merge(gateway.profile(), &mut given, &before);
        let is_custom = |url: &&str| url.starts_with("http");
        let environment = account.setting(Environment::SETTING.name);
        if environment.filter(is_custom).is_some() && !self.settings.custom_gateways {
            let field = Environment::SETTING.name;
            return Err(Invalid::field(field, "choose sandbox or production").into());
        }
        gateway
            .check(&account)
            .map_err(|bad| Invalid::field(bad.field, bad.why))?;
        let row = stored(gateway.profile().name, &account, enabled, self.now());
        tx.put_gateway_account(&row, &*self.entropy).await?;
        let detail = ["shortcode", "till", "environment", "link"]
            .into_iter()
            .filter_map(|field| account.setting(field))
            .collect::<Vec<_>>()
            .join(" ");
        let object = format!("gateway:{name}");
        tx.audit(
            self.now(),
            &caller.actor(),
            "gateway.save",
            &object,
            &detail,
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(())
    }

    /// Tests a saved account without moving money, tells the gateway where to send its messages if
    /// it must be told, and keeps the result.
    ///
    /// # Errors
    /// [`Error::NoGateway`] before settings are saved.
    pub async fn test_gateway(&self, caller: &Caller, name: &str) -> Result<TestReport> {
        caller.need(Permission::Money)?;
        let mut tx = self.store.read(caller.provider).await?;
        let ready = self.own_account(&mut tx, name).await?;
        drop(tx);
        let ready = ready.ok_or(Error::NoGateway)?;
        let mut report = ready.gateway.test(&ready.account).await;
        // What is unclear before the account is registered may be so because it is not.
        let is_ours = report.sign_in == TestResult::Passed;
        if is_ours && !matches!(report.shortcode, TestResult::Failed { .. }) {
            let urls = self.message_urls(caller.provider, name);
            match ready.gateway.register(&ready.account, &urls).await {
                Registered::Done { keep } => {
                    self.keep_settings(caller, name, keep).await?;
                    if !report.passed() {
                        report = self.test_again(caller, name).await?;
                    }
                }
                Registered::NotNeeded => {}
                Registered::Refused { why } => report.shortcode = TestResult::Failed { why },
            }
        }
        let said = [&report.sign_in, &report.shortcode]
            .into_iter()
            .find_map(|step| match step {
                TestResult::Passed => None,
                TestResult::Failed { why } | TestResult::Unclear { why } => Some(why.clone()),
            });
        let mut tx = self.store.tenant(caller.provider).await?;
        tx.set_gateway_test(name, self.now(), said.as_deref().unwrap_or("ok"))
            .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(report)
    }

    /// Tests an account as it is saved now.
    async fn test_again(&self, caller: &Caller, name: &str) -> Result<TestReport> {
        let mut tx = self.store.read(caller.provider).await?;
        let ready = self.own_account(&mut tx, name).await?;
        drop(tx);
        let ready = ready.ok_or(Error::NoGateway)?;
        Ok(ready.gateway.test(&ready.account).await)
    }

    /// The ways to pay that a provider's customers are offered now.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn offers(&self, provider: ProviderId) -> Result<Vec<Offer>> {
        let mut tx = self.store.read(provider).await?;
        let mut offers = Vec::new();
        for gateway in self.gateways.iter() {
            let profile = gateway.profile();
            if self.account_to_pay(&mut tx, profile.name).await?.is_some() {
                offers.push(Offer {
                    gateway: profile.name,
                    title: profile.title,
                    asks: profile.asks,
                });
            }
        }
        Ok(offers)
    }

    /// What is wrong with our own callback address for this environment of M-Pesa, if anything:
    /// Daraja refuses some addresses before it prompts anybody.
    pub fn callback_problems(&self, environment: &str) -> Vec<String> {
        let url = format!("{}/cb/k/x", self.settings.public_url);
        let Ok(environment) = environment.parse::<Environment>() else {
            return Vec::new();
        };
        check_callback_url(&url, &environment)
            .into_iter()
            .map(|problem| problem.to_string())
            .collect()
    }

    /// The gateway of this name.
    pub(crate) fn gateway(&self, name: &str) -> Result<&Arc<dyn Gateway>> {
        self.gateways.get(name).ok_or(Error::NotFound("gateway"))
    }

    /// The provider's own account; none if it was never saved.
    pub(crate) async fn own_account(&self, tx: &mut TenantTx, name: &str) -> Result<Option<Ready>> {
        let Some(gateway) = self.gateways.get(name) else {
            return Ok(None);
        };
        let stored = tx.gateway_account(name).await?;
        Ok(stored.map(|stored| Ready {
            gateway: Arc::clone(gateway),
            account: read(&stored),
            enabled: stored.enabled,
            collected: false,
        }))
    }

    /// The account that takes a customer's money by this gateway: the provider's own, else the
    /// platform's if the provider has asked for that.
    pub(crate) async fn account_to_pay(
        &self,
        tx: &mut TenantTx,
        name: &str,
    ) -> Result<Option<Ready>> {
        if let Some(own) = self.own_account(tx, name).await?.filter(|own| own.enabled) {
            return Ok(Some(own));
        }
        let wanted = tx.gateway_account(COLLECTION).await?;
        if wanted.is_some_and(|wanted| wanted.enabled) {
            return Ok(self.collecting_account(name));
        }
        Ok(None)
    }

    /// The platform's own account with this gateway, if it has one.
    pub(crate) fn collecting_account(&self, name: &str) -> Option<Ready> {
        let collection = self.settings.collection.as_ref()?;
        let gateway = self.gateways.get(name)?;
        (collection.gateway == name).then(|| Ready {
            gateway: Arc::clone(gateway),
            account: collection.account.clone(),
            enabled: true,
            collected: true,
        })
    }

    /// The account that a payment was asked for with, to ask about it.
    pub(crate) async fn account_of(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
    ) -> Result<Option<Ready>> {
        if payment.collected {
            return Ok(self.collecting_account(&payment.gateway));
        }
        self.own_account(tx, &payment.gateway).await
    }

    /// Takes one of the queries that a provider may make in a minute with one gateway.
    pub(crate) fn take_query(
        &self,
        provider: ProviderId,
        gateway: &str,
    ) -> std::result::Result<(), Duration> {
        let allowance = Allowance::new(self.settings.queries_per_minute, 60);
        let key = (Action::Query, format!("{provider} {gateway}"));
        self.limits.by_text.take(key, allowance, self.now())
    }

    /// Where a gateway sends what nobody asked it for.
    pub(crate) fn message_urls(&self, provider: ProviderId, gateway: &str) -> MessageUrls {
        let link = self.store.vault().link(
            Link::Account,
            provider,
            account_row(gateway).unwrap_or_default(),
        );
        let base = &self.settings.public_url;
        MessageUrls {
            confirmation: format!("{base}/cb/k/{link}"),
            validation: format!("{base}/cb/v/{link}"),
        }
    }

    async fn keep_settings(
        &self,
        caller: &Caller,
        name: &str,
        keep: Vec<(&'static str, String)>,
    ) -> Result<()> {
        if keep.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.tenant(caller.provider).await?;
        if let Some(row) = tx.gateway_account(name).await? {
            let mut account = read(&row);
            let kept = keep.into_iter().map(|(k, v)| (k.to_owned(), v));
            account.settings.extend(kept);
            let row = stored(name, &account, row.enabled, self.now());
            tx.put_gateway_account(&row, &*self.entropy).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    fn state(
        &self,
        provider: ProviderId,
        profile: &'static Profile,
        stored: Option<GatewayAccount>,
    ) -> GatewayState {
        let account = stored.as_ref().map(read).unwrap_or_default();
        GatewayState {
            profile,
            saved: stored.is_some(),
            enabled: stored.as_ref().is_some_and(|a| a.enabled),
            tested: stored.and_then(|a| a.tested_at.zip(a.test_result)),
            saved_secrets: account.secrets.into_keys().collect(),
            settings: account.settings,
            message_url: self.message_urls(provider, profile.name).confirmation,
        }
    }
}

/// An account as it is stored. Values that are no text are left out.
fn read(stored: &GatewayAccount) -> Account {
    let settings = stored.settings.as_object().into_iter().flatten();
    let secrets: BTreeMap<String, String> =
        serde_json::from_str(stored.secrets.expose()).unwrap_or_default();
    Account {
        settings: settings
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        secrets: secrets
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
    }
}

fn stored(gateway: &str, account: &Account, enabled: bool, now: Timestamp) -> GatewayAccount {
    let secrets: BTreeMap<&str, &str> = account
        .secrets
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.expose()))
        .collect();
    GatewayAccount {
        gateway: gateway.to_owned(),
        settings: serde_json::json!(account.settings),
        secrets: Secret::new(serde_json::json!(secrets).to_string()),
        enabled,
        updated_at: now,
        tested_at: None,
        test_result: None,
    }
}

/// What is to be stored: the fields the gateway knows, as given; empty secrets as they were before,
/// and what the gateway itself told us before.
fn merge(profile: &Profile, given: &mut Account, before: &Account) -> Account {
    let mut merged = Account::default();
    let names: Vec<_> = profile.settings.iter().map(|s| s.name).collect();
    for (name, value) in &before.settings {
        if !names.contains(&name.as_str()) {
            merged.settings.insert(name.clone(), value.clone());
        }
    }
    for setting in profile.settings {
        let name = setting.name;
        if setting.kind == SettingKind::Secret {
            let new = given.secrets.remove(name);
            let new = new.map(|s| Secret::new(s.expose().trim()));
            let kept = new
                .filter(|s| !s.is_empty())
                .or_else(|| before.secrets.get(name).cloned());
            if let Some(secret) = kept {
                merged.secrets.insert(name.to_owned(), secret);
            }
        } else if let Some(value) = given.setting(name) {
            merged.settings.insert(name.to_owned(), value.to_owned());
        }
    }
    merged
}
