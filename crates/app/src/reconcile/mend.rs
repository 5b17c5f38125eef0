//! Mending what a statement and our books disagree about.

use bando_domain::{
    AccountId, ArrivalId, CustomerId, DifferenceId, Money, PaymentId, ProviderId, StatementId,
};
use bando_gateways::{Movement, MovementKind, Paid};
use bando_store::{
    Arrival, ArrivalSource, ArrivalState, BooksOf, CaseKind, Difference, DifferenceKind,
    DifferenceState, LineKind, Payment, StatementLine, TenantTx, Transfer,
};
use uuid::Uuid;

use super::cause::{Cause, Disagreement, Mend};
use super::out_subject;
use crate::caller::Permission;
use crate::cases::Facts;
use crate::events::Change;
use crate::gateway_accounts::COLLECTION;
use crate::ledger::{self, About};
use crate::refund_books::Reversal;
use crate::settlement::Settled;
use crate::{App, Caller, Error, Invalid, Result};

/// What mending came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mended {
    /// It is done.
    Done,
    /// Somebody looks into it, under this number; until then it stays.
    Case(u64),
}

/// Who mends.
pub(super) struct By {
    actor: String,
    account: Option<AccountId>,
}

impl By {
    /// A member.
    fn member(caller: &Caller) -> Self {
        Self {
            actor: caller.actor(),
            account: Some(caller.account),
        }
    }

    /// Nobody: it mends itself.
    pub(super) fn system() -> Self {
        Self {
            actor: "system:reconciliation".to_owned(),
            account: None,
        }
    }
}

impl App {
    /// Mends a difference in one of the ways it offers. `note` says why, where something is let be or
    /// given up.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it was decided before; [`Error::Invalid`] when this does not mend
    /// it (any more); [`Error::Forbidden`] below manager, and below owner to let it be or give it up.
    pub async fn mend_difference(
        &self,
        caller: &Caller,
        id: DifferenceId,
        mend: Mend,
        note: &str,
    ) -> Result<Mended> {
        caller.need(Permission::Manage)?;
        if mend.needs_owner() {
            caller.need(Permission::Money)?;
            if note.trim().is_empty() {
                return Err(Invalid::field("note", "say why").into());
            }
        }
        let disagreement = self.disagreement(caller, id).await?;
        if disagreement.difference.state != DifferenceState::Open {
            return Err(Error::NotFound("difference"));
        }
        if !disagreement.mends.contains(&mend) {
            return Err(Invalid::field("mend", "this does not mend it").into());
        }
        let by = By::member(caller);
        self.mend(caller.provider, &by, &disagreement, mend, note)
            .await
    }

    /// Mends everything on a statement that can be mended without thinking; how much that was.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Forbidden`] below manager.
    pub async fn mend_all(&self, caller: &Caller, statement: StatementId) -> Result<u64> {
        self.statement(caller, statement).await?;
        let by = By::member(caller);
        self.mend_safe(caller.provider, statement, &by).await
    }

