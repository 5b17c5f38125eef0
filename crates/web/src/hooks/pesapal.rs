//! Pesapal at the addresses that platforms of old are set up with: one for all payments of an
//! installation. Our own orders name addresses of their own.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use bando_app::{Error, Result};
use url::form_urlencoded;

use super::callbacks::{answer, provider_meant, take};
use crate::state::{Source, Web};

/// The gateway.
const PESAPAL: &str = "pesapal";

/// `GET /api/payments/pesapal/callback`: a payer's browser comes back, to the default provider.
pub(super) async fn come_back(
    State(web): State<Web>,
    source: Source,
    RawQuery(query): RawQuery,
) -> Response {
    lead(&web, None, source, &query.unwrap_or_default()).await
}

/// `GET /api/payments/pesapal/callback/{provider}`: the same to one provider.
pub(super) async fn come_back_to(
    State(web): State<Web>,
    Path(provider): Path<String>,
    source: Source,
    RawQuery(query): RawQuery,
) -> Response {
    lead(&web, Some(&provider), source, &query.unwrap_or_default()).await
}

/// `POST` or `GET /api/payments/pesapal/webhook`: there is news of an order.
pub(super) async fn news(
    State(web): State<Web>,
    source: Source,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    note(&web, None, source, query, &body).await
}

/// `POST` or `GET /api/payments/pesapal/webhook/{provider}`: the same for one provider.
pub(super) async fn news_for(
    State(web): State<Web>,
    Path(provider): Path<String>,
    source: Source,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    note(&web, Some(&provider), source, query, &body).await
}

/// Leads a browser to the page of its payment, which tells how it stands; that it came back proves
/// nothing. To the provider's first page if what it brings fits no payment.
async fn lead(web: &Web, provider: Option<&str>, source: Source, query: &str) -> Response {
    match page_of(web, provider, query).await {
        Ok(address) => Redirect::to(&address).into_response(),
        Err(error) => answer(Err(error), source),
    }
}

async fn page_of(web: &Web, provider: Option<&str>, query: &str) -> Result<String> {
    let provider = provider_meant(web, provider).await?;
    let field = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (reference, order) = (field("OrderMerchantReference"), field("OrderTrackingId"));
    let found = web
        .app
        .payment_come_back(provider.id, PESAPAL, &reference, &order)
        .await;
    match found {
        Ok(payment) => {
            let token = web.app.payment_token(provider.id, payment);
            Ok(format!("/p/{}/pay/{token}", provider.slug))
        }
        Err(Error::NotFound(_)) => Ok(format!("/p/{}", provider.slug)),
        Err(error) => Err(error),
    }
}

async fn note(
    web: &Web,
    provider: Option<&str>,
    source: Source,
    query: Option<String>,
    body: &[u8],
) -> Response {
    let query = query.unwrap_or_default();
    let said = if body.is_empty() {
        query.as_bytes()
    } else {
        body
    };
    answer(take(web, provider, PESAPAL, source, said).await, source)
}
