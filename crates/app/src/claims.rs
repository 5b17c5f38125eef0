//! "I have already paid": finding money by what the customer still has of it.

use bando_domain::{CustomerId, MacAddr, PaymentId, PaymentStatus, Phone, ProviderId, Timestamp};
use bando_gateways::{Found, Search};
use bando_store::{ArrivalSource, ArrivalState, CaseKind, JobKind, Link, PaymentFilter, TenantTx};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::cases::{Facts, PROMISE};
use crate::limits::Action;
use crate::{App, Error, Result};

/// What a claim found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claim {
    /// It is paid: here is its page.
    Paid(PaymentId),
    /// Nothing final is known of this device's payment; the gateway is being asked now.
    Asking(PaymentId),
    /// The money is here, as the credit of this customer.
    Credit(CustomerId),
    /// A person looks for it.
    Case {
        /// What to name it by.
        number: u64,
        /// Until when somebody has looked.
        promised_at: Timestamp,
    },
    /// There is nothing in the text to look for.
    Unknown,
}

impl App {
    /// Finds the money of a customer who says they have paid: by the receipt in the text they typed or
    /// pasted, in our books, else by asking the gateways; else by the device they ask from; else
    /// a person gets a case. A phone number alone finds nothing: it would tell about others.
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
        let receipts = receipts_in(text);
        if let Some(found) = self.known(provider, &receipts).await? {
            return Ok(found);
        }
        if self.ask_for(provider, &receipts).await?
            && let Some(found) = self.known(provider, &receipts).await?
        {
            return Ok(found);
        }
        if let Some(mac) = mac
            && let Some(found) = self.claim_by_device(provider, mac).await?
        {
            return Ok(found);
        }
        self.claim_case(provider, text, &receipts).await
    }

    /// What our books say about these receipts.
    async fn known(&self, provider: ProviderId, receipts: &[String]) -> Result<Option<Claim>> {
        let mut tx = self.store.read(provider).await?;
        for gateway in self.gateways.iter() {
            let name = gateway.profile().name;
            for receipt in receipts {
                if let Some(payment) = tx.payment_by_receipt(name, receipt).await? {
                    return Ok(Some(Claim::Paid(payment.id)));
                }
                let Some(arrival) = tx.arrival_by_receipt(name, receipt).await? else {
                    continue;
                };
                match (arrival.state, arrival.payment, arrival.customer) {
                    (ArrivalState::Matched, Some(payment), _) => {
                        return Ok(Some(Claim::Paid(payment)));
                    }
                    (ArrivalState::Credited, _, Some(customer)) => {
                        return Ok(Some(Claim::Credit(customer)));
                    }
                    _ => {}
                }
            }
        }
        Ok(None)
    }

    /// Asks the provider's gateways for these receipts, within its query limit. Whether any money was
    /// found, and taken in.
    async fn ask_for(&self, provider: ProviderId, receipts: &[String]) -> Result<bool> {
        let mut is_found = false;
        for gateway in self.gateways.iter() {
            let name = gateway.profile().name;
            let mut tx = self.store.read(provider).await?;
            let ready = self.own_account(&mut tx, name).await?;
            drop(tx);
            let Some(ready) = ready.filter(|ready| ready.enabled) else {
                continue;
            };
            for receipt in receipts {
                if self.take_query(provider, name).is_err() {
                    break;
                }
                let link = self.store.vault().link(
                    Link::Arrival,
                    provider,
                    claim_subject(receipt.as_bytes()),
                );
                let search = Search {
                    receipt: receipt.clone(),
                    result_url: format!("{}/cb/k/{link}", self.settings.public_url),
                    now: self.now(),
                };
                match gateway.find(&ready.account, &search).await {
                    Found::Movement(movement) if movement.receipt == *receipt => {
                        let source = ArrivalSource::Query;
                        self.take_movement(provider, name, &movement, source, true)
                            .await?;
                        is_found = true;
                    }
                    Found::CannotAsk => break,
                    _ => {}
                }
            }
        }
        Ok(is_found)
    }

    async fn claim_by_device(&self, provider: ProviderId, mac: MacAddr) -> Result<Option<Claim>> {
        let filter = PaymentFilter {
            mac: Some(mac),
            ..PaymentFilter::default()
        };
        let mut tx = self.store.tenant(provider).await?;
        let recent = tx.payments(&filter, None, 5).await?.rows;
        if let Some(paid) = recent
            .iter()
            .find(|p| p.status.was_paid() && p.receipt.is_none())
        {
            return Ok(Some(Claim::Paid(paid.id)));
        }
        let Some(open) = recent.iter().find(|p| p.status == PaymentStatus::Pending) else {
            return Ok(None);
        };
        tx.enqueue(JobKind::CheckPayment, open.id.uuid(), self.now())
            .await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(Some(Claim::Asking(open.id)))
    }

    /// Gives a claim that nothing was found for to a person, and asks once more about whatever this
    /// phone has open. The same claim has the same number, however often it is made.
    async fn claim_case(
        &self,
        provider: ProviderId,
        text: &str,
        receipts: &[String],
    ) -> Result<Claim> {
        let mut tx = self.store.tenant(provider).await?;
        let phone = phone_in(&mut tx, text).await?;
        let key = match (receipts.first(), &phone) {
            (Some(receipt), _) => receipt.clone(),
            (None, Some(phone)) => phone.digits().to_owned(),
            (None, None) => return Ok(Claim::Unknown),
        };
        if let Some(phone) = &phone {
            let filter = PaymentFilter {
                phone: Some(phone.clone()),
                status: Some(PaymentStatus::Pending),
                ..PaymentFilter::default()
            };
            for open in tx.payments(&filter, None, 3).await?.rows {
                tx.enqueue(JobKind::CheckPayment, open.id.uuid(), self.now())
                    .await?;
            }
        }
        let said: String = text.trim().chars().take(400).collect();
        let mut facts = Facts::about(claim_subject(key.as_bytes())).because(&said);
        if let Some(phone) = phone {
            facts = facts.phone(phone);
        }
        let number = self.open_case(&mut tx, CaseKind::Claim, facts).await?;
        tx.commit().await?;
        self.jobs.notify_one();
        Ok(Claim::Case {
            number,
            promised_at: self.now().plus(PROMISE),
        })
    }
}

