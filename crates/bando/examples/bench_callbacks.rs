//! Measures the way from a gateway's callback to a usable ticket: the whole program with its web server
//! and workers, and the Daraja simulator beside it. `cargo xtask bench callbacks` runs it.
//!
//! Payments are made beforehand, unpaid as far as the program knows. Then their callbacks are sent at a steady rate,
//! whatever the answers (open loop), and last as fast as 64 senders can. A ticket is usable when it is committed: the
//! event that says so is waited for. Prints rows of a Markdown table.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bando::config::Data;
use bando::keys;
use bando::program::{Patience, Program, Setup, open_store};
use bando::world::{SystemClock, SystemEntropy};
use bando_app::{
    App, Caller, Change, Event, MpesaSecrets, MpesaSettings, Origin, PlanDraft, Purchase, Settings,
    Visit,
};
use bando_domain::{Country, Language, PaymentId, PlanId, PlanTerms, Secret, Starts};
use bando_sim::daraja::{self, Answer, DarajaSim, Scenario};
use bando_store::{DatabaseUrl, Role};
use clap::Parser;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;

#[derive(Parser)]
struct Arguments {
    /// The directory of the SQLite file and the key file
    #[arg(long)]
    data: PathBuf,
    /// An empty PostgreSQL database instead of SQLite
    #[arg(long)]
    database_url: Option<String>,
    /// Callbacks a second, one run each
    #[arg(long, value_delimiter = ',', default_value = "50,100,200,400")]
    rates: Vec<u32>,
    /// How long each run takes
    #[arg(long, default_value_t = 10)]
    seconds: u32,
}

/// Nobody asks by itself while it is measured.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Senders when it goes as fast as it can.
const SENDERS: usize = 64;

/// How long the last ticket is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// When each payment's ticket was told of.
type Told = Arc<Mutex<HashMap<PaymentId, Instant>>>;

struct Bench {
    app: App,
    program: Program,
    daraja: Arc<DarajaSim>,
    owner: Caller,
    plan: PlanId,
    told: Told,
    made: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut bench = Bench::open(&arguments).await?;
    let name = match &arguments.database_url {
        Some(_) => "PostgreSQL",
        None => "SQLite",
    };
    for rate in arguments.rates {
        let payments = bench.payments(rate * arguments.seconds).await?;
        let gap = Duration::from_secs(1) / rate;
        let times = bench.steadily(payments, gap).await?;
        row(name, &format!("{rate}/s"), times);
    }
    let payments = bench.payments(3_000).await?;
    let begun = Instant::now();
    let times = bench.flat_out(payments).await?;
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    row(name, &format!("all they can: {rate:.0}/s"), times);
    bench.program.stop().await;
    Ok(())
}

