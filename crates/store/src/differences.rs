//! Differences: what a statement and our books disagree about.

use bando_db::{Row, Sql};
use bando_domain::{AccountId, Currency, DifferenceId, PaymentId, StatementId, Timestamp};

use crate::field::{get, values, words};
use crate::page::{Cursor, List, Page};
use crate::{Result, TenantTx};

words! {
    /// What a difference is.
    DifferenceKind {
        /// The statement has money that we know nothing of.
        NotHere => "not_here",
        /// We have money that the statement does not.
        NotThere => "not_there",
        /// The statement has money of a payment that is not settled here.
        Status => "status",
        /// Another amount.
        Amount => "amount",
        /// Another currency.
        Currency => "currency",
        /// Another fee.
        Fee => "fee",
        /// Another receipt.
        Receipt => "receipt",
        /// We were never told the receipt of money that we have.
        NoReceipt => "no_receipt",
        /// One receipt twice on the statement.
        Duplicate => "duplicate",
        /// One money twice in our books.
        Twice => "twice",
        /// Money went back to its payer, and we did not book it.
        Reversal => "reversal",
        /// A refund of ours that the statement does not have.
        RefundNotThere => "refund_not_there",
        /// The statement has money that was sent, and we know nothing of it.
        PayoutNotHere => "payout_not_here",
        /// A payout of ours that the statement does not have.
        PayoutNotThere => "payout_not_there",
        /// Money that moved in another account than the provider's.
        WrongAccount => "wrong_account",
    }
}

words! {
    /// Where a difference stands.
    DifferenceState {
        /// It waits.
        Open => "open",
        /// Our books now say the same.
        Mended => "mended",
        /// A member lets it be.
        Dismissed => "dismissed",
    }
}

/// Something that a statement and our books disagree about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// Its id.
    pub id: DifferenceId,
    /// The statement.
    pub statement: StatementId,
    /// What it is.
    pub kind: DifferenceKind,
    /// What about (a receipt, a payment's id): one difference a statement, kind and subject.
    pub subject: String,
    /// The receipt.
    pub receipt: Option<String>,
    /// The payment, if one is concerned.
    pub payment: Option<PaymentId>,
    /// What we have, minor units.
    pub ours_minor: Option<i64>,
    /// What the statement has, minor units.
    pub theirs_minor: Option<i64>,
    /// The currency of both; where they differ in it, the statement's.
    pub currency: Currency,
    /// More about it, for people.
    pub detail: Option<String>,
    /// Where it stands.
    pub state: DifferenceState,
    /// Who decided; nobody, if it was mended by itself.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// Which differences a list shows.
#[derive(Clone, Default, Debug)]
pub struct DifferenceFilter {
    /// Only those that stand so.
    pub state: Option<DifferenceState>,
    /// Only those of this statement.
    pub statement: Option<StatementId>,
    /// Only those of this kind.
    pub kind: Option<DifferenceKind>,
    /// Only those of this payment.
    pub payment: Option<PaymentId>,
}

const COLUMNS: &str =
    "difference_id, statement_id, kind, subject, receipt, payment_id, ours_minor, theirs_minor,
  currency, detail, state, decided_by, decided_at";

impl Difference {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            statement: get(row, 1)?,
            kind: get(row, 2)?,
            subject: get(row, 3)?,
            receipt: get(row, 4)?,
            payment: get(row, 5)?,
            ours_minor: get(row, 6)?,
            theirs_minor: get(row, 7)?,
            currency: get(row, 8)?,
            detail: get(row, 9)?,
            state: get(row, 10)?,
            decided_by: get(row, 11)?,
            decided_at: get(row, 12)?,
        })
    }
}

