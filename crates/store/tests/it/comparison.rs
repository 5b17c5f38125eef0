//! A statement against our books: every way in which they can differ is found, and nothing else, and
//! quickly.

use std::time::{Duration, Instant};

use bando_domain::{Currency, Money, PaymentStatus, ProviderId, Timestamp};
use bando_store::{ArrivalState, LineKind, Payment, StatementLine, Store, TenantTx};

use crate::samples::line;
use crate::support::{NOON, World, kes, phone};

const DAY: Duration = Duration::from_secs(86_400);

/// A settled payment of KES 20 with its ledger row.
async fn settled(w: &World, tx: &mut TenantTx, receipt: Option<&str>) -> Payment {
    let customer = tx.customer(w.customer_id(), &phone(1), NOON).await.unwrap();
    let mut p = w.payment(customer.id, &phone(1));
    tx.insert_payment(&p).await.unwrap();
    p.status = PaymentStatus::Success;
    p.receipt = receipt.map(str::to_owned);
    p.checkout_request_id = Some(format!("ws_{}", p.id));
    p.finished_at = Some(w.now());
    tx.update_payment(&p).await.unwrap();
    assert!(tx.insert_transfer(&w.transfer(p.id)).await.unwrap());
    p
}

fn named(number: u64, receipt: &str, payment: &Payment) -> StatementLine {
    let mut line = line(number, receipt);
    line.checkout_request_id
        .clone_from(&payment.checkout_request_id);
    line
}

fn of_amount(mut line: StatementLine, amount: Money) -> StatementLine {
    line.amount = amount;
    line
}

