//! A RADIUS server that says what it is told to, a browser of three lines.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bando_domain::{Clock, MacAddr};
use bando_radius::{Attribute, Builder, Code, Packet, Secret};
use bando_sim::mikrotik::{MikrotikConfig, MikrotikSim};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;

use crate::support::{HandClock, Seeded};

pub(crate) const SECRET: &str = "testing123";
pub(crate) const MAC: MacAddr = MacAddr::new([0x40, 0xD3, 0xAE, 0x04, 0x32, 0x0C]);

/// What the server answers to an Access-Request.
#[derive(Clone)]
pub(crate) enum Answer {
    Accept(Vec<(Attribute, Vec<u8>)>),
    Reject(&'static str),
    /// An Access-Accept without Message-Authenticator.
    UnsignedAccept,
    Silence,
}

/// One datagram that reached the server.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from: SocketAddr,
}

impl Received {
    pub(crate) fn packet(&self) -> Packet<'_> {
        Packet::parse(&self.bytes).expect("a whole packet")
    }
}

/// A router, its server, and its clock.
pub(crate) struct World {
    clock: Arc<HandClock>,
    pub(crate) sim: MikrotikSim,
    pub(crate) server: Arc<Server>,
    _tasks: JoinSet<()>,
}

pub(crate) struct Server {
    pub(crate) answer: Mutex<Answer>,
    pub(crate) accounts: AtomicBool,
    received: Mutex<Vec<Received>>,
    secret: Secret,
}

impl Server {
    pub(crate) fn answers(&self, answer: Answer) {
        *self.answer.lock().expect("unpoisoned") = answer;
    }

    /// Everything of this code, repetitions included.
    pub(crate) fn received(&self, code: Code) -> Vec<Received> {
        let received = self.received.lock().expect("unpoisoned");
        received
            .iter()
            .filter(|r| r.packet().code() == code)
            .cloned()
            .collect()
    }

    async fn serve(self: Arc<Self>, socket: UdpSocket) {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let bytes = buffer[..length].to_vec();
            self.received.lock().expect("unpoisoned").push(Received {
                bytes: bytes.clone(),
                from,
            });
            if let Some(reply) = self.reply(&Packet::parse(&bytes).expect("a whole packet")) {
                socket.send_to(&reply, from).await.expect("loopback");
            }
        }
    }

    fn reply(&self, request: &Packet<'_>) -> Option<Vec<u8>> {
        let mut reply = Vec::new();
        if request.code() == Code::AccountingRequest {
            if !self.accounts.load(Ordering::SeqCst) {
                return None;
            }
            Builder::reply(&mut reply, Code::AccountingResponse, request)
                .finish(&self.secret)
                .expect("fits");
            return Some(reply);
        }
        match self.answer.lock().expect("unpoisoned").clone() {
            Answer::Silence => return None,
            Answer::UnsignedAccept => return Some(unsigned_accept(request)),
            Answer::Reject(reason) => {
                let mut builder = Builder::reply(&mut reply, Code::AccessReject, request);
                builder.text(bando_radius::dictionary::REPLY_MESSAGE, reason);
                builder.finish(&self.secret).expect("fits");
            }
            Answer::Accept(attributes) => {
                let mut builder = Builder::reply(&mut reply, Code::AccessAccept, request);
                for (attribute, value) in &attributes {
                    builder.bytes(*attribute, value);
                }
                builder.finish(&self.secret).expect("fits");
            }
        }
        Some(reply)
    }
}

