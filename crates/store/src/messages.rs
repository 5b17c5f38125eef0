//! The inbox: every message of a gateway, kept as it came before anything is done with it.

use bando_domain::{MessageId, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::field::{get, values, words};
use crate::{Result, TenantTx};

words! {
    /// What a message came about: what the link leads to that it came in on.
    About {
        /// A payment that we asked for.
        Payment => "payment",
        /// A gateway account: whatever happens in it. Its subject is [`account_row`](crate::account_row).
        Account => "account",
        /// A refund that we sent.
        Refund => "refund",
        /// A payout that we sent.
        Payout => "payout",
        /// Money that arrived by itself, which we asked about.
        Arrival => "arrival",
    }
}

/// A message of a gateway.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GatewayMessage {
    /// Its id.
    pub id: MessageId,
    /// What it came about.
    pub about: About,
    /// The row that it came about.
    pub subject: Uuid,
    /// The gateway.
    pub gateway: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Whether the gateway's signature was on it and was good.
    pub signed: bool,
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
    /// Keeps a message. Returns false if the same bytes came before for the same subject: that is
    /// counted and need not be worked on again.
    pub async fn insert_message(&mut self, m: &GatewayMessage) -> Result<bool> {
        let digest: [u8; 32] = Sha256::digest(&m.body).into();
        let sql = "INSERT INTO gateway_messages (provider_id, message_id, about, subject, gateway, digest, body, signed,
                     source, received_at, times_seen)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)
                   ON CONFLICT (provider_id, about, subject, digest) DO UPDATE SET times_seen = gateway_messages.times_seen + 1
                   RETURNING times_seen";
        let row = values![
            m.id,
            m.about,
            m.subject,
            m.gateway,
            digest,
            m.body,
            m.signed,
            m.source,
            m.received_at
        ];
        let times: u32 = get(&self.one(sql, row).await?, 0)?;
        Ok(times == 1)
    }

    /// The message that came before with the same bytes for the same subject.
    pub async fn same_message(&mut self, m: &GatewayMessage) -> Result<Option<MessageId>> {
        let digest: [u8; 32] = Sha256::digest(&m.body).into();
        let sql = "SELECT message_id FROM gateway_messages WHERE provider_id = $1 AND about = $2
                   AND subject = $3 AND digest = $4";
        let row = self.maybe(sql, values![m.about, m.subject, digest]).await?;
        row.map(|row| get(&row, 0)).transpose()
    }

    /// How many different messages about a row there are: a forger must not fill the disk.
    pub async fn count_messages(&mut self, about: About, subject: Uuid) -> Result<u32> {
        let sql = "SELECT COUNT(*) FROM gateway_messages WHERE provider_id = $1 AND about = $2
                   AND subject = $3";
        get(&self.one(sql, values![about, subject]).await?, 0)
    }

    /// A message.
    pub async fn message(&mut self, id: MessageId) -> Result<Option<GatewayMessage>> {
        let sql =
            "SELECT message_id, about, subject, gateway, body, signed, source, received_at, times_seen, outcome
                   FROM gateway_messages WHERE provider_id = $1 AND message_id = $2";
        let Some(row) = self.maybe(sql, values![id]).await? else {
            return Ok(None);
        };
        Ok(Some(GatewayMessage {
            id: get(&row, 0)?,
            about: get(&row, 1)?,
            subject: get(&row, 2)?,
            gateway: get(&row, 3)?,
            body: get(&row, 4)?,
            signed: get(&row, 5)?,
            source: get(&row, 6)?,
            received_at: get(&row, 7)?,
            times_seen: get(&row, 8)?,
            outcome: get(&row, 9)?,
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
