//! Wave, in Côte d'Ivoire and Senegal: the Checkout API, and merchant links.
//!
//! [`Wave`] makes checkout sessions and asks about them; [`WaveLink`](by_link::WaveLink) sends payers
//! to a provider's own merchant link and, where it is given a key, finds their payments among the
//! wallet's transactions. Both take the same webhooks ([`webhook`]), which Wave signs
//! ([`signature`]). Wave has no public test system; what its public documents leave open is marked
//! UNVERIFIED.

mod account;
mod amount;
mod api;
mod by_link;
mod link;
mod session;
mod signature;
mod transactions;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
use bando_domain::{Clock, Currency, PaymentFailure};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use url::Url;

pub use by_link::{WAVE_LINK_PROFILE, WaveLink};
pub use link::{wave_payment_link, wave_transaction_id};
pub use webhook::read_wave_message;

use crate::account::{Account, BadSetting};
use crate::gateway::{
    Asks, Authenticity, Charge, Found, Gateway, Message, MessageError, Movement, NoStatement,
    Notification, Profile, Recovered, Reference, Refund, Refunds, Search, Sent, Span, Start,
    TestReport, TestResult, Verdict, Word,
};
use crate::http::{self, NoAnswer, SetupError, Timeouts};
use crate::text::clean;
use account::Access;
use api::{Call, CallError};
use session::Session;

const SESSIONS: [&str; 3] = ["v1", "checkout", "sessions"];

/// Whole francs of one payment. UNVERIFIED: the upper end is the most a Wave customer is known to be
/// able to hold; Wave itself refuses what is too much.
const AMOUNTS: std::ops::RangeInclusive<i64> = 1..=2_000_000;

/// How many days back money is looked for by its transaction id.
const FIND_DAYS: i64 = 3;

/// What Wave's checkout is like.
pub static WAVE_PROFILE: Profile = Profile {
    name: "wave",
    title: "Wave",
    asks: Asks::Redirect,
    word: Word::Signed,
    queried: true,
    by_hand: true,
    refunds: Refunds::Whole,
    payouts: false,
    statement: true,
    currencies: &[Currency::Xof],
    amounts: AMOUNTS,
    settings: account::CHECKOUT_SETTINGS,
};

/// The client of Wave's Checkout API. One serves all providers.
pub struct Wave {
    client: Client,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct NewSession<'a> {
    amount: String,
    currency: &'static str,
    client_reference: &'a str,
    success_url: &'a str,
    error_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    restrict_payer_mobile: Option<String>,
}

#[derive(Deserialize)]
struct SearchResult {
    result: Vec<Session>,
}

impl Wave {
    /// A client that tells the time by `clock`.
    ///
    /// # Errors
    /// [`SetupError`] when the machine cannot do HTTPS.
    pub fn new(clock: Arc<dyn Clock>, timeouts: Timeouts) -> Result<Self, SetupError> {
        Ok(Self {
            client: http::client(timeouts)?,
            clock,
        })
    }

    fn call<'a>(&'a self, access: &'a Access) -> Call<'a> {
        Call {
            client: &self.client,
            access,
            now: self.clock.now(),
        }
    }

    async fn create(&self, access: &Access, charge: &Charge, francs: i64, only: bool) -> Start {
        let request = NewSession {
            amount: francs.to_string(),
            currency: "XOF",
            client_reference: &charge.reference,
            success_url: &charge.return_url,
            error_url: &charge.return_url,
            restrict_payer_mobile: only.then(|| format!("+{}", charge.phone.digits())),
        };
        let body = match serde_json::to_vec(&request) {
            Ok(body) => body,
            Err(error) => {
                return refused(PaymentFailure::GatewayBusy, "not_sent", error.to_string());
            }
        };
        match self.call(access).post::<Session>(&SESSIONS, body).await {
            Ok(session) => match accepted(access, charge, session) {
                Some((reference, redirect @ Some(_))) => Start::Accepted {
                    reference,
                    redirect,
                },
                _ => Start::Unknown {
                    why: "Wave's answer is not what was asked for".into(),
                },
            },
            Err(CallError::Problem(problem)) if problem.nothing_done() => {
                let failure = if problem.status == 429 {
                    PaymentFailure::GatewayBusy
                } else {
                    PaymentFailure::ProviderMisconfigured
                };
                refused(failure, &problem.code, problem.why())
            }
            Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => {
                refused(PaymentFailure::GatewayBusy, "not_sent", why)
            }
            Err(other) => Start::Unknown { why: other.why() },
        }
    }

