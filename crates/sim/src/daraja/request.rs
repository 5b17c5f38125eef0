//! Checks requests the way Daraja does, with its own words for what is wrong.

use std::time::Duration;

use bando_domain::{Country, Currency, Money, Phone};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use url::Url;

use super::shared::{App, Shared};
use super::wire::{self, Refusal};

/// Words that no callback URL may contain.
const BANNED: [&str; 8] = [
    "m-pesa",
    "mpesa",
    "safaricom",
    "exe",
    "exec",
    "cmd",
    "sql",
    "query",
];

/// A request's fields. Strings and numbers are both taken, as the real one does.
pub(crate) struct Fields(pub(crate) Map<String, Value>);

/// A push that may go ahead.
pub(crate) struct Push {
    pub(crate) phone: String,
    pub(crate) amount: Money,
    pub(crate) account_reference: String,
    pub(crate) description: String,
    pub(crate) callback_url: String,
}

impl Fields {
    /// A field as text; none when absent, empty or something else.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The app whose number (paybill, store or till) is in `field`, if the token is its own.
    pub(crate) fn app(
        &self,
        sim: &Shared,
        consumer_key: &str,
        field: &str,
    ) -> Result<App, Refusal> {
        let number = self
            .text(field)
            .filter(|number| (5..=7).contains(&number.len()) && digits(number))
            .ok_or_else(|| Refusal::invalid(field))?;
        sim.state()
            .apps
            .iter()
            .find(|app| app.consumer_key == consumer_key && app.is_called(&number))
            .cloned()
            .ok_or_else(|| Refusal::invalid(field))
    }

    /// Checks shortcode, timestamp and password, for the app that the token belongs to.
    pub(crate) fn merchant(&self, sim: &Shared, consumer_key: &str) -> Result<App, Refusal> {
        let shortcode = self
            .text("BusinessShortCode")
            .filter(|code| (5..=7).contains(&code.len()) && digits(code))
            .ok_or_else(|| Refusal::invalid("BusinessShortCode"))?;
        let stamp = self
            .text("Timestamp")
            .ok_or_else(|| Refusal::invalid("Timestamp"))?;
        let at = wire::read_stamp(&stamp).ok_or_else(|| Refusal::invalid("Timestamp"))?;
        let password = self
            .text("Password")
            .and_then(|password| STANDARD.decode(password).ok())
            .ok_or_else(|| Refusal::invalid("Password"))?;
        let state = sim.state();
        let now = sim.clock.now();
        if let Some(window) = state.settings.timestamp_window_seconds {
            let off = now.since(at).max(at.since(now));
            if off > Duration::from_secs(window) {
                return Err(Refusal::invalid("Timestamp"));
            }
        }
        let app = state
            .apps
            .iter()
            .find(|app| app.consumer_key == consumer_key && app.shortcode == shortcode)
            .ok_or_else(|| Refusal::catch_all("Merchant does not exist"))?;
        if password != format!("{shortcode}{}{stamp}", app.passkey).into_bytes() {
            return Err(Refusal::catch_all("[MerchantValidate] - Wrong credentials"));
        }
        Ok(app.clone())
    }
}

/// Checks a push in the order of its fields.
pub(crate) fn check_push(
    sim: &Shared,
    consumer_key: &str,
    fields: &Fields,
) -> Result<(Push, App), Refusal> {
    let app = fields.merchant(sim, consumer_key)?;
    let kind = fields
        .text("TransactionType")
        .filter(|kind| {
            matches!(
                kind.as_str(),
                "CustomerPayBillOnline" | "CustomerBuyGoodsOnline"
            )
        })
        .ok_or_else(|| Refusal::invalid("TransactionType"))?;
    if app.till_number.is_some() != (kind == "CustomerBuyGoodsOnline") {
        return Err(Refusal::catch_all(format!(
            "Merchant not allowed to use {kind}"
        )));
    }
    let amount = fields
        .text("Amount")
        .filter(|amount| digits(amount))
        .and_then(|amount| amount.parse().ok())
        .filter(|amount| (1..=250_000).contains(amount))
        .and_then(|amount| Money::from_major(amount, Currency::Kes).ok())
        .ok_or_else(|| Refusal::invalid("Amount"))?;
    let msisdn = |field| {
        fields
            .text(field)
            .filter(|phone| phone.len() == 12)
            .and_then(|phone| Phone::from_international(&phone))
            .filter(|phone| phone.country() == Some(Country::Ke))
            .ok_or_else(|| Refusal::invalid(field))
    };
    msisdn("PartyA")?;
    if fields.text("PartyB").as_deref() != Some(app.receiver()) {
        return Err(Refusal::invalid("PartyB"));
    }
    let phone = msisdn("PhoneNumber")?;
    let production = sim.state().settings.production;
    let callback_url = fields
        .text("CallBackURL")
        .filter(|url| is_callback_url(url, production))
        .ok_or_else(|| Refusal::invalid("CallBackURL"))?;
    let account_reference = fields
        .text("AccountReference")
        .ok_or_else(|| Refusal::invalid("AccountReference"))?;
    // The documentation calls it optional; the sandbox does not.
    let description = fields
        .text("TransactionDesc")
        .ok_or_else(|| Refusal::invalid("Remarks"))?;
    let push = Push {
        phone: phone.digits().to_owned(),
        amount,
        account_reference,
        description,
        callback_url,
    };
    Ok((push, app))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether Daraja would take the address.
pub(crate) fn is_callback_url(text: &str, production: bool) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let scheme = url.scheme() == "https" || (!production && url.scheme() == "http");
    let lower = text.to_ascii_lowercase();
    let clean = BANNED.iter().all(|word| !lower.contains(word));
    let written_host = text.split('/').nth(2).unwrap_or_default();
    scheme && clean && !written_host.bytes().any(|b| b.is_ascii_uppercase())
}
