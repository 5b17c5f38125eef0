//! Ten thousand rows with fifty differences of ten kinds among them.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use bando_app::testing::{NOON, SeededEntropy, Shop};
use bando_app::{DifferenceFilter, DifferenceKind, Payment, StatementState};
use bando_domain::{
    AccountId, Clock, Currency, Entropy, LedgerTransferId, Money, PaymentId, PaymentStatus,
    RefundId,
};
use bando_gateways::{Movement, MovementKind};
use bando_store::{Refund, RefundWay, SendState, TenantTx, Transfer};

use super::{HOUR, all, kes, line_of, movement, newest, open, paid, phone};

/// How many payments one transaction of the test writes.
const AT_ONCE: usize = 500;

/// Random books of two days with the statement that belongs to them.
struct Town<'a> {
    shop: &'a Shop,
    chance: SeededEntropy,
    lines: Vec<Movement>,
    expected: BTreeSet<(&'static str, String)>,
    receipts: usize,
}

/// What a payment of the town is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Paid,
    Unpaid,
    /// Settled before the statement began, or only just.
    Before,
    Planted(DifferenceKind),
}

/// The ten kinds that are planted.
const PLANTED: [DifferenceKind; 10] = [
    DifferenceKind::NotHere,
    DifferenceKind::NotThere,
    DifferenceKind::Amount,
    DifferenceKind::Currency,
    DifferenceKind::Fee,
    DifferenceKind::Status,
    DifferenceKind::NoReceipt,
    DifferenceKind::Duplicate,
    DifferenceKind::Reversal,
    DifferenceKind::RefundNotThere,
];

