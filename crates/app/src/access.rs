//! Who may use the network: the answer behind RADIUS, the portal's status page and reconnecting.

use std::sync::Arc;
use std::time::Duration;

use bando_domain::{
    Entitlement, MacAddr, PlanTerms, ProviderId, Refusal, RouterId, TicketCode, TicketId,
    TicketState, Timestamp, Usage,
};
use bando_store::{Origin, PaymentStep, ProviderStatus, Router, SessionUpdate, TenantTx, Ticket};

use crate::crash::{crash_point, planted};
use crate::events::Change;
use crate::limits::{Action, WRONG_CODES_PER_PROVIDER};
use crate::{App, Error, Result};

/// A device that has not been heard of for this long, and has no open session, gives its place on
/// a full ticket to another: phones change their address, and a ticket follows the person.
pub(crate) const DEVICE_GRACE: Duration = Duration::from_secs(60);

/// What somebody shows to be let in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AccessKey {
    /// A ticket's code.
    Code(TicketCode),
    /// A device that a ticket is bound to.
    Device(MacAddr),
}

/// A ticket as access is judged by: a snapshot, good until the ticket changes.
#[derive(Clone, PartialEq, Debug)]
pub struct Access {
    /// Whose ticket.
    pub provider: ProviderId,
    /// The ticket.
    pub ticket: TicketId,
    /// Its code, which is also its password.
    pub code: TicketCode,
    /// Its state.
    pub state: TicketState,
    /// Its terms.
    pub terms: PlanTerms,
    /// Its end, once it runs.
    pub expires_at: Option<Timestamp>,
    /// What it has used.
    pub usage: Usage,
    /// The devices bound to it.
    pub devices: Arc<[MacAddr]>,
}

impl Access {
    /// What the ticket gives at `now`.
    ///
    /// # Errors
    /// Why it gives nothing.
    pub fn judge(&self, now: Timestamp) -> std::result::Result<Entitlement, Refusal> {
        Entitlement::of(self.state, &self.terms, self.expires_at, self.usage, now)
            .map_err(Refusal::from)
    }

    fn of(ticket: &Ticket, devices: Arc<[MacAddr]>) -> Self {
        Self {
            provider: ticket.provider,
            ticket: ticket.id,
            code: ticket.code,
            state: ticket.state,
            terms: ticket.terms,
            expires_at: ticket.expires_at,
            usage: ticket.usage,
            devices,
        }
    }
}

