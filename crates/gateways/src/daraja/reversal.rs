//! Reversal: sends a payment back to its payer, whole.

use serde::Serialize;

use super::orders::acknowledged;
use super::security::Initiator;
use super::{Daraja, DarajaAccount};
use crate::gateway::{Refund, Sent};
use crate::text;

const PATH: &str = "/mpesa/reversal/v1/request";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    initiator: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'static str,
    #[serde(rename = "TransactionID")]
    transaction_id: &'a str,
    amount: String,
    receiver_party: &'a str,
    /// The misspelling is Safaricom's.
    #[serde(rename = "RecieverIdentifierType")]
    receiver_identifier_type: &'static str,
    #[serde(rename = "ResultURL")]
    result_url: &'a str,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: &'a str,
    remarks: String,
}

impl Daraja {
    /// Orders the reversal of a payment.
    pub(super) async fn reverse(
        &self,
        account: &DarajaAccount,
        initiator: &Initiator,
        refund: &Refund,
    ) -> Sent {
        let refused = |code: &str, message: &str| Sent::Refused {
            code: code.to_owned(),
            message: message.to_owned(),
        };
        if !refund.whole {
            return refused("part", "M-Pesa sends back only the whole payment");
        }
        let Some(receipt) = &refund.receipt else {
            return refused("no_receipt", "M-Pesa sends back only by receipt number");
        };
        let Some(whole) = super::whole_shillings(refund.amount) else {
            return refused("amount", "M-Pesa sends back only whole Kenyan shillings");
        };
        let request = Request {
            initiator: &initiator.name,
            security_credential: initiator.credential.expose(),
            command_id: "TransactionReversal",
            transaction_id: receipt,
            amount: whole.to_string(),
            receiver_party: account.receiver(),
            receiver_identifier_type: "11",
            result_url: &refund.result_url,
            queue_time_out_url: &refund.result_url,
            remarks: remarks(&refund.remarks, "Refund"),
        };
        acknowledged(self.call(account, PATH, &request).await)
    }
}

/// 2 to 100 letters, digits and spaces.
pub(super) fn remarks(text: &str, default: &str) -> String {
    let clean = text::clamp(text, 100, true);
    if clean.len() < 2 {
        default.to_owned()
    } else {
        clean
    }
}
