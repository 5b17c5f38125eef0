//! `cargo xtask crash`: the program dies at marked points of a purchase, or at any moment, and is
//! started again. No money and no access may be lost, none be given twice.
//!
//! Most cycles are lives of the use cases alone, with every gateway ([`proof::core`]); one in ten, at most
//! 500, is a life of the whole program with its routers and customers. `--cycles N` over both
//! databases, `--seed S` for the same choices again, `--planted BUG` (`--planted help` lists them).

mod proof;

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use bando_app::{CRASH_POINTS, Plan};
use bando_db::Engine;
use bando_db::testing::TestDb;
use bando_domain::MacAddr;
use bando_sim::daraja::{Answer, Delivery, PushFault, Scenario};
use bando_sim::mikrotik::LoginError;
use tokio::time::timeout;

use proof::checker::settle_down;
use proof::child::{self, Child};
use proof::core::{lane, life};
use proof::customer::Customer;
use proof::dice::Dice;
use proof::facts::Facts;
use proof::machine::Machine;
use proof::town::{BLINK_SECONDS, Town};

/// The bugs that this program notices.
const BUGS: &[&str] = &["answer-before-store", "ticket-after-commit", "settle-twice"];

/// Towns on each database that are tortured side by side: most of the time each waits.
const LANES: usize = 2;

/// The most cycles with the whole program: each takes a tenth of a second and more.
const MOST_WHOLE: u32 = 500;

/// How many cycles pass before everything must be in order in between.
const BETWEEN_CHECKS: u32 = 40;

/// How long everything may take to be in order after a start.
const HEALING: Duration = Duration::from_secs(30);

/// How long a customer tries before the program is killed in front of them.
const VISIT: Duration = Duration::from_millis(1200);

/// How long a program whose customer is served may still take to pass its point.
const LINGER: Duration = Duration::from_millis(150);

fn main() -> ExitCode {
    if let Err(error) = child::serve_if_child() {
        eprintln!("crash, child: {error:#}");
        return ExitCode::FAILURE;
    }
    match life::live_if_told() {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        Err(error) => {
            eprintln!("crash, life: {error:#}");
            return ExitCode::FAILURE;
        }
    }
    proof::arguments::run("crash", BUGS, 5_000, |arguments| async move {
        let whole = (arguments.count / 10).clamp(1, MOST_WHOLE);
        let mut count = Count::default();
        count.lives(arguments.count - whole, arguments.seed).await?;
        count.whole(whole, arguments.seed).await?;
        for (point, hits) in &count.hits {
            println!("{hits:6} × {point}");
        }
        let reached = CRASH_POINTS
            .iter()
            .filter(|p| count.hits.contains_key(*p))
            .count();
        println!("crash: died at {reached} of {} points", CRASH_POINTS.len());
        Ok((count.cases, count.violations))
    })
}

/// What came of all of it.
#[derive(Default)]
struct Count {
    cases: u64,
    violations: u64,
    hits: BTreeMap<&'static str, u32>,
}

impl Count {
    /// Lives of the use cases alone, on each database side by side.
    async fn lives(&mut self, count: u32, seed: u64) -> Result<()> {
        let mut engines = vec![Engine::Sqlite];
        if bando_testkit::postgres().is_some() {
            engines.push(Engine::Postgres);
        }
        let share = u64::from(count).div_ceil(engines.len() as u64);
        let runs: Vec<_> = engines
            .into_iter()
            .map(|engine| (engine, tokio::spawn(lane::run(engine, share, seed))))
            .collect();
        for (engine, run) in runs {
            let report = run.await??;
            for what in &report.wrong {
                println!("{engine:?}, the use cases: {what}");
            }
            println!(
                "{engine:?}: {} lives, digest {:016x}",
                report.lives, report.digest
            );
            self.cases += report.lives;
            self.violations += report.wrong.len() as u64;
            self.hit(report.hits);
        }
        Ok(())
    }

