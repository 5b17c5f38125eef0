//! Counting: what passed, what failed, what was skipped and why, over all programs of a run.

use anyhow::{Result, ensure};

/// The sum of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    /// One line for each test that did not run, with the reason.
    skipped: Vec<String>,
    /// One line for each thing that failed.
    failures: Vec<String>,
}

impl Tally {
    /// Counts one step that is no test program: a check, a torture.
    pub(crate) fn step(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => self.fail(format!("{name}: {error:#}")),
        }
    }

    /// Counts one failure.
    pub(crate) fn fail(&mut self, what: String) {
        self.failed += 1;
        self.failures.push(what);
    }

    /// How many failures there are so far.
    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }

    /// Reads one line of what `cargo test` prints: the closing line of a test program, the name of a failed test, or
    /// `skipped: REASON` as `bando_testkit::skip` writes it.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(reason) = line.strip_prefix("skipped: ") {
            self.skipped.push(reason.to_owned());
        } else if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.passed += count(counts, "passed");
            self.failed += count(counts, "failed");
            let ignored = count(counts, "ignored");
            self.skipped
                .extend((0..ignored).map(|_| "marked #[ignore]".to_owned()));
            // The test runner also counts an ignored test apart, but one that returned early as passed.
            self.passed += ignored;
        }
    }

    /// Prints what was skipped and what failed, then the one line that counts. Fails when anything failed, and, if
    /// `strict`, when anything was skipped.
    pub(crate) fn finish(&self, strict: bool) -> Result<()> {
        for reason in &self.skipped {
            println!("skipped: {reason}");
        }
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        println!("{}", self.sum());
        ensure!(self.failed == 0, "something failed");
        ensure!(
            !strict || self.skipped.is_empty(),
            "in CI nothing may be skipped"
        );
        Ok(())
    }

    fn sum(&self) -> String {
        let skipped = self.skipped.len() as u64;
        format!(
            "{} passed, {} failed, {skipped} skipped",
            self.passed.saturating_sub(skipped),
            self.failed
        )
    }
}

/// The number before a word in `ok. 12 passed; 0 failed; 1 ignored; …`.
fn count(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text
        .split([' ', ';'])
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_test_programs_steps_and_skipped_tests() {
        let mut tally = Tally::default();
        for line in [
            "test money::adds ... ok",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "skipped: no PostgreSQL [store::settles]",
            "test pays ... FAILED",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ] {
            tally.line(line);
        }
        tally.step("tidy", Ok(()));
        assert_eq!(tally.sum(), "8 passed, 1 failed, 2 skipped");
        assert_eq!(tally.failures, ["pays"]);
    }

    #[test]
    fn a_skipped_test_is_a_failure_in_ci_only() {
        let mut tally = Tally::default();
        tally.line("test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.line("skipped: no browser [portal::buys]");
        assert!(tally.finish(false).is_ok());
        assert!(tally.finish(true).is_err());
    }
}