#[tokio::test]
async fn finds_every_difference_and_no_other() {
    let w = World::new(120);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let other = w.provider(&test.store, "baba-otieno").await;
        let mut tx = test.store.tenant(other).await.unwrap();
        settled(&w, &mut tx, Some("UNKNOWN")).await;
        tx.commit().await.unwrap();

        let mut tx = test.store.tenant(provider).await.unwrap();
        // What agrees: by receipt, with its fee, with an excess beside it, by hand, collected.
        settled(&w, &mut tx, Some("GOOD")).await;
        let with_fee = settled(&w, &mut tx, Some("FEE")).await;
        let mut fee = w.movement(with_fee.id.uuid(), "fee", "fees:mpesa", "gateway:mpesa");
        fee.amount = kes(1);
        tx.insert_transfer(&fee).await.unwrap();
        settled(&w, &mut tx, Some("EXCESS")).await;
        let mut excess = w.arrival("EXCESS");
        (excess.state, excess.amount) = (ArrivalState::Credited, kes(5));
        tx.insert_arrival(&excess).await.unwrap();
        let mut credited = w.movement(excess.id.uuid(), "excess", "gateway:mpesa", "credit:1");
        credited.amount = kes(5);
        tx.insert_transfer(&credited).await.unwrap();
        let mut by_hand = w.arrival("HAND");
        by_hand.state = ArrivalState::Open;
        tx.insert_arrival(&by_hand).await.unwrap();
        let mut arrived = w.movement(by_hand.id.uuid(), "arrival", "gateway:mpesa", "unallocated");
        arrived.amount = by_hand.amount;
        tx.insert_transfer(&arrived).await.unwrap();
        // What does not.
        let other_amount = settled(&w, &mut tx, Some("AMOUNT")).await;
        let other_fee = settled(&w, &mut tx, Some("OTHERFEE")).await;
        let other_currency = settled(&w, &mut tx, Some("CURRENCY")).await;
        let other_receipt = settled(&w, &mut tx, Some("OURS")).await;
        let no_receipt = settled(&w, &mut tx, None).await;
        let no_receipt_no_line = settled(&w, &mut tx, None).await;
        let gone = settled(&w, &mut tx, Some("GONE")).await;
        let mut gone_arrival = w.arrival("GONETOO");
        gone_arrival.state = ArrivalState::Credited;
        tx.insert_arrival(&gone_arrival).await.unwrap();
        let mut unsettled = settled(&w, &mut tx, None).await;
        unsettled.status = PaymentStatus::Expired;
        tx.update_payment(&unsettled).await.unwrap();
        let mut unproved = w.arrival("UNPROVED");
        unproved.state = ArrivalState::Unproved;
        tx.insert_arrival(&unproved).await.unwrap();
        let mut refund = w.refund(Some(with_fee.id), kes(1));
        tx.insert_refund(&refund).await.unwrap();
        refund.receipt = Some("REFUND".into());
        tx.update_refund(&refund).await.unwrap();
        let mut payout = w.payout(kes(1));
        tx.insert_payout(&payout).await.unwrap();
        payout.receipt = Some("PAYOUT".into());
        tx.update_payout(&payout).await.unwrap();

        let s = w.statement(NOON, NOON.plus(DAY));
        tx.insert_statement(&s).await.unwrap();
        let mut fee_line = line(1, "FEE");
        fee_line.fee = Some(kes(1));
        let mut other_fee_line = line(5, "OTHERFEE");
        other_fee_line.fee = Some(kes(2));
        let kind = |number, receipt, kind| {
            let mut line = line(number, receipt);
            line.kind = kind;
            line
        };
        let lines = [
            line(0, "GOOD"),
            fee_line,
            of_amount(line(2, "EXCESS"), kes(25)),
            of_amount(line(3, "HAND"), kes(50)),
            of_amount(line(4, "AMOUNT"), kes(21)),
            other_fee_line,
            of_amount(line(6, "CURRENCY"), Money::from_minor(2000, Currency::Ugx)),
            named(7, "THEIRS", &other_receipt),
            named(8, "TOLD", &no_receipt),
            line(9, "UNKNOWN"),
            named(10, "LATE", &unsettled),
            line(11, "UNPROVED"),
            kind(12, "REFUND", LineKind::Reversal),
            kind(13, "PAYOUT", LineKind::Payout),
            kind(14, "REVERSED", LineKind::Reversal),
            kind(15, "SENT", LineKind::Payout),
            kind(16, "FEE", LineKind::Fee),
            kind(17, "FEE", LineKind::Fee),
            kind(18, "BANK", LineKind::Other),
            line(19, "GOOD"),
        ];
        tx.insert_statement_lines(s.id, &lines).await.unwrap();

        let unknown = tx.unknown_payments(s.id).await.unwrap();
        let numbers: Vec<_> = unknown.iter().map(|u| u.line.number).collect();
        assert_eq!(numbers, [9, 10, 11]);
        assert_eq!(unknown[0].line, lines[9]);
        assert_eq!((unknown[0].payment, unknown[0].arrival), (None, None));
        assert_eq!(
            unknown[1].payment,
            Some((unsettled.id, PaymentStatus::Expired))
        );
        assert_eq!(
            unknown[2].arrival,
            Some((unproved.id, ArrivalState::Unproved))
        );

        let sends = tx.unknown_sends(s.id).await.unwrap();
        assert_eq!(sends, lines[14..16]);

        let mismatches = tx.mismatches(s.id).await.unwrap();
        let found: Vec<_> = mismatches
            .iter()
            .map(|m| (m.line.number, m.payment, m.booked, m.fee))
            .collect();
        assert_eq!(
            found,
            [
                (4, Some(other_amount.id), kes(20), kes(0)),
                (5, Some(other_fee.id), kes(20), kes(0)),
                (6, Some(other_currency.id), kes(20), kes(0)),
                (7, Some(other_receipt.id), kes(20), kes(0)),
            ]
        );
        assert_eq!(mismatches[3].receipt.as_deref(), Some("OURS"));

        let (from, to) = (s.from, s.to);
        let unlisted = tx.unlisted(s.id, from, to).await.unwrap();
        assert_eq!(unlisted.len(), 2, "{unlisted:?}");
        assert_eq!(
            (unlisted[0].payment, unlisted[0].arrival),
            (Some(gone.id), None)
        );
        assert_eq!(
            (unlisted[1].payment, unlisted[1].arrival),
            (None, Some(gone_arrival.id))
        );
        assert!(
            tx.unlisted(s.id, to, to.plus(DAY))
                .await
                .unwrap()
                .is_empty()
        );

        let without = tx.settled_without_receipt(s.id, from, to).await.unwrap();
        let found: Vec<_> = without
            .iter()
            .map(|p| (p.payment, p.receipt.as_deref()))
            .collect();
        assert_eq!(
            found,
            [(no_receipt.id, Some("TOLD")), (no_receipt_no_line.id, None)]
        );

        let twice = tx.duplicates(s.id).await.unwrap();
        assert_eq!(twice.len(), 1, "{twice:?}");
        assert_eq!((twice[0].receipt.as_str(), twice[0].times), ("GOOD", 2));
        assert_eq!((twice[0].first, twice[0].sum_minor), (0, 4000));
        tx.commit().await.unwrap();

        // Nobody compares with another's books.
        let mut tx = test.store.tenant(other).await.unwrap();
        assert!(tx.unknown_payments(s.id).await.unwrap().is_empty());
        assert!(tx.unknown_sends(s.id).await.unwrap().is_empty());
        assert!(tx.mismatches(s.id).await.unwrap().is_empty());
        assert!(tx.unlisted(s.id, from, to).await.unwrap().is_empty());
        assert!(tx.duplicates(s.id).await.unwrap().is_empty());
        let without = tx.settled_without_receipt(s.id, from, to).await.unwrap();
        assert!(without.is_empty());
    }
}

