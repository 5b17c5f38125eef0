//! Payments that only a person can confirm: paid by a static link, of which the wallet tells the
//! provider and not us. A member confirms or rejects with one tap; a regular customer may be trusted
//! meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use bando_domain::{
    EndReason, PaymentEvent, PaymentFailure, PaymentId, PaymentStatus, ProviderId, TicketId,
};
use bando_gateways::{Asks, Found, Movement, MovementKind, Paid, Search};
use bando_store::{
    ArrivalSource, Case, CaseFilter, CaseKind, CaseState, JobKind, Link, Payment, PaymentFilter,
    PaymentStep, TenantTx,
};

use crate::caller::Permission;
use crate::cases::Facts;
use crate::claims::{claim_subject, receipts_in};
use crate::events::Change;
use crate::ledger::{self, About};
use crate::limits::Action;
use crate::settlement::Settled;
use crate::{App, Caller, Error, Invalid, Result, calendar};

/// The most payments a list shows.
const MOST: usize = 100;

/// How old money may be that a payer names for a payment that is asked for now.
const RECENT: Duration = Duration::from_secs(48 * 3600);

/// What waits for a member's word.
#[derive(Clone, Debug)]
pub struct Confirmations {
    /// The newest, newest first: at most 100.
    pub rows: Vec<Confirmation>,
    /// How many there are.
    pub count: u64,
}

/// A payment that waits for a member's word.
#[derive(Clone, PartialEq, Debug)]
pub struct Confirmation {
    /// The payment.
    pub payment: Payment,
    /// For how long.
    pub waiting: Duration,
    /// No other payment in the list asks for this amount: the amount alone tells whose money it is.
    pub is_only: bool,
    /// The transaction id that the payer has typed.
    pub claimed: Option<String>,
    /// The customer is trusted and has the ticket already.
    pub trusted: bool,
}

