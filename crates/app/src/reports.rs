//! What the console's first screen and lists show.

use std::collections::BTreeMap;

use bando_domain::{Money, PaymentId, PaymentStatus, Timestamp};
use bando_store::{
    AuditEntry, Balance, Cursor, Customer, Page, Payment, PaymentFilter, Provider, Router,
    TimelineEntry, Transfer,
};

use crate::caller::Permission;
use crate::{App, Caller, Error, Result, calendar};

/// A router that has been silent for this long is shown as a problem.
const SILENT_AFTER: std::time::Duration = std::time::Duration::from_secs(10 * 60);

/// The four answers of the console's first screen.
#[derive(Clone, Debug)]
pub struct Home {
    /// The provider.
    pub provider: Provider,
    /// Money today.
    pub today: Money,
    /// Money on the same weekday a week ago.
    pub week_ago: Money,
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
        let by_day: BTreeMap<i64, Money> = tx
            .revenue_by_day(today - 13, today, provider.currency)
            .await?
            .into_iter()
            .map(|d| (d.day, d.amount))
            .collect();
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
            week_ago: on(today - 7),
            days: (today - 13..=today).map(on).collect(),
            online: tx.count_open_sessions().await?,
            waiting: tx.payments(&pending, None, 100).await?.rows.len() as u64,
            silent_routers,
            latest: tx.payments(&PaymentFilter::default(), None, 8).await?.rows,
            setup,
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

    /// A payment with its timeline and what was booked.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn payment_story(&self, caller: &Caller, id: PaymentId) -> Result<PaymentStory> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let payment = tx.payment(id).await?.ok_or(Error::NotFound("payment"))?;
        Ok(PaymentStory {
            payment,
            timeline: tx.payment_timeline(id).await?,
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
