//! Money that goes out, of both kinds, and what the words of a gateway change of it.

use bando_domain::{PayoutId, RefundId, Timestamp};
use bando_gateways::{Gateways, Sent};
use bando_store::{Payment, Payout, Refund, RefundWay, SendState, TenantTx};
use uuid::Uuid;

use crate::Result;
use crate::cases::Facts;
use crate::refunds::{Source, lock_refund};

/// Money that is sent: which.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sending {
    /// A refund.
    Refund(RefundId),
    /// A payout.
    Payout(PayoutId),
}

/// Money that is sent, held by this transaction.
pub(crate) enum Outgoing {
    /// A refund and what it is of.
    Refund(Refund, Source),
    /// A payout.
    Payout(Payout),
}

/// What both kinds of rows have.
pub(crate) struct Progress<'a> {
    pub(crate) state: &'a mut SendState,
    pub(crate) conversation_id: &'a mut Option<String>,
    pub(crate) receipt: &'a mut Option<String>,
    pub(crate) result_text: &'a mut Option<String>,
    pub(crate) finished_at: &'a mut Option<Timestamp>,
}

/// What is new about money that is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum News {
    /// Nothing: why not.
    Nothing(&'static str),
    /// The gateway took the order and calls it so.
    Accepted(String),
    /// The money is there, under this receipt where one is told.
    Done(Option<String>),
    /// Nothing was sent: why not.
    Refused(String),
    /// Nobody knows whether it was sent: why not.
    Doubted(String),
}

impl Sending {
    /// Its id, whichever kind it is.
    pub(crate) fn id(self) -> Uuid {
        match self {
            Self::Refund(id) => id.uuid(),
            Self::Payout(id) => id.uuid(),
        }
    }
}

impl Outgoing {
    pub(crate) fn what(&self) -> Sending {
        match self {
            Self::Refund(refund, _) => Sending::Refund(refund.id),
            Self::Payout(payout) => Sending::Payout(payout.id),
        }
    }

    pub(crate) fn state(&self) -> SendState {
        match self {
            Self::Refund(refund, _) => refund.state,
            Self::Payout(payout) => payout.state,
        }
    }

    pub(crate) fn progress(&mut self) -> Progress<'_> {
        macro_rules! of {
            ($row:expr) => {
                Progress {
                    state: &mut $row.state,
                    conversation_id: &mut $row.conversation_id,
                    receipt: &mut $row.receipt,
                    result_text: &mut $row.result_text,
                    finished_at: &mut $row.finished_at,
                }
            };
        }
        match self {
            Self::Refund(refund, _) => of!(refund),
            Self::Payout(payout) => of!(payout),
        }
    }

    pub(crate) async fn write(&self, tx: &mut TenantTx) -> Result<()> {
        match self {
            Self::Refund(refund, _) => tx.update_refund(refund).await?,
            Self::Payout(payout) => tx.update_payout(payout).await?,
        }
        Ok(())
    }

    /// Whether the gateway knows an order again by our reference, so that it may be repeated.
    pub(crate) fn is_known_again(&self, gateways: &Gateways) -> bool {
        match self {
            Self::Refund(refund, _) => gateways
                .get(&refund.gateway)
                .is_some_and(|gateway| gateway.profile().knows_refunds),
            Self::Payout(_) => false,
        }
    }

    /// Whether it is the platform's money.
    pub(crate) fn is_platforms(&self) -> bool {
        match self {
            Self::Refund(refund, source) => source.is_platforms(refund.way),
            Self::Payout(_) => true,
        }
    }

    pub(crate) fn waits_for_a_person(&self) -> bool {
        let is_theirs = match self {
            Self::Refund(refund, _) => refund.way == RefundWay::ByHand,
            Self::Payout(_) => false,
        };
        match self.state() {
            SendState::Unknown => true,
            SendState::Approved => is_theirs,
            _ => false,
        }
    }

    pub(crate) fn payment(&self) -> Option<&Payment> {
        match self {
            Self::Refund(_, source) => source.as_payment(),
            Self::Payout(_) => None,
        }
    }

    pub(crate) fn facts(&self) -> Facts {
        match self {
            Self::Refund(refund, source) => source.facts(refund),
            Self::Payout(payout) => Facts::about(payout.id.uuid())
                .amount(payout.amount)
                .phone(payout.phone.clone()),
        }
    }

    pub(crate) fn action(&self, verb: &str) -> String {
        match self {
            Self::Refund(..) => format!("refund.{verb}"),
            Self::Payout(_) => format!("payout.{verb}"),
        }
    }

    pub(crate) fn object(&self) -> String {
        match self {
            Self::Refund(refund, _) => format!("refund:{}", refund.id),
            Self::Payout(payout) => format!("payout:{}", payout.id),
        }
    }
}

