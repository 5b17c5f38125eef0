//! The JSON API: its routes, and its description, which is generated from them.
//!
//! A handler reads the request ([`extract`], [`caller`]), calls one use case and answers in the
//! shapes of its own file; what goes wrong becomes a problem document ([`problem`]).

mod auth;
mod caller;
mod codes;
mod counter;
mod docs;
mod extract;
mod idempotency;
mod ledger;
mod network;
mod outside;
mod payments;
mod payouts;
mod plans;
mod problem;
mod queue;
mod refunds;
mod responses;
mod shop;
mod tickets;
mod token;
mod types;

use axum::extract::Request;
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::{HeaderValue, Uri, header};
use tower::ServiceExt as _;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::Web;
use problem::{Document, Kind, Problem};

/// The API's description.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

/// The API's routes, everything below `/api`.
pub(crate) fn routes(web: &Web) -> Router<Web> {
    let (routes, description) = described().split_for_parts();
    let page = docs::page(&description);
    let routes = routes
        .route("/api/openapi.json", get(async || Json(description)))
        .route("/api/docs", get(async || page))
        .method_not_allowed_fallback(wrong_method);
    let trimmed = routes
        .clone()
        .fallback(no_such_path)
        .with_state(web.clone())
        .map_request(trim_slash);
    let api = routes
        .fallback_service(trimmed)
        .with_state(web.clone())
        .layer(Extension(web.clone()))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ));
    Router::new()
        .route_service("/api", api.clone())
        .route_service("/api/", api.clone())
        .route_service("/api/{*path}", api)
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bando",
        description = "Sells, meters and enforces internet access on MikroTik networks.\n\nMembers of a \
            business sign in for an access token; customers need none. Where several businesses share \
            an installation, the parameter `provider` (or the header `Bando-Provider`) says which one \
            is meant. A slash at the end of an address does not matter. Lists page by cursor. What \
            goes wrong is answered as a problem document (RFC 9457).\n\nRequests that move money take \
            the header `Idempotency-Key`: sent again under the same key within 24 hours, such a request \
            is not carried out again but answered as before, byte for byte, with \
            `Idempotency-Replayed: true`. A refusal (4xx) is not kept: nothing was done."
    ),
    components(schemas(Document)),
    tags(
        (name = "Buying", description = "For customers' programs: what is sold, and paying."),
        (name = "Using tickets", description = "For customers' programs: what a code or device is worth."),
        (name = "Signing in", description = "For members."),
        (name = "Plans", description = "What is sold."),
        (name = "Payments", description = "Every attempt to pay, with its timeline."),
        (name = "Money", description = "Over the counter, unasked, back and out; and the books."),
        (name = "Tickets", description = "Rights to use the network: sold, given, printed."),
        (name = "Network", description = "Who is online, and the routers."),
        (name = "Customers", description = "Who buys."),
    )
)]
struct Description;

fn described() -> OpenApiRouter<Web> {
    let mut description = Description::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token that signing in answers with."))
        .build();
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.responses = responses::components();
    OpenApiRouter::with_openapi(description)
        .merge(auth::routes())
        .merge(shop::routes())
        .merge(outside::routes())
        .merge(codes::routes())
        .merge(plans::routes())
        .merge(payments::routes())
        .merge(counter::routes())
        .merge(queue::routes())
        .merge(refunds::routes())
        .merge(payouts::routes())
        .merge(ledger::routes())
        .merge(tickets::routes())
        .merge(network::routes())
}

/// The same request without the slash at the end of its path.
fn trim_slash(mut request: Request) -> Request {
    let uri = request.uri();
    let path = uri.path().trim_end_matches('/');
    let query = uri.query().map(|query| format!("?{query}"));
    let trimmed: Result<Uri, _> = format!("{path}{}", query.unwrap_or_default()).parse();
    if let Ok(trimmed) = trimmed {
        *request.uri_mut() = trimmed;
    }
    request
}

async fn no_such_path() -> Problem {
    Problem::new(
        Kind::NoSuchPath,
        "see /api/docs for the addresses of this API",
    )
}

async fn wrong_method() -> Problem {
    Problem::new(
        Kind::WrongMethod,
        "the header Allow names the methods that this address takes",
    )
}
