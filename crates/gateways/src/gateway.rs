//! The one interface to every gateway, and the words it speaks.

use std::time::Duration;

use async_trait::async_trait;
use bando_domain::{Money, PaymentFailure, Phone, Timestamp};

use crate::daraja::DarajaAccount;

/// A payment company that can be asked for money and about money.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Asks the payer for the money: one prompt on one phone. Never repeated blindly, since no
    /// gateway of this kind recognises a repetition.
    async fn start(&self, account: &Account, charge: &Charge) -> Start;

    /// Asks what became of it.
    async fn query(&self, account: &Account, reference: &Reference) -> Verdict;

    /// Reads the body of a callback. Pure; believes nothing, only understands.
    ///
    /// # Errors
    /// [`CallbackError`] when the body is not one of this gateway's callbacks.
    fn read_callback(&self, body: &[u8]) -> Result<Notification, CallbackError>;

    /// Tests the credentials without moving money or disturbing a payer.
    async fn test(&self, account: &Account) -> TestReport;
}

/// A provider's credentials with one gateway.
#[derive(Clone, Debug)]
pub enum Account {
    /// M-Pesa in Kenya.
    Daraja(DarajaAccount),
}

/// What the payer is asked for.
#[derive(Clone, Debug)]
pub struct Charge {
    /// What the payer reads on the prompt and in the SMS as the account number: at most 12 letters
    /// and digits, others are left out.
    pub account_reference: String,
    /// A word about what is bought. Not every handset shows it.
    pub description: String,
    /// How much.
    pub amount: Money,
    /// Whose phone rings.
    pub phone: Phone,
    /// Where the gateway sends its word: it ends in the payment's own unguessable token, the only
    /// thing of ours that comes back.
    pub callback_url: String,
}

/// How a gateway calls a payment it accepted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Reference {
    /// The gateway's name for the request (Daraja: `MerchantRequestID`).
    pub merchant_request_id: String,
    /// The gateway's name for the payment, which it is queried by (Daraja: `CheckoutRequestID`).
    /// Contains the payer's number, so it is as private as a phone number.
    pub checkout_request_id: String,
}

/// What came of asking for the money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Start {
    /// The prompt is on its way. Nothing is paid yet.
    Accepted {
        /// To query it by.
        reference: Reference,
    },
    /// There was no prompt and there will be none.
    Refused {
        /// Why, in the class a person can act on.
        failure: PaymentFailure,
        /// The gateway's own code, or a word of ours when the gateway was not asked.
        code: String,
        /// What the gateway said, for the provider's eyes.
        message: String,
    },
    /// Time-out, reset, 5xx, unreadable: the prompt may be on the phone. The payment stays pending.
    Unknown {
        /// What happened instead of an answer.
        why: String,
    },
}

/// What a gateway says became of a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The money arrived. Final.
    Paid {
        /// The receipt number, where the gateway tells it (Daraja's query does not).
        receipt: Option<String>,
    },
    /// No money for this prompt. Final, except that a later [`Verdict::Paid`] outweighs it.
    Failed {
        /// Why, in the class a person can act on.
        failure: PaymentFailure,
        /// The gateway's own code.
        code: String,
        /// What the gateway said.
        message: String,
    },
    /// The gateway has not decided, or does not know the payment (yet). Ask again.
    Pending {
        /// What it said.
        why: String,
    },
    /// Asked too often. Ask again, later.
    RateLimited {
        /// How long to leave this account alone.
        retry_after: Duration,
    },
    /// No answer that means anything, or the credentials were refused. Ask again.
    Unreachable {
        /// What happened instead.
        why: String,
    },
}

/// What a callback says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// See [`Reference::merchant_request_id`].
    pub merchant_request_id: String,
    /// See [`Reference::checkout_request_id`].
    pub checkout_request_id: String,
    /// What is said to have happened.
    pub outcome: Outcome,
}

/// What a callback says happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The money is said to have arrived.
    Paid {
        /// The receipt number.
        receipt: Option<String>,
        /// How much. Must equal what was asked for.
        amount: Option<Money>,
        /// Who paid; absent when the gateway masks it.
        phone: Option<Phone>,
        /// When.
        at: Option<Timestamp>,
    },
    /// Said to have failed.
    Failed {
        /// Why, in the class a person can act on.
        failure: PaymentFailure,
        /// The gateway's own code.
        code: String,
        /// What the gateway said.
        message: String,
    },
    /// A code that decides nothing (unknown, or "still processing"): the payment stays pending.
    Undecided {
        /// The gateway's own code.
        code: String,
        /// What the gateway said.
        message: String,
    },
}

/// Why a body is not a callback.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallbackError {
    /// More bytes than any callback has.
    #[error("the callback has {0} bytes; none has more than {max}", max = crate::daraja::MAX_CALLBACK)]
    TooLong(usize),
    /// Not JSON, or not of the gateway's shape.
    #[error("not a callback of this gateway: {0}")]
    Malformed(String),
    /// The shape is right, one value is impossible.
    #[error("the callback's {0} cannot be read")]
    BadValue(&'static str),
}

/// What a test of the credentials found, step by step in the order tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestReport {
    /// Consumer key and secret: does the gateway give us a token?
    pub sign_in: TestResult,
    /// Shortcode and passkey: does it know them, and do they belong together?
    pub shortcode: TestResult,
}

/// What one step of a test found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TestResult {
    /// It works.
    Passed,
    /// It does not: what the gateway said, and what to do.
    Failed {
        /// In words that a provider can act on.
        why: String,
    },
    /// The gateway could not be asked, or its answer tells nothing.
    Unclear {
        /// What happened.
        why: String,
    },
}

impl TestReport {
    /// Whether everything works.
    pub fn passed(&self) -> bool {
        self.sign_in == TestResult::Passed && self.shortcode == TestResult::Passed
    }
}
