//! Accounting: durable before it is answered, counted once, right under every order.

use std::time::Duration;

use bando_aaa::DropReason;
use bando_domain::Timestamp;
use bando_radius::dictionary::{
    ACCT_DELAY_TIME, ACCT_SESSION_TIME, ACCT_TERMINATE_CAUSE, EVENT_TIMESTAMP, INPUT_OCTETS,
    NAS_PORT, OUTPUT_OCTETS,
};
use bando_radius::{AcctStatusType, AcctTerminateCause, Builder, Code};
use bando_store::Session;

use crate::nas::{Account, Nas, PHONE};
use crate::world::{HOUR, Shop, World, data, worlds};

/// Octets in, octets out, seconds.
fn counters(input: u64, output: u64, seconds: u32) -> impl Fn(&mut Builder<'_>) {
    move |b| {
        b.counter(INPUT_OCTETS, input)
            .counter(OUTPUT_OCTETS, output);
        b.u32(ACCT_SESSION_TIME, seconds);
    }
}

async fn sessions(world: &World, shop: &Shop) -> Vec<Session> {
    world.app.open_sessions(&shop.owner).await.unwrap()
}

#[tokio::test]
async fn a_session_from_start_to_stop() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let ticket = shop.ticket(data(100 << 32)).await;
        let class = nas.login(ticket.code).await.class();
        let account = |status| Account {
            status,
            session: "80100014",
            user: ticket.code.as_str(),
            class: &class,
        };
        let began = world.clock_seconds();
        assert_eq!(
            nas.account(&account(AcctStatusType::Start), |_| {})
                .await
                .code(),
            Code::AccountingResponse
        );
        let open = sessions(&world, &shop).await;
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].acct_session_id, "80100014");
        assert_eq!(open[0].ticket_id, Some(ticket.id));
        assert_eq!(open[0].id.uuid().into_bytes(), class[..16]);
        assert_eq!(open[0].mac.unwrap().to_string(), PHONE);
        assert_eq!(open[0].framed_ip.as_deref(), Some("10.5.50.9"));

        world.clock.advance(Duration::from_secs(60));
        let interim = account(AcctStatusType::InterimUpdate);
        nas.account(&interim, counters((7 << 32) + 5, 1000, 60))
            .await;
        assert_eq!(
            shop.look(&ticket).await.ticket.usage.total(),
            (7 << 32) + 1005
        );
        world.clock.advance(Duration::from_secs(30));
        let stop = account(AcctStatusType::Stop);
        nas.account(&stop, |b| {
            counters((8 << 32) + 6, 2000, 90)(b);
            b.u32(
                ACCT_TERMINATE_CAUSE,
                AcctTerminateCause::SessionTimeout.to_u32(),
            );
        })
        .await;
        // What comes late or again changes nothing; each is answered, or the router would go on.
        nas.account(&interim, counters((7 << 32) + 5, 1000, 60))
            .await;
        nas.account(&stop, counters((8 << 32) + 6, 2000, 90)).await;
        nas.account(&account(AcctStatusType::Start), |_| {}).await;

        assert!(sessions(&world, &shop).await.is_empty());
        let page = shop.look(&ticket).await;
        assert_eq!(page.ticket.usage.octets_in, (8 << 32) + 6);
        assert_eq!(page.ticket.usage.octets_out, 2000);
        assert_eq!(page.sessions.len(), 1);
        let session = &page.sessions[0];
        assert_eq!(session.usage, page.ticket.usage);
        assert_eq!(session.seconds, 90);
        assert_eq!(session.terminate_cause.as_deref(), Some("Session-Timeout"));
        assert_eq!(session.started_at.as_seconds(), began);
        assert_eq!(session.stopped_at.unwrap().as_seconds(), began + 90);
        assert_eq!(world.server().stats().accounted, 6);
    }
}

impl World {
    fn clock_seconds(&self) -> i64 {
        self.app.now().as_seconds()
    }
}

#[tokio::test]
async fn a_repeated_report_is_written_once() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let ticket = shop.ticket(HOUR).await;
        let class = nas.login(ticket.code).await.class();
        let status = AcctStatusType::InterimUpdate;
        let account = Account {
            status,
            session: "80100014",
            user: "",
            class: &class,
        };
        let request = nas.acct_request(&account, counters(10, 20, 5));
        let first = nas.ask(nas.acct, &request).await.unwrap();
        let second = nas.ask(nas.acct, &request).await.unwrap();
        assert_eq!(first, second);
        let stats = world.server().stats();
        assert_eq!((stats.accounted, stats.repeated), (1, 1));
        // With another Acct-Delay-Time it is another packet, and still the same fact.
        nas.account(&account, |b| {
            counters(10, 20, 5)(b);
            b.u32(ACCT_DELAY_TIME, 3);
        })
        .await;
        assert_eq!(shop.look(&ticket).await.ticket.usage.total(), 30);
    }
}

