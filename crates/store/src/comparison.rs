//! What our books have of a gateway, to be compared with a statement of it.
//!
//! What belongs to the statement's time is read by time, what its lines name besides by name, and the
//! ledger's sums in one go: each row once, whatever a planner without statistics thinks of joins. The
//! comparison itself needs no database: it belongs to whoever asks.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bando_db::{Row, Sql, Value};
use bando_domain::{
    ArrivalId, CustomerId, Money, PaymentFailure, PaymentId, PaymentStatus, PayoutId, Phone,
    RefundId, Timestamp,
};
use uuid::Uuid;

use crate::field::{Field, get, values};
use crate::page::first_id;
use crate::{ArrivalState, Result, StatementLine, TenantTx};

/// How many names one statement of SQL looks up.
const NAMES_AT_ONCE: usize = 200;

/// How long before the statement a payment may have been begun that still waits.
const WAITING: Duration = Duration::from_secs(7 * 24 * 3600);

/// Which part of the books a statement is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BooksOf {
    /// The gateway.
    pub gateway: String,
    /// Whether it is the money that the platform collected there, or the provider's own.
    pub collected: bool,
    /// The ledger account that the money is in.
    pub account: String,
    /// The ledger account of the gateway's fees.
    pub fees: String,
    /// What became known from here on.
    pub from: Timestamp,
    /// What became known before this.
    pub to: Timestamp,
}

/// What our books have.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Ours {
    /// Payments, settled and not.
    pub payments: Vec<OurPayment>,
    /// Money that arrived otherwise.
    pub arrivals: Vec<OurArrival>,
    /// Money that was sent.
    pub sends: Vec<OurSend>,
}

/// A payment.
#[derive(Clone, PartialEq, Debug)]
pub struct OurPayment {
    /// Its id.
    pub id: PaymentId,
    /// What has become of it.
    pub status: PaymentStatus,
    /// Why it failed.
    pub failure: Option<PaymentFailure>,
    /// What was asked for.
    pub amount: Money,
    /// What the ledger has of it in the gateway's account, minor units of the same currency.
    pub booked_minor: i64,
    /// What the ledger has of it as the gateway's fee.
    pub fee_minor: i64,
    /// The phone that pays.
    pub phone: Option<Phone>,
    /// What the payer was told to write.
    pub reference: Option<String>,
    /// The gateway's name for it.
    pub checkout_request_id: Option<String>,
    /// Its receipt.
    pub receipt: Option<String>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
}

/// Money that arrived.
#[derive(Clone, PartialEq, Debug)]
pub struct OurArrival {
    /// Its id.
    pub id: ArrivalId,
    /// What has become of it.
    pub state: ArrivalState,
    /// How much.
    pub amount: Money,
    /// What the ledger has of it in the gateway's account, minor units of the same currency.
    pub booked_minor: i64,
    /// What the ledger has of it as the gateway's fee.
    pub fee_minor: i64,
    /// Its receipt.
    pub receipt: String,
    /// The payment that it is for.
    pub payment: Option<PaymentId>,
    /// The customer in whose wallet it is.
    pub customer: Option<CustomerId>,
    /// When it arrived; when it was seen, where that is not known.
    pub at: Timestamp,
}

/// Money that was sent: a refund or a payout.
#[derive(Clone, PartialEq, Debug)]
pub struct OurSend {
    /// Which.
    pub what: SendId,
    /// How much.
    pub amount: Money,
    /// What of it the ledger took out of the gateway's account, minor units of the same currency.
    pub booked_minor: i64,
    /// Its receipt.
    pub receipt: Option<String>,
    /// The payment that a refund is of.
    pub payment: Option<PaymentId>,
    /// To whom a payout went.
    pub phone: Option<Phone>,
    /// Whether the gateway was told to send it; otherwise a person was.
    pub by_gateway: bool,
    /// Whether it is known to be there.
    pub is_done: bool,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
}

/// Whose id it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SendId {
    /// A refund's.
    Refund(RefundId),
    /// A payout's.
    Payout(PayoutId),
}

impl SendId {
    /// The id itself.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Refund(id) => id.uuid(),
            Self::Payout(id) => id.uuid(),
        }
    }
}

