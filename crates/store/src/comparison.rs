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
    pub phone: Option<Phone>,
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

/// The lines of kind payment of statement `$2`, each with what we have of it: the payment with its
/// receipt, the payment that it names, the arrival with its receipt, and where each stands.
///
/// Looked up line by line, each through its own unique index. Written as joins this would be left to
/// the planner, and PostgreSQL, which has no statistics of a statement that just came in, takes it for
/// one line and reads set times set.
const OURS: &str = "WITH sides AS MATERIALIZED (
    SELECT l.line, l.kind, l.receipt, l.amount_minor, l.currency, l.fee_minor, l.at, l.phone, l.payer, l.reference,
      l.account, l.checkout_request_id, s.gateway,
      (SELECT p.payment_id FROM payments p WHERE p.provider_id = $1 AND p.gateway = s.gateway
         AND p.receipt = l.receipt) AS received,
      CASE WHEN l.checkout_request_id IS NOT NULL THEN
        (SELECT p.payment_id FROM payments p WHERE p.provider_id = $1 AND p.gateway = s.gateway
           AND p.checkout_request_id = l.checkout_request_id) END AS named,
      (SELECT a.arrival_id FROM arrivals a WHERE a.provider_id = $1 AND a.gateway = s.gateway
         AND a.receipt = l.receipt) AS arrival_id
    FROM statements s JOIN statement_lines l ON l.provider_id = s.provider_id AND l.statement_id = s.statement_id
    WHERE s.provider_id = $1 AND s.statement_id = $2 AND l.kind = 'payment'),
  ours AS MATERIALIZED (
    SELECT sides.*,
      (SELECT p.status FROM payments p WHERE p.provider_id = $1 AND p.payment_id = received) AS received_status,
      (SELECT p.status FROM payments p WHERE p.provider_id = $1 AND p.payment_id = named) AS named_status,
      (SELECT a.state FROM arrivals a WHERE a.provider_id = $1 AND a.arrival_id = sides.arrival_id) AS arrival_state
    FROM sides)";

/// The states of an arrival that is believed: not those that are unproved or refuted.
const BELIEVED: &str = "('matched', 'credited', 'open', 'refunded')";

