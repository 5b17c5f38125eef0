//! `cargo xtask test`: every check and every test, and one line that counts them.

use std::env;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::metadata::Metadata;
use crate::outside::Outside;
use crate::tally::Tally;
use crate::torture::{self, Torture};
use crate::{licences, program, repository, tidy};

/// Runs everything, also after a failure, and fails if anything failed. With `CI=true` in the environment a skipped
/// test is a failure.
pub(crate) fn run() -> Result<()> {
    let strict = env::var("CI").is_ok_and(|value| value == "true");
    let mut tally = Tally::default();
    let outside = Outside::prepare()?;

    step(&mut tally, "fmt", || {
        program::run(repository::cargo().args(["fmt", "--all", "--check"]))
    });
    step(&mut tally, "tidy", tidy::run);
    step(&mut tally, "licences", licences::run);
    step(&mut tally, "clippy", || program::run(&mut clippy()));
    tests(&mut tally, &outside)?;
    let metadata = Metadata::read()?;
    let program = metadata.package("bando")?;
    for torture in Torture::ALL
        .into_iter()
        .filter(|torture| program.has_test(torture.target()))
    {
        let run = || torture::run_in(&outside, torture, &torture.arguments_of_a_whole_run());
        step(&mut tally, torture.name(), run);
        for bug in torture.planted_bugs() {
            let name = format!("{} --planted {bug}", torture.name());
            step(&mut tally, &name, || {
                torture::control(&outside, torture, bug)
            });
        }
    }

    drop(outside);
    tally.finish(strict)
}

fn step(tally: &mut Tally, name: &str, run: impl FnOnce() -> Result<()>) {
    let start = begin(name);
    let result = run();
    println!(
        "--- {name}: {}, {} s",
        if result.is_ok() { "ok" } else { "FAILED" },
        start.elapsed().as_secs()
    );
    tally.step(name, result);
}

fn tests(tally: &mut Tally, outside: &Outside) -> Result<()> {
    let start = begin("tests");
    let failed = tally.failed();
    let mut command = outside.cargo();
    command.args(torture::TEST).arg("--no-fail-fast");
    let status = program::watch(&mut command, &mut |line| tally.line(line))?;
    if !status.success() && tally.failed() == failed {
        tally.fail(format!(
            "cargo test ended with {status} (it may not have compiled)"
        ));
    }
    println!("--- tests: {} s", start.elapsed().as_secs());
    ensure!(status.code().is_some(), "stopped");
    Ok(())
}

fn begin(name: &str) -> Instant {
    println!("--- {name}");
    Instant::now()
}

fn clippy() -> Command {
    let mut command = repository::cargo();
    command.args([
        "clippy",
        "--workspace",
        "--all-targets",
        // Left out of all targets, because a plain `cargo test` shall not run them.
        "--test=race",
        "--test=crash",
        "--test=faults",
        "--features=bando/crash",
        "--",
        "--deny",
        "warnings",
    ]);
    command
}
