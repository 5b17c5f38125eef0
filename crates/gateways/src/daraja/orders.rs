//! How orders (status queries, reversals, payouts) are acknowledged. What becomes of them is told
//! later ([`super::results`]).

use super::callback::is_id;
use super::reply::Reply;
use super::token::TokenError;
use super::{CallError, refused_keys};
use crate::gateway::Sent;
use crate::http::NoAnswer;

/// An `OriginatorConversationID` that was used before: the first order with it decides.
const DUPLICATE: &str = "500.002.1001";

/// What the answer to an order means.
pub(super) fn acknowledged(answer: Result<Reply, CallError>) -> Sent {
    let refused = |code: &str, message: String| Sent::Refused {
        code: code.to_owned(),
        message,
    };
    let reply = match answer {
        Ok(reply) => reply,
        Err(CallError::NoAnswer(NoAnswer::Lost(why))) => return Sent::Unknown { why },
        Err(CallError::NoAnswer(NoAnswer::NotSent(why))) => return refused("not_sent", why),
        Err(CallError::NoToken(TokenError::Refused { code, message })) => {
            return refused(&code, refused_keys(&code, &message));
        }
        Err(CallError::NoToken(error)) => {
            return refused("no_token", CallError::NoToken(error).why());
        }
    };
    let summary = reply.summary();
    let Some(error) = reply.error() else {
        let accepted = reply.field("ResponseCode").as_deref() == Some("0");
        let id = reply.field("ConversationID").filter(|id| is_id(id));
        return match (accepted, id) {
            (true, Some(conversation_id)) => Sent::Accepted { conversation_id },
            _ if reply.too_often().is_some() || is_client_error(reply.status) => {
                refused(&format!("HTTP {}", reply.status), summary)
            }
            _ => Sent::Unknown { why: summary },
        };
    };
    if error.code == DUPLICATE {
        return Sent::Unknown {
            why: "the order was given before".into(),
        };
    }
    let class = error.class().unwrap_or(reply.status);
    if reply.too_often().is_some() || is_client_error(class) {
        return refused(&error.code, summary);
    }
    Sent::Unknown { why: summary }
}

/// A status by which the request was turned away. 408 is not: something may have begun.
const fn is_client_error(status: u16) -> bool {
    status >= 400 && status < 500 && status != 408
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Answer;

    fn answer(status: u16, body: &str) -> Sent {
        acknowledged(Ok(Reply::read(&Answer {
            status,
            retry_after: None,
            body: body.into(),
        })))
    }

    #[test]
    fn an_order_is_accepted_by_zero_and_an_id_only() {
        let body = r#"{"OriginatorConversationID":"1236-7134259-1",
            "ConversationID":"AG_20210709_1234409f86436c583e3f","ResponseCode":"0",
            "ResponseDescription":"Accept the service request successfully."}"#;
        for status in [200, 500] {
            assert!(matches!(answer(status, body), Sent::Accepted { .. }));
        }
        for broken in [
            body.replace(r#""0""#, r#""1""#),
            body.replace("AG_", "<b>"),
            String::new(),
            "<html>".into(),
        ] {
            assert!(
                matches!(answer(200, &broken), Sent::Unknown { .. }),
                "{broken}"
            );
        }
        let error =
            |code: &str| format!(r#"{{"requestId":"1","errorCode":"{code}","errorMessage":"m"}}"#);
        for (status, code) in [
            (400, "400.002.02"),
            (404, "404.001.03"),
            (200, "400.002.02"),
            (500, "500.003.02"),
        ] {
            assert!(
                matches!(answer(status, &error(code)), Sent::Refused { .. }),
                "{code}"
            );
        }
        for (status, code) in [
            (500, "500.002.1001"),
            (500, "500.003.1001"),
            (500, "500.001.1001"),
            (408, "408"),
        ] {
            assert!(
                matches!(answer(status, &error(code)), Sent::Unknown { .. }),
                "{code}"
            );
        }
        assert!(matches!(answer(429, ""), Sent::Refused { .. }));
        assert!(matches!(answer(502, "<html>"), Sent::Unknown { .. }));
    }
}
