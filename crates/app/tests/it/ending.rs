//! The end: to the millisecond, through restarts, and with routers that do not listen.

use std::time::Duration;

use bando_app::Disconnected;
use bando_app::testing::Shop;
use bando_domain::{Clock, Starts, TicketState, Timestamp};

const PHONE: &str = "0712345678";

#[tokio::test]
async fn to_the_millisecond_also_after_a_restart() {
    for restart in [false, true] {
        for mut shop in Shop::open_all(500).await {
            let ticket = shop.buy(PHONE, Some(Shop::device(1))).await;
            let end = ticket.expires_at.unwrap();
            let session = shop.record(ticket.id, Shop::device(1), 0, 0);
            let records = vec![(shop.provider(), session.clone())];
            shop.app.record_accounting(records).await.unwrap();
            shop.clock.set(Timestamp::from_millis(end.as_millis() - 1));
            assert_eq!(shop.app.expire_due().await.unwrap(), 0);
            if restart {
                shop.restart();
            }
            shop.clock.set(end);
            assert_eq!(shop.app.expire_due().await.unwrap(), 1);
            assert_eq!(shop.app.expire_due().await.unwrap(), 0);
            let ended = shop.ticket(Some(ticket.id)).await.unwrap();
            assert_eq!(
                (ended.state, ended.ended_at),
                (TicketState::Expired, Some(end))
            );
            shop.check().await;
            shop.work().await;
            assert_eq!(shop.routers.asked(), [session.id]);
            shop.check().await;
        }
    }
}

#[tokio::test]
async fn long_overdue_tickets_end_when_the_program_comes_back() {
    for mut shop in Shop::open_all(501).await {
        for i in 0..30 {
            shop.buy(&format!("07123456{i:02}"), None).await;
            shop.clock.advance(Duration::from_secs(30));
        }
        shop.clock.advance(Duration::from_secs(86_400));
        shop.restart();
        let mut ended = 0;
        loop {
            match shop.app.expire_due().await.unwrap() {
                0 => break,
                n => ended += n,
            }
        }
        assert_eq!(ended, 30);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_router_is_asked_until_the_session_is_gone() {
    for shop in Shop::open_all(502).await {
        let ticket = shop.buy(PHONE, Some(Shop::device(1))).await;
        let session = shop.record(ticket.id, Shop::device(1), 0, 0);
        let records = vec![(shop.provider(), session.clone())];
        shop.app.record_accounting(records).await.unwrap();
        for answer in [
            Disconnected::NoAnswer,
            Disconnected::NoAnswer,
            Disconnected::Refused("busy".into()),
            // It says "done" and keeps the session.
            Disconnected::Gone,
            Disconnected::Gone,
            Disconnected::NotThere,
        ] {
            shop.routers.answer(answer);
        }
        let end = ticket.expires_at.unwrap();
        shop.clock.set(end);
        shop.app.expire_due().await.unwrap();
        let mut times = Vec::new();
        for _ in 0..60 {
            let before = shop.routers.asked().len();
            shop.work().await;
            if shop.routers.asked().len() > before {
                times.push(shop.clock.now().since(end).as_secs());
            }
            shop.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(times, [0, 2, 6, 14, 19, 24]);
        let open = shop.app.open_sessions(&shop.owner).await.unwrap();
        assert!(
            open.is_empty(),
            "the router has no such session, so it is closed"
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn a_stop_from_the_router_ends_the_asking() {
    for shop in Shop::open_all(503).await {
        let ticket = shop.buy(PHONE, Some(Shop::device(1))).await;
        let mut session = shop.record(ticket.id, Shop::device(1), 0, 0);
        let records = vec![(shop.provider(), session.clone())];
        shop.app.record_accounting(records).await.unwrap();
        shop.clock.set(ticket.expires_at.unwrap());
        shop.app.expire_due().await.unwrap();
        shop.work().await;
        session.stopped = Some("Session-Timeout".into());
        session.at = shop.clock.now();
        let records = vec![(shop.provider(), session)];
        shop.app.record_accounting(records).await.unwrap();
        shop.pass(Duration::from_secs(30)).await;
        assert_eq!(shop.routers.asked().len(), 1);
        let jobs = shop.test.raw("SELECT COUNT(*) FROM jobs").await.unwrap();
        assert_eq!(jobs[0][0].as_deref(), Some("0"));
        shop.check().await;
    }
}

#[tokio::test]
async fn the_timer_ends_tickets_by_itself() {
    for shop in Shop::open_all(504).await {
        let terms = Shop::terms(Some(1), None, Starts::Purchase, 1);
        let plan = shop.add_plan("a second", "1", terms).await.unwrap();
        let (timer, worker) = (shop.app.clone(), shop.app.clone());
        let timer = tokio::spawn(async move { timer.run_expiry().await });
        let worker = tokio::spawn(async move { worker.run_jobs().await });
        let mut wish = shop.wish(PHONE);
        wish.plan = plan.id;
        let payment = shop.app.start_payment(wish).await.unwrap();
        shop.pay(&payment).await;
        let mut paid = shop.payment(&payment).await;
        for _ in 0..300 {
            if paid.ticket_id.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            paid = shop.payment(&payment).await;
        }
        shop.clock.advance(Duration::from_secs(1));
        let mut state = TicketState::Active;
        for _ in 0..300 {
            state = shop.ticket(paid.ticket_id).await.unwrap().state;
            if state == TicketState::Expired {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(state, TicketState::Expired);
        timer.abort();
        worker.abort();
        shop.check().await;
    }
}

#[tokio::test]
async fn a_slow_gateway_holds_nobody_up() {
    for shop in Shop::open_all(505).await {
        // A job that hangs: its router never answers within the test.
        let ticket = shop.buy(PHONE, Some(Shop::device(1))).await;
        let slow = shop.record(ticket.id, Shop::device(1), 0, 0);
        let records = vec![(shop.provider(), slow.clone())];
        shop.app.record_accounting(records).await.unwrap();
        let gate = shop.routers.hold(slow.id);
        shop.app.kick(&shop.owner, slow.id).await.unwrap();
        let worker = shop.app.clone();
        let worker = tokio::spawn(async move { worker.run_jobs().await });
        while shop.routers.asked().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Meanwhile another session is put off.
        let other = shop.record(ticket.id, Shop::device(1), 0, 0);
        let records = vec![(shop.provider(), other.clone())];
        shop.app.record_accounting(records).await.unwrap();
        shop.app.kick(&shop.owner, other.id).await.unwrap();
        let done = tokio::time::timeout(Duration::from_secs(20), async {
            while shop.routers.asked().len() < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(done.await.is_ok(), "it waited for the slow one");
        gate.add_permits(1);
        worker.abort();
        shop.check().await;
    }
}
