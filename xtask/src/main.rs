//! What those who work on Bando run: `cargo xtask test`, `race`, `faults`, `load`, `crash`, `tidy`,
//! `licences`, `bench`, `fuzz`.
//!
//! Each command ends with one line that counts, and exits non-zero when something is wrong.

mod bench;
mod fuzz;
mod licences;
mod machine;
mod metadata;
mod outside;
mod postgres;
mod program;
mod python;
mod repository;
mod suite;
mod tally;
mod tidy;
mod torture;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::torture::Torture;

#[derive(Parser)]
#[command(name = "cargo xtask", about, version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check and every test; as root on Debian, install first what they need
    Test,
    /// Let many tasks fight over one voucher and one callback, on both databases
    Race {
        /// Passed on: `--seed S`, `--planted BUG` (`--planted help` lists them)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Play every fault with every kind of gateway on both databases, and check the invariants
    Faults {
        /// Passed on: `--only F10,…`, `--gateway NAME`, `--seed S`, `--planted BUG` (`--planted help` lists them)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Lose every message, repeat each a hundred times, forge many: a thousand payments each
    Load {
        /// Passed on: `--rounds N` payments, `--only NAME`, `--planted BUG` (`--planted help` lists them)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill the program at marked points of a purchase, start it again, check the invariants
    Crash {
        /// Passed on: `--cycles N`, `--seed S`, `--planted BUG` (`--planted help` lists them)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check the rules of the house that neither compiler nor clippy knows
    Tidy,
    /// Check the licences of everything that is linked, and that no C crypto is
    Licences,
    /// Measure, beside the named peer, and print rows for docs/performance.md
    Bench {
        /// What to measure
        name: bench::Bench,
        /// Measure what was built before, without building again
        #[arg(long)]
        built: bool,
    },
    /// Feed one fuzz target for a while
    Fuzz {
        /// The name of the target: a file in fuzz/fuzz_targets
        name: String,
        /// For how long
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
}

fn main() -> ExitCode {
    let result =
        program::stop_children_on_signals().and_then(|()| match Arguments::parse().command {
            Command::Test => suite::run(),
            Command::Race { arguments } => torture::run(Torture::Race, &arguments),
            Command::Faults { arguments } => torture::run(Torture::Faults, &arguments),
            Command::Load { arguments } => torture::run(Torture::Load, &arguments),
            Command::Crash { arguments } => torture::run(Torture::Crash, &arguments),
            Command::Tidy => tidy::run(),
            Command::Licences => licences::run(),
            Command::Bench { name, built } => bench::run(name, built),
            Command::Fuzz { name, seconds } => fuzz::run(&name, seconds),
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
