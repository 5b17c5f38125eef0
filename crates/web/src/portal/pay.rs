//! Starting a payment: the plan and the phone, or the same as last time.

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use bando_app::{Asks, Error, Invalid, Payment, Purchase, Result, Visit};
use bando_domain::{MacAddr, PaymentStatus, Phone, PhoneError, PlanId};
use http::{HeaderValue, StatusCode, header};

use super::fields::Fields;
use super::guest::Guest;
use super::landing::{Typed, draw};
use super::{Portal, answer};
use crate::i18n::PaymentProblem;
use crate::state::Source;
use crate::views::{Field, Notice, Tone};

/// For how long the same wish of the same device is taken for a form that was sent twice.
const SAME_PURCHASE: Duration = Duration::from_secs(10 * 60);

/// What somebody wants to buy, and for whom.
struct Wish {
    plan: PlanId,
    /// As typed.
    phone: String,
    /// The way to pay; the first that is offered if none was chosen.
    gateway: Option<String>,
    /// Without a prompt.
    by_hand: bool,
    visit: Visit,
    source: Source,
}

/// `POST /p/{provider}/pay`.
pub(crate) async fn start(
    State(portal): State<Portal>,
    guest: Guest,
    source: Source,
    fields: Fields,
) -> Response {
    let begun = match fields.get("again") {
        "" => typed_in(&portal, &guest, source, &fields).await,
        _ => same_as_last_time(&portal, &guest, source).await,
    };
    guest.answer(begun)
}

/// `POST /p/{provider}/pay/{token}/again`: another try with the same plan and phone; with `by_hand`,
/// without a prompt.
pub(crate) async fn again(
    State(portal): State<Portal>,
    guest: Guest,
    Path((_, token)): Path<(String, String)>,
    source: Source,
    fields: Fields,
) -> Response {
    let by_hand = !fields.get("by_hand").is_empty();
    guest.answer(try_again(&portal, &guest, &token, by_hand, source).await)
}

async fn try_again(
    portal: &Portal,
    guest: &Guest,
    token: &str,
    by_hand: bool,
    source: Source,
) -> Result<Response> {
    let found = super::payment::find(portal, guest, token).await?;
    if found.payment.status == PaymentStatus::Pending || found.payment.status.was_paid() {
        // Nothing to try again: the page shows how far it is.
        return Ok(answer::go_to(&guest.page("").url(&format!("pay/{token}"))));
    }
    let here = guest.visit();
    let visit = if here.identity.is_empty() {
        found.visit
    } else {
        here.clone()
    };
    repeat(portal, guest, &found.payment, by_hand, visit, source).await
}

async fn same_as_last_time(portal: &Portal, guest: &Guest, source: Source) -> Result<Response> {
    let device = guest.device(&portal.app).await?;
    let last = match device {
        Some(mac) => portal.app.last_payment_of(guest.provider().id, mac).await?,
        None => None,
    };
    match last {
        Some(last) => {
            let visit = guest.visit().clone();
            repeat(portal, guest, &last, false, visit, source).await
        }
        None => Ok(answer::go_to(&guest.page("").plans_url())),
    }
}

async fn repeat(
    portal: &Portal,
    guest: &Guest,
    last: &Payment,
    by_hand: bool,
    visit: Visit,
    source: Source,
) -> Result<Response> {
    let Some(phone) = &last.phone else {
        return Ok(answer::go_to(&guest.page("").plans_url()));
    };
    let phone = format!("+{}", phone.digits());
    let wish = Wish {
        plan: last.plan_id,
        phone,
        gateway: guest
            .offer
            .way(&last.gateway)
            .map(|way| way.gateway.to_owned()),
        by_hand,
        visit,
        source,
    };
    buy(portal, guest, wish, Field::default()).await
}

async fn typed_in(
    portal: &Portal,
    guest: &Guest,
    source: Source,
    fields: &Fields,
) -> Result<Response> {
    let phone = fields.get("phone");
    let typed = Field::of(phone.chars().take(40).collect::<String>());
    let gateway = Some(fields.get("gateway").to_owned()).filter(|name| !name.is_empty());
    let Ok(plan) = fields.get("plan").parse::<PlanId>() else {
        let why = Refused {
            phone: typed,
            ..Refused::saying(guest.lang.plan_missing())
        };
        return refuse(portal, guest, None, gateway, why).await;
    };
    let visit = guest.visit().clone();
    let wish = Wish {
        plan,
        phone: phone.to_owned(),
        gateway,
        by_hand: false,
        visit,
        source,
    };
    buy(portal, guest, wish, typed).await
}

