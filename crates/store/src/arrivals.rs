//! Arrivals: money that came otherwise than asked for.

use bando_db::{Row, Sql};
use bando_domain::{ArrivalId, CustomerId, Money, PaymentId, Phone, Timestamp};

use crate::field::{get, values, words};
use crate::page::{Cursor, List, Page};
use crate::{Result, TenantTx};

words! {
    /// How we came to know of an arrival.
    ArrivalSource {
        /// A message of the gateway.
        Message => "message",
        /// The gateway's answer to a question.
        Query => "query",
        /// A statement.
        Statement => "statement",
        /// A member saw it.
        Member => "member",
    }
}

words! {
    /// What has become of an arrival.
    ArrivalState {
        /// Only an unsigned message says so; it is being proved.
        Unproved => "unproved",
        /// It bought something.
        Matched => "matched",
        /// It is in the customer's wallet.
        Credited => "credited",
        /// It waits in a person's queue.
        Open => "open",
        /// It went back to its payer.
        Refunded => "refunded",
        /// The gateway says that there is no such money.
        Refuted => "refuted",
    }
}

/// Money seen to arrive that was not settled onto the payment it was asked for: paid by hand, too
/// much, under a wrong reference, too late.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// Its id.
    pub id: ArrivalId,
    /// Where it arrived.
    pub gateway: String,
    /// Its receipt: there is one arrival a receipt.
    pub receipt: String,
    /// In what way it came otherwise than asked for, in the app's words.
    pub kind: String,
    /// How much; above zero.
    pub amount: Money,
    /// What of it the gateway kept, in the same currency, where told.
    pub fee: Option<Money>,
    /// Who paid, where told in full.
    pub phone: Option<Phone>,
    /// What else is told of the payer: their own words, so never trusted.
    pub payer: Option<String>,
    /// What the payer wrote that it is for.
    pub reference: Option<String>,
    /// The account it arrived in (shortcode, till, wallet), where told.
    pub account: Option<String>,
    /// When it arrived, where told.
    pub at: Option<Timestamp>,
    /// How we came to know.
    pub source: ArrivalSource,
    /// What has become of it.
    pub state: ArrivalState,
    /// The payment that it made good.
    pub payment: Option<PaymentId>,
    /// The customer whose wallet it went into.
    pub customer: Option<CustomerId>,
    /// When we first knew.
    pub seen_at: Timestamp,
    /// When it was decided what becomes of it.
    pub decided_at: Option<Timestamp>,
}

/// Which arrivals a list shows.
#[derive(Clone, Default, Debug)]
pub struct ArrivalFilter {
    /// Only those in this state.
    pub state: Option<ArrivalState>,
    /// Only those of this gateway.
    pub gateway: Option<String>,
    /// Only those that this phone paid.
    pub phone: Option<Phone>,
    /// Only the one with this receipt.
    pub receipt: Option<String>,
    /// Only those that went to this payment.
    pub payment: Option<PaymentId>,
}

const COLUMNS: &str = "arrival_id, gateway, receipt, kind, amount_minor, currency, fee_minor, phone, payer, reference,
  account, at, source, state, payment_id, customer_id, seen_at, decided_at";

impl Arrival {
    fn from_row(row: &Row) -> Result<Self> {
        let currency = get(row, 5)?;
        let fee: Option<i64> = get(row, 6)?;
        Ok(Self {
            id: get(row, 0)?,
            gateway: get(row, 1)?,
            receipt: get(row, 2)?,
            kind: get(row, 3)?,
            amount: Money::from_minor(get(row, 4)?, currency),
            fee: fee.map(|minor| Money::from_minor(minor, currency)),
            phone: get(row, 7)?,
            payer: get(row, 8)?,
            reference: get(row, 9)?,
            account: get(row, 10)?,
            at: get(row, 11)?,
            source: get(row, 12)?,
            state: get(row, 13)?,
            payment: get(row, 14)?,
            customer: get(row, 15)?,
            seen_at: get(row, 16)?,
            decided_at: get(row, 17)?,
        })
    }
}

