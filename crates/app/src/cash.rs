//! Cash: a cashier sells and takes the money; a shift is counted at its end.

use std::time::Duration;

use bando_domain::{
    AccountId, Currency, CustomerId, Money, MoneyError, Phone, PlanId, ShiftId, Timestamp,
};
use bando_gateways::Paid;
use bando_store::{
    Cursor, Page, Payment, PaymentStep, ProviderStatus, Shift, TenantTx, Ticket, Turnover,
};

use crate::caller::Permission;
use crate::ledger::About;
use crate::purchase::is_on_sale;
use crate::settlement::Settled;
use crate::{App, Caller, Error, Invalid, Result, calendar};

/// The name by which a payment says that it was paid in cash.
pub(crate) const CASH: &str = "cash";

/// How the ledger's accounts of cash begin.
const CASH_ACCOUNTS: &str = "cash:";

/// Where the money of counted tills lies.
const SAFE: &str = "cash:safe";

/// What was counted in tills beyond what should have been there, or short of it.
const DIFFERENCES: &str = "differences";

/// The longest note on a shift, in characters.
const MAX_NOTE: usize = 200;

/// A cashier's till in the ledger.
pub(crate) fn till(cashier: AccountId) -> String {
    format!("{CASH_ACCOUNTS}{cashier}")
}

/// A sale over the counter.
#[derive(Clone, Debug)]
pub struct CashSale {
    /// What.
    pub plan: PlanId,
    /// The buyer's phone, as typed, if they give one: it finds the ticket again.
    pub phone: Option<String>,
}

/// What was sold over the counter.
#[derive(Clone, Debug)]
pub struct CashSold {
    /// The payment, settled.
    pub payment: Payment,
    /// The ticket, whose code is shown or printed.
    pub ticket: Ticket,
}

/// A shift with its totals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShiftReport {
    /// The shift.
    pub shift: Shift,
    /// How many tickets were sold.
    pub sales: u64,
    /// What they brought.
    pub sold: Money,
    /// What was given back to buyers.
    pub returned: Money,
    /// What is in the till by the books; of a shift that has ended, what was before it was emptied.
    pub expected: Money,
    /// What was counted less what was expected, once the shift has ended.
    pub difference: Option<Money>,
}

/// What went through one till on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TillDay {
    /// Whose till.
    pub cashier: AccountId,
    /// How many tickets were sold.
    pub sales: u64,
    /// What they brought.
    pub sold: Money,
    /// What was given back to buyers.
    pub returned: Money,
}

impl App {
    /// Sells a ticket for cash: payment, ticket and ledger in one transaction. Begins the member's
    /// shift if they have none.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a plan that is not on sale now or a phone that is none;
    /// [`Error::NotFound`], [`Error::Suspended`], [`Error::Forbidden`].
    pub async fn sell_for_cash(&self, caller: &Caller, sale: CashSale) -> Result<CashSold> {
        caller.need(Permission::Sell)?;
        let now = self.now();
        let mut tx = self.store.tenant(caller.provider).await?;
        let provider = tx.provider().await?;
        if provider.status == ProviderStatus::Suspended {
            return Err(Error::Suspended);
        }
        let plan = tx.plan(sale.plan).await?.ok_or(Error::NotFound("plan"))?;
        if !is_on_sale(&plan, calendar::Local::at(now, &provider.time_zone)) {
            return Err(Invalid::NotOnSale.into());
        }
        let typed = sale.phone.as_deref().map(str::trim);
        let phone = typed
            .filter(|typed| !typed.is_empty())
            .map(|typed| Phone::parse(typed, provider.country))
            .transpose()?;
        self.till_in(&mut tx, caller.account).await?;
        let buyer = self.buyer(&mut tx, phone.as_ref()).await?;
        let payer = (buyer, phone.as_ref());
        let payment = self
            .payment_of(&mut tx, &plan, payer, CASH, Some(caller.account))
            .await?;
        let (step, id) = (PaymentStep::Confirmed, payment.id);
        self.step(&mut tx, &payment, step, Some(&caller.name))
            .await?;
        let settled = self
            .settle_in(&mut tx, payment, Paid::default(), &caller.actor())
            .await?;
        let Settled::Now(ticket) = settled else {
            return Err(Error::NotFound("payment"));
        };
        let payment = tx.payment(id).await?.ok_or(Error::NotFound("payment"))?;
        let ticket = tx.ticket(ticket).await?.ok_or(Error::NotFound("ticket"))?;
        tx.commit().await?;
        self.tell_settled(caller.provider, id, settled);
        Ok(CashSold { payment, ticket })
    }

