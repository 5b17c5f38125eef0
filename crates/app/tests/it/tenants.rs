//! A neighbour with an account of their own sees and changes nothing here.

use bando_app::testing::Shop;
use bando_app::{AccessKey, Claim, Error, Origin, PaymentFilter, TicketFilter};
use bando_domain::Refusal;

fn is_nothing<T: std::fmt::Debug>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound(_)))
}

#[tokio::test]
async fn a_neighbour_sees_and_changes_nothing() {
    for shop in Shop::open_all(900).await {
        let them = shop.neighbour("baba-otieno").await.unwrap();
        let device = Shop::device(1);
        let ticket = shop.buy("0712345678", Some(device)).await;
        let session = shop.record(ticket.id, device, 1, 10);
        let records = vec![(shop.provider(), session.clone())];
        shop.app.record_accounting(records).await.unwrap();
        let batch = shop
            .app
            .order_batch(&shop.owner, shop.plan.id, 3)
            .await
            .unwrap();
        shop.work().await;
        let Origin::Payment(payment) = ticket.origin else {
            panic!("bought")
        };
        let app = &shop.app;

        assert!(is_nothing(&app.ticket(&them, ticket.id).await));
        assert!(is_nothing(&app.payment_story(&them, payment).await));
        assert!(is_nothing(&app.plan(&them, shop.plan.id).await));
        assert!(is_nothing(&app.router(&them, shop.router_id()).await));
        assert!(is_nothing(&app.batch(&them, batch.id).await));
        assert!(is_nothing(&app.vouchers(&them, batch.id, 0, 10).await));
        assert_eq!(app.vouchers_used(&them, batch.id).await.unwrap(), 0);
        let every = TicketFilter::default();
        assert!(
            app.tickets(&them, &every, None, 9)
                .await
                .unwrap()
                .rows
                .is_empty()
        );
        let all = PaymentFilter::default();
        assert!(
            app.payments(&them, &all, None, 9)
                .await
                .unwrap()
                .rows
                .is_empty()
        );
        assert!(app.open_sessions(&them).await.unwrap().is_empty());
        assert!(app.balances(&them).await.unwrap().is_empty());
        assert!(app.plans(&them).await.unwrap().is_empty());
        assert!(app.routers(&them).await.unwrap().is_empty());
        assert!(app.batches(&them).await.unwrap().is_empty());
        let home = app.home(&them).await.unwrap();
        assert_eq!((home.online, home.latest.len()), (0, 0));
        let log = app.audit_log(&them).await.unwrap();
        assert!(
            log.iter()
                .all(|entry| !entry.object.contains(&ticket.id.to_string()))
        );

        assert!(is_nothing(&app.delete_plan(&them, shop.plan.id).await));
        assert!(is_nothing(
            &app.delete_router(&them, shop.router_id()).await
        ));
        assert!(is_nothing(
            &app.give_ticket(&them, shop.plan.id, "", "").await
        ));
        assert!(is_nothing(&app.order_batch(&them, shop.plan.id, 1).await));
        assert!(is_nothing(&app.kick(&them, session.id).await));
        assert!(!app.revoke_ticket(&them, ticket.id).await.unwrap());
        assert!(is_nothing(
            &app.forget_device(&them, ticket.id, device).await
        ));

        // The same through the doors that customers and routers use.
        let code = ticket.code.as_str();
        assert!(is_nothing(
            &app.ticket_by_code(them.provider, code, "x").await
        ));
        let key = AccessKey::Code(ticket.code);
        assert_eq!(app.find_access(them.provider, &key).await.unwrap(), None);
        let key = AccessKey::Device(device);
        assert_eq!(app.find_access(them.provider, &key).await.unwrap(), None);
        let admitted = app
            .admit(them.provider, ticket.id, Some(device))
            .await
            .unwrap();
        assert_eq!(admitted, Err(Refusal::Unknown));
        assert!(is_nothing(
            &app.take_over(them.provider, ticket.id, device).await
        ));
        assert_eq!(
            app.disconnect_ticket(them.provider, ticket.id)
                .await
                .unwrap(),
            0
        );
        assert!(
            app.ticket_of_device(them.provider, device)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            app.last_payment_of(them.provider, device)
                .await
                .unwrap()
                .is_none()
        );
        let claim = app
            .claim(them.provider, "RKL000001Z", Some(device), "x")
            .await;
        // Their own case, which tells nothing about the receipt.
        assert!(matches!(claim.unwrap(), Claim::Case { .. }));
        let theirs = vec![(them.provider, session.clone())];
        assert!(
            app.record_accounting(theirs).await.is_err(),
            "no router of theirs"
        );

        assert!(shop.routers.asked().is_empty());
        let now = shop.ticket(Some(ticket.id)).await.unwrap();
        assert_eq!(now.state, ticket.state);
        shop.check().await;
    }
}
