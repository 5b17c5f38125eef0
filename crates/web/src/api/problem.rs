//! What the API answers when it cannot do what was asked: problem documents (RFC 9457).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bando_app::{Error, Invalid};
use bando_domain::{Refusal, TermsError};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The kinds of problem: each has one name, one title and one status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The body or the query cannot be read at all.
    Malformed,
    /// No access token, or none that is good.
    SignedOut,
    /// The caller's role does not allow it.
    Forbidden,
    /// The business is suspended.
    Suspended,
    /// No such thing, or not for this caller.
    NotFound,
    /// No such address.
    NoSuchPath,
    /// The address has no such method.
    WrongMethod,
    /// The ticket gives no access.
    Refused,
    /// Another prompt is open on the phone.
    PromptOpen,
    /// The business cannot take payments.
    NoGateway,
    /// A request under this `Idempotency-Key` is under way.
    KeyInUse,
    /// A request under this `Idempotency-Key` was begun and never answered.
    OutcomeUnknown,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON.
    NotJson,
    /// The body can be read and does not make sense.
    Invalid,
    /// Something else was asked under this `Idempotency-Key`.
    KeyReused,
    /// Too often.
    TooMany,
    /// Our own fault.
    Internal,
    /// The router did not answer.
    Router,
    /// The database does not answer.
    Unavailable,
}

impl Kind {
    /// All of them, by status.
    pub(crate) const ALL: [Self; 20] = [
        Self::Malformed,
        Self::SignedOut,
        Self::Forbidden,
        Self::Suspended,
        Self::NotFound,
        Self::NoSuchPath,
        Self::WrongMethod,
        Self::Refused,
        Self::PromptOpen,
        Self::NoGateway,
        Self::KeyInUse,
        Self::OutcomeUnknown,
        Self::TooLarge,
        Self::NotJson,
        Self::Invalid,
        Self::KeyReused,
        Self::TooMany,
        Self::Internal,
        Self::Router,
        Self::Unavailable,
    ];

    /// The last part of its `type`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::SignedOut => "signed-out",
            Self::Forbidden => "forbidden",
            Self::Suspended => "suspended",
            Self::NotFound => "not-found",
            Self::NoSuchPath => "no-such-path",
            Self::WrongMethod => "wrong-method",
            Self::Refused => "refused",
            Self::PromptOpen => "prompt-open",
            Self::NoGateway => "no-gateway",
            Self::KeyInUse => "key-in-use",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::KeyReused => "key-reused",
            Self::TooLarge => "too-large",
            Self::NotJson => "not-json",
            Self::Invalid => "invalid",
            Self::TooMany => "too-many",
            Self::Internal => "internal",
            Self::Router => "router",
            Self::Unavailable => "unavailable",
        }
    }

    /// The same sentence every time.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request cannot be read",
            Self::SignedOut => "Sign in first",
            Self::Forbidden => "Your role does not allow this",
            Self::Suspended => "This business is suspended",
            Self::NotFound => "There is no such thing here",
            Self::NoSuchPath => "There is nothing at this address",
            Self::WrongMethod => "This address does not take this method",
            Self::Refused => "This ticket gives no access",
            Self::PromptOpen => "A payment prompt is open on this phone",
            Self::NoGateway => "This business cannot take payments this way",
            Self::KeyInUse => "A request under this key is under way",
            Self::OutcomeUnknown => "Nobody knows what became of the request under this key",
            Self::KeyReused => "Something else was asked under this key",
            Self::TooLarge => "The body is too large",
            Self::NotJson => "The body must be JSON",
            Self::Invalid => "What was sent does not make sense",
            Self::TooMany => "Too many tries",
            Self::Internal => "Something went wrong on our side",
            Self::Router => "The router did not answer",
            Self::Unavailable => "The service is not available for a moment",
        }
    }

    /// The HTTP status.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Suspended => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Refused
            | Self::PromptOpen
            | Self::NoGateway
            | Self::KeyInUse
            | Self::OutcomeUnknown => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Router => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A problem, ready to be answered.
#[derive(Debug)]
pub(crate) struct Problem(Box<Document>);

