//! Signing in to the API: a short-lived access token, and a refresh token that changes every time.

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use bando_app::{Error, SignedIn};
use bando_domain::Secret;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::extract::Body;
use super::problem::{Kind, Problem};
use super::responses::OfSignIn;
use super::token::{LIFETIME, Tokens};
use crate::{Source, Web};

/// The routes, those that end in a slash also without.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(admin_login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .route("/api/auth/login", post(login))
        .route("/api/auth/refresh", post(refresh))
        .route("/api/auth/logout", post(logout))
}

/// A username and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"username": "owner@example.com", "password": "correct horse battery"})))]
struct Credentials {
    /// In any case.
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    /// The newest one; an older one revokes them all.
    #[schema(value_type = String, format = Password)]
    refresh: Secret,
}

/// What a member signs requests with.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
struct TokenPair {
    /// For the header `Authorization: Bearer …`.
    access: String,
    /// To be exchanged, once, for the next pair.
    refresh: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long the access token is good, seconds.
    expires_in: u64,
    /// The businesses the member may name as `provider`.
    providers: Vec<Membership>,
}

/// A place to work.
#[derive(Serialize, ToSchema)]
struct Membership {
    /// The business's id.
    provider: Uuid,
    /// What the member may do there: `owner`, `manager`, `cashier` or `support`.
    role: &'static str,
}

/// Sign in
///
/// Ten tries in a quarter of an hour, by username and by address.
#[utoipa::path(post, path = "/api/auth/login/", tag = "Signing in", request_body = Credentials,
    responses((status = 200, description = "The tokens", body = TokenPair), OfSignIn))]
async fn login(
    State(web): State<Web>,
    source: Source,
    Body(credentials): Body<Credentials>,
) -> Result<Json<TokenPair>, Problem> {
    let Credentials { username, password } = credentials;
    let signed_in = web
        .app
        .check_password(&username, &password, &source.to_string())
        .await
        .map_err(|error| match error {
            Error::SignedOut => {
                Problem::new(Kind::SignedOut, "the username or the password is wrong")
            }
            other => other.into(),
        })?;
    let refresh = web.app.begin_refresh(signed_in.account.id).await?;
    Ok(pair(&web, &signed_in, &refresh))
}

/// Sign in, by its other name
#[utoipa::path(post, path = "/api/admin/login", tag = "Signing in", request_body = Credentials,
    responses((status = 200, description = "The tokens", body = TokenPair), OfSignIn))]
async fn admin_login(
    state: State<Web>,
    source: Source,
    body: Body<Credentials>,
) -> Result<Json<TokenPair>, Problem> {
    login(state, source, body).await
}

/// Exchange a refresh token for the next pair
///
/// Each is good once. One that comes a second time has been stolen from somebody: every token that
/// descends from the same sign-in is revoked.
#[utoipa::path(post, path = "/api/auth/refresh/", tag = "Signing in", request_body = RefreshRequest,
    responses((status = 200, description = "The tokens", body = TokenPair), OfSignIn))]
async fn refresh(
    State(web): State<Web>,
    Body(request): Body<RefreshRequest>,
) -> Result<Json<TokenPair>, Problem> {
    let (signed_in, next) =
        web.app
            .refresh(&request.refresh)
            .await
            .map_err(|error| match error {
                Error::SignedOut => Problem::new(
                    Kind::SignedOut,
                    "the refresh token is not good (any more); sign in again",
                ),
                other => other.into(),
            })?;
    Ok(pair(&web, &signed_in, &next))
}

/// Sign out
///
/// Revokes the refresh token and all that descend from the same sign-in. The access token goes on
/// until it expires.
#[utoipa::path(post, path = "/api/auth/logout/", tag = "Signing in", request_body = RefreshRequest,
    responses((status = 204, description = "Signed out"), OfSignIn))]
async fn logout(
    State(web): State<Web>,
    Body(request): Body<RefreshRequest>,
) -> Result<StatusCode, Problem> {
    web.app.end_refresh(&request.refresh).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn pair(web: &Web, signed_in: &SignedIn, refresh: &Secret) -> Json<TokenPair> {
    let app = &web.app;
    let tokens = Tokens {
        key: app.signing_key(),
        issuer: &app.settings().public_url,
    };
    let providers = signed_in.members.iter().map(|member| Membership {
        provider: member.provider.uuid(),
        role: member.role.name(),
    });
    Json(TokenPair {
        access: tokens.issue(signed_in.account.id, app.new_uuid(), app.now()),
        refresh: refresh.expose().to_owned(),
        token_type: "Bearer",
        expires_in: LIFETIME.as_secs(),
        providers: providers.collect(),
    })
}
