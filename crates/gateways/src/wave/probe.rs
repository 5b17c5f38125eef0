//! Trying an account's key without moving money.

use serde::Deserialize;

use super::api::{Call, CallError};
use super::{SESSIONS, SearchResult};
use crate::gateway::TestResult;
use crate::text::clean;

/// Searches for a session that never was: the answer tells whether the key may use checkout.
pub(super) async fn checkout(call: &Call<'_>) -> TestResult {
    let path = [&SESSIONS[..], &["search"]].concat();
    let query = [("client_reference", "bando-connection-test")];
    match call.get::<SearchResult>(&path, &query).await {
        Ok(_) => TestResult::Passed,
        Err(error) => no_test(error),
    }
}

/// Asks for the balance: the answer tells whether the key may see transactions, and the currency.
pub(super) async fn wallet(call: &Call<'_>) -> TestResult {
    #[derive(Deserialize)]
    struct Balance {
        currency: String,
    }
    match call.get::<Balance>(&["v1", "balance"], &[]).await {
        Ok(balance) if balance.currency == "XOF" => TestResult::Passed,
        Ok(balance) => TestResult::Failed {
            why: format!(
                "The wallet is in {}; only wallets in XOF are supported",
                clean(&balance.currency)
            ),
        },
        Err(error) if error.is(403) => TestResult::Unclear {
            why:
                "The API key may not read balance and transactions: payments work, but statements \
                  and finding payments by their number need it"
                    .into(),
        },
        Err(error) => no_test(error),
    }
}

fn no_test(error: CallError) -> TestResult {
    let refused = [400, 401, 403, 404].iter().any(|status| error.is(*status));
    let why = error.why();
    if refused {
        TestResult::Failed { why }
    } else {
        TestResult::Unclear { why }
    }
}
