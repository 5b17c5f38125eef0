//! `cargo xtask race`: many tasks fight over one row, on both databases; one wins.
//!
//! `--rounds N` of each contest, `--seed S`, `--planted BUG` (`--planted help` lists them).

mod proof;

use std::collections::HashSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bando_app::{App, Purchase, Settled, Visit};
use bando_db::Engine;
use bando_domain::{Language, MacAddr, PaymentId, TicketCode, TicketId};
use bando_sim::daraja::Scenario;
use bando_store::{Payment, PaymentFilter};
use futures_util::future::join_all;
use tokio::sync::Barrier;

use proof::arguments::Arguments;
use proof::customer::Customer;
use proof::dice::Dice;
use proof::facts::Facts;
use proof::machine::Machine;
use proof::town::Town;

/// Devices that want one voucher, and prompts on one phone.
const RIVALS: u32 = 40;

/// Copies of one callback, and settlements of one payment.
const COPIES: usize = 100;

/// The bugs that this program notices.
const BUGS: &[&str] = &["no-device-lock", "settle-twice"];

fn main() -> ExitCode {
    proof::arguments::run("race", BUGS, 5, |arguments| async move {
        let mut count = Count::default();
        for db in bando_db::testing::databases().await {
            let nobody_asks =
                |machine: &mut Machine| machine.first_check = Duration::from_secs(600);
            let town = Town::found(db, &["mlima"], nobody_asks).await?;
            let dice = Dice::new(arguments.seed);
            contest(&town, &dice, &arguments, &mut count).await?;
        }
        Ok((count.cases, count.violations))
    })
}

#[derive(Default)]
struct Count {
    cases: u64,
    violations: u64,
}

impl Count {
    /// Counts one round and says what was wrong with it.
    fn note(&mut self, engine: Engine, what: &str, result: Result<()>) {
        self.cases += 1;
        if let Err(error) = result {
            self.violations += 1;
            println!("{engine:?}, {what}: {error:#}");
        }
    }
}

/// The arena: the town, and the nodes that serve it.
struct Arena<'a> {
    town: &'a Town,
    nodes: Vec<App>,
    dice: &'a Dice,
}

async fn contest(town: &Town, dice: &Dice, arguments: &Arguments, count: &mut Count) -> Result<()> {
    let mut nodes = vec![town.app()?.clone()];
    let engine = town.db.engine();
    if engine == Engine::Postgres {
        nodes.push(town.machine.second_node().await?);
    }
    let arena = Arena { town, nodes, dice };
    let vouchers = arena.vouchers(arguments.count).await?;
    for (round, (ticket, code)) in (0..).zip(vouchers) {
        let first = 1_000 + round * RIVALS;
        if round % 5 == 4 {
            let result = arena.voucher_by_radius(code, first).await;
            count.note(engine, "one voucher, 40 devices, by RADIUS", result);
        } else {
            let result = arena.voucher(ticket, first).await;
            count.note(engine, "one voucher, 40 devices", result);
        }
        let number = 500 + round;
        count.note(
            engine,
            "100 copies of one callback",
            arena.callback(number).await,
        );
        let number = 700 + round;
        count.note(
            engine,
            "100 settlements of one payment",
            arena.settle(number).await,
        );
        let number = 900 + round;
        count.note(
            engine,
            "40 prompts on one phone",
            arena.prompt(number, first).await,
        );
    }
    let unanswered = arena.unanswered_phones();
    let wrong = town.judge(Duration::from_secs(15), &unanswered).await?;
    let all = if wrong.is_empty() {
        Ok(())
    } else {
        Err(anyhow::anyhow!("{}", wrong.join("\n")))
    };
    count.note(engine, "money and access", all);
    Ok(())
}

