//! The one writer: group commit for interactive transactions.
//!
//! Transactions are served one at a time, each in a SAVEPOINT. When one asks to be committed while
//! others already wait, its savepoint is released and the next one goes on in the same outer
//! transaction; all are answered after the one COMMIT that makes them durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::lane::{Begin, Ending};
use super::statement;
use crate::db::Stats;
use crate::error::{Error, Result};

/// Most transactions in one commit.
const GROUP_MAX: usize = 256;
/// No transaction joins a group older than this: it bounds how long the first member waits.
const GROUP_TIME: Duration = Duration::from_millis(5);

/// Commits so far.
#[derive(Default)]
pub(super) struct Counters {
    transactions: AtomicU64,
    commits: AtomicU64,
}

impl Counters {
    pub(super) fn stats(&self) -> Stats {
        Stats {
            transactions: self.transactions.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
        }
    }
}

type Reply = oneshot::Sender<Result<()>>;

/// Serves read-write transactions.
pub(super) struct Writer {
    idle_timeout: Duration,
    counters: Arc<Counters>,
}

impl Writer {
    pub(super) fn new(idle_timeout: Duration, counters: Arc<Counters>) -> Self {
        Self {
            idle_timeout,
            counters,
        }
    }

    /// Runs until the database is closed.
    pub(super) fn run(&self, connection: &Connection, queue: &Receiver<Begin>) {
        while let Ok(first) = queue.recv() {
            self.group(connection, first, queue);
        }
    }

    fn group(&self, connection: &Connection, first: Begin, queue: &Receiver<Begin>) {
        if let Err(error) = statement::command(connection, "BEGIN IMMEDIATE") {
            first.refuse(error);
            return;
        }
        let opened = Instant::now();
        let mut members = Vec::new();
        let mut next = Some(first);
        while let Some(begin) = next {
            if let Err(error) = self.member(connection, &begin, &mut members) {
                abandon(connection, members, &error);
                return;
            }
            let open = members.len() < GROUP_MAX && opened.elapsed() < GROUP_TIME;
            next = if open { queue.try_recv().ok() } else { None };
        }
        self.commit(connection, members);
    }

    /// Serves one transaction inside the group; fails only if the group is lost.
    fn member(
        &self,
        connection: &Connection,
        begin: &Begin,
        members: &mut Vec<Reply>,
    ) -> Result<()> {
        statement::command(connection, "SAVEPOINT member")
            .inspect_err(|error| begin.refuse(error.clone()))?;
        match begin.serve(connection, self.idle_timeout) {
            Ending::Commit(reply) => {
                members.push(reply);
                statement::command(connection, "RELEASE member")
            }
            Ending::Rollback => {
                statement::command(connection, "ROLLBACK TO member")?;
                statement::command(connection, "RELEASE member")
            }
            Ending::Lost => Err(Error::Retry {
                message: "another transaction in the same commit hit a disk error and everything was rolled back".into(),
            }),
        }
    }

    fn commit(&self, connection: &Connection, members: Vec<Reply>) {
        if members.is_empty() {
            abandon(connection, members, &Error::Aborted);
            return;
        }
        match connection
            .prepare_cached("COMMIT")
            .and_then(|mut commit| commit.execute([]))
        {
            Ok(_) => {
                self.counters
                    .transactions
                    .fetch_add(members.len() as u64, Ordering::Relaxed);
                self.counters.commits.fetch_add(1, Ordering::Relaxed);
                for member in members {
                    let _ = member.send(Ok(()));
                }
            }
            Err(error) => abandon(connection, members, &commit_error(error)),
        }
    }
}

/// Rolls the group back and tells its members why.
fn abandon(connection: &Connection, members: Vec<Reply>, error: &Error) {
    if !connection.is_autocommit()
        && let Err(error) = statement::command(connection, "ROLLBACK")
    {
        tracing::error!(%error, "SQLite could not roll back");
    }
    for member in members {
        let _ = member.send(Err(error.clone()));
    }
}

/// After an I/O error the frames of the commit may have reached the disk all the same.
fn commit_error(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => Error::Unknown {
            message: error.to_string(),
        },
        _ => statement::error(error),
    }
}
