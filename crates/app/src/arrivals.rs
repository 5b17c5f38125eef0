//! Money that arrives without having been asked for: paid by hand, too late, too much, or under a name
//! that nobody knows. All of it finds a home: a ticket, the payer's wallet, or a person's queue.

use std::time::Duration;

use bando_domain::{
    AccountId, ArrivalId, CustomerId, Money, PaymentFailure, PaymentId, PaymentStatus, Phone,
    PlanId, ProviderId, TicketCode,
};
use bando_gateways::{Found, Movement, MovementKind, Paid, Search, Verdict};
use bando_store::{
    Arrival, ArrivalFilter, ArrivalSource, ArrivalState, CaseKind, Cursor, Job, JobKind, Link,
    Page, Payment, PaymentStep, Plan, TenantTx,
};

use crate::caller::Permission;
use crate::cases::Facts;
use crate::claims::claim_subject;
use crate::crash::crash_point;
use crate::events::Change;
use crate::gateway_accounts::Ready;
use crate::jobs::Done;
use crate::ledger::{self, About};
use crate::purchase::account_reference;
use crate::settlement::{Settled, pays};
use crate::{App, Caller, Error, Invalid, Result};

/// How long after it was asked for a payment may still be what by-hand money is meant for.
const RECENT: Duration = Duration::from_secs(48 * 3600);

/// How far the clocks of a gateway and ours may differ.
const SKEW: Duration = Duration::from_secs(10);

