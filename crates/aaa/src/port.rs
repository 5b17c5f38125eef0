//! One UDP port: its socket, its duplicate cache, and what happens to each packet that comes in.

use std::fmt;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bando_radius::{Builder, Code, MAX_LENGTH, Packet};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::authority::{Authority, Verdict};
use crate::counters::{self, Counters};
use crate::duplicates::{Duplicates, Request, Seen};
use crate::routers::{KnownRouter, Name, Origin, Routers};
use crate::writer::Record;
use crate::{Config, DropReason, accept, login, report};

/// Packets that may wait for the database at the same time.
pub(crate) const MAX_WAITING: u32 = 1024;

/// Of those, packets whose router is not known yet: strangers must not crowd the others out.
pub(crate) const MAX_STRANGERS: usize = 256;

/// What a port is for.
pub(crate) enum Kind {
    /// Access-Requests.
    Auth,
    /// Accounting-Requests, which go into this queue.
    Acct(Mutex<Option<mpsc::Sender<Record>>>),
}

/// What both ports use.
pub(crate) struct Service {
    pub(crate) app: bando_app::App,
    pub(crate) config: Config,
    pub(crate) routers: Arc<Routers>,
    pub(crate) authority: Authority,
    pub(crate) counters: Arc<Counters>,
    pub(crate) runtime: Handle,
    pub(crate) waiting: Arc<Semaphore>,
    pub(crate) strangers: Arc<Semaphore>,
    pub(crate) stop: AtomicBool,
}

/// A port that is served by one thread of its own: a packet that needs no database is answered on
/// it without a task or a wake-up; the others continue as tasks.
pub(crate) struct Port {
    pub(crate) kind: Kind,
    socket: UdpSocket,
    duplicates: Mutex<Duplicates>,
    service: Arc<Service>,
}

impl Port {
    pub(crate) fn new(kind: Kind, socket: UdpSocket, service: Arc<Service>) -> Self {
        Self {
            kind,
            socket,
            duplicates: Mutex::new(Duplicates::new(Instant::now())),
            service,
        }
    }

