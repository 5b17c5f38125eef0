//! Collection: the platform takes money for providers that have no account of their own, owes it to
//! them, and pays it out, as one member asks and a second agrees.

use bando_domain::{Currency, Money, PayoutId, Phone, Secret};
use bando_store::{
    Cursor, GatewayAccount, JobKind, Page, Payout, ProviderStatus, SendState, TenantTx,
};

use crate::caller::Permission;
use crate::events::Change;
use crate::gateway_accounts::COLLECTION;
use crate::ledger::{self, About};
use crate::{App, Caller, Error, Invalid, Result};

/// The whole units that one payout may have.
const AMOUNTS: std::ops::RangeInclusive<i64> = 10..=250_000;

/// The setting that says where payouts go.
const PHONE: &str = "payout_phone";

/// What the platform collects for a provider, and owes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollectionState {
    /// The gateway it collects by.
    pub gateway: &'static str,
    /// That gateway's name for people.
    pub title: &'static str,
    /// Whether the provider has asked for it.
    pub enabled: bool,
    /// Where payouts go.
    pub phone: Option<Phone>,
    /// What the platform keeps of each payment, in hundredths of a percent.
    pub fee_basis_points: u32,
    /// What it owes.
    pub owed: Money,
    /// What of that is on its way: payouts, and refunds of payments that it collected.
    pub reserved: Money,
    /// What may be paid out now.
    pub available: Money,
}

/// What the platform owes a provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owed {
    balance: Money,
    reserved: Money,
}

impl Owed {
    /// What of it nothing was asked for yet; less than nothing if too much was.
    pub(crate) fn free(self) -> Money {
        let minor = self.balance.minor().saturating_sub(self.reserved.minor());
        Money::from_minor(minor, self.balance.currency())
    }
}

