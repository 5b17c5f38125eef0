//! What stands in the database, read past the program: plain SQL, as a superuser.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use bando_db::Engine;
use bando_db::testing::TestDb;

/// One snapshot of what matters to money and access. Ids and bytes are small hex without dashes on
/// both engines, times are milliseconds, money is minor units.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) providers: HashMap<String, String>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) revenue: Vec<Revenue>,
    pub(crate) messages: Vec<Message>,
    pub(crate) devices: Vec<Device>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) audit: Vec<Audit>,
    /// The last number of each provider's audit log.
    pub(crate) audit_heads: HashMap<String, i64>,
    /// The payments whose timeline says that callback and query contradict each other.
    pub(crate) contradicted: Vec<String>,
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) cases: Vec<Case>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) wallets: Vec<Wallet>,
}

#[derive(Debug)]
pub(crate) struct Payment {
    pub(crate) provider: String,
    pub(crate) id: String,
    pub(crate) gateway: String,
    pub(crate) status: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    /// Empty if nobody gave one.
    pub(crate) phone: String,
    pub(crate) mac: Option<String>,
    pub(crate) checkout: Option<String>,
    pub(crate) receipt: Option<String>,
    pub(crate) ticket: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) refunded: i64,
}

/// Money that was not settled onto the payment it was asked for.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) provider: String,
    pub(crate) id: String,
    pub(crate) gateway: String,
    pub(crate) receipt: String,
    pub(crate) amount: i64,
    pub(crate) state: String,
    pub(crate) payment: Option<String>,
}

/// An item of a person's queue.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) provider: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) is_open: bool,
    pub(crate) payment: Option<String>,
    pub(crate) arrival: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Refund {
    pub(crate) provider: String,
    pub(crate) payment: Option<String>,
    pub(crate) amount: i64,
    pub(crate) state: String,
    pub(crate) way: String,
}

/// A customer's credit, as the customer's row says it.
#[derive(Debug)]
pub(crate) struct Wallet {
    pub(crate) provider: String,
    pub(crate) customer: String,
    pub(crate) credit: i64,
}

#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) provider: String,
    pub(crate) id: String,
    pub(crate) payment: Option<String>,
    pub(crate) state: String,
    pub(crate) price: i64,
    pub(crate) validity_seconds: Option<i64>,
    pub(crate) data_limit: Option<i64>,
    pub(crate) octets: i64,
    pub(crate) activated_at: Option<i64>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) provider: String,
    /// Empty if it is part of none.
    pub(crate) payment: String,
    pub(crate) subject: String,
    pub(crate) kind: String,
    pub(crate) debit: String,
    pub(crate) credit: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

/// The daily roll-up of one provider and currency, summed up.
#[derive(Debug)]
pub(crate) struct Revenue {
    pub(crate) provider: String,
    pub(crate) currency: String,
    pub(crate) payments: i64,
    pub(crate) amount: i64,
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) provider: String,
    pub(crate) about: String,
    pub(crate) subject: String,
    pub(crate) body: String,
}

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) provider: String,
    pub(crate) ticket: String,
    pub(crate) mac: String,
}

/// A session that is open.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) acct_session_id: String,
    pub(crate) mac: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) provider: String,
    pub(crate) seq: i64,
    pub(crate) action: String,
    pub(crate) object: String,
}

/// Each row begins with the name of what it is, because the answer is one list.
const EVERYTHING: &str = "
SELECT 'provider', provider_id, slug FROM providers;
SELECT 'payment', provider_id, payment_id, gateway, status, amount_minor, currency, phone, mac, checkout_request_id,
  receipt, ticket_id, failure, refunded_minor FROM payments;
SELECT 'ticket', provider_id, ticket_id, payment_id, state, price_minor, terms, data_limit, octets_in + octets_out,
  activated_at, expires_at, ended_at FROM tickets;
SELECT 'transfer', provider_id, payment_id, subject, kind, debit_account, credit_account, amount_minor, currency
  FROM ledger_transfers;
SELECT 'revenue', provider_id, currency, SUM(payments), SUM(amount_minor) FROM revenue_daily
  GROUP BY provider_id, currency;
SELECT 'message', provider_id, about, subject, body FROM gateway_messages;
SELECT 'arrival', provider_id, arrival_id, gateway, receipt, amount_minor, state, payment_id FROM arrivals;
SELECT 'case', provider_id, kind, subject, state, payment_id, arrival_id FROM cases;
SELECT 'refund', provider_id, payment_id, amount_minor, state, way FROM refunds;
SELECT 'wallet', provider_id, customer_id, credit_minor FROM customers;
SELECT 'device', provider_id, ticket_id, mac FROM devices;
SELECT 'session', acct_session_id, mac FROM sessions WHERE stopped_at IS NULL;
SELECT 'audit', provider_id, seq, action, object FROM audit_log ORDER BY provider_id, seq;
SELECT 'audit head', provider_id, seq FROM audit_heads;
SELECT 'contradiction', payment_id FROM payment_events WHERE kind = 'contradiction';
";

