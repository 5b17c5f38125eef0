//! A statement against our books, both ways. Pure: nothing is read and nothing is written here.
//!
//! A line and our side belong together when they share a receipt, or when the line names a payment by
//! the gateway's own name. Lines that are left are brought together with payments that are left by
//! what the payer was told to write, then by phone, then by an amount that only the two of them have;
//! always at a time that fits. What is left after that is a difference.

use std::collections::{HashMap, HashSet};

use bando_domain::{Currency, PaymentFailure, PaymentId, Timestamp};
use bando_store::{
    ArrivalState, DifferenceKind, LineKind, OurArrival, OurPayment, OurSend, Ours, SendId,
    StatementLine,
};

use super::cause::{Cause, Match};
use super::loose::Loose;
use crate::crash::planted;

/// How far our clock and the gateway's may be apart, and how long word of money may be on its way.
/// Nothing that happened this close to an edge of the statement is missed on either side.
pub(crate) const EDGE: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// What a statement tells, and of when.
#[derive(Clone, Debug)]
pub(crate) struct Terms<'a> {
    /// Its first moment.
    pub(crate) from: Timestamp,
    /// The first moment after it.
    pub(crate) to: Timestamp,
    /// When it was fetched.
    pub(crate) fetched_at: Timestamp,
    /// The kinds of movement that it tells all of.
    pub(crate) kinds: &'a [LineKind],
    /// The names of the provider's account, if lines may tell theirs.
    pub(crate) accounts: &'a [String],
    /// Whether the fees on it are in our books at all.
    pub(crate) has_fees: bool,
    /// Whether the phone that was asked is the phone that pays.
    pub(crate) asks_the_payer: bool,
}

/// A difference that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) kind: DifferenceKind,
    /// One difference a kind and subject.
    pub(crate) subject: String,
    pub(crate) receipt: Option<String>,
    pub(crate) payment: Option<PaymentId>,
    pub(crate) ours_minor: Option<i64>,
    pub(crate) theirs_minor: Option<i64>,
    pub(crate) currency: Currency,
    pub(crate) cause: Cause,
}

/// Everything that `lines` and `ours` disagree about, each thing once.
pub(crate) fn compare(lines: &[StatementLine], ours: &Ours, terms: &Terms<'_>) -> Vec<Found> {
    let mut comparison = Comparison::new(lines, ours, terms);
    for line in lines {
        comparison.read(line);
    }
    comparison.repeated(lines);
    comparison.left_over();
    if !planted("reconcile-one-way") {
        comparison.unlisted();
        comparison.unlisted_sends();
    }
    comparison.found
}

/// A comparison that is going on. Numbers are places in [`Ours`].
struct Comparison<'a> {
    ours: &'a Ours,
    terms: &'a Terms<'a>,
    by_receipt: HashMap<&'a str, usize>,
    by_name: HashMap<&'a str, usize>,
    by_id: HashMap<PaymentId, usize>,
    arrivals: HashMap<&'a str, usize>,
    /// The receipts of money that came in.
    came: HashSet<&'a str>,
    /// The receipts of money that went back.
    gone: HashSet<&'a str>,
    /// How often each receipt was on it, by kind.
    times: HashMap<(LineKind, &'a str), u64>,
    listed: HashSet<PaymentId>,
    listed_arrivals: HashSet<&'a str>,
    listed_sends: HashSet<SendId>,
    left: Vec<&'a StatementLine>,
    found: Vec<Found>,
}

impl<'a> Comparison<'a> {
    fn new(lines: &'a [StatementLine], ours: &'a Ours, terms: &'a Terms<'a>) -> Self {
        let payments = || ours.payments.iter().enumerate();
        let gone = lines.iter().filter(|line| line.kind == LineKind::Reversal);
        Self {
            ours,
            terms,
            by_receipt: payments()
                .filter_map(|(n, p)| Some((p.receipt.as_deref()?, n)))
                .collect(),
            by_name: payments()
                .filter_map(|(n, p)| Some((p.checkout_request_id.as_deref()?, n)))
                .collect(),
            by_id: payments().map(|(n, p)| (p.id, n)).collect(),
            arrivals: ours
                .arrivals
                .iter()
                .enumerate()
                .map(|(n, a)| (a.receipt.as_str(), n))
                .collect(),
            came: lines
                .iter()
                .filter(|line| line.kind == LineKind::Payment)
                .map(|line| line.receipt.as_str())
                .collect(),
            gone: gone
                .flat_map(|line| [Some(line.receipt.as_str()), line.reference.as_deref()])
                .flatten()
                .collect(),
            times: HashMap::new(),
            listed: HashSet::new(),
            listed_arrivals: HashSet::new(),
            listed_sends: HashSet::new(),
            left: Vec::new(),
            found: Vec::new(),
        }
    }

