//! What can be done about a difference, and what is done by itself.

use std::time::Duration;

use bando_app::testing::{NOON, Shop};
use bando_app::{
    Arrival, ArrivalSource, ArrivalState, Caller, CaseFilter, CaseKind, Cause, DifferenceFilter,
    DifferenceKind, DifferenceState, Error, Match, Mend, Mended, PlanDraft, RefundDraft, RefundOf,
    RefundWay, Role, SendState,
};
use bando_domain::{ArrivalId, Clock, Currency, LedgerTransferId, Money, PaymentStatus, Starts};
use bando_gateways::{Movement, MovementKind, Sent, Verdict};
use bando_store::Transfer;

use super::{
    HOUR, all, balance, given_up, kes, later, line_of, mend, movement, only_open, open, paid,
    phone, phone_of, reconcile,
};

#[tokio::test]
async fn money_finds_its_payer_even_if_nobody_looks() {
    for shop in Shop::open_all(1102).await {
        let late = given_up(&shop, "0712 345 001").await;
        let mut line = movement("SKA0000001", late.amount, late.created_at);
        line.phone.clone_from(&Some(phone_of("0712345001")));
        let statement = reconcile(&shop, vec![line]).await;
        assert_eq!((statement.lines, statement.differences), (1, 1));
        let settled = shop.payment(&late).await;
        assert_eq!(settled.status, PaymentStatus::Success);
        assert_eq!(settled.receipt.as_deref(), Some("SKA0000001"));
        assert!(shop.ticket(settled.ticket_id).await.is_some());
        let found = all(&shop, DifferenceFilter::default()).await.pop().unwrap();
        assert_eq!(found.difference.state, DifferenceState::Mended);
        assert_eq!(found.difference.decided_by, None, "nobody had to");
        assert!(
            matches!(
                found.cause,
                Cause::Unsettled {
                    by: Match::Phone,
                    ..
                }
            ),
            "{found:?}"
        );
        assert_eq!(found.mends, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn receipts_and_fees_come_with_the_statement() {
    for shop in Shop::open_all(1103).await {
        let begun = shop
            .app
            .start_payment(shop.wish("0712 345 001"))
            .await
            .unwrap();
        shop.gateway.answer_query("ws_CO_1", [Verdict::PAID]);
        shop.pass(Duration::from_secs(15)).await;
        let paid = shop.payment(&begun).await;
        assert_eq!((paid.status, paid.receipt), (PaymentStatus::Success, None));
        later(&shop).await;
        let mut line = movement("SKA0000001", begun.amount, begun.created_at);
        line.reference.clone_from(&begun.account_reference);
        line.fee = Some(kes(1));
        reconcile(&shop, vec![line.clone()]).await;
        let told = shop.payment(&begun).await;
        assert_eq!(told.receipt.as_deref(), Some("SKA0000001"));
        assert_eq!(told.ticket_id, paid.ticket_id, "nothing is granted twice");
        // With its receipt known, the fee was seen.
        assert_eq!(told.fee, kes(1));
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(19));
        assert_eq!(open(&shop).await, []);
        // The gateway takes some of it back.
        line.fee = Some(Money::from_minor(40, Currency::Kes));
        later(&shop).await;
        reconcile(&shop, vec![line]).await;
        assert_eq!(
            balance(&shop, "fees:mpesa").await,
            Money::from_minor(40, Currency::Kes)
        );
        assert_eq!(open(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn unknown_money_waits_for_a_person() {
    for shop in Shop::open_all(1104).await {
        later(&shop).await;
        let mut line = movement("SKA0000001", kes(35), NOON);
        line.phone = Some(phone(1));
        reconcile(&shop, vec![line.clone()]).await;
        let found = only_open(&shop).await;
        assert_eq!(found.difference.kind, DifferenceKind::NotHere);
        assert_eq!(found.mends, [Mend::TakeIn, Mend::OpenCase, Mend::Dismiss]);
        assert_eq!(shop.app.count_disagreements(&shop.owner).await.unwrap(), 1);
        // The next day's statement has it too, and does not tell of it again.
        shop.clock.advance(24 * HOUR);
        reconcile(&shop, vec![line.clone()]).await;
        let again = only_open(&shop).await;
        assert_eq!(again.difference.id, found.difference.id);
        // Somebody looks: it is a customer's, who has it in the wallet now.
        assert_eq!(mend(&shop, &found, Mend::TakeIn).await, Mended::Done);
        assert_eq!(open(&shop).await, []);
        let wrong = shop
            .app
            .mend_difference(&shop.owner, found.difference.id, Mend::TakeIn, "")
            .await;
        assert!(matches!(wrong, Err(Error::NotFound(_))), "{wrong:?}");
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(35));
        let done = all(&shop, DifferenceFilter::default()).await.pop().unwrap();
        assert_eq!(done.difference.decided_by, Some(shop.owner.account));
        shop.clock.advance(HOUR);
        reconcile(&shop, vec![line]).await;
        assert_eq!(open(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn money_that_was_refuted_is_taken_in_after_all() {
    for shop in Shop::open_all(1105).await {
        later(&shop).await;
        let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
        let refuted = Arrival {
            id: ArrivalId::new(&shop.clock, &*shop.entropy),
            gateway: "mpesa".into(),
            receipt: "SKA0000001".into(),
            kind: "payment".into(),
            amount: kes(35),
            fee: None,
            phone: Some(phone(1)),
            payer: None,
            reference: None,
            account: None,
            at: Some(NOON),
            source: ArrivalSource::Message,
            state: ArrivalState::Refuted,
            payment: None,
            customer: None,
            seen_at: NOON,
            decided_at: Some(NOON),
        };
        tx.insert_arrival(&refuted).await.unwrap();
        tx.commit().await.unwrap();
        let mut line = movement("SKA0000001", kes(35), NOON);
        line.phone = Some(phone(1));
        reconcile(&shop, vec![line]).await;
        let found = only_open(&shop).await;
        assert!(matches!(found.cause, Cause::Refuted { .. }), "{found:?}");
        mend(&shop, &found, Mend::TakeIn).await;
        let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
        let known = tx.arrival_by_receipt("mpesa", "SKA0000001").await.unwrap();
        assert_eq!(known.unwrap().state, ArrivalState::Credited);
        drop(tx);
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(35));
        shop.check().await;
    }
}

#[tokio::test]
async fn money_in_another_account_is_not_taken_in() {
    for shop in Shop::open_all(1114).await {
        later(&shop).await;
        let mut line = movement("SKA0000002", kes(20), NOON);
        line.account = Some("600000".into());
        reconcile(&shop, vec![line]).await;
        let found = only_open(&shop).await;
        assert_eq!(found.difference.kind, DifferenceKind::WrongAccount);
        assert!(matches!(&found.cause, Cause::Elsewhere { account } if account == "600000"));
        assert_eq!(found.mends, [Mend::OpenCase, Mend::Dismiss]);
        shop.check().await;
    }
}

#[tokio::test]
async fn another_amount_is_booked_as_it_came() {
    for shop in Shop::open_all(1106).await {
        let (more, less) = (
            paid(&shop, "0712 345 001").await,
            paid(&shop, "0712 345 002").await,
        );
        later(&shop).await;
        let (mut a, mut b) = (line_of(&more), line_of(&less));
        (a.amount, b.amount) = (kes(25), kes(15));
        reconcile(&shop, vec![a.clone(), b.clone()]).await;
        let found = open(&shop).await;
        assert_eq!(found.len(), 2);
        for one in &found {
            assert_eq!(one.difference.kind, DifferenceKind::Amount);
            assert_eq!(one.difference.ours_minor, Some(2000));
            mend(&shop, one, Mend::BookDifference).await;
        }
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(40));
        assert_eq!(balance(&shop, "differences").await, kes(5));
        assert_eq!(
            balance(&shop, &format!("credit:{}", more.customer_id)).await,
            kes(-5)
        );
        shop.clock.advance(HOUR);
        reconcile(&shop, vec![a, b]).await;
        assert_eq!(open(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn what_went_back_is_booked_and_ends_the_ticket() {
    for shop in Shop::open_all(1107).await {
        let payment = paid(&shop, "0712 345 001").await;
        later(&shop).await;
        let line = line_of(&payment);
        let back = Movement {
            kind: MovementKind::Reversal,
            receipt: "SKB0000001".into(),
            reference: payment.receipt.clone(),
            ..line.clone()
        };
        reconcile(&shop, vec![line.clone(), back.clone()]).await;
        let found = only_open(&shop).await;
        assert_eq!(found.difference.kind, DifferenceKind::Reversal);
        assert_eq!(found.difference.payment, Some(payment.id));
        mend(&shop, &found, Mend::BookReversal).await;
        assert_eq!(shop.payment(&payment).await.status, PaymentStatus::Refunded);
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(0));
        shop.clock.advance(HOUR);
        reconcile(&shop, vec![line, back]).await;
        assert_eq!(open(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn money_that_left_for_nothing_of_ours_is_booked_once() {
    for shop in Shop::open_all(1108).await {
        later(&shop).await;
        let out = |kind, receipt| Movement {
            kind,
            ..movement(receipt, kes(7), NOON)
        };
        let lines = vec![
            out(MovementKind::Fee, "SKF0000001"),
            out(MovementKind::Payout, "SKP0000001"),
            out(MovementKind::Reversal, "SKB0000001"),
            out(MovementKind::Other, "SKO0000001"),
        ];
        reconcile(&shop, lines.clone()).await;
        let found = open(&shop).await;
        assert_eq!(found.len(), 3);
        for one in &found {
            mend(&shop, one, Mend::BookOut).await;
        }
        for account in ["fees:mpesa", "payouts", "refunds"] {
            assert_eq!(balance(&shop, account).await, kes(7), "{account}");
        }
        shop.clock.advance(HOUR);
        reconcile(&shop, lines).await;
        assert_eq!(open(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn what_is_not_there_is_looked_into_or_given_up() {
    for shop in Shop::open_all(1109).await {
        shop.clock.advance(HOUR);
        let payment = paid(&shop, "0712 345 001").await;
        later(&shop).await;
        reconcile(&shop, vec![]).await;
        let found = only_open(&shop).await;
        assert_eq!(found.difference.kind, DifferenceKind::NotThere);
        let manager = Caller {
            role: Role::Manager,
            ..shop.owner.clone()
        };
        let id = found.difference.id;
        let by_manager = |mend| shop.app.mend_difference(&manager, id, mend, "gone");
        for owners in [Mend::Dismiss, Mend::WriteOff] {
            let refused = by_manager(owners).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
        }
        let Mended::Case(number) = by_manager(Mend::OpenCase).await.unwrap() else {
            panic!("no case");
        };
        assert_eq!(
            by_manager(Mend::OpenCase).await.unwrap(),
            Mended::Case(number)
        );
        let filter = CaseFilter::default();
        let cases = shop
            .app
            .cases(&shop.owner, &filter, None, 9)
            .await
            .unwrap()
            .rows;
        assert_eq!(cases[0].opened.kind, CaseKind::Difference);
        assert_eq!(cases[0].opened.payment, Some(payment.id));
        let silent = shop
            .app
            .mend_difference(&shop.owner, id, Mend::WriteOff, " ")
            .await;
        assert!(matches!(silent, Err(Error::Invalid(_))), "{silent:?}");
        mend(&shop, &found, Mend::WriteOff).await;
        assert_eq!(shop.app.open_cases(&shop.owner).await.unwrap(), 0);
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(0));
        assert_eq!(balance(&shop, "differences").await, kes(20));
        shop.clock.advance(HOUR);
        reconcile(&shop, vec![]).await;
        assert_eq!(open(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn what_is_let_be_stays_so_and_what_heals_is_dropped() {
    for shop in Shop::open_all(1110).await {
        shop.clock.advance(HOUR);
        let (first, second) = (
            paid(&shop, "0712 345 001").await,
            paid(&shop, "0712 345 002").await,
        );
        later(&shop).await;
        let statement = reconcile(&shop, vec![]).await;
        let found = open(&shop).await;
        assert_eq!(found.len(), 2);
        let of = |id| {
            found
                .iter()
                .find(|d| d.difference.payment == Some(id))
                .unwrap()
        };
        mend(&shop, of(first.id), Mend::Dismiss).await;
        shop.app
            .compare_again(&shop.owner, statement.id)
            .await
            .unwrap();
        shop.work().await;
        assert_eq!(
            only_open(&shop).await.difference.id,
            of(second.id).difference.id
        );
        // Given up by hand in another statement: this one's heals when it is compared again.
        let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
        let lost = Transfer {
            id: LedgerTransferId::new(&shop.clock, &*shop.entropy),
            kind: "write_off".into(),
            debit: "differences".into(),
            credit: "gateway:mpesa".into(),
            amount: second.amount,
            subject: second.id.uuid(),
            payment: Some(second.id),
            at: shop.clock.now(),
        };
        tx.insert_transfer(&lost).await.unwrap();
        tx.commit().await.unwrap();
        shop.clock.advance(HOUR);
        reconcile(&shop, vec![]).await;
        let now = shop
            .app
            .disagreement(&shop.owner, of(second.id).difference.id)
            .await
            .unwrap();
        assert_eq!(now.difference.state, DifferenceState::Mended);
        let still = shop
            .app
            .disagreement(&shop.owner, of(first.id).difference.id)
            .await
            .unwrap();
        assert_eq!(still.difference.state, DifferenceState::Dismissed);
        shop.check().await;
    }
}

#[tokio::test]
async fn one_money_in_the_books_twice_is_taken_back_once() {
    for shop in Shop::open_all(1116).await {
        let begun = shop.app.start_payment(shop.wish("0712 345 001")).await;
        let begun = begun.unwrap();
        shop.gateway.answer_query("ws_CO_1", [Verdict::PAID]);
        shop.pass(Duration::from_secs(15)).await;
        later(&shop).await;
        // Its line tells nobody's name: somebody takes it for other money.
        let mut line = movement("SKA0000001", kes(20), NOON);
        line.phone = Some(phone(1));
        shop.app
            .save_plan(&shop.owner, Some(shop.plan.id), off_sale())
            .await
            .unwrap();
        reconcile(&shop, vec![line.clone()]).await;
        let found = open(&shop).await;
        let unknown = found
            .iter()
            .find(|d| d.difference.kind == DifferenceKind::NotHere);
        mend(&shop, unknown.unwrap(), Mend::TakeIn).await;
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(40));
        // Then the gateway tells whose it is.
        line.checkout_request_id = Some("ws_CO_1".into());
        shop.clock.advance(HOUR);
        reconcile(&shop, vec![line.clone()]).await;
        let found = open(&shop).await;
        let twice = found
            .iter()
            .find(|d| d.difference.kind == DifferenceKind::Twice);
        let twice = twice.unwrap();
        assert_eq!(twice.difference.payment, Some(begun.id));
        mend(&shop, twice, Mend::BookDifference).await;
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(20));
        let told = shop.payment(&begun).await;
        assert_eq!(told.receipt.as_deref(), Some("SKA0000001"));
        shop.clock.advance(HOUR);
        reconcile(&shop, vec![line]).await;
        assert_eq!(open(&shop).await, []);
        shop.check().await;
    }
}

#[tokio::test]
async fn a_refund_that_nobody_heard_of_again_is_found() {
    for shop in Shop::open_all(1117).await {
        let payment = paid(&shop, "0712 345 001").await;
        let draft = RefundDraft {
            of: RefundOf::Payment(payment.id),
            amount: None,
            way: RefundWay::Gateway,
            reason: "no signal".into(),
            revoke: true,
        };
        shop.gateway.answer_refund(Sent::Unknown {
            why: "reset".into(),
        });
        let refund = shop.app.request_refund(&shop.owner, draft).await.unwrap();
        let manager = shop.hire("manager", Role::Manager).await.unwrap();
        shop.app
            .decide_refund(&manager, refund.id, true)
            .await
            .unwrap();
        shop.work().await;
        let unknown = shop.app.refund(&shop.owner, refund.id).await.unwrap();
        assert_eq!(unknown.state, SendState::Unknown);
        later(&shop).await;
        let line = line_of(&payment);
        let back = Movement {
            kind: MovementKind::Reversal,
            receipt: "SKB0000001".into(),
            reference: payment.receipt.clone(),
            ..line.clone()
        };
        reconcile(&shop, vec![line.clone(), back.clone()]).await;
        assert_eq!(open(&shop).await, [], "it mends itself");
        let done = shop.app.refund(&shop.owner, refund.id).await.unwrap();
        assert_eq!(
            (done.state, done.receipt.as_deref()),
            (SendState::Done, Some("SKB0000001"))
        );
        assert_eq!(balance(&shop, "gateway:mpesa").await, kes(0));
        shop.clock.advance(HOUR);
        let statement = reconcile(&shop, vec![line, back]).await;
        assert_eq!(statement.differences, 0);
        shop.check().await;
    }
}

/// The shop's plan, which nobody can buy any more.
fn off_sale() -> PlanDraft {
    PlanDraft {
        name: "1 hour".into(),
        price: "20".into(),
        terms: Shop::terms(Some(3600), None, Starts::Purchase, 1),
        window: None,
        on_sale: false,
        position: 0,
    }
}
