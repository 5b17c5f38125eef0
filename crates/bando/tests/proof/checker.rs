//! Whether money and access agree.
//!
//! It shares nothing with the program it judges: it reads the tables with SQL of its own
//! ([`Facts`]), the books of the simulated payment companies ([`Books`]) and the active lists of the
//! simulated routers, and compares. The rules are the seven invariants:
//!
//! - I1 no access without money that the company has in that business's account, at least the price;
//! - I2 all money has one home: a ticket, a wallet, a refund or a person's queue;
//! - I3 the ledger is in balance, and says of each company what the company says;
//! - I4 a receipt is used once, whoever's it is;
//! - I5 nothing of one business points to another's;
//! - I6 who is online has a ticket, and the sessions are the routers';
//! - I7 the audit log has no gap and names every settlement (its chain: `App::verify_audit`).

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::Result;
use bando_db::testing::TestDb;
use bando_domain::{MacAddr, Timestamp};
use bando_sim::mikrotik::ActiveView;

use super::books::{Asked, Books, Moved};
use super::facts::{Arrival, Facts, Payment, Ticket};

/// How long past its end a ticket may still be called active: the timer is right to the second.
const LATE_MILLIS: i64 = 1000;

/// The most different messages about one payment that are kept, on purpose.
const MOST_MESSAGES: usize = 8;

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
    /// What the payment companies did.
    pub(crate) books: Books,
    /// The business (in small hex) behind an account, by company and account.
    pub(crate) owners: HashMap<(&'static str, String), String>,
    /// Who is online, on all routers.
    pub(crate) active: Vec<ActiveView>,
    /// The time.
    pub(crate) now: Timestamp,
    /// What the world cannot be blamed for, or the program.
    pub(crate) allowed: Allowed,
}

/// What may be otherwise than it should, because the outside world made it so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    /// The phones (E.164 digits) whose payments nobody could know the end of, because the gateway
    /// does not tell or lies: they must be visible as open, contradicted or a case, and give no access.
    pub(crate) unknowable: HashSet<String>,
    /// What a company itself says of the amount of some money, in minor units, by receipt, where that
    /// is not what moved.
    pub(crate) said: HashMap<String, i64>,
    /// Money that a company swears to have moved, though its books have none.
    pub(crate) sworn: Vec<Moved>,
    /// Money that is in no book of ours, because a backup was restored and nobody can tell of it again.
    pub(crate) lost: HashSet<String>,
}

impl From<HashSet<String>> for Allowed {
    fn from(unknowable: HashSet<String>) -> Self {
        Self {
            unknowable,
            ..Self::default()
        }
    }
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
    court.no_access_without_money();
    court.money_has_one_home();
    court.the_ledger_agrees();
    court.receipts_are_used_once();
    court.nothing_points_to_anothers();
    court.what_was_answered_is_kept();
    court.every_settlement_is_audited();
    court.tickets_end_when_they_must();
    court.routers_agree();
    court.findings
}

