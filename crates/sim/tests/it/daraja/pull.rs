//! Pull: registering, the shape of its rows, paging, and how far back it sees.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use bando_sim::daraja::{App, DarajaSim, HandPayment, Settings};
use serde_json::{Value, json};

use super::{PHONE, Stage};
use crate::support::{HandClock, Seeded};

const REGISTER: &str = "/pulltransactions/v1/register";
const QUERY: &str = "/pulltransactions/v1/query";

fn registration(url: &str) -> Value {
    json!({"ShortCode": "174379", "RequestType": "Pull", "NominatedNumber": "254722000000",
        "CallBackURL": url})
}

fn query(offset: usize) -> Value {
    json!({"ShortCode": "174379", "StartDate": "2026-11-18 14:35:00",
        "EndDate": "2026-11-20 14:35:00", "OffSetValue": offset.to_string()})
}

async fn pay(sim: &DarajaSim) -> String {
    let payment = HandPayment {
        phone: PHONE.into(),
        shortcode: "174379".into(),
        bill_ref_number: "37207636392".into(),
        amount_minor: 16_800,
    };
    sim.pay_by_hand(&payment).await.expect("paid")
}

#[tokio::test]
async fn rows_have_the_portals_shape() {
    let stage = Stage::new().await;
    assert_eq!(
        stage.post(QUERY, &query(0)).await.0,
        400,
        "not registered yet"
    );
    let (_, body) = stage
        .post(REGISTER, &registration(&stage.callback_url))
        .await;
    assert_eq!(
        (&body["ResponseStatus"], &body["ShortCode"]),
        (&json!("1000"), &json!("174379"))
    );
    assert!(body["ResponseRefID"].is_string() && body["ResponseDescription"].is_string());
    let (_, body) = stage
        .post(REGISTER, &registration(&stage.callback_url))
        .await;
    assert_eq!(body["ResponseStatus"], "1001", "already");

    let (_, body) = stage.post(QUERY, &query(0)).await;
    assert_eq!(
        (&body["ResponseCode"], &body["Response"]),
        (&json!("1001"), &json!([[]]))
    );
    let receipt = pay(&stage.sim).await;
    let (_, body) = stage.post(QUERY, &query(0)).await;
    assert_eq!(
        (&body["ResponseCode"], &body["ResponseMessage"]),
        (&json!("1000"), &json!("Success"))
    );
    let row = json!({
        "transactionId": receipt, "trxDate": "2026-11-20T14:35:00Z", "msisdn": 712_345_678,
        "sender": "MPESA", "transactiontype": "c2b-pay-bill-debit",
        "billreference": "37207636392", "amount": "168.00",
        "organizationname": "MAMA NJERI WI-FI",
    });
    assert_eq!(body["Response"], json!([[row]]), "a list of lists");
    for (field, value) in [
        ("ShortCode", "600000"),
        ("StartDate", "18/11/2026"),
        ("EndDate", ""),
        ("OffSetValue", "-1"),
    ] {
        let mut wrong = query(0);
        wrong[field] = json!(value);
        let said = format!("Bad Request - Invalid {field}");
        assert_eq!(stage.post(QUERY, &wrong).await.1["errorMessage"], said);
    }
}

#[tokio::test]
async fn the_offset_counts_rows() {
    let stage = Stage::new().await;
    stage.sim.set_settings(Settings {
        pull_rows: 2,
        ..Settings::default()
    });
    stage
        .post(REGISTER, &registration(&stage.callback_url))
        .await;
    let mut paid = Vec::new();
    for _ in 0..5 {
        paid.push(pay(&stage.sim).await);
    }
    let mut seen = Vec::new();
    for offset in [0, 2, 4, 6] {
        let (_, body) = stage.post(QUERY, &query(offset)).await;
        let rows = body["Response"][0].as_array().expect("rows").clone();
        seen.extend(
            rows.iter()
                .map(|row| row["transactionId"].as_str().map(str::to_owned)),
        );
    }
    assert_eq!(seen, paid.into_iter().map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_older_than_two_days_is_gone() {
    let clock = Arc::new(HandClock(AtomicI64::new(
        HandClock::new().0.load(Ordering::SeqCst),
    )));
    let seed = Arc::new(Seeded(Mutex::new(7)));
    let sim = DarajaSim::start(([127, 0, 0, 1], 0).into(), clock.clone(), seed)
        .await
        .expect("a free port");
    sim.register_app(App::paybill("174379", "MAMA NJERI WI-FI"));
    let mut stage = Stage::new().await;
    stage.sim = sim;
    let (_, body) = stage.sign_in("key174379", "secret174379").await;
    let body: Value = serde_json::from_str(&body).expect("json");
    stage.token = body["access_token"].as_str().expect("a token").into();
    stage
        .post(REGISTER, &registration(&stage.callback_url))
        .await;
    clock.0.fetch_sub(47 * 3_600_000, Ordering::SeqCst);
    pay(&stage.sim).await;
    clock.0.fetch_add(47 * 3_600_000, Ordering::SeqCst);
    assert_eq!(stage.post(QUERY, &query(0)).await.1["ResponseCode"], "1000");
    clock.0.fetch_add(3_500_000, Ordering::SeqCst);
    assert_eq!(stage.post(QUERY, &query(0)).await.1["ResponseCode"], "1000");
    clock.0.fetch_add(200_000, Ordering::SeqCst);
    let (_, body) = stage.sign_in("key174379", "secret174379").await;
    let body: Value = serde_json::from_str(&body).expect("json");
    stage.token = body["access_token"].as_str().expect("a token").into();
    assert_eq!(stage.post(QUERY, &query(0)).await.1["ResponseCode"], "1001");
}
