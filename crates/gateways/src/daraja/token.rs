//! Signs in to Daraja: where its tokens come from and how long they are used.

use std::sync::Arc;
use std::time::Duration;

use bando_domain::{Clock, Timestamp};
use reqwest::Client;

use super::DarajaAccount;
use super::reply::Reply;
use crate::http::{self, Answer};
use crate::tokens::{self, Token, TokenKey};

pub(crate) use crate::tokens::TokenError;

/// A token is not used in its last minute: a request may take half of one.
const EARLY: Duration = Duration::from_secs(60);

/// No token is believed to live longer than this.
const LONGEST: u64 = 24 * 3600;

/// All tokens, one per Daraja app.
#[derive(Default)]
pub(crate) struct Tokens(tokens::Tokens);

impl Tokens {
    /// A token for the account: the kept one if it is fresh, else a new one.
    pub(crate) async fn get(
        &self,
        client: &Client,
        clock: &dyn Clock,
        account: &DarajaAccount,
    ) -> Result<Arc<Token>, TokenError> {
        let fetch = fetch(client, clock, account);
        self.0.get(key(account), clock, fetch).await
    }

    /// Forgets `token` if it is still the kept one.
    pub(crate) async fn purge(&self, account: &DarajaAccount, token: &Arc<Token>) {
        self.0.purge(key(account), token).await;
    }

    /// Forgets whatever is kept for the account.
    pub(crate) async fn forget(&self, account: &DarajaAccount) {
        self.0.forget(key(account)).await;
    }
}

fn key(account: &DarajaAccount) -> TokenKey {
    TokenKey::of(&[
        account.base_url(),
        &account.consumer_key,
        account.consumer_secret.expose(),
    ])
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
        .filter(|_| reply.is_success())
        .ok_or_else(unreadable)?;
    let lives = reply
        .field("expires_in")
        .and_then(|seconds| seconds.parse().ok())
        .map_or(Duration::ZERO, |seconds: u64| {
            Duration::from_secs(seconds.min(LONGEST))
        });
    let until = asked_at.plus(lives).minus(EARLY);
    Token::new(token, asked_at, until).ok_or_else(unreadable)
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
