//! Pesapal API 3.0 (East Africa): orders that the customer pays on Pesapal's page, by phone or card.
//!
//! Its notifications say nothing but "ask me", so every one is followed by a query. An order's
//! reference must never have been used before, and orders cannot be searched: a lost answer stays
//! unknown, and since nobody has seen the pay page then, nobody can pay it.
//!
//! UNVERIFIED: the path of CancelOrder, the wording of refused refunds, the most an order may ask
//! for, and the exact list of currencies.

mod account;
mod message;
mod order;
mod refund;
mod reply;
mod sign_in;
mod status;
mod subscription;

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use bando_domain::{Clock, Currency, PaymentFailure};
use reqwest::{Client, RequestBuilder};
use serde::Serialize;
use serde_json::Value;
use url::Url;

pub use subscription::{
    CancelledOrder, Frequency, Schedule, Subscription, SubscriptionCharge, SubscriptionInfo,
};

use crate::account::{Account, BadSetting};
use crate::gateway::{
    Asks, Charge, Gateway, MessageError, MessageUrls, Notification, Profile, Reference, Refund,
    Refunds, Registered, Sent, Start, TestReport, TestResult, Verdict, Word,
};
use crate::http::{self, Answer, NoAnswer, SetupError, Timeouts};
use crate::tokens::{TokenError, Tokens};
use account::{IPN_ID, PesapalAccount};
use order::OrderRequest;
use reply::Reply;

const REGISTER: &str = "/api/URLSetup/RegisterIPN";
const ADDRESSES: &str = "/api/URLSetup/GetIpnList";
const SUBMIT: &str = "/api/Transactions/SubmitOrderRequest";
const STATUS: &str = "/api/Transactions/GetTransactionStatus";
const CANCEL: &str = "/api/Transactions/CancelOrder";

/// Whole units that one order may ask for; what the merchant's own limits are, Pesapal tells.
const AMOUNTS: RangeInclusive<i64> = 1..=5_000_000;

/// What orders may be in.
const CURRENCIES: &[Currency] = &[Currency::Kes, Currency::Ugx, Currency::Tzs, Currency::Usd];

/// What Pesapal is like.
pub static PESAPAL_PROFILE: Profile = Profile {
    name: "pesapal",
    title: "Pesapal",
    asks: Asks::Redirect,
    word: Word::PollBack,
    queried: true,
    by_hand: false,
    // Of a card payment; of a mobile one Pesapal takes only the whole.
    refunds: Refunds::Parts,
    knows_refunds: false,
    payouts: false,
    statement: false,
    currencies: CURRENCIES,
    amounts: AMOUNTS,
    settings: account::SETTINGS,
};

/// The client of Pesapal. One serves all providers; it keeps their tokens apart.
pub struct Pesapal {
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
struct RegisterRequest<'a> {
    url: &'a str,
    ipn_notification_type: &'static str,
}

#[derive(Serialize)]
struct CancelRequest<'a> {
    order_tracking_id: &'a str,
}

impl Pesapal {
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

    /// Asks for the money, and on the same page for a subscription: [`Gateway::start`] with more.
    pub async fn submit_order(
        &self,
        account: &Account,
        charge: &Charge,
        subscription: Option<&Subscription>,
    ) -> Start {
        let account = match PesapalAccount::read(account) {
            Ok(account) => account,
            Err(bad) => {
                return order::refused(
                    PaymentFailure::ProviderMisconfigured,
                    "settings",
                    &bad.to_string(),
                );
            }
        };
        let request = match OrderRequest::new(&account, charge, subscription) {
            Ok(request) => request,
            Err(refused) => return refused,
        };
        match self.post(&account, SUBMIT, &request).await {
            Ok(answer) => order::judge(&Reply::read(&answer), &account, charge),
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => Start::Unknown { why },
            Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => {
                order::refused(PaymentFailure::GatewayBusy, "not_sent", &why)
            }
            Err(CallError::NoToken(TokenError::Refused { code, message })) => order::refused(
                PaymentFailure::ProviderMisconfigured,
                &code,
                &refused_keys(&code, &message),
            ),
            Err(CallError::NoToken(TokenError::TooOften(_))) => order::refused(
                PaymentFailure::GatewayBusy,
                "rate_limited",
                "Pesapal was asked too often",
            ),
            Err(CallError::NoToken(TokenError::Unreachable(why))) => {
                order::refused(PaymentFailure::GatewayBusy, "no_token", &why)
            }
        }
    }

