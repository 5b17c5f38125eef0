//! What customers' programs call: what is sold, paying, and what became of a payment. No account is
//! needed; whoever holds a payment's address may see it.

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use bando_app::{Payment, Provider, Purchase, Visit};
use bando_domain::{Language, MacAddr, PaymentFailure, PaymentStatus, PlanId};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{InProvider, Shop};
use super::extract::{Body, Word};
use super::problem::{Kind, Problem};
use super::responses::{OfPaying, OfShop};
use super::types::{Amount, List, Money, PlanName, Terms, Time, payment_status};
use crate::i18n::{Lang, PaymentProblem};
use crate::{Source, Web};

/// The routes, one that ends in a slash also without.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_packages))
        .routes(routes!(pay))
        .routes(routes!(initiate_payment))
        .route("/api/payments/initiate", post(initiate_payment))
        .routes(routes!(initiate_mpesa))
        .routes(routes!(get_payment_status))
}

/// A plan on sale now.
#[derive(Serialize, ToSchema, Debug)]
struct Package {
    /// For `plan_id` when paying.
    id: Uuid,
    name: String,
    price: Money,
    terms: Terms,
}

impl From<bando_app::Plan> for Package {
    fn from(plan: bando_app::Plan) -> Self {
        Self {
            id: plan.id.uuid(),
            name: plan.name,
            price: plan.price.into(),
            terms: plan.terms.into(),
        }
    }
}

/// List the plans on sale now
#[utoipa::path(get, path = "/api/packages", tag = "Buying", params(InProvider),
    responses((status = 200, description = "The list", body = List<Package>), OfShop))]
async fn list_packages(
    State(web): State<Web>,
    Shop(provider): Shop,
) -> Result<Json<List<Package>>, Problem> {
    let plans = web.app.plans_on_sale(&provider).await?;
    Ok(Json(List::whole(plans, Package::from)))
}

/// What is to be paid for, and by which phone.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"phone": "0712 345 678", "plan_id": "019a0000-0000-7000-8000-000000000001",
    "mac": "02:00:5E:10:00:01"})))]
struct PayRequest {
    /// The phone that pays, as people write it. Also called `phone_number`.
    #[serde(alias = "phone_number", alias = "phoneNumber", alias = "msisdn")]
    phone: String,
    /// The plan. Also called `package_id`, `plan` or `package`.
    #[serde(
        alias = "package_id",
        alias = "packageId",
        alias = "planId",
        alias = "plan",
        alias = "package"
    )]
    #[schema(value_type = Uuid)]
    plan_id: PlanId,
    /// The device to let in. Also called `mac_address`.
    #[serde(default, alias = "mac_address", alias = "macAddress")]
    #[schema(value_type = Option<String>)]
    mac: Option<MacAddr>,
    /// The price the customer was shown: when it is sent and the plan costs something else now,
    /// nobody is asked to pay.
    #[serde(default)]
    amount: Option<Amount>,
}

/// A payment that has begun.
#[derive(Serialize, ToSchema, Debug)]
struct PaymentStarted {
    /// Its id.
    payment: Uuid,
    /// `pending` while the phone is prompted; `failed` if the gateway refused at once.
    #[schema(schema_with = payment_status)]
    status: PaymentStatus,
    /// Why the gateway refused, in a word.
    failure: Option<&'static str>,
    /// Why the gateway refused, in a sentence of the payer's language.
    message: Option<&'static str>,
    /// Tells what became of it; ask every few seconds.
    #[schema(format = "uri")]
    status_url: String,
    /// The payment's page for people.
    #[schema(format = "uri")]
    page_url: String,
}

/// Buy a plan: prompt a phone
///
/// Six tries in two minutes, by phone and by device. While a prompt is open on the phone, another
/// one is refused.
#[utoipa::path(post, path = "/api/pay", tag = "Buying", params(InProvider), request_body = PayRequest,
    responses((status = 202, description = "The payment has begun", body = PaymentStarted), OfPaying))]
async fn pay(
    State(web): State<Web>,
    Shop(provider): Shop,
    source: Source,
    headers: HeaderMap,
    Body(request): Body<PayRequest>,
) -> Result<(StatusCode, Json<PaymentStarted>), Problem> {
    begin(&web, &provider, source, &headers, request).await
}

/// Buy a plan, by its second name
#[utoipa::path(post, path = "/api/payments/initiate/", tag = "Buying", params(InProvider),
    request_body = PayRequest, responses((status = 202, description = "The payment has begun", body = PaymentStarted), OfPaying))]
async fn initiate_payment(
    State(web): State<Web>,
    Shop(provider): Shop,
    source: Source,
    headers: HeaderMap,
    Body(request): Body<PayRequest>,
) -> Result<(StatusCode, Json<PaymentStarted>), Problem> {
    begin(&web, &provider, source, &headers, request).await
}

/// Buy a plan of the business in the path
#[utoipa::path(post, path = "/api/captive/{id}/initiate-mpesa", tag = "Buying",
    params(("id" = String, Path, description = "The business: its short name or id.")),
    request_body = PayRequest, responses((status = 202, description = "The payment has begun", body = PaymentStarted), OfPaying))]
