//! Works jobs off: one worker a node, woken by a commit or by the clock.

use std::time::Duration;

use bando_store::{Job, JobKind};
use tokio::task::JoinSet;

use crate::crash::crash_point;
use crate::{App, Result};

/// How long a node holds a job; longer than any gateway's time-out.
const LEASE: Duration = Duration::from_secs(90);

/// How many jobs are taken at once.
const TAKE: u32 = 64;

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
    /// their lease is over.
    pub async fn run_jobs(&self) {
        loop {
            match self.run_due_jobs().await {
                Ok(0) => self.sleep_until_job().await,
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
        let now = self.now();
        let mut tx = self.store.system().await?;
        let jobs = tx.claim_jobs(now, now.plus(LEASE), TAKE).await?;
        if jobs.is_empty() {
            return Ok(0);
        }
        tx.commit().await?;
        crash_point("job.claimed");
        let count = jobs.len();
        let mut running = JoinSet::new();
        for job in jobs {
            let app = self.clone();
            running.spawn(async move { app.run_job(job).await });
        }
        while let Some(joined) = running.join_next().await {
            if let Err(error) = joined {
                tracing::error!(%error, "a job was cut short; it is taken again when its lease is over");
            }
        }
        Ok(count)
    }

    async fn run_job(&self, job: Job) {
        let done = match job.kind {
            JobKind::ReadMessage => self.read_message(&job).await,
            JobKind::CheckPayment => self.check_payment(&job).await,
            JobKind::Disconnect => self.disconnect(&job).await,
            JobKind::MakeBatch => self.make_batch(&job).await,
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