    /// Takes packets until the service stops.
    pub(crate) fn serve(self: &Arc<Self>) {
        let mut datagram = vec![0; MAX_LENGTH];
        let mut reply = Vec::with_capacity(MAX_LENGTH);
        while !self.service.stop.load(Ordering::Relaxed) {
            match self.socket.recv_from(&mut datagram) {
                Ok((length, from)) => self.survive(&datagram[..length], from, &mut reply),
                Err(error) if is_passing(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "RADIUS cannot receive");
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    /// Sends the answer to a request and keeps it for the router that asks again.
    pub(crate) fn answer(&self, request: &Request, reply: Box<[u8]>) {
        self.send(&reply, request.from);
        self.duplicates().answered(request, reply);
    }

    /// Leaves a request without an answer, so that it counts as new when it comes again.
    pub(crate) fn give_up(&self, request: &Request, reason: DropReason, why: impl fmt::Display) {
        self.duplicates().forget(request);
        self.dropped(reason, request.from, why);
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.service.counters
    }

    /// A mistake in handling one packet must not silence every router.
    fn survive(self: &Arc<Self>, datagram: &[u8], from: SocketAddr, reply: &mut Vec<u8>) {
        let handled = AssertUnwindSafe(|| self.receive(datagram, from, reply));
        if panic::catch_unwind(handled).is_err() {
            tracing::error!(%from, "handling a RADIUS packet panicked; it gets no answer");
        }
    }

    fn receive(self: &Arc<Self>, datagram: &[u8], from: SocketAddr, reply: &mut Vec<u8>) {
        let packet = match Packet::parse(datagram) {
            Ok(packet) => packet,
            Err(error) => return self.dropped(DropReason::Malformed, from, error),
        };
        let expected = match self.kind {
            Kind::Auth => Code::AccessRequest,
            Kind::Acct(_) => Code::AccountingRequest,
        };
        if packet.code() != expected && packet.code() != Code::StatusServer {
            return self.dropped(DropReason::Unexpected, from, packet.code());
        }
        match self.service.routers.origin(&packet, source(from)) {
            Origin::Known(routers) => self.handle(&packet, from, &routers, reply),
            Origin::Unknown => self.unknown_router(&packet, from),
            Origin::NotLoaded => self.load_router(&packet, from),
        }
    }

    /// Asks the database for the router, then goes on.
    fn load_router(self: &Arc<Self>, packet: &Packet<'_>, from: SocketAddr) {
        let permits = (
            self.wait(),
            Arc::clone(&self.service.strangers).try_acquire_owned(),
        );
        let (Some(waiting), Ok(stranger)) = permits else {
            return self.dropped(
                DropReason::Overload,
                from,
                "too many unknown routers at once",
            );
        };
        let (port, bytes) = (Arc::clone(self), Box::<[u8]>::from(packet.as_bytes()));
        self.service.runtime.spawn(async move {
            let Ok(packet) = Packet::parse(&bytes) else {
                return;
            };
            let loaded = port
                .service
                .routers
                .load(Name::of(&packet, source(from)))
                .await;
            drop(stranger);
            match loaded {
                Ok(Origin::Known(routers)) => port.handle(&packet, from, &routers, &mut Vec::new()),
                Ok(Origin::Unknown | Origin::NotLoaded) => port.unknown_router(&packet, from),
                Err(error) => port.dropped(DropReason::Unavailable, from, error),
            }
            drop(waiting);
        });
    }

    /// Verifies a packet and answers it, at once if possible.
    fn handle(
        self: &Arc<Self>,
        packet: &Packet<'_>,
        from: SocketAddr,
        routers: &[Arc<KnownRouter>],
        reply: &mut Vec<u8>,
    ) {
        let router = match self.service.routers.verify(routers, packet) {
            Ok(router) => router,
            Err(reason) => return self.dropped(reason, from, packet.readable()),
        };
        if self.service.routers.heard(router, packet, source(from)) {
            self.write_down(router, from);
        }
        if packet.code() == Code::StatusServer {
            return self.alive(packet, from, router, reply);
        }
        let request = Request::new(packet, from);
        match self.duplicates().check(&request, Instant::now()) {
            Seen::New => {}
            Seen::InProgress => return self.dropped(DropReason::InProgress, from, packet.code()),
            Seen::Answered(reply) => {
                counters::count(&self.service.counters.repeated);
                return self.send(reply, from);
            }
        }
        match &self.kind {
            Kind::Auth => self.authenticate(packet, request, router, reply),
            Kind::Acct(_) => self.account(packet, request, router, reply),
        }
    }

    fn authenticate(
        self: &Arc<Self>,
        packet: &Packet<'_>,
        request: Request,
        router: &Arc<KnownRouter>,
        reply: &mut Vec<u8>,
    ) {
        let login = match login::read(packet, &router.secret) {
            Ok(login) => login,
            Err(error) => return self.give_up(&request, DropReason::Malformed, error),
        };
        let address = source(request.from);
        if let Some(verdict) = self.service.authority.recall(router, &login, address) {
            return self.pronounce(packet, &request, router, &verdict, reply);
        }
        let Some(waiting) = self.wait() else {
            return self.give_up(&request, DropReason::Overload, "too many logins at once");
        };
        let (port, router) = (Arc::clone(self), Arc::clone(router));
        let bytes = Box::<[u8]>::from(packet.as_bytes());
        self.service.runtime.spawn(async move {
            let Ok(packet) = Packet::parse(&bytes) else {
                return;
            };
            match port
                .service
                .authority
                .decide(&router, &login, address)
                .await
            {
                Ok(verdict) => {
                    port.pronounce(&packet, &request, &router, &verdict, &mut Vec::new());
                }
                Err(error) => port.give_up(&request, DropReason::Unavailable, error),
            }
            drop(waiting);
        });
    }

    fn pronounce(
        &self,
        packet: &Packet<'_>,
        request: &Request,
        router: &KnownRouter,
        verdict: &Verdict,
        reply: &mut Vec<u8>,
    ) {
        let Service {
            app,
            config,
            counters,
            ..
        } = &*self.service;
        let (written, counter) = match verdict {
            Verdict::Accept(access, entitlement) => {
                let session = app.new_session_id();
                let written =
                    accept::accept(reply, packet, router, access, entitlement, session, config);
                (written, &counters.accepts)
            }
            Verdict::Reject(refusal) => {
                tracing::debug!(router = %router.id, refusal = refusal.name(), "login refused");
                (
                    accept::reject(reply, packet, router, *refusal),
                    &counters.rejects,
                )
            }
        };
        match written {
            Ok(()) => {
                counters::count(counter);
                self.answer(request, Box::from(reply.as_slice()));
            }
            // More Proxy-State than leaves room for an answer.
            Err(error) => self.give_up(request, DropReason::Malformed, error),
        }
    }

    fn account(
        self: &Arc<Self>,
        packet: &Packet<'_>,
        request: Request,
        router: &Arc<KnownRouter>,
        reply: &mut Vec<u8>,
    ) {
        let Some(report) = report::read(packet, router.id, self.service.app.now()) else {
            let why = "no Acct-Status-Type or Acct-Session-Id";
            return self.give_up(&request, DropReason::Malformed, why);
        };
        let response = Builder::reply(reply, Code::AccountingResponse, packet);
        if let Err(error) = response.finish(&router.secret) {
            return self.give_up(&request, DropReason::Malformed, error);
        }
        let reply = Box::from(reply.as_slice());
        let record = Record {
            router: Arc::clone(router),
            report,
            request,
            reply,
        };
        let report::Report::Session(session) = &record.report else {
            return self.enqueue(record);
        };
        if session.key.is_none() {
            return self.enqueue(record);
        }
        let Some(waiting) = self.wait() else {
            return self.give_up(
                &record.request,
                DropReason::Overload,
                "too many reports at once",
            );
        };
        let port = Arc::clone(self);
        self.service.runtime.spawn(async move {
            port.find_ticket(record).await;
            drop(waiting);
        });
    }

    /// Finds the ticket of a record that does not name it, then goes on.
    async fn find_ticket(&self, mut record: Record) {
        if let report::Report::Session(session) = &mut record.report
            && let Some(key) = &session.key
        {
            match self
                .service
                .authority
                .ticket(record.router.provider, key)
                .await
            {
                Ok(ticket) => session.update.ticket_id = ticket,
                Err(error) => return self.give_up(&record.request, DropReason::Unavailable, error),
            }
        }
        self.enqueue(record);
    }

    fn enqueue(&self, record: Record) {
        let Kind::Acct(queue) = &self.kind else {
            return;
        };
        let queue = queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let refused = match queue {
            Some(queue) => queue.try_send(record).err().map(|error| match error {
                mpsc::error::TrySendError::Full(record)
                | mpsc::error::TrySendError::Closed(record) => record,
            }),
            None => Some(record),
        };
        if let Some(record) = refused {
            self.give_up(
                &record.request,
                DropReason::Overload,
                "the accounting queue is full",
            );
        }
    }

    /// Answers Status-Server (RFC 5997).
    fn alive(
        &self,
        packet: &Packet<'_>,
        from: SocketAddr,
        router: &KnownRouter,
        reply: &mut Vec<u8>,
    ) {
        let code = match self.kind {
            Kind::Auth => Code::AccessAccept,
            Kind::Acct(_) => Code::AccountingResponse,
        };
        if let Ok(reply) = Builder::reply(reply, code, packet).finish(&router.secret) {
            counters::count(&self.service.counters.status);
            self.send(reply, from);
        }
    }

    fn write_down(&self, router: &Arc<KnownRouter>, from: SocketAddr) {
        let (service, router) = (Arc::clone(&self.service), Arc::clone(router));
        self.service.runtime.spawn(async move {
            service.routers.write_down(&router, source(from)).await;
        });
    }

    fn wait(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.service.waiting).try_acquire_owned().ok()
    }

    fn unknown_router(&self, packet: &Packet<'_>, from: SocketAddr) {
        self.dropped(DropReason::UnknownRouter, from, packet.readable());
    }

    fn dropped(&self, reason: DropReason, from: SocketAddr, what: impl fmt::Display) {
        self.service
            .counters
            .dropped(reason, format_args!("from {from}: {what}"));
    }

    fn send(&self, reply: &[u8], to: SocketAddr) {
        if let Err(error) = self.socket.send_to(reply, to) {
            tracing::debug!(%to, %error, "a RADIUS reply could not be sent");
        }
    }

    fn duplicates(&self) -> MutexGuard<'_, Duplicates> {
        self.duplicates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address a packet came from; of IPv4 through an IPv6 socket, the IPv4 address.
fn source(from: SocketAddr) -> std::net::IpAddr {
    from.ip().to_canonical()
}

/// Nothing came, or an earlier reply found nobody.
fn is_passing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, Interrupted, TimedOut, WouldBlock};
    matches!(
        error.kind(),
        WouldBlock | TimedOut | Interrupted | ConnectionRefused
    )
}
