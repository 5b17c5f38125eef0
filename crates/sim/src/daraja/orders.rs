//! What an initiator can order: status queries, reversals, payouts, the balance.
//!
//! All work alike. The order is acknowledged or turned away at once; what becomes of it is posted to
//! its ResultURL, once, later, whether or not anybody takes it. Whether the initiator's password was
//! right is only told there (2001).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bando_domain::Timestamp;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::api::{admit, fault_before};
use super::books::MessageKind;
use super::credential;
use super::random::Random;
use super::request::{Fields, is_callback_url};
use super::scenario::{Delivery, PushFault};
use super::shared::{App, Shared, State};
use super::wire::{self, Refusal};

/// What becomes of one order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderScript {
    /// What becomes of the request itself.
    pub request: PushFault,
    /// Instead of being carried out, it ends with this result code.
    pub code: Option<String>,
    /// The results: none of them when empty.
    pub results: Vec<Delivery>,
}

impl Default for OrderScript {
    fn default() -> Self {
        Self {
            request: PushFault::None,
            code: None,
            results: vec![Delivery::default()],
        }
    }
}

/// What the orders differ in.
pub(crate) struct Kind {
    /// The field with the initiator's name.
    pub(crate) initiator: &'static str,
    /// The commands it takes.
    pub(crate) commands: &'static [&'static str],
    /// The field with the organisation's number.
    pub(crate) party: &'static str,
    /// Whether the client names the order (`OriginatorConversationID`).
    pub(crate) named_by_client: bool,
    /// What else is wrong with the request.
    pub(crate) check: fn(&Fields) -> Result<(), Refusal>,
    /// Carries it out.
    pub(crate) carry_out: fn(&Shared, &mut State, &Order) -> Outcome,
    /// What its result refers to.
    pub(crate) reference: fn(&Order) -> Value,
}

/// An order that was taken.
pub(crate) struct Order {
    pub(crate) app: App,
    pub(crate) fields: Fields,
    pub(crate) conversation_id: String,
    pub(crate) originator_conversation_id: String,
    is_signed: bool,
    result_url: String,
}

/// What came of an order.
pub(crate) struct Outcome {
    pub(crate) code: String,
    /// `TransactionID`; a placeholder when none.
    pub(crate) receipt: Option<String>,
    /// `ResultParameters`, in order; a value may be missing, a key may come twice.
    pub(crate) parameters: Vec<(&'static str, Option<Value>)>,
}

impl Outcome {
    /// It did not work.
    pub(crate) fn failed(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            receipt: None,
            parameters: Vec::new(),
        }
    }
}