    pub(super) async fn mend(
        &self,
        provider: ProviderId,
        by: &By,
        disagreement: &Disagreement,
        mend: Mend,
        note: &str,
    ) -> Result<Mended> {
        let difference = &disagreement.difference;
        // These settle in transactions of their own, each of which does its work once.
        match mend {
            Mend::TakeIn => self.take_in(provider, disagreement).await?,
            Mend::Settle => self.settle_listed(provider, difference).await?,
            _ => {}
        }
        let mut tx = self.store.tenant(provider).await?;
        tx.lock_difference(difference.id)
            .await?
            .filter(|d| d.state == DifferenceState::Open)
            .ok_or(Error::NotFound("difference"))?;
        let statement = self.statement_of(&mut tx, difference).await?;
        let books = self.books_of(&statement);
        let mut reversed = None;
        match mend {
            Mend::TakeIn | Mend::Settle | Mend::Dismiss => {}
            Mend::FillReceipt => match disagreement.cause {
                Cause::Refund { .. } => {
                    reversed = Some(self.note_back(&mut tx, difference).await?);
                }
                _ => self.fill_receipt(&mut tx, &books, difference).await?,
            },
            Mend::BookFee => self.book_fee(&mut tx, &books, disagreement).await?,
            Mend::BookDifference => match disagreement.cause {
                Cause::Both { arrival } => {
                    self.book_once(&mut tx, &books, difference, arrival).await?;
                }
                _ => self.book_rest(&mut tx, &books, disagreement).await?,
            },
            Mend::BookReversal => reversed = Some(self.note_back(&mut tx, difference).await?),
            Mend::BookOut => self.book_out(&mut tx, &books, disagreement).await?,
            Mend::WriteOff => self.write_off(&mut tx, &books, disagreement).await?,
            Mend::OpenCase => {
                let mut facts = Facts::about(difference.id.uuid()).because(difference.kind.name());
                if let Some(payment) = difference.payment {
                    facts = facts.payment(payment);
                }
                if let Some(minor) = difference.theirs_minor.or(difference.ours_minor) {
                    facts = facts.amount(Money::from_minor(minor, difference.currency));
                }
                let number = self.open_case(&mut tx, CaseKind::Difference, facts).await?;
                self.note_mend(&mut tx, by, difference, mend, note).await?;
                tx.commit().await?;
                return Ok(Mended::Case(number));
            }
        }
        let state = match mend {
            Mend::Dismiss => DifferenceState::Dismissed,
            _ => DifferenceState::Mended,
        };
        tx.decide_difference(difference.id, state, by.account, self.now())
            .await?;
        let subject = difference.id.uuid();
        self.close_case(&mut tx, CaseKind::Difference, subject, mend.name())
            .await?;
        self.note_mend(&mut tx, by, difference, mend, note).await?;
        tx.commit().await?;
        self.tell_mended(provider, difference, reversed.as_ref());
        Ok(Mended::Done)
    }

    /// Takes money in that we knew nothing of.
    async fn take_in(&self, provider: ProviderId, disagreement: &Disagreement) -> Result<()> {
        let difference = &disagreement.difference;
        let mut tx = self.store.tenant(provider).await?;
        let gateway = self.statement_of(&mut tx, difference).await?.gateway;
        if gateway == COLLECTION {
            let why = "the platform holds this money; open a case";
            return Err(Invalid::field("difference", why).into());
        }
        let line = line_of(&mut tx, difference, LineKind::Payment).await?;
        if let Cause::Refuted { arrival } = disagreement.cause
            && let Some(mut arrival) = tx.lock_arrival(ArrivalId::from_uuid(arrival)).await?
            && arrival.state == ArrivalState::Refuted
        {
            // The gateway lists it after all.
            (arrival.state, arrival.decided_at) = (ArrivalState::Unproved, None);
            tx.update_arrival(&arrival).await?;
            tx.commit().await?;
        }
        let movement = movement_of(line);
        let source = ArrivalSource::Statement;
        match self
            .take_movement(provider, &gateway, &movement, source, true)
            .await?
        {
            "taken" => Ok(()),
            // Its receipt is held by money of ours, or by somebody else's.
            why => Err(again(why)),
        }
    }

    /// Settles a payment that the statement says is paid.
    async fn settle_listed(&self, provider: ProviderId, difference: &Difference) -> Result<()> {
        let mut tx = self.store.read(provider).await?;
        let line = line_of(&mut tx, difference, LineKind::Payment).await?;
        drop(tx);
        let payment = difference.payment.ok_or(Error::NotFound("payment"))?;
        let paid = Paid {
            receipt: Some(line.receipt),
            amount: Some(line.amount),
            fee: line.fee,
            phone: line.phone,
            at: line.at,
        };
        match self.settle(provider, payment, paid, "statement").await? {
            Settled::ReceiptTaken => Err(Invalid::Taken("receipt").into()),
            _ => Ok(()),
        }
    }