impl Town<'_> {
    fn roll(&self, sides: usize) -> usize {
        let mut bytes = [0; 8];
        self.chance.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % sides as u64).unwrap()
    }

    fn expect(&mut self, kind: DifferenceKind, subject: &impl ToString) {
        self.expected.insert((kind.name(), subject.to_string()));
    }

    fn receipt(&mut self) -> String {
        self.receipts += 1;
        format!("SKK{:07}", self.receipts)
    }

    async fn transfer(
        &self,
        tx: &mut TenantTx,
        kind: &str,
        to: &str,
        from: &str,
        amount: Money,
        of: PaymentId,
    ) {
        let transfer = Transfer {
            id: LedgerTransferId::new(&self.shop.clock, &*self.shop.entropy),
            kind: kind.into(),
            debit: to.into(),
            credit: from.into(),
            amount,
            subject: of.uuid(),
            payment: Some(of),
            at: self.shop.clock.now(),
        };
        assert!(tx.insert_transfer(&transfer).await.unwrap());
    }

    /// One payment with its line, as its kind has it.
    async fn add(&mut self, tx: &mut TenantTx, pattern: &Payment, kind: Kind) {
        let now = self.shop.clock.now();
        let receipt = self.receipt();
        let payer = phone(self.roll(3000));
        let amount = kes([10, 20, 50][self.roll(3)]);
        let mut payment = pattern.clone();
        payment.id = PaymentId::new(&self.shop.clock, &*self.shop.entropy);
        payment.amount = amount;
        payment.phone = Some(payer.clone());
        payment.account_reference = Some(format!("MAMANJ{:05X}", self.receipts));
        (payment.created_at, payment.prompted_at) = (now.minus(Duration::from_secs(40)), Some(now));
        let mut line = movement(&receipt, amount, now.minus(Duration::from_secs(20)));
        line.phone = Some(payer);
        line.reference.clone_from(&payment.account_reference);
        if kind == Kind::Planted(DifferenceKind::NotHere) {
            line.phone = Some(phone(90_000_000 + self.receipts));
            line.reference = Some("KIOSK".into());
            self.expect(DifferenceKind::NotHere, &receipt);
            self.lines.push(line);
            return;
        }
        tx.insert_payment(&payment).await.unwrap();
        let is_paid = !matches!(kind, Kind::Unpaid | Kind::Planted(DifferenceKind::Status));
        payment.status = match is_paid {
            true => PaymentStatus::Success,
            false => [
                PaymentStatus::Expired,
                PaymentStatus::Cancelled,
                PaymentStatus::Failed,
            ][self.roll(3)],
        };
        payment.finished_at = Some(now);
        // A query tells no receipt.
        let is_told = is_paid && kind != Kind::Planted(DifferenceKind::NoReceipt);
        payment.receipt = is_told.then(|| receipt.clone());
        tx.update_payment(&payment).await.unwrap();
        let id = payment.id;
        if is_paid {
            self.transfer(tx, "payment", "gateway:mpesa", "revenue", amount, id)
                .await;
            if self.roll(10) == 0 || kind == Kind::Planted(DifferenceKind::Fee) {
                self.transfer(tx, "fee", "fees:mpesa", "gateway:mpesa", kes(1), id)
                    .await;
                line.fee = Some(kes(1));
            }
        }
        match kind {
            Kind::Unpaid | Kind::Before => return,
            Kind::Paid => {}
            Kind::Planted(planted) => {
                match planted {
                    DifferenceKind::NotThere
                    | DifferenceKind::Status
                    | DifferenceKind::NoReceipt => self.expect(planted, &id),
                    DifferenceKind::Amount | DifferenceKind::Currency | DifferenceKind::Fee => {
                        self.expect(planted, &receipt);
                    }
                    DifferenceKind::Duplicate => {
                        self.expect(planted, &format!("payment:{receipt}"));
                    }
                    _ => {}
                }
                match planted {
                    DifferenceKind::NotThere => return,
                    DifferenceKind::Amount => line.amount = kes(21),
                    DifferenceKind::Currency => {
                        line.amount = Money::from_minor(amount.minor(), Currency::Usd);
                        line.fee = None;
                    }
                    DifferenceKind::Fee => line.fee = Some(kes(2)),
                    DifferenceKind::Duplicate => self.lines.push(line.clone()),
                    DifferenceKind::Reversal => {
                        let back = self.receipt();
                        self.expect(planted, &format!("reversal:{back}"));
                        self.lines.push(Movement {
                            kind: MovementKind::Reversal,
                            receipt: back,
                            reference: Some(receipt),
                            ..line.clone()
                        });
                    }
                    DifferenceKind::RefundNotThere => {
                        let refund = self.refund(tx, &payment).await;
                        self.expect(planted, &refund);
                    }
                    _ => {}
                }
            }
        }
        self.lines.push(line);
    }

    async fn refund(&mut self, tx: &mut TenantTx, payment: &Payment) -> RefundId {
        let now = self.shop.clock.now();
        let refund = Refund {
            id: RefundId::new(&self.shop.clock, &*self.shop.entropy),
            payment: Some(payment.id),
            arrival: None,
            amount: payment.amount,
            way: RefundWay::Gateway,
            gateway: "mpesa".into(),
            state: SendState::Done,
            reason: "no signal".into(),
            requested_by: AccountId::new(&self.shop.clock, &*self.shop.entropy),
            requested_at: now,
            decided_by: None,
            decided_at: None,
            conversation_id: None,
            receipt: Some(self.receipt()),
            result_text: None,
            finished_at: Some(now),
            revoke: false,
        };
        tx.insert_refund(&refund).await.unwrap();
        tx.update_refund(&refund).await.unwrap();
        let transfer = Transfer {
            id: LedgerTransferId::new(&self.shop.clock, &*self.shop.entropy),
            kind: "refund".into(),
            debit: "refunds".into(),
            credit: "gateway:mpesa".into(),
            amount: refund.amount,
            subject: refund.id.uuid(),
            payment: Some(payment.id),
            at: now,
        };
        assert!(tx.insert_transfer(&transfer).await.unwrap());
        refund.id
    }
}

