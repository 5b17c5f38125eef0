//! Rows of money to begin with.

use bando_domain::{Currency, Money, PaymentId, StatementId, Timestamp};
use bando_store::{
    Arrival, ArrivalSource, ArrivalState, CaseKind, Difference, DifferenceKind, DifferenceState,
    LineKind, NewCase, Payout, Refund, RefundWay, SendState, Statement, StatementLine,
    StatementSource, StatementState, Transfer,
};
use uuid::Uuid;

use crate::support::{World, kes, phone};

impl World {
    /// Money of phone 1, with everything that may be told of it.
    pub(crate) fn arrival(&self, receipt: &str) -> Arrival {
        Arrival {
            id: self.arrival_id(),
            gateway: "mpesa".into(),
            receipt: receipt.into(),
            kind: "by_hand".into(),
            amount: kes(50),
            fee: Some(kes(1)),
            phone: Some(phone(1)),
            payer: Some("JANE W".into()),
            reference: Some("WIFI".into()),
            account: Some("174379".into()),
            at: Some(self.now()),
            source: ArrivalSource::Message,
            state: ArrivalState::Unproved,
            payment: None,
            customer: None,
            seen_at: self.now(),
            decided_at: None,
        }
    }

    pub(crate) fn new_case(&self, kind: CaseKind, subject: Uuid) -> NewCase {
        NewCase {
            id: self.case_id(),
            kind,
            subject,
            payment: None,
            arrival: None,
            phone: Some(phone(1)),
            amount: Some(kes(50)),
            detail: Some("who knows".into()),
            opened_at: self.now(),
            promised_at: Some(self.now()),
        }
    }

    pub(crate) fn refund(&self, payment: Option<PaymentId>, amount: Money) -> Refund {
        Refund {
            id: self.refund_id(),
            payment,
            arrival: None,
            amount,
            way: RefundWay::Gateway,
            gateway: "mpesa".into(),
            state: SendState::Requested,
            reason: "no signal".into(),
            requested_by: self.account_id(),
            requested_at: self.now(),
            decided_by: None,
            decided_at: None,
            conversation_id: None,
            receipt: None,
            result_text: None,
            finished_at: None,
            revoke: true,
        }
    }

    pub(crate) fn payout(&self, amount: Money) -> Payout {
        Payout {
            id: self.payout_id(),
            amount,
            phone: phone(9),
            state: SendState::Requested,
            requested_by: self.account_id(),
            requested_at: self.now(),
            decided_by: None,
            decided_at: None,
            conversation_id: None,
            receipt: None,
            result_text: None,
            finished_at: None,
        }
    }

    pub(crate) fn statement(&self, from: Timestamp, to: Timestamp) -> Statement {
        Statement {
            id: self.statement_id(),
            gateway: "mpesa".into(),
            source: StatementSource::Upload,
            from,
            to,
            lines: 0,
            differences: 0,
            state: StatementState::Reading,
            error: None,
            imported_by: Some(self.account_id()),
            imported_at: self.now(),
            finished_at: None,
        }
    }

    pub(crate) fn difference(&self, statement: StatementId, subject: &str) -> Difference {
        Difference {
            id: self.difference_id(),
            statement,
            kind: DifferenceKind::Amount,
            subject: subject.into(),
            receipt: Some(subject.into()),
            payment: None,
            ours_minor: Some(2000),
            theirs_minor: Some(2500),
            currency: Currency::Kes,
            detail: Some("five more".into()),
            state: DifferenceState::Open,
            decided_by: None,
            decided_at: None,
        }
    }

    /// A movement that is about `subject` and belongs to no payment.
    pub(crate) fn movement(&self, subject: Uuid, kind: &str, to: &str, from: &str) -> Transfer {
        Transfer {
            id: self.transfer_id(),
            kind: kind.into(),
            debit: to.into(),
            credit: from.into(),
            amount: kes(20),
            subject,
            payment: None,
            at: self.now(),
        }
    }
}

/// A line of KES 20 with nothing but what every line has.
pub(crate) fn line(number: u64, receipt: &str) -> StatementLine {
    StatementLine {
        number,
        kind: LineKind::Payment,
        receipt: receipt.into(),
        amount: kes(20),
        fee: None,
        at: None,
        phone: None,
        payer: None,
        reference: None,
        account: None,
        checkout_request_id: None,
    }
}
