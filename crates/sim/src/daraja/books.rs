//! What really happened, kept by the simulator for whoever wants to compare.

use std::collections::BTreeMap;

use bando_domain::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Every prompt, every shilling that moved.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Books {
    /// Every push that was accepted, in order.
    pub prompts: Vec<Prompted>,
    /// Every movement of money, in order.
    pub moved: Vec<Moved>,
    /// What each paybill or till has received, in cents.
    pub received_minor: BTreeMap<String, i64>,
    /// Pushes that were turned down.
    pub refused_pushes: u64,
    /// Queries that were answered "too often".
    pub limited_queries: u64,
    /// Every payment that was sent back, in order.
    #[serde(default)]
    pub returned: Vec<Returned>,
    /// Every payout, in order.
    #[serde(default)]
    pub paid_out: Vec<PaidOut>,
    /// What paybills and tills have left for payouts, in cents: those that were looked at.
    #[serde(default)]
    pub utility_minor: BTreeMap<String, i64>,
    /// Payments by hand that did not come about.
    #[serde(default)]
    pub refused_by_hand: u64,
    /// Every validation, confirmation and result that was sent, in order.
    #[serde(default)]
    pub messages: Vec<Message>,
}

/// One accepted push.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prompted {
    /// Daraja's name for the payment.
    pub checkout_request_id: String,
    /// Daraja's name for the request.
    pub merchant_request_id: String,
    /// Paybill, or store number of a till.
    pub shortcode: String,
    /// Who gets the money: the paybill or the till.
    pub party_b: String,
    /// The payer, in E.164 digits.
    pub phone: String,
    /// How much was asked for.
    pub amount: Money,
    /// The account number the payer sees.
    pub account_reference: String,
    /// `TransactionDesc`.
    pub description: String,
    /// Where callbacks go.
    pub callback_url: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// The result code; none while undecided.
    pub code: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// The receipt, if it was paid.
    pub receipt: Option<String>,
    /// The callbacks that were sent.
    pub callbacks: Vec<Called>,
    /// How often it was asked about.
    pub queries: u64,
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

/// One message that is not a prompt's callback.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// What it is.
    pub kind: MessageKind,
    /// The receipt of the payment (of a validation: the one it would get), or the `ConversationID` of
    /// the order.
    pub about: String,
    /// How it was sent.
    pub called: Called,
}

/// What a [`Message`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// May this be paid?
    Validation,
    /// This was paid.
    Confirmation,
    /// This became of an initiator's order.
    Result,
}

/// One movement of money from a wallet to a merchant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// The receipt number, unique.
    pub receipt: String,
    /// The payer, in E.164 digits.
    pub from: String,
    /// The paybill or till.
    pub to: String,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// The prompt it answered; empty when it was paid by hand.
    pub checkout_request_id: String,
    /// The account number the payer saw or typed.
    pub account_reference: String,
}

/// One payment that was sent back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Returned {
    /// The receipt number of the reversal, unique.
    pub receipt: String,
    /// The receipt number of the payment.
    pub of: String,
    /// The paybill or till.
    pub from: String,
    /// The payer, in E.164 digits.
    pub to: String,
    /// How much: the whole payment.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// The order's `ConversationID`.
    pub conversation_id: String,
}

/// One payout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaidOut {
    /// The receipt number, unique.
    pub receipt: String,
    /// The paybill or till whose Utility account paid.
    pub from: String,
    /// Who was paid, in E.164 digits.
    pub to: String,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// The order's `ConversationID`.
    pub conversation_id: String,
    /// The client's own name for the order.
    pub originator_conversation_id: String,
}
