//! Cash: a cashier sells and takes the money; a shift is counted at its end.

use bando_domain::AccountId;

/// The name by which a payment says that it was paid in cash.
pub(crate) const CASH: &str = "cash";

/// A cashier's till in the ledger.
pub(crate) fn till(cashier: AccountId) -> String {
    format!("cash:{cashier}")
}
