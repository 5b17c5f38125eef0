//! Statements: the movements of money as a gateway has them.

use std::fmt::Write;

use bando_db::{Row, Sql, Value};
use bando_domain::{AccountId, Money, Phone, StatementId, Timestamp};

use crate::field::{get, values, words};
use crate::page::{Cursor, List, Page};
use crate::{Result, TenantTx};

/// How many lines one statement of SQL inserts: fewer round trips, and far below the engines'
/// bounds (32766 parameters on SQLite).
const LINES_AT_ONCE: usize = 250;

words! {
    /// Where a statement comes from.
    StatementSource {
        /// The gateway was asked.
        Pull => "pull",
        /// A member uploaded it.
        Upload => "upload",
    }
}

words! {
    /// How far a statement has come.
    StatementState {
        /// Its lines are being read or compared.
        Reading => "reading",
        /// It is compared with our books.
        Compared => "compared",
        /// It could not be read.
        Failed => "failed",
    }
}

words! {
    /// What a line of a statement tells of.
    LineKind {
        /// Money came in from a payer.
        Payment => "payment",
        /// Money of a payment went back to its payer.
        Reversal => "reversal",
        /// Money was sent to a phone.
        Payout => "payout",
        /// The gateway took a fee.
        Fee => "fee",
        /// Anything else: a withdrawal to the bank, an adjustment.
        Other => "other",
    }
}

/// An imported list of movements.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Its id.
    pub id: StatementId,
    /// The gateway.
    pub gateway: String,
    /// Where it comes from.
    pub source: StatementSource,
    /// The first moment it covers.
    pub from: Timestamp,
    /// The first moment after those it covers.
    pub to: Timestamp,
    /// How many lines it has.
    pub lines: u64,
    /// How many differences were found.
    pub differences: u64,
    /// How far it has come.
    pub state: StatementState,
    /// Why it could not be read.
    pub error: Option<String>,
    /// Who imported it; nobody, if it was pulled by itself.
    pub imported_by: Option<AccountId>,
    /// When.
    pub imported_at: Timestamp,
    /// When it was compared, or failed.
    pub finished_at: Option<Timestamp>,
}

/// One movement on a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementLine {
    /// Its number within the statement, from 0.
    pub number: u64,
    /// What it tells of.
    pub kind: LineKind,
    /// Its receipt.
    pub receipt: String,
    /// How much, always positive.
    pub amount: Money,
    /// What of it the gateway kept, in the same currency, where told.
    pub fee: Option<Money>,
    /// When, where told.
    pub at: Option<Timestamp>,
    /// Whose phone, where told in full.
    pub phone: Option<Phone>,
    /// What else is told of the payer: their own words, so never trusted.
    pub payer: Option<String>,
    /// What it is for.
    pub reference: Option<String>,
    /// The account it moved in, where told.
    pub account: Option<String>,
    /// The gateway's name for the payment that it belongs to, where told.
    pub checkout_request_id: Option<String>,
}

const COLUMNS: &str =
    "statement_id, gateway, source, from_at, to_at, lines, differences, state, error, imported_by,
  imported_at, finished_at";

/// The columns of a line, of a table `l`; [`line`] reads them.
const LINE: &str =
    "l.line, l.kind, l.receipt, l.amount_minor, l.currency, l.fee_minor, l.at, l.phone,
  l.payer, l.reference, l.account, l.checkout_request_id";

/// How many columns [`LINE`] has.
const LINE_WIDTH: usize = 12;

/// Reads the columns [`LINE`].
fn line(row: &Row) -> Result<StatementLine> {
    let currency = get(row, 4)?;
    let fee: Option<i64> = get(row, 5)?;
    Ok(StatementLine {
        number: get(row, 0)?,
        kind: get(row, 1)?,
        receipt: get(row, 2)?,
        amount: Money::from_minor(get(row, 3)?, currency),
        fee: fee.map(|minor| Money::from_minor(minor, currency)),
        at: get(row, 6)?,
        phone: get(row, 7)?,
        payer: get(row, 8)?,
        reference: get(row, 9)?,
        account: get(row, 10)?,
        checkout_request_id: get(row, 11)?,
    })
}

impl StatementLine {
    fn values(&self) -> Vec<Value> {
        values![
            self.number,
            self.kind,
            self.receipt,
            self.amount.minor(),
            self.amount.currency(),
            self.fee.map(Money::minor),
            self.at,
            self.phone,
            self.payer,
            self.reference,
            self.account,
            self.checkout_request_id,
        ]
    }
}

impl Statement {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            gateway: get(row, 1)?,
            source: get(row, 2)?,
            from: get(row, 3)?,
            to: get(row, 4)?,
            lines: get(row, 5)?,
            differences: get(row, 6)?,
            state: get(row, 7)?,
            error: get(row, 8)?,
            imported_by: get(row, 9)?,
            imported_at: get(row, 10)?,
            finished_at: get(row, 11)?,
        })
    }
}

