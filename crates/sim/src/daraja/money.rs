//! Every shilling that moves: in from a payer, back to a payer, out to a phone.

use bando_domain::{Currency, Money, Timestamp};

use super::books::{Moved, PaidOut, Returned};
use super::shared::{App, Shared, State};
use super::wire;
use crate::phone::{self, Confirmation, Sms};

/// What an organisation has for payouts until its money is counted: KSh 100,000.
const UTILITY_FLOAT: i64 = 10_000_000;

/// Money on its way to a merchant.
pub(crate) struct Payment<'a> {
    pub(crate) from: &'a str,
    pub(crate) app: &'a App,
    pub(crate) amount: Money,
    pub(crate) account_reference: &'a str,
    /// Of a prompt; empty when it was paid by hand.
    pub(crate) checkout_request_id: &'a str,
}

/// Moves the payer's money and sends the SMS; returns the receipt number. Whether there is enough
/// was asked before.
pub(crate) fn receive(
    state: &mut State,
    sim: &Shared,
    payment: &Payment<'_>,
    now: Timestamp,
) -> String {
    let receipt = fresh_receipt(state, sim, now);
    let app = payment.app;
    let wallet = state.handsets.wallet(payment.from);
    wallet.balance_minor -= payment.amount.minor();
    let text = Confirmation {
        receipt: &receipt,
        amount: payment.amount,
        merchant: &app.merchant,
        account: app
            .till_number
            .is_none()
            .then_some(payment.account_reference),
        at: now,
        balance_minor: wallet.balance_minor,
    }
    .text();
    tell(state, payment.from, text, now, &receipt);
    let received = &mut state.books.received_minor;
    *received.entry(app.receiver().to_owned()).or_default() += payment.amount.minor();
    state.books.moved.push(Moved {
        receipt: receipt.clone(),
        from: payment.from.to_owned(),
        to: app.receiver().to_owned(),
        amount: payment.amount,
        at: now,
        checkout_request_id: payment.checkout_request_id.to_owned(),
        account_reference: payment.account_reference.to_owned(),
    });
    receipt
}

/// Sends a payment back; returns the receipt number of the reversal.
pub(crate) fn give_back(state: &mut State, sim: &Shared, moved: &Moved, order: &str) -> String {
    let now = sim.clock.now();
    let receipt = fresh_receipt(state, sim, now);
    let wallet = state.handsets.wallet(&moved.from);
    wallet.balance_minor += moved.amount.minor();
    let text = format!(
        "{receipt} confirmed. Reversal of transaction {} has been successfully reversed on {} and {} is credited to your M-PESA account.",
        moved.receipt,
        wire::local(now).strftime("%-d/%-m/%y at %-I:%M %p"),
        phone::ksh(moved.amount.minor()),
    );
    tell(state, &moved.from, text, now, &receipt);
    state.books.returned.push(Returned {
        receipt: receipt.clone(),
        of: moved.receipt.clone(),
        from: moved.to.clone(),
        to: moved.from.clone(),
        amount: moved.amount,
        at: now,
        conversation_id: order.to_owned(),
    });
    receipt
}

/// Sends money out of a merchant's Utility account; returns the receipt number.
pub(crate) fn pay_out(state: &mut State, sim: &Shared, payout: &PaidOut) -> String {
    let receipt = fresh_receipt(state, sim, payout.at);
    *utility(state, &payout.from) -= payout.amount.minor();
    state.handsets.wallet(&payout.to).balance_minor += payout.amount.minor();
    let text = format!(
        "{receipt} Confirmed. You have received {} from {} on {}.",
        phone::ksh(payout.amount.minor()),
        payout.from,
        wire::local(payout.at).strftime("%-d/%-m/%y at %-I:%M %p"),
    );
    tell(state, &payout.to, text, payout.at, &receipt);
    state.books.paid_out.push(PaidOut {
        receipt: receipt.clone(),
        ..payout.clone()
    });
    receipt
}

/// What a merchant has received and not given back.
pub(crate) fn working(state: &State, receiver: &str) -> Money {
    let received = state.books.received_minor.get(receiver).copied();
    let returned = state.books.returned.iter().filter(|r| r.from == receiver);
    let returned: i64 = returned.map(|r| r.amount.minor()).sum();
    Money::from_minor(received.unwrap_or(0) - returned, Currency::Kes)
}

/// What a merchant has for payouts.
pub(crate) fn utility<'a>(state: &'a mut State, receiver: &str) -> &'a mut i64 {
    let utility = &mut state.books.utility_minor;
    utility.entry(receiver.to_owned()).or_insert(UTILITY_FLOAT)
}

fn fresh_receipt(state: &mut State, sim: &Shared, now: Timestamp) -> String {
    let mut receipt = wire::receipt(now, &sim.random);
    while !state.receipts.insert(receipt.clone()) {
        receipt = wire::receipt(now, &sim.random);
    }
    receipt
}

fn tell(state: &mut State, digits: &str, text: String, at: Timestamp, receipt: &str) {
    let receipt = Some(receipt.to_owned());
    state.handsets.receive(digits, Sms { text, at, receipt });
}