impl TenantTx {
    /// The lines of kind payment without a settled payment or a believed arrival here, in order.
    pub async fn unknown_payments(&mut self, id: StatementId) -> Result<Vec<UnknownLine>> {
        let sql = format!(
            "{OURS} SELECT {LINE}, COALESCE(l.received, l.named), COALESCE(l.received_status, l.named_status),
               l.arrival_id, l.arrival_state
             FROM ours l
             WHERE COALESCE(l.received_status, '') NOT IN ('success', 'refunded')
               AND COALESCE(l.named_status, '') NOT IN ('success', 'refunded')
               AND COALESCE(l.arrival_state, '') NOT IN {BELIEVED}
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

    /// The lines of kind reversal and payout without a refund or payout with their receipt here, in
    /// order.
    pub async fn unknown_sends(&mut self, id: StatementId) -> Result<Vec<StatementLine>> {
        let sql = format!(
            "SELECT {LINE} FROM statement_lines l
             WHERE l.provider_id = $1 AND l.statement_id = $2 AND l.kind IN ('reversal', 'payout')
               AND l.receipt NOT IN (SELECT r.receipt FROM refunds r WHERE r.provider_id = $1 AND r.receipt IS NOT NULL)
               AND l.receipt NOT IN (SELECT o.receipt FROM payouts o WHERE o.provider_id = $1 AND o.receipt IS NOT NULL)
             ORDER BY l.line"
        );
        let rows = self.all(Sql::built(sql), values![id]).await?;
        rows.iter().map(line).collect()
    }

    /// The settled payments and believed arrivals of the statement's gateway, from `from` until
    /// before `to`, whose receipt is on none of its lines and whom no line names.
    pub async fn unlisted(
        &mut self,
        id: StatementId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Unlisted>> {
        // Counted rather than NOT EXISTS, for the same reason as in OURS.
        let sql = format!(
            "SELECT p.payment_id, NULL, p.receipt, p.amount_minor, p.currency, p.finished_at
             FROM statements s JOIN payments p ON p.provider_id = s.provider_id AND p.gateway = s.gateway
             WHERE s.provider_id = $1 AND s.statement_id = $2 AND p.status IN ('success', 'refunded')
               AND p.finished_at >= $3 AND p.finished_at < $4 AND p.receipt IS NOT NULL
               AND (SELECT COUNT(*) FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2
                 AND l.receipt = p.receipt) = 0
               AND (SELECT COUNT(*) FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2
                 AND l.checkout_request_id = p.checkout_request_id) = 0
             UNION ALL
             SELECT NULL, a.arrival_id, a.receipt, a.amount_minor, a.currency, COALESCE(a.at, a.seen_at)
             FROM statements s JOIN arrivals a ON a.provider_id = s.provider_id AND a.gateway = s.gateway
             WHERE s.provider_id = $1 AND s.statement_id = $2 AND a.state IN {BELIEVED}
               AND COALESCE(a.at, a.seen_at) >= $3 AND COALESCE(a.at, a.seen_at) < $4
               AND (SELECT COUNT(*) FROM statement_lines l WHERE l.provider_id = $1 AND l.statement_id = $2
                 AND l.receipt = a.receipt) = 0
               AND (SELECT COUNT(*) FROM payments p WHERE p.provider_id = $1 AND p.gateway = a.gateway
                 AND p.receipt = a.receipt AND p.status IN ('success', 'refunded')) = 0
             ORDER BY 6, 3"
        );
        let rows = self.all(Sql::built(sql), values![id, from, to]).await?;
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
        // The lines with our side; with what the ledger has of it; those that differ.
        let sql = format!(
            "{OURS},
             pairs AS MATERIALIZED (
               SELECT ours.*,
                 CASE WHEN received_status IN ('success', 'refunded') THEN received
                   WHEN named_status IN ('success', 'refunded') THEN named END AS payment_id,
                 CASE WHEN arrival_state IN {BELIEVED} THEN arrival_id END AS believed_id
               FROM ours),
             booked AS MATERIALIZED (
               SELECT pairs.*,
                 COALESCE((SELECT p.receipt FROM payments p WHERE p.provider_id = $1
                   AND p.payment_id = pairs.payment_id),
                   CASE WHEN pairs.payment_id IS NULL THEN pairs.receipt END) AS our_receipt,
                 (SELECT MIN(t.currency) FROM ledger_transfers t WHERE t.provider_id = $1
                   AND t.subject IN (pairs.payment_id, pairs.believed_id)) AS our_currency,
                 COALESCE((SELECT CAST(SUM(t.amount_minor) AS BIGINT) FROM ledger_transfers t WHERE t.provider_id = $1
                   AND t.subject IN (pairs.payment_id, pairs.believed_id) AND t.kind <> 'fee'
                   AND t.debit_account IN ('gateway:' || pairs.gateway, 'platform')), 0) AS our_minor,
                 COALESCE((SELECT CAST(SUM(t.amount_minor) AS BIGINT) FROM ledger_transfers t WHERE t.provider_id = $1
                   AND t.subject IN (pairs.payment_id, pairs.believed_id) AND t.kind = 'fee'), 0) AS our_fee_minor
               FROM pairs WHERE payment_id IS NOT NULL OR believed_id IS NOT NULL)
             SELECT {LINE}, l.payment_id, l.believed_id, l.our_receipt, COALESCE(l.our_currency, l.currency),
               l.our_minor, l.our_fee_minor
             FROM booked l
             WHERE l.our_minor <> l.amount_minor OR l.our_currency <> l.currency
               OR l.our_fee_minor <> COALESCE(l.fee_minor, l.our_fee_minor) OR l.our_receipt <> l.receipt
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
