//! From the gateway's word to a ticket: the inbox, the proof and the one transaction that settles.

use std::time::Duration;

use bando_domain::{
    Entitlement, LedgerTransferId, MessageId, PaymentEvent, PaymentFailure, PaymentId, ProviderId,
    Starts, TicketCode, TicketId, TicketState, Timestamp, Usage,
};
use bando_gateways::{Notification, Outcome, Reference, Verdict};
use bando_store::{
    GatewayMessage, Job, JobKind, Link, Origin, Payment, PaymentStep, TenantTx, Ticket, Transfer,
};

use crate::crash::{crash_point, planted};
use crate::events::Change;
use crate::jobs::Done;
use crate::mpesa::{self, MPESA};
use crate::{App, Error, Result, calendar, purchase};

/// How many different messages about one payment are kept: a gateway sends one or two, a forger many.
const MAX_MESSAGES: u32 = 8;

/// How often the gateway is asked to confirm one message; the payment itself stays on its schedule.
const MAX_PROOFS: u32 = 30;

/// The shortest wait after the gateway's rate limit.
const RATE_LIMITED: Duration = Duration::from_secs(5);

/// How soon the gateway is asked about a payment that a message says has failed: messages are not
/// signed, and a wrong one must not cost the payer money.
const MAKE_SURE: Duration = Duration::from_secs(5);

