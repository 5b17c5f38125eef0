//! Fresh stores for tests, on both engines, and a world to run them in.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bando_db::testing::{LastRule, TestDb};
use bando_db::{DatabaseUrl, Db};
use bando_domain::{Clock, Entropy, Timestamp};

use crate::{MasterKey, Store, Vault};

pub use bando_db::testing::RawRows;

/// A store with an empty schema; gone when dropped.
pub struct TestStore {
    /// The open store.
    pub store: Store,
    database: TestDb,
}

impl TestStore {
    /// Where it is, to open it again (close the store first on SQLite).
    pub fn url(&self) -> &DatabaseUrl {
        &self.database.url
    }

    /// The database below the store, to run statements of one's own under its rules.
    pub fn db(&self) -> &Db {
        &self.database.db
    }

    /// Runs statements past every guard of the program: see [`TestDb::raw`].
    ///
    /// # Errors
    /// What the engine says.
    pub async fn raw(&self, sql: &str) -> Result<RawRows, String> {
        self.database.raw(sql).await
    }

    /// The bytes of a SQLite file with its log; none on PostgreSQL.
    pub fn file_bytes(&self) -> Option<Vec<u8>> {
        self.database.file_bytes()
    }

    /// A second store on the same database, as another node has it. On SQLite, where there is only
    /// one process, it is a clone.
    ///
    /// # Panics
    /// If the database cannot be opened again.
    pub async fn second(&self, vault: Vault) -> Store {
        if self.store.engine() == crate::Engine::Sqlite {
            return self.store.clone();
        }
        let opened = Store::open(self.url(), crate::Options::default(), vault).await;
        #[expect(clippy::panic, reason = "a test cannot go on without its database")]
        opened.unwrap_or_else(|error| panic!("{error}"))
    }
}

/// What the ledger of every database must keep to, whatever its test did.
const LEDGER_RULES: &[LastRule] = &[
    LastRule {
        name: "the ledger sums to zero for every provider and currency",
        table: "ledger_transfers",
        sql: "SELECT provider_id, currency, SUM(amount) FROM (
                SELECT provider_id, currency, amount_minor AS amount FROM ledger_transfers WHERE debit_account <> ''
                UNION ALL
                SELECT provider_id, currency, -amount_minor FROM ledger_transfers WHERE credit_account <> ''
              ) AS movements GROUP BY provider_id, currency HAVING SUM(amount) <> 0",
    },
    LastRule {
        name: "wallets hold what the ledger says",
        table: "receipt_holders",
        sql: "SELECT kept.total, booked.total FROM
                (SELECT COALESCE(SUM(credit_minor), 0) AS total FROM customers) AS kept,
                (SELECT COALESCE(SUM(amount), 0) AS total FROM (
                   SELECT amount_minor AS amount FROM ledger_transfers WHERE credit_account LIKE 'credit:%'
                   UNION ALL
                   SELECT -amount_minor FROM ledger_transfers WHERE debit_account LIKE 'credit:%') AS movements) AS booked
              WHERE kept.total <> booked.total",
    },
];

/// Has ledger and wallets of every database of this process checked when its test is over: for
/// tests of the use cases, which book what they put into wallets.
pub fn check_money_at_the_end() {
    bando_db::testing::check_at_the_end(LEDGER_RULES);
}

/// A fresh store on each engine at hand. Its ledger is checked when the test is over.
///
/// # Panics
/// If one cannot be made: a test must not pass by testing nothing.
pub async fn stores(entropy: &dyn Entropy) -> Vec<TestStore> {
    stores_with(&MasterKey::random(entropy)).await
}

/// [`stores`] with a key of the test's own.
///
/// # Panics
/// As [`stores`].
pub async fn stores_with(key: &MasterKey) -> Vec<TestStore> {
    bando_db::testing::check_at_the_end(&LEDGER_RULES[..1]);
    let mut stores = Vec::new();
    for database in bando_db::testing::databases().await {
        let vault = Vault::new(key, &[]);
        let store = Store::with_db(database.db.clone(), vault).await;
        #[expect(clippy::panic, reason = "a test cannot go on without its database")]
        let store = store.unwrap_or_else(|error| panic!("{error}"));
        stores.push(TestStore { store, database });
    }
    stores
}

/// Randomness that can be replayed: the same from the same seed (SplitMix64). Fit for nothing but
/// tests.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// A source that begins with `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millis()))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets it, also back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
