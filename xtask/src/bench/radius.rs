//! RADIUS: authentication and durable accounting, beside FreeRADIUS.

use anyhow::{Context as _, Result, ensure};

use super::packets;
use super::peer::{Backend, Load, Meter, Reading, Server};
use super::served::World;
use crate::machine;
use crate::postgres::Postgres;

/// The middle one of this many readings counts.
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
/// Fewer for servers that would take minutes.
const SLOW: u32 = 10;

/// How many tickets there are in our database: a few, and as many as a big installation has.
const TICKETS: [u32; 2] = [5_000, 1_000_000];

/// Prints a Markdown table.
pub(super) fn run() -> Result<()> {
    let meter = Meter::new()?;
    println!(
        "| server | what | requests/s | server, µs each | radclient, µs each | other load, % of a core |"
    );
    println!("|---|---|---:|---:|---:|---:|");
    peer(&meter)?;
    for tickets in TICKETS {
        let world = World::make(tickets, None)?;
        bando(
            &meter,
            &format!("Bando SQLite, {tickets} tickets"),
            &world,
            &[],
        )?;
    }
    let programs = machine::postgres_programs().context("PostgreSQL is not installed")?;
    let postgres = Postgres::start(programs)?;
    let world = World::make(TICKETS[0], Some(postgres.url()))?;
    bando(
        &meter,
        &format!("Bando PostgreSQL, {} tickets", TICKETS[0]),
        &world,
        &[postgres.pid()?],
    )
}

fn peer(meter: &Meter) -> Result<()> {
    let packets = meter.packets();
    {
        let peer = meter.peer(Backend::Files)?;
        row(
            "FreeRADIUS `files`",
            "PAP",
            middle(meter, peer.auth(&packets), PAP)?,
        );
        row(
            "FreeRADIUS `files`",
            "CHAP",
            middle(meter, peer.auth(&packets), CHAP)?,
        );
    }
    let peer = meter.peer(Backend::Postgres)?;
    let name = "FreeRADIUS PostgreSQL";
    row(
        name,
        "PAP",
        middle(meter, peer.auth(&packets), Load { count: SLOW, ..PAP })?,
    );
    row(
        name,
        "CHAP",
        middle(
            meter,
            peer.auth(&packets),
            Load {
                count: SLOW,
                ..CHAP
            },
        )?,
    );
    row(
        name,
        "accounting, interim",
        middle(meter, peer.acct(&packets), INTERIM)?,
    );
    Ok(())
}

/// Measures our program, and with it the processes that work for it.
fn bando(meter: &Meter, name: &str, world: &World, helpers: &[u32]) -> Result<()> {
    let directory = world.directory().join("packets");
    packets::write(&directory, &world.told.identity, &world.told.codes)?;
    let served = world.serve()?;
    let pids = [&[served.pid()], helpers].concat();
    let secret = &world.told.secret;
    let auth = Server {
        pids: &pids,
        port: served.auth_port,
        secret,
        packets: &directory,
    };
    let acct = Server {
        port: served.acct_port,
        ..auth
    };
    // The first round opens tickets and binds devices: that happens once in the life of each.
    meter.read(auth, Load { count: 1, ..PAP })?;
    row(name, "PAP", middle(meter, auth, PAP)?);
    row(name, "CHAP", middle(meter, auth, CHAP)?);
    row(name, "accounting, interim", middle(meter, acct, INTERIM)?);
    Ok(())
}

/// The reading in the middle, by processor time for a request.
fn middle(meter: &Meter, server: Server<'_>, load: Load<'_>) -> Result<Reading> {
    let mut readings = Vec::new();
    for _ in 0..ROUNDS {
        let reading = meter.read(server, load)?;
        ensure!(
            reading.lost == 0 && reading.accepted == reading.requests,
            "not all were answered: {reading:?}"
        );
        readings.push(reading);
    }
    readings.sort_by(|one, other| one.server_us.total_cmp(&other.server_us));
    Ok(readings.swap_remove(ROUNDS / 2))
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
