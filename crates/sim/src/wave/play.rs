//! What payers do: money that moves, attempts that fail, money that goes back.

use std::sync::Arc;
use std::time::Duration;

use bando_domain::{Money, Phone, Timestamp};
use serde_json::json;
use tokio::time::sleep;

use super::books::{CheckoutStatus, PayStatus, Session, Transaction, TransactionType};
use super::scenario::{Act, Scenario};
use super::shared::{Shared, State, Wallet};
use super::{webhook, wire};

/// The name of every payer.
const PAYER: &str = "Awa Koné";

/// Who pays a scripted session that is not restricted to a phone.
const ANYBODY: &str = "2250707070707";

/// Why a payer cannot do it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PayError {
    /// No such session.
    #[error("there is no such checkout session")]
    NoSession,
    /// It was paid or has expired.
    #[error("this payment was made or has expired")]
    NotOpen,
    /// It is restricted to another phone.
    #[error("only another phone may pay this")]
    PayerMismatch,
    /// No such merchant.
    #[error("there is no such merchant")]
    NoMerchant,
    /// Not an amount.
    #[error("pay one franc or more")]
    NoAmount,
}

/// Pays a session; the transaction's id.
pub(crate) fn pay(sim: &Arc<Shared>, session_id: &str, phone: &Phone) -> Result<String, PayError> {
    let now = sim.clock.now();
    let mut state = sim.state();
    let session = open_session(&mut state, session_id, now)?;
    if session
        .restrict_payer_mobile
        .as_deref()
        .is_some_and(|only| only != phone.digits())
    {
        drop(state);
        fail(sim, session_id, phone, "payer-mobile-mismatch")?;
        return Err(PayError::PayerMismatch);
    }
    let wallet = state
        .wallet(&session.merchant_id)
        .cloned()
        .ok_or(PayError::NoMerchant)?;
    let incoming = Incoming {
        kind: TransactionType::ApiCheckout,
        gross: session.amount,
        phone: phone.digits(),
        session: Some(&session),
    };
    let transaction = receive(&mut state, sim, &wallet, &incoming, now);
    let paid = state
        .session(session_id, now)
        .map(|session| {
            session.checkout_status = CheckoutStatus::Complete;
            session.payment_status = PayStatus::Succeeded;
            session.transaction_id = Some(transaction.id.clone());
            session.completed = Some(now);
            session.clone()
        })
        .ok_or(PayError::NoSession)?;
    let scenario = state.scenario(Some(phone.digits()), &wallet.merchant_id);
    drop(state);
    let data = wire::session(sim, &paid, &wallet);
    let event = webhook::Told {
        prefix: "EV",
        kind: "checkout.session.completed",
        data,
        delivery: scenario.paid,
    };
    webhook::tell(sim, &wallet, &event);
    Ok(transaction.id)
}

/// Tries to pay a session and fails; it stays open.
pub(crate) fn fail(
    sim: &Arc<Shared>,
    session_id: &str,
    phone: &Phone,
    code: &str,
) -> Result<(), PayError> {
    let now = sim.clock.now();
    let mut state = sim.state();
    open_session(&mut state, session_id, now)?;
    let failed = state
        .session(session_id, now)
        .map(|session| {
            session.last_payment_error = Some(code.to_owned());
            session.clone()
        })
        .ok_or(PayError::NoSession)?;
    let wallet = state
        .wallet(&failed.merchant_id)
        .cloned()
        .ok_or(PayError::NoMerchant)?;
    let scenario = state.scenario(Some(phone.digits()), &wallet.merchant_id);
    drop(state);
    let mut data = wire::session(sim, &failed, &wallet);
    // So in the one sample there is, though no session is ever shown so.
    data["payment_status"] = "failed".into();
    let event = webhook::Told {
        prefix: "EV",
        kind: "checkout.session.payment_failed",
        data,
        delivery: scenario.failed,
    };
    webhook::tell(sim, &wallet, &event);
    Ok(())
}

/// Pays a merchant by link; the transaction's id.
pub(crate) fn pay_link(
    sim: &Arc<Shared>,
    merchant_id: &str,
    amount: i64,
    phone: &Phone,
) -> Result<String, PayError> {
    if amount < 1 {
        return Err(PayError::NoAmount);
    }
    let now = sim.clock.now();
    let mut state = sim.state();
    let wallet = state
        .wallet(merchant_id)
        .cloned()
        .ok_or(PayError::NoMerchant)?;
    let gross = Money::from_major(amount, wallet.currency).map_err(|_| PayError::NoAmount)?;
    let incoming = Incoming {
        kind: TransactionType::MerchantPayment,
        gross,
        phone: phone.digits(),
        session: None,
    };
    let transaction = receive(&mut state, sim, &wallet, &incoming, now);
    let scenario = state.scenario(Some(phone.digits()), merchant_id);
    drop(state);
    let data = json!({
        "id": transaction.id,
        "amount": transaction.net.decimal(),
        "fee": transaction.fee.decimal(),
        "currency": transaction.net.currency().code(),
        "sender_mobile": format!("+{}", transaction.phone),
        "merchant_name": wallet.name,
        "custom_fields": {},
        "when_created": wire::time(now),
    });
    let event = webhook::Told {
        prefix: "AE",
        kind: "merchant.payment_received",
        data,
        delivery: scenario.paid,
    };
    webhook::tell(sim, &wallet, &event);
    Ok(transaction.id)
}

