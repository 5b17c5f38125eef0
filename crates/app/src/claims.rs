//! "I have already paid": finding a payment by what the customer still has of it.

use bando_domain::{MacAddr, PaymentId, PaymentStatus, ProviderId};
use bando_store::{JobKind, PaymentFilter};

use crate::limits::Action;
use crate::mpesa::MPESA;
use crate::{App, Error, Result};

/// What a claim found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claim {
    /// It is paid: here is its page.
    Paid(PaymentId),
    /// Nothing final is known of this device's payment; the gateway is being asked now.
    Asking(PaymentId),
    /// Nothing fits.
    Unknown,
}

impl App {
    /// Finds the payment of a customer who says they have paid: by the receipt code in the text they
    /// typed or pasted, else by the device they ask from. A phone number alone finds nothing: it
    /// would tell about others.
    ///
    /// # Errors
    /// [`Error::TooMany`], [`Error::Store`].
    pub async fn claim(
        &self,
        provider: ProviderId,
        text: &str,
        mac: Option<MacAddr>,
        source: &str,
    ) -> Result<Claim> {
        let who = mac.map_or_else(|| source.to_owned(), |mac| mac.to_string());
        self.limits
            .by_text
            .take(
                (Action::Claim, format!("{provider} {who}")),
                Action::Claim.allowance(),
                self.now(),
            )
            .map_err(|retry_after| Error::TooMany { retry_after })?;
        let mut tx = self.store.tenant(provider).await?;
        for receipt in receipts_in(text) {
            if let Some(payment) = tx.payment_by_receipt(MPESA, &receipt).await? {
                return Ok(Claim::Paid(payment.id));
            }
        }
        let Some(mac) = mac else {
            return Ok(Claim::Unknown);
        };
        let filter = PaymentFilter {
            mac: Some(mac),
            ..PaymentFilter::default()
        };
        let recent = tx.payments(&filter, None, 5).await?.rows;
        if let Some(paid) = recent
            .iter()
            .find(|p| p.status.was_paid() && p.receipt.is_none())
        {
            return Ok(Claim::Paid(paid.id));
        }
        match recent.iter().find(|p| p.status == PaymentStatus::Pending) {
            Some(open) => {
                tx.enqueue(JobKind::CheckPayment, open.id.uuid(), self.now())
                    .await?;
                tx.commit().await?;
                self.jobs.notify_one();
                Ok(Claim::Asking(open.id))
            }
            None => Ok(Claim::Unknown),
        }
    }
}

/// What in a text looks like an M-Pesa receipt: ten capital letters and digits, at least one of
/// each, such as `RKL51ZDR4F`. At most four, so that a long text is not a way to try many.
pub fn receipts_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| word.len() == 10)
        .map(str::to_ascii_uppercase)
        .filter(|word| {
            word.bytes().any(|b| b.is_ascii_digit())
                && word.bytes().any(|b| b.is_ascii_alphabetic())
        })
        .take(4)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_receipt_in_an_sms() {
        let sms = "RKL51ZDR4F Confirmed. Ksh50.00 sent to MAMA NJERI WI-FI for account NJERI1A2B3 on \
                   20/11/26 at 6:42 PM. New M-PESA balance is Ksh1,250.00.";
        assert_eq!(receipts_in(sms), ["RKL51ZDR4F", "NJERI1A2B3"]);
        assert_eq!(receipts_in(" rkl51zdr4f "), ["RKL51ZDR4F"]);
        assert!(receipts_in("0712345678 and CONFIRMEDX").is_empty());
    }
}
