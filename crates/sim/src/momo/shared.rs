//! What all of the simulator's parts share: its settings, its API users, its books.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bando_domain::{Clock, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::books::{Books, Requested};
use super::scenario::{QueryAnswer, Scenario};
use crate::daraja::Random;

/// An API user with its keys: of Collection, or of Disbursement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct User {
    /// `collection` or `disbursement`: products have keys of their own.
    pub product: String,
    /// The user's id.
    pub api_user: String,
    /// The user's key.
    pub api_key: String,
    /// `Ocp-Apim-Subscription-Key`.
    pub subscription_key: String,
    /// `X-Target-Environment`.
    pub target_environment: String,
    /// The currency of the account.
    pub currency: String,
    /// The one host that callbacks may go to.
    pub callback_host: String,
}

impl User {
    /// A user of a product in Uganda, with keys made from a word.
    pub fn in_uganda(product: &str, word: &str) -> Self {
        Self {
            product: product.to_owned(),
            api_user: format!("{product}-user-{word}"),
            api_key: format!("{product}-key-{word}"),
            subscription_key: format!("{product}-subscription-{word}"),
            target_environment: "mtnuganda".to_owned(),
            currency: "UGX".to_owned(),
            callback_host: "127.0.0.1".to_owned(),
        }
    }
}

/// How this MoMo is set up. `POST /sim/settings` takes them all; what is left out is reset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a token lives.
    pub token_seconds: u64,
    /// How long a prompt waits for its owner before it ends with `EXPIRED`.
    pub prompt_seconds: u64,
    /// Every owner pays by itself after this time. None: prompts wait for a hand.
    pub auto_approve_ms: Option<u64>,
    /// Whether a reason is an object with a code, as documented, instead of a text, as observed.
    pub reason_as_object: bool,
    /// Calls that are answered 429 before the next is served.
    pub too_often: u32,
    /// How often a refund is pending before it is done.
    pub refund_pending: u32,
    /// Why every refund fails, if it does.
    pub refund_fails: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_seconds: 3600,
            prompt_seconds: 300,
            auto_approve_ms: None,
            reason_as_object: false,
            too_often: 0,
            refund_pending: 0,
            refund_fails: None,
        }
    }
}

/// The simulator.
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Random,
    pub(super) client: reqwest::Client,
    pub(super) stopped: AtomicBool,
    state: Mutex<State>,
}

/// Everything that changes.
#[derive(Default)]
pub(super) struct State {
    pub(super) users: Vec<User>,
    pub(super) settings: Settings,
    pub(super) tokens: HashMap<String, Issued>,
    pub(super) scripts: HashMap<String, Scenario>,
    pub(super) script_for_all: Option<Scenario>,
    pub(super) books: Books,
    pub(super) plays: HashMap<String, Play>,
}

/// A token that was given out.
pub(super) struct Issued {
    pub(super) user: User,
    pub(super) until: Timestamp,
}

/// What is scripted for one request.
pub(super) struct Play {
    /// Index in [`Books::requests`].
    pub(super) at: usize,
    pub(super) scenario: Scenario,
    pub(super) queries: VecDeque<QueryAnswer>,
    /// Where a hand's decision goes, while one is waited for.
    pub(super) hand: Option<oneshot::Sender<String>>,
}

impl Shared {
    pub(super) fn new(clock: Arc<dyn Clock>, random: Random, client: reqwest::Client) -> Self {
        Self {
            clock,
            random,
            client,
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

    /// A request in the books.
    pub(super) fn request(&mut self, reference_id: &str) -> Option<&mut Requested> {
        let at = self.plays.get(reference_id)?.at;
        self.books.requests.get_mut(at)
    }
}