/// What the ledger has about one subject.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// In the gateway's account, but for fees and refunds.
    booked: i64,
    /// As the gateway's fee.
    fee: i64,
    /// Out of the gateway's account, but for fees.
    spent: i64,
}

impl TenantTx {
    /// What the books have of the time of `books`, and whatever else `lines` name by receipt or by the
    /// gateway's name for a payment. Payments that wait are among it.
    pub async fn ours(&mut self, books: &BooksOf, lines: &[StatementLine]) -> Result<Ours> {
        let mut ours = Ours::default();
        let of_the_time = "p.finished_at >= $4 AND p.finished_at < $5";
        let span = values![books.from, books.to];
        self.our_payments(books, of_the_time, span, &mut ours.payments)
            .await?;
        let waiting = "p.status = 'pending' AND p.payment_id >= $4";
        let since = values![first_id(books.from.minus(WAITING))];
        self.our_payments(books, waiting, since, &mut ours.payments)
            .await?;
        // An arrival is seen after it arrived, and its id was made when it was seen.
        let of_the_time = "a.arrival_id >= $4 AND COALESCE(a.at, a.seen_at) >= $5 AND COALESCE(a.at, a.seen_at) < $6";
        let span = values![first_id(books.from), books.from, books.to];
        self.our_arrivals(books, of_the_time, span, &mut ours.arrivals)
            .await?;
        self.our_sends(books, &mut ours.sends).await?;
        self.named(books, lines, &mut ours).await?;
        self.add_sums(books, &mut ours).await?;
        Ok(ours)
    }

    /// Adds what the ledger has of everything.
    async fn add_sums(&mut self, books: &BooksOf, ours: &mut Ours) -> Result<()> {
        let mut sums = HashMap::new();
        let since = "t.transfer_id >= $4";
        let of_the_time = values![first_id(books.from)];
        self.sums(books, since, of_the_time, &mut sums).await?;
        // What is older was perhaps booked before that.
        let payments = ours.payments.iter().filter(|p| p.created_at < books.from);
        let arrivals = ours.arrivals.iter().filter(|a| a.at < books.from);
        let older: Vec<Uuid> = payments
            .map(|p| p.id.uuid())
            .chain(arrivals.map(|a| a.id.uuid()))
            .collect();
        for chunk in older.chunks(NAMES_AT_ONCE) {
            let condition = format!("t.subject IN ({})", places(4, chunk.len()));
            let subjects = chunk.iter().map(Field::to_value).collect();
            self.sums(books, &condition, subjects, &mut sums).await?;
        }
        let of = |subject: Uuid| sums.get(&subject).copied().unwrap_or_default();
        for payment in &mut ours.payments {
            let sums = of(payment.id.uuid());
            (payment.booked_minor, payment.fee_minor) = (sums.booked, sums.fee);
        }
        for arrival in &mut ours.arrivals {
            let sums = of(arrival.id.uuid());
            (arrival.booked_minor, arrival.fee_minor) = (sums.booked, sums.fee);
        }
        for send in &mut ours.sends {
            send.booked_minor = of(send.what.uuid()).spent;
        }
        Ok(())
    }

