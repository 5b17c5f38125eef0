//! Who is let in, what the router is told, and who is refused with which words.

use std::time::Duration;

use bando_domain::{PlanTerms, RateLimit};
use bando_radius::dictionary::{
    ACCT_INTERIM_INTERVAL, CALLING_STATION_ID, IDLE_TIMEOUT, MESSAGE_AUTHENTICATOR, PORT_LIMIT,
    SESSION_TIMEOUT, USER_NAME, mikrotik,
};
use bando_radius::{AcctStatusType, Code};
use bando_store::ProviderStatus;

use crate::nas::{Account, PHONE};
use crate::world::{HOUR, config, data, worlds};

const OTHER: &str = "DA:A1:19:00:00:01";

#[tokio::test]
async fn a_login_gets_what_the_plan_gives() {
    for mut world in worlds().await {
        world.stop().await;
        let idle_timeout = Some(Duration::from_secs(900));
        world
            .start(bando_aaa::Config {
                idle_timeout,
                ..config()
            })
            .await;
        let shop = world.shop("cafe").await;
        let terms = PlanTerms {
            rate: Some(RateLimit::steady(2_000_000, 5_000_000)),
            device_limit: 2,
            ..data((3 << 32) + 17)
        };
        let ticket = shop.ticket(terms).await;
        let nas = world.nas(&shop).await;

        let reply = nas.login(ticket.code).await;
        let packet = reply.packet();
        assert_eq!(packet.code(), Code::AccessAccept);
        assert_eq!(packet.attributes().next().unwrap().0, MESSAGE_AUTHENTICATOR);
        assert_eq!(packet.u32(SESSION_TIMEOUT), Some(3600));
        assert_eq!(packet.text(mikrotik::RATE_LIMIT).unwrap(), "2M/5M");
        assert_eq!(packet.counter(mikrotik::TOTAL_BYTES), Some((3 << 32) + 17));
        assert_eq!(packet.u32(IDLE_TIMEOUT), Some(900));
        assert_eq!(packet.u32(PORT_LIMIT), Some(2));
        assert!((60..=72).contains(&packet.u32(ACCT_INTERIM_INTERVAL).unwrap()));
        assert_eq!(reply.class().len(), 32);
        assert_eq!(reply.class()[16..], ticket.id.uuid().into_bytes());

        // The first use began its time; every way in leads to the same ticket.
        world.clock.advance(Duration::from_millis(10_500));
        let code = ticket.code.as_str();
        let again = [
            nas.login(code).await,
            nas.pap(&code.to_lowercase(), "", PHONE).await,
            nas.pap(&ticket.code.grouped(), code, PHONE).await,
            nas.pap("", code, PHONE).await,
            nas.chap(code, code).await,
            nas.chap(&code.to_lowercase(), &ticket.code.grouped()).await,
            nas.pap(PHONE, "", PHONE).await,
            nas.pap(&PHONE.replace(':', "-").to_lowercase(), PHONE, PHONE)
                .await,
            nas.chap(PHONE, PHONE).await,
        ];
        for (i, reply) in again.iter().enumerate() {
            assert_eq!(reply.code(), Code::AccessAccept, "login {i}");
            assert_eq!(reply.packet().u32(SESSION_TIMEOUT), Some(3590));
            assert_eq!(reply.class()[16..], ticket.id.uuid().into_bytes());
            assert!(
                again.iter().filter(|r| r.class() == reply.class()).count() == 1,
                "own session"
            );
        }
        let page = shop.look(&ticket).await;
        assert_eq!(page.devices.len(), 1);
        assert_eq!(page.ticket.state, bando_domain::TicketState::Active);
        assert_eq!(world.server().stats().accepts, 10);
    }
}

#[tokio::test]
async fn a_ticket_without_limits_names_none() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let only_data = PlanTerms {
            validity_seconds: None,
            ..data(1000)
        };
        let ticket = shop.ticket(only_data).await;
        let reply = world.nas(&shop).await.login(ticket.code).await;
        let packet = reply.packet();
        assert_eq!(packet.u32(SESSION_TIMEOUT), None);
        assert_eq!(packet.counter(mikrotik::TOTAL_BYTES), Some(1000));
        assert!(!packet.contains(mikrotik::RATE_LIMIT) && !packet.contains(IDLE_TIMEOUT));

        let ticket = shop.ticket(HOUR).await;
        let reply = world.nas(&shop).await.login(ticket.code).await;
        assert_eq!(reply.packet().u32(SESSION_TIMEOUT), Some(3600));
        assert!(!reply.packet().contains(mikrotik::TOTAL_LIMIT));
    }
}

