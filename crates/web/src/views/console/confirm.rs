//! Payments that wait for a member's word.

use super::Page;
use crate::views::Field;
use askama::Template;

/// The payments to confirm, newest first. Live topic: `confirm`.
///
/// Each card posts `answer` (`yes`, `no`) and `transaction_id` to `/console/confirm/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/confirm.html")]
pub struct Confirm {
    /// Frame.
    pub page: Page,
    /// One for each payment.
    pub cards: Vec<ConfirmCard>,
    /// How many more there are than the page shows.
    pub hidden: u64,
    /// Why a payment that is not among them could not be decided.
    pub problem: Option<String>,
}

/// A payment to confirm.
#[derive(Clone, Debug)]
pub struct ConfirmCard {
    /// Its id, in its address.
    pub id: String,
    /// What should be in the wallet.
    pub amount: String,
    /// Who says to have paid.
    pub phone: String,
    /// What for.
    pub plan: String,
    /// Where.
    pub gateway: String,
    /// `waiting for 2 min`.
    pub waiting: String,
    /// Another one waits for the same amount.
    pub alike: bool,
    /// The customer has the ticket already.
    pub trusted: bool,
    /// The customer typed the transaction number.
    pub claimed: bool,
    /// The transaction number, and what is wrong with it.
    pub number: Field,
}

impl ConfirmCard {
    fn number_id(&self) -> String {
        format!("number-{}", self.id)
    }

    fn opens(&self) -> bool {
        self.number.error.is_some()
    }
}
