//! Which receipt has credited what: each at most once, whosever it is.

use uuid::Uuid;

use crate::field::{get, values};
use crate::{Result, TenantTx};

impl TenantTx {
    /// Claims a gateway's receipt for a payment or an arrival, whichever provider's. Returns true if
    /// `holder` has it, now or already; false if something else was credited with it before.
    pub async fn take_receipt(
        &mut self,
        gateway: &str,
        receipt: &str,
        holder: Uuid,
    ) -> Result<bool> {
        // The table belongs to no provider: $1 only says that this one exists.
        let sql = "INSERT INTO receipt_holders (gateway, receipt, holder)
                   SELECT $2, $3, $4 FROM providers WHERE provider_id = $1
                   ON CONFLICT (gateway, receipt) DO UPDATE SET holder = excluded.holder
                   WHERE receipt_holders.holder = excluded.holder";
        Ok(self.exec(sql, values![gateway, receipt, holder]).await? == 1)
    }

    /// Hands a receipt over from one row to another: money that waited has found its payment. Returns
    /// false if `from` does not hold it.
    pub async fn move_receipt(
        &mut self,
        gateway: &str,
        receipt: &str,
        from: Uuid,
        to: Uuid,
    ) -> Result<bool> {
        let sql = "UPDATE receipt_holders SET holder = $5 WHERE gateway = $2 AND receipt = $3 AND holder = $4
                   AND EXISTS (SELECT 1 FROM providers WHERE provider_id = $1)";
        Ok(self.exec(sql, values![gateway, receipt, from, to]).await? == 1)
    }

    /// The payment or arrival that holds a receipt: perhaps another provider's, so this is nothing
    /// to be shown.
    pub async fn receipt_holder(&mut self, gateway: &str, receipt: &str) -> Result<Option<Uuid>> {
        let sql = "SELECT holder FROM receipt_holders WHERE gateway = $2 AND receipt = $3
                   AND EXISTS (SELECT 1 FROM providers WHERE provider_id = $1)";
        let row = self.maybe(sql, values![gateway, receipt]).await?;
        row.as_ref().map(|row| get(row, 0)).transpose()
    }
}
