//! F9 to F14: messages that no company has sent.

use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::future::join_all;
use serde_json::json;

use crate::stage::{Buyer, LONG_ENOUGH, Stage, Tells, Way};
use crate::wire::{self, SIGNATURE};

/// Messages in a flood.
const FLOOD: usize = 200;

/// Queries that a provider may make in a minute, where a flood is to use them up.
pub(crate) const QUERIES: u32 = 12;

/// F9. A success of a payment that there is not, at every address that there is.
pub(crate) async fn of_nothing(stage: &mut Stage) -> Result<()> {
    let base = stage.town.machine.url();
    let slug = stage.town.shop().slug.clone();
    let own = stage.message_url(0).await?;
    let unknown = format!("{base}/cb/k/{}", "A".repeat(60));
    let old = format!("{base}/api/mpesa/callback/{slug}");
    let body = match stage.way {
        Way::Unsigned => wire::mpesa_success(
            "1-2-1",
            "ws_CO_201120261435000254711999999",
            "FAKE000001",
            "254711999999",
        ),
        Way::Signed => wire::wave_success(
            "cos-000000000000a",
            "0193f1de-0000-7000-8000-000000000001",
            "T_FAKE1",
            "20",
            "XOF",
        ),
        Way::PollBack => wire::pesapal_news(
            "b945e4af-80a5-4ec1-8706-e03f8332fb04",
            "0193f1de-0000-7000-8000-000000000001",
        ),
    };
    for url in [own, unknown, old] {
        let status = stage.post(&url, body.to_string()).await?;
        ensure!(
            status.is_some_and(|status| status < 500),
            "answered {status:?}"
        );
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    // Somebody honest is served as ever.
    let buyer = stage.buyer()?;
    stage.buy_and_pay(&buyer).await?;
    stage.served(&buyer).await
}

/// F10. A success of a payment that is open, with everything right but the money.
pub(crate) async fn of_an_open_payment(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.buy(&buyer).await?;
    let url = stage.callback_url(&buyer).await?;
    let body = forged(stage, &buyer).await?;
    for _ in 0..3 {
        let status = stage.post(&url, body.clone()).await?;
        let expected = if stage.way == Way::Signed { 401 } else { 200 };
        ensure!(status == Some(expected), "answered {status:?}");
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    stage.not_served(&buyer).await?;
    stage.pay(&buyer).await?;
    stage.served(&buyer).await
}

/// What a forger writes who knows everything about a customer's payment.
pub(crate) async fn forged(stage: &Stage, buyer: &Buyer) -> Result<String> {
    forged_with(stage, buyer, "T_FAKE000001").await
}

/// The same with this receipt.
pub(crate) async fn forged_with(stage: &Stage, buyer: &Buyer, receipt: &str) -> Result<String> {
    let request = stage.request_of(buyer).await?.reference;
    let payments = stage.payments(buyer).await?;
    let ours = payments.last().map(|p| hyphenated(&p.id));
    let ours = ours.unwrap_or_default();
    let body = match stage.way {
        Way::Unsigned => {
            let prompts = stage.town.daraja.books().prompts;
            let prompt = prompts.iter().find(|p| p.checkout_request_id == request);
            let merchant = prompt.map(|p| p.merchant_request_id.clone());
            let merchant = merchant.unwrap_or_default();
            // Receipts of M-Pesa are ten letters and digits: anything else is not even read.
            let receipt = receipt.trim_start_matches("T_");
            wire::mpesa_success(&merchant, &request, receipt, buyer.phone.digits())
        }
        Way::Signed => wire::wave_success(&request, &ours, receipt, "20", "XOF"),
        Way::PollBack => wire::pesapal_news(&request, &ours),
    };
    Ok(body.to_string())
}

fn hyphenated(id: &str) -> String {
    let parts = [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]];
    parts.join("-")
}

/// F11. A signature that is missing, old, of the future, with another key, or of another body.
pub(crate) async fn bad_signature(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.buy(&buyer).await?;
    let url = stage.message_url(0).await?;
    let body = forged(stage, &buyer).await?;
    let good = stage.signature_of(0, 0, &body);
    let (time, hex) = good.split_once(",v1=").unwrap_or_default();
    let again = serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&body)?)?;
    let bad = [
        ("none", None, body.clone()),
        ("empty", Some(String::new()), body.clone()),
        (
            "301 seconds old",
            Some(stage.signature_of(0, 301, &body)),
            body.clone(),
        ),
        (
            "an hour ahead",
            Some(stage.signature_of(0, -3_600, &body)),
            body.clone(),
        ),
        (
            "another's key",
            Some(stage.signature_of(1, 0, &body)),
            body.clone(),
        ),
        ("no time", Some(format!("v1={hex}")), body.clone()),
        ("two times", Some(format!("{time},{good}")), body.clone()),
        ("no digest", Some(time.to_owned()), body.clone()),
        (
            "half a digest",
            Some(format!("{time},v1={}", &hex[..32])),
            body.clone(),
        ),
        (
            "another version",
            Some(format!("{time},v0={hex}")),
            body.clone(),
        ),
        (
            "a bearer's",
            Some(format!(
                "Bearer {}",
                crate::proof::town::wave_secret("mlima")
            )),
            body.clone(),
        ),
        (
            "of the body as it was before it was written again",
            Some(good.clone()),
            again,
        ),
        (
            "of a body with one blank more",
            Some(good.clone()),
            format!("{body} "),
        ),
        (
            "of nothing",
            Some(stage.signature_of(0, 0, "")),
            body.clone(),
        ),
    ];
    for (what, signature, body) in bad {
        let header = signature.map(|signature| (SIGNATURE, signature));
        let headers: Vec<_> = header.into_iter().collect();
        let status = stage.post_with(&url, &headers, body).await?;
        ensure!(
            status == Some(401),
            "a signature that is {what}: {status:?}"
        );
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    stage.not_served(&buyer).await?;
    stage.pay(&buyer).await?;
    stage.served(&buyer).await
}

