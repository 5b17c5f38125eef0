//! A provider's M-Pesa account by its own names: a typed face on [`gateway_accounts`](crate::gateway_accounts).

use std::collections::BTreeMap;

use bando_domain::Secret;
use bando_gateways::Account;

use crate::{App, Caller, Result};

/// The gateway's name in payments and the ledger.
pub(crate) const MPESA: &str = "mpesa";

/// What of the M-Pesa settings may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MpesaSettings {
    /// `sandbox`, `production`, or a base URL where the installation allows that.
    pub environment: String,
    /// Paybill number, or the store (head office) number of a till.
    pub shortcode: String,
    /// The till's number, if customers pay a till.
    pub till: Option<String>,
}

/// What may not be shown: stored encrypted, never returned.
#[derive(Clone, Debug)]
pub struct MpesaSecrets {
    /// The Daraja app's consumer key.
    pub consumer_key: Secret,
    /// The Daraja app's consumer secret.
    pub consumer_secret: Secret,
    /// The shortcode's passkey.
    pub passkey: Secret,
}

impl App {
    /// Saves the M-Pesa settings. Secrets that are left empty stay as they are.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) names the field;
    /// [`Error::Forbidden`](crate::Error::Forbidden) unless the caller is an owner.
    pub async fn save_mpesa(
        &self,
        caller: &Caller,
        settings: MpesaSettings,
        secrets: MpesaSecrets,
        enabled: bool,
    ) -> Result<()> {
        let mut account = Account {
            settings: BTreeMap::from([
                ("environment".to_owned(), settings.environment),
                ("shortcode".to_owned(), settings.shortcode),
            ]),
            secrets: BTreeMap::from([
                ("consumer_key".to_owned(), secrets.consumer_key),
                ("consumer_secret".to_owned(), secrets.consumer_secret),
                ("passkey".to_owned(), secrets.passkey),
            ]),
        };
        if let Some(till) = settings.till {
            account.settings.insert("till".to_owned(), till);
        }
        self.save_gateway(caller, MPESA, account, enabled).await
    }
}
