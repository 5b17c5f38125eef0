//! What a refund does to the books: ledger, wallet, till, payment, revenue and ticket.

use bando_domain::{EndReason, Money, PaymentEvent, ProviderId, RefundId};
use bando_store::{
    Arrival, ArrivalState, CaseKind, Payment, PaymentStep, Refund, RefundFilter, RefundWay,
    SendState, TenantTx,
};

use crate::events::Change;
use crate::ledger::{self, About};
use crate::outgoing::{News, Outgoing};
use crate::refunds::{NOBODY, Source, held, in_wallet, waits};
use crate::{App, Invalid, Result, calendar, cash, wallet};

/// What became of money that went back without our asking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reversal {
    /// It is in the books.
    Known,
    /// It is a refund of ours whose outcome nobody knew.
    Ours,
    /// It was news, and is in the books now.
    Outside,
    /// The payment was never paid, as far as we know: nothing is booked.
    NotPaid,
}

impl App {
    /// Takes money out of the wallet or the queue before it is sent, so that it is not also spent.
    pub(crate) async fn take_arrival(
        &self,
        tx: &mut TenantTx,
        refund: &Refund,
        arrival: &mut Arrival,
    ) -> Result<()> {
        let from = match in_wallet(arrival) {
            Some(customer) => {
                let cost = Money::from_minor(-refund.amount.minor(), refund.amount.currency());
                if !tx.add_credit(customer, cost).await? {
                    let problem = "there is not so much in the wallet any more";
                    return Err(Invalid::field("refund", problem).into());
                }
                wallet::account(customer)
            }
            None if waits(arrival) => ledger::UNALLOCATED.to_owned(),
            None => {
                let problem = "the money has found another home meanwhile";
                return Err(Invalid::field("refund", problem).into());
            }
        };
        let about = About::row(refund.id.uuid());
        self.transfer(
            tx,
            "refund_hold",
            &from,
            ledger::REFUNDS,
            refund.amount,
            about,
        )
        .await?;
        if refund.amount == arrival.amount {
            arrival.state = ArrivalState::Refunded;
            arrival.decided_at = Some(self.now());
            tx.update_arrival(arrival).await?;
        }
        Ok(())
    }

    /// Puts back what [`take_arrival`](Self::take_arrival) took: the gateway said no.
    pub(crate) async fn release_refund(
        &self,
        tx: &mut TenantTx,
        refund: &Refund,
        source: &mut Source,
    ) -> Result<()> {
        let Source::Arrival(arrival) = source else {
            return Ok(());
        };
        let about = About::row(refund.id.uuid());
        let (state, to) = match arrival.customer {
            Some(customer) => {
                tx.add_credit(customer, refund.amount).await?;
                (ArrivalState::Credited, wallet::account(customer))
            }
            None => (ArrivalState::Open, ledger::UNALLOCATED.to_owned()),
        };
        self.transfer(
            tx,
            "refund_release",
            ledger::REFUNDS,
            &to,
            refund.amount,
            about,
        )
        .await?;
        arrival.state = state;
        tx.update_arrival(arrival).await?;
        Ok(())
    }

