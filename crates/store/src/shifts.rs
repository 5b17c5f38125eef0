//! Shifts: a cashier's time at the till.

use bando_db::{Row, Sql};
use bando_domain::{AccountId, Currency, Money, ShiftId, Timestamp};

use crate::field::{get, values};
use crate::page::{Cursor, List, Page};
use crate::{Result, TenantTx};

/// A cashier's time at the till: at most one is open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shift {
    /// Its id.
    pub id: ShiftId,
    /// Whose.
    pub account: AccountId,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// What is counted.
    pub currency: Currency,
    /// What should have been in the till at its end.
    pub expected: Option<Money>,
    /// What was counted in the till at its end.
    pub counted: Option<Money>,
    /// What the cashier says about it.
    pub note: Option<String>,
}

const COLUMNS: &str =
    "shift_id, account_id, opened_at, closed_at, currency, expected_minor, counted_minor, note";

impl Shift {
    fn from_row(row: &Row) -> Result<Self> {
        let currency = get(row, 4)?;
        let money = |minor: Option<i64>| minor.map(|minor| Money::from_minor(minor, currency));
        Ok(Self {
            id: get(row, 0)?,
            account: get(row, 1)?,
            opened_at: get(row, 2)?,
            closed_at: get(row, 3)?,
            currency,
            expected: money(get(row, 5)?),
            counted: money(get(row, 6)?),
            note: get(row, 7)?,
        })
    }
}

impl TenantTx {
    /// Begins a shift, unless the cashier is at the till already. Returns the one that is open, and
    /// whether it is new; nobody else closes it before this transaction ends.
    pub async fn open_shift(
        &mut self,
        id: ShiftId,
        account: AccountId,
        currency: Currency,
        now: Timestamp,
    ) -> Result<(Shift, bool)> {
        // Updated, not left alone: so the one that is open is locked, and one that is just being closed is
        // not taken for open.
        let sql = format!(
            "INSERT INTO shifts (provider_id, shift_id, account_id, opened_at, currency)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (provider_id, account_id) WHERE closed_at IS NULL DO UPDATE SET closed_at = NULL
             RETURNING {COLUMNS}"
        );
        let row = values![id, account, now, currency];
        let shift = Shift::from_row(&self.one(Sql::built(sql), row).await?)?;
        let is_new = shift.id == id;
        Ok((shift, is_new))
    }

    /// The open shift of a cashier, which nobody else closes before this transaction ends.
    pub async fn lock_open_shift(&mut self, account: AccountId) -> Result<Option<Shift>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM shifts WHERE provider_id = $1 AND account_id = $2 AND closed_at IS NULL
             /*for update*/"
        );
        let row = self.maybe(Sql::built(sql), values![account]).await?;
        row.as_ref().map(Shift::from_row).transpose()
    }

    /// The open shift of a cashier, to be read.
    pub async fn open_shift_of(&mut self, account: AccountId) -> Result<Option<Shift>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM shifts WHERE provider_id = $1 AND account_id = $2 AND closed_at IS NULL"
        );
        let row = self.maybe(Sql::built(sql), values![account]).await?;
        row.as_ref().map(Shift::from_row).transpose()
    }

    /// A shift.
    pub async fn shift(&mut self, id: ShiftId) -> Result<Option<Shift>> {
        let sql = format!("SELECT {COLUMNS} FROM shifts WHERE provider_id = $1 AND shift_id = $2");
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Shift::from_row).transpose()
    }

    /// Ends a shift with what should be in the till and what is, both in its currency. Returns
    /// false if it had ended.
    pub async fn close_shift(
        &mut self,
        id: ShiftId,
        now: Timestamp,
        expected: Money,
        counted: Money,
        note: Option<&str>,
    ) -> Result<bool> {
        let sql = "UPDATE shifts SET closed_at = $3, expected_minor = $4, counted_minor = $5, note = $6
                   WHERE provider_id = $1 AND shift_id = $2 AND closed_at IS NULL AND currency = $7 AND currency = $8";
        let row = values![
            id,
            now,
            expected.minor(),
            counted.minor(),
            note.map(str::to_owned),
            expected.currency(),
            counted.currency(),
        ];
        Ok(self.exec(sql, row).await? == 1)
    }

    /// A page of shifts, newest first; only those of `account`, if one is given.
    pub async fn shifts(
        &mut self,
        account: Option<AccountId>,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Shift>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM shifts WHERE provider_id = $1"
        ));
        list.and("account_id = ?", account.as_ref());
        self.page(list, "shift_id", after, size, Shift::from_row, |s| {
            s.id.uuid()
        })
        .await
    }
}
