//! How tickets end: at the second of expiry, at the byte, or by a member's hand; and how their
//! sessions are put off the routers.

use std::time::Duration;

use bando_domain::{EndReason, ProviderId, SessionId, TicketId};
use bando_store::{Job, JobKind, SessionUpdate, TenantTx};

use crate::app::Disconnected;
use crate::crash::crash_point;
use crate::events::Change;
use crate::jobs::Done;
use crate::{App, Result};

/// How many tickets end in one transaction.
const BATCH: u32 = 2000;

/// The longest sleep of the timer: another node may have sold a shorter ticket.
const MAX_SLEEP: Duration = Duration::from_secs(10);

/// The shortest sleep of the timer: a ticket that is due may be held by another transaction.
const MIN_SLEEP: Duration = Duration::from_millis(5);

/// How long after its "done" a router is asked again whether the session is really gone.
const VERIFY_AFTER: Duration = Duration::from_secs(5);

impl App {
    /// Ends tickets at the second their time is over, until the future is dropped or aborted.
    pub async fn run_expiry(&self) {
        loop {
            match self.expire_due().await {
                Ok(0) => self.sleep_until_expiry().await,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "tickets cannot be ended; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Ends the tickets whose time is over now and returns how many there were.
    ///
    /// # Errors
    /// [`crate::Error::Store`].
    pub async fn expire_due(&self) -> Result<usize> {
        let mut tx = self.store.system().await?;
        let ended = tx.expire_tickets(self.now(), BATCH).await?;
        if ended.is_empty() {
            return Ok(0);
        }
        crash_point("expire.before_commit");
        tx.commit().await?;
        crash_point("expire.committed");
        self.jobs.notify_one();
        for (provider, ticket) in &ended {
            self.events.tell(*provider, Change::Ticket(*ticket));
        }
        Ok(ended.len())
    }

    async fn sleep_until_expiry(&self) {
        let next =
            async { Ok::<_, crate::Error>(self.store.read_system().await?.next_expiry().await?) }
                .await;
        let wait = match next {
            Ok(Some(at)) => at.since(self.now()).clamp(MIN_SLEEP, MAX_SLEEP),
            Ok(None) => MAX_SLEEP,
            Err(_) => Duration::from_secs(1),
        };
        tokio::select! {
            () = self.expiry.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }

    /// Ends the tickets that the records just written have used up. Failing here loses nothing:
    /// [`bando_domain::Entitlement`] refuses them anyway, and the next record tries again.
    pub(crate) async fn end_spent_tickets(&self, provider: ProviderId, updates: &[SessionUpdate]) {
        let moved = updates.iter().filter(|u| u.usage.total() > 0);
        let mut tickets: Vec<TicketId> = moved.filter_map(|u| u.ticket_id).collect();
        tickets.sort_unstable();
        tickets.dedup();
        if tickets.is_empty() {
            return;
        }
        let end = async {
            let mut tx = self.store.read(provider).await?;
            let spent = tx.spent_tickets(&tickets).await?;
            drop(tx);
            for ticket in spent {
                let mut tx = self.store.tenant(provider).await?;
                if self.end(&mut tx, ticket, EndReason::UsedUp).await? {
                    tx.commit().await?;
                    self.ticket_ended(provider, ticket);
                }
            }
            Ok::<_, crate::Error>(())
        };
        if let Err(error) = end.await {
            tracing::error!(%provider, %error, "tickets without data left could not be ended");
        }
    }

    /// Puts off the sessions that the records just written belong to and whose ticket has ended: one
    /// that began while its ticket was taken back, or that its router failed to end. Failing here
    /// loses nothing: the next record tries again.
    pub(crate) async fn put_off_without_right(
        &self,
        provider: ProviderId,
        updates: &[SessionUpdate],
    ) {
        let open = updates
            .iter()
            .filter(|u| u.ticket_id.is_some() && u.stopped.is_none());
        let open: Vec<SessionId> = open.map(|u| u.id).collect();
        let put_off = async {
            let mut tx = self.store.read(provider).await?;
            let found = tx.sessions_without_right(&open).await?;
            drop(tx);
            if found.is_empty() {
                return Ok(());
            }
            let mut tx = self.store.tenant(provider).await?;
            for session in found {
                tx.enqueue(JobKind::Disconnect, session.uuid(), self.now())
                    .await?;
            }
            tx.commit().await?;
            self.jobs.notify_one();
            Ok::<_, crate::Error>(())
        };
        if let Err(error) = put_off.await {
            tracing::error!(%provider, %error, "sessions of ended tickets could not be put off");
        }
    }

    /// Ends a ticket and adds the jobs that put its sessions off; the caller commits. Returns false
    /// if it had ended before.
    pub(crate) async fn end(
        &self,
        tx: &mut TenantTx,
        id: TicketId,
        reason: EndReason,
    ) -> Result<bool> {
        let now = self.now();
        let Some(ticket) = tx.lock_ticket(id).await? else {
            return Ok(false);
        };
        let Some(state) = ticket.state.ended(reason) else {
            return Ok(false);
        };
        tx.end_ticket(id, state, now).await?;
        for session in tx.open_sessions_of_ticket(id).await? {
            tx.enqueue(JobKind::Disconnect, session.id.uuid(), now)
                .await?;
        }
        Ok(true)
    }

    /// Tells everybody that a ticket has ended, once that is committed.
    pub(crate) fn ticket_ended(&self, provider: ProviderId, ticket: TicketId) {
        self.jobs.notify_one();
        self.events.tell(provider, Change::Ticket(ticket));
    }

    /// Puts a session off its router, and makes sure that it is gone.
    pub(crate) async fn disconnect(&self, job: &Job) -> Result<Done> {
        let (provider, id) = (job.provider, SessionId::from_uuid(job.subject));
        let mut tx = self.store.read(provider).await?;
        let Some(session) = tx.session(id).await?.filter(|s| s.stopped_at.is_none()) else {
            return Ok(Done::Finished);
        };
        let Some(router) = tx.router(session.router_id).await? else {
            drop(tx);
            return self.close_session(provider, id, "Lost-Carrier").await;
        };
        drop(tx);
        let answer = self.routers.disconnect(&router, &session).await;
        crash_point("disconnect.sent");
        match answer {
            Disconnected::NotThere => self.close_session(provider, id, "Admin-Reset").await,
            // The router's accounting Stop will close it. Some say "done" and keep the session:
            // ask again until it says that there is none.
            Disconnected::Gone => Ok(Done::Later(
                VERIFY_AFTER,
                "waiting for the router's accounting".into(),
            )),
            Disconnected::NoAnswer => Ok(Done::Later(
                retry(job.attempts),
                "the router does not answer".into(),
            )),
            Disconnected::Refused(why) => Ok(Done::Later(retry(job.attempts), why)),
        }
    }

    async fn close_session(
        &self,
        provider: ProviderId,
        id: SessionId,
        cause: &str,
    ) -> Result<Done> {
        let mut tx = self.store.tenant(provider).await?;
        tx.close_session(id, self.now(), cause).await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Session(id));
        Ok(Done::Finished)
    }
}

/// 2 s, 4 s, 8 s … 5 minutes.
fn retry(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.clamp(1, 9)).min(Duration::from_secs(300))
}
