//! A provider's account with Daraja.

use bando_domain::Secret;

/// Which Daraja is spoken to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Environment {
    /// Safaricom's test system: no money moves.
    Sandbox,
    /// The real one.
    Production,
    /// Another base URL, such as the simulator's.
    Custom(String),
}

impl Environment {
    /// Scheme and host, without a slash at the end.
    pub fn base_url(&self) -> &str {
        match self {
            Self::Sandbox => "https://sandbox.safaricom.co.ke",
            Self::Production => "https://api.safaricom.co.ke",
            Self::Custom(url) => url.trim_end_matches('/'),
        }
    }
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
