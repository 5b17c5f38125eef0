//! A provider's account with MTN MoMo.

use bando_domain::{Currency, Money, Secret};

use crate::account::{Account, BadSetting, Environment, Setting, SettingKind};
use crate::tokens::TokenKey;

/// What a MoMo account consists of. Collection and Disbursement have keys of their own; without those
/// of Disbursement there are no refunds.
pub(super) const SETTINGS: &[Setting] = &[
    Environment::SETTING,
    Setting {
        name: MARKET,
        kind: SettingKind::Choice(&["mtnuganda", "mtnivorycoast", "mtnbenin"]),
        required: true,
    },
    text("api_user", true),
    secret("api_key", true),
    secret("subscription_key", true),
    text("disbursement_api_user", false),
    secret("disbursement_api_key", false),
    secret("disbursement_subscription_key", false),
];

const MARKET: &str = "market";

/// The countries whose currency we count in.
const MARKETS: [Market; 3] = [
    Market {
        name: "mtnuganda",
        currency: Currency::Ugx,
        calling_code: "256",
    },
    Market {
        name: "mtnivorycoast",
        currency: Currency::Xof,
        calling_code: "225",
    },
    Market {
        name: "mtnbenin",
        currency: Currency::Xof,
        calling_code: "229",
    },
];

const fn text(name: &'static str, required: bool) -> Setting {
    Setting {
        name,
        kind: SettingKind::Text,
        required,
    }
}

const fn secret(name: &'static str, required: bool) -> Setting {
    Setting {
        name,
        kind: SettingKind::Secret,
        required,
    }
}

/// A country of MTN's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Market {
    /// `X-Target-Environment` in production.
    name: &'static str,
    pub(super) currency: Currency,
    /// What its phone numbers begin with.
    pub(super) calling_code: &'static str,
}

/// An account that is filled in.
pub(super) struct MomoAccount {
    environment: Environment,
    pub(super) market: Market,
    pub(super) collection: Product,
    /// None: no refunds.
    pub(super) disbursement: Option<Product>,
}

/// The keys of one product.
pub(super) struct Product {
    /// `collection` or `disbursement`, as in its addresses.
    pub(super) name: &'static str,
    pub(super) api_user: String,
    pub(super) api_key: Secret,
    pub(super) subscription_key: Secret,
}

impl MomoAccount {
    /// Reads an account as it is stored.
    pub(super) fn read(account: &Account) -> Result<Self, BadSetting> {
        let market = account.need(MARKET)?;
        Ok(Self {
            environment: Environment::of(account)?,
            market: MARKETS
                .into_iter()
                .find(|known| known.name == market)
                .ok_or(BadSetting {
                    field: MARKET,
                    why: "choose a country from the list",
                })?,
            collection: Product {
                name: "collection",
                api_user: account.need("api_user")?.to_owned(),
                api_key: account.need_secret("api_key")?.clone(),
                subscription_key: account.need_secret("subscription_key")?.clone(),
            },
            disbursement: disbursement(account)?,
        })
    }

    /// Scheme and host, without a slash at the end.
    pub(super) fn base_url(&self) -> &str {
        self.environment.base_url(
            "https://sandbox.momodeveloper.mtn.com",
            "https://proxy.momoapi.mtn.com",
        )
    }

    /// `X-Target-Environment`.
    pub(super) const fn target(&self) -> &'static str {
        match self.environment {
            Environment::Sandbox => "sandbox",
            Environment::Production | Environment::Custom(_) => self.market.name,
        }
    }

    /// The currency as it is written there. The sandbox counts in euros, whatever the country: one
    /// for each unit of the country's own.
    pub(super) const fn currency_code(&self) -> &'static str {
        match self.environment {
            Environment::Sandbox => "EUR",
            Environment::Production | Environment::Custom(_) => self.market.currency.code(),
        }
    }

    /// Money as it is told there, if it is in the account's currency, in full and above zero.
    pub(super) fn money(&self, amount: &str, currency: &str) -> Option<Money> {
        if currency != self.currency_code() {
            return None;
        }
        Money::parse(amount, self.market.currency)
            .ok()
            .filter(|money| money.is_positive())
    }

    pub(super) fn token_key(&self, product: &Product) -> TokenKey {
        TokenKey::of(&[
            self.base_url(),
            product.name,
            &product.api_user,
            product.api_key.expose(),
            product.subscription_key.expose(),
        ])
    }
}

/// All of Disbursement's keys, or none of them.
fn disbursement(account: &Account) -> Result<Option<Product>, BadSetting> {
    let (user, key, subscription) = (
        "disbursement_api_user",
        "disbursement_api_key",
        "disbursement_subscription_key",
    );
    let some = account.setting(user).is_some()
        || account.secret(key).is_some()
        || account.secret(subscription).is_some();
    if !some {
        return Ok(None);
    }
    Ok(Some(Product {
        name: "disbursement",
        api_user: account.need(user)?.to_owned(),
        api_key: account.need_secret(key)?.clone(),
        subscription_key: account.need_secret(subscription)?.clone(),
    }))
}
