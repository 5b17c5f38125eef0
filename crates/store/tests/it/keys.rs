//! What the database itself refuses, whatever the program above does.

use bando_domain::{Clock, TicketState};
use bando_store::{Engine, Error, Origin, SendState};

use crate::support::{NOON, World, kes, phone};

fn is_check(error: &Error) -> bool {
    matches!(error, Error::Db(e) if e.to_string().contains("refused by the schema"))
}

#[tokio::test]
async fn one_receipt_one_reference_one_ticket() {
    let w = World::new(20);
    for test in w.stores().await {
        let store = &test.store;
        let provider = w.provider(store, "mama-njeri").await;
        let mut first = w.stored_payment(store, provider, &phone(1)).await;
        let mut second = w.stored_payment(store, provider, &phone(2)).await;
        first.receipt = Some("RKL51ZDR4F".into());
        first.checkout_request_id = Some("ws_CO_1".into());
        let mut tx = store.tenant(provider).await.unwrap();
        tx.update_payment(&first).await.unwrap();
        let ticket = w.ticket(provider, Origin::Payment(first.id));
        assert!(tx.insert_ticket(&ticket, &*w.entropy).await.unwrap());
        tx.commit().await.unwrap();

        for same_receipt in [true, false] {
            second.receipt = same_receipt.then(|| "RKL51ZDR4F".into());
            second.checkout_request_id = (!same_receipt).then(|| "ws_CO_1".into());
            let mut tx = store.tenant(provider).await.unwrap();
            let refused = tx.update_payment(&second).await.unwrap_err();
            assert!(refused.is_conflict(), "{refused}");
        }

        let mut tx = store.tenant(provider).await.unwrap();
        let again = w.ticket(provider, Origin::Payment(first.id));
        let refused = tx.insert_ticket(&again, &*w.entropy).await.unwrap_err();
        assert!(
            refused.is_conflict(),
            "a second ticket for one payment: {refused}"
        );
        drop(tx);

        let mut tx = store.tenant(provider).await.unwrap();
        let mut same_code = w.ticket(provider, Origin::Gift(w.account_id()));
        same_code.code = ticket.code;
        assert!(!tx.insert_ticket(&same_code, &*w.entropy).await.unwrap());
        same_code.code = bando_domain::TicketCode::random(&*w.entropy);
        assert!(
            tx.insert_ticket(&same_code, &*w.entropy).await.unwrap(),
            "a code that is taken spoils nothing"
        );

        // Another provider may have all of the same.
        let other = w.provider(store, "baba-otieno").await;
        let mut theirs = w.stored_payment(store, other, &phone(1)).await;
        theirs.receipt.clone_from(&first.receipt);
        theirs
            .checkout_request_id
            .clone_from(&first.checkout_request_id);
        let mut tx = store.tenant(other).await.unwrap();
        tx.update_payment(&theirs).await.unwrap();
        let mut same_code = w.ticket(other, Origin::Gift(w.account_id()));
        same_code.code = ticket.code;
        assert!(tx.insert_ticket(&same_code, &*w.entropy).await.unwrap());
    }
}

#[tokio::test]
async fn money_has_bounds() {
    let w = World::new(26);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let id = payment.id;
        let mut payout = w.payout(kes(10));
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.insert_payout(&payout).await.unwrap();
        tx.commit().await.unwrap();
        for sql in [
            "UPDATE payments SET refunded_minor = amount_minor + 1",
            "UPDATE payments SET refunded_minor = -1",
            "UPDATE customers SET credit_minor = -1",
            "UPDATE payouts SET amount_minor = 0",
            "UPDATE payouts SET state = 'lost'",
        ] {
            assert!(test.raw(sql).await.is_err(), "{sql}");
        }

        // Whoever asks for a payout may take it back, but not approve it.
        payout.decided_by = Some(payout.requested_by);
        payout.decided_at = Some(NOON);
        payout.state = SendState::Approved;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let refused = tx.update_payout(&payout).await.unwrap_err();
        assert!(is_check(&refused), "{refused}");
        drop(tx);
        payout.state = SendState::Declined;
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.update_payout(&payout).await.unwrap();
        tx.commit().await.unwrap();

        for amount in [0, -5] {
            let mut tx = test.store.tenant(provider).await.unwrap();
            let refund = w.refund(Some(id), kes(amount));
            assert!(is_check(&tx.insert_refund(&refund).await.unwrap_err()));
            drop(tx);
            let mut tx = test.store.tenant(provider).await.unwrap();
            let mut arrival = w.arrival("R1");
            arrival.amount = kes(amount);
            assert!(is_check(&tx.insert_arrival(&arrival).await.unwrap_err()));
        }
    }
}