impl App {
    /// The router with this NAS-Identifier, whoever owns it.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn router_by_identity(&self, identity: &str) -> Result<Option<Router>> {
        Ok(self
            .store
            .read_system()
            .await?
            .router_by_identity(identity)
            .await?)
    }

    /// The routers that were last heard of from this host, for requests without NAS-Identifier.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn routers_by_source(&self, host: &str) -> Result<Vec<Router>> {
        Ok(self
            .store
            .read_system()
            .await?
            .routers_by_source(host)
            .await?)
    }

    /// Notes that a genuine request came from a router.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn router_seen(
        &self,
        provider: ProviderId,
        router: RouterId,
        source_host: &str,
        message_authenticator: bool,
    ) -> Result<()> {
        let mut tx = self.store.tenant(provider).await?;
        tx.touch_router(router, source_host, message_authenticator, self.now())
            .await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Router(router));
        Ok(())
    }

    /// The ticket that `key` opens, in whatever state it is. For a device: the live ticket it is
    /// bound to that ends last, else the live one whose identity its address is.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn find_access(
        &self,
        provider: ProviderId,
        key: &AccessKey,
    ) -> Result<Option<Access>> {
        let mut tx = self.store.read(provider).await?;
        let ticket = match key {
            AccessKey::Code(code) => tx.ticket_by_code(code).await?,
            AccessKey::Device(mac) => {
                let mut live = tickets_of_device(&mut tx, *mac, self.now()).await?;
                (!live.is_empty()).then(|| live.swap_remove(0))
            }
        };
        let Some(ticket) = ticket else {
            return Ok(None);
        };
        let devices = device_list(&mut tx, ticket.id).await?;
        Ok(Some(Access::of(&ticket, devices)))
    }

    /// Lets a device in on a ticket: begins its time if this is its first use, binds the device,
    /// and refuses one device too many. One transaction; of many at once, the limit holds.
    ///
    /// # Errors
    /// [`Error::Store`]. A refusal is an answer, not an error.
    pub async fn admit(
        &self,
        provider: ProviderId,
        ticket: TicketId,
        mac: Option<MacAddr>,
    ) -> Result<std::result::Result<Access, Refusal>> {
        let now = self.now();
        let mut tx = self.store.tenant(provider).await?;
        if tx.provider().await?.status == ProviderStatus::Suspended {
            return Ok(Err(Refusal::ProviderSuspended));
        }
        let found = if planted("no-device-lock") {
            tx.ticket(ticket).await?
        } else {
            tx.lock_ticket(ticket).await?
        };
        let Some(mut ticket) = found else {
            return Ok(Err(Refusal::Unknown));
        };
        let entitlement = match Entitlement::of(
            ticket.state,
            &ticket.terms,
            ticket.expires_at,
            ticket.usage,
            now,
        ) {
            Ok(entitlement) => entitlement,
            Err(reason) => return Ok(Err(reason.into())),
        };
        if let Some(mac) = mac
            && let Err(refusal) = bind(&mut tx, &ticket, mac, now).await?
        {
            return Ok(Err(refusal));
        }
        if entitlement.activates {
            tx.activate_ticket(ticket.id, now, entitlement.expires_at)
                .await?;
            ticket.state = TicketState::Active;
            ticket.expires_at = entitlement.expires_at;
        }
        if let Origin::Payment(payment) = ticket.origin {
            let detail = mac.map(|m| m.to_string());
            tx.add_first_payment_step(
                payment,
                self.next_step_id(),
                now,
                PaymentStep::Connected,
                detail.as_deref().unwrap_or_default(),
            )
            .await?;
        }
        let devices = device_list(&mut tx, ticket.id).await?;
        crash_point("admit.before_commit");
        tx.commit().await?;
        crash_point("admit.committed");
        self.expiry.notify_one();
        self.events.tell(provider, Change::Ticket(ticket.id));
        if let Origin::Payment(payment) = ticket.origin {
            self.events.tell(provider, Change::Payment(payment));
        }
        Ok(Ok(Access::of(&ticket, devices)))
    }

    /// Writes accounting records down; returns when they are durable. A ticket whose data is spent
    /// by them ends, and its sessions are put off.
    ///
    /// # Errors
    /// [`Error::Store`]: none of the records of the failing provider was kept, and none may be
    /// acknowledged.
    pub async fn record_accounting(&self, records: Vec<(ProviderId, SessionUpdate)>) -> Result<()> {
        let mut by_provider: Vec<(ProviderId, Vec<SessionUpdate>)> = Vec::new();
        for (provider, update) in records {
            match by_provider.iter_mut().find(|(p, _)| *p == provider) {
                Some((_, updates)) => updates.push(update),
                None => by_provider.push((provider, vec![update])),
            }
        }
        for (provider, updates) in by_provider {
            let mut tx = self.store.tenant(provider).await?;
            tx.record_sessions(&updates).await?;
            crash_point("accounting.before_commit");
            tx.commit().await?;
            crash_point("accounting.committed");
            for update in &updates {
                self.events.tell(provider, Change::Session(update.id));
            }
            self.end_spent_tickets(provider, &updates).await;
            self.put_off_without_right(provider, &updates).await;
        }
        Ok(())
    }

    /// Closes the sessions that a router had before it restarted.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn router_restarted(
        &self,
        provider: ProviderId,
        router: RouterId,
        before: Timestamp,
    ) -> Result<u64> {
        let mut tx = self.store.tenant(provider).await?;
        let closed = tx
            .close_sessions_of_router(router, before, "NAS-Reboot")
            .await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Router(router));
        Ok(closed)
    }

    /// Whether somebody may try a code at all: see [`count_wrong_code`](Self::count_wrong_code).
    pub fn may_try_code(&self, provider: ProviderId, who: &str) -> bool {
        let now = self.now();
        let by_text = &self.limits.by_text;
        let own = (Action::WrongCode, format!("{provider} {who}"));
        let everybody = (Action::WrongCode, provider.to_string());
        by_text.is_left(&own, Action::WrongCode.allowance(), now)
            && by_text.is_left(&everybody, WRONG_CODES_PER_PROVIDER, now)
    }

    /// Counts a wrong code, by whoever typed it (`who`: a device or an address) and for the whole
    /// provider.
    ///
    /// # Errors
    /// [`Error::TooMany`] once there were too many: answer nothing but that until it passes, right
    /// codes included, so that an answer tells a guesser nothing.
    pub fn count_wrong_code(&self, provider: ProviderId, who: &str) -> Result<()> {
        let now = self.now();
        let by_text = &self.limits.by_text;
        let too_many = |retry_after| Error::TooMany { retry_after };
        let key = (Action::WrongCode, format!("{provider} {who}"));
        by_text
            .take(key, Action::WrongCode.allowance(), now)
            .map_err(too_many)?;
        let key = (Action::WrongCode, provider.to_string());
        by_text
            .take(key, WRONG_CODES_PER_PROVIDER, now)
            .map_err(too_many)
    }
}

/// The tickets that give a device access at `now`: those it is bound to, the one that ends last first,
/// then the one that was bought away from the hotspot and has this address as its identity. Logging in
/// by that address binds it like any other device, so it has one place on the ticket, not two.
pub(crate) async fn tickets_of_device(
    tx: &mut TenantTx,
    mac: MacAddr,
    now: Timestamp,
) -> Result<Vec<Ticket>> {
    let mut tickets = tx.live_tickets_by_mac(mac).await?;
    let own = tx.ticket_by_identity_mac(mac).await?;
    tickets.extend(own.filter(|own| tickets.iter().all(|t| t.id != own.id)));
    tickets.retain(|t| Entitlement::of(t.state, &t.terms, t.expires_at, t.usage, now).is_ok());
    Ok(tickets)
}

async fn device_list(tx: &mut TenantTx, ticket: TicketId) -> Result<Arc<[MacAddr]>> {
    Ok(tx
        .devices(ticket)
        .await?
        .into_iter()
        .map(|d| d.mac)
        .collect())
}

/// Binds a device to a ticket within its device limit. A device that is away gives its place up.
async fn bind(
    tx: &mut TenantTx,
    ticket: &Ticket,
    mac: MacAddr,
    now: Timestamp,
) -> Result<std::result::Result<(), Refusal>> {
    let devices = tx.devices(ticket.id).await?;
    let known = devices.iter().any(|d| d.mac == mac);
    if !known && devices.len() >= usize::from(ticket.terms.device_limit) {
        let online = tx.open_sessions_of_ticket(ticket.id).await?;
        let away = devices.iter().rev().find(|d| {
            now.since(d.last_seen_at) >= DEVICE_GRACE
                && !online.iter().any(|s| s.mac == Some(d.mac))
        });
        let Some(away) = away else {
            return Ok(Err(Refusal::DeviceLimit));
        };
        tx.unbind_device(ticket.id, away.mac).await?;
    }
    tx.bind_device(ticket.id, mac, now).await?;
    Ok(Ok(()))
}
