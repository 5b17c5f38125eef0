//! The way from an asynchronous transaction to the thread that has its connection.
//!
//! A [`Session`] queues a [`Begin`] together with its first statement, so a thread never waits for
//! a transaction that has nothing to say yet. Dropping the session hangs up, which rolls back.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Queue, statement};
use crate::error::{Error, Result};
use crate::row::Row;
use crate::sql::Sql;
use crate::value::Value;

/// Where transactions line up for a connection.
pub(super) struct Lane {
    queue: Mutex<Option<Queue>>,
    busy_timeout: Duration,
}

impl Lane {
    pub(super) fn new(queue: Queue, busy_timeout: Duration) -> Self {
        Self {
            queue: Mutex::new(Some(queue)),
            busy_timeout,
        }
    }

    pub(super) fn session(&self) -> Session {
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Session {
            state: State::Outside(queue),
            busy_timeout: self.busy_timeout,
            fate: Arc::default(),
        }
    }

    pub(super) fn close(&self) {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

/// A transaction in the queue or being served: the thread's half.
pub(super) struct Begin {
    commands: Receiver<Command>,
    fate: Arc<OnceLock<Error>>,
}

enum Command {
    Run(Box<dyn FnOnce(&Connection) + Send>),
    Commit(oneshot::Sender<Result<()>>),
}

/// How a transaction ended, as far as its client is concerned.
pub(super) enum Ending {
    /// It asks to be committed.
    Commit(oneshot::Sender<Result<()>>),
    /// It was dropped, or idle for too long.
    Rollback,
    /// SQLite rolled everything back by itself (disk full, I/O error).
    Lost,
}

impl Begin {
    /// Runs the transaction's statements until it ends.
    pub(super) fn serve(&self, connection: &Connection, idle_timeout: Duration) -> Ending {
        loop {
            match self.commands.recv_timeout(idle_timeout) {
                Ok(Command::Run(work)) => {
                    work(connection);
                    if connection.is_autocommit() {
                        self.refuse(Error::Aborted);
                        return Ending::Lost;
                    }
                }
                Ok(Command::Commit(reply)) => return Ending::Commit(reply),
                Err(RecvTimeoutError::Disconnected) => return Ending::Rollback,
                Err(RecvTimeoutError::Timeout) => {
                    self.refuse(Error::Idle);
                    return Ending::Rollback;
                }
            }
        }
    }

    /// Tells the client why it is not served (any further).
    pub(super) fn refuse(&self, error: Error) {
        // Only the first reason counts.
        let _ = self.fate.set(error);
    }
}

/// A transaction: the client's half.
pub(crate) struct Session {
    state: State,
    busy_timeout: Duration,
    fate: Arc<OnceLock<Error>>,
}

enum State {
    /// Nothing sent yet; no queue if the database is closed.
    Outside(Option<Queue>),
    Inside(Sender<Command>),
}

impl Session {
    pub(crate) async fn exec(&mut self, sql: Sql, params: Vec<Value>) -> Result<u64> {
        self.run(move |connection| statement::exec(connection, sql.as_str(), &params))
            .await
    }

    pub(crate) async fn exec_many(&mut self, sql: Sql, rows: Vec<Vec<Value>>) -> Result<u64> {
        self.run(move |connection| {
            rows.iter()
                .map(|row| statement::exec(connection, sql.as_str(), row))
                .sum::<Result<u64>>()
        })
        .await
    }

    pub(crate) async fn batch(&mut self, statements: Vec<(Sql, Vec<Value>)>) -> Result<Vec<u64>> {
        self.run(move |connection| {
            statements
                .iter()
                .map(|(sql, params)| statement::exec(connection, sql.as_str(), params))
                .collect()
        })
        .await
    }

    pub(crate) async fn query(&mut self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>> {
        self.run(move |connection| statement::query(connection, sql.as_str(), &params))
            .await
    }

    /// Runs `work` on the connection, inside the transaction.
    pub(crate) async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Run(Box::new(move |connection| {
            // Whoever stopped waiting will roll back; do not do the work for nothing.
            if !reply.is_closed() {
                let _ = reply.send(work(connection));
            }
        }));
        let answered = if let State::Inside(commands) = &self.state {
            commands.send(command).map_err(|_| self.fate())?;
            answer.await
        } else {
            self.enter(command)?;
            let Ok(answered) = tokio::time::timeout(self.busy_timeout, answer).await else {
                return Err(Error::unavailable(
                    "waited too long for the database's turn",
                ));
            };
            answered
        };
        answered.map_err(|_| self.fate())?
    }

    pub(crate) async fn commit(self) -> Result<()> {
        let State::Inside(commands) = &self.state else {
            return Ok(());
        };
        let (reply, answer) = oneshot::channel();
        commands
            .send(Command::Commit(reply))
            .map_err(|_| self.fate())?;
        answer.await.map_err(|_| self.fate())?
    }

    /// Lines up for a connection, with the first statement in hand.
    fn enter(&mut self, first: Command) -> Result<()> {
        let closed = || Error::unavailable("it is closed");
        let State::Outside(Some(queue)) = &self.state else {
            return Err(closed());
        };
        let (sender, commands) = channel();
        // Cannot fail: the receiver is right here.
        let _ = sender.send(first);
        queue
            .send(Begin {
                commands,
                fate: Arc::clone(&self.fate),
            })
            .map_err(|_| closed())?;
        self.state = State::Inside(sender);
        Ok(())
    }

    /// Why the thread hung up.
    fn fate(&self) -> Error {
        self.fate
            .get()
            .cloned()
            .unwrap_or_else(|| Error::unavailable("its thread has stopped"))
    }
}
