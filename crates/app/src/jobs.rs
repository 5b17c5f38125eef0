//! Works jobs off: one worker a node, woken by a commit or by the clock.

use std::time::Duration;

use bando_store::{Job, JobKind};
use tokio::task::JoinSet;

use crate::crash::crash_point;
use crate::{App, Result};

/// How many jobs run at once: most of their time they wait for a gateway or a router.
const AT_ONCE: usize = 64;

/// The longest sleep: other nodes may add jobs without waking this one.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// What became of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Done {
    /// It is done.
    Finished,
    /// Try again after this long, and why.
    Later(Duration, String),
}

impl App {
    /// Works jobs off until the future is dropped or aborted. Jobs cut short are taken again when
    /// their lease is over. None waits for another, unless too many run already.
    pub async fn run_jobs(&self) {
        let mut running = JoinSet::new();
        loop {
            while let Some(joined) = running.try_join_next() {
                note_joined(joined);
            }
            match self.begin_due_jobs(&mut running).await {
                Ok(0) => {
                    tokio::select! {
                        () = self.sleep_until_job(), if running.len() < AT_ONCE => {}
                        Some(joined) = running.join_next() => note_joined(joined),
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "jobs cannot be read; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Works off the jobs that are due now and returns how many there were.
    ///
    /// # Errors
    /// [`crate::Error::Store`] when jobs cannot be read; a job that fails is put back.
    pub async fn run_due_jobs(&self) -> Result<usize> {
        let mut running = JoinSet::new();
        let count = self.begin_due_jobs(&mut running).await?;
        while let Some(joined) = running.join_next().await {
            note_joined(joined);
        }
        Ok(count)
    }

    /// Takes as many due jobs as there is room for, begins them and returns how many.
    async fn begin_due_jobs(&self, running: &mut JoinSet<()>) -> Result<usize> {
        let room = AT_ONCE.saturating_sub(running.len());
        if room == 0 {
            return Ok(0);
        }
        let jobs = self
            .claim_jobs(u32::try_from(room).unwrap_or(u32::MAX))
            .await?;
        let count = jobs.len();
        for job in jobs {
            let app = self.clone();
            running.spawn(async move { app.run_job(job).await });
        }
        Ok(count)
    }

    /// Works one due job off, alone: for runs that a seed replays. False if none is due.
    ///
    /// # Errors
    /// As [`run_due_jobs`](Self::run_due_jobs).
    #[cfg(feature = "testing")]
    pub async fn run_one_due_job(&self) -> Result<bool> {
        let Some(job) = self.claim_jobs(1).await?.pop() else {
            return Ok(false);
        };
        self.run_job(job).await;
        Ok(true)
    }

    /// Takes at most so many due jobs, held for the time of their lease.
    async fn claim_jobs(&self, room: u32) -> Result<Vec<Job>> {
        let now = self.now();
        let mut tx = self.store.system().await?;
        let jobs = tx
            .claim_jobs(now, now.plus(self.settings.job_lease), room)
            .await?;
        if !jobs.is_empty() {
            tx.commit().await?;
            crash_point("job.claimed");
        }
        Ok(jobs)
    }

    async fn run_job(&self, job: Job) {
        let done = match job.kind {
            JobKind::ReadMessage => self.read_message(&job).await,
            JobKind::CheckPayment => self.check_payment(&job).await,
            JobKind::Disconnect => self.disconnect(&job).await,
            JobKind::MakeBatch => self.make_batch(&job).await,
            JobKind::ProveArrival => self.prove_arrival(&job).await,
            JobKind::SendRefund | JobKind::SendPayout => self.send_money(&job).await,
            JobKind::CheckSent => self.check_sent(&job).await,
            JobKind::PullStatement => self.fetch_statement(&job).await,
            JobKind::CompareStatement => self.compare_statement(&job).await,
            other => {
                tracing::error!(kind = other.name(), "a job of a kind nobody works off");
                Ok(Done::Finished)
            }
        };
        let (kind, provider, subject) = (job.kind.name(), job.provider, job.subject);
        let done = done.unwrap_or_else(|error| {
            tracing::error!(kind, %provider, %subject, attempts = job.attempts, %error, "job failed; it will be tried again");
            Done::Later(Duration::from_secs(u64::from(job.attempts.min(60))), error.to_string())
        });
        if let Err(error) = self.put_away(&job, done).await {
            tracing::error!(kind, %provider, %subject, %error, "job could not be put away; it is taken again when its lease is over");
        }
        crash_point("job.done");
    }

    async fn put_away(&self, job: &Job, done: Done) -> Result<()> {
        let mut tx = self.store.system().await?;
        let held = match done {
            Done::Finished => tx.finish_job(job).await?,
            Done::Later(wait, why) => tx.postpone_job(job, self.now().plus(wait), &why).await?,
        };
        tx.commit().await?;
        if !held {
            tracing::debug!(kind = job.kind.name(), subject = %job.subject, "job was finished elsewhere");
        }
        Ok(())
    }

    async fn sleep_until_job(&self) {
        let due =
            async { Ok::<_, crate::Error>(self.store.read_system().await?.next_job().await?) }
                .await;
        let wait = match due {
            Ok(Some(due)) => due.since(self.now()).min(MAX_SLEEP),
            Ok(None) => MAX_SLEEP,
            Err(_) => Duration::from_secs(1),
        };
        tokio::select! {
            () = self.jobs.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn note_joined(joined: std::result::Result<(), tokio::task::JoinError>) {
    if let Err(error) = joined {
        tracing::error!(%error, "a job was cut short; it is taken again when its lease is over");
    }
}
