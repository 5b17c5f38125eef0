//! Every method about money, once with a value in every optional place and once without.

use std::time::Duration;

use bando_domain::{Currency, Money, TicketState};
use bando_store::{
    About, ArrivalFilter, ArrivalSource, ArrivalState, CaseFilter, CaseKind, CaseState, Cursor,
    DifferenceFilter, DifferenceKind, DifferenceState, Origin, PaymentFilter, RefundFilter,
    SendState, StatementState, StoredAnswer, TransferFilter, account_row, gateway_of_row,
};

use crate::samples::line;
use crate::support::{NOON, World, kes, mac, phone};

const MAX: Option<Cursor> = Some(Cursor(uuid::Uuid::max()));
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_gateways_name_is_a_row() {
    for name in ["", "mpesa", "sixteen_letters_"] {
        assert_eq!(
            gateway_of_row(account_row(name).unwrap()).as_deref(),
            Some(name)
        );
    }
    assert_eq!(account_row("seventeen_letters"), None);
    assert_eq!(gateway_of_row(uuid::Uuid::max()), None);
}

#[tokio::test]
async fn payments_of_every_gateway() {
    let w = World::new(101);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let customer = tx.customer(w.customer_id(), &phone(1), NOON).await.unwrap();
        let mut p = w.payment(customer.id, &phone(1));
        p.gateway = "wave_link".into();
        p.account_reference = Some("B7K2".into());
        p.redirect_url = Some("https://pay.wave.com/m/x".into());
        p.identity_mac = Some(mac(7));
        p.sold_by = Some(w.account_id());
        p.collected = true;
        tx.insert_payment(&p).await.unwrap();
        assert_eq!(tx.payment(p.id).await.unwrap().as_ref(), Some(&p));
        let mut old = p.clone();
        (old.id, old.sold_by) = (w.payment_id(), None);
        tx.insert_payment(&old).await.unwrap();

        assert_eq!(tx.count_pending("wave_link").await.unwrap(), 2);
        assert_eq!(tx.count_pending("mpesa").await.unwrap(), 0);
        assert_eq!(tx.pending_amounts("wave_link").await.unwrap(), [kes(20)]);
        p.status = bando_domain::PaymentStatus::Success;
        p.fee = kes(1);
        p.redirect_url = None;
        p.account_reference = Some("B7K3".into());
        tx.update_payment(&p).await.unwrap();
        assert_eq!(tx.payment(p.id).await.unwrap().as_ref(), Some(&p));
        assert_eq!(tx.count_pending("wave_link").await.unwrap(), 1);
        let found = tx.payments_by_reference("wave_link", "B7K3").await.unwrap();
        assert_eq!(found, [p.clone()]);
        p.account_reference = Some("B7K2".into());
        tx.update_payment(&p).await.unwrap();
        let found = tx.payments_by_reference("wave_link", "B7K2").await.unwrap();
        assert_eq!(
            found.iter().map(|p| p.id).collect::<Vec<_>>(),
            [old.id, p.id],
            "those that wait come first"
        );
        assert!(
            tx.payments_by_reference("mpesa", "B7K2")
                .await
                .unwrap()
                .is_empty()
        );
        let filter = PaymentFilter {
            gateway: Some("wave_link".into()),
            sold_by: p.sold_by,
            reference: Some("B7K2".into()),
            ..PaymentFilter::default()
        };
        let page = tx.payments(&filter, MAX, 5).await.unwrap();
        assert_eq!(page.rows, [p.clone()]);

        p.mac = None;
        p.router_id = Some(w.router_id());
        p.visit = None;
        (p.sold_by, p.identity_mac) = (None, Some(mac(8)));
        tx.place_payment(&p).await.unwrap();
        assert_eq!(tx.payment(p.id).await.unwrap().as_ref(), Some(&p));

        // Refunded: up to what was paid, and back.
        assert!(tx.add_refunded(p.id, kes(15)).await.unwrap());
        assert!(!tx.add_refunded(p.id, kes(6)).await.unwrap());
        assert!(tx.add_refunded(p.id, kes(5)).await.unwrap());
        assert!(!tx.add_refunded(p.id, kes(-21)).await.unwrap());
        let francs = Money::from_minor(-5, Currency::Xof);
        assert!(!tx.add_refunded(p.id, francs).await.unwrap());
        assert!(tx.add_refunded(p.id, kes(-20)).await.unwrap());
        assert_eq!(tx.payment(p.id).await.unwrap().unwrap().refunded, kes(0));

        let mut account = w.gateway_account("keys");
        assert!(tx.gateway_accounts().await.unwrap().is_empty());
        tx.put_gateway_account(&account, &*w.entropy).await.unwrap();
        account.gateway = "momo".into();
        tx.put_gateway_account(&account, &*w.entropy).await.unwrap();
        let all = tx.gateway_accounts().await.unwrap();
        let names: Vec<_> = all.iter().map(|a| a.gateway.as_str()).collect();
        assert_eq!(names, ["momo", "mpesa"]);
        assert_eq!(all[1].secrets.expose(), "keys");
        tx.hold("payouts").await.unwrap();
        tx.hold("payouts").await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn wallets_receipts_and_messages() {
    let w = World::new(102);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let customer = tx.customer(w.customer_id(), &phone(1), NOON).await.unwrap();
        assert_eq!(customer.credit, kes(0));
        assert!(tx.add_credit(customer.id, kes(30)).await.unwrap());
        assert!(!tx.add_credit(customer.id, kes(-31)).await.unwrap());
        assert!(tx.add_credit(customer.id, kes(-10)).await.unwrap());
        assert!(!tx.add_credit(w.customer_id(), kes(1)).await.unwrap());
        let francs = Money::from_minor(5, Currency::Xof);
        assert!(!tx.add_credit(customer.id, francs).await.unwrap());
        let read = tx.customer_by_id(customer.id).await.unwrap().unwrap();
        assert_eq!(read.credit, kes(20));
        let by_phone = tx.customer_by_phone(&phone(1)).await.unwrap();
        assert_eq!(by_phone.as_ref(), Some(&read));
        assert!(tx.customer_by_phone(&phone(2)).await.unwrap().is_none());
        assert!(tx.customer_by_id(w.customer_id()).await.unwrap().is_none());

        // Cash of somebody who gave no phone.
        let unnamed = w.customer_id();
        tx.unnamed_customer(unnamed, NOON).await.unwrap();
        tx.unnamed_customer(w.customer_id(), NOON).await.unwrap();
        let read = tx.customer_by_id(unnamed).await.unwrap().unwrap();
        assert_eq!((read.phone, read.credit), (None, kes(0)));
        assert_eq!(tx.customers(None, 9).await.unwrap().rows.len(), 1);
        let mut cash = w.payment(unnamed, &phone(1));
        cash.phone = None;
        tx.insert_payment(&cash).await.unwrap();
        assert_eq!(tx.payment(cash.id).await.unwrap(), Some(cash));

        let (one, other) = (w.uuid(), w.uuid());
        assert_eq!(tx.receipt_holder("mpesa", "R1").await.unwrap(), None);
        for _ in 0..2 {
            assert!(tx.take_receipt("mpesa", "R1", one).await.unwrap());
        }
        assert!(!tx.take_receipt("mpesa", "R1", other).await.unwrap());
        assert!(tx.take_receipt("momo", "R1", other).await.unwrap());
        assert_eq!(tx.receipt_holder("mpesa", "R1").await.unwrap(), Some(one));

        let mut message = w.message(w.payment_id(), b"{}");
        message.about = About::Account;
        message.subject = account_row("mpesa").unwrap();
        message.signed = true;
        assert!(tx.insert_message(&message).await.unwrap());
        assert_eq!(
            tx.message(message.id).await.unwrap().as_ref(),
            Some(&message)
        );
        let mut same = message.clone();
        (same.id, same.about) = (w.message_id(), About::Arrival);
        assert!(tx.insert_message(&same).await.unwrap());
        let count = tx.count_messages(About::Account, message.subject);
        assert_eq!(count.await.unwrap(), 1);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn arrivals_and_cases() {
    let w = World::new(103);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let mut a = w.arrival("R1");
        let mut bare = w.arrival("R2");
        (bare.fee, bare.phone, bare.payer, bare.reference) = (None, None, None, None);
        (bare.account, bare.at) = (None, None);
        assert_eq!(tx.insert_arrival(&a).await.unwrap(), (a.clone(), true));
        assert_eq!(
            tx.insert_arrival(&bare).await.unwrap(),
            (bare.clone(), true)
        );
        let again = w.arrival("R1");
        assert_eq!(tx.insert_arrival(&again).await.unwrap(), (a.clone(), false));
        assert_eq!(tx.arrival(bare.id).await.unwrap(), Some(bare.clone()));
        tx.update_arrival(&bare).await.unwrap();

        a.state = ArrivalState::Matched;
        a.source = ArrivalSource::Query;
        a.kind = "excess".into();
        a.amount = kes(51);
        a.payment = Some(payment.id);
        a.customer = Some(payment.customer_id);
        a.decided_at = Some(NOON);
        tx.update_arrival(&a).await.unwrap();
        assert_eq!(tx.lock_arrival(a.id).await.unwrap(), Some(a.clone()));
        let by_receipt = tx.arrival_by_receipt("mpesa", "R1").await.unwrap();
        assert_eq!(by_receipt.as_ref(), Some(&a));
        assert_eq!(tx.arrival_by_receipt("momo", "R1").await.unwrap(), None);
        let named = by_receipt.as_ref().unwrap().id;
        assert!(
            !tx.name_arrival(named, "R1").await.unwrap(),
            "taken, by itself"
        );
        let filter = ArrivalFilter {
            state: Some(ArrivalState::Matched),
            gateway: Some("mpesa".into()),
            phone: Some(phone(1)),
            receipt: Some("R1".into()),
            payment: Some(payment.id),
        };
        let page = tx.arrivals(&filter, MAX, 5).await.unwrap();
        assert_eq!(page.rows, [a.clone()]);
        let page = tx.arrivals(&ArrivalFilter::default(), None, 1).await;
        assert!(page.unwrap().next.is_some());

        let mut new = w.new_case(CaseKind::Excess, a.id.uuid());
        (new.payment, new.arrival) = (Some(payment.id), Some(a.id));
        let (case, is_new) = tx.open_case(&new).await.unwrap();
        assert!(is_new);
        assert_eq!((case.number, &case.opened), (1001, &new));
        let again = w.new_case(CaseKind::Excess, a.id.uuid());
        assert_eq!(tx.open_case(&again).await.unwrap(), (case.clone(), false));
        let mut bare = w.new_case(CaseKind::Claim, a.id.uuid());
        (bare.phone, bare.amount, bare.detail, bare.promised_at) = (None, None, None, None);
        let (second, _) = tx.open_case(&bare).await.unwrap();
        assert_eq!((second.number, &second.opened), (1002, &bare));
        assert_eq!(tx.count_open_cases().await.unwrap(), 2);
        let member = w.account_id();
        let solve = tx.solve_case(new.id, Some(member), NOON, "given back");
        assert!(solve.await.unwrap());
        assert!(!tx.solve_case(new.id, None, NOON, "twice").await.unwrap());
        assert!(
            tx.solve_case(bare.id, None, NOON, "by itself")
                .await
                .unwrap()
        );
        let solved = tx.case(new.id).await.unwrap().unwrap();
        assert_eq!(solved.state, CaseState::Solved);
        assert_eq!(solved.solved_by, Some(member));
        assert_eq!(solved.solution.as_deref(), Some("given back"));
        let about = tx.case_about(CaseKind::Excess, a.id.uuid()).await.unwrap();
        assert_eq!(about.as_ref(), Some(&solved));
        let filter = CaseFilter {
            state: Some(CaseState::Solved),
            kind: Some(CaseKind::Excess),
            number: Some(1001),
            phone: Some(phone(1)),
            payment: Some(payment.id),
        };
        assert_eq!(tx.cases(&filter, MAX, 5).await.unwrap().rows, [solved]);
        assert_eq!(tx.count_open_cases().await.unwrap(), 0);
        for kind in CaseKind::ALL {
            let case = w.new_case(*kind, w.uuid());
            assert!(tx.open_case(&case).await.unwrap().1, "{}", kind.name());
        }
        for state in ArrivalState::ALL {
            a.state = *state;
            tx.update_arrival(&a).await.unwrap();
        }
        for source in ArrivalSource::ALL {
            a.source = *source;
            tx.update_arrival(&a).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn refunds_payouts_and_shifts() {
    let w = World::new(104);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let arrival = w.arrival("R1");
        tx.insert_arrival(&arrival).await.unwrap();
        let mut r = w.refund(Some(payment.id), kes(5));
        tx.insert_refund(&r).await.unwrap();
        let mut of_arrival = w.refund(None, kes(7));
        of_arrival.arrival = Some(arrival.id);
        tx.insert_refund(&of_arrival).await.unwrap();
        tx.insert_refund(&w.refund(Some(payment.id), kes(3)))
            .await
            .unwrap();
        let of_payment = tx.reserved_of_payment(payment.id, Currency::Kes).await;
        assert_eq!(of_payment.unwrap(), kes(8));
        let reserved = tx.reserved_of_arrival(arrival.id, Currency::Kes).await;
        assert_eq!(reserved.unwrap(), kes(7));
        assert_eq!(tx.refund(r.id).await.unwrap(), Some(r.clone()));
        r.state = SendState::Refused;
        r.decided_by = Some(w.account_id());
        r.decided_at = Some(NOON);
        r.conversation_id = Some("AG_1".into());
        r.receipt = Some("R9".into());
        r.result_text = Some("no".into());
        r.finished_at = Some(NOON);
        tx.update_refund(&r).await.unwrap();
        assert_eq!(tx.lock_refund(r.id).await.unwrap(), Some(r.clone()));
        let of_payment = tx.reserved_of_payment(payment.id, Currency::Kes).await;
        assert_eq!(of_payment.unwrap(), kes(3));
        let filter = RefundFilter {
            state: Some(SendState::Refused),
            payment: Some(payment.id),
            arrival: None,
        };
        assert_eq!(tx.refunds(&filter, MAX, 5).await.unwrap().rows, [r.clone()]);
        let filter = RefundFilter {
            arrival: Some(arrival.id),
            ..RefundFilter::default()
        };
        let page = tx.refunds(&filter, None, 5).await.unwrap();
        assert_eq!(page.rows, [of_arrival]);

        let mut p = w.payout(kes(100));
        tx.insert_payout(&p).await.unwrap();
        tx.insert_payout(&w.payout(kes(10))).await.unwrap();
        assert_eq!(tx.payout(p.id).await.unwrap(), Some(p.clone()));
        let reserved = tx.reserved_for_payouts(Currency::Kes).await.unwrap();
        assert_eq!(reserved, kes(110));
        // The platform collected nothing here.
        let reserved = tx.reserved_of_collected(Currency::Kes).await.unwrap();
        assert_eq!(reserved, kes(0));
        let reserved = tx.reserved_for_payouts(Currency::Xof).await.unwrap();
        assert_eq!(reserved, Money::zero(Currency::Xof));
        for state in SendState::ALL {
            (p.state, r.state) = (*state, *state);
            tx.update_payout(&p).await.unwrap();
            tx.update_refund(&r).await.unwrap();
        }
        p.state = SendState::Done;
        p.decided_by = Some(w.account_id());
        p.decided_at = Some(NOON);
        p.conversation_id = Some("AG_2".into());
        p.receipt = Some("R10".into());
        p.result_text = Some("ok".into());
        p.finished_at = Some(NOON);
        tx.update_payout(&p).await.unwrap();
        assert_eq!(tx.lock_payout(p.id).await.unwrap(), Some(p.clone()));
        let reserved = tx.reserved_for_payouts(Currency::Kes).await.unwrap();
        assert_eq!(reserved, kes(10));
        let done = tx.payouts(Some(SendState::Done), MAX, 5).await.unwrap();
        assert_eq!(done.rows, [p]);
        assert_eq!(tx.payouts(None, None, 5).await.unwrap().rows.len(), 2);

        let cashier = w.account_id();
        let (id, kenya) = (w.shift_id(), Currency::Kes);
        let (shift, new) = tx.open_shift(id, cashier, kenya, NOON).await.unwrap();
        assert!(new);
        let again = tx.open_shift(w.shift_id(), cashier, kenya, NOON).await;
        assert_eq!(again.unwrap(), (shift.clone(), false));
        let open = tx.lock_open_shift(cashier).await.unwrap();
        assert_eq!(open.as_ref(), Some(&shift));
        assert_eq!(tx.open_shift_of(cashier).await.unwrap(), open);
        let francs = Money::from_minor(1, Currency::Xof);
        assert!(
            !tx.close_shift(id, NOON, kes(1), francs, None)
                .await
                .unwrap()
        );
        assert!(
            tx.close_shift(id, NOON, kes(100), kes(99), Some("one short"))
                .await
                .unwrap()
        );
        assert!(
            !tx.close_shift(id, NOON, kes(1), kes(1), None)
                .await
                .unwrap()
        );
        let closed = tx.shift(id).await.unwrap().unwrap();
        assert_eq!(
            (closed.expected, closed.counted),
            (Some(kes(100)), Some(kes(99)))
        );
        assert_eq!(tx.open_shift_of(cashier).await.unwrap(), None);
        let next = tx.open_shift(w.shift_id(), cashier, kenya, NOON).await;
        assert!(next.unwrap().1, "after one shift comes another");
        let mine = tx.shifts(Some(cashier), MAX, 5).await.unwrap();
        assert_eq!(mine.rows.len(), 2);
        assert_eq!(tx.shifts(None, None, 1).await.unwrap().rows.len(), 1);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn statements_and_differences() {
    let w = World::new(105);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let mut s = w.statement(NOON, NOON.plus(HOUR));
        tx.insert_statement(&s).await.unwrap();
        let mut full = line(1, "R1");
        full.fee = Some(kes(1));
        full.at = Some(NOON);
        full.phone = Some(phone(1));
        full.payer = Some("JANE W".into());
        full.reference = Some("WIFI".into());
        full.account = Some("174379".into());
        full.checkout_request_id = Some("ws_CO_1".into());
        let lines = [line(0, "R0"), full];
        tx.insert_statement_lines(s.id, &lines).await.unwrap();
        assert_eq!(tx.statement_lines(s.id, 0, 9).await.unwrap(), lines);
        assert_eq!(tx.statement_lines(s.id, 1, 9).await.unwrap(), lines[1..]);
        tx.update_statement(&s).await.unwrap();
        assert_eq!(tx.statement(s.id).await.unwrap(), Some(s.clone()));
        (s.lines, s.differences) = (2, 1);
        s.state = StatementState::Failed;
        s.error = Some("line 3 has no amount".into());
        s.finished_at = Some(NOON);
        tx.update_statement(&s).await.unwrap();
        assert_eq!(tx.lock_statement(s.id).await.unwrap(), Some(s.clone()));
        let page = tx.statements(Some("mpesa"), MAX, 5).await.unwrap();
        assert_eq!(page.rows, [s.clone()]);
        let none = tx.statements(Some("momo"), None, 5).await.unwrap();
        assert!(none.rows.is_empty());

        let mut full = w.difference(s.id, "R1");
        full.payment = Some(payment.id);
        let mut bare = w.difference(s.id, "R2");
        (bare.receipt, bare.detail) = (None, None);
        (bare.ours_minor, bare.theirs_minor) = (None, None);
        let both = [full.clone(), bare.clone()];
        assert_eq!(tx.insert_differences(&both).await.unwrap(), 2);
        let again = w.difference(s.id, "R1");
        assert_eq!(tx.insert_differences(&[again]).await.unwrap(), 0);
        assert_eq!(tx.difference(bare.id).await.unwrap(), Some(bare.clone()));
        assert_eq!(tx.count_open_differences().await.unwrap(), 2);
        let member = Some(w.account_id());
        let mend = tx.decide_difference(full.id, DifferenceState::Mended, member, NOON);
        assert!(mend.await.unwrap());
        let twice = tx.decide_difference(full.id, DifferenceState::Dismissed, None, NOON);
        assert!(!twice.await.unwrap());
        (full.state, full.decided_by) = (DifferenceState::Mended, member);
        full.decided_at = Some(NOON);
        let filter = DifferenceFilter {
            state: Some(DifferenceState::Mended),
            statement: Some(s.id),
            kind: Some(DifferenceKind::Amount),
            payment: Some(payment.id),
        };
        let page = tx.differences(&filter, MAX, 5).await.unwrap();
        assert_eq!(page.rows, [full]);
        let all = DifferenceFilter::default();
        let page = tx.differences(&all, None, 1).await.unwrap();
        assert!(page.next.is_some());
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn requests_under_a_key() {
    let w = World::new(106);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let begin = tx.begin_request("a", "k", [1; 32], NOON).await.unwrap();
        assert_eq!(begin, None);
        let known = tx.begin_request("a", "k", [2; 32], NOON).await.unwrap();
        let known = known.unwrap();
        assert_eq!((known.digest, known.answer), ([1; 32], None));
        let answer = StoredAnswer {
            status: 201,
            content_type: "application/json".into(),
            body: b"{}".to_vec(),
        };
        tx.finish_request("a", "k", &answer).await.unwrap();
        let known = tx.begin_request("a", "k", [1; 32], NOON).await.unwrap();
        assert_eq!(known.unwrap().answer, Some(answer));
        assert!(
            tx.begin_request("b", "k", [1; 32], NOON)
                .await
                .unwrap()
                .is_none(),
            "another caller has keys of its own"
        );
        tx.forget_request("b", "k").await.unwrap();
        assert!(
            tx.begin_request("b", "k", [1; 32], NOON.plus(HOUR))
                .await
                .unwrap()
                .is_none()
        );
        tx.commit().await.unwrap();
        let mut tx = test.store.system().await.unwrap();
        assert_eq!(tx.forget_requests(NOON).await.unwrap(), 0);
        assert_eq!(tx.forget_requests(NOON.plus(HOUR)).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn the_statement_of_a_ledger_account() {
    let w = World::new(107);
    for test in w.stores().await {
        w.clock.set(NOON);
        let provider = w.provider(&test.store, "mama-njeri").await;
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let (till, gateway) = ("cash:1", "gateway:mpesa");
        let mut ids = Vec::new();
        for i in 0..10 {
            let (to, from) = match i % 3 {
                0 => (till, "revenue"),
                1 => ("refunds", till),
                _ => (gateway, "revenue"),
            };
            let movement = w.movement(w.uuid(), "any", to, from);
            assert!(tx.insert_transfer(&movement).await.unwrap());
            if i % 3 < 2 {
                ids.push(movement.id);
            }
            w.clock.advance(HOUR);
        }
        let mut of_payment = w.transfer(payment.id);
        of_payment.at = w.now();
        assert!(tx.insert_transfer(&of_payment).await.unwrap());
        let mut same = w.transfer(payment.id);
        (same.payment, same.amount) = (None, kes(1));
        assert!(!tx.insert_transfer(&same).await.unwrap());
        let about = tx.transfers_about(payment.id.uuid()).await.unwrap();
        assert_eq!(about, [of_payment]);

        ids.reverse();
        let filter = TransferFilter {
            account: Some(till.into()),
            ..TransferFilter::default()
        };
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = tx.transfers(&filter, cursor, 3).await.unwrap();
            seen.extend(page.rows.iter().map(|t| t.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ids);
        let start = NOON.plus(HOUR * 3);
        let filter = TransferFilter {
            account: Some(till.into()),
            prefix: Some("cash:".into()),
            from: Some(start),
            to: Some(start.plus(HOUR * 3)),
        };
        let page = tx.transfers(&filter, MAX, 9).await.unwrap();
        assert_eq!(page.rows.len(), 2);
        let filter = TransferFilter {
            prefix: Some("gateway:".into()),
            ..TransferFilter::default()
        };
        let page = tx.transfers(&filter, None, 9).await.unwrap();
        assert_eq!(page.rows.len(), 4);

        let kenya = Currency::Kes;
        assert_eq!(tx.balance_of(till, kenya).await.unwrap(), kes(20));
        assert_eq!(
            tx.balance_of("nobody", kenya).await.unwrap(),
            Money::zero(kenya)
        );
        let now = tx.balances().await.unwrap();
        let later = tx.balances_before(w.now().plus(HOUR)).await.unwrap();
        assert_eq!(now, later);
        let early = tx.balances_before(start).await.unwrap();
        let cash = early.iter().find(|b| b.account == till).unwrap();
        assert_eq!(cash.amount, kes(0));
        assert!(tx.balances_before(NOON).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let mut tx = test.store.read_system().await.unwrap();
        assert_eq!(tx.balances_total().await.unwrap(), [kes(0)]);
    }
}

#[tokio::test]
async fn a_ticket_that_is_a_device() {
    let w = World::new(108);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        assert!(tx.ticket_by_identity_mac(mac(7)).await.unwrap().is_none());
        // Oldest first: what is found each time is the newest that is worth most.
        let states = [
            (TicketState::Expired, None, true),
            (TicketState::Unused, None, true),
            (TicketState::Active, Some(NOON.plus(HOUR)), true),
            (TicketState::Active, Some(NOON), false),
            (TicketState::Active, None, true),
            (TicketState::Unused, None, false),
            (TicketState::UsedUp, None, false),
        ];
        let mut best = None;
        for (state, expires_at, better) in states {
            w.tick();
            let mut ticket = w.ticket(provider, Origin::Gift(w.account_id()));
            ticket.identity_mac = Some(mac(7));
            (ticket.state, ticket.expires_at) = (state, expires_at);
            assert!(tx.insert_ticket(&ticket, &*w.entropy).await.unwrap());
            if better {
                // How a ticket ended is not among what a new one has.
                best = Some(ticket);
            }
            let found = tx.ticket_by_identity_mac(mac(7)).await.unwrap();
            assert_eq!(found, best);
        }
        tx.commit().await.unwrap();
    }
}
