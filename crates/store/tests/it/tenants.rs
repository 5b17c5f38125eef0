//! One provider's transaction neither sees nor changes another's rows, through any method; on
//! PostgreSQL not even with a statement that forgets to name the provider.

use std::time::Duration;

use bando_db::{Scope, params};
use bando_domain::{AccountId, CaseId, Currency, DifferenceId, ProviderId, ShiftId, TicketState};
use bando_store::{
    About, Arrival, ArrivalFilter, ArrivalState, CaseFilter, CaseKind, DifferenceFilter,
    DifferenceState, Engine, JobKind, Origin, Payment, PaymentFilter, PaymentStep, Payout, Refund,
    RefundFilter, SendState, Statement, StatementState, Store, TicketFilter, TransferFilter,
};

use crate::samples::line;
use crate::support::{NOON, World, kes, mac, phone};

#[tokio::test]
async fn through_no_method() {
    let w = World::new(80);
    for test in w.stores().await {
        let store = &test.store;
        let (a, b) = (
            w.provider(store, "mama-njeri").await,
            w.provider(store, "baba-otieno").await,
        );
        // Everything of B's.
        let router = w.router(store, b).await;
        let mut payment = w.stored_payment(store, b, &phone(1)).await;
        let ticket = w.active_ticket(store, b, Some(NOON)).await;
        let (plan, batch) = (w.plan(), w.batch(5));
        let session = w.update(router, Some(ticket.id), (10, 10), 10);
        let message = w.message(payment.id, b"{}");
        let job = w.uuid();
        let account = w.account(store, "otieno").await;
        payment.receipt = Some("RKL51ZDR4F".into());
        payment.checkout_request_id = Some("ws_CO_1".into());
        let mut tx = store.tenant(b).await.unwrap();
        tx.update_payment(&payment).await.unwrap();
        tx.add_payment_step(payment.id, w.uuid(), NOON, PaymentStep::Asked, None)
            .await
            .unwrap();
        tx.insert_plan(&plan).await.unwrap();
        tx.insert_batch(&batch).await.unwrap();
        let printed = w.ticket(b, Origin::Batch(batch.id));
        tx.insert_ticket(&printed, &*w.entropy).await.unwrap();
        tx.bind_device(ticket.id, mac(1), NOON).await.unwrap();
        tx.record_sessions(std::slice::from_ref(&session))
            .await
            .unwrap();
        tx.insert_message(&message).await.unwrap();
        tx.insert_transfer(&w.transfer(payment.id)).await.unwrap();
        tx.add_revenue(20_000, "mpesa", kes(20), 1).await.unwrap();
        tx.put_gateway_account(&w.gateway_account("secret"), &*w.entropy)
            .await
            .unwrap();
        tx.upsert_member(account, bando_store::Role::Owner, NOON)
            .await
            .unwrap();
        tx.enqueue(JobKind::CheckPayment, job, NOON).await.unwrap();
        tx.audit(NOON, "system", "a", "b", "c").await.unwrap();
        tx.commit().await.unwrap();
        let money = money_of(&w, store, b, &payment).await;
        let before = dump(&test).await;
        no_money(&w, store, a, &payment, &money).await;

        // A reads.
        let mut tx = store.tenant(a).await.unwrap();
        assert_eq!(tx.provider().await.unwrap().id, a);
        assert!(tx.plan(plan.id).await.unwrap().is_none());
        assert!(tx.plans().await.unwrap().is_empty());
        assert!(tx.gateway_account("mpesa").await.unwrap().is_none());
        assert!(tx.router(router).await.unwrap().is_none());
        assert!(tx.routers().await.unwrap().is_empty());
        assert!(tx.payment(payment.id).await.unwrap().is_none());
        assert!(tx.lock_payment(payment.id).await.unwrap().is_none());
        assert!(
            tx.payment_by_receipt("mpesa", "RKL51ZDR4F")
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            tx.payment_by_checkout("mpesa", "ws_CO_1")
                .await
                .unwrap()
                .is_none()
        );
        let all = PaymentFilter::default();
        assert!(tx.payments(&all, None, 9).await.unwrap().rows.is_empty());
        assert!(tx.payment_timeline(payment.id).await.unwrap().is_empty());
        assert!(tx.customers(None, 9).await.unwrap().rows.is_empty());
        let day = Duration::from_secs(86_400);
        let hours = tx
            .takings_by_hour(NOON.minus(day), NOON.plus(day))
            .await
            .unwrap();
        assert!(hours.is_empty());
        assert!(tx.message(message.id).await.unwrap().is_none());
        assert_eq!(
            tx.count_messages(About::Payment, payment.id.uuid())
                .await
                .unwrap(),
            0
        );
        assert!(tx.ticket(ticket.id).await.unwrap().is_none());
        assert!(tx.lock_ticket(ticket.id).await.unwrap().is_none());
        assert!(tx.ticket_by_code(&ticket.code).await.unwrap().is_none());
        assert!(tx.ticket_by_payment(payment.id).await.unwrap().is_none());
        assert!(tx.tickets_by_id(&[ticket.id]).await.unwrap().is_empty());
        assert!(tx.live_tickets_by_mac(mac(1)).await.unwrap().is_empty());
        let every = TicketFilter::default();
        assert!(tx.tickets(&every, None, 9).await.unwrap().rows.is_empty());
        assert!(
            tx.tickets_of_batch(batch.id, 0, 9)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(tx.count_used_of_batch(batch.id).await.unwrap(), 0);
        assert!(tx.devices(ticket.id).await.unwrap().is_empty());
        assert!(tx.batch_by_id(batch.id).await.unwrap().is_none());
        assert!(tx.lock_batch(batch.id).await.unwrap().is_none());
        assert!(tx.batches(9).await.unwrap().is_empty());
        assert!(tx.spent_tickets(&[ticket.id]).await.unwrap().is_empty());
        assert!(tx.session(session.id).await.unwrap().is_none());
        assert!(tx.sessions_of_ticket(ticket.id).await.unwrap().is_empty());
        assert!(
            tx.open_sessions_of_ticket(ticket.id)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            tx.sessions_without_right(&[session.id])
                .await
                .unwrap()
                .is_empty()
        );
        assert!(tx.open_sessions(9).await.unwrap().is_empty());
        assert_eq!(tx.count_open_sessions().await.unwrap(), 0);
        assert!(
            tx.transfers_of_payment(payment.id)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(tx.balances().await.unwrap().is_empty());
        let days = tx
            .revenue_by_day(0, 30_000, bando_domain::Currency::Kes)
            .await
            .unwrap();
        assert!(days.is_empty());
        assert!(tx.audit_log(9).await.unwrap().is_empty());
        assert_eq!(tx.verify_audit().await.unwrap(), Ok(0));

        // A writes. What must fail on a foreign key spoils its transaction, so it comes alone.
        assert!(!tx.update_plan(&plan).await.unwrap());
        assert!(!tx.delete_plan(plan.id, NOON).await.unwrap());
        tx.set_gateway_test("mpesa", NOON, "broken").await.unwrap();
        assert!(!tx.update_router(router, "x", "x", None).await.unwrap());
        assert!(!tx.delete_router(router, NOON).await.unwrap());
        tx.touch_router(router, "x", true, NOON).await.unwrap();
        let mut changed = payment.clone();
        changed.receipt = Some("STOLEN0001".into());
        tx.update_payment(&changed).await.unwrap();
        tx.release_prompt(payment.id, &phone(2)).await.unwrap();
        tx.add_first_payment_step(payment.id, w.uuid(), NOON, PaymentStep::Connected, "")
            .await
            .unwrap();
        tx.set_message_outcome(message.id, "x").await.unwrap();
        assert!(!tx.activate_ticket(printed.id, NOON, None).await.unwrap());
        assert!(
            !tx.end_ticket(ticket.id, TicketState::Revoked, NOON)
                .await
                .unwrap()
        );
        tx.unbind_device(ticket.id, mac(1)).await.unwrap();
        tx.set_batch_made(batch.id, 5, Some(NOON)).await.unwrap();
        assert!(!tx.close_session(session.id, NOON, "x").await.unwrap());
        let closed = tx.close_sessions_of_router(router, NOON.plus(day), "x");
        assert_eq!(closed.await.unwrap(), 0);
        tx.cancel_job(JobKind::CheckPayment, job).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = store.tenant(a).await.unwrap();
        assert!(tx.bind_device(ticket.id, mac(9), NOON).await.is_err());
        drop(tx);
        let mut tx = store.tenant(a).await.unwrap();
        assert!(tx.insert_transfer(&w.transfer(payment.id)).await.is_err());
        drop(tx);
        let mut tx = store.tenant(a).await.unwrap();
        let step = tx.add_payment_step(payment.id, w.uuid(), NOON, PaymentStep::Settled, None);
        assert!(step.await.is_err());
        drop(tx);
        let mut tx = store.tenant(a).await.unwrap();
        let theft = w.update(router, Some(ticket.id), (99, 99), 99);
        assert!(tx.record_sessions(&[theft]).await.is_err());
        drop(tx);
        assert_eq!(dump(&test).await, before, "nothing of B's has changed");
    }
}

/// Ids of B's money.
struct Theirs {
    arrival: Arrival,
    case: CaseId,
    refund: Refund,
    payout: Payout,
    shift: ShiftId,
    cashier: AccountId,
    statement: Statement,
    difference: DifferenceId,
}

/// A row in every table of money.
async fn money_of(w: &World, store: &Store, b: ProviderId, payment: &Payment) -> Theirs {
    let statement = w.statement(NOON, NOON.plus(Duration::from_secs(1)));
    let difference = w.difference(statement.id, "RKL51ZDR4F");
    let theirs = Theirs {
        arrival: w.arrival("R1"),
        case: w.case_id(),
        refund: w.refund(Some(payment.id), kes(5)),
        payout: w.payout(kes(5)),
        shift: w.shift_id(),
        cashier: w.account_id(),
        difference: difference.id,
        statement,
    };
    let mut tx = store.tenant(b).await.unwrap();
    tx.insert_arrival(&theirs.arrival).await.unwrap();
    let mut case = w.new_case(CaseKind::Claim, payment.id.uuid());
    case.id = theirs.case;
    tx.open_case(&case).await.unwrap();
    tx.insert_refund(&theirs.refund).await.unwrap();
    tx.insert_payout(&theirs.payout).await.unwrap();
    tx.open_shift(theirs.shift, theirs.cashier, Currency::Kes, NOON)
        .await
        .unwrap();
    tx.insert_statement(&theirs.statement).await.unwrap();
    tx.insert_statement_lines(theirs.statement.id, &[line(0, "R1")])
        .await
        .unwrap();
    tx.insert_differences(&[difference]).await.unwrap();
    tx.begin_request("b", "k", [1; 32], NOON).await.unwrap();
    tx.add_credit(payment.customer_id, kes(50)).await.unwrap();
    tx.commit().await.unwrap();
    theirs
}

/// A reads and changes none of it.
async fn no_money(w: &World, store: &Store, a: ProviderId, payment: &Payment, theirs: &Theirs) {
    let mut tx = store.tenant(a).await.unwrap();
    let (arrival, kenya) = (&theirs.arrival, Currency::Kes);
    assert!(tx.arrival(arrival.id).await.unwrap().is_none());
    assert!(tx.lock_arrival(arrival.id).await.unwrap().is_none());
    let by_receipt = tx.arrival_by_receipt("mpesa", "R1").await.unwrap();
    assert!(by_receipt.is_none());
    let page = tx.arrivals(&ArrivalFilter::default(), None, 9).await;
    assert!(page.unwrap().rows.is_empty());
    assert!(tx.case(theirs.case).await.unwrap().is_none());
    let about = tx.case_about(CaseKind::Claim, payment.id.uuid()).await;
    assert!(about.unwrap().is_none());
    let page = tx.cases(&CaseFilter::default(), None, 9).await;
    assert!(page.unwrap().rows.is_empty());
    assert_eq!(tx.count_open_cases().await.unwrap(), 0);
    assert!(tx.refund(theirs.refund.id).await.unwrap().is_none());
    assert!(tx.lock_refund(theirs.refund.id).await.unwrap().is_none());
    let page = tx.refunds(&RefundFilter::default(), None, 9).await;
    assert!(page.unwrap().rows.is_empty());
    let reserved = tx.reserved_of_payment(payment.id, kenya).await.unwrap();
    assert_eq!(reserved, kes(0));
    let reserved = tx.reserved_of_arrival(arrival.id, kenya).await.unwrap();
    assert_eq!(reserved, kes(0));
    assert!(tx.payout(theirs.payout.id).await.unwrap().is_none());
    assert!(tx.lock_payout(theirs.payout.id).await.unwrap().is_none());
    assert!(tx.payouts(None, None, 9).await.unwrap().rows.is_empty());
    assert_eq!(tx.reserved_for_payouts(kenya).await.unwrap(), kes(0));
    assert!(tx.shift(theirs.shift).await.unwrap().is_none());
    assert!(tx.open_shift_of(theirs.cashier).await.unwrap().is_none());
    assert!(tx.lock_open_shift(theirs.cashier).await.unwrap().is_none());
    assert!(tx.shifts(None, None, 9).await.unwrap().rows.is_empty());
    let statement = theirs.statement.id;
    assert!(tx.statement(statement).await.unwrap().is_none());
    assert!(tx.lock_statement(statement).await.unwrap().is_none());
    assert!(tx.statements(None, None, 9).await.unwrap().rows.is_empty());
    let lines = tx.statement_lines(statement, 0, 9).await.unwrap();
    assert!(lines.is_empty());
    assert!(tx.difference(theirs.difference).await.unwrap().is_none());
    let page = tx.differences(&DifferenceFilter::default(), None, 9).await;
    assert!(page.unwrap().rows.is_empty());
    assert_eq!(tx.count_open_differences().await.unwrap(), 0);
    let customer = payment.customer_id;
    assert!(tx.customer_by_id(customer).await.unwrap().is_none());
    assert!(tx.customer_by_phone(&phone(1)).await.unwrap().is_none());
    let subject = payment.id.uuid();
    assert!(tx.transfers_about(subject).await.unwrap().is_empty());
    for account in [None, Some("revenue".to_owned())] {
        let filter = TransferFilter {
            account,
            ..TransferFilter::default()
        };
        let page = tx.transfers(&filter, None, 9).await.unwrap();
        assert!(page.rows.is_empty());
    }
    assert_eq!(tx.balance_of("revenue", kenya).await.unwrap(), kes(0));
    assert!(tx.gateway_accounts().await.unwrap().is_empty());
    assert_eq!(tx.count_pending("mpesa").await.unwrap(), 0);
    assert!(tx.pending_amounts("mpesa").await.unwrap().is_empty());
    assert!(tx.ticket_by_identity_mac(mac(1)).await.unwrap().is_none());

    let mut changed = arrival.clone();
    changed.state = ArrivalState::Refuted;
    tx.update_arrival(&changed).await.unwrap();
    assert!(!tx.solve_case(theirs.case, None, NOON, "x").await.unwrap());
    let mut changed = theirs.refund.clone();
    changed.state = SendState::Declined;
    tx.update_refund(&changed).await.unwrap();
    let mut changed = theirs.payout.clone();
    changed.state = SendState::Declined;
    tx.update_payout(&changed).await.unwrap();
    let close = tx.close_shift(theirs.shift, NOON, kes(1), kes(1), None);
    assert!(!close.await.unwrap());
    let mut changed = theirs.statement.clone();
    changed.state = StatementState::Failed;
    tx.update_statement(&changed).await.unwrap();
    let decide = tx.decide_difference(theirs.difference, DifferenceState::Dismissed, None, NOON);
    assert!(!decide.await.unwrap());
    assert!(!tx.add_credit(customer, kes(1)).await.unwrap());
    assert!(!tx.add_refunded(payment.id, kes(1)).await.unwrap());
    tx.place_payment(payment).await.unwrap();
    tx.forget_request("b", "k").await.unwrap();
    tx.commit().await.unwrap();

    // What must fail on a foreign key spoils its transaction, so it comes alone.
    let mut tx = store.tenant(a).await.unwrap();
    let refund = w.refund(Some(payment.id), kes(5));
    assert!(tx.insert_refund(&refund).await.is_err());
    drop(tx);
    let mut tx = store.tenant(a).await.unwrap();
    let mut mine = w.arrival("R2");
    mine.payment = Some(payment.id);
    assert!(tx.insert_arrival(&mine).await.is_err());
    drop(tx);
    let mut tx = store.tenant(a).await.unwrap();
    let lines = [line(7, "R7")];
    let add = tx.insert_statement_lines(theirs.statement.id, &lines);
    assert!(add.await.is_err());
    drop(tx);
    let mut tx = store.tenant(a).await.unwrap();
    let difference = w.difference(theirs.statement.id, "R7");
    assert!(tx.insert_differences(&[difference]).await.is_err());
    drop(tx);
    let mut tx = store.tenant(a).await.unwrap();
    let mut case = w.new_case(CaseKind::Excess, w.uuid());
    case.payment = Some(payment.id);
    assert!(tx.open_case(&case).await.is_err());
}

/// Every row there is, in order.
async fn dump(test: &bando_store::testing::TestStore) -> Vec<String> {
    let tables = [
        "providers",
        "members",
        "gateway_accounts",
        "plans",
        "customers",
        "routers",
        "payments",
        "payment_events",
        "gateway_messages",
        "batches",
        "tickets",
        "devices",
        "sessions",
        "ledger_transfers",
        "revenue_daily",
        "audit_heads",
        "audit_log",
        "jobs",
        "arrivals",
        "counters",
        "cases",
        "refunds",
        "payouts",
        "shifts",
        "statements",
        "statement_lines",
        "differences",
        "idempotency_keys",
    ];
    let mut out = Vec::new();
    for table in tables {
        let rows = test.raw(&format!("SELECT * FROM {table}")).await.unwrap();
        assert!(!rows.is_empty(), "{table} is empty");
        out.extend(rows.into_iter().map(|row| format!("{table} {row:?}")));
    }
    out.sort();
    out
}

#[tokio::test]
async fn not_even_a_statement_that_forgets_the_provider() {
    let w = World::new(81);
    for test in w.stores().await {
        if test.store.engine() != Engine::Postgres {
            continue;
        }
        let (a, b) = (
            w.provider(&test.store, "mama-njeri").await,
            w.provider(&test.store, "baba-otieno").await,
        );
        for provider in [a, b] {
            w.stored_payment(&test.store, provider, &phone(1)).await;
            let ticket = w.active_ticket(&test.store, provider, None).await;
            let mut tx = test.store.tenant(provider).await.unwrap();
            tx.bind_device(ticket.id, mac(1), NOON).await.unwrap();
            tx.audit(NOON, "system", "a", "b", "c").await.unwrap();
            tx.commit().await.unwrap();
        }
        let db = test.db();
        for table in [
            "providers",
            "customers",
            "payments",
            "tickets",
            "devices",
            "audit_log",
        ] {
            let sql = |text: String| bando_db::Sql::built(text);
            let mut tx = db.begin(Scope::Tenant(a.uuid())).await.unwrap();
            let count = tx
                .one(sql(format!("SELECT COUNT(*) FROM {table}")), &[])
                .await
                .unwrap();
            assert_eq!(count.get::<i64>(0).unwrap(), 1, "{table}");
            let others = format!("SELECT COUNT(*) FROM {table} WHERE provider_id = $1");
            let count = tx.one(sql(others), params![b.uuid()]).await.unwrap();
            assert_eq!(count.get::<i64>(0).unwrap(), 0, "{table}");
            if table != "audit_log" {
                let steal = format!("UPDATE {table} SET provider_id = provider_id");
                assert_eq!(tx.exec(sql(steal), &[]).await.unwrap(), 1, "{table}");
            }
            // Nor may a row be given to another.
            let give = format!("UPDATE {table} SET provider_id = $1");
            assert!(
                tx.exec(sql(give), params![b.uuid()]).await.is_err(),
                "{table}"
            );
        }
        let mut tx = db.begin(Scope::Tenant(a.uuid())).await.unwrap();
        let forged = "INSERT INTO customers (provider_id, customer_id, phone, created_at) VALUES ($1, $2, $3, 0)";
        let row = params![b.uuid(), w.uuid(), "254700000009"];
        assert!(tx.exec(forged, row).await.is_err());
    }
}
