//! From a gateway's callback to a usable ticket, on both databases.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::served;
use crate::postgres::Postgres;
use crate::{machine, program};

/// Prints a Markdown table: the example `bench_callbacks` measures and makes its rows.
pub(super) fn run() -> Result<()> {
    println!("| database | callbacks | settled | p50, ms | p99, ms | longest, ms |");
    println!("|---|---|---:|---:|---:|---:|");
    measure(None)?;
    let programs = machine::postgres_programs().context("PostgreSQL is not installed")?;
    let server = Postgres::start(programs)?;
    measure(Some(&server.url()))
}

fn measure(database_url: Option<&str>) -> Result<()> {
    let directory = tempfile::Builder::new().prefix("bando-bench-").tempdir()?;
    let mut command = Command::new(served::release("examples/bench_callbacks"));
    command.arg("--data").arg(directory.path());
    command.args(database_url.iter().flat_map(|url| ["--database-url", *url]));
    program::run(&mut command)
}