impl TenantTx {
    /// Adds an arrival, unless one with its receipt is known. Returns the one that is kept, for this
    /// transaction alone to change, and whether it is new.
    pub async fn insert_arrival(&mut self, a: &Arrival) -> Result<(Arrival, bool)> {
        let sql = "INSERT INTO arrivals (provider_id, arrival_id, gateway, receipt, kind, amount_minor, currency,
                     fee_minor, phone, payer, reference, account, at, source, state, payment_id, customer_id, seen_at,
                     decided_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
                   ON CONFLICT (provider_id, gateway, receipt) DO NOTHING";
        let row = values![
            a.id,
            a.gateway,
            a.receipt,
            a.kind,
            a.amount.minor(),
            a.amount.currency(),
            a.fee.map(Money::minor),
            a.phone,
            a.payer,
            a.reference,
            a.account,
            a.at,
            a.source,
            a.state,
            a.payment,
            a.customer,
            a.seen_at,
            a.decided_at,
        ];
        if self.exec(sql, row).await? == 1 {
            return Ok((a.clone(), true));
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM arrivals WHERE provider_id = $1 AND gateway = $2 AND receipt = $3 /*for update*/"
        );
        let row = self
            .one(Sql::built(sql), values![a.gateway, a.receipt])
            .await?;
        Ok((Arrival::from_row(&row)?, false))
    }

    /// Writes down what was learned and decided; gateway, receipt and when it was first seen stay.
    pub async fn update_arrival(&mut self, a: &Arrival) -> Result<()> {
        let sql = "UPDATE arrivals SET kind = $3, amount_minor = $4, currency = $5, fee_minor = $6, phone = $7,
                     payer = $8, reference = $9, account = $10, at = $11, source = $12, state = $13, payment_id = $14,
                     customer_id = $15, decided_at = $16
                   WHERE provider_id = $1 AND arrival_id = $2";
        let row = values![
            a.id,
            a.kind,
            a.amount.minor(),
            a.amount.currency(),
            a.fee.map(Money::minor),
            a.phone,
            a.payer,
            a.reference,
            a.account,
            a.at,
            a.source,
            a.state,
            a.payment,
            a.customer,
            a.decided_at,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// An arrival, to be read.
    pub async fn arrival(&mut self, id: ArrivalId) -> Result<Option<Arrival>> {
        let sql =
            format!("SELECT {COLUMNS} FROM arrivals WHERE provider_id = $1 AND arrival_id = $2");
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Arrival::from_row).transpose()
    }

    /// Writes down the receipt of money that was told of without one, unless another arrival has it.
    /// Returns whether it did.
    pub async fn name_arrival(&mut self, id: ArrivalId, receipt: &str) -> Result<bool> {
        let sql = "UPDATE arrivals SET receipt = $3 WHERE provider_id = $1 AND arrival_id = $2 AND NOT EXISTS (
                     SELECT 1 FROM arrivals o WHERE o.provider_id = $1 AND o.gateway = arrivals.gateway
                       AND o.receipt = $3)";
        Ok(self.exec(sql, values![id, receipt]).await? == 1)
    }

    /// An arrival, to be changed: nobody else changes it before this transaction ends.
    pub async fn lock_arrival(&mut self, id: ArrivalId) -> Result<Option<Arrival>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM arrivals WHERE provider_id = $1 AND arrival_id = $2 /*for update*/"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Arrival::from_row).transpose()
    }

    /// The arrival with this receipt.
    pub async fn arrival_by_receipt(
        &mut self,
        gateway: &str,
        receipt: &str,
    ) -> Result<Option<Arrival>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM arrivals WHERE provider_id = $1 AND gateway = $2 AND receipt = $3"
        );
        let row = self
            .maybe(Sql::built(sql), values![gateway, receipt])
            .await?;
        row.as_ref().map(Arrival::from_row).transpose()
    }

    /// A page of arrivals, newest first.
    pub async fn arrivals(
        &mut self,
        filter: &ArrivalFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Arrival>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM arrivals WHERE provider_id = $1"
        ));
        list.and("state = ?", filter.state.as_ref());
        list.and("gateway = ?", filter.gateway.as_ref());
        list.and("phone = ?", filter.phone.as_ref());
        list.and("receipt = ?", filter.receipt.as_ref());
        list.and("payment_id = ?", filter.payment.as_ref());
        self.page(list, "arrival_id", after, size, Arrival::from_row, |a| {
            a.id.uuid()
        })
        .await
    }
}
