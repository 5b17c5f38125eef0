//! Reads what MoMo answers: `{"message", "code"}` on errors, the API manager's
//! `{"statusCode", "message"}`, nothing at all, or HTML.

use std::time::Duration;

use serde_json::Value;

use crate::http::Answer;
use crate::text;

/// How long to leave MoMo alone when it says "too often" without saying how long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(15);

/// An answer of MoMo.
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) http: u16,
    retry_after: Option<Duration>,
    json: Option<Value>,
}

impl Reply {
    /// Reads an answer; never fails, since an unreadable one is an answer too.
    pub(super) fn read(answer: &Answer) -> Self {
        Self {
            http: answer.status,
            retry_after: answer.retry_after,
            json: serde_json::from_slice(&answer.body)
                .ok()
                .filter(Value::is_object),
        }
    }

    /// The JSON object of an answer with HTTP 200.
    pub(super) fn ok(&self) -> Option<&Value> {
        self.json.as_ref().filter(|_| self.http == 200)
    }

    /// The code of an error; empty when there is none.
    pub(super) fn code(&self) -> String {
        self.words("code")
    }

    /// Whether a fresh token may help.
    pub(super) const fn is_bad_token(&self) -> bool {
        self.http == 401
    }

    /// How long to wait, if the answer is "too often".
    pub(super) fn too_often(&self) -> Option<Duration> {
        (self.http == 429).then(|| self.retry_after.unwrap_or(DEFAULT_RETRY_AFTER))
    }

    /// The answer in one line, for a person.
    pub(super) fn summary(&self) -> String {
        let said = format!("{} {}", self.code(), self.words("message"));
        match said.trim() {
            "" => format!("HTTP {} without a readable answer", self.http),
            said => said.to_owned(),
        }
    }

    fn words(&self, name: &str) -> String {
        let value = self.json.as_ref().and_then(|json| json.get(name));
        value
            .and_then(Value::as_str)
            .map_or_else(String::new, text::clean)
    }
}

/// A field as text, whether it came as a string or a number; none when it is null or empty.
pub(super) fn field(json: &Value, name: &str) -> Option<String> {
    match json.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
