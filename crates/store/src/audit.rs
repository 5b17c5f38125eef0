//! The audit log: append-only, each entry chained to the one before by a keyed hash.
//!
//! Whoever can write to the database but does not have its keys can neither change an entry and mend
//! the chain after it, nor cut the log and move its end back: the end is a hash of its own.

use bando_domain::Timestamp;

use crate::field::{get, kept, values};
use crate::{Result, TenantTx};

/// Who did what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its number in the provider's log, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who: `member:<account id>`, `customer`, `gateway:mpesa`, `system`.
    pub actor: String,
    /// What (`payment.settle`).
    pub action: String,
    /// On what (`payment:<id>`).
    pub object: String,
    /// More about it, without secrets.
    pub detail: String,
    /// The chain: a keyed hash of this entry and the end of the log before it.
    pub hash: [u8; 32],
}

impl TenantTx {
    /// Adds an entry to the chain. Transactions that do so for one provider take turns.
    pub async fn audit(
        &mut self,
        at: Timestamp,
        actor: &str,
        action: &str,
        object: &str,
        detail: &str,
    ) -> Result<()> {
        // Takes the next number and locks the end; its hash stays until the last statement.
        let sql = "INSERT INTO audit_heads (provider_id, seq, hash) VALUES ($1, 1, $2)
                   ON CONFLICT (provider_id) DO UPDATE SET seq = audit_heads.seq + 1 RETURNING seq, hash";
        let head = self.one(sql, values![[0_u8; 32]]).await?;
        let (seq, before): (u64, [u8; 32]) = (get(&head, 0)?, get(&head, 1)?);
        let hash = self.chain(&before, seq, at, [actor, action, object, detail]);
        let sql =
            "INSERT INTO audit_log (provider_id, seq, at, actor, action, object, detail, hash)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let entry = values![seq, at, actor, action, object, detail, hash];
        let head = "UPDATE audit_heads SET hash = $2 WHERE provider_id = $1";
        let end = self.end_of(&hash);
        self.batch(vec![(sql.into(), entry), (head.into(), values![end])])
            .await?;
        Ok(())
    }

    /// The newest entries, newest first.
    pub async fn audit_log(&mut self, limit: u32) -> Result<Vec<AuditEntry>> {
        let sql = "SELECT seq, at, actor, action, object, detail, hash FROM audit_log
                   WHERE provider_id = $1 ORDER BY seq DESC LIMIT $2";
        self.audit_entries(sql, limit.into()).await
    }

    /// Checks the chain from the first entry to the head. Returns how many entries it has, or the
    /// number of the first entry that does not fit.
    pub async fn verify_audit(&mut self) -> Result<Result<u64, u64>> {
        let sql = "SELECT seq, at, actor, action, object, detail, hash FROM audit_log
                   WHERE provider_id = $1 AND seq > $2 ORDER BY seq LIMIT 1000";
        let (mut before, mut count) = ([0; 32], 0);
        loop {
            let entries = self.audit_entries(sql, count).await?;
            if entries.is_empty() {
                break;
            }
            for e in entries {
                let parts = [&*e.actor, &*e.action, &*e.object, &*e.detail];
                let expected = self.chain(&before, count + 1, e.at, parts);
                if e.seq != count + 1 || e.hash != expected {
                    return Ok(Err(count + 1));
                }
                (before, count) = (self.end_of(&e.hash), count + 1);
            }
        }
        let head = self
            .maybe(
                "SELECT seq, hash FROM audit_heads WHERE provider_id = $1",
                vec![],
            )
            .await?;
        let head = head
            .map(|row| Ok::<_, crate::Error>((get(&row, 0)?, get(&row, 1)?)))
            .transpose()?;
        let fits = head.unwrap_or((0, [0; 32])) == (count, before);
        Ok(if fits { Ok(count) } else { Err(count + 1) })
    }

    async fn audit_entries(
        &mut self,
        sql: &'static str,
        parameter: u64,
    ) -> Result<Vec<AuditEntry>> {
        let rows = self.all(sql, values![parameter]).await?;
        rows.iter()
            .map(|r| {
                Ok(AuditEntry {
                    seq: get(r, 0)?,
                    at: get(r, 1)?,
                    actor: get(r, 2)?,
                    action: get(r, 3)?,
                    object: get(r, 4)?,
                    detail: get(r, 5)?,
                    hash: get(r, 6)?,
                })
            })
            .collect()
    }

    /// The hash of an entry: over the end of the log before it and its fields, each text with its
    /// length in front.
    fn chain(&self, before: &[u8; 32], seq: u64, at: Timestamp, parts: [&str; 4]) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(before);
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(&at.as_millis().to_be_bytes());
        for part in parts.map(kept) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        self.vault()
            .index("audit", Some(self.provider_id()), &bytes)
    }

    /// The end of the log after the entry with this hash.
    fn end_of(&self, hash: &[u8; 32]) -> [u8; 32] {
        self.vault()
            .index("audit end", Some(self.provider_id()), hash)
    }
}
