//! The one interface to every gateway, and the words it speaks.

use std::ops::RangeInclusive;
use std::time::Duration;

use async_trait::async_trait;
use bando_domain::{Currency, Money, PaymentFailure, Phone, Timestamp};

use crate::account::{Account, BadSetting, Setting};

/// A payment company that can be asked for money and about money.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// What this gateway is like.
    fn profile(&self) -> &'static Profile;

    /// Whether an account can be used as it is filled in. Asks nobody.
    ///
    /// # Errors
    /// [`BadSetting`] names the first field that is wrong.
    fn check(&self, account: &Account) -> Result<(), BadSetting>;

    /// Asks the payer for the money. Never repeated blindly, since few gateways recognise a
    /// repetition.
    async fn start(&self, account: &Account, charge: &Charge) -> Start;

    /// Finds out what became of a [`start`](Self::start) whose answer was lost, by
    /// [`Charge::reference`].
    async fn recover(&self, account: &Account, charge: &Charge) -> Recovered {
        let _ = (account, charge);
        Recovered::Unknown {
            why: "this gateway cannot be searched".into(),
        }
    }

    /// Asks what became of a payment.
    async fn query(&self, account: &Account, reference: &Reference) -> Verdict;

    /// Asks about money by its receipt number.
    async fn find(&self, account: &Account, search: &Search) -> Found {
        let _ = (account, search);
        Found::CannotAsk
    }

    /// Tells who sent a message, by its signature. Pure.
    fn authenticate(&self, account: &Account, message: &Message<'_>) -> Authenticity {
        let _ = (account, message);
        Authenticity::Unsigned
    }

    /// Reads the body of a message. Pure; believes nothing, only understands.
    ///
    /// # Errors
    /// [`MessageError`] when the body is not one of this gateway's messages.
    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError>;

    /// What the gateway wants to hear when a message was taken: a JSON document.
    fn acknowledgement(&self, body: &[u8]) -> String {
        let _ = body;
        r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#.to_owned()
    }

    /// Sends a payer's money back.
    async fn refund(&self, account: &Account, refund: &Refund) -> Sent {
        let _ = (account, refund);
        Sent::CannotSend
    }

    /// Sends money to a phone.
    async fn pay_out(&self, account: &Account, payout: &Payout) -> Sent {
        let _ = (account, payout);
        Sent::CannotSend
    }

    /// The movements of money of a span of time, as the gateway has them.
    ///
    /// # Errors
    /// [`NoStatement`] tells why there are none to be had.
    async fn statement(
        &self,
        account: &Account,
        span: &Span,
    ) -> Result<Vec<Movement>, NoStatement> {
        let _ = (account, span);
        Err(NoStatement::CannotAsk)
    }

    /// The kinds of movement that [`statement`](Self::statement) tells all of.
    fn statement_kinds(&self) -> &'static [MovementKind] {
        &[
            MovementKind::Payment,
            MovementKind::Reversal,
            MovementKind::Payout,
        ]
    }

    /// Reads a statement file that the gateway's own portal offers for download. Pure.
    ///
    /// # Errors
    /// [`StatementError`] tells what is wrong with the file.
    fn read_statement(&self, file: &[u8]) -> Result<Vec<Movement>, StatementError> {
        let _ = file;
        Err(StatementError::NoFiles)
    }

    /// Tells the gateway where to send its messages, where that is told by an API.
    async fn register(&self, account: &Account, urls: &MessageUrls) -> Registered {
        let _ = (account, urls);
        Registered::NotNeeded
    }

    /// Tests the credentials without moving money or disturbing a payer.
    async fn test(&self, account: &Account) -> TestReport;
}

