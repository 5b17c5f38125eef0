//! `race` and `crash`: test programs of `crates/bando` that run for long, take arguments, and judge themselves.
//!
//! Such a program is a test target with `harness = false` and `test = false`, so that a plain `cargo test` leaves it
//! out. Its last line is `… N cases, N violations`, and it exits non-zero on any violation.

use std::process::Command;

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
    /// kill -9 and start again.
    Crash,
}

impl Torture {
    /// All of them, in the order of a whole run.
    pub(crate) const ALL: [Self; 2] = [Self::Race, Self::Crash];

    /// The name of the test target.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Race => "race",
            Self::Crash => "crash",
        }
    }

    /// What a whole run asks of it.
    pub(crate) fn arguments_of_a_whole_run(self) -> Vec<String> {
        match self {
            Self::Race => Vec::new(),
            Self::Crash => vec!["--cycles".to_owned(), "500".to_owned()],
        }
    }
}

/// Runs one, by itself.
pub(crate) fn run(torture: Torture, arguments: &[String]) -> Result<()> {
    run_in(&Outside::prepare()?, torture, arguments)
}

/// Runs one in a world that is already prepared.
pub(crate) fn run_in(outside: &Outside, torture: Torture, arguments: &[String]) -> Result<()> {
    let mut command: Command = outside.cargo();
    command
        .args(TEST)
        .args(["--test", torture.name(), "--"])
        .args(arguments);
    let mut violations = None;
    let status = program::watch(&mut command, &mut |line| {
        violations = count(line).or(violations);
    })?;
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
