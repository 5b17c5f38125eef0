//! Accounting records in the worst order give the same answer as in the best.

use std::time::Duration;

use bando_domain::Usage;
use bando_store::SessionUpdate;

use crate::support::{NOON, World};

const GIGA: u64 = 1 << 30;

/// What a router would send of one stay: Start, interims past 4 GiB (gigawords), Stop.
fn stay(w: &World, first: &SessionUpdate) -> Vec<SessionUpdate> {
    let at = |seconds: u64, gigabytes: u64, stopped: bool| SessionUpdate {
        at: NOON.plus(Duration::from_secs(seconds)),
        seconds,
        usage: Usage {
            octets_in: gigabytes * GIGA,
            octets_out: 3 * gigabytes * GIGA + 1,
        },
        stopped: stopped.then(|| "User-Request".into()),
        ..first.clone()
    };
    let _ = w;
    vec![
        at(0, 0, false),
        at(300, 2, false),
        at(600, 5, false),
        at(900, 9, false),
        at(1000, 10, true),
    ]
}

#[tokio::test]
async fn any_order_and_any_repetition_meter_the_same() {
    let w = World::new(60);
    let orders: [&[usize]; 8] = [
        &[0, 1, 2, 3, 4],
        &[0, 0, 1, 1, 2, 2, 3, 3, 4, 4],
        &[4, 3, 2, 1, 0],
        &[0, 4, 1, 2, 3],
        &[3, 0, 4, 2, 4, 1],
        &[4],
        &[0, 4, 4, 4, 3],
        &[2, 1, 4, 0, 0],
    ];
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let router = w.router(&test.store, provider).await;
        for (n, order) in orders.iter().enumerate() {
            let ticket = w.active_ticket(&test.store, provider, None).await;
            let stay = stay(&w, &w.update(router, Some(ticket.id), (0, 0), 0));
            let records: Vec<_> = order.iter().map(|i| stay[*i].clone()).collect();
            if n % 2 == 0 {
                // All in one transaction.
                let mut tx = test.store.tenant(provider).await.unwrap();
                tx.record_sessions(&records).await.unwrap();
                tx.commit().await.unwrap();
            } else {
                for record in &records {
                    let mut tx = test.store.tenant(provider).await.unwrap();
                    tx.record_sessions(std::slice::from_ref(record))
                        .await
                        .unwrap();
                    tx.commit().await.unwrap();
                }
            }
            let mut tx = test.store.read(provider).await.unwrap();
            let session = tx.session(stay[0].id).await.unwrap().unwrap();
            let expected = stay[4].usage;
            assert_eq!(session.usage, expected, "order {order:?}");
            assert_eq!(session.seconds, 1000, "order {order:?}");
            assert_eq!(session.started_at, NOON, "order {order:?}");
            assert_eq!(session.updated_at, stay[4].at, "order {order:?}");
            assert_eq!(session.stopped_at, Some(stay[4].at), "order {order:?}");
            let metered = tx.ticket(ticket.id).await.unwrap().unwrap().usage;
            assert_eq!(metered, expected, "order {order:?}");
        }
    }
}

#[tokio::test]
async fn many_sessions_of_one_ticket_add_up() {
    let w = World::new(61);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let router = w.router(&test.store, provider).await;
        let ticket = w.active_ticket(&test.store, provider, None).await;
        // 24 sessions; each record comes twice at once, by two nodes, in opposite orders.
        let records: Vec<_> = (1..=24)
            .map(|i| w.update(router, Some(ticket.id), (i * 10, i), 60))
            .collect();
        let mut tasks = tokio::task::JoinSet::new();
        for node in 0..8 {
            let (store, mut records) = (test.store.clone(), records.clone());
            if node % 2 == 1 {
                records.reverse();
            }
            tasks.spawn(async move {
                for chunk in records.chunks(5) {
                    let mut tx = store.tenant(provider).await.unwrap();
                    tx.record_sessions(chunk).await.unwrap();
                    tx.commit().await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        let mut tx = test.store.read(provider).await.unwrap();
        let usage = tx.ticket(ticket.id).await.unwrap().unwrap().usage;
        assert_eq!((usage.octets_in, usage.octets_out), (3000, 300));
    }
}

#[tokio::test]
async fn two_nodes_with_tickets_in_opposite_order_do_not_deadlock() {
    let w = World::new(62);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let router = w.router(&test.store, provider).await;
        let mut records = Vec::new();
        for _ in 0..10 {
            let ticket = w.active_ticket(&test.store, provider, None).await;
            records.push(w.update(router, Some(ticket.id), (1, 1), 1));
            records.push(w.update(router, None, (1, 1), 1));
        }
        let mut tasks = tokio::task::JoinSet::new();
        for node in 0..8_usize {
            let (store, mut records) = (test.store.clone(), records.clone());
            records.rotate_left(node * 2);
            if node % 2 == 0 {
                records.reverse();
            }
            tasks.spawn(async move {
                for _ in 0..10 {
                    let mut tx = store.tenant(provider).await.unwrap();
                    tx.record_sessions(&records).await.unwrap();
                    tx.commit().await.unwrap();
                }
            });
        }
        tasks.join_all().await;
    }
}

#[tokio::test]
async fn counters_past_every_bound_harm_nobody() {
    let w = World::new(63);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let router = w.router(&test.store, provider).await;
        let ticket = w.active_ticket(&test.store, provider, None).await;
        for _ in 0..4 {
            let mut tx = test.store.tenant(provider).await.unwrap();
            let absurd = w.update(router, Some(ticket.id), (u64::MAX, u64::MAX), u64::MAX);
            tx.record_sessions(&[absurd]).await.unwrap();
            assert_eq!(tx.spent_tickets(&[ticket.id]).await.unwrap(), [ticket.id]);
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn sessions_of_ended_tickets_are_found() {
    let w = World::new(64);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let router = w.router(&test.store, provider).await;
        let mut updates = Vec::new();
        for _ in 0..100 {
            let ticket = w.active_ticket(&test.store, provider, Some(NOON)).await;
            updates.push(w.update(router, Some(ticket.id), (1, 1), 1));
        }
        let ids: Vec<_> = updates.iter().map(|u| u.id).collect();
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.record_sessions(&updates).await.unwrap();
        assert!(tx.sessions_without_right(&ids).await.unwrap().is_empty());
        assert!(tx.sessions_without_right(&[]).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let mut tx = test.store.system().await.unwrap();
        assert_eq!(tx.expire_tickets(NOON, 90).await.unwrap().len(), 90);
        tx.commit().await.unwrap();
        let mut tx = test.store.tenant(provider).await.unwrap();
        assert_eq!(tx.sessions_without_right(&ids).await.unwrap().len(), 90);
        tx.close_sessions_of_router(router, NOON.plus(Duration::from_secs(60)), "NAS-Reboot")
            .await
            .unwrap();
        assert!(tx.sessions_without_right(&ids).await.unwrap().is_empty());
    }
}
