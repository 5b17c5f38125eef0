//! Refunds: money that goes back to its payer. One member asks, another agrees; then it is sent by the
//! gateway, put into the payer's wallet, handed out of a till, or sent by a person.

use bando_domain::{AccountId, ArrivalId, CustomerId, Money, PaymentId, PaymentStatus, RefundId};
use bando_gateways::Refunds;
use bando_store::{
    Arrival, ArrivalState, Cursor, JobKind, Page, Payment, Refund, RefundFilter, RefundWay, Role,
    SendState, TenantTx,
};
use uuid::Uuid;

use crate::caller::Permission;
use crate::cases::Facts;
use crate::events::Change;
use crate::{App, Caller, Error, Invalid, Result, ledger};

/// Who asked for a refund that the gateway made by itself.
pub(crate) const NOBODY: AccountId = AccountId::from_uuid(Uuid::nil());

/// The longest reason that is kept, in characters.
const MAX_REASON: usize = 200;

/// What money a refund is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefundOf {
    /// A payment that succeeded.
    Payment(PaymentId),
    /// Money that waits in the queue, or is in its payer's wallet.
    Arrival(ArrivalId),
}

/// A refund as a member asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundDraft {
    /// Of what.
    pub of: RefundOf,
    /// How much; none for all that is left of it.
    pub amount: Option<Money>,
    /// How it goes back. Cash comes out of the till of whoever asks.
    pub way: RefundWay,
    /// Why: for those who agree to it, and for the gateway's books.
    pub reason: String,
    /// Whether the ticket ends with it.
    pub revoke: bool,
}

/// How money can go back now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundChoices {
    /// How much of it is left.
    pub left: Money,
    /// The ways it can take.
    pub ways: Vec<RefundWay>,
    /// Whether [`RefundWay::Gateway`] sends back only all of it at once.
    pub only_whole: bool,
}

/// The money that a refund is of, held by this transaction.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A payment.
    Payment(Box<Payment>),
    /// Money that waits, or is in a wallet.
    Arrival(Box<Arrival>),
}

/// What a source allows.
struct Survey {
    choices: RefundChoices,
    /// All that arrived, which a gateway that sends back no parts would send.
    arrived: Money,
    /// Whether no part of it may go by itself: what waits in the queue is decided as a whole.
    is_one: bool,
}

