//! Payments, their timelines, the customers who make them, and the phones that hold a prompt.

use std::fmt::Write;

use bando_db::{Row, Sql};
use bando_domain::{
    AccountId, CustomerId, Language, MacAddr, Money, PaymentFailure, PaymentId, PaymentStatus,
    Phone, PlanId, PlanTerms, RouterId, TicketId, Timestamp,
};
use uuid::Uuid;

use crate::field::{Field, get, values};
use crate::page::{Cursor, Page};
use crate::{Result, TenantTx};

/// Someone who buys access, known by phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Customer {
    /// Their id.
    pub id: CustomerId,
    /// Their phone.
    pub phone: Phone,
    /// Their wallet: what they have paid the provider beyond what they bought, never below zero. In
    /// the provider's currency.
    pub credit: Money,
    /// When they first came.
    pub created_at: Timestamp,
}

/// The columns of a customer. A wallet has no currency of its own: it is in the provider's.
const CUSTOMER: &str = "customer_id, phone, credit_minor,
  (SELECT p.currency FROM providers p WHERE p.provider_id = $1), created_at";

impl Customer {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            phone: get(row, 1)?,
            credit: Money::from_minor(get(row, 2)?, get(row, 3)?),
            created_at: get(row, 4)?,
        })
    }
}

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
    /// The phone that pays.
    pub phone: Phone,
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

/// What happened to a payment: the steps of its timeline.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PaymentStep {
    /// The customer asked to pay.
    Asked,
    /// The gateway took the order to prompt the payer.
    Prompted,
    /// The gateway refused to prompt.
    Refused,
    /// The gateway did not answer; the payer may have been prompted all the same.
    NoAnswer,
    /// A message came from the gateway.
    Callback,
    /// A message came that does not fit this payment.
    Mismatch,
    /// We asked the gateway what became of it.
    Checked,
    /// The money is confirmed and the ticket issued.
    Settled,
    /// The gateway said no for good.
    Failed,
    /// Nothing was heard in all the time allowed.
    Expired,
    /// A message and an answer of the gateway contradict each other.
    Contradiction,
    /// The device was let onto the network.
    Connected,
}

impl PaymentStep {
    const ALL: [Self; 12] = [
        Self::Asked,
        Self::Prompted,
        Self::Refused,
        Self::NoAnswer,
        Self::Callback,
        Self::Mismatch,
        Self::Checked,
        Self::Settled,
        Self::Failed,
        Self::Expired,
        Self::Contradiction,
        Self::Connected,
    ];

    /// The name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Prompted => "prompted",
            Self::Refused => "refused",
            Self::NoAnswer => "no_answer",
            Self::Callback => "callback",
            Self::Mismatch => "mismatch",
            Self::Checked => "checked",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Contradiction => "contradiction",
            Self::Connected => "connected",
        }
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
    /// The customer with this phone, made if there is none yet.
    pub async fn customer(
        &mut self,
        new: CustomerId,
        phone: &Phone,
        now: Timestamp,
    ) -> Result<Customer> {
        let sql = format!(
            "INSERT INTO customers (provider_id, customer_id, phone, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (provider_id, phone) DO UPDATE SET deleted_at = NULL RETURNING {CUSTOMER}"
        );
        let row = self.one(Sql::built(sql), values![new, phone, now]).await?;
        Customer::from_row(&row)
    }

    /// A page of customers, newest first.
    pub async fn customers(
        &mut self,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Customer>> {
        let mut sql = format!(
            "SELECT {CUSTOMER} FROM customers WHERE provider_id = $1 AND deleted_at IS NULL"
        );
        let mut params = Vec::new();
        if let Some(Cursor(after)) = after {
            sql.push_str(" AND customer_id < $2");
            params.push(after.to_value());
        }
        let _ = write!(sql, " ORDER BY customer_id DESC LIMIT {}", size + 1);
        let rows = self.all(Sql::built(sql), params).await?;
        let rows = rows
            .iter()
            .map(Customer::from_row)
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, size, |c| c.id.uuid()))
    }

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
        let mut sql = format!("SELECT {COLUMNS} FROM payments WHERE provider_id = $1");
        let mut params = Vec::new();
        let mut and = |sql: &mut String, condition: &str, value| {
            params.push(value);
            let _ = write!(sql, " AND {condition} ${}", params.len() + 1);
        };
        if let Some(status) = filter.status {
            and(&mut sql, "status =", status.to_value());
        }
        if let Some(phone) = &filter.phone {
            and(&mut sql, "phone =", phone.to_value());
        }
        if let Some(mac) = filter.mac {
            and(&mut sql, "mac =", mac.to_value());
        }
        if let Some(receipt) = &filter.receipt {
            and(&mut sql, "receipt =", receipt.to_value());
        }
        if let Some(gateway) = &filter.gateway {
            and(&mut sql, "gateway =", gateway.to_value());
        }
        if let Some(member) = filter.sold_by {
            and(&mut sql, "sold_by =", member.to_value());
        }
        if let Some(reference) = &filter.reference {
            and(&mut sql, "account_reference =", reference.to_value());
        }
        if let Some(from) = filter.from {
            and(&mut sql, "created_at >=", from.to_value());
            and(&mut sql, "payment_id >=", first_id(from).to_value());
        }
        if let Some(to) = filter.to {
            and(&mut sql, "created_at <", to.to_value());
        }
        if let Some(Cursor(after)) = after {
            and(&mut sql, "payment_id <", after.to_value());
        }
        let _ = write!(sql, " ORDER BY payment_id DESC LIMIT {}", size + 1);
        let rows = self.all(Sql::built(sql), params).await?;
        let rows = rows
            .iter()
            .map(Payment::from_row)
            .collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(rows, size, |p| p.id.uuid()))
    }

    /// What the payments begun from `from` on have brought, by hours since `from`; hours without any
    /// are left out.
    pub async fn takings_by_hour(
        &mut self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(u32, i64)>> {
        let sql = "SELECT (created_at - $2) / 3600000 AS hour, CAST(SUM(amount_minor) AS BIGINT) FROM payments
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
                let kind: String = get(row, 1)?;
                let step = PaymentStep::ALL.into_iter().find(|s| s.name() == kind);
                let step = step.ok_or(crate::Error::Corrupt {
                    column: 1,
                    kind: "payment step",
                })?;
                Ok(TimelineEntry {
                    at: get(row, 0)?,
                    step,
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

/// Below every id that was made from `from` on: ids begin with their time (RFC 9562, 5.7), so that a
/// list of some days need not read those before. A minute to spare, for clocks of several nodes.
fn first_id(from: Timestamp) -> Uuid {
    let millis = from.minus(std::time::Duration::from_secs(60)).as_millis();
    Uuid::from_u128(u128::from(millis.max(0).unsigned_abs()) << 80)
}
