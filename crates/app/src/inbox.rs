//! The inbox: messages of a gateway, kept as they come, and worked off by asking the gateway itself.

use std::time::Duration;

use bando_domain::{MessageId, PaymentId, ProviderId};
use bando_gateways::{Notification, Outcome, Verdict};
use bando_store::{About, GatewayMessage, Job, JobKind, Link, Payment, PaymentStep, TenantTx};

use crate::crash::{crash_point, planted};
use crate::events::Change;
use crate::jobs::Done;
use crate::mpesa::MPESA;
use crate::settlement::Settled;
use crate::{App, Error, Result, purchase};

/// How many different messages about one payment are kept: a gateway sends one or two, a forger many.
const MAX_MESSAGES: u32 = 8;

/// How often the gateway is asked to confirm one message; the payment itself stays on its schedule.
const MAX_PROOFS: u32 = 30;

/// How soon the gateway is asked about a payment that a message says has failed: messages are not
/// signed, and a wrong one must not cost the payer money.
const MAKE_SURE: Duration = Duration::from_secs(5);

/// How long the receipt of a message that came before the money waits for that of one that came with
/// it: whoever forges a message cannot know the receipt.
const EARLY_RECEIPT: Duration = Duration::from_secs(60);

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
        if tx.count_messages(About::Payment, payment.uuid()).await? >= MAX_MESSAGES {
            tracing::warn!(%provider, %payment, source, "too many different callbacks for one payment: dropped");
            return Ok(());
        }
        let message = GatewayMessage {
            id: MessageId::new(&*self.clock, &*self.entropy),
            about: About::Payment,
            subject: payment.uuid(),
            gateway: MPESA.to_owned(),
            body: body.to_vec(),
            signed: false,
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
        let about = PaymentId::from_uuid(message.subject);
        let Some(mut payment) = tx.lock_payment(about).await? else {
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

    async fn misfit(&self, mut tx: TenantTx, message: &GatewayMessage, why: &str) -> Result<Done> {
        let provider = tx.provider_id();
        let payment = PaymentId::from_uuid(message.subject);
        tracing::warn!(%provider, %payment, source = message.source, why, "callback does not fit");
        tx.add_payment_step(
            payment,
            self.next_step_id(),
            self.now(),
            PaymentStep::Mismatch,
            Some(why),
        )
        .await?;
        tx.set_message_outcome(message.id, why).await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Payment(payment));
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
