//! Fresh stores for tests, on both engines.

use bando_db::DatabaseUrl;
use bando_db::testing::TestDb;
use bando_domain::Entropy;

use crate::{MasterKey, Store, Vault};

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

    /// What was written so far: transactions, and the durable commits they needed.
    pub fn stats(&self) -> bando_db::Stats {
        self.database.db.stats()
    }
}

/// A fresh store on each engine at hand.
///
/// # Panics
/// If one cannot be made: a test must not pass by testing nothing.
pub async fn stores(entropy: &dyn Entropy) -> Vec<TestStore> {
    let mut stores = Vec::new();
    for database in bando_db::testing::databases().await {
        let vault = Vault::new(&MasterKey::random(entropy), &[]);
        let store = Store::with_db(database.db.clone(), vault).await;
        #[expect(clippy::panic, reason = "a test cannot go on without its database")]
        let store = store.unwrap_or_else(|error| panic!("{error}"));
        stores.push(TestStore { store, database });
    }
    stores
}
