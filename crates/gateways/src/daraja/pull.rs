//! Pull: the movements of the last 48 hours.
//!
//! `trxDate` looks like UTC (`2020-08-05T10:13:00Z`), but nothing says that it is, and every other
//! time of Daraja is in East Africa Time; it is read as that. Nothing is decided by it.

use std::collections::HashSet;
use std::time::Duration;

use bando_domain::{Country, Currency, Money, Phone, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::callback::is_receipt;
use super::reply::{Reply, scalar};
use super::{CallError, Daraja, DarajaAccount, TokenError, stamp};
use crate::gateway::{Found, MessageUrls, Movement, MovementKind, NoStatement, Search, Span};
use crate::text;

const QUERY: &str = "/pulltransactions/v1/query";
const REGISTER: &str = "/pulltransactions/v1/register";

/// How far back it sees.
const REACH: Duration = Duration::from_secs(48 * 3600);

/// The most rows that are asked for.
const MOST_ROWS: usize = 200_000;

/// The codes of "there is something", "there is nothing" (of a query), "registered" and "registered
/// already" (of a registration).
const DONE: &str = "1000";
const NOTHING: &str = "1001";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Query<'a> {
    short_code: &'a str,
    start_date: String,
    end_date: String,
    off_set_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Register<'a> {
    short_code: &'a str,
    request_type: &'static str,
    nominated_number: &'a str,
    #[serde(rename = "CallBackURL")]
    callback_url: &'a str,
}

/// Why there are no rows.
enum NoRows {
    TooOften(Duration),
    Refused(String),
    Unreachable(String),
}

impl Daraja {
    /// Looks for a receipt in the last 48 hours.
    pub(super) async fn find_in_pull(&self, account: &DarajaAccount, search: &Search) -> Found {
        let span = Span {
            from: search.now.minus(REACH),
            to: search.now.plus(Duration::from_secs(1)),
        };
        match self.rows(account, &span).await {
            Ok(rows) => rows
                .iter()
                .filter_map(|row| movement(row, account.receiver()))
                .find(|movement| movement.receipt == search.receipt)
                .map_or(Found::NotThere, Found::Movement),
            Err(NoRows::TooOften(retry_after)) => Found::RateLimited { retry_after },
            Err(NoRows::Refused(why) | NoRows::Unreachable(why)) => Found::Unreachable { why },
        }
    }

    /// The movements of a span of time, all or none: a row that cannot be read would look like money
    /// that is missing.
    ///
    /// # Errors
    /// [`NoStatement::Refused`] also when part of the span is out of reach.
    pub(super) async fn pulled(
        &self,
        account: &DarajaAccount,
        span: &Span,
    ) -> Result<Vec<Movement>, NoStatement> {
        if span.from < self.clock.now().minus(REACH) {
            let why = "M-Pesa gives only the last 48 hours; upload the statement instead";
            return Err(NoStatement::Refused(why.into()));
        }
        let rows = self
            .rows(account, span)
            .await
            .map_err(|error| match error {
                NoRows::TooOften(_) => NoStatement::Unreachable("asked too often".into()),
                NoRows::Refused(why) => NoStatement::Refused(why),
                NoRows::Unreachable(why) => NoStatement::Unreachable(why),
            })?;
        let read = |(n, row)| {
            movement(row, account.receiver()).ok_or_else(|| {
                NoStatement::Unreachable(format!("row {} of its answer cannot be read", n + 1))
            })
        };
        rows.iter().enumerate().map(read).collect()
    }

    /// All rows of a span, page by page, until one brings nothing new.
    async fn rows(&self, account: &DarajaAccount, span: &Span) -> Result<Vec<Value>, NoRows> {
        let mut rows: Vec<Value> = Vec::new();
        let mut seen = HashSet::new();
        while rows.len() < MOST_ROWS {
            let request = Query {
                short_code: account.receiver(),
                start_date: stamp::date_time(span.from),
                // The end is part of it.
                end_date: stamp::date_time(span.to.minus(Duration::from_secs(1))),
                off_set_value: rows.len().to_string(),
            };
            let page = page(self.call(account, QUERY, &request).await)?;
            let before = rows.len();
            rows.extend(page.into_iter().filter(|row| seen.insert(row.to_string())));
            if rows.len() == before {
                return Ok(rows);
            }
        }
        Err(NoRows::Unreachable("there are too many rows".into()))
    }