impl TenantTx {
    /// Adds differences, but those that were found before. Returns how many are new.
    pub async fn insert_differences(&mut self, differences: &[Difference]) -> Result<u64> {
        let sql = "INSERT INTO differences (provider_id, difference_id, statement_id, kind, subject, receipt, payment_id,
                     ours_minor, theirs_minor, currency, detail, state, decided_by, decided_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                   ON CONFLICT (provider_id, statement_id, kind, subject) DO NOTHING";
        let rows = differences
            .iter()
            .map(|d| {
                values![
                    d.id,
                    d.statement,
                    d.kind,
                    d.subject,
                    d.receipt,
                    d.payment,
                    d.ours_minor,
                    d.theirs_minor,
                    d.currency,
                    d.detail,
                    d.state,
                    d.decided_by,
                    d.decided_at,
                ]
            })
            .collect();
        self.exec_many(sql, rows).await
    }

    /// A difference, to be decided: nobody else decides it before this transaction ends.
    pub async fn lock_difference(&mut self, id: DifferenceId) -> Result<Option<Difference>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM differences WHERE provider_id = $1 AND difference_id = $2 /*for update*/"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Difference::from_row).transpose()
    }

    /// A difference.
    pub async fn difference(&mut self, id: DifferenceId) -> Result<Option<Difference>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM differences WHERE provider_id = $1 AND difference_id = $2"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Difference::from_row).transpose()
    }

    /// Notes what became of a difference. Returns false if that was decided already.
    pub async fn decide_difference(
        &mut self,
        id: DifferenceId,
        state: DifferenceState,
        by: Option<AccountId>,
        now: Timestamp,
    ) -> Result<bool> {
        let sql = "UPDATE differences SET state = $3, decided_by = $4, decided_at = $5
                   WHERE provider_id = $1 AND difference_id = $2 AND state = 'open'";
        Ok(self.exec(sql, values![id, state, by, now]).await? == 1)
    }

    /// All differences of statements of a gateway whose time overlaps this one.
    pub async fn differences_near(
        &mut self,
        gateway: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Difference>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM differences WHERE provider_id = $1 AND statement_id IN (
               SELECT s.statement_id FROM statements s WHERE s.provider_id = $1 AND s.gateway = $2
                 AND s.from_at < $4 AND s.to_at > $3)"
        );
        let rows = self
            .all(Sql::built(sql), values![gateway, from, to])
            .await?;
        rows.iter().map(Difference::from_row).collect()
    }

    /// Notes that what was different agrees now, of those that are open.
    pub async fn mend_differences(&mut self, ids: &[DifferenceId], now: Timestamp) -> Result<()> {
        let sql = "UPDATE differences SET state = 'mended', decided_at = $3
                   WHERE provider_id = $1 AND difference_id = $2 AND state = 'open'";
        let rows = ids.iter().map(|id| values![id, now]).collect();
        self.exec_many(sql, rows).await?;
        Ok(())
    }

    /// Opens differences again that were thought to be mended.
    pub async fn reopen_differences(&mut self, ids: &[DifferenceId]) -> Result<()> {
        let sql = "UPDATE differences SET state = 'open', decided_by = NULL, decided_at = NULL
                   WHERE provider_id = $1 AND difference_id = $2 AND state = 'mended'";
        let rows = ids.iter().map(|id| values![id]).collect();
        self.exec_many(sql, rows).await?;
        Ok(())
    }

    /// A page of differences, newest first.
    pub async fn differences(
        &mut self,
        filter: &DifferenceFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Difference>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM differences WHERE provider_id = $1"
        ));
        list.and("state = ?", filter.state.as_ref());
        list.and("statement_id = ?", filter.statement.as_ref());
        list.and("kind = ?", filter.kind.as_ref());
        list.and("payment_id = ?", filter.payment.as_ref());
        self.page(
            list,
            "difference_id",
            after,
            size,
            Difference::from_row,
            |d| d.id.uuid(),
        )
        .await
    }

    /// How many differences wait.
    pub async fn count_open_differences(&mut self) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM differences WHERE provider_id = $1 AND state = 'open'";
        get(&self.one(sql, vec![]).await?, 0)
    }
}
