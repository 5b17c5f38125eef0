//! A provider's account with Daraja.

use std::collections::BTreeMap;

use bando_domain::{Country, Phone, Secret};

use crate::account::{Account, BadSetting, Environment, Setting, SettingKind};

/// What an M-Pesa account consists of.
pub(super) const SETTINGS: &[Setting] = &[
    Environment::SETTING,
    text("shortcode", true),
    text("till", false),
    secret("consumer_key", true),
    secret("consumer_secret", true),
    secret("passkey", true),
    // Registers the addresses for payments by hand.
    switch("c2b"),
    // Registers and uses Pull.
    switch("pull"),
    text("nominated_number", false),
    // Who orders status queries, reversals and payouts.
    text("initiator", false),
    secret("initiator_password", false),
    text("certificate", false),
    text("initiator_expires", false),
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

/// The phone number that Safaricom knows as the organisation's contact, which Pull wants to hear.
pub(super) fn nominated_number(account: &Account) -> Result<Phone, BadSetting> {
    let field = "nominated_number";
    let number = account.setting(field).ok_or(BadSetting {
        field,
        why: "is needed for Pull: the contact number of your M-Pesa organisation",
    })?;
    Phone::parse(number, Country::Ke)
        .ok()
        .filter(|phone| phone.country() == Some(Country::Ke))
        .ok_or(BadSetting {
            field,
            why: "is a Kenyan mobile number",
        })
}

/// The two kinds of merchant account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shortcode {
    /// A paybill: customers pay it with an account number (`CustomerPayBillOnline`).
    Paybill,
    /// A till (`CustomerBuyGoodsOnline`): the credentials belong to the store or head office
    /// number, the money goes to the till.
    Till {
        /// The till's number.
        till_number: String,
    },
}

/// A provider's Daraja app and shortcode.
#[derive(Clone, Debug)]
pub struct DarajaAccount {
    /// Sandbox or production.
    pub environment: Environment,
    /// The app's key.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: Secret,
    /// Paybill number, or the store (head office) number of a till: 5 to 7 digits.
    pub shortcode: String,
    /// Paybill or till.
    pub kind: Shortcode,
    /// The "Lipa na M-Pesa online" passkey of the shortcode.
    pub passkey: Secret,
}

impl DarajaAccount {
    /// Reads an account as it is stored.
    ///
    /// # Errors
    /// [`BadSetting`] names the first field that is missing or wrong.
    pub fn read(account: &Account) -> Result<Self, BadSetting> {
        let kind = match account.setting("till") {
            Some(till) => Shortcode::Till {
                till_number: short_number("till", till)?,
            },
            None => Shortcode::Paybill,
        };
        Ok(Self {
            environment: Environment::of(account)?,
            shortcode: short_number("shortcode", account.need("shortcode")?)?,
            kind,
            consumer_key: account.need_secret("consumer_key")?.expose().to_owned(),
            consumer_secret: account.need_secret("consumer_secret")?.clone(),
            passkey: account.need_secret("passkey")?.clone(),
        })
    }

    /// Who gets the money: the paybill or the till.
    pub(super) fn receiver(&self) -> &str {
        match &self.kind {
            Shortcode::Paybill => &self.shortcode,
            Shortcode::Till { till_number } => till_number,
        }
    }

    /// Scheme and host, without a slash at the end.
    pub(super) fn base_url(&self) -> &str {
        self.environment.base_url(
            "https://sandbox.safaricom.co.ke",
            "https://api.safaricom.co.ke",
        )
    }
}

impl From<DarajaAccount> for Account {
    fn from(account: DarajaAccount) -> Self {
        let mut settings = BTreeMap::from([
            (
                "environment".to_owned(),
                account.environment.name().to_owned(),
            ),
            ("shortcode".to_owned(), account.shortcode),
        ]);
        if let Shortcode::Till { till_number } = account.kind {
            settings.insert("till".to_owned(), till_number);
        }
        let secrets = [
            ("consumer_key", Secret::new(account.consumer_key)),
            ("consumer_secret", account.consumer_secret),
            ("passkey", account.passkey),
        ];
        Self {
            settings,
            secrets: secrets.map(|(name, value)| (name.to_owned(), value)).into(),
        }
    }
}

fn short_number(field: &'static str, text: &str) -> Result<String, BadSetting> {
    if (5..=7).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(BadSetting {
            field,
            why: "has 5 to 7 digits",
        })
    }
}
