//! C2B: a customer pays a paybill or till without having been asked.
//!
//! Registering URLs (v1 and v2), the sandbox's simulate call, the payment by hand, its validation
//! and its confirmation.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use bando_domain::{Country, Currency, Money, Phone, Timestamp};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::{sleep, timeout};

use super::api::admit;
use super::books::{MessageKind, Moved};
use super::money::{self, Payment};
use super::play;
use super::request::{Fields, is_callback_url};
use super::scenario::{Delivery, Scenario};
use super::shared::{App, Shared};
use super::wire::{self, Refusal};

/// What one payment may be, in shillings.
const AMOUNTS: std::ops::RangeInclusive<i64> = 1..=250_000;

/// Where a merchant's C2B messages go.
#[derive(Clone)]
pub(crate) struct Registration {
    /// v1 hashes the payer's number, v2 masks it.
    hashed: bool,
    /// Whether a payment goes through when validation does not answer.
    completes: bool,
    confirmation_url: String,
    validation_url: String,
}

/// A customer's own payment, as typed on the phone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandPayment {
    /// Who pays: a Kenyan mobile number.
    pub phone: String,
    /// The paybill or till.
    pub shortcode: String,
    /// The account number; of a till, none.
    #[serde(default)]
    pub bill_ref_number: String,
    /// How much, in cents.
    pub amount_minor: i64,
}

/// Why a payment by hand did not come about.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HandError {
    /// Not a Kenyan mobile number.
    #[error("give a Kenyan mobile number as \"phone\"")]
    NotAPhone,
    /// No app has this paybill or till.
    #[error("no paybill or till {0}; POST /sim/apps makes one known")]
    NoSuchShortcode(String),
    /// Not whole shillings between 1 and 250,000.
    #[error("pay 1 to 250,000 whole shillings")]
    Amount,
    /// Less in the wallet than that.
    #[error("not enough money in the wallet")]
    NotEnoughMoney,
    /// Validation said no, or did not answer and the `ResponseType` is `Cancelled`.
    #[error("the merchant turned the payment down: {0}")]
    Rejected(String),
}

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/mpesa/c2b/{version}/registerurl", any(register))
        .route("/mpesa/c2b/{version}/simulate", any(simulate))
}

async fn register(
    State(sim): State<Arc<Shared>>,
    Path(version): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let registered = version_of(&version).and_then(|hashed| {
        let (key, fields) = admit(&sim, &method, &headers, &body)?;
        check_registration(&sim, &key, &fields, hashed)
    });
    match registered {
        Ok(()) => wire::ok(json!({
            "OriginatorCoversationID": wire::merchant_request_id(&sim.random),
            "ResponseCode": "0",
            "ResponseDescription": "Success",
        })),
        Err(refusal) => refusal.response(&sim.random),
    }
}

/// Whether the version hashes numbers.
fn version_of(version: &str) -> Result<bool, Refusal> {
    match version {
        "v1" => Ok(true),
        "v2" => Ok(false),
        _ => Err(Refusal::new(404, "404.001.01", "Resource not found")),
    }
}

fn check_registration(
    sim: &Shared,
    key: &str,
    fields: &Fields,
    hashed: bool,
) -> Result<(), Refusal> {
    let app = fields.app(sim, key, "ShortCode")?;
    let mut state = sim.state();
    let production = state.settings.production;
    // Sentence case exactly.
    let completes = match fields.text("ResponseType").as_deref() {
        Some("Completed") => true,
        Some("Cancelled") => false,
        _ => return Err(Refusal::invalid("ResponseType")),
    };
    let url = |field| {
        fields
            .text(field)
            .filter(|url| is_callback_url(url, production))
            .ok_or_else(|| Refusal::invalid(field))
    };
    let confirmation_url = url("ConfirmationURL")?;
    let validation_url = url("ValidationURL")?;
    if production && state.c2b.contains_key(app.receiver()) {
        let said = "Urls are already registered";
        return Err(Refusal::new(500, "500.003.1001", said));
    }
    let registration = Registration {
        hashed,
        completes,
        confirmation_url,
        validation_url,
    };
    state.c2b.insert(app.receiver().to_owned(), registration);
    Ok(())
}

