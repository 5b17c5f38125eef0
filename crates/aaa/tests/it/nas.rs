//! A router as the service sees it: packets over a socket of its own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bando_aaa::RadiusServer;
use bando_radius::dictionary::{
    ACCT_SESSION_ID, ACCT_STATUS_TYPE, CALLING_STATION_ID, CHAP_CHALLENGE, CHAP_PASSWORD, CLASS,
    FRAMED_IP_ADDRESS, NAS_IDENTIFIER, REPLY_MESSAGE, USER_NAME,
};
use bando_radius::{AcctStatusType, Builder, Code, Packet, Secret, chap};
use bando_store::Router;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Longer than any answer takes.
const ANSWER: Duration = Duration::from_secs(20);
/// Long enough to tell silence from an answer.
const SILENCE: Duration = Duration::from_millis(300);

/// A device's address.
pub(crate) const PHONE: &str = "40:D3:AE:04:32:0C";

/// A router.
pub(crate) struct Nas {
    pub(crate) identity: String,
    pub(crate) secret: Secret,
    pub(crate) auth: SocketAddr,
    pub(crate) acct: SocketAddr,
    pub(crate) socket: UdpSocket,
    numbers: AtomicU8,
}

/// A verified reply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply(pub(crate) Vec<u8>);

impl Reply {
    pub(crate) fn packet(&self) -> Packet<'_> {
        Packet::parse(&self.0).unwrap()
    }

    pub(crate) fn code(&self) -> Code {
        self.packet().code()
    }

    pub(crate) fn class(&self) -> Vec<u8> {
        self.packet().get(CLASS).unwrap().to_vec()
    }

    pub(crate) fn message(&self) -> String {
        assert_eq!(self.code(), Code::AccessReject);
        self.packet().text(REPLY_MESSAGE).unwrap().into_owned()
    }
}

/// What an accounting record says.
pub(crate) struct Account<'a> {
    pub(crate) status: AcctStatusType,
    pub(crate) session: &'a str,
    pub(crate) user: &'a str,
    pub(crate) class: &'a [u8],
}

impl Nas {
    pub(crate) async fn new(router: &Router, server: &RadiusServer) -> Self {
        Self {
            identity: router.identity.clone(),
            secret: Secret::new(router.secret.expose().as_bytes()).unwrap(),
            auth: server.auth_addr,
            acct: server.acct_addr,
            socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(),
            numbers: AtomicU8::new(0),
        }
    }

    /// The next identifier, and an authenticator that nobody used before on this socket.
    pub(crate) fn number(&self) -> (u8, [u8; 16]) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let mut authenticator = [number; 16];
        authenticator[0] = number.wrapping_mul(3);
        (number, authenticator)
    }

    /// An Access-Request with this router's identity and the phone's address.
    pub(crate) fn access(&self, build: impl FnOnce(&mut Builder<'_>)) -> Vec<u8> {
        let (number, authenticator) = self.number();
        let mut buffer = Vec::new();
        let mut builder = Builder::access_request(&mut buffer, number, authenticator);
        builder.text(NAS_IDENTIFIER, &self.identity);
        build(&mut builder);
        builder.finish(&self.secret).unwrap();
        buffer
    }

    /// A login by PAP.
    pub(crate) fn pap_request(&self, user: &str, password: &str, mac: &str) -> Vec<u8> {
        self.access(|b| {
            b.text(USER_NAME, user)
                .user_password(&self.secret, password.as_bytes());
            b.text(CALLING_STATION_ID, mac);
        })
    }

    pub(crate) async fn pap(&self, user: &str, password: &str, mac: &str) -> Reply {
        self.ask(self.auth, &self.pap_request(user, password, mac))
            .await
            .unwrap()
    }

    /// A login with a code, as the portal does it.
    pub(crate) async fn login(&self, code: impl ToString) -> Reply {
        let code = code.to_string();
        self.pap(&code, &code, PHONE).await
    }

    pub(crate) async fn chap(&self, user: &str, password: &str) -> Reply {
        let request = self.access(|b| {
            let digest = chap::response(0x34, password.as_bytes(), &[0x19; 16]);
            let value = [&[0x34], &digest[..]].concat();
            b.text(USER_NAME, user)
                .bytes(CHAP_PASSWORD, &value)
                .bytes(CHAP_CHALLENGE, &[0x19; 16]);
            b.text(CALLING_STATION_ID, PHONE);
        });
        self.ask(self.auth, &request).await.unwrap()
    }

    /// An Accounting-Request with this router's identity.
    pub(crate) fn acct_request(
        &self,
        account: &Account<'_>,
        build: impl FnOnce(&mut Builder<'_>),
    ) -> Vec<u8> {
        let (number, _) = self.number();
        let mut buffer = Vec::new();
        let mut builder = Builder::accounting_request(&mut buffer, number);
        builder
            .u32(ACCT_STATUS_TYPE, account.status.to_u32())
            .text(CALLING_STATION_ID, PHONE)
            .text(USER_NAME, account.user)
            .text(ACCT_SESSION_ID, account.session)
            .bytes(CLASS, account.class)
            .ipv4(FRAMED_IP_ADDRESS, [10, 5, 50, 9].into())
            .text(NAS_IDENTIFIER, &self.identity);
        build(&mut builder);
        builder.finish(&self.secret).unwrap();
        buffer
    }

    /// Sends an Accounting-Request and waits for its response.
    pub(crate) async fn account(
        &self,
        account: &Account<'_>,
        build: impl FnOnce(&mut Builder<'_>),
    ) -> Reply {
        self.ask(self.acct, &self.acct_request(account, build))
            .await
            .unwrap()
    }

    /// Sends a packet and gives the reply to it, which must be genuine.
    pub(crate) async fn ask(&self, to: SocketAddr, request: &[u8]) -> Option<Reply> {
        self.socket.send_to(request, to).await.unwrap();
        self.reply(request, ANSWER).await
    }

    /// Sends a packet that must get no answer.
    pub(crate) async fn unanswered(&self, to: SocketAddr, request: &[u8]) {
        self.socket.send_to(request, to).await.unwrap();
        assert_eq!(self.reply(request, SILENCE).await, None);
    }

    async fn reply(&self, request: &[u8], wait: Duration) -> Option<Reply> {
        let mut buffer = [0; 4096];
        let (length, _) = timeout(wait, self.socket.recv_from(&mut buffer))
            .await
            .ok()?
            .unwrap();
        let reply = Reply(buffer[..length].to_vec());
        assert_eq!(reply.packet().identifier(), request[1]);
        let authenticator = request[4..20].try_into().unwrap();
        self.secret
            .verify_reply(&reply.packet(), authenticator)
            .unwrap();
        Some(reply)
    }
}
