//! The HTTP client every gateway uses: bounded in time and size, following no redirects.

use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, redirect};

/// The most bytes of an answer that are read. Real ones have less than 1,000.
const MAX_ANSWER: usize = 64 * 1024;

/// How long a gateway is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the last byte of the answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(30),
        }
    }
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up HTTPS: {0}; are the system's certificates installed (ca-certificates)?")]
pub struct SetupError(#[from] reqwest::Error);

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The connection never stood: the gateway has not seen the request.
    NotSent(String),
    /// The gateway may have seen it.
    Lost(String),
}

impl NoAnswer {
    pub(crate) fn why(self) -> String {
        match self {
            Self::NotSent(why) | Self::Lost(why) => why,
        }
    }
}

/// A client with these time limits, using ring and the system's certificates.
pub(crate) fn client(timeouts: Timeouts) -> Result<Client, SetupError> {
    // Harmless when the program has installed it already; without one the builder panics.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder()
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("bando/", env!("CARGO_PKG_VERSION")))
        .build()?)
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, NoAnswer> {
    send_up_to(request, MAX_ANSWER).await
}

/// Sends a request and reads the whole answer, if it has no more than `max` bytes.
pub(crate) async fn send_up_to(request: RequestBuilder, max: usize) -> Result<Answer, NoAnswer> {
    let mut response = request.send().await.map_err(|error| {
        let why = describe(&error);
        if error.is_connect() || error.is_builder() {
            NoAnswer::NotSent(why)
        } else {
            NoAnswer::Lost(why)
        }
    })?;
    let status = response.status().as_u16();
    let retry_after = read_retry_after(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| NoAnswer::Lost(describe(&error)))?
    {
        if body.len() + chunk.len() > max {
            return Err(NoAnswer::Lost("the answer is too long".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

/// In words without the URL and its causes, which may carry what should not be in a log.
fn describe(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_builder() {
        "the address is not valid"
    } else {
        "the connection broke"
    };
    what.into()
}

/// Seconds only: Daraja and its like send no dates here. An hour at most.
fn read_retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.min(3600)))
}