#[tokio::test]
async fn no_answer_without_a_durable_record() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let ticket = shop.ticket(HOUR).await;
        let class = nas.login(ticket.code).await.class();
        let status = AcctStatusType::Start;
        let account = Account {
            status,
            session: "80100014",
            user: "",
            class: &class,
        };
        let request = nas.acct_request(&account, |_| {});
        world.app.close().await;
        nas.unanswered(nas.acct, &request).await;
        nas.unanswered(nas.acct, &request).await;
        let stats = world.server().stats();
        assert_eq!((stats.accounted, stats.repeated), (0, 0));
        assert_eq!(stats.dropped(DropReason::Unavailable), 2);
    }
}

#[tokio::test]
async fn forged_and_broken_reports_are_dropped() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let status = AcctStatusType::Start;
        let account = Account {
            status,
            session: "80100014",
            user: "bob",
            class: &[],
        };
        let mut request = nas.acct_request(&account, |_| {});
        request[10] ^= 1;
        nas.unanswered(nas.acct, &request).await;
        // Some access servers leave the authenticator empty; RFC 5080 §2.3.3 says to drop it.
        request[4..20].fill(0);
        nas.unanswered(nas.acct, &request).await;
        assert_eq!(world.server().stats().dropped(DropReason::WrongSecret), 2);
        let nameless = Account {
            session: "",
            ..account
        };
        nas.unanswered(nas.acct, &nas.acct_request(&nameless, |_| {}))
            .await;
        assert_eq!(world.server().stats().dropped(DropReason::Malformed), 1);
        assert!(sessions(&world, &shop).await.is_empty());
    }
}

#[tokio::test]
async fn what_a_database_would_choke_on_harms_nobody_else() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let status = AcctStatusType::Start;
        let odd = Account {
            status,
            session: "a\0b",
            user: "\u{202e}nul\0 and 'quotes'; --",
            class: &[0xFF; 32],
        };
        nas.account(&odd, counters(u64::MAX, u64::MAX, u32::MAX))
            .await;
        let open = sessions(&world, &shop).await;
        assert_eq!(open[0].acct_session_id, "a\u{FFFD}b");
        let plain = Account {
            session: "2",
            user: "bob",
            ..odd
        };
        nas.account(&plain, |_| {}).await;
        assert_eq!(sessions(&world, &shop).await.len(), 2);
    }
}

#[tokio::test]
async fn without_class_the_ticket_is_found_by_what_was_typed() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let ticket = shop.ticket(HOUR).await;
        nas.login(ticket.code).await;
        let typed = ticket.code.grouped().to_lowercase();
        let account = |status, user| Account {
            status,
            session: "5f3a",
            user,
            class: b"other",
        };
        nas.account(&account(AcctStatusType::Start, &typed), |_| {})
            .await;
        nas.account(
            &account(AcctStatusType::InterimUpdate, &typed),
            counters(5, 5, 9),
        )
        .await;
        nas.account(&account(AcctStatusType::Start, PHONE), |_| {})
            .await;
        nas.account(&account(AcctStatusType::Start, "K7MPQ2XW9R"), |_| {})
            .await;
        let page = shop.look(&ticket).await;
        assert_eq!(page.ticket.usage.total(), 10);
        assert_eq!(page.sessions.len(), 2, "one by code, one by device");
        let strangers = sessions(&world, &shop).await;
        assert_eq!(
            strangers.iter().filter(|s| s.ticket_id.is_none()).count(),
            1
        );
    }
}

#[tokio::test]
async fn our_clock_decides() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let now = world.clock_seconds();
        let stamp = |seconds: i64| u32::try_from(seconds).unwrap();
        for (session, event, delay, expected) in [
            ("near", Some(stamp(now - 40)), None, now - 40),
            ("ahead", Some(stamp(now + 40)), None, now),
            ("in 1970", Some(86_400), Some(7), now - 7),
            ("next year", Some(u32::MAX), None, now),
            ("no clock", None, Some(30), now - 30),
            ("absurd", None, Some(u32::MAX), now - 7 * 86_400),
        ] {
            let status = AcctStatusType::Start;
            let account = Account {
                status,
                session,
                user: "bob",
                class: &[],
            };
            nas.account(&account, |b| {
                if let Some(event) = event {
                    b.u32(EVENT_TIMESTAMP, event);
                }
                if let Some(delay) = delay {
                    b.u32(ACCT_DELAY_TIME, delay);
                }
            })
            .await;
            let open = sessions(&world, &shop).await;
            let open = open.iter().find(|s| s.acct_session_id == session).unwrap();
            assert_eq!(
                open.started_at,
                Timestamp::from_seconds(expected),
                "{session}"
            );
        }
    }
}