/// What a gateway is like: everything in which gateways differ for those who use them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    /// Its name in payments, the ledger, addresses and forms: at most 16 lower-case letters and `_`.
    pub name: &'static str,
    /// Its name for people; a brand, the same in every language.
    pub title: &'static str,
    /// How a payer is asked.
    pub asks: Asks,
    /// What its messages are worth.
    pub word: Word,
    /// Whether [`Gateway::query`] can decide a payment.
    pub queried: bool,
    /// Whether money may come that nobody was asked for: paid by hand, under a reference or none.
    pub by_hand: bool,
    /// What [`Gateway::refund`] can send back.
    pub refunds: Refunds,
    /// Whether it knows a refund again by [`Refund::reference`] or by the payment, so that one whose
    /// answer was lost may be repeated.
    pub knows_refunds: bool,
    /// Whether [`Gateway::pay_out`] works.
    pub payouts: bool,
    /// Whether [`Gateway::statement`] works.
    pub statement: bool,
    /// The currencies it takes.
    pub currencies: &'static [Currency],
    /// The amounts one payment may have, in whole units of the currency.
    pub amounts: RangeInclusive<i64>,
    /// What an account consists of, in the order a form asks for it.
    pub settings: &'static [Setting],
}

/// How a gateway asks the payer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Asks {
    /// A prompt rings on the payer's phone.
    Push,
    /// The payer's browser is sent to a page of the gateway.
    Redirect,
    /// The payer's browser is sent to a page of the gateway that knows nothing of the payment: the
    /// provider, or the wallet's own messages, must tell that it was paid.
    Link,
}

/// What a gateway's messages are worth.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Word {
    /// Anybody can send one: a hint where to ask.
    Unsigned,
    /// A good signature proves what it says.
    Signed,
    /// It says nothing but "ask me".
    PollBack,
}

/// What a gateway can send back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refunds {
    /// Nothing: a person sends the money back.
    ByHand,
    /// Only the whole payment.
    Whole,
    /// Any part of it.
    Parts,
}

/// What the payer is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Charge {
    /// Our own name for the payment, different for every payment: a UUID in its hyphenated form.
    pub reference: String,
    /// What the payer reads on the prompt and in the SMS as the account number: at most 12 letters
    /// and digits, others are left out.
    pub account_reference: String,
    /// A word about what is bought. Not every handset shows it.
    pub description: String,
    /// How much.
    pub amount: Money,
    /// Who pays: whose phone rings, where one rings.
    pub phone: Phone,
    /// Where the gateway sends its word about this payment: it ends in the payment's own unguessable
    /// token, for many gateways the only thing of ours that comes back.
    pub callback_url: String,
    /// Where a payer's browser comes back to: the payment's page.
    pub return_url: String,
}

/// How a gateway calls a payment it accepted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Reference {
    /// The gateway's name for the request (Daraja: `MerchantRequestID`), or our own reference.
    pub merchant_request_id: String,
    /// The gateway's name for the payment, which it is queried by (Daraja: `CheckoutRequestID`, Wave:
    /// the session's `id`, Pesapal: `order_tracking_id`, MoMo: `X-Reference-Id`). Daraja's contains
    /// the payer's number, so it is as private as a phone number.
    pub checkout_request_id: String,
}

/// What came of asking for the money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Start {
    /// The prompt is on its way, or the page is ready. Nothing is paid yet.
    Accepted {
        /// To query it by.
        reference: Reference,
        /// Where to send the payer's browser, if anywhere.
        redirect: Option<String>,
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
    /// Time-out, reset, 5xx, unreadable: the payer may have been asked. The payment stays pending.
    Unknown {
        /// What happened instead of an answer.
        why: String,
    },
}

/// What searching for a lost start found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recovered {
    /// It is there.
    Found {
        /// To query it by.
        reference: Reference,
        /// Where to send the payer's browser, if anywhere.
        redirect: Option<String>,
    },
    /// The gateway never got it, and will not.
    NotThere,
    /// Nobody can tell (yet).
    Unknown {
        /// Why.
        why: String,
    },
}

/// What is known of money that arrived.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Paid {
    /// The receipt number, where the gateway tells it (Daraja's query does not).
    pub receipt: Option<String>,
    /// How much the payer paid, where the gateway tells it.
    pub amount: Option<Money>,
    /// What of it the gateway keeps, where it tells.
    pub fee: Option<Money>,
    /// Who paid; absent when the gateway masks it.
    pub phone: Option<Phone>,
    /// When.
    pub at: Option<Timestamp>,
}