impl App {
    /// How much can go back, and how: for the form.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn refund_choices(&self, caller: &Caller, of: RefundOf) -> Result<RefundChoices> {
        caller.need(Permission::Refund)?;
        let mut tx = self.store.read(caller.provider).await?;
        let source = match of {
            RefundOf::Payment(id) => tx.payment(id).await?.map(Source::payment),
            RefundOf::Arrival(id) => tx.arrival(id).await?.map(Source::arrival),
        };
        let source = source.ok_or(Error::NotFound("payment"))?;
        Ok(self.survey(&mut tx, &source).await?.choices)
    }

    /// Asks for a refund. What is asked for is reserved: no second refund can have it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] when it cannot go back in this way or not so much of
    /// it; [`Error::Forbidden`] below cashier.
    pub async fn request_refund(&self, caller: &Caller, draft: RefundDraft) -> Result<Refund> {
        caller.need(Permission::Refund)?;
        let reason = draft.reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            let problem = format!("say why, in at most {MAX_REASON} characters");
            return Err(Invalid::field("reason", problem).into());
        }
        let mut tx = self.store.tenant(caller.provider).await?;
        let source = lock_source(&mut tx, draft.of)
            .await?
            .ok_or(Error::NotFound("payment"))?;
        let survey = self.survey(&mut tx, &source).await?;
        let amount = draft.amount.unwrap_or(survey.choices.left);
        check_amount(&survey, draft.way, amount)?;
        let refund = Refund {
            id: RefundId::new(&*self.clock, &*self.entropy),
            payment: source.as_payment().map(|payment| payment.id),
            arrival: source.as_arrival().map(|arrival| arrival.id),
            amount,
            way: draft.way,
            gateway: source.gateway().to_owned(),
            state: SendState::Requested,
            reason: reason.to_owned(),
            requested_by: caller.account,
            requested_at: self.now(),
            decided_by: None,
            decided_at: None,
            conversation_id: None,
            receipt: None,
            result_text: None,
            finished_at: None,
            revoke: draft.revoke && source.as_payment().is_some(),
        };
        tx.insert_refund(&refund).await?;
        if source.is_platforms(draft.way) {
            tx.hold(ledger::PAYOUTS).await?;
            if self.owed(&mut tx, amount.currency()).await?.free().minor() < 0 {
                let problem = "the platform does not owe you so much any more: it has paid it out";
                return Err(Invalid::field("amount", problem).into());
            }
        }
        let detail = format!("{} {amount} by {}", source.object(), refund.way.name());
        self.audit_refund(&mut tx, &refund, &caller.actor(), "request", &detail)
            .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Sending);
        Ok(refund)
    }

    /// Agrees to a refund, which sets it going, or declines it. Nobody agrees to their own, but an
    /// owner who has neither a manager nor a second owner; whoever asked may take it back.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it was decided before; [`Error::Invalid`] when it needs somebody
    /// else, or the money is gone meanwhile; [`Error::Forbidden`] below manager.
    pub async fn decide_refund(
        &self,
        caller: &Caller,
        id: RefundId,
        approve: bool,
    ) -> Result<Refund> {
        // Before anything is looked up: what there is, is not told to those who may not decide at all.
        caller.need(if approve {
            Permission::Approve
        } else {
            Permission::Refund
        })?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let (mut refund, mut source) = lock_refund(&mut tx, id)
            .await?
            .ok_or(Error::NotFound("refund"))?;
        let is_own = refund.requested_by == caller.account;
        if !is_own {
            caller.need(Permission::Approve)?;
        }
        if refund.state != SendState::Requested {
            return Err(Error::NotFound("refund"));
        }
        if approve && is_own {
            let is_alone = !tx.has_other_manager(caller.account).await?;
            if caller.role != Role::Owner || !is_alone {
                let problem = "somebody else must agree to it: the owner or another manager";
                return Err(Invalid::field("refund", problem).into());
            }
        }
        refund.decided_by = Some(caller.account);
        refund.decided_at = Some(self.now());
        if approve {
            self.set_going(&mut tx, &mut refund, &mut source).await?;
        } else {
            refund.state = SendState::Declined;
            refund.finished_at = refund.decided_at;
            tx.update_refund(&refund).await?;
        }
        let verb = if approve { "approve" } else { "decline" };
        self.audit_refund(&mut tx, &refund, &caller.actor(), verb, "")
            .await?;
        tx.commit().await?;
        self.tell_refunded(caller.provider, source.as_payment());
        Ok(refund)
    }

    /// A page of refunds, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn refunds(
        &self,
        caller: &Caller,
        filter: &RefundFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Refund>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.refunds(filter, after, size).await?)
    }

    /// One refund.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn refund(&self, caller: &Caller, id: RefundId) -> Result<Refund> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        tx.refund(id).await?.ok_or(Error::NotFound("refund"))
    }

    /// What is left of a source, and the ways it can go.
    async fn survey(&self, tx: &mut TenantTx, source: &Source) -> Result<Survey> {
        let profile = self.gateways.get(source.gateway()).map(|g| g.profile());
        let arrived = arrived(tx, source).await?;
        let left = match source {
            Source::Payment(payment) => {
                let reserved = tx
                    .reserved_of_payment(payment.id, payment.amount.currency())
                    .await?;
                let is_refundable = payment.status == PaymentStatus::Success;
                less(payment.amount, reserved, is_refundable)
            }
            Source::Arrival(arrival) => {
                let currency = arrival.amount.currency();
                let reserved = tx.reserved_of_arrival(arrival.id, currency).await?;
                let is_refundable =
                    matches!(arrival.state, ArrivalState::Open | ArrivalState::Credited);
                let mut left = less(arrival.amount, reserved, is_refundable);
                if let Some(customer) = in_wallet(arrival) {
                    let credit = tx.customer_by_id(customer).await?.map(|c| c.credit);
                    let most = credit.filter(|c| c.currency() == currency);
                    let most = most.map_or(0, Money::minor);
                    left = Money::from_minor(left.minor().min(most), currency);
                }
                left
            }
        };
        let is_one = source.as_arrival().is_some_and(waits);
        let can_part = !is_one && profile.is_some_and(|p| p.refunds == Refunds::Parts);
        let by_gateway = profile.is_some_and(|p| p.refunds != Refunds::ByHand);
        let with_platform = match source {
            Source::Payment(payment) => payment.collected,
            Source::Arrival(arrival) => held(tx, arrival).await? == ledger::PLATFORM,
        };
        let mut ways = Vec::new();
        if left.is_positive() {
            // What the platform has of money that settled nothing, it does not send: that is rare
            // enough for a till.
            let is_sendable = source.as_payment().is_some() || !with_platform;
            if by_gateway && is_sendable && (can_part || left == arrived) {
                ways.push(RefundWay::Gateway);
            }
            if source.as_payment().is_some_and(|p| p.phone.is_some()) {
                ways.push(RefundWay::Wallet);
            }
            ways.push(RefundWay::Cash);
            if profile.is_some() && !with_platform {
                ways.push(RefundWay::ByHand);
            }
        }
        let choices = RefundChoices {
            left,
            ways,
            only_whole: !can_part,
        };
        Ok(Survey {
            choices,
            arrived,
            is_one,
        })
    }

    /// Begins a refund that was agreed to: wallet and till at once, the gateway by a job.
    async fn set_going(
        &self,
        tx: &mut TenantTx,
        refund: &mut Refund,
        source: &mut Source,
    ) -> Result<()> {
        let currency = refund.amount.currency();
        match source {
            Source::Payment(payment) => {
                let reserved = tx.reserved_of_payment(payment.id, currency).await?;
                let is_there = payment.status == PaymentStatus::Success
                    && reserved.minor() <= payment.amount.minor();
                if !is_there {
                    let problem = "the money has gone back meanwhile";
                    return Err(Invalid::field("refund", problem).into());
                }
            }
            Source::Arrival(arrival) => self.take_arrival(tx, refund, arrival).await?,
        }
        match refund.way {
            RefundWay::Gateway => {
                refund.state = SendState::Approved;
                tx.update_refund(refund).await?;
                tx.enqueue(JobKind::SendRefund, refund.id.uuid(), self.now())
                    .await?;
                Ok(())
            }
            RefundWay::ByHand => {
                refund.state = SendState::Approved;
                tx.update_refund(refund).await?;
                Ok(())
            }
            RefundWay::Wallet => self.finish_refund(tx, refund, source, false).await,
            RefundWay::Cash => {
                let till = self.till_in(tx, refund.requested_by).await?;
                if tx.balance_of(&till, currency).await?.minor() < refund.amount.minor() {
                    let problem = "there is not so much in the till of whoever asked for it";
                    return Err(Invalid::field("refund", problem).into());
                }
                self.finish_refund(tx, refund, source, false).await
            }
        }
    }

    pub(crate) async fn audit_refund(
        &self,
        tx: &mut TenantTx,
        refund: &Refund,
        actor: &str,
        verb: &str,
        detail: &str,
    ) -> Result<()> {
        let (action, object) = (format!("refund.{verb}"), format!("refund:{}", refund.id));
        tx.audit(self.now(), actor, &action, &object, detail)
            .await?;
        Ok(())
    }
}