impl App {
    /// The payments that wait for a member to confirm or reject them.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn confirmations(&self, caller: &Caller) -> Result<Confirmations> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let (mut waiting, mut claimed) = (Vec::new(), HashMap::new());
        let mut count = 0;
        for gateway in self.link_gateways() {
            let filter = PaymentFilter {
                status: Some(PaymentStatus::Pending),
                gateway: Some(gateway.to_owned()),
                ..PaymentFilter::default()
            };
            waiting.extend(tx.payments(&filter, None, MOST).await?.rows);
            claimed.extend(tx.claimed_receipts(gateway).await?);
            count += tx.count_pending(gateway).await?;
        }
        let trusted = trusted(&mut tx).await?;
        count += trusted.len() as u64;
        let pending = waiting.len();
        for case in trusted {
            if let Some(id) = case.opened.payment {
                waiting.extend(tx.payment(id).await?);
            }
        }
        let now = self.now();
        let amounts: Vec<_> = waiting.iter().map(|p| p.amount).collect();
        let rows = waiting.into_iter().enumerate().map(|(n, payment)| {
            let same = amounts.iter().filter(|amount| **amount == payment.amount);
            Confirmation {
                waiting: now.since(payment.created_at),
                is_only: same.count() == 1,
                claimed: claimed.remove(&payment.id).or(payment.receipt.clone()),
                trusted: n >= pending,
                payment,
            }
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.payment.id));
        rows.truncate(MOST);
        Ok(Confirmations { rows, count })
    }

    /// How many payments wait for a member's word.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn count_confirmations(&self, caller: &Caller) -> Result<u64> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        let mut count = trusted(&mut tx).await?.len() as u64;
        for gateway in self.link_gateways() {
            count += tx.count_pending(gateway).await?;
        }
        Ok(count)
    }

    /// A member says that the money is there: the payment is settled in their name. `transaction_id`
    /// is the wallet's own number of it, if they know it: it pays for one thing only. Again, and after
    /// the payment was rejected or given up: money wins.
    ///
    /// # Errors
    /// [`Invalid::Taken`] if the transaction id has paid for something else; [`Error::NotFound`] for
    /// payments at a gateway that tells by itself; [`Error::Invalid`], [`Error::Forbidden`].
    pub async fn confirm_payment(
        &self,
        caller: &Caller,
        id: PaymentId,
        transaction_id: Option<&str>,
    ) -> Result<Payment> {
        caller.need(Permission::Sell)?;
        let typed = transaction_id.map(str::trim).filter(|id| !id.is_empty());
        let receipt = typed.map(transaction_id_in).transpose()?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let payment = self.lock_confirmable(&mut tx, id).await?;
        if payment.status == PaymentStatus::Refunded {
            let why = "its ticket was taken back; sell a new one";
            return Err(Invalid::field("payment", why).into());
        }
        let solution = format!("confirmed by {}", caller.name);
        let was_trusted = self.look_after(&mut tx, caller, id, &solution).await?;
        if was_trusted || !payment.status.was_paid() {
            let step = PaymentStep::Confirmed;
            self.step(&mut tx, &payment, step, Some(&caller.name))
                .await?;
            self.audit_word(&mut tx, caller, "payment.confirm", id, receipt.as_deref())
                .await?;
        }
        let paid = Paid {
            receipt,
            ..Paid::default()
        };
        let settled = self
            .settle_in(&mut tx, payment, paid, &caller.actor())
            .await?;
        if settled == Settled::ReceiptTaken {
            return Err(Invalid::Taken("transaction id").into());
        }
        let payment = tx.payment(id).await?.ok_or(Error::NotFound("payment"))?;
        tx.commit().await?;
        self.tell_settled(caller.provider, id, settled);
        Ok(payment)
    }

    /// A member says that no such money came: the payment has failed, and the ticket of a trusted
    /// customer is taken back. Of a payment whose outcome is known it changes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is paid for certain: that is refunded; [`Error::NotFound`] for payments
    /// at a gateway that tells by itself; [`Error::Forbidden`].
    pub async fn reject_payment(&self, caller: &Caller, id: PaymentId) -> Result<Payment> {
        caller.need(Permission::Sell)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let mut payment = self.lock_confirmable(&mut tx, id).await?;
        let solution = format!("rejected by {}", caller.name);
        let was_trusted = self.look_after(&mut tx, caller, id, &solution).await?;
        let mut ended = None;
        if was_trusted {
            ended = self.undo_trust(&mut tx, &mut payment).await?;
        } else if payment.status == PaymentStatus::Success {
            return Err(Invalid::field("payment", "it is paid; refund it").into());
        } else {
            let (failure, code) = (PaymentFailure::NotReceived, Some("rejected".into()));
            let (name, now) = (Some(caller.name.clone()), self.now());
            if !crate::purchase::fail(&mut tx, &mut payment, failure, code, name, now).await? {
                return Ok(payment);
            }
            tx.update_payment(&payment).await?;
        }
        let step = PaymentStep::Rejected;
        self.step(&mut tx, &payment, step, Some(&caller.name))
            .await?;
        self.audit_word(&mut tx, caller, "payment.reject", id, None)
            .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Payment(id));
        if let Some(ticket) = ended {
            self.ticket_ended(caller.provider, ticket);
        }
        Ok(payment)
    }

    /// The payer names the transaction id of their payment, on its page: the provider sees it, and the
    /// wallet is asked about it where it can be.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is none in the text; [`Error::TooMany`]; [`Error::NotFound`] for
    /// a token that is not ours.
    pub async fn note_transaction_id(&self, token: &str, text: &str) -> Result<()> {
        let (provider, id) = self.read_payment_link(token)?;
        self.take_claim(provider, id)?;
        let receipt = transaction_id_in(text)?;
        let mut tx = self.store.tenant(provider).await?;
        let payment = self.lock_confirmable(&mut tx, id).await?;
        if payment.status.was_paid() {
            return Ok(());
        }
        let (step, now) = (self.next_step_id(), self.now());
        tx.add_first_payment_step(id, step, now, PaymentStep::Claimed, &receipt)
            .await?;
        tx.commit().await?;
        self.events.tell(provider, Change::Payment(id));
        self.look_for(provider, &payment, receipt).await
    }

    /// The payer says on the payment's page that they have paid. Returns whether that is enough: the
    /// provider trusts regular customers ([`Confirmation::trusted`]), and this is one, on a device of
    /// theirs, who pays no more than before and has nothing unconfirmed.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a token that is not ours; [`Error::Store`].
    pub async fn say_paid(&self, token: &str) -> Result<bool> {
        let (provider, id) = self.read_payment_link(token)?;
        let mut tx = self.store.tenant(provider).await?;
        let payment = self.lock_confirmable(&mut tx, id).await?;
        if payment.status != PaymentStatus::Pending {
            return Ok(payment.status.was_paid());
        }
        if !self.is_trusted(&mut tx, &payment).await? {
            // The wallet may know, and each tap costs one of the provider's queries.
            if self.take_claim(provider, id).is_ok() {
                tx.enqueue(JobKind::CheckPayment, id.uuid(), self.now())
                    .await?;
                tx.commit().await?;
                self.jobs.notify_one();
            }
            return Ok(false);
        }
        let step = PaymentStep::Confirmed;
        self.step(&mut tx, &payment, step, Some("trusted")).await?;
        self.open_case(&mut tx, CaseKind::Trusted, Facts::of(&payment))
            .await?;
        let settled = self
            .settle_in(&mut tx, payment, Paid::default(), "trust")
            .await?;
        tx.commit().await?;
        self.tell_settled(provider, id, settled);
        Ok(matches!(settled, Settled::Now(_)))
    }

    /// A payment that a member's word settles, locked.
    async fn lock_confirmable(&self, tx: &mut TenantTx, id: PaymentId) -> Result<Payment> {
        let payment = tx.lock_payment(id).await?;
        // What the platform collects is not for the provider to confirm.
        payment
            .filter(|p| !p.collected && self.is_link(&p.gateway))
            .ok_or(Error::NotFound("payment"))
    }

    fn link_gateways(&self) -> impl Iterator<Item = &'static str> {
        let profiles = self.gateways.iter().map(|gateway| gateway.profile());
        profiles
            .filter(|profile| profile.asks == Asks::Link)
            .map(|profile| profile.name)
    }

    /// Whether payments at this gateway wait for a member's word.
    pub(crate) fn is_link(&self, gateway: &str) -> bool {
        self.link_gateways().any(|name| name == gateway)
    }

    fn read_payment_link(&self, token: &str) -> Result<(ProviderId, PaymentId)> {
        let (provider, payment) = self
            .store
            .vault()
            .read_link(Link::Payment, token)
            .ok_or(Error::NotFound("payment"))?;
        Ok((provider, PaymentId::from_uuid(payment)))
    }

    /// Counts what a payer says of one payment.
    fn take_claim(&self, provider: ProviderId, id: PaymentId) -> Result<()> {
        let key = (Action::Claim, format!("{provider} {id}"));
        self.limits
            .by_text
            .take(key, Action::Claim.allowance(), self.now())
            .map_err(|retry_after| Error::TooMany { retry_after })
    }

    async fn audit_word(
        &self,
        tx: &mut TenantTx,
        caller: &Caller,
        action: &str,
        id: PaymentId,
        receipt: Option<&str>,
    ) -> Result<()> {
        let object = format!("payment:{id}");
        let detail = receipt.unwrap_or_default();
        tx.audit(self.now(), &caller.actor(), action, &object, detail)
            .await?;
        Ok(())
    }

    /// Closes the case of a trusted payment: somebody has looked. False if none was open.
    async fn look_after(
        &self,
        tx: &mut TenantTx,
        caller: &Caller,
        id: PaymentId,
        solution: &str,
    ) -> Result<bool> {
        let Some(case) = tx.case_about(CaseKind::Trusted, id.uuid()).await? else {
            return Ok(false);
        };
        let by = Some(caller.account);
        Ok(tx
            .solve_case(case.opened.id, by, self.now(), solution)
            .await?)
    }

    /// Whether the payer of this payment is a regular whose word the provider takes.
    async fn is_trusted(&self, tx: &mut TenantTx, payment: &Payment) -> Result<bool> {
        let ready = self.own_account(tx, &payment.gateway).await?;
        let wanted: u64 = ready
            .and_then(|ready| ready.account.setting("trust_after")?.parse().ok())
            .unwrap_or(0);
        let (Some(phone), Some(mac), 1..) = (&payment.phone, payment.mac, wanted) else {
            return Ok(false);
        };
        tx.hold(&format!("trust:{}", phone.digits())).await?;
        let open = CaseFilter {
            kind: Some(CaseKind::Trusted),
            state: Some(CaseState::Open),
            phone: Some(phone.clone()),
            ..CaseFilter::default()
        };
        if !tx.cases(&open, None, 1).await?.rows.is_empty() {
            return Ok(false);
        }
        let currency = payment.amount.currency();
        let known = tx
            .payer_history(&payment.gateway, phone, mac, currency)
            .await?;
        Ok(known.paid >= wanted
            && known.rejected == 0
            && payment.amount.minor() <= known.highest.minor())
    }

    /// Takes a trusted customer's ticket back: there was no money, so the sale is undone in the books.
    /// The ticket, if it had not ended by itself.
    async fn undo_trust(
        &self,
        tx: &mut TenantTx,
        payment: &mut Payment,
    ) -> Result<Option<TicketId>> {
        let Some(status) = payment.status.after(PaymentEvent::Refunded) else {
            return Ok(None);
        };
        payment.status = status;
        payment.failure = Some(PaymentFailure::NotReceived);
        tx.update_payment(payment).await?;
        tx.add_refunded(payment.id, payment.amount).await?;
        let (held, about) = (ledger::gateway(&payment.gateway), About::payment(payment));
        let amount = payment.amount;
        self.transfer(tx, "refund", ledger::REFUNDS, &held, amount, about)
            .await?;
        let zone = tx.provider().await?.time_zone;
        let sold_at = payment.finished_at.unwrap_or(payment.created_at);
        let day = calendar::Local::at(sold_at, &zone).day;
        tx.take_revenue(day, &payment.gateway, amount, true).await?;
        let Some(ticket) = payment.ticket_id else {
            return Ok(None);
        };
        let is_ended = self.end(tx, ticket, EndReason::Revoked).await?;
        Ok(is_ended.then_some(ticket))
    }

    /// Asks the wallet for the money that a payer names; if it is there, it is this payment's. Without
    /// an answer the provider decides.
    async fn look_for(
        &self,
        provider: ProviderId,
        payment: &Payment,
        receipt: String,
    ) -> Result<()> {
        let mut tx = self.store.read(provider).await?;
        let ready = self.own_account(&mut tx, &payment.gateway).await?;
        drop(tx);
        let Some(ready) = ready else { return Ok(()) };
        if self.take_query(provider, &payment.gateway).is_err() {
            return Ok(());
        }
        let row = claim_subject(receipt.as_bytes());
        let link = self.store.vault().link(Link::Arrival, provider, row);
        let search = Search {
            receipt: receipt.clone(),
            result_url: format!("{}/cb/k/{link}", self.settings.public_url),
            now: self.now(),
        };
        let Found::Movement(found) = ready.gateway.find(&ready.account, &search).await else {
            return Ok(());
        };
        let since = payment.created_at.minus(RECENT);
        let fits = found.receipt == receipt
            && found.kind == MovementKind::Payment
            && found.at.is_none_or(|at| at >= since);
        if fits {
            let named = Movement {
                reference: Some(payment.id.to_string()),
                ..found
            };
            let (gateway, source) = (&payment.gateway, ArrivalSource::Query);
            self.take_movement(provider, gateway, &named, source, true)
                .await?;
        }
        Ok(())
    }
}

/// The payments of trusted customers that nobody has looked after yet, newest first.
async fn trusted(tx: &mut TenantTx) -> Result<Vec<Case>> {
    let filter = CaseFilter {
        kind: Some(CaseKind::Trusted),
        state: Some(CaseState::Open),
        ..CaseFilter::default()
    };
    Ok(tx.cases(&filter, None, MOST).await?.rows)
}

/// The transaction id in what a person typed.
fn transaction_id_in(text: &str) -> Result<String> {
    let id = receipts_in(text).into_iter().next();
    let why = "copy the transaction id from the wallet's message, such as T_46HS5COOWE";
    Ok(id.ok_or(Invalid::field("transaction_id", why))?)
}
