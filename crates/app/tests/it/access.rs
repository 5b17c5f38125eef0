//! Who is let in, on how many devices, and for how much.

use std::time::Duration;

use bando_app::testing::{NOON, Shop};
use bando_app::{AccessKey, Change, Disconnected};
use bando_domain::{Clock, Refusal, Starts, TicketState};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_voucher_begins_at_its_first_use() {
    for shop in Shop::open_all(400).await {
        let terms = Shop::terms(Some(60), None, Starts::FirstUse, 1);
        let plan = shop.add_plan("minute", "5", terms).await.unwrap();
        let ticket = shop
            .app
            .give_ticket(&shop.owner, plan.id, "", "")
            .await
            .unwrap();
        shop.clock.advance(MINUTE * 600);
        let key = AccessKey::Code(ticket.code);
        let found = shop
            .app
            .find_access(shop.provider(), &key)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.state, TicketState::Unused);
        assert!(found.judge(shop.clock.now()).unwrap().activates);
        let device = Shop::device(1);
        let access = shop
            .app
            .admit(shop.provider(), ticket.id, Some(device))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(access.expires_at, Some(shop.clock.now().plus(MINUTE)));
        assert_eq!(*access.devices, [device]);
        // Coming again changes nothing.
        shop.clock.advance(Duration::from_secs(30));
        let again = shop
            .app
            .admit(shop.provider(), ticket.id, Some(device))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(again.expires_at, access.expires_at);
        assert_eq!(
            again.judge(shop.clock.now()).unwrap().session_timeout(),
            Some(30)
        );
        let by_device = AccessKey::Device(device);
        let found = shop
            .app
            .find_access(shop.provider(), &by_device)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.ticket, ticket.id);
        shop.clock.advance(Duration::from_secs(30));
        // Nobody has ended it yet, and yet it is over.
        let over = shop
            .app
            .admit(shop.provider(), ticket.id, Some(device))
            .await
            .unwrap();
        assert_eq!(over, Err(Refusal::Expired));
        assert_eq!(
            shop.app
                .find_access(shop.provider(), &by_device)
                .await
                .unwrap(),
            None
        );
        shop.check().await;
    }
}

