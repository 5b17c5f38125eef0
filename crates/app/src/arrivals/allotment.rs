//! What a member decides about money that waits for one.

use bando_domain::{ArrivalId, PaymentId, Phone, PlanId};
use bando_store::{Arrival, ArrivalState, CaseKind, Payment, TenantTx};

use crate::caller::Permission;
use crate::ledger;
use crate::settlement::{Settled, pays};
use crate::{App, Caller, Error, Invalid, Result};

/// What a member decides about money in the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Allotment {
    /// It is meant for this payment.
    Payment(PaymentId),
    /// It buys this plan for this phone.
    Plan(PlanId, Phone),
    /// It goes into the wallet of this phone.
    Wallet(Phone),
    /// There is no such money.
    Refuted,
}

impl App {
    /// A member decides about money that waits in the queue, or that nobody could prove.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it was decided before; [`Error::Invalid`] when the money does not
    /// fit; [`Error::Forbidden`] below manager.
    pub async fn allot(&self, caller: &Caller, id: ArrivalId, allotment: Allotment) -> Result<()> {
        caller.need(Permission::Manage)?;
        let now = self.now();
        let mut tx = self.store.tenant(caller.provider).await?;
        let mut arrival = tx
            .lock_arrival(id)
            .await?
            .ok_or(Error::NotFound("arrival"))?;
        let is_booked = match arrival.state {
            ArrivalState::Open => true,
            ArrivalState::Unproved => false,
            _ => return Err(Error::NotFound("arrival")),
        };
        let object = format!("arrival:{id}");
        let detail = format!("{allotment:?}");
        let home = match allotment {
            Allotment::Refuted if is_booked => {
                return Err(
                    Invalid::field("arrival", "this money is in the books; refund it").into(),
                );
            }
            Allotment::Refuted => {
                self.decide(&mut tx, &mut arrival, ArrivalState::Refuted)
                    .await?;
                None
            }
            Allotment::Wallet(phone) => {
                if !is_booked
                    && !tx
                        .take_receipt(&arrival.gateway, &arrival.receipt, id.uuid())
                        .await?
                {
                    return Err(Invalid::Taken("receipt").into());
                }
                let from = held(&arrival, is_booked);
                if arrival.amount.currency() != tx.provider().await?.currency {
                    let why = "this money is in another currency than the wallet";
                    return Err(Invalid::field("phone", why).into());
                }
                self.credit_arrival(&mut tx, &mut arrival, &phone, &from)
                    .await?;
                None
            }
            Allotment::Payment(payment) => {
                let payment = tx
                    .lock_payment(payment)
                    .await?
                    .filter(|p| !p.status.was_paid() && p.gateway == arrival.gateway)
                    .ok_or(Error::NotFound("payment"))?;
                self.settle_allotted(&mut tx, &mut arrival, payment).await?
            }
            Allotment::Plan(plan, phone) => {
                let plan = tx.plan(plan).await?.ok_or(Error::NotFound("plan"))?;
                let payment = self
                    .payment_on_the_spot(&mut tx, &plan, &phone, &arrival.gateway)
                    .await?;
                self.settle_allotted(&mut tx, &mut arrival, payment).await?
            }
        };
        for kind in [CaseKind::Unmatched, CaseKind::Unproved, CaseKind::Late] {
            self.close_case(&mut tx, kind, id.uuid(), &detail).await?;
        }
        tx.audit(now, &caller.actor(), "arrival.allot", &object, &detail)
            .await?;
        tx.commit().await?;
        self.tell_housed(caller.provider, home);
        Ok(())
    }

    /// Settles a payment with money that a member allots to it: it must be enough.
    async fn settle_allotted(
        &self,
        tx: &mut TenantTx,
        arrival: &mut Arrival,
        payment: Payment,
    ) -> Result<Option<(PaymentId, Settled)>> {
        if !pays(arrival, &payment) {
            let why = format!("{} does not pay for {}", arrival.amount, payment.amount);
            return Err(Invalid::field("payment", why).into());
        }
        match self.settle_arrival(tx, arrival, payment).await? {
            Some((_, Settled::ReceiptTaken)) => Err(Invalid::Taken("receipt").into()),
            home => Ok(home),
        }
    }
}

/// The account in which money stands.
fn held(arrival: &Arrival, is_booked: bool) -> String {
    if is_booked {
        ledger::UNALLOCATED.to_owned()
    } else {
        ledger::gateway(&arrival.gateway)
    }
}