    /// Lives of the whole program, with its sockets, routers and customers.
    async fn whole(&mut self, count: u32, seed: u64) -> Result<()> {
        let mut databases = Vec::new();
        for _ in 0..LANES {
            databases.extend(bando_db::testing::databases().await);
        }
        let share = count.div_ceil(u32::try_from(databases.len())?);
        let runs: Vec<_> = (0..)
            .zip(databases)
            .map(|(number, db)| {
                let dice = Dice::new(seed.wrapping_mul(31).wrapping_add(number));
                tokio::spawn(torture(db, dice, share))
            })
            .collect();
        for run in runs {
            let report = run.await??;
            for what in &report.wrong {
                println!("{}: {what}", report.database);
            }
            self.cases += u64::from(report.cycles);
            self.violations += report.wrong.len() as u64;
            self.hit(report.hits);
        }
        Ok(())
    }

    fn hit(&mut self, hits: BTreeMap<&'static str, u32>) {
        for (point, count) in hits {
            *self.hits.entry(point).or_default() += count;
        }
    }
}

/// What came of one database.
struct Report {
    database: String,
    cycles: u32,
    wrong: Vec<String>,
    hits: BTreeMap<&'static str, u32>,
}

/// How a cycle ends.
#[derive(Clone, Copy)]
enum Death {
    /// At a marked point, the so-manieth time it is passed.
    At(&'static str, u64),
    /// From outside, so long after the customer came.
    After(Duration),
}

/// Where deaths from outside are counted.
const ANY_MOMENT: &str = "(any moment)";

async fn torture(db: TestDb, dice: Dice, cycles: u32) -> Result<Report> {
    let quick = |machine: &mut Machine| {
        machine.first_check = Duration::from_millis(250);
        machine.job_lease = Duration::from_millis(1500);
    };
    let mut town = Town::found(db, &["mlima"], quick).await?;
    town.stop().await;
    let mut report = Report {
        database: format!("{:?}", town.db.engine()),
        cycles: 0,
        wrong: Vec::new(),
        hits: BTreeMap::new(),
    };
    while report.cycles < cycles && report.wrong.is_empty() {
        let hit = cycle(&town, &dice, report.cycles).await?;
        if let Some(point) = hit {
            *report.hits.entry(point).or_default() += 1;
        }
        report.cycles += 1;
        if report.cycles.is_multiple_of(BETWEEN_CHECKS) {
            report.wrong = heal(&town).await?;
        }
    }
    if report.wrong.is_empty() {
        report.wrong = heal(&town).await?;
    }
    if report.wrong.is_empty() {
        report.wrong = find_what_was_lost(&town).await?;
    }
    if report.wrong.is_empty() {
        report.wrong = verify_audit(&town).await?;
    }
    Ok(report)
}

/// One life of the program, with one customer in it. Says where it died.
async fn cycle(town: &Town, dice: &Dice, number: u32) -> Result<Option<&'static str>> {
    let death = death(dice);
    let scenario = scenario(dice);
    let plans = &town.shop().plans;
    let sold = [&plans.blink, &plans.blink, &plans.hour, &plans.voucher];
    let plan = *dice.one_of(&sold);
    let point = match death {
        Death::At(point, count) => Some(format!("{point}:{count}")),
        Death::After(_) => None,
    };
    let mut child = Child::start(&town.machine, point.as_deref())?;
    let mut customer = Customer::new(town, number)?;
    customer.script(scenario);
    if child.is_ready().await? {
        let visit = async {
            // Whatever the customer meets: the program is about to die.
            let _ = timeout(VISIT, buy_and_connect(&mut customer, plan)).await;
        };
        match death {
            Death::At(..) => {
                tokio::select! {
                    () = visit => {}
                    _ = child.dies(HEALING) => {}
                }
            }
            Death::After(moment) => {
                let _ = timeout(moment, visit).await;
            }
        }
    }
    let hit = match death {
        Death::At(point, _) => child.dies(LINGER).await.then_some(point),
        Death::After(_) => Some(ANY_MOMENT),
    };
    child.kill().await?;
    Ok(hit)
}

fn death(dice: &Dice) -> Death {
    let points = u64::try_from(CRASH_POINTS.len()).unwrap_or(u64::MAX);
    // As often at a moment of its own as at two points.
    match dice.below(points + 2) {
        n if n < points => {
            let nth = if dice.chance(75) { 1 } else { 2 };
            Death::At(CRASH_POINTS[n as usize], nth)
        }
        _ => Death::After(Duration::from_millis(dice.below(400))),
    }
}