#[tokio::test]
async fn every_refusal_says_why() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let message = |text: &str| text.to_owned();

        let refused = nas.login("K7MPQ2XW9R").await.message();
        assert_eq!(
            refused,
            message("This code is not known here. Check it, or buy a new one.")
        );
        assert_eq!(nas.login("admin").await.message(), refused);
        let ticket = shop.ticket(HOUR).await;
        assert_eq!(
            nas.pap(ticket.code.as_str(), "K7MPQ2XW9R", PHONE)
                .await
                .message(),
            refused
        );
        // A device that nothing was paid for, and one that pretends to be another.
        assert_eq!(nas.pap(OTHER, "", OTHER).await.message(), refused);
        assert_eq!(nas.pap(PHONE, "", OTHER).await.message(), refused);

        assert_eq!(nas.login(ticket.code).await.code(), Code::AccessAccept);
        let full = nas.pap(ticket.code.as_str(), "", OTHER).await.message();
        assert_eq!(
            full,
            "This ticket is in use on as many devices as it allows. Disconnect one first."
        );

        // To the second, whether the end has been written down or not.
        world.clock.advance(Duration::from_millis(3_599_999));
        let last = nas.login(ticket.code).await;
        assert_eq!(last.packet().u32(SESSION_TIMEOUT), Some(1));
        world.clock.advance(Duration::from_millis(1));
        let over = message("Your time is over. Buy again to go on.");
        assert_eq!(nas.login(ticket.code).await.message(), over);
        assert_eq!(world.app.expire_due().await.unwrap(), 1);
        assert_eq!(nas.login(ticket.code).await.message(), over);

        let revoked = shop.ticket(HOUR).await;
        assert_eq!(nas.login(revoked.code).await.code(), Code::AccessAccept);
        world
            .app
            .revoke_ticket(&shop.owner, revoked.id)
            .await
            .unwrap();
        // What was remembered is forgotten as soon as it is heard that the ticket has changed.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let reply = nas.login(revoked.code).await.message();
        assert_eq!(reply, "This ticket was cancelled. Please ask the staff.");
    }
}

#[tokio::test]
async fn a_ticket_ends_at_the_byte() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let ticket = shop.ticket(data(1000)).await;
        let accept = nas.login(ticket.code).await;
        assert_eq!(accept.packet().counter(mikrotik::TOTAL_BYTES), Some(1000));
        let account = Account {
            status: AcctStatusType::InterimUpdate,
            session: "80100001",
            user: ticket.code.as_str(),
            class: &accept.class(),
        };
        let moved = |octets: u64| {
            move |b: &mut bando_radius::Builder<'_>| {
                b.counter(bando_radius::dictionary::INPUT_OCTETS, octets);
            }
        };
        nas.account(&account, moved(999)).await;
        let accept = nas.login(ticket.code).await;
        assert_eq!(
            accept.packet().counter(mikrotik::TOTAL_BYTES),
            Some(1),
            "not what was remembered"
        );
        nas.account(&account, moved(1000)).await;
        let refused = nas.login(ticket.code).await.message();
        assert_eq!(refused, "Your data is used up. Buy again to go on.");
    }
}

#[tokio::test]
async fn guessers_are_held_up_and_bound_devices_are_not() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let (mine, other) = (shop.ticket(HOUR).await, shop.ticket(HOUR).await);
        assert_eq!(nas.login(mine.code).await.code(), Code::AccessAccept);
        for _ in 0..10 {
            let message = nas.login("K7MPQ2XW9R").await.message();
            assert!(message.starts_with("This code is not known"), "{message}");
        }
        let held_up = "Too many wrong codes. Wait a few minutes and try again.";
        assert_eq!(nas.login("K7MPQ2XW9R").await.message(), held_up);
        assert_eq!(
            nas.login(other.code).await.message(),
            held_up,
            "a right code tells nothing"
        );
        assert_eq!(nas.login(mine.code).await.code(), Code::AccessAccept);
        world.clock.advance(Duration::from_secs(600));
        assert_eq!(
            nas.pap(other.code.as_str(), "", OTHER).await.code(),
            Code::AccessAccept
        );
    }
}

