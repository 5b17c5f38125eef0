//! Routers.

use bando_db::{Row, Sql, params};
use bando_domain::{Entropy, ProviderId, RouterId, Secret, Timestamp};

use crate::field::{get, values};
use crate::vault::Place;
use crate::{Result, SystemTx, TenantTx, Vault};

/// A MikroTik (any RADIUS NAS) of a provider.
#[derive(Clone, Debug)]
pub struct Router {
    /// Whose it is.
    pub provider: ProviderId,
    /// Its id.
    pub id: RouterId,
    /// Its name in the console.
    pub name: String,
    /// Its unguessable NAS-Identifier: how it is known, whatever address it comes from.
    pub identity: String,
    /// The RADIUS shared secret.
    pub secret: Secret,
    /// The host (address or dns-name) of its hotspot: where customers' browsers may be sent to
    /// log in.
    pub hotspot_host: String,
    /// Where it takes CoA and Disconnect, if that is not the address its requests come from.
    pub coa_address: Option<String>,
    /// The address and port its last genuine request came from.
    pub source_address: Option<String>,
    /// It has sent Message-Authenticator before, so a request without one is not from it.
    pub message_authenticator: bool,
    /// When it was last heard of.
    pub last_seen_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A router to be added.
#[derive(Clone, Debug)]
pub struct NewRouter {
    /// Its id.
    pub id: RouterId,
    /// Its name in the console.
    pub name: String,
    /// Its NAS-Identifier.
    pub identity: String,
    /// The RADIUS shared secret.
    pub secret: Secret,
    /// The host of its hotspot.
    pub hotspot_host: String,
    /// Where it takes CoA and Disconnect.
    pub coa_address: Option<String>,
    /// Now.
    pub created_at: Timestamp,
}

const COLUMNS: &str =
    "provider_id, router_id, name, identity, secret_sealed, hotspot_host, coa_address,
  source_address, message_authenticator, last_seen_at, created_at";

fn place(provider: ProviderId, row: &[u8; 16]) -> Place<'_> {
    Place {
        table: "routers",
        column: "secret_sealed",
        provider,
        row,
    }
}

impl Router {
    fn from_row(row: &Row, vault: &Vault) -> Result<Self> {
        let (provider, id): (ProviderId, RouterId) = (get(row, 0)?, get(row, 1)?);
        let sealed: Vec<u8> = get(row, 4)?;
        let secret = vault.open(place(provider, id.uuid().as_bytes()), &sealed)?;
        Ok(Self {
            provider,
            id,
            name: get(row, 2)?,
            identity: get(row, 3)?,
            secret: Secret::new(String::from_utf8_lossy(&secret)),
            hotspot_host: get(row, 5)?,
            coa_address: get(row, 6)?,
            source_address: get(row, 7)?,
            message_authenticator: get(row, 8)?,
            last_seen_at: get(row, 9)?,
            created_at: get(row, 10)?,
        })
    }
}

impl SystemTx {
    /// The router with this NAS-Identifier, whoever owns it.
    pub async fn router_by_identity(&mut self, identity: &str) -> Result<Option<Router>> {
        // every provider: the router tells whose it is.
        let sql =
            format!("SELECT {COLUMNS} FROM routers WHERE identity = $1 AND deleted_at IS NULL");
        let row = self.tx.maybe(Sql::built(sql), params![identity]).await?;
        row.map(|row| Router::from_row(&row, self.vault()))
            .transpose()
    }

    /// All routers that were last heard of from this host: for requests without NAS-Identifier,
    /// where only the secret tells them apart.
    pub async fn routers_by_source(&mut self, host: &str) -> Result<Vec<Router>> {
        // every provider: the router tells whose it is.
        let sql = format!(
            "SELECT {COLUMNS} FROM routers WHERE source_address = $1 AND deleted_at IS NULL
                           ORDER BY last_seen_at DESC LIMIT 16"
        );
        let rows = self.tx.all(Sql::built(sql), params![host]).await?;
        rows.iter()
            .map(|row| Router::from_row(row, self.vault()))
            .collect()
    }
}

impl TenantTx {
    /// Adds a router.
    ///
    /// # Errors
    /// A conflict if the identity is taken.
    pub async fn insert_router(&mut self, r: &NewRouter, entropy: &dyn Entropy) -> Result<()> {
        let row = *r.id.uuid().as_bytes();
        let sealed = self.vault().seal(
            place(self.provider_id(), &row),
            r.secret.expose().as_bytes(),
            entropy,
        );
        let sql = "INSERT INTO routers (provider_id, router_id, name, identity, secret_sealed, hotspot_host,
                     coa_address, message_authenticator, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = values![
            r.id,
            r.name,
            r.identity,
            sealed,
            r.hotspot_host,
            r.coa_address,
            false,
            r.created_at
        ];
        self.exec(sql, values).await?;
        Ok(())
    }

    /// Changes a router's name and addresses. Returns whether it was there.
    pub async fn update_router(
        &mut self,
        id: RouterId,
        name: &str,
        hotspot_host: &str,
        coa_address: Option<&str>,
    ) -> Result<bool> {
        let sql = "UPDATE routers SET name = $3, hotspot_host = $4, coa_address = $5
                   WHERE provider_id = $1 AND router_id = $2 AND deleted_at IS NULL";
        let coa = coa_address.map(str::to_owned);
        Ok(self.exec(sql, values![id, name, hotspot_host, coa]).await? == 1)
    }

    /// Takes a router away. Its sessions and payments stay. Returns whether it was there.
    pub async fn delete_router(&mut self, id: RouterId, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE routers SET deleted_at = $3 WHERE provider_id = $1 AND router_id = $2 AND deleted_at IS NULL";
        Ok(self.exec(sql, values![id, now]).await? == 1)
    }

    /// A router that is not deleted.
    pub async fn router(&mut self, id: RouterId) -> Result<Option<Router>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM routers WHERE provider_id = $1 AND router_id = $2 AND deleted_at IS NULL"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.map(|row| Router::from_row(&row, self.vault()))
            .transpose()
    }

    /// All routers that are not deleted, oldest first.
    pub async fn routers(&mut self) -> Result<Vec<Router>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM routers WHERE provider_id = $1 AND deleted_at IS NULL ORDER BY router_id"
        );
        let rows = self.all(Sql::built(sql), vec![]).await?;
        rows.iter()
            .map(|row| Router::from_row(row, self.vault()))
            .collect()
    }

    /// Notes that a genuine request came from the router.
    pub async fn touch_router(
        &mut self,
        id: RouterId,
        source_host: &str,
        message_authenticator: bool,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "UPDATE routers SET source_address = $3, last_seen_at = $5,
                     message_authenticator = (message_authenticator OR $4)
                   WHERE provider_id = $1 AND router_id = $2";
        self.exec(sql, values![id, source_host, message_authenticator, now])
            .await?;
        Ok(())
    }
}
