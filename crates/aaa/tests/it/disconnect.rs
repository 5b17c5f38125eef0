//! Putting somebody off: what routers answer, and what does not come from them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bando_aaa::{CoaClient, Timers};
use bando_app::{Disconnected, RouterControl};
use bando_domain::{MacAddr, ProviderId, RouterId, Secret, SessionId, Timestamp, Usage};
use bando_radius::dictionary::{
    ACCT_SESSION_ID, CALLING_STATION_ID, ERROR_CAUSE, EVENT_TIMESTAMP, FRAMED_IP_ADDRESS,
    NAS_IDENTIFIER, USER_NAME,
};
use bando_radius::{Builder, Code, ErrorCause, Packet};
use bando_store::testing::{ManualClock, SeededEntropy};
use bando_store::{Router, Session};
use tokio::net::UdpSocket;

use crate::world::START;

const SECRET: &[u8] = b"a router's secret";

/// What a router does with a Disconnect-Request.
#[derive(Clone, Copy)]
enum Does {
    Acks,
    Naks(Option<ErrorCause>),
    NothingBut(usize),
    LetsOthersAnswer,
}

/// A router's port for orders; counts what comes in.
async fn router(does: Does) -> (Router, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&heard);
    tokio::spawn(async move {
        let secret = bando_radius::Secret::new(SECRET).unwrap();
        let wrong = bando_radius::Secret::new(b"guessed").unwrap();
        let mut buffer = [0; 4096];
        let mut first: Option<Vec<u8>> = None;
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let earlier = count.fetch_add(1, Ordering::SeqCst);
            let request = Packet::parse(&buffer[..length]).unwrap();
            secret.verify_request(&request).unwrap();
            assert!(request.has_message_authenticator());
            assert_eq!(request.code(), Code::DisconnectRequest);
            assert_eq!(request.text(USER_NAME).unwrap(), "K7MPQ2XW9R");
            assert_eq!(request.text(ACCT_SESSION_ID).unwrap(), "80100014");
            assert_eq!(request.text(NAS_IDENTIFIER).unwrap(), "bando-gate");
            assert_eq!(
                request.text(CALLING_STATION_ID).unwrap(),
                "40:D3:AE:04:32:0C"
            );
            assert_eq!(
                request.ipv4(FRAMED_IP_ADDRESS).unwrap().to_string(),
                "10.5.50.9"
            );
            assert_eq!(request.u32(EVENT_TIMESTAMP), Some(1_795_174_500));
            // Sent again, not asked anew (RFC 5176 §2.3).
            assert_eq!(
                first.get_or_insert_with(|| request.as_bytes().to_vec()),
                request.as_bytes()
            );

            let mut answer = Vec::new();
            let (code, cause, secret) = match does {
                Does::Acks => (Code::DisconnectAck, None, &secret),
                Does::Naks(cause) => (Code::DisconnectNak, cause, &secret),
                Does::NothingBut(lost) if earlier < lost => continue,
                Does::NothingBut(_) => (Code::DisconnectAck, None, &secret),
                Does::LetsOthersAnswer => (Code::DisconnectAck, None, &wrong),
            };
            let mut reply = Builder::reply(&mut answer, code, &request);
            if let Some(cause) = cause {
                reply.u32(ERROR_CAUSE, cause.to_u32());
            }
            let reply = reply.finish(secret).unwrap();
            socket.send_to(b"noise", from).await.unwrap();
            socket.send_to(reply, from).await.unwrap();
        }
    });
    let router = Router {
        provider: ProviderId::from_uuid(uuid::Uuid::nil()),
        id: RouterId::from_uuid(uuid::Uuid::nil()),
        name: "gate".into(),
        identity: "bando-gate".into(),
        secret: Secret::new(String::from_utf8(SECRET.to_vec()).unwrap()),
        hotspot_host: "10.5.50.1".into(),
        coa_address: Some(address.to_string()),
        source_address: Some("192.0.2.1".into()),
        message_authenticator: true,
        last_seen_at: None,
        created_at: Timestamp::from_seconds(0),
    };
    (router, heard)
}

fn session() -> Session {
    let at = Timestamp::from_seconds(1_795_174_000);
    Session {
        id: SessionId::from_uuid(uuid::Uuid::nil()),
        router_id: RouterId::from_uuid(uuid::Uuid::nil()),
        ticket_id: None,
        acct_session_id: "80100014".into(),
        user_name: "K7MPQ2XW9R".into(),
        mac: Some(MacAddr::new([0x40, 0xD3, 0xAE, 0x04, 0x32, 0x0C])),
        framed_ip: Some("10.5.50.9".into()),
        started_at: at,
        updated_at: at,
        stopped_at: None,
        seconds: 0,
        usage: Usage::default(),
        terminate_cause: None,
    }
}

async fn disconnect(router: &Router) -> Disconnected {
    let timers = Timers {
        first: Duration::from_millis(60),
        longest: Duration::from_millis(100),
        sends: 4,
        total: Duration::from_secs(2),
    };
    let (clock, entropy) = (ManualClock::new(START), SeededEntropy::new(3));
    let client = CoaClient::new(Arc::new(clock), Arc::new(entropy), timers);
    client.disconnect(router, &session()).await
}

#[tokio::test]
async fn a_router_does_it_or_says_why_not() {
    let (gate, heard) = router(Does::Acks).await;
    assert_eq!(disconnect(&gate).await, Disconnected::Gone);
    assert_eq!(heard.load(Ordering::SeqCst), 1);
    let (gate, _) = router(Does::Naks(Some(ErrorCause::SessionContextNotFound))).await;
    assert_eq!(disconnect(&gate).await, Disconnected::NotThere);
    let (gate, _) = router(Does::Naks(Some(ErrorCause::AdministrativelyProhibited))).await;
    let refused = Disconnected::Refused("Administratively-Prohibited".into());
    assert_eq!(disconnect(&gate).await, refused);
    let (gate, _) = router(Does::Naks(None)).await;
    assert_eq!(
        disconnect(&gate).await,
        Disconnected::Refused("no reason given".into())
    );
}

#[tokio::test]
async fn what_is_lost_is_sent_again() {
    let (gate, heard) = router(Does::NothingBut(3)).await;
    assert_eq!(disconnect(&gate).await, Disconnected::Gone);
    assert_eq!(heard.load(Ordering::SeqCst), 4);
    let (gate, heard) = router(Does::NothingBut(9)).await;
    assert_eq!(disconnect(&gate).await, Disconnected::NoAnswer);
    assert_eq!(heard.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_forged_answer_is_none() {
    let (gate, _) = router(Does::LetsOthersAnswer).await;
    assert_eq!(disconnect(&gate).await, Disconnected::NoAnswer);
}

#[tokio::test]
async fn a_router_that_cannot_be_reached() {
    let (mut gate, _) = router(Does::Acks).await;
    let closed = UdpSocket::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    gate.coa_address = Some(closed.to_string());
    assert_eq!(disconnect(&gate).await, Disconnected::NoAnswer);
    (gate.coa_address, gate.source_address) = (None, None);
    assert_eq!(disconnect(&gate).await, Disconnected::NoAnswer);
}