#[tokio::test]
async fn refusals_speak_the_language_of_the_provider() {
    for world in worlds().await {
        let shop = world
            .shop_with(|p| {
                p.language = bando_domain::Language::Sw;
            })
            .await;
        let refused = world.nas(&shop).await.login("K7MPQ2XW9R").await.message();
        assert_eq!(
            refused,
            "Nambari hii haijulikani hapa. Iangalie tena, au nunua mpya."
        );

        let closed = world
            .shop_with(|p| {
                p.slug = "closed".parse().unwrap();
                p.status = ProviderStatus::Suspended;
                p.language = bando_domain::Language::Fr;
            })
            .await;
        let ticket = closed.ticket(HOUR).await;
        let refused = world.nas(&closed).await.login(ticket.code).await.message();
        assert_eq!(
            refused,
            "Ce réseau est fermé pour le moment. Adressez-vous au personnel."
        );
        assert_eq!(
            closed.look(&ticket).await.ticket.state,
            bando_domain::TicketState::Unused
        );
    }
}

#[tokio::test]
async fn forty_phones_with_one_voucher_and_one_comes_in() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let ticket = shop.ticket(HOUR).await;
        let mut phones = Vec::new();
        for i in 0..40_u8 {
            let nas = world.nas(&shop).await;
            let code = ticket.code;
            phones.push(tokio::spawn(async move {
                let mac = format!("40:D3:AE:04:32:{i:02X}");
                nas.pap(code.as_str(), "", &mac).await.code()
            }));
        }
        let mut accepted = 0;
        for phone in phones {
            accepted += usize::from(phone.await.unwrap() == Code::AccessAccept);
        }
        assert_eq!(accepted, 1);
        assert_eq!(shop.look(&ticket).await.devices.len(), 1);
    }
}

#[tokio::test]
async fn a_repeated_question_is_answered_alike_and_worked_on_once() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let ticket = shop.ticket(HOUR).await;
        let request = nas.pap_request(ticket.code.as_str(), "", PHONE);
        let first = nas.ask(nas.auth, &request).await.unwrap();
        let second = nas.ask(nas.auth, &request).await.unwrap();
        assert_eq!(first, second);
        // Padding does not make it another.
        let padded = [&request[..], &[0; 9]].concat();
        assert_eq!(nas.ask(nas.auth, &padded).await.unwrap(), first);
        let stats = world.server().stats();
        assert_eq!((stats.accepts, stats.repeated), (1, 2));

        // The same number with another authenticator is another question.
        let mut buffer = Vec::new();
        let mut other = bando_radius::Builder::access_request(&mut buffer, request[1], [0xEE; 16]);
        other.text(bando_radius::dictionary::NAS_IDENTIFIER, &nas.identity);
        other
            .text(USER_NAME, ticket.code.as_str())
            .text(CALLING_STATION_ID, PHONE);
        other.finish(&nas.secret).unwrap();
        let third = nas.ask(nas.auth, &buffer).await.unwrap();
        assert_ne!(third.class(), first.class());
        assert_ne!(
            nas.ask(nas.auth, &request).await.unwrap().class(),
            first.class()
        );
    }
}

#[tokio::test]
async fn without_a_database_nobody_is_told_anything() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let (known, new) = (shop.ticket(HOUR).await, shop.ticket(HOUR).await);
        assert_eq!(nas.login(known.code).await.code(), Code::AccessAccept);
        world.app.close().await;
        let request = nas.pap_request(new.code.as_str(), "", PHONE);
        nas.unanswered(nas.auth, &request).await;
        nas.unanswered(nas.auth, &nas.pap_request("K7MPQ2XW9R", "", PHONE))
            .await;
        // Asked again it is tried again, not taken for a question that is being worked on.
        nas.unanswered(nas.auth, &request).await;
        let stats = world.server().stats();
        assert_eq!(stats.dropped(bando_aaa::DropReason::Unavailable), 3);
        assert_eq!((stats.accepts, stats.rejects), (1, 0));
    }
}
