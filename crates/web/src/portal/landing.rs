//! The first page: prices, one field, one button; or straight on for a device that has a ticket.

use axum::extract::State;
use axum::response::Response;
use bando_app::{Asks, Payment, ProviderStatus, Result};
use bando_domain::{MacAddr, PaymentStatus, PlanId};
use http::StatusCode;

use super::answer::Drawn;
use super::guest::Guest;
use super::{Portal, answer, connect};
use crate::standing;
use crate::views::portal::{Again, Known, Landing, OpenPayment, PlanOption, Way};
use crate::views::{Field, Notice, Tone};

/// What was typed into the form, and why it was not taken.
#[derive(Debug)]
pub(crate) struct Typed {
    /// How the answer is marked for programs.
    pub(crate) status: StatusCode,
    /// The plan that was chosen.
    pub(crate) plan: Option<PlanId>,
    /// The way to pay that was chosen.
    pub(crate) gateway: Option<String>,
    /// The phone, with what is wrong with it.
    pub(crate) phone: Field,
    /// What else is wrong.
    pub(crate) notice: Option<Notice>,
}

impl Typed {
    /// An empty form.
    pub(crate) fn nothing() -> Self {
        Self {
            status: StatusCode::OK,
            plan: None,
            gateway: None,
            phone: Field::default(),
            notice: None,
        }
    }
}

/// `GET /p/{provider}`.
pub(crate) async fn show(State(portal): State<Portal>, guest: Guest) -> Response {
    guest.answer(first_page(&portal, &guest).await)
}

async fn first_page(portal: &Portal, guest: &Guest) -> Result<Response> {
    if guest.provider().status == ProviderStatus::Suspended {
        return Err(bando_app::Error::Suspended);
    }
    if guest.query.is_plain() {
        let drawn = guest.offer.first_page[guest.lang as usize]
            .get_or_init(|| Drawn::new(&view(guest, None, None, None, Typed::nothing())));
        return Ok(drawn.answer(guest.gzip));
    }
    let device = guest.device(&portal.app).await?;
    // Not when the router has just refused: it would do so for ever.
    let may_go_on = guest.query.error.is_empty() && !guest.query.plans;
    if device.is_some()
        && may_go_on
        && let Some(token) = connect::scanned(portal, guest)
    {
        let connect = guest.page("").url(&format!("t/{token}/connect"));
        return Ok(answer::go_to(&connect));
    }
    if let Some(mac) = device
        && may_go_on
        && let Some(page) = connect::known_device(portal, guest, mac).await?
    {
        return Ok(page);
    }
    let mut typed = Typed::nothing();
    if !guest.query.error.is_empty() {
        let why = answer::router_error(guest.lang, &guest.query.error);
        typed.notice = Some(Notice::new(Tone::Bad, why));
    }
    draw(portal, guest, device, typed).await
}

/// Draws the first page with what was typed before. `device` is what [`Guest::device`] says.
///
/// # Errors
/// [`bando_app::Error::Store`].
pub(crate) async fn draw(
    portal: &Portal,
    guest: &Guest,
    device: Option<MacAddr>,
    typed: Typed,
) -> Result<Response> {
    let (mut known, mut last) = (None, None);
    if let Some(mac) = device {
        known = connect::known(portal, guest, mac).await?;
        last = portal.app.last_payment_of(guest.provider().id, mac).await?;
    }
    let open = last
        .as_ref()
        .filter(|last| last.status == PaymentStatus::Pending);
    let open = open.map(|last| open_payment(portal, guest, last));
    let status = typed.status;
    Ok(answer::page(status, &view(guest, known, open, last, typed)))
}

/// `last` is the device's newest payment; it is offered again unless it is `open`.
fn view(
    guest: &Guest,
    known: Option<Known>,
    open: Option<OpenPayment>,
    last: Option<Payment>,
    typed: Typed,
) -> Landing {
    let again = last.as_ref().filter(|_| open.is_none());
    let gateway = typed
        .gateway
        .or_else(|| last.as_ref().map(|last| last.gateway.clone()));
    Landing {
        page: guest.page(""),
        notice: typed.notice,
        known,
        again: again.and_then(|last| again_card(guest, last)),
        open,
        plans: plans(guest, typed.plan.or(last.map(|last| last.plan_id))),
        ways: ways(guest, gateway.as_deref()),
        phone: typed.phone,
        phone_example: guest.provider().country.example().to_owned(),
    }
}

/// The plans as rows; `wanted` is chosen if it is on sale, else the first.
fn plans(guest: &Guest, wanted: Option<PlanId>) -> Vec<PlanOption> {
    let plans = &guest.offer.plans;
    let chosen = plans
        .iter()
        .position(|plan| Some(plan.id) == wanted)
        .unwrap_or(0);
    let row = |(i, plan): (usize, &bando_app::Plan)| PlanOption {
        id: plan.id.to_string(),
        name: plan.name.clone(),
        facts: facts(guest, plan),
        price: plan.price.to_string(),
        selected: i == chosen,
        most_bought: false,
    };
    plans.iter().enumerate().map(row).collect()
}

/// The ways to pay; `wanted` is chosen if it is offered, else the first.
fn ways(guest: &Guest, wanted: Option<&str>) -> Vec<Way> {
    let ways = &guest.offer.ways;
    let chosen = ways
        .iter()
        .position(|way| Some(way.gateway) == wanted)
        .unwrap_or(0);
    let row = |(i, way): (usize, &bando_app::Offer)| Way {
        id: way.gateway.to_owned(),
        title: way.title.to_owned(),
        outside: way.asks != Asks::Push,
        selected: i == chosen,
    };
    ways.iter().enumerate().map(row).collect()
}

/// What one gets besides the name, which is not said twice.
pub(crate) fn facts(guest: &Guest, plan: &bando_app::Plan) -> Vec<String> {
    let mut facts = standing::terms(guest.lang, &plan.terms);
    facts.retain(|fact| !fact.eq_ignore_ascii_case(&plan.name));
    facts
}

fn open_payment(portal: &Portal, guest: &Guest, payment: &Payment) -> OpenPayment {
    let token = portal.app.payment_token(guest.provider().id, payment.id);
    OpenPayment {
        plan: payment.plan_name.clone(),
        price: payment.amount.to_string(),
        href: guest.page("").url(&format!("pay/{token}")),
    }
}

/// The same purchase again, at today's price, if the plan is still sold.
fn again_card(guest: &Guest, last: &Payment) -> Option<Again> {
    let plan = guest
        .offer
        .plans
        .iter()
        .find(|plan| plan.id == last.plan_id)?;
    Some(Again {
        plan: plan.name.clone(),
        price: plan.price.to_string(),
        phone: last.phone.as_ref()?.masked(),
    })
}

/// A live ticket of this device, for the first page.
pub(crate) fn known_card(plan: &str, left: &[String], status_href: String) -> Known {
    Known {
        plan: plan.to_owned(),
        left: left.join(" · "),
        status_href,
    }
}
