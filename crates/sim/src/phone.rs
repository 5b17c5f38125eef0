//! The customer's handset: the M-Pesa prompts on it, the owner's answer, and the SMS afterwards.
//!
//! `GET /sim/phone/prompts`, `POST /sim/phone/approve` and `/sim/phone/cancel` with
//! `{"phone": "2547…"}` (approve takes `"pin"` too), `GET /sim/phone/messages?phone=2547…`,
//! `POST /sim/phone/wallet` with `{"phone", "pin", "balance_minor"}`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bando_domain::{Country, Currency, Money, Phone, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::oneshot;

use crate::daraja::{Shared, wire};

/// The PIN of every wallet that was given no other.
pub const DEFAULT_PIN: &str = "1234";

/// The largest sum a wallet may hold, and what each holds at first: KSh 500,000.
const FULL_WALLET: Money = Money::from_minor(50_000_000, Currency::Kes);

/// A prompt that waits for its answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prompt {
    /// Whose phone, in E.164 digits.
    pub phone: String,
    /// What the screen says.
    pub text: String,
    /// How much is asked for.
    pub amount: Money,
    /// Who asks.
    pub merchant: String,
    /// The account number shown.
    pub account_reference: String,
    /// When it appeared.
    pub at: Timestamp,
    /// Daraja's name for the payment.
    pub checkout_request_id: String,
}

/// An SMS from M-PESA.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sms {
    /// What it says.
    pub text: String,
    /// When it came.
    pub at: Timestamp,
    /// The receipt it names, if it does.
    pub receipt: Option<String>,
}

/// Why a phone cannot be answered on.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PhoneError {
    /// Nothing is asked on that phone.
    #[error("no prompt is open on this phone")]
    NoPrompt,
}

/// The handsets, as their owners use them.
#[derive(Clone)]
pub struct Phones(pub(crate) Arc<Shared>);

impl Phones {
    /// The prompts that are open, oldest first.
    pub fn prompts(&self) -> Vec<Prompt> {
        self.0.state().handsets.prompts()
    }

    /// Enters the PIN ([`DEFAULT_PIN`] if none): a wrong one ends the payment with 2001.
    ///
    /// # Errors
    /// [`PhoneError::NoPrompt`].
    pub fn approve(&self, phone: &Phone, pin: Option<&str>) -> Result<Prompt, PhoneError> {
        let mut state = self.0.state();
        let right = state.handsets.wallet(phone.digits()).pin == pin.unwrap_or(DEFAULT_PIN);
        state
            .handsets
            .answer(phone.digits(), if right { "0" } else { "2001" })
    }

    /// Declines.
    ///
    /// # Errors
    /// [`PhoneError::NoPrompt`].
    pub fn cancel(&self, phone: &Phone) -> Result<Prompt, PhoneError> {
        self.0.state().handsets.answer(phone.digits(), "1032")
    }

    /// The SMS on that phone, oldest first.
    pub fn messages(&self, phone: &Phone) -> Vec<Sms> {
        let state = self.0.state();
        state
            .handsets
            .messages
            .get(phone.digits())
            .cloned()
            .unwrap_or_default()
    }

    /// Gives the phone another PIN.
    pub fn set_pin(&self, phone: &Phone, pin: &str) {
        pin.clone_into(&mut self.0.state().handsets.wallet(phone.digits()).pin);
    }

    /// Gives the phone this much money (KES).
    pub fn set_balance(&self, phone: &Phone, balance: Money) {
        self.0.state().handsets.wallet(phone.digits()).balance_minor = balance.minor();
    }

    /// How much money the phone has.
    pub fn balance(&self, phone: &Phone) -> Money {
        let minor = self.0.state().handsets.wallet(phone.digits()).balance_minor;
        Money::from_minor(minor, Currency::Kes)
    }
}

/// All handsets and the wallets behind them, by number.
#[derive(Default)]
pub(crate) struct Handsets {
    wallets: HashMap<String, Wallet>,
    open: HashMap<String, OpenPrompt>,
    messages: HashMap<String, Vec<Sms>>,
}

pub(crate) struct Wallet {
    pub(crate) pin: String,
    pub(crate) balance_minor: i64,
}

