//! The ledger: every movement of money, append-only.
//!
//! One row takes an amount from one account and gives it to another, so that no row can be out of
//! balance and the sum over all accounts is always zero.

use bando_db::{Row, Sql};
use bando_domain::{Currency, LedgerTransferId, Money, PaymentId, Timestamp};
use uuid::Uuid;

use crate::field::{get, values};
use crate::{Result, TenantTx};

/// One movement of money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// Its id.
    pub id: LedgerTransferId,
    /// What it is: once per subject.
    pub kind: String,
    /// The account it goes to (`gateway:mpesa` has more).
    pub debit: String,
    /// The account it comes from (`revenue` is owed for).
    pub credit: String,
    /// How much; above zero.
    pub amount: Money,
    /// What it is about: the id of a payment, an arrival, a refund, a payout, a shift.
    pub subject: Uuid,
    /// The payment it is part of, if it is part of one.
    pub payment: Option<PaymentId>,
    /// When.
    pub at: Timestamp,
}

/// What an account holds: debits less credits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Balance {
    /// The account.
    pub account: String,
    /// Debits less credits.
    pub amount: Money,
}

const COLUMNS: &str =
    "transfer_id, kind, debit_account, credit_account, amount_minor, currency, subject, payment_id,
  at";

impl Transfer {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            kind: get(row, 1)?,
            debit: get(row, 2)?,
            credit: get(row, 3)?,
            amount: Money::from_minor(get(row, 4)?, get(row, 5)?),
            subject: get(row, 6)?,
            payment: get(row, 7)?,
            at: get(row, 8)?,
        })
    }
}

impl TenantTx {
    /// Books a movement. Returns false if this kind was booked for this subject before.
    pub async fn insert_transfer(&mut self, t: &Transfer) -> Result<bool> {
        let sql = "INSERT INTO ledger_transfers (provider_id, transfer_id, kind, debit_account, credit_account,
                     amount_minor, currency, subject, payment_id, at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                   ON CONFLICT (provider_id, subject, kind) DO NOTHING";
        let row = values![
            t.id,
            t.kind,
            t.debit,
            t.credit,
            t.amount.minor(),
            t.amount.currency(),
            t.subject,
            t.payment,
            t.at
        ];
        Ok(self.exec(sql, row).await? == 1)
    }

    /// The movements that belong to a payment, in order.
    pub async fn transfers_of_payment(&mut self, payment: PaymentId) -> Result<Vec<Transfer>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger_transfers WHERE provider_id = $1 AND payment_id = $2 ORDER BY transfer_id"
        );
        let rows = self.all(Sql::built(sql), values![payment]).await?;
        rows.iter().map(Transfer::from_row).collect()
    }

    /// The balance of every account, from the movements alone.
    pub async fn balances(&mut self) -> Result<Vec<Balance>> {
        let sql = "SELECT account, currency, CAST(SUM(amount) AS BIGINT) FROM (
                     SELECT debit_account AS account, currency, amount_minor AS amount
                       FROM ledger_transfers WHERE provider_id = $1
                     UNION ALL
                     SELECT credit_account, currency, -amount_minor FROM ledger_transfers WHERE provider_id = $1
                   ) AS movements GROUP BY account, currency ORDER BY account, currency";
        let rows = self.all(sql, vec![]).await?;
        rows.iter()
            .map(|r| {
                let amount = Money::from_minor(get(r, 2)?, get::<Currency>(r, 1)?);
                Ok(Balance {
                    account: get(r, 0)?,
                    amount,
                })
            })
            .collect()
    }
}
