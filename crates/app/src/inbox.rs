//! The inbox: messages of a gateway, kept as they come, and worked off by asking the gateway itself.

use std::sync::Arc;
use std::time::Duration;

use bando_domain::{ArrivalId, MessageId, PaymentFailure, PaymentId, ProviderId};
use bando_gateways::{
    Asks, Authenticity, Gateway, Message, Notification, Outcome, Paid, Reference, Verdict, Word,
};
use bando_store::{
    About, ArrivalSource, GatewayMessage, Job, JobKind, Link, Payment, PaymentStep, TenantTx,
    gateway_of_row,
};
use uuid::Uuid;

use crate::crash::{crash_point, planted};
use crate::events::Change;
use crate::jobs::Done;
use crate::limits::Action;
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

/// A message as it came over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Its headers: names in lower case.
    pub headers: &'a [(String, String)],
    /// Its body; of a message without one (GET), its query string.
    pub body: &'a [u8],
    /// The address it came from.
    pub source: &'a str,
}

impl<'a> Incoming<'a> {
    /// A message without headers that matter.
    pub const fn new(body: &'a [u8], source: &'a str) -> Self {
        Self {
            headers: &[],
            body,
            source,
        }
    }
}

/// What becomes of a message at the door.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It is kept: the gateway is answered with this JSON document.
    Kept(String),
    /// Its signature is not the gateway's: it is refused and not kept.
    Forged,
}