/// A statement of so many rows with five differences of each kind: found are these, and no others.
async fn planted_differences(shop: &Shop, rows: usize, seed: u64) {
    let mut town = Town {
        shop,
        chance: SeededEntropy::new(seed),
        lines: Vec::new(),
        expected: BTreeSet::new(),
        receipts: 0,
    };
    // What every payment of the town has in common.
    let pattern = paid(shop, "0799999999").await;
    town.lines.push(line_of(&pattern));
    let pattern = Payment {
        status: PaymentStatus::Pending,
        merchant_request_id: None,
        checkout_request_id: None,
        receipt: None,
        ticket_id: None,
        finished_at: None,
        ..pattern
    };
    let begin = NOON.plus(HOUR);
    let end = begin.plus(44 * HOUR);
    let plants = PLANTED.map(Kind::Planted).repeat(5);
    let mut at: Vec<usize> = (0..plants.len())
        .map(|_| rows / 50 + town.roll(rows - rows / 25))
        .collect();
    at.sort_unstable();
    let mut plants = at.into_iter().zip(plants).peekable();
    let step = Duration::from_millis(44 * 3_600_000 / rows as u64);
    let written = Instant::now();
    let mut tx = shop.test.store.tenant(shop.provider()).await.unwrap();
    let mut row = 0;
    let mut count = 0;
    // Some on the edge of the statement, which begins a while before noon, and not on it.
    let edge = end.plus(HOUR / 2).minus(47 * HOUR);
    for early in 0..20 {
        shop.clock
            .set(edge.minus(HOUR / 6).plus(Duration::from_secs(60 * early)));
        town.add(&mut tx, &pattern, Kind::Before).await;
    }
    while town.lines.len() < rows {
        shop.clock.set(begin.plus(step * row));
        row += 1;
        let kind = match plants.next_if(|(place, _)| *place <= town.lines.len()) {
            Some((_, kind)) => kind,
            None if town.roll(5) == 0 => Kind::Unpaid,
            None => Kind::Paid,
        };
        if matches!(kind, Kind::Unpaid) {
            row -= 1;
        }
        town.add(&mut tx, &pattern, kind).await;
        count += 1;
        if count % AT_ONCE == 0 {
            tx.commit().await.unwrap();
            tx = shop.test.store.tenant(shop.provider()).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    assert!(plants.next().is_none(), "everything is planted");
    assert_eq!(town.expected.len(), 50);
    // Half an hour after the last of them the statement is fetched, in any order.
    shop.clock.set(end.plus(HOUR / 2));
    for place in (1..town.lines.len()).rev() {
        let other = town.roll(place + 1);
        town.lines.swap(place, other);
    }
    let lines = town.lines.len();
    assert!((rows..rows + 2).contains(&lines));
    let written = written.elapsed();
    shop.gateway.answer_statement(Ok(town.lines));
    shop.app.pull_statement(&shop.owner, "mpesa").await.unwrap();
    let begun = Instant::now();
    assert_eq!(shop.app.run_due_jobs().await.unwrap(), 1, "fetched");
    let fetched = begun.elapsed();
    let begun = Instant::now();
    assert_eq!(shop.app.run_due_jobs().await.unwrap(), 1, "compared");
    let compared = begun.elapsed();

    let found: BTreeSet<_> = all(shop, DifferenceFilter::default())
        .await
        .into_iter()
        .map(|d| (d.difference.kind.name(), d.difference.subject))
        .collect();
    let missed: Vec<_> = town.expected.difference(&found).collect();
    let invented: Vec<_> = found.difference(&town.expected).collect();
    println!(
        "{:?}: {lines} rows, {} differences found, {} missed, {} invented; kept in {fetched:?}, compared in \
         {compared:?} (books written in {written:?})",
        shop.app.engine(),
        found.len(),
        missed.len(),
        invented.len()
    );
    assert!(
        missed.is_empty() && invented.is_empty(),
        "missed {missed:?}, invented {invented:?}"
    );
    let statement = newest(shop).await;
    assert_eq!(
        (statement.state, statement.differences),
        (StatementState::Compared, 50)
    );

    // Again: nothing is added, and what mended itself is not open any more.
    shop.app
        .compare_again(&shop.owner, statement.id)
        .await
        .unwrap();
    shop.work().await;
    assert_eq!(all(shop, DifferenceFilter::default()).await.len(), 50);
    let open = open(shop).await.len();
    assert_eq!(
        open,
        50 - 3 * 5,
        "payments, receipts and fees mend themselves"
    );
    assert_eq!(newest(shop).await.differences, 50);
    assert!(compared < Duration::from_secs(20), "{compared:?}");
}

#[tokio::test]
async fn fifty_differences_among_ten_thousand_rows() {
    for shop in Shop::open_all(1100).await {
        planted_differences(&shop, 10_000, 1).await;
    }
}

#[tokio::test]
async fn fifty_differences_among_a_thousand_rows() {
    for shop in Shop::open_all(1101).await {
        planted_differences(&shop, 1000, 2).await;
    }
}

#[test]
fn a_comparison_one_way_only_is_noticed() {
    if !cfg!(feature = "crash") {
        println!("skipped: planted bugs are compiled in only with the feature `crash`");
        return;
    }
    let test = "reconcile::planted::fifty_differences_among_a_thousand_rows";
    let control = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("BANDO_PLANTED", "reconcile-one-way")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&control.stdout).into_owned();
    assert!(
        !control.status.success(),
        "the planted bug was not noticed: {said}"
    );
    assert!(said.contains("10 missed, 0 invented"), "{said}");
}
