//! Lines of a statement and payments that share no name: brought together by what the payer was told
//! to write, by phone, or by an amount that only the two of them have.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bando_domain::{Money, PaymentId, Timestamp};
use bando_store::{OurPayment, StatementLine};

use super::cause::Match;
use super::compare::EDGE;
use crate::arrivals::{plain, shows};

/// How long after it was asked for money may still be what an unpaid payment waits for.
const RECENT: Duration = Duration::from_secs(48 * 3600);

/// Payments that no receipt is known of.
pub(crate) struct Loose<'a> {
    by_amount: HashMap<Money, Vec<&'a OurPayment>>,
    by_reference: HashMap<String, Vec<&'a OurPayment>>,
    taken: HashSet<PaymentId>,
    /// Whether the phone that was asked is the phone that pays.
    asks_the_payer: bool,
}

impl<'a> Loose<'a> {
    /// Of these payments. `asks_the_payer` tells whether the phone that is asked is the one that pays.
    pub(crate) fn new(
        payments: impl Iterator<Item = &'a OurPayment>,
        asks_the_payer: bool,
    ) -> Self {
        let mut loose = Self {
            by_amount: HashMap::new(),
            by_reference: HashMap::new(),
            taken: HashSet::new(),
            asks_the_payer,
        };
        for payment in payments {
            loose
                .by_amount
                .entry(payment.amount)
                .or_default()
                .push(payment);
            if let Some(reference) = payment.reference.as_deref().map(plain) {
                loose
                    .by_reference
                    .entry(reference)
                    .or_default()
                    .push(payment);
            }
        }
        loose
    }

    /// The payment of each line, where there is one: each payment at most once, surer matches first.
    pub(crate) fn match_all(
        mut self,
        lines: &[&StatementLine],
    ) -> Vec<Option<(&'a OurPayment, Match)>> {
        let mut matched: Vec<Option<(&'a OurPayment, Match)>> = vec![None; lines.len()];
        for by in [Match::Reference, Match::Phone] {
            for (line, place) in lines.iter().zip(&mut matched) {
                if place.is_none()
                    && let Some(payment) = self.find(line, by)
                {
                    self.taken.insert(payment.id);
                    *place = Some((payment, by));
                }
            }
        }
        self.by_amount_alone(lines, &mut matched);
        matched
    }

    /// A payment that fits; one that is settled before one that is not.
    fn find(&self, line: &StatementLine, by: Match) -> Option<&'a OurPayment> {
        let candidates = match by {
            Match::Reference => self.by_reference.get(&plain(line.reference.as_deref()?))?,
            _ => self.by_amount.get(&line.amount)?,
        };
        let fits = |payment: &&&OurPayment| {
            let is_same = match by {
                // Whoever has not been granted anything may have paid another amount.
                Match::Reference => !payment.status.was_paid() || payment.amount == line.amount,
                _ => is_phone(line, payment),
            };
            is_same && !self.taken.contains(&payment.id) && is_timely(line.at, payment)
        };
        let settled = candidates.iter().filter(|p| p.status.was_paid());
        let unsettled = candidates.iter().filter(|p| !p.status.was_paid());
        settled.chain(unsettled).find(fits).copied()
    }

    /// Settled payments and lines that are alone with each other among all of their amount.
    fn by_amount_alone(
        &self,
        lines: &[&StatementLine],
        matched: &mut [Option<(&'a OurPayment, Match)>],
    ) {
        let mut alone: HashMap<PaymentId, Vec<usize>> = HashMap::new();
        let mut only: HashMap<usize, &'a OurPayment> = HashMap::new();
        for (place, line) in lines.iter().enumerate() {
            if matched[place].is_some() {
                continue;
            }
            let fitting: Vec<&'a OurPayment> = self
                .by_amount
                .get(&line.amount)
                .into_iter()
                .flatten()
                .filter(|p| {
                    p.status.was_paid()
                        && !self.taken.contains(&p.id)
                        && is_timely(line.at, p)
                        && !self.contradicts(line, p)
                })
                .copied()
                .collect();
            for payment in &fitting {
                alone.entry(payment.id).or_default().push(place);
            }
            if let [payment] = fitting[..] {
                only.insert(place, payment);
            }
        }
        for (place, payment) in only {
            if alone
                .get(&payment.id)
                .is_some_and(|places| places.len() == 1)
            {
                matched[place] = Some((payment, Match::Amount));
            }
        }
    }

    /// Whether the line names other money: under another reference, or from another phone.
    fn contradicts(&self, line: &StatementLine, payment: &OurPayment) -> bool {
        let (told, ours) = (line.reference.as_deref(), payment.reference.as_deref());
        let is_other = told
            .zip(ours)
            .is_some_and(|(told, ours)| !plain(told).is_empty() && plain(told) != plain(ours));
        let tells_phone = line.phone.is_some()
            || line
                .payer
                .as_deref()
                .is_some_and(|payer| payer.contains('*'));
        is_other || self.asks_the_payer && tells_phone && !is_phone(line, payment)
    }
}

/// Whether the line tells this payment's phone, in full or masked.
fn is_phone(line: &StatementLine, payment: &OurPayment) -> bool {
    let Some(phone) = &payment.phone else {
        return false;
    };
    match &line.phone {
        Some(told) => told == phone,
        None => line
            .payer
            .as_deref()
            .is_some_and(|payer| shows(payer, phone)),
    }
}

/// Whether money that moved then can be this payment's.
fn is_timely(at: Option<Timestamp>, payment: &OurPayment) -> bool {
    let Some(at) = at else {
        return true;
    };
    let until = match payment.finished_at.filter(|_| payment.status.was_paid()) {
        Some(finished) => finished.plus(EDGE),
        None => payment.created_at.plus(RECENT),
    };
    at >= payment.created_at.minus(EDGE) && at <= until
}
