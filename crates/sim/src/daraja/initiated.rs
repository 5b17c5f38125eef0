//! The four orders: Transaction Status, Reversal, B2C v3 and Account Balance.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, Method};
use axum::routing::any;
use bando_domain::{Country, Currency, Money, Phone, Timestamp};
use serde_json::{Value, json};

use super::books::PaidOut;
use super::money;
use super::orders::{self, Kind, Order, Outcome};
use super::request::Fields;
use super::shared::{Shared, State};
use super::wire::{self, Refusal};

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let order = |kind: &'static Kind| {
        any(
            move |Extract(sim): Extract<Arc<Shared>>,
                  method: Method,
                  headers: HeaderMap,
                  body: Bytes| async move {
                orders::take(&sim, kind, &method, &headers, &body).await
            },
        )
    };
    Router::new()
        .route("/mpesa/transactionstatus/v1/query", order(&STATUS))
        .route("/mpesa/reversal/v1/request", order(&REVERSAL))
        .route("/mpesa/b2c/v3/paymentrequest", order(&PAYOUT))
        .route("/mpesa/accountbalance/v1/query", order(&BALANCE))
}

static STATUS: Kind = Kind {
    initiator: "Initiator",
    commands: &["TransactionStatusQuery"],
    party: "PartyA",
    named_by_client: false,
    check: |fields| {
        one_of(fields, "IdentifierType", &["2", "4"])?;
        match (
            fields.text("TransactionID"),
            fields.text("OriginalConversationID"),
        ) {
            (None, None) => Err(Refusal::invalid("TransactionID")),
            _ => Ok(()),
        }
    },
    carry_out: status,
    // The reference is a list here, and its item has no value.
    reference: |_| json!([{"Key": "Occasion"}]),
};

static REVERSAL: Kind = Kind {
    initiator: "Initiator",
    commands: &["TransactionReversal"],
    party: "ReceiverParty",
    named_by_client: false,
    check: |fields| {
        // The misspelling is Safaricom's.
        one_of(fields, "RecieverIdentifierType", &["11"])?;
        whole_amount(fields)?;
        match fields.text("TransactionID") {
            Some(_) => Ok(()),
            None => Err(Refusal::invalid("TransactionID")),
        }
    },
    carry_out: reverse,
    reference: orders::timeout_url,
};

static PAYOUT: Kind = Kind {
    initiator: "InitiatorName",
    commands: &["SalaryPayment", "BusinessPayment", "PromotionPayment"],
    party: "PartyA",
    named_by_client: true,
    check: |fields| {
        whole_amount(fields)?;
        match fields.text("PartyB") {
            Some(digits) if digits.len() == 12 => Ok(()),
            _ => Err(Refusal::invalid("PartyB")),
        }
    },
    carry_out: pay_out,
    reference: orders::timeout_url,
};

static BALANCE: Kind = Kind {
    initiator: "Initiator",
    commands: &["AccountBalance"],
    party: "PartyA",
    named_by_client: false,
    check: |fields| one_of(fields, "IdentifierType", &["2", "4"]),
    carry_out: balance,
    reference: orders::timeout_url,
};

fn one_of(fields: &Fields, field: &str, allowed: &[&str]) -> Result<(), Refusal> {
    match fields.text(field) {
        Some(text) if allowed.contains(&text.as_str()) => Ok(()),
        _ => Err(Refusal::invalid(field)),
    }
}

fn whole_amount(fields: &Fields) -> Result<Money, Refusal> {
    fields
        .text("Amount")
        .and_then(|text| text.parse().ok())
        .filter(|whole| (1..=10_000_000).contains(whole))
        .and_then(|whole| Money::from_major(whole, Currency::Kes).ok())
        .ok_or_else(|| Refusal::invalid("Amount"))
}

fn status(_: &Shared, state: &mut State, order: &Order) -> Outcome {
    let receipt = order.fields.text("TransactionID").unwrap_or_default();
    let conversation = order.fields.text("OriginalConversationID");
    let receiver = order.app.receiver();
    let us = format!("{receiver} - {}", order.app.merchant);
    let books = &state.books;
    let named =
        |id: &str, receipt_of: &str| receipt_of == receipt || conversation.as_deref() == Some(id);
    if let Some(moved) = books
        .moved
        .iter()
        .find(|moved| moved.receipt == receipt && moved.to == receiver)
    {
        let reason = match order.app.till_number {
            Some(_) => "Merchant Payment Online",
            None => "Pay Bill Online",
        };
        let them = person(&moved.from);
        return found(reason, &them, &us, moved.amount, moved.at, &moved.receipt);
    }
    if let Some(back) = books
        .returned
        .iter()
        .find(|back| back.from == receiver && named(&back.conversation_id, &back.receipt))
    {
        let them = person(&back.to);
        return found("Reversal", &us, &them, back.amount, back.at, &back.receipt);
    }
    if let Some(out) = books
        .paid_out
        .iter()
        .find(|out| out.from == receiver && named(&out.originator_conversation_id, &out.receipt))
    {
        let reason = "Business Payment to Customer via API";
        let them = person(&out.to);
        return found(reason, &us, &them, out.amount, out.at, &out.receipt);
    }
    // Which code the real one sends is not known; a reversal of a receipt that is not there gets this.
    Outcome::failed("R000002")
}

/// `0712345678 - NICHOLAS`.
fn person(digits: &str) -> String {
    let national = digits.strip_prefix("254").unwrap_or(digits);
    format!("0{national} - NICHOLAS")
}

