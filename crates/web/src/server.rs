//! The router of all faces, its layers, and serving it.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, extract::Path};
use futures_util::StreamExt as _;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::state::Web;
use crate::{api, assets, console, hooks, portal};

/// The largest body anyone may send: forms, JSON and callbacks are far smaller.
const MAX_BODY: usize = 64 * 1024;

/// The longest a request may take; live streams are answered at once and go on.
const MAX_TIME: Duration = Duration::from_secs(45);

/// Every route of the program.
pub fn router(web: Web) -> Router {
    Router::new()
        .merge(portal::routes(&web))
        .merge(console::routes())
        .merge(api::routes(&web))
        .merge(hooks::routes())
        .route("/assets/{name}", get(asset).layer(compression()))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(hooks::ready))
        .fallback(portal::not_found)
        .with_state(web)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            MAX_TIME,
        ))
        .layer(CatchPanicLayer::new())
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .layer(fixed(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(fixed(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
}

/// Serves `router` until `stop` ends, then finishes the requests that are under way and ends the
/// live streams, which would never finish by themselves.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, stopped) = watch::channel(false);
    let router = router.layer(map_response(move |response| {
        let stopped = stopped.clone();
        async move { ending_with(response, stopped) }
    }));
    let stop = async move {
        stop.await;
        stopping.send_replace(true);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await
}

/// A live stream that ends when the server stops; browsers ask for it again by themselves.
fn ending_with(response: Response, mut stopped: watch::Receiver<bool>) -> Response {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    if content_type.is_none_or(|value| !value.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    response.map(|body| {
        let stop = async move {
            // An error means that the server is gone.
            let _ = stopped.wait_for(|stopping| *stopping).await;
        };
        Body::from_stream(body.into_data_stream().take_until(Box::pin(stop)))
    })
}

/// Compresses what a slow network would feel, as fast as it goes; streams are left alone.
pub(crate) fn compression() -> CompressionLayer<impl Predicate> {
    let predicate = SizeAbove::new(1024).and(NotForContentType::SSE);
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(predicate)
}

async fn asset(Path(name): Path<String>) -> impl IntoResponse {
    match assets::find(&name) {
        Some(found) => {
            let headers = [
                (header::CONTENT_TYPE, found.content_type),
                (header::CACHE_CONTROL, assets::CACHE_CONTROL),
            ];
            (headers, found.bytes.as_slice()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A header that every answer has, unless its handler set another.
fn fixed(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}
