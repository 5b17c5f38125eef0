//! The ledger and the audit log cannot be changed, and where somebody with a hand on the database
//! changes them all the same, it shows.

use bando_domain::ProviderId;
use bando_store::testing::{TestStore, stores_with};
use bando_store::{Engine, MasterKey, Store};

use crate::support::{NOON, World, number, phone};

async fn with_log(w: &World, key: &MasterKey) -> Vec<(TestStore, ProviderId)> {
    let mut out = Vec::new();
    for test in stores_with(key).await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let other = w.provider(&test.store, "baba-otieno").await;
        for i in 0..12 {
            for p in [provider, other] {
                let mut tx = test.store.tenant(p).await.unwrap();
                let object = format!("object {i}");
                tx.audit(NOON, "system", "test", &object, "é\0")
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            }
        }
        out.push((test, provider));
    }
    out
}

async fn verdict(store: &Store, provider: ProviderId) -> Result<u64, u64> {
    let mut tx = store.read(provider).await.unwrap();
    tx.verify_audit().await.unwrap()
}

/// Switches the append-only triggers off, as whoever owns the database can.
fn unguarded(test: &TestStore, sql: &str) -> String {
    match test.store.engine() {
        Engine::Sqlite => format!(
            "DROP TRIGGER IF EXISTS audit_log_no_update; DROP TRIGGER IF EXISTS audit_log_no_delete; {sql}"
        ),
        Engine::Postgres => format!("SET session_replication_role = replica; {sql}"),
    }
}

fn id(test: &TestStore, provider: ProviderId) -> String {
    match test.store.engine() {
        Engine::Sqlite => format!("x'{}'", provider.uuid().simple()),
        Engine::Postgres => format!("'{provider}'"),
    }
}

#[tokio::test]
async fn nothing_is_changed_or_deleted() {
    let w = World::new(30);
    let key = MasterKey::random(&*w.entropy);
    for (test, provider) in with_log(&w, &key).await {
        let payment = w.stored_payment(&test.store, provider, &phone(1)).await;
        let mut tx = test.store.tenant(provider).await.unwrap();
        tx.insert_transfer(&w.transfer(payment.id)).await.unwrap();
        tx.commit().await.unwrap();
        let mut attempts = vec![
            "UPDATE ledger_transfers SET amount_minor = 1",
            "DELETE FROM ledger_transfers",
            "UPDATE audit_log SET detail = 'x'",
            "DELETE FROM audit_log",
        ];
        if test.store.engine() == Engine::Postgres {
            attempts.extend(["TRUNCATE audit_log", "TRUNCATE ledger_transfers"]);
        }
        for sql in attempts {
            let refused = test.raw(sql).await.unwrap_err();
            assert!(refused.contains("append-only"), "{sql}: {refused}");
        }
        assert_eq!(
            number(&test, "SELECT COUNT(*) FROM ledger_transfers").await,
            1
        );
        assert_eq!(verdict(&test.store, provider).await, Ok(12));
    }
}

#[tokio::test]
async fn every_change_shows() {
    let w = World::new(31);
    let columns = "provider_id, seq, at, actor, action, object, detail, hash";
    // What is done to the log of provider P, and the entry at which it shows.
    let tampering = [
        ("UPDATE audit_log SET detail = 'x' WHERE provider_id = P AND seq = 5", 5),
        ("UPDATE audit_log SET at = at + 1 WHERE provider_id = P AND seq = 12", 12),
        ("UPDATE audit_log SET actor = 'systemt', action = 'est' WHERE provider_id = P AND seq = 3", 3),
        ("DELETE FROM audit_log WHERE provider_id = P AND seq = 1", 1),
        ("DELETE FROM audit_log WHERE provider_id = P AND seq = 7", 7),
        ("DELETE FROM audit_log WHERE provider_id = P AND seq = 12", 12),
        ("DELETE FROM audit_log WHERE provider_id = P", 1),
        (
            "UPDATE audit_log SET seq = 100 WHERE provider_id = P AND seq = 4;
             UPDATE audit_log SET seq = 4 WHERE provider_id = P AND seq = 5;
             UPDATE audit_log SET seq = 5 WHERE provider_id = P AND seq = 100",
            4,
        ),
        (
            "INSERT INTO audit_log (COLUMNS) SELECT provider_id, 13, at, actor, action, object, detail, hash
               FROM audit_log WHERE provider_id = P AND seq = 12",
            13,
        ),
        (
            "INSERT INTO audit_log (COLUMNS) SELECT provider_id, 13, at, actor, action, object, detail, hash
               FROM audit_log WHERE provider_id = P AND seq = 12;
             UPDATE audit_heads SET seq = 13 WHERE provider_id = P",
            13,
        ),
        // Cut, with the end moved back to the last entry that is left.
        (
            "UPDATE audit_heads SET seq = 11, hash = (SELECT hash FROM audit_log a
               WHERE a.provider_id = P AND a.seq = 11) WHERE provider_id = P;
             DELETE FROM audit_log WHERE provider_id = P AND seq = 12",
            12,
        ),
        ("UPDATE audit_heads SET seq = 11 WHERE provider_id = P", 13),
        ("DELETE FROM audit_heads WHERE provider_id = P", 13),
        // Another provider's log in place of this one's.
        (
            "DELETE FROM audit_log WHERE provider_id = P;
             INSERT INTO audit_log (COLUMNS) SELECT P, seq, at, actor, action, object, detail, hash
               FROM audit_log WHERE provider_id <> P;
             UPDATE audit_heads SET hash = (SELECT h.hash FROM audit_heads h WHERE h.provider_id <> P)
               WHERE provider_id = P",
            1,
        ),
    ];
    for (sql, entry) in tampering {
        let key = MasterKey::random(&*w.entropy);
        for (test, provider) in with_log(&w, &key).await {
            let sql = sql
                .replace("COLUMNS", columns)
                .replace("= P", &format!("= {}", id(&test, provider)))
                .replace("> P", &format!("> {}", id(&test, provider)))
                .replace(
                    "SELECT P,",
                    &match test.store.engine() {
                        Engine::Sqlite => format!("SELECT {},", id(&test, provider)),
                        Engine::Postgres => format!("SELECT {}::uuid,", id(&test, provider)),
                    },
                );
            test.raw(&unguarded(&test, &sql)).await.expect(&sql);
            assert_eq!(verdict(&test.store, provider).await, Err(entry), "{sql}");
        }
    }
}

#[tokio::test]
async fn writers_at_once_make_one_chain() {
    let w = World::new(32);
    for test in w.stores().await {
        let provider = w.provider(&test.store, "mama-njeri").await;
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..20 {
            let store = test.store.clone();
            tasks.spawn(async move {
                for i in 0..5 {
                    let mut tx = store.tenant(provider).await.unwrap();
                    let object = format!("{task}-{i}");
                    tx.audit(NOON, "system", "test", &object, "").await.unwrap();
                    if i != 3 {
                        tx.commit().await.unwrap();
                    }
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(verdict(&test.store, provider).await, Ok(80));
    }
}
