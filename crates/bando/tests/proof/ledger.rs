//! The checker's rule about the ledger (I3).

use std::collections::{HashMap, HashSet};

use super::checker::{Court, is_paid};

impl Court<'_> {
    /// I3. Every success is booked once; wallets are as the ledger says; what the ledger has at a
    /// company is what came there; the roll-up says the same as the ledger.
    pub(super) fn the_ledger_agrees(&mut self) {
        let mut booked: HashMap<&str, u32> = HashMap::new();
        let mut wallets: HashMap<(&str, String), i64> = HashMap::new();
        let mut held: HashMap<(&str, &str), i64> = HashMap::new();
        let mut sold: HashMap<&str, i64> = HashMap::new();
        for transfer in &self.facts.transfers {
            if transfer.amount <= 0 || transfer.debit == transfer.credit {
                self.never(format!("an odd transfer: {transfer:?}"));
            }
            let provider = transfer.provider.as_str();
            if transfer.credit == "revenue" {
                *booked.entry(&transfer.payment).or_default() += 1;
                *sold.entry(provider).or_default() += transfer.amount;
                let fits = self
                    .payments
                    .get(transfer.payment.as_str())
                    .is_some_and(|p| {
                        is_paid(p)
                            && p.amount == transfer.amount
                            && p.currency == transfer.currency
                            && p.provider == transfer.provider
                    });
                if !fits {
                    self.never(format!("revenue that fits no success: {transfer:?}"));
                }
            }
            for (account, sign) in [(&transfer.debit, 1), (&transfer.credit, -1)] {
                if let Some(customer) = account.strip_prefix("credit:") {
                    let wallet = (provider, customer.replace('-', ""));
                    *wallets.entry(wallet).or_default() -= sign * transfer.amount;
                }
            }
            if let Some(gateway) = transfer.debit.strip_prefix("gateway:") {
                *held.entry((provider, gateway)).or_default() += transfer.amount;
            }
        }
        for payment in self.facts.payments.iter().filter(|p| is_paid(p)) {
            let times = booked.get(payment.id.as_str()).copied().unwrap_or_default();
            if times != 1 {
                self.never(format!("{} is booked {times} times", payment.id));
            }
        }
        for wallet in &self.facts.wallets {
            let key = (wallet.provider.as_str(), wallet.customer.clone());
            let booked = wallets.remove(&key).unwrap_or_default();
            if wallet.credit != booked {
                let (has, customer) = (wallet.credit, &wallet.customer);
                self.never(format!("{customer} has {has}, the ledger says {booked}"));
            }
        }
        self.gateways_hold(&held);
        self.the_roll_up_agrees(&sold);
    }

    /// What has a home is booked as money at the gateway, and nothing else is.
    fn gateways_hold(&mut self, held: &HashMap<(&str, &str), i64>) {
        let mut came: HashMap<(&str, &str), i64> = HashMap::new();
        for moved in &self.world.books.moved {
            let Some(owner) = self.owner(moved.gateway, &moved.account) else {
                continue;
            };
            let payment = self.payment_of(moved).filter(|p| p.provider == owner);
            let arrival = self.arrival_of(moved, owner, payment);
            let is_booked = payment.is_some_and(is_paid)
                || arrival.is_some_and(|a| {
                    matches!(
                        a.state.as_str(),
                        "credited" | "open" | "refunded" | "matched"
                    )
                });
            if is_booked {
                *came.entry((owner, moved.gateway)).or_default() += self.amount(moved);
            }
        }
        let keys: HashSet<_> = came.keys().chain(held.keys()).copied().collect();
        for key in keys {
            let ours = held.get(&key).copied().unwrap_or_default();
            let theirs = came.get(&key).copied().unwrap_or_default();
            if ours != theirs && !matches!(key.1, "cash" | "wallet") {
                let gateway = key.1;
                self.not_yet(format!(
                    "the ledger has {ours} at {gateway}, there are {theirs}"
                ));
            }
        }
    }

    fn the_roll_up_agrees(&mut self, sold: &HashMap<&str, i64>) {
        let mut rolled: HashMap<&str, (i64, i64)> = HashMap::new();
        for revenue in &self.facts.revenue {
            let sum = rolled.entry(&revenue.provider).or_default();
            *sum = (sum.0 + revenue.payments, sum.1 + revenue.amount);
        }
        for provider in self.facts.providers.keys() {
            let ours = rolled.get(provider.as_str()).copied().unwrap_or_default();
            let own = self
                .facts
                .payments
                .iter()
                .filter(|p| p.provider == *provider);
            let kept = own.clone().filter(|p| p.status == "success").count();
            let back: i64 = own.map(|p| p.refunded).sum();
            let sum = sold.get(provider.as_str()).copied().unwrap_or_default() - back;
            if ours != (i64::try_from(kept).unwrap_or_default(), sum) {
                self.never(format!(
                    "the roll-up says {ours:?}, the ledger {:?}",
                    (kept, sum)
                ));
            }
        }
    }
}
