//! Requests that move money, made under a key of the caller's: the first is carried out, a repetition
//! gets its answer.
//!
//! A key is written down before the request is carried out, in a transaction of its own, and the
//! answer after it. If the program dies in between, nobody knows from the key alone how far it came:
//! it stays [`Begun::Lost`] until it is forgotten, and whoever asks is told to look at what there is
//! (the list of payments, refunds, payouts) before asking under another key. Carrying it out again
//! instead could move money twice.

use std::time::Duration;

use bando_domain::ProviderId;
use bando_store::StoredAnswer;

use crate::{App, Result};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long a request may be under way. Far longer than any takes, so that none that is past it can
/// still be answered.
const LOST_AFTER: Duration = Duration::from_secs(5 * 60);

/// How often old answers are forgotten.
const SWEEP: Duration = Duration::from_secs(3600);

/// A key, within whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestKey {
    /// The business that the request is about.
    pub provider: ProviderId,
    /// Who asks: a member or an address. Others may use the same key for something else.
    pub caller: String,
    /// The key as it was sent.
    pub key: String,
}

/// What is known of a request as it comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begun {
    /// It is new, and written down now: carry it out, then [`App::finish_request`] or
    /// [`App::forget_request`].
    First,
    /// It was answered before, so.
    Answered(StoredAnswer),
    /// Something else was asked under this key.
    Different,
    /// It is under way.
    UnderWay,
    /// It was begun and never answered: nobody knows how far it came.
    Lost,
}

impl App {
    /// Begins a request under a key. `digest` is of everything that was asked. Of many at once,
    /// one is the first.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store): nothing was begun.
    pub async fn begin_request(&self, key: &RequestKey, digest: [u8; 32]) -> Result<Begun> {
        let now = self.now();
        let mut tx = self.store.tenant(key.provider).await?;
        let mut known = tx.begin_request(&key.caller, &key.key, digest, now).await?;
        if let Some(old) = &known
            && now.since(old.created_at) >= KEPT
        {
            tx.forget_request(&key.caller, &key.key).await?;
            known = tx.begin_request(&key.caller, &key.key, digest, now).await?;
        }
        tx.commit().await?;
        Ok(match known {
            None => Begun::First,
            Some(known) if known.digest != digest => Begun::Different,
            Some(known) => match known.answer {
                Some(answer) => Begun::Answered(answer),
                None if now.since(known.created_at) < LOST_AFTER => Begun::UnderWay,
                None => Begun::Lost,
            },
        })
    }

    /// Keeps the answer to a request, for its repetitions.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn finish_request(&self, key: &RequestKey, answer: &StoredAnswer) -> Result<()> {
        let mut tx = self.store.tenant(key.provider).await?;
        tx.finish_request(&key.caller, &key.key, answer).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets a request that nothing came of: it may be made again under its key.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn forget_request(&self, key: &RequestKey) -> Result<()> {
        let mut tx = self.store.tenant(key.provider).await?;
        tx.forget_request(&key.caller, &key.key).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets answers that are a day old, and returns how many.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn forget_old_requests(&self) -> Result<u64> {
        let mut tx = self.store.system().await?;
        let forgotten = tx.forget_requests(self.now().minus(KEPT)).await?;
        tx.commit().await?;
        Ok(forgotten)
    }

    /// Forgets old answers every hour, until the future is dropped or aborted.
    pub async fn run_forgetting(&self) {
        loop {
            if let Err(error) = self.forget_old_requests().await {
                tracing::warn!(%error, "old answers could not be forgotten; trying again in an hour");
            }
            tokio::time::sleep(SWEEP).await;
        }
    }
}