#[tokio::test]
async fn one_device_too_many_is_refused_until_one_goes() {
    for shop in Shop::open_all(401).await {
        let terms = Shop::terms(Some(86_400), None, Starts::FirstUse, 2);
        let plan = shop.add_plan("two", "5", terms).await.unwrap();
        let ticket = shop
            .app
            .give_ticket(&shop.owner, plan.id, "", "")
            .await
            .unwrap();
        let admit = async |n: u8| {
            let answer = shop
                .app
                .admit(shop.provider(), ticket.id, Some(Shop::device(n)));
            answer.await.unwrap().map(|access| access.devices.len())
        };
        assert_eq!(admit(1).await, Ok(1));
        assert_eq!(admit(2).await, Ok(2));
        assert_eq!(admit(3).await, Err(Refusal::DeviceLimit));
        assert_eq!(admit(1).await, Ok(2), "a known device always comes back");

        // Device 1 is online for long; device 2 only came by.
        let online = shop.record(ticket.id, Shop::device(1), 0, 10);
        let records = vec![(shop.provider(), online.clone())];
        shop.app.record_accounting(records).await.unwrap();
        shop.clock.advance(MINUTE - Duration::from_millis(1));
        assert_eq!(admit(3).await, Err(Refusal::DeviceLimit));
        shop.clock.advance(Duration::from_millis(1));
        assert_eq!(admit(3).await, Ok(2), "device 2 gave its place up");
        shop.clock.advance(MINUTE * 5);
        // Device 3 is away as well now; device 1 keeps its place, for it is online.
        assert_eq!(admit(2).await, Ok(2));
        assert_eq!(admit(4).await, Err(Refusal::DeviceLimit));

        // The person moves the ticket by hand: the one longest there goes.
        let moved = shop
            .app
            .take_over(shop.provider(), ticket.id, Shop::device(4));
        moved.await.unwrap();
        shop.work().await;
        assert_eq!(shop.routers.asked(), [online.id]);
        assert_eq!(admit(4).await, Ok(2));
        let gone = shop
            .app
            .release_device(shop.provider(), ticket.id, Shop::device(4));
        gone.await.unwrap();
        assert_eq!(admit(5).await, Ok(2));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_ticket_ends_at_its_last_byte() {
    for shop in Shop::open_all(402).await {
        let terms = Shop::terms(None, Some(10_000), Starts::FirstUse, 2);
        let plan = shop.add_plan("10 kB", "5", terms).await.unwrap();
        let ticket = shop
            .app
            .give_ticket(&shop.owner, plan.id, "", "")
            .await
            .unwrap();
        for n in [1, 2] {
            let device = Some(Shop::device(n));
            shop.app
                .admit(shop.provider(), ticket.id, device)
                .await
                .unwrap()
                .unwrap();
        }
        let one = shop.record(ticket.id, Shop::device(1), 10, 6_000);
        let mut two = shop.record(ticket.id, Shop::device(2), 10, 3_999);
        let records = vec![
            (shop.provider(), one.clone()),
            (shop.provider(), two.clone()),
        ];
        shop.app.record_accounting(records).await.unwrap();
        let key = AccessKey::Code(ticket.code);
        let left = shop.app.find_access(shop.provider(), &key);
        let left = left
            .await
            .unwrap()
            .unwrap()
            .judge(shop.clock.now())
            .unwrap();
        assert_eq!(left.remaining_octets, Some(1));
        assert!(shop.routers.asked().is_empty());

        let mut events = shop.app.events();
        two.usage.octets_out += 1;
        for _ in 0..2 {
            let records = vec![(shop.provider(), two.clone())];
            shop.app.record_accounting(records).await.unwrap();
        }
        let ended = shop.ticket(Some(ticket.id)).await.unwrap();
        assert_eq!(
            (ended.state, ended.usage.total()),
            (TicketState::UsedUp, 10_000)
        );
        let mut told = Vec::new();
        while let Ok(event) = events.try_recv() {
            told.push(event.change);
        }
        assert!(told.contains(&Change::Ticket(ticket.id)));
        shop.work().await;
        let mut asked = shop.routers.asked();
        asked.sort();
        let mut both = [one.id, two.id];
        both.sort();
        assert_eq!(asked, both, "both devices are put off");
        let refused = shop
            .app
            .admit(shop.provider(), ticket.id, Some(Shop::device(1)))
            .await;
        assert_eq!(refused.unwrap(), Err(Refusal::UsedUp));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_session_that_begins_as_its_ticket_ends_is_put_off() {
    for shop in Shop::open_all(403).await {
        let ticket = shop.buy("0712345678", Some(Shop::device(1))).await;
        let device = Some(Shop::device(1));
        shop.app
            .admit(shop.provider(), ticket.id, device)
            .await
            .unwrap()
            .unwrap();
        // Revoked between the router's Accept and its Accounting-Start.
        assert!(
            shop.app
                .revoke_ticket(&shop.owner, ticket.id)
                .await
                .unwrap()
        );
        shop.work().await;
        let mut late = shop.record(ticket.id, Shop::device(1), 0, 0);
        let records = vec![(shop.provider(), late.clone())];
        shop.app.record_accounting(records).await.unwrap();
        shop.check().await;
        shop.work().await;
        assert_eq!(shop.routers.asked(), [late.id]);
        late.stopped = Some("Admin-Reset".into());
        let records = vec![(shop.provider(), late)];
        shop.app.record_accounting(records).await.unwrap();
        shop.pass(MINUTE).await;
        assert_eq!(shop.routers.asked().len(), 1, "its Stop ends it");
        shop.check().await;
    }
}

#[tokio::test]
async fn a_second_ticket_waits_for_the_first() {
    for shop in Shop::open_all(404).await {
        let device = Shop::device(1);
        let terms = Shop::terms(Some(3600), None, Starts::FirstUse, 1);
        let plan = shop
            .add_plan("hour from first use", "20", terms)
            .await
            .unwrap();
        let mut tickets = Vec::new();
        for phone in ["0712345678", "0712345679"] {
            let mut wish = shop.wish(phone);
            (wish.plan, wish.visit) = (plan.id, shop.visit(device));
            tickets.push(shop.buy_this(wish).await.id);
        }
        let found = async || {
            let key = AccessKey::Device(device);
            let found = shop.app.find_access(shop.provider(), &key).await.unwrap();
            found.map(|access| access.ticket)
        };
        let first = found().await.unwrap();
        shop.app
            .admit(shop.provider(), first, Some(device))
            .await
            .unwrap()
            .unwrap();
        shop.clock.advance(MINUTE * 59);
        assert_eq!(found().await, Some(first), "it still runs");
        shop.clock.advance(MINUTE);
        let second = found().await.unwrap();
        assert_ne!(second, first);
        assert!(tickets.contains(&second));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_suspended_business_lets_nobody_in() {
    for shop in Shop::open_all(405).await {
        let ticket = shop.buy("0712345678", None).await;
        shop.test
            .raw("UPDATE providers SET status = 'suspended'")
            .await
            .unwrap();
        let refused = shop
            .app
            .admit(shop.provider(), ticket.id, Some(Shop::device(1)))
            .await;
        assert_eq!(refused.unwrap(), Err(Refusal::ProviderSuspended));
        let unknown = bando_domain::TicketId::from_uuid(shop.app.new_uuid());
        shop.test
            .raw("UPDATE providers SET status = 'active'")
            .await
            .unwrap();
        let refused = shop.app.admit(shop.provider(), unknown, None).await;
        assert_eq!(refused.unwrap(), Err(Refusal::Unknown));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_device_may_come_as_often_as_it_likes() {
    for shop in Shop::open_all(406).await {
        let ticket = shop.buy("0712345678", Some(Shop::device(1))).await;
        for _ in 0..50 {
            let device = Some(Shop::device(1));
            shop.app
                .admit(shop.provider(), ticket.id, device)
                .await
                .unwrap()
                .unwrap();
            shop.clock.advance(Duration::from_secs(1));
        }
        let sql = "SELECT COUNT(*) FROM payment_events WHERE kind = 'connected'";
        let lines = shop.test.raw(sql).await.unwrap();
        assert_eq!(lines[0][0].as_deref(), Some("1"));
        shop.check().await;
    }
}

#[tokio::test]
async fn a_restarted_router_has_no_sessions() {
    for shop in Shop::open_all(407).await {
        let ticket = shop.buy("0712345678", Some(Shop::device(1))).await;
        let before = shop.record(ticket.id, Shop::device(1), 0, 10);
        shop.clock.advance(MINUTE);
        let after = shop.record(ticket.id, Shop::device(1), 0, 10);
        for record in [&before, &after] {
            let records = vec![(shop.provider(), record.clone())];
            shop.app.record_accounting(records).await.unwrap();
        }
        let cut = NOON.plus(Duration::from_secs(30));
        let closed = shop
            .app
            .router_restarted(shop.provider(), shop.router_id(), cut);
        assert_eq!(closed.await.unwrap(), 1);
        let open = shop.app.open_sessions(&shop.owner).await.unwrap();
        assert_eq!(open.len(), 1);
        shop.routers.answer(Disconnected::Gone);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_tickets_own_address_is_one_device_of_it() {
    for shop in Shop::open_all(411).await {
        let ticket = shop.buy("0712345678", None).await;
        let own = ticket.identity_mac.unwrap();
        assert!(own.is_locally_administered() && !own.is_multicast());
        let found = async |mac| {
            let key = AccessKey::Device(mac);
            let found = shop.app.find_access(shop.provider(), &key).await.unwrap();
            found.map(|access| access.ticket)
        };
        assert_eq!(found(own).await, Some(ticket.id));
        assert_eq!(found(Shop::device(1)).await, None);
        let admit = async |mac| {
            let admitted = shop.app.admit(shop.provider(), ticket.id, Some(mac));
            admitted.await.unwrap().map(|access| access.devices.len())
        };
        assert_eq!(admit(own).await, Ok(1));
        assert_eq!(
            admit(own).await,
            Ok(1),
            "coming again takes no second place"
        );
        let page = shop.app.ticket_of_device(shop.provider(), own).await;
        assert_eq!(page.unwrap().unwrap().ticket.id, ticket.id);
        // It is no place beside those of other devices: the plan is for one.
        assert_eq!(admit(Shop::device(1)).await, Err(Refusal::DeviceLimit));
        let neighbour = shop.neighbour("other").await.unwrap();
        let key = AccessKey::Device(own);
        let elsewhere = shop.app.find_access(neighbour.provider, &key).await;
        assert_eq!(elsewhere.unwrap(), None);
        // Once it is over, it is nobody's.
        shop.app
            .revoke_ticket(&shop.owner, ticket.id)
            .await
            .unwrap();
        assert_eq!(found(own).await, None);
        // A device that the ticket was moved to comes in without the ticket's own address.
        let second = shop.buy("0712345679", None).await;
        let scanned = Shop::device(2);
        shop.app
            .admit(shop.provider(), second.id, Some(scanned))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found(scanned).await, Some(second.id));
        shop.check().await;
    }
}