async fn simulate(
    State(sim): State<Arc<Shared>>,
    Path(version): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let checked = version_of(&version).and_then(|_| {
        let (key, fields) = admit(&sim, &method, &headers, &body)?;
        check_simulation(&sim, &key, &fields)
    });
    let payment = match checked {
        Ok(payment) => payment,
        Err(refusal) => return refusal.response(&sim.random),
    };
    let answer = wire::ok(json!({
        "OriginatorCoversationID": wire::merchant_request_id(&sim.random),
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    }));
    tokio::spawn(async move {
        if let Err(error) = pay_by_hand(&sim, &payment).await {
            tracing::debug!(%error, "a simulated payment did not come about");
        }
    });
    answer.into_response()
}

fn check_simulation(sim: &Shared, key: &str, fields: &Fields) -> Result<HandPayment, Refusal> {
    if sim.state().settings.production {
        return Err(Refusal::new(404, "404.001.01", "Resource not found"));
    }
    let app = fields.app(sim, key, "ShortCode")?;
    let is_till = match fields.text("CommandID").as_deref() {
        Some("CustomerPayBillOnline") => false,
        Some("CustomerBuyGoodsOnline") => true,
        _ => return Err(Refusal::invalid("CommandID")),
    };
    let reference = fields.text("BillRefNumber");
    if is_till != app.till_number.is_some() {
        return Err(Refusal::invalid("CommandID"));
    }
    if is_till && fields.0.contains_key("BillRefNumber") {
        return Err(Refusal::invalid("BillRefNumber"));
    }
    let amount: i64 = fields
        .text("Amount")
        .and_then(|amount| amount.parse().ok())
        .filter(|amount| AMOUNTS.contains(amount))
        .ok_or_else(|| Refusal::invalid("Amount"))?;
    let phone = fields
        .text("Msisdn")
        .filter(|digits| Phone::from_international(digits).is_some())
        .ok_or_else(|| Refusal::invalid("Msisdn"))?;
    Ok(HandPayment {
        phone,
        shortcode: app.receiver().to_owned(),
        bill_ref_number: reference.unwrap_or_default(),
        amount_minor: amount * 100,
    })
}

/// A customer pays: validation, the money, the SMS; the confirmation follows by itself. Returns the
/// receipt number.
pub(crate) async fn pay_by_hand(
    sim: &Arc<Shared>,
    payment: &HandPayment,
) -> Result<String, HandError> {
    let done = try_to_pay(sim, payment).await;
    if done.is_err() {
        sim.state().books.refused_by_hand += 1;
    }
    done
}

async fn try_to_pay(sim: &Arc<Shared>, payment: &HandPayment) -> Result<String, HandError> {
    let phone = Phone::parse(&payment.phone, Country::Ke).map_err(|_| HandError::NotAPhone)?;
    let amount = Money::from_minor(payment.amount_minor, Currency::Kes);
    if !amount
        .whole_major()
        .is_some_and(|whole| AMOUNTS.contains(&whole))
    {
        return Err(HandError::Amount);
    }
    let (app, registration, settings, scenario) = {
        let state = sim.state();
        let app = state
            .apps
            .iter()
            .find(|app| app.receiver() == payment.shortcode)
            .cloned()
            .ok_or_else(|| HandError::NoSuchShortcode(payment.shortcode.clone()))?;
        let registration = state.c2b.get(app.receiver()).cloned();
        let scenario = state.scenario(phone.digits());
        (app, registration, state.settings.clone(), scenario)
    };
    let mut third_party = String::new();
    if let Some(registration) = registration.filter(|_| settings.c2b_validation) {
        let asked = Moved {
            receipt: wire::receipt(sim.clock.now(), &sim.random),
            from: phone.digits().to_owned(),
            to: app.receiver().to_owned(),
            amount,
            at: sim.clock.now(),
            checkout_request_id: String::new(),
            account_reference: payment.bill_ref_number.clone(),
        };
        let patience = Duration::from_millis(settings.validation_timeout_ms);
        third_party = validate(sim, &app, &registration, &asked, patience).await?;
    }
    let receipt = {
        let now = sim.clock.now();
        let mut state = sim.state();
        if state.handsets.wallet(phone.digits()).balance_minor < amount.minor() {
            return Err(HandError::NotEnoughMoney);
        }
        let payment = Payment {
            from: phone.digits(),
            app: &app,
            amount,
            account_reference: &payment.bill_ref_number,
            checkout_request_id: "",
        };
        money::receive(&mut state, sim, &payment, now)
    };
    let (sim, paid) = (sim.clone(), receipt.clone());
    tokio::spawn(async move { confirm(&sim, &paid, &third_party, &scenario).await });
    Ok(receipt)
}

