//! The client against servers that no simulator should have to play.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};
use bando_domain::{PaymentFailure, Secret};
use bando_gateways::{Account, Gateway as _, Reference, Start, Verdict};
use tokio::net::TcpListener;

use crate::support::{HandClock, account, charge, daraja};

const TOKEN: &str = r#"{"access_token":"c9SQxWWhmdVRlyh0zh8gZDTkubVF","expires_in":3599}"#;
const PUSH: &str = "/mpesa/stkpush/v1/processrequest";
const QUERY: &str = "/mpesa/stkpushquery/v1/query";
const PHONE: &str = "254712345678";
const URL: &str = "http://127.0.0.1:9/cb";

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("addr"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn with_token() -> Router {
    Router::new().route("/oauth/v1/generate", get(async || TOKEN))
}

fn reference() -> Reference {
    Reference {
        merchant_request_id: "m".into(),
        checkout_request_id: "ws_CO_1".into(),
    }
}

#[tokio::test]
async fn many_at_once_sign_in_once() {
    let signed_in = Arc::new(AtomicUsize::new(0));
    let count = signed_in.clone();
    let app = Router::new()
        .route(
            "/oauth/v1/generate",
            get(async move || {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                TOKEN
            }),
        )
        .route(QUERY, post(async || "{}"));
    let base_url = serve(app).await;
    let daraja = Arc::new(daraja(Arc::new(HandClock::new())));
    let ask = |account: bando_gateways::DarajaAccount| {
        let daraja = daraja.clone();
        async move { daraja.query(&Account::from(account), &reference()).await }
    };
    futures_util::future::join_all((0..50).map(|_| ask(account(&base_url)))).await;
    assert_eq!(signed_in.load(Ordering::SeqCst), 1);
    // Whoever names the same app with another secret gets nothing from the kept token.
    let mut other = account(&base_url);
    other.consumer_secret = Secret::new("guess");
    ask(other).await;
    assert_eq!(signed_in.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn those_who_wait_for_a_failing_sign_in_share_its_failure() {
    let tried = Arc::new(AtomicUsize::new(0));
    let count = tried.clone();
    let app = Router::new().route(
        "/oauth/v1/generate",
        get(async move || {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
            StatusCode::BAD_GATEWAY
        }),
    );
    let account = Account::from(account(&serve(app).await));
    let daraja = daraja(Arc::new(HandClock::new()));
    let reference = reference();
    let all = (0..20).map(|_| daraja.query(&account, &reference));
    for verdict in futures_util::future::join_all(all).await {
        assert!(
            matches!(verdict, Verdict::Unreachable { .. }),
            "{verdict:?}"
        );
    }
    assert_eq!(tried.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_endless_bodies_and_slow_drips_are_not_followed_to_the_end() {
    async fn push_to(app: Router) -> Start {
        let account = Account::from(account(&serve(app).await));
        daraja(Arc::new(HandClock::new()))
            .start(&account, &charge(PHONE, URL))
            .await
    }
    let redirect = post(async || Redirect::temporary("http://127.0.0.1:9/elsewhere"));
    let endless = post(async || {
        let chunks =
            futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 8192]));
        Body::from_stream(chunks)
    });
    let drip = post(async || {
        let chunks = futures_util::stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some((Ok::<_, std::io::Error>(" "), ()))
        });
        Body::from_stream(Box::pin(chunks))
    });
    for odd in [redirect, endless, drip] {
        let start = push_to(with_token().route(PUSH, odd)).await;
        assert!(matches!(start, Start::Unknown { .. }), "{start:?}");
    }
}

#[tokio::test]
async fn a_product_that_is_not_enabled_is_the_providers_to_mend() {
    let fault = r#"{"fault":{"faultstring":"Invalid API call as no apiproduct match found","detail":{"errorcode":"keymanagement.service.InvalidAPICallAsNoApiProductMatchFound"}}}"#;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let app = with_token().route(
        PUSH,
        post(async move || {
            count.fetch_add(1, Ordering::SeqCst);
            (StatusCode::UNAUTHORIZED, fault)
        }),
    );
    let account = Account::from(account(&serve(app).await));
    let start = daraja(Arc::new(HandClock::new()))
        .start(&account, &charge(PHONE, URL))
        .await;
    let Start::Refused {
        failure, message, ..
    } = start
    else {
        panic!("{start:?}");
    };
    assert_eq!(failure, PaymentFailure::ProviderMisconfigured);
    assert!(message.contains("apiproduct"), "{message}");
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "once more with a fresh token, and no more"
    );
}

#[tokio::test]
async fn retry_after_is_obeyed_within_reason() {
    for (said, expected) in [("7", 7), ("999999", 3600), ("soon", 15)] {
        let answer = (StatusCode::TOO_MANY_REQUESTS, [("retry-after", said)], "").into_response();
        let (parts, _) = answer.into_parts();
        let app = with_token().route(
            QUERY,
            post(async move || (parts.status, parts.headers.clone(), "")),
        );
        let account = Account::from(account(&serve(app).await));
        let verdict = daraja(Arc::new(HandClock::new()))
            .query(&account, &reference())
            .await;
        let retry_after = Duration::from_secs(expected);
        assert_eq!(verdict, Verdict::RateLimited { retry_after }, "{said}");
    }
}