struct OpenPrompt {
    prompt: Prompt,
    answer: Option<oneshot::Sender<&'static str>>,
}

impl Handsets {
    pub(crate) fn wallet(&mut self, digits: &str) -> &mut Wallet {
        self.wallets
            .entry(digits.to_owned())
            .or_insert_with(|| Wallet {
                pin: DEFAULT_PIN.into(),
                balance_minor: FULL_WALLET.minor(),
            })
    }

    pub(crate) fn has_prompt(&self, digits: &str) -> bool {
        self.open.contains_key(digits)
    }

    /// Shows a prompt; the receiver gets the result code of the owner's answer.
    pub(crate) fn show(&mut self, prompt: Prompt) -> oneshot::Receiver<&'static str> {
        let (answer, answered) = oneshot::channel();
        self.open.insert(
            prompt.phone.clone(),
            OpenPrompt {
                prompt,
                answer: Some(answer),
            },
        );
        answered
    }

    /// Takes the prompt off the screen.
    pub(crate) fn close(&mut self, digits: &str) {
        self.open.remove(digits);
    }

    pub(crate) fn receive(&mut self, digits: &str, sms: Sms) {
        self.messages
            .entry(digits.to_owned())
            .or_default()
            .push(sms);
    }

    fn prompts(&self) -> Vec<Prompt> {
        let mut prompts: Vec<_> = self
            .open
            .values()
            .filter(|open| open.answer.is_some())
            .map(|open| open.prompt.clone())
            .collect();
        prompts.sort_by(|a, b| (a.at, &a.checkout_request_id).cmp(&(b.at, &b.checkout_request_id)));
        prompts
    }

    fn answer(&mut self, digits: &str, code: &'static str) -> Result<Prompt, PhoneError> {
        let open = self.open.get_mut(digits).ok_or(PhoneError::NoPrompt)?;
        let answer = open.answer.take().ok_or(PhoneError::NoPrompt)?;
        // Nobody listens any more when the prompt ran out in this very moment.
        answer.send(code).map_err(|_| PhoneError::NoPrompt)?;
        Ok(open.prompt.clone())
    }
}

/// What the SIM toolkit shows.
pub(crate) fn prompt_text(amount: Money, merchant: &str, account: Option<&str>) -> String {
    let whole = amount.minor() / 100;
    match account {
        Some(account) => format!(
            "Do you want to pay KSh. {whole} to {merchant} Account no. {account}? Enter M-PESA PIN:"
        ),
        None => format!("Do you want to pay KSh. {whole} to {merchant}? Enter M-PESA PIN:"),
    }
}

/// A payment as the confirmation SMS words it.
pub(crate) struct Confirmation<'a> {
    pub(crate) receipt: &'a str,
    pub(crate) amount: Money,
    pub(crate) merchant: &'a str,
    /// The account number of a paybill; none for a till.
    pub(crate) account: Option<&'a str>,
    pub(crate) at: Timestamp,
    pub(crate) balance_minor: i64,
}

impl Confirmation<'_> {
    pub(crate) fn text(&self) -> String {
        let date = wire::local(self.at).strftime("%-d/%-m/%y at %-I:%M %p");
        let (receipt, amount, merchant) = (self.receipt, ksh(self.amount.minor()), self.merchant);
        let rest = format!(
            "New M-PESA balance is {}. Transaction cost, Ksh0.00. Amount you can transact within the day is {}.",
            ksh(self.balance_minor),
            ksh(FULL_WALLET.minor() - self.amount.minor()).trim_start_matches("Ksh"),
        );
        match self.account {
            Some(account) => format!(
                "{receipt} Confirmed. {amount} sent to {merchant} for account {account} on {date} {rest}"
            ),
            None => format!("{receipt} Confirmed. {amount} paid to {merchant}. on {date}.{rest}"),
        }
    }
}

/// `Ksh1,250.00`.
pub(crate) fn ksh(minor: i64) -> String {
    let text = Money::from_minor(minor, Currency::Kes).to_string();
    let digits = text.trim_start_matches("KES").trim_start_matches('\u{a0}');
    let cents = if digits.contains('.') { "" } else { ".00" };
    format!("Ksh{digits}{cents}")
}