    async fn sums(
        &mut self,
        books: &BooksOf,
        condition: &str,
        params: Vec<Value>,
        into: &mut HashMap<Uuid, Sums>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT t.subject,
               CAST(SUM(CASE
                 WHEN substr(t.debit_account, 1, 5) = 'fees:' OR substr(t.credit_account, 1, 5) = 'fees:'
                   OR t.debit_account = 'refunds' THEN 0
                 WHEN t.debit_account = $2 THEN t.amount_minor
                 WHEN t.credit_account = $2 THEN -t.amount_minor ELSE 0 END) AS BIGINT),
               CAST(SUM(CASE WHEN t.debit_account = $3 THEN t.amount_minor
                 WHEN t.credit_account = $3 THEN -t.amount_minor ELSE 0 END) AS BIGINT),
               CAST(SUM(CASE WHEN substr(t.debit_account, 1, 5) = 'fees:' THEN 0
                 WHEN t.credit_account = $2 THEN t.amount_minor
                 WHEN t.debit_account = $2 THEN -t.amount_minor ELSE 0 END) AS BIGINT)
             FROM ledger_transfers t WHERE t.provider_id = $1 AND {condition} GROUP BY t.subject"
        );
        let mut row = values![books.account, books.fees];
        row.extend(params);
        for row in self.all(Sql::built(sql), row).await? {
            let sums = Sums {
                booked: get(&row, 1)?,
                fee: get(&row, 2)?,
                spent: get(&row, 3)?,
            };
            into.insert(get(&row, 0)?, sums);
        }
        Ok(())
    }

    /// Which of these rows something is booked about.
    pub async fn booked_subjects(&mut self, subjects: &[Uuid]) -> Result<HashSet<Uuid>> {
        let mut booked = HashSet::new();
        for chunk in subjects.chunks(NAMES_AT_ONCE) {
            let sql = format!(
                "SELECT DISTINCT subject FROM ledger_transfers WHERE provider_id = $1 AND subject IN ({})",
                places(2, chunk.len())
            );
            let row = chunk.iter().map(Field::to_value).collect();
            for row in self.all(Sql::built(sql), row).await? {
                booked.insert(get(&row, 0)?);
            }
        }
        Ok(booked)
    }

    /// Adds what `lines` name and `ours` does not have yet.
    async fn named(
        &mut self,
        books: &BooksOf,
        lines: &[StatementLine],
        ours: &mut Ours,
    ) -> Result<()> {
        let has = |known: &HashSet<String>, name: &&str| !known.contains(*name);
        let known: HashSet<String> = ours
            .payments
            .iter()
            .filter_map(|p| p.receipt.clone())
            .collect();
        let receipts: Vec<&str> = distinct(lines.iter().map(|l| l.receipt.as_str()));
        let mut missing = receipts.clone();
        missing.retain(|name| has(&known, name));
        let mut found = Vec::new();
        for chunk in missing.chunks(NAMES_AT_ONCE) {
            let condition = format!("p.receipt IN ({})", places(4, chunk.len()));
            self.our_payments(books, &condition, texts(chunk), &mut found)
                .await?;
        }
        let known: HashSet<String> = ours
            .payments
            .iter()
            .filter_map(|p| p.checkout_request_id.clone())
            .collect();
        let mut names = distinct(
            lines
                .iter()
                .filter_map(|l| l.checkout_request_id.as_deref()),
        );
        names.retain(|name| has(&known, name));
        for chunk in names.chunks(NAMES_AT_ONCE) {
            let condition = format!("p.checkout_request_id IN ({})", places(4, chunk.len()));
            self.our_payments(books, &condition, texts(chunk), &mut found)
                .await?;
        }
        let mut ids: HashSet<PaymentId> = ours.payments.iter().map(|p| p.id).collect();
        ours.payments
            .extend(found.into_iter().filter(|p| ids.insert(p.id)));

        let known: HashSet<String> = ours.arrivals.iter().map(|a| a.receipt.clone()).collect();
        let mut missing = receipts;
        missing.retain(|name| has(&known, name));
        for chunk in missing.chunks(NAMES_AT_ONCE) {
            let condition = format!("a.receipt IN ({})", places(4, chunk.len()));
            self.our_arrivals(books, &condition, texts(chunk), &mut ours.arrivals)
                .await?;
        }
        Ok(())
    }

    async fn our_payments(
        &mut self,
        books: &BooksOf,
        condition: &str,
        params: Vec<Value>,
        into: &mut Vec<OurPayment>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT p.payment_id, p.status, p.amount_minor, p.currency, p.phone, p.account_reference,
               p.checkout_request_id, p.receipt, p.created_at, p.finished_at, p.failure
             FROM payments p
             WHERE p.provider_id = $1 AND p.gateway = $2 AND p.collected = $3 AND {condition}"
        );
        for row in self.all(Sql::built(sql), with(books, params)).await? {
            into.push(our_payment(&row)?);
        }
        Ok(())
    }

    async fn our_arrivals(
        &mut self,
        books: &BooksOf,
        condition: &str,
        params: Vec<Value>,
        into: &mut Vec<OurArrival>,
    ) -> Result<()> {
        let sql = format!(
            "SELECT a.arrival_id, a.state, a.amount_minor, a.currency, a.receipt, a.payment_id, a.customer_id,
               COALESCE(a.at, a.seen_at)
             FROM arrivals a
             WHERE a.provider_id = $1 AND a.gateway = $2
               AND $3 = EXISTS (SELECT 1 FROM payments p WHERE p.provider_id = $1 AND p.payment_id = a.payment_id
                 AND p.collected = true)
               AND {condition}"
        );
        for row in self.all(Sql::built(sql), with(books, params)).await? {
            into.push(our_arrival(&row)?);
        }
        Ok(())
    }

    /// All refunds of this gateway's money, and payouts if the platform's money is meant, that may have
    /// been sent: they are few.
    async fn our_sends(&mut self, books: &BooksOf, into: &mut Vec<OurSend>) -> Result<()> {
        let sql = "SELECT s.kind, s.id, s.amount_minor, s.currency, s.receipt, s.payment_id, s.phone, s.state,
               s.requested_at, s.finished_at, s.way
             FROM (
               SELECT 'refund' AS kind, r.refund_id AS id, r.amount_minor, r.currency, r.receipt, r.payment_id,
                 NULL AS phone, r.state, r.requested_at, r.finished_at, r.way
               FROM refunds r LEFT JOIN payments p ON p.provider_id = r.provider_id AND p.payment_id = r.payment_id
               WHERE r.provider_id = $1 AND r.gateway = $2 AND r.way IN ('gateway', 'by_hand')
                 AND COALESCE(p.collected, false) = $3
               UNION ALL
               SELECT 'payout', o.payout_id, o.amount_minor, o.currency, o.receipt, NULL, o.phone, o.state,
                 o.requested_at, o.finished_at, 'gateway'
               FROM payouts o WHERE o.provider_id = $1 AND $3 = true
             ) AS s
             WHERE s.state IN ('sending', 'sent', 'done', 'unknown') OR (s.state = 'approved' AND s.way = 'by_hand')";
        for row in self.all(sql, with(books, vec![])).await? {
            into.push(our_send(&row)?);
        }
        Ok(())
    }
}

