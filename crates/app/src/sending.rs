//! Money that is sent: the gateway is told once, and what it says became of it is taken whenever it
//! comes.
//!
//! That an order is being sent is durable before the gateway is called. Whoever finds it so afterwards
//! cannot know whether the call was made, and makes no second one: a person decides.

use std::time::Duration;

use bando_domain::{AccountId, ArrivalId, PayoutId, ProviderId, RefundId};
use bando_gateways::{Payout as PayoutOrder, Refund as RefundOrder, Sent};
use bando_store::{About, CaseKind, Job, JobKind, Link, SendState, TenantTx};
use uuid::Uuid;

use crate::caller::Permission;
use crate::crash::crash_point;
use crate::gateway_accounts::Ready;
use crate::jobs::Done;
use crate::outgoing::{News, Outgoing, Sending, lock_outgoing, news_of};
use crate::refunds::{Source, arrived};
use crate::{App, Caller, Error, Invalid, Result, SignedIn};

/// How long the message may take that tells what became of an order the gateway has accepted.
const RESULT_WITHIN: Duration = Duration::from_secs(3600);

/// How often an order is repeated at a gateway that knows it again.
const MAX_REPEATS: u32 = 5;

/// The longest receipt number that a member may type.
const MAX_RECEIPT: usize = 64;

impl App {
    /// Sends a refund or payout that was agreed to: once, whatever happens meanwhile.
    pub(crate) async fn send_money(&self, job: &Job) -> Result<Done> {
        let provider = job.provider;
        let what = match job.kind {
            JobKind::SendPayout => Sending::Payout(PayoutId::from_uuid(job.subject)),
            _ => Sending::Refund(RefundId::from_uuid(job.subject)),
        };
        crash_point("send.begun");
        let mut tx = self.store.tenant(provider).await?;
        let Some(mut order) = lock_outgoing(&mut tx, what).await? else {
            return Ok(Done::Finished);
        };
        let state = order.state();
        if !matches!(state, SendState::Approved | SendState::Sending) {
            return Ok(Done::Finished);
        }
        let ready = self.sending_account(&mut tx, &order).await?;
        let ready = match (state, ready) {
            (SendState::Approved, Some(ready)) => ready,
            (SendState::Approved, None) => {
                let news = News::Refused("the settings of the gateway are gone".into());
                return self.finish_job_with(tx, order, news).await;
            }
            (_, Some(ready)) if order.is_known_again(&self.gateways) => ready,
            _ => {
                let why = "the program was cut short while it was sending";
                let news = News::Doubted(why.into());
                return self.finish_job_with(tx, order, news).await;
            }
        };
        *order.progress().state = SendState::Sending;
        order.write(&mut tx).await?;
        let is_whole = match &order {
            Outgoing::Refund(refund, source) => refund.amount == arrived(&mut tx, source).await?,
            Outgoing::Payout(_) => true,
        };
        crash_point("send.before_commit");
        tx.commit().await?;
        crash_point("send.committed");
        let answer = self.tell_gateway(provider, &ready, &order, is_whole).await;
        crash_point("send.answered");
        if let Sent::Unknown { why } = &answer
            && order.is_known_again(&self.gateways)
            && job.attempts < MAX_REPEATS
        {
            let wait = Duration::from_secs(1 << job.attempts.clamp(1, 9));
            return Ok(Done::Later(wait, why.clone()));
        }
        self.note(provider, what, None, answer).await?;
        Ok(Done::Finished)
    }

    async fn finish_job_with(
        &self,
        mut tx: TenantTx,
        mut order: Outgoing,
        news: News,
    ) -> Result<Done> {
        let provider = tx.provider_id();
        self.take_news(&mut tx, &mut order, news, "system").await?;
        tx.commit().await?;
        self.tell_refunded(provider, order.payment());
        Ok(Done::Finished)
    }

    /// The message that tells what became of an order has not come in all the time allowed.
    pub(crate) async fn check_sent(&self, job: &Job) -> Result<Done> {
        let (provider, id) = (job.provider, job.subject);
        let mut tx = self.store.tenant(provider).await?;
        let refund = Sending::Refund(RefundId::from_uuid(id));
        let order = match lock_outgoing(&mut tx, refund).await? {
            Some(order) => Some(order),
            None => lock_outgoing(&mut tx, Sending::Payout(PayoutId::from_uuid(id))).await?,
        };
        let Some(order) = order.filter(|order| order.state() == SendState::Sent) else {
            return Ok(Done::Finished);
        };
        let why = "the gateway took the order and never said what became of it";
        self.finish_job_with(tx, order, News::Doubted(why.into()))
            .await
    }