    /// Keeps the receipt that the statement tells of a settled payment.
    async fn fill_receipt(
        &self,
        tx: &mut TenantTx,
        books: &BooksOf,
        difference: &Difference,
    ) -> Result<()> {
        let receipt = difference
            .receipt
            .clone()
            .ok_or_else(|| again("no receipt"))?;
        let mut payment = paid_payment(tx, difference.payment).await?;
        if !tx
            .take_receipt(&books.gateway, &receipt, payment.id.uuid())
            .await?
        {
            return Err(Invalid::Taken("receipt").into());
        }
        payment.receipt = Some(receipt);
        tx.update_payment(&payment).await?;
        Ok(())
    }

    /// Books the fee as the gateway has it.
    async fn book_fee(
        &self,
        tx: &mut TenantTx,
        books: &BooksOf,
        disagreement: &Disagreement,
    ) -> Result<()> {
        let difference = &disagreement.difference;
        let about = about(disagreement)?;
        let booked = tx.transfers_about(about.subject).await?;
        let now = held(&booked, &books.fees);
        let theirs = difference.theirs_minor.unwrap_or(0);
        let more = Money::from_minor(theirs - now, difference.currency);
        if Some(now) != difference.ours_minor || more.minor() == 0 {
            return Err(again("the fee was booked meanwhile"));
        }
        if let Some(payment) = difference.payment {
            let mut payment = paid_payment(tx, Some(payment)).await?;
            payment.fee = Money::from_minor(theirs, difference.currency);
            tx.update_payment(&payment).await?;
        }
        let is_first = !booked.iter().any(|t| t.kind == "fee");
        if more.is_positive() && is_first {
            return self
                .book_new(tx, "fee", &books.fees, &books.account, more, about)
                .await;
        }
        let (to, from) = match more.is_positive() {
            true => (&books.fees, &books.account),
            false => (&books.account, &books.fees),
        };
        let amount = Money::from_minor(more.minor().saturating_abs(), more.currency());
        self.book_new(tx, "fee_correction", to, from, amount, about)
            .await
    }

    /// Books the rest of money of which another amount came: too much goes into the payer's wallet,
    /// too little is lost.
    async fn book_rest(
        &self,
        tx: &mut TenantTx,
        books: &BooksOf,
        disagreement: &Disagreement,
    ) -> Result<()> {
        let difference = &disagreement.difference;
        let about = about(disagreement)?;
        let receipt = difference.receipt.as_deref().unwrap_or_default();
        let arrival = tx.arrival_by_receipt(&books.gateway, receipt).await?;
        let mut booked = tx.transfers_about(about.subject).await?;
        if let Some(arrival) = arrival.as_ref().filter(|a| a.id.uuid() != about.subject) {
            booked.extend(tx.transfers_about(arrival.id.uuid()).await?);
        }
        let booked = booked.into_iter().filter(is_of_payer).collect::<Vec<_>>();
        let now = held(&booked, &books.account);
        if Some(now) != difference.ours_minor {
            return Err(again("it was booked meanwhile"));
        }
        let theirs = difference.theirs_minor.unwrap_or(0);
        let more = Money::from_minor(theirs - now, difference.currency);
        if more.minor() < 0 {
            let (lost, account) = (ledger::DIFFERENCES, &books.account);
            return self
                .book_new(tx, "correction", lost, account, opposite(more), about)
                .await;
        }
        match payer(tx, difference.payment, arrival.as_ref()).await? {
            Some(customer) => {
                if tx
                    .transfers_about(about.subject)
                    .await?
                    .iter()
                    .any(|t| t.kind == "correction")
                {
                    return Err(again("it was corrected before"));
                }
                self.credit(tx, customer, more, "correction", &books.account, about)
                    .await
            }
            None => {
                self.book_new(
                    tx,
                    "correction",
                    &books.account,
                    ledger::UNALLOCATED,
                    more,
                    about,
                )
                .await
            }
        }
    }