#[tokio::test]
async fn a_ticket_has_exactly_one_origin() {
    let w = World::new(21);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let ticket = w.active_ticket(&test.store, provider, None).await;
        let literal = |id: uuid::Uuid| match test.store.engine() {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("'{id}'"),
        };
        let (id, payment) = (literal(ticket.id.uuid()), literal(payment.id.uuid()));
        for origin in [
            "given_by = NULL".to_owned(),
            format!("payment_id = {payment}"),
        ] {
            let sql = format!("UPDATE tickets SET {origin} WHERE ticket_id = {id}");
            let refused = test.raw(&sql).await.unwrap_err();
            assert!(refused.to_lowercase().contains("check"), "{refused}");
        }
        // Nor may it point at a payment or a batch that does not exist, or of another provider.
        let other = w.provider(&test.store, "baba-otieno").await;
        let theirs = w.stored_payment(&test.store, other, &phone(1)).await;
        for origin in [
            Origin::Payment(w.payment_id()),
            Origin::Payment(theirs.id),
            Origin::Batch(w.batch_id()),
        ] {
            let mut tx = test.store.tenant(provider).await.unwrap();
            let ticket = w.ticket(provider, origin);
            assert!(tx.insert_ticket(&ticket, &*w.entropy).await.is_err());
        }
    }
}

#[tokio::test]
async fn amounts_and_sizes_have_bounds() {
    let w = World::new(22);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let mut transfer = w.transfer(payment.id);
        transfer.credit.clone_from(&transfer.debit);
        assert!(is_check(&tx.insert_transfer(&transfer).await.unwrap_err()));
        drop(tx);
        let mut tx = test.store.tenant(provider).await.unwrap();
        assert!(is_check(
            &tx.insert_batch(&w.batch(100_001)).await.unwrap_err()
        ));
    }
}

#[tokio::test]
async fn text_from_outside_may_hold_anything() {
    let w = World::new(23);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let router = w.router(&test.store, provider).await;
        let mut payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let nasty = "a\0b'\"\\; DROP TABLE tickets; -- 😀\u{202e}";
        payment.result_text = Some(nasty.into());
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.update_payment(&payment).await.unwrap();
        let mut update = w.update(router, None, (1, 1), 1);
        update.acct_session_id = nasty.into();
        update.user_name = nasty.into();
        update.stopped = Some(nasty.into());
        tx.record_sessions(std::slice::from_ref(&update))
            .await
            .unwrap();
        let read = tx.session(update.id).await.unwrap().unwrap();
        assert_eq!(read.user_name, nasty, "sealed text may hold anything");
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn an_ended_ticket_stays_ended() {
    let w = World::new(24);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let ticket = w.active_ticket(&test.store, provider, Some(NOON)).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        for state in [
            TicketState::Revoked,
            TicketState::Expired,
            TicketState::UsedUp,
        ] {
            let first = state == TicketState::Revoked;
            let ended = tx
                .end_ticket(ticket.id, state, w.clock.now())
                .await
                .unwrap();
            assert_eq!(ended, first);
        }
        assert!(!tx.activate_ticket(ticket.id, NOON, None).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = test.store.system().await.unwrap();
        assert!(tx.expire_tickets(NOON, 10).await.unwrap().is_empty());
    }
}
