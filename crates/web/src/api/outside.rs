//! Paying on a gateway's own page, at the addresses that older platforms have for it.

use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::routing::post;
use bando_app::{Error, Provider, Purchase, Visit};
use bando_domain::{PaymentStatus, PlanId};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{InProvider, Shop};
use super::extract::{Body, Word};
use super::idempotency::{self, OnceOnly};
use super::problem::{Kind, Problem};
use super::responses::OfPaying;
use super::shop::{PayRequest, language, page_url, start, status_url};
use super::types::{Amount, Money, payment_status};
use crate::{Source, Web};

/// The routes, one that ends in a slash also without.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(init_wave))
        .route("/api/payment/init_wave", post(init_wave))
        .routes(routes!(create_pesapal_order))
        .layer(from_fn(idempotency::for_customers))
}

/// A phone, and the price of what it buys.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"phone": "0700000000", "amount": 200})))]
struct WaveRequest {
    /// The phone that pays, as people write it.
    #[serde(alias = "phone_number", alias = "phoneNumber", alias = "msisdn")]
    phone: String,
    /// The price of a plan on sale.
    amount: Amount,
}

/// A payment by Wave that has begun.
#[derive(Serialize, ToSchema, Debug)]
struct WaveStarted {
    /// Its id.
    payment_id: Uuid,
    /// `PENDING`, or `FAILED` if there is no way to pay it.
    status: String,
    /// Where to pay.
    #[schema(format = "uri")]
    wave_url: Option<String>,
    /// What to pay there, which may be a little less than the price: the business tells payers apart
    /// by it.
    amount: Money,
    /// The page for people: once the payment is confirmed, and not before, it shows the ticket's
    /// code, its QR code and its own device address.
    #[schema(format = "uri")]
    session_url: String,
    /// Tells the same to programs; ask every few seconds.
    #[schema(format = "uri")]
    status_url: String,
}

/// Buy the plan of this price by Wave
///
/// The ticket, its QR code and its own device address (MAC) come to be when the payment is confirmed:
/// by the business, or by Wave where the business has let it.
#[utoipa::path(post, path = "/api/payment/init_wave/", tag = "Buying", params(InProvider, OnceOnly),
    request_body = WaveRequest, responses((status = 202, description = "The payment has begun", body = WaveStarted), OfPaying))]
async fn init_wave(
    State(web): State<Web>,
    Shop(provider): Shop,
    source: Source,
    headers: HeaderMap,
    Body(request): Body<WaveRequest>,
) -> Result<(StatusCode, Json<WaveStarted>), Problem> {
    let plan = plan_of_price(&web, &provider, &request.amount).await?;
    let offers = web.app.offers(provider.id).await?;
    let gateway = ["wave_link", "wave"]
        .into_iter()
        .find(|name| offers.iter().any(|offer| offer.gateway == *name))
        .ok_or(Error::NoGateway)?;
    let purchase = Purchase {
        gateway: Some(gateway.to_owned()),
        by_hand: false,
        provider: provider.id,
        plan,
        phone: request.phone,
        visit: Visit::default(),
        language: language(&headers, &provider),
        source: source.to_string(),
    };
    let payment = web.app.start_payment(purchase).await?;
    let token = web.app.payment_token(provider.id, payment.id);
    Ok((
        StatusCode::ACCEPTED,
        Json(WaveStarted {
            payment_id: payment.id.uuid(),
            status: payment.status.name().to_ascii_uppercase(),
            wave_url: payment.redirect_url,
            amount: payment.amount.into(),
            session_url: page_url(&web, &provider, &token),
            status_url: status_url(&web, &token),
        }),
    ))
}

/// The first plan on sale now that costs this.
async fn plan_of_price(web: &Web, provider: &Provider, price: &Amount) -> Result<PlanId, Problem> {
    let price = bando_domain::Money::parse(&price.0, provider.currency)
        .map_err(|error| Problem::new(Kind::Invalid, error.to_string()).at("amount"))?;
    let plans = web.app.plans_on_sale(provider).await?;
    let found = plans.iter().find(|plan| plan.price == price);
    found.map(|plan| plan.id).ok_or_else(|| {
        let detail = "no plan on sale now has this price; GET /api/packages lists them";
        Problem::new(Kind::Invalid, detail).at("amount")
    })
}

/// An order at Pesapal.
#[derive(Serialize, ToSchema, Debug)]
struct PesapalOrder {
    /// Pesapal's name for it; none while its answer is waited for.
    order_tracking_id: Option<String>,
    /// Ours: the payment's id.
    merchant_reference: Uuid,
    #[schema(schema_with = payment_status)]
    status: PaymentStatus,
    /// Where to pay.
    #[schema(format = "uri")]
    redirect_url: Option<String>,
    /// Tells what became of it; ask every few seconds.
    #[schema(format = "uri")]
    status_url: String,
    /// The payment's page for people, to which Pesapal sends the payer's browser back.
    #[schema(format = "uri")]
    page_url: String,
}

/// Buy a plan by Pesapal, from the business in the path
#[utoipa::path(post, path = "/api/providers/{id}/pesapal/create-order", tag = "Buying",
    params(("id" = String, Path, description = "The business: its short name or id."), OnceOnly),
    request_body = PayRequest, responses((status = 202, description = "The payment has begun", body = PesapalOrder), OfPaying))]
async fn create_pesapal_order(
    State(web): State<Web>,
    Word(id): Word,
    source: Source,
    headers: HeaderMap,
    Body(mut request): Body<PayRequest>,
) -> Result<(StatusCode, Json<PesapalOrder>), Problem> {
    let provider = web.app.provider(&id).await?;
    request.gateway = Some("pesapal".to_owned());
    let payment = start(&web, &provider, source, &headers, request).await?;
    let token = web.app.payment_token(provider.id, payment.id);
    Ok((
        StatusCode::ACCEPTED,
        Json(PesapalOrder {
            order_tracking_id: payment.checkout_request_id,
            merchant_reference: payment.id.uuid(),
            status: payment.status,
            redirect_url: payment.redirect_url,
            status_url: status_url(&web, &token),
            page_url: page_url(&web, &provider, &token),
        }),
    ))
}
