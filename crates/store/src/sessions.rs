//! Sessions as routers account them.

use std::collections::BTreeSet;
use std::fmt::Write;

use bando_db::{Engine, Row, Sql};
use bando_domain::{MacAddr, ProviderId, RouterId, SessionId, TicketId, Timestamp, Usage};

use crate::field::{Field, get, values};
use crate::vault::Place;
use crate::{Result, TenantTx};

/// One stay on the network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The router that has it.
    pub router_id: RouterId,
    /// The ticket it uses.
    pub ticket_id: Option<TicketId>,
    /// The router's own name for it (Acct-Session-Id).
    pub acct_session_id: String,
    /// User-Name as the router sent it.
    pub user_name: String,
    /// The device.
    pub mac: Option<MacAddr>,
    /// The address it was given.
    pub framed_ip: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last accounted.
    pub updated_at: Timestamp,
    /// When it ended.
    pub stopped_at: Option<Timestamp>,
    /// Acct-Session-Time, seconds.
    pub seconds: u64,
    /// What moved.
    pub usage: Usage,
    /// Acct-Terminate-Cause by name.
    pub terminate_cause: Option<String>,
}

/// What one accounting record says of a session. Counters are totals since its start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionUpdate {
    /// The session's id.
    pub id: SessionId,
    /// The router that sent it.
    pub router_id: RouterId,
    /// The ticket it uses.
    pub ticket_id: Option<TicketId>,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// User-Name.
    pub user_name: String,
    /// Calling-Station-Id.
    pub mac: Option<MacAddr>,
    /// Framed-IP-Address.
    pub framed_ip: Option<String>,
    /// When what it tells of happened.
    pub at: Timestamp,
    /// Acct-Session-Time, seconds.
    pub seconds: u64,
    /// Octets with Gigawords. What is past a pebibyte a direction is not believed.
    pub usage: Usage,
    /// For a Stop: Acct-Terminate-Cause by name.
    pub stopped: Option<String>,
}

const COLUMNS: &str =
    "session_id, router_id, ticket_id, acct_session_id, user_name_sealed, mac, framed_ip, started_at,
  updated_at, stopped_at, session_seconds, octets_in, octets_out, terminate_cause";

impl Session {
    fn from_row(row: &Row, tx: &TenantTx) -> Result<Self> {
        let id: SessionId = get(row, 0)?;
        let sealed: Vec<u8> = get(row, 4)?;
        let user_name = tx
            .vault()
            .open(place(tx.provider_id(), id.uuid().as_bytes()), &sealed)?;
        Ok(Self {
            id,
            router_id: get(row, 1)?,
            ticket_id: get(row, 2)?,
            acct_session_id: get(row, 3)?,
            user_name: String::from_utf8_lossy(&user_name).into_owned(),
            mac: get(row, 5)?,
            framed_ip: get(row, 6)?,
            started_at: get(row, 7)?,
            updated_at: get(row, 8)?,
            stopped_at: get(row, 9)?,
            seconds: get(row, 10)?,
            usage: Usage {
                octets_in: get(row, 11)?,
                octets_out: get(row, 12)?,
            },
            terminate_cause: get(row, 13)?,
        })
    }
}

/// User-Name is a ticket's code most of the time, so it is sealed like the code itself.
fn place(provider: ProviderId, row: &[u8; 16]) -> Place<'_> {
    Place {
        table: "sessions",
        column: "user_name_sealed",
        provider,
        row,
    }
}

/// Adds what a session has moved since it was last seen to its ticket. Runs before the session
/// itself is written, so that the difference is to what was known; doubled and late records add
/// nothing, because counters only ever grow.
const METER: &str = "UPDATE tickets SET
    octets_in = tickets.octets_in + CASE WHEN $4 > known.octets_in THEN $4 - known.octets_in ELSE 0 END,
    octets_out = tickets.octets_out + CASE WHEN $5 > known.octets_out THEN $5 - known.octets_out ELSE 0 END
  FROM (SELECT COALESCE(MAX(octets_in), 0) AS octets_in, COALESCE(MAX(octets_out), 0) AS octets_out
        FROM sessions WHERE provider_id = $1 AND session_id = $3) AS known
  WHERE tickets.provider_id = $1 AND tickets.ticket_id = $2";

