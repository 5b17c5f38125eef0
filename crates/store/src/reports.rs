//! What the dashboards show, from roll-ups that the booking transactions keep.

use bando_domain::{Currency, Money};

use crate::field::{get, values};
use crate::{Result, TenantTx};

/// Money received on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayRevenue {
    /// Days since 1970-01-01 in the provider's own time zone.
    pub day: i64,
    /// How many payments.
    pub payments: u64,
    /// How much.
    pub amount: Money,
}

impl TenantTx {
    /// Adds a payment to its day. `sign` is 1 for money received and -1 for money returned.
    pub async fn add_revenue(
        &mut self,
        day: i64,
        gateway: &str,
        amount: Money,
        sign: i64,
    ) -> Result<()> {
        let sql = "INSERT INTO revenue_daily (provider_id, day, gateway, currency, payments, amount_minor)
                   VALUES ($1, $2, $3, $4, $5, $6)
                   ON CONFLICT (provider_id, day, gateway, currency) DO UPDATE SET
                     payments = revenue_daily.payments + excluded.payments,
                     amount_minor = revenue_daily.amount_minor + excluded.amount_minor";
        let row = values![day, gateway, amount.currency(), sign, amount.minor() * sign];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Takes money off the day of the payment that it was sent back of, and the payment too if `whole`
    /// of it went: a day's revenue is what was kept of it. Returns false, and changes nothing, if that
    /// day had not so much.
    pub async fn take_revenue(
        &mut self,
        day: i64,
        gateway: &str,
        amount: Money,
        whole: bool,
    ) -> Result<bool> {
        let sql =
            "UPDATE revenue_daily SET payments = payments - $6, amount_minor = amount_minor - $5
                   WHERE provider_id = $1 AND day = $2 AND gateway = $3 AND currency = $4
                     AND payments >= $6 AND amount_minor >= $5";
        let row = values![
            day,
            gateway,
            amount.currency(),
            amount.minor(),
            i64::from(whole)
        ];
        Ok(self.exec(sql, row).await? == 1)
    }

    /// Money received on each day from `from` to `to`, both included, days without any left out.
    pub async fn revenue_by_day(
        &mut self,
        from: i64,
        to: i64,
        currency: Currency,
    ) -> Result<Vec<DayRevenue>> {
        let sql = "SELECT day, CAST(SUM(payments) AS BIGINT), CAST(SUM(amount_minor) AS BIGINT) FROM revenue_daily
                   WHERE provider_id = $1 AND day BETWEEN $2 AND $3 AND currency = $4 GROUP BY day ORDER BY day";
        let rows = self.all(sql, values![from, to, currency]).await?;
        rows.iter()
            .map(|r| {
                let amount = Money::from_minor(get(r, 2)?, currency);
                Ok(DayRevenue {
                    day: get(r, 0)?,
                    payments: get(r, 1)?,
                    amount,
                })
            })
            .collect()
    }
}
