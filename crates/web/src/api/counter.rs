//! Over the counter: selling for cash, and payments that a member confirms.

use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn;
use bando_app::CashSale;
use bando_domain::{PaymentId, PlanId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{Bearer, InProvider};
use super::extract::{Body, Id};
use super::idempotency::{self, OnceOnly};
use super::payments::Payment;
use super::problem::Problem;
use super::responses::{OfMoney, OfOne};
use super::types::List;
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(sell_for_cash))
        .routes(routes!(confirm_payment))
        .routes(routes!(reject_payment))
        .layer(from_fn(idempotency::for_members))
        .routes(routes!(list_confirmations))
}

/// A sale for cash.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct Sale {
    #[schema(value_type = Uuid)]
    plan_id: PlanId,
    /// The buyer's phone, if they give one: it finds the ticket again.
    #[serde(default)]
    phone: Option<String>,
}

/// What was sold.
#[derive(Serialize, ToSchema, Debug)]
struct Sold {
    payment: Payment,
    /// What the customer types: username and password of the network, both.
    code: String,
}

/// Sell a ticket for cash
///
/// The money is in the till of the member who sells. Needs a cashier.
#[utoipa::path(post, path = "/api/sales", tag = "Money", params(InProvider, OnceOnly), security(("bearer" = [])),
    request_body = Sale, responses((status = 201, description = "The payment and the ticket's code", body = Sold), OfMoney))]
async fn sell_for_cash(
    State(web): State<Web>,
    bearer: Bearer,
    Body(sale): Body<Sale>,
) -> Result<(StatusCode, Json<Sold>), Problem> {
    let sale = CashSale {
        plan: sale.plan_id,
        phone: sale.phone,
    };
    let sold = web.app.sell_for_cash(&bearer.0, sale).await?;
    let answer = Sold {
        code: sold.ticket.code.to_string(),
        payment: Payment::seen_by(&bearer, sold.payment),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A payment that waits for a member's word.
#[derive(Serialize, ToSchema, Debug)]
struct Confirmation {
    payment: Payment,
    /// For how long, seconds.
    waiting_seconds: u64,
    /// No other payment waits for this amount: the amount alone tells whose money it is.
    is_only: bool,
    /// The transaction number that the payer has typed.
    claimed: Option<String>,
    /// The customer is trusted and has the ticket already.
    trusted: bool,
}

/// List the payments that wait to be confirmed, newest first
///
/// At most the newest 100.
#[utoipa::path(get, path = "/api/confirmations", tag = "Money", params(InProvider), security(("bearer" = [])),
    responses((status = 200, description = "The list", body = List<Confirmation>), OfOne))]
async fn list_confirmations(
    State(web): State<Web>,
    bearer: Bearer,
) -> Result<Json<List<Confirmation>>, Problem> {
    let waiting = web.app.confirmations(&bearer.0).await?;
    Ok(Json(List::whole(waiting.rows, |row| Confirmation {
        waiting_seconds: row.waiting.as_secs(),
        is_only: row.is_only,
        claimed: row.claimed,
        trusted: row.trusted,
        payment: Payment::seen_by(&bearer, row.payment),
    })))
}

/// What proves a payment.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
struct Proof {
    /// The wallet's number of the transaction, if it is known. It pays for one thing only.
    #[serde(default)]
    transaction_id: Option<String>,
}

/// Confirm that the money of a payment has come
///
/// For payments by a static link. The ticket is made at once. Confirming again changes nothing. Needs
/// a cashier.
#[utoipa::path(post, path = "/api/payments/{id}/confirm", tag = "Money", params(("id" = Uuid, Path), InProvider, OnceOnly),
    security(("bearer" = [])), request_body = Option<Proof>,
    responses((status = 200, description = "The payment as it is now", body = Payment), OfMoney))]
async fn confirm_payment(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PaymentId>,
    proof: Option<Body<Proof>>,
) -> Result<Json<Payment>, Problem> {
    let number = proof.and_then(|Body(proof)| proof.transaction_id);
    let payment = web
        .app
        .confirm_payment(&bearer.0, id, number.as_deref())
        .await?;
    Ok(Json(Payment::seen_by(&bearer, payment)))
}

/// Say that no money of a payment has come
///
/// For payments by a static link. Confirming it afterwards still works. Needs a cashier.
#[utoipa::path(post, path = "/api/payments/{id}/reject", tag = "Money", params(("id" = Uuid, Path), InProvider, OnceOnly),
    security(("bearer" = [])), responses((status = 200, description = "The payment as it is now", body = Payment), OfMoney))]
async fn reject_payment(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PaymentId>,
) -> Result<Json<Payment>, Problem> {
    let payment = web.app.reject_payment(&bearer.0, id).await?;
    Ok(Json(Payment::seen_by(&bearer, payment)))
}