/// What a gateway says became of a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The money arrived. Final.
    Paid(Paid),
    /// No money for this prompt. Final, except that a later [`Verdict::Paid`] outweighs it.
    Failed {
        /// Why, in the class a person can act on.
        failure: PaymentFailure,
        /// The gateway's own code.
        code: String,
        /// What the gateway said.
        message: String,
    },
    /// The money arrived and went back to the payer.
    Reversed {
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

impl Verdict {
    /// The money arrived, and the gateway tells nothing else.
    pub const PAID: Self = Self::Paid(Paid {
        receipt: None,
        amount: None,
        fee: None,
        phone: None,
        at: None,
    });
}

/// What money is asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// The receipt number.
    pub receipt: String,
    /// Where the answer is sent, if the gateway answers later.
    pub result_url: String,
    /// The present moment.
    pub now: Timestamp,
}

/// What a gateway says of money by its receipt number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// It arrived (or left): this is it.
    Movement(Movement),
    /// There is no such money in this account, as far back as the gateway looks.
    NotThere,
    /// The answer will come as a message ([`Notification::Found`]).
    Later,
    /// Asked too often.
    RateLimited {
        /// How long to leave this account alone.
        retry_after: Duration,
    },
    /// No answer that means anything.
    Unreachable {
        /// What happened instead.
        why: String,
    },
    /// This gateway, or this account of it, cannot be asked.
    CannotAsk,
}

/// A message as it came over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its headers: names in lower case.
    pub headers: &'a [(String, String)],
    /// Its body, byte for byte; of a message without one (GET), its query string.
    pub body: &'a [u8],
    /// When it came.
    pub received_at: Timestamp,
}

/// What a message's signature says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Authenticity {
    /// This gateway, or this account of it, does not sign.
    Unsigned,
    /// The gateway sent it.
    Signed,
    /// Somebody else did, or it is too old, or its signature is missing: why.
    Forged(&'static str),
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notification {
    /// What became of a payment that we asked for.
    Payment {
        /// Which one.
        reference: Reference,
        /// What is said to have happened.
        outcome: Outcome,
    },
    /// Money that moved without our asking: paid by hand.
    Movement(Movement),
    /// The answer to [`Gateway::find`].
    Found(Option<Movement>),
    /// What became of money that we sent: a refund or a payout.
    Sent {
        /// The gateway's name for the order ([`Sent::Accepted`]).
        conversation_id: String,
        /// What became of it: [`Sent::Done`], [`Sent::Refused`] or [`Sent::Unknown`].
        outcome: Sent,
    },
    /// Nothing about money: a test, or something that does not concern us.
    Nothing {
        /// What it is.
        what: String,
    },
}

/// What a message says happened to a payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The money is said to have arrived.
    Paid(Paid),
    /// Said to have failed.
    Failed {
        /// Why, in the class a person can act on.
        failure: PaymentFailure,
        /// The gateway's own code.
        code: String,
        /// What the gateway said.
        message: String,
    },
    /// Nothing is decided by it (unknown code, "still processing", "ask me"): the payment stays
    /// pending and is asked about.
    Undecided {
        /// The gateway's own code.
        code: String,
        /// What the gateway said.
        message: String,
    },
}

/// A movement of money in a provider's account with a gateway, as the gateway has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Movement {
    /// What it is.
    pub kind: MovementKind,
    /// The receipt number of this movement.
    pub receipt: String,
    /// How much moved, always positive; of a payment, what the payer paid (fee included).
    pub amount: Money,
    /// What of it the gateway keeps, where it tells.
    pub fee: Option<Money>,
    /// When, where the gateway tells.
    pub at: Option<Timestamp>,
    /// Whose phone paid or was paid, where it is told in full.
    pub phone: Option<Phone>,
    /// What is told of the payer otherwise: a name, a masked number. The payer's own words, so never
    /// trusted.
    pub payer: Option<String>,
    /// What it is for: the account number the payer typed, or our own reference.
    pub reference: Option<String>,
    /// The account it moved in (shortcode, till, wallet), where told.
    pub account: Option<String>,
    /// The gateway's name for the payment that it belongs to, where told.
    pub checkout_request_id: Option<String>,
}