/// The parameters `$2` and `$3` of what is read of a gateway, and more.
fn with(books: &BooksOf, more: Vec<Value>) -> Vec<Value> {
    let mut params = values![books.gateway, books.collected];
    params.extend(more);
    params
}

/// `$first, $first+1, …`: `count` of them.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

fn texts(names: &[&str]) -> Vec<Value> {
    names.iter().map(Field::to_value).collect()
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

// What the ledger has of these is added afterwards.

fn our_payment(row: &Row) -> Result<OurPayment> {
    Ok(OurPayment {
        id: get(row, 0)?,
        status: get(row, 1)?,
        amount: Money::from_minor(get(row, 2)?, get(row, 3)?),
        booked_minor: 0,
        fee_minor: 0,
        phone: get(row, 4)?,
        reference: get(row, 5)?,
        checkout_request_id: get(row, 6)?,
        receipt: get(row, 7)?,
        created_at: get(row, 8)?,
        finished_at: get(row, 9)?,
        failure: get(row, 10)?,
    })
}

fn our_arrival(row: &Row) -> Result<OurArrival> {
    Ok(OurArrival {
        id: get(row, 0)?,
        state: get(row, 1)?,
        amount: Money::from_minor(get(row, 2)?, get(row, 3)?),
        booked_minor: 0,
        fee_minor: 0,
        receipt: get(row, 4)?,
        payment: get(row, 5)?,
        customer: get(row, 6)?,
        at: get(row, 7)?,
    })
}

fn our_send(row: &Row) -> Result<OurSend> {
    let (kind, id): (String, Uuid) = (get(row, 0)?, get(row, 1)?);
    let what = match kind.as_str() {
        "refund" => SendId::Refund(RefundId::from_uuid(id)),
        _ => SendId::Payout(PayoutId::from_uuid(id)),
    };
    let (state, way): (String, String) = (get(row, 7)?, get(row, 10)?);
    Ok(OurSend {
        what,
        amount: Money::from_minor(get(row, 2)?, get(row, 3)?),
        booked_minor: 0,
        receipt: get(row, 4)?,
        payment: get(row, 5)?,
        phone: get(row, 6)?,
        by_gateway: way == "gateway",
        is_done: state == "done",
        requested_at: get(row, 8)?,
        finished_at: get(row, 9)?,
    })
}
