//! Plans, as a provider sets them.

use axum::Json;
use axum::extract::State;
use bando_app::PlanDraft;
use bando_domain::PlanId;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{Bearer, InProvider};
use super::extract::{Body, Id};
use super::problem::Problem;
use super::responses::{OfChanges, OfOne};
use super::types::{Amount, List, Money, Terms, Time, Window};
use crate::Web;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_plans, create_plan))
        .routes(routes!(get_plan, update_plan, delete_plan))
}

/// What is sold.
#[derive(Serialize, ToSchema, Debug)]
pub(crate) struct Plan {
    id: Uuid,
    /// As customers see it.
    name: String,
    price: Money,
    terms: Terms,
    /// When it is on sale; null for always.
    selling_window: Option<Window>,
    /// Whether the portal offers it.
    on_sale: bool,
    /// Its place in the list, smallest first.
    position: i64,
    created_at: Time,
}

impl From<bando_app::Plan> for Plan {
    fn from(plan: bando_app::Plan) -> Self {
        Self {
            id: plan.id.uuid(),
            name: plan.name,
            price: plan.price.into(),
            terms: plan.terms.into(),
            selling_window: plan.window.map(Window::from),
            on_sale: plan.on_sale,
            position: plan.position,
            created_at: plan.created_at.into(),
        }
    }
}

/// A plan as it is to be.
#[derive(Deserialize, ToSchema, Debug)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"name": "1 hour", "price": "10", "terms": {"validity_seconds": 3600}})))]
struct PlanInput {
    /// At most 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// In the currency of the business.
    price: Amount,
    terms: Terms,
    /// When it is on sale; null for always.
    #[serde(default)]
    selling_window: Option<Window>,
    /// Whether the portal offers it; yes unless said otherwise.
    #[serde(default = "yes")]
    on_sale: bool,
    /// Its place in the list, smallest first.
    #[serde(default)]
    position: i64,
}

const fn yes() -> bool {
    true
}

impl From<PlanInput> for PlanDraft {
    fn from(input: PlanInput) -> Self {
        Self {
            name: input.name,
            price: input.price.0,
            terms: input.terms.into(),
            window: input.selling_window.map(Into::into),
            on_sale: input.on_sale,
            position: input.position,
        }
    }
}

/// List the plans
#[utoipa::path(get, path = "/api/plans", tag = "Plans", params(InProvider), security(("bearer" = [])),
    responses((status = 200, description = "The list", body = List<Plan>), OfOne))]
async fn list_plans(State(web): State<Web>, bearer: Bearer) -> Result<Json<List<Plan>>, Problem> {
    let plans = web.app.plans(&bearer.0).await?;
    Ok(Json(List::whole(plans, Plan::from)))
}

/// Make a plan
///
/// Needs a manager.
#[utoipa::path(post, path = "/api/plans", tag = "Plans", params(InProvider), security(("bearer" = [])),
    request_body = PlanInput, responses((status = 201, description = "The plan", body = Plan), OfChanges))]
async fn create_plan(
    State(web): State<Web>,
    bearer: Bearer,
    Body(input): Body<PlanInput>,
) -> Result<(StatusCode, Json<Plan>), Problem> {
    let plan = web.app.save_plan(&bearer.0, None, input.into()).await?;
    Ok((StatusCode::CREATED, Json(plan.into())))
}

/// Get a plan
#[utoipa::path(get, path = "/api/plans/{id}", tag = "Plans", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 200, description = "The plan", body = Plan), OfOne))]
async fn get_plan(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PlanId>,
) -> Result<Json<Plan>, Problem> {
    Ok(Json(web.app.plan(&bearer.0, id).await?.into()))
}

/// Change a plan
///
/// The whole plan: what is left out takes its default. Tickets already sold keep their terms. Needs
/// a manager.
#[utoipa::path(put, path = "/api/plans/{id}", tag = "Plans", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), request_body = PlanInput, responses((status = 200, description = "The plan", body = Plan), OfChanges))]
async fn update_plan(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PlanId>,
    Body(input): Body<PlanInput>,
) -> Result<Json<Plan>, Problem> {
    web.app.save_plan(&bearer.0, Some(id), input.into()).await?;
    // Read again: the plan keeps the day it was made.
    Ok(Json(web.app.plan(&bearer.0, id).await?.into()))
}

/// Take a plan off the list for good
///
/// Needs a manager.
#[utoipa::path(delete, path = "/api/plans/{id}", tag = "Plans", params(("id" = Uuid, Path), InProvider),
    security(("bearer" = [])), responses((status = 204, description = "Gone"), OfOne))]
async fn delete_plan(
    State(web): State<Web>,
    bearer: Bearer,
    Id(id): Id<PlanId>,
) -> Result<StatusCode, Problem> {
    web.app.delete_plan(&bearer.0, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
