//! Payments, their timelines, and the phones that hold a prompt.

use bando_db::{Row, Sql};
use bando_domain::{
    AccountId, Currency, CustomerId, Language, MacAddr, Money, PaymentFailure, PaymentId,
    PaymentStatus, Phone, PlanId, PlanTerms, RouterId, TicketId, Timestamp,
};
use uuid::Uuid;

use crate::field::{get, values, words};
use crate::page::{Cursor, List, Page, first_id};
use crate::{Result, TenantTx};

/// One attempt to pay.
#[derive(Clone, PartialEq, Debug)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// How the money arrives (`mpesa`).
    pub gateway: String,
    /// What has become of it.
    pub status: PaymentStatus,
    /// How much.
    pub amount: Money,
    /// The plan that was chosen.
    pub plan_id: PlanId,
    /// The plan's name at that time.
    pub plan_name: String,
    /// The plan's terms at that time: what the ticket will give.
    pub terms: PlanTerms,
    /// Who pays.
    pub customer_id: CustomerId,
    /// The phone that pays; none if it was paid in cash by somebody who gave none.
    pub phone: Option<Phone>,
    /// The device it is for, if it was bought at a hotspot.
    pub mac: Option<MacAddr>,
    /// The router it was bought at.
    pub router_id: Option<RouterId>,
    /// What the router told the browser to tell us, to find the way back to it.
    pub visit: Option<serde_json::Value>,
    /// The language of its pages.
    pub language: Language,
    /// What the payer is told to write into the payment, where one pays under a reference.
    pub account_reference: Option<String>,
    /// Where the payer's browser is sent to pay, at gateways that have a page of their own.
    pub redirect_url: Option<String>,
    /// The device whose address signs it in by itself, sold as a ticket without a code.
    pub identity_mac: Option<MacAddr>,
    /// The member who sold it, if it was not bought alone.
    pub sold_by: Option<AccountId>,
    /// Whether the platform collected the money, and owes it to the provider.
    pub collected: bool,
    /// Daraja's MerchantRequestID.
    pub merchant_request_id: Option<String>,
    /// Daraja's CheckoutRequestID, or another gateway's own reference.
    pub checkout_request_id: Option<String>,
    /// The receipt of the money.
    pub receipt: Option<String>,
    /// What of the amount the gateway kept.
    pub fee: Money,
    /// What of the amount went back to the payer; never more than the amount.
    pub refunded: Money,
    /// Why it failed.
    pub failure: Option<PaymentFailure>,
    /// The gateway's own code for the outcome.
    pub result_code: Option<String>,
    /// The gateway's own words for the outcome.
    pub result_text: Option<String>,
    /// How often the gateway was asked what became of it.
    pub checks: u32,
    /// The ticket it bought.
    pub ticket_id: Option<TicketId>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When the gateway took the order to prompt the payer.
    pub prompted_at: Option<Timestamp>,
    /// When its outcome became known.
    pub finished_at: Option<Timestamp>,
}

words! {
    /// What happened to a payment: the steps of its timeline.
    PaymentStep {
        /// The customer asked to pay.
        Asked => "asked",
        /// The gateway took the order to prompt the payer.
        Prompted => "prompted",
        /// The gateway refused to prompt.
        Refused => "refused",
        /// The gateway did not answer; the payer may have been prompted all the same.
        NoAnswer => "no_answer",
        /// A message came from the gateway.
        Callback => "callback",
        /// A message came that does not fit this payment.
        Mismatch => "mismatch",
        /// We asked the gateway what became of it.
        Checked => "checked",
        /// The money is confirmed and the ticket issued.
        Settled => "settled",
        /// The gateway said no for good.
        Failed => "failed",
        /// Nothing was heard in all the time allowed.
        Expired => "expired",
        /// A message and an answer of the gateway contradict each other.
        Contradiction => "contradiction",
        /// The device was let onto the network.
        Connected => "connected",
        /// The payer named the receipt number of the money.
        Claimed => "claimed",
        /// A member said that the money is there.
        Confirmed => "confirmed",
        /// A member said that no such money is there.
        Rejected => "rejected",
        /// Less money arrived than was asked for; it went into the wallet.
        Short => "short",
        /// More money arrived than was asked for; what was too much went into the wallet.
        Excess => "excess",
        /// Money of the payment went back to the payer.
        Refunded => "refunded",
        /// The gateway took the money back.
        Reversed => "reversed",
    }
}

