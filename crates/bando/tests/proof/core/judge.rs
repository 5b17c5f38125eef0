//! Whether our books and the companies' agree. Reads the tables with SQL of its own, and the file of
//! what the companies did; shares nothing with the program it judges.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, anyhow};
use bando_app::testing::INVARIANTS;
use bando_db::testing::TestDb;

use super::companies::{Entry, arriving, fate, receipt};

/// Tables that the judge reads, each row beginning with what it is.
const EVERYTHING: &str = "
SELECT 'payment', payment_id, status, amount_minor, receipt, ticket_id, gateway FROM payments;
SELECT 'arrival', receipt, state, amount_minor FROM arrivals;
SELECT 'message', body FROM gateway_messages;
SELECT 'credit', COALESCE(SUM(credit_minor), 0) FROM customers;
SELECT 'wallet', COALESCE(SUM(CASE WHEN credit_account LIKE 'credit:%' THEN amount_minor ELSE 0 END)
  - SUM(CASE WHEN debit_account LIKE 'credit:%' THEN amount_minor ELSE 0 END), 0) FROM ledger_transfers;
SELECT 'sum', debit_account, amount_minor FROM ledger_transfers;
SELECT 'sum', credit_account, -amount_minor FROM ledger_transfers;
";

struct Payment {
    status: String,
    amount: i64,
    receipt: Option<String>,
    has_ticket: bool,
    gateway: String,
}

impl Payment {
    fn was_paid(&self) -> bool {
        matches!(self.status.as_str(), "success" | "refunded")
    }
}

#[derive(Default)]
struct Facts {
    /// Those that a company was asked for or that were paid by hand, by their id without dashes.
    payments: HashMap<String, Payment>,
    /// Receipt → state, amount.
    arrivals: HashMap<String, (String, i64)>,
    digests: HashSet<String>,
    credit: i64,
    wallet: i64,
    /// Account → what it holds.
    accounts: HashMap<String, i64>,
}

/// What is wrong. After `healed`, nothing may be open any more either.
pub(super) async fn judge(
    db: &TestDb,
    book: &[Entry],
    seed: u64,
    healed: bool,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (rule, sql) in INVARIANTS {
        let rows = db
            .raw(sql)
            .await
            .map_err(|error| anyhow!("{rule}: {error}"))?;
        wrong.extend(rows.iter().map(|row| format!("{rule}: {row:?}")));
    }
    let facts = Facts::read(db).await?;
    facts.compare(book, seed, healed, &mut wrong);
    Ok(wrong)
}

impl Facts {
    async fn read(db: &TestDb) -> Result<Self> {
        use sha2::{Digest as _, Sha256};

        let mut facts = Self::default();
        let rows = db.raw(EVERYTHING).await.map_err(|error| anyhow!(error))?;
        for row in rows {
            let mut row = row.into_iter();
            let what = row.next().flatten().unwrap_or_default();
            let mut next = || row.next().flatten();
            let mut text = || next().unwrap_or_default();
            match what.as_str() {
                "payment" => {
                    let id = plain(&text());
                    let payment = Payment {
                        status: text(),
                        amount: text().parse()?,
                        receipt: Some(text()).filter(|receipt| !receipt.is_empty()),
                        has_ticket: !text().is_empty(),
                        gateway: text(),
                    };
                    facts.payments.insert(id, payment);
                }
                "arrival" => {
                    facts.arrivals.insert(text(), (text(), text().parse()?));
                }
                "message" => {
                    let body = decode(&plain(&text()))?;
                    facts
                        .digests
                        .insert(super::life::hex(&Sha256::digest(&body)));
                }
                "credit" => facts.credit = text().parse()?,
                "wallet" => facts.wallet = text().parse()?,
                "sum" => {
                    let account = text();
                    *facts.accounts.entry(account).or_default() += text().parse::<i64>()?;
                }
                other => return Err(anyhow!("an unknown kind of row: {other}")),
            }
        }
        Ok(facts)
    }

