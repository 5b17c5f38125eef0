//! Signs in to MoMo: where its tokens come from and how long they are used.

use std::time::Duration;

use bando_domain::{Clock, Timestamp};
use reqwest::Client;

use super::SUBSCRIPTION_KEY;
use super::account::{MomoAccount, Product};
use super::reply::{Reply, field};
use crate::http::{self, Answer};
use crate::tokens::{Token, TokenError};

/// A token is not used in its last minute: a request may take half of one.
const EARLY: Duration = Duration::from_secs(60);

/// No token is believed to live longer than this.
const LONGEST: u64 = 3600;

/// Asks for a token of a product.
pub(super) async fn fetch(
    client: &Client,
    clock: &dyn Clock,
    account: &MomoAccount,
    product: &Product,
) -> Result<Token, TokenError> {
    // Without the length of its body, even of none, a POST is refused with HTTP 411.
    let request = client
        .post(format!("{}/{}/token/", account.base_url(), product.name))
        .basic_auth(&product.api_user, Some(product.api_key.expose()))
        .header(SUBSCRIPTION_KEY, product.subscription_key.expose())
        .header("Content-Length", "0");
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
    if matches!(reply.http, 400 | 401 | 403) {
        return Err(TokenError::Refused {
            code: format!("HTTP {}", reply.http),
            message: reply.summary(),
        });
    }
    let unreadable = || TokenError::Unreachable(reply.summary());
    let json = reply.ok().ok_or_else(unreadable)?;
    let token = field(json, "access_token").ok_or_else(unreadable)?;
    let lives = field(json, "expires_in")
        .and_then(|seconds| seconds.parse().ok())
        .map_or(Duration::ZERO, |seconds: u64| {
            Duration::from_secs(seconds.min(LONGEST))
        });
    let until = asked_at.plus(lives).minus(EARLY);
    Token::new(token, asked_at, until).ok_or_else(unreadable)
}
