//! Jobs: work to be done after a commit, written by the transaction that made it necessary.

use bando_db::Row;
use bando_domain::{ProviderId, Timestamp};
use uuid::Uuid;

use crate::field::{get, values, words};
use crate::{Result, SystemTx, TenantTx};

words! {
    /// The kinds of work. Each is idempotent: doing it twice does no harm.
    JobKind {
        /// Ask the gateway what became of a payment.
        CheckPayment => "check_payment",
        /// Work a message of a gateway off.
        ReadMessage => "read_message",
        /// Put a session off its router.
        Disconnect => "disconnect",
        /// Make the tickets of a batch.
        MakeBatch => "make_batch",
        /// Send a refund.
        SendRefund => "send_refund",
        /// Send a payout.
        SendPayout => "send_payout",
        /// Find out what became of a refund or payout that was sent.
        CheckSent => "check_sent",
        /// Ask the gateway whether money that a message told of has arrived.
        ProveArrival => "prove_arrival",
        /// Fetch a statement.
        PullStatement => "pull_statement",
        /// Compare a statement with our books.
        CompareStatement => "compare_statement",
        /// Remind people of what waits for them.
        Remind => "remind",
    }
}

/// A piece of work that this node holds for the time of its lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Whose rows it works on.
    pub provider: ProviderId,
    /// What to do.
    pub kind: JobKind,
    /// The row to do it to.
    pub subject: Uuid,
    /// How often it was begun, this time included.
    pub attempts: u32,
    /// The end of the lease; another node may take the job then. It also fences: a node that slept
    /// past it cannot finish the job.
    pub leased_until: Timestamp,
}

impl TenantTx {
    /// Adds work, due at `due`. If the same work is waiting already it is only moved forward.
    pub async fn enqueue(&mut self, kind: JobKind, subject: Uuid, due: Timestamp) -> Result<()> {
        let sql = "INSERT INTO jobs (provider_id, kind, subject, due_at, attempts)
                   VALUES ($1, $2, $3, $4, 0)
                   ON CONFLICT (provider_id, kind, subject) DO UPDATE SET
                     due_at = CASE WHEN excluded.due_at < jobs.due_at THEN excluded.due_at ELSE jobs.due_at END";
        self.exec(sql, values![kind.name(), subject, due]).await?;
        Ok(())
    }

    /// Adds work because of news. If somebody is at the same work just now, who may not have seen the
    /// news, it is done once more: theirs no longer counts as finishing it.
    pub async fn enqueue_anew(
        &mut self,
        kind: JobKind,
        subject: Uuid,
        due: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO jobs (provider_id, kind, subject, due_at, attempts)
                   VALUES ($1, $2, $3, $4, 0)
                   ON CONFLICT (provider_id, kind, subject) DO UPDATE SET leased_until = NULL,
                     due_at = CASE WHEN excluded.due_at < jobs.due_at THEN excluded.due_at ELSE jobs.due_at END";
        self.exec(sql, values![kind.name(), subject, due]).await?;
        Ok(())
    }

    /// Takes waiting work away that is no longer needed.
    pub async fn cancel_job(&mut self, kind: JobKind, subject: Uuid) -> Result<()> {
        let sql = "DELETE FROM jobs WHERE provider_id = $1 AND kind = $2 AND subject = $3";
        self.exec(sql, values![kind.name(), subject]).await?;
        Ok(())
    }
}

impl SystemTx {
    /// Takes up to `limit` jobs that are due and that nobody holds, until `lease`.
    pub async fn claim_jobs(
        &mut self,
        now: Timestamp,
        lease: Timestamp,
        limit: u32,
    ) -> Result<Vec<Job>> {
        // Chosen before the UPDATE, once: a subquery that a join runs again would choose others.
        let sql = "WITH due AS MATERIALIZED (
                     SELECT provider_id, kind, subject FROM jobs
                     WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
                     ORDER BY due_at LIMIT $3 /*skip locked*/)
                   UPDATE jobs SET leased_until = $2, attempts = attempts + 1
                   WHERE (provider_id, kind, subject) IN (SELECT provider_id, kind, subject FROM due)
                   RETURNING provider_id, kind, subject, attempts, leased_until";
        self.tx
            .all(sql, &values![now, lease, limit])
            .await?
            .iter()
            .map(job)
            .collect()
    }

    /// When the next job is due, or its lease is over.
    pub async fn next_job(&mut self) -> Result<Option<Timestamp>> {
        // every provider: one worker sleeps until the first of them.
        let sql = "SELECT MIN(CASE WHEN leased_until IS NOT NULL AND leased_until > due_at THEN leased_until
                     ELSE due_at END) FROM jobs";
        self.tx
            .maybe(sql, &[])
            .await?
            .as_ref()
            .map_or(Ok(None), |row| get(row, 0))
    }

    /// Removes a job that is done. Returns false if the lease was lost meanwhile.
    pub async fn finish_job(&mut self, job: &Job) -> Result<bool> {
        let sql = "DELETE FROM jobs WHERE provider_id = $1 AND kind = $2 AND subject = $3 AND leased_until = $4";
        let row = values![job.provider, job.kind.name(), job.subject, job.leased_until];
        Ok(self.tx.exec(sql, &row).await? == 1)
    }

    /// Puts a job back to be tried again at `due`. Returns false if the lease was lost meanwhile.
    pub async fn postpone_job(&mut self, job: &Job, due: Timestamp, why: &str) -> Result<bool> {
        let sql = "UPDATE jobs SET leased_until = NULL, due_at = $5, last_error = $6
                   WHERE provider_id = $1 AND kind = $2 AND subject = $3 AND leased_until = $4";
        let row = values![
            job.provider,
            job.kind.name(),
            job.subject,
            job.leased_until,
            due,
            why
        ];
        Ok(self.tx.exec(sql, &row).await? == 1)
    }

    /// How many jobs wait.
    pub async fn count_jobs(&mut self) -> Result<u64> {
        // every provider: the figure is the platform's.
        get(&self.tx.one("SELECT COUNT(*) FROM jobs", &[]).await?, 0)
    }
}

fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        provider: get(row, 0)?,
        kind: get(row, 1)?,
        subject: get(row, 2)?,
        attempts: get(row, 3)?,
        leased_until: get(row, 4)?,
    })
}
