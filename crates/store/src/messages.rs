//! The inbox: every message of a gateway, kept as it came before anything is done with it.

use bando_domain::{MessageId, PaymentId, Timestamp};
use sha2::{Digest, Sha256};

use crate::field::{get, values};
use crate::{Result, TenantTx};

/// A message of a gateway about a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GatewayMessage {
    /// Its id.
    pub id: MessageId,
    /// The payment whose callback link it came in on.
    pub payment: PaymentId,
    /// The gateway.
    pub gateway: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Where it came from.
    pub source: String,
    /// When it first came.
    pub received_at: Timestamp,
    /// How often it came.
    pub times_seen: u32,
    /// What was made of it; none while it waits.
    pub outcome: Option<String>,
}

impl TenantTx {
    /// Keeps a message. Returns false if the same bytes came before for the same payment: that is
    /// counted and need not be worked on again.
    pub async fn insert_message(&mut self, m: &GatewayMessage) -> Result<bool> {
        let digest: [u8; 32] = Sha256::digest(&m.body).into();
        let sql = "INSERT INTO gateway_messages (provider_id, message_id, payment_id, gateway, digest, body, source,
                     received_at, times_seen)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
                   ON CONFLICT (provider_id, payment_id, digest) DO UPDATE SET times_seen = gateway_messages.times_seen + 1
                   RETURNING times_seen";
        let row = values![
            m.id,
            m.payment,
            m.gateway,
            digest,
            m.body,
            m.source,
            m.received_at
        ];
        let times: u32 = get(&self.one(sql, row).await?, 0)?;
        Ok(times == 1)
    }

    /// How many different messages about a payment there are: a forger must not fill the disk.
    pub async fn count_messages(&mut self, payment: PaymentId) -> Result<u32> {
        let sql =
            "SELECT COUNT(*) FROM gateway_messages WHERE provider_id = $1 AND payment_id = $2";
        get(&self.one(sql, values![payment]).await?, 0)
    }

    /// A message.
    pub async fn message(&mut self, id: MessageId) -> Result<Option<GatewayMessage>> {
        let sql =
            "SELECT message_id, payment_id, gateway, body, source, received_at, times_seen, outcome
                   FROM gateway_messages WHERE provider_id = $1 AND message_id = $2";
        let Some(row) = self.maybe(sql, values![id]).await? else {
            return Ok(None);
        };
        Ok(Some(GatewayMessage {
            id: get(&row, 0)?,
            payment: get(&row, 1)?,
            gateway: get(&row, 2)?,
            body: get(&row, 3)?,
            source: get(&row, 4)?,
            received_at: get(&row, 5)?,
            times_seen: get(&row, 6)?,
            outcome: get(&row, 7)?,
        }))
    }

    /// Notes what was made of a message.
    pub async fn set_message_outcome(&mut self, id: MessageId, outcome: &str) -> Result<()> {
        let sql =
            "UPDATE gateway_messages SET outcome = $3 WHERE provider_id = $1 AND message_id = $2";
        self.exec(sql, values![id, outcome]).await?;
        Ok(())
    }
}