/// Counters and times never go back, and a record that comes after the Stop does not reopen it.
const RECORD: &str = "INSERT INTO sessions (provider_id, session_id, router_id, ticket_id, acct_session_id,
    user_name_sealed, mac, framed_ip, started_at, updated_at, stopped_at, session_seconds, octets_in, octets_out, terminate_cause)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  ON CONFLICT (provider_id, session_id) DO UPDATE SET
    ticket_id = COALESCE(sessions.ticket_id, excluded.ticket_id),
    framed_ip = COALESCE(excluded.framed_ip, sessions.framed_ip),
    started_at = CASE WHEN excluded.started_at < sessions.started_at THEN excluded.started_at ELSE sessions.started_at END,
    updated_at = CASE WHEN excluded.updated_at > sessions.updated_at THEN excluded.updated_at ELSE sessions.updated_at END,
    stopped_at = COALESCE(sessions.stopped_at, excluded.stopped_at),
    session_seconds = CASE WHEN excluded.session_seconds > sessions.session_seconds
      THEN excluded.session_seconds ELSE sessions.session_seconds END,
    octets_in = CASE WHEN excluded.octets_in > sessions.octets_in THEN excluded.octets_in ELSE sessions.octets_in END,
    octets_out = CASE WHEN excluded.octets_out > sessions.octets_out THEN excluded.octets_out ELSE sessions.octets_out END,
    terminate_cause = COALESCE(sessions.terminate_cause, excluded.terminate_cause)";

/// The most octets that one session is believed to have moved in one direction, 1 PiB: sums of many
/// sessions stay within 64 bits, whatever a router sends.
const MAX_OCTETS: u64 = 1 << 50;

impl TenantTx {
    /// Writes down accounting records, those of one session in order, and adds what they moved to
    /// their tickets.
    pub async fn record_sessions(&mut self, updates: &[SessionUpdate]) -> Result<()> {
        self.lock_tickets_of(updates).await?;
        // In the same order everywhere, so that two nodes never wait for each other.
        let mut updates: Vec<&SessionUpdate> = updates.iter().collect();
        updates.sort_by_key(|u| u.id);
        let mut statements = Vec::with_capacity(updates.len() * 2);
        for u in updates {
            let octets_in = u.usage.octets_in.min(MAX_OCTETS);
            let octets_out = u.usage.octets_out.min(MAX_OCTETS);
            if let Some(ticket) = u.ticket_id.filter(|_| octets_in > 0 || octets_out > 0) {
                let row = values![ticket, u.id, octets_in, octets_out];
                statements.push((Sql::from(METER), row));
            }
            let row_key = *u.id.uuid().as_bytes();
            let place = place(self.provider_id(), &row_key);
            let user_name = self.vault().seal_same(place, u.user_name.as_bytes());
            let started = u.at.minus(std::time::Duration::from_secs(u.seconds));
            let stopped_at = u.stopped.as_ref().map(|_| u.at);
            let row = values![
                u.id,
                u.router_id,
                u.ticket_id,
                u.acct_session_id,
                user_name,
                u.mac,
                u.framed_ip,
                started,
                u.at,
                stopped_at,
                u.seconds,
                octets_in,
                octets_out,
                u.stopped,
            ];
            statements.push((Sql::from(RECORD), row));
        }
        self.batch(statements).await?;
        Ok(())
    }

    /// Makes the records of one ticket take turns. METER reads the session beside the ticket it
    /// changes: waiting for the ticket inside that statement, PostgreSQL would look at the session
    /// as it was before the wait and add the same bytes twice. A SQLite writer is alone anyway.
    async fn lock_tickets_of(&mut self, updates: &[SessionUpdate]) -> Result<()> {
        if self.tx.engine() == Engine::Sqlite {
            return Ok(());
        }
        let tickets: BTreeSet<TicketId> = updates.iter().filter_map(|u| u.ticket_id).collect();
        let tickets: Vec<TicketId> = tickets.into_iter().collect();
        for chunk in tickets.chunks(LIST) {
            let sql = format!(
                "SELECT ticket_id FROM tickets WHERE provider_id = $1 AND ticket_id IN ({})
                 ORDER BY ticket_id /*for update*/",
                placeholders(2)
            );
            self.all(Sql::built(sql), padded(chunk)).await?;
        }
        Ok(())
    }

