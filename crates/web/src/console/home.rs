//! The first screen.

use bando_app::{Home, Permission, RefundFilter, SendState};
use bando_domain::Money;

use super::answer::{Answer, Fault, html};
use super::payments;
use super::who::SignedInCaller;
use crate::charts::Bar;
use crate::format;
use crate::views::console::{self, BadgesPart, Check, CheckState, Section, Today, Todo, Trend};

/// The days of the chart, today included.
const DAYS: usize = 7;

/// How many refunds are counted that wait to be agreed to.
const MOST: usize = 99;

/// `GET /console`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    let home = who.app.home(&who.caller).await?;
    let t = who.t;
    let silent = home.silent_routers.iter().map(|(router, seen)| {
        let silence = format::short_duration(t, who.now.since(*seen).as_secs());
        Todo {
            text: t.router_silent_for(&router.name, silence),
            action: t.look().to_owned(),
            href: format!("/console/routers/{}", router.id),
        }
    });
    let expiring = home.warnings.iter().map(|warning| Todo {
        text: match warning.days_left {
            ..=0 => t.credential_expired(warning.title, &warning.expires_on),
            _ => t.credential_expires(warning.title, &warning.expires_on),
        },
        action: t.look().to_owned(),
        href: format!("/console/ways/{}", warning.gateway),
    });
    let problems = expiring.chain(silent).collect();
    html(&console::Home {
        page: who.page(Section::Home),
        today: today(&who, &home),
        online: home.online,
        waiting: home.waiting,
        problems,
        todos: todos(&who).await?,
        latest: home.latest.iter().map(|p| payments::row(&who, p)).collect(),
        week: week(&who, &home),
        checklist: checklist(&who, &home),
    })
}

/// `GET /console/badges`: what the menu shows of what waits.
pub(super) async fn badges(who: SignedInCaller) -> Answer {
    html(&BadgesPart {
        page: who.page(Section::Home),
    })
}

/// What waits for this member.
async fn todos(who: &SignedInCaller) -> Result<Vec<Todo>, Fault> {
    let (t, badges) = (who.t, who.badges());
    let mut todos = Vec::new();
    if badges.confirm > 0 && who.may(Permission::Sell) {
        todos.push(Todo {
            text: t.to_confirm(badges.confirm),
            action: t.confirm().to_owned(),
            href: Section::Confirm.href().to_owned(),
        });
    }
    if badges.cases > 0 && who.may(Permission::Manage) {
        todos.push(Todo {
            text: t.to_solve(badges.cases),
            action: t.look().to_owned(),
            href: Section::Cases.href().to_owned(),
        });
    }
    if who.may(Permission::Approve) {
        let filter = RefundFilter {
            state: Some(SendState::Requested),
            ..RefundFilter::default()
        };
        let found = who.app.refunds(&who.caller, &filter, None, MOST).await?;
        if !found.rows.is_empty() {
            todos.push(Todo {
                text: t.to_agree(found.rows.len() as u64),
                action: t.look().to_owned(),
                href: format!("/console/refunds?state={}", SendState::Requested.name()),
            });
        }
    }
    Ok(todos)
}

fn today(who: &SignedInCaller, home: &Home) -> Today {
    let (today, then) = (home.today.minor(), home.week_ago_by_now.minor());
    let trend = (then > 0).then(|| Trend {
        percent: (i128::from(today - then) * 100 / i128::from(then)) as i64,
        weekday: who.times.weekday(who.now.as_millis()).to_owned(),
    });
    Today {
        amount: home.today.to_string(),
        payments: home.payments_today,
        trend,
        hours: home
            .by_hour
            .iter()
            .map(|minor| minor.unsigned_abs())
            .collect(),
    }
}

fn week(who: &SignedInCaller, home: &Home) -> Vec<Bar> {
    if home.days.iter().all(|day| day.minor() == 0) {
        return Vec::new();
    }
    let skipped = home.days.len().saturating_sub(DAYS);
    let bar = |(age, day): (usize, &Money)| {
        let at = who.now.as_millis() - (age as i64) * 86_400_000;
        Bar {
            label: who.times.short_weekday(at).to_owned(),
            text: format::whole(
                who.t,
                day.minor().unsigned_abs() / day.currency().minor_per_major().unsigned_abs(),
            ),
            value: day.minor().unsigned_abs(),
        }
    };
    let days = &home.days[skipped..];
    days.iter()
        .enumerate()
        .map(|(i, day)| bar((days.len() - 1 - i, day)))
        .collect()
}

/// The steps of setting up; none when all are done.
fn checklist(who: &SignedInCaller, home: &Home) -> Option<Vec<Check>> {
    let (t, setup) = (who.t, home.setup);
    if setup.plan && setup.mpesa && setup.router_seen && setup.first_payment {
        return None;
    }
    let step = |done: bool, text: &str, detail: Option<&str>, href: &str| Check {
        state: if done {
            CheckState::Done
        } else {
            CheckState::Todo
        },
        text: text.to_owned(),
        detail: detail.filter(|_| !done).map(str::to_owned),
        action: (!done && !href.is_empty()).then(|| (t.set_up_now().to_owned(), href.to_owned())),
    };
    let waits = setup.router.then(|| t.proof_wait_script());
    let routers = if setup.router {
        "/console/routers"
    } else {
        "/console/routers/new"
    };
    Some(vec![
        step(setup.plan, t.setup_plan(), None, "/console/plans/new"),
        step(setup.mpesa, t.setup_mpesa(), None, "/console/ways"),
        step(setup.router_seen, t.setup_router(), waits, routers),
        step(
            setup.first_payment,
            t.setup_first_payment(),
            Some(t.setup_first_payment_hint()),
            "",
        ),
    ])
}
