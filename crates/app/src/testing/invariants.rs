//! What must hold after every run, whatever happened in it. Reads the database with statements of
//! its own, so that a mistake in the program's cannot hide itself.

use std::collections::BTreeSet;

use bando_store::Store;
use bando_store::testing::TestStore;

/// Each rule, and a statement for both engines that finds what breaks it: no row means that it
/// holds. They hold at rest, between transactions, also after a crash.
pub const INVARIANTS: &[(&str, &str)] = &[
    (
        "a payment that succeeded has exactly one ticket",
        "SELECT p.payment_id FROM payments p WHERE p.status IN ('success', 'refunded') AND
           (SELECT COUNT(*) FROM tickets t WHERE t.provider_id = p.provider_id AND t.payment_id = p.payment_id) <> 1",
    ),
    (
        "a ticket sold belongs to a payment that succeeded and names it, at its price",
        "SELECT t.ticket_id FROM tickets t WHERE t.payment_id IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM payments p WHERE p.provider_id = t.provider_id AND p.payment_id = t.payment_id
             AND p.ticket_id = t.ticket_id AND p.status IN ('success', 'refunded')
             AND p.amount_minor = t.price_minor AND p.currency = t.currency)",
    ),
    (
        "a payment names no ticket before it succeeds",
        "SELECT payment_id FROM payments WHERE ticket_id IS NOT NULL AND status NOT IN ('success', 'refunded')",
    ),
    (
        "money received is booked once, in full",
        "SELECT p.payment_id FROM payments p WHERE p.status IN ('success', 'refunded') AND
           (SELECT COUNT(*) FROM ledger_transfers l WHERE l.provider_id = p.provider_id
             AND l.payment_id = p.payment_id AND l.kind = 'payment' AND l.amount_minor = p.amount_minor
             AND l.currency = p.currency) <> 1",
    ),
    (
        "nothing is booked for money not received",
        "SELECT l.transfer_id FROM ledger_transfers l JOIN payments p
           ON p.provider_id = l.provider_id AND p.payment_id = l.payment_id
         WHERE l.kind = 'payment' AND p.status NOT IN ('success', 'refunded')",
    ),
    (
        "the ledger sums to zero for every provider and currency",
        "SELECT provider_id, currency FROM (
           SELECT provider_id, currency, amount_minor AS amount FROM ledger_transfers WHERE debit_account <> ''
           UNION ALL
           SELECT provider_id, currency, -amount_minor FROM ledger_transfers WHERE credit_account <> ''
         ) AS movements GROUP BY provider_id, currency HAVING SUM(amount) <> 0",
    ),
    (
        "the roll-up of revenue equals the payments",
        "SELECT provider_id, gateway, currency FROM (
           SELECT provider_id, gateway, currency, payments, amount_minor FROM revenue_daily
           UNION ALL
           SELECT provider_id, gateway, currency, -1, refunded_minor - amount_minor FROM payments
             WHERE status = 'success'
         ) AS sums GROUP BY provider_id, gateway, currency HAVING SUM(payments) <> 0 OR SUM(amount_minor) <> 0",
    ),
    (
        "a payment is refunded when all of it went back",
        "SELECT payment_id FROM payments WHERE (status = 'refunded') <> (refunded_minor = amount_minor)
           OR (refunded_minor > 0 AND status NOT IN ('success', 'refunded'))",
    ),
    (
        "what went back of a payment is booked",
        "SELECT p.payment_id FROM payments p WHERE p.refunded_minor <>
           (SELECT COALESCE(SUM(l.amount_minor), 0) FROM ledger_transfers l WHERE l.provider_id = p.provider_id
             AND l.payment_id = p.payment_id AND l.kind = 'refund' AND l.debit_account = 'refunds')",
    ),
    (
        "a refund is booked once when it is done, and never else",
        "SELECT r.refund_id FROM refunds r WHERE
           (SELECT COUNT(*) FROM ledger_transfers l WHERE l.provider_id = r.provider_id
             AND l.subject = r.refund_id AND l.kind = 'refund' AND l.amount_minor = r.amount_minor
             AND l.currency = r.currency) <> CASE WHEN r.state = 'done' THEN 1 ELSE 0 END",
    ),
    (
        "a payout is booked once when it is done, and never else",
        "SELECT o.payout_id FROM payouts o WHERE
           (SELECT COUNT(*) FROM ledger_transfers l WHERE l.provider_id = o.provider_id
             AND l.subject = o.payout_id AND l.kind = 'payout' AND l.amount_minor = o.amount_minor
             AND l.currency = o.currency) <> CASE WHEN o.state = 'done' THEN 1 ELSE 0 END",
    ),
    (
        "money that is to be sent, or was, is worked on, and what nobody knows of has a case",
        "SELECT s.id FROM (
           SELECT provider_id, refund_id AS id, state, way FROM refunds
           UNION ALL SELECT provider_id, payout_id, state, 'gateway' FROM payouts
         ) AS s WHERE (s.way = 'gateway' AND s.state IN ('approved', 'sending') AND NOT EXISTS (
             SELECT 1 FROM jobs j WHERE j.provider_id = s.provider_id AND j.subject = s.id
               AND j.kind IN ('send_refund', 'send_payout')))
           OR (s.state = 'sent' AND NOT EXISTS (
             SELECT 1 FROM jobs j WHERE j.provider_id = s.provider_id AND j.subject = s.id AND j.kind = 'check_sent'))
           OR (s.state = 'unknown' AND NOT EXISTS (
             SELECT 1 FROM cases c WHERE c.provider_id = s.provider_id AND c.subject = s.id
               AND c.kind = 'send_unknown'))",
    ),
    (
        "nobody sends money to whom it is owed without a second member",
        "SELECT payout_id FROM payouts WHERE state IN ('approved', 'sending', 'sent', 'done', 'refused', 'unknown')
           AND (decided_by IS NULL OR decided_by = requested_by)",
    ),
    (
        "a receipt credits once",
        "SELECT receipt FROM payments WHERE receipt IS NOT NULL
         GROUP BY provider_id, gateway, receipt HAVING COUNT(*) > 1",
    ),
    (
        "the receipt of a paid payment is held by it",
        "SELECT p.payment_id FROM payments p WHERE p.receipt IS NOT NULL AND p.status IN ('success', 'refunded')
           AND NOT EXISTS (SELECT 1 FROM receipt_holders h WHERE h.gateway = p.gateway AND h.receipt = p.receipt
             AND h.holder = p.payment_id)",
    ),
    (
        "a receipt that is held has a home: a payment or money that arrived",
        "SELECT h.gateway, h.receipt FROM receipt_holders h WHERE
           NOT EXISTS (SELECT 1 FROM payments p WHERE p.payment_id = h.holder AND p.gateway = h.gateway)
           AND NOT EXISTS (SELECT 1 FROM arrivals a WHERE a.arrival_id = h.holder AND a.gateway = h.gateway
             AND a.receipt = h.receipt)",
    ),
    (
        "no receipt has two homes, whoever's they are",
        "SELECT gateway, receipt FROM (
           SELECT gateway, receipt FROM payments WHERE receipt IS NOT NULL AND status IN ('success', 'refunded')
           UNION ALL
           SELECT gateway, receipt FROM arrivals WHERE state IN ('credited', 'open')
         ) AS homes GROUP BY gateway, receipt HAVING COUNT(*) > 1",
    ),
    (
        "money that arrived is booked once where it has its home, and money that is not there never",
        "SELECT a.arrival_id, a.state FROM arrivals a WHERE
           (SELECT COUNT(*) FROM ledger_transfers l WHERE l.provider_id = a.provider_id AND l.subject = a.arrival_id
             AND l.amount_minor = a.amount_minor AND l.currency = a.currency AND l.kind = 'arrival')
             <> CASE WHEN a.state = 'open' THEN 1 ELSE 0 END AND a.state IN ('open', 'unproved', 'refuted')
           OR (SELECT COUNT(*) FROM ledger_transfers l WHERE l.provider_id = a.provider_id
             AND l.subject = a.arrival_id AND l.amount_minor = a.amount_minor AND l.currency = a.currency
             AND l.kind IN ('credit', 'short'))
             <> CASE WHEN a.state = 'credited' THEN 1 ELSE 0 END AND a.state <> 'refunded'
             AND NOT EXISTS (SELECT 1 FROM ledger_transfers l WHERE l.provider_id = a.provider_id
               AND l.subject = a.arrival_id AND l.kind = 'correction')",
    ),
    (
        "money that arrived and paid something is booked with it, in full",
        "SELECT a.arrival_id FROM arrivals a WHERE a.state = 'matched' AND a.amount_minor <>
           (SELECT COALESCE(SUM(l.amount_minor), 0) FROM ledger_transfers l WHERE l.provider_id = a.provider_id
             AND l.subject = a.payment_id AND l.currency = a.currency AND l.kind IN ('payment', 'excess'))",
    ),
    (
        "what waits for a person has a case",
        "SELECT a.arrival_id FROM arrivals a WHERE a.state = 'open' AND NOT EXISTS (
           SELECT 1 FROM cases c WHERE c.provider_id = a.provider_id AND c.arrival_id = a.arrival_id)",
    ),
    (
        "money that nobody has proved is being proved, or a person is asked",
        "SELECT a.arrival_id FROM arrivals a WHERE a.state = 'unproved'
           AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.provider_id = a.provider_id AND j.kind = 'prove_arrival'
             AND j.subject = a.arrival_id)
           AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.provider_id = a.provider_id AND c.subject = a.arrival_id)",
    ),
    (
        "a wallet is never overdrawn",
        "SELECT customer_id FROM customers WHERE credit_minor < 0",
    ),
    (
        "a till is empty when no shift is open",
        "SELECT t.provider_id FROM (
           SELECT provider_id, debit_account AS account, amount_minor AS amount FROM ledger_transfers
           UNION ALL SELECT provider_id, credit_account, -amount_minor FROM ledger_transfers
         ) AS t WHERE t.account LIKE 'cash:%' AND t.account <> 'cash:safe' AND NOT EXISTS (
           SELECT 1 FROM shifts s WHERE s.provider_id = t.provider_id AND s.closed_at IS NULL)
         GROUP BY t.provider_id HAVING SUM(t.amount) <> 0",
    ),
    (
        "nobody uses a ticket that a member found no money for",
        "SELECT t.ticket_id FROM tickets t JOIN payments p ON p.provider_id = t.provider_id
           AND p.payment_id = t.payment_id
         WHERE p.failure = 'not_received' AND t.state IN ('unused', 'active')",
    ),
    (
        "a settlement is told of once, in the timeline",
        "SELECT p.payment_id FROM payments p WHERE
           (SELECT COUNT(*) FROM payment_events e WHERE e.provider_id = p.provider_id
             AND e.payment_id = p.payment_id AND e.kind = 'settled')
           <> CASE WHEN p.status IN ('success', 'refunded') THEN 1 ELSE 0 END",
    ),
    (
        "a settlement is told of once, in the audit log",
        "SELECT p.provider_id FROM providers p WHERE
           (SELECT COUNT(*) FROM audit_log a WHERE a.provider_id = p.provider_id AND a.action = 'payment.settle')
           <> (SELECT COUNT(*) FROM payments q WHERE q.provider_id = p.provider_id
                 AND q.status IN ('success', 'refunded'))",
    ),
    (
        "a pending payment is asked about",
        "SELECT p.payment_id FROM payments p WHERE p.status = 'pending' AND NOT EXISTS (
           SELECT 1 FROM jobs j WHERE j.provider_id = p.provider_id AND j.kind = 'check_payment'
             AND j.subject = p.payment_id)",
    ),
    (
        "a message that was not understood yet is about to be",
        "SELECT m.message_id FROM gateway_messages m WHERE m.outcome IS NULL AND NOT EXISTS (
           SELECT 1 FROM jobs j WHERE j.provider_id = m.provider_id AND j.kind = 'read_message'
             AND j.subject = m.message_id)",
    ),
    (
        "a batch has the tickets it says it has, and is finished or being made",
        "SELECT b.batch_id FROM batches b WHERE b.made <>
             (SELECT COUNT(*) FROM tickets t WHERE t.provider_id = b.provider_id AND t.batch_id = b.batch_id)
           OR (b.finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.provider_id = b.provider_id
             AND j.kind = 'make_batch' AND j.subject = b.batch_id))
           OR (b.finished_at IS NOT NULL AND b.made < b.size)",
    ),
    (
        "the dates of a ticket fit its state",
        "SELECT ticket_id FROM tickets WHERE (state = 'unused' AND (activated_at IS NOT NULL OR expires_at IS NOT NULL))
           OR (state IN ('active', 'expired', 'used_up') AND activated_at IS NULL)
           OR (state IN ('expired', 'used_up', 'revoked')) <> (ended_at IS NOT NULL)
           OR (state = 'expired' AND (expires_at IS NULL OR ended_at < expires_at))",
    ),
    (
        "a ticket has used what its sessions have moved",
        "SELECT t.ticket_id FROM tickets t WHERE
           t.octets_in <> (SELECT COALESCE(SUM(s.octets_in), 0) FROM sessions s
             WHERE s.provider_id = t.provider_id AND s.ticket_id = t.ticket_id)
           OR t.octets_out <> (SELECT COALESCE(SUM(s.octets_out), 0) FROM sessions s
             WHERE s.provider_id = t.provider_id AND s.ticket_id = t.ticket_id)",
    ),
    (
        "an open session of an ended ticket is being put off",
        "SELECT s.session_id FROM sessions s JOIN tickets t
           ON t.provider_id = s.provider_id AND t.ticket_id = s.ticket_id
         WHERE s.stopped_at IS NULL AND t.state IN ('expired', 'used_up', 'revoked') AND NOT EXISTS (
           SELECT 1 FROM jobs j WHERE j.provider_id = s.provider_id AND j.kind = 'disconnect'
             AND j.subject = s.session_id)",
    ),
];

