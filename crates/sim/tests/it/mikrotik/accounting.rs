//! Accounting: what is counted, when it is told, and that it is told until somebody confirms.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bando_radius::dictionary::{self as rfc, mikrotik};
use bando_radius::{AcctStatusType, AcctTerminateCause, Attribute, Code, Packet, Secret};
use bando_sim::mikrotik::{Faults, Traffic};

use super::fixture::{Answer, MAC, SECRET, World, eventually, number};

fn status(packet: &Packet<'_>) -> AcctStatusType {
    let number = packet.u32(rfc::ACCT_STATUS_TYPE).expect("a number");
    AcctStatusType::from_u32(number).expect("a known status")
}

fn cause(packet: &Packet<'_>) -> Option<AcctTerminateCause> {
    packet
        .u32(rfc::ACCT_TERMINATE_CAUSE)
        .and_then(AcctTerminateCause::from_u32)
}

#[tokio::test]
async fn start_interim_stop_with_traffic_below_the_rate() {
    let world = World::new().await;
    world
        .online(vec![
            (rfc::CLASS, b"ours".to_vec()),
            (rfc::ACCT_INTERIM_INTERVAL, number(60)),
            (rfc::SESSION_TIMEOUT, number(3600)),
            (mikrotik::RATE_LIMIT, b"1M/800M".to_vec()),
        ])
        .await;
    // So far above the limit that only the limit counts.
    world
        .sim
        .set_traffic(MAC, Traffic::new(10_000_000, 8_000_000_000));
    world.advance(Duration::from_secs(60));
    world.accounting(2).await;
    world.advance(Duration::from_secs(3540));
    let all = world.accounting(3).await;
    let packets: Vec<_> = all.iter().map(|r| r.packet()).collect();
    let secret = Secret::new(SECRET.as_bytes()).expect("not empty");
    for packet in &packets {
        secret.verify_request(packet).expect("signed");
        assert!(!packet.has_message_authenticator());
        assert_eq!(packet.get(rfc::CLASS), Some(&b"ours"[..]));
        assert_eq!(
            packet.text(rfc::ACCT_SESSION_ID),
            packets[0].text(rfc::ACCT_SESSION_ID)
        );
        assert_eq!(packet.u32(rfc::ACCT_DELAY_TIME), Some(0));
    }
    let order: Vec<Attribute> = packets[0]
        .attributes()
        .map(|(attribute, _)| attribute)
        .collect();
    assert_eq!(
        order,
        [
            rfc::ACCT_STATUS_TYPE,
            rfc::NAS_PORT_TYPE,
            rfc::CALLING_STATION_ID,
            rfc::CALLED_STATION_ID,
            rfc::NAS_PORT_ID,
            rfc::USER_NAME,
            rfc::NAS_PORT,
            rfc::ACCT_SESSION_ID,
            rfc::FRAMED_IP_ADDRESS,
            mikrotik::HOST_IP,
            rfc::CLASS,
            rfc::EVENT_TIMESTAMP,
            rfc::NAS_IDENTIFIER,
            rfc::ACCT_DELAY_TIME,
            rfc::NAS_IP_ADDRESS,
        ]
    );
    assert_eq!(status(&packets[0]), AcctStatusType::Start);
    assert_eq!(packets[0].u32(rfc::EVENT_TIMESTAMP), Some(1_700_000_000));

    assert_eq!(status(&packets[1]), AcctStatusType::InterimUpdate);
    assert_eq!(packets[1].u32(rfc::ACCT_SESSION_TIME), Some(60));
    assert_eq!(
        packets[1].counter(rfc::INPUT_OCTETS),
        Some(60 * 1_000_000 / 8)
    );
    assert_eq!(
        packets[1].u32(rfc::ACCT_INPUT_GIGAWORDS),
        Some(0),
        "sent even when 0"
    );

    assert_eq!(status(&packets[2]), AcctStatusType::Stop);
    assert_eq!(cause(&packets[2]), Some(AcctTerminateCause::SessionTimeout));
    assert_eq!(packets[2].u32(rfc::ACCT_SESSION_TIME), Some(3600));
    assert_eq!(
        packets[2].counter(rfc::OUTPUT_OCTETS),
        Some(3600 * 800_000_000 / 8)
    );
    assert_eq!(packets[2].u32(rfc::ACCT_OUTPUT_GIGAWORDS), Some(83));
    assert!(world.sim.active().is_empty());
}

#[tokio::test]
async fn quotas_cut_at_the_octet() {
    for (quota, total) in [(mikrotik::TOTAL_LIMIT, true), (mikrotik::XMIT_LIMIT, false)] {
        let world = World::new().await;
        world.online(vec![(quota, number(5_000_000))]).await;
        world.sim.set_traffic(MAC, Traffic::new(100_000, 8_000_000));
        world.advance(Duration::from_secs(30));
        let all = world.accounting(2).await;
        let stop = all[1].packet();
        assert_eq!(cause(&stop), Some(AcctTerminateCause::NasRequest));
        let up = stop.counter(rfc::INPUT_OCTETS).expect("counted");
        let down = stop.counter(rfc::OUTPUT_OCTETS).expect("counted");
        assert_eq!(if total { up + down } else { down }, 5_000_000);
    }
}