    fn read(&mut self, line: &'a StatementLine) {
        if line.kind == LineKind::Other {
            return;
        }
        if line.kind != LineKind::Fee {
            let times = self.times.entry((line.kind, &line.receipt)).or_default();
            *times += 1;
            if *times > 1 {
                return;
            }
        }
        match line.kind {
            LineKind::Payment => self.payment(line),
            LineKind::Reversal => self.reversal(line),
            LineKind::Payout => self.payout(line),
            LineKind::Fee => {
                let mut found = self.of_line(DifferenceKind::Fee, line, Cause::FeeAlone);
                found.subject = format!("fee:{}", line.receipt);
                self.found.push(found);
            }
            LineKind::Other => {}
        }
    }

    /// Money that came in.
    fn payment(&mut self, line: &'a StatementLine) {
        let arrival = self.arrivals.get(line.receipt.as_str());
        let arrival = arrival.map(|n| &self.ours.arrivals[*n]);
        let mut sides = [self.by_receipt(line), self.by_name(line)]
            .into_iter()
            .flatten();
        let payment = sides.clone().find(|p| p.status.was_paid());
        let named = payment.or_else(|| sides.next());
        let arrival = arrival.filter(|a| is_believed(a)).or_else(|| {
            // Money of a payment that it could not settle, of which no receipt was known.
            let kept = format!("payment:{}", named.filter(|_| payment.is_none())?.id);
            let kept = self.arrivals.get(kept.as_str());
            kept.map(|n| &self.ours.arrivals[*n])
                .filter(|a| is_believed(a))
        });
        self.listed.extend(payment.map(|p| p.id));
        self.listed_arrivals
            .extend(arrival.map(|a| a.receipt.as_str()));
        let elsewhere = line.account.as_ref().filter(|account| {
            !self.terms.accounts.is_empty() && !self.terms.accounts.contains(account)
        });
        if let Some(account) = elsewhere {
            let account = account.clone();
            let cause = Cause::Elsewhere { account };
            let mut found = self.of_line(DifferenceKind::WrongAccount, line, cause);
            found.payment = payment.map(|p| p.id);
            self.found.push(found);
        } else if payment.is_some() || arrival.is_some() {
            self.known(line, payment, arrival);
        } else if let Some(named) = named {
            self.unsettled(line, named, Match::Name);
        } else {
            self.left.push(line);
        }
    }

    /// Money that is in our books: as much, in this currency, with this receipt and fee?
    fn known(
        &mut self,
        line: &StatementLine,
        payment: Option<&OurPayment>,
        arrival: Option<&OurArrival>,
    ) {
        let booked = payment.map_or(0, |p| p.booked_minor) + arrival.map_or(0, |a| a.booked_minor);
        let fee = payment.map_or(0, |p| p.fee_minor) + arrival.map_or(0, |a| a.fee_minor);
        let of_arrival = arrival.map(|a| Cause::Arrival {
            arrival: a.id.uuid(),
        });
        let of_side = payment
            .map(|_| Cause::Payment)
            .or(of_arrival)
            .unwrap_or(Cause::Payment);
        let currency = payment.map(|p| p.amount.currency());
        let currency = currency.or_else(|| arrival.map(|a| a.amount.currency()));
        let differs = |kind, cause: &Cause, ours| Found {
            kind,
            subject: line.receipt.clone(),
            receipt: Some(line.receipt.clone()),
            payment: payment.map(|p| p.id),
            ours_minor: ours,
            theirs_minor: Some(line.amount.minor()),
            currency: line.amount.currency(),
            cause: cause.clone(),
        };
        if currency != Some(line.amount.currency()) {
            let found = differs(DifferenceKind::Currency, &of_side, Some(booked));
            self.found.push(found);
            return;
        }
        let both = payment.zip(arrival).filter(|(p, a)| {
            p.booked_minor == line.amount.minor() && a.booked_minor == line.amount.minor()
        });
        if let Some((payment, arrival)) = both {
            let cause = Cause::Both {
                arrival: arrival.id.uuid(),
            };
            let mut found = differs(DifferenceKind::Twice, &cause, Some(booked));
            found.subject = payment.id.to_string();
            self.found.push(found);
        } else if booked != line.amount.minor() {
            let found = differs(DifferenceKind::Amount, &of_side, Some(booked));
            self.found.push(found);
        }
        match payment.map(|p| p.receipt.as_deref()) {
            Some(None) if both.is_none() => {
                let cause = Cause::ReceiptTold { by: Match::Name };
                let mut found = differs(DifferenceKind::NoReceipt, &cause, Some(booked));
                found.subject = payment.map_or_else(String::new, |p| p.id.to_string());
                self.found.push(found);
            }
            Some(Some(receipt)) if receipt != line.receipt => {
                let found = differs(DifferenceKind::Receipt, &of_side, Some(booked));
                self.found.push(found);
            }
            _ => {}
        }
        let theirs = line.fee.filter(|_| self.terms.has_fees);
        if let Some(theirs) = theirs.filter(|theirs| theirs.minor() != fee) {
            let mut found = differs(DifferenceKind::Fee, &of_side, Some(fee));
            found.theirs_minor = Some(theirs.minor());
            self.found.push(found);
        }
    }

