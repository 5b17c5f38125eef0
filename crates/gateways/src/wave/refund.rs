//! Sending money back.

use super::SESSIONS;
use super::api::{Call, CallError};
use crate::gateway::{Refund, Sent};
use crate::http::NoAnswer;

/// Sends a whole payment back, fee and all: Wave sends back no parts. Wave recognises a repetition,
/// so that a lost answer is asked for once more.
pub(super) async fn send_back(call: &Call<'_>, refund: &Refund) -> Sent {
    if !refund.whole {
        return Sent::Refused {
            code: "whole_only".into(),
            message: "Wave sends back only whole payments".into(),
        };
    }
    let session = refund.checkout_request_id.as_deref();
    let session = session.filter(|id| id.starts_with("cos-"));
    let path = match (session, refund.receipt.as_deref()) {
        (Some(id), _) => [&SESSIONS[..], &[id, "refund"]].concat(),
        (None, Some(id)) => vec!["v1", "transactions", id, "refund"],
        (None, None) => {
            return Sent::Refused {
                code: "no_receipt".into(),
                message: "the payment's transaction id is not known".into(),
            };
        }
    };
    match call.order(&path).await {
        Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => Sent::Refused {
            code: "not_sent".into(),
            message: why,
        },
        first => match sent(first) {
            // Only a yes says anything now: what is refused may have been done the first time.
            Sent::Unknown { why } => match call.order(&path).await {
                Ok(()) => Sent::Done { receipt: None },
                Err(_) => Sent::Unknown { why },
            },
            decided => decided,
        },
    }
}

fn sent(answer: Result<(), CallError>) -> Sent {
    match answer {
        Ok(()) => Sent::Done { receipt: None },
        Err(CallError::Problem(problem))
            if problem.nothing_done() || problem.code.ends_with("refund-failed") =>
        {
            Sent::Refused {
                message: problem.why(),
                code: problem.code,
            }
        }
        Err(other) => Sent::Unknown { why: other.why() },
    }
}