/// A problem document (RFC 9457).
#[derive(Clone, Serialize, ToSchema, Debug)]
#[schema(as = Problem)]
pub(crate) struct Document {
    /// The kind of problem: an address that explains it.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    kind: String,
    /// The same sentence for every problem of this kind.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened this time and what to do about it.
    detail: String,
    /// The member of the request that is at fault, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Why a ticket gives no access: `expired`, `used_up`, `revoked`, `device_limit`,
    /// `provider_suspended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// How long to wait before trying again, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this kind; `detail` says what happened and what to do.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Document {
            kind: format!("/api/docs#{}", kind.name()),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            field: None,
            reason: None,
            retry_after: None,
        }))
    }

    /// There is no such `what`: the words of [`Error::NotFound`], so that an id that cannot be one
    /// is answered like one that is not there.
    pub(crate) fn not_found(what: &'static str) -> Self {
        Error::NotFound(what).into()
    }

    /// The ticket gives no access.
    pub(crate) fn refused(refusal: Refusal) -> Self {
        if refusal == Refusal::Unknown {
            return Self::not_found("code");
        }
        let detail = match refusal {
            Refusal::Expired => "the time of this ticket is over; buy another one",
            Refusal::UsedUp => "the data of this ticket is used up; buy another one",
            Refusal::Revoked => "this ticket was taken back; ask the business",
            Refusal::DeviceLimit => {
                "this ticket is in use on as many devices as it allows; disconnect one first"
            }
            Refusal::ProviderSuspended => "this business is suspended",
            Refusal::TooManyTries | Refusal::Unknown => "wait before trying again",
        };
        let mut problem = Self::new(Kind::Refused, detail);
        problem.0.reason = Some(refusal.name());
        problem
    }

    /// The first request under a key is not answered yet.
    pub(crate) fn key_in_use() -> Self {
        Self::new(
            Kind::KeyInUse,
            "send it again in a moment to get its answer",
        )
        .retry_after(Duration::from_secs(1))
    }

    /// The first request under a key never will be answered.
    pub(crate) fn outcome_unknown() -> Self {
        Self::new(
            Kind::OutcomeUnknown,
            "it was begun and cut short: look in the lists whether it was done before you ask for it \
             under another key",
        )
    }

    /// A key stands for one request.
    pub(crate) fn key_reused() -> Self {
        Self::new(
            Kind::KeyReused,
            "another method, address or body came with this key before; use a new key for a new request",
        )
        .at("Idempotency-Key")
    }

    /// With the member of the request that is at fault.
    #[must_use]
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// With how long to wait, in whole seconds and never none.
    #[must_use]
    fn retry_after(mut self, wait: Duration) -> Self {
        let whole = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.0.retry_after = Some(whole.max(1));
        self
    }

    /// The document, as an example of its kind.
    pub(crate) fn document(&self) -> &Document {
        &self.0
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::NotFound(_) => Self::new(Kind::NotFound, detail),
            Error::Forbidden => Self::new(Kind::Forbidden, detail),
            Error::SignedOut => Self::new(Kind::SignedOut, detail),
            Error::Invalid(invalid) => match field_of(&invalid) {
                Some(field) => Self::new(Kind::Invalid, detail).at(field),
                None => Self::new(Kind::Invalid, detail),
            },
            Error::TooMany { retry_after } => {
                Self::new(Kind::TooMany, detail).retry_after(retry_after)
            }
            Error::PromptOpen => {
                Self::new(Kind::PromptOpen, detail).retry_after(bando_app::PROMPT_LIFETIME)
            }
            Error::NoGateway => Self::new(Kind::NoGateway, detail),
            Error::Suspended => Self::new(Kind::Suspended, detail),
            Error::Router => Self::new(Kind::Router, detail),
            Error::Store(_) if error.is_unavailable() => {
                tracing::warn!(%error, "the API could not reach the database");
                Self::new(
                    Kind::Unavailable,
                    "nothing is lost; look whether it was done, then try again",
                )
                .retry_after(Duration::from_secs(2))
            }
            Error::Store(_) => {
                tracing::error!(%error, "an API request failed");
                Self::new(Kind::Internal, "it is written down; try again later")
            }
        }
    }
}

/// The member of the request that is meant.
fn field_of(invalid: &Invalid) -> Option<&'static str> {
    Some(match invalid {
        Invalid::Phone(_) => "phone",
        Invalid::Money(_) => "price",
        Invalid::Terms(TermsError::Endless) => "terms",
        Invalid::Terms(TermsError::Validity) => "terms.validity_seconds",
        Invalid::Terms(TermsError::Data) => "terms.data_bytes",
        Invalid::Terms(TermsError::Devices) => "terms.device_limit",
        Invalid::Terms(TermsError::Rate) | Invalid::Rate(_) => "terms.speed",
        Invalid::NotOnSale | Invalid::Price => "plan_id",
        Invalid::Field { field, .. } => field,
        Invalid::LoginAddress | Invalid::Taken(_) => return None,
    })
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&*self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different() {
        let mut names: Vec<_> = Kind::ALL.map(Kind::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn waits_are_whole_seconds_and_never_none() {
        let wait = |millis| {
            Problem::from(Error::TooMany {
                retry_after: Duration::from_millis(millis),
            })
            .0
            .retry_after
        };
        assert_eq!(wait(0), Some(1));
        assert_eq!(wait(1001), Some(2));
    }

    #[test]
    fn faults_of_ours_tell_nothing() {
        let error = bando_store::Error::Corrupt {
            column: 1,
            kind: "secret thing",
        };
        let problem = Problem::from(Error::from(error));
        assert_eq!(problem.0.status, 500);
        assert!(!problem.0.detail.contains("secret thing"));
    }
}
