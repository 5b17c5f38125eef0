//! A statement compared with our books: set against set, by receipt.
//!
//! A line of kind payment and our side belong together when they have the same receipt, or when the
//! line names a payment of ours by the gateway's own reference. What we have of it is what the ledger
//! says: the sum of the transfers about the payment and the arrival of that receipt which gave money
//! to the gateway's account (or to the platform's, when it collected).

use bando_db::{Row, Sql};
use bando_domain::{
    ArrivalId, Currency, Money, PaymentId, PaymentStatus, Phone, StatementId, Timestamp,
};

use crate::field::{get, values};
use crate::statements::{LINE, LINE_WIDTH, line};
use crate::{ArrivalState, LineKind, Result, StatementLine, TenantTx};

/// A line that we know nothing settled of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownLine {
    /// The line.
    pub line: StatementLine,
    /// The payment it names, which is not settled.
    pub payment: Option<(PaymentId, PaymentStatus)>,
    /// The arrival with its receipt, which is not believed.
    pub arrival: Option<(ArrivalId, ArrivalState)>,
}

/// Money that we have and that is not on the statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unlisted {
    /// The settled payment.
    pub payment: Option<PaymentId>,
    /// The arrival, where there is no payment with its receipt.
    pub arrival: Option<ArrivalId>,
    /// Its receipt.
    pub receipt: String,
    /// How much.
    pub amount: Money,
    /// When we settled or saw it.
    pub at: Timestamp,
}

/// A line and our side, which say different things.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The line.
    pub line: StatementLine,
    /// The settled payment.
    pub payment: Option<PaymentId>,
    /// The arrival.
    pub arrival: Option<ArrivalId>,
    /// The receipt on our side; another one than the line's if only the reference agrees.
    pub receipt: Option<String>,
    /// What arrived as the ledger has it, in the currency of the ledger.
    pub booked: Money,
    /// The fee as the ledger has it, in the same currency.
    pub fee: Money,
}

/// A settled payment whose receipt we were never told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WithoutReceipt {
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Who paid.
    pub phone: Phone,
    /// When it was settled.
    pub at: Timestamp,
    /// The receipt of the line that names it, if one does: it can be filled in.
    pub receipt: Option<String>,
}

/// A receipt that a statement has more than once for the same kind of movement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Duplicate {
    /// The kind of movement.
    pub kind: LineKind,
    /// The receipt.
    pub receipt: String,
    /// How often.
    pub times: u64,
    /// The number of the first of those lines.
    pub first: u64,
    /// The currency of one of them.
    pub currency: Currency,
    /// The sum of their amounts, minor units.
    pub sum_minor: i64,
}

/// The tables of a comparison for the lines `l` of statement `$2`, one row a line: the payment with
/// its receipt `p`, the payment that it names `c`, and the arrival `a`. An arrival that is unproved
/// or refuted is one that we do not believe.
const JOINED: &str = "FROM statements s
  JOIN statement_lines l ON l.provider_id = s.provider_id AND l.statement_id = s.statement_id
  LEFT JOIN payments p ON p.provider_id = l.provider_id AND p.gateway = s.gateway AND p.receipt = l.receipt
  LEFT JOIN payments c ON c.provider_id = l.provider_id AND c.gateway = s.gateway
    AND c.checkout_request_id = l.checkout_request_id
  LEFT JOIN arrivals a ON a.provider_id = l.provider_id AND a.gateway = s.gateway AND a.receipt = l.receipt
  WHERE s.provider_id = $1 AND s.statement_id = $2";