    /// Those of the sessions that are open although their ticket has ended: their routers have yet
    /// to put them off.
    pub async fn sessions_without_right(
        &mut self,
        sessions: &[SessionId],
    ) -> Result<Vec<SessionId>> {
        let sql = format!(
            "SELECT s.session_id FROM sessions s JOIN tickets t
               ON t.provider_id = s.provider_id AND t.ticket_id = s.ticket_id
             WHERE s.provider_id = $1 AND s.session_id IN ({}) AND s.stopped_at IS NULL
               AND t.state NOT IN ('unused', 'active')",
            placeholders(2)
        );
        let mut found = Vec::new();
        for chunk in sessions.chunks(LIST) {
            let rows = self.all(Sql::built(sql.clone()), padded(chunk)).await?;
            for row in &rows {
                found.push(get(row, 0)?);
            }
        }
        Ok(found)
    }

    /// A session.
    pub async fn session(&mut self, id: SessionId) -> Result<Option<Session>> {
        let sql =
            format!("SELECT {COLUMNS} FROM sessions WHERE provider_id = $1 AND session_id = $2");
        let row = self.maybe(Sql::built(sql), values![id]).await?;
        row.map(|row| Session::from_row(&row, self)).transpose()
    }

    /// The sessions of a ticket, newest first.
    pub async fn sessions_of_ticket(&mut self, ticket: TicketId) -> Result<Vec<Session>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE provider_id = $1 AND ticket_id = $2
                           ORDER BY session_id DESC LIMIT 200"
        );
        let rows = self.all(Sql::built(sql), values![ticket]).await?;
        rows.iter()
            .map(|row| Session::from_row(row, self))
            .collect()
    }

    /// The sessions of a ticket that are still open, the oldest first.
    pub async fn open_sessions_of_ticket(&mut self, ticket: TicketId) -> Result<Vec<Session>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE provider_id = $1 AND ticket_id = $2
                           AND stopped_at IS NULL ORDER BY session_id"
        );
        let rows = self.all(Sql::built(sql), values![ticket]).await?;
        rows.iter()
            .map(|row| Session::from_row(row, self))
            .collect()
    }

    /// The sessions that are open now, newest first.
    pub async fn open_sessions(&mut self, limit: u32) -> Result<Vec<Session>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions WHERE provider_id = $1 AND stopped_at IS NULL
                           ORDER BY session_id DESC LIMIT {limit}"
        );
        let rows = self.all(Sql::built(sql), vec![]).await?;
        rows.iter()
            .map(|row| Session::from_row(row, self))
            .collect()
    }

    /// How many sessions are open now.
    pub async fn count_open_sessions(&mut self) -> Result<u64> {
        let sql = "SELECT COUNT(*) FROM sessions WHERE provider_id = $1 AND stopped_at IS NULL";
        get(&self.one(sql, vec![]).await?, 0)
    }

    /// Closes a session that its router no longer has. Returns whether it was open.
    pub async fn close_session(
        &mut self,
        id: SessionId,
        now: Timestamp,
        cause: &str,
    ) -> Result<bool> {
        let sql = "UPDATE sessions SET stopped_at = $3, terminate_cause = $4
                   WHERE provider_id = $1 AND session_id = $2 AND stopped_at IS NULL";
        Ok(self.exec(sql, values![id, now, cause]).await? == 1)
    }

    /// Closes every session of a router that began before `before`: it has restarted.
    pub async fn close_sessions_of_router(
        &mut self,
        router: RouterId,
        before: Timestamp,
        cause: &str,
    ) -> Result<u64> {
        let sql = "UPDATE sessions SET stopped_at = updated_at, terminate_cause = $4
                   WHERE provider_id = $1 AND router_id = $2 AND stopped_at IS NULL AND started_at < $3";
        self.exec(sql, values![router, before, cause]).await
    }
}

/// How many ids one statement asks for: always as many, so that there is one text to prepare.
pub(crate) const LIST: usize = 64;

/// `$first, $first+1, …` for [`LIST`] ids.
pub(crate) fn placeholders(first: usize) -> String {
    let mut out = format!("${first}");
    for n in first + 1..first + LIST {
        let _ = write!(out, ", ${n}");
    }
    out
}

/// At most [`LIST`] ids, the last one repeated to fill the list.
pub(crate) fn padded<T: Field>(ids: &[T]) -> Vec<bando_db::Value> {
    let last = ids.last().into_iter().cycle();
    ids.iter()
        .chain(last)
        .take(LIST)
        .map(Field::to_value)
        .collect()
}