/// The row of a claim: the same for the same receipt or phone.
pub(crate) fn claim_subject(key: &[u8]) -> Uuid {
    let digest = Sha256::digest(key);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The phone number in a text that holds nothing else.
async fn phone_in(tx: &mut TenantTx, text: &str) -> Result<Option<Phone>> {
    let country = tx.provider().await?.country;
    Ok(Phone::parse(text.trim(), country).ok())
}

/// What in a text looks like a receipt: of M-Pesa, ten letters and digits such as `RKL51ZDR4F`; of
/// Wave, `T_` and at least eight of them, or eleven to fourteen. Without a digit, or without a
/// letter, only as gateways write it, in capitals. At most four, so that a long text is not a way to
/// try many.
pub fn receipts_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_receipt = |word: &&str| {
        let tail = word
            .strip_prefix("T_")
            .or_else(|| word.strip_prefix("t_"))
            .unwrap_or(word);
        let is_wave = tail.len() < word.len() && (8..=24).contains(&tail.len());
        let has_letter = tail.bytes().any(|b| b.is_ascii_alphabetic());
        let has_digit = tail.bytes().any(|b| b.is_ascii_digit());
        let is_capital = !tail.bytes().any(|b| b.is_ascii_lowercase());
        let looks = has_letter && has_digit || has_letter && is_capital && word.len() == 10;
        looks && !tail.contains('_') && (is_wave || (10..=14).contains(&word.len()))
    };
    words
        .filter(is_receipt)
        .map(str::to_ascii_uppercase)
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
        assert_eq!(
            receipts_in("Transaction ID: T_46HS5COOWE, TCN4Y4ZC3FM"),
            ["T_46HS5COOWE", "TCN4Y4ZC3FM"]
        );
        assert_eq!(receipts_in("UKKCDYJQRX Confirmed"), ["UKKCDYJQRX"]);
        assert!(receipts_in("0712345678 and confirmedx, T_ 1_2 TOMORROW").is_empty());
    }
}
