//! What our books have of a gateway: of a statement's time, and what its lines name; with the sums of
//! the ledger, and nothing of anybody else's.

use std::time::Duration;

use bando_domain::{PaymentStatus, Timestamp};
use bando_store::{
    ArrivalState, BooksOf, DifferenceState, LineKind, Payment, SendId, SendState, StatementSource,
    TenantTx,
};

use crate::samples::line;
use crate::support::{NOON, World, kes, phone};

const DAY: Duration = Duration::from_secs(86_400);

fn books(from: Timestamp, to: Timestamp) -> BooksOf {
    BooksOf {
        gateway: "mpesa".into(),
        collected: false,
        account: "gateway:mpesa".into(),
        fees: "fees:mpesa".into(),
        from,
        to,
    }
}

/// A settled payment of KES 20 with its ledger row.
async fn settled(w: &World, tx: &mut TenantTx, receipt: &str, collected: bool) -> Payment {
    let customer = tx.customer(w.customer_id(), &phone(1), NOON).await.unwrap();
    let mut p = w.payment(customer.id, &phone(1));
    p.collected = collected;
    tx.insert_payment(&p).await.unwrap();
    p.status = PaymentStatus::Success;
    p.receipt = Some(receipt.to_owned());
    p.checkout_request_id = Some(format!("ws_{receipt}"));
    p.finished_at = Some(w.now());
    tx.update_payment(&p).await.unwrap();
    assert!(tx.insert_transfer(&w.transfer(p.id)).await.unwrap());
    p
}

