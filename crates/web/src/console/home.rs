//! The first screen.

use bando_app::Home;
use bando_domain::Money;

use super::answer::{Answer, html};
use super::payments;
use super::who::SignedInCaller;
use crate::charts::Bar;
use crate::format;
use crate::views::console::{self, BadgesPart, Check, CheckState, Section, Today, Todo, Trend};

/// The days of the chart, today included.
const DAYS: usize = 7;

/// `GET /console`
pub(super) async fn page(who: SignedInCaller) -> Answer {
    let home = who.app.home(&who.caller).await?;
    let t = who.t;
    let problems = home
        .silent_routers
        .iter()
        .map(|(router, seen)| {
            let silence = format::short_duration(t, who.now.since(*seen).as_secs());
            Todo {
                text: t.router_silent_for(&router.name, silence),
                action: t.look().to_owned(),
                href: format!("/console/routers/{}", router.id),
            }
        })
        .collect();
    html(&console::Home {
        page: who.page(Section::Home),
        today: today(&who, &home),
        online: home.online,
        waiting: home.waiting,
        problems,
        next: None,
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
