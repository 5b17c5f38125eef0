//! STK: the prompt on the payer's phone, and the query what became of it.

use bando_domain::{Country, PaymentFailure};
use serde::Serialize;

use super::reply::Reply;
use super::token::TokenError;
use super::{AMOUNTS, CallError, Daraja, DarajaAccount, Shortcode, judge, stamp};
use super::{no_token, refused_keys, whole_shillings};
use crate::gateway::{Charge, Start, TestResult, Verdict};
use crate::http::NoAnswer;
use crate::text;

const PUSH: &str = "/mpesa/stkpush/v1/processrequest";
const QUERY: &str = "/mpesa/stkpushquery/v1/query";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PushRequest<'a> {
    business_short_code: &'a str,
    password: &'a str,
    timestamp: &'a str,
    transaction_type: &'static str,
    amount: String,
    party_a: &'a str,
    party_b: &'a str,
    phone_number: &'a str,
    #[serde(rename = "CallBackURL")]
    callback_url: &'a str,
    account_reference: String,
    transaction_desc: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueryRequest<'a> {
    business_short_code: &'a str,
    password: &'a str,
    timestamp: &'a str,
    #[serde(rename = "CheckoutRequestID")]
    checkout_request_id: &'a str,
}

impl Daraja {
    /// Makes the payer's phone ring.
    pub(super) async fn push(&self, account: &DarajaAccount, charge: &Charge) -> Start {
        let amount = match amount_of(charge) {
            Ok(amount) => amount,
            Err(refused) => return refused,
        };
        let stamp = stamp::stamp(self.clock.now());
        let request = PushRequest {
            business_short_code: &account.shortcode,
            password: &stamp::password(&account.shortcode, &account.passkey, &stamp),
            timestamp: &stamp,
            transaction_type: match account.kind {
                Shortcode::Paybill => "CustomerPayBillOnline",
                Shortcode::Till { .. } => "CustomerBuyGoodsOnline",
            },
            amount: amount.to_string(),
            party_a: charge.phone.digits(),
            party_b: account.receiver(),
            phone_number: charge.phone.digits(),
            callback_url: &charge.callback_url,
            account_reference: or(text::clamp(&charge.account_reference, 12, false), "BANDO"),
            // Left out or empty, Daraja answers "Invalid Remarks".
            transaction_desc: or(text::clamp(&charge.description, 13, true), "Internet"),
        };
        match self.call(account, PUSH, &request).await {
            Ok(reply) => judge::push(&reply),
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => Start::Unknown { why },
            Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => {
                refused(PaymentFailure::GatewayBusy, "not_sent", why)
            }
            Err(CallError::NoToken(TokenError::Refused { code, message })) => refused(
                PaymentFailure::ProviderMisconfigured,
                &code,
                refused_keys(&code, &message),
            ),
            Err(CallError::NoToken(TokenError::TooOften(_))) => refused(
                PaymentFailure::GatewayBusy,
                "rate_limited",
                "Daraja was asked too often".into(),
            ),
            Err(CallError::NoToken(TokenError::Unreachable(why))) => {
                refused(PaymentFailure::GatewayBusy, "no_token", why)
            }
        }
    }

    /// Asks what became of a prompt.
    pub(super) async fn query_prompt(&self, account: &DarajaAccount, id: &str) -> Verdict {
        match self.ask(account, id).await {
            Ok(reply) => judge::query(&reply, id),
            Err(CallError::NoToken(TokenError::TooOften(retry_after))) => {
                Verdict::RateLimited { retry_after }
            }
            Err(error) => Verdict::Unreachable { why: error.why() },
        }
    }

    /// Asks for a payment that never was: the answer tells whether shortcode and passkey are right.
    pub(super) async fn test_shortcode(&self, account: &DarajaAccount) -> TestResult {
        let stamp = stamp::stamp(self.clock.now());
        let (date, time) = stamp.split_at(8);
        let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
        let never_was = format!("ws_CO_{day}{month}{year}{time}1700000000");
        match self.ask(account, &never_was).await {
            Ok(reply) => judge::probe(&reply),
            Err(CallError::NoAnswer(no)) => TestResult::Unclear { why: no.why() },
            Err(CallError::NoToken(error)) => no_token(error),
        }
    }

    async fn ask(
        &self,
        account: &DarajaAccount,
        checkout_request_id: &str,
    ) -> Result<Reply, CallError> {
        let stamp = stamp::stamp(self.clock.now());
        let request = QueryRequest {
            business_short_code: &account.shortcode,
            password: &stamp::password(&account.shortcode, &account.passkey, &stamp),
            timestamp: &stamp,
            checkout_request_id,
        };
        self.call(account, QUERY, &request).await
    }
}

/// The amount as Daraja takes it, or why it will not.
fn amount_of(charge: &Charge) -> Result<i64, Start> {
    if charge.phone.country() != Some(Country::Ke) {
        return Err(refused(
            PaymentFailure::PayerNotAllowed,
            "phone",
            "M-Pesa in Kenya reaches only Kenyan numbers".into(),
        ));
    }
    let whole = whole_shillings(charge.amount).ok_or_else(|| {
        refused(
            PaymentFailure::ProviderMisconfigured,
            "amount",
            format!("M-Pesa takes whole Kenyan shillings, not {}", charge.amount),
        )
    })?;
    if !AMOUNTS.contains(&whole) {
        return Err(refused(
            PaymentFailure::LimitExceeded,
            "amount",
            format!(
                "M-Pesa takes {} to {} shillings at a time",
                AMOUNTS.start(),
                AMOUNTS.end()
            ),
        ));
    }
    Ok(whole)
}

/// A prompt that was not made.
pub(super) fn refused(failure: PaymentFailure, code: &str, message: String) -> Start {
    Start::Refused {
        failure,
        code: code.to_owned(),
        message,
    }
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() {
        default.to_owned()
    } else {
        text
    }
}
