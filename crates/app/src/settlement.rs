//! From the gateway's answer to a ticket: asking on a schedule, and the one transaction that settles.

use std::time::Duration;

use bando_domain::{
    Entitlement, LedgerTransferId, PaymentEvent, PaymentFailure, PaymentId, ProviderId, Starts,
    TicketCode, TicketId, TicketState, Timestamp, Usage,
};
use bando_gateways::{Reference, Verdict};
use bando_store::{Job, JobKind, Origin, Payment, PaymentStep, TenantTx, Ticket, Transfer};

use crate::crash::{crash_point, planted};
use crate::events::Change;
use crate::jobs::Done;
use crate::mpesa;
use crate::{App, Error, Result, calendar, purchase};

/// The shortest wait after the gateway's rate limit.
const RATE_LIMITED: Duration = Duration::from_secs(5);

/// What settling came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settled {
    /// Paid now, and this is the ticket.
    Now(TicketId),
    /// It was paid before.
    Before,
    /// The receipt belongs to another payment.
    ReceiptTaken,
}

impl App {
    /// Asks the gateway what became of a payment that nothing final is known of, or only by a message
    /// that said no, on a schedule that ends after a day.
    pub(crate) async fn check_payment(&self, job: &Job) -> Result<Done> {
        let (provider, id) = (job.provider, PaymentId::from_uuid(job.subject));
        let payment = self.store.read(provider).await?.payment(id).await?;
        let Some(payment) = payment.filter(|p| !p.status.was_paid()) else {
            return Ok(Done::Finished);
        };
        crash_point("check.begun");
        let verdict = if payment.checkout_request_id.is_some() {
            match self.ask(provider, &payment).await? {
                Ok(Verdict::RateLimited { retry_after }) => {
                    return Ok(Done::Later(
                        retry_after.max(RATE_LIMITED),
                        "the gateway's rate limit".into(),
                    ));
                }
                Ok(verdict) => verdict,
                Err(wait) => {
                    return Ok(Done::Later(wait, "the query limit of this provider".into()));
                }
            }
        } else {
            // The answer to the push was lost: without its CheckoutRequestID only a callback or a
            // statement can tell.
            Verdict::Pending {
                why: "the gateway's reference is not known".into(),
            }
        };
        crash_point("check.answered");
        match verdict {
            Verdict::Paid { receipt } => {
                self.settle(provider, id, receipt).await?;
                Ok(Done::Finished)
            }
            Verdict::Failed {
                failure,
                code,
                message,
            } => {
                self.note_failure(provider, id, failure, &code, &message)
                    .await?;
                Ok(Done::Finished)
            }
            Verdict::Pending { why } | Verdict::Unreachable { why } => {
                self.check_again(provider, id, why).await
            }
            Verdict::RateLimited { retry_after } => {
                Ok(Done::Later(retry_after, "rate limit".into()))
            }
        }
    }

