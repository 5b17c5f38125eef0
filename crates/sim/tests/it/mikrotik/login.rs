//! Access-Requests, and what the router makes of the answers.

use bando_domain::MacAddr;
use bando_radius::{Attribute, Code, Secret, dictionary as rfc, dictionary::mikrotik};
use bando_sim::mikrotik::{Faults, LoginError, MacFormat, MacPassword, RadiusClient};

use super::fixture::{Answer, MAC, SECRET, World, number};

#[tokio::test]
async fn attributes_come_in_the_order_of_router_os() {
    let world = World::new().await;
    world.online(Vec::new()).await;
    let request = &world.server.received(Code::AccessRequest)[0];
    let packet = request.packet();
    let order: Vec<Attribute> = packet
        .attributes()
        .map(|(attribute, _)| attribute)
        .collect();
    assert_eq!(
        order,
        [
            rfc::NAS_PORT_TYPE,
            rfc::CALLING_STATION_ID,
            rfc::CALLED_STATION_ID,
            rfc::NAS_PORT_ID,
            rfc::USER_NAME,
            rfc::NAS_PORT,
            rfc::ACCT_SESSION_ID,
            rfc::FRAMED_IP_ADDRESS,
            mikrotik::HOST_IP,
            rfc::USER_PASSWORD,
            rfc::SERVICE_TYPE,
            bando_radius::dictionary::wispr::LOGOFF_URL,
            rfc::NAS_IDENTIFIER,
            rfc::NAS_IP_ADDRESS,
            rfc::MESSAGE_AUTHENTICATOR,
        ]
    );
    Secret::new(SECRET.as_bytes())
        .expect("not empty")
        .verify_request(&packet)
        .expect("signed");
    let port = packet.u32(rfc::NAS_PORT).expect("a number");
    assert_eq!(
        packet.text(rfc::ACCT_SESSION_ID).expect("text"),
        format!("{port:08x}")
    );
    assert_eq!(port >> 20, 0x801);
}

#[tokio::test]
async fn an_old_router_signs_nothing_and_takes_unsigned_answers() {
    let world = World::with(|config| config.client = RadiusClient::before_7_15()).await;
    world.server.answers(Answer::UnsignedAccept);
    world.sim.join(MAC);
    assert_eq!(world.sim.login(MAC, "a", "b").await, Ok(()));
    assert!(
        !world.server.received(Code::AccessRequest)[0]
            .packet()
            .has_message_authenticator()
    );
}

#[tokio::test]
async fn a_new_router_drops_unsigned_answers() {
    let world = World::new().await;
    world.server.answers(Answer::UnsignedAccept);
    world.sim.join(MAC);
    assert_eq!(
        world.sim.login(MAC, "a", "b").await,
        Err(LoginError::Timeout)
    );
    assert_eq!(world.sim.counters().bad_replies, 4);
    assert_eq!(world.sim.counters().accepts, 0);
}

#[tokio::test]
async fn asks_four_times_with_the_same_octets() {
    let world = World::new().await;
    world.server.answers(Answer::Silence);
    world.sim.join(MAC);
    assert_eq!(
        world.sim.login(MAC, "a", "b").await,
        Err(LoginError::Timeout)
    );
    let sent = world.server.received(Code::AccessRequest);
    assert_eq!(sent.len(), 4);
    assert!(
        sent.iter()
            .all(|r| r.bytes == sent[0].bytes && r.from == sent[0].from)
    );
    let counters = world.sim.counters();
    assert_eq!(
        (counters.requests, counters.resends, counters.timeouts),
        (1, 3, 1)
    );
    assert!(world.sim.active().is_empty());
}

#[tokio::test]
async fn a_wrong_secret_is_a_time_out_with_bad_replies() {
    let world = World::with(|config| config.faults.wrong_secret = true).await;
    world.sim.join(MAC);
    assert_eq!(
        world.sim.login(MAC, "a", "b").await,
        Err(LoginError::Timeout)
    );
    assert_eq!(world.sim.counters().bad_replies, 4);
    world.sim.set_faults(Faults::default());
    assert_eq!(world.sim.login(MAC, "a", "b").await, Ok(()));
}

