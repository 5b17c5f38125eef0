//! RADIUS: authentication and durable accounting, beside FreeRADIUS.

use anyhow::{Result, ensure};

use super::peer::{Backend, Load, Meter, Reading, Server};

/// The best of this many readings counts, so that a busy moment of the machine does not decide.
const ROUNDS: usize = 3;

const PAP: Load<'static> = Load {
    command: "auth",
    files: "auth-pap.txt",
    count: 60,
    clients: 1,
};
const CHAP: Load<'static> = Load {
    files: "auth-chap.txt",
    ..PAP
};
const INTERIM: Load<'static> = Load {
    command: "acct",
    files: "acct-interim-*.txt",
    count: 1,
    clients: 2,
};

/// Prints a Markdown table.
pub(super) fn run() -> Result<()> {
    let meter = Meter::new()?;
    println!(
        "| server | what | requests/s | server, µs each | radclient, µs each | other load, % of a core |"
    );
    println!("|---|---|---:|---:|---:|---:|");
    {
        let peer = meter.peer(Backend::Files)?;
        row("FreeRADIUS `files`", "PAP", best(&meter, peer.auth(), PAP)?);
        row(
            "FreeRADIUS `files`",
            "CHAP",
            best(&meter, peer.auth(), CHAP)?,
        );
    }
    let peer = meter.peer(Backend::Postgres)?;
    row(
        "FreeRADIUS PostgreSQL",
        "PAP",
        best(&meter, peer.auth(), Load { count: 10, ..PAP })?,
    );
    row(
        "FreeRADIUS PostgreSQL",
        "CHAP",
        best(&meter, peer.auth(), Load { count: 10, ..CHAP })?,
    );
    row(
        "FreeRADIUS PostgreSQL",
        "accounting, interim",
        best(&meter, peer.acct(), INTERIM)?,
    );
    Ok(())
}

fn best(meter: &Meter, server: Server<'_>, load: Load<'_>) -> Result<Reading> {
    let mut readings = Vec::new();
    for _ in 0..ROUNDS {
        let reading = meter.read(server, load)?;
        ensure!(
            reading.lost == 0 && reading.accepted == reading.requests,
            "not all were answered: {reading:?}"
        );
        readings.push(reading);
    }
    let best = readings
        .into_iter()
        .min_by(|one, other| one.server_us.total_cmp(&other.server_us));
    best.ok_or_else(|| anyhow::anyhow!("nothing was read"))
}

fn row(server: &str, what: &str, reading: Reading) {
    let Reading {
        per_second,
        server_us,
        client_us,
        other,
        ..
    } = reading;
    println!(
        "| {server} | {what} | {per_second:.0} | {server_us:.1} | {client_us:.1} | {other:.0} |"
    );
}
