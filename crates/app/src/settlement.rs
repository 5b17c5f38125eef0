//! From the gateway's answer to a ticket: asking on a schedule, and the one transaction that settles.

use std::time::Duration;

use bando_domain::{
    Entitlement, Money, PaymentEvent, PaymentFailure, PaymentId, PaymentStatus, Phone, ProviderId,
    Starts, TicketCode, TicketId, TicketState, Timestamp, Usage,
};
use bando_gateways::{Asks, Paid, Recovered, Reference, Verdict, Word};
use bando_store::{
    Arrival, ArrivalState, CaseKind, Job, JobKind, Origin, Payment, PaymentStep, TenantTx, Ticket,
};

use crate::cases::Facts;
use crate::crash::{crash_point, planted};
use crate::events::Change;
use crate::jobs::Done;
use crate::ledger::{self, About, Source};
use crate::{App, Error, Result, calendar, purchase};

/// The wait between checks that should have been made before.
const LATE_CHECK: Duration = Duration::from_secs(10);

/// The shortest wait after the gateway's rate limit.
const RATE_LIMITED: Duration = Duration::from_secs(5);

/// What settling came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settled {
    /// Paid now, and this is the ticket.
    Now(TicketId),
    /// It was paid before.
    Before,
    /// The receipt belongs to other money.
    ReceiptTaken,
    /// Less arrived than was asked for: it is in the payer's wallet.
    Short,
    /// Money of another currency arrived: a person decides.
    WrongCurrency,
}

impl App {
    /// Asks the gateway what became of a payment that nothing final is known of, or only by a message
    /// that said no, on a schedule that ends after a day.
    pub(crate) async fn check_payment(&self, job: &Job) -> Result<Done> {
        let (provider, id) = (job.provider, PaymentId::from_uuid(job.subject));
        let payment = self.store.read(provider).await?.payment(id).await?;
        let Some(payment) = payment else {
            return Ok(Done::Finished);
        };
        if payment.status.was_paid() {
            return self.check_paid(provider, payment).await;
        }
        crash_point("check.begun");
        let payment = match self.recover(provider, payment).await? {
            Ok(payment) => payment,
            Err(done) => return Ok(done),
        };
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
            // The answer to the push was lost, or there was none because the payer pays by hand: only a
            // message or a statement can tell.
            Verdict::Pending {
                why: "the gateway's reference is not known".into(),
            }
        };
        crash_point("check.answered");
        match verdict {
            Verdict::Paid(paid) => {
                self.settle(provider, id, paid, "query").await?;
                Ok(Done::Finished)
            }
            Verdict::Reversed { message } => {
                let failure = PaymentFailure::Reversed;
                self.note_failure(provider, id, failure, "reversed", &message)
                    .await?;
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
            Verdict::Pending { why } => self.check_again(provider, id, why, false).await,
            Verdict::Unreachable { why } => self.check_again(provider, id, why, true).await,
            Verdict::RateLimited { retry_after } => {
                Ok(Done::Later(retry_after, "rate limit".into()))
            }
        }
    }

    /// Asks whether the money of a payment went back, where the gateway tells of it by nothing but "ask
    /// me".
    async fn check_paid(&self, provider: ProviderId, payment: Payment) -> Result<Done> {
        let word = self.gateway(&payment.gateway)?.profile().word;
        if word != Word::PollBack || payment.status == PaymentStatus::Refunded {
            return Ok(Done::Finished);
        }
        match self.ask(provider, &payment).await? {
            Err(wait) => Ok(Done::Later(wait, "the query limit".into())),
            Ok(Verdict::RateLimited { retry_after }) => Ok(Done::Later(
                retry_after.max(RATE_LIMITED),
                "rate limit".into(),
            )),
            Ok(Verdict::Reversed { .. }) => {
                let mut tx = self.store.tenant(provider).await?;
                let Some(locked) = tx.lock_payment(payment.id).await? else {
                    return Ok(Done::Finished);
                };
                let receipt = format!("reversal of {}", payment.id);
                let amount = payment.amount;
                self.note_reversal(&mut tx, locked, &receipt, amount)
                    .await?;
                tx.commit().await?;
                self.tell_refunded(provider, Some(&payment));
                Ok(Done::Finished)
            }
            Ok(_) => Ok(Done::Finished),
        }
    }

