//! Money that is sent: refunds and payouts, and what the gateway says became of them.

use bando_domain::{ArrivalId, PayoutId, ProviderId, RefundId};
use bando_gateways::Sent;
use bando_store::{About, TenantTx};
use uuid::Uuid;

use crate::{App, Error, Result};

impl App {
    /// The gateway that a message about a refund, a payout or an arrival came from.
    pub(crate) async fn gateway_of(
        &self,
        tx: &mut TenantTx,
        about: About,
        subject: Uuid,
    ) -> Result<String> {
        let gateway = match about {
            About::Refund => {
                let refund = tx.refund(RefundId::from_uuid(subject)).await?;
                refund.map(|refund| refund.gateway)
            }
            About::Payout => {
                let payout = tx.payout(PayoutId::from_uuid(subject)).await?;
                let collection = self.settings.collection.as_ref();
                payout.and(collection.map(|c| c.gateway.to_owned()))
            }
            About::Arrival => {
                let arrival = tx.arrival(ArrivalId::from_uuid(subject)).await?;
                // A claim has no row of its own; only M-Pesa answers questions later.
                Some(arrival.map_or_else(|| crate::mpesa::MPESA.to_owned(), |a| a.gateway))
            }
            About::Payment | About::Account => None,
        };
        gateway.ok_or(Error::NotFound("payment"))
    }

    /// What a gateway says became of money that was sent.
    pub(crate) async fn take_sent(
        &self,
        provider: ProviderId,
        about: About,
        subject: Uuid,
        conversation_id: &str,
        outcome: Sent,
    ) -> Result<&'static str> {
        tracing::warn!(%provider, about = about.name(), %subject, conversation_id, ?outcome, "nobody sends money yet");
        Ok("nobody waits for it")
    }
}
