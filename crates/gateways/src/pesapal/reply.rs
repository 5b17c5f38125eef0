//! Reads what Pesapal answers. The HTTP status is 200 even for errors: the truth is the body's
//! `status` and `error`, and the latter may be absent, null, or an object of nulls when all is well.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::http::Answer;
use crate::text;

/// How long to leave Pesapal alone when it says "too often" without saying how long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(15);

/// The code of a token that is expired or unknown, seen with HTTP 401 and 500.
const BAD_TOKEN: &str = "invalid_api_credentials_provided";

/// An answer of Pesapal.
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) http: u16,
    retry_after: Option<Duration>,
    fields: Option<Fields>,
}

/// The fields of a JSON object, each as it was written: amounts are read from their decimal text.
pub(super) struct Fields(BTreeMap<String, Box<RawValue>>);

/// The error an answer names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct WireError {
    /// Such as `payment_details_not_found`.
    pub(super) code: String,
    /// What it says.
    pub(super) message: String,
}

impl Fields {
    /// Reads a JSON object. A name given twice is refused, since two readers could differ about it.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let pairs: Pairs = serde_json::from_slice(json).ok()?;
        Some(Self(pairs.0))
    }

    /// A field as text, whether it came as a string or a number; none when it is null or empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let raw = self.0.get(name)?.get();
        let text = match raw.as_bytes().first()? {
            b'"' => serde_json::from_str(raw).ok()?,
            b'-' | b'0'..=b'9' => raw.to_owned(),
            _ => return None,
        };
        Some(text).filter(|text: &String| !text.is_empty())
    }

    /// A field that may be shown or logged: cleaned and cut.
    pub(super) fn words(&self, name: &str) -> String {
        self.text(name)
            .map_or_else(String::new, |t| text::clean(&t))
    }

    /// A field that is an object itself.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.0.get(name)?.get().as_bytes())
    }
}

impl Reply {
    /// Reads an answer; never fails, since an unreadable one is an answer too.
    pub(super) fn read(answer: &Answer) -> Self {
        Self {
            http: answer.status,
            retry_after: answer.retry_after,
            fields: Fields::read(&answer.body),
        }
    }

    /// The fields of an answer that says of itself that it went well: HTTP 2xx, status `"200"`, and
    /// no error.
    pub(super) fn success(&self) -> Option<&Fields> {
        let fields = self.fields.as_ref()?;
        let says_so = fields.text("status").as_deref() == Some("200");
        (self.is_2xx() && says_so && self.error().is_none()).then_some(fields)
    }

    /// The fields, whatever the answer says of itself.
    pub(super) const fn fields(&self) -> Option<&Fields> {
        self.fields.as_ref()
    }

    /// The error it names, if it names one. One that is neither nothing nor an object counts, too.
    pub(super) fn error(&self) -> Option<WireError> {
        let fields = self.fields.as_ref()?;
        let raw = fields.0.get("error")?.get();
        if matches!(raw, "null" | "\"\"") {
            return None;
        }
        let Some(error) = fields.object("error") else {
            return Some(WireError {
                code: String::new(),
                message: text::clean(raw),
            });
        };
        let (code, message) = (error.words("code"), error.words("message"));
        let is_none = [&code, &message, &error.words("error_type")]
            .iter()
            .all(|said| said.is_empty());
        (!is_none).then_some(WireError { code, message })
    }

    /// Whether the HTTP status says that it went well.
    pub(super) const fn is_2xx(&self) -> bool {
        self.http >= 200 && self.http < 300
    }

    /// Whether a fresh token may help.
    pub(super) fn is_bad_token(&self) -> bool {
        self.http == 401 || self.error().is_some_and(|error| error.code == BAD_TOKEN)
    }

    /// How long to wait, if the answer is "too often".
    pub(super) fn too_often(&self) -> Option<Duration> {
        (self.http == 429).then(|| self.retry_after.unwrap_or(DEFAULT_RETRY_AFTER))
    }

    /// The answer in one line, for a person.
    pub(super) fn summary(&self) -> String {
        if let Some(error) = self.error() {
            return format!("{} {}", error.code, error.message)
                .trim()
                .to_owned();
        }
        let said = self.fields.as_ref().map(|fields| fields.words("message"));
        match said {
            Some(said) if !said.is_empty() => said,
            Some(_) => format!("HTTP {} with an answer of an unknown kind", self.http),
            None => format!("HTTP {} without a readable answer", self.http),
        }
    }
}

/// A JSON object whose names are all different.
struct Pairs(BTreeMap<String, Box<RawValue>>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if fields.insert(name, value).is_some() {
                        return Err(serde::de::Error::custom("a name is given twice"));
                    }
                }
                Ok(Pairs(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