impl App {
    /// Takes a message of a gateway in: keeps it, and nothing else. Whoever calls may answer the
    /// gateway once this returns; the work is done afterwards by a job.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that is not ours; [`Error::Store`] if it could not be kept:
    /// then the gateway must not be told that all is well.
    pub async fn take_message(&self, token: &str, incoming: Incoming<'_>) -> Result<Taken> {
        let (about, provider, subject) = self.read_message_link(token)?;
        let mut tx = self.store.read(provider).await?;
        let gateway = match about {
            About::Payment => {
                let payment = tx.payment(PaymentId::from_uuid(subject)).await?;
                payment.ok_or(Error::NotFound("payment"))?.gateway
            }
            About::Account => gateway_of_row(subject).ok_or(Error::NotFound("gateway"))?,
            About::Refund | About::Payout | About::Arrival => {
                self.gateway_of(&mut tx, about, subject).await?
            }
        };
        let client = Arc::clone(self.gateway(&gateway)?);
        let signed = match self.authenticate(&mut tx, &*client, incoming).await? {
            Authenticity::Unsigned => false,
            Authenticity::Signed => true,
            Authenticity::Forged(_) if planted("skip-signature") => true,
            Authenticity::Forged(why) => {
                tracing::warn!(%provider, gateway, source = incoming.source, why, "a message with a bad signature was refused");
                return Ok(Taken::Forged);
            }
        };
        drop(tx);
        let message = GatewayMessage {
            id: MessageId::new(&*self.clock, &*self.entropy),
            about,
            subject,
            gateway,
            body: incoming.body.to_vec(),
            signed,
            source: incoming.source.to_owned(),
            received_at: self.now(),
            times_seen: 1,
            outcome: None,
        };
        let answer = client.acknowledgement(incoming.body);
        if planted("answer-before-store") {
            let app = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                app.keep_message(provider, message).await
            });
            return Ok(Taken::Kept(answer));
        }
        self.keep_message(provider, message).await?;
        Ok(Taken::Kept(answer))
    }

    /// Takes a message that came without a link of ours, as the payment platforms of old are
    /// set up: anybody can send one, so it only says of which payment there may be news. What it
    /// says of success is proved as always; what it says of failure is asked for, not believed. A
    /// message about no payment of ours is let go.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn take_unaddressed_message(
        &self,
        provider: ProviderId,
        gateway: &str,
        incoming: Incoming<'_>,
    ) -> Result<String> {
        let client = Arc::clone(self.gateway(gateway)?);
        let answer = client.acknowledgement(incoming.body);
        let Ok(Notification::Payment { reference, outcome }) = client.read_message(incoming.body)
        else {
            return Ok(answer);
        };
        let mut tx = self.store.tenant(provider).await?;
        let checkout = &reference.checkout_request_id;
        let Some(payment) = tx.payment_by_checkout(gateway, checkout).await? else {
            return Ok(answer);
        };
        if !matches!(outcome, Outcome::Failed { .. }) {
            drop(tx);
            let message = GatewayMessage {
                id: MessageId::new(&*self.clock, &*self.entropy),
                about: About::Payment,
                subject: payment.id.uuid(),
                gateway: gateway.to_owned(),
                body: incoming.body.to_vec(),
                signed: false,
                source: incoming.source.to_owned(),
                received_at: self.now(),
                times_seen: 1,
                outcome: None,
            };
            self.keep_message(provider, message).await?;
            return Ok(answer);
        }
        if payment.status == bando_domain::PaymentStatus::Pending {
            tx.enqueue(JobKind::CheckPayment, payment.id.uuid(), self.now())
                .await?;
            tx.commit().await?;
            self.jobs.notify_one();
        }
        Ok(answer)
    }

    /// What a link leads to that messages come in on.
    fn read_message_link(&self, token: &str) -> Result<(About, ProviderId, Uuid)> {
        let purposes = [
            (Link::Callback, About::Payment),
            (Link::Account, About::Account),
            (Link::Refund, About::Refund),
            (Link::Payout, About::Payout),
            (Link::Arrival, About::Arrival),
        ];
        purposes
            .into_iter()
            .find_map(|(link, about)| {
                let (provider, row) = self.store.vault().read_link(link, token)?;
                Some((about, provider, row))
            })
            .ok_or(Error::NotFound("payment"))
    }

    /// Who sent a message, by the provider's own account with the gateway.
    async fn authenticate(
        &self,
        tx: &mut TenantTx,
        client: &dyn Gateway,
        incoming: Incoming<'_>,
    ) -> Result<Authenticity> {
        let profile = client.profile();
        if profile.word != Word::Signed && profile.asks != Asks::Link {
            return Ok(Authenticity::Unsigned);
        }
        let Some(ready) = self.own_account(tx, profile.name).await? else {
            return Ok(Authenticity::Unsigned);
        };
        let message = Message {
            headers: incoming.headers,
            body: incoming.body,
            received_at: self.now(),
        };
        Ok(client.authenticate(&ready.account, &message))
    }

    /// Puts a message into the inbox, with the job that reads it.
    async fn keep_message(&self, provider: ProviderId, message: GatewayMessage) -> Result<()> {
        crash_point("callback.received");
        let now = self.now();
        let (about, subject) = (message.about, message.subject);
        let mut tx = self.store.tenant(provider).await?;
        let is_new = match about {
            // Everything that happens in an account comes in on one link: its limit is on time.
            About::Account => self.take_account_message(provider, &message)?,
            _ => tx.count_messages(about, subject).await? < MAX_MESSAGES,
        };
        if !is_new {
            let source = &message.source;
            tracing::warn!(%provider, %subject, source, "too many different messages: dropped");
            return Ok(());
        }
        if tx.insert_message(&message).await? {
            if about == About::Payment {
                let payment = PaymentId::from_uuid(subject);
                let step = PaymentStep::Callback;
                tx.add_payment_step(payment, self.next_step_id(), now, step, None)
                    .await?;
            }
            tx.enqueue(JobKind::ReadMessage, message.id.uuid(), now)
                .await?;
        } else if self.gateway(&message.gateway)?.profile().word == Word::PollBack
            && let Some(before) = tx.same_message(&message).await?
        {
            // It says nothing but "ask me", so what it says again is news.
            tx.enqueue_anew(JobKind::ReadMessage, before.uuid(), now)
                .await?;
        }
        tx.commit().await?;
        crash_point("callback.stored");
        self.jobs.notify_one();
        if about == About::Payment {
            let payment = PaymentId::from_uuid(subject);
            self.events.tell(provider, Change::Payment(payment));
        }
        Ok(())
    }

    /// Whether one more unsigned message about an account may be kept: whoever has found out its
    /// address must not fill the disk, nor use up the queries that others need.
    fn take_account_message(&self, provider: ProviderId, message: &GatewayMessage) -> Result<bool> {
        if message.signed {
            return Ok(true);
        }
        let key = (
            Action::AccountMessage,
            format!("{provider} {}", message.gateway),
        );
        let allowance = Action::AccountMessage.allowance();
        Ok(self.limits.by_text.take(key, allowance, self.now()).is_ok())
    }

    /// Works a message off. An unsigned message is a hint: it may say where to look, and may fail a
    /// payment, which a later success undoes; it never pays for one.
    pub(crate) async fn read_message(&self, job: &Job) -> Result<Done> {
        let provider = job.provider;
        let mut tx = self.store.read(provider).await?;
        let Some(message) = tx.message(MessageId::from_uuid(job.subject)).await? else {
            return Ok(Done::Finished);
        };
        drop(tx);
        crash_point("message.read");
        let notification = match self.gateway(&message.gateway)?.read_message(&message.body) {
            Ok(notification) => notification,
            Err(error) => {
                let why = format!("unreadable: {error}");
                return self.misfit(provider, &message, &why).await;
            }
        };
        let outcome = match notification {
            Notification::Payment { reference, outcome } => {
                return self.read_word(job, message, reference, outcome).await;
            }
            Notification::Movement(movement) => {
                if message.about != About::Account {
                    return self
                        .misfit(provider, &message, "it came in on another link")
                        .await;
                }
                let gateway = message.gateway.clone();
                let source = ArrivalSource::Message;
                self.take_movement(provider, &gateway, &movement, source, message.signed)
                    .await?
            }
            Notification::Found(movement) => {
                if message.about != About::Arrival {
                    return self.misfit(provider, &message, "nobody asked").await;
                }
                let arrival = ArrivalId::from_uuid(message.subject);
                self.take_found(provider, &message.gateway, arrival, movement)
                    .await?
            }
            Notification::Sent {
                conversation_id,
                outcome,
            } => {
                let (about, subject) = (message.about, message.subject);
                self.take_sent(provider, about, subject, &conversation_id, outcome)
                    .await?
            }
            Notification::Nothing { .. } => "nothing",
        };
        self.note_message(provider, message.id, outcome).await?;
        Ok(Done::Finished)
    }

    /// Works off what a message says of a payment.
    async fn read_word(
        &self,
        job: &Job,
        message: GatewayMessage,
        reference: Reference,
        outcome: Outcome,
    ) -> Result<Done> {
        let provider = job.provider;
        let mut tx = self.store.tenant(provider).await?;
        let payment = match message.about {
            About::Payment => Some(PaymentId::from_uuid(message.subject)),
            About::Account => meant(&mut tx, &message.gateway, &reference).await?,
            About::Refund | About::Payout | About::Arrival => None,
        };
        let payment = match payment {
            Some(id) => tx.lock_payment(id).await?,
            None => None,
        };
        let Some(mut payment) = payment else {
            drop(tx);
            self.note_message(provider, message.id, "about no payment of ours")
                .await?;
            return Ok(Done::Finished);
        };
        if let Some(why) = misfit(&payment, &reference, &outcome, message.signed) {
            drop(tx);
            return self.misfit(provider, &message, why).await;
        }
        if bind_reference(&mut payment, &reference) {
            let checkout = &reference.checkout_request_id;
            let holder = tx.payment_by_checkout(&payment.gateway, checkout).await?;
            if holder.is_some() {
                drop(tx);
                return self
                    .misfit(provider, &message, "it names another payment's request")
                    .await;
            }
            tx.update_payment(&payment).await?;
        }
        match outcome {
            Outcome::Paid(paid) if message.signed || planted("believe-unsigned") => {
                tx.commit().await?;
                let settled = self.settle(provider, payment.id, paid, "signature").await?;
                self.note_message(provider, message.id, told(settled))
                    .await?;
                Ok(Done::Finished)
            }
            Outcome::Paid(paid) => {
                // Before the gateway is asked: nothing else waits for an answer over the internet.
                tx.commit().await?;
                self.prove(job, &message, payment, paid).await
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
                    self.step(&mut tx, &payment, PaymentStep::Failed, Some(&detail))
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
                let profile = self.gateway(&payment.gateway)?.profile();
                // Of one that was paid, the gateway can have to say that it was sent back.
                if !payment.status.was_paid() || profile.word == Word::PollBack {
                    tx.enqueue_anew(JobKind::CheckPayment, payment.id.uuid(), self.now())
                        .await?;
                }
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
        said: Paid,
    ) -> Result<Done> {
        let provider = job.provider;
        let receipt_said = self
            .receipt_said(provider, payment.id, said.receipt)
            .await?;
        if payment.status.was_paid() {
            let paid = Paid {
                receipt: receipt_said,
                ..Paid::default()
            };
            self.settle(provider, payment.id, paid, "message").await?;
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
            Verdict::Paid(confirmed) => {
                let is_early = job.attempts > 1 && confirmed.receipt.is_none();
                let paid = Paid {
                    receipt: confirmed.receipt.or(receipt_said.filter(|_| !is_early)),
                    ..confirmed
                };
                let settled = self.settle(provider, payment.id, paid, "query").await?;
                self.note_message(provider, message.id, told(settled))
                    .await?;
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
            Verdict::Reversed { message: text } => {
                self.note_message(provider, message.id, "reversed").await?;
                let (failure, code) = (PaymentFailure::Reversed, "reversed");
                self.note_failure(provider, payment.id, failure, code, &text)
                    .await?;
                Ok(Done::Finished)
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

    /// The receipt that an unsigned message names; none where so many different messages came that the
    /// gateway's own may not have been kept.
    async fn receipt_said(
        &self,
        provider: ProviderId,
        payment: PaymentId,
        receipt: Option<String>,
    ) -> Result<Option<String>> {
        let mut tx = self.store.read(provider).await?;
        let count = tx.count_messages(About::Payment, payment.uuid()).await?;
        Ok(receipt.filter(|_| count < MAX_MESSAGES))
    }

    async fn misfit(
        &self,
        provider: ProviderId,
        message: &GatewayMessage,
        why: &str,
    ) -> Result<Done> {
        let (source, subject) = (&message.source, message.subject);
        tracing::warn!(%provider, %subject, source, why, "a gateway's message does not fit");
        let mut tx = self.store.tenant(provider).await?;
        if message.about == About::Payment {
            let payment = PaymentId::from_uuid(subject);
            let step = PaymentStep::Mismatch;
            tx.add_payment_step(payment, self.next_step_id(), self.now(), step, Some(why))
                .await?;
            self.events.tell(provider, Change::Payment(payment));
        }
        tx.set_message_outcome(message.id, why).await?;
        tx.commit().await?;
        Ok(Done::Finished)
    }

    async fn note_message(&self, provider: ProviderId, id: MessageId, outcome: &str) -> Result<()> {
        let mut tx = self.store.tenant(provider).await?;
        tx.set_message_outcome(id, outcome).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Which payment a message means that came in on an account's link: the one that has the gateway's
/// name for it, else the one that has our own, if the start's answer was lost.
async fn meant(
    tx: &mut TenantTx,
    gateway: &str,
    reference: &Reference,
) -> Result<Option<PaymentId>> {
    let checkout = &reference.checkout_request_id;
    if let Some(payment) = tx.payment_by_checkout(gateway, checkout).await? {
        return Ok(Some(payment.id));
    }
    let Ok(id) = reference.merchant_request_id.parse::<Uuid>() else {
        return Ok(None);
    };
    let payment = tx.payment(PaymentId::from_uuid(id)).await?;
    Ok(payment.filter(|p| p.gateway == gateway).map(|p| p.id))
}

/// Why a message is not about this payment, if it is not. What a signed message says of the amount is
/// dealt with when it is settled; an unsigned one that names another amount is not believed at all.
fn misfit(
    payment: &Payment,
    reference: &Reference,
    outcome: &Outcome,
    signed: bool,
) -> Option<&'static str> {
    let differs =
        |known: &Option<String>, said: &str| known.as_deref().is_some_and(|known| known != said);
    if differs(&payment.checkout_request_id, &reference.checkout_request_id)
        || differs(&payment.merchant_request_id, &reference.merchant_request_id)
    {
        return Some("it names another request");
    }
    match outcome {
        _ if signed => None,
        Outcome::Paid(Paid {
            amount: Some(amount),
            ..
        }) if *amount != payment.amount => Some("the amount differs"),
        Outcome::Paid(Paid { amount: None, .. }) => Some("it names no amount"),
        _ => None,
    }
}

/// Takes the gateway's references from a message if the answer to the start was lost.
fn bind_reference(payment: &mut Payment, reference: &Reference) -> bool {
    if payment.checkout_request_id.is_some() {
        return false;
    }
    payment.merchant_request_id = Some(reference.merchant_request_id.clone());
    payment.checkout_request_id = Some(reference.checkout_request_id.clone());
    true
}

/// What is noted of a message that settled, or did not.
const fn told(settled: Settled) -> &'static str {
    match settled {
        Settled::Now(_) => "paid",
        Settled::Before => "paid before",
        Settled::ReceiptTaken => "receipt used before",
        Settled::Short => "less than the price",
        Settled::WrongCurrency => "another currency",
    }
}

/// 1, 2, 4 … seconds, at most five minutes: what the gateway has not decided in a minute it may decide
/// in an hour, and forged messages must not use up the queries that others need.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.saturating_sub(1).min(9)).min(Duration::from_secs(300))
}