/// How often the gateway is asked about money before a person is.
const MAX_PROOFS: u32 = 10;

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

    /// Asks the gateway whether money that a message told of is really there.
    pub(crate) async fn prove_arrival(&self, job: &Job) -> Result<Done> {
        let provider = job.provider;
        let id = ArrivalId::from_uuid(job.subject);
        let mut tx = self.store.read(provider).await?;
        let Some(arrival) = tx.arrival(id).await? else {
            return Ok(Done::Finished);
        };
        if arrival.state != ArrivalState::Unproved {
            return Ok(Done::Finished);
        }
        let payment = match arrival.payment {
            Some(payment) => tx.payment(payment).await?,
            None => None,
        };
        let ready = self.own_account(&mut tx, &arrival.gateway).await?;
        drop(tx);
        let Some(ready) = ready else {
            return self
                .doubt(provider, id, "the gateway's settings are gone")
                .await;
        };
        if let Some(payment) = payment {
            if payment.status.was_paid()
                && payment.receipt.is_none()
                && payment.amount == arrival.amount
            {
                // The same money, told of twice: nothing is granted, the receipt is news.
                return self.accept(provider, id, None).await;
            }
            if !payment.status.was_paid() && payment.checkout_request_id.is_some() {
                match self.ask(provider, &payment).await? {
                    Err(wait) => return Ok(Done::Later(wait, "the query limit".into())),
                    Ok(Verdict::Paid(_)) => return self.accept(provider, id, None).await,
                    Ok(Verdict::RateLimited { retry_after }) => {
                        return Ok(Done::Later(retry_after, "the gateway's rate limit".into()));
                    }
                    Ok(Verdict::Pending { why } | Verdict::Unreachable { why })
                        if job.attempts < MAX_PROOFS =>
                    {
                        return Ok(Done::Later(backoff(job.attempts), why));
                    }
                    Ok(_) => {}
                }
            }
        }
        self.search(job, id, &arrival, &ready).await
    }

    /// Asks the gateway for money by its receipt.
    async fn search(
        &self,
        job: &Job,
        id: ArrivalId,
        arrival: &Arrival,
        ready: &Ready,
    ) -> Result<Done> {
        let provider = job.provider;
        if let Err(wait) = self.take_query(provider, &arrival.gateway) {
            return Ok(Done::Later(wait, "the query limit".into()));
        }
        let link = self
            .store
            .vault()
            .link(Link::Arrival, provider, arrival.id.uuid());
        let search = Search {
            receipt: arrival.receipt.clone(),
            result_url: format!("{}/cb/k/{link}", self.settings.public_url),
            now: self.now(),
        };
        let found = ready.gateway.find(&ready.account, &search).await;
        crash_point("arrival.searched");
        match found {
            Found::Movement(movement) => self.accept(provider, id, Some(movement)).await,
            Found::RateLimited { retry_after } => {
                Ok(Done::Later(retry_after, "the gateway's rate limit".into()))
            }
            Found::NotThere if job.attempts >= MAX_PROOFS => {
                let mut tx = self.store.tenant(provider).await?;
                if let Some(arrival) = unproved(&mut tx, id).await? {
                    self.refute(
                        &mut tx,
                        arrival,
                        CaseKind::Unproved,
                        "the gateway has no such money",
                    )
                    .await?;
                    tx.commit().await?;
                }
                Ok(Done::Finished)
            }
            Found::CannotAsk => {
                self.doubt(provider, id, "this account cannot ask by receipt number")
                    .await
            }
            Found::NotThere | Found::Later | Found::Unreachable { .. }
                if job.attempts < MAX_PROOFS =>
            {
                Ok(Done::Later(backoff(job.attempts), format!("{found:?}")))
            }
            Found::NotThere | Found::Later | Found::Unreachable { .. } => {
                self.doubt(provider, id, "the gateway never answered").await
            }
        }
    }

    /// The gateway's own answer about money that was asked for by its receipt.
    pub(crate) async fn take_found(
        &self,
        provider: ProviderId,
        gateway: &str,
        id: ArrivalId,
        movement: Option<Movement>,
    ) -> Result<&'static str> {
        match movement {
            Some(movement) => {
                let known = self.store.read(provider).await?.arrival(id).await?;
                if known.is_some() {
                    self.accept(provider, id, Some(movement)).await?;
                    return Ok("found");
                }
                // A customer's claim: the money is news. The link tells what was asked for.
                if claim_subject(movement.receipt.as_bytes()) != id.uuid() {
                    return Ok("about other money");
                }
                self.take_movement(provider, gateway, &movement, ArrivalSource::Query, true)
                    .await?;
                let mut tx = self.store.tenant(provider).await?;
                self.close_case(&mut tx, CaseKind::Claim, id.uuid(), "found")
                    .await?;
                tx.commit().await?;
                Ok("found")
            }
            // The job asks again, and gives up in the end.
            None => Ok("not found"),
        }
    }

    /// Finds a home for money that is proved; `truth` is what the gateway itself said of it.
    async fn accept(
        &self,
        provider: ProviderId,
        id: ArrivalId,
        truth: Option<Movement>,
    ) -> Result<Done> {
        let mut tx = self.store.tenant(provider).await?;
        let Some(mut arrival) = unproved(&mut tx, id).await? else {
            return Ok(Done::Finished);
        };
        if let Some(truth) = truth {
            if truth.receipt != arrival.receipt || truth.kind != MovementKind::Payment {
                let why = "the gateway answered about other money";
                drop(tx);
                return self.doubt(provider, id, why).await;
            }
            arrival.amount = truth.amount;
            arrival.fee = truth.fee.or(arrival.fee);
            arrival.phone = truth.phone.or(arrival.phone);
            arrival.at = truth.at.or(arrival.at);
            tx.update_arrival(&arrival).await?;
        }
        let home = self.house(&mut tx, arrival).await?;
        crash_point("arrival.before_commit");
        tx.commit().await?;
        crash_point("arrival.committed");
        self.tell_housed(provider, home);
        Ok(Done::Finished)
    }

    /// Leaves money that nobody can prove to a person.
    async fn doubt(&self, provider: ProviderId, id: ArrivalId, why: &str) -> Result<Done> {
        let mut tx = self.store.tenant(provider).await?;
        if let Some(arrival) = unproved(&mut tx, id).await? {
            let facts = Facts::of_arrival(&arrival).because(why);
            self.open_case(&mut tx, CaseKind::Unproved, facts).await?;
            tx.commit().await?;
        }
        Ok(Done::Finished)
    }

    async fn refute(
        &self,
        tx: &mut TenantTx,
        mut arrival: Arrival,
        kind: CaseKind,
        why: &str,
    ) -> Result<()> {
        tracing::warn!(provider = %tx.provider_id(), arrival = %arrival.id, why, "money that was told of is not there");
        let facts = Facts::of_arrival(&arrival).because(why);
        self.decide(tx, &mut arrival, ArrivalState::Refuted).await?;
        self.open_case(tx, kind, facts).await?;
        Ok(())
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
        if let Some(payment) = meant {
            if !payment.status.was_paid() || is_same_money(&payment, &arrival) {
                return self.settle_arrival(tx, &mut arrival, payment).await;
            }
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

    /// Keeps money of a payment apart that could not settle it; none if that was done before.
    pub(crate) async fn keep_apart(
        &self,
        tx: &mut TenantTx,
        payment: &Payment,
        paid: &Paid,
        came: Money,
        state: ArrivalState,
    ) -> Result<Option<Arrival>> {
        let receipt = paid.receipt.clone();
        let new = Arrival {
            id: ArrivalId::new(&*self.clock, &*self.entropy),
            gateway: payment.gateway.clone(),
            // A gateway that tells no receipt tells of one money only.
            receipt: receipt.unwrap_or_else(|| format!("payment:{}", payment.id)),
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

    /// The payment that by-hand money is meant for: by its reference, by the gateway's own name for
    /// it, else by phone and amount, else by an amount that only one open payment asks for. It may be
    /// one that is paid already, when this money is what paid it.
    async fn payment_meant(
        &self,
        tx: &mut TenantTx,
        gateway: &str,
        movement: &Movement,
    ) -> Result<Option<Payment>> {
        if let Some(checkout) = &movement.checkout_request_id
            && let Some(payment) = tx.payment_by_checkout(gateway, checkout).await?
        {
            return Ok(Some(payment));
        }
        if let Some(reference) = &movement.reference {
            if let Ok(id) = reference.trim().parse::<uuid::Uuid>()
                && let Some(payment) = tx.payment(PaymentId::from_uuid(id)).await?
                && payment.gateway == gateway
            {
                return Ok(Some(payment));
            }
            let typed = plain(reference);
            if !typed.is_empty()
                && let Some(payment) = tx
                    .payments_by_reference(gateway, &typed)
                    .await?
                    .into_iter()
                    .next()
            {
                return Ok(Some(payment));
            }
        }
        let since = self.now().minus(RECENT);
        let paid = tx
            .paid_without_receipt(gateway, movement.amount, since)
            .await?;
        let told_twice = paid.into_iter().find(|p| {
            let while_asked = |at| {
                let until = p.finished_at.unwrap_or(p.created_at);
                p.created_at.minus(SKEW) <= at && at <= until.plus(SKEW)
            };
            is_payer(p, movement) && movement.at.is_none_or(while_asked)
        });
        if told_twice.is_some() {
            return Ok(told_twice);
        }
        let open = tx.unpaid_of_amount(gateway, movement.amount, since).await?;
        if let Some(payment) = open.iter().find(|p| is_payer(p, movement)) {
            return Ok(Some(payment.clone()));
        }
        // The amount alone tells whose money it is only where no two payments ask for the same.
        let account = self.own_account(tx, gateway).await?;
        let is_link = self.is_link(gateway)
            && account.is_some_and(|ready| ready.account.is_on("unique_amounts"));
        let mut pending = open
            .into_iter()
            .filter(|p| p.status == PaymentStatus::Pending);
        Ok(match (pending.next(), pending.next()) {
            (Some(only), None) if is_link => Some(only),
            _ => None,
        })
    }

    /// A payment made on the spot for money that buys a plan: the plan of the ticket whose code the
    /// payer typed, else the only plan on sale at this price.
    async fn payment_for_plan(
        &self,
        tx: &mut TenantTx,
        arrival: &Arrival,
    ) -> Result<Option<Payment>> {
        let code = arrival
            .reference
            .as_deref()
            .and_then(|text| text.parse::<TicketCode>().ok());
        let ticket = match code {
            Some(code) => tx.ticket_by_code(&code).await?,
            None => None,
        };
        let phone = arrival
            .phone
            .clone()
            .or_else(|| ticket.as_ref().and_then(|t| t.phone.clone()));
        let Some(phone) = phone else {
            return Ok(None);
        };
        let plans = tx.plans().await?;
        let fits = |plan: &&Plan| plan.on_sale && plan.price == arrival.amount;
        let plan = match ticket {
            Some(ticket) => plans
                .iter()
                .find(|p| p.id == ticket.plan_id && p.price == arrival.amount),
            None => {
                let mut fitting = plans.iter().filter(fits);
                fitting.next().filter(|_| fitting.next().is_none())
            }
        };
        match plan {
            Some(plan) => {
                let payment = self
                    .payment_on_the_spot(tx, plan, &phone, &arrival.gateway)
                    .await?;
                Ok(Some(payment))
            }
            None => Ok(None),
        }
    }

    /// Writes down a payment for money that is there already. The caller settles it in the same
    /// transaction.
    pub(crate) async fn payment_on_the_spot(
        &self,
        tx: &mut TenantTx,
        plan: &Plan,
        phone: &Phone,
        gateway: &str,
    ) -> Result<Payment> {
        let new = CustomerId::new(&*self.clock, &*self.entropy);
        let customer = tx.customer(new, phone, self.now()).await?;
        let payer = (customer.id, Some(phone));
        self.payment_of(tx, plan, payer, gateway, None).await
    }

    /// [`payment_on_the_spot`](Self::payment_on_the_spot) of a customer of whom perhaps no phone is
    /// known, and perhaps sold by a member.
    pub(crate) async fn payment_of(
        &self,
        tx: &mut TenantTx,
        plan: &Plan,
        (customer, phone): (CustomerId, Option<&Phone>),
        gateway: &str,
        sold_by: Option<AccountId>,
    ) -> Result<Payment> {
        let now = self.now();
        let provider = tx.provider().await?;
        let id = PaymentId::new(&*self.clock, &*self.entropy);
        let zero = Money::zero(plan.price.currency());
        let payment = Payment {
            id,
            gateway: gateway.to_owned(),
            status: PaymentStatus::Pending,
            amount: plan.price,
            plan_id: plan.id,
            plan_name: plan.name.clone(),
            terms: plan.terms,
            customer_id: customer,
            phone: phone.cloned(),
            mac: None,
            router_id: None,
            visit: None,
            language: provider.language,
            account_reference: Some(account_reference(&provider, id)),
            redirect_url: None,
            identity_mac: None,
            sold_by,
            collected: false,
            merchant_request_id: None,
            checkout_request_id: None,
            receipt: None,
            fee: zero,
            refunded: zero,
            failure: None,
            result_code: None,
            result_text: None,
            checks: 0,
            ticket_id: None,
            created_at: now,
            prompted_at: None,
            finished_at: None,
        };
        tx.insert_payment(&payment).await?;
        self.step(tx, &payment, PaymentStep::Asked, None).await?;
        Ok(payment)
    }

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

    /// Money that arrived unasked, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn arrivals(
        &self,
        caller: &Caller,
        filter: &ArrivalFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Arrival>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.arrivals(filter, after, size).await?)
    }

    /// Money that arrived unasked.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn arrival(&self, caller: &Caller, id: ArrivalId) -> Result<Arrival> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        tx.arrival(id).await?.ok_or(Error::NotFound("arrival"))
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

    fn tell_housed(&self, provider: ProviderId, home: Option<(PaymentId, Settled)>) {
        match home {
            Some((id, settled)) => self.tell_settled(provider, id, settled),
            None => self.events.tell(provider, Change::Cases),
        }
    }
}

/// Money that nothing was decided about yet, locked.
async fn unproved(tx: &mut TenantTx, id: ArrivalId) -> Result<Option<Arrival>> {
    let arrival = tx.lock_arrival(id).await?;
    Ok(arrival.filter(|a| a.state == ArrivalState::Unproved))
}

/// Whether money is what has paid this payment, told of a second time: nothing more is granted for it.
/// A payment that a member found no money for was not paid by any.
fn is_same_money(payment: &Payment, arrival: &Arrival) -> bool {
    payment.receipt.as_ref() == Some(&arrival.receipt)
        || payment.receipt.is_none()
            && payment.amount == arrival.amount
            && payment.failure != Some(PaymentFailure::NotReceived)
}

/// Whether a movement shows the phone of this payment, in full or masked.
fn is_payer(payment: &Payment, movement: &Movement) -> bool {
    let Some(phone) = &payment.phone else {
        return false;
    };
    let masked = movement.payer.as_deref();
    movement.phone.as_ref() == Some(phone) || masked.is_some_and(|payer| shows(payer, phone))
}

/// The account in which money stands.
fn held(arrival: &Arrival, is_booked: bool) -> String {
    if is_booked {
        ledger::UNALLOCATED.to_owned()
    } else {
        ledger::gateway(&arrival.gateway)
    }
}

/// Why money moved in another account than the provider's, if it did.
pub(crate) fn elsewhere(ready: &Ready, movement: &Movement) -> Option<&'static str> {
    let account = movement.account.as_deref()?;
    let ours = ["shortcode", "till"].map(|field| ready.account.setting(field));
    let is_known = ours.iter().any(Option::is_some);
    (is_known && !ours.contains(&Some(account))).then_some("it was paid to another account")
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

/// What a payer typed as the account number, as we write such: capitals and digits only.
pub(crate) fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(20)
        .collect()
}

