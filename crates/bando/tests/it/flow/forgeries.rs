//! The messages a forger sends, who knows everything but cannot move money.

use bando_sim::daraja::Prompted;
use serde_json::{Value, json};

/// A message and where it goes.
pub(super) struct Forgery {
    pub(super) what: String,
    pub(super) url: String,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

/// What the forger knows.
pub(super) struct Known<'a> {
    /// Where the program is reached.
    pub(super) base: &'a str,
    /// The short name of the victim's business.
    pub(super) slug: &'a str,
    /// An open payment.
    pub(super) open: &'a Prompted,
    /// A payment that was paid, and the callback that said so.
    pub(super) paid: &'a Prompted,
    pub(super) paid_body: &'a str,
    /// An open payment at another business.
    pub(super) other: &'a Prompted,
}

const JSON: &str = "application/json";

/// All of them.
pub(super) fn all(known: &Known<'_>) -> Vec<Forgery> {
    let mut list = Forgeries(Vec::new());
    addresses(known, &mut list);
    references(known, &mut list);
    amounts(known, &mut list);
    result_codes(known, &mut list);
    odd_json(known, &mut list);
    garbage(known, &mut list);
    list.0
}

/// A success as Daraja would say it.
fn success(prompt: &Prompted) -> Value {
    let items = json!([
        {"Name": "Amount", "Value": 20.00},
        {"Name": "MpesaReceiptNumber", "Value": "FAKE00000A"},
        {"Name": "TransactionDate", "Value": 20_261_120_143_500_u64},
        {"Name": "PhoneNumber", "Value": prompt.phone.parse::<u64>().unwrap_or_default()},
    ]);
    json!({"Body": {"stkCallback": {
        "MerchantRequestID": prompt.merchant_request_id,
        "CheckoutRequestID": prompt.checkout_request_id,
        "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "CallbackMetadata": {"Item": items},
    }}})
}

/// The same with something else at one place.
fn with(prompt: &Prompted, place: &str, value: Value) -> String {
    let mut body = success(prompt);
    if let Some(found) = body.pointer_mut(place) {
        *found = value;
    }
    body.to_string()
}

/// Right messages at wrong addresses.
fn addresses(known: &Known<'_>, list: &mut Forgeries) {
    let (base, right) = (known.base, &known.open.callback_url);
    let token = right.rsplit('/').next().unwrap_or_default();
    let body = success(known.open).to_string();
    let wrong = [
        ("no token", format!("{base}/cb/k/")),
        (
            "an unknown token",
            format!("{base}/cb/k/{}", "A".repeat(token.len())),
        ),
        (
            "half a token",
            format!("{base}/cb/k/{}", &token[..token.len() / 2]),
        ),
        ("a longer token", format!("{right}A")),
        (
            "a token in capitals",
            format!("{base}/cb/k/{}", token.to_ascii_uppercase()),
        ),
        ("a token with dots", format!("{base}/cb/k/../k/{token}.")),
        ("another payment's address", known.paid.callback_url.clone()),
        (
            "another business's address",
            known.other.callback_url.clone(),
        ),
        ("no business named", format!("{base}/api/mpesa/callback")),
        (
            "its business named",
            format!("{base}/api/mpesa/callback/{}", known.slug),
        ),
        (
            "another business named",
            format!("{base}/api/mpesa/callback/bahari"),
        ),
        (
            "no business of ours",
            format!("{base}/api/mpesa/callback/nobody"),
        ),
    ];
    for (what, url) in wrong {
        list.post(what, &url, body.clone());
    }
}

/// Messages about something else at the right address.
fn references(known: &Known<'_>, list: &mut Forgeries) {
    let to = &known.open.callback_url;
    let place = |name| format!("/Body/stkCallback/{name}");
    let (checkout, merchant) = (place("CheckoutRequestID"), place("MerchantRequestID"));
    list.post(
        "everything right but the money",
        to,
        success(known.open).to_string(),
    );
    list.post("a replay of another's success", to, known.paid_body);
    list.post(
        "another business's success",
        to,
        success(known.other).to_string(),
    );
    list.post(
        "a replay of its own success",
        &known.paid.callback_url,
        known.paid_body,
    );
    for value in [
        json!("ws_CO_201120261435000254700000000"),
        json!(known.paid.checkout_request_id),
        json!(known.other.checkout_request_id),
        json!(known.open.checkout_request_id.to_ascii_lowercase()),
        json!(""),
        json!(7),
        Value::Null,
    ] {
        let body = with(known.open, &checkout, value.clone());
        list.post(&format!("CheckoutRequestID {value}"), to, body);
    }
    for value in [
        json!("1-1-1"),
        json!(known.other.merchant_request_id),
        Value::Null,
    ] {
        let body = with(known.open, &merchant, value.clone());
        list.post(&format!("MerchantRequestID {value}"), to, body);
    }
}

