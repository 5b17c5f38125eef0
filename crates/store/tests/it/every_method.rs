//! Every method of the store, once with a value in every optional place and once without: each
//! statement must be good on both engines, and what was written must be read back.

use std::time::Duration;

use bando_domain::{
    AccountId, Currency, Language, PaymentFailure, PaymentStatus, SellingWindow, TicketState, Usage,
};
use bando_store::{
    About, Cursor, JobKind, Member, Origin, PaymentFilter, PaymentStep, RefreshToken, Role,
    TicketFilter,
};

use crate::support::{NOON, World, kes, mac, phone};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn providers_and_accounts() {
    let w = World::new(1);
    for test in w.stores().await {
        let store = &test.store;
        let provider = w.provider(store, "mama-njeri").await;
        let mut tx = store.tenant(provider).await.unwrap();
        let mut known = tx.provider().await.unwrap();
        known.name = "New name".into();
        known.language = Language::Fr;
        known.support_phone = Some(phone(1));
        tx.update_provider(&known).await.unwrap();
        tx.commit().await.unwrap();

        let account = w.account(store, "njeri").await;
        let mut tx = store.tenant(provider).await.unwrap();
        tx.upsert_member(account, Role::Cashier, NOON)
            .await
            .unwrap();
        tx.upsert_member(account, Role::Owner, NOON).await.unwrap();
        assert!(!tx.has_other_manager(account).await.unwrap());
        let nobody = AccountId::from_uuid(uuid::Uuid::nil());
        assert!(tx.has_other_manager(nobody).await.unwrap());
        tx.commit().await.unwrap();

        let mut tx = store.system().await.unwrap();
        let slug = "mama-njeri".parse().unwrap();
        assert_eq!(tx.provider_by_slug(&slug).await.unwrap().unwrap(), known);
        let by_id = tx.provider_by_name(&provider.to_string()).await.unwrap();
        assert_eq!(by_id.unwrap(), known);
        assert_eq!(tx.provider_by_name("nobody").await.unwrap(), None);
        assert_eq!(tx.provider_by_name("NO/slug").await.unwrap(), None);
        assert_eq!(tx.providers().await.unwrap(), [known.clone()]);

        let by_name = tx.account_by_username("njeri").await.unwrap().unwrap();
        assert_eq!(tx.account(account).await.unwrap().unwrap(), by_name);
        tx.set_password_hash(account, "$new").await.unwrap();
        let member = Member {
            provider,
            account,
            role: Role::Owner,
        };
        assert_eq!(tx.memberships(account).await.unwrap(), [member]);
        let names = tx.member_names(provider).await.unwrap();
        assert_eq!(names, [(account, "Njeri".to_owned())]);

        let (token, later) = ([7; 32], NOON.plus(HOUR));
        tx.insert_sign_in(token, account, NOON, later, "Firefox")
            .await
            .unwrap();
        let found = tx.account_by_sign_in(token, NOON).await.unwrap().unwrap();
        assert_eq!(found.password_hash, "$new");
        assert!(tx.account_by_sign_in(token, later).await.unwrap().is_none());
        tx.delete_sign_in(token).await.unwrap();
        assert!(tx.account_by_sign_in(token, NOON).await.unwrap().is_none());

        let refresh = RefreshToken {
            hash: [8; 32],
            family: w.uuid(),
            account,
            created_at: NOON,
            expires_at: later,
            used_at: None,
            revoked_at: None,
        };
        tx.insert_refresh_token(&refresh).await.unwrap();
        let used = tx.use_refresh_token([8; 32], NOON).await.unwrap().unwrap();
        assert_eq!(used.used_at, Some(NOON));
        assert!(tx.use_refresh_token([8; 32], NOON).await.unwrap().is_none());
        tx.revoke_family(refresh.family, NOON).await.unwrap();
        let known = tx.refresh_token([8; 32]).await.unwrap().unwrap();
        assert_eq!(known.revoked_at, Some(NOON));
        tx.end_all_sign_ins(account, NOON).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn plans_and_gateway_accounts() {
    let w = World::new(2);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let plain = w.plan();
        let mut plan = w.plan();
        plan.window = Some(SellingWindow {
            days: 127,
            from_minute: 0,
            to_minute: 1440,
        });
        plan.position = 0;
        tx.insert_plan(&plain).await.unwrap();
        tx.insert_plan(&plan).await.unwrap();
        assert_eq!(tx.plans().await.unwrap(), [plan.clone(), plain.clone()]);
        plan.window = None;
        plan.terms.validity_seconds = None;
        plan.on_sale = false;
        assert!(tx.update_plan(&plan).await.unwrap());
        assert_eq!(tx.plan(plan.id).await.unwrap().as_ref(), Some(&plan));
        assert!(tx.delete_plan(plan.id, NOON).await.unwrap());
        assert!(!tx.delete_plan(plan.id, NOON).await.unwrap());
        assert!(!tx.update_plan(&plan).await.unwrap());
        assert_eq!(tx.plan(plan.id).await.unwrap(), None);

        assert!(tx.gateway_account("mpesa").await.unwrap().is_none());
        for secret in ["first", "second"] {
            let account = w.gateway_account(secret);
            tx.put_gateway_account(&account, &*w.entropy).await.unwrap();
            tx.set_gateway_test("mpesa", NOON, "ok").await.unwrap();
            let read = tx.gateway_account("mpesa").await.unwrap().unwrap();
            assert_eq!(read.secrets.expose(), secret);
            assert_eq!(read.settings, account.settings);
            assert_eq!(read.test_result.as_deref(), Some("ok"));
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn routers_and_sessions() {
    let w = World::new(3);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let ticket = w.active_ticket(&test.store, provider, None).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let mut new = w.new_router();
        new.coa_address = Some("10.99.0.7:3799".into());
        tx.insert_router(&new, &*w.entropy).await.unwrap();
        let other = w.new_router();
        tx.insert_router(&other, &*w.entropy).await.unwrap();
        tx.update_router(other.id, "Yard", "10.5.51.1", None)
            .await
            .unwrap();
        tx.touch_router(new.id, "192.0.2.1", true, NOON)
            .await
            .unwrap();
        tx.touch_router(new.id, "192.0.2.1", false, NOON)
            .await
            .unwrap();
        let router = tx.router(new.id).await.unwrap().unwrap();
        assert!(router.message_authenticator, "once seen, never forgotten");
        assert_eq!(router.secret.expose(), "a-router-secret");
        assert_eq!(router.source_address.as_deref(), Some("192.0.2.1"));
        assert_eq!(tx.routers().await.unwrap().len(), 2);
        assert!(tx.delete_router(other.id, NOON).await.unwrap());
        assert!(tx.router(other.id).await.unwrap().is_none());

        let full = w.update(new.id, Some(ticket.id), (10, 20), 30);
        let mut bare = w.update(new.id, None, (1, 2), 3);
        (bare.mac, bare.framed_ip) = (None, None);
        bare.stopped = Some("User-Request".into());
        tx.record_sessions(&[full.clone(), bare.clone()])
            .await
            .unwrap();
        let read = tx.session(full.id).await.unwrap().unwrap();
        assert_eq!((read.started_at, read.stopped_at), (NOON, None));
        assert_eq!(read.usage.total(), 30);
        let read = tx.session(bare.id).await.unwrap().unwrap();
        assert_eq!(read.terminate_cause.as_deref(), Some("User-Request"));
        assert_eq!(tx.sessions_of_ticket(ticket.id).await.unwrap().len(), 1);
        assert_eq!(
            tx.open_sessions_of_ticket(ticket.id).await.unwrap().len(),
            1
        );
        let all = [full.id, bare.id];
        assert!(tx.sessions_without_right(&all).await.unwrap().is_empty());
        assert_eq!(tx.open_sessions(10).await.unwrap().len(), 1);
        assert_eq!(tx.count_open_sessions().await.unwrap(), 1);
        assert!(
            tx.close_session(full.id, NOON, "Admin-Reset")
                .await
                .unwrap()
        );
        assert!(
            !tx.close_session(full.id, NOON, "Admin-Reset")
                .await
                .unwrap()
        );
        let third = w.update(new.id, None, (1, 2), 3);
        tx.record_sessions(&[third]).await.unwrap();
        let closed = tx.close_sessions_of_router(new.id, NOON.plus(HOUR), "NAS-Reboot");
        assert_eq!(closed.await.unwrap(), 1);
        tx.commit().await.unwrap();

        let mut tx = test.store.read_system().await.unwrap();
        let by_identity = tx.router_by_identity(&new.identity).await.unwrap().unwrap();
        assert_eq!(by_identity.id, new.id);
        let by_source = tx.routers_by_source("192.0.2.1").await.unwrap();
        assert_eq!(by_source.len(), 1);
    }
}

#[tokio::test]
async fn payments_messages_and_money() {
    let w = World::new(4);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let customer = tx.customer(w.customer_id(), &phone(1), NOON).await.unwrap();
        let again = tx.customer(w.customer_id(), &phone(1), NOON).await.unwrap();
        assert_eq!(customer, again);
        let max = Some(Cursor(uuid::Uuid::max()));
        for cursor in [None, max] {
            let page = tx.customers(cursor, 1).await.unwrap();
            assert_eq!(page.rows, std::slice::from_ref(&customer));
        }
        let mut bare = w.payment(customer.id, &phone(1));
        (bare.mac, bare.visit) = (None, None);
        tx.insert_payment(&bare).await.unwrap();
        let mut p = w.payment(customer.id, &phone(1));
        p.router_id = Some(w.router_id());
        tx.insert_payment(&p).await.unwrap();
        assert_eq!(tx.payment(p.id).await.unwrap().as_ref(), Some(&p));

        p.status = PaymentStatus::Failed;
        p.merchant_request_id = Some("m-1".into());
        p.checkout_request_id = Some("ws_CO_1".into());
        p.receipt = Some("RKL51ZDR4F".into());
        p.failure = Some(PaymentFailure::WrongPin);
        p.result_code = Some("2001".into());
        p.result_text = Some("wrong".into());
        p.checks = 3;
        p.ticket_id = Some(w.ticket_id());
        p.prompted_at = Some(NOON);
        p.finished_at = Some(NOON);
        tx.update_payment(&p).await.unwrap();
        tx.update_payment(&bare).await.unwrap();
        assert_eq!(tx.lock_payment(p.id).await.unwrap().as_ref(), Some(&p));
        let by_receipt = tx.payment_by_receipt("mpesa", "RKL51ZDR4F").await.unwrap();
        assert_eq!(by_receipt.as_ref(), Some(&p));
        let by_checkout = tx.payment_by_checkout("mpesa", "ws_CO_1").await.unwrap();
        assert_eq!(by_checkout.as_ref(), Some(&p));

        let all = PaymentFilter {
            status: Some(PaymentStatus::Failed),
            phone: Some(phone(1)),
            mac: Some(mac(1)),
            receipt: Some("RKL51ZDR4F".into()),
            gateway: Some("mpesa".into()),
            sold_by: None,
            reference: None,
            from: Some(NOON),
            to: Some(NOON.plus(HOUR)),
        };
        let page = tx
            .payments(&all, Some(Cursor(uuid::Uuid::max())), 5)
            .await
            .unwrap();
        assert_eq!(page.rows, [p.clone()]);
        let page = tx
            .payments(&PaymentFilter::default(), None, 1)
            .await
            .unwrap();
        assert!(page.next.is_some());

        tx.add_payment_step(p.id, w.uuid(), NOON, PaymentStep::Asked, None)
            .await
            .unwrap();
        tx.add_payment_step(p.id, w.uuid(), NOON, PaymentStep::Checked, Some("why"))
            .await
            .unwrap();
        for _ in 0..2 {
            tx.add_first_payment_step(p.id, w.uuid(), NOON, PaymentStep::Connected, "")
                .await
                .unwrap();
        }
        assert_eq!(tx.payment_timeline(p.id).await.unwrap().len(), 3);

        let until = NOON.plus(HOUR);
        assert!(tx.take_prompt(&phone(1), p.id, NOON, until).await.unwrap());
        assert!(
            !tx.take_prompt(&phone(1), bare.id, NOON, until)
                .await
                .unwrap()
        );
        tx.release_prompt(bare.id, &phone(1)).await.unwrap();
        assert!(
            !tx.take_prompt(&phone(1), bare.id, NOON, until)
                .await
                .unwrap()
        );
        tx.release_prompt(p.id, &phone(1)).await.unwrap();
        assert!(
            tx.take_prompt(&phone(1), bare.id, NOON, until)
                .await
                .unwrap()
        );
        assert!(tx.take_prompt(&phone(1), p.id, until, until).await.unwrap());

        let message = w.message(p.id, b"{}");
        assert!(tx.insert_message(&message).await.unwrap());
        assert!(!tx.insert_message(&w.message(p.id, b"{}")).await.unwrap());
        assert_eq!(
            tx.count_messages(About::Payment, p.id.uuid())
                .await
                .unwrap(),
            1
        );
        tx.set_message_outcome(message.id, "paid").await.unwrap();
        let read = tx.message(message.id).await.unwrap().unwrap();
        assert_eq!(
            (read.times_seen, read.outcome.as_deref()),
            (2, Some("paid"))
        );

        assert!(tx.insert_transfer(&w.transfer(p.id)).await.unwrap());
        assert!(!tx.insert_transfer(&w.transfer(p.id)).await.unwrap());
        assert_eq!(tx.transfers_of_payment(p.id).await.unwrap().len(), 1);
        let sum: i64 = tx
            .balances()
            .await
            .unwrap()
            .iter()
            .map(|b| b.amount.minor())
            .sum();
        assert_eq!(sum, 0);
        for _ in 0..2 {
            tx.add_revenue(20_000, "mpesa", kes(20), 1).await.unwrap();
        }
        tx.add_revenue(20_000, "mpesa", kes(20), -1).await.unwrap();
        assert_eq!(tx.takings_by_hour(NOON, NOON.plus(HOUR)).await.unwrap(), []);
        let days = tx
            .revenue_by_day(19_999, 20_001, Currency::Kes)
            .await
            .unwrap();
        assert_eq!((days[0].payments, days[0].amount), (1, kes(20)));
        for (amount, whole) in [(kes(5), false), (kes(15), true)] {
            let taken = tx.take_revenue(20_000, "mpesa", amount, whole).await;
            assert!(taken.unwrap());
        }
        let taken = tx.take_revenue(20_000, "mpesa", kes(1), false).await;
        assert!(!taken.unwrap(), "there is no more");
        let days = tx
            .revenue_by_day(20_000, 20_000, Currency::Kes)
            .await
            .unwrap();
        assert_eq!((days[0].payments, days[0].amount), (0, kes(0)));

        tx.audit(NOON, "system", "test", "object", "")
            .await
            .unwrap();
        tx.audit(NOON, "system", "test", "object", "é")
            .await
            .unwrap();
        assert_eq!(tx.audit_log(10).await.unwrap()[0].seq, 2);
        assert_eq!(tx.verify_audit().await.unwrap(), Ok(2));
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn tickets_batches_and_jobs() {
    let w = World::new(5);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let paid = w.stored_payment(&test.store, provider, &phone(1)).await;
        let router = w.router(&test.store, provider).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let batch = w.batch(2);
        tx.insert_batch(&batch).await.unwrap();
        tx.set_batch_made(batch.id, 1, None).await.unwrap();
        tx.set_batch_made(batch.id, 2, Some(NOON)).await.unwrap();
        let read = tx.lock_batch(batch.id).await.unwrap().unwrap();
        assert_eq!((read.made, read.finished_at), (2, Some(NOON)));
        assert_eq!(tx.batch_by_id(batch.id).await.unwrap(), Some(read));
        assert_eq!(tx.batches(5).await.unwrap().len(), 1);

        let mut bought = w.ticket(provider, Origin::Payment(paid.id));
        bought.phone = Some(phone(1));
        assert!(tx.insert_ticket(&bought, &*w.entropy).await.unwrap());
        let printed: Vec<_> = (0..10)
            .map(|_| w.ticket(provider, Origin::Batch(batch.id)))
            .collect();
        assert_eq!(tx.insert_tickets(&printed, &*w.entropy).await.unwrap(), 10);
        assert_eq!(tx.ticket(bought.id).await.unwrap().as_ref(), Some(&bought));
        let by_code = tx.ticket_by_code(&bought.code).await.unwrap();
        assert_eq!(by_code.as_ref(), Some(&bought));
        let by_payment = tx.ticket_by_payment(paid.id).await.unwrap();
        assert_eq!(by_payment.as_ref(), Some(&bought));

        let page = tx.tickets_of_batch(batch.id, 8, 5).await.unwrap();
        assert_eq!(page.len(), 2);
        assert_eq!(tx.count_used_of_batch(batch.id).await.unwrap(), 0);
        let some = [bought.id, printed[0].id];
        assert_eq!(tx.tickets_by_id(&some).await.unwrap().len(), 2);

        let end = NOON.plus(HOUR);
        assert!(
            tx.activate_ticket(bought.id, NOON, Some(end))
                .await
                .unwrap()
        );
        assert!(
            !tx.activate_ticket(bought.id, NOON, Some(end))
                .await
                .unwrap()
        );
        assert!(tx.activate_ticket(printed[0].id, NOON, None).await.unwrap());
        assert_eq!(
            tx.lock_ticket(bought.id).await.unwrap().unwrap().expires_at,
            Some(end)
        );
        tx.bind_device(bought.id, mac(1), NOON).await.unwrap();
        tx.bind_device(bought.id, mac(1), end).await.unwrap();
        tx.bind_device(bought.id, mac(2), NOON).await.unwrap();
        let devices = tx.devices(bought.id).await.unwrap();
        assert_eq!((devices[0].mac, devices.len()), (mac(1), 2));
        tx.unbind_device(bought.id, mac(2)).await.unwrap();
        assert_eq!(tx.live_tickets_by_mac(mac(1)).await.unwrap().len(), 1);
        assert!(tx.live_tickets_by_mac(mac(2)).await.unwrap().is_empty());

        let all = TicketFilter {
            state: Some(TicketState::Active),
            batch: None,
            phone: Some(phone(1)),
            mac: Some(mac(1)),
        };
        let cursor = Some(Cursor(uuid::Uuid::max()));
        assert_eq!(tx.tickets(&all, cursor, 5).await.unwrap().rows.len(), 1);
        let of_batch = TicketFilter {
            batch: Some(batch.id),
            ..TicketFilter::default()
        };
        assert_eq!(
            tx.tickets(&of_batch, None, 50).await.unwrap().rows.len(),
            10
        );

        let update = w.update(router, Some(bought.id), (600_000, 400_000), 60);
        tx.record_sessions(std::slice::from_ref(&update))
            .await
            .unwrap();
        assert_eq!(tx.spent_tickets(&[bought.id]).await.unwrap(), [bought.id]);
        let used = tx.ticket(bought.id).await.unwrap().unwrap().usage;
        let expected = Usage {
            octets_in: 600_000,
            octets_out: 400_000,
        };
        assert_eq!(used, expected);
        let revoked = TicketState::Revoked;
        assert!(tx.end_ticket(printed[1].id, revoked, NOON).await.unwrap());
        assert!(!tx.end_ticket(printed[1].id, revoked, NOON).await.unwrap());

        let subject = w.uuid();
        tx.enqueue(JobKind::CheckPayment, subject, end)
            .await
            .unwrap();
        tx.enqueue(JobKind::CheckPayment, subject, NOON)
            .await
            .unwrap();
        tx.enqueue(JobKind::MakeBatch, subject, NOON).await.unwrap();
        tx.cancel_job(JobKind::MakeBatch, subject).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = test.store.system().await.unwrap();
        assert_eq!(tx.count_jobs().await.unwrap(), 1);
        assert_eq!(tx.next_job().await.unwrap(), Some(NOON));
        let jobs = tx.claim_jobs(NOON, end, 10).await.unwrap();
        assert_eq!((jobs[0].attempts, jobs[0].kind), (1, JobKind::CheckPayment));
        assert!(tx.postpone_job(&jobs[0], end, "later").await.unwrap());
        assert!(!tx.finish_job(&jobs[0]).await.unwrap());
        let jobs = tx.claim_jobs(end, end.plus(HOUR), 10).await.unwrap();
        assert!(tx.finish_job(&jobs[0]).await.unwrap());
        assert_eq!(tx.next_job().await.unwrap(), None);

        assert_eq!(tx.next_expiry().await.unwrap(), Some(end));
        assert!(tx.expire_tickets(NOON, 10).await.unwrap().is_empty());
        let ended = tx.expire_tickets(end, 10).await.unwrap();
        assert_eq!(ended, [(provider, bought.id)]);
        assert_eq!(tx.next_expiry().await.unwrap(), None);
        let jobs = tx.claim_jobs(end, end.plus(HOUR), 10).await.unwrap();
        assert_eq!(jobs[0].kind, JobKind::Disconnect);
        assert_eq!(jobs[0].subject, update.id.uuid());
        tx.commit().await.unwrap();
    }
}
