//! Sends money back, by Disbursement.

use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;

use super::account::{MomoAccount, Product};
use super::reply::Reply;
use super::{CallError, KNOWN, Momo, note, or, state};
use crate::gateway::{Refund, Sent};
use crate::http::NoAnswer;

const PATH: &str = "/disbursement/v1_0/refund";

/// How often, and how far apart, a refund is asked about before it is left to a person.
const LOOKS: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundRequest<'a> {
    amount: String,
    currency: &'static str,
    external_id: &'a str,
    payer_message: String,
    payee_note: String,
    reference_id_to_refund: &'a str,
}

impl Momo {
    /// Orders a refund under its own name, which makes a repetition harmless, and looks what came of
    /// it. `of` is the payment's `X-Reference-Id`.
    pub(super) async fn send_back(
        &self,
        account: &MomoAccount,
        product: &Product,
        refund: &Refund,
        (name, of): (&str, &str),
    ) -> Sent {
        let request = RefundRequest {
            amount: refund.amount.decimal(),
            currency: account.currency_code(),
            external_id: &refund.reference,
            payer_message: note(&refund.remarks),
            payee_note: note(&refund.remarks),
            reference_id_to_refund: of,
        };
        let url = format!("{}{PATH}", account.base_url());
        let call = self.call(account, product, || {
            self.client
                .post(&url)
                .header("X-Reference-Id", name)
                .json(&request)
        });
        let url = format!("{url}/{name}");
        match call.await {
            Ok(reply) if reply.http == 202 || reply.code() == KNOWN => {}
            Ok(reply) => return self.after_refusal(account, product, &url, &reply).await,
            Err(CallError::NoAnswer(NoAnswer::Lost(why))) => return Sent::Unknown { why },
            Err(error) => {
                return Sent::Refused {
                    code: "not_sent".into(),
                    message: error.why(),
                };
            }
        }
        for look in 0..LOOKS {
            if look > 0 {
                sleep(PAUSE).await;
            }
            let answer = self.call(account, product, || self.client.get(&url)).await;
            if let Some(sent) = answer.ok().as_ref().and_then(state::sent) {
                return sent;
            }
        }
        Sent::Unknown {
            why: "MoMo took the refund and has not decided yet".into(),
        }
    }

    /// A refused order may be the repetition of one that was taken: only when MoMo knows no refund of
    /// that name, nothing was sent.
    async fn after_refusal(
        &self,
        account: &MomoAccount,
        product: &Product,
        url: &str,
        refusal: &Reply,
    ) -> Sent {
        let why = refusal.summary();
        let clear = refusal.http < 500 || state::refusal(&refusal.code()).is_some();
        match self.call(account, product, || self.client.get(url)).await {
            Ok(reply) if reply.http == 404 && clear => Sent::Refused {
                code: or(refusal.code(), "refused"),
                message: why,
            },
            Ok(reply) => state::sent(&reply).unwrap_or(Sent::Unknown { why }),
            Err(_) => Sent::Unknown { why },
        }
    }
}
