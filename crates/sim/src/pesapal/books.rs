//! What really happened, kept by the simulator for whoever wants to compare.

use bando_domain::{Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::scenario::PayBy;

/// Every order, every shilling that moved.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Books {
    /// Every order that was accepted, and every later charge of a subscription, in order.
    pub orders: Vec<Ordered>,
    /// Every movement of money, in order.
    pub moved: Vec<Moved>,
    /// Orders that were turned down.
    pub refused_orders: u64,
    /// Tokens that were given out.
    pub tokens: u64,
}

/// One order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ordered {
    /// Pesapal's name for it.
    pub order_tracking_id: String,
    /// The merchant's name for it; of a subscription's later charges, a number of Pesapal's.
    pub merchant_reference: String,
    /// The merchant, by consumer key.
    pub merchant: String,
    /// How much was asked for.
    pub amount: Money,
    /// The number given with it, in digits.
    pub phone: String,
    /// What it is for.
    pub description: String,
    /// Where the customer's browser goes afterwards.
    pub callback_url: String,
    /// Where it goes when the customer cancels.
    pub cancellation_url: Option<String>,
    /// The registered address its notifications go to.
    pub notification_id: String,
    /// When it was accepted.
    pub at: Timestamp,
    /// What became of it.
    pub state: OrderState,
    /// How the customer last tried to pay.
    pub paid_by: Option<PayBy>,
    /// The confirmation code, if it was paid.
    pub confirmation_code: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// The notifications that were sent.
    pub notified: Vec<Notified>,
    /// How often it was asked about.
    pub queries: u64,
    /// The one refund it can have.
    pub refund: Option<RefundState>,
    /// Whether a cancellation was tried.
    pub cancelled: bool,
    /// The account number, if it may become a subscription.
    pub account_number: Option<String>,
    /// What the merchant said of the subscription.
    pub subscription: Option<Subscription>,
    /// The subscription it belongs to, once the customer has agreed.
    pub subscribed: Option<Subscribed>,
}

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Nobody has paid yet. Status code 0.
    Pending,
    /// Paid. Status code 1.
    Completed,
    /// Not paid; may be tried again on the same page. Status code 2.
    Failed,
    /// Paid, and sent back. Status code 3.
    Reversed,
    /// Cancelled by the merchant before it was paid. Status code 0.
    Cancelled,
}

/// `subscription_details`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// `dd-MM-yyyy`.
    pub start_date: String,
    /// `dd-MM-yyyy`.
    pub end_date: String,
    /// `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`.
    pub frequency: String,
}

/// A running subscription.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subscribed {
    /// The merchant's account number for it.
    pub account_reference: String,
    /// Pesapal's number for it.
    pub correlation_id: u64,
}

/// Where a refund stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefundState {
    /// How much.
    pub amount: Money,
    /// None until the merchant has decided.
    pub approved: Option<bool>,
}

/// One notification that was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notified {
    /// When the answer came, or the attempt was given up.
    pub at: Timestamp,
    /// Where it went.
    pub url: String,
    /// What it said: a query string (GET) or JSON (POST).
    pub body: String,
    /// The HTTP status of the answer; none when there was no answer.
    pub status: Option<u16>,
    /// Whether the answer was what Pesapal wants to hear.
    pub acknowledged: bool,
}

/// One movement of money.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// From or to the payer.
    pub direction: Direction,
    /// The confirmation code of the payment.
    pub confirmation_code: String,
    /// The merchant, by consumer key.
    pub merchant: String,
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// The order.
    pub order_tracking_id: String,
}

/// Which way money moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the payer to the merchant.
    In,
    /// Back to the payer.
    Back,
}
