//! Sends money back.

use serde::Serialize;

use super::account::PesapalAccount;
use super::message::is_id;
use super::reply::Reply;
use super::{CallError, Pesapal, says_no};
use crate::gateway::{Refund, Sent};
use crate::http::NoAnswer;
use crate::text;

const PATH: &str = "/api/Transactions/RefundRequest";

#[derive(Serialize)]
struct RefundRequest<'a> {
    confirmation_code: &'a str,
    amount: String,
    username: &'static str,
    remarks: String,
}

impl Pesapal {
    /// Orders a refund. It waits for the merchant's approval on Pesapal's own site.
    pub(super) async fn send_back(&self, account: &PesapalAccount, refund: &Refund) -> Sent {
        let refused = |code: &str, message: String| Sent::Refused {
            code: code.to_owned(),
            message,
        };
        let Some(receipt) = refund.receipt.as_deref().filter(|code| is_id(code)) else {
            return refused(
                "receipt",
                "Pesapal refunds by confirmation code, and this payment has none".into(),
            );
        };
        if !refund.amount.is_positive() {
            return refused("amount", "There is nothing to refund".into());
        }
        let remarks = text::clean(&refund.remarks);
        let request = RefundRequest {
            confirmation_code: receipt,
            amount: refund.amount.decimal(),
            username: "Bando",
            remarks: if remarks.is_empty() {
                "Refund".into()
            } else {
                remarks
            },
        };
        match self.post(account, PATH, &request).await {
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => Sent::Unknown { why },
            Err(error) => refused("not_sent", error.why()),
            Ok(answer) => {
                let reply = Reply::read(&answer);
                let why = reply.summary();
                if reply.success().is_some() {
                    // One payment has one refund, so its receipt names the refund, too.
                    Sent::Accepted {
                        conversation_id: receipt.to_owned(),
                    }
                } else if reply.too_often().is_some() {
                    refused("rate_limited", "Pesapal was asked too often".into())
                } else if says_no(&reply) && !is_repetition(&why) {
                    let code = reply.error().map_or_else(String::new, |error| error.code);
                    refused(if code.is_empty() { "refused" } else { &code }, why)
                } else {
                    Sent::Unknown { why }
                }
            }
        }
    }
}

/// Whether Pesapal refuses a refund since it has one of that payment: perhaps this one, ordered
/// before with its answer lost. UNVERIFIED: the words it says that with.
fn is_repetition(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["already", "duplicate", "multiple"]
        .iter()
        .any(|word| said.contains(word))
}
