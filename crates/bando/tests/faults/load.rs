//! `cargo xtask load`: payments by the thousand of which nobody is told, messages by the hundred thousand,
//! and forgeries of every kind.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bando_db::Engine;
use bando_sim::daraja::{Answer, ForgedConfirmation, Scenario, Settings};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::json;

use crate::forgery::{forged, forged_with, odd_bodies};
use crate::proof::arguments::Arguments;
use crate::proof::child::Child;
use crate::proof::facts::Facts;
use crate::stage::{Buyer, LONG_ENOUGH, Stage, Tells, Way, daraja_settings, pause};
use crate::wire::SIGNATURE;

/// Requests under way at once.
const AT_ONCE: usize = 24;

/// Copies of each message.
const COPIES: usize = 100;

/// So many of them at once.
const TOGETHER: usize = 4;

/// Queries that a provider may make in a minute; the first check comes after one second instead of ten.
const QUERIES: u32 = 600;

/// The fewest kinds of forgery.
const KINDS: usize = 60;

/// How long everything may take to be settled.
const PATIENCE: Duration = Duration::from_secs(600);

/// Plays all three; how many cases there were and how many went wrong.
pub(crate) async fn run(arguments: &Arguments) -> Result<(u64, u64)> {
    let (mut cases, mut violations) = (0, 0);
    for engine in crate::engines() {
        for name in ["lost", "copies", "forged"] {
            if !arguments.wants(name) || name == "copies" && engine == Engine::Sqlite {
                continue;
            }
            let played = match name {
                "lost" => all_lost(engine, arguments).await,
                "copies" => all_copied(engine, arguments).await,
                _ => all_forged(engine, arguments).await,
            };
            cases += 1;
            match played {
                Ok(what) => println!("{engine:?}, {name}: {what}"),
                Err(error) => {
                    violations += 1;
                    println!("{engine:?}, {name}: {error:#}");
                }
            }
        }
    }
    Ok((cases, violations))
}

/// Payments that nobody tells of: all are found by asking, no oftener than the company allows.
async fn all_lost(engine: Engine, arguments: &Arguments) -> Result<String> {
    let mut stage = Stage::set(
        crate::database(engine).await?,
        Way::Unsigned,
        arguments.seed,
        |machine| {
            machine.queries_per_minute = QUERIES;
            machine.first_check = Duration::from_secs(1);
            machine.checks = 600;
        },
    )
    .await?;
    stage.town.daraja.set_settings(Settings {
        // What a bucket of that size can let through in any one minute.
        queries_per_minute: Some(2 * QUERIES),
        ..daraja_settings()
    });
    let buyers = buyers(&mut stage, arguments.count)?;
    for buyer in &buyers {
        stage.script_mpesa(buyer, paid_in_silence());
    }
    buy_all(&stage, &buyers).await?;
    let took = settled(&stage, buyers.len()).await?;
    let limited = stage.town.daraja.books().limited_queries;
    ensure!(limited == 0, "the company said {limited} times: too often");
    let wrong = stage.judge().await?;
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    let queries = stage.queries(0);
    stage.strike().await?;
    let at = |percent: usize| took[(took.len() - 1) * percent / 100];
    Ok(format!(
        "{} payments at once, {queries} queries of at most {QUERIES} a minute, none too many; settled after (p50, \
         p95, most) {}, {}, {} ms",
        took.len(),
        at(50),
        at(95),
        at(100)
    ))
}

