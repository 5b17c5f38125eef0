//! Wave, in Côte d'Ivoire and Senegal: the Checkout API, and merchant links.
//!
//! [`Wave`] makes checkout sessions and asks about them; [`WaveLink`] sends payers
//! to a provider's own merchant link and, where it is given a key, finds their payments among the
//! wallet's transactions. Both take the same webhooks ([`webhook`]), which Wave signs
//! ([`signature`]). Wave has no public test system; what its public documents leave open is marked
//! UNVERIFIED.

mod account;
mod amount;
mod api;
mod by_link;
mod link;
mod probe;
mod refund;
mod session;
mod signature;
mod start;
mod transactions;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
use bando_domain::{Clock, Currency, PaymentFailure};
use reqwest::Client;
use serde::Deserialize;

pub use by_link::{WAVE_LINK_PROFILE, WaveLink};
pub use link::{wave_payment_link, wave_transaction_id};
pub use webhook::read_wave_message;

use crate::account::{Account, BadSetting};
use crate::gateway::{
    Asks, Authenticity, Charge, Found, Gateway, Message, MessageError, Movement, NoStatement,
    Notification, Profile, Recovered, Reference, Refund, Refunds, Search, Sent, Span, Start,
    TestReport, TestResult, Verdict, Word,
};
use crate::http::{self, SetupError, Timeouts};
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
    knows_refunds: true,
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
        match (Access::read(account), start::francs(charge)) {
            (Err(bad), _) => start::refused(
                PaymentFailure::ProviderMisconfigured,
                "setting",
                bad.to_string(),
            ),
            (_, Err(refusal)) => refusal,
            (Ok(access), Ok(francs)) => {
                let only = account.is_on("restrict_payer");
                start::create(&self.call(&access), charge, francs, only).await
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
            Ok(found) => start::best(&access, charge, found.result),
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
            Ok(access) => refund::send_back(&self.call(&access), refund).await,
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
                    sign_in: probe::checkout(&call).await,
                    shortcode: probe::wallet(&call).await,
                }
            }
            Err(bad) => TestReport {
                sign_in: TestResult::Failed {
                    why: bad.to_string(),
                },
                shortcode: TestResult::Unclear {
                    why: "Not tried".into(),
                },
            },
        }
    }
}

/// What a search by transaction id came to.
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
