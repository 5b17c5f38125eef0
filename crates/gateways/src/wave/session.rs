//! Checkout sessions, and what they say of a payment.

use std::time::Duration;

use bando_domain::{PaymentFailure, Timestamp};
use serde::Deserialize;

use super::amount;
use crate::gateway::{Movement, MovementKind, Outcome, Paid, Reference, Verdict};
use crate::text::clean;

/// How long after its end an unpaid session may still turn out to be paid.
const GRACE: Duration = Duration::from_secs(120);

/// A session as Wave shows it. Only what is known to be there always must be.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    #[serde(default)]
    pub(super) amount: Option<String>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    /// `open`, `complete`, `expired`.
    #[serde(default)]
    pub(super) checkout_status: Option<String>,
    /// `processing`, `cancelled`, `succeeded`; `failed` in messages.
    #[serde(default)]
    pub(super) payment_status: Option<String>,
    #[serde(default)]
    pub(super) client_reference: Option<String>,
    #[serde(default)]
    pub(super) transaction_id: Option<String>,
    #[serde(default)]
    pub(super) wave_launch_url: Option<String>,
    #[serde(default)]
    pub(super) when_completed: Option<String>,
    #[serde(default)]
    pub(super) when_expires: Option<String>,
    #[serde(default)]
    pub(super) last_payment_error: Option<PaymentError>,
}

/// Why the last attempt to pay failed.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaymentError {
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
}

impl Session {
    /// What became of the payment, as the API's answer to `reference` tells at `now`.
    pub(super) fn verdict(&self, reference: &Reference, now: Timestamp) -> Verdict {
        let ours = self.id == reference.checkout_request_id
            && self.client_reference.as_deref() == Some(&reference.merchant_request_id);
        if !ours {
            let why = "Wave's answer is about another payment".to_owned();
            return Verdict::Unreachable { why };
        }
        match self.outcome() {
            Outcome::Paid(paid) => return Verdict::Paid(paid),
            Outcome::Undecided { message, .. } if self.is("succeeded") => {
                return Verdict::Unreachable { why: message };
            }
            _ => {}
        }
        // UNVERIFIED: nothing says how a session looks after its refund; a transaction that was
        // cancelled can be nothing else.
        if self.is("cancelled") && self.transaction_id.is_some() {
            let message = "the payment was sent back".to_owned();
            return Verdict::Reversed { message };
        }
        let over = match self.checkout_status.as_deref() {
            Some("expired") => Some((PaymentFailure::PromptExpired, "expired")),
            Some("complete") if self.is("cancelled") => {
                Some((PaymentFailure::Cancelled, "cancelled"))
            }
            _ if self.ended(now) => Some((PaymentFailure::PromptExpired, "expired")),
            _ => None,
        };
        let (code, message) = self.last_error();
        match over {
            // While it is open the payer may try again, whatever went wrong before.
            None => Verdict::Pending {
                why: format!("not paid yet {code}").trim().to_owned(),
            },
            Some((otherwise, status)) => Verdict::Failed {
                failure: failure(&code).unwrap_or(otherwise),
                code: if code.is_empty() { status.into() } else { code },
                message: if message.is_empty() {
                    format!("the checkout session is {status}")
                } else {
                    message
                },
            },
        }
    }

    /// What the session itself says: paid only when everything about it is there and right.
    pub(super) fn outcome(&self) -> Outcome {
        if !self.is("succeeded") {
            let (code, message) = self.last_error();
            return Outcome::Undecided {
                code: if code.is_empty() {
                    "not_paid".into()
                } else {
                    code
                },
                message,
            };
        }
        let amount = self
            .amount
            .as_deref()
            .zip(self.currency.as_deref())
            .and_then(|(amount, currency)| amount::positive(amount, currency));
        let receipt = self
            .transaction_id
            .as_deref()
            .map(str::trim)
            .filter(|id| (1..=40).contains(&id.len()));
        let (Some(amount), Some(receipt)) = (amount, receipt) else {
            return Outcome::Undecided {
                code: "unreadable".into(),
                message: "Wave says paid, but not how much or by which transaction".into(),
            };
        };
        Outcome::Paid(Paid {
            receipt: Some(receipt.to_owned()),
            amount: Some(amount),
            fee: None,
            phone: None,
            at: self.when_completed.as_deref().and_then(amount::time),
        })
    }

    /// The money that this session brought, if it brought any.
    pub(super) fn movement(&self) -> Option<Movement> {
        let Outcome::Paid(paid) = self.outcome() else {
            return None;
        };
        Some(Movement {
            kind: MovementKind::Payment,
            receipt: paid.receipt?,
            amount: paid.amount?,
            fee: None,
            at: paid.at,
            phone: None,
            payer: None,
            reference: self.client_reference.clone(),
            account: None,
            checkout_request_id: Some(self.id.clone()),
        })
    }

    /// Whether it can be paid.
    pub(super) fn is_open(&self) -> bool {
        self.checkout_status.as_deref() == Some("open")
    }

