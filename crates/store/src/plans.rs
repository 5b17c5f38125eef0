//! Plans.

use bando_db::{Row, Sql};
use bando_domain::{Currency, Money, PlanId, PlanTerms, SellingWindow, Timestamp};

use crate::field::{get, values};
use crate::{Result, TenantTx};

/// What is sold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its name as customers see it.
    pub name: String,
    /// What it costs; zero for one that is only given away.
    pub price: Money,
    /// What it gives.
    pub terms: PlanTerms,
    /// When it is on sale; none for always.
    pub window: Option<SellingWindow>,
    /// Whether the portal offers it.
    pub on_sale: bool,
    /// Its place in the list, smallest first.
    pub position: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str =
    "plan_id, name, price_minor, currency, terms, selling_window, on_sale, position, created_at";

impl Plan {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            name: get(row, 1)?,
            price: Money::from_minor(get(row, 2)?, get::<Currency>(row, 3)?),
            terms: get(row, 4)?,
            window: get(row, 5)?,
            on_sale: get(row, 6)?,
            position: get(row, 7)?,
            created_at: get(row, 8)?,
        })
    }
}

impl TenantTx {
    /// Adds a plan.
    pub async fn insert_plan(&mut self, p: &Plan) -> Result<()> {
        let sql = "INSERT INTO plans (provider_id, plan_id, name, price_minor, currency, terms, selling_window,
                     on_sale, position, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let row = values![
            p.id,
            p.name,
            p.price.minor(),
            p.price.currency(),
            p.terms,
            p.window,
            p.on_sale,
            p.position,
            p.created_at,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Changes a plan. Tickets already sold keep their terms. Returns whether it was there.
    pub async fn update_plan(&mut self, p: &Plan) -> Result<bool> {
        let sql = "UPDATE plans SET name = $3, price_minor = $4, terms = $5, selling_window = $6, on_sale = $7,
                     position = $8
                   WHERE provider_id = $1 AND plan_id = $2 AND deleted_at IS NULL";
        let row = values![
            p.id,
            p.name,
            p.price.minor(),
            p.terms,
            p.window,
            p.on_sale,
            p.position
        ];
        Ok(self.exec(sql, row).await? == 1)
    }

    /// Takes a plan off the list for good. Returns whether it was there.
    pub async fn delete_plan(&mut self, id: PlanId, now: Timestamp) -> Result<bool> {
        let sql = "UPDATE plans SET deleted_at = $3 WHERE provider_id = $1 AND plan_id = $2 AND deleted_at IS NULL";
        Ok(self.exec(sql, values![id, now]).await? == 1)
    }

    /// A plan that is not deleted.
    pub async fn plan(&mut self, id: PlanId) -> Result<Option<Plan>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM plans WHERE provider_id = $1 AND plan_id = $2 AND deleted_at IS NULL"
        );
        self.maybe(Sql::built(sql), values![id])
            .await?
            .as_ref()
            .map(Plan::from_row)
            .transpose()
    }

    /// All plans that are not deleted, in the provider's own order.
    pub async fn plans(&mut self) -> Result<Vec<Plan>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM plans WHERE provider_id = $1 AND deleted_at IS NULL
             ORDER BY position, price_minor, plan_id"
        );
        self.all(Sql::built(sql), vec![])
            .await?
            .iter()
            .map(Plan::from_row)
            .collect()
    }
}