    /// Takes back what was booked of money that a payment has: out of the wallet, if it is still
    /// there, else it is lost.
    async fn book_once(
        &self,
        tx: &mut TenantTx,
        books: &BooksOf,
        difference: &Difference,
        arrival: Uuid,
    ) -> Result<()> {
        let mut payment = paid_payment(tx, difference.payment).await?;
        let id = ArrivalId::from_uuid(arrival);
        let mut arrival = tx
            .lock_arrival(id)
            .await?
            .ok_or(Error::NotFound("arrival"))?;
        let back = opposite(arrival.amount);
        let from = match (arrival.state, arrival.customer) {
            (ArrivalState::Open, _) => ledger::UNALLOCATED.to_owned(),
            (ArrivalState::Credited, Some(customer)) if tx.add_credit(customer, back).await? => {
                crate::wallet::account(customer)
            }
            _ => ledger::DIFFERENCES.to_owned(),
        };
        let about = About::row(id.uuid());
        self.book_new(
            tx,
            "correction",
            &from,
            &books.account,
            arrival.amount,
            about,
        )
        .await?;
        self.close_case(tx, CaseKind::Unmatched, id.uuid(), "settled before")
            .await?;
        if payment.receipt.is_none() && arrival.state != ArrivalState::Matched {
            tx.move_receipt(
                &books.gateway,
                &arrival.receipt,
                id.uuid(),
                payment.id.uuid(),
            )
            .await?;
            payment.receipt = Some(arrival.receipt.clone());
            tx.update_payment(&payment).await?;
            arrival.state = ArrivalState::Matched;
            arrival.payment = Some(payment.id);
            arrival.decided_at = Some(self.now());
            tx.update_arrival(&arrival).await?;
        }
        Ok(())
    }

    /// Books that money of a payment went back.
    async fn note_back(&self, tx: &mut TenantTx, difference: &Difference) -> Result<Payment> {
        let line = line_of(tx, difference, LineKind::Reversal).await?;
        let payment = paid_payment(tx, difference.payment).await?;
        match self
            .note_reversal(tx, payment.clone(), &line.receipt, line.amount)
            .await?
        {
            Reversal::NotPaid => Err(again("the payment is not settled")),
            _ => Ok(payment),
        }
    }

    /// Books that money left the account for nothing of ours.
    async fn book_out(
        &self,
        tx: &mut TenantTx,
        books: &BooksOf,
        disagreement: &Disagreement,
    ) -> Result<()> {
        let difference = &disagreement.difference;
        let (kind, cause, subject) = (difference.kind, &disagreement.cause, &difference.subject);
        let subject = out_subject(&books.gateway, kind, cause, subject)
            .ok_or_else(|| again("nothing left the account"))?;
        let (word, to) = match kind {
            DifferenceKind::Fee => ("fee", books.fees.as_str()),
            DifferenceKind::Reversal => ("refund", ledger::REFUNDS),
            _ => ("payout", ledger::PAYOUTS),
        };
        let minor = difference.theirs_minor.unwrap_or(0);
        let amount = Money::from_minor(minor, difference.currency);
        self.book_new(tx, word, to, &books.account, amount, About::row(subject))
            .await
    }

    /// Gives up what is not there.
    async fn write_off(
        &self,
        tx: &mut TenantTx,
        books: &BooksOf,
        disagreement: &Disagreement,
    ) -> Result<()> {
        let difference = &disagreement.difference;
        let minor = difference.ours_minor.unwrap_or(0);
        let amount = Money::from_minor(minor, difference.currency);
        let about = about(disagreement)?;
        let (to, from) = match difference.kind {
            DifferenceKind::NotThere => (ledger::DIFFERENCES, books.account.as_str()),
            _ => (books.account.as_str(), ledger::DIFFERENCES),
        };
        self.book_new(tx, "write_off", to, from, amount, about)
            .await
    }

    /// Books a movement that must not be booked twice.
    async fn book_new(
        &self,
        tx: &mut TenantTx,
        kind: &str,
        to: &str,
        from: &str,
        amount: Money,
        about: About,
    ) -> Result<()> {
        if amount.is_positive() && self.transfer(tx, kind, to, from, amount, about).await? {
            Ok(())
        } else {
            Err(again("it was corrected before"))
        }
    }

