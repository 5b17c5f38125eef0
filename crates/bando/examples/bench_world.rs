//! Makes a database for benchmarks: one business with plans, a router and so many tickets.
//!
//! Prints JSON: `{"provider", "identity", "secret", "codes"}`, at most 5,000 codes. `cargo xtask bench` runs it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, ensure};
use bando::config::Data;
use bando::world::{SystemClock, SystemEntropy};
use bando::{keys, program};
use bando_app::{App, Caller, MAX_BATCH, PlanDraft, RouterDraft, Settings};
use bando_domain::{BatchId, Country, Language, PlanId, PlanTerms, RateLimit, Secret, Starts};
use bando_store::{DatabaseUrl, Options, Role, Store};
use clap::Parser;
use serde_json::json;

/// How many codes are told: a benchmark asks for these, the others stand in the way.
const TOLD: u32 = 5_000;
/// What is on sale, so that the portal has something to show. The first is what the tickets are for.
const PLANS: [(&str, &str, u32); 4] = [
    ("1 month", "1000", 2_592_000),
    ("1 week", "250", 604_800),
    ("1 day", "50", 86_400),
    ("1 hour", "20", 3_600),
];

#[derive(Parser)]
struct Arguments {
    /// The directory of the SQLite file and the key file
    #[arg(long)]
    data: PathBuf,
    /// An empty PostgreSQL database instead of SQLite
    #[arg(long)]
    database_url: Option<String>,
    /// How many tickets
    #[arg(long)]
    tickets: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let app = open(&arguments).await?;
    let provider = app
        .create_provider("bench", "Bench Wi-Fi", Country::Ke)
        .await?;
    let password = Secret::new("a password of the bench");
    let account = app
        .create_account("bench", &password, "Bench", Language::En, false)
        .await?;
    app.add_member(provider.id, account, Role::Owner).await?;
    let caller = Caller {
        account,
        name: "Bench".into(),
        provider: provider.id,
        role: Role::Owner,
    };
    let plan = plans(&app, &caller).await?;
    let router = RouterDraft {
        name: "Bench".into(),
        hotspot_host: "10.5.0.1".into(),
        coa_address: None,
    };
    let router = app.add_router(&caller, router).await?;
    let first = batches(&app, &caller, plan, arguments.tickets).await?;
    let tickets = app.vouchers(&caller, first, 0, TOLD).await?;
    let codes: Vec<String> = tickets
        .iter()
        .map(|ticket| ticket.code.to_string())
        .collect();
    app.close().await;
    let secret = router.secret.expose();
    println!(
        "{}",
        json!({ "provider": "bench", "identity": router.identity, "secret": secret, "codes": codes })
    );
    Ok(())
}

async fn open(arguments: &Arguments) -> Result<App> {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    std::fs::create_dir_all(&arguments.data)?;
    let file = format!("sqlite:{}", arguments.data.join("bando.sqlite").display());
    let url = DatabaseUrl::parse(arguments.database_url.as_deref().unwrap_or(&file))?;
    let vault = keys::vault(
        &Data {
            directory: arguments.data.clone(),
            ..Data::default()
        },
        &*entropy,
    )?;
    let store = Store::open(&url, Options::default(), vault).await?;
    program::app(
        store,
        clock,
        entropy,
        Settings::new("http://127.0.0.1:8080"),
        program::Patience::default(),
    )
}

/// Puts the plans on sale; answers with the first.
async fn plans(app: &App, caller: &Caller) -> Result<PlanId> {
    let mut ids = Vec::new();
    for (position, (name, price, seconds)) in (0..).zip(PLANS) {
        let terms = PlanTerms {
            validity_seconds: Some(seconds),
            data: None,
            starts: Starts::FirstUse,
            rate: Some(RateLimit::steady(2_000_000, 5_000_000)),
            device_limit: 10,
        };
        let (name, price) = (name.into(), price.into());
        let draft = PlanDraft {
            name,
            price,
            terms,
            window: None,
            on_sale: true,
            position,
        };
        ids.push(app.save_plan(caller, None, draft).await?.id);
    }
    Ok(ids[0])
}

/// Makes the tickets as a business does, by the batch; answers with the first batch.
async fn batches(app: &App, caller: &Caller, plan: PlanId, tickets: u32) -> Result<BatchId> {
    ensure!(tickets >= TOLD, "at least {TOLD} tickets");
    let (mut left, mut first) = (tickets, None);
    while left > 0 {
        let size = left.min(MAX_BATCH);
        let batch = app.order_batch(caller, plan, size).await?;
        while app.batch(caller, batch.id).await?.finished_at.is_none() {
            app.run_due_jobs().await?;
        }
        first = first.or(Some(batch.id));
        left -= size;
    }
    first.ok_or_else(|| anyhow::anyhow!("no tickets"))
}
