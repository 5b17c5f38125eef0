//! A provider's account with Wave: the fields of a form, read and checked.

use bando_domain::Secret;
use url::Url;

use super::link::MerchantLink;
use crate::account::{Account, BadSetting, Environment, Setting, SettingKind};

/// Wave's own origin. It has no public test system.
const API: &str = "https://api.wave.com";

/// Where Wave's merchant links lead.
const PAY: &str = "https://pay.wave.com";

/// The most payments `trust_after` may ask for.
const MOST_TRUST: u32 = 1000;

const ENVIRONMENT: Setting = Setting {
    kind: SettingKind::Choice(&["production"]),
    required: false,
    ..Environment::SETTING
};
const WEBHOOK_STRATEGY: Setting = Setting {
    name: "webhook_strategy",
    kind: SettingKind::Choice(&["signing_secret", "shared_secret"]),
    required: false,
};
const SIGNING_SECRET: Setting = secret("signing_secret", false);

/// What an account for checkout consists of.
///
/// `signing_secret` is the secret of a key that was made with request signing (`wave_ci_AKS_…`);
/// `webhook_secret` is the webhook's (`wave_ci_WHS_…`).
pub(super) const CHECKOUT_SETTINGS: &[Setting] = &[
    ENVIRONMENT,
    secret("api_key", true),
    secret("webhook_secret", true),
    WEBHOOK_STRATEGY,
    switch("restrict_payer"),
    SIGNING_SECRET,
];

/// What an account with nothing but a merchant link consists of; with a key or a webhook it
/// confirms payments by itself.
///
/// `unique_amounts` makes amounts differ by a few francs so that they tell payers apart;
/// `trust_after` is how many confirmed payments make a customer trusted. Both are the app's to heed.
pub(super) const LINK_SETTINGS: &[Setting] = &[
    ENVIRONMENT,
    text("merchant_link", true),
    switch("unique_amounts"),
    text("trust_after", false),
    secret("api_key", false),
    secret("webhook_secret", false),
    WEBHOOK_STRATEGY,
    SIGNING_SECRET,
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

const fn switch(name: &'static str) -> Setting {
    Setting {
        name,
        kind: SettingKind::Switch,
        required: false,
    }
}

/// What it takes to call the API.
pub(super) struct Access {
    pub(super) origin: Url,
    pub(super) api_key: Secret,
    /// Of a key with request signing.
    pub(super) signing_secret: Option<Secret>,
}

/// The two ways in which Wave proves that a webhook is its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Strategy {
    /// `Wave-Signature` over time and body.
    Signing,
    /// The secret itself as bearer token.
    Shared,
}

impl Access {
    /// Reads it from an account that must have it.
    pub(super) fn read(account: &Account) -> Result<Self, BadSetting> {
        let origin = match custom(account)? {
            Some(url) => Url::parse(url),
            None => Url::parse(API),
        };
        Ok(Self {
            origin: origin.map_err(|_| BadSetting {
                field: ENVIRONMENT.name,
                why: "is not an address",
            })?,
            api_key: secret_of(account, "api_key", "", &["_WHS_", "_AKS_"])?
                .ok_or(missing("api_key"))?,
            signing_secret: secret_of(account, SIGNING_SECRET.name, "_AKS_", &["_WHS_", "_prod_"])?,
        })
    }

    /// Whether it is Wave itself that is spoken to, and not a simulator.
    pub(super) fn is_real(&self) -> bool {
        self.origin.as_str().trim_end_matches('/') == API
    }
}

/// Whether an account for checkout can be used.
pub(super) fn check_checkout(account: &Account) -> Result<(), BadSetting> {
    Access::read(account)?;
    webhook(account)?.ok_or(missing("webhook_secret"))?;
    Ok(())
}

/// Whether an account with a merchant link can be used.
pub(super) fn check_link(account: &Account) -> Result<(), BadSetting> {
    merchant_link(account)?;
    if account.secret("api_key").is_some() {
        Access::read(account)?;
    }
    webhook(account)?;
    let trust = account.setting("trust_after").map(str::parse::<u32>);
    if trust.is_none_or(|trust| trust.is_ok_and(|payments| payments <= MOST_TRUST)) {
        Ok(())
    } else {
        Err(BadSetting {
            field: "trust_after",
            why: "is a number of payments, 1000 at most",
        })
    }
}