    /// Money of a payment that is not settled here.
    fn unsettled(&mut self, line: &StatementLine, payment: &OurPayment, by: Match) {
        let came_and_went = payment.failure == Some(PaymentFailure::Reversed)
            || self.gone.contains(line.receipt.as_str());
        if came_and_went || self.is_fresh(line) {
            return;
        }
        let cause = Cause::Unsettled {
            status: payment.status.name().to_owned(),
            by,
        };
        let mut found = self.of_line(DifferenceKind::Status, line, cause);
        found.subject = payment.id.to_string();
        found.payment = Some(payment.id);
        self.found.push(found);
    }

    /// Money that went back to its payer.
    fn reversal(&mut self, line: &StatementLine) {
        let refunds = || {
            self.ours.sends.iter().filter(|s| {
                matches!(s.what, SendId::Refund(_)) && !self.listed_sends.contains(&s.what)
            })
        };
        let same = refunds().find(|s| s.receipt.as_ref() == Some(&line.receipt));
        if let Some(refund) = same {
            return self.sent(line, refund);
        }
        let told = line.reference.as_deref();
        let original = told
            .and_then(|receipt| self.by_receipt.get(receipt))
            .or_else(|| self.by_receipt.get(line.receipt.as_str()))
            .map(|n| &self.ours.payments[*n])
            .or_else(|| self.by_name(line));
        let open = original.and_then(|payment| {
            refunds().find(|s| {
                s.payment == Some(payment.id) && s.receipt.is_none() && s.amount == line.amount
            })
        });
        if let Some(refund) = open {
            let SendId::Refund(id) = refund.what else {
                return;
            };
            let cause = Cause::Refund { refund: id.uuid() };
            self.listed_sends.insert(refund.what);
            let mut found = self.of_line(DifferenceKind::NoReceipt, line, cause);
            found.subject = id.to_string();
            found.payment = refund.payment;
            found.ours_minor = Some(refund.amount.minor());
            self.found.push(found);
            return;
        }
        let paid = original.filter(|p| p.status.was_paid());
        let names = [told, Some(line.receipt.as_str())];
        let mut names = names.into_iter().flatten();
        let is_ours = names.clone().any(|receipt| {
            let arrival = self.arrivals.get(receipt);
            arrival.is_some_and(|n| is_believed(&self.ours.arrivals[*n]))
        });
        let came_and_went = paid.is_none()
            && !is_ours
            && (original.is_some() || names.any(|receipt| self.came.contains(receipt)));
        if came_and_went || self.is_fresh(line) {
            return;
        }
        let cause = match paid {
            Some(_) => Cause::SentBack,
            None => Cause::SentBackUnknown,
        };
        let mut found = self.of_line(DifferenceKind::Reversal, line, cause);
        found.subject = format!("reversal:{}", line.receipt);
        found.payment = paid.map(|p| p.id);
        self.found.push(found);
    }

