//! One box that takes whatever a member has in hand.

use bando_domain::{MacAddr, PaymentId, Phone, TicketCode, TicketId};

use crate::caller::Permission;
use crate::{App, Caller, Result};

/// What a search text means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// The code of this ticket.
    Ticket(TicketId),
    /// The receipt of this payment.
    Payment(PaymentId),
    /// A phone number.
    Phone(Phone),
    /// A device.
    Mac(MacAddr),
    /// None of these.
    Nothing,
}

impl App {
    /// What `text` means to this provider: the code of a ticket, a receipt, a device or a phone.
    ///
    /// # Errors
    /// [`crate::Error::Forbidden`], [`crate::Error::Store`].
    pub async fn find(&self, caller: &Caller, text: &str) -> Result<Found> {
        caller.need(Permission::Look)?;
        let text = text.trim();
        let mut tx = self.store.read(caller.provider).await?;
        // A receipt may read like a code and the other way round: both are looked up.
        if let Ok(code) = text.parse::<TicketCode>()
            && let Some(ticket) = tx.ticket_by_code(&code).await?
        {
            return Ok(Found::Ticket(ticket.id));
        }
        let receipt = text.to_ascii_uppercase();
        for gateway in self.gateways.iter() {
            let name = gateway.profile().name;
            if let Some(payment) = tx.payment_by_receipt(name, &receipt).await? {
                return Ok(Found::Payment(payment.id));
            }
        }
        if let Ok(mac) = text.parse() {
            return Ok(Found::Mac(mac));
        }
        let country = tx.provider().await?.country;
        Ok(Phone::parse(text, country).map_or(Found::Nothing, Found::Phone))
    }
}
