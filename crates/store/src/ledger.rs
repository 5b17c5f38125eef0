//! The ledger: every movement of money, append-only.
//!
//! One row takes an amount from one account and gives it to another, so that no row can be out of
//! balance and the sum over all accounts is always zero.

use bando_db::{Row, Sql};
use bando_domain::{Currency, LedgerTransferId, Money, PaymentId, Timestamp};
use uuid::Uuid;

use crate::field::{Field, get, values};
use crate::page::{Cursor, List, Page, first_id};
use crate::{Result, SystemTx, TenantTx};

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

/// What went into an account and out of it, by kind of movement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turnover {
    /// The account.
    pub account: String,
    /// The kind of movement.
    pub kind: String,
    /// How many movements.
    pub count: u64,
    /// What went in.
    pub came: Money,
    /// What went out.
    pub went: Money,
}

/// Which movements a list shows.
#[derive(Clone, Default, Debug)]
pub struct TransferFilter {
    /// Only those to or from this account.
    pub account: Option<String>,
    /// Only those to or from an account whose name begins so (`gateway:`).
    pub prefix: Option<String>,
    /// Only those at or after this.
    pub from: Option<Timestamp>,
    /// Only those before this.
    pub to: Option<Timestamp>,
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

    /// The movements about a subject, in order.
    pub async fn transfers_about(&mut self, subject: Uuid) -> Result<Vec<Transfer>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM ledger_transfers WHERE provider_id = $1 AND subject = $2 ORDER BY transfer_id"
        );
        let rows = self.all(Sql::built(sql), values![subject]).await?;
        rows.iter().map(Transfer::from_row).collect()
    }

    /// A page of movements, newest first: the statement of an account, if the filter names one.
    pub async fn transfers(
        &mut self,
        filter: &TransferFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Transfer>> {
        let mut list = List::new(match &filter.account {
            Some(_) => "SELECT * FROM ledger_transfers WHERE provider_id = $1".to_owned(),
            None => format!("SELECT {COLUMNS} FROM ledger_transfers WHERE provider_id = $1"),
        });
        let prefix =
            "(substr(debit_account, 1, length(?)) = ? OR substr(credit_account, 1, length(?)) = ?)";
        list.and(prefix, filter.prefix.as_ref());
        list.and("at >= ?", filter.from.as_ref());
        list.and("transfer_id >= ?", filter.from.map(first_id).as_ref());
        list.and("at < ?", filter.to.as_ref());
        let Some(account) = &filter.account else {
            return self
                .page(list, "transfer_id", after, size, Transfer::from_row, id)
                .await;
        };
        // Each side by its own index, no more than the page needs; one movement is never both.
        list.and("transfer_id < ?", after.map(|after| after.0).as_ref());
        let (text, mut params) = list.into_parts();
        params.push(account.to_value());
        let account = format!("${}", params.len() + 1);
        let limit = size + 1;
        let sql = format!(
            "SELECT {COLUMNS} FROM (
               SELECT * FROM ({text} AND debit_account = {account} ORDER BY transfer_id DESC LIMIT {limit}) AS debits
               UNION ALL
               SELECT * FROM ({text} AND credit_account = {account} ORDER BY transfer_id DESC LIMIT {limit}) AS credits
             ) AS movements ORDER BY transfer_id DESC LIMIT {limit}"
        );
        let rows = self.all(Sql::built(sql), params).await?;
        let rows = rows.iter().map(Transfer::from_row);
        Ok(Page::cut(rows.collect::<Result<Vec<_>>>()?, size, id))
    }

    /// The balance of one account in one currency, from the movements alone.
    pub async fn balance_of(&mut self, account: &str, currency: Currency) -> Result<Money> {
        let sql = "SELECT CAST(
            COALESCE((SELECT SUM(amount_minor) FROM ledger_transfers
              WHERE provider_id = $1 AND debit_account = $2 AND currency = $3), 0)
            - COALESCE((SELECT SUM(amount_minor) FROM ledger_transfers
              WHERE provider_id = $1 AND credit_account = $2 AND currency = $3), 0) AS BIGINT)";
        let row = self.one(sql, values![account, currency]).await?;
        Ok(Money::from_minor(get(&row, 0)?, currency))
    }

    /// The balance that an account had after the movement `last`, in one currency.
    pub async fn balance_after(
        &mut self,
        account: &str,
        currency: Currency,
        last: LedgerTransferId,
    ) -> Result<Money> {
        let sql = "SELECT CAST(
            COALESCE((SELECT SUM(amount_minor) FROM ledger_transfers
              WHERE provider_id = $1 AND debit_account = $2 AND currency = $3 AND transfer_id <= $4), 0)
            - COALESCE((SELECT SUM(amount_minor) FROM ledger_transfers
              WHERE provider_id = $1 AND credit_account = $2 AND currency = $3 AND transfer_id <= $4), 0) AS BIGINT)";
        let row = self.one(sql, values![account, currency, last]).await?;
        Ok(Money::from_minor(get(&row, 0)?, currency))
    }

    /// The balance of every account, from the movements alone.
    pub async fn balances(&mut self) -> Result<Vec<Balance>> {
        self.balances_before(Timestamp::from_millis(i64::MAX)).await
    }

    /// The balance that every account had at `moment`: after all movements before it.
    pub async fn balances_before(&mut self, moment: Timestamp) -> Result<Vec<Balance>> {
        let sql = "SELECT account, currency, CAST(SUM(amount) AS BIGINT) FROM (
                     SELECT debit_account AS account, currency, amount_minor AS amount
                       FROM ledger_transfers WHERE provider_id = $1 AND at < $2
                     UNION ALL
                     SELECT credit_account, currency, -amount_minor
                       FROM ledger_transfers WHERE provider_id = $1 AND at < $2
                   ) AS movements GROUP BY account, currency ORDER BY account, currency";
        let rows = self.all(sql, values![moment]).await?;
        rows.iter()
            .map(|r| {
                Ok(Balance {
                    account: get(r, 0)?,
                    amount: Money::from_minor(get(r, 2)?, get(r, 1)?),
                })
            })
            .collect()
    }

    /// What went into and out of the accounts whose names begin with `prefix`, from `from` to before
    /// `to`, by account and kind.
    pub async fn turnovers(
        &mut self,
        prefix: &str,
        currency: Currency,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Turnover>> {
        let sql = "SELECT account, kind, COUNT(*), CAST(SUM(came) AS BIGINT), CAST(SUM(went) AS BIGINT) FROM (
                     SELECT debit_account AS account, kind, amount_minor AS came, 0 AS went FROM ledger_transfers
                       WHERE provider_id = $1 AND currency = $3 AND at >= $4 AND at < $5 AND transfer_id >= $6
                     UNION ALL
                     SELECT credit_account, kind, 0, amount_minor FROM ledger_transfers
                       WHERE provider_id = $1 AND currency = $3 AND at >= $4 AND at < $5 AND transfer_id >= $6
                   ) AS movements WHERE substr(account, 1, length($2)) = $2
                   GROUP BY account, kind ORDER BY account, kind";
        let row = values![prefix, currency, from, to, first_id(from)];
        let rows = self.all(sql, row).await?;
        rows.iter()
            .map(|r| {
                Ok(Turnover {
                    account: get(r, 0)?,
                    kind: get(r, 1)?,
                    count: get(r, 2)?,
                    came: Money::from_minor(get(r, 3)?, currency),
                    went: Money::from_minor(get(r, 4)?, currency),
                })
            })
            .collect()
    }
}

impl SystemTx {
    /// The sum of all balances of all providers, a currency at a time: zero, always.
    pub async fn balances_total(&mut self) -> Result<Vec<Money>> {
        // every provider: the ledger as a whole is in balance, or it is broken.
        let sql = "SELECT currency, CAST(SUM(amount) AS BIGINT) FROM (
                     SELECT debit_account AS account, currency, amount_minor AS amount FROM ledger_transfers
                     UNION ALL
                     SELECT credit_account, currency, -amount_minor FROM ledger_transfers
                   ) AS movements WHERE account <> '' GROUP BY currency ORDER BY currency";
        let rows = self.tx.all(sql, &[]).await?;
        rows.iter()
            .map(|r| Ok(Money::from_minor(get(r, 1)?, get(r, 0)?)))
            .collect()
    }
}

fn id(transfer: &Transfer) -> Uuid {
    transfer.id.uuid()
}
