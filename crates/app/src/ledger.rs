//! The ledger: its accounts by name, and the one way to book a movement.

use bando_domain::{LedgerTransferId, Money, PaymentId};
use bando_store::{Payment, TenantTx, Transfer};
use uuid::Uuid;

use crate::{App, Result};

/// What was sold.
pub(crate) const REVENUE: &str = "revenue";
/// Arrived, and nobody knows yet for what.
pub(crate) const UNALLOCATED: &str = "unallocated";
/// Collected by the platform and owed to the provider.
pub(crate) const PLATFORM: &str = "platform";
/// Sent back to payers.
pub(crate) const REFUNDS: &str = "refunds";
/// Sent by the platform to the provider.
pub(crate) const PAYOUTS: &str = "payouts";
/// Moved, and nobody can tell why.
pub(crate) const DIFFERENCES: &str = "differences";

/// Money that is with a gateway.
pub(crate) fn gateway(name: &str) -> String {
    format!("gateway:{name}")
}

/// What a gateway, or the platform, has kept.
pub(crate) fn fees(name: &str) -> String {
    format!("fees:{name}")
}

/// What a movement is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    /// The row whose one movement of its kind it is.
    pub(crate) subject: Uuid,
    /// The payment it is part of, if it is part of one.
    pub(crate) payment: Option<PaymentId>,
}

impl About {
    /// A payment.
    pub(crate) fn payment(payment: &Payment) -> Self {
        Self {
            subject: payment.id.uuid(),
            payment: Some(payment.id),
        }
    }

    /// A row of another kind.
    pub(crate) const fn row(subject: Uuid) -> Self {
        Self {
            subject,
            payment: None,
        }
    }
}

/// Where the money of a payment is when it is settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// With the gateway, or in a cashier's till: it comes with this payment.
    Gateway,
    /// With the platform, which collected it.
    Platform,
    /// Booked before, when nobody knew for what.
    Unallocated,
    /// In the customer's wallet.
    Wallet,
}

impl Source {
    /// Where the money of a payment arrives.
    pub(crate) fn of(payment: &Payment) -> Self {
        match payment.gateway.as_str() {
            crate::wallet::WALLET => Self::Wallet,
            _ if payment.collected => Self::Platform,
            _ => Self::Gateway,
        }
    }

    /// The account it stands in.
    pub(crate) fn account(self, payment: &Payment) -> String {
        match (self, payment.sold_by) {
            (Self::Gateway, Some(cashier)) if payment.gateway == crate::cash::CASH => {
                crate::cash::till(cashier)
            }
            (Self::Gateway, _) => gateway(&payment.gateway),
            (Self::Platform, _) => PLATFORM.to_owned(),
            (Self::Unallocated, _) => UNALLOCATED.to_owned(),
            (Self::Wallet, _) => crate::wallet::account(payment.customer_id),
        }
    }
}

impl App {
    /// Books a movement from `credit` to `debit`. Once for each subject and kind: again, it does
    /// nothing and returns false.
    pub(crate) async fn transfer(
        &self,
        tx: &mut TenantTx,
        kind: &str,
        debit: &str,
        credit: &str,
        amount: Money,
        about: About,
    ) -> Result<bool> {
        let transfer = Transfer {
            id: LedgerTransferId::new(&*self.clock, &*self.entropy),
            kind: kind.to_owned(),
            debit: debit.to_owned(),
            credit: credit.to_owned(),
            amount,
            subject: about.subject,
            payment: about.payment,
            at: self.now(),
        };
        Ok(tx.insert_transfer(&transfer).await?)
    }
}
