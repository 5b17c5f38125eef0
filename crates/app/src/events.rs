//! What changed, told to whoever watches: live pages and caches.

use bando_domain::{BatchId, PaymentId, ProviderId, RouterId, SessionId, TicketId};
use tokio::sync::broadcast;

/// Something changed, and the change is committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Whose it is.
    pub provider: ProviderId,
    /// What changed.
    pub change: Change,
}

/// What changed. Only the id: whoever wants more reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// A payment began or went on.
    Payment(PaymentId),
    /// A ticket was made, began, was used or ended.
    Ticket(TicketId),
    /// A session began, was accounted or ended.
    Session(SessionId),
    /// A router was heard of or its settings changed.
    Router(RouterId),
    /// A batch grew.
    Batch(BatchId),
    /// A case was opened or solved.
    Cases,
    /// A refund or payout was asked for, decided or came further.
    Sending,
    /// Plans or settings of the provider changed.
    Settings,
}

/// How many events a slow watcher may lag behind before it is told that it missed some.
const BACKLOG: usize = 4096;

/// The sender of events.
#[derive(Clone, Debug)]
pub(crate) struct Events(broadcast::Sender<Event>);

impl Events {
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }

    /// Tells everybody who watches; nobody has to.
    pub(crate) fn tell(&self, provider: ProviderId, change: Change) {
        let _ = self.0.send(Event { provider, change });
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}
