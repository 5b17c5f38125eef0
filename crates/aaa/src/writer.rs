//! Writes accounting down and answers it: many records, one commit, then their responses.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bando_app::App;
use bando_domain::{ProviderId, RouterId, SessionId, Timestamp};
use bando_store::SessionUpdate;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::duplicates::Request;
use crate::port::Port;
use crate::report::{Boot, Phase, Report, SessionReport};
use crate::routers::KnownRouter;
use crate::snapshots::Snapshots;
use crate::{DropReason, counters};

/// Records that may wait. Past it there is silence, and routers ask again.
pub(crate) const QUEUE: usize = 16_384;

/// The most records in one commit.
const BATCH: usize = 2000;

/// Providers whose records are written at the same time.
const PROVIDERS_AT_ONCE: usize = 8;

/// How long a busy database is waited for before records are given up to their routers' next try.
const RETRY_AFTER: Duration = Duration::from_millis(20);

/// A verified Accounting-Request that waits to be written down.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) router: Arc<KnownRouter>,
    pub(crate) report: Report,
    pub(crate) request: Request,
    /// The response, to be sent once the record is durable.
    pub(crate) reply: Box<[u8]>,
}

/// The one who writes. While a commit is under way the next batch gathers, so batches grow with the
/// load and an idle server waits for nothing.
pub(crate) struct Writer {
    app: App,
    port: Arc<Port>,
    snapshots: Arc<Snapshots>,
}

/// The newest boot digit of each router and service, and when the session that had it began.
type Boots = HashMap<(RouterId, u8), (u8, Timestamp)>;

impl Writer {
    pub(crate) fn new(app: App, port: Arc<Port>, snapshots: Arc<Snapshots>) -> Self {
        Self {
            app,
            port,
            snapshots,
        }
    }

    /// Writes until the queue is closed and empty.
    pub(crate) async fn run(self, mut queue: mpsc::Receiver<Record>) {
        let mut boots: HashMap<ProviderId, Boots> = HashMap::new();
        let mut batch = Vec::new();
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            let mut by_provider: HashMap<ProviderId, Vec<Record>> = HashMap::new();
            for record in batch.drain(..) {
                by_provider
                    .entry(record.router.provider)
                    .or_default()
                    .push(record);
            }
            let work = by_provider.into_iter().map(|(provider, records)| {
                let known = boots.remove(&provider).unwrap_or_default();
                self.write(provider, records, known)
            });
            let done: Vec<_> = stream::iter(work)
                .buffer_unordered(PROVIDERS_AT_ONCE)
                .collect()
                .await;
            boots.extend(done);
        }
    }

    /// Writes one provider's records in order. Another's cannot fail with them.
    async fn write(
        &self,
        provider: ProviderId,
        records: Vec<Record>,
        mut boots: Boots,
    ) -> (ProviderId, Boots) {
        let mut waiting = Vec::with_capacity(records.len());
        for record in records {
            let restart = restart(&record, &boots);
            if let Some(before) = restart {
                self.write_sessions(provider, std::mem::take(&mut waiting))
                    .await;
                let closed = self
                    .app
                    .router_restarted(provider, record.router.id, before)
                    .await;
                if let Err(error) = closed {
                    self.give_up(&record, &error);
                    continue;
                }
            }
            if let Report::Session(session) = &record.report {
                note_boot(&mut boots, record.router.id, session);
                waiting.push(record);
            } else {
                self.answer(record);
            }
        }
        self.write_sessions(provider, waiting).await;
        (provider, boots)
    }

    async fn write_sessions(&self, provider: ProviderId, records: Vec<Record>) {
        if records.is_empty() {
            return;
        }
        let Err(error) = self.commit(provider, &records).await else {
            records.into_iter().for_each(|record| self.answer(record));
            return;
        };
        if error.is_unavailable() || records.len() == 1 {
            for record in &records {
                self.give_up(record, &error);
            }
            return;
        }
        // One of them is at fault: the others must not suffer with it.
        for record in records {
            match self.commit(provider, std::slice::from_ref(&record)).await {
                Ok(()) => self.answer(record),
                Err(error) => self.give_up(&record, &error),
            }
        }
    }

    /// Returns when the records are durable.
    async fn commit(
        &self,
        provider: ProviderId,
        records: &[Record],
    ) -> Result<(), bando_app::Error> {
        let updates: Vec<_> = newest(records).into_iter().map(|u| (provider, u)).collect();
        let mut written = self.app.record_accounting(updates.clone()).await;
        if written
            .as_ref()
            .is_err_and(bando_app::Error::is_unavailable)
        {
            tokio::time::sleep(RETRY_AFTER).await;
            written = self.app.record_accounting(updates).await;
        }
        written?;
        for ticket in records.iter().filter_map(|r| session(r)?.ticket()) {
            self.snapshots.forget_usage(ticket);
        }
        Ok(())
    }

    fn answer(&self, record: Record) {
        counters::count(&self.port.counters().accounted);
        self.port.answer(&record.request, record.reply);
    }

    fn give_up(&self, record: &Record, error: &bando_app::Error) {
        self.port
            .give_up(&record.request, DropReason::Unavailable, error);
    }
}

fn session(record: &Record) -> Option<&SessionReport> {
    match &record.report {
        Report::Session(session) => Some(session),
        Report::Restarted(_) | Report::Nothing => None,
    }
}

/// What to write for these records: everything, but of the interim reports of one session only the
/// newest, for their counters are totals.
fn newest(records: &[Record]) -> Vec<SessionUpdate> {
    let mut updates: Vec<SessionUpdate> = Vec::with_capacity(records.len());
    let mut interims: HashMap<SessionId, usize> = HashMap::new();
    for report in records.iter().filter_map(session) {
        let update = &report.update;
        if report.phase != Phase::Interim {
            updates.push(update.clone());
            continue;
        }
        match interims.get(&update.id) {
            Some(&earlier) if updates[earlier].seconds <= update.seconds => {
                updates[earlier] = update.clone();
            }
            Some(_) => {}
            None => {
                interims.insert(update.id, updates.len());
                updates.push(update.clone());
            }
        }
    }
    updates
}

/// The moment before which the router's sessions are over, if the record tells of a restart.
fn restart(record: &Record, boots: &Boots) -> Option<Timestamp> {
    let session = match &record.report {
        Report::Restarted(at) => return Some(*at),
        Report::Session(session) => session,
        Report::Nothing => return None,
    };
    let Boot { service, digit } = session.boot?;
    let (known, since) = boots.get(&(record.router.id, service))?;
    let began = began(session);
    // A Start from before the restart that comes late says nothing.
    (*known != digit && began > *since).then_some(began)
}

fn note_boot(boots: &mut Boots, router: RouterId, session: &SessionReport) {
    if let Some(Boot { service, digit }) = session.boot {
        let began = began(session);
        let known = boots.entry((router, service)).or_insert((digit, began));
        if began > known.1 {
            *known = (digit, began);
        }
    }
}

fn began(session: &SessionReport) -> Timestamp {
    session
        .update
        .at
        .minus(Duration::from_secs(session.update.seconds))
}