fn unsigned_accept(request: &Packet<'_>) -> Vec<u8> {
    use md5::{Digest, Md5};

    let mut reply = vec![Code::AccessAccept as u8, request.identifier(), 0, 20];
    let digest = Md5::new()
        .chain_update(&reply)
        .chain_update(request.authenticator())
        .chain_update(SECRET)
        .finalize();
    reply.extend_from_slice(&digest);
    reply
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A router whose time-outs are short, that offers CHAP and takes PAP.
    pub(crate) async fn with(change: impl FnOnce(&mut MikrotikConfig)) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(1_700_000_000_000)));
        let server = Arc::new(Server {
            answer: Mutex::new(Answer::Accept(Vec::new())),
            accounts: AtomicBool::new(true),
            received: Mutex::default(),
            secret: Secret::new(SECRET.as_bytes()).expect("not empty"),
        });
        let mut tasks = JoinSet::new();
        let mut addresses = Vec::new();
        for _ in 0..2 {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .expect("a free port");
            addresses.push(socket.local_addr().expect("bound"));
            tasks.spawn(Arc::clone(&server).serve(socket));
        }
        let mut config = MikrotikConfig::new(
            "mama-njeri-k7mp",
            SECRET,
            (addresses[0], addresses[1]),
            "http://portal.test/p/mama-njeri".parse().expect("a URL"),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(Seeded(Mutex::new(7))),
        );
        config.client.timeout = Duration::from_millis(80);
        // Only what a test asks for.
        config.profile.mac = false;
        change(&mut config);
        let sim = MikrotikSim::start(config).await.expect("free ports");
        Self {
            clock,
            sim,
            server,
            _tasks: tasks,
        }
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).expect("short");
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// A device that is online with this grant.
    pub(crate) async fn online(&self, grant: Vec<(Attribute, Vec<u8>)>) {
        self.server.answers(Answer::Accept(grant));
        self.sim.join(MAC).expect("a free address");
        self.sim
            .login(MAC, "K7MPQ2XW9R", "K7MPQ2XW9R")
            .await
            .expect("accepted");
    }

    /// The Accounting-Requests so far, once there are this many.
    pub(crate) async fn accounting(&self, at_least: usize) -> Vec<Received> {
        eventually(|| self.server.received(Code::AccountingRequest).len() >= at_least).await;
        self.server.received(Code::AccountingRequest)
    }

    /// Sends a Disconnect or CoA as the server would, and gives the answer's code and Error-Cause.
    pub(crate) async fn order(
        &self,
        secret: &str,
        code: Code,
        attributes: &[(Attribute, Vec<u8>)],
    ) -> Option<(Code, Option<u32>)> {
        let secret = Secret::new(secret.as_bytes()).expect("not empty");
        let mut request = Vec::new();
        let mut builder = if code == Code::CoaRequest {
            Builder::coa_request(&mut request, 9)
        } else {
            Builder::disconnect_request(&mut request, 9)
        };
        for (attribute, value) in attributes {
            builder.bytes(*attribute, value);
        }
        builder.finish(&secret).expect("fits");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let router = self.sim.incoming_addr().expect("bound");
        socket.send_to(&request, router).await.expect("loopback");
        let mut buffer = [0; 4096];
        let answer = tokio::time::timeout(Duration::from_millis(400), socket.recv(&mut buffer));
        let length = answer.await.ok()?.expect("loopback");
        let reply = Packet::parse(&buffer[..length]).expect("a whole packet");
        let authenticator = Packet::parse(&request)
            .expect("whole")
            .authenticator()
            .to_owned();
        secret.verify_reply(&reply, &authenticator).expect("signed");
        Some((
            reply.code(),
            reply.u32(bando_radius::dictionary::ERROR_CAUSE),
        ))
    }
}

/// Waits for what the router does in the background; real time, for its ticks are real.
pub(crate) async fn eventually(mut done: impl FnMut() -> bool) {
    for _ in 0..400 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not happen within four seconds");
}

pub(crate) fn number(value: u32) -> Vec<u8> {
    value.to_be_bytes().to_vec()
}

/// A page as the browser gets it.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Page {
    /// A parameter of the address that it redirects to.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let url = url::Url::parse(&self.location).expect("a whole address");
        let found = url.query_pairs().find(|(n, _)| n == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {url}"))
            .1
            .into_owned()
    }
}

/// Opens an address, posting the form if there is one; follows nothing.
pub(crate) async fn open(url: &str, form: Option<&str>) -> Page {
    let url = url::Url::parse(url).expect("a whole address");
    let host = format!(
        "{}:{}",
        url.host_str().expect("host"),
        url.port().expect("port")
    );
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let (method, body) = form.map_or(("GET", ""), |body| ("POST", body));
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(&host).await.expect("the hotspot");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("received");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let location = head
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    Page {
        status: head[9..12].parse().expect("a status"),
        location: location.unwrap_or_default().to_owned(),
        body: body.to_owned(),
    }
}
