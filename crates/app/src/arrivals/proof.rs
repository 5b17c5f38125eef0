//! Whether money that a message told of is really there: the gateway is asked, and a person if it cannot
//! be.

use std::time::Duration;

use bando_domain::{ArrivalId, ProviderId};
use bando_gateways::{Found, Movement, MovementKind, Search, Verdict};
use bando_store::{Arrival, ArrivalSource, ArrivalState, CaseKind, Job, Link, TenantTx};

use crate::cases::Facts;
use crate::claims::claim_subject;
use crate::crash::crash_point;
use crate::gateway_accounts::Ready;
use crate::jobs::Done;
use crate::{App, Result};

use super::matching::is_named;

/// How often the gateway is asked about money before a person is.
const MAX_PROOFS: u32 = 10;

impl App {
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
            let is_named = is_named(&payment, arrival.reference.as_deref());
            if payment.status.was_paid()
                && payment.receipt.is_none()
                && payment.amount == arrival.amount
                && is_named
            {
                // The same money, told of twice: nothing is granted, the receipt is news.
                return self.accept(provider, id, None).await;
            }
            if !payment.status.was_paid() && payment.checkout_request_id.is_some() {
                match self.ask(provider, &payment).await? {
                    Err(wait) => return Ok(Done::Later(wait, "the query limit".into())),
                    Ok(Verdict::Paid(_)) if is_named => {
                        return self.accept(provider, id, None).await;
                    }
                    // What was asked for is paid, and this was paid by hand besides.
                    Ok(Verdict::Paid(paid)) => {
                        self.settle(provider, payment.id, paid, "query").await?;
                    }
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

    pub(super) async fn refute(
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
}

/// Money that nothing was decided about yet, locked.
async fn unproved(tx: &mut TenantTx, id: ArrivalId) -> Result<Option<Arrival>> {
    let arrival = tx.lock_arrival(id).await?;
    Ok(arrival.filter(|a| a.state == ArrivalState::Unproved))
}

/// 2, 4, 8 … seconds, at most five minutes.
fn backoff(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.clamp(1, 9)).min(Duration::from_secs(300))
}