/// Whether a masked number such as `2547 ***** 126` can be this phone's: all digits it shows are
/// right, and it shows at least six.
pub(crate) fn shows(masked: &str, phone: &Phone) -> bool {
    let number = masked
        .split(|c: char| c.is_ascii_alphabetic())
        .map(|part| part.replace(|c: char| !c.is_ascii_digit() && c != '*', ""))
        .find(|part| part.contains('*'));
    let Some(number) = number else {
        return false;
    };
    let digits = phone.digits();
    let (Some(first), Some(last)) = (number.split('*').next(), number.rsplit('*').next()) else {
        return false;
    };
    first.len() + last.len() >= 6
        && first.len() + last.len() < digits.len()
        && digits.starts_with(first)
        && digits.ends_with(last)
}

/// 2, 4, 8 … seconds, at most five minutes.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.clamp(1, 9)).min(Duration::from_secs(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_shows_whose_it_can_be() {
        let phone = Phone::from_international("254712345126").unwrap();
        assert!(shows("2547 ***** 126 NICHOLAS", &phone));
        assert!(shows("2547*****126", &phone));
        assert!(shows("NICHOLAS · 2547*****126", &phone));
        for other in [
            "2547 ***** 127",
            "2541 ***** 126",
            "**********26",
            "NICHOLAS",
            "",
            "***",
        ] {
            assert!(!shows(other, &phone), "{other}");
        }
    }

    #[test]
    fn what_payers_type_is_read_kindly() {
        assert_eq!(plain(" mama-01 ab "), "MAMA01AB");
    }
}