fn row(name: &str, load: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = ((times.len() - 1) as f64 * share).round() as usize;
        times[index].as_secs_f64() * 1000.0
    };
    println!(
        "| {name} | {load} | {} | {:.1} | {:.1} | {:.1} |",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

impl Bench {
    async fn open(arguments: &Arguments) -> Result<Self> {
        let url = match &arguments.database_url {
            Some(url) => DatabaseUrl::parse(url)?,
            None => {
                let file = arguments.data.join("bando.sqlite");
                DatabaseUrl::parse(&format!("sqlite:{}", file.display()))?
            }
        };
        let data = Data {
            directory: arguments.data.clone(),
            ..Data::default()
        };
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let http = tokio::net::TcpListener::bind(free).await?;
        let mut settings = Settings::new(format!("http://{}", http.local_addr()?));
        settings.custom_gateways = true;
        settings.queries_per_minute = u32::MAX;
        settings.check_schedule = vec![NEVER];
        let setup = Setup {
            store: open_store(&url, keys::vault(&data, &SystemEntropy)?).await?,
            clock: Arc::clone(&clock) as _,
            entropy: Arc::clone(&entropy) as _,
            http,
            behind_proxy: false,
            radius: None,
            settings,
            patience: Patience::default(),
        };
        let program = Program::start(setup, |_| bando_web::Pages::new()).await?;
        let app = program.app.clone();
        let daraja = DarajaSim::start(free, clock, entropy).await?;
        daraja.script_all(Some(Scenario {
            answer: Some(Answer {
                code: "0".into(),
                after_ms: 0,
            }),
            callbacks: Vec::new(),
            ..Scenario::default()
        }));
        let (owner, plan) = business(&app, &daraja).await?;
        let told = Told::default();
        tokio::spawn(listen(app.clone(), owner.clone(), Arc::clone(&told)));
        Ok(Self {
            app,
            program,
            daraja: Arc::new(daraja),
            owner,
            plan,
            told,
            made: 0,
        })
    }

    /// So many payments that are paid, which nobody has told the program: each with the gateway's name for it.
    async fn payments(&mut self, count: u32) -> Result<Vec<(PaymentId, String)>> {
        let mut payments = Vec::new();
        for _ in 0..count {
            let purchase = Purchase {
                provider: self.owner.provider,
                plan: self.plan,
                // Away from the numbers that play a script.
                phone: format!("0711{:06}", self.made),
                gateway: None,
                by_hand: false,
                visit: Visit::default(),
                language: Language::En,
                source: self.made.to_string(),
            };
            self.made += 1;
            let payment = self.app.start_payment(purchase).await?;
            let reference = payment.checkout_request_id.context("not accepted")?;
            payments.push((payment.id, reference));
        }
        Ok(payments)
    }

    /// Sends a callback every `gap`, whatever becomes of the ones before.
    async fn steadily(
        &self,
        payments: Vec<(PaymentId, String)>,
        gap: Duration,
    ) -> Result<Vec<Duration>> {
        let mut ticks = tokio::time::interval(gap);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        let mut due = Instant::now();
        let mut sent = Vec::new();
        for (id, reference) in payments {
            ticks.tick().await;
            // From when it was due: what waits in front of us counts.
            sent.push((id, due));
            due += gap;
            let daraja = Arc::clone(&self.daraja);
            tokio::spawn(async move { daraja.replay(&reference, None).await });
        }
        self.wait_for(sent).await
    }

    async fn flat_out(&self, payments: Vec<(PaymentId, String)>) -> Result<Vec<Duration>> {
        let senders = Arc::new(Semaphore::new(SENDERS));
        let mut sent = Vec::new();
        for (id, reference) in payments {
            let turn = Arc::clone(&senders).acquire_owned().await?;
            sent.push((id, Instant::now()));
            let (daraja, told) = (Arc::clone(&self.daraja), Arc::clone(&self.told));
            tokio::spawn(async move {
                daraja.replay(&reference, None).await;
                while !told.lock().is_ok_and(|told| told.contains_key(&id)) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                drop(turn);
            });
        }
        self.wait_for(sent).await
    }

    /// From when each was sent to when its ticket was told of.
    async fn wait_for(&self, sent: Vec<(PaymentId, Instant)>) -> Result<Vec<Duration>> {
        let until = Instant::now() + PATIENCE;
        let mut times = Vec::new();
        for (id, at) in sent {
            loop {
                let told = self
                    .told
                    .lock()
                    .ok()
                    .and_then(|told| told.get(&id).copied());
                if let Some(told) = told {
                    times.push(told.saturating_duration_since(at));
                    break;
                }
                ensure!(Instant::now() < until, "payment {id} has no ticket");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(times)
    }
}

/// Notes when each payment was first told of after its callback: that is when its ticket is committed.
async fn listen(app: App, owner: Caller, told: Told) {
    let mut events = app.events();
    loop {
        match events.recv().await {
            Ok(Event {
                change: Change::Ticket(ticket),
                ..
            }) => {
                let now = Instant::now();
                let (app, owner, told) = (app.clone(), owner.clone(), Arc::clone(&told));
                tokio::spawn(async move {
                    if let Ok(page) = app.ticket(&owner, ticket).await
                        && let Origin::Payment(payment) = page.ticket.origin
                        && let Ok(mut told) = told.lock()
                    {
                        told.entry(payment).or_insert(now);
                    }
                });
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => eprintln!("{missed} events were missed"),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn business(app: &App, daraja: &DarajaSim) -> Result<(Caller, PlanId)> {
    let provider = app
        .create_provider("bench", "Bench Wi-Fi", Country::Ke)
        .await?;
    let password = Secret::new("a password of the bench");
    let account = app
        .create_account("bench", &password, "Bench", Language::En, false)
        .await?;
    app.add_member(provider.id, account, Role::Owner).await?;
    let owner = Caller {
        account,
        name: "Bench".into(),
        provider: provider.id,
        role: Role::Owner,
    };
    let merchant = daraja::App::paybill("600500", "BENCH");
    daraja.register_app(merchant.clone());
    let settings = MpesaSettings {
        environment: daraja.base_url().to_owned(),
        shortcode: "600500".into(),
        till: None,
    };
    let secrets = MpesaSecrets {
        consumer_key: Secret::new(merchant.consumer_key),
        consumer_secret: Secret::new(merchant.consumer_secret),
        passkey: Secret::new(merchant.passkey),
    };
    app.save_mpesa(&owner, settings, secrets, true).await?;
    let draft = PlanDraft {
        name: "1 hour".into(),
        price: "20".into(),
        terms: PlanTerms {
            validity_seconds: Some(3600),
            data: None,
            starts: Starts::Purchase,
            rate: None,
            device_limit: 1,
        },
        window: None,
        on_sale: true,
        position: 0,
    };
    let plan = app.save_plan(&owner, None, draft).await?;
    Ok((owner, plan.id))
}
