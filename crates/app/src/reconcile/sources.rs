//! Where statements come from: fetched once a day, fetched when asked for, uploaded.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bando_domain::{Money, ProviderId, StatementId, Timestamp};
use bando_gateways::{Movement, MovementKind, NoStatement, Span, StatementError};
use bando_store::{
    BooksOf, Job, JobKind, LineKind, Statement, StatementLine, StatementSource, StatementState,
    TenantTx, account_row, gateway_of_row,
};

use super::LATE;
use super::compare::EDGE;
use crate::arrivals::plain;
use crate::caller::Permission;
use crate::events::Change;
use crate::gateway_accounts::{COLLECTION, Ready};
use crate::jobs::Done;
use crate::{App, Caller, Error, Invalid, Result, calendar};

/// What a fetched statement covers: gateways give the last 48 hours, and the next day's overlaps.
const REACH: Duration = Duration::from_secs(47 * 3600);

/// The hour of the provider's morning at which statements are fetched; each provider at its own
/// minute, so that not all ask at once.
const MORNING: Duration = Duration::from_secs(3 * 3600);

/// How long a fetch that failed waits for the next try.
const RETRY: Duration = Duration::from_secs(30 * 60);

/// How many older statements with open differences are compared again after a fetch.
const COMPARED_AGAIN: u32 = 8;

