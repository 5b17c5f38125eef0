//! A list read page by page is complete and repeats nothing, while rows are added.

use std::collections::HashSet;

use bando_store::{Origin, PaymentFilter, TicketFilter};

use crate::support::{World, phone};

#[tokio::test]
async fn complete_and_without_repetition() {
    let w = World::new(50);
    for test in w.stores().await {
        let store = &test.store;
        let provider = w.provider(store, "mama-njeri").await;
        let other = w.provider(store, "baba-otieno").await;
        let mut before = HashSet::new();
        for i in 0..53 {
            if i % 5 == 0 {
                w.tick();
            }
            before.insert(w.stored_payment(store, provider, &phone(i)).await.id);
            w.stored_payment(store, other, &phone(i)).await;
        }
        let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let mut tx = store.read(provider).await.unwrap();
            let page = tx
                .payments(&PaymentFilter::default(), cursor, 7)
                .await
                .unwrap();
            drop(tx);
            assert!(page.rows.len() <= 7);
            seen.extend(page.rows.iter().map(|p| p.id));
            pages += 1;
            // Somebody buys while the list is read.
            w.tick();
            w.stored_payment(store, provider, &phone(1000 + pages))
                .await;
            let Some(next) = page.next else { break };
            cursor = Some(next);
        }
        assert_eq!(pages, 8);
        assert!(seen.windows(2).all(|w| w[0] > w[1]), "newest first");
        assert_eq!(seen.iter().copied().collect::<HashSet<_>>(), before);

        let tickets: Vec<_> = (0..40)
            .map(|_| w.ticket(provider, Origin::Gift(w.account_id())))
            .collect();
        let mut tx = store.tenant(provider).await.unwrap();
        tx.insert_tickets(&tickets, &*w.entropy).await.unwrap();
        tx.commit().await.unwrap();
        let (mut count, mut cursor) = (0, None);
        loop {
            let mut tx = store.read(provider).await.unwrap();
            let page = tx
                .tickets(&TicketFilter::default(), cursor, 20)
                .await
                .unwrap();
            count += page.rows.len();
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(count, 40, "no empty last page, none left out");
    }
}
