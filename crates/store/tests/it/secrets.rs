//! What a thief of the database gets: nothing that opens anything.

use bando_domain::Secret;
use bando_store::testing::stores_with;
use bando_store::{Engine, Error, MasterKey, Origin, Vault};

use crate::support::{World, number};

const ROUTER_SECRET: &str = "CANARY-router-secret-8f3a";
const CONSUMER_SECRET: &str = "CANARY-consumer-secret-77";

#[tokio::test]
async fn no_secret_lies_open() {
    let w = World::new(40);
    for test in w.stores().await {
        let store = &test.store;
        let provider = w.provider(store, "mama-njeri").await;
        let mut tx = store.tenant(provider).await.unwrap();
        let mut router = w.new_router();
        router.secret = Secret::new(ROUTER_SECRET);
        router.name = "PLAIN-canary-name".into();
        tx.insert_router(&router, &*w.entropy).await.unwrap();
        let account = w.gateway_account(CONSUMER_SECRET);
        tx.put_gateway_account(&account, &*w.entropy).await.unwrap();
        let ticket = w.ticket(provider, Origin::Gift(w.account_id()));
        tx.insert_ticket(&ticket, &*w.entropy).await.unwrap();
        tx.commit().await.unwrap();

        let code = ticket.code.as_str();
        let bytes = match test.file_bytes() {
            Some(bytes) => bytes,
            None => dump(&test).await,
        };
        let holds = |needle: &str| {
            bytes
                .windows(needle.len())
                .any(|w| w.eq_ignore_ascii_case(needle.as_bytes()))
        };
        assert!(
            holds("PLAIN-canary-name"),
            "the search finds what lies open"
        );
        for secret in [ROUTER_SECRET, CONSUMER_SECRET, code] {
            assert!(!holds(secret), "{secret} lies open");
            assert!(!holds(&hex::encode(secret)), "{secret} lies open in hex");
        }
    }
}

/// Every column of every table as text.
async fn dump(test: &bando_store::testing::TestStore) -> Vec<u8> {
    let tables =
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()";
    let mut out = Vec::new();
    for table in test.raw(tables).await.unwrap() {
        let name = table[0].as_deref().unwrap();
        for row in test.raw(&format!("SELECT * FROM {name}")).await.unwrap() {
            for text in row.into_iter().flatten() {
                if let Some(bytes) = text.strip_prefix("\\x").and_then(|t| hex::decode(t).ok()) {
                    out.extend(bytes);
                }
                out.extend(text.into_bytes());
                out.push(b'\n');
            }
        }
    }
    out
}

#[tokio::test]
async fn a_ciphertext_opens_only_in_its_row() {
    let w = World::new(41);
    for test in w.stores().await {
        let store = &test.store;
        let (a, b) = (
            w.provider(store, "mama-njeri").await,
            w.provider(store, "baba-otieno").await,
        );
        let (first, second) = (w.new_router(), w.new_router());
        for (provider, router) in [(a, &first), (b, &second)] {
            let mut tx = store.tenant(provider).await.unwrap();
            tx.insert_router(router, &*w.entropy).await.unwrap();
            let account = w.gateway_account("secret");
            tx.put_gateway_account(&account, &*w.entropy).await.unwrap();
            tx.commit().await.unwrap();
        }
        let one = w.active_ticket(store, a, None).await;
        let _two = w.active_ticket(store, a, None).await;
        for (table, column) in [
            ("routers", "secret_sealed"),
            ("gateway_accounts", "secrets_sealed"),
            ("tickets", "code_sealed"),
        ] {
            // Each row gets the ciphertext of another.
            let sql = format!(
                "CREATE TABLE swap_{table} AS SELECT {column} AS sealed FROM {table};
                 UPDATE {table} SET {column} = (SELECT s.sealed FROM swap_{table} s
                   WHERE s.sealed <> {table}.{column} LIMIT 1)"
            );
            test.raw(&sql).await.unwrap();
        }
        let mut tx = store.read(a).await.unwrap();
        let is_sealed = |error: Error| matches!(error, Error::Sealed { .. });
        assert!(is_sealed(tx.router(first.id).await.unwrap_err()));
        assert!(is_sealed(tx.gateway_account("mpesa").await.unwrap_err()));
        assert!(is_sealed(tx.ticket(one.id).await.unwrap_err()));
    }
}

#[tokio::test]
async fn another_key_opens_nothing_and_an_added_one_changes_nothing() {
    let w = World::new(42);
    let (old, new) = (
        MasterKey::random(&*w.entropy),
        MasterKey::random(&*w.entropy),
    );
    for test in stores_with(&old).await {
        if test.store.engine() == Engine::Sqlite {
            continue; // One process, one vault: covered by the vault's own tests.
        }
        let provider = w.provider(&test.store, "mama-njeri").await;
        let ticket = w.active_ticket(&test.store, provider, None).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.audit(w.now(), "system", "a", "b", "c").await.unwrap();
        tx.commit().await.unwrap();

        let stranger = test.second(Vault::new(&new, &[])).await;
        let mut tx = stranger.read(provider).await.unwrap();
        assert!(tx.ticket(ticket.id).await.is_err());
        assert_eq!(tx.ticket_by_code(&ticket.code).await.unwrap(), None);
        assert_eq!(tx.verify_audit().await.unwrap(), Err(1));
        drop(tx);

        let rotated = test
            .second(Vault::new(&new, std::slice::from_ref(&old)))
            .await;
        let mut tx = rotated.tenant(provider).await.unwrap();
        let found = tx.ticket_by_code(&ticket.code).await.unwrap();
        assert_eq!(found.map(|t| t.id), Some(ticket.id));
        tx.audit(w.now(), "system", "a", "b", "c").await.unwrap();
        assert_eq!(tx.verify_audit().await.unwrap(), Ok(2));
        tx.commit().await.unwrap();
        assert_eq!(number(&test, "SELECT COUNT(*) FROM audit_log").await, 2);
    }
}
