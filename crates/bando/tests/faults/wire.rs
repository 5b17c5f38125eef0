//! Messages as anybody can send them, and as only Wave can.

use std::time::Duration;

use anyhow::Result;
use bando_domain::Clock as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::proof::town::wave_secret;
use crate::stage::Stage;

/// The header of Wave's signature.
pub(crate) const SIGNATURE: &str = "wave-signature";

const JSON: &str = "application/json";

impl Stage {
    /// Posts a body. The HTTP status of the answer; none if the connection was closed before.
    pub(crate) async fn post(&self, url: &str, body: impl Into<Vec<u8>>) -> Result<Option<u16>> {
        self.post_with(url, &[("content-type", JSON.to_owned())], body)
            .await
    }

    /// The same with headers.
    pub(crate) async fn post_with(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: impl Into<Vec<u8>>,
    ) -> Result<Option<u16>> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()?;
        let mut request = client.post(url).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.ok();
        Ok(answer.map(|answer| answer.status().as_u16()))
    }

    /// Posts what the first business's Wave would have signed just now.
    pub(crate) async fn post_signed(&self, body: &str) -> Result<Option<u16>> {
        let url = self.message_url(0).await?;
        let header = self.signature_of(0, 0, body);
        let headers = [("content-type", JSON.to_owned()), (SIGNATURE, header)];
        self.post_with(&url, &headers, body).await
    }

    /// A signature with the secret of a business's webhook, so many seconds old.
    pub(crate) fn signature_of(&self, shop: usize, age: i64, body: &str) -> String {
        let seconds = self.town.clock.now().as_seconds() - age;
        let secret = wave_secret(&self.town.shops[shop].slug);
        format!("t={seconds},v1={}", digest(&secret, seconds, body))
    }
}

/// Hex of HMAC-SHA256 over the seconds as text and, with nothing between, the body.
pub(crate) fn digest(secret: &str, seconds: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(seconds.to_string().as_bytes());
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A success as Wave would tell it.
pub(crate) fn wave_success(
    session: &str,
    ours: &str,
    receipt: &str,
    amount: &str,
    currency: &str,
) -> Value {
    json!({
        "id": format!("EV_{receipt}"),
        "type": "checkout.session.completed",
        "data": {
            "id": session,
            "client_reference": ours,
            "amount": amount,
            "currency": currency,
            "checkout_status": "complete",
            "payment_status": "succeeded",
            "transaction_id": receipt,
            "when_completed": "2026-11-20T12:00:00Z",
        },
    })
}

/// A success as Daraja would tell it.
pub(crate) fn mpesa_success(merchant: &str, checkout: &str, receipt: &str, phone: &str) -> Value {
    let items = json!([
        {"Name": "Amount", "Value": 20.00},
        {"Name": "MpesaReceiptNumber", "Value": receipt},
        {"Name": "TransactionDate", "Value": 20_261_120_143_500_u64},
        {"Name": "PhoneNumber", "Value": phone.parse::<u64>().unwrap_or_default()},
    ]);
    json!({"Body": {"stkCallback": {
        "MerchantRequestID": merchant,
        "CheckoutRequestID": checkout,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "CallbackMetadata": {"Item": items},
    }}})
}

/// A notification as Pesapal would send it.
pub(crate) fn pesapal_news(order: &str, ours: &str) -> Value {
    json!({
        "OrderTrackingId": order,
        "OrderMerchantReference": ours,
        "OrderNotificationType": "IPNCHANGE",
    })
}