impl Facts {
    /// Reads everything in one snapshot.
    pub(crate) async fn read(db: &TestDb) -> Result<Self> {
        let begin = match db.engine() {
            Engine::Sqlite => "BEGIN;",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;",
        };
        let rows = db.raw(&format!("{begin}{EVERYTHING}COMMIT;")).await;
        let mut facts = Self::default();
        for row in rows.map_err(|error| anyhow!("the database cannot be looked at: {error}"))? {
            let mut columns = Columns(row.into_iter());
            facts.add(&columns.text()?, &mut columns)?;
        }
        Ok(facts)
    }

    fn add(&mut self, what: &str, c: &mut Columns) -> Result<()> {
        match what {
            "provider" => {
                self.providers.insert(c.hex()?, c.text()?);
            }
            "payment" => self.payments.push(Payment {
                provider: c.hex()?,
                id: c.hex()?,
                gateway: c.text()?,
                status: c.text()?,
                amount: c.int()?,
                currency: c.text()?,
                phone: c.next().unwrap_or_default(),
                mac: c.next(),
                checkout: c.next(),
                receipt: c.next(),
                ticket: c.maybe_hex(),
                failure: c.next(),
                refunded: c.int()?,
            }),
            "arrival" => self.arrivals.push(Arrival {
                provider: c.hex()?,
                id: c.hex()?,
                gateway: c.text()?,
                receipt: c.text()?,
                amount: c.int()?,
                state: c.text()?,
                payment: c.maybe_hex(),
            }),
            "case" => self.cases.push(Case {
                provider: c.hex()?,
                kind: c.text()?,
                subject: c.hex()?,
                is_open: c.text()? == "open",
                payment: c.maybe_hex(),
                arrival: c.maybe_hex(),
            }),
            "refund" => self.refunds.push(Refund {
                provider: c.hex()?,
                payment: c.maybe_hex(),
                amount: c.int()?,
                state: c.text()?,
                way: c.text()?,
            }),
            "wallet" => self.wallets.push(Wallet {
                provider: c.hex()?,
                customer: c.hex()?,
                credit: c.int()?,
            }),
            "ticket" => self.tickets.push(Ticket {
                provider: c.hex()?,
                id: c.hex()?,
                payment: c.maybe_hex(),
                state: c.text()?,
                price: c.int()?,
                validity_seconds: validity(&c.text()?)?,
                data_limit: c.maybe_int()?,
                octets: c.int()?,
                activated_at: c.maybe_int()?,
                expires_at: c.maybe_int()?,
                ended_at: c.maybe_int()?,
            }),
            "transfer" => self.transfers.push(Transfer {
                provider: c.hex()?,
                payment: c.maybe_hex().unwrap_or_default(),
                subject: c.hex()?,
                kind: c.text()?,
                debit: c.text()?,
                credit: c.text()?,
                amount: c.int()?,
                currency: c.text()?,
            }),
            "revenue" => self.revenue.push(Revenue {
                provider: c.hex()?,
                currency: c.text()?,
                payments: c.int()?,
                amount: c.int()?,
            }),
            "message" => self.messages.push(Message {
                provider: c.hex()?,
                about: c.text()?,
                subject: c.hex()?,
                body: c.hex()?,
            }),
            "device" => self.devices.push(Device {
                provider: c.hex()?,
                ticket: c.hex()?,
                mac: c.text()?,
            }),
            "session" => self.sessions.push(Session {
                acct_session_id: c.text()?,
                mac: c.next(),
            }),
            "audit" => self.audit.push(Audit {
                provider: c.hex()?,
                seq: c.int()?,
                action: c.text()?,
                object: c.text()?,
            }),
            "audit head" => {
                self.audit_heads.insert(c.hex()?, c.int()?);
            }
            "contradiction" => self.contradicted.push(c.hex()?),
            other => return Err(anyhow!("an unknown kind of row: {other}")),
        }
        Ok(())
    }
}

/// The columns of a row, one after the other.
struct Columns(std::vec::IntoIter<Option<String>>);

impl Columns {
    fn next(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    fn text(&mut self) -> Result<String> {
        self.next().context("NULL where something must be")
    }

    fn hex(&mut self) -> Result<String> {
        self.text().map(|text| hex(&text))
    }

    fn maybe_hex(&mut self) -> Option<String> {
        self.next().map(|text| hex(&text))
    }

    fn int(&mut self) -> Result<i64> {
        Ok(self.text()?.parse()?)
    }

    fn maybe_int(&mut self) -> Result<Option<i64>> {
        self.next().map(|text| Ok(text.parse()?)).transpose()
    }
}

/// An id or bytes, as either engine writes them, in small hex.
fn hex(text: &str) -> String {
    text.trim_start_matches("\\x").replace('-', "")
}

fn validity(terms: &str) -> Result<Option<i64>> {
    let terms: serde_json::Value = serde_json::from_str(terms)?;
    Ok(terms["validity_seconds"].as_i64())
}
