//! What money is meant for: which payment, or which plan.

use std::time::Duration;

use bando_domain::{
    AccountId, CustomerId, Money, PaymentFailure, PaymentId, PaymentStatus, Phone, TicketCode,
};
use bando_gateways::Movement;
use bando_store::{Arrival, Payment, PaymentStep, Plan, TenantTx};

use crate::gateway_accounts::Ready;
use crate::purchase::account_reference;
use crate::{App, Result};

/// How long after it was asked for a payment may still be what by-hand money is meant for.
const RECENT: Duration = Duration::from_secs(48 * 3600);

/// How far the clocks of a gateway and ours may differ.
const SKEW: Duration = Duration::from_secs(10);

impl App {
    /// The payment that by-hand money is meant for: by its reference, by the gateway's own name for
    /// it, else by phone and amount, else by an amount that only one open payment asks for. It may be
    /// one that is paid already, when this money is what paid it.
    pub(super) async fn payment_meant(
        &self,
        tx: &mut TenantTx,
        gateway: &str,
        movement: &Movement,
    ) -> Result<Option<Payment>> {
        if let Some(checkout) = &movement.checkout_request_id
            && let Some(payment) = tx.payment_by_checkout(gateway, checkout).await?
        {
            return Ok(Some(payment));
        }
        if let Some(reference) = &movement.reference {
            if let Ok(id) = reference.trim().parse::<uuid::Uuid>()
                && let Some(payment) = tx.payment(PaymentId::from_uuid(id)).await?
                && payment.gateway == gateway
            {
                return Ok(Some(payment));
            }
            let typed = plain(reference);
            if !typed.is_empty()
                && let Some(payment) = tx
                    .payments_by_reference(gateway, &typed)
                    .await?
                    .into_iter()
                    .next()
            {
                return Ok(Some(payment));
            }
        }
        let since = self.now().minus(RECENT);
        let paid = tx
            .paid_without_receipt(gateway, movement.amount, since)
            .await?;
        let told_twice = paid.into_iter().find(|p| {
            let while_asked = |at| {
                let until = p.finished_at.unwrap_or(p.created_at);
                p.created_at.minus(SKEW) <= at && at <= until.plus(SKEW)
            };
            is_payer(p, movement)
                && is_named(p, movement.reference.as_deref())
                && movement.at.is_none_or(while_asked)
        });
        if told_twice.is_some() {
            return Ok(told_twice);
        }
        let open = tx.unpaid_of_amount(gateway, movement.amount, since).await?;
        if let Some(payment) = open.iter().find(|p| is_payer(p, movement)) {
            return Ok(Some(payment.clone()));
        }
        // The amount alone tells whose money it is only where no two payments ask for the same.
        let account = self.own_account(tx, gateway).await?;
        let is_link = self.is_link(gateway)
            && account.is_some_and(|ready| ready.account.is_on("unique_amounts"));
        let mut pending = open
            .into_iter()
            .filter(|p| p.status == PaymentStatus::Pending);
        Ok(match (pending.next(), pending.next()) {
            (Some(only), None) if is_link => Some(only),
            _ => None,
        })
    }

    /// A payment made on the spot for money that buys a plan: the plan of the ticket whose code the
    /// payer typed, else the only plan on sale at this price.
    pub(super) async fn payment_for_plan(
        &self,
        tx: &mut TenantTx,
        arrival: &Arrival,
    ) -> Result<Option<Payment>> {
        let code = arrival
            .reference
            .as_deref()
            .and_then(|text| text.parse::<TicketCode>().ok());
        let ticket = match code {
            Some(code) => tx.ticket_by_code(&code).await?,
            None => None,
        };
        let phone = arrival
            .phone
            .clone()
            .or_else(|| ticket.as_ref().and_then(|t| t.phone.clone()));
        let Some(phone) = phone else {
            return Ok(None);
        };
        let plans = tx.plans().await?;
        let fits = |plan: &&Plan| plan.on_sale && plan.price == arrival.amount;
        let plan = match ticket {
            Some(ticket) => plans
                .iter()
                .find(|p| p.id == ticket.plan_id && p.price == arrival.amount),
            None => {
                let mut fitting = plans.iter().filter(fits);
                fitting.next().filter(|_| fitting.next().is_none())
            }
        };
        match plan {
            Some(plan) => {
                let payment = self
                    .payment_on_the_spot(tx, plan, &phone, &arrival.gateway)
                    .await?;
                Ok(Some(payment))
            }
            None => Ok(None),
        }
    }

    /// Writes down a payment for money that is there already. The caller settles it in the same
    /// transaction.
    pub(crate) async fn payment_on_the_spot(
        &self,
        tx: &mut TenantTx,
        plan: &Plan,
        phone: &Phone,
        gateway: &str,
    ) -> Result<Payment> {
        let new = CustomerId::new(&*self.clock, &*self.entropy);
        let customer = tx.customer(new, phone, self.now()).await?;
        let payer = (customer.id, Some(phone));
        self.payment_of(tx, plan, payer, gateway, None).await
    }