    /// Whether its `payment_status` is this.
    pub(super) fn is(&self, payment_status: &str) -> bool {
        self.payment_status.as_deref() == Some(payment_status)
    }

    /// Code and words of the last attempt that failed; empty when none did.
    pub(super) fn last_error(&self) -> (String, String) {
        let error = self.last_payment_error.as_ref();
        let text = |text: Option<&String>| text.map(|t| clean(t)).unwrap_or_default();
        (
            text(error.and_then(|e| e.code.as_ref())),
            text(error.and_then(|e| e.message.as_ref())),
        )
    }

    fn ended(&self, now: Timestamp) -> bool {
        self.when_expires
            .as_deref()
            .and_then(amount::time)
            .is_some_and(|at| at.plus(GRACE) < now)
    }
}

/// The class of a `last_payment_error`.
fn failure(code: &str) -> Option<PaymentFailure> {
    Some(match code {
        "insufficient-funds" => PaymentFailure::InsufficientFunds,
        "kyb-limits-exceeded" => PaymentFailure::LimitExceeded,
        "blocked-account"
        | "cross-border-payment-not-allowed"
        | "customer-age-restricted"
        | "payer-mobile-mismatch" => PaymentFailure::PayerNotAllowed,
        "payment-failure" => PaymentFailure::GatewayBusy,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_639_000_000);

    #[expect(clippy::needless_pass_by_value, reason = "written out at each call")]
    fn verdict(changes: serde_json::Value) -> Verdict {
        let mut session = json!({
            "id": "cos-18qq25rgr100a", "amount": "1000", "checkout_status": "open",
            "client_reference": "ORD-1", "currency": "XOF", "last_payment_error": null,
            "payment_status": "processing", "transaction_id": null,
            "when_completed": null, "when_created": "2021-12-08T21:40:00Z",
            "when_expires": "2021-12-08T22:10:00Z",
        });
        for (name, value) in changes.as_object().expect("an object") {
            session[name] = value.clone();
        }
        let session: Session = serde_json::from_value(session).expect("a session");
        let reference = Reference {
            merchant_request_id: "ORD-1".into(),
            checkout_request_id: "cos-18qq25rgr100a".into(),
        };
        session.verdict(&reference, NOW)
    }

    fn word(changes: serde_json::Value) -> String {
        match verdict(changes) {
            Verdict::Paid(_) => "paid".into(),
            Verdict::Failed { failure, .. } => failure.to_string(),
            Verdict::Reversed { .. } => "reversed".into(),
            Verdict::Pending { .. } => "pending".into(),
            Verdict::Unreachable { .. } => "?".into(),
            Verdict::RateLimited { .. } => "too often".into(),
        }
    }

    #[test]
    fn says_paid_only_when_all_of_it_is_there() {
        let paid = json!({"payment_status": "succeeded", "checkout_status": "complete",
            "transaction_id": "TCN4Y4ZC3FM"});
        let with = |name: &str, value: serde_json::Value| {
            let mut paid = paid.clone();
            paid[name] = value;
            word(paid)
        };
        assert_eq!(
            with("when_completed", json!("2021-12-08T21:45:00Z")),
            "paid"
        );
        for (name, value) in [
            ("transaction_id", json!(null)),
            ("transaction_id", json!(" ")),
            ("amount", json!("1e3")),
            ("amount", json!("0")),
            ("amount", json!("-1000")),
            ("currency", json!("GMD")),
            ("id", json!("cos-other")),
            ("client_reference", json!("ORD-2")),
            ("client_reference", json!(null)),
        ] {
            assert_eq!(with(name, value), "?", "{name}");
        }
    }

    #[test]
    fn says_failed_only_when_it_is_over() {
        let error = json!({"code": "insufficient-funds", "message": "Not enough money"});
        assert_eq!(word(json!({})), "pending");
        assert_eq!(word(json!({"last_payment_error": error})), "pending");
        assert_eq!(
            word(json!({"payment_status": "cancelled"})),
            "pending",
            "still open"
        );
        assert_eq!(
            word(json!({"checkout_status": "expired"})),
            "prompt_expired"
        );
        assert_eq!(
            word(json!({"checkout_status": "expired", "last_payment_error": error})),
            "insufficient_funds"
        );
        assert_eq!(
            word(json!({"checkout_status": "complete", "payment_status": "cancelled"})),
            "cancelled"
        );
        assert_eq!(
            word(
                json!({"checkout_status": "complete", "payment_status": "cancelled",
                "transaction_id": "T_1"})
            ),
            "reversed"
        );
        assert_eq!(word(json!({"checkout_status": "novel"})), "pending");
        assert_eq!(
            word(json!({"when_expires": "2021-12-08T21:46:00Z"})),
            "pending",
            "grace"
        );
        assert_eq!(
            word(json!({"when_expires": "2021-12-08T21:44:00Z"})),
            "prompt_expired"
        );
    }
}