    /// The money of a transaction id: of a session, or else among the last days' transactions.
    async fn find_movement(
        &self,
        access: &Access,
        transaction_id: &str,
    ) -> Result<Option<Movement>, CallError> {
        let call = self.call(access);
        let query = [("transaction_id", transaction_id)];
        match call.get::<Session>(&SESSIONS, &query).await {
            Ok(session) if session.transaction_id.as_deref() == Some(transaction_id) => {
                Ok(session.movement())
            }
            Ok(_) => Err(CallError::Unreadable(
                "Wave's answer is about another payment",
            )),
            Err(no) if no.is(404) || no.is(403) => call.payment(transaction_id, FIND_DAYS).await,
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Gateway for Wave {
    fn profile(&self) -> &'static Profile {
        &WAVE_PROFILE
    }

    fn check(&self, account: &Account) -> Result<(), BadSetting> {
        account::check_checkout(account)
    }

    async fn start(&self, account: &Account, charge: &Charge) -> Start {
        match (Access::read(account), francs(charge)) {
            (Err(bad), _) => refused(
                PaymentFailure::ProviderMisconfigured,
                "setting",
                bad.to_string(),
            ),
            (_, Err(refusal)) => refusal,
            (Ok(access), Ok(francs)) => {
                let only = account.is_on("restrict_payer");
                self.create(&access, charge, francs, only).await
            }
        }
    }

    async fn recover(&self, account: &Account, charge: &Charge) -> Recovered {
        let access = match Access::read(account) {
            Ok(access) => access,
            Err(bad) => {
                return Recovered::Unknown {
                    why: bad.to_string(),
                };
            }
        };
        let path = [&SESSIONS[..], &["search"]].concat();
        let query = [("client_reference", charge.reference.as_str())];
        match self.call(&access).get::<SearchResult>(&path, &query).await {
            Ok(found) => best(&access, charge, found.result),
            Err(no) if no.is(404) => Recovered::NotThere,
            Err(other) => Recovered::Unknown { why: other.why() },
        }
    }

    async fn query(&self, account: &Account, reference: &Reference) -> Verdict {
        let access = match Access::read(account) {
            Ok(access) => access,
            Err(bad) => {
                return Verdict::Unreachable {
                    why: bad.to_string(),
                };
            }
        };
        let path = [&SESSIONS[..], &[reference.checkout_request_id.as_str()]].concat();
        let call = self.call(&access);
        match call.get::<Session>(&path, &[]).await {
            Ok(session) => session.verdict(reference, call.now),
            Err(error) => match error.too_often() {
                Some(retry_after) => Verdict::RateLimited { retry_after },
                None if error.is(404) => Verdict::Pending { why: error.why() },
                None => Verdict::Unreachable { why: error.why() },
            },
        }
    }

    async fn find(&self, account: &Account, search: &Search) -> Found {
        let Some(transaction_id) = wave_transaction_id(&search.receipt) else {
            return Found::NotThere;
        };
        match Access::read(account) {
            Ok(access) => found(self.find_movement(&access, &transaction_id).await),
            Err(_) => Found::CannotAsk,
        }
    }

    fn authenticate(&self, account: &Account, message: &Message<'_>) -> Authenticity {
        signature::authenticate(account, message)
    }

    fn read_message(&self, body: &[u8]) -> Result<Notification, MessageError> {
        read_wave_message(body)
    }

    fn acknowledgement(&self, _: &[u8]) -> String {
        "{}".to_owned()
    }

    async fn refund(&self, account: &Account, refund: &Refund) -> Sent {
        match Access::read(account) {
            Ok(access) => send_back(&self.call(&access), refund).await,
            Err(_) => Sent::CannotSend,
        }
    }

    async fn statement(
        &self,
        account: &Account,
        span: &Span,
    ) -> Result<Vec<Movement>, NoStatement> {
        let access = Access::read(account).map_err(|bad| NoStatement::Refused(bad.to_string()))?;
        self.call(&access).statement(span).await
    }

    async fn test(&self, account: &Account) -> TestReport {
        match Access::read(account) {
            Ok(access) => {
                let call = self.call(&access);
                TestReport {
                    sign_in: test_checkout(&call).await,
                    shortcode: test_wallet(&call).await,
                }
            }
            Err(bad) => TestReport {
                sign_in: TestResult::Failed {
                    why: bad.to_string(),
                },
                shortcode: not_tried(),
            },
        }
    }
}

/// The whole francs that are asked for, or why Wave will not ask for them.
fn francs(charge: &Charge) -> Result<i64, Start> {
    let whole = charge
        .amount
        .whole_major()
        .filter(|_| charge.amount.currency() == Currency::Xof)
        .ok_or_else(|| {
            let message = format!("Wave takes whole CFA francs, not {}", charge.amount);
            refused(PaymentFailure::ProviderMisconfigured, "amount", message)
        })?;
    if AMOUNTS.contains(&whole) {
        return Ok(whole);
    }
    let (least, most) = (AMOUNTS.start(), AMOUNTS.end());
    let message = format!("Wave takes {least} to {most} francs at a time");
    Err(refused(PaymentFailure::LimitExceeded, "amount", message))
}

fn refused(failure: PaymentFailure, code: &str, message: String) -> Start {
    Start::Refused {
        failure,
        code: code.to_owned(),
        message,
    }
}

/// Reference and page of a session, if it is the one that was asked for.
fn accepted(
    access: &Access,
    charge: &Charge,
    session: Session,
) -> Option<(Reference, Option<String>)> {
    let amount = session
        .amount
        .as_deref()
        .zip(session.currency.as_deref())
        .and_then(|(amount, currency)| amount::positive(amount, currency));
    let ours = session.client_reference.as_deref() == Some(&charge.reference)
        && amount == Some(charge.amount)
        && (1..=255).contains(&session.id.len());
    let page = session.wave_launch_url.filter(|text| is_page(access, text));
    ours.then_some((
        Reference {
            merchant_request_id: charge.reference.clone(),
            checkout_request_id: session.id,
        },
        page,
    ))
}

/// Whether a payer's browser may be sent there.
fn is_page(access: &Access, text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| url.scheme() == "https" || !access.is_real() && url.scheme() == "http")
}

/// Of the sessions that bear our reference, the one to go on with: paid before open before any.
fn best(access: &Access, charge: &Charge, sessions: Vec<Session>) -> Recovered {
    let rank = |session: &Session| match (session.is("succeeded"), session.is_open()) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    let named: Vec<Session> = sessions
        .into_iter()
        .filter(|session| session.client_reference.as_deref() == Some(&charge.reference))
        .collect();
    let Some(session) = named.into_iter().min_by_key(rank) else {
        return Recovered::NotThere;
    };
    let open = session.is_open();
    match accepted(access, charge, session) {
        Some((reference, page)) => Recovered::Found {
            reference,
            redirect: page.filter(|_| open),
        },
        None => Recovered::Unknown {
            why: "Wave has another payment under this reference".into(),
        },
    }
}

fn found(movement: Result<Option<Movement>, CallError>) -> Found {
    match movement {
        Ok(Some(movement)) => Found::Movement(movement),
        Ok(None) => Found::NotThere,
        Err(error) => match error.too_often() {
            Some(retry_after) => Found::RateLimited { retry_after },
            None => Found::Unreachable { why: error.why() },
        },
    }
}

/// Sends a whole payment back, fee and all: Wave sends back no parts. Wave recognises a repetition,
/// so that a lost answer is asked for once more.
async fn send_back(call: &Call<'_>, refund: &Refund) -> Sent {
    if !refund.whole {
        return Sent::Refused {
            code: "whole_only".into(),
            message: "Wave sends back only whole payments".into(),
        };
    }
    let session = refund.checkout_request_id.as_deref();
    let session = session.filter(|id| id.starts_with("cos-"));
    let path = match (session, refund.receipt.as_deref()) {
        (Some(id), _) => [&SESSIONS[..], &[id, "refund"]].concat(),
        (None, Some(id)) => vec!["v1", "transactions", id, "refund"],
        (None, None) => {
            return Sent::Refused {
                code: "no_receipt".into(),
                message: "the payment's transaction id is not known".into(),
            };
        }
    };
    match call.order(&path).await {
        Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => Sent::Refused {
            code: "not_sent".into(),
            message: why,
        },
        first => match sent(first) {
            Sent::Unknown { .. } => sent(call.order(&path).await),
            decided => decided,
        },
    }
}

fn sent(answer: Result<(), CallError>) -> Sent {
    match answer {
        Ok(()) => Sent::Done { receipt: None },
        Err(CallError::Problem(problem))
            if problem.nothing_done() || problem.code.ends_with("refund-failed") =>
        {
            Sent::Refused {
                message: problem.why(),
                code: problem.code,
            }
        }
        Err(other) => Sent::Unknown { why: other.why() },
    }
}

/// Searches for a session that never was: the answer tells whether the key may use checkout.
async fn test_checkout(call: &Call<'_>) -> TestResult {
    let path = [&SESSIONS[..], &["search"]].concat();
    let query = [("client_reference", "bando-connection-test")];
    match call.get::<SearchResult>(&path, &query).await {
        Ok(_) => TestResult::Passed,
        Err(error) => no_test(error),
    }
}

/// Asks for the balance: the answer tells whether the key may see transactions, and the currency.
async fn test_wallet(call: &Call<'_>) -> TestResult {
    #[derive(Deserialize)]
    struct Balance {
        currency: String,
    }
    match call.get::<Balance>(&["v1", "balance"], &[]).await {
        Ok(balance) if balance.currency == "XOF" => TestResult::Passed,
        Ok(balance) => TestResult::Failed {
            why: format!(
                "The wallet is in {}; only wallets in XOF are supported",
                clean(&balance.currency)
            ),
        },
        Err(error) if error.is(403) => TestResult::Unclear {
            why:
                "The API key may not read balance and transactions: payments work, but statements \
                  and finding payments by their number need it"
                    .into(),
        },
        Err(error) => no_test(error),
    }
}

fn no_test(error: CallError) -> TestResult {
    let refused = [400, 401, 403, 404].iter().any(|status| error.is(*status));
    let why = error.why();
    if refused {
        TestResult::Failed { why }
    } else {
        TestResult::Unclear { why }
    }
}

fn not_tried() -> TestResult {
    TestResult::Unclear {
        why: "Not tried".into(),
    }
}