fn found(
    reason: &str,
    debit: &str,
    credit: &str,
    amount: Money,
    at: Timestamp,
    receipt: &str,
) -> Outcome {
    let stamp: Value = wire::stamp(at).parse::<u64>().unwrap_or(0).into();
    Outcome {
        code: "0".into(),
        receipt: None,
        parameters: vec![
            ("DebitPartyName", Some(debit.into())),
            // The name of the credit party comes under the debit party's key now and then.
            ("DebitPartyName", Some(credit.into())),
            ("CreditPartyName", Some(credit.into())),
            ("OriginatorConversationID", Some("3211-416020-3".into())),
            ("InitiatedTime", Some(stamp.clone())),
            ("CreditPartyCharges", None),
            ("DebitAccountType", Some("MMF Account For Customer".into())),
            ("TransactionReason", None),
            ("ReasonType", Some(reason.into())),
            ("TransactionStatus", Some("Completed".into())),
            ("FinalisedTime", Some(stamp)),
            ("Amount", Some(shillings(amount.minor()))),
            (
                "ConversationID",
                Some("AG_20180223_000041b09c22e613d6c9".into()),
            ),
            ("ReceiptNo", Some(receipt.into())),
        ],
    }
}

fn reverse(sim: &Shared, state: &mut State, order: &Order) -> Outcome {
    let receipt = order.fields.text("TransactionID").unwrap_or_default();
    let receiver = order.app.receiver();
    let books = &state.books;
    let Some(moved) = books
        .moved
        .iter()
        .find(|moved| moved.receipt == receipt && moved.to == receiver)
        .cloned()
    else {
        return Outcome::failed("R000002");
    };
    if books.returned.iter().any(|back| back.of == receipt) {
        return Outcome::failed("R000001");
    }
    // Only the whole payment; the code of a part is not known.
    if whole_amount(&order.fields).ok() != Some(moved.amount) {
        return Outcome::failed("25");
    }
    if money::working(state, receiver).minor() < moved.amount.minor() {
        return Outcome::failed("1");
    }
    let reversal = money::give_back(state, sim, &moved, &order.conversation_id);
    let left = money::working(state, receiver);
    Outcome {
        code: "0".into(),
        receipt: Some(reversal),
        parameters: vec![
            (
                "DebitAccountBalance",
                Some(format!("Utility Account|KES|{0}|{0}|0.00|0.00", left.decimal()).into()),
            ),
            ("Amount", Some(shillings(moved.amount.minor()))),
            (
                "TransCompletedTime",
                Some(wire::stamp(sim.clock.now()).into()),
            ),
            ("OriginalTransactionID", Some(moved.receipt.into())),
            ("Charge", Some(shillings(0))),
            ("CreditPartyPublicName", Some(person(&moved.from).into())),
            (
                "DebitPartyPublicName",
                Some(format!("{receiver} - {}", order.app.merchant).into()),
            ),
        ],
    }
}

fn pay_out(sim: &Shared, state: &mut State, order: &Order) -> Outcome {
    let Ok(amount) = whole_amount(&order.fields) else {
        return Outcome::failed("25");
    };
    let whole = amount.whole_major().unwrap_or(0);
    if whole < 10 {
        return Outcome::failed("2");
    }
    if whole > 250_000 {
        return Outcome::failed("3");
    }
    let to = order.fields.text("PartyB").unwrap_or_default();
    let is_subscriber =
        Phone::from_international(&to).is_some_and(|p| p.country() == Some(Country::Ke));
    if !is_subscriber {
        return Outcome::failed("2040");
    }
    let from = order.app.receiver();
    if *money::utility(state, from) < amount.minor() {
        return Outcome::failed("1");
    }
    let payout = PaidOut {
        receipt: String::new(),
        from: from.to_owned(),
        to: to.clone(),
        amount,
        at: sim.clock.now(),
        conversation_id: order.conversation_id.clone(),
        originator_conversation_id: order.originator_conversation_id.clone(),
    };
    let receipt = money::pay_out(state, sim, &payout);
    let utility = *money::utility(state, from);
    let working = money::working(state, from);
    let completed = wire::local(payout.at)
        .strftime("%d.%m.%Y %H:%M:%S")
        .to_string();
    Outcome {
        code: "0".into(),
        receipt: Some(receipt.clone()),
        parameters: vec![
            ("TransactionAmount", Some(whole.into())),
            ("TransactionReceipt", Some(receipt.into())),
            ("B2CRecipientIsRegisteredCustomer", Some("Y".into())),
            ("B2CChargesPaidAccountAvailableFunds", Some(shillings(0))),
            ("ReceiverPartyPublicName", Some(person(&to).into())),
            ("TransactionCompletedDateTime", Some(completed.into())),
            ("B2CUtilityAccountAvailableFunds", Some(shillings(utility))),
            (
                "B2CWorkingAccountAvailableFunds",
                Some(shillings(working.minor())),
            ),
        ],
    }
}

fn balance(sim: &Shared, state: &mut State, order: &Order) -> Outcome {
    let receiver = order.app.receiver();
    let working = money::working(state, receiver).decimal();
    let utility = Money::from_minor(*money::utility(state, receiver), Currency::Kes).decimal();
    let accounts = format!(
        "Working Account|KES|{working}|{working}|0.00|0.00&Utility Account|KES|{utility}|{utility}|0.00|0.00"
    );
    Outcome {
        code: "0".into(),
        receipt: None,
        parameters: vec![
            ("AccountBalance", Some(accounts.into())),
            ("BOCompletedTime", Some(wire::stamp(sim.clock.now()).into())),
        ],
    }
}

/// A JSON number with decimals, as results have it: `50.0`.
#[expect(
    clippy::cast_precision_loss,
    reason = "sums here are far below 2^52 cents"
)]
fn shillings(minor: i64) -> Value {
    (minor as f64 / 100.0).into()
}