#[tokio::test]
async fn reads_what_a_statement_must_show() {
    let w = World::new(120);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let other = w.provider(&test.store, "baba-otieno").await;
        w.clock.set(NOON);
        let mut tx = test.store.tenant(other).await.unwrap();
        settled(&w, &mut tx, "THEIRS", false).await;
        tx.commit().await.unwrap();

        let mut tx = test.store.tenant(provider).await.unwrap();
        settled(&w, &mut tx, "EARLY", false).await;
        settled(&w, &mut tx, "EARLIER", false).await;
        let waiting = w.payment(
            tx.customer(w.customer_id(), &phone(2), NOON)
                .await
                .unwrap()
                .id,
            &phone(2),
        );
        tx.insert_payment(&waiting).await.unwrap();
        w.clock.advance(DAY);
        let good = settled(&w, &mut tx, "GOOD", false).await;
        let mut fee = w.movement(good.id.uuid(), "fee", "fees:mpesa", "gateway:mpesa");
        fee.amount = kes(1);
        tx.insert_transfer(&fee).await.unwrap();
        let excess = w.movement(good.id.uuid(), "excess", "gateway:mpesa", "credit:1");
        tx.insert_transfer(&excess).await.unwrap();
        let mut less = w.movement(good.id.uuid(), "correction", "differences", "gateway:mpesa");
        less.amount = kes(5);
        tx.insert_transfer(&less).await.unwrap();
        settled(&w, &mut tx, "COLLECTED", true).await;
        let mut arrival = w.arrival("HAND");
        arrival.state = ArrivalState::Open;
        tx.insert_arrival(&arrival).await.unwrap();
        let arrived = w.movement(arrival.id.uuid(), "arrival", "gateway:mpesa", "unallocated");
        tx.insert_transfer(&arrived).await.unwrap();
        let mut refund = w.refund(Some(good.id), kes(20));
        tx.insert_refund(&refund).await.unwrap();
        (refund.state, refund.receipt) = (SendState::Done, Some("BACK".into()));
        tx.update_refund(&refund).await.unwrap();
        let back = w.movement(refund.id.uuid(), "refund", "refunds", "gateway:mpesa");
        tx.insert_transfer(&back).await.unwrap();
        let mut payout = w.payout(kes(1));
        tx.insert_payout(&payout).await.unwrap();
        payout.state = SendState::Sent;
        tx.update_payout(&payout).await.unwrap();

        let own = books(w.now().minus(DAY / 2), w.now().plus(DAY / 2));
        let ours = tx
            .ours(&own, &[line(0, "EARLY"), line(1, "NOBODYS")])
            .await
            .unwrap();
        let mut receipts: Vec<_> = ours.payments.iter().map(|p| p.receipt.as_deref()).collect();
        receipts.sort_unstable();
        assert_eq!(receipts, [None, Some("EARLY"), Some("GOOD")]);
        let known = ours.payments.iter().find(|p| p.id == good.id).unwrap();
        assert_eq!((known.booked_minor, known.fee_minor), (3500, 100));
        assert_eq!(ours.arrivals.len(), 1);
        assert_eq!(ours.arrivals[0].booked_minor, 2000);
        assert_eq!(ours.sends.len(), 1);
        assert_eq!(ours.sends[0].what, SendId::Refund(refund.id));
        assert_eq!(
            (ours.sends[0].booked_minor, ours.sends[0].is_done),
            (2000, true)
        );

        let mut named = line(0, "X");
        named.checkout_request_id = Some("ws_EARLIER".into());
        let ours = tx.ours(&own, &[named, line(1, "HAND")]).await.unwrap();
        assert_eq!((ours.payments.len(), ours.arrivals.len()), (3, 1));

        let collected = BooksOf {
            collected: true,
            account: "platform".into(),
            fees: "fees:platform".into(),
            ..own
        };
        let ours = tx.ours(&collected, &[line(0, "GOOD")]).await.unwrap();
        assert_eq!(ours.payments.len(), 1);
        assert!(ours.arrivals.is_empty());
        assert_eq!(ours.sends[0].what, SendId::Payout(payout.id));
        let subjects = [good.id.uuid(), payout.id.uuid()];
        let booked = tx.booked_subjects(&subjects).await.unwrap();
        assert_eq!(booked.into_iter().collect::<Vec<_>>(), [good.id.uuid()]);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn differences_live_as_long_as_they_are_there() {
    let w = World::new(121);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let (first, second) = (
            w.statement(NOON, NOON.plus(2 * DAY)),
            w.statement(NOON.plus(DAY), NOON.plus(3 * DAY)),
        );
        tx.insert_statement(&first).await.unwrap();
        tx.insert_statement(&second).await.unwrap();
        let (a, b) = (w.difference(first.id, "A"), w.difference(second.id, "B"));
        tx.insert_differences(&[a.clone(), b.clone()])
            .await
            .unwrap();
        let near = |from: u32, to: u32| (NOON.plus(from * DAY), NOON.plus(to * DAY));
        let (from, to) = near(2, 9);
        let found = tx.differences_near("mpesa", from, to).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&b));
        let (from, to) = near(1, 2);
        assert_eq!(
            tx.differences_near("mpesa", from, to).await.unwrap().len(),
            2
        );
        assert!(
            tx.differences_near("wave", from, to)
                .await
                .unwrap()
                .is_empty()
        );

        assert_eq!(
            tx.disputed_statements("mpesa", 9).await.unwrap(),
            [second.id, first.id]
        );
        tx.mend_differences(&[a.id], NOON).await.unwrap();
        assert_eq!(
            tx.disputed_statements("mpesa", 9).await.unwrap(),
            [second.id]
        );
        let mended = tx.lock_difference(a.id).await.unwrap().unwrap();
        assert_eq!(mended.state, DifferenceState::Mended);
        assert_eq!((mended.decided_by, mended.decided_at), (None, Some(NOON)));
        tx.reopen_differences(&[a.id, b.id]).await.unwrap();
        assert_eq!(tx.difference(a.id).await.unwrap().unwrap(), a);

        let newest = tx.newest_statement("mpesa", StatementSource::Upload).await;
        assert_eq!(newest.unwrap().unwrap().id, second.id);
        let none = tx.newest_statement("mpesa", StatementSource::Pull).await;
        assert_eq!(none.unwrap(), None);
        tx.insert_statement_lines(first.id, &[line(0, "A"), line(1, "A")])
            .await
            .unwrap();
        let read = tx.statement_line(first.id, LineKind::Payment, "A").await;
        assert_eq!(read.unwrap(), Some(line(0, "A")));
        let none = tx.statement_line(first.id, LineKind::Payout, "A").await;
        assert_eq!(none.unwrap(), None);
        tx.commit().await.unwrap();
    }
}