fn amounts(known: &Known<'_>, list: &mut Forgeries) {
    let to = &known.open.callback_url;
    let amount = "/Body/stkCallback/CallbackMetadata/Item/0/Value";
    for value in [
        json!(1),
        json!(19.99),
        json!(20.01),
        json!(2000),
        json!(0),
        json!(-20),
        json!(20.000_000_1),
        json!(1e300),
        json!(i64::MAX),
        json!("20; DROP TABLE payments"),
        json!("NaN"),
        json!("+20"),
        json!([20]),
        json!({"Amount": 20}),
        json!(true),
        Value::Null,
    ] {
        let what = format!("amount {value}");
        list.post(&what, to, with(known.open, amount, value));
    }
    for literal in [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "0x14",
        "020",
        "20.",
        ".2e2",
    ] {
        let body = success(known.open).to_string().replace("20.0", literal);
        list.post(&format!("amount {literal}, bare"), to, body);
    }
}

fn result_codes(known: &Known<'_>, list: &mut Forgeries) {
    let to = &known.other.callback_url;
    for value in [
        json!("0 "),
        json!("00"),
        json!(0.5),
        json!(-0.0),
        json!(false),
        json!([0]),
        json!({"0": 0}),
        json!("7777"),
        Value::Null,
    ] {
        let what = format!("result code {value}");
        let body = with(known.other, "/Body/stkCallback/ResultCode", value);
        list.post(&what, to, body);
    }
}

/// JSON that is strange, or none.
fn odd_json(known: &Known<'_>, list: &mut Forgeries) {
    let to = &known.other.callback_url;
    let text = success(known.other).to_string();
    let metadata = "/Body/stkCallback/CallbackMetadata";
    let double = text.replace("\"ResultCode\":0", "\"ResultCode\":1032,\"ResultCode\":0");
    list.post("two result codes", to, double);
    let inner = success(known.other)["Body"]["stkCallback"].to_string();
    list.post(
        "two callbacks",
        to,
        format!("{{\"Body\":{{\"stkCallback\":{{}},\"stkCallback\":{inner}}}}}"),
    );
    let items = json!({"Item": [{"Name": "Amount", "Value": 20}, {"Name": "Amount", "Value": 1}]});
    list.post("two amounts", to, with(known.other, metadata, items));
    list.post("no metadata", to, with(known.other, metadata, Value::Null));
    list.post(
        "items that are none",
        to,
        with(known.other, metadata, json!({"Item": "Amount"})),
    );
    let many: Vec<Value> = (0..500)
        .map(|n| json!({"Name": format!("n{n}"), "Value": n}))
        .collect();
    list.post(
        "five hundred items",
        to,
        with(known.other, metadata, json!({"Item": many})),
    );
    list.post("an array around it", to, format!("[{text}]"));
    list.post(
        "a string around it",
        to,
        Value::from(text.clone()).to_string(),
    );
    list.post("deep arrays", to, "[".repeat(30_000));
    list.post("deep objects", to, "{\"Body\":".repeat(7_000));
    list.post(
        "a long text",
        to,
        format!("{{\"Body\":\"{}\"}}", "A".repeat(60_000)),
    );
    list.post("a mark in front", to, format!("\u{feff}{text}"));
    for scalar in [
        "",
        " ",
        "null",
        "[]",
        "{}",
        "0",
        "\"\"",
        "{\"Body\":{}}",
        "{\"Body\":{\"stkCallback\":[]}}",
    ] {
        list.post(&format!("only {scalar:?}"), to, scalar);
    }
}

/// Bytes.
fn garbage(known: &Known<'_>, list: &mut Forgeries) {
    let to = &known.open.callback_url;
    let text = success(known.open).to_string();
    for part in [1, 2, 3] {
        list.post(
            &format!("cut at {part} of 4"),
            to,
            &text[..text.len() * part / 4],
        );
    }
    list.raw("not UTF-8", to, JSON, vec![0xff, 0xfe, b'{', 0x80, b'}']);
    list.raw("zeroes", to, JSON, vec![0; 512]);
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    list.raw("UTF-16", to, JSON, wide);
    list.raw(
        "every byte",
        to,
        "application/octet-stream",
        (0..=255).collect(),
    );
    list.raw(
        "a form",
        to,
        "application/x-www-form-urlencoded",
        b"ResultCode=0&Amount=20".to_vec(),
    );
    list.raw(
        "XML",
        to,
        "text/xml",
        b"<?xml version=\"1.0\"?><Body><ResultCode>0</ResultCode></Body>".to_vec(),
    );
    list.raw("70,000 bytes", to, JSON, vec![b' '; 70_000]);
    list.raw("a million bytes", to, JSON, vec![b'['; 1_000_000]);
}

struct Forgeries(Vec<Forgery>);

impl Forgeries {
    fn post(&mut self, what: &str, url: &str, body: impl Into<Vec<u8>>) {
        self.raw(what, url, JSON, body.into());
    }

    fn raw(&mut self, what: &str, url: &str, content_type: &'static str, body: Vec<u8>) {
        self.0.push(Forgery {
            what: what.to_owned(),
            url: url.to_owned(),
            content_type,
            body,
        });
    }
}
