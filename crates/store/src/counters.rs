//! Numbers for people, counted per provider, and names to be held while something is counted.

use crate::field::{get, values};
use crate::{Result, TenantTx};

impl TenantTx {
    /// The next number of a provider's own series; the first is `first`. Two transactions never get
    /// the same; one that is rolled back leaves no gap.
    pub(crate) async fn next_number(&mut self, name: &str, first: u64) -> Result<u64> {
        let sql = "INSERT INTO counters (provider_id, name, value) VALUES ($1, $2, $3)
                   ON CONFLICT (provider_id, name) DO UPDATE SET value = counters.value + 1 RETURNING value";
        get(&self.one(sql, values![name, first]).await?, 0)
    }

    /// Waits until no other transaction holds this name of the provider's, and holds it until this
    /// one ends: for what is summed up and then added to (what is reserved for payouts, the amounts
    /// waited for at a gateway), which no constraint can guard.
    pub async fn hold(&mut self, name: &str) -> Result<()> {
        let sql = "INSERT INTO counters (provider_id, name, value) VALUES ($1, $2, 0)
                   ON CONFLICT (provider_id, name) DO UPDATE SET value = counters.value";
        self.exec(sql, values![format!("hold:{name}")]).await?;
        Ok(())
    }
}
