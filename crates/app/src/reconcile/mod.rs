//! Reconciliation: what the gateways say moved, against our books, both ways.
//!
//! A statement is fetched every day ([`sources`]) or uploaded, kept line by line, and compared
//! ([`compare`]). What the two disagree about is kept as differences, each with its cause
//! ([`Cause`]) and what can be done about it ([`Mend`]). Comparing again adds nothing, and drops what
//! agrees by now.

mod cause;
mod compare;
mod loose;
mod mend;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bando_domain::{DifferenceId, ProviderId, StatementId};
use bando_gateways::Asks;
use bando_store::{
    BooksOf, Cursor, Difference, DifferenceFilter, DifferenceKind, DifferenceState, Job, JobKind,
    LineKind, Page, Statement, StatementSource, StatementState, TenantTx,
};
use uuid::Uuid;

pub use cause::{Cause, Disagreement, Match, Mend};
pub use mend::Mended;
pub use sources::StatementFrom;

use crate::caller::Permission;
use crate::claims::claim_subject;
use crate::events::Change;
use crate::gateway_accounts::COLLECTION;
use crate::jobs::Done;
use crate::ledger;
use crate::{App, Caller, Error, Result};
use compare::{EDGE, Found, Terms, compare};
use mend::By;

/// How much later than its money a payment may become known to be settled.
const LATE: Duration = Duration::from_secs(26 * 3600);

/// How often a statement is compared again because something mended itself.
const MAX_ROUNDS: u32 = 100;

/// How many differences one run of the job mends by itself.
const MENDS_AT_ONCE: usize = 500;

