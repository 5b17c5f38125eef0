//! `cargo xtask bench`: figures for docs/performance.md, beside the named peer and in the same run.

mod callbacks;
mod http;
mod packets;
mod peer;
mod portal;
mod radius;
mod served;
mod start;

use anyhow::Result;
use clap::ValueEnum;

/// What can be measured.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Bench {
    /// RADIUS authentication and durable accounting, beside FreeRADIUS
    Radius,
    /// The portal's first page: requests a second, bytes as sent
    Portal,
    /// From a gateway's callback to a usable ticket, by callbacks a second
    Callbacks,
    /// Start of the program and its memory, by how much there is in the database
    Start,
}

/// Builds the program as it is shipped, unless it was `built` before, measures, and prints a Markdown table.
pub(crate) fn run(bench: Bench, built: bool) -> Result<()> {
    if !built {
        served::build()?;
    }
    match bench {
        Bench::Radius => radius::run(),
        Bench::Portal => portal::run(),
        Bench::Callbacks => callbacks::run(),
        Bench::Start => start::run(),
    }
}