/// Holds a refund or payout, and what it is of.
pub(crate) async fn lock_outgoing(tx: &mut TenantTx, what: Sending) -> Result<Option<Outgoing>> {
    Ok(match what {
        Sending::Refund(id) => lock_refund(tx, id)
            .await?
            .map(|(refund, source)| Outgoing::Refund(refund, source)),
        Sending::Payout(id) => tx.lock_payout(id).await?.map(Outgoing::Payout),
    })
}

/// What an outcome means for money in this state; `is_message` if it did not come as the answer to
/// the order itself. Money that is sent stays sent, whatever is said later.
pub(crate) fn news_of(state: SendState, is_message: bool, outcome: Sent) -> News {
    use SendState::{
        Approved, Declined, Done, Refused, Requested, Sending, Sent as Taken, Unknown,
    };
    match (state, outcome) {
        (Requested | Approved | Declined, _) => News::Nothing("nobody waits for it"),
        (Done, _) => News::Nothing("known before"),
        (Refused | Sending | Taken | Unknown, Sent::Done { receipt }) => News::Done(receipt),
        (Refused, _) => News::Nothing("known before"),
        (_, Sent::Refused { code, message }) => News::Refused(format!("{code} {message}")),
        (_, Sent::CannotSend) => News::Refused("this account cannot send money".into()),
        (Sending | Unknown, Sent::Accepted { conversation_id }) if !is_message => {
            News::Accepted(conversation_id)
        }
        (_, Sent::Accepted { .. }) => News::Nothing("known before"),
        (Unknown, Sent::Unknown { .. }) => News::Nothing("known before"),
        (_, Sent::Unknown { why }) => News::Doubted(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes() -> Vec<Sent> {
        vec![
            Sent::Done { receipt: None },
            Sent::Accepted {
                conversation_id: "AG_1".into(),
            },
            Sent::Refused {
                code: "1".into(),
                message: "no".into(),
            },
            Sent::Unknown { why: "lost".into() },
            Sent::CannotSend,
        ]
    }

    #[test]
    fn money_that_is_sent_stays_sent() {
        for outcome in outcomes() {
            for is_message in [false, true] {
                let news = news_of(SendState::Done, is_message, outcome.clone());
                assert!(matches!(news, News::Nothing(_)), "{outcome:?}");
            }
        }
    }

    #[test]
    fn nothing_is_believed_of_an_order_that_was_never_given() {
        for state in [
            SendState::Requested,
            SendState::Approved,
            SendState::Declined,
        ] {
            for outcome in outcomes() {
                let news = news_of(state, true, outcome);
                assert_eq!(news, News::Nothing("nobody waits for it"));
            }
        }
    }

    #[test]
    fn money_that_moved_outweighs_a_refusal() {
        let done = Sent::Done { receipt: None };
        for state in [
            SendState::Sending,
            SendState::Sent,
            SendState::Unknown,
            SendState::Refused,
        ] {
            assert_eq!(news_of(state, true, done.clone()), News::Done(None));
        }
        let refused = Sent::CannotSend;
        assert!(matches!(
            news_of(SendState::Unknown, true, refused),
            News::Refused(_)
        ));
    }
}