/// How often accounts are looked for that are not scheduled yet.
const SCHEDULED_EVERY: Duration = Duration::from_secs(3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A place that statements can come from.
#[derive(Clone, Debug)]
pub struct StatementFrom {
    /// The gateway's name, or `platform` for the money that the platform collected.
    pub gateway: String,
    /// The gateway's name for people.
    pub title: &'static str,
    /// Whether statements are fetched every day.
    pub is_fetched: bool,
    /// Whether files from the gateway's portal can be uploaded.
    pub takes_files: bool,
    /// The newest statement.
    pub newest: Option<Statement>,
}

impl App {
    /// The places that statements of a provider can come from.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager; [`Error::Store`].
    pub async fn statement_sources(&self, caller: &Caller) -> Result<Vec<StatementFrom>> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.read(caller.provider).await?;
        let mut sources = Vec::new();
        for account in tx.gateway_accounts().await? {
            let name = account.gateway;
            let Some(ready) = self.source(&mut tx, &name).await? else {
                continue;
            };
            let profile = ready.gateway.profile();
            let reads = ready.gateway.read_statement(b"");
            let takes_files = !ready.collected && reads != Err(StatementError::NoFiles);
            if profile.statement || takes_files {
                let newest = tx.statements(Some(&name), None, 1).await?.rows.pop();
                sources.push(StatementFrom {
                    gateway: name,
                    title: profile.title,
                    is_fetched: profile.statement && ready.enabled,
                    takes_files,
                    newest,
                });
            }
        }
        Ok(sources)
    }

    /// Asks for a statement now.
    ///
    /// # Errors
    /// [`Error::NoGateway`] when there is no account that gives one; [`Error::Forbidden`] below manager.
    pub async fn pull_statement(&self, caller: &Caller, gateway: &str) -> Result<()> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let ready = self.source(&mut tx, gateway).await?;
        if !ready.is_some_and(|ready| ready.enabled && ready.gateway.profile().statement) {
            return Err(Error::NoGateway);
        }
        let row = account_row(gateway).ok_or(Error::NoGateway)?;
        tx.enqueue(JobKind::PullStatement, row, self.now()).await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(())
    }

    /// Takes a statement file from a gateway's own portal in. It is compared at once; what it
    /// disagrees about is mended by people, because a file proves less than the gateway's own answer.
    ///
    /// # Errors
    /// [`Error::Invalid`] tells what is wrong with the file; [`Error::NotFound`] for a name that no
    /// gateway has; [`Error::Forbidden`] below manager.
    pub async fn import_statement(
        &self,
        caller: &Caller,
        gateway: &str,
        file: &[u8],
    ) -> Result<StatementId> {
        caller.need(Permission::Manage)?;
        let client = self.gateway(gateway)?;
        let bad = |why: String| Error::from(Invalid::field("file", why));
        let movements = client
            .read_statement(file)
            .map_err(|error| bad(error.to_string()))?;
        let currencies = client.profile().currencies;
        if movements
            .iter()
            .any(|m| !currencies.contains(&m.amount.currency()))
        {
            return Err(bad("its currency is not one of this gateway".into()));
        }
        let times = || movements.iter().filter_map(|m| m.at);
        let Some((from, last)) = times().min().zip(times().max()) else {
            return Err(bad("there is no movement of money in it".into()));
        };
        let lines = lines_of(movements);
        let statement = Statement {
            imported_by: Some(caller.account),
            ..self.new_statement(gateway, StatementSource::Upload, (from, after(last)))
        };
        let id = statement.id;
        let mut tx = self.store.tenant(caller.provider).await?;
        self.keep_statement(&mut tx, statement, &lines).await?;
        let (object, detail) = (
            format!("statement:{id}"),
            format!("{gateway} {} lines", lines.len()),
        );
        tx.audit(
            self.now(),
            &caller.actor(),
            "statement.import",
            &object,
            &detail,
        )
        .await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(id)
    }

    /// Sees to it that statements are fetched, until the future is dropped or aborted: also of accounts
    /// that are opened meanwhile.
    pub async fn run_statements(&self) {
        loop {
            if let Err(error) = self.schedule_statements().await {
                tracing::error!(%error, "statements cannot be scheduled; trying again");
            }
            tokio::time::sleep(SCHEDULED_EVERY).await;
        }
    }

    /// Orders the next morning's statement of every account that gives one; of those that are ordered
    /// already, nothing changes.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn schedule_statements(&self) -> Result<()> {
        let providers = self.store.read_system().await?.providers().await?;
        for provider in providers {
            let mut tx = self.store.tenant(provider.id).await?;
            let due = next_morning(self.now(), &provider.time_zone, provider.id);
            let mut is_any = false;
            for account in tx.gateway_accounts().await? {
                let source = self.source(&mut tx, &account.gateway).await?;
                if source.is_some_and(|s| s.enabled && s.gateway.profile().statement)
                    && let Some(row) = account_row(&account.gateway)
                {
                    tx.enqueue(JobKind::PullStatement, row, due).await?;
                    is_any = true;
                }
            }
            if is_any {
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Fetches the statement of the last two days, and comes back the next morning.
    pub(crate) async fn fetch_statement(&self, job: &Job) -> Result<Done> {
        let provider = job.provider;
        let Some(name) = gateway_of_row(job.subject) else {
            return Ok(Done::Finished);
        };
        let mut tx = self.store.read(provider).await?;
        let zone = tx.provider().await?.time_zone;
        let source = self.source(&mut tx, &name).await?;
        drop(tx);
        let Some(ready) = source.filter(|s| s.enabled && s.gateway.profile().statement) else {
            return Ok(Done::Finished);
        };
        if let Err(wait) = self.take_query(provider, ready.gateway.profile().name) {
            return Ok(Done::Later(wait, "the query limit".into()));
        }
        let begun = self.now();
        let tomorrow = |now: Timestamp| {
            let wait = next_morning(now, &zone, provider).since(now);
            Done::Later(wait, "fetched; the next one in the morning".into())
        };
        let span = Span {
            from: begun.minus(REACH),
            to: begun,
        };
        let answer = ready.gateway.statement(&ready.account, &span).await;
        match answer {
            Ok(movements) => {
                self.take_statement(provider, &name, &ready, &span, movements)
                    .await?;
                Ok(tomorrow(self.now()))
            }
            Err(NoStatement::CannotAsk) => Ok(tomorrow(self.now())),
            Err(error) => {
                let why = error.to_string();
                tracing::warn!(%provider, gateway = %name, %why, "a statement could not be fetched");
                self.note_no_statement(provider, &name, &span, &why).await?;
                Ok(Done::Later(RETRY, why))
            }
        }
    }

    /// Keeps a statement that was fetched, unless another node has kept one since it was asked for.
    async fn take_statement(
        &self,
        provider: ProviderId,
        name: &str,
        ready: &Ready,
        span: &Span,
        movements: Vec<Movement>,
    ) -> Result<()> {
        let mut lines = lines_of(movements);
        let mut tx = self.store.tenant(provider).await?;
        tx.hold(&format!("statement:{name}")).await?;
        let newest = tx.newest_statement(name, StatementSource::Pull).await?;
        let failed = newest
            .as_ref()
            .filter(|s| s.state == StatementState::Failed);
        if failed.is_none() && newest.as_ref().is_some_and(|s| s.imported_at > span.to) {
            return Ok(());
        }
        let statement = self.new_statement(name, StatementSource::Pull, (span.from, span.to));
        if ready.collected {
            let books = self.books_of(&statement);
            lines = only_ours(&mut tx, &books, lines).await?;
        }
        self.keep_statement(&mut tx, statement, &lines).await?;
        for older in tx.disputed_statements(name, COMPARED_AGAIN).await? {
            tx.enqueue(JobKind::CompareStatement, older.uuid(), self.now())
                .await?;
        }
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(())
    }

    /// Writes a statement with its lines, and the order to compare it.
    async fn keep_statement(
        &self,
        tx: &mut TenantTx,
        mut statement: Statement,
        lines: &[StatementLine],
    ) -> Result<()> {
        statement.lines = lines.len() as u64;
        tx.insert_statement(&statement).await?;
        tx.insert_statement_lines(statement.id, lines).await?;
        tx.enqueue(JobKind::CompareStatement, statement.id.uuid(), self.now())
            .await?;
        Ok(())
    }

    /// Makes it visible that a statement could not be fetched: one line until one can.
    async fn note_no_statement(
        &self,
        provider: ProviderId,
        name: &str,
        span: &Span,
        why: &str,
    ) -> Result<()> {
        let mut tx = self.store.tenant(provider).await?;
        tx.hold(&format!("statement:{name}")).await?;
        let newest = tx.newest_statement(name, StatementSource::Pull).await?;
        let error = Some(why.to_owned());
        match newest.filter(|s| s.state == StatementState::Failed) {
            Some(mut failed) => {
                (failed.from, failed.to, failed.error) = (span.from, span.to, error);
                failed.finished_at = Some(self.now());
                tx.update_statement(&failed).await?;
            }
            None => {
                let statement = Statement {
                    state: StatementState::Failed,
                    error,
                    finished_at: Some(self.now()),
                    ..self.new_statement(name, StatementSource::Pull, (span.from, span.to))
                };
                tx.insert_statement(&statement).await?;
            }
        }
        tx.commit().await?;
        self.events.tell(provider, Change::Cases);
        Ok(())
    }

    fn new_statement(
        &self,
        gateway: &str,
        source: StatementSource,
        (from, to): (Timestamp, Timestamp),
    ) -> Statement {
        Statement {
            id: StatementId::new(&*self.clock, &*self.entropy),
            gateway: gateway.to_owned(),
            source,
            from,
            to,
            lines: 0,
            differences: 0,
            state: StatementState::Reading,
            error: None,
            imported_by: None,
            imported_at: self.now(),
            finished_at: None,
        }
    }

    /// The account that a statement of this name comes from.
    async fn source(&self, tx: &mut TenantTx, name: &str) -> Result<Option<Ready>> {
        if name != COLLECTION {
            return self.own_account(tx, name).await;
        }
        let wanted = tx.gateway_account(COLLECTION).await?;
        let collection = self.settings.collection.as_ref();
        Ok(collection
            .and_then(|collection| self.collecting_account(collection.gateway))
            .map(|ready| Ready {
                enabled: wanted.is_some_and(|wanted| wanted.enabled),
                ..ready
            }))
    }
}

/// Of the platform's statement, a provider is shown only what concerns it.
async fn only_ours(
    tx: &mut TenantTx,
    books: &BooksOf,
    lines: Vec<StatementLine>,
) -> Result<Vec<StatementLine>> {
    let books = BooksOf {
        from: books.from.minus(EDGE),
        to: books.to.plus(LATE),
        ..books.clone()
    };
    let ours = tx.ours(&books, &lines).await?;
    let sent = ours.sends.iter().filter_map(|s| s.receipt.clone());
    let receipts: HashSet<String> = ours
        .payments
        .iter()
        .filter_map(|p| p.receipt.clone())
        .chain(ours.arrivals.iter().map(|a| a.receipt.clone()))
        .chain(sent)
        .collect();
    let names: HashSet<&str> = ours
        .payments
        .iter()
        .filter_map(|p| p.checkout_request_id.as_deref())
        .collect();
    let references: HashSet<String> = ours
        .payments
        .iter()
        .filter_map(|p| p.reference.as_deref().map(plain))
        .collect();
    // A payout whose answer was lost has no receipt here yet.
    let is_open_payout = |line: &StatementLine| {
        line.kind == LineKind::Payout
            && ours.sends.iter().any(|s| {
                s.phone.is_some()
                    && s.phone == line.phone
                    && s.amount == line.amount
                    && s.receipt.is_none()
            })
    };
    let is_ours = |line: &StatementLine| {
        let told = line.reference.as_deref();
        receipts.contains(&line.receipt)
            || is_open_payout(line)
            || line
                .checkout_request_id
                .as_deref()
                .is_some_and(|name| names.contains(name))
            || told.is_some_and(|told| receipts.contains(told) || references.contains(&plain(told)))
    };
    let mut kept: Vec<StatementLine> = lines.into_iter().filter(is_ours).collect();
    number(&mut kept);
    Ok(kept)
}

/// The lines of a statement. A fee that is told by itself, under the receipt of what it is for, is
/// told with that.
fn lines_of(movements: Vec<Movement>) -> Vec<StatementLine> {
    let mut fees: HashMap<String, Money> = HashMap::new();
    let paid: HashSet<String> = movements
        .iter()
        .filter(|m| matches!(m.kind, MovementKind::Payment | MovementKind::Payout))
        .map(|m| m.receipt.clone())
        .collect();
    let mut lines = Vec::with_capacity(movements.len());
    for movement in movements {
        if movement.kind == MovementKind::Fee && paid.contains(&movement.receipt) {
            let known = fees.get(&movement.receipt).copied();
            let known = known.unwrap_or(Money::zero(movement.amount.currency()));
            if let Ok(sum) = known.plus(movement.amount) {
                fees.insert(movement.receipt, sum);
            }
        } else {
            lines.push(line_of(movement));
        }
    }
    for line in &mut lines {
        if matches!(line.kind, LineKind::Payment | LineKind::Payout) && line.fee.is_none() {
            line.fee = fees.remove(&line.receipt);
        }
    }
    number(&mut lines);
    lines
}

fn number(lines: &mut [StatementLine]) {
    for (number, line) in (0..).zip(lines) {
        line.number = number;
    }
}

fn line_of(movement: Movement) -> StatementLine {
    let currency = movement.amount.currency();
    StatementLine {
        number: 0,
        kind: line_kind(movement.kind),
        receipt: movement.receipt,
        amount: movement.amount,
        fee: movement.fee.filter(|fee| fee.currency() == currency),
        at: movement.at,
        phone: movement.phone,
        payer: movement.payer,
        reference: movement.reference,
        account: movement.account,
        checkout_request_id: movement.checkout_request_id,
    }
}

pub(super) const fn line_kind(kind: MovementKind) -> LineKind {
    match kind {
        MovementKind::Payment => LineKind::Payment,
        MovementKind::Reversal => LineKind::Reversal,
        MovementKind::Payout => LineKind::Payout,
        MovementKind::Fee => LineKind::Fee,
        MovementKind::Other => LineKind::Other,
    }
}

/// The first moment after `last`.
fn after(last: Timestamp) -> Timestamp {
    Timestamp::from_millis(last.as_millis().saturating_add(1))
}

/// The next early morning of a provider: between three and five, at a minute of its own.
fn next_morning(now: Timestamp, time_zone: &str, provider: ProviderId) -> Timestamp {
    let minute = provider.uuid().as_u128() % 120;
    let minute = Duration::from_secs(60 * u64::try_from(minute).unwrap_or(0));
    let of_day = |day: Timestamp| calendar::midnight(day, time_zone).plus(MORNING + minute);
    [now, now.plus(DAY), now.plus(2 * DAY)]
        .into_iter()
        .map(of_day)
        .find(|morning| *morning > now)
        .unwrap_or_else(|| now.plus(DAY))
}

#[cfg(test)]
mod tests {
    use bando_domain::Currency;
    use uuid::Uuid;

    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_795_176_000);

    fn movement(kind: MovementKind, receipt: &str, minor: i64) -> Movement {
        Movement {
            kind,
            receipt: receipt.into(),
            amount: Money::from_minor(minor, Currency::Kes),
            fee: None,
            at: Some(NOON),
            phone: None,
            payer: None,
            reference: None,
            account: None,
            checkout_request_id: None,
        }
    }

    #[test]
    fn fees_go_with_what_they_are_for() {
        use MovementKind::{Fee, Payment};
        let lines = lines_of(vec![
            movement(Fee, "A", 100),
            movement(Payment, "A", 2000),
            movement(Fee, "A", 50),
            movement(Fee, "B", 700),
            movement(Payment, "C", 1000),
        ]);
        let told: Vec<_> = lines
            .iter()
            .map(|l| (l.number, l.kind, &*l.receipt, l.fee.map(Money::minor)))
            .collect();
        let expected = [
            (0, LineKind::Payment, "A", Some(150)),
            (1, LineKind::Fee, "B", None),
            (2, LineKind::Payment, "C", None),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn every_provider_has_a_morning_of_its_own() {
        for n in 0..500_u128 {
            let provider = ProviderId::from_uuid(Uuid::from_u128(n));
            let due = next_morning(NOON, "Africa/Nairobi", provider);
            let there = calendar::Local::at(due, "Africa/Nairobi");
            assert!((180..300).contains(&there.minute), "{due}");
            assert!(due.since(NOON) < DAY);
            let next = next_morning(due, "Africa/Nairobi", provider);
            assert_eq!(next.since(due), DAY, "not twice on one morning");
        }
    }
}