#[tokio::test]
async fn idle_and_vanished_devices_end() {
    let world = World::new().await;
    world.online(vec![(rfc::IDLE_TIMEOUT, number(120))]).await;
    world.sim.set_traffic(MAC, Traffic::new(1_000, 1_000));
    world.advance(Duration::from_secs(600));
    assert_eq!(world.sim.active().len(), 1);
    world.sim.set_traffic(MAC, Traffic::IDLE);
    world.advance(Duration::from_secs(120));
    assert_eq!(
        cause(&world.accounting(2).await[1].packet()),
        Some(AcctTerminateCause::IdleTimeout)
    );

    world.server.answers(Answer::Accept(Vec::new()));
    world.sim.login(MAC, "a", "b").await.expect("accepted");
    world.accounting(3).await;
    world.sim.leave(MAC);
    world.advance(Duration::from_secs(299));
    assert_eq!((world.sim.active().len(), world.sim.hosts().len()), (1, 1));
    world.advance(Duration::from_secs(1));
    assert_eq!(
        cause(&world.accounting(4).await[3].packet()),
        Some(AcctTerminateCause::LostService)
    );
    assert!(world.sim.hosts().is_empty());

    // The mac-cookie is kept: coming back is enough.
    world.sim.join(MAC);
    eventually(|| world.sim.active().len() == 1).await;
    assert_eq!(world.sim.active()[0].user, "a");
    // A new address of the same phone is a stranger.
    let new = world.sim.roam(MAC).expect("a free address");
    assert!(new.is_locally_administered());
    assert!(
        world
            .sim
            .hosts()
            .iter()
            .any(|h| h.mac == new && h.present && !h.authorized)
    );
}

#[tokio::test]
async fn told_until_confirmed_in_the_same_octets() {
    let world = World::new().await;
    world.server.accounts.store(false, Ordering::SeqCst);
    world
        .online(vec![(rfc::SESSION_TIMEOUT, number(600))])
        .await;
    world.advance(Duration::from_secs(100));
    let sent = world.accounting(7).await;
    assert!(
        sent.iter().all(|r| r.bytes == sent[0].bytes),
        "more than 1 + 3, all alike"
    );
    assert_eq!(
        world.sim.active().len(),
        1,
        "the session goes on without its server"
    );
    world.server.accounts.store(true, Ordering::SeqCst);
    eventually(|| world.sim.counters().accepts == 2).await;
    world.advance(Duration::from_secs(500));
    eventually(|| world.sim.counters().accepts == 3).await;
    let all = world.server.received(Code::AccountingRequest);
    let stop = all.last().expect("a stop").packet();
    assert_eq!(cause(&stop), Some(AcctTerminateCause::SessionTimeout));
}

#[tokio::test]
async fn a_restart_is_silent_and_changes_the_digit() {
    let world = World::new().await;
    world.online(Vec::new()).await;
    world.accounting(1).await;
    let before = world.sim.active()[0].session.clone();
    world.sim.reboot();
    assert!(world.sim.active().is_empty());
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(
        world.server.received(Code::AccountingRequest).len(),
        1,
        "no Stop, no Accounting-On"
    );
    world.sim.login(MAC, "a", "b").await.expect("accepted");
    let after = world.sim.active()[0].session.clone();
    assert_eq!((&before[..3], &after[..3]), ("801", "802"));
    assert_eq!(before[3..], after[3..], "numbers begin anew");

    world.sim.power_off();
    assert_eq!(
        world.sim.login(MAC, "a", "b").await,
        Err(bando_sim::mikrotik::LoginError::Off)
    );
    world.sim.power_on();
    world.sim.login(MAC, "a", "b").await.expect("accepted");
    world.sim.shutdown().await;
}

#[tokio::test]
async fn a_wrong_clock_shows_in_its_timestamps_only() {
    let skewed = Faults {
        clock_skew_seconds: -86_400,
        ..Faults::default()
    };
    let world = World::with(|config| config.faults = skewed).await;
    world.online(vec![(rfc::SESSION_TIMEOUT, number(60))]).await;
    let start = &world.accounting(1).await[0];
    assert_eq!(
        start.packet().u32(rfc::EVENT_TIMESTAMP),
        Some(1_700_000_000 - 86_400)
    );
    world.advance(Duration::from_secs(60));
    let stop = &world.accounting(2).await[1];
    assert_eq!(stop.packet().u32(rfc::ACCT_SESSION_TIME), Some(60));
}
