//! Calls of Wave's API, and the problems it names.

use std::time::Duration;

use bando_domain::Timestamp;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::account::Access;
use super::signature;
use crate::http::{self, Answer, NoAnswer};
use crate::text::clean;

/// The most bytes of an answer about one thing.
const SMALL: usize = 64 * 1024;

/// The most bytes of a page of transactions: 1,000 of them at some 600 bytes.
const PAGE: usize = 4 * 1024 * 1024;

/// How long to leave Wave alone when it says "too many requests" and not for how long.
const TOO_OFTEN: Duration = Duration::from_secs(20);

/// A call that is about to be made.
pub(super) struct Call<'a> {
    pub(super) client: &'a Client,
    pub(super) access: &'a Access,
    pub(super) now: Timestamp,
}

/// Why a call did not bring what was asked.
#[derive(Debug)]
pub(super) enum CallError {
    /// There was no answer.
    NoAnswer(NoAnswer),
    /// Wave said no.
    Problem(Problem),
    /// It said yes and then something that cannot be read.
    Unreadable(&'static str),
}

/// An answer that is not a success.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: u16,
    /// Wave's own code, or `http_503` and the like.
    pub(super) code: String,
    /// Wave's words.
    pub(super) message: String,
    pub(super) retry_after: Duration,
}

impl Call<'_> {
    /// Gets a JSON document.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        read(&self.send(Method::GET, path, query, None, SMALL).await?)
    }

    /// Gets a page of transactions.
    pub(super) async fn get_page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        read(&self.send(Method::GET, path, query, None, PAGE).await?)
    }

    /// Posts a JSON document and reads another.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: Vec<u8>,
    ) -> Result<T, CallError> {
        read(
            &self
                .send(Method::POST, path, &[], Some(body), SMALL)
                .await?,
        )
    }

    /// Posts nothing; the answer says nothing.
    pub(super) async fn order(&self, path: &[&str]) -> Result<(), CallError> {
        self.send(Method::POST, path, &[], None, SMALL)
            .await
            .map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Vec<u8>>,
        max: usize,
    ) -> Result<Answer, CallError> {
        let url = url(&self.access.origin, path, query).ok_or_else(|| {
            CallError::NoAnswer(NoAnswer::NotSent("the address is not valid".into()))
        })?;
        let mut request = self
            .client
            .request(method, url)
            .header("accept", "application/json")
            .bearer_auth(self.access.api_key.expose());
        if let Some(secret) = &self.access.signing_secret {
            let signed = signature::sign(secret, self.now, body.as_deref().unwrap_or_default());
            request = request.header("wave-signature", signed);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = http::send_up_to(request, max)
            .await
            .map_err(CallError::NoAnswer)?;
        if (200..300).contains(&answer.status) {
            Ok(answer)
        } else {
            Err(CallError::Problem(Problem::read(&answer)))
        }
    }
}

fn url(origin: &Url, path: &[&str], query: &[(&str, &str)]) -> Option<Url> {
    let mut url = origin.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Some(url)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body)
        .map_err(|_| CallError::Unreadable("Wave's answer cannot be read"))
}

/// Wave's error body: bare, or, as one source has it, inside `error`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    details: Vec<Detail>,
    error: Option<Box<ErrorBody>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    loc: Vec<serde_json::Value>,
    msg: String,
}

impl Problem {
    fn read(answer: &Answer) -> Self {
        let mut body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(inner) = body.error.take() {
            body = *inner;
        }
        let details = body.details.iter().map(|detail| {
            let place: Vec<_> = detail.loc.iter().filter_map(|part| part.as_str()).collect();
            format!("{}: {}", place.join("."), detail.msg)
        });
        let message: Vec<String> = body.message.into_iter().chain(details).collect();
        Self {
            status: answer.status,
            code: body
                .code
                .map(|code| clean(&code))
                .filter(|code| !code.is_empty())
                .unwrap_or_else(|| format!("http_{}", answer.status)),
            message: clean(&message.join("; ")),
            retry_after: answer.retry_after.unwrap_or(TOO_OFTEN),
        }
    }

    /// For a provider: what Wave said, and what to do.
    pub(super) fn why(&self) -> String {
        let advice = match self.status {
            401 => "; check the API key in Wave's developer portal",
            403 => "; check in Wave's developer portal what the API key may do",
            429 => "; try again in a minute",
            500.. => "; try again later",
            _ => "",
        };
        let said = format!("{} {}", self.code, self.message);
        format!("Wave says {}{advice}", said.trim())
    }

    /// Whether Wave is certain to have done nothing.
    pub(super) fn nothing_done(&self) -> bool {
        (400..500).contains(&self.status) && !matches!(self.status, 408 | 409)
    }
}

impl CallError {
    /// In words that may be shown and logged.
    pub(super) fn why(self) -> String {
        match self {
            Self::NoAnswer(no) => no.why(),
            Self::Problem(problem) => problem.why(),
            Self::Unreadable(why) => why.to_owned(),
        }
    }

    /// The problem, if its HTTP status is this one.
    pub(super) fn is(&self, status: u16) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == status)
    }

    /// How long to leave Wave alone, if it was asked too often.
    pub(super) fn too_often(&self) -> Option<Duration> {
        match self {
            Self::Problem(problem) if problem.status == 429 => Some(problem.retry_after),
            _ => None,
        }
    }
}
