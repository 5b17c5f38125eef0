//! Tickets in people's hands: codes typed, gifts, vouchers by the batch, taking back.

use std::time::Duration;

use bando_domain::{
    BatchId, EndReason, Entitlement, MacAddr, Phone, ProviderId, Refusal, TicketCode, TicketId,
    TicketState, Timestamp, Usage,
};
use bando_store::{
    Batch, Cursor, Device, Job, JobKind, Link, Origin, Page, Plan, Session, Ticket, TicketFilter,
};

use crate::access::{DEVICE_GRACE, tickets_of_device};
use crate::caller::Permission;
use crate::events::Change;
use crate::jobs::Done;
use crate::{App, Caller, Error, Invalid, Result};

/// The most tickets of one batch.
pub const MAX_BATCH: u32 = 100_000;

/// Tickets of a batch that are made in one transaction: progress shows often, others get their turn.
const BATCH_STEP: u32 = 2_000;

/// A ticket with what its page shows.
#[derive(Clone, Debug)]
pub struct TicketPage {
    /// The ticket.
    pub ticket: Ticket,
    /// Its devices.
    pub devices: Vec<Device>,
    /// Its sessions, newest first.
    pub sessions: Vec<Session>,
    /// What it gives now, or why it gives nothing.
    pub standing: std::result::Result<Entitlement, Refusal>,
}

impl TicketPage {
    /// Whether this device is online with the ticket.
    pub fn is_online(&self, mac: MacAddr) -> bool {
        let mut open = self.sessions.iter().filter(|s| s.stopped_at.is_none());
        open.any(|session| session.mac == Some(mac))
    }

    /// Whether this device would be let in beside, or in place of, those that have the ticket now;
    /// if not, it can only take the place of another ([`App::take_over`]).
    pub fn has_room_for(&self, mac: MacAddr, now: Timestamp) -> bool {
        self.devices.len() < usize::from(self.ticket.terms.device_limit)
            || self.devices.iter().any(|device| {
                let away = now.since(device.last_seen_at) >= DEVICE_GRACE;
                device.mac == mac || (away && !self.is_online(device.mac))
            })
    }
}

impl App {
    /// The ticket that a code opens, for the customer who types it. Wrong codes are counted against
    /// `who` (a device or an address) and the provider.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a wrong code, [`Error::TooMany`].
    pub async fn ticket_by_code(
        &self,
        provider: ProviderId,
        typed: &str,
        who: &str,
    ) -> Result<TicketPage> {
        if !self.may_try_code(provider, who) {
            // Counting one more says how long to wait.
            self.count_wrong_code(provider, who)?;
        }
        let ticket = match typed.parse::<TicketCode>() {
            Ok(code) => {
                self.store
                    .read(provider)
                    .await?
                    .ticket_by_code(&code)
                    .await?
            }
            Err(_) => None,
        };
        match ticket {
            Some(ticket) => self.ticket_page_of(provider, ticket.id).await,
            None => {
                self.count_wrong_code(provider, who)?;
                Err(Error::NotFound("code"))
            }
        }
    }