pub(super) struct Court<'a> {
    pub(super) facts: &'a Facts,
    pub(super) world: &'a World,
    pub(super) payments: HashMap<&'a str, &'a Payment>,
    /// The request of each payment that a company knows, by the payment's id.
    asked: HashMap<&'a str, &'a Asked>,
    /// The payment of each request, by company and reference.
    asking: HashMap<(&'a str, &'a str), &'a Payment>,
    arrivals: HashMap<(&'a str, &'a str, &'a str), &'a Arrival>,
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
        let arrivals = facts.arrivals.iter();
        let mut court = Self {
            facts,
            world,
            payments: facts.payments.iter().map(|p| (p.id.as_str(), p)).collect(),
            asked: HashMap::new(),
            asking: HashMap::new(),
            arrivals: arrivals
                .map(|a| {
                    (
                        (a.provider.as_str(), a.gateway.as_str(), a.receipt.as_str()),
                        a,
                    )
                })
                .collect(),
            tickets,
            findings: Vec::new(),
        };
        court.match_requests();
        court
    }

    /// Finds the payment of every request: by the company's name for it, by our own, or, where the
    /// program never got to know the one and the company does not know the other, by what the payer
    /// reads: the account number ends with the payment's last digits.
    fn match_requests(&mut self) {
        let by_reference: HashMap<(&str, &str), &Payment> = self
            .facts
            .payments
            .iter()
            .filter_map(|p| Some(((p.gateway.as_str(), p.checkout.as_deref()?), p)))
            .collect();
        for asked in &self.world.books.asked {
            let key = (asked.gateway, asked.reference.as_str());
            let by_ours = || asked.ours.as_deref().and_then(|id| self.payments.get(id));
            let by_label = || {
                self.facts.payments.iter().find(|p| {
                    let end = p.id[p.id.len() - 5..].to_ascii_uppercase();
                    let unbound = p.checkout.is_none() && p.gateway == asked.gateway;
                    unbound && p.phone == asked.phone && asked.label.ends_with(&end)
                })
            };
            let found = by_reference
                .get(&key)
                .or_else(by_ours)
                .copied()
                .or_else(by_label);
            let Some(payment) = found else {
                if !self.is_lost(asked) {
                    self.never(format!("no payment for {}", asked.reference));
                }
                continue;
            };
            self.asking.insert(key, payment);
            if self.asked.insert(&payment.id, asked).is_some() {
                self.never(format!("payment {} asked for twice", payment.id));
            }
        }
    }

    /// Whether all that the request brought is money that a restored backup forgot.
    fn is_lost(&self, asked: &Asked) -> bool {
        let lost = &self.world.allowed.lost;
        lost.contains(&asked.reference)
    }

    /// The business whose account it is.
    pub(super) fn owner(&self, gateway: &'static str, account: &str) -> Option<&'a str> {
        let owner = self.world.owners.get(&(gateway, account.to_owned()));
        owner.map(String::as_str)
    }

    /// How much the company says that it is.
    pub(super) fn amount(&self, moved: &Moved) -> i64 {
        let said = self.world.allowed.said.get(&moved.receipt).copied();
        said.unwrap_or(moved.amount.minor())
    }

    /// The payment that stands for this money, paid or not.
    pub(super) fn payment_of(&self, moved: &Moved) -> Option<&'a Payment> {
        let mut payments = self.facts.payments.iter();
        let by_receipt = payments
            .find(|p| p.gateway == moved.gateway && p.receipt.as_ref() == Some(&moved.receipt));
        by_receipt.or_else(|| {
            let reference = moved.reference.as_deref()?;
            let payment = self.asking.get(&(moved.gateway, reference)).copied()?;
            payment.receipt.is_none().then_some(payment)
        })
    }

    /// I1. Who did not pay has no ticket; who paid has one of that price, from the same moment on, and
    /// the money is in that business's account. What the gateway has refused does not stay open.
    fn no_access_without_money(&mut self) {
        let mut paid_for: HashMap<&str, Vec<&Moved>> = HashMap::new();
        for moved in &self.world.books.moved {
            if let Some(payment) = self.payment_of(moved) {
                paid_for.entry(&payment.id).or_default().push(moved);
            }
        }
        for payment in &self.facts.payments {
            let money = paid_for.remove(payment.id.as_str()).unwrap_or_default();
            if is_paid(payment) {
                self.has_its_ticket(payment);
                let own = matches!(payment.gateway.as_str(), "wallet" | "cash");
                let enough = money.iter().any(|m| {
                    self.owner(m.gateway, &m.account) == Some(payment.provider.as_str())
                        && self.amount(m) >= payment.amount
                        && m.amount.currency().code() == payment.currency
                });
                if !own && !enough {
                    self.never(format!("{} succeeded without its money", payment.id));
                }
                if money.len() > 1 {
                    let times = money.len();
                    self.never(format!("{} stands for {times} receipts", payment.id));
                }
            } else {
                self.has_no_ticket(payment);
                let refused = self
                    .asked
                    .get(payment.id.as_str())
                    .is_some_and(|a| a.is_refused);
                let known = payment.checkout.is_some();
                let excused = self.world.allowed.unknowable.contains(&payment.phone);
                if payment.status == "pending" && refused && known && !excused && money.is_empty() {
                    self.not_yet(format!("{} is open but refused", payment.id));
                }
            }
        }
        let orphans: Vec<&str> = self
            .tickets
            .keys()
            .copied()
            .filter(|id| !self.payments.contains_key(id))
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

    /// I2. All money that moved is a ticket, a credit, a refund or in a person's queue: one of them.
    fn money_has_one_home(&mut self) {
        for moved in &self.world.books.moved {
            let receipt = &moved.receipt;
            let Some(owner) = self.owner(moved.gateway, &moved.account) else {
                self.never(format!("{receipt} moved into nobody's account"));
                continue;
            };
            let homes = self.homes(moved, owner);
            match homes.as_slice() {
                [_] => {}
                [] if self.world.allowed.lost.contains(receipt) => {}
                [] if self.nobody_can_know(moved) => {}
                [] => {
                    let payment = self.payment_of(moved);
                    let status = payment.map_or("unknown", |p| p.status.as_str());
                    self.not_yet(format!("{receipt} has no home; its payment is {status}"));
                }
                many => self.never(format!("{receipt} has {} homes: {many:?}", many.len())),
            }
        }
    }

    fn homes(&self, moved: &Moved, owner: &str) -> Vec<&'static str> {
        let mut homes = Vec::new();
        let payment = self.payment_of(moved).filter(|p| p.provider == owner);
        if payment.is_some_and(is_paid) {
            homes.push("ticket");
        }
        if let Some(arrival) = self.arrival_of(moved, owner, payment) {
            match arrival.state.as_str() {
                "credited" => homes.push("wallet"),
                "refunded" => homes.push("refund"),
                "open" | "unproved" | "refuted" if self.has_case(arrival) => homes.push("queue"),
                _ => {}
            }
        }
        let Some(payment) = payment.filter(|p| !is_paid(p)) else {
            return homes;
        };
        if moved.returned && payment.failure.as_deref() == Some("reversed") {
            homes.push("refund");
        }
        let given_up = self.facts.cases.iter().any(|case| {
            case.is_open
                && case.kind == "never_confirmed"
                && case.payment.as_ref() == Some(&payment.id)
        });
        if homes.is_empty() && given_up {
            homes.push("queue");
        }
        homes
    }

    /// What was written down of money apart from its payment.
    pub(super) fn arrival_of(
        &self,
        moved: &Moved,
        owner: &str,
        payment: Option<&Payment>,
    ) -> Option<&'a Arrival> {
        let by_receipt = self.arrivals.get(&(owner, moved.gateway, &moved.receipt));
        let without = || {
            // Of a gateway that tells no receipt.
            let name = format!("payment:{}", payment?.id);
            let mut arrivals = self.facts.arrivals.iter();
            arrivals.find(|a| a.receipt.replace('-', "") == name && a.provider == owner)
        };
        by_receipt.copied().or_else(without)
    }

    fn has_case(&self, arrival: &Arrival) -> bool {
        self.facts.cases.iter().any(|case| {
            let about = case.arrival.as_ref() == Some(&arrival.id) || case.subject == arrival.id;
            case.is_open && (about || case.payment.is_some() && case.payment == arrival.payment)
        })
    }

    /// Whether the end of this payment cannot be known from all the gateway says: its reference never
    /// came, or the world says so.
    fn nobody_can_know(&self, moved: &Moved) -> bool {
        let Some(payment) = self.payment_of(moved).filter(|p| !is_paid(p)) else {
            return false;
        };
        let visible = payment.status == "pending" || self.facts.contradicted.contains(&payment.id);
        let asked = self.asked.get(payment.id.as_str());
        let heard = asked.is_some_and(|asked| self.world.books.was_heard(asked));
        let no_reference = payment.checkout.is_none() && !heard;
        visible && (no_reference || self.world.allowed.unknowable.contains(&payment.phone))
    }

    /// I4. No two payments and no two arrivals have one receipt, in all businesses together; a payment
    /// and an arrival have one only if the arrival is that payment's.
    fn receipts_are_used_once(&mut self) {
        let mut used: HashMap<(&str, &str), &str> = HashMap::new();
        for payment in &self.facts.payments {
            let Some(receipt) = payment.receipt.as_deref() else {
                continue;
            };
            if used
                .insert((&payment.gateway, receipt), &payment.id)
                .is_some()
            {
                self.never(format!("{receipt} was used by two payments"));
            }
        }
        for arrival in &self.facts.arrivals {
            if matches!(arrival.state.as_str(), "unproved" | "refuted") {
                continue;
            }
            let key = (arrival.gateway.as_str(), arrival.receipt.as_str());
            let holder = used.insert(key, &arrival.id);
            let is_its_own = holder.is_some() && holder == arrival.payment.as_deref();
            if holder.is_some() && !(is_its_own && arrival.state == "matched") {
                self.never(format!("{} was used twice", arrival.receipt));
            }
        }
    }

    /// I5. Rows that belong together are of one business, and so is the account the money is in.
    fn nothing_points_to_anothers(&mut self) {
        let mut wrong = Vec::new();
        let owner_of = |payment: &str| self.payments.get(payment).map(|p| p.provider.as_str());
        let mut compare = |what: &str, id: &str, ours: &str, theirs: Option<&str>| {
            if theirs.is_some_and(|theirs| theirs != ours) {
                wrong.push(format!("{what} {id} points to another business's row"));
            }
        };
        let facts = self.facts;
        for ticket in &facts.tickets {
            let payment = ticket.payment.as_deref().and_then(owner_of);
            compare("ticket", &ticket.id, &ticket.provider, payment);
        }
        for arrival in &facts.arrivals {
            let payment = arrival.payment.as_deref().and_then(owner_of);
            compare("arrival", &arrival.id, &arrival.provider, payment);
        }
        for case in &facts.cases {
            let payment = case.payment.as_deref().and_then(owner_of);
            compare("case", &case.subject, &case.provider, payment);
        }
        for transfer in &facts.transfers {
            let payment = owner_of(&transfer.payment);
            compare("transfer", &transfer.subject, &transfer.provider, payment);
        }
        for message in facts.messages.iter().filter(|m| m.about == "payment") {
            let payment = owner_of(&message.subject);
            compare("message", &message.subject, &message.provider, payment);
        }
        for refund in &facts.refunds {
            let payment = refund.payment.as_deref().and_then(owner_of);
            compare("refund", &refund.way, &refund.provider, payment);
        }
        let tickets: HashMap<&str, &str> = facts
            .tickets
            .iter()
            .map(|t| (t.id.as_str(), t.provider.as_str()))
            .collect();
        for device in &facts.devices {
            let ticket = tickets.get(device.ticket.as_str()).copied();
            compare("device", &device.mac, &device.provider, ticket);
        }
        for asked in &self.world.books.asked {
            let key = (asked.gateway, asked.reference.as_str());
            if let Some(payment) = self.asking.get(&key) {
                let owner = self.owner(asked.gateway, &asked.account);
                compare("request", &asked.reference, &payment.provider, owner);
            }
        }
        wrong.into_iter().for_each(|what| self.never(what));
    }

    /// A message that was answered with success is in the inbox, byte for byte, unless there were so
    /// many about one payment that more are not kept.
    fn what_was_answered_is_kept(&mut self) {
        let kept: HashSet<&str> = self
            .facts
            .messages
            .iter()
            .map(|m| m.body.as_str())
            .collect();
        let mut count: HashMap<&str, usize> = HashMap::new();
        for message in &self.facts.messages {
            *count.entry(&message.subject).or_default() += 1;
        }
        let is_full = count.values().any(|count| *count >= MOST_MESSAGES);
        let is_forgetful = is_full || !self.world.allowed.lost.is_empty();
        let lost = self.world.books.told.iter().filter(|told| {
            told.is_taken && !is_forgetful && !kept.contains(to_hex(&told.body).as_str())
        });
        let lost: Vec<&str> = lost.map(|told| told.gateway).collect();
        for gateway in lost {
            self.never(format!("a message of {gateway} was answered and not kept"));
        }
    }

    /// I7. The audit log has no gap, ends where its head says, and names each success once.
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
        for payment in self.facts.payments.iter().filter(|p| is_paid(p)) {
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

    /// I6. Who is online has a ticket that is active, and the open sessions are those of the routers.
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

    pub(super) fn never(&mut self, what: String) {
        self.findings.push(Finding {
            what,
            may_pass: false,
        });
    }

    pub(super) fn not_yet(&mut self, what: String) {
        self.findings.push(Finding {
            what,
            may_pass: true,
        });
    }
}

/// Whether the money of a payment came (and perhaps went back later).
pub(super) fn is_paid(payment: &Payment) -> bool {
    matches!(payment.status.as_str(), "success" | "refunded")
}

fn to_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