#[tokio::test]
async fn mac_logins_in_every_format() {
    let secret = Secret::new(SECRET.as_bytes()).expect("not empty");
    for (i, format) in MacFormat::ALL.into_iter().enumerate() {
        for (password, chap) in [
            (MacPassword::Empty, false),
            (MacPassword::Mac, false),
            (MacPassword::Fixed("let-me-in".to_owned()), true),
        ] {
            let name = format.write(MAC);
            let expected = match &password {
                MacPassword::Empty => String::new(),
                MacPassword::Mac => name.clone(),
                MacPassword::Fixed(fixed) => fixed.clone(),
            };
            let world = World::with(|config| {
                config.profile.mac_format = format;
                config.profile.mac_password = password;
                config.profile.mac_chap = chap;
                config.profile.mac = i == 0;
            })
            .await;
            // With `mac` in login-by, joining is enough.
            world.sim.join_and_wait(MAC).await.expect("a free address");
            assert_eq!(world.sim.active().len(), usize::from(i == 0));
            if i > 0 {
                world.sim.mac_login(MAC).await.expect("accepted");
            }
            let request = &world.server.received(Code::AccessRequest)[0];
            assert_eq!(request.packet().text(rfc::USER_NAME).expect("text"), name);
            let offered = request
                .packet()
                .credentials()
                .expect("well formed")
                .expect("some");
            assert_eq!(offered.verify(&secret, expected.as_bytes()), Ok(true));
        }
    }
}

#[tokio::test]
async fn port_limit_holds() {
    let world = World::new().await;
    world.online(vec![(rfc::PORT_LIMIT, number(2))]).await;
    let [second, third] = [3, 4].map(|n| MacAddr::new([2, 0, 0, 0, 0, n]));
    world.sim.join(second);
    world.sim.join(third);
    let user = "K7MPQ2XW9R";
    assert_eq!(world.sim.login(second, user, user).await, Ok(()));
    assert_eq!(
        world.sim.login(third, user, user).await,
        Err(LoginError::SessionLimit(user.to_owned()))
    );
    assert_eq!(world.sim.login(third, "other", "other").await, Ok(()));
    assert_eq!(
        world.sim.login(third, "x", "x").await,
        Err(LoginError::AlreadyLoggedIn)
    );
    let stranger = MacAddr::new([2; 6]);
    assert_eq!(
        world.sim.login(stranger, "x", "x").await,
        Err(LoginError::NotJoined)
    );
}

#[tokio::test]
async fn what_router_os_cannot_apply_lets_nobody_in() {
    let world = World::new().await;
    world.server.answers(Answer::Accept(vec![(
        mikrotik::RATE_LIMIT,
        b"fast".to_vec(),
    )]));
    world.sim.join(MAC);
    assert_eq!(
        world.sim.login(MAC, "a", "b").await,
        Err(LoginError::WrongAttribute)
    );
}

#[tokio::test]
async fn two_logins_at_once_are_one() {
    let world = World::new().await;
    world.server.answers(Answer::Silence);
    world.sim.join(MAC);
    let (a, b) = tokio::join!(
        world.sim.login(MAC, "a", "b"),
        world.sim.login(MAC, "a", "b")
    );
    assert!(
        [&a, &b].contains(&&Err(LoginError::Busy)) && [&a, &b].contains(&&Err(LoginError::Timeout))
    );
}

#[tokio::test]
async fn behind_a_forgetful_translator_every_datagram_has_its_own_port() {
    let world = World::with(|config| config.faults.nat = true).await;
    world.server.answers(Answer::Silence);
    world.sim.join(MAC);
    assert_eq!(
        world.sim.login(MAC, "a", "b").await,
        Err(LoginError::Timeout)
    );
    let mut ports: Vec<_> = world
        .server
        .received(Code::AccessRequest)
        .iter()
        .map(|r| r.from.port())
        .collect();
    ports.sort_unstable();
    ports.dedup();
    assert!(ports.len() > 1, "{ports:?}");
    world.server.answers(Answer::Accept(Vec::new()));
    assert_eq!(world.sim.login(MAC, "a", "b").await, Ok(()));
}

#[tokio::test]
async fn gets_through_a_bad_network() {
    let world = World::with(|config| {
        config.faults = Faults {
            loss_percent: 40,
            duplicate: true,
            ..Faults::default()
        };
        config.client.resends = 40;
    })
    .await;
    world.online(Vec::new()).await;
    world.accounting(1).await;
    let lost = world
        .sim
        .packets()
        .iter()
        .filter(|p| p.note == Some("lost on the way"))
        .count();
    let sent = world.server.received(Code::AccessRequest);
    assert!(sent.iter().all(|r| r.bytes == sent[0].bytes));
    assert!(
        lost > 0 || sent.len() > 1,
        "nothing was lost, nothing doubled"
    );
}

#[tokio::test]
async fn the_journal_betrays_nothing() {
    let world = World::new().await;
    world.online(Vec::new()).await;
    world.accounting(1).await;
    let packets = world.sim.packets();
    assert_eq!(packets[0].code, "Access-Request");
    assert!(
        packets.iter().all(|p| !p.summary.contains("K7MPQ2XW9R")),
        "{packets:?}"
    );
    assert!(
        packets[0]
            .summary
            .contains("NAS-Identifier=\"mama-njeri-k7mp\"")
    );
}