/// A hundred copies of each message, over two programs on one database.
async fn all_copied(engine: Engine, arguments: &Arguments) -> Result<String> {
    let only_messages = |machine: &mut crate::proof::machine::Machine| {
        machine.first_check = Duration::from_secs(3600);
    };
    let db = crate::database(engine).await?;
    let mut stage = Stage::set(db, Way::Unsigned, arguments.seed, only_messages).await?;
    let beside = stage.town.machine.beside(&stage.town.db).await?;
    let mut second = Child::start(&beside, None)?;
    ensure!(
        second.is_ready().await?,
        "the second program does not start"
    );
    let buyers = buyers(&mut stage, arguments.count)?;
    for buyer in &buyers {
        stage.script_mpesa(buyer, paid_in_silence());
    }
    buy_all(&stage, &buyers).await?;
    let begun = Instant::now();
    while stage.town.books().moved.len() < buyers.len() {
        ensure!(begun.elapsed() < PATIENCE, "the money does not move");
        pause().await;
    }
    let prompts = stage.town.daraja.books().prompts;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let (here, there) = (stage.town.machine.url(), beside.url());
    // Some copies of one message at once, then of the next; and all of it again.
    let turns = (0..COPIES / TOGETHER).flat_map(|_| &prompts);
    let posts = turns.flat_map(|prompt| {
        let receipt = prompt.receipt.clone().unwrap_or_default();
        let (merchant, checkout) = (&prompt.merchant_request_id, &prompt.checkout_request_id);
        let body = crate::wire::mpesa_success(merchant, checkout, &receipt, &prompt.phone);
        let (body, client, there, here) = (body.to_string(), &client, &there, &here);
        (0..TOGETHER).map(move |number| {
            let url = match number % 2 {
                0 => prompt.callback_url.clone(),
                _ => prompt.callback_url.replace(here, there),
            };
            let body = body.clone();
            async move {
                let answer = client.post(url).body(body).send().await?;
                ensure!(answer.status().is_success(), "answered {}", answer.status());
                Ok(())
            }
        })
    });
    let begun = Instant::now();
    stream::iter(posts)
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    let sent = begun.elapsed();
    settled(&stage, buyers.len()).await?;
    let facts = Facts::read(&stage.town.db).await?;
    let receipts: std::collections::HashSet<_> = facts
        .payments
        .iter()
        .filter_map(|p| p.receipt.clone())
        .collect();
    let counts = (facts.tickets.len(), receipts.len());
    let expected = (buyers.len(), buyers.len());
    ensure!(counts == expected, "{counts:?} tickets and receipts");
    let wrong = stage.judge().await?;
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    second.kill().await?;
    stage.strike().await?;
    Ok(format!(
        "{} copies of {} messages over two programs in {} s: {} tickets, {} receipts",
        COPIES,
        expected.0,
        sent.as_secs(),
        counts.0,
        counts.1
    ))
}

/// Forgeries of every kind, with all three gateways: nothing is granted, nobody is asked too often.
async fn all_forged(engine: Engine, arguments: &Arguments) -> Result<String> {
    let (mut kinds, mut most) = (0, 0);
    for way in Way::ALL {
        let few = |machine: &mut crate::proof::machine::Machine| {
            machine.queries_per_minute = crate::forgery::QUERIES;
            machine.checks = 600;
        };
        let db = crate::database(engine).await?;
        let mut stage = Stage::set(db, way, arguments.seed, few).await?;
        let begun = Instant::now();
        let buyer = stage.buyer()?;
        stage.script(&buyer, Tells::Copies(1));
        stage.buy(&buyer).await?;
        kinds += forge_all(&stage, &buyer).await?;
        tokio::time::sleep(LONG_ENOUGH).await;
        let facts = Facts::read(&stage.town.db).await?;
        ensure!(facts.tickets.is_empty(), "a ticket was forged");
        ensure!(facts.transfers.is_empty(), "money was forged");
        stage.not_served(&buyer).await?;
        let asked = stage.queries(0);
        let cap = u64::from(crate::forgery::QUERIES);
        let cap = cap + begun.elapsed().as_secs() * cap / 60 + 1;
        ensure!(
            asked <= cap,
            "the company was asked {asked} times, not {cap}"
        );
        most = most.max(asked);
        stage.pay(&buyer).await?;
        stage.time_passes(400);
        stage.served(&buyer).await?;
        let wrong = stage.judge().await?;
        ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        stage.strike().await?;
    }
    ensure!(kinds >= KINDS, "only {kinds} kinds of forgery");
    Ok(format!(
        "{kinds} forgeries, nothing granted, at most {most} queries"
    ))
}