    async fn note_mend(
        &self,
        tx: &mut TenantTx,
        by: &By,
        difference: &Difference,
        mend: Mend,
        note: &str,
    ) -> Result<()> {
        let object = format!("difference:{}", difference.id);
        let about = format!("{} {}", difference.kind.name(), difference.subject);
        let detail = format!("{} {about} {}", mend.name(), note.trim());
        tx.audit(
            self.now(),
            &by.actor,
            "difference.mend",
            &object,
            detail.trim(),
        )
        .await?;
        Ok(())
    }

    fn tell_mended(&self, provider: ProviderId, difference: &Difference, back: Option<&Payment>) {
        if back.is_some() {
            self.tell_refunded(provider, back);
        }
        self.events.tell(provider, Change::Cases);
        if let Some(payment) = difference.payment {
            self.events.tell(provider, Change::Payment(payment));
        }
    }
}

/// Why mending did not fit any more.
fn again(why: &str) -> Error {
    Invalid::field("difference", format!("{why}; compare the statement again")).into()
}

fn opposite(amount: Money) -> Money {
    Money::from_minor(amount.minor().saturating_neg(), amount.currency())
}

/// What an account holds by these movements.
fn held(transfers: &[Transfer], account: &str) -> i64 {
    let side = |t: &Transfer| {
        i64::from(t.debit == account) * t.amount.minor()
            - i64::from(t.credit == account) * t.amount.minor()
    };
    transfers.iter().map(side).sum()
}

/// Whether a movement is money of the payer, not a fee and not a refund.
fn is_of_payer(transfer: &Transfer) -> bool {
    let is_fee = |account: &str| account.starts_with("fees:");
    !is_fee(&transfer.debit) && !is_fee(&transfer.credit) && transfer.debit != ledger::REFUNDS
}

/// What the books have it under.
fn about(disagreement: &Disagreement) -> Result<About> {
    let payment = disagreement.difference.payment;
    Ok(match disagreement.cause {
        Cause::Arrival { arrival } | Cause::ArrivalUnlisted { arrival } => About {
            subject: arrival,
            payment,
        },
        Cause::Refund { refund } => About {
            subject: refund,
            payment,
        },
        Cause::Payout { payout } => About::row(payout),
        _ => {
            let payment = payment.ok_or(Error::NotFound("payment"))?;
            About {
                subject: payment.uuid(),
                payment: Some(payment),
            }
        }
    })
}

/// The customer whose money it is.
async fn payer(
    tx: &mut TenantTx,
    payment: Option<PaymentId>,
    arrival: Option<&Arrival>,
) -> Result<Option<CustomerId>> {
    if let Some(payment) = payment
        && let Some(payment) = tx.payment(payment).await?
    {
        return Ok(Some(payment.customer_id));
    }
    Ok(arrival.and_then(|a| a.customer))
}

async fn paid_payment(tx: &mut TenantTx, id: Option<PaymentId>) -> Result<Payment> {
    let id = id.ok_or(Error::NotFound("payment"))?;
    let payment = tx.lock_payment(id).await?;
    payment
        .filter(|p| p.status.was_paid())
        .ok_or_else(|| again("the payment is not settled"))
}

async fn line_of(
    tx: &mut TenantTx,
    difference: &Difference,
    kind: LineKind,
) -> Result<StatementLine> {
    let receipt = difference.receipt.as_deref().unwrap_or_default();
    let line = tx
        .statement_line(difference.statement, kind, receipt)
        .await?;
    line.ok_or(Error::NotFound("line"))
}

fn movement_of(line: StatementLine) -> Movement {
    Movement {
        kind: MovementKind::Payment,
        receipt: line.receipt,
        amount: line.amount,
        fee: line.fee,
        at: line.at,
        phone: line.phone,
        payer: line.payer,
        reference: line.reference,
        account: line.account,
        checkout_request_id: line.checkout_request_id,
    }
}