async fn start(nas: &Nas, number: u32) {
    let session = format!("{number:08x}");
    let status = AcctStatusType::Start;
    let account = Account {
        status,
        session: &session,
        user: "bob",
        class: &[],
    };
    nas.account(&account, |b| {
        b.u32(NAS_PORT, number);
    })
    .await;
}

#[tokio::test]
async fn a_restarted_router_has_no_old_sessions() {
    for world in worlds().await {
        let (shop, other) = (world.shop("cafe").await, world.shop("other").await);
        let (nas, foreign) = (world.nas(&shop).await, world.nas(&other).await);
        start(&foreign, 0x8010_0001).await;
        start(&nas, 0x8010_0001).await;
        start(&nas, 0x8010_0002).await;
        assert_eq!(sessions(&world, &shop).await.len(), 2);

        // RouterOS says nothing, but its session numbers begin anew.
        world.clock.advance(Duration::from_secs(90));
        start(&nas, 0x8020_0001).await;
        let open = sessions(&world, &shop).await;
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].acct_session_id, "80200001");

        // A Start from before that comes late is no restart, nor is the next one after it.
        let late = Account {
            status: AcctStatusType::Start,
            session: "80100003",
            user: "bob",
            class: &[],
        };
        nas.account(&late, |b| {
            b.u32(NAS_PORT, 0x8010_0003).u32(ACCT_DELAY_TIME, 60);
        })
        .await;
        world.clock.advance(Duration::from_secs(1));
        start(&nas, 0x8020_0002).await;
        assert_eq!(sessions(&world, &shop).await.len(), 3);

        // Others say it, without naming a session.
        world.clock.advance(Duration::from_secs(1));
        let on = Account {
            status: AcctStatusType::AccountingOn,
            session: "",
            user: "",
            class: &[],
        };
        nas.account(&on, |_| {}).await;
        assert!(sessions(&world, &shop).await.is_empty());
        assert_eq!(sessions(&world, &other).await.len(), 1);
    }
}

#[tokio::test]
async fn many_reports_share_a_commit() {
    const ROUTERS: usize = 8;
    const EACH: usize = 60;
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        start(&world.nas(&shop).await, 1).await;
        let before = world.test.db().stats();
        let mut routers = Vec::new();
        for router in 0..ROUTERS {
            let nas = world.nas(&shop).await;
            routers.push(tokio::spawn(async move {
                for i in 0..EACH {
                    let session = format!("{router}-{i}");
                    let status = AcctStatusType::Start;
                    let account = Account {
                        status,
                        session: &session,
                        user: "bob",
                        class: &[],
                    };
                    let request = nas.acct_request(&account, |_| {});
                    nas.socket.send_to(&request, nas.acct).await.unwrap();
                }
                let mut buffer = [0; 100];
                for _ in 0..EACH {
                    let wait = nas.socket.recv_from(&mut buffer);
                    tokio::time::timeout(Duration::from_secs(20), wait)
                        .await
                        .unwrap()
                        .unwrap();
                }
            }));
        }
        for router in routers {
            router.await.unwrap();
        }
        let commits = world.test.db().stats().commits - before.commits;
        let records = (ROUTERS * EACH + 1) as u64;
        assert_eq!(world.server().stats().accounted, records);
        assert!(
            commits * 4 < records,
            "{commits} commits for {records} records"
        );
        assert_eq!(sessions(&world, &shop).await.len() as u64, records.min(500));
    }
}

#[tokio::test]
async fn a_stop_finishes_what_came_in() {
    for mut world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        start(&nas, 1).await;
        for i in 0..100 {
            let session = format!("s{i}");
            let status = AcctStatusType::Start;
            let account = Account {
                status,
                session: &session,
                user: "bob",
                class: &[],
            };
            nas.socket
                .send_to(&nas.acct_request(&account, |_| {}), nas.acct)
                .await
                .unwrap();
        }
        world.stop().await;
        let mut answered = 0;
        let mut buffer = [0; 100];
        while tokio::time::timeout(
            Duration::from_millis(200),
            nas.socket.recv_from(&mut buffer),
        )
        .await
        .is_ok()
        {
            answered += 1;
        }
        assert_eq!(
            sessions(&world, &shop).await.len(),
            answered + 1,
            "answered are all that were kept"
        );
        world.start(crate::world::config()).await;
    }
}