/// What a [`Movement`] is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MovementKind {
    /// Money came in from a payer.
    Payment,
    /// Money of a payment went back to its payer.
    Reversal,
    /// Money was sent to a phone.
    Payout,
    /// The gateway took a fee.
    Fee,
    /// Anything else: a withdrawal to the bank, an adjustment.
    Other,
}

/// Why a body is not a message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MessageError {
    /// More bytes than any message has.
    #[error("the message has {0} bytes; none has more than {max}", max = crate::MAX_MESSAGE)]
    TooLong(usize),
    /// Not JSON, or not of the gateway's shape.
    #[error("not a message of this gateway: {0}")]
    Malformed(String),
    /// The shape is right, one value is impossible.
    #[error("the message's {0} cannot be read")]
    BadValue(&'static str),
}

/// Money to be sent back to its payer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// Our own name for the refund, different for every refund: a UUID in its hyphenated form.
    pub reference: String,
    /// The receipt of the payment, where known.
    pub receipt: Option<String>,
    /// The gateway's name for the payment, where known.
    pub checkout_request_id: Option<String>,
    /// How much.
    pub amount: Money,
    /// Whether that is the whole payment.
    pub whole: bool,
    /// Why, in a few words, for the gateway's books.
    pub remarks: String,
    /// Where the result is sent, if the gateway answers later.
    pub result_url: String,
}

/// Money to be sent to a phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payout {
    /// Our own name for the payout, different for every payout: a UUID in its hyphenated form.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// To whom.
    pub phone: Phone,
    /// Why, in a few words.
    pub remarks: String,
    /// Where the result is sent, if the gateway answers later.
    pub result_url: String,
}

/// What came of sending money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    /// The money is on its way or there. Final.
    Done {
        /// The receipt of this movement, where told.
        receipt: Option<String>,
    },
    /// The gateway took the order; what becomes of it comes as a message ([`Notification::Sent`]).
    Accepted {
        /// The gateway's name for the order.
        conversation_id: String,
    },
    /// Nothing was sent and nothing will be.
    Refused {
        /// The gateway's own code, or a word of ours.
        code: String,
        /// What the gateway said.
        message: String,
    },
    /// Time-out, reset, 5xx, unreadable: it may have been sent. Never repeated blindly.
    Unknown {
        /// What happened instead of an answer.
        why: String,
    },
    /// This gateway, or this account of it, cannot send money.
    CannotSend,
}

/// A span of time: `from` is in it, `to` is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
}

/// Why there is no statement to be had.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoStatement {
    /// This gateway, or this account of it, gives none.
    #[error("this account gives no statements by itself: upload one")]
    CannotAsk,
    /// It says no: what is wrong and what to do.
    #[error("{0}")]
    Refused(String),
    /// No answer that means anything; try again later.
    #[error("the gateway did not answer: {0}")]
    Unreachable(String),
}

/// Why a file is no statement.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StatementError {
    /// This gateway's files are not known.
    #[error("statement files of this gateway cannot be read")]
    NoFiles,
    /// What is wrong with this one, and what to do.
    #[error("{0}")]
    Unreadable(String),
}

/// Where an account's messages are to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageUrls {
    /// What happened, and anything else (Daraja: `ConfirmationURL`).
    pub confirmation: String,
    /// May this be paid? (Daraja: `ValidationURL`.)
    pub validation: String,
}

/// What came of telling a gateway where to send its messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Registered {
    /// It knows now.
    Done {
        /// What to keep with the account's settings: name and value (Pesapal: `ipn_id`).
        keep: Vec<(&'static str, String)>,
    },
    /// The provider tells the gateway in the gateway's own portal, or nobody does.
    NotNeeded,
    /// It says no: what is wrong and what to do.
    Refused {
        /// In words that a provider can act on.
        why: String,
    },
}

/// What a test of the credentials found, step by step in the order tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestReport {
    /// The keys: does the gateway know us?
    pub sign_in: TestResult,
    /// The account (Daraja: shortcode and passkey): does it exist, and is it ours?
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
