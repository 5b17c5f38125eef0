//! What all of the simulator's parts share: its settings, its merchants, its books.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bando_domain::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use super::books::{Books, Ordered};
use super::scenario::{Scenario, StatusAnswer};
use crate::daraja::Random;

/// A merchant with its keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Merchant {
    /// The key.
    pub consumer_key: String,
    /// The secret.
    pub consumer_secret: String,
    /// The name that customers see.
    pub name: String,
}

impl Merchant {
    /// A merchant with keys made from a word.
    pub fn named(word: &str) -> Self {
        Self {
            consumer_key: format!("key-{word}"),
            consumer_secret: format!("secret-{word}"),
            name: word.to_owned(),
        }
    }
}

/// How this Pesapal is set up. `POST /sim/settings` takes them all; what is left out is reset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a token lives. The documentation says five minutes, a recorded one lived an hour.
    pub token_seconds: u64,
    /// The lifetime that is told, where it is not the true one.
    pub told_token_seconds: Option<u64>,
    /// The most that an order may ask for, in minor units.
    pub max_amount_minor: i64,
    /// How often a notification is tried until it is acknowledged.
    pub notification_attempts: u32,
    /// How long between two tries.
    pub notification_retry_ms: u64,
    /// How the names in a notification are written.
    pub casing: Casing,
    /// Calls that are answered 429 before the next is served.
    pub too_often: u32,
    /// Whether a bad token is answered with HTTP 500 instead of 401.
    pub bad_token_500: bool,
}

/// How names are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Casing {
    /// `OrderTrackingId`.
    #[default]
    Pascal,
    /// `orderTrackingId`.
    Camel,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_seconds: 300,
            told_token_seconds: None,
            max_amount_minor: 100_000_000,
            notification_attempts: 3,
            notification_retry_ms: 5_000,
            casing: Casing::Pascal,
            too_often: 0,
            bad_token_500: false,
        }
    }
}

/// The simulator.
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Random,
    pub(super) client: reqwest::Client,
    pub(super) origin: String,
    pub(super) stopped: AtomicBool,
    state: Mutex<State>,
}

/// Everything that changes.
#[derive(Default)]
pub(super) struct State {
    pub(super) merchants: Vec<Merchant>,
    pub(super) settings: Settings,
    pub(super) tokens: HashMap<String, Issued>,
    pub(super) addresses: Vec<Address>,
    pub(super) scripts: HashMap<String, Scenario>,
    pub(super) script_for_all: Option<Scenario>,
    pub(super) books: Books,
    pub(super) plays: HashMap<String, Play>,
}

/// A token that was given out.
pub(super) struct Issued {
    pub(super) merchant: String,
    pub(super) until: Timestamp,
}

/// A registered notification address.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) merchant: String,
    pub(super) ipn_id: String,
    pub(super) url: String,
    pub(super) by_post: bool,
    pub(super) at: Timestamp,
}

/// What is scripted for one order.
pub(super) struct Play {
    /// Index in [`Books::orders`].
    pub(super) at: usize,
    pub(super) scenario: Scenario,
    pub(super) statuses: VecDeque<StatusAnswer>,
}

impl Shared {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        random: Random,
        client: reqwest::Client,
        origin: String,
    ) -> Self {
        Self {
            clock,
            random,
            client,
            origin,
            stopped: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is scripted for a number: by hand, by its own digits, or for all.
    pub(super) fn scenario(&self, digits: &str) -> Scenario {
        self.scripts
            .get(digits)
            .cloned()
            .or_else(|| Scenario::of_number(digits))
            .or_else(|| self.script_for_all.clone())
            .unwrap_or_default()
    }

    /// An order in the books.
    pub(super) fn order(&mut self, order_tracking_id: &str) -> Option<&mut Ordered> {
        let at = self.plays.get(order_tracking_id)?.at;
        self.books.orders.get_mut(at)
    }

    /// Writes an order into the books.
    pub(super) fn write(&mut self, order: Ordered, scenario: Scenario) {
        let play = Play {
            at: self.books.orders.len(),
            statuses: scenario.statuses.iter().cloned().collect(),
            scenario,
        };
        self.plays.insert(order.order_tracking_id.clone(), play);
        self.books.orders.push(order);
    }
}