    /// Asks for the right to pull. `nominated` is the phone number that Safaricom knows as the
    /// organisation's contact.
    ///
    /// # Errors
    /// What is wrong, in words that a provider can act on.
    pub(super) async fn register_pull(
        &self,
        account: &DarajaAccount,
        nominated: &Phone,
        urls: &MessageUrls,
    ) -> Result<(), String> {
        let request = Register {
            short_code: account.receiver(),
            request_type: "Pull",
            nominated_number: nominated.digits(),
            callback_url: &urls.confirmation,
        };
        let reply = self
            .call(account, REGISTER, &request)
            .await
            .map_err(CallError::why)?;
        match reply.field("ResponseStatus").as_deref() {
            Some(DONE | NOTHING) => Ok(()),
            _ => Err(format!("M-Pesa did not register Pull: {}", reply.summary())),
        }
    }
}

/// The rows of one answer: a list of lists, or nothing.
fn page(answer: Result<Reply, CallError>) -> Result<Vec<Value>, NoRows> {
    let reply = answer.map_err(|error| match error {
        CallError::NoToken(TokenError::TooOften(wait)) => NoRows::TooOften(wait),
        error @ CallError::NoToken(TokenError::Refused { .. }) => NoRows::Refused(error.why()),
        error => NoRows::Unreachable(error.why()),
    })?;
    if let Some(wait) = reply.too_often() {
        return Err(NoRows::TooOften(wait));
    }
    if let Some(error) = reply.error() {
        let class = error.class().unwrap_or(reply.status);
        let summary = reply.summary();
        return Err(match class {
            400..500 => NoRows::Refused(summary),
            _ => NoRows::Unreachable(summary),
        });
    }
    match reply.field("ResponseCode").as_deref() {
        Some(NOTHING) if reply.is_success() => Ok(Vec::new()),
        Some(DONE) if reply.is_success() => {
            let lists = reply.get("Response").and_then(Value::as_array);
            let lists =
                lists.ok_or_else(|| NoRows::Unreachable("the answer has no rows".into()))?;
            let flat = lists.iter().flat_map(|item| match item {
                Value::Array(rows) => rows.clone(),
                row => vec![row.clone()],
            });
            Ok(flat.collect())
        }
        _ => Err(NoRows::Unreachable(reply.summary())),
    }
}

/// Reads a row; none when receipt or amount are missing or impossible.
fn movement(row: &Value, account: &str) -> Option<Movement> {
    let words = |name: &str| {
        let text = row.get(name).and_then(scalar)?;
        Some(text::clean(&text)).filter(|text| !text.is_empty())
    };
    let msisdn = words("msisdn");
    let phone = msisdn
        .as_deref()
        .and_then(|number| Phone::parse(number, Country::Ke).ok());
    let masked = msisdn.filter(|number| phone.is_none() && number.contains('*'));
    Some(Movement {
        kind: kind(&words("transactiontype").unwrap_or_default()),
        receipt: words("transactionId").filter(|id| is_receipt(id))?,
        amount: Money::parse(&words("amount")?, Currency::Kes)
            .ok()
            .filter(|amount| amount.is_positive())?,
        fee: None,
        at: words("trxDate").and_then(|date| read_date(&date)),
        phone,
        payer: masked.or_else(|| words("sender")),
        reference: words("billreference"),
        account: Some(account.to_owned()),
        checkout_request_id: None,
    })
}

/// `c2b-pay-bill-debit` is the only type that is documented.
fn kind(written: &str) -> MovementKind {
    let written = written.to_ascii_lowercase();
    if written.contains("revers") {
        MovementKind::Reversal
    } else if written.starts_with("c2b") {
        MovementKind::Payment
    } else if written.starts_with("b2c") {
        MovementKind::Payout
    } else {
        MovementKind::Other
    }
}