/// Begins the payment and leads to its page; or back to the form, with what was typed still there.
async fn buy(portal: &Portal, guest: &Guest, wish: Wish, typed: Field) -> Result<Response> {
    let (provider, t) = (guest.provider(), guest.lang);
    if let Some(open) = under_way(portal, guest, &wish).await? {
        return Ok(answer::go_to(&page_of(portal, guest, &open)));
    }
    let purchase = Purchase {
        gateway: wish.gateway.clone(),
        by_hand: wish.by_hand,
        provider: provider.id,
        plan: wish.plan,
        phone: wish.phone.clone(),
        visit: wish.visit,
        language: t.into(),
        source: wish.source.to_string(),
    };
    let why = match portal.app.start_payment(purchase).await {
        Ok(payment) => {
            let page = page_of(portal, guest, &payment);
            let on = if payment.redirect_url.is_some() {
                "&go=1"
            } else {
                ""
            };
            return Ok(answer::go_to(&format!("{page}{on}")));
        }
        Err(Error::Invalid(Invalid::Phone(PhoneError::Empty))) => {
            Refused::phone(typed, t.phone_missing().to_owned())
        }
        Err(Error::Invalid(Invalid::Phone(_))) => {
            Refused::phone(typed, t.phone_wrong(provider.country.example()))
        }
        Err(Error::Invalid(Invalid::NotOnSale | Invalid::Price) | Error::NotFound("plan")) => {
            Refused {
                phone: typed,
                ..Refused::saying(t.plan_gone())
            }
        }
        Err(Error::TooMany { retry_after }) => Refused {
            status: StatusCode::TOO_MANY_REQUESTS,
            phone: typed,
            retry_after: Some(retry_after.as_secs().max(1)),
            ..Refused::saying(t.too_many_requests())
        },
        Err(Error::PromptOpen) => {
            if let Some(open) = open_payment(portal, guest, &wish.phone).await? {
                return Ok(answer::go_to(&page_of(portal, guest, &open)));
            }
            let text = PaymentProblem::PromptOpen.text(t);
            Refused {
                status: StatusCode::CONFLICT,
                phone: typed,
                ..Refused::saying(text)
            }
        }
        Err(Error::NoGateway | Error::Invalid(Invalid::Field { .. })) => Refused {
            status: StatusCode::CONFLICT,
            phone: typed,
            ..Refused::saying(t.no_gateway_text())
        },
        Err(other) => return Err(other),
    };
    refuse(portal, guest, Some(wish.plan), wish.gateway, why).await
}

/// The same purchase, begun a moment ago without a prompt, which would keep it from being begun twice.
async fn under_way(portal: &Portal, guest: &Guest, wish: &Wish) -> Result<Option<Payment>> {
    let offer = &guest.offer;
    let way = match &wish.gateway {
        Some(name) => offer.way(name),
        None => offer.ways.first(),
    };
    let Some(way) = way.filter(|way| wish.by_hand || way.asks != Asks::Push) else {
        return Ok(None);
    };
    let open = open_payment(portal, guest, &wish.phone).await?;
    Ok(open.filter(|open| {
        let age = portal.app.now().since(open.created_at);
        open.plan_id == wish.plan && open.gateway == way.gateway && age < SAME_PURCHASE
    }))
}

/// The payment that holds the prompt, if it is this device's own: a form sent twice leads to one
/// page. Somebody else's is not told about.
async fn open_payment(portal: &Portal, guest: &Guest, phone: &str) -> Result<Option<Payment>> {
    let Some(mac) = guest.device(&portal.app).await? else {
        return Ok(None);
    };
    let last = portal.app.last_payment_of(guest.provider().id, mac).await?;
    let phone = Phone::parse(phone, guest.provider().country).ok();
    Ok(last.filter(|last| {
        last.status == PaymentStatus::Pending && phone.is_some() && last.phone == phone
    }))
}

fn page_of(portal: &Portal, guest: &Guest, payment: &Payment) -> String {
    let token = portal.app.payment_token(guest.provider().id, payment.id);
    guest.page("").url(&format!("pay/{token}"))
}

/// Why a form was not taken.
struct Refused {
    status: StatusCode,
    phone: Field,
    notice: Option<Notice>,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Refused {
    fn saying(text: &str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            phone: Field::default(),
            notice: Some(Notice::new(Tone::Bad, text)),
            retry_after: None,
        }
    }

    fn phone(typed: Field, error: String) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            phone: Field {
                error: Some(error),
                ..typed
            },
            notice: None,
            retry_after: None,
        }
    }
}

async fn refuse(
    portal: &Portal,
    guest: &Guest,
    plan: Option<PlanId>,
    gateway: Option<String>,
    why: Refused,
) -> Result<Response> {
    let device: Option<MacAddr> = guest.device(&portal.app).await?;
    let typed = Typed {
        status: why.status,
        plan,
        gateway,
        phone: why.phone,
        notice: why.notice,
    };
    let mut response = draw(portal, guest, device, typed).await?;
    if let Some(seconds) = why.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}