/// Asks the ValidationURL; its `ThirdPartyTransID` if it says yes.
async fn validate(
    sim: &Shared,
    app: &App,
    registration: &Registration,
    asked: &Moved,
    patience: Duration,
) -> Result<String, HandError> {
    let body = Announcement::of(asked, app, registration.hashed).json();
    let url = &registration.validation_url;
    let telling = sim.tell(
        MessageKind::Validation,
        &asked.receipt,
        asked.to.as_str(),
        url,
        body,
    );
    let answer = match timeout(patience, telling).await {
        Ok(Some((200, text))) => serde_json::from_str::<Value>(&text).ok(),
        _ => None,
    };
    let said = |name: &str| match answer.as_ref()?.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match said("ResultCode").as_deref() {
        Some("0") => Ok(said("ThirdPartyTransID").unwrap_or_default()),
        Some(code) => Err(HandError::Rejected(code.to_owned())),
        None if registration.completes => Ok(String::new()),
        None => Err(HandError::Rejected("no answer in time".to_owned())),
    }
}

/// Sends the confirmations of a payment as scripted; none where no URLs are registered.
pub(crate) async fn confirm(sim: &Shared, receipt: &str, third_party: &str, scenario: &Scenario) {
    for delivery in &scenario.confirmations {
        sleep(Duration::from_millis(delivery.after_ms)).await;
        let Some((url, shortcode, body)) = confirmation(sim, receipt, third_party, delivery) else {
            return;
        };
        let kind = MessageKind::Confirmation;
        let sends =
            (0..delivery.copies).map(|_| sim.tell(kind, receipt, &shortcode, &url, body.clone()));
        join_all(sends).await;
    }
}

/// The confirmation of a payment: address, shortcode and body.
fn confirmation(
    sim: &Shared,
    receipt: &str,
    third_party: &str,
    delivery: &Delivery,
) -> Option<(String, String, String)> {
    let state = sim.state();
    let moved = state.books.moved.iter().find(|m| m.receipt == receipt)?;
    let registration = state.c2b.get(&moved.to)?;
    let app = state.apps.iter().find(|app| app.receiver() == moved.to)?;
    let mut said = Announcement::of(moved, app, registration.hashed);
    said.org_account_balance = wire::decimal(money::working(&state, &moved.to));
    said.third_party = third_party.to_owned();
    if let Some(amount) = &delivery.amount {
        amount.clone_into(&mut said.amount);
    }
    if let Some(shortcode) = &delivery.shortcode {
        shortcode.clone_into(&mut said.shortcode);
    }
    let body = said.json();
    Some((
        registration.confirmation_url.clone(),
        moved.to.clone(),
        body,
    ))
}