/// Sends a transaction back, fee and all. Once: a repetition changes nothing. False when the
/// wallet has not the money.
pub(crate) fn refund(state: &mut State, sim: &Shared, wallet: &Wallet, id: &str) -> bool {
    let paid = state
        .transactions_of(&wallet.merchant_id)
        .find(|t| t.id == id)
        .cloned();
    let Some(paid) = paid else {
        return false;
    };
    if state
        .books
        .transactions
        .iter()
        .any(|t| t.refunds.as_deref() == Some(id))
    {
        return true;
    }
    if state.balance(wallet).minor() < paid.net.minor() {
        return false;
    }
    let minus = |money: Money| Money::from_minor(-money.minor(), money.currency());
    let entry = Transaction {
        id: wire::transaction_id(&sim.random),
        kind: match paid.kind {
            TransactionType::ApiCheckout => TransactionType::ApiCheckoutRefund,
            _ => TransactionType::MerchantPaymentRefund,
        },
        fee: minus(paid.fee),
        net: minus(paid.net),
        refunds: Some(paid.id.clone()),
        at: sim.clock.now(),
        ..paid
    };
    add(state, wallet, entry);
    true
}

/// Moves the whole balance to the merchant's bank.
pub(crate) fn sweep(sim: &Shared, merchant_id: &str) -> Option<String> {
    let mut state = sim.state();
    let wallet = state.wallet(merchant_id).cloned()?;
    let balance = state.balance(&wallet);
    let entry = Transaction {
        id: wire::transaction_id(&sim.random),
        kind: TransactionType::MerchantSweep,
        merchant_id: merchant_id.to_owned(),
        gross: balance,
        fee: Money::zero(wallet.currency),
        net: Money::from_minor(-balance.minor(), wallet.currency),
        balance,
        phone: String::new(),
        name: String::new(),
        session_id: None,
        client_reference: None,
        refunds: None,
        at: sim.clock.now(),
    };
    Some(add(&mut state, &wallet, entry).id)
}

/// Does by itself what is scripted for a session's payer.
pub(crate) async fn play(sim: Arc<Shared>, session: Session, scenario: Scenario) {
    let digits = session.restrict_payer_mobile.as_deref().unwrap_or(ANYBODY);
    let Some(phone) = Phone::from_international(digits) else {
        return;
    };
    for step in &scenario.steps {
        sleep(Duration::from_millis(step.after_ms)).await;
        let done = match &step.act {
            Act::Pay => pay(&sim, &session.id, &phone).map(drop),
            Act::Fail(code) => fail(&sim, &session.id, &phone, code),
        };
        if let Err(error) = done {
            tracing::debug!(%error, "a scripted payer could not go on");
        }
    }
}

fn open_session(state: &mut State, session_id: &str, now: Timestamp) -> Result<Session, PayError> {
    let session = state.session(session_id, now).ok_or(PayError::NoSession)?;
    if session.checkout_status == CheckoutStatus::Open {
        Ok(session.clone())
    } else {
        Err(PayError::NotOpen)
    }
}

struct Incoming<'a> {
    kind: TransactionType,
    gross: Money,
    phone: &'a str,
    session: Option<&'a Session>,
}

fn receive(
    state: &mut State,
    sim: &Shared,
    wallet: &Wallet,
    incoming: &Incoming<'_>,
    at: Timestamp,
) -> Transaction {
    let fee_minor = incoming.gross.minor() * state.settings.fee_per_mille / 1000;
    let entry = Transaction {
        id: wire::transaction_id(&sim.random),
        kind: incoming.kind,
        merchant_id: wallet.merchant_id.clone(),
        gross: incoming.gross,
        fee: Money::from_minor(fee_minor, wallet.currency),
        net: Money::from_minor(incoming.gross.minor() - fee_minor, wallet.currency),
        balance: Money::zero(wallet.currency),
        phone: incoming.phone.to_owned(),
        name: PAYER.to_owned(),
        session_id: incoming.session.map(|s| s.id.clone()),
        client_reference: incoming.session.and_then(|s| s.client_reference.clone()),
        refunds: None,
        at,
    };
    add(state, wallet, entry)
}

fn add(state: &mut State, wallet: &Wallet, mut entry: Transaction) -> Transaction {
    let before = state.balance(wallet).minor();
    entry.balance = Money::from_minor(before + entry.net.minor(), wallet.currency);
    let sign = match entry.kind {
        TransactionType::MerchantPayment | TransactionType::ApiCheckout => 1,
        TransactionType::MerchantPaymentRefund | TransactionType::ApiCheckoutRefund => -1,
        TransactionType::MerchantSweep => 0,
    };
    *state
        .books
        .received_minor
        .entry(wallet.merchant_id.clone())
        .or_default() += sign * entry.gross.minor();
    state.books.transactions.push(entry.clone());
    entry
}
