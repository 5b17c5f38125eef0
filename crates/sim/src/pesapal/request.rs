//! Checks orders the way the documentation says they are checked.

use bando_domain::{Country, Currency, Money, Phone};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::books::Subscription;
use super::shared::State;

/// An order as it is sent.
#[derive(Deserialize)]
pub(super) struct OrderRequest {
    pub(super) id: String,
    currency: String,
    amount: Box<RawValue>,
    pub(super) description: String,
    pub(super) callback_url: String,
    #[serde(default)]
    pub(super) cancellation_url: Option<String>,
    pub(super) notification_id: String,
    billing_address: BillingAddress,
    #[serde(default)]
    pub(super) account_number: Option<String>,
    #[serde(default)]
    pub(super) subscription_details: Option<Subscription>,
}

#[derive(Deserialize)]
struct BillingAddress {
    #[serde(default)]
    email_address: Option<String>,
    #[serde(default)]
    phone_number: Option<Value>,
}

/// What is wrong with an order: error type, code, message.
pub(super) type Wrong = (&'static str, &'static str, String);

impl OrderRequest {
    /// How much it asks for, or what is wrong with the order.
    pub(super) fn check(&self, state: &State, merchant: &str) -> Result<Money, Wrong> {
        let id_is_fit = (1..=50).contains(&self.id.len())
            && self
                .id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
        if !id_is_fit {
            return Err(parameter("id"));
        }
        let amount = self.amount()?;
        if !(1..=100).contains(&self.description.chars().count()) {
            return Err(parameter("description"));
        }
        for url in [Some(&self.callback_url), self.cancellation_url.as_ref()]
            .into_iter()
            .flatten()
        {
            if !Url::parse(url).is_ok_and(|url| url.scheme().starts_with("http")) {
                return Err(parameter("callback_url"));
            }
        }
        let known = state
            .addresses
            .iter()
            .any(|a| a.ipn_id == self.notification_id && a.merchant == merchant);
        if !known {
            return Err((
                "invalid_request_error",
                "invalid_ipn_id",
                "InvalidIpnId".into(),
            ));
        }
        let email = self.billing_address.email_address.as_deref();
        if email.is_none_or(str::is_empty) && self.phone().is_empty() {
            return Err(parameter("billing_address"));
        }
        self.check_subscription()?;
        let used = state
            .books
            .orders
            .iter()
            .any(|o| o.merchant == merchant && o.merchant_reference == self.id);
        if used {
            return Err((
                "api_error",
                "duplicate_order_id",
                "The merchant reference was used before".into(),
            ));
        }
        if amount.minor() > state.settings.max_amount_minor {
            return Err((
                "api_error",
                "maximum_amount_limit_exceeded",
                "Request Declined.Maximum allowed test transactions limit exceeded".into(),
            ));
        }
        Ok(amount)
    }

    /// The number given with it, in digits; empty when there is none.
    pub(super) fn phone(&self) -> String {
        let text = match &self.billing_address.phone_number {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        match Phone::parse(&text, Country::Ke) {
            Ok(phone) => phone.digits().to_owned(),
            Err(_) => text.chars().filter(char::is_ascii_digit).collect(),
        }
    }

    fn amount(&self) -> Result<Money, Wrong> {
        let currency: Currency = self
            .currency
            .parse()
            .ok()
            .filter(|c| *c != Currency::Xof)
            .ok_or_else(|| parameter("currency"))?;
        Money::parse(self.amount.get(), currency)
            .ok()
            .filter(|amount| amount.is_positive())
            .ok_or_else(|| parameter("amount"))
    }

    fn check_subscription(&self) -> Result<(), Wrong> {
        let Some(details) = &self.subscription_details else {
            return Ok(());
        };
        if self.account_number.as_deref().is_none_or(str::is_empty) {
            return Err(parameter("account_number"));
        }
        let is_date =
            |text: &str| jiff::civil::Date::strptime("%d-%m-%Y", text).is_ok() && text.len() == 10;
        if !is_date(&details.start_date) || !is_date(&details.end_date) {
            return Err(parameter("subscription_details"));
        }
        match details.frequency.as_str() {
            "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY" => Ok(()),
            _ => Err(parameter("frequency")),
        }
    }
}

fn parameter(field: &str) -> Wrong {
    (
        "invalid_request_error",
        "invalid_api_request_parameters",
        format!("Invalid {field}"),
    )
}
