//! Whether money and access agree.
//!
//! It shares nothing with the program it judges: it reads the tables with SQL of its own
//! ([`Facts`]), the books of the simulated Daraja and the active lists of the simulated routers, and
//! compares. Each rule is one function.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::Result;
use bando_db::testing::TestDb;
use bando_domain::{Clock, MacAddr, Timestamp};
use bando_sim::daraja::{Books, Prompted};
use bando_sim::mikrotik::ActiveView;

use super::facts::{Facts, Payment, Ticket};

/// How long past its end a ticket may still be called active: the timer is right to the second.
const LATE_MILLIS: i64 = 1000;

/// Something that is not as it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Finding {
    /// What.
    pub(crate) what: String,
    /// Whether work that is still under way may mend it; otherwise it may never be seen.
    pub(crate) may_pass: bool,
}

/// What the outside world says.
pub(crate) struct World {
    /// Every shilling that moved.
    pub(crate) books: Books,
    /// Who is online, on all routers.
    pub(crate) active: Vec<ActiveView>,
    /// The time.
    pub(crate) now: Timestamp,
    /// The phones (E.164 digits) whose payments nobody could know the end of, because the gateway
    /// does not tell or lies: they must be visible as open or contradicted, and give no access.
    pub(crate) unknowable: HashSet<String>,
}

