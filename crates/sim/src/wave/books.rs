//! What really happened, kept by the simulator for whoever wants to compare.

use std::collections::BTreeMap;

use bando_domain::{Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Every session, every franc that moved, every event that was told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Books {
    /// Every checkout session, in order.
    pub sessions: Vec<Session>,
    /// Every movement of money, in order.
    pub transactions: Vec<Transaction>,
    /// Every event, in order, with where it was sent.
    pub events: Vec<Event>,
    /// What payers have paid to each merchant, less what went back, fees included, in minor units.
    pub received_minor: BTreeMap<String, i64>,
    /// Requests that were turned down.
    pub refused: u64,
}

/// `checkout_status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// It can be paid.
    Open,
    /// It was paid.
    Complete,
    /// It cannot be paid any more.
    Expired,
}

/// `payment_status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayStatus {
    /// Nothing yet.
    Processing,
    /// No money will come.
    Cancelled,
    /// The money came.
    Succeeded,
}

/// One checkout session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Such as `cos-18qq25rgr100a`.
    pub id: String,
    /// Whose wallet it pays into.
    pub merchant_id: String,
    /// How much is asked for.
    pub amount: Money,
    /// The merchant's own name for it.
    pub client_reference: Option<String>,
    /// The only phone that may pay it, in E.164 digits.
    pub restrict_payer_mobile: Option<String>,
    /// Where the browser goes when it is paid.
    pub success_url: String,
    /// Where the browser goes when it is not.
    pub error_url: String,
    /// Whether it can be paid.
    pub checkout_status: CheckoutStatus,
    /// Whether it was paid.
    pub payment_status: PayStatus,
    /// Code of the last attempt that failed.
    pub last_payment_error: Option<String>,
    /// The transaction that paid it.
    pub transaction_id: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends unpaid.
    pub expires: Timestamp,
    /// When it was paid.
    pub completed: Option<Timestamp>,
    /// When the money went back.
    pub refunded: Option<Timestamp>,
}

/// `transaction_type`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionType {
    /// Paid by merchant link or QR code.
    MerchantPayment,
    /// One of those, sent back.
    MerchantPaymentRefund,
    /// Paid in a checkout session.
    ApiCheckout,
    /// One of those, sent back.
    ApiCheckoutRefund,
    /// Moved to the merchant's bank.
    MerchantSweep,
}

/// One movement of money in a wallet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transaction {
    /// Such as `T_V3TFOUE7VU`.
    pub id: String,
    /// What it is.
    pub kind: TransactionType,
    /// Whose wallet.
    pub merchant_id: String,
    /// What the payer paid or got back; positive.
    pub gross: Money,
    /// What Wave keeps of it; negative when it gives a fee back.
    pub fee: Money,
    /// By how much the wallet's balance changed.
    pub net: Money,
    /// The wallet's balance afterwards.
    pub balance: Money,
    /// The payer, in E.164 digits; empty when it is nobody's phone.
    pub phone: String,
    /// The payer's name.
    pub name: String,
    /// The session that it paid.
    pub session_id: Option<String>,
    /// The session's `client_reference`.
    pub client_reference: Option<String>,
    /// The transaction that it sends back.
    pub refunds: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// One event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Such as `EV_QvEZuDSQbLdI`.
    pub id: String,
    /// Such as `checkout.session.completed`.
    pub kind: String,
    /// Whose webhooks hear of it.
    pub merchant_id: String,
    /// Its body.
    pub body: String,
    /// When it happened.
    pub at: Timestamp,
    /// Every attempt to tell it.
    pub calls: Vec<Called>,
}

/// One attempt to deliver an event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Called {
    /// When the answer came, or the attempt was given up.
    pub at: Timestamp,
    /// Where it went.
    pub url: String,
    /// The HTTP status of the answer; none when there was no answer in time.
    pub status: Option<u16>,
}
