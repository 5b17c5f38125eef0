//! How handlers read requests: every refusal is a problem document.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequest, RawPathParams, Request};
use bando_domain::{
    ArrivalId, BatchId, CaseId, PaymentId, PayoutId, PlanId, RefundId, SessionId, TicketId,
};
use http::request::Parts;
use http::{HeaderMap, StatusCode, Uri, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::problem::{Kind, Problem};

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                Kind::NotJson,
                "send JSON, with the header Content-Type: application/json",
            ));
        }
        read_json(&read_body(request, state).await?).map(Self)
    }
}

/// A body that may be left out; `None` then.
impl<T: DeserializeOwned, S: Send + Sync> OptionalFromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let json = is_json(request.headers());
        let bytes = read_body(request, state).await?;
        match (bytes.is_empty(), json) {
            (true, _) => Ok(None),
            (false, true) => read_json(&bytes).map(|value| Some(Self(value))),
            (false, false) => Err(Problem::new(
                Kind::NotJson,
                "send JSON, with the header Content-Type: application/json, or no body at all",
            )),
        }
    }
}

/// The query. The parameter `provider` is left out: [`Bearer`](super::caller::Bearer) and
/// [`Shop`](super::caller::Shop) read it.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let rest: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.starts_with("provider="))
            .collect();
        let malformed = || Problem::new(Kind::Malformed, "the query cannot be read");
        if query.contains("%00") {
            return Err(malformed());
        }
        let uri: Uri = format!("/?{}", rest.join("&"))
            .parse()
            .map_err(|_| malformed())?;
        axum::extract::Query::<T>::try_from_uri(&uri)
            .map(|query| Self(query.0))
            .map_err(|rejection| Problem::new(Kind::Invalid, rejection.body_text()))
    }
}

/// The id in the path. What cannot be an id is answered like an id that is not there.
pub(crate) struct Id<T>(pub(crate) T);

/// An id with the word for what it names.
pub(crate) trait Named: FromStr {
    /// The word, as the use cases say it.
    const WHAT: &'static str;
}

macro_rules! named {
    ($($id:ty => $what:literal)*) => {$(
        impl Named for $id {
            const WHAT: &'static str = $what;
        }
    )*};
}

named! {
    PlanId => "plan"
    PaymentId => "payment"
    TicketId => "ticket"
    BatchId => "batch"
    SessionId => "session"
    RefundId => "refund"
    PayoutId => "payout"
    ArrivalId => "arrival"
    CaseId => "case"
}

impl<T: Named, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Word(text) = Word::from_request_parts(parts, state).await?;
        text.parse()
            .map(Self)
            .map_err(|_| Problem::not_found(T::WHAT))
    }
}

/// The variable of the path, as it is: a code, a token, a provider's name.
pub(crate) struct Word(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Word {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let odd = || Problem::new(Kind::NoSuchPath, "the address is not UTF-8");
        let all = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| odd())?;
        // The last: the router above this one has matched the whole path before.
        let (_, text) = all.iter().last().ok_or_else(odd)?;
        Ok(Self(text.to_owned()))
    }
}

/// `application/json`, or another type that ends in `+json`; parameters do not matter.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let Some(value) = value.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The whole body, within the limit of this server.
pub(crate) async fn read_body<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
                Kind::TooLarge,
                "no request of this API needs a body this large",
            ),
            _ => Problem::new(Kind::Malformed, "the body was cut short"),
        })
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if has_nul(bytes) {
        return Err(Problem::new(Kind::Invalid, "no text may hold a NUL"));
    }
    // Serde would take an array for any object, by position.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| explain(".", &error))?;
        return Err(Problem::new(Kind::Invalid, "send a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        explain(&path, error.inner())
    })?;
    json.end().map_err(|error| explain(".", &error))?;
    Ok(value)
}

/// Whether a string of this JSON holds a NUL, which PostgreSQL keeps in no text. JSON can only
/// write it as an escape; one after an odd number of backslashes is one.
fn has_nul(json: &[u8]) -> bool {
    json.windows(6).enumerate().any(|(at, window)| {
        let before = json[..at].iter().rev().take_while(|b| **b == b'\\');
        window == b"\\u0000" && before.count() % 2 == 0
    })
}

/// The problem with a body: not JSON, or JSON of another shape.
fn explain(path: &str, error: &serde_json::Error) -> Problem {
    let detail = error.to_string();
    if !error.is_data() {
        return Problem::new(Kind::Malformed, format!("the body is not JSON: {detail}"));
    }
    let problem = Problem::new(Kind::Invalid, detail.as_str());
    // For a member that is missing or that nobody knows, the path ends above it.
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|words| detail.strip_prefix(words)?.split_once('`'));
    match (path, named) {
        (".", None) => problem,
        (".", Some((name, _))) => problem.at(name),
        (path, Some((name, _))) if !path.ends_with(name) => problem.at(format!("{path}.{name}")),
        (path, _) => problem.at(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(content_type: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            http::HeaderValue::from_static(content_type),
        );
        is_json(&headers)
    }

    #[test]
    fn knows_json_by_its_type() {
        assert!(json("application/json"));
        assert!(json("Application/JSON; charset=utf-8"));
        assert!(json("application/merge-patch+json"));
        assert!(!json("text/plain"));
        assert!(!json("text/json"));
        assert!(!json("application/x-www-form-urlencoded"));
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn finds_nul_and_only_nul() {
        assert!(has_nul(br#"{"name":"a\u0000b"}"#));
        assert!(has_nul(br#""\\\u0000""#));
        assert!(!has_nul(br#""\\u0000""#), "a backslash and then letters");
        assert!(!has_nul(br#""\u00001""#.split_at(5).0));
        assert!(!has_nul(b"{}"));
    }

    #[test]
    fn names_the_member_at_fault() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only its shape is of interest")]
        struct Outer {
            inner: Inner,
        }
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only its shape is of interest")]
        struct Inner {
            n: u8,
        }
        let field = |text: &str| {
            let problem = read_json::<Outer>(text.as_bytes()).expect_err("refused");
            let document = serde_json::json!(problem.document());
            (
                document["status"].as_u64().expect("status"),
                document["field"].as_str().unwrap_or("none").to_owned(),
            )
        };
        assert_eq!(field("{}"), (422, "inner".into()));
        assert_eq!(field(r#"{"inner":{}}"#), (422, "inner.n".into()));
        assert_eq!(field(r#"{"inner":{"n":"1"}}"#), (422, "inner.n".into()));
        assert_eq!(field(r#"{"inner":{"n":1,"m":2}}"#), (422, "inner.m".into()));
        assert_eq!(field(r#"{"inner":{"n":1},"x":2}"#), (422, "x".into()));
        assert_eq!(field(r#"{"inner":{"n":1}} x"#), (400, "none".into()));
        assert_eq!(field(r#"{"inner":"#), (400, "none".into()));
        assert_eq!(field("[1]").0, 422);
        assert_eq!(field(r#"{"x":"\u0000"}"#).0, 422);
        assert_eq!(field(""), (400, "none".into()));
    }
}