impl TenantTx {
    /// The lines of kind payment without a settled payment or a believed arrival here, and those of
    /// kind reversal and payout without a refund or payout here, in order.
    pub async fn unknown_lines(&mut self, id: StatementId) -> Result<Vec<UnknownLine>> {
        let sql = format!(
            "SELECT {LINE}, COALESCE(p.payment_id, c.payment_id), COALESCE(p.status, c.status), a.arrival_id, a.state
             {JOINED}
               AND ((l.kind = 'payment'
                   AND COALESCE(p.status, '') NOT IN ('success', 'refunded')
                   AND COALESCE(c.status, '') NOT IN ('success', 'refunded')
                   AND COALESCE(a.state, '') NOT IN ('matched', 'credited', 'open', 'refunded'))
                 OR (l.kind IN ('reversal', 'payout')
                   AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.provider_id = l.provider_id
                     AND r.gateway = s.gateway AND r.receipt = l.receipt)
                   AND NOT EXISTS (SELECT 1 FROM payouts o WHERE o.provider_id = l.provider_id
                     AND o.receipt = l.receipt)))
             ORDER BY l.line"
        );
        let rows = self.all(Sql::built(sql), values![id]).await?;
        rows.iter()
            .map(|row| {
                let payment: Option<PaymentId> = get(row, LINE_WIDTH)?;
                let arrival: Option<ArrivalId> = get(row, LINE_WIDTH + 2)?;
                Ok(UnknownLine {
                    line: line(row)?,
                    payment: payment.zip(get(row, LINE_WIDTH + 1)?),
                    arrival: arrival.zip(get(row, LINE_WIDTH + 3)?),
                })
            })
            .collect()
    }

    /// The settled payments and believed arrivals of the statement's gateway, from `from` until
    /// before `to`, whose receipt is on none of its lines and whom no line names.
    pub async fn unlisted(
        &mut self,
        id: StatementId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Unlisted>> {
        let sql = "SELECT p.payment_id, NULL, p.receipt, p.amount_minor, p.currency, p.finished_at
            FROM statements s JOIN payments p ON p.provider_id = s.provider_id AND p.gateway = s.gateway
            WHERE s.provider_id = $1 AND s.statement_id = $2 AND p.status IN ('success', 'refunded')
              AND p.finished_at >= $3 AND p.finished_at < $4 AND p.receipt IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2
                AND l.receipt = p.receipt)
              AND NOT EXISTS (SELECT 1 FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2
                AND l.checkout_request_id = p.checkout_request_id)
            UNION ALL
            SELECT NULL, a.arrival_id, a.receipt, a.amount_minor, a.currency, COALESCE(a.at, a.seen_at)
            FROM statements s JOIN arrivals a ON a.provider_id = s.provider_id AND a.gateway = s.gateway
            WHERE s.provider_id = $1 AND s.statement_id = $2
              AND a.state IN ('matched', 'credited', 'open', 'refunded')
              AND COALESCE(a.at, a.seen_at) >= $3 AND COALESCE(a.at, a.seen_at) < $4
              AND NOT EXISTS (SELECT 1 FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2
                AND l.receipt = a.receipt)
              AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.provider_id = $1 AND p.gateway = a.gateway
                AND p.receipt = a.receipt AND p.status IN ('success', 'refunded'))
            ORDER BY 6, 3";
        let rows = self.all(sql, values![id, from, to]).await?;
        rows.iter()
            .map(|row| {
                Ok(Unlisted {
                    payment: get(row, 0)?,
                    arrival: get(row, 1)?,
                    receipt: get(row, 2)?,
                    amount: Money::from_minor(get(row, 3)?, get(row, 4)?),
                    at: get(row, 5)?,
                })
            })
            .collect()
    }

    /// The lines of kind payment that are settled here with another amount, currency, receipt or
    /// (where the line tells one) fee, in order.
    pub async fn mismatches(&mut self, id: StatementId) -> Result<Vec<Mismatch>> {
        // The pairs of lines and our side; what the ledger has of each; those that differ.
        let sql = format!(
            "WITH pairs AS (
               SELECT l.line, s.gateway,
                 CASE WHEN p.status IN ('success', 'refunded') THEN p.payment_id
                   WHEN c.status IN ('success', 'refunded') THEN c.payment_id END AS payment_id,
                 CASE WHEN a.state IN ('matched', 'credited', 'open', 'refunded') THEN a.arrival_id END AS arrival_id,
                 CASE WHEN p.status IN ('success', 'refunded') THEN p.receipt
                   WHEN c.status IN ('success', 'refunded') THEN c.receipt ELSE a.receipt END AS receipt
               {JOINED} AND l.kind = 'payment'),
             booked AS (
               SELECT r.line, MIN(t.currency) AS currency,
                 CAST(SUM(CASE WHEN t.kind <> 'fee' AND t.debit_account IN ('gateway:' || r.gateway, 'platform')
                   THEN t.amount_minor ELSE 0 END) AS BIGINT) AS amount_minor,
                 CAST(SUM(CASE WHEN t.kind = 'fee' THEN t.amount_minor ELSE 0 END) AS BIGINT) AS fee_minor
               FROM (SELECT line, gateway, payment_id AS subject FROM pairs WHERE payment_id IS NOT NULL
                     UNION ALL
                     SELECT line, gateway, arrival_id FROM pairs WHERE arrival_id IS NOT NULL) AS r
               JOIN ledger_transfers t ON t.provider_id = $1 AND t.subject = r.subject
               GROUP BY r.line)
             SELECT {LINE}, r.payment_id, r.arrival_id, r.receipt, COALESCE(b.currency, l.currency),
               COALESCE(b.amount_minor, 0), COALESCE(b.fee_minor, 0)
             FROM pairs r
             JOIN statement_lines l ON l.provider_id = $1 AND l.statement_id = $2 AND l.line = r.line
             LEFT JOIN booked b ON b.line = r.line
             WHERE (r.payment_id IS NOT NULL OR r.arrival_id IS NOT NULL)
               AND (COALESCE(b.amount_minor, 0) <> l.amount_minor OR COALESCE(b.currency, '') <> l.currency
                 OR COALESCE(b.fee_minor, 0) <> COALESCE(l.fee_minor, b.fee_minor, 0)
                 OR r.receipt <> l.receipt)
             ORDER BY l.line"
        );
        let rows = self.all(Sql::built(sql), values![id]).await?;
        rows.iter().map(mismatch).collect()
    }

    /// The receipts that are on a statement more than once for the same kind of movement. Fees may
    /// be: a fee has the receipt of what it is for.
    pub async fn duplicates(&mut self, id: StatementId) -> Result<Vec<Duplicate>> {
        let sql = "SELECT kind, receipt, COUNT(*), MIN(line), MIN(currency), CAST(SUM(amount_minor) AS BIGINT)
                   FROM statement_lines WHERE provider_id = $1 AND statement_id = $2
                     AND kind IN ('payment', 'reversal', 'payout')
                   GROUP BY kind, receipt HAVING COUNT(*) > 1 ORDER BY MIN(line)";
        let rows = self.all(sql, values![id]).await?;
        rows.iter()
            .map(|row| {
                Ok(Duplicate {
                    kind: get(row, 0)?,
                    receipt: get(row, 1)?,
                    times: get(row, 2)?,
                    first: get(row, 3)?,
                    currency: get(row, 4)?,
                    sum_minor: get(row, 5)?,
                })
            })
            .collect()
    }

    /// The payments of the statement's gateway, settled from `from` until before `to`, of which we
    /// know no receipt, in order.
    pub async fn settled_without_receipt(
        &mut self,
        id: StatementId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<WithoutReceipt>> {
        let sql = "SELECT p.payment_id, p.amount_minor, p.currency, p.phone, p.finished_at,
              (SELECT MIN(l.receipt) FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2
                 AND l.kind = 'payment' AND l.checkout_request_id = p.checkout_request_id)
            FROM statements s JOIN payments p ON p.provider_id = s.provider_id AND p.gateway = s.gateway
            WHERE s.provider_id = $1 AND s.statement_id = $2 AND p.status IN ('success', 'refunded')
              AND p.finished_at >= $3 AND p.finished_at < $4 AND p.receipt IS NULL
            ORDER BY p.finished_at, p.payment_id";
        let rows = self.all(sql, values![id, from, to]).await?;
        rows.iter()
            .map(|row| {
                Ok(WithoutReceipt {
                    payment: get(row, 0)?,
                    amount: Money::from_minor(get(row, 1)?, get(row, 2)?),
                    phone: get(row, 3)?,
                    at: get(row, 4)?,
                    receipt: get(row, 5)?,
                })
            })
            .collect()
    }
}

fn mismatch(row: &Row) -> Result<Mismatch> {
    let currency = get(row, LINE_WIDTH + 3)?;
    Ok(Mismatch {
        line: line(row)?,
        payment: get(row, LINE_WIDTH)?,
        arrival: get(row, LINE_WIDTH + 1)?,
        receipt: get(row, LINE_WIDTH + 2)?,
        booked: Money::from_minor(get(row, LINE_WIDTH + 4)?, currency),
        fee: Money::from_minor(get(row, LINE_WIDTH + 5)?, currency),
    })
}
