//! The page of a customer's credit.

use super::{Page, PlanOption};
use crate::views::Notice;
use askama::Template;

/// "Your credit": how much, and what it buys.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/wallet.html")]
pub struct Wallet {
    /// Frame and addresses.
    pub page: Page,
    /// Why nothing was bought.
    pub notice: Option<Notice>,
    /// Names the wallet in its address.
    pub token: String,
    /// How much there is.
    pub credit: String,
    /// The same in minor units: the form sends it back, so that sent twice it buys once.
    pub minor: i64,
    /// What it is enough for.
    pub plans: Vec<PlanOption>,
}

impl Wallet {
    fn buy_url(&self) -> String {
        self.page.url(&format!("w/{}", self.token))
    }
}
