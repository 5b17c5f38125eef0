//! Random books, statements made of them, and known edits: what is found is what was edited.

use std::collections::BTreeSet;
use std::time::Duration;

use bando_domain::{
    ArrivalId, Currency, CustomerId, Money, PaymentFailure, PaymentId, PaymentStatus, PayoutId,
    Phone, RefundId, Timestamp,
};
use bando_store::{
    ArrivalState, DifferenceKind, LineKind, OurArrival, OurPayment, OurSend, Ours, SendId,
    StatementLine,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::compare::{EDGE, Terms, compare};

const FROM: Timestamp = Timestamp::from_seconds(1_795_000_000);
const DAY: Duration = Duration::from_secs(86_400);
const ALL: [LineKind; 3] = [LineKind::Payment, LineKind::Reversal, LineKind::Payout];

/// What one piece of money is like, on both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Case {
    /// Settled, and listed under its receipt.
    Agreed,
    /// The same, and the line names it too.
    Named,
    /// Paid by hand, in a wallet.
    Credited,
    /// Booked as an arrival, then used for a payment with the same receipt.
    Allotted,
    /// Waiting, failed or given up, and nobody paid.
    Unpaid,
    /// Settled on the edge of the statement, and on another one.
    OnTheEdge,
    /// Came a minute ago: word of it is on its way.
    Fresh,
    /// Came, was never settled, and went back.
    CameAndWent,
    /// A refund that is listed.
    SentBack,
    /// Given up and booked as lost.
    WrittenOff,
    // From here on the two disagree.
    Unknown,
    Unproved,
    Refuted,
    Missing,
    MissingWithoutReceipt,
    MissingArrival,
    Amount,
    ArrivalAmount,
    Currency,
    Fee,
    NoFee,
    FeeAlone,
    UnsettledByName,
    UnsettledByReference,
    UnsettledByPhone,
    ToldByName,
    ToldByReference,
    ToldByPhone,
    ToldByMaskedPhone,
    OtherReceipt,
    Duplicate,
    Twice,
    Reversed,
    ReversedUnknown,
    RefundFound,
    RefundMissing,
    RefundAmount,
    PayoutUnknown,
    PayoutMissing,
    Elsewhere,
}

const CASES: &[Case] = {
    use Case::*;
    &[
        Agreed,
        Agreed,
        Agreed,
        Agreed,
        Named,
        Credited,
        Allotted,
        Unpaid,
        OnTheEdge,
        Fresh,
        CameAndWent,
        SentBack,
        WrittenOff,
        Unknown,
        Unproved,
        Refuted,
        Missing,
        MissingWithoutReceipt,
        MissingArrival,
        Amount,
        ArrivalAmount,
        Currency,
        Fee,
        NoFee,
        FeeAlone,
        UnsettledByName,
        UnsettledByReference,
        UnsettledByPhone,
        ToldByName,
        ToldByReference,
        ToldByPhone,
        ToldByMaskedPhone,
        OtherReceipt,
        Duplicate,
        Twice,
        Reversed,
        ReversedUnknown,
        RefundFound,
        RefundMissing,
        RefundAmount,
        PayoutUnknown,
        PayoutMissing,
        Elsewhere,
    ]
};

/// Both sides, and what they disagree about.
#[derive(Default)]
struct World {
    lines: Vec<StatementLine>,
    ours: Ours,
    expected: BTreeSet<(&'static str, String)>,
}

impl World {
    fn expect(&mut self, kind: DifferenceKind, subject: &impl ToString) {
        self.expected.insert((kind.name(), subject.to_string()));
    }