    /// Books a refund that went out: ledger, payment, revenue and ticket. `late` if it had been called
    /// refused before.
    pub(crate) async fn finish_refund(
        &self,
        tx: &mut TenantTx,
        refund: &mut Refund,
        source: &mut Source,
        late: bool,
    ) -> Result<()> {
        let now = self.now();
        let is_covered = match source {
            Source::Payment(payment) => tx.add_refunded(payment.id, refund.amount).await?,
            // What was taken for it has been put back.
            Source::Arrival(_) => !late,
        };
        let from = if is_covered {
            ledger::REFUNDS
        } else {
            ledger::DIFFERENCES
        };
        let about = About {
            subject: refund.id.uuid(),
            payment: refund.payment,
        };
        let amount = refund.amount;
        match (refund.way, &*source) {
            (RefundWay::Wallet, Source::Payment(payment)) => {
                self.credit(tx, payment.customer_id, amount, "refund", from, about)
                    .await?;
            }
            (RefundWay::Cash, _) => {
                let till = cash::till(refund.requested_by);
                self.transfer(tx, "refund", from, &till, amount, about)
                    .await?;
            }
            (_, Source::Payment(payment)) => {
                let held = if payment.collected {
                    ledger::PLATFORM.to_owned()
                } else {
                    ledger::gateway(&payment.gateway)
                };
                self.transfer(tx, "refund", from, &held, amount, about)
                    .await?;
            }
            (_, Source::Arrival(arrival)) => {
                let held = held(tx, arrival).await?;
                self.transfer(tx, "refund", from, &held, amount, about)
                    .await?;
            }
        }
        refund.state = SendState::Done;
        refund.finished_at = Some(now);
        tx.update_refund(refund).await?;
        if !is_covered {
            let facts = source.facts(refund).because("sent beyond what was there");
            self.open_case(tx, CaseKind::SendUnknown, facts).await?;
            return Ok(());
        }
        match source {
            Source::Payment(payment) => self.take_off(tx, refund, payment, about).await,
            Source::Arrival(arrival) => self.close_cases_of(tx, arrival).await,
        }
    }

    /// What a refund changes of its payment.
    async fn take_off(
        &self,
        tx: &mut TenantTx,
        refund: &Refund,
        payment: &mut Payment,
        about: About,
    ) -> Result<()> {
        let amount = refund.amount;
        payment.refunded = payment.refunded.plus(amount)?;
        let is_whole = payment.refunded == payment.amount;
        if is_whole && let Some(status) = payment.status.after(PaymentEvent::Refunded) {
            payment.status = status;
            tx.update_payment(payment).await?;
        }
        if refund.revoke
            && let Some(ticket) = payment.ticket_id
        {
            self.end(tx, ticket, EndReason::Revoked).await?;
        }
        if payment.collected && refund.way == RefundWay::Gateway {
            self.give_fee_back(tx, refund, payment, about).await?;
        }
        let zone = tx.provider().await?.time_zone;
        let settled = payment.finished_at.unwrap_or(payment.created_at);
        let day = calendar::Local::at(settled, &zone).day;
        // A day off if the provider has taken another time zone since.
        for day in [day, day - 1, day + 1] {
            if tx
                .take_revenue(day, &payment.gateway, amount, is_whole)
                .await?
            {
                break;
            }
        }
        let step = if refund.requested_by == NOBODY {
            PaymentStep::Reversed
        } else {
            PaymentStep::Refunded
        };
        let detail = format!("{amount} {}", refund.way.name());
        self.step(tx, payment, step, Some(&detail)).await
    }

    /// The platform keeps no fee of money that it sent back.
    async fn give_fee_back(
        &self,
        tx: &mut TenantTx,
        refund: &Refund,
        payment: &Payment,
        about: About,
    ) -> Result<()> {
        let booked = tx.transfers_about(payment.id.uuid()).await?;
        let Some(fee) = booked.iter().find(|t| t.kind == "platform_fee") else {
            return Ok(());
        };
        // As `reserved_of_collected` reckons it.
        let product = fee.amount.minor().checked_mul(refund.amount.minor());
        let part = product.map_or(0, |product| product / payment.amount.minor().max(1));
        let part = Money::from_minor(part, fee.amount.currency());
        if part.is_positive() {
            let fees = ledger::fees("platform");
            let kind = "platform_fee_refund";
            self.transfer(tx, kind, ledger::PLATFORM, &fees, part, about)
                .await?;
        }
        Ok(())
    }

    /// Money that went back needs nobody's decision any more.
    async fn close_cases_of(&self, tx: &mut TenantTx, arrival: &Arrival) -> Result<()> {
        if arrival.state != ArrivalState::Refunded {
            return Ok(());
        }
        let of_arrival = [CaseKind::Unmatched, CaseKind::Unproved, CaseKind::Late];
        let of_payment = [CaseKind::WrongCurrency, CaseKind::Partial];
        for kind in of_arrival {
            self.close_case(tx, kind, arrival.id.uuid(), "refunded")
                .await?;
        }
        if let Some(payment) = arrival.payment {
            for kind in of_payment {
                self.close_case(tx, kind, payment.uuid(), "refunded")
                    .await?;
            }
        }
        Ok(())
    }

