//! Transaction Status: asks about money by its receipt number; the answer comes as a message.

use serde::Serialize;

use super::orders::acknowledged;
use super::security::Initiator;
use super::{CallError, Daraja, DarajaAccount, Shortcode, TokenError};
use crate::gateway::{Found, Search, Sent};

const PATH: &str = "/mpesa/transactionstatus/v1/query";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    initiator: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'static str,
    #[serde(rename = "TransactionID")]
    transaction_id: &'a str,
    party_a: &'a str,
    identifier_type: &'static str,
    #[serde(rename = "ResultURL")]
    result_url: &'a str,
    #[serde(rename = "QueueTimeOutURL")]
    queue_time_out_url: &'a str,
    remarks: &'static str,
    /// With one `s`; the result refers to it, which tells it from other results.
    occasion: &'static str,
}

impl Daraja {
    /// Asks M-Pesa about a receipt.
    pub(super) async fn ask_status(
        &self,
        account: &DarajaAccount,
        initiator: &Initiator,
        search: &Search,
    ) -> Found {
        let request = Request {
            initiator: &initiator.name,
            security_credential: initiator.credential.expose(),
            command_id: "TransactionStatusQuery",
            transaction_id: &search.receipt,
            party_a: account.receiver(),
            identifier_type: match account.kind {
                Shortcode::Paybill => "4",
                Shortcode::Till { .. } => "2",
            },
            result_url: &search.result_url,
            queue_time_out_url: &search.result_url,
            remarks: "Looked up",
            occasion: "Lookup",
        };
        let answer = self.call(account, PATH, &request).await;
        let too_often = match &answer {
            Ok(reply) => reply.too_often(),
            Err(CallError::NoToken(TokenError::TooOften(wait))) => Some(*wait),
            Err(_) => None,
        };
        if let Some(retry_after) = too_often {
            return Found::RateLimited { retry_after };
        }
        match acknowledged(answer) {
            Sent::Accepted { .. } => Found::Later,
            Sent::Refused { code, message } => Found::Unreachable {
                why: format!("{code} {message}"),
            },
            Sent::Unknown { why } => Found::Unreachable { why },
            Sent::Done { .. } | Sent::CannotSend => Found::CannotAsk,
        }
    }
}
