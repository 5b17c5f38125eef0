//! MTN MoMo: the Collection API, and refunds by Disbursement.
//!
//! The one gateway whose requests can be repeated: we choose their name (`X-Reference-Id`), a second
//! one of the same name is refused as known, and a lost answer is found by it. Callbacks are unsigned
//! and say nothing that a query does not.
//!
//! UNVERIFIED: what a 400 to a request contains, everything of Disbursement, the most that a payment
//! may ask for, and whether a production callback has to be sent to a host that was registered.

mod account;
mod message;
mod reference;
mod refund;
mod reply;
mod request;
mod sign_in;
mod state;

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use bando_domain::{Clock, Currency, PaymentFailure};
use reqwest::{Client, RequestBuilder};

use crate::account::{Account, BadSetting};
use crate::gateway::{
    Asks, Charge, Gateway, MessageError, Notification, Profile, Recovered, Reference, Refund,
    Refunds, Sent, Start, TestReport, TestResult, Verdict, Word,
};
use crate::http::{self, NoAnswer, SetupError, Timeouts};
use crate::text;
use crate::tokens::{TokenError, Tokens};
use account::{MomoAccount, Product};
use reference::reference_id;
use reply::Reply;
use request::accepted;

const SUBSCRIPTION_KEY: &str = "Ocp-Apim-Subscription-Key";
const REQUEST: &str = "/collection/v1_0/requesttopay";
const BALANCE: &str = "/collection/v1_0/account/balance";

/// A name that was used before: the request has arrived.
const KNOWN: &str = "RESOURCE_ALREADY_EXIST";

/// The most characters of a message to the payer or a note to the merchant.
const MAX_NOTE: usize = 160;

/// Whole units that one payment may ask for; what the payer's own limits are, MoMo tells.
const AMOUNTS: RangeInclusive<i64> = 1..=5_000_000;

/// What MTN MoMo is like.
pub static MOMO_PROFILE: Profile = Profile {
    name: "momo",
    title: "MTN MoMo",
    asks: Asks::Push,
    word: Word::PollBack,
    queried: true,
    by_hand: false,
    refunds: Refunds::Parts,
    knows_refunds: true,
    payouts: false,
    statement: false,
    currencies: &[Currency::Ugx, Currency::Xof],
    amounts: AMOUNTS,
    settings: account::SETTINGS,
};

/// The client of MTN MoMo. One serves all providers; it keeps their tokens apart.
pub struct Momo {
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

impl Momo {
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

    /// Calls with a token; once more with a fresh token if MoMo does not know the first.
    async fn call(
        &self,
        account: &MomoAccount,
        product: &Product,
        request: impl Fn() -> RequestBuilder + Send + Sync,
    ) -> Result<Reply, CallError> {
        let reply = self.call_once(account, product, request()).await?;
        if reply.is_bad_token() {
            return self.call_once(account, product, request()).await;
        }
        Ok(reply)
    }

    async fn call_once(
        &self,
        account: &MomoAccount,
        product: &Product,
        request: RequestBuilder,
    ) -> Result<Reply, CallError> {
        let key = account.token_key(product);
        let fetch = sign_in::fetch(&self.client, &*self.clock, account, product);
        let token = self
            .tokens
            .get(key, &*self.clock, fetch)
            .await
            .map_err(CallError::NoToken)?;
        let request = request
            .header(SUBSCRIPTION_KEY, product.subscription_key.expose())
            .header("X-Target-Environment", account.target())
            .bearer_auth(token.secret.expose());
        let answer = http::send(request).await.map_err(CallError::NoAnswer)?;
        let reply = Reply::read(&answer);
        if reply.is_bad_token() {
            self.tokens.purge(key, &token).await;
        }
        Ok(reply)
    }

    /// Asks about a request by its `X-Reference-Id`.
    async fn state(&self, account: &MomoAccount, reference_id: &str) -> Result<Reply, CallError> {
        let url = format!("{}{REQUEST}/{reference_id}", account.base_url());
        self.call(account, &account.collection, || self.client.get(&url))
            .await
    }

    /// Whether the account answers with our keys, and in its currency.
    async fn test_account(&self, account: &MomoAccount) -> TestResult {
        let url = format!("{}{BALANCE}", account.base_url());
        let call = self.call(account, &account.collection, || self.client.get(&url));
        let reply = match call.await {
            Ok(reply) => reply,
            Err(error) => return TestResult::Unclear { why: error.why() },
        };
        let currency = reply.ok().and_then(|json| reply::field(json, "currency"));
        match currency {
            Some(currency) if currency == account.currency_code() => TestResult::Passed,
            Some(_) => TestResult::Failed {
                why: "The account is in another currency than the country's: check the country"
                    .into(),
            },
            None if state::refusal(&reply.code()).is_some() => TestResult::Failed {
                why: format!("{}: check the country and the environment", reply.summary()),
            },
            None => TestResult::Unclear {
                why: reply.summary(),
            },
        }
    }
}

#[async_trait]
impl Gateway for Momo {
    fn profile(&self) -> &'static Profile {
        &MOMO_PROFILE
    }

