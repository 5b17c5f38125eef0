//! Providers.

use std::str::FromStr;

use bando_db::{Row, params};
use bando_domain::{Country, Currency, Language, Phone, ProviderId, Slug, Timestamp};

use crate::field::{Field, get, values};
use crate::{Error, Result, SystemTx, TenantTx};

/// Whether a provider may sell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProviderStatus {
    /// In business.
    Active,
    /// Stopped by the platform: nothing is sold and nobody new is let in.
    Suspended,
}

impl ProviderStatus {
    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A tenant: a hotspot or ISP business.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// Its short name in URLs.
    pub slug: Slug,
    /// Its name as customers know it.
    pub name: String,
    /// Whether it may sell.
    pub status: ProviderStatus,
    /// Where it is: how local phone numbers are read.
    pub country: Country,
    /// What it sells in.
    pub currency: Currency,
    /// The language of its portal when the customer's browser asks for none we speak.
    pub language: Language,
    /// IANA time zone: where its days begin.
    pub time_zone: String,
    /// Whom customers call.
    pub support_phone: Option<Phone>,
    /// When it joined.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "provider_id, slug, name, status, country, currency, language, time_zone, support_phone, created_at";

impl Provider {
    fn from_row(row: &Row) -> Result<Self> {
        let status = match get::<String>(row, 3)?.as_str() {
            "active" => ProviderStatus::Active,
            "suspended" => ProviderStatus::Suspended,
            _ => {
                return Err(Error::Corrupt {
                    column: 3,
                    kind: "provider status",
                });
            }
        };
        let country = Country::from_code(&get::<String>(row, 4)?);
        Ok(Self {
            id: get(row, 0)?,
            slug: get(row, 1)?,
            name: get(row, 2)?,
            status,
            country: country.ok_or(Error::Corrupt {
                column: 4,
                kind: "country",
            })?,
            currency: get(row, 5)?,
            language: get(row, 6)?,
            time_zone: get(row, 7)?,
            support_phone: get(row, 8)?,
            created_at: get(row, 9)?,
        })
    }
}

impl SystemTx {
    /// Adds a provider.
    ///
    /// # Errors
    /// A conflict if the slug is taken.
    pub async fn insert_provider(&mut self, p: &Provider) -> Result<()> {
        let sql = "INSERT INTO providers (provider_id, slug, name, status, country, currency, language, time_zone,
                     support_phone, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let row = values![
            p.id,
            p.slug,
            p.name,
            p.status.name(),
            p.country.code(),
            p.currency,
            p.language,
            p.time_zone,
            p.support_phone,
            p.created_at,
        ];
        self.tx.exec(sql, &row).await?;
        Ok(())
    }

    /// The provider with this slug.
    pub async fn provider_by_slug(&mut self, slug: &Slug) -> Result<Option<Provider>> {
        let sql = format!("SELECT {COLUMNS} FROM providers WHERE slug = $1 AND deleted_at IS NULL");
        let row = self
            .tx
            .maybe(bando_db::Sql::built(sql), params![slug.as_str()])
            .await?;
        row.as_ref().map(Provider::from_row).transpose()
    }

    /// The provider with this id or slug.
    pub async fn provider_by_name(&mut self, id_or_slug: &str) -> Result<Option<Provider>> {
        if let Ok(id) = ProviderId::from_str(id_or_slug) {
            let sql = format!(
                "SELECT {COLUMNS} FROM providers WHERE provider_id = $1 AND deleted_at IS NULL"
            );
            let row = self
                .tx
                .maybe(bando_db::Sql::built(sql), &[id.to_value()])
                .await?;
            return row.as_ref().map(Provider::from_row).transpose();
        }
        match Slug::from_str(id_or_slug) {
            Ok(slug) => self.provider_by_slug(&slug).await,
            Err(_) => Ok(None),
        }
    }

    /// All providers, oldest first.
    pub async fn providers(&mut self) -> Result<Vec<Provider>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM providers WHERE deleted_at IS NULL ORDER BY provider_id"
        );
        self.tx
            .all(bando_db::Sql::built(sql), &[])
            .await?
            .iter()
            .map(Provider::from_row)
            .collect()
    }
}

impl TenantTx {
    /// The provider of this transaction.
    ///
    /// # Errors
    /// [`bando_db::Error::NotFound`] if it was deleted.
    pub async fn provider(&mut self) -> Result<Provider> {
        let sql = format!(
            "SELECT {COLUMNS} FROM providers WHERE provider_id = $1 AND deleted_at IS NULL"
        );
        Provider::from_row(&self.one(bando_db::Sql::built(sql), vec![]).await?)
    }

    /// Changes the provider's own settings; slug and currency stay.
    pub async fn update_provider(&mut self, p: &Provider) -> Result<()> {
        let sql =
            "UPDATE providers SET name = $2, language = $3, time_zone = $4, support_phone = $5
                   WHERE provider_id = $1";
        self.exec(
            sql,
            values![p.name, p.language, p.time_zone, p.support_phone],
        )
        .await?;
        Ok(())
    }
}
