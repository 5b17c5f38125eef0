//! Refunds: money that goes back to its payer, and how far it has come.

use bando_db::{Row, Sql};
use bando_domain::{AccountId, ArrivalId, Currency, Money, PaymentId, RefundId, Timestamp};

use crate::field::{get, values, words};
use crate::page::{Cursor, List, Page};
use crate::{Result, TenantTx};

words! {
    /// How far money has come that is to be sent: a refund or a payout.
    SendState {
        /// A member asks for it.
        Requested => "requested",
        /// Another member agrees.
        Approved => "approved",
        /// The gateway is being told; it may have been.
        Sending => "sending",
        /// The gateway took the order.
        Sent => "sent",
        /// The money is there.
        Done => "done",
        /// The gateway says no: no money was sent.
        Refused => "refused",
        /// Nobody knows whether it was sent.
        Unknown => "unknown",
        /// A member says no.
        Declined => "declined",
    }
}

words! {
    /// How money goes back.
    RefundWay {
        /// The gateway sends it.
        Gateway => "gateway",
        /// Into the customer's wallet.
        Wallet => "wallet",
        /// Out of a cashier's till.
        Cash => "cash",
        /// A member sends it from their own phone or portal.
        ByHand => "by_hand",
    }
}

/// Money that goes back to its payer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// The payment it is of.
    pub payment: Option<PaymentId>,
    /// The arrival it is of.
    pub arrival: Option<ArrivalId>,
    /// How much; above zero.
    pub amount: Money,
    /// How it goes back.
    pub way: RefundWay,
    /// The gateway that the money came by.
    pub gateway: String,
    /// How far it has come.
    pub state: SendState,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub requested_by: AccountId,
    /// When.
    pub requested_at: Timestamp,
    /// Who agreed or declined.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// The gateway's name for the order.
    pub conversation_id: Option<String>,
    /// The receipt of the money that was sent.
    pub receipt: Option<String>,
    /// What the gateway said.
    pub result_text: Option<String>,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
    /// Whether the ticket ends with it.
    pub revoke: bool,
}

/// Which refunds a list shows.
#[derive(Clone, Default, Debug)]
pub struct RefundFilter {
    /// Only those that have come this far.
    pub state: Option<SendState>,
    /// Only those of this payment.
    pub payment: Option<PaymentId>,
    /// Only those of this arrival.
    pub arrival: Option<ArrivalId>,
}

const COLUMNS: &str = "refund_id, payment_id, arrival_id, amount_minor, currency, way, gateway, state, reason,
  requested_by, requested_at, decided_by, decided_at, conversation_id, receipt, result_text, finished_at, revoke";

impl Refund {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            payment: get(row, 1)?,
            arrival: get(row, 2)?,
            amount: Money::from_minor(get(row, 3)?, get(row, 4)?),
            way: get(row, 5)?,
            gateway: get(row, 6)?,
            state: get(row, 7)?,
            reason: get(row, 8)?,
            requested_by: get(row, 9)?,
            requested_at: get(row, 10)?,
            decided_by: get(row, 11)?,
            decided_at: get(row, 12)?,
            conversation_id: get(row, 13)?,
            receipt: get(row, 14)?,
            result_text: get(row, 15)?,
            finished_at: get(row, 16)?,
            revoke: get(row, 17)?,
        })
    }
}

