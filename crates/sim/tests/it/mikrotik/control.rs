//! Disconnect and CoA.

use std::time::Duration;

use bando_radius::dictionary::{self as rfc, mikrotik};
use bando_radius::{AcctTerminateCause, Attribute, Code, ErrorCause};
use bando_sim::mikrotik::{Faults, Traffic};

use super::fixture::{MAC, SECRET, World, number, open};

type Attributes = Vec<(Attribute, Vec<u8>)>;

/// What names the session of `World::online`, in full.
fn session(world: &World) -> Attributes {
    let active = &world.sim.active()[0];
    vec![
        (rfc::NAS_IDENTIFIER, b"mama-njeri-k7mp".to_vec()),
        (rfc::USER_NAME, active.user.clone().into_bytes()),
        (rfc::ACCT_SESSION_ID, active.session.clone().into_bytes()),
        (rfc::FRAMED_IP_ADDRESS, active.ip.octets().to_vec()),
        (rfc::CALLING_STATION_ID, MAC.to_string().into_bytes()),
    ]
}

fn with(mut attributes: Attributes, attribute: Attribute, value: Vec<u8>) -> Attributes {
    attributes.retain(|(a, _)| *a != attribute);
    attributes.push((attribute, value));
    attributes
}

fn nak(code: Code, cause: ErrorCause) -> Option<(Code, Option<u32>)> {
    Some((code, Some(cause.to_u32())))
}

#[tokio::test]
async fn disconnect_ends_the_session_once() {
    let world = World::new().await;
    world.online(Vec::new()).await;
    let who = session(&world);
    let answer = world.order(SECRET, Code::DisconnectRequest, &who).await;
    assert_eq!(answer, Some((Code::DisconnectAck, None)));
    let stop = &world.accounting(2).await[1];
    let cause = AcctTerminateCause::AdminReset.to_u32();
    assert_eq!(stop.packet().u32(rfc::ACCT_TERMINATE_CAUSE), Some(cause));
    assert_eq!(open(&world.sim.url(MAC, "news"), None).await.status, 302);
    let answer = world.order(SECRET, Code::DisconnectRequest, &who).await;
    assert_eq!(
        answer,
        nak(Code::DisconnectNak, ErrorCause::SessionContextNotFound)
    );
    let counters = world.sim.counters();
    assert_eq!((counters.incoming_acks, counters.incoming_naks), (1, 1));
    // An operator's disconnect takes the mac-cookie too.
    world.sim.join(MAC);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(world.sim.active().is_empty());
}

#[tokio::test]
async fn disconnect_is_refused_for_a_reason() {
    let world = World::new().await;
    world.online(Vec::new()).await;
    let who = session(&world);
    for (attributes, cause) in [
        (vec![who[1].clone()], ErrorCause::MissingAttribute),
        (
            with(who.clone(), rfc::NAS_IDENTIFIER, b"other".to_vec()),
            ErrorCause::NasIdentificationMismatch,
        ),
        (
            with(who.clone(), rfc::USER_NAME, b"other".to_vec()),
            ErrorCause::SessionContextNotFound,
        ),
        (
            with(who.clone(), rfc::SESSION_TIMEOUT, number(1)),
            ErrorCause::UnsupportedAttribute,
        ),
    ] {
        let answer = world
            .order(SECRET, Code::DisconnectRequest, &attributes)
            .await;
        assert_eq!(answer, nak(Code::DisconnectNak, cause));
    }
    assert_eq!(
        world
            .order("wrong secret", Code::DisconnectRequest, &who)
            .await,
        None
    );
    assert_eq!(world.sim.counters().incoming_bad_requests, 1);
    assert_eq!(world.sim.active().len(), 1);
}

#[tokio::test]
async fn coa_changes_a_running_session_or_nothing() {
    let world = World::new().await;
    world
        .online(vec![(rfc::SESSION_TIMEOUT, number(600))])
        .await;
    let who = session(&world);
    world.advance(Duration::from_secs(100));
    let mut change = with(who.clone(), rfc::SESSION_TIMEOUT, number(200));
    change.push((mikrotik::RATE_LIMIT, b"64k/128k".to_vec()));
    let answer = world.order(SECRET, Code::CoaRequest, &change).await;
    assert_eq!(answer, Some((Code::CoaAck, None)));
    let active = &world.sim.active()[0];
    assert_eq!(
        (active.seconds_left, active.rate_limit.as_deref()),
        (Some(100), Some("64k/128k"))
    );
    world.sim.set_traffic(MAC, Traffic::new(0, 1_000_000));
    world.advance(Duration::from_secs(10));
    assert_eq!(world.sim.active()[0].download_octets, 10 * 128_000 / 8);

    for (attribute, value, cause) in [
        (
            mikrotik::RATE_LIMIT,
            b"fast".to_vec(),
            ErrorCause::InvalidAttributeValue,
        ),
        (
            mikrotik::TOTAL_LIMIT,
            number(1),
            ErrorCause::UnsupportedAttribute,
        ),
        (
            rfc::FRAMED_POOL,
            b"other".to_vec(),
            ErrorCause::UnsupportedAttribute,
        ),
        (rfc::NAS_PORT, number(1), ErrorCause::SessionContextNotFound),
        (rfc::EVENT_TIMESTAMP, number(1), ErrorCause::InvalidRequest),
    ] {
        let answer = world
            .order(
                SECRET,
                Code::CoaRequest,
                &with(who.clone(), attribute, value),
            )
            .await;
        assert_eq!(answer, nak(Code::CoaNak, cause), "{attribute}");
    }
    assert_eq!(
        world.sim.active()[0].rate_limit.as_deref(),
        Some("64k/128k")
    );
}

#[tokio::test]
async fn routers_that_do_not_obey() {
    let world = World::new().await;
    world.online(Vec::new()).await;
    let who = session(&world);
    world.sim.set_faults(Faults {
        ignore_disconnects: true,
        ..Faults::default()
    });
    assert_eq!(
        world.order(SECRET, Code::DisconnectRequest, &who).await,
        None
    );
    world.sim.set_faults(Faults {
        acknowledge_but_keep: true,
        ..Faults::default()
    });
    let answer = world.order(SECRET, Code::DisconnectRequest, &who).await;
    assert_eq!(answer, Some((Code::DisconnectAck, None)));
    assert_eq!(world.sim.active().len(), 1);
    world.sim.set_faults(Faults {
        answer_delay_ms: 200,
        ..Faults::default()
    });
    let asked = std::time::Instant::now();
    let answer = world.order(SECRET, Code::DisconnectRequest, &who).await;
    assert_eq!(answer, Some((Code::DisconnectAck, None)));
    assert!(asked.elapsed() >= Duration::from_millis(200));
    assert!(world.sim.active().is_empty());
    world.sim.power_off();
    assert_eq!(
        world.order(SECRET, Code::DisconnectRequest, &who).await,
        None
    );
}

#[tokio::test]
async fn garbage_is_dropped() {
    let world = World::new().await;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let router = world.sim.incoming_addr().expect("bound");
    for garbage in [
        &b""[..],
        b"x",
        &[43; 20],
        &[0xFF; 4096],
        &[40, 1, 0, 200, 0, 0],
    ] {
        socket.send_to(garbage, router).await.expect("loopback");
    }
    super::fixture::eventually(|| world.sim.counters().incoming_bad_requests == 5).await;
    world.online(Vec::new()).await;
}
