//! M-Pesa in Kenya: Safaricom's Daraja API.
//!
//! One module per API: STK (a prompt on the payer's phone), C2B (paid by hand), Transaction Status,
//! Reversal, B2C and Pull; and the statement file of the M-Pesa portal. Daraja has no signatures,
//! almost no idempotency, and delivers its messages once or not at all; what follows from that is in
//! [`judge`] and [`orders`] (answers), [`result`] (codes), [`messages`] and [`results`].

mod account;
mod b2c;
mod c2b;
mod callback;
mod callback_url;
mod judge;
mod messages;
mod orders;
mod parameters;
mod party;
mod pull;
mod reply;
mod result;
mod results;
mod reversal;
mod security;
mod stamp;
mod statement_csv;
mod stk;
mod token;
mod transaction_status;

use std::sync::Arc;

use async_trait::async_trait;
use bando_domain::{Clock, Currency, Money, PaymentFailure};
use reqwest::Client;
use serde::Serialize;

pub use account::{DarajaAccount, Shortcode};
pub use c2b::{C2bRejection, C2bValidation, read_c2b_validation};
pub use callback::read_callback;
pub use callback_url::{UrlProblem, check_callback_url};
pub use messages::read_daraja_message;
pub use result::ResultMeaning;
pub use statement_csv::{MAX_STATEMENT_FILE, StatementFileError, read_mpesa_statement};

use crate::account::{Account, BadSetting};
use crate::gateway::{
    Asks, Charge, Found, Gateway, MessageError, MessageUrls, Movement, MovementKind, NoStatement,
    Notification, Payout, Profile, Reference, Refund, Refunds, Registered, Search, Sent, Span,
    Start, StatementError, TestReport, TestResult, Verdict, Word,
};
use crate::http::{self, NoAnswer, SetupError, Timeouts};
use account::nominated_number;
use reply::Reply;
use security::Initiator;
use token::{TokenError, Tokens};

/// Whole shillings that one prompt may ask for.
const AMOUNTS: std::ops::RangeInclusive<i64> = 1..=250_000;

/// The most bytes of an answer. Most have less than 1,000; a page of Pull has many rows of 300.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// What M-Pesa is like.
pub static DARAJA_PROFILE: Profile = Profile {
    name: "mpesa",
    title: "M-Pesa",
    asks: Asks::Push,
    word: Word::Unsigned,
    queried: true,
    by_hand: true,
    refunds: Refunds::Whole,
    knows_refunds: false,
    payouts: true,
    statement: true,
    currencies: &[Currency::Kes],
    amounts: AMOUNTS,
    settings: account::SETTINGS,
};

/// The client of Daraja. One serves all providers; it keeps their tokens apart.
pub struct Daraja {
    client: Client,
    clock: Arc<dyn Clock>,
    tokens: Tokens,
}

/// Why a call brought no answer.
enum CallError {
    /// There was no token, so nothing was asked.
    NoToken(TokenError),
    NoAnswer(NoAnswer),
}

impl CallError {
    /// In words that a provider can act on.
    fn why(self) -> String {
        match self {
            Self::NoAnswer(no) => no.why(),
            Self::NoToken(TokenError::Refused { code, message }) => refused_keys(&code, &message),
            Self::NoToken(TokenError::TooOften(_)) => "Daraja was asked too often".into(),
            Self::NoToken(TokenError::Unreachable(why)) => why,
        }
    }
}

impl Daraja {
    /// A client that tells the time by `clock`.
    ///
    /// # Errors
    /// [`SetupError`] when the machine cannot do HTTPS.
    pub fn new(clock: Arc<dyn Clock>, timeouts: Timeouts) -> Result<Self, SetupError> {
        Ok(Self {
            client: http::client(timeouts)?,
            clock,
            tokens: Tokens::default(),
        })
    }