    /// Money that was sent to a phone.
    fn payout(&mut self, line: &StatementLine) {
        let payouts = || {
            self.ours.sends.iter().filter(|s| {
                matches!(s.what, SendId::Payout(_)) && !self.listed_sends.contains(&s.what)
            })
        };
        let same = payouts().find(|s| s.receipt.as_ref() == Some(&line.receipt));
        // An order whose answer was lost has no receipt yet.
        let same = same.or_else(|| {
            payouts()
                .find(|s| s.receipt.is_none() && s.amount == line.amount && s.phone == line.phone)
        });
        if let Some(payout) = same {
            return self.sent(line, payout);
        }
        if !self.is_fresh(line) {
            let mut found = self.of_line(DifferenceKind::PayoutNotHere, line, Cause::SentOut);
            found.subject = format!("payout:{}", line.receipt);
            self.found.push(found);
        }
    }

    /// Money that we sent: as much?
    fn sent(&mut self, line: &StatementLine, send: &OurSend) {
        self.listed_sends.insert(send.what);
        if send.amount == line.amount {
            return;
        }
        let kind = match send.amount.currency() == line.amount.currency() {
            true => DifferenceKind::Amount,
            false => DifferenceKind::Currency,
        };
        let (subject, cause) = of_send(send.what);
        let mut found = self.of_line(kind, line, cause);
        found.subject = subject;
        found.payment = send.payment;
        found.ours_minor = Some(send.amount.minor());
        self.found.push(found);
    }

    /// The receipts that are on the statement more than once.
    fn repeated(&mut self, lines: &'a [StatementLine]) {
        let mut told = HashSet::new();
        for line in lines {
            let key = (line.kind, line.receipt.as_str());
            let times = self.times.get(&key).copied().unwrap_or(0);
            if times < 2 || !told.insert(key) {
                continue;
            }
            let mut found =
                self.of_line(DifferenceKind::Duplicate, line, Cause::Repeated { times });
            found.subject = format!("{}:{}", line.kind.name(), line.receipt);
            found.payment = self.by_receipt(line).map(|p| p.id);
            self.found.push(found);
        }
    }

    /// Brings the lines that are left together with the payments that are left.
    fn left_over(&mut self) {
        let left = std::mem::take(&mut self.left);
        let free = self
            .ours
            .payments
            .iter()
            .filter(|p| p.receipt.is_none() && !self.listed.contains(&p.id));
        let matched = Loose::new(free, self.terms.asks_the_payer).match_all(&left);
        for (line, found) in left.into_iter().zip(matched) {
            match found {
                Some((payment, by)) if payment.status.was_paid() => {
                    self.listed.insert(payment.id);
                    let cause = Cause::ReceiptTold { by };
                    let mut found = self.of_line(DifferenceKind::NoReceipt, line, cause);
                    found.subject = payment.id.to_string();
                    found.payment = Some(payment.id);
                    found.ours_minor = Some(payment.booked_minor);
                    self.found.push(found);
                }
                Some((payment, by)) => self.unsettled(line, payment, by),
                None => self.unknown(line),
            }
        }
    }

    /// Money of which we know nothing, or nothing good.
    fn unknown(&mut self, line: &StatementLine) {
        if self.is_fresh(line) || self.gone.contains(line.receipt.as_str()) {
            return;
        }
        let arrival = self.arrivals.get(line.receipt.as_str());
        let cause = match arrival.map(|n| &self.ours.arrivals[*n]) {
            Some(a) if a.state == ArrivalState::Unproved => Cause::Unproved {
                arrival: a.id.uuid(),
            },
            Some(a) => Cause::Refuted {
                arrival: a.id.uuid(),
            },
            None => Cause::Unasked {
                reference: line.reference.clone(),
            },
        };
        let found = self.of_line(DifferenceKind::NotHere, line, cause);
        self.found.push(found);
    }