/// F12. Signed with one business's secret, sent to another's address.
pub(crate) async fn anothers_signature(stage: &mut Stage) -> Result<()> {
    let (ours, theirs) = (stage.buyer()?, stage.buyer_at(1)?);
    stage.buy(&ours).await?;
    stage.buy(&theirs).await?;
    for (at, buyer) in [(0, &ours), (0, &theirs), (1, &ours)] {
        let url = stage.message_url(at).await?;
        let body = forged(stage, buyer).await?;
        let headers = [(SIGNATURE, stage.signature_of(1 - at, 0, &body))];
        let status = stage.post_with(&url, &headers, body).await?;
        ensure!(status == Some(401), "answered {status:?}");
    }
    // Their own secret at their own address says nothing of another's payment.
    let url = stage.message_url(1).await?;
    let body = forged(stage, &ours).await?;
    let headers = [(SIGNATURE, stage.signature_of(1, 0, &body))];
    stage.post_with(&url, &headers, body).await?;
    tokio::time::sleep(LONG_ENOUGH).await;
    for buyer in [&ours, &theirs] {
        stage.not_served(buyer).await?;
        stage.pay(buyer).await?;
        stage.served(buyer).await?;
    }
    Ok(())
}

/// F13. So many forged messages that asking about each would be too much.
pub(crate) async fn flood(stage: &mut Stage) -> Result<()> {
    let begun = Instant::now();
    let buyer = stage.buyer()?;
    stage.script(&buyer, Tells::Copies(1));
    stage.buy(&buyer).await?;
    let urls = [
        stage.callback_url(&buyer).await?,
        stage.message_url(0).await?,
    ];
    let mut bodies = Vec::new();
    for number in 0..FLOOD {
        let body = forged_with(stage, &buyer, &format!("T_FAKE{number:06}")).await?;
        // Different to the byte, or they would be one.
        bodies.push((urls[number % 2].clone(), body + &" ".repeat(number)));
    }
    let here = &*stage;
    let posts = bodies
        .into_iter()
        .map(|(url, body)| async move { here.post(&url, body).await });
    for status in join_all(posts).await {
        let status = status?;
        ensure!(
            status.is_some_and(|status| status < 500),
            "answered {status:?}"
        );
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    let asked = stage.queries(0);
    // A minute's queries, and what comes back of them while the flood lasts.
    let most = u64::from(QUERIES) + begun.elapsed().as_secs() * u64::from(QUERIES) / 60 + 1;
    ensure!(
        asked <= most,
        "the company was asked {asked} times, not {most}"
    );
    stage.not_served(&buyer).await?;
    stage.pay(&buyer).await?;
    // The queries of this minute are used up: the next minute brings new ones.
    stage.time_passes(61);
    stage.served(&buyer).await
}

/// F14. Bodies that are too long, too deep, of another type, with names twice or amounts that are none.
pub(crate) async fn malformed(stage: &mut Stage) -> Result<()> {
    let buyer = stage.buyer()?;
    stage.buy(&buyer).await?;
    let urls = [
        stage.callback_url(&buyer).await?,
        stage.message_url(0).await?,
    ];
    let body = forged(stage, &buyer).await?;
    for (what, content_type, bytes) in odd_bodies(&body) {
        for url in &urls {
            let mut headers = vec![("content-type", content_type.to_owned())];
            if stage.way == Way::Signed && !what.ends_with("twice") {
                // Signed all the same: what is signed must be read with as much care.
                let text = String::from_utf8_lossy(&bytes).into_owned();
                headers.push((SIGNATURE, stage.signature_of(0, 0, &text)));
            }
            let status = stage.post_with(url, &headers, bytes.clone()).await?;
            let is_long = bytes.len() > 60_000;
            let is_clear = status.map_or(is_long, |status| status < 500);
            ensure!(is_clear, "{what}: {status:?}");
        }
    }
    tokio::time::sleep(LONG_ENOUGH).await;
    stage.not_served(&buyer).await?;
    stage.pay(&buyer).await?;
    stage.time_passes(120);
    stage.served(&buyer).await
}

/// Bodies that are too long, too deep, cut off, or say something odd.
pub(crate) fn odd_bodies(body: &str) -> Vec<(String, &'static str, Vec<u8>)> {
    let json = "application/json";
    let mut bodies: Vec<(String, &'static str, Vec<u8>)> = vec![
        ("nothing".into(), json, Vec::new()),
        ("a million bytes".into(), json, vec![b'['; 1_000_000]),
        ("deep".into(), json, "[".repeat(30_000).into_bytes()),
        (
            "half".into(),
            json,
            body.as_bytes()[..body.len() / 2].to_vec(),
        ),
        ("not UTF-8".into(), json, vec![0xff, 0xfe, b'{', 0x80]),
        ("zeroes".into(), json, vec![0; 500]),
        (
            "a list".into(),
            json,
            json!([body]).to_string().into_bytes(),
        ),
        ("a text".into(), json, json!(body).to_string().into_bytes()),
        ("XML".into(), "text/xml", b"<a>20</a>".to_vec()),
    ];
    // Names twice: the second time something else.
    for (name, other) in [
        ("\"ResultCode\":0", "\"ResultCode\":1032,\"ResultCode\":0"),
        (
            "\"payment_status\":",
            "\"payment_status\":\"cancelled\",\"payment_status\":",
        ),
        (
            "\"OrderTrackingId\":",
            "\"OrderTrackingId\":\"x\",\"OrderTrackingId\":",
        ),
    ] {
        if body.contains(name) {
            let twice = body.replace(name, other);
            bodies.push((format!("{name} twice"), json, twice.into_bytes()));
        }
    }
    for amount in [
        "-20",
        "1e300",
        "NaN",
        "20.000001",
        "\"20;\"",
        "null",
        "[20]",
        "0x14",
        "99999999999999999999",
    ] {
        for now in ["20.0", "\"20\""] {
            if body.contains(now) {
                let odd = body.replace(now, amount);
                bodies.push((format!("amount {amount}"), json, odd.into_bytes()));
            }
        }
    }
    bodies
}
