//! M-Pesa in Kenya: Safaricom's Daraja API.
//!
//! OAuth, STK push (a prompt on the payer's phone), STK query and the STK callback. Daraja has no
//! idempotency, no signatures and delivers callbacks once or not at all; what follows from that is
//! in [`judge`] (answers) and [`result`] (codes).

mod account;
mod callback;
mod callback_url;
mod judge;
mod reply;
mod result;
mod stamp;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use bando_domain::{Clock, Country, Currency, PaymentFailure};
use reqwest::Client;
use serde::Serialize;

pub use account::{DarajaAccount, Shortcode};
pub use callback::read_callback;
pub use callback_url::{UrlProblem, check_callback_url};
pub use result::ResultMeaning;

use crate::account::{Account, BadSetting};
use crate::gateway::{
    Asks, Charge, Gateway, MessageError, Notification, Profile, Reference, Refunds, Start,
    TestReport, TestResult, Verdict, Word,
};
use crate::http::{self, NoAnswer, SetupError, Timeouts};
use crate::text;
use reply::Reply;
use token::{TokenError, Tokens};

const PUSH: &str = "/mpesa/stkpush/v1/processrequest";
const QUERY: &str = "/mpesa/stkpushquery/v1/query";

/// Whole shillings that one prompt may ask for.
const AMOUNTS: std::ops::RangeInclusive<i64> = 1..=250_000;

/// What M-Pesa is like.
pub static DARAJA_PROFILE: Profile = Profile {
    name: "mpesa",
    title: "M-Pesa",
    asks: Asks::Push,
    word: Word::Unsigned,
    queried: true,
    by_hand: true,
    refunds: Refunds::Whole,
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

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PushRequest<'a> {
    business_short_code: &'a str,
    password: &'a str,
    timestamp: &'a str,
    transaction_type: &'static str,
    amount: String,
    party_a: &'a str,
    party_b: &'a str,
    phone_number: &'a str,
    #[serde(rename = "CallBackURL")]
    callback_url: &'a str,
    account_reference: String,
    transaction_desc: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueryRequest<'a> {
    business_short_code: &'a str,
    password: &'a str,
    timestamp: &'a str,
    #[serde(rename = "CheckoutRequestID")]
    checkout_request_id: &'a str,
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
        let answer = http::send(request).await.map_err(CallError::NoAnswer)?;
        let reply = Reply::read(&answer);
        if reply.is_bad_token() {
            self.tokens.purge(account, &token).await;
        }
        Ok(reply)
    }

    async fn push(&self, account: &DarajaAccount, charge: &Charge) -> Start {
        let amount = match whole_shillings(charge) {
            Ok(amount) => amount,
            Err(refused) => return refused,
        };
        let stamp = stamp::stamp(self.clock.now());
        let (transaction_type, party_b) = match &account.kind {
            Shortcode::Paybill => ("CustomerPayBillOnline", &account.shortcode),
            Shortcode::Till { till_number } => ("CustomerBuyGoodsOnline", till_number),
        };
        let request = PushRequest {
            business_short_code: &account.shortcode,
            password: &stamp::password(&account.shortcode, &account.passkey, &stamp),
            timestamp: &stamp,
            transaction_type,
            amount: amount.to_string(),
            party_a: charge.phone.digits(),
            party_b,
            phone_number: charge.phone.digits(),
            callback_url: &charge.callback_url,
            account_reference: or(text::clamp(&charge.account_reference, 12, false), "BANDO"),
            // Left out or empty, Daraja answers "Invalid Remarks".
            transaction_desc: or(text::clamp(&charge.description, 13, true), "Internet"),
        };
        match self.call(account, PUSH, &request).await {
            Ok(reply) => judge::push(&reply),
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => Start::Unknown { why },
            Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => {
                refused(PaymentFailure::GatewayBusy, "not_sent", why)
            }
            Err(CallError::NoToken(TokenError::Refused { code, message })) => refused(
                PaymentFailure::ProviderMisconfigured,
                &code,
                refused_keys(&code, &message),
            ),
            Err(CallError::NoToken(TokenError::TooOften(_))) => refused(
                PaymentFailure::GatewayBusy,
                "rate_limited",
                "Daraja was asked too often".into(),
            ),
            Err(CallError::NoToken(TokenError::Unreachable(why))) => {
                refused(PaymentFailure::GatewayBusy, "no_token", why)
            }
        }
    }

    async fn ask(
        &self,
        account: &DarajaAccount,
        checkout_request_id: &str,
    ) -> Result<Reply, CallError> {
        let stamp = stamp::stamp(self.clock.now());
        let request = QueryRequest {
            business_short_code: &account.shortcode,
            password: &stamp::password(&account.shortcode, &account.passkey, &stamp),
            timestamp: &stamp,
            checkout_request_id,
        };
        self.call(account, QUERY, &request).await
    }

    /// Asks for a payment that never was: the answer tells whether shortcode and passkey are right.
    async fn test_shortcode(&self, account: &DarajaAccount) -> TestResult {
        let stamp = stamp::stamp(self.clock.now());
        let (date, time) = stamp.split_at(8);
        let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
        let never_was = format!("ws_CO_{day}{month}{year}{time}1700000000");
        match self.ask(account, &never_was).await {
            Ok(reply) => judge::probe(&reply),
            Err(CallError::NoAnswer(no)) => TestResult::Unclear { why: no.why() },
            Err(CallError::NoToken(error)) => no_token(error),
        }
    }
}

