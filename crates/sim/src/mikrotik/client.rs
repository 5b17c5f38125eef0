//! Asking RADIUS: identifiers, retransmission, and the proof that an answer is one.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use bando_radius::{Code, Packet};
use tokio::net::UdpSocket;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use super::lock;
use super::router::Router;
use super::view::Direction;

/// Requests to one server that wait for their answers at the same time: an identifier has eight bits.
const IN_FLIGHT: usize = 200;

/// The router's socket towards its servers.
pub(super) struct Client {
    socket: UdpSocket,
    pending: Mutex<Pending>,
    auth_slots: Semaphore,
    acct_slots: Semaphore,
}

#[derive(Default)]
struct Pending {
    waiting: HashMap<(SocketAddr, u8), mpsc::UnboundedSender<Vec<u8>>>,
    last: u8,
}

/// Which of the two servers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Authentication,
    Accounting,
}

/// When to stop sending a request again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// After the configured number of sends.
    Limited,
    /// Never: a Start or Stop is told until somebody confirms it.
    Endless,
}

impl Client {
    pub(super) async fn bind() -> io::Result<Self> {
        Ok(Self {
            socket: any_port().await?,
            pending: Mutex::default(),
            auth_slots: Semaphore::new(IN_FLIGHT),
            acct_slots: Semaphore::new(IN_FLIGHT),
        })
    }

    /// Takes an identifier that nobody waits on. There is one: the slots see to it.
    fn enrol(&self, server: SocketAddr) -> Enrolled<'_> {
        let (sender, answers) = mpsc::unbounded_channel();
        let mut pending = lock(&self.pending);
        let mut identifier = pending.last.wrapping_add(1);
        while pending.waiting.contains_key(&(server, identifier)) {
            identifier = identifier.wrapping_add(1);
        }
        pending.last = identifier;
        pending.waiting.insert((server, identifier), sender);
        Enrolled {
            client: self,
            key: (server, identifier),
            answers,
        }
    }
}

/// An identifier in use; free again when dropped.
struct Enrolled<'a> {
    client: &'a Client,
    key: (SocketAddr, u8),
    answers: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Drop for Enrolled<'_> {
    fn drop(&mut self) {
        lock(&self.client.pending).waiting.remove(&self.key);
    }
}

impl Router {
    /// Hands every datagram that arrives to whoever waits for it, for ever.
    pub(super) async fn receive_replies(self: Arc<Self>) {
        let mut buffer = [0; bando_radius::MAX_LENGTH];
        loop {
            // An ICMP error of an earlier datagram may surface here; it means nothing.
            if let Ok((length, from)) = self.client.socket.recv_from(&mut buffer).await {
                self.deliver(from, &buffer[..length]);
            }
        }
    }

    fn deliver(&self, from: SocketAddr, datagram: &[u8]) {
        if !self.is_on() || self.loses() {
            return;
        }
        let identifier = datagram.get(1).copied().unwrap_or_default();
        let waiting = lock(&self.client.pending)
            .waiting
            .get(&(from, identifier))
            .cloned();
        match waiting {
            // Whoever stopped waiting in this moment needs no answer.
            Some(sender) => drop(sender.send(datagram.to_vec())),
            None => self.record(Direction::Received, datagram, Some("nobody waits for it")),
        }
    }

