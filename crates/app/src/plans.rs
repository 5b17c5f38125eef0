//! Plans, as a provider sets them.

use bando_domain::{Money, PlanId, PlanTerms, SellingWindow};
use bando_store::Plan;

use crate::caller::Permission;
use crate::events::Change;
use crate::{App, Caller, Error, Invalid, Result};

/// What a provider says of a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanDraft {
    /// Its name.
    pub name: String,
    /// Its price in the provider's currency, as it was typed.
    pub price: String,
    /// What it gives.
    pub terms: PlanTerms,
    /// When it is on sale; none for always.
    pub window: Option<SellingWindow>,
    /// Whether the portal offers it.
    pub on_sale: bool,
    /// Its place in the list.
    pub position: i64,
}

impl App {
    /// All plans, in the provider's own order.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn plans(&self, caller: &Caller) -> Result<Vec<Plan>> {
        caller.need(Permission::Look)?;
        Ok(self.store.read(caller.provider).await?.plans().await?)
    }

    /// A plan.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn plan(&self, caller: &Caller, id: PlanId) -> Result<Plan> {
        caller.need(Permission::Look)?;
        self.store
            .read(caller.provider)
            .await?
            .plan(id)
            .await?
            .ok_or(Error::NotFound("plan"))
    }

    /// Makes a plan, or changes one; tickets already sold keep their terms.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field, [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn save_plan(
        &self,
        caller: &Caller,
        id: Option<PlanId>,
        draft: PlanDraft,
    ) -> Result<Plan> {
        caller.need(Permission::Manage)?;
        let name = draft.name.trim();
        if name.is_empty() || name.chars().count() > 60 {
            return Err(
                Invalid::field("name", "give the plan a name of at most 60 characters").into(),
            );
        }
        draft.terms.check()?;
        if draft.window.is_some_and(|w| !w.is_valid()) {
            return Err(Invalid::field(
                "window",
                "choose at least one day, and a beginning that is not the end",
            )
            .into());
        }
        let mut tx = self.store.tenant(caller.provider).await?;
        let currency = tx.provider().await?.currency;
        let price = Money::parse(&draft.price, currency)?;
        if price.minor() < 0 {
            return Err(Invalid::field("price", "a price cannot be below zero").into());
        }
        let now = self.now();
        let plan = Plan {
            id: id.unwrap_or_else(|| PlanId::new(&*self.clock, &*self.entropy)),
            name: name.to_owned(),
            price,
            terms: draft.terms,
            window: draft.window,
            on_sale: draft.on_sale,
            position: draft.position,
            created_at: now,
        };
        let action = if id.is_some() {
            "plan.change"
        } else {
            "plan.make"
        };
        if id.is_none() {
            tx.insert_plan(&plan).await?;
        } else if !tx.update_plan(&plan).await? {
            return Err(Error::NotFound("plan"));
        }
        let detail = format!("{} {}", plan.name, plan.price.decimal());
        tx.audit(
            now,
            &caller.actor(),
            action,
            &format!("plan:{}", plan.id),
            &detail,
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(plan)
    }

    /// Takes a plan off the list for good.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn delete_plan(&self, caller: &Caller, id: PlanId) -> Result<()> {
        caller.need(Permission::Manage)?;
        let mut tx = self.store.tenant(caller.provider).await?;
        if !tx.delete_plan(id, self.now()).await? {
            return Err(Error::NotFound("plan"));
        }
        tx.audit(
            self.now(),
            &caller.actor(),
            "plan.delete",
            &format!("plan:{id}"),
            "",
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(())
    }
}