/// Sends every forgery about a customer's payment; how many.
async fn forge_all(stage: &Stage, buyer: &Buyer) -> Result<usize> {
    let urls = [
        stage.callback_url(buyer).await?,
        stage.message_url(0).await?,
    ];
    let honest = forged(stage, buyer).await?;
    let mut bodies = odd_bodies(&honest);
    for receipt in ["", "T_FAKE", "NULL", "QK12AB34CD", "'; DROP TABLE payments"] {
        let body = forged_with(stage, buyer, receipt).await?;
        bodies.push((
            format!("receipt {receipt:?}"),
            "application/json",
            body.into_bytes(),
        ));
    }
    for (what, content_type) in [
        ("a form", "application/x-www-form-urlencoded"),
        ("XML", "text/xml"),
    ] {
        bodies.push((
            format!("success as {what}"),
            content_type,
            honest.clone().into_bytes(),
        ));
    }
    // Money that was never asked for, and results of orders that were never given.
    let payment = stage.payments(buyer).await?.pop().context("no payment")?;
    let account = &stage.town.shop().accounts[stage.way.gateway()];
    bodies.push((
        "a merchant payment".into(),
        "application/json",
        json!({
            "id": "AE_FAKE", "type": "merchant.payment_received",
            "data": {"id": "T_FAKE2", "amount": "20", "fee": "0", "currency": "XOF",
                "sender_mobile": format!("+{}", buyer.phone.digits())},
        })
        .to_string()
        .into_bytes(),
    ));
    for code in [0, 1, 2001] {
        let result = json!({"Result": {"ResultType": 0, "ResultCode": code, "ResultDesc": "forged",
            "OriginatorConversationID": payment.id, "ConversationID": "AG_FAKE", "TransactionID": "FAKE000001",
            "ResultParameters": {"ResultParameter": [{"Key": "Amount", "Value": 20},
                {"Key": "ReceiptNo", "Value": "FAKE000001"}, {"Key": "CreditPartyName", "Value": account}]}}});
        bodies.push((
            format!("a result {code}"),
            "application/json",
            result.to_string().into_bytes(),
        ));
    }
    let mut count = 0;
    for (what, content_type, body) in &bodies {
        for url in &urls {
            let mut headers = vec![("content-type", (*content_type).to_owned())];
            if stage.way == Way::Signed {
                // Of another business, and of long ago, in turn.
                let text = String::from_utf8_lossy(body).into_owned();
                let signature = match count % 2 {
                    0 => stage.signature_of(1, 0, &text),
                    _ => stage.signature_of(0, 301, &text),
                };
                headers.push((SIGNATURE, signature));
            }
            let status = stage.post_with(url, &headers, body.clone()).await?;
            let is_clear = status.map_or(body.len() > 60_000, |status| status < 500);
            ensure!(is_clear, "{what}: {status:?}");
        }
        count += 1;
    }
    if stage.way == Way::Unsigned {
        count += forge_confirmations(stage, &urls[1]).await?;
    }
    Ok(count)
}

/// Confirmations of payments by hand that nobody has made.
async fn forge_confirmations(stage: &Stage, url: &str) -> Result<usize> {
    let base = serde_json::to_value(ForgedConfirmation::default())?;
    let fields: Vec<String> = base
        .as_object()
        .map(|fields| fields.keys().cloned().collect())
        .unwrap_or_default();
    let mut count = 0;
    for field in fields.iter().map(Some).chain([None]) {
        let mut changed = base.clone();
        if let Some(field) = field {
            changed[field] = json!("9");
        }
        let Ok(confirmation) = serde_json::from_value::<ForgedConfirmation>(changed) else {
            continue;
        };
        stage
            .town
            .daraja
            .forge_confirmation(url, &confirmation)
            .await;
        count += 1;
    }
    Ok(count)
}

fn buyers(stage: &mut Stage, count: u32) -> Result<Vec<Buyer>> {
    (0..count).map(|_| stage.buyer()).collect()
}

async fn buy_all(stage: &Stage, buyers: &[Buyer]) -> Result<()> {
    let bought = buyers
        .iter()
        .map(|buyer| async move { stage.buy(buyer).await.map(drop) });
    stream::iter(bought)
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(())
}

/// Waits until so many payments are paid; how long each took, in milliseconds, in order.
async fn settled(stage: &Stage, count: usize) -> Result<Vec<i64>> {
    let begun = Instant::now();
    loop {
        let sql = "SELECT finished_at - created_at FROM payments WHERE status = 'success'";
        let rows = stage.town.db.raw(sql).await.map_err(anyhow::Error::msg)?;
        if rows.len() == count {
            let mut took: Vec<i64> = rows
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|text| text.parse().ok())
                .collect();
            took.sort_unstable();
            return Ok(took);
        }
        let seen = rows.len();
        ensure!(begun.elapsed() < PATIENCE, "{seen} of {count} are paid");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// The payer pays a moment later, and nobody is told.
fn paid_in_silence() -> Scenario {
    Scenario {
        answer: Some(Answer {
            code: "0".into(),
            after_ms: 200,
        }),
        callbacks: Vec::new(),
        ..Scenario::default()
    }
}