/// The account's merchant link.
pub(super) fn merchant_link(account: &Account) -> Result<MerchantLink, BadSetting> {
    let text = account.need("merchant_link")?;
    let origin = custom(account)?.unwrap_or(PAY);
    MerchantLink::read(text, origin).ok_or(BadSetting {
        field: "merchant_link",
        why: "copy the link from Wave Business: https://pay.wave.com/m/M_ci_…/c/ci/",
    })
}

/// The webhook's secret and what it is used for; none when the account has no webhook.
pub(super) fn webhook(account: &Account) -> Result<Option<(Strategy, Secret)>, BadSetting> {
    let strategy = match account.setting(WEBHOOK_STRATEGY.name) {
        None | Some("signing_secret") => Strategy::Signing,
        Some("shared_secret") => Strategy::Shared,
        Some(_) => {
            return Err(BadSetting {
                field: WEBHOOK_STRATEGY.name,
                why: "choose signing_secret or shared_secret, as in Wave's portal",
            });
        }
    };
    let secret = secret_of(account, "webhook_secret", "_WHS_", &["_AKS_", "_prod_"])?;
    Ok(secret.map(|secret| (strategy, secret)))
}

/// The base URL that stands for Wave's, if one does.
fn custom(account: &Account) -> Result<Option<&str>, BadSetting> {
    match account.setting(ENVIRONMENT.name) {
        None | Some("production") => Ok(None),
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            Ok(Some(url.trim_end_matches('/')))
        }
        Some(_) => Err(BadSetting {
            field: ENVIRONMENT.name,
            why: "Wave has only production",
        }),
    }
}

/// A secret without the blanks that copying brings, unless it is one of another kind: those have one
/// of `others` in them and not the kind's `own` mark.
fn secret_of(
    account: &Account,
    field: &'static str,
    own: &str,
    others: &[&str],
) -> Result<Option<Secret>, BadSetting> {
    let Some(secret) = account.secret(field) else {
        return Ok(None);
    };
    let text = secret.expose().trim();
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(BadSetting {
            field,
            why: "has blanks or letters in it that no key of Wave has",
        });
    }
    let is_own = !own.is_empty() && text.contains(own);
    if !is_own && others.iter().any(|other| text.contains(other)) {
        return Err(BadSetting {
            field,
            why: "is another kind of key: API keys have _prod_ in them, webhook secrets _WHS_, \
                  signing secrets _AKS_",
        });
    }
    Ok((!text.is_empty()).then(|| Secret::new(text)))
}

fn missing(field: &'static str) -> BadSetting {
    BadSetting {
        field,
        why: "must be filled in",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Account {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Account {
            settings: settings.iter().map(own).collect(),
            secrets: secrets
                .iter()
                .map(own)
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
        }
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let key = ("api_key", "wave_ci_prod_abc");
        let hook = ("webhook_secret", " wave_ci_WHS_abc\n");
        let checkout = |settings: &[_], secrets: &[_]| {
            check_checkout(&account(settings, secrets)).map_err(|bad| bad.field)
        };
        assert_eq!(checkout(&[], &[key, hook]), Ok(()));
        assert_eq!(checkout(&[], &[hook]), Err("api_key"));
        assert_eq!(checkout(&[], &[key]), Err("webhook_secret"));
        let wrong = ("webhook_secret", "wave_ci_AKS_abc");
        assert_eq!(checkout(&[], &[key, wrong]), Err("webhook_secret"));
        let blank = ("api_key", "wave_ci prod");
        assert_eq!(checkout(&[], &[blank, hook]), Err("api_key"));
        let odd = ("webhook_strategy", "trust");
        assert_eq!(checkout(&[odd], &[key, hook]), Err("webhook_strategy"));
        assert_eq!(
            checkout(&[("environment", "sandbox")], &[key, hook]),
            Err("environment")
        );
    }

    #[test]
    fn a_link_needs_no_key() {
        let link = (
            "merchant_link",
            "https://pay.wave.com/m/M_ci_8xQ2b7Lk/c/ci/",
        );
        let check = |settings: &[_]| check_link(&account(settings, &[])).map_err(|bad| bad.field);
        assert_eq!(check(&[link]), Ok(()));
        assert_eq!(check(&[]), Err("merchant_link"));
        assert_eq!(check(&[link, ("trust_after", "3")]), Ok(()));
        assert_eq!(check(&[link, ("trust_after", "many")]), Err("trust_after"));
        let elsewhere = ("merchant_link", "https://evil.test/m/M_ci_8xQ2b7Lk/c/ci/");
        assert_eq!(check(&[elsewhere]), Err("merchant_link"));
        let custom = ("environment", "https://evil.test");
        assert_eq!(check(&[elsewhere, custom]), Ok(()));
    }
}
