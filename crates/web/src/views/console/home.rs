//! The first screen: money today, people online, what is broken, what to do next.

use super::{Check, CheckState, Page, PaymentRow};
use crate::charts::{self, Bar};
use askama::Template;

/// The four answers, and below them the latest payments. Live topic: `home`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/home.html")]
pub struct Home {
    /// Frame.
    pub page: Page,
    /// Money today.
    pub today: Today,
    /// People online now.
    pub online: u64,
    /// Payments waiting for a PIN or for a confirmation.
    pub waiting: u64,
    /// What is broken, worst first.
    pub problems: Vec<Todo>,
    /// What waits for the member: the most urgent first.
    pub todos: Vec<Todo>,
    /// The latest payments, newest first, about eight.
    pub latest: Vec<PaymentRow>,
    /// Takings of the last seven days, today last; empty on the first day.
    pub week: Vec<Bar>,
    /// What is still to set up; `None` when all of it is done.
    pub checklist: Option<Vec<Check>>,
}

/// Today's takings.
#[derive(Clone, Debug)]
pub struct Today {
    /// `KES 4,250`.
    pub amount: String,
    /// How many payments made it.
    pub payments: u64,
    /// Against the same weekday at the same hour; `None` without history.
    pub trend: Option<Trend>,
    /// Takings per hour since midnight.
    pub hours: Vec<u64>,
}

/// A change against an earlier day.
#[derive(Clone, Debug)]
pub struct Trend {
    /// `12` for twelve per cent more, `-5` for five less.
    pub percent: i64,
    /// The weekday's name: "against last Friday".
    pub weekday: String,
}

/// Something to act on.
#[derive(Clone, Debug)]
pub struct Todo {
    /// What is the matter: `Router "Stage" has been silent for 14 min`.
    pub text: String,
    /// The button's verb.
    pub action: String,
    /// Where it leads.
    pub href: String,
}

impl Home {
    fn spark(&self) -> String {
        charts::sparkline(&self.today.hours, self.page.t.today_by_hour())
    }

    fn bars(&self) -> String {
        charts::bars(&self.week, self.page.t.last_seven_days())
    }

    /// How many steps of the checklist are done, and how many there are.
    fn progress(&self) -> (u64, u64) {
        let checks = self.checklist.as_deref().unwrap_or_default();
        let done = checks
            .iter()
            .filter(|check| check.state == CheckState::Done)
            .count();
        (done as u64, checks.len() as u64)
    }
}

impl Trend {
    fn size(&self) -> u64 {
        self.percent.unsigned_abs()
    }
}