    /// Books money that went back to its payer, as a statement or an answer of the gateway tells it,
    /// unless it is in the books. The caller holds the payment, commits, and calls
    /// [`tell_refunded`](Self::tell_refunded) afterwards.
    pub(crate) async fn note_reversal(
        &self,
        tx: &mut TenantTx,
        payment: Payment,
        receipt: &str,
        amount: Money,
    ) -> Result<Reversal> {
        if !payment.status.was_paid() {
            return Ok(Reversal::NotPaid);
        }
        let filter = RefundFilter {
            payment: Some(payment.id),
            ..Default::default()
        };
        let known = tx.refunds(&filter, None, 100).await?.rows;
        if known.iter().any(|r| r.receipt.as_deref() == Some(receipt)) {
            return Ok(Reversal::Known);
        }
        let ours = known.into_iter().find(|r| {
            let is_out = match r.state {
                SendState::Done => r.receipt.is_none(),
                SendState::Sending | SendState::Sent | SendState::Unknown => true,
                SendState::Approved => r.way == RefundWay::ByHand,
                _ => false,
            };
            let is_by_gateway = matches!(r.way, RefundWay::Gateway | RefundWay::ByHand);
            is_out && is_by_gateway && r.amount == amount
        });
        let receipt = Some(receipt.to_owned());
        if let Some(mut refund) = ours {
            if refund.state == SendState::Done {
                refund.receipt = receipt;
                tx.update_refund(&refund).await?;
            } else {
                let mut order = Outgoing::Refund(refund, Source::payment(payment));
                self.take_news(tx, &mut order, News::Done(receipt), "statement")
                    .await?;
            }
            return Ok(Reversal::Ours);
        }
        let mut refund = Refund {
            id: RefundId::new(&*self.clock, &*self.entropy),
            payment: Some(payment.id),
            arrival: None,
            amount,
            way: RefundWay::ByHand,
            gateway: payment.gateway.clone(),
            state: SendState::Approved,
            reason: "reversed at the gateway".into(),
            requested_by: NOBODY,
            requested_at: self.now(),
            decided_by: None,
            decided_at: None,
            conversation_id: None,
            receipt,
            result_text: None,
            finished_at: None,
            revoke: amount == payment.amount,
        };
        tx.insert_refund(&refund).await?;
        let mut source = Source::payment(payment);
        self.finish_refund(tx, &mut refund, &mut source, false)
            .await?;
        self.audit_refund(tx, &refund, "statement", "done", &amount.to_string())
            .await?;
        Ok(Reversal::Outside)
    }

    /// [`note_reversal`](Self::note_reversal) in a transaction of its own, for tests: what it came to,
    /// as a word.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`], [`crate::Error::Store`].
    #[cfg(feature = "testing")]
    pub async fn reverse_outside(
        &self,
        provider: ProviderId,
        id: bando_domain::PaymentId,
        receipt: &str,
        amount: Money,
    ) -> Result<String> {
        let mut tx = self.store.tenant(provider).await?;
        let payment = tx.lock_payment(id).await?;
        let payment = payment.ok_or(crate::Error::NotFound("payment"))?;
        let reversal = self
            .note_reversal(&mut tx, payment.clone(), receipt, amount)
            .await?;
        tx.commit().await?;
        self.tell_refunded(provider, Some(&payment));
        Ok(format!("{reversal:?}"))
    }

    /// Tells everybody that a refund came further, once that is committed.
    pub(crate) fn tell_refunded(&self, provider: ProviderId, payment: Option<&Payment>) {
        self.jobs.notify_one();
        self.events.tell(provider, Change::Sending);
        self.events.tell(provider, Change::Cases);
        if let Some(payment) = payment {
            self.events.tell(provider, Change::Payment(payment.id));
            if let Some(ticket) = payment.ticket_id {
                self.events.tell(provider, Change::Ticket(ticket));
            }
        }
    }
}