/// The confirmation of a payment once more, to `url` if given; none if there is no such payment.
pub(crate) async fn replay(sim: &Shared, receipt: &str, url: Option<&str>) -> Option<Option<u16>> {
    let (registered, shortcode, body) = confirmation(sim, receipt, "", &Delivery::default())?;
    let url = url.unwrap_or(&registered);
    let answer = sim
        .tell(MessageKind::Confirmation, receipt, &shortcode, url, body)
        .await;
    Some(answer.map(|(status, _)| status))
}

/// A confirmation that never was. It moves no money and is not in the books.
pub(crate) async fn forge(sim: &Shared, url: &str, forged: &ForgedConfirmation) -> Option<u16> {
    let body = Announcement {
        kind: "Pay Bill",
        receipt: forged.receipt.clone(),
        at: sim.clock.now(),
        amount: forged.amount.clone(),
        shortcode: forged.shortcode.clone(),
        reference: forged.bill_ref_number.clone(),
        org_account_balance: "25.00".to_owned(),
        third_party: String::new(),
        msisdn: masked(&forged.phone),
    }
    .json();
    play::post(sim, url, &forged.shortcode, body).await
}

/// The particulars of a forged confirmation; invented where left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForgedConfirmation {
    /// `TransID`.
    pub receipt: String,
    /// `TransAmount`, such as `50.00`.
    pub amount: String,
    /// `BusinessShortCode`.
    pub shortcode: String,
    /// `BillRefNumber`.
    pub bill_ref_number: String,
    /// The payer, who is masked in it.
    pub phone: String,
}

impl Default for ForgedConfirmation {
    fn default() -> Self {
        Self {
            receipt: "FAKE000002".into(),
            amount: "50.00".into(),
            shortcode: "600966".into(),
            bill_ref_number: "FREE".into(),
            phone: "254708374149".into(),
        }
    }
}

/// What validation and confirmation say; everything is a string.
struct Announcement {
    kind: &'static str,
    receipt: String,
    at: Timestamp,
    amount: String,
    shortcode: String,
    reference: String,
    /// Blank on validation.
    org_account_balance: String,
    third_party: String,
    msisdn: String,
}

impl Announcement {
    fn of(moved: &Moved, app: &App, hashed: bool) -> Self {
        let is_till = app.till_number.is_some();
        Self {
            kind: if is_till { "Buy Goods" } else { "Pay Bill" },
            receipt: moved.receipt.clone(),
            at: moved.at,
            amount: wire::decimal(moved.amount),
            shortcode: moved.to.clone(),
            reference: if is_till {
                String::new()
            } else {
                moved.account_reference.clone()
            },
            org_account_balance: String::new(),
            third_party: String::new(),
            msisdn: if hashed {
                hash(&moved.from)
            } else {
                masked(&moved.from)
            },
        }
    }

    fn json(&self) -> String {
        json!({
            "TransactionType": self.kind,
            "TransID": self.receipt,
            "TransTime": wire::stamp(self.at),
            "TransAmount": self.amount,
            "BusinessShortCode": self.shortcode,
            "BillRefNumber": self.reference,
            "InvoiceNumber": "",
            "OrgAccountBalance": self.org_account_balance,
            "ThirdPartyTransID": self.third_party,
            "MSISDN": self.msisdn,
            "FirstName": "NICHOLAS",
            "MiddleName": "",
            "LastName": "",
        })
        .to_string()
    }
}

/// `2547 ***** 126`.
fn masked(digits: &str) -> String {
    let (head, tail) = (
        digits.get(..4),
        digits.get(digits.len().saturating_sub(3)..),
    );
    format!(
        "{} ***** {}",
        head.unwrap_or_default(),
        tail.unwrap_or_default()
    )
}

/// SHA-256 of the digits, in hexadecimal.
fn hash(digits: &str) -> String {
    Sha256::digest(digits)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_masked_or_hashed() {
        assert_eq!(masked("254708374126"), "2547 ***** 126");
        assert_eq!(
            hash("254708374149"),
            "bbff37cea44ac0b2d964ee0dfb8d2df8513dc7ba1b36129a929fc3fbd6dd4af4",
        );
    }
}
