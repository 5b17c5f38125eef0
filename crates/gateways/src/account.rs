//! A provider's account with a gateway, as it is stored, and what a gateway wants to know of one.

use std::collections::BTreeMap;
use std::str::FromStr;

use bando_domain::Secret;

/// A provider's credentials with one gateway: what the gateway's own [`Setting`]s name.
#[derive(Clone, Default, Debug)]
pub struct Account {
    /// What may be shown: environment, shortcode.
    pub settings: BTreeMap<String, String>,
    /// What may not: keys and passwords.
    pub secrets: BTreeMap<String, Secret>,
}

/// One field of an [`Account`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// Its name, as stored and as in forms.
    pub name: &'static str,
    /// What it holds.
    pub kind: SettingKind,
    /// Whether the gateway is of no use without it.
    pub required: bool,
}

/// What a [`Setting`] holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SettingKind {
    /// A line of text that may be shown.
    Text,
    /// A line of text that is never shown again once it is saved.
    Secret,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// On (`true`) or off (absent).
    Switch,
}

/// Why an account cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: {why}")]
pub struct BadSetting {
    /// The field, by [`Setting::name`].
    pub field: &'static str,
    /// What is wrong, and what it should be.
    pub why: &'static str,
}

/// Which of a gateway's systems is spoken to: the setting `environment`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Environment {
    /// The gateway's test system: no money moves.
    Sandbox,
    /// The real one.
    Production,
    /// Another base URL, such as a simulator's.
    Custom(String),
}

impl Environment {
    /// The setting that names it.
    pub const SETTING: Setting = Setting {
        name: "environment",
        kind: SettingKind::Choice(&["production", "sandbox"]),
        required: true,
    };

    /// The environment an account names.
    ///
    /// # Errors
    /// [`BadSetting`] when it names none.
    pub fn of(account: &Account) -> Result<Self, BadSetting> {
        account.need(Self::SETTING.name)?.parse()
    }

    /// Scheme and host, without a slash at the end, given those of sandbox and production.
    pub fn base_url<'a>(&'a self, sandbox: &'a str, production: &'a str) -> &'a str {
        match self {
            Self::Sandbox => sandbox,
            Self::Production => production,
            Self::Custom(url) => url.trim_end_matches('/'),
        }
    }

    /// The word or URL that names it.
    pub fn name(&self) -> &str {
        self.base_url("sandbox", "production")
    }
}

impl FromStr for Environment {
    type Err = BadSetting;

    fn from_str(name: &str) -> Result<Self, BadSetting> {
        match name {
            "sandbox" => Ok(Self::Sandbox),
            "production" => Ok(Self::Production),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                Ok(Self::Custom(url.to_owned()))
            }
            _ => Err(BadSetting {
                field: Self::SETTING.name,
                why: "choose sandbox or production",
            }),
        }
    }
}

impl Account {
    /// A setting that is filled in.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// A secret that is filled in.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name).filter(|secret| !secret.is_empty())
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.setting(name) == Some("true")
    }

    /// A setting that must be there.
    ///
    /// # Errors
    /// [`BadSetting`] when it is not.
    pub fn need(&self, field: &'static str) -> Result<&str, BadSetting> {
        self.setting(field).ok_or(BadSetting {
            field,
            why: "must be filled in",
        })
    }

    /// A secret that must be there.
    ///
    /// # Errors
    /// [`BadSetting`] when it is not.
    pub fn need_secret(&self, field: &'static str) -> Result<&Secret, BadSetting> {
        self.secret(field).ok_or(BadSetting {
            field,
            why: "must be filled in",
        })
    }
}
