//! Start and memory: from the process to the first answer, by how much there is in the database.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::served::World;

const TICKETS: [u32; 3] = [5_000, 100_000, 1_000_000];
/// The best of this many starts counts.
const ROUNDS: usize = 5;
/// Memory is read when what belongs to the start is over.
const SETTLED: Duration = Duration::from_secs(2);

/// Prints a Markdown table.
pub(super) fn run() -> Result<()> {
    println!("| tickets | start to ready, ms | memory, idle, MB |");
    println!("|---:|---:|---:|");
    for tickets in TICKETS {
        let world = World::make(tickets, None)?;
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            best = best.min(world.serve()?.start);
        }
        let served = world.serve()?;
        thread::sleep(SETTLED);
        println!(
            "| {tickets} | {} | {:.0} |",
            best.as_millis(),
            served.memory()?
        );
    }
    Ok(())
}
