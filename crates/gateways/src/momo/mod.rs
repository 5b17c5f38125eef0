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
mod reply;
mod sign_in;
mod state;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bando_domain::{Clock, Currency, PaymentFailure};
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use tokio::time::sleep;

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

const SUBSCRIPTION_KEY: &str = "Ocp-Apim-Subscription-Key";
const REQUEST: &str = "/collection/v1_0/requesttopay";
const BALANCE: &str = "/collection/v1_0/account/balance";
const REFUND: &str = "/disbursement/v1_0/refund";

/// A name that was used before: the request has arrived.
const KNOWN: &str = "RESOURCE_ALREADY_EXIST";

/// The most characters of a message to the payer or a note to the merchant.
const MAX_NOTE: usize = 160;

/// How often, and how far apart, a refund is asked about before it is left to a person.
const REFUND_LOOKS: u32 = 5;
const REFUND_PAUSE: Duration = Duration::from_secs(1);

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayRequest<'a> {
    amount: String,
    currency: &'static str,
    external_id: &'a str,
    payer: Party<'a>,
    payer_message: String,
    payee_note: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Party<'a> {
    party_id_type: &'static str,
    party_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundRequest<'a> {
    amount: String,
    currency: &'static str,
    external_id: &'a str,
    payer_message: String,
    payee_note: String,
    reference_id_to_refund: &'a str,
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

    async fn request(&self, account: &MomoAccount, charge: &Charge) -> Start {
        let reference = match accepted(charge) {
            Ok(reference) => reference,
            Err(refused) => return refused,
        };
        if let Err(refused) = check(account, charge) {
            return refused;
        }
        let request = PayRequest {
            amount: charge.amount.decimal(),
            currency: account.currency_code(),
            external_id: &charge.reference,
            payer: Party {
                party_id_type: "MSISDN",
                party_id: charge.phone.digits(),
            },
            payer_message: note(&charge.description),
            payee_note: note(&charge.account_reference),
        };
        let url = format!("{}{REQUEST}", account.base_url());
        let call = self.call(account, &account.collection, || {
            self.client
                .post(&url)
                .header("X-Reference-Id", &reference.checkout_request_id)
                .header("X-Callback-Url", &charge.callback_url)
                .json(&request)
        });
        match call.await {
            Ok(reply) => judge(&reply, reference),
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => Start::Unknown { why },
            Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => {
                refused(PaymentFailure::GatewayBusy, "not_sent", why)
            }
            Err(CallError::NoToken(TokenError::Refused { code, message })) => refused(
                PaymentFailure::ProviderMisconfigured,
                &code,
                refused_keys(&message),
            ),
            Err(error @ CallError::NoToken(_)) => {
                refused(PaymentFailure::GatewayBusy, "no_token", error.why())
            }
        }
    }

    /// Orders a refund under its own name, which makes a repetition harmless, and looks what came of
    /// it.
    async fn send_back(
        &self,
        account: &MomoAccount,
        product: &Product,
        refund: &Refund,
        (name, of): (&str, &str),
    ) -> Sent {
        let request = RefundRequest {
            amount: refund.amount.decimal(),
            currency: account.currency_code(),
            external_id: &refund.reference,
            payer_message: note(&refund.remarks),
            payee_note: note(&refund.remarks),
            reference_id_to_refund: of,
        };
        let url = format!("{}{REFUND}", account.base_url());
        let call = self.call(account, product, || {
            self.client
                .post(&url)
                .header("X-Reference-Id", name)
                .json(&request)
        });
        match call.await {
            Ok(reply) if reply.http == 202 || reply.code() == KNOWN => {}
            Ok(reply)
                if (400..500).contains(&reply.http) || state::refusal(&reply.code()).is_some() =>
            {
                return Sent::Refused {
                    code: or(reply.code(), "refused"),
                    message: reply.summary(),
                };
            }
            Ok(reply) => {
                return Sent::Unknown {
                    why: reply.summary(),
                };
            }
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => return Sent::Unknown { why },
            Err(error) => {
                return Sent::Refused {
                    code: "not_sent".into(),
                    message: error.why(),
                };
            }
        }
        let url = format!("{url}/{name}");
        for look in 0..REFUND_LOOKS {
            if look > 0 {
                sleep(REFUND_PAUSE).await;
            }
            let answer = self.call(account, product, || self.client.get(&url)).await;
            if let Some(sent) = answer.ok().as_ref().and_then(state::sent) {
                return sent;
            }
        }
        Sent::Unknown {
            why: "MoMo took the refund and has not decided yet".into(),
        }
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

/// How MoMo calls the request of a charge.
fn accepted(charge: &Charge) -> Result<Reference, Start> {
    let checkout_request_id = reference_id(&charge.reference).ok_or_else(|| {
        refused(
            PaymentFailure::ProviderMisconfigured,
            "reference",
            "MoMo names requests by UUID".into(),
        )
    })?;
    Ok(Reference {
        merchant_request_id: charge.reference.clone(),
        checkout_request_id,
    })
}

/// Whether the account can be paid this by this payer.
fn check(account: &MomoAccount, charge: &Charge) -> Result<(), Start> {
    let market = account.market;
    if !charge.phone.digits().starts_with(market.calling_code) {
        return Err(refused(
            PaymentFailure::PayerNotAllowed,
            "phone",
            "MoMo reaches only numbers of the account's own country".into(),
        ));
    }
    if charge.amount.currency() != market.currency {
        return Err(refused(
            PaymentFailure::ProviderMisconfigured,
            "currency",
            format!(
                "The account takes {}, not {}",
                market.currency, charge.amount
            ),
        ));
    }
    if !charge
        .amount
        .whole_major()
        .is_some_and(|whole| AMOUNTS.contains(&whole))
    {
        return Err(refused(
            PaymentFailure::LimitExceeded,
            "amount",
            "The amount is outside of what MoMo takes at a time".into(),
        ));
    }
    Ok(())
}

/// What the answer to a request means.
fn judge(reply: &Reply, reference: Reference) -> Start {
    if reply.http == 202 || reply.code() == KNOWN {
        return Start::Accepted {
            reference,
            redirect: None,
        };
    }
    let code = or(reply.code(), "refused");
    let message = reply.summary();
    if reply.too_often().is_some() {
        return refused(PaymentFailure::GatewayBusy, "rate_limited", message);
    }
    if let Some(failure) = state::refusal(&reply.code()) {
        return refused(failure, &code, message);
    }
    match reply.http {
        // Not understood, or the keys are not for this.
        400 | 401 | 403 | 404 | 411 | 413 | 415 | 422 => {
            refused(PaymentFailure::ProviderMisconfigured, &code, message)
        }
        _ => Start::Unknown { why: message },
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