    /// [`payment_on_the_spot`](Self::payment_on_the_spot) of a customer of whom perhaps no phone is
    /// known, and perhaps sold by a member.
    pub(crate) async fn payment_of(
        &self,
        tx: &mut TenantTx,
        plan: &Plan,
        (customer, phone): (CustomerId, Option<&Phone>),
        gateway: &str,
        sold_by: Option<AccountId>,
    ) -> Result<Payment> {
        let now = self.now();
        let provider = tx.provider().await?;
        let id = PaymentId::new(&*self.clock, &*self.entropy);
        let zero = Money::zero(plan.price.currency());
        let payment = Payment {
            id,
            gateway: gateway.to_owned(),
            status: PaymentStatus::Pending,
            amount: plan.price,
            plan_id: plan.id,
            plan_name: plan.name.clone(),
            terms: plan.terms,
            customer_id: customer,
            phone: phone.cloned(),
            mac: None,
            router_id: None,
            visit: None,
            language: provider.language,
            account_reference: Some(account_reference(&provider, id)),
            redirect_url: None,
            identity_mac: None,
            sold_by,
            collected: false,
            merchant_request_id: None,
            checkout_request_id: None,
            receipt: None,
            fee: zero,
            refunded: zero,
            failure: None,
            result_code: None,
            result_text: None,
            checks: 0,
            ticket_id: None,
            created_at: now,
            prompted_at: None,
            finished_at: None,
        };
        tx.insert_payment(&payment).await?;
        self.step(tx, &payment, PaymentStep::Asked, None).await?;
        Ok(payment)
    }
}

/// Whether money is what has paid this payment, told of a second time: nothing more is granted for it.
/// A payment that a member found no money for was not paid by any.
pub(super) fn is_same_money(payment: &Payment, arrival: &Arrival) -> bool {
    payment.receipt.as_ref() == Some(&arrival.receipt)
        || payment.receipt.is_none()
            && payment.amount == arrival.amount
            && is_named(payment, arrival.reference.as_deref())
            && payment.failure != Some(PaymentFailure::NotReceived)
}

/// Whether a movement shows the phone of this payment, in full or masked.
fn is_payer(payment: &Payment, movement: &Movement) -> bool {
    let Some(phone) = &payment.phone else {
        return false;
    };
    let masked = movement.payer.as_deref();
    movement.phone.as_ref() == Some(phone) || masked.is_some_and(|payer| shows(payer, phone))
}

/// Why money moved in another account than the provider's, if it did.
pub(crate) fn elsewhere(ready: &Ready, movement: &Movement) -> Option<&'static str> {
    let account = movement.account.as_deref()?;
    let ours = ["shortcode", "till"].map(|field| ready.account.setting(field));
    let is_known = ours.iter().any(Option::is_some);
    (is_known && !ours.contains(&Some(account))).then_some("it was paid to another account")
}

/// Whether money under this reference can be what paid a payment that we asked for: a gateway tells
/// the reference that it was asked with, or none. Whoever typed another paid once more, by hand.
pub(super) fn is_named(payment: &Payment, reference: Option<&str>) -> bool {
    let Some(reference) = reference.map(str::trim).filter(|text| !text.is_empty()) else {
        return true;
    };
    let ours = payment.account_reference.as_deref().map(plain);
    ours == Some(plain(reference)) || reference.parse() == Ok(payment.id.uuid())
}

/// What a payer typed as the account number, as we write such: capitals and digits only.
pub(crate) fn plain(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(20)
        .collect()
}

/// Whether a masked number such as `2547 ***** 126` can be this phone's: all digits it shows are
/// right, and it shows at least six.
pub(crate) fn shows(masked: &str, phone: &Phone) -> bool {
    let number = masked
        .split(|c: char| c.is_ascii_alphabetic())
        .map(|part| part.replace(|c: char| !c.is_ascii_digit() && c != '*', ""))
        .find(|part| part.contains('*'));
    let Some(number) = number else {
        return false;
    };
    let digits = phone.digits();
    let (Some(first), Some(last)) = (number.split('*').next(), number.rsplit('*').next()) else {
        return false;
    };
    first.len() + last.len() >= 6
        && first.len() + last.len() < digits.len()
        && digits.starts_with(first)
        && digits.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_number_shows_whose_it_can_be() {
        let phone = Phone::from_international("254712345126").unwrap();
        assert!(shows("2547 ***** 126 NICHOLAS", &phone));
        assert!(shows("2547*****126", &phone));
        assert!(shows("NICHOLAS · 2547*****126", &phone));
        for other in [
            "2547 ***** 127",
            "2541 ***** 126",
            "**********26",
            "NICHOLAS",
            "",
            "***",
        ] {
            assert!(!shows(other, &phone), "{other}");
        }
    }

    #[test]
    fn what_payers_type_is_read_kindly() {
        assert_eq!(plain(" mama-01 ab "), "MAMA01AB");
    }
}