    /// The gateway that a message about a refund, a payout or an arrival came from.
    pub(crate) async fn gateway_of(
        &self,
        tx: &mut TenantTx,
        about: About,
        subject: Uuid,
    ) -> Result<String> {
        let gateway = match about {
            About::Refund => {
                let refund = tx.refund(RefundId::from_uuid(subject)).await?;
                refund.map(|refund| refund.gateway)
            }
            About::Payout => {
                let payout = tx.payout(PayoutId::from_uuid(subject)).await?;
                let collection = self.settings.collection.as_ref();
                payout.and(collection.map(|c| c.gateway.to_owned()))
            }
            About::Arrival => {
                let arrival = tx.arrival(ArrivalId::from_uuid(subject)).await?;
                // A claim has no row of its own; only M-Pesa answers questions later.
                Some(arrival.map_or_else(|| crate::mpesa::MPESA.to_owned(), |a| a.gateway))
            }
            About::Payment | About::Account => None,
        };
        gateway.ok_or(Error::NotFound("payment"))
    }

    /// What a gateway's message says became of money that was sent: too late, twice or out of order,
    /// it does no harm.
    pub(crate) async fn take_sent(
        &self,
        provider: ProviderId,
        about: About,
        subject: Uuid,
        conversation_id: &str,
        outcome: Sent,
    ) -> Result<&'static str> {
        let what = match about {
            About::Refund => Sending::Refund(RefundId::from_uuid(subject)),
            About::Payout => Sending::Payout(PayoutId::from_uuid(subject)),
            About::Payment | About::Account | About::Arrival => return Ok("nobody waits for it"),
        };
        self.note(provider, what, Some(conversation_id), outcome)
            .await
    }

    /// A member says what became of money that nobody knows about, or that they were to send
    /// themselves. That the platform's money did not leave, only the platform can say.
    ///
    /// # Errors
    /// [`Error::NotFound`] if its outcome is known; [`Error::Forbidden`].
    pub async fn resolve_sent(
        &self,
        caller: &Caller,
        what: Sending,
        happened: bool,
        receipt: Option<&str>,
    ) -> Result<()> {
        caller.need(Permission::Approve)?;
        let by = (caller.actor(), caller.account);
        self.resolve(caller.provider, what, happened, receipt, by, false)
            .await
    }

    /// [`resolve_sent`](Self::resolve_sent) by who runs the platform: also of the platform's money.
    ///
    /// # Errors
    /// As there; [`Error::Forbidden`] for all others.
    pub async fn resolve_sent_as_platform(
        &self,
        admin: &SignedIn,
        provider: ProviderId,
        what: Sending,
        happened: bool,
        receipt: Option<&str>,
    ) -> Result<()> {
        if !admin.account.super_admin {
            return Err(Error::Forbidden);
        }
        let id = admin.account.id;
        let by = (format!("platform:{id}"), id);
        self.resolve(provider, what, happened, receipt, by, true)
            .await
    }

    async fn resolve(
        &self,
        provider: ProviderId,
        what: Sending,
        happened: bool,
        receipt: Option<&str>,
        (actor, account): (String, AccountId),
        is_platform: bool,
    ) -> Result<()> {
        let receipt = receipt.map(str::trim).filter(|receipt| !receipt.is_empty());
        if receipt.is_some_and(|receipt| receipt.len() > MAX_RECEIPT) {
            return Err(Invalid::field("receipt", "this is no receipt number").into());
        }
        let mut tx = self.store.tenant(provider).await?;
        let mut order = lock_outgoing(&mut tx, what)
            .await?
            .filter(Outgoing::waits_for_a_person)
            .ok_or(Error::NotFound("refund"))?;
        if !happened && order.is_platforms() && !is_platform {
            return Err(Error::Forbidden);
        }
        let solution = if happened {
            "it was sent"
        } else {
            "it was not sent"
        };
        if let Some(case) = tx.case_about(CaseKind::SendUnknown, what.id()).await? {
            tx.solve_case(case.opened.id, Some(account), self.now(), solution)
                .await?;
        }
        let news = if happened {
            News::Done(receipt.map(str::to_owned))
        } else {
            News::Refused(solution.into())
        };
        self.take_news(&mut tx, &mut order, news, &actor).await?;
        tx.commit().await?;
        self.tell_refunded(provider, order.payment());
        Ok(())
    }

    /// Writes down an outcome, from an answer (`said` is none) or a message.
    async fn note(
        &self,
        provider: ProviderId,
        what: Sending,
        said: Option<&str>,
        outcome: Sent,
    ) -> Result<&'static str> {
        let mut tx = self.store.tenant(provider).await?;
        let Some(mut order) = lock_outgoing(&mut tx, what).await? else {
            return Ok("nobody waits for it");
        };
        let known = order.progress().conversation_id.clone();
        let news = match said {
            Some(said) if known.as_deref().is_some_and(|known| known != said) => {
                News::Nothing("about another order")
            }
            _ => news_of(order.state(), said.is_some(), outcome),
        };
        if let News::Nothing(why) = news {
            return Ok(why);
        }
        if let Some(said) = said {
            order
                .progress()
                .conversation_id
                .get_or_insert_with(|| said.to_owned());
        }
        let actor = self.actor_of(&order);
        self.take_news(&mut tx, &mut order, news, &actor).await?;
        crash_point("send.noting");
        tx.commit().await?;
        crash_point("send.noted");
        self.tell_refunded(provider, order.payment());
        Ok("taken")
    }

    /// Writes down what is new of an order, and everything that follows from it.
    pub(crate) async fn take_news(
        &self,
        tx: &mut TenantTx,
        order: &mut Outgoing,
        news: News,
        actor: &str,
    ) -> Result<()> {
        let now = self.now();
        let id = order.what().id();
        let was_refused = order.state() == SendState::Refused;
        let (verb, detail) = match news {
            News::Nothing(_) => return Ok(()),
            News::Accepted(conversation_id) => {
                let progress = order.progress();
                *progress.state = SendState::Sent;
                *progress.conversation_id = Some(conversation_id.clone());
                tx.enqueue(JobKind::CheckSent, id, now.plus(RESULT_WITHIN))
                    .await?;
                ("sent", conversation_id)
            }
            News::Done(receipt) => {
                let progress = order.progress();
                *progress.receipt = receipt.or(progress.receipt.take());
                *progress.result_text = None;
                let detail = progress.receipt.clone().unwrap_or_default();
                self.close_case(tx, CaseKind::SendUnknown, id, "it was sent")
                    .await?;
                self.finish(tx, order, was_refused).await?;
                ("done", detail)
            }
            News::Refused(why) => {
                let progress = order.progress();
                *progress.state = SendState::Refused;
                *progress.result_text = Some(why.clone());
                *progress.finished_at = Some(now);
                self.close_case(tx, CaseKind::SendUnknown, id, "it was not sent")
                    .await?;
                if let Outgoing::Refund(refund, source) = order {
                    self.release_refund(tx, refund, source).await?;
                }
                ("refused", why)
            }
            News::Doubted(why) => {
                let progress = order.progress();
                *progress.state = SendState::Unknown;
                *progress.result_text = Some(why.clone());
                self.open_case(tx, CaseKind::SendUnknown, order.facts().because(&why))
                    .await?;
                ("unknown", why)
            }
        };
        order.write(tx).await?;
        if order.state() != SendState::Sent {
            tx.cancel_job(JobKind::CheckSent, id).await?;
        }
        let (action, object) = (order.action(verb), order.object());
        tx.audit(now, actor, &action, &object, &detail).await?;
        Ok(())
    }

    async fn finish(&self, tx: &mut TenantTx, order: &mut Outgoing, late: bool) -> Result<()> {
        match order {
            Outgoing::Refund(refund, source) => self.finish_refund(tx, refund, source, late).await,
            Outgoing::Payout(payout) => self.finish_payout(tx, payout).await,
        }
    }

    /// The account that the money leaves; none if its settings are gone.
    async fn sending_account(&self, tx: &mut TenantTx, order: &Outgoing) -> Result<Option<Ready>> {
        match order {
            Outgoing::Refund(_, Source::Payment(payment)) => self.account_of(tx, payment).await,
            Outgoing::Refund(refund, Source::Arrival(_)) => {
                self.own_account(tx, &refund.gateway).await
            }
            Outgoing::Payout(_) => {
                let collection = self.settings.collection.as_ref();
                Ok(collection.and_then(|c| self.collecting_account(c.gateway)))
            }
        }
    }

    async fn tell_gateway(
        &self,
        provider: ProviderId,
        ready: &Ready,
        order: &Outgoing,
        whole: bool,
    ) -> Sent {
        let id = order.what().id();
        let url = |link| {
            let token = self.store.vault().link(link, provider, id);
            format!("{}/cb/k/{token}", self.settings.public_url)
        };
        match order {
            Outgoing::Refund(refund, source) => {
                let (receipt, checkout_request_id) = match source {
                    Source::Payment(p) => (p.receipt.clone(), p.checkout_request_id.clone()),
                    // Money of which no receipt is known has a name of ours in its place.
                    Source::Arrival(a) if a.receipt.contains(':') => (None, None),
                    Source::Arrival(a) => (Some(a.receipt.clone()), None),
                };
                let told = RefundOrder {
                    reference: id.to_string(),
                    receipt,
                    checkout_request_id,
                    amount: refund.amount,
                    whole,
                    remarks: refund.reason.clone(),
                    result_url: url(Link::Refund),
                };
                ready.gateway.refund(&ready.account, &told).await
            }
            Outgoing::Payout(payout) => {
                let told = PayoutOrder {
                    reference: id.to_string(),
                    amount: payout.amount,
                    phone: payout.phone.clone(),
                    remarks: "Payout".into(),
                    result_url: url(Link::Payout),
                };
                ready.gateway.pay_out(&ready.account, &told).await
            }
        }
    }

    fn actor_of(&self, order: &Outgoing) -> String {
        let gateway = match order {
            Outgoing::Refund(refund, _) => refund.gateway.as_str(),
            Outgoing::Payout(_) => self.settings.collection.as_ref().map_or("", |c| c.gateway),
        };
        format!("gateway:{gateway}")
    }
}
