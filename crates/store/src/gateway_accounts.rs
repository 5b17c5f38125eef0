//! A provider's own accounts with the payment companies.

use bando_db::{Row, Sql};
use bando_domain::{Entropy, Secret, Timestamp};
use uuid::Uuid;

use crate::field::{get, values};
use crate::vault::Place;
use crate::{Result, TenantTx};

/// A provider's account with one gateway. What is in `settings` and `secrets` is the gateway's own
/// business: they are JSON here.
#[derive(Clone, Debug)]
pub struct GatewayAccount {
    /// The gateway's name (`mpesa`).
    pub gateway: String,
    /// What may be shown: environment, shortcode.
    pub settings: serde_json::Value,
    /// What may not: keys and passkeys, as JSON; encrypted at rest.
    pub secrets: Secret,
    /// Whether customers may pay with it.
    pub enabled: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When the connection was last tested.
    pub tested_at: Option<Timestamp>,
    /// What the test said: `ok`, or what is wrong.
    pub test_result: Option<String>,
}

/// A gateway's name as the row of a link ([`Link::Account`](crate::Link::Account)): its bytes, padded
/// with zeros. None for a name of more than 16 bytes, which no gateway has.
pub fn account_row(gateway: &str) -> Option<Uuid> {
    let mut bytes = [0; 16];
    bytes
        .get_mut(..gateway.len())?
        .copy_from_slice(gateway.as_bytes());
    Some(Uuid::from_bytes(bytes))
}

/// The gateway's name that [`account_row`] made this of.
pub fn gateway_of_row(row: Uuid) -> Option<String> {
    let name = std::str::from_utf8(row.as_bytes()).ok()?;
    Some(name.trim_end_matches('\0').to_owned())
}

const COLUMNS: &str =
    "gateway, settings, secrets_sealed, enabled, updated_at, tested_at, test_result";

impl GatewayAccount {
    fn from_row(row: &Row, tx: &TenantTx) -> Result<Self> {
        let gateway: String = get(row, 0)?;
        let place = Place {
            table: "gateway_accounts",
            column: "secrets_sealed",
            provider: tx.provider_id(),
            row: gateway.as_bytes(),
        };
        let secrets = tx.vault().open(place, &get::<Vec<u8>>(row, 2)?)?;
        Ok(Self {
            settings: get(row, 1)?,
            secrets: Secret::new(String::from_utf8_lossy(&secrets)),
            enabled: get(row, 3)?,
            updated_at: get(row, 4)?,
            tested_at: get(row, 5)?,
            test_result: get(row, 6)?,
            gateway,
        })
    }
}

impl TenantTx {
    /// Adds or replaces the account with a gateway; the last test no longer counts.
    pub async fn put_gateway_account(
        &mut self,
        a: &GatewayAccount,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let place = Place {
            table: "gateway_accounts",
            column: "secrets_sealed",
            provider: self.provider_id(),
            row: a.gateway.as_bytes(),
        };
        let sealed = self
            .vault()
            .seal(place, a.secrets.expose().as_bytes(), entropy);
        let sql = "INSERT INTO gateway_accounts (provider_id, gateway, settings, secrets_sealed, enabled, updated_at)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (provider_id, gateway) DO UPDATE SET settings = excluded.settings,
                     secrets_sealed = excluded.secrets_sealed, enabled = excluded.enabled,
                     updated_at = excluded.updated_at, tested_at = NULL, test_result = NULL";
        self.exec(
            sql,
            values![a.gateway, a.settings, sealed, a.enabled, a.updated_at],
        )
        .await?;
        Ok(())
    }

    /// The account with a gateway.
    pub async fn gateway_account(&mut self, gateway: &str) -> Result<Option<GatewayAccount>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM gateway_accounts WHERE provider_id = $1 AND gateway = $2"
        );
        let row = self.maybe(Sql::built(sql), values![gateway]).await?;
        row.map(|row| GatewayAccount::from_row(&row, self))
            .transpose()
    }

    /// The accounts with all gateways, by name.
    pub async fn gateway_accounts(&mut self) -> Result<Vec<GatewayAccount>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM gateway_accounts WHERE provider_id = $1 ORDER BY gateway"
        );
        let rows = self.all(Sql::built(sql), vec![]).await?;
        rows.iter()
            .map(|row| GatewayAccount::from_row(row, self))
            .collect()
    }

    /// Notes what a test of the connection said.
    pub async fn set_gateway_test(
        &mut self,
        gateway: &str,
        now: Timestamp,
        result: &str,
    ) -> Result<()> {
        let sql = "UPDATE gateway_accounts SET tested_at = $3, test_result = $4 WHERE provider_id = $1 AND gateway = $2";
        self.exec(sql, values![gateway, now, result]).await?;
        Ok(())
    }
}
