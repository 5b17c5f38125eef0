//! A customer's wallet: what they paid a provider beyond what they bought, to buy the next ticket with.

use bando_domain::{CustomerId, Money, MoneyError, PlanId, ProviderId};
use bando_gateways::Paid;
use bando_store::{
    Customer, Link, Origin, Payment, Plan, Provider, ProviderStatus, TenantTx, Ticket,
};

use crate::ledger::About;
use crate::purchase::{check_visit, is_on_sale};
use crate::settlement::Settled;
use crate::{App, Error, Invalid, Result, Visit, calendar};

/// The name by which a payment says that it was paid from the wallet.
pub(crate) const WALLET: &str = "wallet";

/// A wallet's account in the ledger.
pub(crate) fn account(customer: CustomerId) -> String {
    format!("credit:{customer}")
}

/// A wallet with what it can buy.
#[derive(Clone, Debug)]
pub struct WalletPage {
    /// The provider.
    pub provider: Provider,
    /// Whose it is, and how much is in it.
    pub customer: Customer,
    /// The plans on sale that it is enough for.
    pub plans: Vec<Plan>,
}

impl App {
    /// The token of a wallet's page. It is shown only to who has shown that the wallet is theirs: on
    /// the page of a payment or ticket of this customer, or for the receipt of the money in it.
    pub fn wallet_token(&self, provider: ProviderId, customer: CustomerId) -> String {
        self.store
            .vault()
            .link(Link::Wallet, provider, customer.uuid())
    }

    /// The page of a wallet by the token in its URL.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a token that is not ours.
    pub async fn wallet_page(&self, token: &str) -> Result<WalletPage> {
        let (provider, customer) = self.read_wallet_link(token)?;
        let mut tx = self.store.read(provider).await?;
        let provider = tx.provider().await?;
        let customer = tx
            .customer_by_id(customer)
            .await?
            .ok_or(Error::NotFound("wallet"))?;
        drop(tx);
        let mut plans = self.plans_on_sale(&provider).await?;
        plans.retain(|plan| is_enough(customer.credit, plan.price));
        Ok(WalletPage {
            provider,
            customer,
            plans,
        })
    }

    /// The customer who paid for a ticket.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn buyer_of(&self, ticket: &Ticket) -> Result<Option<Customer>> {
        let Origin::Payment(payment) = ticket.origin else {
            return Ok(None);
        };
        let mut tx = self.store.read(ticket.provider).await?;
        match tx.payment(payment).await? {
            Some(payment) => Ok(tx.customer_by_id(payment.customer_id).await?),
            None => Ok(None),
        }
    }

    /// Buys a plan with what is in a wallet: payment, ticket and ledger in one transaction. `seen` is how
    /// much the buyer saw in it: a form that is sent twice buys once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a token that is not ours; [`Error::Suspended`]; [`Error::Invalid`] when
    /// there is not enough in it, or another amount than was seen, or the plan is not on sale.
    pub async fn buy_with_credit(
        &self,
        token: &str,
        plan: PlanId,
        seen: Money,
        visit: &Visit,
    ) -> Result<Payment> {
        let (provider, customer) = self.read_wallet_link(token)?;
        let mut tx = self.store.tenant(provider).await?;
        let business = tx.provider().await?;
        if business.status == ProviderStatus::Suspended {
            return Err(Error::Suspended);
        }
        tx.hold(&format!("wallet:{customer}")).await?;
        let customer = tx
            .customer_by_id(customer)
            .await?
            .ok_or(Error::NotFound("wallet"))?;
        let plan = tx.plan(plan).await?.ok_or(Error::NotFound("plan"))?;
        let local = calendar::Local::at(self.now(), &business.time_zone);
        if !is_on_sale(&plan, local) {
            return Err(Invalid::NotOnSale.into());
        }
        if customer.credit != seen {
            return Err(Invalid::field("credit", "it has changed; look at it again").into());
        }
        let router_id = check_visit(&mut tx, visit).await?;
        let cost = Money::from_minor(-plan.price.minor(), plan.price.currency());
        if !tx.add_credit(customer.id, cost).await? {
            return Err(
                Invalid::field("credit", "there is not enough credit for this plan").into(),
            );
        }
        let payer = (customer.id, customer.phone.as_ref());
        let mut payment = self.payment_of(&mut tx, &plan, payer, WALLET, None).await?;
        payment.mac = visit.mac;
        payment.router_id = router_id;
        payment.visit = Some(serde_json::json!(visit));
        tx.place_payment(&payment).await?;
        let id = payment.id;
        let settled = self
            .settle_in(&mut tx, payment, Paid::default(), "wallet")
            .await?;
        let Settled::Now(_) = settled else {
            return Err(Error::NotFound("payment"));
        };
        tx.commit().await?;
        self.tell_settled(provider, id, settled);
        let mut tx = self.store.read(provider).await?;
        tx.payment(id).await?.ok_or(Error::NotFound("payment"))
    }

    fn read_wallet_link(&self, token: &str) -> Result<(ProviderId, CustomerId)> {
        let (provider, customer) = self
            .store
            .vault()
            .read_link(Link::Wallet, token)
            .ok_or(Error::NotFound("wallet"))?;
        Ok((provider, CustomerId::from_uuid(customer)))
    }

    /// Puts money into a wallet: once for each kind and subject.
    pub(crate) async fn credit(
        &self,
        tx: &mut TenantTx,
        customer: CustomerId,
        amount: Money,
        kind: &str,
        from: &str,
        about: About,
    ) -> Result<()> {
        let wallet = account(customer);
        // A wallet is owed for: what it holds is a debt, so the money goes from it to where it is.
        if self
            .transfer(tx, kind, from, &wallet, amount, about)
            .await?
        {
            // False only in another currency, and then nothing of it may stay.
            if !tx.add_credit(customer, amount).await? {
                let wallets = tx.provider().await?.currency;
                return Err(MoneyError::Mixed(amount.currency(), wallets).into());
            }
        }
        Ok(())
    }
}

fn is_enough(credit: Money, price: Money) -> bool {
    credit.currency() == price.currency() && credit.minor() >= price.minor()
}