impl Source {
    pub(crate) fn payment(payment: Payment) -> Self {
        Self::Payment(Box::new(payment))
    }

    fn arrival(arrival: Arrival) -> Self {
        Self::Arrival(Box::new(arrival))
    }

    /// The payment, if it is one.
    pub(crate) fn as_payment(&self) -> Option<&Payment> {
        match self {
            Self::Payment(payment) => Some(payment),
            Self::Arrival(_) => None,
        }
    }

    fn as_arrival(&self) -> Option<&Arrival> {
        match self {
            Self::Payment(_) => None,
            Self::Arrival(arrival) => Some(arrival),
        }
    }

    fn gateway(&self) -> &str {
        match self {
            Self::Payment(payment) => &payment.gateway,
            Self::Arrival(arrival) => &arrival.gateway,
        }
    }

    fn object(&self) -> String {
        match self {
            Self::Payment(payment) => format!("payment:{}", payment.id),
            Self::Arrival(arrival) => format!("arrival:{}", arrival.id),
        }
    }

    /// Whether the platform sends it back, out of what it owes.
    pub(crate) fn is_platforms(&self, way: RefundWay) -> bool {
        way == RefundWay::Gateway && self.as_payment().is_some_and(|p| p.collected)
    }

    /// What a case about the refund says.
    pub(crate) fn facts(&self, refund: &Refund) -> Facts {
        let facts = Facts::about(refund.id.uuid()).amount(refund.amount);
        let (facts, phone) = match self {
            Self::Payment(payment) => (facts.payment(payment.id), &payment.phone),
            Self::Arrival(arrival) => (facts.arrival(arrival.id), &arrival.phone),
        };
        match phone {
            Some(phone) => facts.phone(phone.clone()),
            None => facts,
        }
    }
}

