//! What all of the simulator's parts share: its settings, its apps, its books, its handsets.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bando_domain::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use super::books::{Books, Prompted};
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
}

/// How this Daraja is set up. `POST /sim/settings` takes them all; what is left out is reset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether callback URLs have to begin with `https`.
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
