//! B2C v3: sends money from the organisation's Utility account to a phone.

use bando_domain::Country;
use serde::Serialize;

use super::orders::acknowledged;
use super::reversal::remarks;
use super::security::Initiator;
use super::{Daraja, DarajaAccount};
use crate::gateway::{Payout, Sent};

const PATH: &str = "/mpesa/b2c/v3/paymentrequest";

/// Whole shillings that one payout may have.
const AMOUNTS: std::ops::RangeInclusive<i64> = 10..=250_000;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    /// Our own name for the order: the second order with the same one is refused.
    #[serde(rename = "OriginatorConversationID")]
    originator_conversation_id: &'a str,
    /// Not `Initiator`, as everywhere else.
    initiator_name: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'static str,
    amount: String,
    party_a: &'a str,
    party_b: &'a str,
    remarks: String,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: &'a str,
    #[serde(rename = "ResultURL")]
    result_url: &'a str,
    /// With two `s`; the misspelling is Safaricom's.
    #[serde(rename = "Occassion")]
    occasion: &'static str,
}

impl Daraja {
    /// Orders a payout.
    pub(super) async fn order_payout(
        &self,
        account: &DarajaAccount,
        initiator: &Initiator,
        payout: &Payout,
    ) -> Sent {
        let refused = |code: &str, message: &str| Sent::Refused {
            code: code.to_owned(),
            message: message.to_owned(),
        };
        if payout.phone.country() != Some(Country::Ke) {
            return refused("phone", "M-Pesa in Kenya reaches only Kenyan numbers");
        }
        let whole = super::whole_shillings(payout.amount).filter(|whole| AMOUNTS.contains(whole));
        let Some(whole) = whole else {
            return refused(
                "amount",
                "M-Pesa sends 10 to 250,000 whole Kenyan shillings",
            );
        };
        let request = Request {
            originator_conversation_id: &payout.reference,
            initiator_name: &initiator.name,
            security_credential: initiator.credential.expose(),
            command_id: "BusinessPayment",
            amount: whole.to_string(),
            party_a: &account.shortcode,
            party_b: payout.phone.digits(),
            remarks: remarks(&payout.remarks, "Payout"),
            queue_time_out_url: &payout.result_url,
            result_url: &payout.result_url,
            occasion: "",
        };
        acknowledged(self.call(account, PATH, &request).await)
    }
}
