//! Who calls, and which business they mean.

use axum::extract::FromRequestParts;
use bando_app::{Caller, Error, Provider, Role};
use bando_domain::{Phone, ProviderId};
use http::header::AUTHORIZATION;
use http::request::Parts;
use utoipa::IntoParams;

use super::problem::{Kind, Problem};
use super::token::Tokens;
use crate::Web;

/// The parameter that names the business.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what the extractors here read")]
pub(crate) struct InProvider {
    /// The business: its short name or id. Left out, it is the member's first one, or for customers
    /// the only one or the installation's default.
    provider: Option<String>,
}

/// The header that names the business, for those who would rather not change addresses.
const PROVIDER_HEADER: &str = "bando-provider";

/// A member with a good access token, at work in the business they named, else in their first.
pub(crate) struct Bearer(pub(crate) Caller);

impl Bearer {
    /// A customer's number as this member may see it: whole from manager upwards, else masked.
    pub(crate) fn phone(&self, phone: &Phone) -> String {
        if self.0.role >= Role::Manager {
            format!("+{}", phone.digits())
        } else {
            phone.masked()
        }
    }
}

impl FromRequestParts<Web> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let app = &web.app;
        let token = bearer_token(parts).ok_or_else(|| {
            Problem::new(
                Kind::SignedOut,
                "send an access token: Authorization: Bearer …",
            )
        })?;
        let tokens = Tokens {
            key: app.signing_key(),
            issuer: &app.settings().public_url,
        };
        let stale = || {
            Problem::new(
                Kind::SignedOut,
                "the access token is not good (any more); refresh it or sign in again",
            )
        };
        let account = tokens.verify(token, app.now()).ok_or_else(stale)?;
        let signed_in = app.by_account(account).await.map_err(|error| match error {
            Error::SignedOut => stale(),
            other => other.into(),
        })?;
        let Some(name) = named_provider(parts) else {
            return signed_in.caller(None).map(Self).ok_or_else(|| {
                Problem::new(Kind::Forbidden, "you are not a member of any business")
            });
        };
        // A business of others looks like one that does not exist.
        let id = match name.parse::<ProviderId>() {
            Ok(id) => id,
            Err(_) => app.provider(&name).await?.id,
        };
        signed_in
            .caller(Some(id))
            .map(Self)
            .ok_or_else(|| Problem::not_found("business"))
    }
}

/// The business a customer deals with: the one they name, else the default.
pub(crate) struct Shop(pub(crate) Provider);

impl FromRequestParts<Web> for Shop {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        if let Some(name) = named_provider(parts) {
            return Ok(Self(web.app.provider(&name).await?));
        }
        match web.app.default_provider().await {
            Err(Error::NotFound(_)) => Err(Problem::new(
                Kind::NotFound,
                "say which business you mean: ?provider= and its short name",
            )),
            found => Ok(Self(found?)),
        }
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1); none if there is no such header
/// or more than one.
fn bearer_token(parts: &Parts) -> Option<&str> {
    let mut all = parts.headers.get_all(AUTHORIZATION).iter();
    let only = all.next().filter(|_| all.next().is_none())?;
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_matches(' '))
}

fn named_provider(parts: &Parts) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    let in_query = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("provider="));
    let named = match in_query {
        Some(name) => name,
        None => parts.headers.get(PROVIDER_HEADER)?.to_str().ok()?,
    };
    // Ids and short names never need escaping.
    Some(named.to_owned()).filter(|name| !name.is_empty())
}