/// One line of a payment's timeline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: PaymentStep,
    /// More about it, for people.
    pub detail: Option<String>,
}

/// What became of the payments of one phone at one gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PayerHistory {
    /// How many succeeded, on the device asked about.
    pub paid: u64,
    /// The highest of these.
    pub highest: Money,
    /// How many a member found no money for, on whichever device.
    pub rejected: u64,
}

/// Which payments a list shows.
#[derive(Clone, Default, Debug)]
pub struct PaymentFilter {
    /// Only those with this status.
    pub status: Option<PaymentStatus>,
    /// Only those of this phone.
    pub phone: Option<Phone>,
    /// Only those for this device.
    pub mac: Option<MacAddr>,
    /// Only the one with this receipt.
    pub receipt: Option<String>,
    /// Only those of this gateway.
    pub gateway: Option<String>,
    /// Only those that this member sold.
    pub sold_by: Option<AccountId>,
    /// Only those with this account reference.
    pub reference: Option<String>,
    /// Only those begun at or after this.
    pub from: Option<Timestamp>,
    /// Only those begun before this.
    pub to: Option<Timestamp>,
}

const COLUMNS: &str = "payment_id, gateway, status, amount_minor, currency, plan_id, plan_name, terms, customer_id,
  phone, mac, router_id, visit, language, merchant_request_id, checkout_request_id, receipt, failure, result_code,
  result_text, checks, ticket_id, created_at, prompted_at, finished_at, account_reference, redirect_url, identity_mac,
  sold_by, collected, fee_minor, refunded_minor";

impl Payment {
    fn from_row(row: &Row) -> Result<Self> {
        let currency = get(row, 4)?;
        Ok(Self {
            id: get(row, 0)?,
            gateway: get(row, 1)?,
            status: get(row, 2)?,
            amount: Money::from_minor(get(row, 3)?, currency),
            plan_id: get(row, 5)?,
            plan_name: get(row, 6)?,
            terms: get(row, 7)?,
            customer_id: get(row, 8)?,
            phone: get(row, 9)?,
            mac: get(row, 10)?,
            router_id: get(row, 11)?,
            visit: get(row, 12)?,
            language: get(row, 13)?,
            merchant_request_id: get(row, 14)?,
            checkout_request_id: get(row, 15)?,
            receipt: get(row, 16)?,
            failure: get(row, 17)?,
            result_code: get(row, 18)?,
            result_text: get(row, 19)?,
            checks: get(row, 20)?,
            ticket_id: get(row, 21)?,
            created_at: get(row, 22)?,
            prompted_at: get(row, 23)?,
            finished_at: get(row, 24)?,
            account_reference: get(row, 25)?,
            redirect_url: get(row, 26)?,
            identity_mac: get(row, 27)?,
            sold_by: get(row, 28)?,
            collected: get(row, 29)?,
            fee: Money::from_minor(get(row, 30)?, currency),
            refunded: Money::from_minor(get(row, 31)?, currency),
        })
    }
}

