//! What gets no answer, and does no harm.

use bando_aaa::{Config, DropReason};
use bando_radius::dictionary::{
    CALLING_STATION_ID, NAS_IDENTIFIER, PROXY_STATE, REPLY_MESSAGE, USER_NAME,
};
use bando_radius::{Builder, Code, Secret};
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::nas::{Nas, PHONE};
use crate::world::{HOUR, World, config, worlds};

fn unsigned(nas: &Nas, code: &str, build: impl FnOnce(&mut Builder<'_>)) -> Vec<u8> {
    let (number, authenticator) = nas.number();
    let mut buffer = Vec::new();
    let mut builder = Builder::unsigned_access_request(&mut buffer, number, authenticator);
    builder
        .text(NAS_IDENTIFIER, &nas.identity)
        .text(USER_NAME, code);
    builder
        .user_password(&nas.secret, code.as_bytes())
        .text(CALLING_STATION_ID, PHONE);
    build(&mut builder);
    builder.finish(&nas.secret).unwrap();
    buffer
}

fn dropped(world: &World, reason: DropReason) -> u64 {
    world.server().stats().dropped(reason)
}

#[tokio::test]
async fn strangers_and_wrong_secrets_hear_nothing() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let mut nas = world.nas(&shop).await;
        let code = shop.ticket(HOUR).await.code;
        let request = nas.pap_request(code.as_str(), "", PHONE);

        nas.secret = Secret::new(b"another secret").unwrap();
        nas.unanswered(nas.auth, &nas.pap_request(code.as_str(), "", PHONE))
            .await;
        assert_eq!(dropped(&world, DropReason::WrongSecret), 1);

        nas.identity = "bando-nobody".into();
        nas.unanswered(nas.auth, &nas.pap_request(code.as_str(), "", PHONE))
            .await;
        nas.unanswered(nas.auth, &nas.pap_request(code.as_str(), "", PHONE))
            .await;
        assert_eq!(dropped(&world, DropReason::UnknownRouter), 2);

        // Altered on the way.
        let mut altered = request.clone();
        let last = altered.len() - 1;
        altered[last] ^= 1;
        nas.unanswered(nas.auth, &altered).await;
        assert_eq!(dropped(&world, DropReason::WrongSecret), 2);

        nas.unanswered(nas.acct, &request).await;
        assert_eq!(dropped(&world, DropReason::Unexpected), 1);
        nas.unanswered(nas.auth, b"hello").await;
        nas.unanswered(nas.auth, &request[..40]).await;
        assert_eq!(dropped(&world, DropReason::Malformed), 2);
        let stats = world.server().stats();
        assert_eq!((stats.accepts, stats.rejects), (0, 0));
    }
}

#[tokio::test]
async fn a_router_that_has_signed_must_go_on_signing() {
    for mut world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let code = shop.ticket(HOUR).await.code;
        let plain = |_: &mut Builder<'_>| {};

        // RouterOS before 7.15 does not sign.
        let request = unsigned(&nas, code.as_str(), plain);
        let reply = nas.ask(nas.auth, &request).await.unwrap();
        assert_eq!(reply.code(), Code::AccessAccept);
        assert!(reply.packet().has_message_authenticator());
        // With Proxy-State there is no telling what an attacker has put in (CVE-2024-3596).
        let proxied = unsigned(&nas, code.as_str(), |b| {
            b.bytes(PROXY_STATE, b"chosen by an attacker");
        });
        nas.unanswered(nas.auth, &proxied).await;
        let signed = nas.access(|b| {
            b.text(USER_NAME, code.as_str())
                .text(CALLING_STATION_ID, PHONE);
            b.bytes(PROXY_STATE, b"one").bytes(PROXY_STATE, b"two");
        });
        let reply = nas.ask(nas.auth, &signed).await.unwrap();
        let states: Vec<_> = reply.packet().values(PROXY_STATE).collect();
        assert_eq!(states, [b"one", b"two"]);

        nas.unanswered(nas.auth, &unsigned(&nas, code.as_str(), plain))
            .await;
        assert_eq!(dropped(&world, DropReason::Unsigned), 2);

        // A restart does not forget it.
        world.stop().await;
        let mut router = None;
        for _ in 0..100 {
            router = world.app.router_by_identity(&nas.identity).await.unwrap();
            if router.as_ref().is_some_and(|r| r.message_authenticator) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(router.unwrap().source_address.as_deref(), Some("127.0.0.1"));
        world.start(config()).await;
        let nas = world.nas(&shop).await;
        nas.unanswered(nas.auth, &unsigned(&nas, code.as_str(), plain))
            .await;
        assert_eq!(nas.login(code).await.code(), Code::AccessAccept);
    }
}

