//! What customers' programs call: what is sold, paying, and what became of a payment. No account is
//! needed; whoever holds a payment's address may see it.

use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::routing::post;
use bando_app::{Asks, Payment, PaymentPage, Provider, Purchase, Visit};
use bando_domain::{Language, MacAddr, PaymentFailure, PaymentStatus, PlanId};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{InProvider, Shop};
use super::extract::{Body, Word};
use super::idempotency::{self, OnceOnly};
use super::problem::{Kind, Problem};
use super::responses::{OfPaying, OfShop};
use super::types::{Amount, List, Money, PlanName, Terms, Time, payment_status};
use crate::i18n::{Lang, PaymentProblem};
use crate::{Source, Web};

/// The routes, one that ends in a slash also without.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(pay))
        .routes(routes!(initiate_payment))
        .route("/api/payments/initiate", post(initiate_payment))
        .routes(routes!(initiate_mpesa))
        .layer(from_fn(idempotency::for_customers))
        .routes(routes!(list_packages))
        .routes(routes!(list_ways_to_pay))
        .routes(routes!(get_payment_status))
}

/// A way to pay.
#[derive(Serialize, ToSchema, Debug)]
#[schema(as = WayToPay)]
struct Way {
    /// For `gateway` when paying.
    gateway: &'static str,
    /// Its brand, to be shown.
    title: &'static str,
    /// How the payer is asked: `push` (a prompt rings on the phone), `redirect` (the browser goes to
    /// `redirect_url`), or `link` (likewise, and the business confirms it by hand).
    asks: &'static str,
}

impl From<bando_app::Offer> for Way {
    fn from(offer: bando_app::Offer) -> Self {
        Self {
            gateway: offer.gateway,
            title: offer.title,
            asks: match offer.asks {
                Asks::Push => "push",
                Asks::Redirect => "redirect",
                Asks::Link => "link",
            },
        }
    }
}

/// List the ways to pay, the usual one first
#[utoipa::path(get, path = "/api/gateways", tag = "Buying", params(InProvider),
    responses((status = 200, description = "The list", body = List<Way>), OfShop))]
async fn list_ways_to_pay(
    State(web): State<Web>,
    Shop(provider): Shop,
) -> Result<Json<List<Way>>, Problem> {
    let offers = web.app.offers(provider.id).await?;
    Ok(Json(List::whole(offers, Way::from)))
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
pub(crate) struct PayRequest {
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
    /// The way to pay, from `GET /api/gateways`; the first of them if it is left out.
    #[serde(default)]
    pub(crate) gateway: Option<String>,
    /// Prompt nobody: the payer pays through the phone's own menu, as `pay_by_hand` says. Only for
    /// businesses that hear of such money.
    #[serde(default)]
    by_hand: bool,
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
    message: Option<String>,
    /// Tells what became of it; ask every few seconds.
    #[schema(format = "uri")]
    status_url: String,
    /// The payment's page for people.
    #[schema(format = "uri")]
    page_url: String,
    /// Where the payer's browser pays, for gateways that have a page of their own.
    #[schema(format = "uri")]
    redirect_url: Option<String>,
    /// What the payer types to pay by hand, where nobody is prompted.
    pay_by_hand: Option<HandPayment>,
}

/// What a payer types into the phone's menu.
#[derive(Serialize, ToSchema, Debug)]
struct HandPayment {
    /// The Paybill or till number.
    number: String,
    /// Whether it is a till (Buy Goods), which asks for no account number.
    is_till: bool,
    /// The account number, for a Paybill.
    account: Option<String>,
    /// How much.
    amount: Money,
}

impl HandPayment {
    fn of(page: &PaymentPage) -> Option<Self> {
        let hand = page.by_hand.clone()?;
        let is_open = page.payment.status == PaymentStatus::Pending;
        (is_open && page.asks.is_none()).then(|| Self {
            number: hand.number,
            is_till: hand.is_till,
            account: hand.account,
            amount: page.payment.amount.into(),
        })
    }
}

/// Buy a plan: prompt a phone
///
/// Six tries in two minutes, by phone and by device. While a prompt is open on the phone, another
/// one is refused.
#[utoipa::path(post, path = "/api/pay", tag = "Buying", params(InProvider, OnceOnly), request_body = PayRequest,
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
#[utoipa::path(post, path = "/api/payments/initiate/", tag = "Buying", params(InProvider, OnceOnly),
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
    params(("id" = String, Path, description = "The business: its short name or id."), OnceOnly),
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
    let payment = start(web, provider, source, headers, request).await?;
    let token = web.app.payment_token(provider.id, payment.id);
    let pay_by_hand = HandPayment::of(&web.app.payment_page(&token).await?);
    Ok((
        StatusCode::ACCEPTED,
        Json(PaymentStarted {
            payment: payment.id.uuid(),
            status: payment.status,
            failure: payment.failure.map(PaymentFailure::name),
            message: message(web, &payment),
            status_url: status_url(web, &token),
            page_url: page_url(web, provider, &token),
            redirect_url: payment.redirect_url,
            pay_by_hand,
        }),
    ))
}

