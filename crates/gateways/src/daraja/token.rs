//! Access tokens: one per Daraja app, kept until a minute before they expire, fetched once however
//! many ask at the same time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bando_domain::{Clock, Secret, Timestamp};
use reqwest::Client;
use sha2::{Digest as _, Sha256};

use super::DarajaAccount;
use super::reply::Reply;
use crate::http::{self, Answer};

/// A token is not used in its last minute: a request may take half of one.
const EARLY: Duration = Duration::from_secs(60);

/// No token is believed to live longer than this.
const LONGEST: u64 = 24 * 3600;

/// An access token.
#[derive(Debug)]
pub(crate) struct Token {
    /// The token itself.
    pub(crate) secret: Secret,
    from: Timestamp,
    until: Timestamp,
}

impl Token {
    /// Good from when it was fetched (the clock may have been set back) until a minute before its end.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// Why there is no token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum TokenError {
    /// Daraja does not accept consumer key and secret.
    Refused {
        code: String,
        message: String,
    },
    TooOften(Duration),
    /// Daraja did not answer, or not with a token.
    Unreachable(String),
}

/// All tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
}

/// Digest of base URL, key and secret: a token is given only to who knows the secret it came for,
/// even if two providers name the same app.
type Key = [u8; 32];

#[derive(Default)]
struct Slot {
    /// How many times a token was asked for from Daraja.
    fetches: AtomicU64,
    /// What the last fetch brought. Held locked during a fetch, so that others wait for it.
    last: tokio::sync::Mutex<Option<Result<Arc<Token>, TokenError>>>,
}

impl Tokens {
    /// A token for the account: the kept one if it is fresh, else a new one.
    pub(crate) async fn get(
        &self,
        client: &Client,
        clock: &dyn Clock,
        account: &DarajaAccount,
    ) -> Result<Arc<Token>, TokenError> {
        let slot = self.slot(account);
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
        let result = fetch(client, clock, account).await.map(Arc::new);
        slot.fetches.fetch_add(1, Ordering::AcqRel);
        *last = Some(result.clone());
        result
    }

    /// Forgets `token` if it is still the kept one.
    pub(crate) async fn purge(&self, account: &DarajaAccount, token: &Arc<Token>) {
        let slot = self.slot(account);
        let mut last = slot.last.lock().await;
        if matches!(&*last, Some(Ok(kept)) if Arc::ptr_eq(kept, token)) {
            *last = None;
        }
    }

    /// Forgets whatever is kept for the account.
    pub(crate) async fn forget(&self, account: &DarajaAccount) {
        *self.slot(account).last.lock().await = None;
    }

    fn slot(&self, account: &DarajaAccount) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(key(account)).or_default().clone()
    }
}

fn key(account: &DarajaAccount) -> Key {
    let mut digest = Sha256::new();
    for part in [
        account.base_url(),
        &account.consumer_key,
        account.consumer_secret.expose(),
    ] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

async fn fetch(
    client: &Client,
    clock: &dyn Clock,
    account: &DarajaAccount,
) -> Result<Token, TokenError> {
    let url = format!(
        "{}/oauth/v1/generate?grant_type=client_credentials",
        account.base_url()
    );
    let request = client.get(url).basic_auth(
        &account.consumer_key,
        Some(account.consumer_secret.expose()),
    );
    let asked_at = clock.now();
    let answer = http::send(request)
        .await
        .map_err(|no| TokenError::Unreachable(no.why()))?;
    read(&answer, asked_at)
}

fn read(answer: &Answer, asked_at: Timestamp) -> Result<Token, TokenError> {
    let reply = Reply::read(answer);
    if let Some(retry_after) = reply.too_often() {
        return Err(TokenError::TooOften(retry_after));
    }
    // Wrong keys are answered with HTTP 400 and an empty body.
    if matches!(reply.status, 400 | 401 | 403) {
        let (code, message) = match reply.error() {
            Some(error) => (error.code, error.message),
            None => (format!("HTTP {}", reply.status), String::new()),
        };
        return Err(TokenError::Refused { code, message });
    }
    let unreadable = || TokenError::Unreachable(reply.summary());
    let token = reply
        .field("access_token")
        .filter(|token| reply.is_success() && is_token(token))
        .ok_or_else(unreadable)?;
    let lives = reply
        .field("expires_in")
        .and_then(|seconds| seconds.parse().ok())
        .map_or(Duration::ZERO, |seconds: u64| {
            Duration::from_secs(seconds.min(LONGEST))
        });
    Ok(Token {
        secret: Secret::new(token),
        from: asked_at,
        until: asked_at.plus(lives).minus(EARLY),
    })
}

/// Fit for a header.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4096 && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(status: u16, body: &str) -> Result<Token, TokenError> {
        let answer = Answer {
            status,
            retry_after: None,
            body: body.into(),
        };
        read(&answer, Timestamp::from_seconds(1000))
    }

    #[test]
    fn expiry_comes_as_a_string_or_a_number() {
        for body in [
            r#"{"access_token":"c9SQxWWhmdVRlyh0zh8gZDTkubVF","expires_in":"3599"}"#,
            r#"{"access_token":"c9SQxWWhmdVRlyh0zh8gZDTkubVF","expires_in":3599}"#,
        ] {
            let token = token(200, body).expect(body);
            assert!(token.is_fresh(Timestamp::from_seconds(1000 + 3538)));
            assert!(!token.is_fresh(Timestamp::from_seconds(1000 + 3539)));
            assert!(!token.is_fresh(Timestamp::from_seconds(999)));
        }
    }

    #[test]
    fn wrong_keys_are_told_from_a_broken_gateway() {
        let empty = token(400, "").err();
        assert!(matches!(empty, Some(TokenError::Refused { .. })));
        for (status, body) in [
            (200, ""),
            (200, "<html>"),
            (200, r#"{"access_token":"a\nb"}"#),
            (500, r#"{"access_token":"abc","expires_in":"3599"}"#),
            (502, "<html>"),
        ] {
            let error = token(status, body).err();
            assert!(
                matches!(error, Some(TokenError::Unreachable(_))),
                "{status} {body}"
            );
        }
        assert!(matches!(
            token(429, "").err(),
            Some(TokenError::TooOften(_))
        ));
    }
}
