//! Many at once: one winner, nothing lost, nothing twice.

use std::collections::HashMap;
use std::time::Duration;

use bando_domain::TicketState;
use bando_store::testing::stores_with;
use bando_store::{JobKind, MasterKey, Store, Vault};
use tokio::task::JoinSet;

use crate::support::{NOON, World, phone};

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
