//! `cargo xtask fuzz`: one coverage-guided fuzz target for a while.

use anyhow::{Context as _, Result, ensure};

use crate::{program, repository};

/// Runs a target of `fuzz/` with cargo-fuzz. Fails when it finds an input that panics or hangs.
pub(crate) fn run(name: &str, seconds: u32) -> Result<()> {
    ensure!(
        repository::root()
            .join("fuzz/fuzz_targets")
            .join(name)
            .with_extension("rs")
            .exists(),
        "no fuzz target {name}: see fuzz/fuzz_targets"
    );
    program::find("cargo-fuzz")
        .context("cargo-fuzz is not installed: cargo install --locked cargo-fuzz")?;
    // The sanitizer needs unstable flags; this lets a stable compiler take them.
    let mut command = repository::cargo();
    command
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["fuzz", "run", name, "--"])
        .arg(format!("-max_total_time={seconds}"));
    program::run(&mut command)?;
    println!("fuzz {name}: {seconds} s, 0 violations");
    Ok(())
}