    /// Adds number `n` of the case, worth `minor`, at a moment of the day.
    fn add(&mut self, n: u32, case: Case, minor: i64, at: Timestamp) {
        let id = Uuid::from_u128(0x1000 + u128::from(n));
        let receipt = format!("R{n:06}");
        let mut line = line(n, &receipt, minor, at);
        let mut payment = payment(n, PaymentId::from_uuid(id), minor, at);
        let arrival = arrival(ArrivalId::from_uuid(id), &receipt, minor, at);
        let reversal = StatementLine {
            kind: LineKind::Reversal,
            receipt: format!("B{n:06}"),
            reference: Some(receipt.clone()),
            ..line.clone()
        };
        let mut refund = OurSend {
            what: SendId::Refund(RefundId::from_uuid(id)),
            amount: line.amount,
            booked_minor: minor,
            receipt: Some(reversal.receipt.clone()),
            payment: Some(payment.id),
            phone: None,
            by_gateway: true,
            is_done: true,
            requested_at: at,
            finished_at: Some(at),
        };
        let phone = payment.phone.clone();
        // By what else a line can name a payment.
        let by_name = |line: &mut StatementLine, payment: &mut OurPayment| {
            line.checkout_request_id = Some(format!("ws_{n}"));
            payment
                .checkout_request_id
                .clone_from(&line.checkout_request_id);
        };
        match case {
            Case::Agreed => {}
            Case::Named => by_name(&mut line, &mut payment),
            Case::Credited | Case::Allotted | Case::MissingArrival | Case::ArrivalAmount => {
                if case == Case::Allotted {
                    payment.booked_minor = 0;
                    self.ours.payments.push(payment);
                }
                match case {
                    Case::MissingArrival => {
                        self.expect(DifferenceKind::NotThere, &id);
                        self.ours.arrivals.push(arrival);
                        return;
                    }
                    Case::ArrivalAmount => {
                        line.amount = Money::from_minor(minor + 100, Currency::Kes);
                        self.expect(DifferenceKind::Amount, &receipt);
                    }
                    _ => {}
                }
                self.ours.arrivals.push(arrival);
                self.lines.push(line);
                return;
            }
            Case::Unpaid => {
                unsettle(&mut payment, n);
                self.ours.payments.push(payment);
                return;
            }
            Case::OnTheEdge => {
                let early = n.is_multiple_of(2);
                let at = if early {
                    FROM.plus(EDGE / 2)
                } else {
                    FROM.plus(DAY).minus(EDGE / 2)
                };
                payment.created_at = if early { at.minus(EDGE) } else { at };
                payment.finished_at = Some(at);
                self.ours.payments.push(payment);
                return;
            }
            Case::Fresh => {
                line.at = Some(FROM.plus(DAY).minus(Duration::from_secs(60)));
                self.lines.push(line);
                return;
            }
            Case::CameAndWent => {
                unsettle(&mut payment, n);
                payment.receipt = None;
                by_name(&mut line, &mut payment);
                self.ours.payments.push(payment);
                self.lines.extend([line, reversal]);
                return;
            }
            Case::SentBack => {
                self.ours.sends.push(refund);
                self.lines.push(reversal);
            }
            Case::WrittenOff => {
                payment.booked_minor = 0;
                self.ours.payments.push(payment);
                return;
            }
            Case::Unknown | Case::Unproved | Case::Refuted => {
                let state = match case {
                    Case::Unproved => Some(ArrivalState::Unproved),
                    Case::Refuted => Some(ArrivalState::Refuted),
                    _ => None,
                };
                self.expect(DifferenceKind::NotHere, &receipt);
                let arrival = |state| OurArrival {
                    state,
                    booked_minor: 0,
                    ..arrival
                };
                self.ours.arrivals.extend(state.map(arrival));
                self.lines.push(line);
                return;
            }
            Case::Missing | Case::MissingWithoutReceipt => {
                payment.receipt = payment.receipt.filter(|_| case == Case::Missing);
                self.expect(DifferenceKind::NotThere, &payment.id);
                self.ours.payments.push(payment);
                return;
            }
            Case::Amount => {
                line.amount = Money::from_minor(minor + 100, Currency::Kes);
                self.expect(DifferenceKind::Amount, &receipt);
            }
            Case::Currency => {
                line.amount = Money::from_minor(minor, Currency::Usd);
                self.expect(DifferenceKind::Currency, &receipt);
            }
            Case::Fee | Case::NoFee => {
                line.fee = Some(Money::from_minor(55, Currency::Kes));
                payment.fee_minor = if case == Case::Fee { 50 } else { 0 };
                self.expect(DifferenceKind::Fee, &receipt);
            }
            Case::FeeAlone => {
                line.kind = LineKind::Fee;
                self.expect(DifferenceKind::Fee, &format!("fee:{receipt}"));
                self.lines.push(line);
                return;
            }
            Case::UnsettledByName | Case::UnsettledByReference | Case::UnsettledByPhone => {
                unsettle(&mut payment, n);
                payment.failure = None;
                match case {
                    Case::UnsettledByName => by_name(&mut line, &mut payment),
                    Case::UnsettledByPhone => line.phone = phone,
                    _ => line.reference.clone_from(&payment.reference),
                }
                self.expect(DifferenceKind::Status, &payment.id);
            }
            Case::ToldByName
            | Case::ToldByReference
            | Case::ToldByPhone
            | Case::ToldByMaskedPhone => {
                payment.receipt = None;
                let masked = phone.as_ref().map(Phone::digits).map(|digits| {
                    format!(
                        "{} ***** {} JANE",
                        &digits[..3],
                        &digits[digits.len() - 6..]
                    )
                });
                match case {
                    Case::ToldByName => by_name(&mut line, &mut payment),
                    Case::ToldByPhone => line.phone = phone,
                    Case::ToldByMaskedPhone => line.payer = masked,
                    _ => line.reference.clone_from(&payment.reference),
                }
                self.expect(DifferenceKind::NoReceipt, &payment.id);
            }
            Case::OtherReceipt => {
                by_name(&mut line, &mut payment);
                line.receipt = format!("O{n:06}");
                self.expect(DifferenceKind::Receipt, &line.receipt);
            }
            Case::Duplicate => {
                self.expect(DifferenceKind::Duplicate, &format!("payment:{receipt}"));
                self.lines.push(line.clone());
            }
            Case::Twice => {
                by_name(&mut line, &mut payment);
                payment.receipt = None;
                self.ours.arrivals.push(arrival);
                self.expect(DifferenceKind::Twice, &payment.id);
            }
            Case::Reversed => {
                let subject = format!("reversal:{}", reversal.receipt);
                self.expect(DifferenceKind::Reversal, &subject);
                self.lines.push(reversal);
            }
            Case::ReversedUnknown => {
                let subject = format!("reversal:{}", reversal.receipt);
                self.expect(DifferenceKind::Reversal, &subject);
                self.lines.push(reversal);
                return;
            }
            Case::RefundFound => {
                (refund.receipt, refund.is_done, refund.booked_minor) = (None, false, 0);
                self.expect(DifferenceKind::NoReceipt, &id);
                self.ours.sends.push(refund);
                self.lines.push(reversal);
            }
            Case::RefundMissing => {
                self.expect(DifferenceKind::RefundNotThere, &id);
                self.ours.sends.push(refund);
            }
            Case::RefundAmount => {
                refund.amount = Money::from_minor(minor + 100, Currency::Kes);
                self.expect(DifferenceKind::Amount, &id);
                self.ours.sends.push(refund);
                self.lines.push(reversal);
            }
            Case::PayoutUnknown => {
                line.kind = LineKind::Payout;
                self.expect(DifferenceKind::PayoutNotHere, &format!("payout:{receipt}"));
                self.lines.push(line);
                return;
            }
            Case::PayoutMissing => {
                refund.what = SendId::Payout(PayoutId::from_uuid(id));
                self.expect(DifferenceKind::PayoutNotThere, &id);
                self.ours.sends.push(refund);
                return;
            }
            Case::Elsewhere => {
                line.account = Some("999999".into());
                self.expect(DifferenceKind::WrongAccount, &receipt);
            }
        }
        self.ours.payments.push(payment);
        self.lines.push(line);
    }