impl App {
    /// The statements of a provider, newest first; only those of one gateway, if one is named.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager; [`Error::Store`].
    pub async fn statements(
        &self,
        caller: &Caller,
        gateway: Option<&str>,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Statement>> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.statements(gateway, after, size).await?)
    }

    /// One statement.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] below manager.
    pub async fn statement(&self, caller: &Caller, id: StatementId) -> Result<Statement> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.read(caller.provider).await?;
        tx.statement(id).await?.ok_or(Error::NotFound("statement"))
    }

    /// What statements and books disagree about, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager; [`Error::Store`].
    pub async fn disagreements(
        &self,
        caller: &Caller,
        filter: &DifferenceFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Disagreement>> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.read(caller.provider).await?;
        let page = tx.differences(filter, after, size).await?;
        Ok(Page {
            rows: page.rows.into_iter().map(Disagreement::of).collect(),
            next: page.next,
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] below manager.
    pub async fn disagreement(&self, caller: &Caller, id: DifferenceId) -> Result<Disagreement> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.read(caller.provider).await?;
        let difference = tx.difference(id).await?;
        let difference = difference.ok_or(Error::NotFound("difference"))?;
        Ok(Disagreement::of(difference))
    }

    /// How many of them wait for somebody.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager; [`Error::Store`].
    pub async fn count_disagreements(&self, caller: &Caller) -> Result<u64> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.count_open_differences().await?)
    }

    /// Has a statement compared with the books as they are now.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] below manager.
    pub async fn compare_again(&self, caller: &Caller, id: StatementId) -> Result<()> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        tx.statement(id)
            .await?
            .filter(|s| s.state != StatementState::Failed)
            .ok_or(Error::NotFound("statement"))?;
        tx.enqueue(JobKind::CompareStatement, id.uuid(), self.now())
            .await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(())
    }

    /// Compares a statement with the books, and mends what can be mended without asking if the
    /// gateway itself gave it.
    pub(crate) async fn compare_statement(&self, job: &Job) -> Result<Done> {
        let (provider, id) = (job.provider, StatementId::from_uuid(job.subject));
        let Some((statement, found)) = self.find_differences(provider, id).await? else {
            return Ok(Done::Finished);
        };
        self.keep_differences(provider, &statement, &found).await?;
        self.events.tell(provider, Change::Cases);
        if statement.source == StatementSource::Pull {
            let mended = self.mend_safe(provider, id, &By::system()).await?;
            // What was mended may show more: the fee of money whose receipt is known by now.
            if mended > 0 && job.attempts < MAX_ROUNDS {
                let why = format!("{mended} mended; compared once more");
                return Ok(Done::Later(Duration::from_secs(1), why));
            }
        }
        Ok(Done::Finished)
    }

    /// What a statement and the books disagree about now.
    async fn find_differences(
        &self,
        provider: ProviderId,
        id: StatementId,
    ) -> Result<Option<(Statement, Vec<Found>)>> {
        let mut tx = self.store.read(provider).await?;
        let Some(statement) = tx.statement(id).await? else {
            return Ok(None);
        };
        let books = self.books_of(&statement);
        let lines = tx.statement_lines(id, 0, u32::MAX).await?;
        let ours = tx.ours(&books, &lines).await?;
        let gateway = self.gateways.get(&books.gateway);
        let kinds = match (statement.source, gateway) {
            (StatementSource::Pull, Some(gateway)) => gateway
                .statement_kinds()
                .iter()
                .copied()
                .map(sources::line_kind)
                .collect(),
            _ => vec![LineKind::Payment, LineKind::Reversal, LineKind::Payout],
        };
        let account = self.own_account(&mut tx, &books.gateway).await?;
        let accounts: Vec<String> = account
            .filter(|_| !books.collected)
            .into_iter()
            .flat_map(|ready| {
                ["shortcode", "till"]
                    .into_iter()
                    .filter_map(move |name| ready.account.setting(name).map(str::to_owned))
                    .collect::<Vec<_>>()
            })
            .collect();
        let terms = Terms {
            from: statement.from,
            to: statement.to,
            fetched_at: statement.imported_at,
            kinds: &kinds,
            accounts: &accounts,
            has_fees: !books.collected,
            asks_the_payer: gateway.is_some_and(|g| g.profile().asks == Asks::Push),
        };
        let mut found = compare(&lines, &ours, &terms);
        let outside: Vec<Uuid> = found
            .iter()
            .filter_map(|found| {
                out_subject(&books.gateway, found.kind, &found.cause, &found.subject)
            })
            .collect();
        let booked = tx.booked_subjects(&outside).await?;
        found.retain(|found| {
            out_subject(&books.gateway, found.kind, &found.cause, &found.subject)
                .is_none_or(|subject| !booked.contains(&subject))
        });
        Ok(Some((statement, found)))
    }

    /// Keeps what is new, and notes what agrees by now.
    async fn keep_differences(
        &self,
        provider: ProviderId,
        statement: &Statement,
        found: &[Found],
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.store.tenant(provider).await?;
        let Some(mut statement) = tx.lock_statement(statement.id).await? else {
            return Ok(());
        };
        let near = tx
            .differences_near(&statement.gateway, statement.from, statement.to)
            .await?;
        let (here, elsewhere): (Vec<&Difference>, Vec<&Difference>) =
            near.iter().partition(|d| d.statement == statement.id);
        let known: HashMap<_, _> = here.iter().map(|d| ((d.kind, &*d.subject), *d)).collect();
        // Another statement of the same time has found it already.
        let told: HashSet<_> = elsewhere
            .iter()
            .filter(|d| d.state != DifferenceState::Mended)
            .map(|d| (d.kind, &*d.subject))
            .collect();
        let keys: HashSet<_> = found.iter().map(|f| (f.kind, &*f.subject)).collect();
        let new: Vec<Difference> = found
            .iter()
            .filter(|f| {
                let key = (f.kind, &*f.subject);
                !known.contains_key(&key) && !told.contains(&key)
            })
            .map(|found| self.difference(statement.id, found))
            .collect();
        let is_found = |d: &Difference| keys.contains(&(d.kind, &*d.subject));
        let agrees: Vec<_> = here.iter().filter(|d| !is_found(d)).map(|d| d.id).collect();
        let reopened: Vec<_> = here.iter().filter(|d| is_found(d)).map(|d| d.id).collect();
        tx.mend_differences(&agrees, now).await?;
        tx.reopen_differences(&reopened).await?;
        let count = tx.insert_differences(&new).await?;
        statement.differences = here.len() as u64 + count;
        statement.state = StatementState::Compared;
        statement.finished_at = Some(now);
        tx.update_statement(&statement).await?;
        tx.commit().await?;
        let (lines, agreeing) = (statement.lines, agrees.len());
        let gateway = statement.gateway;
        tracing::info!(%provider, gateway, lines, new = count, agreeing, "statement compared");
        Ok(())
    }

    fn difference(&self, statement: StatementId, found: &Found) -> Difference {
        Difference {
            id: DifferenceId::new(&*self.clock, &*self.entropy),
            statement,
            kind: found.kind,
            subject: found.subject.clone(),
            receipt: found.receipt.clone(),
            payment: found.payment,
            ours_minor: found.ours_minor,
            theirs_minor: found.theirs_minor,
            currency: found.currency,
            detail: cause::written(&found.cause),
            state: DifferenceState::Open,
            decided_by: None,
            decided_at: None,
        }
    }

    /// Mends what is safe to be mended; how much that was.
    async fn mend_safe(
        &self,
        provider: ProviderId,
        statement: StatementId,
        by: &By,
    ) -> Result<u64> {
        let filter = DifferenceFilter {
            state: Some(DifferenceState::Open),
            statement: Some(statement),
            ..DifferenceFilter::default()
        };
        let (mut after, mut count, mut tried) = (None, 0, 0);
        loop {
            let mut tx = self.store.read(provider).await?;
            let page = tx.differences(&filter, after, 100).await?;
            drop(tx);
            for difference in page.rows {
                let disagreement = Disagreement::of(difference);
                let Some(mend) = disagreement.safe_mend() else {
                    continue;
                };
                if tried == MENDS_AT_ONCE {
                    return Ok(count);
                }
                tried += 1;
                match self.mend(provider, by, &disagreement, mend, "").await {
                    Ok(_) => count += 1,
                    // It stays for a person, who is told why when trying.
                    Err(Error::Invalid(_) | Error::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(count);
            }
        }
    }

    /// The part of the books that a statement is about.
    fn books_of(&self, statement: &Statement) -> BooksOf {
        let collected = statement.gateway == COLLECTION;
        let collection = self.settings.collection.as_ref();
        let gateway = match collection.filter(|_| collected) {
            Some(collection) => collection.gateway.to_owned(),
            None => statement.gateway.clone(),
        };
        BooksOf {
            account: match collected {
                true => ledger::PLATFORM.to_owned(),
                false => ledger::gateway(&gateway),
            },
            fees: ledger::fees(if collected { COLLECTION } else { &gateway }),
            collected,
            gateway,
            from: statement.from.minus(EDGE),
            to: statement.to.plus(LATE),
        }
    }

    async fn statement_of(&self, tx: &mut TenantTx, difference: &Difference) -> Result<Statement> {
        let statement = tx.statement(difference.statement).await?;
        statement.ok_or(Error::NotFound("statement"))
    }
}

/// The ledger's subject for money that left the account and is about nothing of ours.
fn out_subject(gateway: &str, kind: DifferenceKind, cause: &Cause, subject: &str) -> Option<Uuid> {
    let is_out = matches!(
        (kind, cause),
        (DifferenceKind::Fee, Cause::FeeAlone)
            | (DifferenceKind::Reversal, Cause::SentBackUnknown)
            | (DifferenceKind::PayoutNotHere, _)
    );
    is_out.then(|| claim_subject(format!("out {gateway} {subject}").as_bytes()))
}