/// What is broken: a line for each rule and row, and for each audit chain that does not verify.
pub async fn violations(test: &TestStore) -> Vec<String> {
    let mut broken = Vec::new();
    for (rule, sql) in INVARIANTS {
        match test.raw(sql).await {
            Ok(rows) => broken.extend(rows.iter().map(|row| format!("{rule}: {row:?}"))),
            Err(error) => broken.push(format!("{rule}: {error}")),
        }
    }
    match wallets(test).await {
        Ok(differing) => broken.extend(differing),
        Err(error) => broken.push(format!("the wallets cannot be read: {error}")),
    }
    if let Err(error) = chains(&test.store, &mut broken).await {
        broken.push(format!("the audit log cannot be read: {error}"));
    }
    broken
}

/// The wallets that hold another amount than the ledger's accounts of their customers.
async fn wallets(test: &TestStore) -> Result<Vec<String>, String> {
    let kept = "SELECT customer_id, credit_minor FROM customers WHERE credit_minor <> 0";
    let booked = "SELECT account, CAST(SUM(amount) AS BIGINT) FROM (
        SELECT credit_account AS account, amount_minor AS amount FROM ledger_transfers
        UNION ALL SELECT debit_account, -amount_minor FROM ledger_transfers
      ) AS movements WHERE account LIKE 'credit:%' GROUP BY account HAVING SUM(amount) <> 0";
    let [kept, booked] = [test.raw(kept).await?, test.raw(booked).await?].map(|rows| {
        let rows = rows.into_iter().map(|row| {
            let mut row = row.into_iter().flatten();
            let id = row.next().unwrap_or_default();
            let id = id.trim_start_matches("credit:");
            let digits: String = id.chars().filter(char::is_ascii_hexdigit).collect();
            (digits, row.next().unwrap_or_default())
        });
        rows.collect::<BTreeSet<_>>()
    });
    let differing = kept.symmetric_difference(&booked);
    Ok(differing
        .map(|(id, amount)| format!("wallet and ledger differ: {id} {amount}"))
        .collect())
}

async fn chains(store: &Store, broken: &mut Vec<String>) -> bando_store::Result<()> {
    let providers = store.read_system().await?.providers().await?;
    for provider in providers {
        if let Err(entry) = store.read(provider.id).await?.verify_audit().await? {
            broken.push(format!(
                "the audit log of {} does not fit at {entry}",
                provider.slug
            ));
        }
    }
    Ok(())
}

/// # Panics
/// If anything is broken, with all of it.
pub async fn assert_invariants(test: &TestStore) {
    let broken = violations(test).await;
    assert!(broken.is_empty(), "{broken:#?}");
}
