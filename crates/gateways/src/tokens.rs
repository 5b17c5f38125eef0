//! Access tokens: one per set of credentials, kept as long as its gateway allows, fetched once
//! however many ask at the same time.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bando_domain::{Clock, Secret, Timestamp};
use sha2::{Digest as _, Sha256};

/// An access token.
#[derive(Debug)]
pub(crate) struct Token {
    /// The token itself.
    pub(crate) secret: Secret,
    from: Timestamp,
    until: Timestamp,
}

/// Why there is no token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum TokenError {
    /// The gateway does not accept the credentials.
    Refused {
        /// The gateway's own code.
        code: String,
        /// What it said.
        message: String,
    },
    /// Asked too often: how long to wait.
    TooOften(Duration),
    /// The gateway did not answer, or not with a token.
    Unreachable(String),
}

/// Whose token it is: the digest of base URL, key and secret. A token is given only to who knows the
/// secret it came for, even if two providers name the same app.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey([u8; 32]);

/// All tokens of a gateway.
#[derive(Default)]
pub(crate) struct Tokens {
    slots: Mutex<HashMap<TokenKey, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    /// How many times a token was asked for from the gateway.
    fetches: AtomicU64,
    /// What the last fetch brought. Held locked during a fetch, so that others wait for it.
    last: tokio::sync::Mutex<Option<Result<Arc<Token>, TokenError>>>,
}

impl Token {
    /// A token that was asked for at `from` and is not used any more at `until`. None when it is not
    /// fit for a header.
    pub(crate) fn new(secret: String, from: Timestamp, until: Timestamp) -> Option<Self> {
        let fit = !secret.is_empty()
            && secret.len() <= 4096
            && secret.bytes().all(|b| b.is_ascii_graphic());
        fit.then(|| Self {
            secret: Secret::new(secret),
            from,
            until,
        })
    }

    /// Good from when it was asked for (the clock may have been set back) until its end.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

impl TokenKey {
    /// The key of everything that a token depends on.
    pub(crate) fn of(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

impl Tokens {
    /// The kept token if it is fresh, else what `fetch` brings.
    pub(crate) async fn get(
        &self,
        key: TokenKey,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<Token, TokenError>>,
    ) -> Result<Arc<Token>, TokenError> {
        let slot = self.slot(key);
        let fetches = slot.fetches.load(Ordering::Acquire);
        let mut last = slot.last.lock().await;
        match &*last {
            Some(Ok(token)) if token.is_fresh(clock.now()) => return Ok(token.clone()),
            // Another task failed while this one waited for it: trying again in a row would add up
            // the time-outs of all who wait.
            Some(Err(error)) if slot.fetches.load(Ordering::Acquire) != fetches => {
                return Err(error.clone());
            }
            _ => {}
        }
        let result = fetch.await.map(Arc::new);
        slot.fetches.fetch_add(1, Ordering::AcqRel);
        *last = Some(result.clone());
        result
    }

    /// Forgets `token` if it is still the kept one.
    pub(crate) async fn purge(&self, key: TokenKey, token: &Arc<Token>) {
        let slot = self.slot(key);
        let mut last = slot.last.lock().await;
        if matches!(&*last, Some(Ok(kept)) if Arc::ptr_eq(kept, token)) {
            *last = None;
        }
    }

    /// Forgets whatever is kept.
    pub(crate) async fn forget(&self, key: TokenKey) {
        *self.slot(key).last.lock().await = None;
    }

    fn slot(&self, key: TokenKey) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key).or_default().clone()
    }
}