    /// Posts to Daraja with a token; once more with a fresh token if Daraja does not know the first.
    async fn call(
        &self,
        account: &DarajaAccount,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, CallError> {
        let reply = self.call_once(account, path, body).await?;
        if reply.is_bad_token() {
            return self.call_once(account, path, body).await;
        }
        Ok(reply)
    }

    async fn call_once(
        &self,
        account: &DarajaAccount,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, CallError> {
        let token = self
            .tokens
            .get(&self.client, &*self.clock, account)
            .await
            .map_err(CallError::NoToken)?;
        let request = self
            .client
            .post(format!("{}{path}", account.base_url()))
            .bearer_auth(token.secret.expose())
            .json(body);
        let answer = http::send_up_to(request, MAX_ANSWER)
            .await
            .map_err(CallError::NoAnswer)?;
        let reply = Reply::read(&answer);
        if reply.is_bad_token() {
            self.tokens.purge(account, &token).await;
        }
        Ok(reply)
    }
}

#[async_trait]
impl Gateway for Daraja {
    fn profile(&self) -> &'static Profile {
        &DARAJA_PROFILE
    }

    fn check(&self, account: &Account) -> Result<(), BadSetting> {
        DarajaAccount::read(account)?;
        Initiator::read(account)?;
        if account.is_on("pull") {
            nominated_number(account)?;
        }
        Ok(())
    }

    async fn start(&self, account: &Account, charge: &Charge) -> Start {
        match DarajaAccount::read(account) {
            Ok(account) => self.push(&account, charge).await,
            Err(bad) => stk::refused(
                PaymentFailure::ProviderMisconfigured,
                "settings",
                bad.to_string(),
            ),
        }
    }

    async fn query(&self, account: &Account, reference: &Reference) -> Verdict {
        match DarajaAccount::read(account) {
            Ok(account) => {
                let id = &reference.checkout_request_id;
                self.query_prompt(&account, id).await
            }
            Err(bad) => Verdict::Unreachable {
                why: bad.to_string(),
            },
        }
    }

    async fn find(&self, account: &Account, search: &Search) -> Found {
        let (daraja, initiator) = match with_initiator(account) {
            Ok(read) => read,
            Err(bad) => {
                return Found::Unreachable {
                    why: bad.to_string(),
                };
            }
        };
        if account.is_on("pull") {
            let found = self.find_in_pull(&daraja, search).await;
            // Pull sees two days, a status query everything.
            if initiator.is_none() || matches!(found, Found::Movement(_)) {
                return found;
            }
        }
        match initiator {
            Some(initiator) => self.ask_status(&daraja, &initiator, search).await,
            None => Found::CannotAsk,
        }
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        read_daraja_message(body)
    }

    async fn refund(&self, account: &Account, refund: &Refund) -> Sent {
        match with_initiator(account) {
            Ok((daraja, Some(initiator))) => self.reverse(&daraja, &initiator, refund).await,
            Ok((_, None)) => Sent::CannotSend,
            Err(bad) => not_sent(&bad),
        }
    }

    async fn pay_out(&self, account: &Account, payout: &Payout) -> Sent {
        match with_initiator(account) {
            Ok((daraja, Some(initiator))) => self.order_payout(&daraja, &initiator, payout).await,
            Ok((_, None)) => Sent::CannotSend,
            Err(bad) => not_sent(&bad),
        }
    }

    async fn statement(
        &self,
        account: &Account,
        span: &Span,
    ) -> Result<Vec<Movement>, NoStatement> {
        if !account.is_on("pull") {
            return Err(NoStatement::CannotAsk);
        }
        match DarajaAccount::read(account) {
            Ok(account) => self.pulled(&account, span).await,
            Err(bad) => Err(NoStatement::Refused(bad.to_string())),
        }
    }

    /// Pull is only documented for what customers pay.
    fn statement_kinds(&self) -> &'static [MovementKind] {
        &[MovementKind::Payment]
    }

    fn read_statement(&self, file: &[u8]) -> Result<Vec<Movement>, StatementError> {
        read_mpesa_statement(file).map_err(|bad| StatementError::Unreadable(bad.to_string()))
    }

    async fn register(&self, account: &Account, urls: &MessageUrls) -> Registered {
        match self.register_all(account, urls).await {
            Ok(0) => Registered::NotNeeded,
            Ok(_) => Registered::Done { keep: Vec::new() },
            Err(why) => Registered::Refused { why },
        }
    }

    async fn test(&self, account: &Account) -> TestReport {
        let account = match DarajaAccount::read(account) {
            Ok(account) => account,
            Err(bad) => return not_filled_in(&bad),
        };
        self.tokens.forget(&account).await;
        match self.tokens.get(&self.client, &*self.clock, &account).await {
            Ok(_) => TestReport {
                sign_in: TestResult::Passed,
                shortcode: self.test_shortcode(&account).await,
            },
            Err(error) => TestReport {
                sign_in: no_token(error),
                shortcode: TestResult::Unclear {
                    why: "Not tried, since there is no token".into(),
                },
            },
        }
    }
}

impl Daraja {
    /// Registers what is switched on; how many that were.
    async fn register_all(&self, account: &Account, urls: &MessageUrls) -> Result<u8, String> {
        let daraja = DarajaAccount::read(account).map_err(|bad| bad.to_string())?;
        let mut done = 0;
        if account.is_on("c2b") {
            self.register_c2b(&daraja, urls).await?;
            done += 1;
        }
        if account.is_on("pull") {
            let phone = nominated_number(account).map_err(|bad| bad.to_string())?;
            self.register_pull(&daraja, &phone, urls).await?;
            done += 1;
        }
        Ok(done)
    }
}

fn with_initiator(account: &Account) -> Result<(DarajaAccount, Option<Initiator>), BadSetting> {
    Ok((DarajaAccount::read(account)?, Initiator::read(account)?))
}

/// Whole shillings, and nothing but shillings.
fn whole_shillings(amount: Money) -> Option<i64> {
    amount
        .whole_major()
        .filter(|_| amount.currency() == Currency::Kes)
}

fn not_sent(bad: &BadSetting) -> Sent {
    Sent::Refused {
        code: "settings".to_owned(),
        message: bad.to_string(),
    }
}

fn not_filled_in(bad: &BadSetting) -> TestReport {
    TestReport {
        sign_in: TestResult::Failed {
            why: bad.to_string(),
        },
        shortcode: TestResult::Unclear {
            why: "Not tried, since the settings are not complete".into(),
        },
    }
}

fn no_token(error: TokenError) -> TestResult {
    match error {
        TokenError::Refused { code, message } => TestResult::Failed {
            why: refused_keys(&code, &message),
        },
        TokenError::TooOften(_) => TestResult::Unclear {
            why: "Daraja was asked too often; try again in a minute".into(),
        },
        TokenError::Unreachable(why) => TestResult::Unclear { why },
    }
}

fn refused_keys(code: &str, message: &str) -> String {
    let said = format!("{code} {message}");
    format!(
        "Daraja refused consumer key and secret ({}); check both, and whether they are for the sandbox or for production",
        said.trim()
    )
}
