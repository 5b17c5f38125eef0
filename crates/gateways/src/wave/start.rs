//! Asking for money: making a session, and finding it again when the answer was lost.

use bando_domain::{Currency, PaymentFailure};
use serde::Serialize;
use url::Url;

use super::account::Access;
use super::api::{Call, CallError};
use super::session::Session;
use super::{AMOUNTS, SESSIONS, amount};
use crate::gateway::{Charge, Recovered, Reference, Start};
use crate::http::NoAnswer;

#[derive(Serialize)]
struct NewSession<'a> {
    amount: String,
    currency: &'static str,
    client_reference: &'a str,
    success_url: &'a str,
    error_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    restrict_payer_mobile: Option<String>,
}

/// Makes a session of `francs` for a charge; `only` the charge's own phone may pay it.
pub(super) async fn create(call: &Call<'_>, charge: &Charge, francs: i64, only: bool) -> Start {
    let request = NewSession {
        amount: francs.to_string(),
        currency: "XOF",
        client_reference: &charge.reference,
        success_url: &charge.return_url,
        error_url: &charge.return_url,
        restrict_payer_mobile: only.then(|| format!("+{}", charge.phone.digits())),
    };
    let body = match serde_json::to_vec(&request) {
        Ok(body) => body,
        Err(error) => {
            return refused(PaymentFailure::GatewayBusy, "not_sent", error.to_string());
        }
    };
    match call.post::<Session>(&SESSIONS, body).await {
        Ok(session) => match accepted(call.access, charge, session) {
            Some((reference, redirect @ Some(_))) => Start::Accepted {
                reference,
                redirect,
            },
            _ => Start::Unknown {
                why: "Wave's answer is not what was asked for".into(),
            },
        },
        Err(CallError::Problem(problem)) if problem.nothing_done() => {
            let failure = if problem.status == 429 {
                PaymentFailure::GatewayBusy
            } else {
                PaymentFailure::ProviderMisconfigured
            };
            refused(failure, &problem.code, problem.why())
        }
        Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => {
            refused(PaymentFailure::GatewayBusy, "not_sent", why)
        }
        Err(other) => Start::Unknown { why: other.why() },
    }
}

/// Of the sessions that bear our reference, the one to go on with: paid before open before any.
pub(super) fn best(access: &Access, charge: &Charge, sessions: Vec<Session>) -> Recovered {
    let rank = |session: &Session| match (session.is("succeeded"), session.is_open()) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    let named: Vec<Session> = sessions
        .into_iter()
        .filter(|session| session.client_reference.as_deref() == Some(&charge.reference))
        .collect();
    let Some(session) = named.into_iter().min_by_key(rank) else {
        // Should it still be made, nobody gets to know its page, and it ends unpaid.
        return Recovered::NotThere;
    };
    let open = session.is_open();
    match accepted(access, charge, session) {
        Some((reference, page)) => Recovered::Found {
            reference,
            redirect: page.filter(|_| open),
        },
        None => Recovered::Unknown {
            why: "Wave has another payment under this reference".into(),
        },
    }
}

/// The whole francs that are asked for, or why Wave will not ask for them.
pub(super) fn francs(charge: &Charge) -> Result<i64, Start> {
    let whole = charge
        .amount
        .whole_major()
        .filter(|_| charge.amount.currency() == Currency::Xof)
        .ok_or_else(|| {
            let message = format!("Wave takes whole CFA francs, not {}", charge.amount);
            refused(PaymentFailure::ProviderMisconfigured, "amount", message)
        })?;
    if AMOUNTS.contains(&whole) {
        return Ok(whole);
    }
    let (least, most) = (AMOUNTS.start(), AMOUNTS.end());
    let message = format!("Wave takes {least} to {most} francs at a time");
    Err(refused(PaymentFailure::LimitExceeded, "amount", message))
}

/// There is no session and there will be none.
pub(super) fn refused(failure: PaymentFailure, code: &str, message: String) -> Start {
    Start::Refused {
        failure,
        code: code.to_owned(),
        message,
    }
}

/// Reference and page of a session, if it is the one that was asked for.
fn accepted(
    access: &Access,
    charge: &Charge,
    session: Session,
) -> Option<(Reference, Option<String>)> {
    let amount = session
        .amount
        .as_deref()
        .zip(session.currency.as_deref())
        .and_then(|(amount, currency)| amount::positive(amount, currency));
    let ours = session.client_reference.as_deref() == Some(&charge.reference)
        && amount == Some(charge.amount)
        && (1..=255).contains(&session.id.len());
    let page = session.wave_launch_url.filter(|text| is_page(access, text));
    ours.then_some((
        Reference {
            merchant_request_id: charge.reference.clone(),
            checkout_request_id: session.id,
        },
        page,
    ))
}

/// Whether a payer's browser may be sent there.
fn is_page(access: &Access, text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| url.scheme() == "https" || !access.is_real() && url.scheme() == "http")
}