async fn initiate_mpesa(
    State(web): State<Web>,
    Word(id): Word,
    source: Source,
    headers: HeaderMap,
    Body(request): Body<PayRequest>,
) -> Result<(StatusCode, Json<PaymentStarted>), Problem> {
    let provider = web.app.provider(&id).await?;
    begin(&web, &provider, source, &headers, request).await
}

async fn begin(
    web: &Web,
    provider: &Provider,
    source: Source,
    headers: &HeaderMap,
    request: PayRequest,
) -> Result<(StatusCode, Json<PaymentStarted>), Problem> {
    if let Some(shown) = &request.amount {
        check_price(web, provider, request.plan_id, shown).await?;
    }
    let asked_for = headers.get(header::ACCEPT_LANGUAGE);
    let language = asked_for
        .and_then(|value| Language::from_accept(value.to_str().ok()?))
        .unwrap_or(provider.language);
    let purchase = Purchase {
        gateway: None,
        by_hand: false,
        provider: provider.id,
        plan: request.plan_id,
        phone: request.phone,
        visit: Visit {
            mac: request.mac,
            ..Visit::default()
        },
        language,
        source: source.to_string(),
    };
    let payment = web.app.start_payment(purchase).await?;
    let token = web.app.payment_token(provider.id, payment.id);
    let base = &web.app.settings().public_url;
    Ok((
        StatusCode::ACCEPTED,
        Json(PaymentStarted {
            payment: payment.id.uuid(),
            status: payment.status,
            failure: payment.failure.map(PaymentFailure::name),
            message: message(&payment),
            status_url: format!("{base}/api/payments/{token}/status"),
            page_url: format!("{base}/p/{}/pay/{token}", provider.slug),
        }),
    ))
}

/// Refuses a price that is not the plan's. A plan that is not on sale is left to be refused as such.
async fn check_price(
    web: &Web,
    provider: &Provider,
    plan: PlanId,
    shown: &Amount,
) -> Result<(), Problem> {
    let plans = web.app.plans_on_sale(provider).await?;
    let Some(plan) = plans.iter().find(|p| p.id == plan) else {
        return Ok(());
    };
    let shown = bando_domain::Money::parse(&shown.0, provider.currency)
        .map_err(|error| Problem::new(Kind::Invalid, error.to_string()).at("amount"))?;
    if shown == plan.price {
        return Ok(());
    }
    let now = plan.price.decimal();
    Err(Problem::new(
        Kind::Invalid,
        format!(
            "the plan costs {now} {} now; show the customer that price",
            plan.price.currency()
        ),
    )
    .at("amount"))
}

/// What has become of a payment.
#[derive(Serialize, ToSchema, Debug)]
struct PaymentState {
    /// Its id.
    payment: Uuid,
    #[schema(schema_with = payment_status)]
    status: PaymentStatus,
    amount: Money,
    plan: PlanName,
    /// The receipt of the money.
    receipt: Option<String>,
    /// Why it failed, in a word.
    failure: Option<&'static str>,
    /// Why it failed, in a sentence of the payer's language.
    message: Option<&'static str>,
    /// Until when the prompt can be open on the phone; try again after that.
    prompt_until: Time,
    /// What it bought.
    ticket: Option<BoughtTicket>,
}

/// The ticket that a payment bought.
#[derive(Serialize, ToSchema, Debug)]
struct BoughtTicket {
    /// Username and password of the network, both.
    code: String,
    /// The ticket's page, for people and QR codes.
    #[schema(format = "uri")]
    page_url: String,
    /// When its time ends, once it runs.
    expires_at: Option<Time>,
}

/// What has become of a payment
#[utoipa::path(get, path = "/api/payments/{token}/status", tag = "Buying",
    params(("token" = String, Path, description = "From the payment's `status_url`.")),
    responses((status = 200, description = "Where the payment stands", body = PaymentState), OfShop))]
async fn get_payment_status(
    State(web): State<Web>,
    Word(token): Word,
) -> Result<Json<PaymentState>, Problem> {
    let page = web.app.payment_page(&token).await?;
    let (provider, payment) = (page.provider, page.payment);
    let ticket = page.ticket.map(|ticket| {
        let token = web.app.ticket_token(provider.id, ticket.id);
        let base = &web.app.settings().public_url;
        BoughtTicket {
            code: ticket.code.to_string(),
            page_url: format!("{base}/p/{}/t/{token}", provider.slug),
            expires_at: ticket.expires_at.map(Time::from),
        }
    });
    Ok(Json(PaymentState {
        payment: payment.id.uuid(),
        status: payment.status,
        failure: payment.failure.map(PaymentFailure::name),
        message: message(&payment),
        amount: payment.amount.into(),
        plan: PlanName {
            id: payment.plan_id.uuid(),
            name: payment.plan_name,
        },
        receipt: payment.receipt,
        prompt_until: page.prompt_until.into(),
        ticket,
    }))
}

/// Why a payment failed, as its payer should hear it.
fn message(payment: &Payment) -> Option<&'static str> {
    let lang = Lang::from(payment.language);
    payment
        .failure
        .map(|failure| PaymentProblem::from(failure).text(lang))
}
