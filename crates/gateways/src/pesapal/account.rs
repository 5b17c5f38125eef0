//! A provider's account with Pesapal.

use bando_domain::Secret;

use crate::account::{Account, BadSetting, Environment, Setting, SettingKind};
use crate::tokens::TokenKey;

/// The setting that [`crate::Gateway::register`] fills in: Pesapal's name for our notification
/// address, without which it takes no orders.
pub(super) const IPN_ID: &str = "ipn_id";

/// What a Pesapal account consists of.
pub(super) const SETTINGS: &[Setting] = &[
    Environment::SETTING,
    Setting {
        name: "consumer_key",
        kind: SettingKind::Secret,
        required: true,
    },
    Setting {
        name: "consumer_secret",
        kind: SettingKind::Secret,
        required: true,
    },
];

/// An account that is filled in.
pub(super) struct PesapalAccount {
    environment: Environment,
    pub(super) consumer_key: Secret,
    pub(super) consumer_secret: Secret,
    /// None until the account is registered.
    pub(super) ipn_id: Option<String>,
}

impl PesapalAccount {
    /// Reads an account as it is stored.
    pub(super) fn read(account: &Account) -> Result<Self, BadSetting> {
        Ok(Self {
            environment: Environment::of(account)?,
            consumer_key: trimmed(account.need_secret("consumer_key")?),
            consumer_secret: trimmed(account.need_secret("consumer_secret")?),
            ipn_id: account.setting(IPN_ID).map(str::to_owned),
        })
    }

    /// Scheme, host and path, without a slash at the end.
    pub(super) fn base_url(&self) -> &str {
        self.environment.base_url(
            "https://cybqa.pesapal.com/pesapalv3",
            "https://pay.pesapal.com/v3",
        )
    }

    /// Whether a customer's browser may be sent there: to Pesapal's own hosts, encrypted. Another
    /// environment (the simulator's) may send it to its own host.
    pub(super) fn may_redirect(&self, url: &str) -> bool {
        let Ok(url) = url::Url::parse(url) else {
            return false;
        };
        match &self.environment {
            Environment::Custom(base) => {
                url::Url::parse(base).is_ok_and(|base| base.origin() == url.origin())
            }
            Environment::Sandbox | Environment::Production => {
                url.scheme() == "https"
                    && url
                        .host_str()
                        .is_some_and(|host| host == "pesapal.com" || host.ends_with(".pesapal.com"))
            }
        }
    }

    pub(super) fn token_key(&self) -> TokenKey {
        TokenKey::of(&[
            self.base_url(),
            self.consumer_key.expose(),
            self.consumer_secret.expose(),
        ])
    }
}

/// Pesapal takes a key with a blank beside it for a wrong one.
fn trimmed(secret: &Secret) -> Secret {
    Secret::new(secret.expose().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(environment: &str) -> Account {
        let mut account = Account::default();
        account
            .settings
            .insert("environment".into(), environment.into());
        for name in ["consumer_key", "consumer_secret"] {
            account.secrets.insert(name.into(), Secret::new(" k "));
        }
        account
    }

    #[test]
    fn browsers_are_sent_to_pesapal_only() {
        let live = PesapalAccount::read(&account("production")).expect("complete");
        assert_eq!(live.consumer_key.expose(), "k");
        for (url, may) in [
            (
                "https://pay.pesapal.com/iframe/PesapalIframe3/Index?OrderTrackingId=1",
                true,
            ),
            ("http://pay.pesapal.com/iframe", false),
            ("https://pesapal.com.example.org/", false),
            ("https://evilpesapal.com/", false),
            ("javascript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(live.may_redirect(url), may, "{url}");
        }
        let sim = PesapalAccount::read(&account("http://127.0.0.1:8000/pesapalv3")).expect("sim");
        assert!(sim.may_redirect("http://127.0.0.1:8000/iframe"));
        assert!(!sim.may_redirect("http://127.0.0.1:8001/iframe"));
    }
}