    /// Asks about a charge of a subscription, by the tracking id of its `RECURRING` notification.
    pub async fn subscription_charge(
        &self,
        account: &Account,
        order_tracking_id: &str,
    ) -> SubscriptionCharge {
        match self.status(account, order_tracking_id).await {
            Ok(reply) => status::subscription_charge(&reply, order_tracking_id),
            Err(verdict) => SubscriptionCharge {
                verdict,
                info: None,
            },
        }
    }

    /// Makes an order that is not paid unpayable. Works once.
    pub async fn cancel_order(&self, account: &Account, order_tracking_id: &str) -> CancelledOrder {
        let account = match PesapalAccount::read(account) {
            Ok(account) => account,
            Err(bad) => {
                return CancelledOrder::Unknown {
                    why: bad.to_string(),
                };
            }
        };
        let request = CancelRequest { order_tracking_id };
        match self.post(&account, CANCEL, &request).await {
            Err(error) => CancelledOrder::Unknown { why: error.why() },
            Ok(answer) => {
                let reply = Reply::read(&answer);
                let why = reply.summary();
                if reply.success().is_some() {
                    CancelledOrder::Done
                } else if says_no(&reply) {
                    CancelledOrder::Refused { why }
                } else {
                    CancelledOrder::Unknown { why }
                }
            }
        }
    }

    /// The answer to a status request, or the verdict when there is none.
    async fn status(&self, account: &Account, order_tracking_id: &str) -> Result<Reply, Verdict> {
        let unreachable = |why: String| Verdict::Unreachable { why };
        let account = PesapalAccount::read(account).map_err(|bad| unreachable(bad.to_string()))?;
        let mut url = Url::parse(&format!("{}{STATUS}", account.base_url()))
            .map_err(|_| unreachable("the address is not valid".into()))?;
        url.query_pairs_mut()
            .append_pair("orderTrackingId", order_tracking_id);
        let answer = self.call(&account, || self.client.get(url.clone())).await;
        match answer {
            Ok(answer) => Ok(Reply::read(&answer)),
            Err(CallError::NoToken(TokenError::TooOften(retry_after))) => {
                Err(Verdict::RateLimited { retry_after })
            }
            Err(error) => Err(unreachable(error.why())),
        }
    }

    async fn post(
        &self,
        account: &PesapalAccount,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Answer, CallError> {
        let url = format!("{}{path}", account.base_url());
        self.call(account, || self.client.post(&url).json(body))
            .await
    }

    /// Calls with a token; once more with a fresh token if Pesapal does not know the first.
    async fn call(
        &self,
        account: &PesapalAccount,
        request: impl Fn() -> RequestBuilder + Send + Sync,
    ) -> Result<Answer, CallError> {
        let answer = self.call_once(account, request()).await?;
        if Reply::read(&answer).is_bad_token() {
            return self.call_once(account, request()).await;
        }
        Ok(answer)
    }

    async fn call_once(
        &self,
        account: &PesapalAccount,
        request: RequestBuilder,
    ) -> Result<Answer, CallError> {
        let key = account.token_key();
        let fetch = sign_in::fetch(&self.client, &*self.clock, account);
        let token = self
            .tokens
            .get(key, &*self.clock, fetch)
            .await
            .map_err(CallError::NoToken)?;
        let request = request
            .header("Accept", "application/json")
            .bearer_auth(token.secret.expose());
        let answer = http::send(request).await.map_err(CallError::NoAnswer)?;
        if Reply::read(&answer).is_bad_token() {
            self.tokens.purge(key, &token).await;
        }
        Ok(answer)
    }

    /// Whether Pesapal knows the notification address that orders name.
    async fn test_address(&self, account: &PesapalAccount) -> TestResult {
        let Some(ipn_id) = &account.ipn_id else {
            return TestResult::Unclear {
                why: "Pesapal does not know yet where to send its notifications; it is told when the account is saved".into(),
            };
        };
        let url = format!("{}{ADDRESSES}", account.base_url());
        let answer = match self.call(account, || self.client.get(&url)).await {
            Ok(answer) => answer,
            Err(error) => return TestResult::Unclear { why: error.why() },
        };
        let Ok(Value::Array(addresses)) = serde_json::from_slice(&answer.body) else {
            return TestResult::Unclear {
                why: Reply::read(&answer).summary(),
            };
        };
        if addresses.iter().any(|a| a["ipn_id"] == ipn_id.as_str()) {
            TestResult::Passed
        } else if addresses.is_empty() {
            // The sandbox was seen to list nothing, whatever was registered.
            TestResult::Unclear {
                why: "Pesapal lists no notification addresses".into(),
            }
        } else {
            TestResult::Failed {
                why: "Pesapal does not know our notification address; save the account once more"
                    .into(),
            }
        }
    }
}

#[async_trait]
impl Gateway for Pesapal {
    fn profile(&self) -> &'static Profile {
        &PESAPAL_PROFILE
    }

