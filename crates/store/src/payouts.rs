//! Payouts: money that the platform collected, on its way to its provider.

use bando_db::{Row, Sql};
use bando_domain::{AccountId, Currency, Money, PayoutId, Phone, Timestamp};

use crate::field::{get, values};
use crate::page::{Cursor, List, Page};
use crate::{Result, SendState, TenantTx};

/// Money sent to a provider's own phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payout {
    /// Its id.
    pub id: PayoutId,
    /// How much; above zero.
    pub amount: Money,
    /// To whom.
    pub phone: Phone,
    /// How far it has come.
    pub state: SendState,
    /// Who asked for it.
    pub requested_by: AccountId,
    /// When.
    pub requested_at: Timestamp,
    /// Who agreed, which must be another, or declined.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// The gateway's name for the order.
    pub conversation_id: Option<String>,
    /// The receipt of the money that was sent.
    pub receipt: Option<String>,
    /// What the gateway said.
    pub result_text: Option<String>,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "payout_id, amount_minor, currency, phone, state, requested_by, requested_at, decided_by,
  decided_at, conversation_id, receipt, result_text, finished_at";

impl Payout {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            amount: Money::from_minor(get(row, 1)?, get(row, 2)?),
            phone: get(row, 3)?,
            state: get(row, 4)?,
            requested_by: get(row, 5)?,
            requested_at: get(row, 6)?,
            decided_by: get(row, 7)?,
            decided_at: get(row, 8)?,
            conversation_id: get(row, 9)?,
            receipt: get(row, 10)?,
            result_text: get(row, 11)?,
            finished_at: get(row, 12)?,
        })
    }
}

impl TenantTx {
    /// Adds a payout. Hold the name `payouts` first ([`hold`](Self::hold)), and look at what the
    /// platform owes and what is reserved of it.
    pub async fn insert_payout(&mut self, p: &Payout) -> Result<()> {
        let sql = "INSERT INTO payouts (provider_id, payout_id, amount_minor, currency, phone, state, requested_by,
                     requested_at, decided_by, decided_at, conversation_id, receipt, result_text, finished_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let row = values![
            p.id,
            p.amount.minor(),
            p.amount.currency(),
            p.phone,
            p.state,
            p.requested_by,
            p.requested_at,
            p.decided_by,
            p.decided_at,
            p.conversation_id,
            p.receipt,
            p.result_text,
            p.finished_at,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Writes down how far a payout has come; to whom it goes, and how much, stays.
    ///
    /// # Errors
    /// The database refuses a payout that is approved by whoever asked for it.
    pub async fn update_payout(&mut self, p: &Payout) -> Result<()> {
        let sql = "UPDATE payouts SET state = $3, decided_by = $4, decided_at = $5, conversation_id = $6, receipt = $7,
                     result_text = $8, finished_at = $9
                   WHERE provider_id = $1 AND payout_id = $2";
        let row = values![
            p.id,
            p.state,
            p.decided_by,
            p.decided_at,
            p.conversation_id,
            p.receipt,
            p.result_text,
            p.finished_at,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// A payout, to be read.
    pub async fn payout(&mut self, id: PayoutId) -> Result<Option<Payout>> {
        let sql =
            format!("SELECT {COLUMNS} FROM payouts WHERE provider_id = $1 AND payout_id = $2");
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Payout::from_row).transpose()
    }

    /// A payout, to be changed: nobody else changes it before this transaction ends.
    pub async fn lock_payout(&mut self, id: PayoutId) -> Result<Option<Payout>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payouts WHERE provider_id = $1 AND payout_id = $2 /*for update*/"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Payout::from_row).transpose()
    }

    /// A page of payouts, newest first; only those in `state`, if one is given.
    pub async fn payouts(
        &mut self,
        state: Option<SendState>,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Payout>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM payouts WHERE provider_id = $1"
        ));
        list.and("state = ?", state.as_ref());
        self.page(list, "payout_id", after, size, Payout::from_row, |p| {
            p.id.uuid()
        })
        .await
    }

    /// What may yet be paid out: payouts on their way. Those that are done are in the ledger.
    pub async fn reserved_for_payouts(&mut self, currency: Currency) -> Result<Money> {
        let sql = "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payouts
                   WHERE provider_id = $1 AND currency = $2
                     AND state IN ('requested', 'approved', 'sending', 'sent', 'unknown')";
        let row = self.one(sql, values![currency]).await?;
        Ok(Money::from_minor(get(&row, 0)?, currency))
    }
}
