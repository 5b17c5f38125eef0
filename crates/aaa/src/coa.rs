//! Disconnect-Requests (RFC 5176): telling a router to put somebody off.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bando_app::{Disconnected, RouterControl};
use bando_domain::{Clock, Entropy};
use bando_radius::dictionary::{
    ACCT_SESSION_ID, CALLING_STATION_ID, ERROR_CAUSE, EVENT_TIMESTAMP, FRAMED_IP_ADDRESS,
    NAS_IDENTIFIER, USER_NAME,
};
use bando_radius::{Builder, Code, ErrorCause, MAX_LENGTH, Packet, Secret};
use bando_store::{Router, Session};
use tokio::net::{UdpSocket, lookup_host};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Where RouterOS takes CoA and Disconnect (`/radius incoming`).
const DEFAULT_PORT: u16 = 3799;

/// Requests under way at once: each has a socket of its own.
const MAX_AT_ONCE: usize = 256;

/// When a request is sent again (RFC 5080 §2.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timers {
    /// IRT: the first wait; each further one is twice as long, give or take a tenth.
    pub first: Duration,
    /// MRT: the longest single wait.
    pub longest: Duration,
    /// MRC: how often it is sent altogether.
    pub sends: u32,
    /// MRD: the longest time altogether.
    pub total: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(16),
            sends: 5,
            total: Duration::from_secs(30),
        }
    }
}

/// Sends Disconnect-Requests to routers.
pub struct CoaClient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    timers: Timers,
    at_once: Semaphore,
}

impl CoaClient {
    /// A client with these timers.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, timers: Timers) -> Self {
        Self {
            clock,
            entropy,
            timers,
            at_once: Semaphore::new(MAX_AT_ONCE),
        }
    }

    /// The answer of the router, if one comes.
    async fn ask(&self, router: &Router, session: &Session) -> Result<Answer, Failure> {
        let address = address(router).await?;
        let secret = Secret::new(router.secret.expose().as_bytes())?;
        let [identifier] = self.random();
        let mut buffer = Vec::new();
        let request = self.request(&mut buffer, identifier, router, session, &secret)?;
        let request = Packet::parse(request)?;

        let local = match address.ip() {
            IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
        };
        let socket = UdpSocket::bind((local, 0)).await?;
        // The system lets only packets from that address and port through.
        socket.connect(address).await?;

        let end = Instant::now() + self.timers.total;
        let mut wait = self.timers.first;
        for _ in 0..self.timers.sends {
            // Refused means that the router is restarting, or was; time will tell.
            let _ = socket.send(request.as_bytes()).await;
            let until = (Instant::now() + self.about(wait)).min(end);
            if let Some(answer) = listen(&socket, &request, &secret, until).await {
                return Ok(answer);
            }
            wait = (wait * 2).min(self.timers.longest);
        }
        Ok(Answer::None)
    }

    /// Everything a router may know a session by, and nothing else (RFC 5176 §3.6); RouterOS wants
    /// at least two of them.
    fn request<'b>(
        &self,
        buffer: &'b mut Vec<u8>,
        identifier: u8,
        router: &Router,
        session: &Session,
        secret: &Secret,
    ) -> Result<&'b [u8], bando_radius::Error> {
        let mut request = Builder::disconnect_request(buffer, identifier);
        request
            .text(NAS_IDENTIFIER, &router.identity)
            .text(USER_NAME, &session.user_name);
        request.text(ACCT_SESSION_ID, &session.acct_session_id);
        if let Some(ip) = session
            .framed_ip
            .as_deref()
            .and_then(|ip| ip.parse::<Ipv4Addr>().ok())
        {
            request.ipv4(FRAMED_IP_ADDRESS, ip);
        }
        if let Some(mac) = session.mac {
            request.text(CALLING_STATION_ID, &mac.to_string());
        }
        let now = u32::try_from(self.clock.now().as_seconds()).unwrap_or(u32::MAX);
        request.u32(EVENT_TIMESTAMP, now);
        request.finish(secret)
    }

    /// A tenth less to a tenth more.
    fn about(&self, wait: Duration) -> Duration {
        let [random] = self.random();
        wait * 9 / 10 + wait / 5 * u32::from(random) / 255
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for CoaClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoaClient")
            .field("timers", &self.timers)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl RouterControl for CoaClient {
    async fn disconnect(&self, router: &Router, session: &Session) -> Disconnected {
        let Ok(_permit) = self.at_once.acquire().await else {
            return Disconnected::NoAnswer;
        };
        match self.ask(router, session).await {
            Ok(Answer::Done) => Disconnected::Gone,
            Ok(Answer::Refused(Some(ErrorCause::SessionContextNotFound))) => Disconnected::NotThere,
            Ok(Answer::Refused(cause)) => {
                Disconnected::Refused(cause.map_or("no reason given", ErrorCause::name).to_owned())
            }
            Ok(Answer::None) => Disconnected::NoAnswer,
            Err(error) => {
                tracing::warn!(router = %router.id, %error, "no Disconnect-Request could be sent");
                Disconnected::NoAnswer
            }
        }
    }
}

/// What came of a request.
enum Answer {
    /// Disconnect-ACK.
    Done,
    /// Disconnect-NAK with its Error-Cause.
    Refused(Option<ErrorCause>),
    /// Nothing.
    None,
}

/// Why none could be sent.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("its address is not known: it has not been heard of yet; enter its CoA address")]
    NoAddress,
    #[error("its address cannot be used: {0}")]
    Address(#[from] std::io::Error),
    #[error(transparent)]
    Packet(#[from] bando_radius::Error),
}

/// Waits for a genuine answer to the request; whatever else comes is ignored, so that nobody can
/// keep the router's own answer out.
async fn listen(
    socket: &UdpSocket,
    request: &Packet<'_>,
    secret: &Secret,
    until: Instant,
) -> Option<Answer> {
    let mut buffer = [0; MAX_LENGTH];
    loop {
        let Ok(length) = timeout_at(until, socket.recv(&mut buffer)).await.ok()? else {
            // A port that is closed answers at once, again and again.
            tokio::time::sleep_until(until).await;
            return None;
        };
        let Ok(reply) = Packet::parse(&buffer[..length]) else {
            continue;
        };
        let genuine = reply.identifier() == request.identifier()
            && secret.verify_reply(&reply, request.authenticator()).is_ok();
        match reply.code() {
            Code::DisconnectAck if genuine => return Some(Answer::Done),
            Code::DisconnectNak if genuine => {
                let cause = reply.u32(ERROR_CAUSE).and_then(ErrorCause::from_u32);
                return Some(Answer::Refused(cause));
            }
            _ => tracing::debug!("a forged or stray answer to a Disconnect-Request was ignored"),
        }
    }
}

/// Where the router takes orders: the address entered for it, else the one it was last heard from.
async fn address(router: &Router) -> Result<SocketAddr, Failure> {
    let entered = router
        .coa_address
        .as_deref()
        .or(router.source_address.as_deref());
    let entered = entered.ok_or(Failure::NoAddress)?.trim();
    if let Ok(address) = entered.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(ip) = entered.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, DEFAULT_PORT));
    }
    let found = if entered.contains(':') {
        lookup_host(entered).await?.next()
    } else {
        lookup_host((entered, DEFAULT_PORT)).await?.next()
    };
    found.ok_or(Failure::NoAddress)
}
