//! Cases: what a person has to decide, with a number to name it by.

use std::time::Duration;

use bando_domain::{ArrivalId, CaseId, Money, PaymentId, Phone};
use bando_store::{Arrival, Case, CaseFilter, CaseKind, Cursor, NewCase, Page, Payment, TenantTx};
use uuid::Uuid;

use crate::caller::Permission;
use crate::events::Change;
use crate::{App, Caller, Error, Result};

/// What the payer of a case is promised: somebody looks at it within this time.
pub const PROMISE: Duration = Duration::from_secs(24 * 3600);

/// What a case is about.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    subject: Uuid,
    payment: Option<PaymentId>,
    arrival: Option<ArrivalId>,
    phone: Option<Phone>,
    amount: Option<Money>,
    detail: String,
}

impl Facts {
    /// About a payment.
    pub(crate) fn of(payment: &Payment) -> Self {
        Self {
            subject: payment.id.uuid(),
            payment: Some(payment.id),
            arrival: None,
            phone: payment.phone.clone(),
            amount: Some(payment.amount),
            detail: String::new(),
        }
    }

    /// About money that arrived.
    pub(crate) fn of_arrival(arrival: &Arrival) -> Self {
        Self {
            subject: arrival.id.uuid(),
            payment: arrival.payment,
            arrival: Some(arrival.id),
            phone: arrival.phone.clone(),
            amount: Some(arrival.amount),
            detail: arrival.reference.clone().unwrap_or_default(),
        }
    }

    /// About a row of another kind.
    pub(crate) fn about(subject: Uuid) -> Self {
        Self {
            subject,
            payment: None,
            arrival: None,
            phone: None,
            amount: None,
            detail: String::new(),
        }
    }

    /// With this payment.
    pub(crate) fn payment(mut self, payment: PaymentId) -> Self {
        self.payment = Some(payment);
        self
    }

    /// With this arrival.
    pub(crate) fn arrival(mut self, arrival: ArrivalId) -> Self {
        self.arrival = Some(arrival);
        self
    }

    /// With this phone.
    pub(crate) fn phone(mut self, phone: Phone) -> Self {
        self.phone = Some(phone);
        self
    }

    /// With this amount.
    pub(crate) fn amount(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// In these words.
    pub(crate) fn because(mut self, detail: &str) -> Self {
        detail.clone_into(&mut self.detail);
        self
    }
}

impl App {
    /// The cases of a provider, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn cases(
        &self,
        caller: &Caller,
        filter: &CaseFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Case>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.cases(filter, after, size).await?)
    }

    /// How many cases wait for somebody.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn open_cases(&self, caller: &Caller) -> Result<u64> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.count_open_cases().await?)
    }

    /// One case.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn case(&self, caller: &Caller, id: CaseId) -> Result<Case> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        tx.case(id).await?.ok_or(Error::NotFound("case"))
    }

    /// Solves a case in the member's own words: for whatever needs nothing done here, or was done
    /// elsewhere.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it is solved already; [`Error::Forbidden`] below manager.
    pub async fn solve_case(&self, caller: &Caller, id: CaseId, solution: &str) -> Result<()> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let actor = Some(caller.account);
        if !tx.solve_case(id, actor, self.now(), solution).await? {
            return Err(Error::NotFound("case"));
        }
        let object = format!("case:{id}");
        tx.audit(self.now(), &caller.actor(), "case.solve", &object, solution)
            .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Cases);
        Ok(())
    }

    /// Opens a case, unless the same was opened before; its number.
    pub(crate) async fn open_case(
        &self,
        tx: &mut TenantTx,
        kind: CaseKind,
        facts: Facts,
    ) -> Result<u64> {
        let now = self.now();
        let case = NewCase {
            id: CaseId::new(&*self.clock, &*self.entropy),
            kind,
            subject: facts.subject,
            payment: facts.payment,
            arrival: facts.arrival,
            phone: facts.phone,
            amount: facts.amount,
            detail: (!facts.detail.is_empty()).then_some(facts.detail),
            opened_at: now,
            promised_at: Some(now.plus(PROMISE)),
        };
        let (case, is_new) = tx.open_case(&case).await?;
        if is_new {
            self.events.tell(tx.provider_id(), Change::Cases);
        }
        Ok(case.number)
    }

    /// Solves the case of this kind and subject, if one is open.
    pub(crate) async fn close_case(
        &self,
        tx: &mut TenantTx,
        kind: CaseKind,
        subject: Uuid,
        solution: &str,
    ) -> Result<()> {
        if let Some(case) = tx.case_about(kind, subject).await? {
            tx.solve_case(case.opened.id, None, self.now(), solution)
                .await?;
        }
        Ok(())
    }
}