/// The handset's web addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sim/phone/prompts", get(prompts))
        .route("/sim/phone/approve", post(approve))
        .route("/sim/phone/cancel", post(cancel))
        .route("/sim/phone/messages", get(messages))
        .route("/sim/phone/wallet", post(wallet))
}

#[derive(Deserialize)]
struct Which {
    phone: Option<String>,
}

#[derive(Deserialize)]
struct Tap {
    phone: String,
    pin: Option<String>,
}

#[derive(Deserialize)]
struct NewWallet {
    phone: String,
    pin: Option<String>,
    balance_minor: Option<i64>,
}

async fn prompts(State(sim): State<Arc<Shared>>, Query(which): Query<Which>) -> Response {
    let mut prompts = Phones(sim).prompts();
    if let Some(text) = which.phone {
        let Ok(phone) = Phone::parse(&text, Country::Ke) else {
            return not_a_phone();
        };
        prompts.retain(|prompt| prompt.phone == phone.digits());
    }
    Json(prompts).into_response()
}

async fn approve(State(sim): State<Arc<Shared>>, Json(tap): Json<Tap>) -> Response {
    tapped(&tap, |phone| Phones(sim).approve(phone, tap.pin.as_deref()))
}

async fn cancel(State(sim): State<Arc<Shared>>, Json(tap): Json<Tap>) -> Response {
    tapped(&tap, |phone| Phones(sim).cancel(phone))
}

async fn messages(State(sim): State<Arc<Shared>>, Query(which): Query<Which>) -> Response {
    match Phone::parse(&which.phone.unwrap_or_default(), Country::Ke) {
        Ok(phone) => Json(Phones(sim).messages(&phone)).into_response(),
        Err(_) => not_a_phone(),
    }
}

async fn wallet(State(sim): State<Arc<Shared>>, Json(new): Json<NewWallet>) -> Response {
    let Ok(phone) = Phone::parse(&new.phone, Country::Ke) else {
        return not_a_phone();
    };
    let phones = Phones(sim);
    if let Some(pin) = &new.pin {
        phones.set_pin(&phone, pin);
    }
    if let Some(minor) = new.balance_minor {
        phones.set_balance(&phone, Money::from_minor(minor, Currency::Kes));
    }
    Json(json!({"balance_minor": phones.balance(&phone).minor()})).into_response()
}

fn tapped(tap: &Tap, act: impl FnOnce(&Phone) -> Result<Prompt, PhoneError>) -> Response {
    let Ok(phone) = Phone::parse(&tap.phone, Country::Ke) else {
        return not_a_phone();
    };
    match act(&phone) {
        Ok(prompt) => Json(prompt).into_response(),
        Err(error) => (
            StatusCode::NOT_FOUND,
            Json(json!({"error": error.to_string()})),
        )
            .into_response(),
    }
}

fn not_a_phone() -> Response {
    (
        StatusCode::BAD_REQUEST,
        Json(json!({"error": "give a Kenyan mobile number as \"phone\""})),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_m_pesa() {
        let amount = Money::from_minor(5_000, Currency::Kes);
        assert_eq!(
            prompt_text(amount, "MAMA NJERI WI-FI", Some("K7P2M4")),
            "Do you want to pay KSh. 50 to MAMA NJERI WI-FI Account no. K7P2M4? Enter M-PESA PIN:"
        );
        let mut confirmation = Confirmation {
            receipt: "UKK7RT61SV",
            amount,
            merchant: "MAMA NJERI WI-FI",
            account: Some("K7P2M4"),
            at: Timestamp::from_seconds(1_795_174_500),
            balance_minor: 49_995_000,
        };
        assert_eq!(
            confirmation.text(),
            "UKK7RT61SV Confirmed. Ksh50.00 sent to MAMA NJERI WI-FI for account K7P2M4 on 20/11/26 at 2:35 PM New M-PESA balance is Ksh499,950.00. Transaction cost, Ksh0.00. Amount you can transact within the day is 499,950.00."
        );
        confirmation.account = None;
        assert!(
            confirmation
                .text()
                .starts_with("UKK7RT61SV Confirmed. Ksh50.00 paid to MAMA NJERI WI-FI. on 20/11/26 at 2:35 PM.New M-PESA balance")
        );
    }
}
