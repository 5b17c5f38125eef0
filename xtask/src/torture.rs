//! `race`, `faults`, `load` and `crash`: test programs of `crates/bando` that run for long, take
//! arguments, and judge themselves.
//!
//! Such a program is a test target with `harness = false` and `test = false`, so that a plain `cargo test` leaves it
//! out. Its last line is `… N cases, N violations`, and it exits non-zero on any violation.

use std::process::{Command, ExitStatus};

use anyhow::{Result, ensure};

use crate::outside::Outside;
use crate::program;

/// How tests are built: all alike, so that nothing is built twice. The feature marks the points at which `crash` kills;
/// they do nothing unless told.
pub(crate) const TEST: [&str; 3] = ["test", "--workspace", "--features=bando/crash"];

/// One of the long tests.
#[derive(Clone, Copy)]
pub(crate) enum Torture {
    /// Many tasks, one row.
    Race,
    /// Every fault, with every kind of gateway.
    Faults,
    /// Many payments, and messages by the thousand.
    Load,
    /// kill -9 and start again.
    Crash,
}

impl Torture {
    /// All of them, in the order of a whole run.
    pub(crate) const ALL: [Self; 4] = [Self::Race, Self::Faults, Self::Load, Self::Crash];

    /// The name of the test target.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Self::Load => "faults",
            other => other.name(),
        }
    }

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Race => "race",
            Self::Faults => "faults",
            Self::Load => "load",
            Self::Crash => "crash",
        }
    }

    /// What a whole run asks of it.
    pub(crate) fn arguments_of_a_whole_run(self) -> Vec<String> {
        match self {
            Self::Race => so_many("--rounds", 6),
            Self::Faults => Vec::new(),
            Self::Load => so_many("--rounds", 50),
            Self::Crash => so_many("--cycles", 400),
        }
    }

    /// The bugs planted in the program that it must notice, to show that it notices anything.
    pub(crate) fn planted_bugs(self) -> &'static [&'static str] {
        match self {
            Self::Race => &["no-device-lock", "settle-twice"],
            Self::Faults => &[
                "believe-unsigned",
                "skip-signature",
                "receipt-per-provider",
                "amount-ignored",
                "forget-late",
            ],
            Self::Load => &["believe-unsigned", "settle-twice"],
            Self::Crash => &["answer-before-store", "ticket-after-commit", "settle-twice"],
        }
    }

    /// Few, but enough for any planted bug.
    fn arguments_of_a_control(self, bug: &str) -> Vec<String> {
        let mut arguments = match self {
            Self::Race => so_many("--rounds", 3),
            Self::Faults => vec!["--only".to_owned(), faults_that_show(bug).to_owned()],
            Self::Load => so_many("--rounds", 20),
            Self::Crash => so_many("--cycles", 160),
        };
        arguments.extend(["--planted".to_owned(), bug.to_owned()]);
        arguments
    }
}

fn so_many(what: &str, count: u32) -> Vec<String> {
    vec![what.to_owned(), count.to_string()]
}

/// The faults that bring a planted bug to light.
fn faults_that_show(bug: &str) -> &'static str {
    match bug {
        "believe-unsigned" => "F10",
        "skip-signature" => "F11,F12",
        "receipt-per-provider" => "F18",
        "amount-ignored" => "F15",
        _ => "F2",
    }
}

/// Runs one, by itself.
pub(crate) fn run(torture: Torture, arguments: &[String]) -> Result<()> {
    run_in(&Outside::prepare()?, torture, arguments)
}

/// Runs one in a world that is already prepared.
pub(crate) fn run_in(outside: &Outside, torture: Torture, arguments: &[String]) -> Result<()> {
    let (status, violations) = watch(outside, torture, arguments)?;
    if let Some(violations) = violations {
        ensure!(violations == 0, "{violations} violations");
    }
    ensure!(status.success(), "ended with {status}");
    let asks_for_help = arguments
        .iter()
        .any(|argument| argument == "help" || argument == "--help");
    ensure!(
        asks_for_help || violations.is_some(),
        "it did not say how many cases and violations there were"
    );
    Ok(())
}

/// Runs one with a bug planted in the program, and fails unless it notices.
pub(crate) fn control(outside: &Outside, torture: Torture, bug: &str) -> Result<()> {
    let (status, violations) = watch(outside, torture, &torture.arguments_of_a_control(bug))?;
    ensure!(
        !status.success() && violations.is_some_and(|violations| violations > 0),
        "the planted bug {bug} was not noticed"
    );
    Ok(())
}

/// How it ended, and how many violations it counted.
fn watch(
    outside: &Outside,
    torture: Torture,
    arguments: &[String],
) -> Result<(ExitStatus, Option<u64>)> {
    let mut command: Command = outside.cargo();
    command
        .args(TEST)
        .args(["--test", torture.target(), "--"])
        .args(matches!(torture, Torture::Load).then_some("--load"))
        .args(arguments);
    let mut violations = None;
    let status = program::watch(&mut command, &mut |line| {
        violations = count(line).or(violations);
    })?;
    Ok((status, violations))
}

/// The number of violations, from a line `… N cases, N violations`.
fn count(line: &str) -> Option<u64> {
    let (before, violations) = line.strip_suffix(" violations")?.rsplit_once(", ")?;
    before
        .ends_with(" cases")
        .then(|| violations.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn reads_the_line_that_counts() {
        assert_eq!(count("crash: 500 cases, 0 violations"), Some(0));
        assert_eq!(count("40 cases, 3 violations"), Some(3));
        assert_eq!(count("cycle 3 of 500"), None);
        assert_eq!(count("no violations"), None);
    }
}
