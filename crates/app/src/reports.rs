//! What the console's first screen and lists show.

use std::collections::BTreeMap;
use std::time::Duration;

use bando_domain::{Money, PaymentId, PaymentStatus, Timestamp};
use bando_store::{
    AuditEntry, Balance, Cursor, Customer, JobKind, Page, Payment, PaymentFilter, PaymentStep,
    Provider, Router, TimelineEntry, Transfer,
};

use crate::caller::Permission;
use crate::{App, Caller, Error, Result, Warning, calendar};

/// A router that has been silent for this long is shown as a problem.
const SILENT_AFTER: Duration = Duration::from_secs(10 * 60);

const HOUR: Duration = Duration::from_secs(3600);

/// The four answers of the console's first screen.
#[derive(Clone, Debug)]
pub struct Home {
    /// The provider.
    pub provider: Provider,
    /// Money today.
    pub today: Money,
    /// The payments that brought it.
    pub payments_today: u64,
    /// Money today by the hour, from midnight to now.
    pub by_hour: Vec<i64>,
    /// Money on the same weekday a week ago.
    pub week_ago: Money,
    /// The part of it that had come by this time of day.
    pub week_ago_by_now: Money,
    /// Money on each of the last 14 days, today last.
    pub days: Vec<Money>,
    /// Sessions open now.
    pub online: u64,
    /// Payments that nothing final is known of.
    pub waiting: u64,
    /// Routers that have been heard of before and are silent now, with when they last spoke.
    pub silent_routers: Vec<(Router, Timestamp)>,
    /// The newest payments.
    pub latest: Vec<Payment>,
    /// The setup steps that are done: plan, M-Pesa, router, first payment.
    pub setup: Setup,
    /// What will stop working soon.
    pub warnings: Vec<Warning>,
}

/// What a new provider has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setup {
    /// A plan is on sale.
    pub plan: bool,
    /// M-Pesa is switched on.
    pub mpesa: bool,
    /// A router exists.
    pub router: bool,
    /// A router has been heard of.
    pub router_seen: bool,
    /// A payment succeeded.
    pub first_payment: bool,
}

/// A payment with its story.
#[derive(Clone, Debug)]
pub struct PaymentStory {
    /// The payment.
    pub payment: Payment,
    /// What happened, in order.
    pub timeline: Vec<TimelineEntry>,
    /// What was booked.
    pub transfers: Vec<Transfer>,
}

/// What came in over some days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Takings {
    /// How many payments.
    pub payments: u64,
    /// How much.
    pub amount: Money,
}