    fn compare(&self, book: &[Entry], seed: u64, healed: bool, wrong: &mut Vec<String>) {
        if self.credit != self.wallet {
            wrong.push(format!(
                "wallets hold {}, the ledger says {}",
                self.credit, self.wallet
            ));
        }
        let sum: i64 = self.accounts.values().sum();
        if sum != 0 {
            wrong.push(format!("the ledger sums to {sum}"));
        }
        let mut asked = HashMap::new();
        let mut by_hand = HashMap::new();
        let mut arrived: HashMap<&str, i64> = HashMap::new();
        let (mut sent, mut returned) = (HashSet::new(), HashSet::new());
        for entry in book {
            match entry {
                Entry::Asked {
                    reference,
                    minor,
                    gateway,
                    ..
                } => {
                    let paid = arriving(fate(seed, reference), *minor);
                    if asked.insert(plain(reference), paid).is_some() {
                        wrong.push(format!("{reference} was asked for twice"));
                    }
                    *arrived.entry(gateway).or_default() += paid.unwrap_or_default();
                }
                Entry::ByHand { receipt, minor, .. } => {
                    by_hand.insert(receipt.clone(), *minor);
                    *arrived.entry("mpesa").or_default() += minor;
                }
                Entry::Answered { digest } if !self.digests.contains(digest) => {
                    wrong.push(format!("message {digest} was answered and is not kept"));
                }
                Entry::Sent {
                    gateway,
                    reference,
                    receipt,
                    minor,
                    ..
                } => {
                    *arrived.entry(gateway).or_default() -= minor;
                    if !sent.insert(reference) {
                        wrong.push(format!("refund {reference} was sent twice"));
                    }
                    if !receipt.is_empty() && !returned.insert(receipt) {
                        wrong.push(format!("{receipt} was sent back twice"));
                    }
                }
                Entry::Founded { .. } | Entry::Answered { .. } => {}
            }
        }
        self.no_access_without_money(&asked, &by_hand, wrong);
        if healed {
            self.no_money_without_home(book, seed, wrong);
            for (gateway, total) in arrived {
                let held = self.accounts.get(&format!("gateway:{gateway}"));
                if held.copied().unwrap_or_default() != total {
                    wrong.push(format!(
                        "{gateway} holds {total} for us, the ledger says {held:?}"
                    ));
                }
            }
        }
    }

    fn no_access_without_money(
        &self,
        asked: &HashMap<String, Option<i64>>,
        by_hand: &HashMap<String, i64>,
        wrong: &mut Vec<String>,
    ) {
        let mut receipts = HashSet::new();
        for (id, payment) in &self.payments {
            if payment.has_ticket != payment.was_paid() {
                let (status, has) = (&payment.status, payment.has_ticket);
                wrong.push(format!("{id} is {status}, ticket: {has}"));
            }
            if let Some(receipt) = &payment.receipt
                && !receipts.insert(receipt)
            {
                wrong.push(format!("receipt {receipt} paid twice"));
            }
            // A wallet is never below zero, and a till is counted.
            let is_ours = matches!(payment.gateway.as_str(), "wallet" | "cash");
            if !payment.was_paid() || is_ours {
                continue;
            }
            let by_company = asked.get(id).copied().flatten();
            let receipt = payment.receipt.as_ref();
            let came_by_hand = receipt.and_then(|receipt| by_hand.get(receipt).copied());
            let is_enough = |came: i64| came >= payment.amount;
            if !by_company.is_some_and(is_enough) && !came_by_hand.is_some_and(is_enough) {
                wrong.push(format!("{id} succeeded without money"));
            }
        }
    }

    /// Every shilling has bought something, or waits in a wallet or for a person.
    fn no_money_without_home(&self, book: &[Entry], seed: u64, wrong: &mut Vec<String>) {
        let at_home = |receipt: &str| {
            let mut payments = self.payments.values();
            let paid = payments.any(|p| p.was_paid() && p.receipt.as_deref() == Some(receipt));
            let state = self.arrivals.get(receipt).map(|(state, _)| state.as_str());
            paid || state.is_some_and(|state| state != "refuted")
        };
        for entry in book {
            match entry {
                Entry::Asked {
                    reference, minor, ..
                } if arriving(fate(seed, reference), *minor).is_some() => {
                    let payment = self.payments.get(&plain(reference));
                    // A query that tells no receipt names the money by the payment.
                    let named = format!("payment:{reference}");
                    if !payment.is_some_and(Payment::was_paid)
                        && !at_home(&receipt(reference))
                        && !at_home(&named)
                    {
                        let status = payment.map(|p| &p.status);
                        wrong.push(format!("{reference} was paid and is {status:?}"));
                    }
                }
                Entry::ByHand { receipt, .. } if !at_home(receipt) => {
                    wrong.push(format!("{receipt} has no home"));
                }
                _ => {}
            }
        }
    }
}

/// An id or bytes, as either engine writes them, in small hex.
fn plain(text: &str) -> String {
    text.trim_start_matches("\\x").replace('-', "")
}

fn decode(hex: &str) -> Result<Vec<u8>> {
    (0..hex.len())
        .step_by(2)
        .map(|at| Ok(u8::from_str_radix(&hex[at..at + 2], 16)?))
        .collect()
}