    /// Begins the member's shift, unless it has begun.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn open_shift(&self, caller: &Caller) -> Result<ShiftReport> {
        caller.need(Permission::Sell)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let (shift, is_new) = self.shift_in(&mut tx, caller.account).await?;
        let report = self.report(&mut tx, shift).await?;
        if is_new {
            let object = format!("shift:{}", report.shift.id);
            tx.audit(self.now(), &caller.actor(), "shift.open", &object, "")
                .await?;
            tx.commit().await?;
        }
        Ok(report)
    }

    /// Ends the member's shift: what was counted (as typed) goes to the safe, and what it differs from
    /// what should be there is booked as a difference.
    ///
    /// # Errors
    /// [`Error::NotFound`] if no shift has begun; [`Error::Invalid`], [`Error::Forbidden`].
    pub async fn close_shift(
        &self,
        caller: &Caller,
        counted: &str,
        note: &str,
    ) -> Result<ShiftReport> {
        caller.need(Permission::Sell)?;
        let note = note.trim();
        if note.chars().count() > MAX_NOTE {
            return Err(Invalid::field("note", format!("at most {MAX_NOTE} characters")).into());
        }
        let now = self.now();
        let till = till(caller.account);
        let mut tx = self.store.tenant(caller.provider).await?;
        // Refunds in cash hold it too: what is counted here is not handed out meanwhile.
        tx.hold(&till).await?;
        let shift = tx
            .lock_open_shift(caller.account)
            .await?
            .ok_or(Error::NotFound("shift"))?;
        let counted = Money::parse(counted, shift.currency)?;
        if counted.minor() < 0 {
            return Err(Invalid::field("counted", "there is not less than nothing").into());
        }
        let expected = tx.balance_of(&till, shift.currency).await?;
        let difference = less(counted, expected)?;
        let about = About::row(shift.id.uuid());
        let amount = Money::from_minor(difference.minor().saturating_abs(), shift.currency);
        if difference.minor() > 0 {
            self.transfer(&mut tx, "difference", &till, DIFFERENCES, amount, about)
                .await?;
        } else if difference.minor() < 0 {
            self.transfer(&mut tx, "difference", DIFFERENCES, &till, amount, about)
                .await?;
        }
        if counted.is_positive() {
            self.transfer(&mut tx, "handover", SAFE, &till, counted, about)
                .await?;
        }
        let note = (!note.is_empty()).then_some(note);
        tx.close_shift(shift.id, now, expected, counted, note)
            .await?;
        let (object, detail) = (
            format!("shift:{}", shift.id),
            format!("{counted} of {expected}"),
        );
        tx.audit(now, &caller.actor(), "shift.close", &object, &detail)
            .await?;
        let closed = tx.shift(shift.id).await?.ok_or(Error::NotFound("shift"))?;
        let report = self.report(&mut tx, closed).await?;
        tx.commit().await?;
        Ok(report)
    }

    /// The member's own shift, if it has begun.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn my_shift(&self, caller: &Caller) -> Result<Option<ShiftReport>> {
        caller.need(Permission::Sell)?;
        let mut tx = self.store.read(caller.provider).await?;
        match tx.open_shift_of(caller.account).await? {
            Some(shift) => Ok(Some(self.report(&mut tx, shift).await?)),
            None => Ok(None),
        }
    }

    /// A shift; for a cashier only their own.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn shift(&self, caller: &Caller, id: ShiftId) -> Result<ShiftReport> {
        caller.need(Permission::Sell)?;
        let mut tx = self.store.read(caller.provider).await?;
        let shift = tx.shift(id).await?;
        let shift = shift.filter(|shift| may_see(caller, shift.account));
        let shift = shift.ok_or(Error::NotFound("shift"))?;
        self.report(&mut tx, shift).await
    }

    /// A page of shifts, newest first: everybody's for managers, their own for cashiers.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn shifts(
        &self,
        caller: &Caller,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Shift>> {
        caller.need(Permission::Sell)?;
        let own = (!caller.may(Permission::Manage)).then_some(caller.account);
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.shifts(own, after, size).await?)
    }

    /// What went through the tills on the provider's day, `days_ago` days ago (0 is today); for
    /// a cashier only through their own.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn till_day(&self, caller: &Caller, days_ago: u16) -> Result<Vec<TillDay>> {
        const DAY: Duration = Duration::from_secs(86_400);
        caller.need(Permission::Sell)?;
        let mut tx = self.store.read(caller.provider).await?;
        let provider = tx.provider().await?;
        let then = self.now().minus(DAY * u32::from(days_ago));
        let from = calendar::midnight(then, &provider.time_zone);
        // An hour past the next midnight is in the next day, also when a clock is put back.
        let next = from.plus(DAY).plus(Duration::from_secs(3600));
        let to = calendar::midnight(next, &provider.time_zone);
        let rows = tx
            .turnovers(CASH_ACCOUNTS, provider.currency, from, to)
            .await?;
        let mut tills: Vec<TillDay> = Vec::new();
        for part in rows.chunk_by(|a, b| a.account == b.account) {
            let cashier = part.first().and_then(|row| cashier_of(&row.account));
            let Some(cashier) = cashier.filter(|cashier| may_see(caller, *cashier)) else {
                continue;
            };
            let (sales, sold, returned) = totals(part, provider.currency);
            tills.push(TillDay {
                cashier,
                sales,
                sold,
                returned,
            });
        }
        Ok(tills)
    }

    /// The till of a member whose shift has begun, or begins now; nobody closes it before this
    /// transaction ends. Its name in the ledger.
    pub(crate) async fn till_in(&self, tx: &mut TenantTx, cashier: AccountId) -> Result<String> {
        self.shift_in(tx, cashier).await?;
        Ok(till(cashier))
    }

    async fn shift_in(&self, tx: &mut TenantTx, cashier: AccountId) -> Result<(Shift, bool)> {
        let currency = tx.provider().await?.currency;
        let new = ShiftId::new(&*self.clock, &*self.entropy);
        Ok(tx.open_shift(new, cashier, currency, self.now()).await?)
    }

    /// The customer with this phone; without one, a new customer each time.
    async fn buyer(&self, tx: &mut TenantTx, phone: Option<&Phone>) -> Result<CustomerId> {
        let new = CustomerId::new(&*self.clock, &*self.entropy);
        match phone {
            Some(phone) => Ok(tx.customer(new, phone, self.now()).await?.id),
            None => {
                tx.unnamed_customer(new, self.now()).await?;
                Ok(new)
            }
        }
    }

    /// A shift with its totals, from the ledger.
    async fn report(&self, tx: &mut TenantTx, shift: Shift) -> Result<ShiftReport> {
        let till = till(shift.account);
        let end = shift.closed_at.unwrap_or_else(|| self.now());
        let after = Timestamp::from_millis(end.as_millis().saturating_add(1));
        let rows = tx
            .turnovers(&till, shift.currency, shift.opened_at, after)
            .await?;
        let (sales, sold, returned) = totals(&rows, shift.currency);
        let expected = match shift.expected {
            Some(expected) => expected,
            None => tx.balance_of(&till, shift.currency).await?,
        };
        let difference = match shift.counted {
            Some(counted) => Some(less(counted, expected)?),
            None => None,
        };
        Ok(ShiftReport {
            sales,
            sold,
            returned,
            expected,
            difference,
            shift,
        })
    }
}

/// Sales, what they brought, and what was given back, of one till.
fn totals(rows: &[Turnover], currency: Currency) -> (u64, Money, Money) {
    let of = |kind: &str| rows.iter().find(|row| row.kind == kind);
    let sales = of("payment");
    let zero = Money::zero(currency);
    (
        sales.map_or(0, |row| row.count),
        sales.map_or(zero, |row| row.came),
        of("refund").map_or(zero, |row| row.went),
    )
}

/// Whose till an account of the ledger is; none for the safe.
fn cashier_of(account: &str) -> Option<AccountId> {
    account.strip_prefix(CASH_ACCOUNTS)?.parse().ok()
}

fn may_see(caller: &Caller, cashier: AccountId) -> bool {
    caller.may(Permission::Manage) || caller.account == cashier
}

fn less(one: Money, other: Money) -> Result<Money, MoneyError> {
    one.plus(Money::from_minor(
        other.minor().saturating_neg(),
        other.currency(),
    ))
}
