//! Requests made under a key of the caller's, and their answers: a repetition gets the same.

use bando_domain::Timestamp;

use crate::field::{get, values};
use crate::{Result, SystemTx, TenantTx};

/// A request as it was begun before under the same key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownRequest {
    /// What was asked, by its digest: another one under the same key is a mistake of the caller's.
    pub digest: [u8; 32],
    /// The answer; none while it is worked on, or if that was cut short.
    pub answer: Option<StoredAnswer>,
    /// When it was begun.
    pub created_at: Timestamp,
}

/// An answer that was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u32,
    /// The type of its body.
    pub content_type: String,
    /// Its body.
    pub body: Vec<u8>,
}

impl TenantTx {
    /// Begins a request under a key. Returns nothing if it is the first; otherwise what is known of
    /// the one before. Of several at once the others wait here for the first one's transaction.
    pub async fn begin_request(
        &mut self,
        caller: &str,
        key: &str,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<KnownRequest>> {
        let sql = "INSERT INTO idempotency_keys (provider_id, caller, key, digest, created_at)
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider_id, caller, key) DO NOTHING";
        if self.exec(sql, values![caller, key, digest, now]).await? == 1 {
            return Ok(None);
        }
        let sql = "SELECT digest, status, content_type, body, created_at FROM idempotency_keys
                   WHERE provider_id = $1 AND caller = $2 AND key = $3";
        let row = self.one(sql, values![caller, key]).await?;
        let answer = match (get(&row, 1)?, get(&row, 2)?, get(&row, 3)?) {
            (Some(status), Some(content_type), Some(body)) => Some(StoredAnswer {
                status,
                content_type,
                body,
            }),
            _ => None,
        };
        Ok(Some(KnownRequest {
            digest: get(&row, 0)?,
            answer,
            created_at: get(&row, 4)?,
        }))
    }

    /// Keeps the answer of a request that was begun.
    pub async fn finish_request(
        &mut self,
        caller: &str,
        key: &str,
        answer: &StoredAnswer,
    ) -> Result<()> {
        let sql = "UPDATE idempotency_keys SET status = $4, content_type = $5, body = $6
                   WHERE provider_id = $1 AND caller = $2 AND key = $3";
        let row = values![caller, key, answer.status, answer.content_type, answer.body];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Forgets a request that came to nothing, so that it may be made again under its key.
    pub async fn forget_request(&mut self, caller: &str, key: &str) -> Result<()> {
        let sql =
            "DELETE FROM idempotency_keys WHERE provider_id = $1 AND caller = $2 AND key = $3";
        self.exec(sql, values![caller, key]).await?;
        Ok(())
    }
}

impl SystemTx {
    /// Forgets the requests begun before `before`, and returns how many.
    pub async fn forget_requests(&mut self, before: Timestamp) -> Result<u64> {
        // every provider: answers grow old alike.
        let sql = "DELETE FROM idempotency_keys WHERE created_at < $1";
        Ok(self.tx.exec(sql, &values![before]).await?)
    }
}
