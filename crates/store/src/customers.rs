//! The customers, and their wallets.

use bando_db::{Row, Sql};
use bando_domain::{CustomerId, Money, Phone, Timestamp};

use crate::field::{get, values};
use crate::page::{Cursor, List, Page};
use crate::{Result, TenantTx};

/// Someone who buys access, known by phone if they gave one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Customer {
    /// Their id.
    pub id: CustomerId,
    /// Their phone; none if they only ever paid in cash, once.
    pub phone: Option<Phone>,
    /// Their wallet: what they have paid the provider beyond what they bought, never below zero. In
    /// the provider's currency.
    pub credit: Money,
    /// When they first came.
    pub created_at: Timestamp,
}

/// The columns of a customer. A wallet has no currency of its own: it is in the provider's.
const COLUMNS: &str = "customer_id, phone, credit_minor,
  (SELECT p.currency FROM providers p WHERE p.provider_id = $1), created_at";

impl Customer {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            phone: get(row, 1)?,
            credit: Money::from_minor(get(row, 2)?, get(row, 3)?),
            created_at: get(row, 4)?,
        })
    }
}

impl TenantTx {
    /// The customer with this phone, made if there is none yet.
    pub async fn customer(
        &mut self,
        new: CustomerId,
        phone: &Phone,
        now: Timestamp,
    ) -> Result<Customer> {
        let sql = format!(
            "INSERT INTO customers (provider_id, customer_id, phone, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (provider_id, phone) DO UPDATE SET deleted_at = NULL RETURNING {COLUMNS}"
        );
        let row = self.one(Sql::built(sql), values![new, phone, now]).await?;
        Customer::from_row(&row)
    }

    /// A new customer of whom no phone is known.
    pub async fn unnamed_customer(&mut self, new: CustomerId, now: Timestamp) -> Result<()> {
        let sql =
            "INSERT INTO customers (provider_id, customer_id, created_at) VALUES ($1, $2, $3)";
        self.exec(sql, values![new, now]).await?;
        Ok(())
    }

    /// A customer.
    pub async fn customer_by_id(&mut self, id: CustomerId) -> Result<Option<Customer>> {
        let sql =
            format!("SELECT {COLUMNS} FROM customers WHERE provider_id = $1 AND customer_id = $2");
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Customer::from_row).transpose()
    }

    /// The customer with this phone, if there is one.
    pub async fn customer_by_phone(&mut self, phone: &Phone) -> Result<Option<Customer>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM customers WHERE provider_id = $1 AND phone = $2 AND deleted_at IS NULL"
        );
        let row = self.maybe(Sql::built(sql), values![phone]).await?;
        row.as_ref().map(Customer::from_row).transpose()
    }

    /// A page of the customers with a phone, newest first.
    pub async fn customers(
        &mut self,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Customer>> {
        let list = List::new(format!(
            "SELECT {COLUMNS} FROM customers WHERE provider_id = $1 AND deleted_at IS NULL AND phone IS NOT NULL"
        ));
        self.page(list, "customer_id", after, size, Customer::from_row, |c| {
            c.id.uuid()
        })
        .await
    }

    /// Puts money into a customer's wallet, or takes it out if `delta` is negative. Returns false,
    /// and changes nothing, if there is not that much in it, no such customer, or the money is not
    /// in the provider's currency. Whoever calls books the same in the ledger.
    pub async fn add_credit(&mut self, id: CustomerId, delta: Money) -> Result<bool> {
        let sql = "UPDATE customers SET credit_minor = credit_minor + $3
                   WHERE provider_id = $1 AND customer_id = $2 AND credit_minor + $3 >= 0
                     AND EXISTS (SELECT 1 FROM providers p WHERE p.provider_id = $1 AND p.currency = $4)";
        let row = values![id, delta.minor(), delta.currency()];
        Ok(self.exec(sql, row).await? == 1)
    }
}
