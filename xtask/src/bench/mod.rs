//! `cargo xtask bench`: figures for docs/performance.md, beside the named peer and in the same run.

mod peer;
mod radius;

use anyhow::Result;
use clap::ValueEnum;

/// What can be measured.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Bench {
    /// RADIUS authentication and durable accounting, beside FreeRADIUS
    Radius,
}

/// Measures and prints rows of a Markdown table.
pub(crate) fn run(bench: Bench) -> Result<()> {
    match bench {
        Bench::Radius => radius::run(),
    }
}
