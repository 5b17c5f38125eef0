//! What all of the simulator's parts share: its settings, its apps, its books, its handsets.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bando_domain::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use super::books::{Books, Called, Message, MessageKind, Prompted};
use super::c2b::Registration;
use super::orders::OrderScript;
use super::play;
use super::random::Random;
use super::scenario::{QueryAnswer, Scenario};
use crate::phone::Handsets;

/// A Daraja app with the shortcode it may ask money for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct App {
    /// The app's key.
    pub consumer_key: String,
    /// The app's secret.
    pub consumer_secret: String,
    /// Paybill, or store number of a till.
    pub shortcode: String,
    /// The passkey of the shortcode.
    pub passkey: String,
    /// The till's number, if it is one; a paybill otherwise.
    #[serde(default)]
    pub till_number: Option<String>,
    /// The merchant's name as payers see it.
    pub merchant: String,
    /// Who may order status queries, reversals and payouts; nobody when empty.
    #[serde(default)]
    pub initiator: String,
    /// The initiator's password.
    #[serde(default)]
    pub initiator_password: String,
}

impl App {
    /// A paybill with credentials made from its number.
    pub fn paybill(shortcode: &str, merchant: &str) -> Self {
        Self {
            consumer_key: format!("key{shortcode}"),
            consumer_secret: format!("secret{shortcode}"),
            shortcode: shortcode.into(),
            passkey: format!("passkey{shortcode}"),
            till_number: None,
            merchant: merchant.into(),
            initiator: format!("api{shortcode}"),
            initiator_password: format!("Initiator{shortcode}!"),
        }
    }

    /// A till with credentials made from its store number.
    pub fn till(store_number: &str, till_number: &str, merchant: &str) -> Self {
        Self {
            till_number: Some(till_number.into()),
            ..Self::paybill(store_number, merchant)
        }
    }

    /// Who gets the money.
    pub(crate) fn receiver(&self) -> &str {
        self.till_number.as_deref().unwrap_or(&self.shortcode)
    }

    /// Whether the number is this merchant's: its paybill, its store number or its till.
    pub(crate) fn is_called(&self, number: &str) -> bool {
        self.shortcode == number || self.receiver() == number
    }
}

/// How this Daraja is set up. `POST /sim/settings` takes them all; what is left out is reset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether callback URLs have to begin with `https`, C2B URLs are registered once and for all, and
    /// payments cannot be simulated.
    pub production: bool,
    /// How long an access token lives.
    pub token_seconds: u64,
    /// How far a request's `Timestamp` may be off; none: not looked at.
    pub timestamp_window_seconds: Option<u64>,
    /// Queries per minute and shortcode; more are answered 429. The sandbox allows 5. None: any.
    pub queries_per_minute: Option<u32>,
    /// How long a prompt waits for its owner before it ends with 1037.
    pub prompt_seconds: u64,
    /// How long M-Pesa takes after the owner's answer.
    pub processing_ms: u64,
    /// Every owner pays by itself after this time. None: prompts wait for a hand.
    pub auto_approve_ms: Option<u64>,
    /// Whether a paid prompt also appears as a C2B confirmation, where C2B URLs are registered.
    pub stk_as_c2b: bool,
    /// Whether merchants with a registered ValidationURL are asked before a payment by hand. Off on
    /// the real one until Safaricom is asked for it.
    pub c2b_validation: bool,
    /// How long a validation is waited for before the registered `ResponseType` decides.
    pub validation_timeout_ms: u64,
    /// Rows in one answer of Pull. The real number is not known.
    pub pull_rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            production: false,
            token_seconds: 3599,
            timestamp_window_seconds: Some(3600),
            queries_per_minute: None,
            prompt_seconds: 60,
            processing_ms: 300,
            auto_approve_ms: None,
            stk_as_c2b: false,
            c2b_validation: false,
            validation_timeout_ms: 8_000,
            pull_rows: 100,
        }
    }
}

