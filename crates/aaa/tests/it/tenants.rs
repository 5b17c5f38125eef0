//! Providers behind one address, and nothing between them.

use bando_aaa::DropReason;
use bando_radius::dictionary::{CALLING_STATION_ID, USER_NAME};
use bando_radius::{AcctStatusType, Builder, Code};

use crate::nas::{Account, PHONE};
use crate::world::{HOUR, worlds};

#[tokio::test]
async fn a_code_opens_only_its_own_provider() {
    for world in worlds().await {
        let (mine, theirs) = (world.shop("mine").await, world.shop("theirs").await);
        let (ours, foreign) = (world.nas(&mine).await, world.nas(&theirs).await);
        let ticket = mine.ticket(HOUR).await;
        assert_eq!(foreign.login(ticket.code).await.code(), Code::AccessReject);
        assert_eq!(ours.login(ticket.code).await.code(), Code::AccessAccept);
        // Also once it is remembered, and by the device that is bound to it.
        assert_eq!(foreign.login(ticket.code).await.code(), Code::AccessReject);
        assert_eq!(
            foreign.pap(PHONE, "", PHONE).await.code(),
            Code::AccessReject
        );
        assert_eq!(ours.pap(PHONE, "", PHONE).await.code(), Code::AccessAccept);
    }
}

#[tokio::test]
async fn a_class_of_another_provider_moves_nothing_there() {
    for world in worlds().await {
        let (mine, theirs) = (world.shop("mine").await, world.shop("theirs").await);
        let (ours, foreign) = (world.nas(&mine).await, world.nas(&theirs).await);
        let ticket = mine.ticket(HOUR).await;
        let class = ours.login(ticket.code).await.class();
        let status = AcctStatusType::Stop;
        let account = Account {
            status,
            session: "80100001",
            user: "",
            class: &class,
        };
        let moved = |b: &mut Builder<'_>| {
            b.counter(bando_radius::dictionary::INPUT_OCTETS, 5_000_000);
        };
        assert_eq!(
            foreign.account(&account, moved).await.code(),
            Code::AccountingResponse
        );
        let page = mine.look(&ticket).await;
        assert_eq!((page.ticket.usage.total(), page.sessions.len()), (0, 0));
        ours.account(&account, moved).await;
        let page = mine.look(&ticket).await;
        assert_eq!(
            (page.ticket.usage.total(), page.sessions.len()),
            (5_000_000, 1)
        );
    }
}

#[tokio::test]
async fn routers_that_do_not_name_themselves_are_told_apart_by_their_secret() {
    for world in worlds().await {
        let (mine, theirs) = (world.shop("mine").await, world.shop("theirs").await);
        let ticket = mine.ticket(HOUR).await;
        let (ours, foreign) = (world.nas(&mine).await, world.nas(&theirs).await);
        let nameless = |nas: &crate::nas::Nas| {
            let (number, authenticator) = nas.number();
            let mut buffer = Vec::new();
            let mut request = Builder::access_request(&mut buffer, number, authenticator);
            request
                .text(USER_NAME, ticket.code.as_str())
                .text(CALLING_STATION_ID, PHONE);
            request.finish(&nas.secret).unwrap();
            buffer
        };
        // Nobody was heard of from this address yet.
        ours.unanswered(ours.auth, &nameless(&ours)).await;
        assert_eq!(world.server().stats().dropped(DropReason::UnknownRouter), 1);

        // Both are heard of: from the same address, as behind one NAT.
        assert_eq!(ours.login("K7MPQ2XW9R").await.code(), Code::AccessReject);
        assert_eq!(foreign.login("K7MPQ2XW9R").await.code(), Code::AccessReject);
        for _ in 0..100 {
            if world
                .app
                .routers_by_source("127.0.0.1")
                .await
                .unwrap()
                .len()
                == 2
            {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let reply = ours.ask(ours.auth, &nameless(&ours)).await.unwrap();
        assert_eq!(reply.code(), Code::AccessAccept);
        let reply = foreign
            .ask(foreign.auth, &nameless(&foreign))
            .await
            .unwrap();
        assert_eq!(reply.code(), Code::AccessReject);

        // Without a signature nothing tells whose it is.
        let (number, authenticator) = ours.number();
        let mut buffer = Vec::new();
        let mut request = Builder::unsigned_access_request(&mut buffer, number, authenticator);
        request.text(USER_NAME, ticket.code.as_str());
        request.finish(&ours.secret).unwrap();
        ours.unanswered(ours.auth, &buffer).await;
    }
}

#[tokio::test]
async fn a_deleted_router_is_a_stranger_at_once() {
    for world in worlds().await {
        let shop = world.shop("cafe").await;
        let nas = world.nas(&shop).await;
        let ticket = shop.ticket(HOUR).await;
        assert_eq!(nas.login(ticket.code).await.code(), Code::AccessAccept);
        world
            .app
            .delete_router(&shop.owner, shop.router.id)
            .await
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        nas.unanswered(nas.auth, &nas.pap_request(ticket.code.as_str(), "", PHONE))
            .await;
    }
}