    fn check(&self, account: &Account) -> Result<(), BadSetting> {
        MomoAccount::read(account).map(drop)
    }

    async fn start(&self, account: &Account, charge: &Charge) -> Start {
        match MomoAccount::read(account) {
            Ok(account) => self.request(&account, charge).await,
            Err(bad) => refused(
                PaymentFailure::ProviderMisconfigured,
                "settings",
                bad.to_string(),
            ),
        }
    }

    async fn recover(&self, account: &Account, charge: &Charge) -> Recovered {
        let unknown = |why: String| Recovered::Unknown { why };
        let account = match MomoAccount::read(account) {
            Ok(account) => account,
            Err(bad) => return unknown(bad.to_string()),
        };
        let Ok(reference) = accepted(charge) else {
            return Recovered::NotThere;
        };
        match self.state(&account, &reference.checkout_request_id).await {
            Ok(reply) if reply.ok().is_some() => Recovered::Found {
                reference,
                redirect: None,
            },
            // It may only not be visible yet; but repeating the request is safe.
            Ok(reply) => unknown(reply.summary()),
            Err(error) => unknown(error.why()),
        }
    }

    async fn query(&self, account: &Account, reference: &Reference) -> Verdict {
        let unreachable = |why: String| Verdict::Unreachable { why };
        let account = match MomoAccount::read(account) {
            Ok(account) => account,
            Err(bad) => return unreachable(bad.to_string()),
        };
        let Some(id) = reference_id(&reference.checkout_request_id) else {
            return unreachable("the reference is no UUID".into());
        };
        match self.state(&account, &id).await {
            Ok(reply) => state::verdict(&reply, &account, &reference.merchant_request_id),
            Err(CallError::NoToken(TokenError::TooOften(retry_after))) => {
                Verdict::RateLimited { retry_after }
            }
            Err(error) => unreachable(error.why()),
        }
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        message::read(body)
    }

    async fn refund(&self, account: &Account, refund: &Refund) -> Sent {
        let refused = |code: &str, message: String| Sent::Refused {
            code: code.to_owned(),
            message,
        };
        let account = match MomoAccount::read(account) {
            Ok(account) => account,
            Err(bad) => return refused("settings", bad.to_string()),
        };
        let Some(product) = &account.disbursement else {
            return Sent::CannotSend;
        };
        let names = reference_id(&refund.reference)
            .zip(refund.checkout_request_id.as_deref().and_then(reference_id));
        let Some((name, of)) = names else {
            return refused(
                "reference",
                "MoMo refunds by its name for the payment".into(),
            );
        };
        if refund.amount.currency() != account.market.currency || !refund.amount.is_positive() {
            return refused(
                "amount",
                "This is not money of the account's currency".into(),
            );
        }
        self.send_back(&account, product, refund, (&name, &of))
            .await
    }

    async fn test(&self, account: &Account) -> TestReport {
        let not_tried = || TestResult::Unclear {
            why: "Not tried, since there is no token".into(),
        };
        let account = match MomoAccount::read(account) {
            Ok(account) => account,
            Err(bad) => {
                return TestReport {
                    sign_in: TestResult::Failed {
                        why: bad.to_string(),
                    },
                    shortcode: not_tried(),
                };
            }
        };
        let product = &account.collection;
        let key = account.token_key(product);
        self.tokens.forget(key).await;
        let fetch = sign_in::fetch(&self.client, &*self.clock, &account, product);
        let signed_in = self.tokens.get(key, &*self.clock, fetch).await;
        let sign_in = match signed_in {
            Ok(_) => {
                return TestReport {
                    sign_in: TestResult::Passed,
                    shortcode: self.test_account(&account).await,
                };
            }
            Err(error @ TokenError::Refused { .. }) => TestResult::Failed {
                why: CallError::NoToken(error).why(),
            },
            Err(error) => TestResult::Unclear {
                why: CallError::NoToken(error).why(),
            },
        };
        TestReport {
            sign_in,
            shortcode: not_tried(),
        }
    }
}

impl CallError {
    /// In words that a provider can act on.
    fn why(self) -> String {
        match self {
            Self::NoAnswer(no) => no.why(),
            Self::NoToken(TokenError::Unreachable(why)) => why,
            Self::NoToken(TokenError::TooOften(_)) => {
                "MoMo was asked too often; try again in a minute".into()
            }
            Self::NoToken(TokenError::Refused { message, .. }) => refused_keys(&message),
        }
    }
}

fn refused(failure: PaymentFailure, code: &str, message: String) -> Start {
    Start::Refused {
        failure,
        code: code.to_owned(),
        message,
    }
}

fn refused_keys(said: &str) -> String {
    format!(
        "MoMo refused API user, API key or subscription key ({said}); check all three, and whether they are for the sandbox or for production"
    )
}

fn note(said: &str) -> String {
    or(
        text::clean(said).chars().take(MAX_NOTE).collect(),
        "Internet",
    )
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() {
        default.to_owned()
    } else {
        text
    }
}
