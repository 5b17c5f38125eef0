//! The portal: requests a second of its first page by wrk, and its size as sent.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::http;
use super::served::World;
use crate::program;

/// Connections at once: an evening at a busy place.
const CONNECTIONS: &str = "32";
const SECONDS: &str = "10";
const TICKETS: u32 = 100_000;

/// Prints a Markdown table.
pub(super) fn run() -> Result<()> {
    program::find("wrk").context("no program wrk: apt-get install wrk")?;
    let world = World::make(TICKETS, None)?;
    let server = world.serve()?;
    let url = format!("{}/p/{}", server.base_url, world.told.provider);
    let page = http::get(&url, &[("Accept-Encoding", "gzip")])?;
    ensure!(page.status == 200, "{url} answered {}", page.status);

    let before = server.processor()?;
    let wrk = [
        "-t1",
        "-c",
        CONNECTIONS,
        "-d",
        SECONDS,
        "--latency",
        "-H",
        "Accept-Encoding: gzip",
        &url,
    ];
    let said = program::read(Command::new("wrk").args(wrk))?;
    let reading = Reading::parse(&said).with_context(|| format!("wrk said: {said}"))?;
    let each = (server.processor()? - before) * 1e6 / reading.requests;

    println!(
        "| portal, first page | requests/s | p50 | p99 | server, µs each | bytes as sent | memory after, MB |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let Reading {
        per_second,
        p50,
        p99,
        ..
    } = &reading;
    let (bytes, memory) = (page.bytes_as_sent, server.memory()?);
    println!(
        "| {CONNECTIONS} connections | {per_second:.0} | {p50} | {p99} | {each:.0} | {bytes} | {memory:.0} |"
    );
    Ok(())
}

/// What wrk measured; latencies with their unit, as it writes them.
struct Reading {
    requests: f64,
    per_second: f64,
    p50: String,
    p99: String,
}

impl Reading {
    /// `None` also where not every answer was a good one.
    fn parse(said: &str) -> Option<Self> {
        if said.contains("Non-2xx") || said.contains("Socket errors") {
            return None;
        }
        let after = |label: &str| {
            said.lines()
                .find_map(|line| line.trim().strip_prefix(label))
                .map(str::trim)
        };
        let requests = said
            .lines()
            .find_map(|line| line.trim().split_once(" requests in "))?
            .0;
        Some(Self {
            requests: requests.parse().ok()?,
            per_second: after("Requests/sec:")?.parse().ok()?,
            p50: after("50%")?.to_owned(),
            p99: after("99%")?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Running 10s test @ http://127.0.0.1:1/\n  Latency Distribution\n     50%    1.23ms\n     \
                        99%    9.00ms\n  12345 requests in 10.00s, 20.00MB read\nRequests/sec:   1234.50\n";

    #[test]
    fn reads_wrk() {
        let reading = Reading::parse(SAID).unwrap();
        assert_eq!((reading.requests, reading.per_second), (12_345.0, 1234.5));
        assert_eq!(
            (reading.p50.as_str(), reading.p99.as_str()),
            ("1.23ms", "9.00ms")
        );
        assert!(Reading::parse(&format!("{SAID}  Non-2xx or 3xx responses: 7\n")).is_none());
    }
}