    /// Sends what `build` makes with a free identifier until an answer that proves the secret comes.
    /// Every repetition is the same to the byte.
    ///
    /// None if no such answer came, or the packet could not be built.
    pub(super) async fn exchange(
        &self,
        server: Server,
        patience: Patience,
        build: impl FnOnce(u8) -> Result<Vec<u8>, bando_radius::Error>,
    ) -> Option<Vec<u8>> {
        let (address, slots) = match server {
            Server::Authentication => (self.config.auth_server, &self.client.auth_slots),
            Server::Accounting => (self.config.acct_server, &self.client.acct_slots),
        };
        let _slot = match (server, patience) {
            // An interim update that would have to wait in line is soon out of date.
            (Server::Accounting, Patience::Limited) => slots.try_acquire().ok()?,
            _ => slots.acquire().await.ok()?,
        };
        let mut enrolled = self.client.enrol(address);
        let request = match build(enrolled.key.1) {
            Ok(request) => request,
            Err(error) => {
                tracing::warn!(%error, "the simulated router cannot write this request");
                return None;
            }
        };
        self.journal.count(|c| c.requests += 1);
        let mut sends = 0;
        while patience == Patience::Endless || sends <= self.config.client.resends {
            if sends > 0 {
                self.journal.count(|c| c.resends += 1);
            }
            sends += 1;
            let answer = self.attempt(address, &request, &mut enrolled.answers).await;
            if answer.is_some() {
                return answer;
            }
        }
        self.journal.count(|c| c.timeouts += 1);
        None
    }

    /// Sends once and waits one time-out.
    async fn attempt(
        &self,
        server: SocketAddr,
        request: &[u8],
        answers: &mut mpsc::UnboundedReceiver<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let deadline = Instant::now() + self.config.client.timeout;
        // Behind a forgetful address translator answers reach only the port of this attempt.
        let own = if self.faults().nat {
            any_port().await.ok()
        } else {
            None
        };
        self.transmit(own.as_ref().unwrap_or(&self.client.socket), server, request)
            .await;
        let mut buffer = [0; bando_radius::MAX_LENGTH];
        loop {
            let answer = match &own {
                None => timeout_at(deadline, answers.recv()).await.ok()??,
                Some(socket) => {
                    let received = timeout_at(deadline, socket.recv_from(&mut buffer))
                        .await
                        .ok()?;
                    match received {
                        Ok((length, from)) if from == server && !self.loses() => {
                            buffer[..length].to_vec()
                        }
                        _ => continue,
                    }
                }
            };
            if self.proves(request, &answer) {
                self.record(Direction::Received, &answer, None);
                let rejected = answer.first() == Some(&(Code::AccessReject as u8));
                self.journal.count(|c| {
                    c.rejects += u64::from(rejected);
                    c.accepts += u64::from(!rejected);
                });
                return Some(answer);
            }
            self.record(Direction::Received, &answer, Some("bad reply, dropped"));
            self.journal.count(|c| c.bad_replies += 1);
        }
    }

    /// Whether `answer` answers `request` and comes from someone who knows the secret.
    fn proves(&self, request: &[u8], answer: &[u8]) -> bool {
        let (Ok(request), Ok(answer)) = (Packet::parse(request), Packet::parse(answer)) else {
            return false;
        };
        let unsigned = request.code() == Code::AccessRequest
            && self.config.client.requires_signature
            && !answer.has_message_authenticator();
        answer.code().answers(request.code())
            && answer.identifier() == request.identifier()
            && !unsigned
            && self
                .key()
                .secret
                .verify_reply(&answer, request.authenticator())
                .is_ok()
    }

    /// Sends a datagram, as badly as the faults want it.
    pub(super) async fn transmit(&self, socket: &UdpSocket, to: SocketAddr, datagram: &[u8]) {
        let copies = if self.faults().duplicate { 2 } else { 1 };
        for _ in 0..copies {
            let lost = self.loses();
            self.record(Direction::Sent, datagram, lost.then_some("lost on the way"));
            if !lost {
                // A router does not learn whether anybody hears it.
                let _ = socket.send_to(datagram, to).await;
            }
        }
    }

    /// Whether the network loses the datagram at hand.
    pub(super) fn loses(&self) -> bool {
        let percent = self.faults().loss_percent;
        if percent == 0 {
            return false;
        }
        let mut random = [0];
        self.config.entropy.fill(&mut random);
        u32::from(random[0]) * 100 / 256 < u32::from(percent)
    }
}

async fn any_port() -> io::Result<UdpSocket> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await
}