#[tokio::test]
async fn an_operator_may_require_signatures_of_all() {
    for mut world in worlds().await {
        world.stop().await;
        world
            .start(Config {
                require_message_authenticator: true,
                ..config()
            })
            .await;
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let code = shop.ticket(HOUR).await.code;
        nas.unanswered(nas.auth, &unsigned(&nas, code.as_str(), |_| {}))
            .await;
        assert_eq!(nas.login(code).await.code(), Code::AccessAccept);
    }
}

#[tokio::test]
async fn status_server_is_answered_on_both_ports() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        for (port, code) in [
            (nas.auth, Code::AccessAccept),
            (nas.acct, Code::AccountingResponse),
        ] {
            let (number, authenticator) = nas.number();
            let mut buffer = Vec::new();
            let mut status = Builder::status_server(&mut buffer, number, authenticator);
            status.text(NAS_IDENTIFIER, &nas.identity);
            status.finish(&nas.secret).unwrap();
            let reply = nas.ask(port, &buffer).await.unwrap();
            assert_eq!(reply.code(), code);
            assert!(reply.packet().has_message_authenticator());
        }
        let stats = world.server().stats();
        assert_eq!((stats.status, stats.accepts, stats.accounted), (2, 0, 0));
    }
}

#[tokio::test]
async fn no_octets_stop_the_service() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let code = shop.ticket(HOUR).await.code;
        let genuine = nas.pap_request(code.as_str(), "", PHONE);
        let mut runner = TestRunner::deterministic();
        let flips = proptest::collection::vec((0..genuine.len(), any::<u8>()), 1..6);
        let noise = proptest::collection::vec(any::<u8>(), 0..600);
        for _ in 0..500 {
            let mut mutated = genuine.clone();
            for (at, octet) in flips.new_tree(&mut runner).unwrap().current() {
                mutated[at] = octet;
            }
            let noise = noise.new_tree(&mut runner).unwrap().current();
            for port in [nas.auth, nas.acct] {
                nas.socket.send_to(&mutated, port).await.unwrap();
                nas.socket.send_to(&noise, port).await.unwrap();
            }
        }
        // Signed nonsense: the router itself has gone mad.
        for attribute in 1..=255_u8 {
            let attribute = bando_radius::Attribute::standard(attribute);
            for value in [&b"\0"[..], &[0xFF; 16], &[0xC3; 253]] {
                let (number, authenticator) = nas.number();
                let mut buffer = Vec::new();
                let mut request = Builder::access_request(&mut buffer, number, authenticator);
                request
                    .text(NAS_IDENTIFIER, &nas.identity)
                    .bytes(attribute, value);
                if request.finish(&nas.secret).is_ok() {
                    nas.socket.send_to(&buffer, nas.auth).await.unwrap();
                }
                let mut request = Builder::accounting_request(&mut buffer, number);
                request
                    .text(NAS_IDENTIFIER, &nas.identity)
                    .bytes(attribute, value);
                if request.finish(&nas.secret).is_ok() {
                    nas.socket.send_to(&buffer, nas.acct).await.unwrap();
                }
            }
        }
        let quiet = world.nas(&shop).await;
        let reply = quiet.login(code).await;
        assert_eq!(
            reply.code(),
            Code::AccessAccept,
            "{:?}",
            reply.packet().text(REPLY_MESSAGE)
        );
    }
}