    /// Puts the next check on the schedule, or gives up at its end.
    async fn check_again(
        &self,
        provider: ProviderId,
        id: PaymentId,
        why: String,
        is_deaf: bool,
    ) -> Result<Done> {
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
        let done = match self.next_check(&payment, now) {
            Some(due) => Done::Later(due.since(now).max(Duration::from_secs(1)), why),
            None => {
                let failure = PaymentFailure::NeverConfirmed;
                if purchase::fail(&mut tx, &mut payment, failure, None, Some(why), now).await? {
                    tx.add_payment_step(id, self.next_step_id(), now, PaymentStep::Expired, None)
                        .await?;
                    if is_deaf || self.is_doubtful(&mut tx, &payment).await? {
                        self.open_case(&mut tx, CaseKind::NeverConfirmed, Facts::of(&payment))
                            .await?;
                    }
                }
                Done::Finished
            }
        };
        tx.update_payment(&payment).await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Payment(id));
        Ok(done)
    }

    /// When a payment is to be asked about next; never, at the end of the schedule. By the clock, so that
    /// asking in between, as often as anybody likes, does not end it early; but whoever slept through it
    /// asks as often as it says.
    fn next_check(&self, payment: &Payment, now: Timestamp) -> Option<Timestamp> {
        let schedule = &self.settings.check_schedule;
        let mut due = schedule.iter().map(|after| payment.created_at.plus(*after));
        let is_short = (payment.checks as usize) < schedule.len();
        due.find(|due| *due > now)
            .or_else(|| is_short.then(|| now.plus(LATE_CHECK)))
    }

    pub(crate) async fn note_failure(
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

    /// Whether somebody may have paid a payment that was never confirmed. A page of the gateway that
    /// nobody paid on says so; a prompt that was sent and never decided is another matter, and so is
    /// a receipt that the payer has named.
    async fn is_doubtful(&self, tx: &mut TenantTx, payment: &Payment) -> Result<bool> {
        let profile = self.gateways.get(&payment.gateway).map(|g| g.profile());
        if profile.is_some_and(|p| p.asks == Asks::Push) {
            return Ok(payment.prompted_at.is_some());
        }
        let timeline = tx.payment_timeline(payment.id).await?;
        Ok(timeline.iter().any(|e| e.step == PaymentStep::Claimed))
    }

    /// Searches for a payment whose start was never answered, where the gateway can be searched.
    async fn recover(
        &self,
        provider: ProviderId,
        mut payment: Payment,
    ) -> Result<std::result::Result<Payment, Done>> {
        if payment.checkout_request_id.is_some() || payment.prompted_at.is_some() {
            return Ok(Ok(payment));
        }
        let mut tx = self.store.read(provider).await?;
        let ready = self.account_of(&mut tx, &payment).await?;
        let business = tx.provider().await?;
        drop(tx);
        let Some((ready, phone)) = ready.zip(payment.phone.clone()) else {
            return Ok(Ok(payment));
        };
        let charge = self.charge(&business, &payment, &phone);
        if let Err(wait) = self.take_query(provider, &payment.gateway) {
            return Ok(Err(Done::Later(wait, "the query limit".into())));
        }
        let Recovered::Found {
            reference,
            redirect,
        } = ready.gateway.recover(&ready.account, &charge).await
        else {
            return Ok(Ok(payment));
        };
        let mut tx = self.store.tenant(provider).await?;
        if let Some(mut locked) = tx.lock_payment(payment.id).await? {
            locked
                .merchant_request_id
                .get_or_insert(reference.merchant_request_id);
            locked
                .checkout_request_id
                .get_or_insert(reference.checkout_request_id);
            locked.redirect_url = locked.redirect_url.take().or(redirect);
            tx.update_payment(&locked).await?;
            payment = locked;
        }
        tx.commit().await?;
        Ok(Ok(payment))
    }

    /// Asks the gateway about a payment with the account it was asked for with, within the provider's
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
        let Some(ready) = self.account_of(&mut tx, payment).await? else {
            return Ok(Ok(Verdict::Unreachable {
                why: "the settings of this gateway are gone".into(),
            }));
        };
        drop(tx);
        if let Err(wait) = self.take_query(provider, &payment.gateway) {
            return Ok(Err(wait));
        }
        let reference = Reference {
            merchant_request_id: merchant,
            checkout_request_id: checkout,
        };
        Ok(Ok(ready.gateway.query(&ready.account, &reference).await))
    }

    /// Settles a payment whose money is proved: payment, ticket, ledger, roll-up and audit in one
    /// transaction. Any number of calls settle it once. `by` names the proof, for the audit log.
    pub(crate) async fn settle(
        &self,
        provider: ProviderId,
        id: PaymentId,
        paid: Paid,
        by: &str,
    ) -> Result<Settled> {
        crash_point("settle.begun");
        let mut tx = self.store.tenant(provider).await?;
        let payment = tx
            .lock_payment(id)
            .await?
            .ok_or(Error::NotFound("payment"))?;
        let settled = self.settle_in(&mut tx, payment, paid, by).await?;
        crash_point("settle.before_commit");
        // Also when nothing changed: only a commit makes sure that what was read is durable.
        tx.commit().await?;
        crash_point("settle.committed");
        self.tell_settled(provider, id, settled);
        Ok(settled)
    }

    /// [`settle`](Self::settle) inside a transaction that does more, and holds the payment locked.
    /// Whoever commits it calls [`tell_settled`](Self::tell_settled) afterwards.
    pub(crate) async fn settle_in(
        &self,
        tx: &mut TenantTx,
        mut payment: Payment,
        mut paid: Paid,
        by: &str,
    ) -> Result<Settled> {
        let now = self.now();
        let mut source = Source::of(&payment);
        if let Some(receipt) = &paid.receipt {
            let gateway = payment.gateway.clone();
            if !tx
                .take_receipt(&gateway, receipt, payment.id.uuid())
                .await?
            {
                match self.waiting_arrival(tx, &gateway, receipt).await? {
                    _ if planted("receipt-per-provider") => {}
                    Some(arrival) if !payment.status.was_paid() && pays(&arrival, &payment) => {
                        paid.amount = Some(arrival.amount);
                        self.allocate(tx, arrival, &payment).await?;
                        source = Source::Unallocated;
                    }
                    _ => return self.receipt_taken(tx, &payment, receipt).await,
                }
            }
        }
        let again = planted("settle-twice").then_some(payment.status);
        let Some(status) = payment.status.after(PaymentEvent::Paid).or(again) else {
            // Paid before; the receipt may be news, because a query does not tell it.
            if payment.receipt.is_none() && paid.receipt.is_some() {
                payment.receipt = paid.receipt;
                tx.update_payment(&payment).await?;
                self.close_case(tx, CaseKind::Trusted, payment.id.uuid(), "the money came")
                    .await?;
            }
            return Ok(Settled::Before);
        };
        if planted("forget-late") && payment.status != PaymentStatus::Pending {
            return Ok(Settled::Before);
        }
        let other = |came: &Money| *came != payment.amount && !planted("amount-ignored");
        if let Some(came) = paid.amount.filter(other) {
            let is_short = came.minor() < payment.amount.minor();
            if came.currency() != payment.amount.currency() {
                return self.wrong_currency(tx, payment, &paid, came).await;
            } else if is_short {
                return self.short(tx, payment, &paid, came, source).await;
            }
            let over = Money::from_minor(came.minor() - payment.amount.minor(), came.currency());
            self.excess(tx, &payment, over, source).await?;
        }
        payment.status = status;
        payment.receipt = paid.receipt.or(payment.receipt);
        payment.fee = paid
            .fee
            .filter(|fee| fee.currency() == payment.amount.currency())
            .unwrap_or(payment.fee);
        if payment.failure == Some(PaymentFailure::NeverConfirmed) {
            let subject = payment.id.uuid();
            self.close_case(tx, CaseKind::NeverConfirmed, subject, "paid after all")
                .await?;
        }
        payment.failure = None;
        payment.result_code = Some("0".into());
        payment.result_text = None;
        payment.finished_at = Some(now);
        if planted("ticket-after-commit") {
            let provider = tx.provider_id();
            tx.update_payment(&payment).await?;
            let other = self.store.tenant(provider).await?;
            std::mem::replace(tx, other).commit().await?;
            crash_point("settle.ticket");
        }
        let ticket = match payment.ticket_id {
            Some(ticket) => ticket,
            None => self.issue(tx, &payment, now).await?,
        };
        crash_point("settle.ticket");
        payment.ticket_id = Some(ticket);
        tx.update_payment(&payment).await?;
        self.book(tx, &payment, source, now).await?;
        crash_point("settle.ledger");
        if let Some(phone) = &payment.phone {
            tx.release_prompt(payment.id, phone).await?;
        }
        tx.cancel_job(JobKind::CheckPayment, payment.id.uuid())
            .await?;
        self.step(
            tx,
            &payment,
            PaymentStep::Settled,
            payment.receipt.as_deref(),
        )
        .await?;
        let (object, amount) = (format!("payment:{}", payment.id), payment.amount.decimal());
        let detail = format!(
            "{amount} {} ticket:{ticket} {by}",
            payment.amount.currency()
        );
        let actor = format!("gateway:{}", payment.gateway);
        tx.audit(now, &actor, "payment.settle", &object, &detail)
            .await?;
        let phone = payment.phone.as_ref().map(Phone::masked);
        tracing::info!(provider = %tx.provider_id(), payment = %payment.id, %ticket, phone, "payment settled");
        Ok(Settled::Now(ticket))
    }

    /// Tells whoever watches what settling came to.
    pub(crate) fn tell_settled(&self, provider: ProviderId, id: PaymentId, settled: Settled) {
        self.events.tell(provider, Change::Payment(id));
        if let Settled::Now(ticket) = settled {
            self.expiry.notify_one();
            self.events.tell(provider, Change::Ticket(ticket));
        }
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
        let paid = Paid {
            receipt,
            ..Paid::default()
        };
        self.settle(provider, id, paid, "test").await
    }

    /// Adds a line to a payment's timeline.
    pub(crate) async fn step(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        step: PaymentStep,
        detail: Option<&str>,
    ) -> Result<()> {
        tx.add_payment_step(payment.id, self.next_step_id(), self.now(), step, detail)
            .await?;
        Ok(())
    }

    /// The receipt belongs to other money: nothing is granted, and a person is told.
    async fn receipt_taken(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        receipt: &str,
    ) -> Result<Settled> {
        let detail = format!("receipt {receipt} belongs to other money");
        self.step(tx, payment, PaymentStep::Mismatch, Some(&detail))
            .await?;
        let facts = Facts::of(payment).because(&detail);
        self.open_case(tx, CaseKind::ReceiptUsed, facts).await?;
        Ok(Settled::ReceiptTaken)
    }

    /// Less came than was asked for: it goes into the wallet, and the payment has failed.
    async fn short(
        &self,
        tx: &mut TenantTx,
        mut payment: Payment,
        paid: &Paid,
        came: Money,
        source: Source,
    ) -> Result<Settled> {
        let detail = format!("{came} of {}", payment.amount);
        if purchase::fail(
            tx,
            &mut payment,
            PaymentFailure::PaidTooLittle,
            Some("short".into()),
            Some(detail.clone()),
            self.now(),
        )
        .await?
        {
            tx.update_payment(&payment).await?;
        }
        if let Some(arrival) = self
            .keep_apart(tx, &payment, paid, came, ArrivalState::Credited)
            .await?
        {
            let from = source.account(&payment);
            let about = About {
                subject: arrival.id.uuid(),
                payment: Some(payment.id),
            };
            self.credit(tx, payment.customer_id, came, "short", &from, about)
                .await?;
            self.step(tx, &payment, PaymentStep::Short, Some(&detail))
                .await?;
            let facts = Facts::of(&payment).amount(came).because(&detail);
            self.open_case(tx, CaseKind::Partial, facts).await?;
        }
        Ok(Settled::Short)
    }

    /// Money of another currency: it is booked as it came, and a person decides.
    async fn wrong_currency(
        &self,
        tx: &mut TenantTx,
        mut payment: Payment,
        paid: &Paid,
        came: Money,
    ) -> Result<Settled> {
        let detail = format!("{came} instead of {}", payment.amount);
        if purchase::fail(
            tx,
            &mut payment,
            PaymentFailure::WrongCurrency,
            Some("currency".into()),
            Some(detail.clone()),
            self.now(),
        )
        .await?
        {
            tx.update_payment(&payment).await?;
        }
        if let Some(arrival) = self
            .keep_apart(tx, &payment, paid, came, ArrivalState::Open)
            .await?
        {
            self.book_arrival(tx, &arrival).await?;
            self.step(tx, &payment, PaymentStep::Mismatch, Some(&detail))
                .await?;
            let facts = Facts::of(&payment)
                .amount(came)
                .arrival(arrival.id)
                .because(&detail);
            self.open_case(tx, CaseKind::WrongCurrency, facts).await?;
        }
        Ok(Settled::WrongCurrency)
    }

    /// What came beyond the price goes into the wallet.
    async fn excess(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        over: Money,
        source: Source,
    ) -> Result<()> {
        let (from, about) = (source.account(payment), About::payment(payment));
        self.credit(tx, payment.customer_id, over, "excess", &from, about)
            .await?;
        let detail = over.to_string();
        self.step(tx, payment, PaymentStep::Excess, Some(&detail))
            .await?;
        let facts = Facts::of(payment).amount(over).because(&detail);
        self.open_case(tx, CaseKind::Excess, facts).await?;
        Ok(())
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
            phone: payment.phone.clone(),
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

    async fn book(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        source: Source,
        now: Timestamp,
    ) -> Result<()> {
        let twice = planted("settle-twice").then(|| format!("payment {}", self.new_uuid()));
        let kind = twice.unwrap_or_else(|| "payment".into());
        let about = About::payment(payment);
        let held = source.account(payment);
        self.transfer(tx, &kind, &held, ledger::REVENUE, payment.amount, about)
            .await?;
        let gateway = ledger::gateway(&payment.gateway);
        let fees = ledger::fees(&payment.gateway);
        if payment.fee.is_positive() && !payment.collected {
            self.transfer(tx, "fee", &fees, &gateway, payment.fee, about)
                .await?;
        }
        if payment.collected
            && let Some(fee) = self.platform_fee(payment.amount)
        {
            let fees = ledger::fees("platform");
            self.transfer(tx, "platform_fee", &fees, ledger::PLATFORM, fee, about)
                .await?;
        }
        let zone = tx.provider().await?.time_zone;
        let day = calendar::Local::at(now, &zone).day;
        tx.add_revenue(day, &payment.gateway, payment.amount, 1)
            .await?;
        Ok(())
    }

    /// What the platform keeps of a payment that it collects.
    fn platform_fee(&self, amount: Money) -> Option<Money> {
        let rate = i64::from(self.settings.collection.as_ref()?.fee_basis_points);
        let fee = Money::from_minor(
            amount.minor().checked_mul(rate)? / 10_000,
            amount.currency(),
        );
        fee.is_positive().then_some(fee)
    }
}

/// Whether money that waits for a person is enough for this payment.
pub(crate) fn pays(arrival: &Arrival, payment: &Payment) -> bool {
    arrival.amount.currency() == payment.amount.currency()
        && arrival.amount.minor() >= payment.amount.minor()
}