/// Takes an order: the answer to the request. Its result follows by itself.
pub(crate) async fn take(
    sim: &Arc<Shared>,
    kind: &'static Kind,
    method: &Method,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let checked = admit(sim, method, headers, body).and_then(|(key, fields)| {
        let app = check(sim, kind, &key, &fields)?;
        Ok((app, fields))
    });
    let (app, fields) = match checked {
        Ok(checked) => checked,
        Err(refusal) => return refusal.response(&sim.random),
    };
    let script = next_script(&mut sim.state().order_scripts);
    if let Some(fault) = fault_before(sim, &script.request) {
        return fault;
    }
    let order = match accept(sim, kind, app, fields) {
        Ok(order) => order,
        Err(refusal) => return refusal.response(&sim.random),
    };
    let body = json!({
        "OriginatorConversationID": order.originator_conversation_id,
        "ConversationID": order.conversation_id,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    });
    let fault = script.request.clone();
    tokio::spawn(work(sim.clone(), kind, order, script));
    match fault {
        PushFault::DropAfterAccept => wire::cut(),
        PushFault::StallAfterAccept => std::future::pending().await,
        PushFault::SuccessWith500 => {
            (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
        }
        _ => wire::ok(body),
    }
}

fn next_script(scripts: &mut VecDeque<OrderScript>) -> OrderScript {
    scripts.pop_front().unwrap_or_default()
}

fn check(sim: &Shared, kind: &Kind, key: &str, fields: &Fields) -> Result<App, Refusal> {
    let need = |field| fields.text(field).ok_or_else(|| Refusal::invalid(field));
    need(kind.initiator)?;
    if !credential::is_credential(&need("SecurityCredential")?) {
        return Err(Refusal::invalid("SecurityCredential"));
    }
    if !kind.commands.contains(&need("CommandID")?.as_str()) {
        return Err(Refusal::invalid("CommandID"));
    }
    let app = fields.app(sim, key, kind.party)?;
    let remarks = need("Remarks")?;
    if !(2..=100).contains(&remarks.chars().count()) {
        return Err(Refusal::invalid("Remarks"));
    }
    let production = sim.state().settings.production;
    for field in ["ResultURL", "QueueTimeOutURL"] {
        if !is_callback_url(&need(field)?, production) {
            return Err(Refusal::invalid(field));
        }
    }
    if kind.named_by_client {
        need("OriginatorConversationID")?;
    }
    (kind.check)(fields)?;
    Ok(app)
}

fn accept(sim: &Shared, kind: &Kind, app: App, fields: Fields) -> Result<Order, Refusal> {
    let text = |field| fields.text(field).unwrap_or_default();
    let originator_conversation_id = if kind.named_by_client {
        let name = text("OriginatorConversationID");
        if !sim.state().payout_ids.insert(name.clone()) {
            let said = "Duplicate OriginatorConversationID.";
            return Err(Refusal::new(500, "500.002.1001", said));
        }
        name
    } else {
        wire::merchant_request_id(&sim.random)
    };
    // Decryption is slow, but an order is rare.
    let password = credential::open(&text("SecurityCredential"));
    let is_signed = !app.initiator.is_empty()
        && text(kind.initiator) == app.initiator
        && password.as_deref() == Some(app.initiator_password.as_str());
    Ok(Order {
        conversation_id: conversation_id(sim.clock.now(), &sim.random),
        originator_conversation_id,
        is_signed,
        result_url: text("ResultURL"),
        app,
        fields,
    })
}

/// Such as `AG_20210709_1234409f86436c583e3f`.
fn conversation_id(at: Timestamp, random: &Random) -> String {
    let date = wire::local(at).strftime("%Y%m%d");
    format!("AG_{date}_{}", random.text(20, b"0123456789abcdef"))
}

/// Carries the order out and sends its results.
async fn work(sim: Arc<Shared>, kind: &'static Kind, order: Order, script: OrderScript) {
    let processing = sim.state().settings.processing_ms;
    sleep(Duration::from_millis(processing)).await;
    let outcome = match &script.code {
        Some(code) => Outcome::failed(code),
        None if !order.is_signed => Outcome::failed("2001"),
        None => (kind.carry_out)(&sim, &mut sim.state(), &order),
    };
    let shortcode = order.app.shortcode.as_str();
    for delivery in &script.results {
        sleep(Duration::from_millis(delivery.after_ms)).await;
        let body = envelope(&sim, &order, &outcome, &(kind.reference)(&order), delivery);
        let (id, url) = (&order.conversation_id, &order.result_url);
        let sends = (0..delivery.copies)
            .map(|_| sim.tell(MessageKind::Result, id, shortcode, url, body.clone()));
        join_all(sends).await;
    }
}

fn envelope(
    sim: &Shared,
    order: &Order,
    outcome: &Outcome,
    reference: &Value,
    delivery: &Delivery,
) -> String {
    let code = delivery.code.as_deref().unwrap_or(&outcome.code);
    let number: Value = code.parse::<i64>().map_or_else(|_| code.into(), Into::into);
    let placeholder = || {
        let receipt = wire::receipt(sim.clock.now(), &sim.random);
        format!("{}0000000", receipt.get(..3).unwrap_or_default())
    };
    let mut result = json!({
        "ResultType": 0,
        "ResultCode": number,
        "ResultDesc": wire::result_text(code),
        "OriginatorConversationID": order.originator_conversation_id,
        "ConversationID": order.conversation_id,
        "TransactionID": outcome.receipt.clone().unwrap_or_else(placeholder),
        "ReferenceData": {"ReferenceItem": reference},
    });
    if code == "0" {
        let parameters: Vec<Value> = outcome
            .parameters
            .iter()
            .map(|(key, value)| match value {
                Some(value) => json!({"Key": key, "Value": value}),
                None => json!({"Key": key}),
            })
            .collect();
        result["ResultParameters"] = json!({"ResultParameter": parameters});
    }
    json!({"Result": result}).to_string()
}

/// The `ReferenceItem` that most results have.
pub(crate) fn timeout_url(_: &Order) -> Value {
    json!({
        "Key": "QueueTimeoutURL",
        "Value": "https://internalapi.safaricom.co.ke/mpesa/results/v1/submit",
    })
}
