//! Orders on their way out, and what the answer to one means.

use bando_domain::{Country, PaymentFailure};
use serde::Serialize;
use serde_json::value::RawValue;

use super::account::PesapalAccount;
use super::message::is_id;
use super::reply::Reply;
use super::subscription::{Details, Subscription};
use super::{AMOUNTS, CURRENCIES};
use crate::gateway::{Charge, Reference, Start};
use crate::text;

/// The most characters of a description.
const MAX_DESCRIPTION: usize = 100;

/// `SubmitOrderRequest`.
#[derive(Serialize)]
pub(super) struct OrderRequest<'a> {
    id: &'a str,
    currency: &'static str,
    /// Its exact decimal text, as a JSON number.
    amount: Box<RawValue>,
    description: String,
    callback_url: &'a str,
    cancellation_url: &'a str,
    redirect_mode: &'static str,
    notification_id: &'a str,
    billing_address: BillingAddress<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_details: Option<Details>,
}

#[derive(Serialize)]
struct BillingAddress<'a> {
    phone_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'static str>,
}

impl<'a> OrderRequest<'a> {
    /// The order for a charge, or why Pesapal would not take it.
    pub(super) fn new(
        account: &'a PesapalAccount,
        charge: &'a Charge,
        subscription: Option<&'a Subscription>,
    ) -> Result<Self, Start> {
        let notification_id = account.ipn_id.as_deref().ok_or_else(|| {
            refused(
                PaymentFailure::ProviderMisconfigured,
                "ipn_id",
                "Pesapal does not know yet where to send its notifications: save the account once more",
            )
        })?;
        if !is_reference(&charge.reference)
            || subscription.is_some_and(|s| !is_reference(&s.account_number))
        {
            return Err(refused(
                PaymentFailure::ProviderMisconfigured,
                "reference",
                "Pesapal takes references of at most 50 letters, digits, -, _, . and :",
            ));
        }
        let currency = charge.amount.currency();
        if !CURRENCIES.contains(&currency) {
            return Err(refused(
                PaymentFailure::ProviderMisconfigured,
                "currency",
                "Pesapal does not take this currency",
            ));
        }
        if !fits(charge) {
            return Err(refused(
                PaymentFailure::LimitExceeded,
                "amount",
                "The amount is outside of what Pesapal takes at a time",
            ));
        }
        let amount = RawValue::from_string(charge.amount.decimal()).map_err(|_| {
            refused(
                PaymentFailure::ProviderMisconfigured,
                "amount",
                "The amount cannot be written",
            )
        })?;
        Ok(Self {
            id: &charge.reference,
            currency: currency.code(),
            amount,
            description: description(&charge.description),
            callback_url: &charge.return_url,
            cancellation_url: &charge.return_url,
            redirect_mode: "TOP_WINDOW",
            notification_id,
            billing_address: BillingAddress {
                phone_number: charge.phone.digits(),
                country_code: charge.phone.country().map(Country::code),
            },
            account_number: subscription.map(|s| s.account_number.as_str()),
            subscription_details: subscription.and_then(|s| s.schedule).map(Details::from),
        })
    }
}

/// What the answer to an order means.
pub(super) fn judge(reply: &Reply, account: &PesapalAccount, charge: &Charge) -> Start {
    let unknown = || Start::Unknown {
        why: reply.summary(),
    };
    if reply.too_often().is_some() {
        return refused(
            PaymentFailure::GatewayBusy,
            "rate_limited",
            "Pesapal was asked too often",
        );
    }
    if let Some(fields) = reply.success() {
        let about_another = fields
            .text("merchant_reference")
            .is_some_and(|reference| reference != charge.reference);
        let tracking_id = fields.text("order_tracking_id").filter(|id| is_id(id));
        let redirect = fields
            .text("redirect_url")
            .filter(|url| account.may_redirect(url));
        return match (tracking_id, redirect) {
            (Some(checkout_request_id), Some(redirect)) if !about_another => Start::Accepted {
                reference: Reference {
                    merchant_request_id: charge.reference.clone(),
                    checkout_request_id,
                },
                redirect: Some(redirect),
            },
            _ => Start::Unknown {
                why: "Pesapal took the order, but its answer cannot be used".into(),
            },
        };
    }
    // A refusal names an error, in an answer below 500; whatever else fails may have been accepted.
    let Some(error) = reply.error().filter(|_| reply.http < 500) else {
        return unknown();
    };
    // The reference is this payment's alone: an earlier request has arrived, its answer was lost.
    if error.code.contains("duplicate") {
        return unknown();
    }
    Start::Refused {
        failure: if error.code == "maximum_amount_limit_exceeded" {
            PaymentFailure::LimitExceeded
        } else {
            PaymentFailure::ProviderMisconfigured
        },
        message: reply.summary(),
        code: if error.code.is_empty() {
            "refused".into()
        } else {
            error.code
        },
    }
}

/// A refusal that was decided here.
pub(super) fn refused(failure: PaymentFailure, code: &str, message: &str) -> Start {
    Start::Refused {
        failure,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

fn is_reference(text: &str) -> bool {
    (1..=50).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

fn fits(charge: &Charge) -> bool {
    let per_major = charge.amount.currency().minor_per_major();
    let minor = charge.amount.minor();
    minor >= AMOUNTS.start() * per_major && minor <= AMOUNTS.end() * per_major
}

fn description(said: &str) -> String {
    let said: String = text::clean(said).chars().take(MAX_DESCRIPTION).collect();
    if said.is_empty() {
        "Internet".into()
    } else {
        said
    }
}
