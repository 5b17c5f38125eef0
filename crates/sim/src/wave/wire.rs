//! Wave's shapes: errors, ids, sessions, transactions, events and signatures.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use bando_domain::{Currency, Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::books::{CheckoutStatus, PayStatus, Session, Transaction};
use super::shared::{Shared, Strategy, Wallet, Webhook};
use crate::daraja::Random;

const LOWER: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Such as `cos-18qq25rgr100a`.
pub(crate) fn session_id(random: &Random) -> String {
    format!("cos-{}", random.text(13, LOWER))
}

/// Such as `T_V3TFOUE7VU`.
pub(crate) fn transaction_id(random: &Random) -> String {
    format!("T_{}", random.text(10, BASE32))
}

/// Such as `EV_QvEZuDSQbLdI`, or `AE_…` of payments by merchant link.
pub(crate) fn event_id(random: &Random, prefix: &str) -> String {
    format!("{prefix}_{}", random.text(12, LETTERS))
}

/// Such as `2021-12-08T10:13:04Z`.
pub(crate) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_seconds())
        .unwrap_or_default()
        .to_string()
}

/// Such as `2021-12-08`; Wave's days are UTC's.
pub(crate) fn day(at: Timestamp) -> String {
    time(at).chars().take(10).collect()
}

/// Whether a text is an amount as Wave takes it: no leading zeros, and no decimals where the
/// currency has none.
pub(crate) fn whole_amount(text: &str, currency: Currency) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits && !text.starts_with('0') && currency.decimals() == 0)
        .then(|| text.parse().ok())
        .flatten()
}

/// The error body.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Response {
    let body = json!({"code": code, "message": message});
    (status_of(status), axum::Json(body)).into_response()
}

/// 422, naming the field.
pub(crate) fn invalid(field: &str, message: &str) -> Response {
    let body = json!({
        "code": "request-validation-error",
        "message": "Request invalid",
        "details": [{"loc": [field], "msg": message}],
    });
    (StatusCode::UNPROCESSABLE_ENTITY, axum::Json(body)).into_response()
}

pub(crate) fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A session as the API shows it.
pub(crate) fn session(sim: &Shared, session: &Session, wallet: &Wallet) -> Value {
    let launch = format!(
        "{}/c/{}?a={}&c={}&m={}",
        sim.base_url,
        session.id,
        session.amount.decimal(),
        session.amount.currency(),
        wallet
            .name
            .replace(|c: char| !c.is_ascii_alphanumeric(), "%20"),
    );
    json!({
        "id": session.id,
        "amount": session.amount.decimal(),
        "checkout_status": match session.checkout_status {
            CheckoutStatus::Open => "open",
            CheckoutStatus::Complete => "complete",
            CheckoutStatus::Expired => "expired",
        },
        "client_reference": session.client_reference,
        "currency": session.amount.currency().code(),
        "error_url": session.error_url,
        "last_payment_error": session.last_payment_error.as_ref().map(|code| {
            json!({"code": code, "message": "The payment failed"})
        }),
        "business_name": wallet.name,
        "payment_status": match session.payment_status {
            PayStatus::Processing => "processing",
            PayStatus::Cancelled => "cancelled",
            PayStatus::Succeeded => "succeeded",
        },
        "transaction_id": session.transaction_id,
        "success_url": session.success_url,
        "wave_launch_url": launch,
        "when_completed": session.completed.map(time),
        "when_created": time(session.created),
        "when_expires": time(session.expires),
    })
}

/// A transaction as the API shows it. `amount` is what it did to the balance: net of the fee.
pub(crate) fn transaction(transaction: &Transaction) -> Value {
    let mut shown = json!({
        "timestamp": time(transaction.at),
        "transaction_id": transaction.id,
        "transaction_type": transaction.kind,
        "amount": transaction.net.decimal(),
        "fee": transaction.fee.decimal(),
        "balance": transaction.balance.decimal(),
        "currency": transaction.net.currency().code(),
        "is_reversal": transaction.refunds.is_some(),
    });
    if !transaction.phone.is_empty() {
        shown["counterparty_name"] = transaction.name.clone().into();
        shown["counterparty_mobile"] = format!("+{}", transaction.phone).into();
    }
    if let Some(id) = &transaction.session_id {
        shown["checkout_api_session_id"] = id.clone().into();
    }
    if let Some(reference) = &transaction.client_reference {
        shown["client_reference"] = reference.clone().into();
    }
    shown
}

/// The header by which a webhook's receiver knows Wave, name and value.
pub(crate) fn credential(webhook: &Webhook, at: Timestamp, body: &str) -> (&'static str, String) {
    match webhook.strategy {
        Strategy::SharedSecret => ("Authorization", format!("Bearer {}", webhook.secret)),
        Strategy::SigningSecret => {
            let secrets = [Some(&webhook.secret), webhook.previous_secret.as_ref()];
            let signed: Vec<String> = secrets
                .into_iter()
                .flatten()
                .map(|secret| format!("v1={}", hmac(secret, at.as_seconds(), body.as_bytes())))
                .collect();
            let value = format!("t={},{}", at.as_seconds(), signed.join(","));
            ("Wave-Signature", value)
        }
    }
}

/// Hex of HMAC-SHA256 over the seconds as text and, with nothing between, the body.
pub(crate) fn hmac(secret: &str, seconds: i64, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(seconds.to_string().as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_vector_does() {
        let body = r#"{"id":"EV_test","type":"checkout.session.completed","data":{"id":"cos-test","client_reference":"ORD-1","amount":"1000","currency":"XOF","checkout_status":"complete","payment_status":"succeeded","transaction_id":"T_TEST"}}"#;
        assert_eq!(
            hmac("wave_sn_WHS_testsecret", 1_700_000_000, body.as_bytes()),
            "5e82cd67c3bbf789fc011fda65ce562a27ecf0322a06607c6214b1b208e3bd36"
        );
    }

    #[test]
    fn takes_amounts_as_wave_does() {
        let xof = |text| whole_amount(text, Currency::Xof);
        assert_eq!(xof("1000"), Some(1000));
        for bad in [
            "",
            "0",
            "010",
            "10.00",
            "-5",
            "1,000",
            "99999999999999999999",
        ] {
            assert_eq!(xof(bad), None, "{bad}");
        }
    }
}
