//! Asks for money.

use bando_domain::PaymentFailure;
use serde::Serialize;

use super::account::MomoAccount;
use super::reference::reference_id;
use super::reply::Reply;
use super::{AMOUNTS, CallError, KNOWN, Momo, REQUEST, note, or, refused, refused_keys, state};
use crate::gateway::{Charge, Reference, Start};
use crate::http::NoAnswer;
use crate::tokens::TokenError;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayRequest<'a> {
    amount: String,
    currency: &'static str,
    external_id: &'a str,
    payer: Party<'a>,
    payer_message: String,
    payee_note: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Party<'a> {
    party_id_type: &'static str,
    party_id: &'a str,
}

impl Momo {
    /// Asks the payer for the money.
    pub(super) async fn request(&self, account: &MomoAccount, charge: &Charge) -> Start {
        let reference = match accepted(charge) {
            Ok(reference) => reference,
            Err(refused) => return refused,
        };
        if let Err(refused) = check(account, charge) {
            return refused;
        }
        let request = PayRequest {
            amount: charge.amount.decimal(),
            currency: account.currency_code(),
            external_id: &charge.reference,
            payer: Party {
                party_id_type: "MSISDN",
                party_id: charge.phone.digits(),
            },
            payer_message: note(&charge.description),
            payee_note: note(&charge.account_reference),
        };
        let url = format!("{}{REQUEST}", account.base_url());
        let call = self.call(account, &account.collection, || {
            self.client
                .post(&url)
                .header("X-Reference-Id", &reference.checkout_request_id)
                .header("X-Callback-Url", &charge.callback_url)
                .json(&request)
        });
        match call.await {
            Ok(reply) => judge(&reply, reference),
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => Start::Unknown { why },
            Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => {
                refused(PaymentFailure::GatewayBusy, "not_sent", why)
            }
            Err(CallError::NoToken(TokenError::Refused { code, message })) => refused(
                PaymentFailure::ProviderMisconfigured,
                &code,
                refused_keys(&message),
            ),
            Err(error @ CallError::NoToken(_)) => {
                refused(PaymentFailure::GatewayBusy, "no_token", error.why())
            }
        }
    }
}

/// How MoMo calls the request of a charge.
pub(super) fn accepted(charge: &Charge) -> Result<Reference, Start> {
    let checkout_request_id = reference_id(&charge.reference).ok_or_else(|| {
        refused(
            PaymentFailure::ProviderMisconfigured,
            "reference",
            "MoMo names requests by UUID".into(),
        )
    })?;
    Ok(Reference {
        merchant_request_id: charge.reference.clone(),
        checkout_request_id,
    })
}

/// Whether the account can be paid this by this payer.
fn check(account: &MomoAccount, charge: &Charge) -> Result<(), Start> {
    let market = account.market;
    if !charge.phone.digits().starts_with(market.calling_code) {
        return Err(refused(
            PaymentFailure::PayerNotAllowed,
            "phone",
            "MoMo reaches only numbers of the account's own country".into(),
        ));
    }
    if charge.amount.currency() != market.currency {
        return Err(refused(
            PaymentFailure::ProviderMisconfigured,
            "currency",
            format!(
                "The account takes {}, not {}",
                market.currency, charge.amount
            ),
        ));
    }
    if !charge
        .amount
        .whole_major()
        .is_some_and(|whole| AMOUNTS.contains(&whole))
    {
        return Err(refused(
            PaymentFailure::LimitExceeded,
            "amount",
            "The amount is outside of what MoMo takes at a time".into(),
        ));
    }
    Ok(())
}

/// What the answer to a request means.
fn judge(reply: &Reply, reference: Reference) -> Start {
    if reply.http == 202 || reply.code() == KNOWN {
        return Start::Accepted {
            reference,
            redirect: None,
        };
    }
    let code = or(reply.code(), "refused");
    let message = reply.summary();
    if reply.too_often().is_some() {
        return refused(PaymentFailure::GatewayBusy, "rate_limited", message);
    }
    if let Some(failure) = state::refusal(&reply.code()) {
        return refused(failure, &code, message);
    }
    match reply.http {
        // Not understood, or the keys are not for this.
        400 | 401 | 403 | 404 | 411 | 413 | 415 | 422 => {
            refused(PaymentFailure::ProviderMisconfigured, &code, message)
        }
        _ => Start::Unknown { why: message },
    }
}