/// `2020-08-05T10:13:00Z` or `2020-08-05 10:13`, in East Africa Time.
fn read_date(written: &str) -> Option<Timestamp> {
    let digits: String = written
        .get(..19)
        .or_else(|| written.get(..16))?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    stamp::read_stamp(&format!("{digits:0<14}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Answer;

    fn row() -> Value {
        json!({"transactionId": "yzlyrEsRG1", "trxDate": "2020-08-05T10:13:00Z",
            "msisdn": 722_000_000, "sender": "UAT2", "transactiontype": "c2b-pay-bill-debit",
            "billreference": "37207636392", "amount": "168.00",
            "organizationname": "Daraja Pull API Test"})
    }

    #[test]
    fn reads_the_portals_sample() {
        let expected = Movement {
            kind: MovementKind::Payment,
            receipt: "yzlyrEsRG1".into(),
            amount: Money::from_minor(16_800, Currency::Kes),
            fee: None,
            at: stamp::read_stamp("20200805101300"),
            phone: Phone::from_international("254722000000"),
            payer: Some("UAT2".into()),
            reference: Some("37207636392".into()),
            account: Some("600000".into()),
            checkout_request_id: None,
        };
        assert_eq!(movement(&row(), "600000"), Some(expected));
    }

    #[test]
    fn an_answer_is_a_list_of_lists_or_nothing_or_an_error() {
        let read = |status: u16, body: String| {
            page(Ok(Reply::read(&Answer {
                status,
                retry_after: None,
                body: body.into_bytes(),
            })))
        };
        let answer = |code: &str, rows: Value| {
            json!({"ResponseRefID": "1", "ResponseCode": code, "Response": rows}).to_string()
        };
        for (code, rows, count) in [
            ("1000", json!([[row()], [row(), row()]]), 3),
            ("1000", json!([row()]), 1),
            ("1000", json!([[]]), 0),
            ("1001", json!([[]]), 0),
            ("1001", json!("[[]]"), 0),
        ] {
            let rows = read(200, answer(code, rows)).map(|rows| rows.len());
            assert!(matches!(rows, Ok(n) if n == count), "{code}");
        }
        let error = |code: &str| format!(r#"{{"errorCode":"{code}","errorMessage":"m"}}"#);
        assert!(matches!(read(429, String::new()), Err(NoRows::TooOften(_))));
        assert!(matches!(
            read(400, error("400.002.02")),
            Err(NoRows::Refused(_))
        ));
        for (status, body) in [
            (500, error("500.003.1001")),
            (502, "<html>".into()),
            (200, answer("1000", json!("x"))),
            (200, answer("9", json!([[]]))),
            (500, answer("1001", json!([[]]))),
        ] {
            assert!(
                matches!(read(status, body), Err(NoRows::Unreachable(_))),
                "{status}"
            );
        }
    }

    #[test]
    fn what_is_masked_or_odd_is_left_out_and_what_counts_is_not() {
        let with = |field: &str, value: Value| {
            let mut row = row();
            row[field] = value;
            movement(&row, "600000")
        };
        let masked = with("msisdn", json!("2547 ***** 126")).expect("read");
        assert_eq!(
            (masked.phone, masked.payer.as_deref()),
            (None, Some("2547 ***** 126"))
        );
        assert_eq!(with("trxDate", json!("soon")).map(|m| m.at), Some(None));
        assert_eq!(
            with("trxDate", json!("2020-08-05 10:13")).map(|m| m.at),
            Some(stamp::read_stamp("20200805101300"))
        );
        assert_eq!(
            with("trxDate", json!("２０２０-08-05 10:13:00")).map(|m| m.at),
            Some(None)
        );
        assert_eq!(
            with("amount", json!(168.5)).map(|m| m.amount.minor()),
            Some(16_850)
        );
        for (field, bad) in [
            ("amount", json!("0")),
            ("amount", json!("-1")),
            ("amount", Value::Null),
            ("transactionId", json!("")),
            ("transactionId", json!("a b c d")),
        ] {
            assert_eq!(with(field, bad), None, "{field}");
        }
        assert_eq!(movement(&json!("x"), "600000"), None);
    }
}