impl App {
    /// What the platform collects for the provider; none if this installation collects for nobody.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn collection(&self, caller: &Caller) -> Result<Option<CollectionState>> {
        caller.need(Permission::Look)?;
        let Some(collection) = &self.settings.collection else {
            return Ok(None);
        };
        let profile = self.gateway(collection.gateway)?.profile();
        let mut tx = self.store.read(caller.provider).await?;
        let currency = tx.provider().await?.currency;
        let owed = self.owed(&mut tx, currency).await?;
        let row = tx.gateway_account(COLLECTION).await?;
        Ok(Some(CollectionState {
            gateway: profile.name,
            title: profile.title,
            enabled: row.as_ref().is_some_and(|row| row.enabled),
            phone: row.as_ref().and_then(phone_in),
            fee_basis_points: collection.fee_basis_points,
            owed: owed.balance,
            reserved: owed.reserved,
            available: at_least_nothing(owed.free()),
        }))
    }

    /// Lets the platform collect for the provider, or not any more, and says where payouts go.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the phone is none, or the platform cannot collect for this provider;
    /// [`Error::Forbidden`] unless the caller is an owner.
    pub async fn save_collection(&self, caller: &Caller, phone: &str, enabled: bool) -> Result<()> {
        caller.need(Permission::Money)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let provider = tx.provider().await?;
        let phone = Phone::parse(phone, provider.country)?;
        if enabled {
            let gateway = self.settings.collection.as_ref().map(|c| c.gateway);
            let profile = gateway
                .and_then(|name| self.gateways.get(name))
                .map(|g| g.profile());
            if !profile.is_some_and(|p| p.payouts && p.currencies.contains(&provider.currency)) {
                let problem = "this installation does not collect in your currency";
                return Err(Invalid::field("enabled", problem).into());
            }
        }
        let row = GatewayAccount {
            gateway: COLLECTION.to_owned(),
            settings: serde_json::json!({ PHONE: phone.digits() }),
            secrets: Secret::new("{}"),
            enabled,
            updated_at: self.now(),
            tested_at: None,
            test_result: None,
        };
        tx.put_gateway_account(&row, &*self.entropy).await?;
        let detail = format!("{} {}", if enabled { "on" } else { "off" }, phone.masked());
        let actor = caller.actor();
        tx.audit(
            self.now(),
            &actor,
            "collection.save",
            "gateway:platform",
            &detail,
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(())
    }

    /// Asks for a payout of what the platform owes. What is asked for is reserved.
    ///
    /// # Errors
    /// [`Error::Invalid`] when that is not owed, no payout can have this amount, or there is no phone to
    /// pay to; [`Error::Suspended`]; [`Error::Forbidden`] unless the caller is an owner.
    pub async fn request_payout(&self, caller: &Caller, amount: Money) -> Result<Payout> {
        caller.need(Permission::Money)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        need_good_standing(&mut tx).await?;
        let row = tx.gateway_account(COLLECTION).await?;
        let Some(phone) = row.as_ref().and_then(phone_in) else {
            return Err(Invalid::field("phone", "say first where payouts go").into());
        };
        if !amount
            .whole_major()
            .is_some_and(|whole| AMOUNTS.contains(&whole))
        {
            let problem = "one payout has 10 to 250,000, without decimals";
            return Err(Invalid::field("amount", problem).into());
        }
        let payout = Payout {
            id: PayoutId::new(&*self.clock, &*self.entropy),
            amount,
            phone,
            state: SendState::Requested,
            requested_by: caller.account,
            requested_at: self.now(),
            decided_by: None,
            decided_at: None,
            conversation_id: None,
            receipt: None,
            result_text: None,
            finished_at: None,
        };
        tx.hold(ledger::PAYOUTS).await?;
        let free = self.owed(&mut tx, amount.currency()).await?.free();
        if free.minor() < amount.minor() {
            let problem = format!("at most {} can be paid out", at_least_nothing(free));
            return Err(Invalid::field("amount", problem).into());
        }
        tx.insert_payout(&payout).await?;
        let detail = format!("{amount} to {}", payout.phone.masked());
        self.audit_payout(&mut tx, &payout, caller, "request", &detail)
            .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Sending);
        Ok(payout)
    }

    /// Agrees to a payout, which sends it, or declines it. Nobody agrees to their own; whoever asked
    /// may take it back.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it was decided before; [`Error::Invalid`] when it needs somebody
    /// else, or the money is gone meanwhile; [`Error::Suspended`]; [`Error::Forbidden`] below manager.
    pub async fn decide_payout(
        &self,
        caller: &Caller,
        id: PayoutId,
        approve: bool,
    ) -> Result<Payout> {
        caller.need(Permission::Approve)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        let mut payout = tx
            .lock_payout(id)
            .await?
            .filter(|payout| payout.state == SendState::Requested)
            .ok_or(Error::NotFound("payout"))?;
        payout.decided_by = Some(caller.account);
        payout.decided_at = Some(self.now());
        if approve {
            if payout.requested_by == caller.account {
                let problem = "a second member must agree to it: an owner or a manager";
                return Err(Invalid::field("payout", problem).into());
            }
            need_good_standing(&mut tx).await?;
            tx.hold(ledger::PAYOUTS).await?;
            let currency = payout.amount.currency();
            if self.owed(&mut tx, currency).await?.free().minor() < 0 {
                let problem = "the platform does not owe so much any more";
                return Err(Invalid::field("payout", problem).into());
            }
            payout.state = SendState::Approved;
            tx.enqueue(JobKind::SendPayout, id.uuid(), self.now())
                .await?;
        } else {
            payout.state = SendState::Declined;
            payout.finished_at = payout.decided_at;
        }
        tx.update_payout(&payout).await?;
        let verb = if approve { "approve" } else { "decline" };
        self.audit_payout(&mut tx, &payout, caller, verb, "")
            .await?;
        tx.commit().await?;
        self.jobs.notify_one();
        self.events.tell(caller.provider, Change::Sending);
        Ok(payout)
    }

    /// A page of payouts, newest first; only those in `state`, if one is given.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn payouts(
        &self,
        caller: &Caller,
        state: Option<SendState>,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Payout>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.payouts(state, after, size).await?)
    }

    /// One payout.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn payout(&self, caller: &Caller, id: PayoutId) -> Result<Payout> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        tx.payout(id).await?.ok_or(Error::NotFound("payout"))
    }

    /// Books a payout that went out.
    pub(crate) async fn finish_payout(&self, tx: &mut TenantTx, payout: &mut Payout) -> Result<()> {
        payout.state = SendState::Done;
        payout.finished_at = Some(self.now());
        let about = About::row(payout.id.uuid());
        let (to, from) = (ledger::PAYOUTS, ledger::PLATFORM);
        self.transfer(tx, "payout", to, from, payout.amount, about)
            .await?;
        Ok(())
    }

    /// What the platform owes the provider, from the ledger, and what is on its way. To act on it, hold
    /// the name [`ledger::PAYOUTS`] first.
    pub(crate) async fn owed(&self, tx: &mut TenantTx, currency: Currency) -> Result<Owed> {
        let payouts = tx.reserved_for_payouts(currency).await?;
        let refunds = tx.reserved_of_collected(currency).await?;
        Ok(Owed {
            balance: tx.balance_of(ledger::PLATFORM, currency).await?,
            reserved: payouts.plus(refunds)?,
        })
    }

    async fn audit_payout(
        &self,
        tx: &mut TenantTx,
        payout: &Payout,
        caller: &Caller,
        verb: &str,
        detail: &str,
    ) -> Result<()> {
        let (action, object) = (format!("payout.{verb}"), format!("payout:{}", payout.id));
        let actor = caller.actor();
        tx.audit(self.now(), &actor, &action, &object, detail)
            .await?;
        Ok(())
    }
}

/// Whoever is suspended is paid nothing until that is cleared up.
async fn need_good_standing(tx: &mut TenantTx) -> Result<()> {
    if tx.provider().await?.status == ProviderStatus::Suspended {
        return Err(Error::Suspended);
    }
    Ok(())
}

fn phone_in(row: &GatewayAccount) -> Option<Phone> {
    Phone::from_international(row.settings.get(PHONE)?.as_str()?)
}

fn at_least_nothing(amount: Money) -> Money {
    Money::from_minor(amount.minor().max(0), amount.currency())
}
