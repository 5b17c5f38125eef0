//! Signs in to Pesapal: where its tokens come from and how long they are used.

use std::time::Duration;

use bando_domain::{Clock, Timestamp};
use reqwest::Client;
use serde::Serialize;

use super::account::PesapalAccount;
use super::reply::Reply;
use crate::http::{self, Answer};
use crate::tokens::{Token, TokenError};

const PATH: &str = "/api/Auth/RequestToken";

/// No token is used longer. The documentation says that it lives five minutes at most, whatever the
/// answer tells; an hour was told once.
const LONGEST: Duration = Duration::from_secs(4 * 60);

/// A token is not used in its last half minute: a request may take as long.
const EARLY: Duration = Duration::from_secs(30);

#[derive(Serialize)]
struct Keys<'a> {
    consumer_key: &'a str,
    consumer_secret: &'a str,
}

/// Asks for a token.
pub(super) async fn fetch(
    client: &Client,
    clock: &dyn Clock,
    account: &PesapalAccount,
) -> Result<Token, TokenError> {
    let keys = Keys {
        consumer_key: account.consumer_key.expose(),
        consumer_secret: account.consumer_secret.expose(),
    };
    let request = client
        .post(format!("{}{PATH}", account.base_url()))
        .header("Accept", "application/json")
        .json(&keys);
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
    if let Some(error) = reply.error() {
        return Err(TokenError::Refused {
            code: error.code,
            message: error.message,
        });
    }
    let unreadable = || TokenError::Unreachable(reply.summary());
    let fields = reply.success().ok_or_else(unreadable)?;
    let token = fields.text("token").ok_or_else(unreadable)?;
    let longest = asked_at.plus(LONGEST);
    let until = fields
        .text("expiryDate")
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .map(|until| Timestamp::from_millis(until.as_millisecond()).minus(EARLY))
        .map_or(longest, |until| until.min(longest));
    Token::new(token, asked_at, until).ok_or_else(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-03-18 16:20 UTC.
    const ASKED_AT: Timestamp = Timestamp::from_seconds(1_710_778_800);

    fn token(status: u16, body: &str) -> Result<Token, TokenError> {
        let answer = Answer {
            status,
            retry_after: None,
            body: body.into(),
        };
        read(&answer, ASKED_AT)
    }

    fn expiring(at: &str) -> Token {
        let body = format!(
            r#"{{"token":"ey.J.x","expiryDate":"{at}","error":null,"status":"200","message":"Request processed successfully"}}"#
        );
        token(200, &body).expect(at)
    }

    #[test]
    fn a_token_is_used_for_four_minutes_at_most() {
        let after = |seconds| ASKED_AT.plus(Duration::from_secs(seconds));
        // As recorded: an hour, with seven digits of a second.
        let hour = expiring("2024-03-18T17:20:00.7793772Z");
        assert!(hour.is_fresh(after(239)) && !hour.is_fresh(after(240)));
        let two_minutes = expiring("2024-03-18T16:22:00.0000000Z");
        assert!(two_minutes.is_fresh(after(89)) && !two_minutes.is_fresh(after(90)));
        assert!(!expiring("2024-03-18T16:19:00Z").is_fresh(ASKED_AT));
        assert!(expiring("soon").is_fresh(after(239)));
    }

    #[test]
    fn wrong_keys_are_told_from_a_broken_gateway() {
        let wrong = r#"{"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":""},"status":"500"}"#;
        assert!(matches!(
            token(200, wrong).err(),
            Some(TokenError::Refused { code, .. }) if code == "invalid_consumer_key_or_secret_provided"
        ));
        for (status, body) in [
            (200, ""),
            (200, "<html>"),
            (200, r#"{"token":"a\nb","status":"200"}"#),
            (200, r#"{"token":"ab","status":"500"}"#),
            (502, r#"{"token":"ab","status":"200"}"#),
        ] {
            let error = token(status, body).err();
            assert!(
                matches!(error, Some(TokenError::Unreachable(_))),
                "{status} {body}"
            );
        }
    }
}