impl App {
    /// The console's first screen.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn home(&self, caller: &Caller) -> Result<Home> {
        caller.need(Permission::Look)?;
        let now = self.now();
        let mut tx = self.store.read(caller.provider).await?;
        let provider = tx.provider().await?;
        let today = calendar::Local::at(now, &provider.time_zone).day;
        let zero = Money::zero(provider.currency);
        let revenue = tx
            .revenue_by_day(today - 13, today, provider.currency)
            .await?;
        let payments_today = revenue
            .iter()
            .find(|d| d.day == today)
            .map_or(0, |d| d.payments);
        let by_day: BTreeMap<i64, Money> = revenue.into_iter().map(|d| (d.day, d.amount)).collect();
        let midnight = calendar::midnight(now, &provider.time_zone);
        let week = Duration::from_secs(7 * 86_400);
        let hours = tx.takings_by_hour(midnight, now.plus(HOUR)).await?;
        let mut by_hour = vec![0; now.since(midnight).as_secs() as usize / 3600 + 1];
        for (hour, minor) in hours {
            if let Some(slot) = by_hour.get_mut(hour as usize) {
                *slot = minor;
            }
        }
        let then = tx
            .takings_by_hour(midnight.minus(week), now.minus(week))
            .await?;
        let week_ago_by_now =
            Money::from_minor(then.iter().map(|(_, minor)| minor).sum(), provider.currency);
        let on = |day: i64| by_day.get(&day).copied().unwrap_or(zero);
        let routers = tx.routers().await?;
        let router_seen = routers.iter().any(|r| r.last_seen_at.is_some());
        let has_router = !routers.is_empty();
        let silent_routers = routers
            .into_iter()
            .filter_map(|r| r.last_seen_at.map(|at| (r, at)))
            .filter(|(_, at)| now.since(*at) >= SILENT_AFTER)
            .collect();
        let pending = PaymentFilter {
            status: Some(PaymentStatus::Pending),
            ..PaymentFilter::default()
        };
        let paid = PaymentFilter {
            status: Some(PaymentStatus::Success),
            ..PaymentFilter::default()
        };
        let setup = Setup {
            plan: tx.plans().await?.iter().any(|p| p.on_sale),
            mpesa: tx
                .gateway_account(crate::mpesa::MPESA)
                .await?
                .is_some_and(|a| a.enabled),
            router: has_router,
            router_seen,
            first_payment: !tx.payments(&paid, None, 1).await?.rows.is_empty(),
        };
        Ok(Home {
            today: on(today),
            payments_today,
            by_hour,
            week_ago_by_now,
            week_ago: on(today - 7),
            days: (today - 13..=today).map(on).collect(),
            online: tx.count_open_sessions().await?,
            waiting: tx.payments(&pending, None, 100).await?.rows.len() as u64,
            silent_routers,
            latest: tx.payments(&PaymentFilter::default(), None, 8).await?.rows,
            setup,
            warnings: self.warnings(&mut tx, today).await?,
            provider,
        })
    }

    /// A page of payments, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn payments(
        &self,
        caller: &Caller,
        filter: &PaymentFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Payment>> {
        caller.need(Permission::Look)?;
        Ok(self
            .store
            .read(caller.provider)
            .await?
            .payments(filter, after, size)
            .await?)
    }

    /// What came in on the last `days` days, today included, or ever. From the roll-ups: it costs
    /// the same however many payments there are.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn takings(&self, caller: &Caller, days: Option<u16>) -> Result<Takings> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let provider = tx.provider().await?;
        let today = calendar::Local::at(self.now(), &provider.time_zone).day;
        let from = days.map_or(0, |days| today - i64::from(days) + 1);
        let rows = tx.revenue_by_day(from, today, provider.currency).await?;
        let minor = rows.iter().map(|row| row.amount.minor()).sum();
        Ok(Takings {
            payments: rows.iter().map(|row| row.payments).sum(),
            amount: Money::from_minor(minor, provider.currency),
        })
    }

    /// The moment at which the provider's day, `days` days ago, began.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn start_of_day(&self, caller: &Caller, days: u16) -> Result<Timestamp> {
        caller.need(Permission::Look)?;
        let provider = self.provider_by_id(caller.provider).await?;
        let then = self
            .now()
            .minus(Duration::from_secs(u64::from(days) * 86_400));
        Ok(calendar::midnight(then, &provider.time_zone))
    }

    /// Asks the gateway now what became of a payment that nothing final is known of. Returns false
    /// if its outcome is known.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn ask_again(&self, caller: &Caller, id: PaymentId) -> Result<bool> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let payment = tx.payment(id).await?.ok_or(Error::NotFound("payment"))?;
        if payment.status != PaymentStatus::Pending {
            return Ok(false);
        }
        tx.enqueue(JobKind::CheckPayment, id.uuid(), self.now())
            .await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(true)
    }

    /// A payment with its timeline and what was booked.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn payment_story(&self, caller: &Caller, id: PaymentId) -> Result<PaymentStory> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let payment = tx.payment(id).await?.ok_or(Error::NotFound("payment"))?;
        let mut timeline = tx.payment_timeline(id).await?;
        let let_in = |entry: &TimelineEntry| entry.step == PaymentStep::Connected;
        if let Some(ticket) = payment.ticket_id
            && !timeline.iter().any(let_in)
        {
            // A device that the ticket was bought on needs no admission: its first session tells.
            let first = tx.sessions_of_ticket(ticket).await?.pop();
            timeline.extend(first.map(|session| TimelineEntry {
                at: session.started_at,
                step: PaymentStep::Connected,
                detail: session.mac.map(|mac| mac.to_string()),
            }));
        }
        Ok(PaymentStory {
            payment,
            timeline,
            transfers: tx.transfers_of_payment(id).await?,
        })
    }

    /// A page of customers, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn customers(
        &self,
        caller: &Caller,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Customer>> {
        caller.need(Permission::Look)?;
        Ok(self
            .store
            .read(caller.provider)
            .await?
            .customers(after, size)
            .await?)
    }

    /// The balance of every account of the ledger.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn balances(&self, caller: &Caller) -> Result<Vec<Balance>> {
        caller.need(Permission::Look)?;
        Ok(self.store.read(caller.provider).await?.balances().await?)
    }

    /// The newest entries of the audit log.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn audit_log(&self, caller: &Caller) -> Result<Vec<AuditEntry>> {
        caller.need(Permission::Money)?;
        Ok(self
            .store
            .read(caller.provider)
            .await?
            .audit_log(200)
            .await?)
    }

    /// Checks the audit chain of every provider. Returns how many entries there are, or the first
    /// provider and number that do not fit.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn verify_audit(&self) -> Result<std::result::Result<u64, (Provider, u64)>> {
        let mut total = 0;
        for provider in self.providers().await? {
            match self.store.read(provider.id).await?.verify_audit().await? {
                Ok(count) => total += count,
                Err(seq) => return Ok(Err((provider, seq))),
            }
        }
        Ok(Ok(total))
    }
}
