//! Reads what Daraja answers, in every envelope it has been seen to use: the documented one, the
//! error envelope (also with HTTP 200), Apigee's `fault`, nothing at all, and HTML.

use std::time::Duration;

use serde_json::Value;

use crate::http::Answer;
use crate::text;

/// How long to leave Daraja alone when it says "too often" without saying how long. The sandbox's
/// limit is five queries a minute.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(15);

/// Codes of a token that is expired, unknown or of another environment. Yes, one is a 404.
const BAD_TOKEN: [&str; 4] = ["404.001.03", "400.003.01", "401.002.01", "401.003.01"];

/// Codes of "too often" among the HTTP 500s.
const TOO_OFTEN: [&str; 2] = ["500.003.02", "500.003.03"];

/// An answer of Daraja.
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    retry_after: Option<Duration>,
    json: Option<Value>,
}

/// The error an answer names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct WireError {
    /// Such as `400.002.02`, or Apigee's `policies.ratelimit.SpikeArrestViolation`.
    pub(crate) code: String,
    /// What it says.
    pub(crate) message: String,
}

impl WireError {
    /// The class of the code (`500` of `500.001.1001`): it is right where the HTTP status is not.
    pub(crate) fn class(&self) -> Option<u16> {
        self.code.split('.').next()?.parse().ok()
    }
}

impl Reply {
    /// Reads an answer; never fails, since an unreadable one is an answer too.
    pub(crate) fn read(answer: &Answer) -> Self {
        Self {
            status: answer.status,
            retry_after: answer.retry_after,
            json: serde_json::from_slice(&answer.body)
                .ok()
                .filter(Value::is_object),
        }
    }

    /// A field as text, whether it came as a string or a number.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        scalar(self.json.as_ref()?.get(name)?)
    }

    /// A field as it is.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.json.as_ref()?.get(name)
    }

    /// A field that may be shown or logged: cleaned and cut.
    pub(crate) fn words(&self, name: &str) -> String {
        self.field(name)
            .map(|t| text::clean(&t))
            .unwrap_or_default()
    }

    /// The error it names, if it names one.
    pub(crate) fn error(&self) -> Option<WireError> {
        if let Some(code) = self.field("errorCode") {
            return Some(WireError {
                code: text::clean(&code),
                message: self.words("errorMessage"),
            });
        }
        let fault = self.json.as_ref()?.get("fault")?;
        let said = |path: &str| fault.pointer(path).and_then(scalar).unwrap_or_default();
        Some(WireError {
            code: text::clean(&said("/detail/errorcode")),
            message: text::clean(&said("/faultstring")),
        })
    }

    /// Whether the HTTP status says that it went well.
    pub(crate) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether a fresh token may help.
    pub(crate) fn is_bad_token(&self) -> bool {
        self.status == 401
            || self.error().is_some_and(|e| {
                BAD_TOKEN.contains(&e.code.as_str()) || e.code.starts_with("keymanagement.")
            })
    }

    /// How long to wait, if the answer is "too often".
    pub(crate) fn too_often(&self) -> Option<Duration> {
        let said = self.status == 429
            || self.error().is_some_and(|e| {
                TOO_OFTEN.contains(&e.code.as_str())
                    || e.code.starts_with("policies.ratelimit.")
                    || e.class() == Some(429)
            });
        said.then(|| self.retry_after.unwrap_or(DEFAULT_RETRY_AFTER))
    }

    /// The answer in one line, for a person.
    pub(crate) fn summary(&self) -> String {
        if let Some(error) = self.error() {
            return format!("{} {}", error.code, error.message)
                .trim()
                .to_owned();
        }
        for (code, said) in [
            ("ResultCode", "ResultDesc"),
            ("ResponseCode", "ResponseDescription"),
        ] {
            let code = self.words(code);
            if !code.is_empty() {
                return format!("{code} {}", self.words(said)).trim().to_owned();
            }
        }
        match self.json {
            Some(_) => format!("HTTP {} with an answer of an unknown kind", self.status),
            None => format!("HTTP {} without a readable answer", self.status),
        }
    }
}

/// The text of a string or number.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
