//! Money that arrives without having been asked for: paid by hand, too late, too much, or under a name
//! that nobody knows. All of it finds a home: a ticket, the payer's wallet, or a person's queue.

mod allotment;
mod matching;
mod proof;

use bando_domain::{ArrivalId, CustomerId, Money, PaymentId, Phone, ProviderId};
use bando_gateways::{Movement, MovementKind, Paid};
use bando_store::{
    Arrival, ArrivalFilter, ArrivalSource, ArrivalState, CaseKind, JobKind, Payment, TenantTx,
};

use crate::cases::Facts;
use crate::crash::crash_point;
use crate::events::Change;
use crate::ledger::{self, About};
use crate::settlement::Settled;
use crate::{App, Result};

pub use allotment::Allotment;
use matching::is_same_money;
pub(crate) use matching::{elsewhere, plain, shows};

impl App {
    /// Takes in that money moved in a provider's account. Money that a signature or a statement proves
    /// finds its home at once; otherwise the gateway is asked first. Returns what was made of it.
    pub(crate) async fn take_movement(
        &self,
        provider: ProviderId,
        gateway: &str,
        movement: &Movement,
        source: ArrivalSource,
        is_proved: bool,
    ) -> Result<&'static str> {
        if movement.kind != MovementKind::Payment {
            return Ok("no payment");
        }
        let mut tx = self.store.tenant(provider).await?;
        if tx
            .receipt_holder(gateway, &movement.receipt)
            .await?
            .is_some()
        {
            return Ok("known");
        }
        let guess = self.payment_meant(&mut tx, gateway, movement).await?;
        let arrival = Arrival {
            id: ArrivalId::new(&*self.clock, &*self.entropy),
            gateway: gateway.to_owned(),
            receipt: movement.receipt.clone(),
            kind: "payment".into(),
            amount: movement.amount,
            fee: movement.fee,
            phone: movement.phone.clone(),
            payer: movement.payer.clone(),
            reference: movement.reference.clone(),
            account: movement.account.clone(),
            at: movement.at,
            source,
            state: ArrivalState::Unproved,
            payment: guess.as_ref().map(|p| p.id),
            customer: None,
            seen_at: self.now(),
            decided_at: None,
        };
        let (arrival, _) = tx.insert_arrival(&arrival).await?;
        if arrival.state != ArrivalState::Unproved {
            tx.commit().await?;
            return Ok("known");
        }
        let account = self.own_account(&mut tx, gateway).await?;
        if let Some(why) = account.and_then(|ready| elsewhere(&ready, movement)) {
            self.refute(&mut tx, arrival, CaseKind::WrongAccount, why)
                .await?;
            tx.commit().await?;
            return Ok("not our account");
        }
        if !is_proved {
            tx.enqueue(JobKind::ProveArrival, arrival.id.uuid(), self.now())
                .await?;
            tx.commit().await?;
            crash_point("arrival.stored");
            self.jobs.notify_one();
            return Ok("being proved");
        }
        let home = self.house(&mut tx, arrival).await?;
        crash_point("arrival.before_commit");
        tx.commit().await?;
        crash_point("arrival.committed");
        self.tell_housed(provider, home);
        Ok("taken")
    }

    /// The home of proved money: the payment it is meant for, a plan of that price, the payer's
    /// wallet, or a person's queue. The payment it settled, if it did.
    async fn house(
        &self,
        tx: &mut TenantTx,
        mut arrival: Arrival,
    ) -> Result<Option<(PaymentId, Settled)>> {
        let meant = match arrival.payment {
            Some(payment) => tx.lock_payment(payment).await?,
            None => {
                let movement = movement_of(&arrival);
                let meant = self.payment_meant(tx, &arrival.gateway, &movement).await?;
                match meant {
                    Some(payment) => tx.lock_payment(payment.id).await?,
                    None => None,
                }
            }
        };
        if let Some(payment) = meant
            && (!payment.status.was_paid() || is_same_money(&payment, &arrival))
        {
            return self.settle_arrival(tx, &mut arrival, payment).await;
        }
        if let Some(payment) = self.payment_for_plan(tx, &arrival).await? {
            return self.settle_arrival(tx, &mut arrival, payment).await;
        }
        if !tx
            .take_receipt(&arrival.gateway, &arrival.receipt, arrival.id.uuid())
            .await?
        {
            let why = "its receipt belongs to other money";
            self.refute(tx, arrival, CaseKind::ReceiptUsed, why).await?;
            return Ok(None);
        }
        let currency = tx.provider().await?.currency;
        match arrival.phone.clone() {
            Some(phone) if arrival.amount.currency() == currency => {
                let from = ledger::gateway(&arrival.gateway);
                self.credit_arrival(tx, &mut arrival, &phone, &from).await?;
            }
            _ => {
                self.decide(tx, &mut arrival, ArrivalState::Open).await?;
                self.book_arrival(tx, &arrival).await?;
                let facts = Facts::of_arrival(&arrival);
                self.open_case(tx, CaseKind::Unmatched, facts).await?;
            }
        }
        Ok(None)
    }

    async fn settle_arrival(
        &self,
        tx: &mut TenantTx,
        arrival: &mut Arrival,
        payment: Payment,
    ) -> Result<Option<(PaymentId, Settled)>> {
        let id = payment.id;
        let paid = Paid {
            receipt: Some(arrival.receipt.clone()),
            amount: Some(arrival.amount),
            fee: arrival.fee,
            phone: arrival.phone.clone(),
            at: arrival.at,
        };
        let settled = self.settle_in(tx, payment, paid, "arrival").await?;
        let state = match settled {
            Settled::Now(_) | Settled::Before => ArrivalState::Matched,
            // These have written down themselves what became of the money.
            Settled::Short | Settled::WrongCurrency => return Ok(Some((id, settled))),
            Settled::ReceiptTaken => ArrivalState::Refuted,
        };
        arrival.payment = Some(id);
        self.decide(tx, arrival, state).await?;
        Ok(Some((id, settled)))
    }

    /// Puts money into the wallet of a phone.
    async fn credit_arrival(
        &self,
        tx: &mut TenantTx,
        arrival: &mut Arrival,
        phone: &Phone,
        from: &str,
    ) -> Result<()> {
        let now = self.now();
        let new = CustomerId::new(&*self.clock, &*self.entropy);
        let customer = tx.customer(new, phone, now).await?.id;
        let about = About::row(arrival.id.uuid());
        self.credit(tx, customer, arrival.amount, "credit", from, about)
            .await?;
        arrival.customer = Some(customer);
        self.decide(tx, arrival, ArrivalState::Credited).await
    }

    /// Writes down what has become of money.
    async fn decide(
        &self,
        tx: &mut TenantTx,
        arrival: &mut Arrival,
        state: ArrivalState,
    ) -> Result<()> {
        arrival.state = state;
        arrival.decided_at = Some(self.now());
        tx.update_arrival(arrival).await?;
        Ok(())
    }

    fn tell_housed(&self, provider: ProviderId, home: Option<(PaymentId, Settled)>) {
        match home {
            Some((id, settled)) => self.tell_settled(provider, id, settled),
            None => self.events.tell(provider, Change::Cases),
        }
    }

    /// Books money of which nobody knows yet for what it is.
    pub(crate) async fn book_arrival(&self, tx: &mut TenantTx, arrival: &Arrival) -> Result<()> {
        let held = ledger::gateway(&arrival.gateway);
        let about = About::row(arrival.id.uuid());
        self.transfer(
            tx,
            "arrival",
            &held,
            ledger::UNALLOCATED,
            arrival.amount,
            about,
        )
        .await?;
        Ok(())
    }

    /// Money under this receipt that waits for a person.
    pub(crate) async fn waiting_arrival(
        &self,
        tx: &mut TenantTx,
        gateway: &str,
        receipt: &str,
    ) -> Result<Option<Arrival>> {
        let arrival = tx.arrival_by_receipt(gateway, receipt).await?;
        Ok(arrival.filter(|a| a.state == ArrivalState::Open))
    }

    /// Money that waited belongs to this payment. The caller books it from `unallocated`.
    pub(crate) async fn allocate(
        &self,
        tx: &mut TenantTx,
        mut arrival: Arrival,
        payment: &Payment,
    ) -> Result<()> {
        tx.move_receipt(
            &arrival.gateway,
            &arrival.receipt,
            arrival.id.uuid(),
            payment.id.uuid(),
        )
        .await?;
        arrival.payment = Some(payment.id);
        self.decide(tx, &mut arrival, ArrivalState::Matched).await?;
        self.close_case(tx, CaseKind::Unmatched, arrival.id.uuid(), "matched")
            .await
    }

    /// Whether this money of a payment is kept apart already: told of once without its receipt, and
    /// once with it, it is the same money. The receipt is written down then.
    async fn is_apart(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        paid: &Paid,
        came: Money,
    ) -> Result<bool> {
        let filter = ArrivalFilter {
            payment: Some(payment.id),
            ..ArrivalFilter::default()
        };
        let nameless = nameless(payment.id);
        let known = tx.arrivals(&filter, None, 50).await?.rows;
        let mut same = known
            .into_iter()
            .filter(|a| a.amount == came && a.state != ArrivalState::Unproved);
        let known = match &paid.receipt {
            Some(receipt) => same.find(|a| a.receipt == *receipt || a.receipt == nameless),
            None => same.next(),
        };
        if let (Some(arrival), Some(receipt)) = (&known, &paid.receipt)
            && arrival.receipt == nameless
        {
            tx.name_arrival(arrival.id, receipt).await?;
        }
        Ok(known.is_some())
    }

    /// Keeps money of a payment apart that could not settle it; none if that was done before.
    pub(crate) async fn keep_apart(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        paid: &Paid,
        came: Money,
        state: ArrivalState,
    ) -> Result<Option<Arrival>> {
        if self.is_apart(tx, payment, paid, came).await? {
            return Ok(None);
        }
        let receipt = paid.receipt.clone();
        let new = Arrival {
            id: ArrivalId::new(&*self.clock, &*self.entropy),
            gateway: payment.gateway.clone(),
            // A gateway that tells no receipt tells of one money only.
            receipt: receipt.unwrap_or_else(|| nameless(payment.id)),
            kind: "payment".into(),
            amount: came,
            fee: paid.fee,
            phone: payment.phone.clone(),
            payer: None,
            reference: payment.account_reference.clone(),
            account: None,
            at: paid.at,
            source: ArrivalSource::Query,
            state: ArrivalState::Unproved,
            payment: Some(payment.id),
            customer: None,
            seen_at: self.now(),
            decided_at: None,
        };
        let (mut arrival, _) = tx.insert_arrival(&new).await?;
        if arrival.state != ArrivalState::Unproved {
            return Ok(None);
        }
        arrival.payment = Some(payment.id);
        arrival.customer = (state == ArrivalState::Credited).then_some(payment.customer_id);
        self.decide(tx, &mut arrival, state).await?;
        Ok(Some(arrival))
    }
}

/// What stands for the receipt of money that a gateway tells of without one.
fn nameless(payment: PaymentId) -> String {
    format!("payment:{payment}")
}

fn movement_of(arrival: &Arrival) -> Movement {
    Movement {
        kind: MovementKind::Payment,
        receipt: arrival.receipt.clone(),
        amount: arrival.amount,
        fee: arrival.fee,
        at: arrival.at,
        phone: arrival.phone.clone(),
        payer: arrival.payer.clone(),
        reference: arrival.reference.clone(),
        account: arrival.account.clone(),
        checkout_request_id: None,
    }
}