    fn check(&self, account: &Account) -> Result<(), BadSetting> {
        PesapalAccount::read(account).map(drop)
    }

    async fn start(&self, account: &Account, charge: &Charge) -> Start {
        self.submit_order(account, charge, None).await
    }

    async fn query(&self, account: &Account, reference: &Reference) -> Verdict {
        let id = &reference.checkout_request_id;
        match self.status(account, id).await {
            Ok(reply) => status::verdict(&reply, id, &reference.merchant_request_id),
            Err(verdict) => verdict,
        }
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        message::read(body)
    }

    fn acknowledgement(&self, body: &[u8]) -> String {
        message::acknowledgement(body)
    }

    async fn refund(&self, account: &Account, refund: &Refund) -> Sent {
        match PesapalAccount::read(account) {
            Ok(account) => self.send_back(&account, refund).await,
            Err(bad) => Sent::Refused {
                code: "settings".into(),
                message: bad.to_string(),
            },
        }
    }

    async fn register(&self, account: &Account, urls: &MessageUrls) -> Registered {
        let refused = |why: String| Registered::Refused { why };
        let account = match PesapalAccount::read(account) {
            Ok(account) => account,
            Err(bad) => return refused(bad.to_string()),
        };
        let request = RegisterRequest {
            url: &urls.confirmation,
            ipn_notification_type: "POST",
        };
        let answer = match self.post(&account, REGISTER, &request).await {
            Ok(answer) => answer,
            Err(error) => return refused(error.why()),
        };
        let reply = Reply::read(&answer);
        let ipn_id = reply
            .success()
            .and_then(|fields| fields.text(IPN_ID))
            .filter(|id| message::is_id(id));
        match ipn_id {
            Some(ipn_id) => Registered::Done {
                keep: vec![(IPN_ID, ipn_id)],
            },
            None => refused(format!(
                "Pesapal did not take our notification address ({})",
                reply.summary()
            )),
        }
    }

    async fn test(&self, account: &Account) -> TestReport {
        let not_tried = || TestResult::Unclear {
            why: "Not tried, since there is no token".into(),
        };
        let account = match PesapalAccount::read(account) {
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
        let key = account.token_key();
        self.tokens.forget(key).await;
        let fetch = sign_in::fetch(&self.client, &*self.clock, &account);
        match self.tokens.get(key, &*self.clock, fetch).await {
            Ok(_) => TestReport {
                sign_in: TestResult::Passed,
                shortcode: self.test_address(&account).await,
            },
            Err(error @ TokenError::Refused { .. }) => TestReport {
                sign_in: TestResult::Failed {
                    why: CallError::NoToken(error).why(),
                },
                shortcode: not_tried(),
            },
            Err(error) => TestReport {
                sign_in: TestResult::Unclear {
                    why: CallError::NoToken(error).why(),
                },
                shortcode: not_tried(),
            },
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
                "Pesapal was asked too often; try again in a minute".into()
            }
            Self::NoToken(TokenError::Refused { code, message }) => refused_keys(&code, &message),
        }
    }
}

/// Whether an answer is a clear no: it says so of itself, below HTTP 500.
fn says_no(reply: &Reply) -> bool {
    let status = reply.fields().and_then(|fields| fields.text("status"));
    reply.http < 500 && (reply.error().is_some() || status.is_some_and(|s| s != "200"))
}

fn refused_keys(code: &str, message: &str) -> String {
    let said = format!("{code} {message}");
    format!(
        "Pesapal refused consumer key and secret ({}); check both, and whether they are for the sandbox or for production",
        said.trim()
    )
}