/// The simulator.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Random,
    pub(crate) client: reqwest::Client,
    pub(crate) stopped: AtomicBool,
    state: Mutex<State>,
}

/// Everything that changes.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) apps: Vec<App>,
    pub(crate) settings: Settings,
    pub(crate) tokens: HashMap<String, IssuedToken>,
    pub(crate) scripts: HashMap<String, Scenario>,
    pub(crate) script_for_all: Option<Scenario>,
    pub(crate) handsets: Handsets,
    pub(crate) books: Books,
    pub(crate) payments: HashMap<String, Payment>,
    pub(crate) receipts: HashSet<String>,
    /// Where C2B messages go, by paybill or till.
    pub(crate) c2b: HashMap<String, Registration>,
    /// Paybills and tills that may pull.
    pub(crate) pulling: HashSet<String>,
    /// What becomes of the next orders.
    pub(crate) order_scripts: VecDeque<OrderScript>,
    /// Every `OriginatorConversationID` of a payout.
    pub(crate) payout_ids: HashSet<String>,
    asked: HashMap<String, VecDeque<Instant>>,
}

/// A token that was given out.
pub(crate) struct IssuedToken {
    pub(crate) consumer_key: String,
    pub(crate) until: Timestamp,
}

/// A payment's place in the books and what is scripted for it.
pub(crate) struct Payment {
    /// Index in [`Books::prompts`].
    pub(crate) at: usize,
    pub(crate) app: App,
    pub(crate) scenario: Scenario,
    pub(crate) queries: VecDeque<QueryAnswer>,
}

impl Shared {
    pub(crate) fn new(clock: Arc<dyn Clock>, random: Random, client: reqwest::Client) -> Self {
        Self {
            clock,
            random,
            client,
            stopped: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Posts a message and writes it into the books; the HTTP status and the answer, if one came.
    pub(crate) async fn tell(
        &self,
        kind: MessageKind,
        about: &str,
        shortcode: &str,
        url: &str,
        body: String,
    ) -> Option<(u16, String)> {
        let answer = play::ask(self, url, shortcode, body.clone()).await;
        let called = Called {
            at: self.clock.now(),
            url: url.to_owned(),
            body,
            status: answer.as_ref().map(|(status, _)| *status),
        };
        let about = about.to_owned();
        let message = Message {
            kind,
            about,
            called,
        };
        self.state().books.messages.push(message);
        answer
    }
}

impl State {
    /// What is scripted for a number: by hand, by its own digits, or for all.
    pub(crate) fn scenario(&self, digits: &str) -> Scenario {
        self.scripts
            .get(digits)
            .cloned()
            .or_else(|| Scenario::of_number(digits))
            .or_else(|| self.script_for_all.clone())
            .unwrap_or_default()
    }

    /// The app a live token belongs to, if the shortcode is one of its own.
    pub(crate) fn app_of_token(&self, token: &str, now: Timestamp) -> Option<&str> {
        self.tokens
            .get(token)
            .filter(|issued| now < issued.until)
            .map(|issued| issued.consumer_key.as_str())
    }

    /// A payment's entry in the books.
    pub(crate) fn entry(&mut self, checkout_request_id: &str) -> Option<&mut Prompted> {
        let at = self.payments.get(checkout_request_id)?.at;
        self.books.prompts.get_mut(at)
    }

    /// Counts a query; false when it is one too many in the last minute.
    pub(crate) fn may_query(&mut self, shortcode: &str) -> bool {
        let Some(limit) = self.settings.queries_per_minute else {
            return true;
        };
        let now = Instant::now();
        let asked = self.asked.entry(shortcode.to_owned()).or_default();
        while asked
            .front()
            .is_some_and(|at| now.duration_since(*at) >= Duration::from_secs(60))
        {
            asked.pop_front();
        }
        if asked.len() >= limit as usize {
            self.books.limited_queries += 1;
            return false;
        }
        asked.push_back(now);
        true
    }
}
