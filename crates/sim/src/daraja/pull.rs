//! Pull: the movements of the last 48 hours, asked for and answered at once.
//!
//! The real one shows C2B only. This one shows reversals and payouts too, under types of its own
//! invention, so that a reader of statements meets every kind.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::any;
use bando_domain::{Money, Timestamp};
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::api::admit;
use super::books::Books;
use super::request::{Fields, is_callback_url};
use super::shared::{App, Shared};
use super::wire::{self, Refusal};

/// How far back it sees.
const REACH: Duration = Duration::from_secs(48 * 3600);

/// The addresses.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/pulltransactions/v1/register", any(register))
        .route("/pulltransactions/v1/query", any(query))
}

async fn register(
    State(sim): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let checked = admit(&sim, &method, &headers, &body)
        .and_then(|(key, fields)| check_registration(&sim, &key, &fields));
    let app = match checked {
        Ok(app) => app,
        Err(refusal) => return refusal.response(&sim.random),
    };
    let is_new = sim.state().pulling.insert(app.receiver().to_owned());
    let (status, said) = if is_new {
        ("1000", "Short Code Registered Successfully")
    } else {
        ("1001", "Short Code already Registered")
    };
    wire::ok(json!({
        "ResponseRefID": wire::merchant_request_id(&sim.random),
        "ResponseStatus": status,
        "ShortCode": app.receiver(),
        "ResponseDescription": said,
    }))
}

fn check_registration(sim: &Shared, key: &str, fields: &Fields) -> Result<App, Refusal> {
    let app = fields.app(sim, key, "ShortCode")?;
    if fields.text("RequestType").as_deref() != Some("Pull") {
        return Err(Refusal::invalid("RequestType"));
    }
    if fields.text("NominatedNumber").is_none() {
        return Err(Refusal::invalid("NominatedNumber"));
    }
    let production = sim.state().settings.production;
    match fields.text("CallBackURL") {
        Some(url) if is_callback_url(&url, production) => Ok(app),
        _ => Err(Refusal::invalid("CallBackURL")),
    }
}

async fn query(
    State(sim): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered =
        admit(&sim, &method, &headers, &body).and_then(|(key, fields)| rows(&sim, &key, &fields));
    let rows = match answered {
        Ok(rows) => rows,
        Err(refusal) => return refusal.response(&sim.random),
    };
    let (code, said) = match rows.is_empty() {
        false => ("1000", "Success"),
        true => ("1001", "No transactions found"),
    };
    wire::ok(json!({
        "ResponseRefID": wire::merchant_request_id(&sim.random),
        "ResponseCode": code,
        "ResponseMessage": said,
        "Response": [rows],
    }))
}

fn rows(sim: &Shared, key: &str, fields: &Fields) -> Result<Vec<Value>, Refusal> {
    let app = fields.app(sim, key, "ShortCode")?;
    let date = |field| {
        fields
            .text(field)
            .and_then(|text| read_date(&text))
            .ok_or_else(|| Refusal::invalid(field))
    };
    let (from, to) = (date("StartDate")?, date("EndDate")?);
    let offset: usize = fields
        .text("OffSetValue")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Refusal::invalid("OffSetValue"))?;
    let state = sim.state();
    if !state.pulling.contains(app.receiver()) {
        return Err(Refusal::invalid("ShortCode"));
    }
    let oldest = sim.clock.now().minus(REACH);
    let mut lines = lines(&state.books, app.receiver());
    // Dates have no fractions of a second.
    lines.retain(|line| {
        let whole = Timestamp::from_seconds(line.at.as_seconds());
        oldest <= line.at && from <= whole && whole <= to
    });
    lines.sort_by_key(|line| line.at);
    let page = lines.iter().skip(offset).take(state.settings.pull_rows);
    Ok(page.map(|line| line.json(&app)).collect())
}

/// `YYYY-MM-DD HH:MM:SS`, in East Africa Time.
fn read_date(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    wire::from_local(civil)
}

/// One row.
struct Line<'a> {
    receipt: &'a str,
    at: Timestamp,
    phone: &'a str,
    kind: &'static str,
    reference: &'a str,
    amount: Money,
}

fn lines<'a>(books: &'a Books, receiver: &str) -> Vec<Line<'a>> {
    let moved = books
        .moved
        .iter()
        .filter(|m| m.to == receiver)
        .map(|m| Line {
            receipt: &m.receipt,
            at: m.at,
            phone: &m.from,
            kind: "c2b-pay-bill-debit",
            reference: &m.account_reference,
            amount: m.amount,
        });
    let returned = books
        .returned
        .iter()
        .filter(|r| r.from == receiver)
        .map(|r| Line {
            receipt: &r.receipt,
            at: r.at,
            phone: &r.to,
            kind: "c2b-reversal",
            reference: &r.of,
            amount: r.amount,
        });
    let paid_out = books
        .paid_out
        .iter()
        .filter(|p| p.from == receiver)
        .map(|p| Line {
            receipt: &p.receipt,
            at: p.at,
            phone: &p.to,
            kind: "b2c-payment",
            reference: &p.originator_conversation_id,
            amount: p.amount,
        });
    moved.chain(returned).chain(paid_out).collect()
}

impl Line<'_> {
    /// Keys in lower case, the number without its country, a local time that claims to be UTC.
    fn json(&self, app: &App) -> Value {
        let kind = match (self.kind, &app.till_number) {
            ("c2b-pay-bill-debit", Some(_)) => "c2b-buy-goods-debit",
            (kind, _) => kind,
        };
        let national = self.phone.strip_prefix("254").unwrap_or(self.phone);
        json!({
            "transactionId": self.receipt,
            "trxDate": wire::local(self.at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "msisdn": national.parse::<u64>().unwrap_or(0),
            "sender": "MPESA",
            "transactiontype": kind,
            "billreference": self.reference,
            "amount": wire::decimal(self.amount),
            "organizationname": app.merchant,
        })
    }
}