/// What the payer and the gateway do.
fn scenario(dice: &Dice) -> Scenario {
    let code = if dice.chance(80) { "0" } else { "1032" };
    let answer = Some(Answer {
        code: code.into(),
        after_ms: dice.below(30),
    });
    let called = |copies| {
        vec![Delivery {
            copies,
            ..Delivery::default()
        }]
    };
    let callbacks = match dice.below(4) {
        0 => Vec::new(),
        1 => called(3),
        _ => called(1),
    };
    let push = if dice.chance(10) {
        PushFault::DropAfterAccept
    } else {
        PushFault::None
    };
    Scenario {
        push,
        answer,
        before_response: dice.chance(10),
        callbacks,
        ..Scenario::default()
    }
}

async fn buy_and_connect(customer: &mut Customer, plan: &Plan) -> Result<()> {
    customer.arrive().await?;
    customer.buy(plan).await?;
    customer.wait_for_code().await?;
    customer.connect().await
}

/// Starts the program and lets it live until everything is in order. Returns what is not.
async fn heal(town: &Town) -> Result<Vec<String>> {
    let mut child = Child::start(&town.machine, None)?;
    ensure!(child.is_ready().await?, "the program died by itself");
    let wrong = settle_down(&town.db, HEALING, || town.world(HashSet::new())).await?;
    child.kill().await?;
    Ok(wrong)
}

/// At the end the gateway repeats what the program was dead for, as its statement would: then every
/// shilling is accounted for, and everybody is let in who paid, and nobody else.
async fn find_what_was_lost(town: &Town) -> Result<Vec<String>> {
    let mut child = Child::start(&town.machine, None)?;
    ensure!(child.is_ready().await?, "the program died by itself");
    for prompt in town.daraja.books().prompts {
        if !prompt.callbacks.iter().any(|call| call.status == Some(200)) {
            town.daraja.replay(&prompt.checkout_request_id, None).await;
        }
    }
    let mut wrong = settle_down(&town.db, HEALING, || town.world(HashSet::new())).await?;
    // What was sold just now for a blink is over by then: nothing ends while it is asked for.
    tokio::time::sleep(Duration::from_secs(u64::from(BLINK_SECONDS) + 1)).await;
    let facts = Facts::read(&town.db).await?;
    for moved in &town.daraja.books().moved {
        let mut payments = facts.payments.iter().filter(|p| p.phone == moved.from);
        if payments.all(|payment| payment.status != "success") {
            wrong.push(format!("{} was never found", moved.receipt));
        }
    }
    wrong.extend(knock(town, &facts).await?);
    wrong.extend(settle_down(&town.db, HEALING, || town.world(HashSet::new())).await?);
    child.kill().await?;
    Ok(wrong)
}

/// Every device that ever bought asks to be let in again.
async fn knock(town: &Town, facts: &Facts) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let router = &town.shop().router;
    for payment in &facts.payments {
        let Some(mac) = payment
            .mac
            .as_ref()
            .and_then(|mac| mac.parse::<MacAddr>().ok())
        else {
            continue;
        };
        router.join_and_wait(mac).await;
        let answer = router.mac_login(mac).await;
        let let_in = matches!(answer, Ok(()) | Err(LoginError::AlreadyLoggedIn));
        let mut tickets = facts.tickets.iter();
        let live = tickets.any(|t| {
            let gives_access = matches!(t.state.as_str(), "unused" | "active");
            gives_access && Some(&t.id) == payment.ticket.as_ref()
        });
        if let_in != live {
            wrong.push(format!(
                "{mac} with a live ticket: {live}, let in: {let_in}"
            ));
        }
    }
    Ok(wrong)
}

async fn verify_audit(town: &Town) -> Result<Vec<String>> {
    let store = town.machine.store().await?;
    let mut tx = store.read(town.shop().owner.provider).await?;
    let verified = tx.verify_audit().await?;
    drop(tx);
    store.close().await;
    let broken = verified.err();
    Ok(broken
        .map(|entry| format!("the audit chain breaks at {entry}"))
        .into_iter()
        .collect())
}
