//! What really happened, kept by the simulator for whoever wants to compare.

use bando_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Every request to pay, every refund.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Books {
    /// Every request that was accepted, in order. Money moved where it has a
    /// [`financial_transaction_id`](Requested::financial_transaction_id).
    pub requests: Vec<Requested>,
    /// Every refund that was accepted, in order.
    pub refunds: Vec<Refunded>,
    /// Requests that were turned down.
    pub refused: u64,
    /// Requests with an `X-Reference-Id` that was used before.
    pub repeated: u64,
    /// Tokens that were given out.
    pub tokens: u64,
}

/// One request to pay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Requested {
    /// `X-Reference-Id`.
    pub reference_id: String,
    /// The API user who asked.
    pub api_user: String,
    /// How much, as it was written.
    pub amount: String,
    /// Its currency.
    pub currency: String,
    /// The merchant's name for it.
    pub external_id: String,
    /// The payer, in digits.
    pub phone: String,
    /// What the payer reads.
    pub payer_message: String,
    /// What the merchant reads.
    pub payee_note: String,
    /// Where callbacks go, if anywhere.
    pub callback_url: Option<String>,
    /// When it was accepted.
    pub at: Timestamp,
    /// `SUCCESSFUL` or `FAILED`; none while undecided.
    pub status: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
    /// The receipt, if it was paid.
    pub financial_transaction_id: Option<String>,
    /// The callbacks that were sent.
    pub callbacks: Vec<Called>,
    /// How often it was asked about.
    pub queries: u64,
}

/// One refund.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refunded {
    /// `X-Reference-Id` of the refund.
    pub reference_id: String,
    /// `X-Reference-Id` of the payment.
    pub of: String,
    /// How much, as it was written.
    pub amount: String,
    /// The receipt of the refund.
    pub financial_transaction_id: String,
    /// When it was accepted.
    pub at: Timestamp,
}

/// One callback that was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Called {
    /// When the answer came, or the attempt was given up.
    pub at: Timestamp,
    /// Where it went.
    pub url: String,
    /// What it said.
    pub body: String,
    /// The HTTP status of the answer; none when there was no answer.
    pub status: Option<u16>,
}