impl TenantTx {
    /// Adds a refund. Lock its payment or arrival first and look at what is reserved.
    pub async fn insert_refund(&mut self, r: &Refund) -> Result<()> {
        let sql = "INSERT INTO refunds (provider_id, refund_id, payment_id, arrival_id, amount_minor, currency, way,
                     gateway, state, reason, requested_by, requested_at, decided_by, decided_at, conversation_id,
                     receipt, result_text, finished_at, revoke)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
        let row = values![
            r.id,
            r.payment,
            r.arrival,
            r.amount.minor(),
            r.amount.currency(),
            r.way,
            r.gateway,
            r.state,
            r.reason,
            r.requested_by,
            r.requested_at,
            r.decided_by,
            r.decided_at,
            r.conversation_id,
            r.receipt,
            r.result_text,
            r.finished_at,
            r.revoke,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Writes down how far a refund has come; what it is of, and how much, stays.
    pub async fn update_refund(&mut self, r: &Refund) -> Result<()> {
        let sql = "UPDATE refunds SET state = $3, decided_by = $4, decided_at = $5, conversation_id = $6, receipt = $7,
                     result_text = $8, finished_at = $9
                   WHERE provider_id = $1 AND refund_id = $2";
        let row = values![
            r.id,
            r.state,
            r.decided_by,
            r.decided_at,
            r.conversation_id,
            r.receipt,
            r.result_text,
            r.finished_at,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// A refund, to be read.
    pub async fn refund(&mut self, id: RefundId) -> Result<Option<Refund>> {
        let sql =
            format!("SELECT {COLUMNS} FROM refunds WHERE provider_id = $1 AND refund_id = $2");
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Refund::from_row).transpose()
    }

    /// A refund, to be changed: nobody else changes it before this transaction ends.
    pub async fn lock_refund(&mut self, id: RefundId) -> Result<Option<Refund>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM refunds WHERE provider_id = $1 AND refund_id = $2 /*for update*/"
        );
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.as_ref().map(Refund::from_row).transpose()
    }

    /// A page of refunds, newest first.
    pub async fn refunds(
        &mut self,
        filter: &RefundFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Refund>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM refunds WHERE provider_id = $1"
        ));
        list.and("state = ?", filter.state.as_ref());
        list.and("payment_id = ?", filter.payment.as_ref());
        list.and("arrival_id = ?", filter.arrival.as_ref());
        self.page(list, "refund_id", after, size, Refund::from_row, |r| {
            r.id.uuid()
        })
        .await
    }

    /// What of a payment went back or may yet: all its refunds but those refused or declined. Lock
    /// the payment first.
    pub async fn reserved_of_payment(
        &mut self,
        payment: PaymentId,
        currency: Currency,
    ) -> Result<Money> {
        let sql = "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM refunds
                   WHERE provider_id = $1 AND payment_id = $2 AND currency = $3
                     AND state NOT IN ('refused', 'declined')";
        let row = self.one(sql, values![payment, currency]).await?;
        Ok(Money::from_minor(get(&row, 0)?, currency))
    }

    /// What of an arrival went back or may yet, as
    /// [`reserved_of_payment`](Self::reserved_of_payment). Lock the arrival first.
    pub async fn reserved_of_arrival(
        &mut self,
        arrival: ArrivalId,
        currency: Currency,
    ) -> Result<Money> {
        let sql = "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM refunds
                   WHERE provider_id = $1 AND arrival_id = $2 AND currency = $3
                     AND state NOT IN ('refused', 'declined')";
        let row = self.one(sql, values![arrival, currency]).await?;
        Ok(Money::from_minor(get(&row, 0)?, currency))
    }

    /// What refunds on their way will take of the money that the platform collected, less the part of
    /// its fee that it gives back with each. Hold the name `payouts` first ([`hold`](Self::hold)).
    pub async fn reserved_of_collected(&mut self, currency: Currency) -> Result<Money> {
        let sql = "SELECT CAST(COALESCE(SUM(r.amount_minor
                     - COALESCE(f.amount_minor * r.amount_minor / p.amount_minor, 0)), 0) AS BIGINT)
                   FROM refunds r
                   JOIN payments p ON p.provider_id = r.provider_id AND p.payment_id = r.payment_id
                   LEFT JOIN ledger_transfers f ON f.provider_id = r.provider_id AND f.subject = r.payment_id
                     AND f.kind = 'platform_fee'
                   WHERE r.provider_id = $1 AND r.currency = $2 AND r.way = 'gateway' AND p.collected
                     AND r.state IN ('requested', 'approved', 'sending', 'sent', 'unknown')";
        let row = self.one(sql, values![currency]).await?;
        Ok(Money::from_minor(get(&row, 0)?, currency))
    }
}
