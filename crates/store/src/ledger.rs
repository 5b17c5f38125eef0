//! The ledger: every movement of money, append-only.
//!
//! One row takes an amount from one account and gives it to another, so that no row can be out of
//! balance and the sum over all accounts is always zero.

use bando_domain::{Currency, LedgerTransferId, Money, PaymentId, Timestamp};

use crate::field::{get, values};
use crate::{Result, TenantTx};

/// One movement of money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// Its id.
    pub id: LedgerTransferId,
    /// What it is: once per payment.
    pub kind: String,
    /// The account it goes to (`gateway:mpesa` has more).
    pub debit: String,
    /// The account it comes from (`revenue` is owed for).
    pub credit: String,
    /// How much; above zero.
    pub amount: Money,
    /// The payment it is part of.
    pub payment: PaymentId,
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

impl TenantTx {
    /// Books a movement. Returns false if this kind was booked for this payment before.
    pub async fn insert_transfer(&mut self, t: &Transfer) -> Result<bool> {
        let sql = "INSERT INTO ledger_transfers (provider_id, transfer_id, kind, debit_account, credit_account,
                     amount_minor, currency, payment_id, at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                   ON CONFLICT (provider_id, payment_id, kind) DO NOTHING";
        let row = values![
            t.id,
            t.kind,
            t.debit,
            t.credit,
            t.amount.minor(),
            t.amount.currency(),
            t.payment,
            t.at
        ];
        Ok(self.exec(sql, row).await? == 1)
    }

    /// The movements that belong to a payment, in order.
    pub async fn transfers_of_payment(&mut self, payment: PaymentId) -> Result<Vec<Transfer>> {
        let sql = "SELECT transfer_id, kind, debit_account, credit_account, amount_minor, currency, payment_id, at
                   FROM ledger_transfers WHERE provider_id = $1 AND payment_id = $2 ORDER BY transfer_id";
        let rows = self.all(sql, values![payment]).await?;
        rows.iter()
            .map(|r| {
                Ok(Transfer {
                    id: get(r, 0)?,
                    kind: get(r, 1)?,
                    debit: get(r, 2)?,
                    credit: get(r, 3)?,
                    amount: Money::from_minor(get(r, 4)?, get(r, 5)?),
                    payment: get(r, 6)?,
                    at: get(r, 7)?,
                })
            })
            .collect()
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