/// How long the receipt of a message that came before the money waits for that of one that came with
/// it: whoever forges a message cannot know the receipt.
const EARLY_RECEIPT: Duration = Duration::from_secs(60);

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
    /// Takes a message of a gateway in: keeps it, and nothing else. Whoever calls may answer the
    /// gateway once this returns; the work is done afterwards by a job.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that is not ours; [`Error::Store`] if it could not be kept:
    /// then the gateway must not be told that all is well.
    pub async fn take_callback(&self, token: &str, body: &[u8], source: &str) -> Result<()> {
        let (provider, payment) = self
            .store
            .vault()
            .read_link(Link::Callback, token)
            .ok_or(Error::NotFound("payment"))?;
        let payment = PaymentId::from_uuid(payment);
        if planted("answer-before-store") {
            let (app, body, source) = (self.clone(), body.to_vec(), source.to_owned());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                app.keep_message(provider, payment, &body, &source).await
            });
            return Ok(());
        }
        self.keep_message(provider, payment, body, source).await
    }

    /// Takes a message that came without a payment's own link, as the payment platforms of old are
    /// set up: anybody can send one, so it only says of which payment there may be news. What it
    /// says of success is proved as always; what it says of failure is asked for, not believed. A
    /// message about no payment of ours is let go.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn take_unaddressed_callback(
        &self,
        provider: ProviderId,
        body: &[u8],
        source: &str,
    ) -> Result<()> {
        let Ok(notification) = self.mpesa.read_callback(body) else {
            return Ok(());
        };
        let mut tx = self.store.tenant(provider).await?;
        let checkout = &notification.checkout_request_id;
        let Some(payment) = tx.payment_by_checkout(MPESA, checkout).await? else {
            return Ok(());
        };
        if !matches!(notification.outcome, Outcome::Failed { .. }) {
            drop(tx);
            return self.keep_message(provider, payment.id, body, source).await;
        }
        if payment.status == bando_domain::PaymentStatus::Pending {
            tx.enqueue(JobKind::CheckPayment, payment.id.uuid(), self.now())
                .await?;
            tx.commit().await?;
            self.jobs.notify_one();
        }
        Ok(())
    }

    /// Puts a message into the inbox, with the job that reads it.
    async fn keep_message(
        &self,
        provider: ProviderId,
        payment: PaymentId,
        body: &[u8],
        source: &str,
    ) -> Result<()> {
        crash_point("callback.received");
        let now = self.now();
        let mut tx = self.store.tenant(provider).await?;
        tx.payment(payment)
            .await?
            .ok_or(Error::NotFound("payment"))?;
        if tx.count_messages(payment).await? >= MAX_MESSAGES {
            tracing::warn!(%provider, %payment, source, "too many different callbacks for one payment: dropped");
            return Ok(());
        }
        let message = GatewayMessage {
            id: MessageId::new(&*self.clock, &*self.entropy),
            payment,
            gateway: MPESA.to_owned(),
            body: body.to_vec(),
            source: source.to_owned(),
            received_at: now,
            times_seen: 1,
            outcome: None,
        };
        if tx.insert_message(&message).await? {
            tx.add_payment_step(
                payment,
                self.next_step_id(),
                now,
                PaymentStep::Callback,
                None,
            )
            .await?;
            tx.enqueue(JobKind::ReadMessage, message.id.uuid(), now)
                .await?;
        }
        tx.commit().await?;
        crash_point("callback.stored");
        self.jobs.notify_one();
        self.events.tell(provider, Change::Payment(payment));
        Ok(())
    }

    /// Works a message off. A message is a hint: it may say where to look, and may fail a payment,
    /// which a later success undoes; it never pays for one.
    pub(crate) async fn read_message(&self, job: &Job) -> Result<Done> {
        let provider = job.provider;
        let mut tx = self.store.tenant(provider).await?;
        let Some(message) = tx.message(MessageId::from_uuid(job.subject)).await? else {
            return Ok(Done::Finished);
        };
        let Some(mut payment) = tx.lock_payment(message.payment).await? else {
            return Ok(Done::Finished);
        };
        crash_point("message.read");
        let notification = match self.mpesa.read_callback(&message.body) {
            Ok(notification) => notification,
            Err(error) => {
                return self
                    .misfit(tx, &message, &format!("unreadable: {error}"))
                    .await;
            }
        };
        if let Some(why) = misfit(&payment, &notification) {
            return self.misfit(tx, &message, why).await;
        }
        if bind_reference(&mut payment, &notification) {
            let checkout = &notification.checkout_request_id;
            let holder = tx.payment_by_checkout(&payment.gateway, checkout).await?;
            if holder.is_some() {
                return self
                    .misfit(tx, &message, "it names another payment's request")
                    .await;
            }
            tx.update_payment(&payment).await?;
        }
        match notification.outcome {
            Outcome::Paid { receipt, .. } => {
                // Before the gateway is asked: nothing else waits for an answer over the internet.
                tx.commit().await?;
                self.prove(job, &message, payment, receipt).await
            }
            Outcome::Failed {
                failure,
                code,
                message: text,
            } => {
                let now = self.now();
                let detail = format!("{code} {text}");
                let failed =
                    purchase::fail(&mut tx, &mut payment, failure, Some(code), Some(text), now)
                        .await?;
                tx.update_payment(&payment).await?;
                if failed {
                    tx.add_payment_step(
                        payment.id,
                        self.next_step_id(),
                        now,
                        PaymentStep::Failed,
                        Some(&detail),
                    )
                    .await?;
                    // The payer is told at once; that no money moved all the same is made sure.
                    tx.enqueue(
                        JobKind::CheckPayment,
                        payment.id.uuid(),
                        now.plus(MAKE_SURE),
                    )
                    .await?;
                }
                tx.set_message_outcome(message.id, if failed { "failed" } else { "too late" })
                    .await?;
                tx.commit().await?;
                self.events.tell(provider, Change::Payment(payment.id));
                Ok(Done::Finished)
            }
            Outcome::Undecided { code, .. } => {
                tx.enqueue(JobKind::CheckPayment, payment.id.uuid(), self.now())
                    .await?;
                tx.set_message_outcome(message.id, &format!("undecided: {code}"))
                    .await?;
                tx.commit().await?;
                self.jobs.notify_one();
                Ok(Done::Finished)
            }
        }
    }

    /// Asks the gateway whether a payment that a message says is paid really is.
    async fn prove(
        &self,
        job: &Job,
        message: &GatewayMessage,
        payment: Payment,
        receipt: Option<String>,
    ) -> Result<Done> {
        let provider = job.provider;
        if payment.status.was_paid() {
            self.settle(provider, payment.id, receipt).await?;
            self.note_message(provider, message.id, "paid before")
                .await?;
            return Ok(Done::Finished);
        }
        let verdict = match self.ask(provider, &payment).await? {
            Ok(verdict) => verdict,
            Err(wait) => return Ok(Done::Later(wait, "the query limit of this provider".into())),
        };
        crash_point("message.verified");
        match verdict {
            Verdict::Paid { receipt: confirmed } => {
                let is_early = job.attempts > 1 && confirmed.is_none();
                let receipt = confirmed.or(receipt.filter(|_| !is_early));
                let settled = self.settle(provider, payment.id, receipt).await?;
                let outcome = match settled {
                    Settled::Now(_) => "paid",
                    Settled::Before => "paid before",
                    Settled::ReceiptTaken => "receipt used before",
                };
                self.note_message(provider, message.id, outcome).await?;
                Ok(if is_early {
                    Done::Later(EARLY_RECEIPT, "its receipt waits for a better one".into())
                } else {
                    Done::Finished
                })
            }
            Verdict::Failed {
                failure,
                code,
                message: text,
            } => {
                let detail =
                    format!("the callback says paid, the query says {code} {text} ({failure})");
                tracing::warn!(%provider, payment = %payment.id, code, "callback and query contradict each other");
                let mut tx = self.store.tenant(provider).await?;
                tx.add_payment_step(
                    payment.id,
                    self.next_step_id(),
                    self.now(),
                    PaymentStep::Contradiction,
                    Some(&detail),
                )
                .await?;
                // A sandbox has been seen to say "failed" of money that moved: ask a few times more.
                let last = job.attempts >= 8;
                if last {
                    tx.set_message_outcome(message.id, &format!("contradicted: {code}"))
                        .await?;
                }
                tx.commit().await?;
                if last {
                    Ok(Done::Finished)
                } else {
                    Ok(Done::Later(backoff(job.attempts), detail))
                }
            }
            Verdict::Pending { .. } | Verdict::Unreachable { .. } if job.attempts >= MAX_PROOFS => {
                self.note_message(provider, message.id, "never confirmed")
                    .await?;
                Ok(Done::Finished)
            }
            Verdict::Pending { why } | Verdict::Unreachable { why } => {
                Ok(Done::Later(backoff(job.attempts), why))
            }
            Verdict::RateLimited { retry_after } => Ok(Done::Later(
                retry_after.max(backoff(job.attempts)),
                "the gateway's rate limit".into(),
            )),
        }
    }

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
    async fn ask(
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
            payment: payment.id,
            at: now,
        };
        tx.insert_transfer(&transfer).await?;
        let zone = tx.provider().await?.time_zone;
        let day = calendar::Local::at(now, &zone).day;
        tx.add_revenue(day, &payment.gateway, payment.amount, 1)
            .await?;
        Ok(())
    }

    async fn misfit(&self, mut tx: TenantTx, message: &GatewayMessage, why: &str) -> Result<Done> {
        let provider = tx.provider_id();
        tracing::warn!(%provider, payment = %message.payment, source = message.source, why, "callback does not fit");
        tx.add_payment_step(
            message.payment,
            self.next_step_id(),
            self.now(),
            PaymentStep::Mismatch,
            Some(why),
        )
        .await?;
        tx.set_message_outcome(message.id, why).await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Payment(message.payment));
        Ok(Done::Finished)
    }

    async fn note_message(&self, provider: ProviderId, id: MessageId, outcome: &str) -> Result<()> {
        let mut tx = self.store.tenant(provider).await?;
        tx.set_message_outcome(id, outcome).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Why a message is not about this payment, if it is not.
fn misfit(payment: &Payment, notification: &Notification) -> Option<&'static str> {
    let differs =
        |known: &Option<String>, said: &str| known.as_deref().is_some_and(|known| known != said);
    if differs(
        &payment.checkout_request_id,
        &notification.checkout_request_id,
    ) || differs(
        &payment.merchant_request_id,
        &notification.merchant_request_id,
    ) {
        return Some("it names another request");
    }
    match &notification.outcome {
        Outcome::Paid {
            amount: Some(amount),
            ..
        } if *amount != payment.amount => Some("the amount differs"),
        Outcome::Paid { amount: None, .. } => Some("it names no amount"),
        _ => None,
    }
}

/// Takes the gateway's references from a message if the answer to the push was lost.
fn bind_reference(payment: &mut Payment, notification: &Notification) -> bool {
    if payment.checkout_request_id.is_some() {
        return false;
    }
    payment.merchant_request_id = Some(notification.merchant_request_id.clone());
    payment.checkout_request_id = Some(notification.checkout_request_id.clone());
    true
}

/// 1, 2, 4 … seconds, at most five minutes: what the gateway has not decided in a minute it may decide
/// in an hour, and forged messages must not use up the queries that others need.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.saturating_sub(1).min(9)).min(Duration::from_secs(300))
}
