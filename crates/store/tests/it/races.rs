//! Many at once: one winner, nothing lost, nothing twice.

use std::collections::HashMap;
use std::time::Duration;

use bando_domain::TicketState;
use bando_store::testing::stores_with;
use bando_store::{CaseKind, JobKind, MasterKey, Store, Vault};
use tokio::task::JoinSet;

use crate::support::{NOON, World, kes, phone};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn one_prompt_a_phone() {
    let w = World::new(70);
    for test in w.stores().await {
        let (a, b) = (
            w.provider(&test.store, "mama-njeri").await,
            w.provider(&test.store, "baba-otieno").await,
        );
        for round in 0..3 {
            let mut tasks = JoinSet::new();
            for i in 0..40 {
                let (store, payment) = (test.store.clone(), w.payment_id());
                tasks.spawn(async move {
                    let provider = if i % 2 == 0 { a } else { b };
                    let mut tx = store.tenant(provider).await.unwrap();
                    let until = NOON.plus(MINUTE);
                    let won = tx
                        .take_prompt(&phone(round), payment, NOON, until)
                        .await
                        .unwrap();
                    tx.commit().await.unwrap();
                    won
                });
            }
            let winners = tasks
                .join_all()
                .await
                .into_iter()
                .filter(|won| *won)
                .count();
            assert_eq!(winners, 1, "round {round}");
        }
    }
}

#[tokio::test]
async fn one_beginning_a_ticket() {
    let w = World::new(71);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let ticket = w.ticket(provider, bando_store::Origin::Gift(w.account_id()));
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.insert_ticket(&ticket, &*w.entropy).await.unwrap();
        tx.commit().await.unwrap();
        let mut tasks = JoinSet::new();
        for i in 0..40 {
            let (store, id) = (test.store.clone(), ticket.id);
            tasks.spawn(async move {
                let mut tx = store.tenant(provider).await.unwrap();
                let end = NOON.plus(MINUTE * i);
                let won = tx.activate_ticket(id, NOON, Some(end)).await.unwrap();
                tx.commit().await.unwrap();
                won.then_some(end)
            });
        }
        let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let mut tx = test.store.read(provider).await.unwrap();
        let read = tx.ticket(ticket.id).await.unwrap().unwrap();
        assert_eq!(won, [read.expires_at.unwrap()]);
    }
}

/// Two handles on each database.
async fn nodes(w: &World) -> Vec<(bando_store::testing::TestStore, [Store; 2])> {
    let key = MasterKey::random(&*w.entropy);
    let mut out = Vec::new();
    for test in stores_with(&key).await {
        let second = test.second(Vault::new(&key, &[])).await;
        let both = [test.store.clone(), second];
        out.push((test, both));
    }
    out
}

#[tokio::test]
async fn each_job_to_one_claimer() {
    let w = World::new(72);
    for (test, nodes) in nodes(&w).await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        for _ in 0..300 {
            tx.enqueue(JobKind::CheckPayment, w.uuid(), NOON)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let lease = NOON.plus(MINUTE);
        let mut tasks = JoinSet::new();
        for i in 0..12 {
            let store = nodes[i % 2].clone();
            tasks.spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let mut tx = store.system().await.unwrap();
                    let jobs = tx.claim_jobs(NOON, lease, 7).await.unwrap();
                    assert!(jobs.len() <= 7, "{} claimed", jobs.len());
                    tx.commit().await.unwrap();
                    if jobs.is_empty() {
                        return mine;
                    }
                    mine.extend(jobs);
                }
            });
        }
        let mut claims: HashMap<_, u32> = HashMap::new();
        let all: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        for job in &all {
            *claims.entry(job.subject).or_default() += 1;
        }
        assert_eq!(claims.len(), 300);
        assert!(claims.values().all(|n| *n == 1));

        // The lease is over: others take them, and the first holders can do nothing any more.
        let mut tx = test.store.system().await.unwrap();
        let early = tx
            .claim_jobs(lease.minus(Duration::from_millis(1)), lease, 9)
            .await
            .unwrap();
        assert!(early.is_empty());
        let again = tx
            .claim_jobs(lease, lease.plus(MINUTE), 1000)
            .await
            .unwrap();
        assert_eq!(again.len(), 300);
        assert!(again.iter().all(|job| job.attempts == 2));
        let slept = &all[0];
        assert!(!tx.finish_job(slept).await.unwrap());
        assert!(!tx.postpone_job(slept, NOON, "late").await.unwrap());
        for job in &again {
            assert!(tx.finish_job(job).await.unwrap());
        }
        assert_eq!(tx.count_jobs().await.unwrap(), 0);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn every_due_ticket_ends_once() {
    let w = World::new(73);
    for (test, nodes) in nodes(&w).await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let other = w.provider(&test.store, "baba-otieno").await;
        let router = w.router(&test.store, provider).await;
        let mut due = Vec::new();
        for i in 0..200 {
            let owner = if i % 2 == 0 { provider } else { other };
            due.push(w.active_ticket(&test.store, owner, Some(NOON)).await.id);
        }
        let later = w
            .active_ticket(&test.store, provider, Some(NOON.plus(MINUTE)))
            .await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let update = w.update(router, Some(due[0]), (1, 1), 1);
        tx.record_sessions(&[update]).await.unwrap();
        tx.commit().await.unwrap();
        let mut tasks = JoinSet::new();
        for i in 0..8 {
            let store = nodes[i % 2].clone();
            tasks.spawn(async move {
                let mut mine = Vec::new();
                // A node that finds all due tickets held by others asks again.
                for _ in 0..40 {
                    let mut tx = store.system().await.unwrap();
                    let ended = tx.expire_tickets(NOON, 9).await.unwrap();
                    assert!(ended.len() <= 9);
                    tx.commit().await.unwrap();
                    mine.extend(ended);
                }
                mine
            });
        }
        let mut ended: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        ended.sort();
        ended.dedup();
        assert_eq!(ended.len(), 200);
        let mut tx = test.store.read(provider).await.unwrap();
        let read = tx.ticket(later.id).await.unwrap().unwrap();
        assert_eq!(read.state, TicketState::Active);
        let mut tx = test.store.system().await.unwrap();
        assert_eq!(tx.count_jobs().await.unwrap(), 1, "one session to put off");
    }
}