/// Looks again and again until nothing is wrong, something is that may never be, or `patience` is
/// over. Returns what is wrong then.
///
/// The two worlds are not read in one moment, so what may never be counts when it is seen twice.
pub(crate) async fn settle_down(
    db: &TestDb,
    patience: Duration,
    look: impl Fn() -> World,
) -> Result<Vec<String>> {
    let begun = Instant::now();
    let mut before: Vec<Finding> = Vec::new();
    loop {
        let world = look();
        let findings = check(&Facts::read(db).await?, &world);
        let mut grave = findings.iter().filter(|finding| !finding.may_pass);
        let hopeless = grave.any(|finding| before.contains(finding));
        if findings.is_empty() || hopeless || begun.elapsed() > patience {
            return Ok(findings.into_iter().map(|finding| finding.what).collect());
        }
        before = findings;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Everything that is not as it must be.
pub(crate) fn check(facts: &Facts, world: &World) -> Vec<Finding> {
    let mut court = Court::new(facts, world);
    court.money_buys_access();
    court.no_access_without_money();
    court.the_ledger_agrees();
    court.what_was_answered_is_kept();
    court.every_settlement_is_audited();
    court.tickets_end_when_they_must();
    court.routers_agree();
    court.findings
}

struct Court<'a> {
    facts: &'a Facts,
    world: &'a World,
    /// The prompt of each payment that the gateway knows, by the payment's id.
    prompts: HashMap<&'a str, &'a Prompted>,
    tickets: HashMap<&'a str, Vec<&'a Ticket>>,
    findings: Vec<Finding>,
}

impl<'a> Court<'a> {
    fn new(facts: &'a Facts, world: &'a World) -> Self {
        let mut tickets: HashMap<&str, Vec<&Ticket>> = HashMap::new();
        for ticket in &facts.tickets {
            if let Some(payment) = &ticket.payment {
                tickets.entry(payment).or_default().push(ticket);
            }
        }
        let mut court = Self {
            facts,
            world,
            prompts: HashMap::new(),
            tickets,
            findings: Vec::new(),
        };
        for prompt in &world.books.prompts {
            match court.payment_of(prompt) {
                Some(payment) => {
                    if court.prompts.insert(&payment.id, prompt).is_some() {
                        court.never(format!("payment {} prompted twice", payment.id));
                    }
                }
                None => court.never(format!("no payment for {}", prompt.checkout_request_id)),
            }
        }
        court
    }

    /// The payment a prompt is about: by the gateway's reference, or, where the program never got to
    /// know that, by what the payer reads: the account number ends with the payment's last digits.
    fn payment_of(&self, prompt: &Prompted) -> Option<&'a Payment> {
        let by_reference = |p: &&Payment| p.checkout.as_ref() == Some(&prompt.checkout_request_id);
        let by_what_the_payer_reads = |p: &&Payment| {
            let end = &p.id[p.id.len() - 5..];
            p.checkout.is_none()
                && p.phone == prompt.phone
                && prompt
                    .account_reference
                    .ends_with(&end.to_ascii_uppercase())
        };
        let mut payments = self.facts.payments.iter();
        payments
            .clone()
            .find(by_reference)
            .or_else(|| payments.find(by_what_the_payer_reads))
    }

    /// Every shilling that moved belongs to one payment, which succeeded; that payment bought one
    /// ticket of the same price, and its receipt is the gateway's.
    fn money_buys_access(&mut self) {
        let by_checkout: HashMap<&str, &Payment> = self
            .prompts
            .iter()
            .filter_map(|(id, prompt)| {
                let payment = self.facts.payments.iter().find(|p| p.id == *id)?;
                Some((prompt.checkout_request_id.as_str(), payment))
            })
            .collect();
        for moved in &self.world.books.moved {
            let Some(payment) = by_checkout.get(moved.checkout_request_id.as_str()) else {
                self.never(format!("{} moved for no payment", moved.receipt));
                continue;
            };
            if payment.amount != moved.amount.minor() {
                let (ours, theirs) = (payment.amount, moved.amount.minor());
                self.never(format!("{}: {ours} instead of {theirs}", payment.id));
            }
            if payment.status != "success" {
                if !self.nobody_can_know(payment) {
                    let what = format!("{} is {} but paid", payment.id, payment.status);
                    self.not_yet(what);
                }
                continue;
            }
            if payment
                .receipt
                .as_ref()
                .is_some_and(|r| *r != moved.receipt)
            {
                self.never(format!("{} has another's receipt", payment.id));
            }
        }
    }

    /// Whether the end of this payment cannot be known from all the gateway says: its reference never
    /// came, or the world says so.
    fn nobody_can_know(&self, payment: &Payment) -> bool {
        let visible = payment.status == "pending" || self.facts.contradicted.contains(&payment.id);
        let heard = self.prompts.get(payment.id.as_str()).is_some_and(|prompt| {
            let mut calls = prompt.callbacks.iter();
            calls.any(|call| is_ok(call.status))
        });
        let no_reference = payment.checkout.is_none() && !heard;
        visible && (no_reference || self.world.unknowable.contains(&payment.phone))
    }

    /// Who did not pay has no ticket; who paid has one, from the same moment on. What the gateway has
    /// refused does not stay open.
    fn no_access_without_money(&mut self) {
        let paid: HashSet<&str> = self
            .world
            .books
            .moved
            .iter()
            .map(|moved| moved.checkout_request_id.as_str())
            .collect();
        for payment in &self.facts.payments {
            let prompt = self.prompts.get(payment.id.as_str()).copied();
            let moved = prompt.is_some_and(|p| paid.contains(p.checkout_request_id.as_str()));
            if payment.status == "success" {
                if !moved {
                    self.never(format!("{} succeeded without money", payment.id));
                }
                self.has_its_ticket(payment);
            } else {
                self.has_no_ticket(payment);
                let refused = prompt.is_some_and(|p| p.code.is_some() && !moved);
                let known = payment.checkout.is_some();
                let excused = self.world.unknowable.contains(&payment.phone);
                if payment.status == "pending" && refused && known && !excused {
                    self.not_yet(format!("{} is open but refused", payment.id));
                }
            }
        }
        let ids: HashSet<&str> = self.facts.payments.iter().map(|p| p.id.as_str()).collect();
        let orphans: Vec<&str> = self
            .tickets
            .keys()
            .copied()
            .filter(|id| !ids.contains(id))
            .collect();
        for orphan in orphans {
            self.never(format!("a ticket for no payment: {orphan}"));
        }
    }

    fn has_its_ticket(&mut self, payment: &Payment) {
        let tickets = self.tickets.get(payment.id.as_str());
        let count = tickets.map_or(0, Vec::len);
        let fits = tickets
            .and_then(|tickets| tickets.first())
            .is_some_and(|t| {
                payment.ticket.as_ref() == Some(&t.id)
                    && t.price == payment.amount
                    && t.provider == payment.provider
            });
        if count != 1 || !fits {
            self.never(format!("{} is paid and has {count} tickets", payment.id));
        }
    }

    fn has_no_ticket(&mut self, payment: &Payment) {
        if payment.ticket.is_some() || self.tickets.contains_key(payment.id.as_str()) {
            let (id, status) = (&payment.id, &payment.status);
            self.never(format!("{id} is {status} and has a ticket"));
        }
    }

    /// Each success is booked once, nothing else is, and the roll-up says the same as the ledger.
    fn the_ledger_agrees(&mut self) {
        let mut booked: HashMap<&str, u32> = HashMap::new();
        let mut sums: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
        for transfer in &self.facts.transfers {
            *booked.entry(&transfer.payment).or_default() += 1;
            let sum = sums
                .entry((&transfer.provider, &transfer.currency))
                .or_default();
            *sum = (sum.0 + 1, sum.1 + transfer.amount);
            let accounts = (transfer.debit.as_str(), transfer.credit.as_str());
            if accounts != ("gateway:mpesa", "revenue") || transfer.amount <= 0 {
                self.never(format!("an odd transfer: {transfer:?}"));
            }
            let payment = self
                .facts
                .payments
                .iter()
                .find(|p| p.id == transfer.payment);
            let fits = payment.is_some_and(|p| {
                p.status == "success"
                    && p.amount == transfer.amount
                    && p.currency == transfer.currency
                    && p.provider == transfer.provider
            });
            if !fits {
                self.never(format!("a transfer that fits no success: {transfer:?}"));
            }
        }
        for payment in self.facts.payments.iter().filter(|p| p.status == "success") {
            let times = booked.get(payment.id.as_str()).copied().unwrap_or_default();
            if times != 1 {
                self.never(format!("{} is booked {times} times", payment.id));
            }
        }
        let rolled: BTreeMap<(&str, &str), (i64, i64)> = self
            .facts
            .revenue
            .iter()
            .map(|r| {
                (
                    (r.provider.as_str(), r.currency.as_str()),
                    (r.payments, r.amount),
                )
            })
            .collect();
        if rolled != sums {
            self.never(format!("the roll-up says {rolled:?}, the ledger {sums:?}"));
        }
    }

    /// A callback that was answered with success is in the inbox, byte for byte.
    fn what_was_answered_is_kept(&mut self) {
        let kept: HashSet<(&str, &str)> = self
            .facts
            .messages
            .iter()
            .map(|m| (m.payment.as_str(), m.body.as_str()))
            .collect();
        let lost: Vec<String> = self
            .prompts
            .iter()
            .flat_map(|(payment, prompt)| prompt.callbacks.iter().map(move |call| (*payment, call)))
            .filter(|(payment, call)| {
                is_ok(call.status) && !kept.contains(&(*payment, to_hex(&call.body).as_str()))
            })
            .map(|(payment, _)| format!("{payment}: a callback was answered and not kept"))
            .collect();
        for what in lost {
            self.never(what);
        }
    }

    /// The audit log has no gap, ends where its head says, and names each success once.
    fn every_settlement_is_audited(&mut self) {
        let mut last: HashMap<&str, i64> = HashMap::new();
        let mut settled: HashMap<String, u32> = HashMap::new();
        for entry in &self.facts.audit {
            let before = last.insert(&entry.provider, entry.seq).unwrap_or_default();
            if entry.seq != before + 1 {
                self.never(format!("the audit log has a gap before {}", entry.seq));
            }
            if entry.action == "payment.settle" {
                let payment = entry.object.trim_start_matches("payment:").replace('-', "");
                *settled.entry(payment).or_default() += 1;
            }
        }
        for (provider, head) in &self.facts.audit_heads {
            if last.get(provider.as_str()) != Some(head) {
                self.never(format!(
                    "the audit log of {provider} does not end at {head}"
                ));
            }
        }
        for payment in self.facts.payments.iter().filter(|p| p.status == "success") {
            let times = settled.get(&payment.id).copied().unwrap_or_default();
            if times != 1 {
                self.never(format!("{} is audited {times} times", payment.id));
            }
        }
    }

    /// No ticket ends before its time or its data is over, none goes on after.
    fn tickets_end_when_they_must(&mut self) {
        let now = self.world.now.as_millis();
        for ticket in &self.facts.tickets {
            let (id, state) = (&ticket.id, ticket.state.as_str());
            if let (Some(begun), Some(end), Some(seconds)) = (
                ticket.activated_at,
                ticket.expires_at,
                ticket.validity_seconds,
            ) && end - begun != seconds * 1000
            {
                self.never(format!(
                    "ticket {id} lasts {} ms, not {seconds} s",
                    end - begun
                ));
            }
            let over = ticket.expires_at.is_some_and(|end| end + LATE_MILLIS < now);
            let spent = ticket
                .data_limit
                .is_some_and(|limit| ticket.octets >= limit);
            match state {
                "unused" | "active" if over || spent => {
                    self.not_yet(format!("ticket {id} is {state} though it is over"));
                }
                "expired" if ticket.ended_at < ticket.expires_at => {
                    self.never(format!("ticket {id} expired before its time"));
                }
                "used_up" if !spent => self.never(format!("ticket {id} had data left")),
                _ => {}
            }
        }
    }

    /// Who is online has a ticket that is active, and the open sessions are those of the routers.
    fn routers_agree(&mut self) {
        let active: HashSet<&str> = self
            .facts
            .tickets
            .iter()
            .filter(|ticket| ticket.state == "active")
            .map(|ticket| ticket.id.as_str())
            .collect();
        let entitled: HashSet<MacAddr> = self
            .facts
            .devices
            .iter()
            .filter(|device| active.contains(device.ticket.as_str()))
            .filter_map(|device| device.mac.parse().ok())
            .collect();
        let mut open: HashSet<(String, Option<MacAddr>)> = HashSet::new();
        for session in &self.facts.sessions {
            let mac = session.mac.as_ref().and_then(|mac| mac.parse().ok());
            open.insert((session.acct_session_id.clone(), mac));
        }
        for online in &self.world.active {
            if !entitled.contains(&online.mac) {
                self.not_yet(format!("{} is online without a ticket", online.mac));
            }
            if !open.remove(&(online.session.clone(), Some(online.mac))) {
                self.not_yet(format!("the session of {} is not known", online.mac));
            }
        }
        for (session, _) in open {
            self.not_yet(format!("session {session} is open on no router"));
        }
    }

    fn never(&mut self, what: String) {
        self.findings.push(Finding {
            what,
            may_pass: false,
        });
    }

    fn not_yet(&mut self, what: String) {
        self.findings.push(Finding {
            what,
            may_pass: true,
        });
    }
}

/// What the routers and the gateway say now.
pub(crate) fn world(
    books: Books,
    active: Vec<ActiveView>,
    clock: &dyn Clock,
    unknowable: HashSet<String>,
) -> World {
    World {
        books,
        active,
        now: clock.now(),
        unknowable,
    }
}

fn is_ok(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

fn to_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
