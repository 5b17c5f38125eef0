//! One provider's transaction neither sees nor changes another's rows, through any method; on
//! PostgreSQL not even with a statement that forgets to name the provider.

use std::time::Duration;

use bando_db::{Scope, params};
use bando_domain::TicketState;
use bando_store::{About, Engine, JobKind, Origin, PaymentFilter, PaymentStep, TicketFilter};

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
        let before = dump(&test).await;

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