/// Begins a payment as it was asked for.
///
/// # Errors
/// Why there is none.
pub(crate) async fn start(
    web: &Web,
    provider: &Provider,
    source: Source,
    headers: &HeaderMap,
    request: PayRequest,
) -> Result<Payment, Problem> {
    if let Some(shown) = &request.amount {
        check_price(web, provider, request.plan_id, shown).await?;
    }
    let purchase = Purchase {
        gateway: request.gateway,
        by_hand: request.by_hand,
        provider: provider.id,
        plan: request.plan_id,
        phone: request.phone,
        visit: Visit {
            mac: request.mac,
            ..Visit::default()
        },
        language: language(headers, provider),
        source: source.to_string(),
    };
    Ok(web.app.start_payment(purchase).await?)
}

/// The language that a program asks for on behalf of its payer.
pub(crate) fn language(headers: &HeaderMap, provider: &Provider) -> Language {
    let asked_for = headers.get(header::ACCEPT_LANGUAGE);
    asked_for
        .and_then(|value| Language::from_accept(value.to_str().ok()?))
        .unwrap_or(provider.language)
}

/// Where a payment tells programs how it stands.
pub(crate) fn status_url(web: &Web, token: &str) -> String {
    format!(
        "{}/api/payments/{token}/status",
        web.app.settings().public_url
    )
}

/// Where a payment tells people how it stands.
pub(crate) fn page_url(web: &Web, provider: &Provider, token: &str) -> String {
    let base = &web.app.settings().public_url;
    format!("{base}/p/{}/pay/{token}", provider.slug)
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
    message: Option<String>,
    /// Until when the prompt can be open on the phone; try again after that.
    prompt_until: Time,
    /// Where the payer's browser pays, for gateways that have a page of their own.
    #[schema(format = "uri")]
    redirect_url: Option<String>,
    /// What the payer types to pay by hand, where nobody is prompted.
    pay_by_hand: Option<HandPayment>,
    /// What it bought.
    ticket: Option<BoughtTicket>,
}

/// The ticket that a payment bought.
#[derive(Serialize, ToSchema, Debug)]
struct BoughtTicket {
    /// Username and password of the network, both.
    code: String,
    /// The device address that is the ticket's own, if it was bought away from the hotspot: a device
    /// with this address is let in without a code.
    mac_address: Option<String>,
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
    let pay_by_hand = HandPayment::of(&page);
    let (provider, payment) = (page.provider, page.payment);
    let ticket = page.ticket.map(|ticket| {
        let token = web.app.ticket_token(provider.id, ticket.id);
        let base = &web.app.settings().public_url;
        BoughtTicket {
            code: ticket.code.to_string(),
            mac_address: ticket.identity_mac.map(|mac| mac.to_string()),
            page_url: format!("{base}/p/{}/t/{token}", provider.slug),
            expires_at: ticket.expires_at.map(Time::from),
        }
    });
    Ok(Json(PaymentState {
        payment: payment.id.uuid(),
        status: payment.status,
        failure: payment.failure.map(PaymentFailure::name),
        message: message(&web, &payment),
        amount: payment.amount.into(),
        plan: PlanName {
            id: payment.plan_id.uuid(),
            name: payment.plan_name,
        },
        receipt: payment.receipt,
        prompt_until: page.prompt_until.into(),
        redirect_url: payment
            .redirect_url
            .filter(|_| payment.status == PaymentStatus::Pending),
        pay_by_hand,
        ticket,
    }))
}

/// Why a payment failed, as its payer should hear it.
fn message(web: &Web, payment: &Payment) -> Option<String> {
    let problem = PaymentProblem::from(payment.failure?);
    let lang = Lang::from(payment.language);
    Some(match web.app.gateways().get(&payment.gateway) {
        Some(gateway) => problem.text_about(lang, gateway.profile().title),
        None => problem.text(lang).to_owned(),
    })
}