#[tokio::test]
async fn one_holder_a_receipt_of_all_providers() {
    let w = World::new(74);
    for (test, nodes) in nodes(&w).await {
        let (a, b) = (
            w.provider(&test.store, "mama-njeri").await,
            w.provider(&test.store, "baba-otieno").await,
        );
        let mut tasks = JoinSet::new();
        for i in 0..40 {
            let (store, holder) = (nodes[i % 2].clone(), w.uuid());
            tasks.spawn(async move {
                let provider = if i % 4 < 2 { a } else { b };
                let mut tx = store.tenant(provider).await.unwrap();
                let won = tx.take_receipt("mpesa", "R1", holder).await.unwrap();
                tx.commit().await.unwrap();
                won.then_some(holder)
            });
        }
        let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let mut tx = test.store.read(a).await.unwrap();
        let holder = tx.receipt_holder("mpesa", "R1").await.unwrap();
        assert_eq!(won, [holder.unwrap()]);
    }
}

#[tokio::test]
async fn one_arrival_a_receipt_and_one_case_a_subject() {
    let w = World::new(75);
    for (test, nodes) in nodes(&w).await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let subjects: Vec<_> = (0..5).map(|_| w.uuid()).collect();
        let mut tasks = JoinSet::new();
        for i in 0..40 {
            let store = nodes[i % 2].clone();
            let case = w.new_case(CaseKind::Claim, subjects[i % 5]);
            let arrival = w.arrival("R1");
            tasks.spawn(async move {
                let mut tx = store.tenant(provider).await.unwrap();
                let (_, new_arrival) = tx.insert_arrival(&arrival).await.unwrap();
                let (case, new_case) = tx.open_case(&case).await.unwrap();
                tx.commit().await.unwrap();
                (new_arrival, new_case.then_some(case.number))
            });
        }
        let done = tasks.join_all().await;
        assert_eq!(done.iter().filter(|(new, _)| *new).count(), 1);
        let mut numbers: Vec<_> = done.iter().filter_map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 5, "each with a number of its own");
    }
}

#[tokio::test]
async fn a_wallet_is_spent_once() {
    let w = World::new(76);
    for (test, nodes) in nodes(&w).await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        let customer = tx.customer(w.customer_id(), &phone(1), NOON).await.unwrap();
        assert!(tx.add_credit(customer.id, kes(70)).await.unwrap());
        tx.commit().await.unwrap();
        let mut tasks = JoinSet::new();
        for i in 0..40 {
            let (store, id) = (nodes[i % 2].clone(), customer.id);
            tasks.spawn(async move {
                let mut tx = store.tenant(provider).await.unwrap();
                let spent = tx.add_credit(id, kes(-20)).await.unwrap();
                tx.commit().await.unwrap();
                spent
            });
        }
        let spent = tasks.join_all().await.into_iter().filter(|s| *s).count();
        assert_eq!(spent, 3);
        let mut tx = test.store.read(provider).await.unwrap();
        let left = tx.customer_by_id(customer.id).await.unwrap().unwrap();
        assert_eq!(left.credit, kes(10));
    }
}

#[tokio::test]
async fn one_request_a_key() {
    let w = World::new(77);
    for (test, nodes) in nodes(&w).await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tasks = JoinSet::new();
        for i in 0..40 {
            let store = nodes[i % 2].clone();
            tasks.spawn(async move {
                let mut tx = store.tenant(provider).await.unwrap();
                let known = tx.begin_request("a", "k", [1; 32], NOON).await.unwrap();
                tx.commit().await.unwrap();
                known.is_none()
            });
        }
        let first = tasks.join_all().await.into_iter().filter(|f| *f).count();
        assert_eq!(first, 1);
    }
}

/// What is summed up and then added to: 100 may go out, in payouts of 30.
#[tokio::test]
async fn a_name_that_is_held_keeps_sums_true() {
    let w = World::new(78);
    for (test, nodes) in nodes(&w).await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tasks = JoinSet::new();
        for i in 0..20 {
            let (store, payout) = (nodes[i % 2].clone(), w.payout(kes(30)));
            tasks.spawn(async move {
                let mut tx = store.tenant(provider).await.unwrap();
                tx.hold("payouts").await.unwrap();
                let currency = payout.amount.currency();
                let reserved = tx.reserved_for_payouts(currency).await.unwrap();
                let fits = reserved.minor() + payout.amount.minor() <= kes(100).minor();
                if fits {
                    tx.insert_payout(&payout).await.unwrap();
                }
                tx.commit().await.unwrap();
                fits
            });
        }
        let paid = tasks.join_all().await.into_iter().filter(|p| *p).count();
        assert_eq!(paid, 3);
    }
}