impl TenantTx {
    /// Adds a statement.
    pub async fn insert_statement(&mut self, s: &Statement) -> Result<()> {
        let sql = "INSERT INTO statements (provider_id, statement_id, gateway, source, from_at, to_at, lines,
                     differences, state, error, imported_by, imported_at, finished_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let row = values![
            s.id,
            s.gateway,
            s.source,
            s.from,
            s.to,
            s.lines,
            s.differences,
            s.state,
            s.error,
            s.imported_by,
            s.imported_at,
            s.finished_at,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Writes down how far a statement has come.
    pub async fn update_statement(&mut self, s: &Statement) -> Result<()> {
        let sql = "UPDATE statements SET from_at = $3, to_at = $4, lines = $5, differences = $6, state = $7, error = $8,
                     finished_at = $9
                   WHERE provider_id = $1 AND statement_id = $2";
        let row = values![
            s.id,
            s.from,
            s.to,
            s.lines,
            s.differences,
            s.state,
            s.error,
            s.finished_at
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Adds lines to a statement, in order or not; each number once.
    pub async fn insert_statement_lines(
        &mut self,
        id: StatementId,
        lines: &[StatementLine],
    ) -> Result<()> {
        for chunk in lines.chunks(LINES_AT_ONCE) {
            let mut row = values![id];
            for line in chunk {
                row.extend(line.values());
            }
            self.exec(Sql::built(insert_lines(chunk.len())), row)
                .await?;
        }
        Ok(())
    }

    /// A statement, to be read.
    pub async fn statement(&mut self, id: StatementId) -> Result<Option<Statement>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM statements WHERE provider_id = $1 AND statement_id = $2"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Statement::from_row).transpose()
    }

    /// A statement, to be changed: nobody else changes it before this transaction ends.
    pub async fn lock_statement(&mut self, id: StatementId) -> Result<Option<Statement>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM statements WHERE provider_id = $1 AND statement_id = $2 /*for update*/"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Statement::from_row).transpose()
    }

    /// A page of statements, newest first; only those of `gateway`, if one is given.
    pub async fn statements(
        &mut self,
        gateway: Option<&str>,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Statement>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM statements WHERE provider_id = $1"
        ));
        list.and("gateway = ?", gateway.as_ref());
        self.page(
            list,
            "statement_id",
            after,
            size,
            Statement::from_row,
            |s| s.id.uuid(),
        )
        .await
    }

    /// The newest statement of a gateway from this source.
    pub async fn newest_statement(
        &mut self,
        gateway: &str,
        source: StatementSource,
    ) -> Result<Option<Statement>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM statements WHERE provider_id = $1 AND gateway = $2 AND source = $3
             ORDER BY statement_id DESC LIMIT 1"
        );
        let row = self
            .maybe(Sql::built(sql), values![gateway, source])
            .await?;
        row.as_ref().map(Statement::from_row).transpose()
    }

    /// The statements of a gateway of which a difference is open, newest first, at most `count`.
    pub async fn disputed_statements(
        &mut self,
        gateway: &str,
        count: u32,
    ) -> Result<Vec<StatementId>> {
        let sql = format!(
            "SELECT statement_id FROM statements WHERE provider_id = $1 AND gateway = $2 AND statement_id IN (
               SELECT d.statement_id FROM differences d WHERE d.provider_id = $1 AND d.state = 'open')
             ORDER BY statement_id DESC LIMIT {count}"
        );
        let rows = self.all(Sql::built(sql), values![gateway]).await?;
        rows.iter().map(|row| get(row, 0)).collect()
    }

    /// The first line of a statement with this kind and receipt.
    pub async fn statement_line(
        &mut self,
        id: StatementId,
        kind: LineKind,
        receipt: &str,
    ) -> Result<Option<StatementLine>> {
        let sql = format!(
            "SELECT {LINE} FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2 AND l.kind = $3
               AND l.receipt = $4 ORDER BY l.line LIMIT 1"
        );
        let row = self
            .maybe(Sql::built(sql), values![id, kind, receipt])
            .await?;
        row.as_ref().map(line).transpose()
    }

    /// The lines of a statement from number `from` on, at most `count`.
    pub async fn statement_lines(
        &mut self,
        id: StatementId,
        from: u64,
        count: u32,
    ) -> Result<Vec<StatementLine>> {
        let sql = format!(
            "SELECT {LINE} FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2 AND l.line >= $3
             ORDER BY l.line LIMIT {count}"
        );
        let rows = self.all(Sql::built(sql), values![id, from]).await?;
        rows.iter().map(line).collect()
    }
}

/// Inserts `count` lines of one statement, `$2`.
fn insert_lines(count: usize) -> String {
    let mut sql = "INSERT INTO statement_lines (provider_id, statement_id, line, kind, receipt, amount_minor, currency,
        fee_minor, at, phone, payer, reference, account, checkout_request_id) VALUES "
        .to_owned();
    for row in 0..count {
        sql.push_str(if row == 0 { "($1, $2" } else { ", ($1, $2" });
        for column in 0..LINE_WIDTH {
            let _ = write!(sql, ", ${}", 3 + row * LINE_WIDTH + column);
        }
        sql.push(')');
    }
    sql
}
