//! Tickets as they were last read, so that most logins need no database.

use std::sync::Arc;
use std::time::Duration;

use bando_app::{Access, AccessKey};
use bando_domain::{MacAddr, ProviderId, TicketCode, TicketId};
use bando_store::Engine;
use moka::sync::Cache;

use crate::invalidations::Invalidations;

/// The most tickets remembered.
const MAX_TICKETS: u64 = 200_000;

/// How long another node's change may go unnoticed.
const SHARED_LIFE: Duration = Duration::from_secs(2);

/// Which ticket serves a device changes without a word (a new one is bought), so it is looked up
/// again this often.
const DEVICE_LIFE: Duration = Duration::from_secs(2);

/// The cache. On SQLite this process alone has the database, and a snapshot is good until the ticket
/// changes; on PostgreSQL other nodes may change it, so it is good for two seconds at most.
pub(crate) struct Snapshots {
    tickets: Cache<TicketId, Arc<Access>>,
    codes: Cache<(ProviderId, TicketCode), TicketId>,
    devices: Cache<(ProviderId, MacAddr), TicketId>,
    changes: Invalidations<TicketId>,
}

impl Snapshots {
    pub(crate) fn new(engine: Engine) -> Self {
        let tickets = Cache::builder().max_capacity(MAX_TICKETS);
        let tickets = match engine {
            Engine::Sqlite => tickets,
            Engine::Postgres => tickets.time_to_live(SHARED_LIFE),
        };
        Self {
            tickets: tickets.build(),
            codes: Cache::new(MAX_TICKETS),
            devices: Cache::builder()
                .max_capacity(MAX_TICKETS)
                .time_to_live(DEVICE_LIFE)
                .build(),
            changes: Invalidations::new(),
        }
    }

    /// What was last read of the ticket that `key` opens.
    pub(crate) fn get(&self, provider: ProviderId, key: &AccessKey) -> Option<Arc<Access>> {
        let ticket = match key {
            AccessKey::Code(code) => self.codes.get(&(provider, *code)),
            AccessKey::Device(mac) => self.devices.get(&(provider, *mac)),
        }?;
        self.tickets.get(&ticket)
    }

    /// Call before reading what [`keep`](Self::keep) is to keep.
    pub(crate) fn before_read(&self) -> u64 {
        self.changes.now()
    }

    /// Keeps what was read since [`before_read`](Self::before_read), unless it has changed again.
    pub(crate) fn keep(
        &self,
        provider: ProviderId,
        key: &AccessKey,
        access: Arc<Access>,
        read: u64,
    ) {
        let ticket = access.ticket;
        match key {
            AccessKey::Code(code) => self.codes.insert((provider, *code), ticket),
            AccessKey::Device(mac) => self.devices.insert((provider, *mac), ticket),
        }
        self.tickets.insert(ticket, access);
        if self.changes.since(&ticket, read) {
            self.tickets.invalidate(&ticket);
        }
    }

    /// Forgets a ticket that has changed.
    pub(crate) fn forget(&self, ticket: TicketId) {
        self.changes.note(ticket);
        self.tickets.invalidate(&ticket);
    }

    /// Forgets a ticket whose traffic has been accounted, if its data is limited: what is left of it
    /// goes to the router.
    pub(crate) fn forget_usage(&self, ticket: TicketId) {
        if self
            .tickets
            .get(&ticket)
            .is_none_or(|access| access.terms.data.is_some())
        {
            self.forget(ticket);
        }
    }

    /// Forgets all of them.
    pub(crate) fn forget_everything(&self) {
        self.changes.note_everything();
        self.tickets.invalidate_all();
    }
}