    /// Money in our books that must be on the statement and is not.
    fn unlisted(&mut self) {
        if !self.terms.kinds.contains(&LineKind::Payment) {
            return;
        }
        let settled = self.ours.payments.iter().filter(|p| p.status.was_paid());
        for payment in settled.filter(|p| !self.listed.contains(&p.id)) {
            let arrival = payment.receipt.as_deref();
            let arrival = arrival.and_then(|receipt| self.arrivals.get(receipt));
            let arrival = arrival.map(|n| &self.ours.arrivals[*n]);
            let (first, last) = match arrival {
                Some(arrival) => (arrival.at, arrival.at),
                None => (
                    payment.created_at,
                    payment.finished_at.unwrap_or(payment.created_at),
                ),
            };
            let booked = payment.booked_minor + arrival.map_or(0, |a| a.booked_minor);
            if booked > 0 && self.is_well_inside(first, last) {
                self.found.push(Found {
                    kind: DifferenceKind::NotThere,
                    subject: payment.id.to_string(),
                    receipt: payment.receipt.clone(),
                    payment: Some(payment.id),
                    ours_minor: Some(booked),
                    theirs_minor: None,
                    currency: payment.amount.currency(),
                    cause: Cause::PaymentUnlisted,
                });
            }
        }
        for arrival in &self.ours.arrivals {
            let is_payment = self
                .by_receipt
                .get(arrival.receipt.as_str())
                .is_some_and(|n| self.ours.payments[*n].status.was_paid());
            let is_there = self.listed_arrivals.contains(arrival.receipt.as_str())
                || arrival.receipt.starts_with("payment:");
            if is_payment
                || is_there
                || !is_believed(arrival)
                || arrival.booked_minor <= 0
                || !self.is_well_inside(arrival.at, arrival.at)
            {
                continue;
            }
            self.found.push(Found {
                kind: DifferenceKind::NotThere,
                subject: arrival.id.to_string(),
                receipt: Some(arrival.receipt.clone()),
                payment: arrival.payment,
                ours_minor: Some(arrival.booked_minor),
                theirs_minor: None,
                currency: arrival.amount.currency(),
                cause: Cause::ArrivalUnlisted {
                    arrival: arrival.id.uuid(),
                },
            });
        }
    }

    /// Money that we sent by this gateway and that must be on the statement and is not.
    fn unlisted_sends(&mut self) {
        for send in &self.ours.sends {
            let (line_kind, kind) = match send.what {
                SendId::Refund(_) => (LineKind::Reversal, DifferenceKind::RefundNotThere),
                SendId::Payout(_) => (LineKind::Payout, DifferenceKind::PayoutNotThere),
            };
            let last = send.finished_at.unwrap_or(send.requested_at);
            if !self.terms.kinds.contains(&line_kind)
                || self.listed_sends.contains(&send.what)
                || !send.by_gateway
                || !send.is_done
                || send.booked_minor <= 0
                || !self.is_well_inside(send.requested_at, last)
            {
                continue;
            }
            let (subject, cause) = of_send(send.what);
            self.found.push(Found {
                kind,
                subject,
                receipt: send.receipt.clone(),
                payment: send.payment,
                ours_minor: Some(send.booked_minor),
                theirs_minor: None,
                currency: send.amount.currency(),
                cause,
            });
        }
    }

    fn by_receipt(&self, line: &StatementLine) -> Option<&'a OurPayment> {
        let ours = self.ours;
        self.by_receipt
            .get(line.receipt.as_str())
            .map(|n| &ours.payments[*n])
    }

    fn by_name(&self, line: &StatementLine) -> Option<&'a OurPayment> {
        let ours = self.ours;
        let name = line.checkout_request_id.as_deref();
        let named = name.and_then(|name| self.by_name.get(name)).copied();
        let named = named.or_else(|| {
            // Some gateways give our own name for a payment back.
            let id = line.reference.as_deref()?.trim().parse().ok()?;
            self.by_id.get(&PaymentId::from_uuid(id)).copied()
        });
        named.map(|n| &ours.payments[n])
    }

    /// Whether word of it may still be on its way to us: the next statement has it too.
    fn is_fresh(&self, line: &StatementLine) -> bool {
        line.at
            .is_some_and(|at| at > self.terms.fetched_at.minus(EDGE))
    }

    /// Whether what happened between these moments must be on the statement.
    fn is_well_inside(&self, first: Timestamp, last: Timestamp) -> bool {
        first >= self.terms.from.plus(EDGE) && last < self.terms.to.minus(EDGE)
    }

    fn of_line(&self, kind: DifferenceKind, line: &StatementLine, cause: Cause) -> Found {
        Found {
            kind,
            subject: line.receipt.clone(),
            receipt: Some(line.receipt.clone()),
            payment: None,
            ours_minor: None,
            theirs_minor: Some(line.amount.minor()),
            currency: line.amount.currency(),
            cause,
        }
    }
}

fn is_believed(arrival: &OurArrival) -> bool {
    !matches!(
        arrival.state,
        ArrivalState::Unproved | ArrivalState::Refuted
    )
}

fn of_send(what: SendId) -> (String, Cause) {
    match what {
        SendId::Refund(id) => (id.to_string(), Cause::Refund { refund: id.uuid() }),
        SendId::Payout(id) => (id.to_string(), Cause::Payout { payout: id.uuid() }),
    }
}