    /// The public page of a ticket by the token in its URL: what its QR code opens.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn ticket_page(&self, token: &str) -> Result<TicketPage> {
        let (provider, ticket) = self
            .store
            .vault()
            .read_link(Link::Ticket, token)
            .ok_or(Error::NotFound("ticket"))?;
        self.ticket_page_of(provider, TicketId::from_uuid(ticket))
            .await
    }

    /// The token of a ticket's public page.
    pub fn ticket_token(&self, provider: ProviderId, ticket: TicketId) -> String {
        self.store
            .vault()
            .link(Link::Ticket, provider, ticket.uuid())
    }

    /// The ticket that a device may use now, if there is one: a returning customer does not pay
    /// again.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn ticket_of_device(
        &self,
        provider: ProviderId,
        mac: MacAddr,
    ) -> Result<Option<TicketPage>> {
        let mut tx = self.store.read(provider).await?;
        let live = tickets_of_device(&mut tx, mac, self.now()).await?;
        drop(tx);
        match live.first() {
            Some(ticket) => Ok(Some(self.ticket_page_of(provider, ticket.id).await?)),
            None => Ok(None),
        }
    }

    /// Moves a full ticket to this device: the device that was away longest, or online longest, is
    /// put off. The person who holds the code decides which of their devices is online.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Store`].
    pub async fn take_over(
        &self,
        provider: ProviderId,
        ticket: TicketId,
        mac: MacAddr,
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.tenant(provider).await?;
        let ticket = tx
            .lock_ticket(ticket)
            .await?
            .ok_or(Error::NotFound("ticket"))?;
        let devices = tx.devices(ticket.id).await?;
        if !devices.iter().any(|d| d.mac == mac) {
            if devices.len() >= usize::from(ticket.terms.device_limit)
                && let Some(oldest) = devices.last()
            {
                tx.unbind_device(ticket.id, oldest.mac).await?;
                for session in tx.open_sessions_of_ticket(ticket.id).await? {
                    if session.mac == Some(oldest.mac) {
                        tx.enqueue(JobKind::Disconnect, session.id.uuid(), now)
                            .await?;
                    }
                }
            }
            tx.bind_device(ticket.id, mac, now).await?;
        }
        tx.commit().await?;
        self.ticket_ended(provider, ticket.id);
        Ok(())
    }

    /// Takes a device off a ticket and off the network, at its owner's wish: another may take its
    /// place.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn release_device(
        &self,
        provider: ProviderId,
        ticket: TicketId,
        mac: MacAddr,
    ) -> Result<()> {
        let mut tx = self.store.tenant(provider).await?;
        tx.unbind_device(ticket, mac).await?;
        for session in tx.open_sessions_of_ticket(ticket).await? {
            if session.mac == Some(mac) {
                tx.enqueue(JobKind::Disconnect, session.id.uuid(), self.now())
                    .await?;
            }
        }
        tx.commit().await?;
        self.ticket_ended(provider, ticket);
        Ok(())
    }

    /// Puts a ticket's device off the network, at its owner's wish. The ticket stays good.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn disconnect_ticket(&self, provider: ProviderId, ticket: TicketId) -> Result<usize> {
        let mut tx = self.store.tenant(provider).await?;
        let open = tx.open_sessions_of_ticket(ticket).await?;
        for session in &open {
            tx.enqueue(JobKind::Disconnect, session.id.uuid(), self.now())
                .await?;
        }
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(open.len())
    }

    /// A page of tickets, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn tickets(
        &self,
        caller: &Caller,
        filter: &TicketFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Ticket>> {
        caller.need(Permission::Look)?;
        Ok(self
            .store
            .read(caller.provider)
            .await?
            .tickets(filter, after, size)
            .await?)
    }

    /// A ticket with its devices and sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn ticket(&self, caller: &Caller, id: TicketId) -> Result<TicketPage> {
        caller.need(Permission::Look)?;
        self.ticket_page_of(caller.provider, id).await
    }

    /// Gives a ticket away, in the caller's name. `phone` (as typed; empty for none) finds it again,
    /// `note` says why and goes into the audit log.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`], [`Error::Forbidden`].
    pub async fn give_ticket(
        &self,
        caller: &Caller,
        plan: bando_domain::PlanId,
        phone: &str,
        note: &str,
    ) -> Result<Ticket> {
        caller.need(Permission::Sell)?;
        let note = note.trim();
        if note.chars().count() > 200 {
            return Err(Invalid::field("note", "at most 200 characters").into());
        }
        let mut tx = self.store.tenant(caller.provider).await?;
        let plan = tx.plan(plan).await?.ok_or(Error::NotFound("plan"))?;
        let mut ticket = self.new_ticket(caller.provider, &plan, Origin::Gift(caller.account));
        if !phone.trim().is_empty() {
            ticket.phone = Some(Phone::parse(phone, tx.provider().await?.country)?);
        }
        while !tx.insert_ticket(&ticket, &*self.entropy).await? {
            ticket.code = TicketCode::random(&*self.entropy);
        }
        let object = format!("ticket:{}", ticket.id);
        let detail = match note {
            "" => plan.name,
            note => format!("{}: {note}", plan.name),
        };
        tx.audit(self.now(), &caller.actor(), "ticket.give", &object, &detail)
            .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Ticket(ticket.id));
        Ok(ticket)
    }

    /// Takes a ticket back and puts its devices off. Returns false if it had ended before.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn revoke_ticket(&self, caller: &Caller, id: TicketId) -> Result<bool> {
        caller.need(Permission::Revoke)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        if !self.end(&mut tx, id, EndReason::Revoked).await? {
            return Ok(false);
        }
        tx.audit(
            self.now(),
            &caller.actor(),
            "ticket.revoke",
            &format!("ticket:{id}"),
            "",
        )
        .await?;
        tx.commit().await?;
        self.ticket_ended(caller.provider, id);
        Ok(true)
    }

    /// Takes a device off a ticket and puts it off the network; another may take its place.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn forget_device(&self, caller: &Caller, id: TicketId, mac: MacAddr) -> Result<()> {
        caller.need(Permission::Revoke)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        tx.lock_ticket(id).await?.ok_or(Error::NotFound("ticket"))?;
        tx.unbind_device(id, mac).await?;
        for session in tx.open_sessions_of_ticket(id).await? {
            if session.mac == Some(mac) {
                tx.enqueue(JobKind::Disconnect, session.id.uuid(), self.now())
                    .await?;
            }
        }
        tx.audit(
            self.now(),
            &caller.actor(),
            "ticket.forget_device",
            &format!("ticket:{id}"),
            &mac.to_string(),
        )
        .await?;
        tx.commit().await?;
        self.ticket_ended(caller.provider, id);
        Ok(())
    }

    /// Asks for a batch of vouchers to be made; a job makes them.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn order_batch(
        &self,
        caller: &Caller,
        plan: bando_domain::PlanId,
        size: u32,
    ) -> Result<Batch> {
        caller.need(Permission::Sell)?;
        if !(1..=MAX_BATCH).contains(&size) {
            return Err(Invalid::field("size", format!("choose between 1 and {MAX_BATCH}")).into());
        }
        let now = self.now();
        let mut tx = self.store.tenant(caller.provider).await?;
        let plan = tx.plan(plan).await?.ok_or(Error::NotFound("plan"))?;
        let batch = Batch {
            id: BatchId::new(&*self.clock, &*self.entropy),
            plan_id: plan.id,
            plan_name: plan.name,
            price: plan.price,
            terms: plan.terms,
            size,
            made: 0,
            created_by: caller.account,
            created_at: now,
            finished_at: None,
        };
        tx.insert_batch(&batch).await?;
        tx.enqueue(JobKind::MakeBatch, batch.id.uuid(), now).await?;
        let detail = format!("{size} × {}", batch.plan_name);
        tx.audit(
            now,
            &caller.actor(),
            "batch.order",
            &format!("batch:{}", batch.id),
            &detail,
        )
        .await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(batch)
    }

    /// A batch.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn batch(&self, caller: &Caller, id: BatchId) -> Result<Batch> {
        caller.need(Permission::Look)?;
        self.store
            .read(caller.provider)
            .await?
            .batch_by_id(id)
            .await?
            .ok_or(Error::NotFound("batch"))
    }

    /// The tickets of a batch from number `from` (the first is 0) on, at most `count`, to print them.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the caller may sell them, [`Error::NotFound`].
    pub async fn vouchers(
        &self,
        caller: &Caller,
        batch: BatchId,
        from: u32,
        count: u32,
    ) -> Result<Vec<Ticket>> {
        caller.need(Permission::Sell)?;
        let mut tx = self.store.read(caller.provider).await?;
        tx.batch_by_id(batch)
            .await?
            .ok_or(Error::NotFound("batch"))?;
        Ok(tx.tickets_of_batch(batch, from, count).await?)
    }

    /// How many vouchers of a batch have been used.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn vouchers_used(&self, caller: &Caller, batch: BatchId) -> Result<u64> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.count_used_of_batch(batch).await?)
    }

    /// The newest batches.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn batches(&self, caller: &Caller) -> Result<Vec<Batch>> {
        caller.need(Permission::Look)?;
        Ok(self.store.read(caller.provider).await?.batches(100).await?)
    }

    /// Makes the tickets of a batch, a step a transaction. Cut short, it goes on where it was.
    pub(crate) async fn make_batch(&self, job: &Job) -> Result<Done> {
        let (provider, id) = (job.provider, BatchId::from_uuid(job.subject));
        loop {
            let mut tx = self.store.tenant(provider).await?;
            let Some(batch) = tx.lock_batch(id).await?.filter(|b| b.made < b.size) else {
                return Ok(Done::Finished);
            };
            if self.now() >= job.leased_until.minus(self.settings.job_lease / 4) {
                return Ok(Done::Later(Duration::ZERO, "out of time; going on".into()));
            }
            let step = (batch.size - batch.made).min(BATCH_STEP);
            let plan = Plan {
                id: batch.plan_id,
                name: batch.plan_name,
                price: batch.price,
                terms: batch.terms,
                window: None,
                on_sale: false,
                position: 0,
                created_at: batch.created_at,
            };
            let tickets: Vec<Ticket> = (0..step)
                .map(|_| self.new_ticket(provider, &plan, Origin::Batch(id)))
                .collect();
            // One whose code was taken already is made in the next step.
            let made = tx.insert_tickets(&tickets, &*self.entropy).await?;
            let made = batch.made + u32::try_from(made).unwrap_or(step);
            let finished = (made >= batch.size).then(|| self.now());
            tx.set_batch_made(id, made, finished).await?;
            tx.commit().await?;
            self.events.tell(provider, Change::Batch(id));
        }
    }

    fn new_ticket(&self, provider: ProviderId, plan: &Plan, origin: Origin) -> Ticket {
        Ticket {
            provider,
            id: TicketId::new(&*self.clock, &*self.entropy),
            code: TicketCode::random(&*self.entropy),
            state: TicketState::Unused,
            plan_id: plan.id,
            plan_name: plan.name.clone(),
            price: plan.price,
            terms: plan.terms,
            origin,
            phone: None,
            identity_mac: None,
            created_at: self.now(),
            activated_at: None,
            expires_at: None,
            ended_at: None,
            usage: Usage::default(),
        }
    }

    async fn ticket_page_of(&self, provider: ProviderId, id: TicketId) -> Result<TicketPage> {
        let mut tx = self.store.read(provider).await?;
        let ticket = tx.ticket(id).await?.ok_or(Error::NotFound("ticket"))?;
        let standing = Entitlement::of(
            ticket.state,
            &ticket.terms,
            ticket.expires_at,
            ticket.usage,
            self.now(),
        );
        Ok(TicketPage {
            devices: tx.devices(id).await?,
            sessions: tx.sessions_of_ticket(id).await?,
            standing: standing.map_err(Refusal::from),
            ticket,
        })
    }
}
