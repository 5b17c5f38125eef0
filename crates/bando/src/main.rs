//! `bando`: sells, meters and enforces internet access on MikroTik networks.

use std::process::ExitCode;

use bando::commands::Cli;
use clap::Parser;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("bando: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(Cli::parse().run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bando: {error:#}");
            ExitCode::FAILURE
        }
    }
}
