//! Forged callbacks: nothing is granted, nothing is lost, the gateway is not overrun, and the log
//! tells no secrets.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bando_db::testing::TestDb;
use bando_sim::daraja::Prompted;
use futures_util::future::join_all;

use super::forgeries::{self, Forgery, Known};
use crate::proof::customer::Customer;
use crate::proof::facts::Facts;
use crate::proof::machine::Machine;
use crate::proof::town::Town;
use crate::support::log;

/// Queries a provider may make in a minute.
const QUERIES: u32 = 60;

/// Forgeries about one payment: so few that a real message after them is kept as well.
const PER_PAYMENT: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn a_forger_gets_nothing_and_takes_nothing() -> Result<()> {
    log::keep();
    let databases = bando_db::testing::databases().await;
    let runs: Vec<_> = databases
        .into_iter()
        .map(|db| tokio::spawn(attack(db)))
        .collect();
    for run in runs {
        run.await??;
    }
    Ok(())
}

/// Two customers, each of another business, whose prompts wait for their PIN.
struct Victims {
    open: Customer,
    other: Customer,
}

async fn attack(db: TestDb) -> Result<()> {
    let only_messages_lead_to_queries = |machine: &mut Machine| {
        machine.queries_per_minute = QUERIES;
        machine.first_check = Duration::from_secs(600);
    };
    let town = Town::found(db, &["mlima", "bahari"], only_messages_lead_to_queries).await?;
    let mut paid = Customer::new(&town, 1)?;
    paid.arrive().await?;
    paid.buy(&town.shop().plans.hour).await?;
    paid.pay()?;
    let code = paid.wait_for_code().await?;

    let mut victims = Vec::new();
    let mut sent = 0;
    loop {
        let pair = victims_number(&town, victims.len()).await?;
        let list = forgeries_about(&town, &pair, &paid)?;
        victims.push(pair);
        ensure!(list.len() >= 60, "only {} forgeries", list.len());
        let few: Vec<Forgery> = list.into_iter().skip(sent).take(PER_PAYMENT).collect();
        if few.is_empty() {
            break;
        }
        sent += few.len();
        send_all(&few).await?;
    }
    // What a forgery can do is done by then.
    tokio::time::sleep(Duration::from_secs(2)).await;
    nothing_was_granted(&town, &victims).await?;
    for shop in &town.shops {
        let prompts = town.daraja.books().prompts;
        let of_shop = prompts.iter().filter(|p| p.shortcode == shop.shortcode);
        let asked: u64 = of_shop.map(|p| p.queries).sum();
        let most = u64::from(QUERIES);
        ensure!(asked <= most, "{} asked {asked} times", shop.slug);
    }

    // The real payers pay now, and get what they paid for.
    let customers = victims
        .iter_mut()
        .flat_map(|pair| [&mut pair.open, &mut pair.other]);
    for served in join_all(customers.map(pay_and_connect)).await {
        served?;
    }
    town.must_agree().await?;

    let mut secrets = vec![code, town.shop().router_secret.expose().to_owned()];
    for prompt in town.daraja.books().prompts {
        secrets.extend(prompt.callback_url.rsplit('/').next().map(str::to_owned));
        secrets.extend([prompt.phone.clone(), format!("0{}", &prompt.phone[3..])]);
    }
    for shop in &town.shops {
        secrets.extend(["secret", "passkey"].map(|what| format!("{what}{}", shop.shortcode)));
    }
    no_secret_in_the_log(&secrets)
}

async fn victims_number(town: &Town, number: usize) -> Result<Victims> {
    let number = 10 + 2 * u32::try_from(number)?;
    let mut open = Customer::at(town, &town.shops[0], number)?;
    let mut other = Customer::at(town, &town.shops[1], number + 1)?;
    for (customer, shop) in [(&mut open, 0), (&mut other, 1)] {
        customer.arrive().await?;
        customer.buy(&town.shops[shop].plans.hour).await?;
    }
    Ok(Victims { open, other })
}

/// Every forgery, about these payments.
fn forgeries_about(town: &Town, victims: &Victims, paid: &Customer) -> Result<Vec<Forgery>> {
    let paid = prompt_of(town, paid)?;
    let said = paid.callbacks.first().context("no callback")?.body.clone();
    Ok(forgeries::all(&Known {
        base: &town.machine.url(),
        slug: &town.shop().slug,
        open: &prompt_of(town, &victims.open)?,
        paid: &paid,
        paid_body: &said,
        other: &prompt_of(town, &victims.other)?,
    }))
}

fn prompt_of(town: &Town, customer: &Customer) -> Result<Prompted> {
    let prompts = town.daraja.books().prompts;
    let digits = customer.phone.digits();
    let mut of_phone = prompts.into_iter().filter(|prompt| prompt.phone == digits);
    of_phone.next().context("no prompt")
}

async fn nothing_was_granted(town: &Town, victims: &[Victims]) -> Result<()> {
    let facts = Facts::read(&town.db).await?;
    ensure!(
        facts.tickets.len() == 1,
        "a ticket was forged: {:?}",
        facts.tickets
    );
    ensure!(
        facts.transfers.len() == 1,
        "money was forged: {:?}",
        facts.transfers
    );
    let still_open = facts
        .payments
        .iter()
        .filter(|p| p.status == "pending")
        .count();
    ensure!(
        still_open == 2 * victims.len(),
        "{still_open} payments are open"
    );
    for Victims { open, other } in victims {
        let router = &town.shop().router;
        ensure!(
            router.mac_login(open.mac).await.is_err(),
            "a forger is online"
        );
        open.may_pay()?;
        other.may_pay()?;
    }
    Ok(())
}

async fn pay_and_connect(customer: &mut Customer) -> Result<()> {
    customer.pay()?;
    customer.wait_for_code().await?;
    customer.connect().await
}

fn no_secret_in_the_log(secrets: &[String]) -> Result<()> {
    let log = log::kept();
    ensure!(log.contains("message does not fit"), "the log was not kept");
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        let line = line.unwrap_or_default();
        ensure!(line.is_empty(), "{secret} stands in the log: {line}");
    }
    Ok(())
}

async fn send_all(list: &[Forgery]) -> Result<()> {
    let client = reqwest::Client::new();
    let answers = join_all(list.iter().map(|forgery| send(&client, forgery))).await;
    answers.into_iter().collect()
}

/// Sends one and expects a clear answer.
async fn send(client: &reqwest::Client, forgery: &Forgery) -> Result<()> {
    let Forgery {
        what,
        url,
        content_type,
        body,
    } = forgery;
    let request = client
        .post(url)
        .header("content-type", *content_type)
        .body(body.clone());
    let answer = match request.send().await {
        Ok(answer) => answer,
        // Too long: the connection may be closed before all of it is sent.
        Err(_) if body.len() > 64 * 1024 => return Ok(()),
        Err(error) => return Err(error).with_context(|| what.clone()),
    };
    let status = answer.status();
    ensure!(
        status.is_success() || status.is_client_error(),
        "{what}: {status}"
    );
    Ok(())
}