impl TenantTx {
    /// Adds a payment as it was asked for.
    pub async fn insert_payment(&mut self, p: &Payment) -> Result<()> {
        let sql = "INSERT INTO payments (provider_id, payment_id, gateway, status, amount_minor, currency, plan_id,
                     plan_name, terms, customer_id, phone, mac, router_id, visit, language, checks, created_at,
                     account_reference, redirect_url, identity_mac, sold_by, collected)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                     $18, $19, $20, $21, $22)";
        let row = values![
            p.id,
            p.gateway,
            p.status,
            p.amount.minor(),
            p.amount.currency(),
            p.plan_id,
            p.plan_name,
            p.terms,
            p.customer_id,
            p.phone,
            p.mac,
            p.router_id,
            p.visit,
            p.language,
            p.checks,
            p.created_at,
            p.account_reference,
            p.redirect_url,
            p.identity_mac,
            p.sold_by,
            p.collected,
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Writes down what has changed: references, outcome, fee, ticket, checks. What was refunded is
    /// only ever added to: see [`add_refunded`](Self::add_refunded).
    pub async fn update_payment(&mut self, p: &Payment) -> Result<()> {
        let sql = "UPDATE payments SET status = $3, merchant_request_id = $4, checkout_request_id = $5, receipt = $6,
                     failure = $7, result_code = $8, result_text = $9, checks = $10, ticket_id = $11,
                     prompted_at = $12, finished_at = $13, account_reference = $14, redirect_url = $15, fee_minor = $16
                   WHERE provider_id = $1 AND payment_id = $2";
        let row = values![
            p.id,
            p.status,
            p.merchant_request_id,
            p.checkout_request_id,
            p.receipt,
            p.failure,
            p.result_code,
            p.result_text,
            p.checks,
            p.ticket_id,
            p.prompted_at,
            p.finished_at,
            p.account_reference,
            p.redirect_url,
            p.fee.minor(),
        ];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// Notes that more of a payment (less, if `delta` is negative) went back to its payer. Returns
    /// false, and changes nothing, if that would be more than was paid or less than nothing.
    pub async fn add_refunded(&mut self, id: PaymentId, delta: Money) -> Result<bool> {
        let sql = "UPDATE payments SET refunded_minor = refunded_minor + $3
                   WHERE provider_id = $1 AND payment_id = $2 AND currency = $4
                     AND refunded_minor + $3 BETWEEN 0 AND amount_minor";
        let row = values![id, delta.minor(), delta.currency()];
        Ok(self.exec(sql, row).await? == 1)
    }

    /// Writes down where a payment was made: device, router and visit, and who sold it.
    pub async fn place_payment(&mut self, p: &Payment) -> Result<()> {
        let sql = "UPDATE payments SET mac = $3, router_id = $4, visit = $5, sold_by = $6, identity_mac = $7
                   WHERE provider_id = $1 AND payment_id = $2";
        let row = values![p.id, p.mac, p.router_id, p.visit, p.sold_by, p.identity_mac];
        self.exec(sql, row).await?;
        Ok(())
    }

    /// A payment, to be read.
    pub async fn payment(&mut self, id: PaymentId) -> Result<Option<Payment>> {
        let sql =
            format!("SELECT {COLUMNS} FROM payments WHERE provider_id = $1 AND payment_id = $2");
        self.maybe(Sql::built(sql), values![id])
            .await?
            .as_ref()
            .map(Payment::from_row)
            .transpose()
    }

    /// A payment, to be changed: nobody else changes it before this transaction ends.
    pub async fn lock_payment(&mut self, id: PaymentId) -> Result<Option<Payment>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payments WHERE provider_id = $1 AND payment_id = $2 /*for update*/"
        );
        self.maybe(Sql::built(sql), values![id])
            .await?
            .as_ref()
            .map(Payment::from_row)
            .transpose()
    }

    /// The payment that this receipt belongs to.
    pub async fn payment_by_receipt(
        &mut self,
        gateway: &str,
        receipt: &str,
    ) -> Result<Option<Payment>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payments WHERE provider_id = $1 AND gateway = $2 AND receipt = $3"
        );
        let row = self
            .maybe(Sql::built(sql), values![gateway, receipt])
            .await?;
        row.as_ref().map(Payment::from_row).transpose()
    }

    /// The payment that the gateway knows by this reference.
    pub async fn payment_by_checkout(
        &mut self,
        gateway: &str,
        checkout_request_id: &str,
    ) -> Result<Option<Payment>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payments WHERE provider_id = $1 AND gateway = $2 AND checkout_request_id = $3"
        );
        let row = self
            .maybe(Sql::built(sql), values![gateway, checkout_request_id])
            .await?;
        row.as_ref().map(Payment::from_row).transpose()
    }

    /// A page of payments, newest first.
    pub async fn payments(
        &mut self,
        filter: &PaymentFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Payment>> {
        let mut list = List::new(format!(
            "SELECT {COLUMNS} FROM payments WHERE provider_id = $1"
        ));
        list.and("status = ?", filter.status.as_ref());
        list.and("phone = ?", filter.phone.as_ref());
        list.and("mac = ?", filter.mac.as_ref());
        list.and("receipt = ?", filter.receipt.as_ref());
        list.and("gateway = ?", filter.gateway.as_ref());
        list.and("sold_by = ?", filter.sold_by.as_ref());
        list.and("account_reference = ?", filter.reference.as_ref());
        list.and("created_at >= ?", filter.from.as_ref());
        list.and("payment_id >= ?", filter.from.map(first_id).as_ref());
        list.and("created_at < ?", filter.to.as_ref());
        self.page(list, "payment_id", after, size, Payment::from_row, |p| {
            p.id.uuid()
        })
        .await
    }

    /// The payments whose payers were told to write this reference: those that still wait first,
    /// then the newest. At most eight.
    pub async fn payments_by_reference(
        &mut self,
        gateway: &str,
        reference: &str,
    ) -> Result<Vec<Payment>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payments WHERE provider_id = $1 AND gateway = $2 AND account_reference = $3
             ORDER BY CASE WHEN status = 'pending' THEN 0 ELSE 1 END, payment_id DESC LIMIT 8"
        );
        let rows = self
            .all(Sql::built(sql), values![gateway, reference])
            .await?;
        rows.iter().map(Payment::from_row).collect()
    }

    /// The payments of exactly this amount that were begun since `since` and are not paid: those whom
    /// money without a reference may be meant for. Newest first, at most 64.
    pub async fn unpaid_of_amount(
        &mut self,
        gateway: &str,
        amount: Money,
        since: Timestamp,
    ) -> Result<Vec<Payment>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payments WHERE provider_id = $1 AND gateway = $2 AND amount_minor = $3
               AND currency = $4 AND payment_id >= $5 AND status NOT IN ('success', 'refunded')
             ORDER BY payment_id DESC LIMIT 64"
        );
        let row = values![gateway, amount.minor(), amount.currency(), first_id(since)];
        let rows = self.all(Sql::built(sql), row).await?;
        rows.iter().map(Payment::from_row).collect()
    }

    /// The paid payments of exactly this amount that were begun since `since` and whose receipts are not
    /// known: money that is told of now may be theirs. Newest first, at most 64.
    pub async fn paid_without_receipt(
        &mut self,
        gateway: &str,
        amount: Money,
        since: Timestamp,
    ) -> Result<Vec<Payment>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM payments WHERE provider_id = $1 AND gateway = $2 AND amount_minor = $3
               AND currency = $4 AND payment_id >= $5 AND status = 'success' AND receipt IS NULL
             ORDER BY payment_id DESC LIMIT 64"
        );
        let row = values![gateway, amount.minor(), amount.currency(), first_id(since)];
        let rows = self.all(Sql::built(sql), row).await?;
        rows.iter().map(Payment::from_row).collect()
    }

    /// The receipts that payers have named of payments that wait at a gateway, the newest of each.
    pub async fn claimed_receipts(&mut self, gateway: &str) -> Result<Vec<(PaymentId, String)>> {
        let sql = "SELECT e.payment_id, e.detail FROM payment_events e
                   JOIN payments p ON p.provider_id = e.provider_id AND p.payment_id = e.payment_id
                   WHERE p.provider_id = $1 AND p.status = 'pending' AND p.gateway = $2 AND e.kind = 'claimed'
                     AND e.detail IS NOT NULL AND NOT EXISTS (
                       SELECT 1 FROM payment_events l WHERE l.provider_id = e.provider_id
                         AND l.payment_id = e.payment_id AND l.kind = 'claimed' AND l.event_id > e.event_id)";
        let rows = self.all(sql, values![gateway]).await?;
        rows.iter()
            .map(|row| Ok((get(row, 0)?, get(row, 1)?)))
            .collect()
    }

    /// What is known of who pays with this phone on this device: how trust is learned.
    pub async fn payer_history(
        &mut self,
        gateway: &str,
        phone: &Phone,
        mac: MacAddr,
        currency: Currency,
    ) -> Result<PayerHistory> {
        let sql = "SELECT COUNT(CASE WHEN status = 'success' AND mac = $4 THEN 1 END),
                     COALESCE(MAX(CASE WHEN status = 'success' AND mac = $4 THEN amount_minor END), 0),
                     COUNT(CASE WHEN failure = 'not_received' THEN 1 END)
                   FROM payments WHERE provider_id = $1 AND gateway = $2 AND phone = $3 AND currency = $5";
        let row = self
            .one(sql, values![gateway, phone, mac, currency])
            .await?;
        Ok(PayerHistory {
            paid: get(&row, 0)?,
            highest: Money::from_minor(get(&row, 1)?, currency),
            rejected: get(&row, 2)?,
        })
    }

    /// How many payments of a gateway wait.
    pub async fn count_pending(&mut self, gateway: &str) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM payments WHERE provider_id = $1 AND status = 'pending' AND gateway = $2";
        get(&self.one(sql, values![gateway]).await?, 0)
    }

    /// The amounts that are waited for at a gateway, lowest first, each once: where only the amount
    /// tells payments apart, a new one must be none of these. Hold the gateway's amounts meanwhile
    /// ([`hold`](Self::hold)).
    pub async fn pending_amounts(&mut self, gateway: &str) -> Result<Vec<Money>> {
        let sql = "SELECT DISTINCT amount_minor, currency FROM payments
                   WHERE provider_id = $1 AND status = 'pending' AND gateway = $2 ORDER BY amount_minor, currency";
        let rows = self.all(sql, values![gateway]).await?;
        rows.iter()
            .map(|row| Ok(Money::from_minor(get(row, 0)?, get(row, 1)?)))
            .collect()
    }

    /// What the payments begun from `from` on have brought and was kept, by hours since `from`; hours
    /// without any are left out.
    pub async fn takings_by_hour(
        &mut self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(u32, i64)>> {
        let sql = "SELECT (created_at - $2) / 3600000 AS hour, CAST(SUM(amount_minor - refunded_minor) AS BIGINT)
                   FROM payments
                   WHERE provider_id = $1 AND created_at >= $2 AND created_at < $3 AND payment_id >= $4
                     AND status = 'success'
                   GROUP BY 1 ORDER BY 1";
        let rows = self.all(sql, values![from, to, first_id(from)]).await?;
        rows.iter().map(|r| Ok((get(r, 0)?, get(r, 1)?))).collect()
    }

    /// Adds a line to a payment's timeline. `event` is a new UUIDv7, which keeps the lines in order.
    pub async fn add_payment_step(
        &mut self,
        payment: PaymentId,
        event: Uuid,
        at: Timestamp,
        step: PaymentStep,
        detail: Option<&str>,
    ) -> Result<()> {
        let sql = "INSERT INTO payment_events (provider_id, payment_id, event_id, at, kind, detail)
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let detail = detail.map(str::to_owned);
        self.exec(sql, values![payment, event, at, step.name(), detail])
            .await?;
        Ok(())
    }

    /// Adds a line to a payment's timeline unless it says the same already: for what a device may
    /// bring about as often as it likes.
    pub async fn add_first_payment_step(
        &mut self,
        payment: PaymentId,
        event: Uuid,
        at: Timestamp,
        step: PaymentStep,
        detail: &str,
    ) -> Result<()> {
        let sql = "INSERT INTO payment_events (provider_id, payment_id, event_id, at, kind, detail)
                   SELECT p.provider_id, p.payment_id, $3, $4, $5, $6 FROM payments p
                   WHERE p.provider_id = $1 AND p.payment_id = $2 AND NOT EXISTS (
                     SELECT 1 FROM payment_events e WHERE e.provider_id = $1 AND e.payment_id = $2
                       AND e.kind = $5 AND e.detail = $6)";
        self.exec(sql, values![payment, event, at, step.name(), detail])
            .await?;
        Ok(())
    }

    /// A payment's timeline, in order.
    pub async fn payment_timeline(&mut self, payment: PaymentId) -> Result<Vec<TimelineEntry>> {
        let sql =
            "SELECT at, kind, detail FROM payment_events WHERE provider_id = $1 AND payment_id = $2
                   ORDER BY at, event_id";
        let rows = self.all(sql, values![payment]).await?;
        rows.iter()
            .map(|row| {
                Ok(TimelineEntry {
                    at: get(row, 0)?,
                    step: get(row, 1)?,
                    detail: get(row, 2)?,
                })
            })
            .collect()
    }

    /// Takes the one place for an open prompt on a phone, of whichever provider, until `until`.
    /// Returns false if another payment holds it.
    pub async fn take_prompt(
        &mut self,
        phone: &Phone,
        payment: PaymentId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let hash = self
            .vault()
            .index("prompt", None, phone.digits().as_bytes());
        // The table belongs to no provider: $1 only says that this one exists.
        let sql = "INSERT INTO phone_prompts (phone_hash, payment_id, until_at)
                   SELECT $2, $3, $5 FROM providers WHERE provider_id = $1
                   ON CONFLICT (phone_hash) DO UPDATE SET payment_id = excluded.payment_id, until_at = excluded.until_at
                   WHERE phone_prompts.until_at <= $4 OR phone_prompts.payment_id = excluded.payment_id";
        Ok(self.exec(sql, values![hash, payment, now, until]).await? == 1)
    }

    /// Frees the place once the prompt is known to be gone.
    pub async fn release_prompt(&mut self, payment: PaymentId, phone: &Phone) -> Result<()> {
        let hash = self
            .vault()
            .index("prompt", None, phone.digits().as_bytes());
        let sql = "DELETE FROM phone_prompts WHERE phone_hash = $2 AND payment_id = $3
                   AND EXISTS (SELECT 1 FROM providers WHERE provider_id = $1)";
        self.exec(sql, values![hash, payment]).await?;
        Ok(())
    }
}