    fn found(&self) -> BTreeSet<(&'static str, String)> {
        let accounts = ["174379".to_owned()];
        let terms = Terms {
            from: FROM,
            to: FROM.plus(DAY),
            fetched_at: FROM.plus(DAY),
            kinds: &ALL,
            accounts: &accounts,
            has_fees: true,
            asks_the_payer: true,
        };
        let found = compare(&self.lines, &self.ours, &terms);
        let keys: BTreeSet<_> = found
            .iter()
            .map(|f| (f.kind.name(), f.subject.clone()))
            .collect();
        assert_eq!(keys.len(), found.len(), "each thing once");
        keys
    }
}

fn line(n: u32, receipt: &str, minor: i64, at: Timestamp) -> StatementLine {
    StatementLine {
        number: n.into(),
        kind: LineKind::Payment,
        receipt: receipt.into(),
        amount: Money::from_minor(minor, Currency::Kes),
        fee: None,
        at: Some(at.plus(Duration::from_secs(20))),
        phone: None,
        payer: None,
        // Nobody's: what the customer of another business types.
        reference: Some(format!("X{n}")),
        account: Some("174379".into()),
        checkout_request_id: None,
    }
}

fn payment(n: u32, id: PaymentId, minor: i64, at: Timestamp) -> OurPayment {
    OurPayment {
        id,
        status: PaymentStatus::Success,
        failure: None,
        amount: Money::from_minor(minor, Currency::Kes),
        booked_minor: minor,
        fee_minor: 0,
        phone: Phone::from_international(&format!("2547{n:08}")),
        reference: Some(format!("MAMA{n:05}")),
        checkout_request_id: None,
        receipt: Some(format!("R{n:06}")),
        created_at: at,
        finished_at: Some(at.plus(Duration::from_secs(60))),
    }
}

/// A payment that was not settled, for one reason or another.
fn unsettle(payment: &mut OurPayment, n: u32) {
    (payment.receipt, payment.booked_minor) = (None, 0);
    payment.status = match n % 4 {
        0 => PaymentStatus::Pending,
        1 => PaymentStatus::Failed,
        2 => PaymentStatus::Expired,
        _ => PaymentStatus::Cancelled,
    };
    payment.failure = (n % 4 == 1).then_some(PaymentFailure::WrongPin);
    payment.finished_at = payment.finished_at.filter(|_| !n.is_multiple_of(4));
}

fn arrival(id: ArrivalId, receipt: &str, minor: i64, at: Timestamp) -> OurArrival {
    OurArrival {
        id,
        state: ArrivalState::Credited,
        amount: Money::from_minor(minor, Currency::Kes),
        booked_minor: minor,
        fee_minor: 0,
        receipt: receipt.into(),
        payment: None,
        customer: Some(CustomerId::from_uuid(Uuid::from_u128(7))),
        at,
    }
}

#[test]
fn each_case_alone() {
    for case in CASES {
        for n in 0..4 {
            let mut world = World::default();
            world.add(n, *case, 2000, FROM.plus(DAY / 2));
            assert_eq!(world.found(), world.expected, "{case:?} {n}");
        }
    }
}

#[test]
fn what_a_statement_does_not_tell_is_not_missing() {
    let mut world = World::default();
    world.add(0, Case::RefundMissing, 2000, FROM.plus(DAY / 2));
    let terms = Terms {
        from: FROM,
        to: FROM.plus(DAY),
        fetched_at: FROM.plus(DAY),
        kinds: &[LineKind::Payment],
        accounts: &[],
        has_fees: true,
        asks_the_payer: true,
    };
    assert_eq!(compare(&world.lines, &world.ours, &terms), []);
}

#[test]
fn an_amount_that_only_two_have_brings_them_together() {
    let at = FROM.plus(DAY / 2);
    let mut world = World::default();
    world.add(0, Case::MissingWithoutReceipt, 2013, at);
    world.lines.push(StatementLine {
        reference: None,
        ..line(9, "R9", 2013, at)
    });
    let id = world.ours.payments[0].id;
    let told = BTreeSet::from([(DifferenceKind::NoReceipt.name(), id.to_string())]);
    assert_eq!(world.found(), told);
    // Two of them could be either's.
    world.lines.push(StatementLine {
        reference: None,
        ..line(10, "R10", 2013, at)
    });
    assert_eq!(world.found().len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_found_is_what_was_edited(
        cases in prop::collection::vec((0..CASES.len(), 1..5_i64, 30..1380_u64), 0..120),
        turn in any::<prop::sample::Index>(),
    ) {
        let mut world = World::default();
        for (n, (case, shillings, minute)) in (0..).zip(cases) {
            // Few amounts at few moments, so that anything could be anybody's.
            let at = FROM.plus(Duration::from_secs(minute * 60));
            world.add(n, CASES[case], shillings * 1000, at);
        }
        if !world.lines.is_empty() {
            let turn = turn.index(world.lines.len());
            world.lines.rotate_left(turn);
            world.ours.payments.reverse();
        }
        prop_assert_eq!(world.found(), world.expected);
    }
}