    /// Puts the next check on the schedule, or gives up at its end.
    async fn check_again(&self, provider: ProviderId, id: PaymentId, why: String) -> Result<Done> {
        let now = self.now();
        let mut tx = self.store.tenant(provider).await?;
        let Some(mut payment) = tx.lock_payment(id).await? else {
            return Ok(Done::Finished);
        };
        payment.checks += 1;
        tx.add_payment_step(
            id,
            self.next_step_id(),
            now,
            PaymentStep::Checked,
            Some(&why),
        )
        .await?;
        let next = self.settings.check_schedule.get(payment.checks as usize);
        let done = match next {
            Some(after) => {
                let due = payment.created_at.plus(*after);
                Done::Later(due.since(now).max(Duration::from_secs(1)), why)
            }
            None => {
                let failure = PaymentFailure::NeverConfirmed;
                if purchase::fail(&mut tx, &mut payment, failure, None, Some(why), now).await? {
                    tx.add_payment_step(id, self.next_step_id(), now, PaymentStep::Expired, None)
                        .await?;
                }
                Done::Finished
            }
        };
        tx.update_payment(&payment).await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Payment(id));
        Ok(done)
    }

    async fn note_failure(
        &self,
        provider: ProviderId,
        id: PaymentId,
        failure: PaymentFailure,
        code: &str,
        text: &str,
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.tenant(provider).await?;
        let Some(mut payment) = tx.lock_payment(id).await? else {
            return Ok(());
        };
        let (code, text) = (code.to_owned(), text.to_owned());
        let detail = format!("{code} {text}");
        if purchase::fail(&mut tx, &mut payment, failure, Some(code), Some(text), now).await? {
            tx.update_payment(&payment).await?;
            tx.add_payment_step(
                id,
                self.next_step_id(),
                now,
                PaymentStep::Failed,
                Some(&detail),
            )
            .await?;
            tx.commit().await?;
            self.events.tell(provider, Change::Payment(id));
        }
        Ok(())
    }

    /// Asks the gateway about a payment with the provider's own credentials, within the provider's
    /// own limit; the time to wait if the limit is reached.
    pub(crate) async fn ask(
        &self,
        provider: ProviderId,
        payment: &Payment,
    ) -> Result<std::result::Result<Verdict, Duration>> {
        let (Some(merchant), Some(checkout)) = (
            payment.merchant_request_id.clone(),
            payment.checkout_request_id.clone(),
        ) else {
            return Ok(Ok(Verdict::Pending {
                why: "the gateway's reference is not known".into(),
            }));
        };
        let mut tx = self.store.read(provider).await?;
        let Some(ready) = mpesa::account(&mut tx).await? else {
            return Ok(Ok(Verdict::Unreachable {
                why: "the M-Pesa settings are gone".into(),
            }));
        };
        drop(tx);
        if let Err(wait) = self.take_query(provider) {
            return Ok(Err(wait));
        }
        let reference = Reference {
            merchant_request_id: merchant,
            checkout_request_id: checkout,
        };
        Ok(Ok(self.mpesa.query(&ready.account, &reference).await))
    }

    /// Settles a payment whose money is proved: payment, ticket, ledger, roll-up and audit in one
    /// transaction. Any number of calls settle it once.
    pub(crate) async fn settle(
        &self,
        provider: ProviderId,
        id: PaymentId,
        receipt: Option<String>,
    ) -> Result<Settled> {
        let now = self.now();
        crash_point("settle.begun");
        let mut tx = self.store.tenant(provider).await?;
        let mut payment = tx
            .lock_payment(id)
            .await?
            .ok_or(Error::NotFound("payment"))?;
        if let Some(receipt) = &receipt {
            let holder = tx.payment_by_receipt(&payment.gateway, receipt).await?;
            if holder.is_some_and(|other| other.id != id) {
                let detail = format!("receipt {receipt} belongs to another payment");
                tx.add_payment_step(
                    id,
                    self.next_step_id(),
                    now,
                    PaymentStep::Mismatch,
                    Some(&detail),
                )
                .await?;
                tx.commit().await?;
                return Ok(Settled::ReceiptTaken);
            }
        }
        let again = planted("settle-twice").then_some(payment.status);
        let Some(status) = payment.status.after(PaymentEvent::Paid).or(again) else {
            // Paid before; the receipt may be news, because a query does not tell it.
            let is_news = payment.receipt.is_none() && receipt.is_some();
            if is_news {
                payment.receipt = receipt;
                tx.update_payment(&payment).await?;
            }
            // Also when nothing changed: only a commit makes sure that what was read is durable.
            tx.commit().await?;
            if is_news {
                self.events.tell(provider, Change::Payment(id));
            }
            return Ok(Settled::Before);
        };
        payment.status = status;
        payment.receipt = receipt;
        payment.failure = None;
        payment.result_code = Some("0".into());
        payment.result_text = None;
        payment.finished_at = Some(now);
        if planted("ticket-after-commit") {
            tx.update_payment(&payment).await?;
            tx.commit().await?;
            crash_point("settle.ticket");
            tx = self.store.tenant(provider).await?;
        }
        let ticket = match payment.ticket_id {
            Some(ticket) => ticket,
            None => self.issue(&mut tx, &payment, now).await?,
        };
        crash_point("settle.ticket");
        payment.ticket_id = Some(ticket);
        tx.update_payment(&payment).await?;
        self.book(&mut tx, &payment, now).await?;
        crash_point("settle.ledger");
        tx.release_prompt(id, &payment.phone).await?;
        tx.cancel_job(JobKind::CheckPayment, id.uuid()).await?;
        let detail = payment.receipt.clone();
        tx.add_payment_step(
            id,
            self.next_step_id(),
            now,
            PaymentStep::Settled,
            detail.as_deref(),
        )
        .await?;
        let (object, amount) = (format!("payment:{id}"), payment.amount.decimal());
        let detail = format!("{amount} {} ticket:{ticket}", payment.amount.currency());
        tx.audit(now, "gateway:mpesa", "payment.settle", &object, &detail)
            .await?;
        crash_point("settle.before_commit");
        tx.commit().await?;
        crash_point("settle.committed");
        self.expiry.notify_one();
        self.events.tell(provider, Change::Payment(id));
        self.events.tell(provider, Change::Ticket(ticket));
        tracing::info!(%provider, payment = %id, ticket = %ticket, phone = payment.phone.masked(), "payment settled");
        Ok(Settled::Now(ticket))
    }

    /// [`settle`](Self::settle), without the gateway's proof: for tests in which many settle at once.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[cfg(feature = "testing")]
    pub async fn settle_unproved(
        &self,
        provider: ProviderId,
        id: PaymentId,
        receipt: Option<String>,
    ) -> Result<Settled> {
        self.settle(provider, id, receipt).await
    }

    /// Makes the ticket of a payment and binds the device it was bought for.
    async fn issue(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        now: Timestamp,
    ) -> Result<TicketId> {
        let id = TicketId::new(&*self.clock, &*self.entropy);
        let mut ticket = Ticket {
            provider: tx.provider_id(),
            id,
            code: TicketCode::random(&*self.entropy),
            state: TicketState::Unused,
            plan_id: payment.plan_id,
            plan_name: payment.plan_name.clone(),
            price: payment.amount,
            terms: payment.terms,
            origin: Origin::Payment(payment.id),
            phone: Some(payment.phone.clone()),
            identity_mac: payment.identity_mac,
            created_at: now,
            activated_at: None,
            expires_at: None,
            ended_at: None,
            usage: Usage::default(),
        };
        if payment.terms.starts == Starts::Purchase {
            let whole = Entitlement::of(ticket.state, &ticket.terms, None, ticket.usage, now);
            ticket.state = TicketState::Active;
            ticket.activated_at = Some(now);
            ticket.expires_at = whole.ok().and_then(|e| e.expires_at);
        }
        // Two equal codes of 8·10^14 in one provider: drawn again, for the sake of the one time.
        while !tx.insert_ticket(&ticket, &*self.entropy).await? {
            ticket.code = TicketCode::random(&*self.entropy);
        }
        if let Some(mac) = payment.mac {
            tx.bind_device(id, mac, now).await?;
        }
        Ok(id)
    }

    async fn book(&self, tx: &mut TenantTx, payment: &Payment, now: Timestamp) -> Result<()> {
        let id = LedgerTransferId::new(&*self.clock, &*self.entropy);
        let kind = if planted("settle-twice") {
            format!("payment {id}")
        } else {
            "payment".to_owned()
        };
        let transfer = Transfer {
            id,
            kind,
            debit: format!("gateway:{}", payment.gateway),
            credit: "revenue".into(),
            amount: payment.amount,
            subject: payment.id.uuid(),
            payment: Some(payment.id),
            at: now,
        };
        tx.insert_transfer(&transfer).await?;
        let zone = tx.provider().await?.time_zone;
        let day = calendar::Local::at(now, &zone).day;
        tx.add_revenue(day, &payment.gateway, payment.amount, 1)
            .await?;
        Ok(())
    }
}