impl Arena<'_> {
    async fn vouchers(&self, count: u32) -> Result<Vec<(TicketId, TicketCode)>> {
        let (app, shop) = (&self.nodes[0], self.town.shop());
        let batch = app
            .order_batch(&shop.owner, shop.plans.voucher.id, count)
            .await?;
        while app
            .batch(&shop.owner, batch.id)
            .await?
            .finished_at
            .is_none()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let tickets = app.vouchers(&shop.owner, batch.id, 0, count).await?;
        Ok(tickets.into_iter().map(|t| (t.id, t.code)).collect())
    }

    /// Forty devices are let in on a voucher for one.
    async fn voucher(&self, ticket: TicketId, first: u32) -> Result<()> {
        let provider = self.town.shop().owner.provider;
        let let_in = self.all_at_once(RIVALS as usize, |number, app| async move {
            let mac = device(first + number);
            let answer = app.admit(provider, ticket, Some(mac)).await?;
            Ok(answer.is_ok())
        });
        one_winner(&let_in.await?)?;
        let facts = Facts::read(&self.town.db).await?;
        let id = ticket.uuid().simple().to_string();
        let bound = facts.devices.iter().filter(|d| d.ticket == id).count();
        ensure!(bound == 1, "{bound} devices are bound");
        Ok(())
    }

    /// The same through the router, with packets.
    async fn voucher_by_radius(&self, code: TicketCode, first: u32) -> Result<()> {
        let router = &self.town.shop().router;
        let macs: Vec<MacAddr> = (first..first + RIVALS).map(device).collect();
        join_all(macs.iter().map(|mac| router.join_and_wait(*mac))).await;
        let code = code.as_str();
        let logins = macs.iter().map(|mac| router.login(*mac, code, code));
        let won: Vec<bool> = join_all(logins).await.iter().map(Result::is_ok).collect();
        one_winner(&won)
    }

    /// A hundred copies of the callback of one payment arrive together.
    async fn callback(&self, number: u32) -> Result<()> {
        let customer = self.buyer(number).await?;
        self.town.daraja.phones().approve(&customer.phone, None)?;
        let checkout = self.checkout_of(&customer).await?;
        let daraja = &self.town.daraja;
        let calls = (0..COPIES).map(|_| daraja.replay(&checkout, None));
        for status in join_all(calls).await {
            ensure!(status == Some(200), "a copy was answered {status:?}");
        }
        self.is_settled_once(&customer).await
    }

    /// A hundred tasks settle one payment.
    async fn settle(&self, number: u32) -> Result<()> {
        let customer = self.buyer(number).await?;
        self.town.daraja.phones().approve(&customer.phone, None)?;
        self.checkout_of(&customer).await?;
        let payment = self.payment(&customer).await?;
        let (provider, id) = (self.town.shop().owner.provider, payment.id);
        let settled = self.all_at_once(COPIES, |_, app| async move {
            let settled = app.settle_unproved(provider, id, None).await?;
            Ok(matches!(settled, Settled::Now(_)))
        });
        one_winner(&settled.await?)?;
        self.is_settled_once(&customer).await
    }

    /// Forty devices ask one phone for money.
    async fn prompt(&self, number: u32, first: u32) -> Result<()> {
        let customer = Customer::new(self.town, number)?;
        let (shop, phone) = (self.town.shop(), format!("+{}", customer.phone.digits()));
        let (provider, plan) = (shop.owner.provider, shop.plans.hour.id);
        let prompted = self.all_at_once(RIVALS as usize, |number, app| {
            let purchase = Purchase {
                gateway: None,
                by_hand: false,
                provider,
                plan,
                phone: phone.clone(),
                visit: Visit {
                    mac: Some(device(first + number)),
                    ..Visit::default()
                },
                language: Language::En,
                source: "127.0.0.1".into(),
            };
            async move { Ok(app.start_payment(purchase).await.is_ok()) }
        });
        one_winner(&prompted.await?)?;
        let prompts = self.town.daraja.books().prompts;
        let count = prompts
            .iter()
            .filter(|p| p.phone == customer.phone.digits())
            .count();
        ensure!(count == 1, "{count} prompts");
        Ok(())
    }

    /// A customer with an open prompt and no callback of their own.
    async fn buyer(&self, number: u32) -> Result<Customer> {
        let mut customer = Customer::new(self.town, number)?;
        customer.script(Scenario {
            callbacks: Vec::new(),
            ..Scenario::default()
        });
        customer.arrive().await?;
        customer.buy(&self.town.shop().plans.hour).await?;
        Ok(customer)
    }

    /// The gateway's name of the customer's payment, once it is decided.
    async fn checkout_of(&self, customer: &Customer) -> Result<String> {
        for _ in 0..200 {
            let prompts = self.town.daraja.books().prompts;
            let mut decided = prompts.into_iter().filter(|p| p.code.is_some());
            if let Some(prompt) = decided.find(|p| p.phone == customer.phone.digits()) {
                return Ok(prompt.checkout_request_id);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the gateway decided nothing")
    }

    async fn payment(&self, customer: &Customer) -> Result<Payment> {
        let filter = PaymentFilter {
            mac: Some(customer.mac),
            ..PaymentFilter::default()
        };
        let owner = &self.town.shop().owner;
        let found = self.nodes[0].payments(owner, &filter, None, 1).await?;
        found.rows.into_iter().next().context("no payment")
    }

    async fn is_settled_once(&self, customer: &Customer) -> Result<()> {
        let payment = self.payment(customer).await?.id;
        for _ in 0..500 {
            let facts = Facts::read(&self.town.db).await?;
            if let Some(times) = times_settled(&facts, payment) {
                ensure!(
                    times == (1, 1),
                    "{} tickets, {} transfers",
                    times.0,
                    times.1
                );
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("never settled")
    }

    /// Lets `count` tasks, spread over the nodes, begin in one moment, in an order that dice decide.
    async fn all_at_once<F>(&self, count: usize, task: impl Fn(u32, App) -> F) -> Result<Vec<bool>>
    where
        F: Future<Output = Result<bool>> + Send + 'static,
    {
        let start = Arc::new(Barrier::new(count));
        let mut tasks = Vec::with_capacity(count);
        for number in 0..u32::try_from(count)? {
            let work = task(number, self.dice.one_of(&self.nodes).clone());
            let (start, wait) = (Arc::clone(&start), self.dice.below(300));
            tasks.push(tokio::spawn(async move {
                start.wait().await;
                tokio::time::sleep(Duration::from_micros(wait)).await;
                work.await
            }));
        }
        let mut results = Vec::with_capacity(count);
        for joined in join_all(tasks).await {
            results.push(joined??);
        }
        Ok(results)
    }

    /// Those who were asked for money and did not answer.
    fn unanswered_phones(&self) -> HashSet<String> {
        let prompts = self.town.daraja.phones().prompts();
        prompts.into_iter().map(|prompt| prompt.phone).collect()
    }
}

fn times_settled(facts: &Facts, payment: PaymentId) -> Option<(usize, usize)> {
    let id = payment.uuid().simple().to_string();
    let paid = facts
        .payments
        .iter()
        .any(|p| p.id == id && p.status == "success");
    let tickets = facts
        .tickets
        .iter()
        .filter(|t| t.payment.as_ref() == Some(&id));
    let transfers = facts.transfers.iter().filter(|t| t.payment == id);
    paid.then(|| (tickets.count(), transfers.count()))
}

fn one_winner(won: &[bool]) -> Result<()> {
    let winners = won.iter().filter(|won| **won).count();
    ensure!(winners == 1, "{winners} winners of {}", won.len());
    Ok(())
}

fn device(number: u32) -> MacAddr {
    let [a, b, c, d] = number.to_be_bytes();
    MacAddr::new([0x06, 0x00, a, b, c, d])
}
