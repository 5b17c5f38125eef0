//! The ledger for people: balances, the statement of an account, and everything for a spreadsheet.
//!
//! All of it is reckoned from the movements alone.

use std::collections::HashMap;

use bando_domain::{Currency, Money, Timestamp};
use bando_store::{Balance, Cursor, Page, Transfer, TransferFilter};

use crate::caller::Permission;
use crate::{App, Caller, Result};

/// The columns of [`ledger_row`].
pub const LEDGER_COLUMNS: [&str; 9] = [
    "time", "kind", "to", "from", "amount", "currency", "subject", "payment", "id",
];

/// A span of the books: from the first moment until before the last; open where there is none.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct BookSpan {
    /// The first moment in it.
    pub from: Option<Timestamp>,
    /// The first moment after it.
    pub to: Option<Timestamp>,
}

/// One line of an account's statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The movement.
    pub transfer: Transfer,
    /// The account on its other side.
    pub other: String,
    /// By how much the account changed: more or less.
    pub change: Money,
    /// What the account held after it, in this currency.
    pub balance: Money,
}

impl App {
    /// The balance (debits less credits) of every account at a moment; now, if none is given.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`], [`crate::Error::Store`].
    pub async fn account_balances(
        &self,
        caller: &Caller,
        at: Option<Timestamp>,
    ) -> Result<Vec<Balance>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(match at {
            Some(at) => tx.balances_before(at).await?,
            None => tx.balances().await?,
        })
    }

    /// What went into an account and out of it, newest first, with what it held after each.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`], [`crate::Error::Store`].
    pub async fn account_statement(
        &self,
        caller: &Caller,
        account: &str,
        span: &BookSpan,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Entry>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let filter = TransferFilter {
            account: Some(account.to_owned()),
            prefix: None,
            from: span.from,
            to: span.to,
        };
        let page = tx.transfers(&filter, after, size).await?;
        // The balance after the newest movement of each currency, and from there backwards.
        let mut balances: HashMap<Currency, i64> = HashMap::new();
        let mut rows = Vec::with_capacity(page.rows.len());
        for transfer in page.rows {
            let currency = transfer.amount.currency();
            let balance = match balances.get(&currency) {
                Some(balance) => *balance,
                None => tx
                    .balance_after(account, currency, transfer.id)
                    .await?
                    .minor(),
            };
            let entry = entry(account, transfer, balance);
            balances.insert(currency, balance - entry.change.minor());
            rows.push(entry);
        }
        Ok(Page {
            rows,
            next: page.next,
        })
    }

    /// A part of all movements of a span, newest first: a file is made of the parts, one after the
    /// other.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`], [`crate::Error::Store`].
    pub async fn ledger_export(
        &self,
        caller: &Caller,
        span: &BookSpan,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Transfer>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let filter = TransferFilter {
            account: None,
            prefix: None,
            from: span.from,
            to: span.to,
        };
        Ok(tx.transfers(&filter, after, size).await?)
    }
}

/// A movement as a line of a file, in the order of [`LEDGER_COLUMNS`]. Whoever writes the file sees
/// to it that no cell is taken for a formula.
pub fn ledger_row(transfer: &Transfer) -> [String; 9] {
    [
        transfer.at.to_string(),
        transfer.kind.clone(),
        transfer.debit.clone(),
        transfer.credit.clone(),
        transfer.amount.decimal(),
        transfer.amount.currency().code().to_owned(),
        transfer.subject.to_string(),
        transfer
            .payment
            .map(|id| id.to_string())
            .unwrap_or_default(),
        transfer.id.to_string(),
    ]
}

fn entry(account: &str, transfer: Transfer, balance: i64) -> Entry {
    let (came, currency) = (transfer.debit == account, transfer.amount.currency());
    let (minor, other) = if came {
        (transfer.amount.minor(), transfer.credit.clone())
    } else {
        (-transfer.amount.minor(), transfer.debit.clone())
    };
    Entry {
        other,
        change: Money::from_minor(minor, currency),
        balance: Money::from_minor(balance, currency),
        transfer,
    }
}