#[async_trait]
impl Gateway for Daraja {
    fn profile(&self) -> &'static Profile {
        &DARAJA_PROFILE
    }

    fn check(&self, account: &Account) -> Result<(), BadSetting> {
        DarajaAccount::read(account).map(drop)
    }

    async fn start(&self, account: &Account, charge: &Charge) -> Start {
        match DarajaAccount::read(account) {
            Ok(account) => self.push(&account, charge).await,
            Err(bad) => refused(
                PaymentFailure::ProviderMisconfigured,
                "settings",
                bad.to_string(),
            ),
        }
    }

    async fn query(&self, account: &Account, reference: &Reference) -> Verdict {
        let account = match DarajaAccount::read(account) {
            Ok(account) => account,
            Err(bad) => {
                return Verdict::Unreachable {
                    why: bad.to_string(),
                };
            }
        };
        let id = &reference.checkout_request_id;
        match self.ask(&account, id).await {
            Ok(reply) => judge::query(&reply, id),
            Err(CallError::NoAnswer(no)) => Verdict::Unreachable { why: no.why() },
            Err(CallError::NoToken(TokenError::TooOften(retry_after))) => {
                Verdict::RateLimited { retry_after }
            }
            Err(CallError::NoToken(TokenError::Unreachable(why))) => Verdict::Unreachable { why },
            Err(CallError::NoToken(TokenError::Refused { code, message })) => {
                Verdict::Unreachable {
                    why: refused_keys(&code, &message),
                }
            }
        }
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        read_callback(body)
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

/// The amount as Daraja takes it, or why it will not.
fn whole_shillings(charge: &Charge) -> Result<i64, Start> {
    if charge.phone.country() != Some(Country::Ke) {
        return Err(refused(
            PaymentFailure::PayerNotAllowed,
            "phone",
            "M-Pesa in Kenya reaches only Kenyan numbers".into(),
        ));
    }
    let whole = charge
        .amount
        .whole_major()
        .filter(|_| charge.amount.currency() == Currency::Kes)
        .ok_or_else(|| {
            refused(
                PaymentFailure::ProviderMisconfigured,
                "amount",
                format!("M-Pesa takes whole Kenyan shillings, not {}", charge.amount),
            )
        })?;
    if !AMOUNTS.contains(&whole) {
        return Err(refused(
            PaymentFailure::LimitExceeded,
            "amount",
            format!(
                "M-Pesa takes {} to {} shillings at a time",
                AMOUNTS.start(),
                AMOUNTS.end()
            ),
        ));
    }
    Ok(whole)
}

fn refused(failure: PaymentFailure, code: &str, message: String) -> Start {
    Start::Refused {
        failure,
        code: code.to_owned(),
        message,
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

fn or(text: String, default: &str) -> String {
    if text.is_empty() {
        default.to_owned()
    } else {
        text
    }
}
