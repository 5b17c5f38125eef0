//! A database of the first version, with money in it, comes to the newest with all of it.

use bando_db::{Scope, Sql, params};
use bando_domain::{MessageId, PaymentId, PaymentStatus, ProviderId};
use bando_store::{About, MIGRATIONS, MasterKey, Options, Store, Vault};
use uuid::Uuid;

use crate::support::{NOON, World, kes, phone};

/// Two providers with a payment each, settled by the same receipt (which the first version let
/// through), booked, with a message.
#[tokio::test]
async fn the_money_of_the_first_version_is_kept() {
    let w = World::new(130);
    for database in bando_db::testing::databases().await {
        database.db.migrate(&MIGRATIONS[..1]).await.unwrap();
        let mut rows = Vec::new();
        for slug in ["mama-njeri", "baba-otieno"] {
            rows.push(fill(&w, &database.db, slug).await);
            w.tick();
        }
        // On SQLite one program at a time has the file.
        database.db.close().await;
        let vault = Vault::new(&MasterKey::random(&*w.entropy), &[]);
        let store = Store::open(&database.url, Options::default(), vault)
            .await
            .unwrap();
        for Old {
            provider,
            payment,
            unpaid,
            message,
        } in &rows
        {
            let mut tx = store.tenant(*provider).await.unwrap();
            let paid = tx.payment(*payment).await.unwrap().unwrap();
            assert_eq!(paid.status, PaymentStatus::Success);
            assert_eq!(paid.receipt.as_deref(), Some("RKL51ZDR4F"));
            assert_eq!((paid.fee, paid.refunded), (kes(0), kes(0)));
            assert!(!paid.collected);
            assert_eq!(paid.account_reference, None);
            let customer = tx.customer_by_phone(&phone(1)).await.unwrap().unwrap();
            assert_eq!(customer.credit, kes(0));

            let booked = tx.transfers_about(payment.uuid()).await.unwrap();
            assert_eq!(booked.len(), 1);
            assert_eq!(booked[0].payment, Some(*payment));
            assert_eq!(
                (booked[0].amount, booked[0].kind.as_str()),
                (kes(20), "payment")
            );
            assert!(
                !tx.insert_transfer(&w.transfer(*payment)).await.unwrap(),
                "still once only"
            );
            let balance = tx.balance_of("gateway:mpesa", paid.amount.currency());
            assert_eq!(balance.await.unwrap(), kes(20));

            let kept = tx.message(*message).await.unwrap().unwrap();
            assert_eq!((kept.about, kept.subject), (About::Payment, payment.uuid()));
            assert_eq!((kept.body.as_slice(), kept.signed), (&b"{}"[..], false));
            assert_eq!(kept.times_seen, 3);
            let again = w.message(*payment, b"{}");
            assert!(
                !tx.insert_message(&again).await.unwrap(),
                "the same bytes are still known"
            );

            // The receipt is the older payment's; a payment that never had one holds none.
            let holder = tx.receipt_holder("mpesa", "RKL51ZDR4F").await.unwrap();
            assert_eq!(holder, Some(rows[0].payment.uuid()));
            assert_eq!(tx.payment(*unpaid).await.unwrap().unwrap().receipt, None);
            tx.commit().await.unwrap();
        }
        let mut tx = store.read_system().await.unwrap();
        assert_eq!(tx.balances_total().await.unwrap(), [kes(0)]);
        drop(tx);
        // The ledger is append-only again.
        let mut tx = store.tenant(rows[0].provider).await.unwrap();
        let more = w.movement(w.uuid(), "payout", "payouts", "platform");
        assert!(tx.insert_transfer(&more).await.unwrap());
        tx.commit().await.unwrap();
        store.close().await;
        let db = bando_db::Db::open(&database.url, Options::default())
            .await
            .unwrap();
        for tampering in [
            "UPDATE ledger_transfers SET amount_minor = 1",
            "DELETE FROM ledger_transfers",
        ] {
            let mut tx = db.begin(Scope::System).await.unwrap();
            let refused = tx.exec(Sql::from(tampering), &[]).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{refused}");
        }
    }
}

struct Old {
    provider: ProviderId,
    payment: PaymentId,
    unpaid: PaymentId,
    message: MessageId,
}

/// Rows as the first version wrote them.
async fn fill(w: &World, db: &bando_db::Db, slug: &str) -> Old {
    let old = Old {
        provider: w.provider_id(),
        payment: w.payment_id(),
        unpaid: w.payment_id(),
        message: w.message_id(),
    };
    let (provider, payment) = (old.provider.uuid(), old.payment.uuid());
    let (customer, now) = (w.uuid(), NOON.as_millis());
    let terms = serde_json::to_string(&crate::support::TERMS).unwrap();
    let mut tx = db.begin(Scope::System).await.unwrap();
    let sql = "INSERT INTO providers (provider_id, slug, name, status, country, currency, language, time_zone, created_at)
               VALUES ($1, $2, 'Wi-Fi', 'active', 'KE', 'KES', 'en', 'Africa/Nairobi', $3)";
    tx.exec(sql, params![provider, slug, now]).await.unwrap();
    let sql = "INSERT INTO customers (provider_id, customer_id, phone, created_at) VALUES ($1, $2, $3, $4)";
    let digits = phone(1).digits().to_owned();
    let row = params![provider, customer, digits.clone(), now];
    tx.exec(sql, row).await.unwrap();
    let sql = "INSERT INTO payments (provider_id, payment_id, gateway, status, amount_minor, currency, plan_id, plan_name,
                 terms, customer_id, phone, language, receipt, checks, created_at)
               VALUES ($1, $2, 'mpesa', $3, 2000, 'KES', $2, '1 hour', $4, $5, $6, 'en', $7, 0, $8)";
    for (id, status, receipt) in [
        (payment, "success", Some("RKL51ZDR4F".to_owned())),
        (old.unpaid.uuid(), "pending", None),
    ] {
        let row = params![
            provider,
            id,
            status,
            terms.clone(),
            customer,
            digits.clone(),
            receipt,
            now
        ];
        tx.exec(sql, row).await.unwrap();
    }
    let sql = "INSERT INTO ledger_transfers (provider_id, transfer_id, kind, debit_account, credit_account, amount_minor,
                 currency, payment_id, at)
               VALUES ($1, $2, 'payment', 'gateway:mpesa', 'revenue', 2000, 'KES', $3, $4)";
    let transfer: Uuid = w.transfer_id().uuid();
    tx.exec(sql, params![provider, transfer, payment, now])
        .await
        .unwrap();
    let sql = "INSERT INTO gateway_messages (provider_id, message_id, payment_id, gateway, digest, body, source,
                 received_at, times_seen)
               VALUES ($1, $2, $3, 'mpesa', $4, $5, '127.0.0.1', $6, 3)";
    let digest = hex::decode("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    let row = params![
        provider,
        old.message.uuid(),
        payment,
        digest.unwrap(),
        b"{}".to_vec(),
        now
    ];
    tx.exec(sql, row).await.unwrap();
    tx.commit().await.unwrap();
    old
}