/// Settled payments `P0…`, a second apart, booked.
async fn many_payments(w: &World, store: &Store, provider: ProviderId, count: u64) -> Timestamp {
    let mut tx = store.tenant(provider).await.unwrap();
    for i in 0..count {
        settled(w, &mut tx, Some(&format!("P{i}"))).await;
        w.clock.advance(Duration::from_secs(1));
    }
    tx.commit().await.unwrap();
    w.now()
}

#[tokio::test]
async fn ten_thousand_lines() {
    const LINES: u64 = 10_000;
    const PAYMENTS: u64 = 2_000;
    let w = World::new(121);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let start = w.now();
        let end = many_payments(&w, &test.store, provider, PAYMENTS).await;
        let s = w.statement(start, end);
        // The first payment is missing from the statement.
        let lines: Vec<_> = (0..LINES)
            .map(|i| line(i, &format!("P{}", i + 1)))
            .collect();
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.insert_statement(&s).await.unwrap();
        let begun = Instant::now();
        tx.insert_statement_lines(s.id, &lines).await.unwrap();
        let inserted = begun.elapsed();
        let begun = Instant::now();
        let unknown = tx.unknown_payments(s.id).await.unwrap().len() as u64;
        assert_eq!(unknown, LINES - PAYMENTS + 1);
        assert_eq!(tx.unlisted(s.id, start, end).await.unwrap().len(), 1);
        assert!(tx.unknown_sends(s.id).await.unwrap().is_empty());
        assert!(tx.mismatches(s.id).await.unwrap().is_empty());
        assert!(tx.duplicates(s.id).await.unwrap().is_empty());
        let without = tx.settled_without_receipt(s.id, start, end).await.unwrap();
        assert!(without.is_empty());
        let compared = begun.elapsed();
        tx.commit().await.unwrap();
        println!(
            "{:?}: {LINES} lines inserted in {inserted:?}, compared in {compared:?}",
            test.store.engine()
        );
        // Far more than it takes: a plan that reads set times set would take minutes.
        assert!(inserted < Duration::from_secs(10), "{inserted:?}");
        assert!(compared < Duration::from_secs(10), "{compared:?}");
    }
}