/// A refund and what it is of, both held: what it is of first, as everybody does.
pub(crate) async fn lock_refund(
    tx: &mut TenantTx,
    id: RefundId,
) -> Result<Option<(Refund, Source)>> {
    let Some(refund) = tx.refund(id).await? else {
        return Ok(None);
    };
    let of = match (refund.payment, refund.arrival) {
        (Some(payment), _) => RefundOf::Payment(payment),
        (None, Some(arrival)) => RefundOf::Arrival(arrival),
        (None, None) => return Ok(None),
    };
    let source = lock_source(tx, of).await?;
    let refund = tx.lock_refund(id).await?;
    Ok(refund.zip(source))
}

async fn lock_source(tx: &mut TenantTx, of: RefundOf) -> Result<Option<Source>> {
    Ok(match of {
        RefundOf::Payment(id) => tx.lock_payment(id).await?.map(Source::payment),
        RefundOf::Arrival(id) => tx.lock_arrival(id).await?.map(Source::arrival),
    })
}

/// All that arrived: of a payment also what was beyond its price.
pub(crate) async fn arrived(tx: &mut TenantTx, source: &Source) -> Result<Money> {
    match source {
        Source::Payment(payment) => {
            let booked = tx.transfers_about(payment.id.uuid()).await?;
            match booked.iter().find(|t| t.kind == "excess") {
                Some(excess) => Ok(excess.amount.plus(payment.amount)?),
                None => Ok(payment.amount),
            }
        }
        Source::Arrival(arrival) => Ok(arrival.amount),
    }
}

/// The ledger account in which the money of an arrival stands.
pub(crate) async fn held(tx: &mut TenantTx, arrival: &Arrival) -> Result<String> {
    let booked = tx.transfers_about(arrival.id.uuid()).await?;
    let is_with_platform = booked.iter().any(|t| t.debit == ledger::PLATFORM);
    Ok(if is_with_platform {
        ledger::PLATFORM.to_owned()
    } else {
        ledger::gateway(&arrival.gateway)
    })
}

fn check_amount(survey: &Survey, way: RefundWay, amount: Money) -> Result<()> {
    let Survey {
        choices, arrived, ..
    } = survey;
    if !choices.ways.contains(&way) {
        let problem = if choices.left.is_positive() {
            "the money cannot go back in this way"
        } else {
            "there is nothing left that could go back"
        };
        return Err(Invalid::field("way", problem).into());
    }
    let left = choices.left;
    let fits = amount.currency() == left.currency()
        && amount.is_positive()
        && amount.minor() <= left.minor();
    if !fits {
        return Err(Invalid::field("amount", format!("at most {left} can go back")).into());
    }
    let is_whole_only = survey.is_one || way == RefundWay::Gateway && choices.only_whole;
    if is_whole_only && amount != *arrived {
        let problem = format!("only the whole {arrived} can go back in this way");
        return Err(Invalid::field("amount", problem).into());
    }
    Ok(())
}

/// What is left of an amount; nothing of money that cannot go back.
fn less(amount: Money, reserved: Money, is_refundable: bool) -> Money {
    let left = amount.minor().saturating_sub(reserved.minor()).max(0);
    Money::from_minor(if is_refundable { left } else { 0 }, amount.currency())
}

/// Whether money waits in the queue.
pub(crate) fn waits(arrival: &Arrival) -> bool {
    arrival.state == ArrivalState::Open
}

/// Whose wallet money is in, if it is in one.
pub(crate) fn in_wallet(arrival: &Arrival) -> Option<CustomerId> {
    (arrival.state == ArrivalState::Credited)
        .then_some(arrival.customer)
        .flatten()
}
